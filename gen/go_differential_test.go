package gen

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/gentest"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// differentialTables are the profiles of US Core that are held against the
// Validator of package fhir, for each what is particular about it.
var differentialTables = []string{
	"us_core_patient",                            // slices of extensions
	"us_core_blood_pressure",                     // slices by pattern
	"us_core_observation_lab",                    // a choice
	"us_core_condition_problems_health_concerns", // rules
	"us_core_practitioner",                       // patterns of identifiers
	"us_core_procedure", "us_core_encounter", "us_core_immunization", "us_core_medicationrequest",
}

// TestGeneratedCodeAgreesWithTheValidator breaks published examples in every place
// and compares what generated code and the Validator say of each.
func TestGeneratedCodeAgreesWithTheValidator(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a large package")
	}
	folder := golden.Shared(t, "data/fhir")
	pkg := filepath.Join(folder, "us-core-6.1.0.tgz")
	m, list, err := dataset.Load(context.Background(), "fhir-ig:"+pkg, &dataset.LoadOptions{Packages: []string{pkg}})
	if err != nil || m == nil {
		t.Fatal(err, list.Err())
	}
	var tables []string
	for _, name := range differentialTables {
		for _, x := range m.Tables {
			if strings.ReplaceAll(x.Name, "-", "_") == name {
				tables = append(tables, x.Name)
			}
		}
	}
	if len(tables) != len(differentialTables) {
		t.Fatalf("want %d tables, have %d", len(differentialTables), len(tables))
	}
	files, _, err := Go(m, &GoOptions{Package: "uscore", Tables: tables})
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlan(m, &GoOptions{Package: "uscore", Tables: tables})
	if err != nil {
		t.Fatal(err)
	}
	var calls strings.Builder
	for _, x := range p.tables {
		fmt.Fprintf(&calls, "%q: func(b []byte) []Issue { r, list := Parse%s(b); return append(list, r.Validate()...) },\n", x.From.Profile, x.object.goName)
	}
	harness, err := os.ReadFile("testdata/differential.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	known, err := os.ReadFile("testdata/differential.txt")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("/*calls*/", calls.String(), "PACKAGE", pkg, "/*known*/", fmt.Sprintf("%q", known)).Replace(string(harness))
	run := gentest.Run{Carabiner: true, Files: map[string][]byte{"uscore/own_test.go": []byte(text)}, Args: []string{"-v"}}
	for _, f := range files {
		run.Files["uscore/"+f.Name] = f.Content
	}
	t.Log(run.Do(t))
}
