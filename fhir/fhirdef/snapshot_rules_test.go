package fhirdef

import (
	"fmt"
	"strings"
	"testing"
)

// made returns the snapshot of a profile of base whose differential is given as
// JSON elements, one fact a line by id, and the problems.
func made(t testing.TB, typ, base, elements string) (map[string]Element, []string, []Problem) {
	t.Helper()
	p := NewPackage("test", "1")
	src := fmt.Sprintf(`{"resourceType":"StructureDefinition","url":"urn:profile","type":%q,"kind":"resource",`+
		`"derivation":"constraint","baseDefinition":%q,"differential":{"element":[%s]}}`, typ, base, elements)
	if err := p.Add([]byte(src), "test.json"); err != nil {
		t.Fatal(err)
	}
	s := R4().With(p).Structure("urn:profile")
	byID := map[string]Element{}
	var ids []string
	for _, e := range s.Elements {
		byID[e.ID] = e
		ids = append(ids, e.ID)
	}
	return byID, ids, s.Problems
}

const hl7 = "http://hl7.org/fhir/StructureDefinition/"

func TestSlicesKeepTheirPlaces(t *testing.T) {
	els, ids, problems := made(t, "Patient", hl7+"Patient", `
		{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"closed"},"mustSupport":true},
		{"id":"Patient.identifier:a","path":"Patient.identifier","sliceName":"a","min":1,"max":"3",
		 "slicing":{"discriminator":[{"type":"value","path":"use"}],"rules":"open"}},
		{"id":"Patient.identifier:a.system","path":"Patient.identifier.system","min":1,"fixedUri":"urn:a"},
		{"id":"Patient.identifier:a/x","path":"Patient.identifier","sliceName":"a/x","max":"1"},
		{"id":"Patient.identifier:a/x.use","path":"Patient.identifier.use","fixedCode":"old"},
		{"id":"Patient.identifier:b","path":"Patient.identifier","sliceName":"b","min":1}`)
	if len(problems) > 0 {
		t.Error(problems)
	}
	var have []string
	for _, id := range ids {
		if strings.HasPrefix(id, "Patient.identifier") && !strings.Contains(id[len("Patient."):], ".") {
			have = append(have, id[len("Patient.identifier"):])
		}
	}
	if got := strings.Join(have, " "); got != " :a :a/x :b" {
		t.Errorf("want the reslice behind its slice, have%q", got)
	}
	if e := els["Patient.identifier"]; e.Min != 2 || e.Slicing == nil || e.Slicing.Rules != "closed" {
		t.Errorf("want at least 2 and closed, have %d %+v", e.Min, e.Slicing)
	}
	if e := els["Patient.identifier:a/x"]; e.Min != 0 || e.Max != 1 || e.Slicing != nil || e.Path != "Patient.identifier" {
		t.Errorf("want 0..1 without slicing, have %d..%d %+v", e.Min, e.Max, e.Slicing)
	}
	if e := els["Patient.identifier:a/x.system"]; e.Fixed == nil || e.Fixed.Value.Text() != "urn:a" {
		t.Error("want what the outer slice fixes in the reslice")
	}
	if _, ok := els["Patient.identifier:b.system"]; ok {
		t.Error("want no children of a slice of which nothing is said")
	}
	if e := els["Patient.identifier:b"]; e.MustSupport {
		t.Error("want slices to begin with what the base says")
	}
}

func TestNamedTypesOfAChoice(t *testing.T) {
	for _, c := range []struct{ name, elements, rules, types string }{
		{"named", `{"path":"Observation.valueQuantity","max":"1"}`, "open",
			"Quantity CodeableConcept string boolean integer Range Ratio SampledData time dateTime Period"},
		{"required", `{"path":"Observation.valueQuantity","min":1}`, "closed", "Quantity"},
		{"with a type", `{"path":"Observation.valueQuantity","type":[{"code":"Quantity"}]},
			{"path":"Observation.valueString","type":[{"code":"string"}]}`, "closed", "Quantity string"},
		{"as a slice", `{"id":"Observation.value[x]:valueQuantity","path":"Observation.value[x]","sliceName":"valueQuantity"}`, "open",
			"Quantity CodeableConcept string boolean integer Range Ratio SampledData time dateTime Period"},
	} {
		els, _, problems := made(t, "Observation", hl7+"Observation", c.elements)
		if len(problems) > 0 {
			t.Error(c.name, problems)
		}
		e := els["Observation.value[x]"]
		var types []string
		for _, typ := range e.Types {
			types = append(types, typ.Code)
		}
		if have := strings.Join(types, " "); have != c.types || e.Slicing == nil || e.Slicing.Rules != c.rules {
			t.Errorf("%s: want %s %s, have %s %+v", c.name, c.rules, c.types, have, e.Slicing)
		}
		if s := els["Observation.value[x]:valueQuantity"]; len(s.Types) != 1 || s.Types[0].Code != "Quantity" {
			t.Errorf("%s: want a slice of type Quantity, have %+v", c.name, s.Types)
		}
	}
}

