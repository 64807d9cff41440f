package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
)

func TestTheExamplePrintsErrors(t *testing.T) {
	profile := filepath.Join(t.TempDir(), "profile.json")
	if err := os.WriteFile(profile, []byte(`{"resourceType":"StructureDefinition","url":"http://example.org/named","name":"Named","status":"active","kind":"resource",
		"abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",
		"differential":{"element":[{"id":"Patient.name","path":"Patient.name","min":1}]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{"patient.json": {Data: []byte(`{"resourceType":"Patient","meta":{"profile":["http://example.org/named"]},
"gender":"m"}`)}}
	var out bytes.Buffer
	if err := run(t.Context(), folder, []string{profile}, &out); err != nil {
		t.Fatal(err)
	}
	want := `patient.json:1:1: error: Patient: want at least 1 of Patient.name, have 0 (http://example.org/named) [fhir-cardinality]
patient.json:2:10: error: Patient.gender: want a code of the systems of value set http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1, have one that is in none [fhir-code]
patient.json:2:10: error: Patient.gender: want a code of value set http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1 (required), have another [fhir-binding]
`
	if out.String() != want {
		t.Errorf("want\n%shave\n%s", want, out.String())
	}
}
