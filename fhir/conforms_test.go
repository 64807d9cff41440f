package fhir_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// The conformsTo() tests of HL7's FHIRPath suite, which need a validator.
func TestValidatorAnswersConformsTo(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(golden.Shared(t, "data/fhir/fhirpath/input-json"), "patient-example.json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := fhir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	v, err := fhir.NewValidator(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		expression   string
		want, failed bool
	}{
		{"conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", true, false},
		{"conformsTo('http://hl7.org/fhir/StructureDefinition/Person')", false, false},
		{"conformsTo('http://trash')", false, true},
	} {
		e, err := fhirpath.Compile(c.expression, nil)
		if err != nil {
			t.Fatal(err)
		}
		have, err := e.Test(&fhirpath.Input{Focus: fhirpath.NodeOf(r.Root()), ConformsTo: v.ConformsTo})
		if have != c.want || (err != nil) != c.failed {
			t.Errorf("%s: want %v (error %v), have %v, %v", c.expression, c.want, c.failed, have, err)
		}
	}
}
