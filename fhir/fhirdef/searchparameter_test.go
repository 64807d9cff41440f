package fhirdef

import (
	"slices"
	"testing"
)

func TestSearchParametersOfR4(t *testing.T) {
	if n := len(r4Search()); n != 1396 {
		t.Errorf("want R4's 1,396 search parameters, have %d", n)
	}
	for _, canonical := range []string{"http://hl7.org/fhir/SearchParameter/Organization-name", "http://hl7.org/fhir/SearchParameter/Organization-name|4.0"} {
		p := R4().SearchParameter(canonical)
		if p == nil || p.Type != "string" || p.Code != "name" || !slices.Equal(p.Base, []string{"Organization"}) || p.Expression != "Organization.name | Organization.alias" {
			t.Errorf("%s: want the facts of R4, have %+v", canonical, p)
		}
	}
	for _, canonical := range []string{"", "http://hl7.org/fhir/SearchParameter/nothing", "http://hl7.org/fhir/SearchParameter/Organization-name|5.0.0"} {
		if p := R4().SearchParameter(canonical); p != nil {
			t.Errorf("%q: want none, have %+v", canonical, p)
		}
	}
	if p := FromPackages().SearchParameter("http://hl7.org/fhir/SearchParameter/Organization-name"); p != nil {
		t.Errorf("want none in definitions without R4, have %+v", p)
	}
}

func TestSearchParameterOfPackageComesFirst(t *testing.T) {
	p := NewPackage("own", "1")
	src := `{"resourceType":"SearchParameter","url":"http://example.org/sp","version":"2","code":"c","type":"token","base":["Patient","Person"],"expression":"Patient.id"}`
	if err := p.Add([]byte(src), "sp.json"); err != nil {
		t.Fatal(err)
	}
	have := R4().With(p).SearchParameter("http://example.org/sp")
	if have == nil || have.Version != "2" || have.Type != "token" || !slices.Equal(have.Base, []string{"Patient", "Person"}) || have.Expression != "Patient.id" {
		t.Errorf("want the facts of the package, have %+v", have)
	}
}
