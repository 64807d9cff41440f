package fhir_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// wardValidator knows the definitions made for these tests.
func wardValidator(t *testing.T) *fhir.Validator {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "planted-definitions", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("want definitions, have %d, %v", len(files), err)
	}
	own := fhirdef.NewPackage("ward", "1.0.0")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := own.Add(text, name); err != nil {
			t.Fatal(err)
		}
	}
	v, err := fhir.NewValidator(fhirdef.R4().With(own), &fhir.ValidateOptions{Now: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestPlantedCorpus holds resources with one mistake each, named by the file, to
// the exact findings.
func TestPlantedCorpus(t *testing.T) {
	v := wardValidator(t)
	golden.Corpus{Dir: filepath.Join("testdata", "planted"), Outputs: []string{".findings.txt"}, Run: func(t *testing.T, name string, input []byte) [][]byte {
		r, list, err := fhir.ParseLenient(input, nil)
		var unread *issue.ListError
		switch {
		case errors.As(err, &unread):
			list = unread.List
		case err != nil:
			t.Fatal(err)
		default:
			list = append(list, v.Validate(r)...)
		}
		if good := strings.HasSuffix(name, "-good"); good != (len(list) == 0) {
			t.Errorf("want findings: %v, have %v", !good, list)
		}
		var b bytes.Buffer
		for _, i := range list {
			fmt.Fprintf(&b, "%s [%s]\n", i, i.Rule)
		}
		return [][]byte{b.Bytes()}
	}}.Test(t)
}
