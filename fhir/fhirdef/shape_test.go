package fhirdef

import (
	"slices"
	"strings"
	"testing"
)

func TestShapeResolvesChoicesAndReferences(t *testing.T) {
	d := R4()
	cases := []struct {
		shape, json, member, typ string
		list                     bool
	}{
		{"Observation", "valueQuantity", "value", "Quantity", false},
		{"Observation", "component", "component", "Observation.component", true},
		{"Observation.component", "referenceRange", "referenceRange", "Observation.referenceRange", true},
		{"Observation.component", "valueCodeableConcept", "value", "CodeableConcept", false},
		{"Questionnaire.item", "item", "item", "Questionnaire.item", true},
		{"Patient", "id", "id", "string", false},
		{"Patient", "deceasedBoolean", "deceased", "boolean", false},
		{"Patient", "name", "name", "HumanName", true},
		{"Patient.contact", "name", "name", "HumanName", false},
		{"Timing", "repeat", "repeat", "Timing.repeat", false},
		{"Timing.repeat", "boundsPeriod", "bounds", "Period", false},
		{"Extension", "valueBase64Binary", "value", "base64Binary", false},
		{"Bundle.entry", "resource", "resource", "Resource", false},
		{"boolean", "value", "value", "System.Boolean", false},
	}
	for _, c := range cases {
		s := d.Shape(c.shape)
		if s == nil {
			t.Errorf("%s: want a shape, have none", c.shape)
			continue
		}
		m, typ := s.JSON([]byte(c.json))
		if m == nil || m.Name != c.member || typ != c.typ || m.List != c.list {
			t.Errorf("%s.%s: want %s of %s list %t, have %+v of %s", c.shape, c.json, c.member, c.typ, c.list, m, typ)
			continue
		}
		if s.Member(c.member) != m {
			t.Errorf("%s.%s: want the same member by either name", c.shape, c.json)
		}
	}
	for _, name := range []string{"Nothing", "Observation.code", "Observation.nothing", "Observation.", ""} {
		if d.Shape(name) != nil {
			t.Errorf("%q: want no shape, have one", name)
		}
	}
}

// Every type that a member names has a shape of its own, so that a walk down
// any resource never leaves the model.
func TestShapesAreClosed(t *testing.T) {
	d := R4()
	seen := map[string]bool{}
	var visit func(name, from string)
	visit = func(name, from string) {
		if seen[name] || strings.HasPrefix(name, "System.") {
			return
		}
		seen[name] = true
		s := d.Shape(name)
		if s == nil {
			t.Errorf("%s: want a shape for %s, have none", from, name)
			return
		}
		for _, m := range s.Members {
			if len(m.Choices) == 0 {
				t.Errorf("%s.%s: want a type, have none", name, m.Name)
			}
			for _, c := range m.Choices {
				visit(c.Type, name+"."+m.Name)
			}
		}
	}
	types := d.ResourceTypes()
	var codes []string
	for _, c := range d.CodeSystem("http://hl7.org/fhir/resource-types").Concepts {
		if !d.Abstract(c.Code) {
			codes = append(codes, c.Code)
		}
	}
	slices.Sort(codes)
	if !slices.Equal(types, codes) {
		t.Errorf("want the %d types of FHIR's own list, have %d", len(codes), len(types))
	}
	for _, name := range types {
		visit(name, "R4")
	}
	if len(seen) < 650 {
		t.Errorf("want more than 650 shapes, have %d", len(seen))
	}
}

func TestIsSubtype(t *testing.T) {
	d := R4()
	for _, c := range []struct {
		typ, base string
		want      bool
	}{
		{"Patient", "Patient", true},
		{"Patient", "DomainResource", true},
		{"Patient", "Resource", true},
		{"Bundle", "DomainResource", false},
		{"Age", "Quantity", true},
		{"Age", "Element", true},
		{"code", "string", true},
		{"string", "code", false},
		{"Timing", "BackboneElement", true},
		{"Observation.component", "BackboneElement", true},
		{"Observation.component", "Element", true},
		{"Timing.repeat", "BackboneElement", false},
		{"Nothing", "Resource", false},
		{"", "", false},
	} {
		if got := d.IsSubtype(c.typ, c.base); got != c.want {
			t.Errorf("IsSubtype(%s, %s): want %t, have %t", c.typ, c.base, c.want, got)
		}
	}
}
