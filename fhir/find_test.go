package fhir_test

import (
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// What a reference leads to outside of the resource is judged as far as the
// policy says: not at all, by being there, by being of an allowed type.
func TestReferencesAreFollowedAsThePolicySays(t *testing.T) {
	parse := func(text string) *fhir.Resource {
		r, err := fhir.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	known := map[string]*fhir.Resource{
		"http://a.example/fhir/x/1": parse(`{"resourceType":"Patient","id":"1"}`),
		"http://a.example/fhir/x/2": parse(`{"resourceType":"Device","id":"2"}`),
	}
	find := func(reference string) (*fhir.Resource, bool) {
		r, ok := known[reference]
		return r, ok
	}
	for _, c := range []struct {
		policy    fhir.ReferencePolicy
		reference string
		errors    int
	}{
		{fhir.ReferencesInside, "http://a.example/fhir/x/3", 0},
		{fhir.ReferencesMustExist, "http://a.example/fhir/x/3", 1},
		{fhir.ReferencesMustExist, "http://a.example/fhir/x/2", 0},
		{fhir.ReferencesMustBeType, "http://a.example/fhir/x/2", 1},
		{fhir.ReferencesMustBeType, "http://a.example/fhir/x/1", 0},
	} {
		v, err := fhir.NewValidator(nil, &fhir.ValidateOptions{References: c.policy, Find: find})
		if err != nil {
			t.Fatal(err)
		}
		r := parse(`{"resourceType":"Condition","subject":{"reference":"` + c.reference + `"}}`)
		errors := 0
		for _, i := range v.Validate(r) {
			if i.Severity >= issue.Error {
				errors++
				if i.Path != "Condition.subject" || i.Code != fhir.CodeReference {
					t.Errorf("policy %d: want a finding about the reference at Condition.subject, have %s at %s", c.policy, i.Code, i.Path)
				}
			}
		}
		if errors != c.errors {
			t.Errorf("policy %d, %s: want %d errors, have %d", c.policy, c.reference, c.errors, errors)
		}
	}
}