func TestWalkingIntoReferencesAndProfiles(t *testing.T) {
	els, _, problems := made(t, "Questionnaire", hl7+"Questionnaire", `
		{"path":"Questionnaire.item.item.item.linkId","max":"1","maxLength":3},
		{"id":"Questionnaire.extension:url","path":"Questionnaire.extension","sliceName":"url","type":[{"code":"Extension",
		 "profile":["`+hl7+`patient-birthPlace"]}]},
		{"id":"Questionnaire.extension:url.value[x].city","path":"Questionnaire.extension.value[x].city","min":1}`)
	if len(problems) > 0 {
		t.Error(problems)
	}
	if e := els["Questionnaire.item.item.item.linkId"]; e.MaxLength != 3 || e.Min != 1 {
		t.Errorf("want the referred element unfolded, have %+v", e)
	}
	if e := els["Questionnaire.item.item"]; e.ContentReference != "" || len(e.Types) != 1 || e.Types[0].Code != "BackboneElement" {
		t.Errorf("want a type instead of the reference, have %q %+v", e.ContentReference, e.Types)
	}
	if e := els["Questionnaire.item.item.item.item"]; e.ContentReference != "Questionnaire.item" {
		t.Errorf("want the reference kept where nothing is said, have %q", e.ContentReference)
	}
	if e := els["Questionnaire.extension:url.url"]; e.Fixed == nil || e.Fixed.Value.Text() != hl7+"patient-birthPlace" {
		t.Error("want the url that the extension's profile fixes")
	}
	if e := els["Questionnaire.extension:url.value[x].city"]; e.Min != 1 {
		t.Error("want the differential applied inside the extension")
	}
	if e := els["Questionnaire.extension:url"]; e.Max != 1 {
		t.Errorf("want the extension as often as its profile says, have %d", e.Max)
	}
}

func TestPathsWithoutIDsFollowTheSlicesBefore(t *testing.T) {
	els, _, problems := made(t, "Observation", hl7+"Observation", `
		{"path":"Observation.component","slicing":{"discriminator":[{"type":"pattern","path":"code"}],"rules":"open"}},
		{"path":"Observation.component","sliceName":"one"},
		{"path":"Observation.component.code","patternCodeableConcept":{"text":"1"}},
		{"path":"Observation.component","sliceName":"two"},
		{"path":"Observation.component.code","patternCodeableConcept":{"text":"2"}}`)
	if len(problems) > 0 {
		t.Error(problems)
	}
	for slice, want := range map[string]string{"one": "1", "two": "2"} {
		if e := els["Observation.component:"+slice+".code"]; e.Pattern == nil || e.Pattern.Value.Get("text").Text() != want {
			t.Errorf("slice %s: want its own pattern", slice)
		}
	}
	if els["Observation.component.code"].Pattern != nil {
		t.Error("want no pattern outside the slices")
	}
}

func TestProblemsOfDifferentialsAreNamed(t *testing.T) {
	for _, c := range []struct{ base, elements, want string }{
		{"urn:none", `{"path":"Patient"}`, "urn:none is not known"},
		{"urn:profile", `{"path":"Patient"}`, "is not known"},
		{hl7 + "Patient", `{"path":"Patient.wings"}`, "there is no element wings"},
		{hl7 + "Patient", `{"path":"Person.name"}`, "does not begin with Patient"},
		{hl7 + "Patient", `{"path":"Patient` + strings.Repeat(".extension", 200) + `"}`, "too deep"},
	} {
		_, _, problems := made(t, "Patient", c.base, c.elements)
		if len(problems) == 0 || !strings.Contains(problems[0].String(), c.want) {
			t.Errorf("want %q, have %v", c.want, problems)
		}
	}
}

// Whatever a differential says, its snapshot ends, stays bounded and has each id
// where its path says.
func FuzzSnapshot(f *testing.F) {
	f.Add("Patient", hl7+"Patient", `{"path":"Patient.identifier","slicing":{"rules":"open"}},{"path":"Patient.identifier","sliceName":"a/b"}`)
	f.Add("Observation", hl7+"bp", `{"path":"Observation.valueQuantity.value","min":1},{"path":"Observation.component.referenceRange.low"}`)
	f.Add("Extension", hl7+"Extension", `{"path":"Extension.extension.extension.value[x]"},{"id":"Extension.value[x]:valueCode","path":"Extension.valueCode"}`)
	f.Add("Questionnaire", "urn:profile", `{"path":"Questionnaire.item.item.item.item"}`)
	f.Add("x", hl7+"Patient", `{"path":"Patient.name","type":[{"code":"Patient","profile":["urn:profile"]}]},{"path":"Patient.name.name.name"}`)
	f.Fuzz(func(t *testing.T, typ, base, elements string) {
		p := NewPackage("fuzz", "1")
		src := fmt.Sprintf(`{"resourceType":"StructureDefinition","url":"urn:profile","type":%q,"kind":"resource",`+
			`"derivation":"constraint","baseDefinition":%q,"differential":{"element":[%s]}}`, typ, base, elements)
		if p.Add([]byte(src), "fuzz.json") != nil {
			return
		}
		d := R4().With(p)
		s := d.Structure("urn:profile")
		if s == nil {
			return
		}
		if len(s.Elements) > 4*maxSnapshot {
			t.Errorf("want a bounded snapshot, have %d elements", len(s.Elements))
		}
		for _, e := range s.Elements {
			if strings.Count(e.Path, ".") > maxPathDepth+10 {
				t.Errorf("want a bounded depth, have %d", strings.Count(e.Path, "."))
			}
		}
		again, _ := d.Snapshot(s)
		if len(again) != len(s.Elements) {
			t.Errorf("want the same snapshot again, have %d and %d elements", len(s.Elements), len(again))
		}
	})
}
