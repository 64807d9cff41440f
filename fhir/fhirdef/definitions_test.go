package fhirdef

import "testing"

func TestR4HoldsPatient(t *testing.T) {
	d := R4()
	p := d.Type("Patient")
	if p == nil || p.URL != "http://hl7.org/fhir/StructureDefinition/Patient" || len(p.Elements) < 40 {
		t.Fatalf("want the structure of Patient, have %+v", p)
	}
	if got := d.Structure(p.URL + "|4.0"); got != p {
		t.Errorf("want the same structure for |4.0")
	}
	if got := d.Structure(p.URL + "|5.0.0"); got != nil {
		t.Errorf("want none for a version that is not held")
	}
	if s := d.ValueSet("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1"); s == nil || len(s.Compose.Include) != 1 {
		t.Errorf("want the value set of genders, have %+v", s)
	}
	if s := d.CodeSystem("http://terminology.hl7.org/CodeSystem/v3-ActCode"); s == nil || s.Package != "hl7.terminology.r4#7.0.1" {
		t.Errorf("want v3-ActCode of HL7's terminology, have %+v", s)
	}
}
