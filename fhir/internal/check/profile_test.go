package check

import (
	"testing"

	"github.com/carabiner-health/carabiner/issue"
)

// TestTypeProfiles: the profiles that a profile asks of an element's type, and how
// often HL7 tells of what is missing.
func TestTypeProfiles(t *testing.T) {
	name := func(profiles string) string {
		return `{"id":"Patient.name","path":"Patient.name","min":0,"max":"*","base":{"path":"Patient.name","min":0,"max":"*"},"type":[{"code":"HumanName","profile":[` + profiles + `]}]}`
	}
	const family = `{"resourceType":"StructureDefinition","url":"http://example.com/family","name":"F","status":"active","kind":"complex-type","abstract":false,"type":"HumanName",
"baseDefinition":"http://hl7.org/fhir/StructureDefinition/HumanName","derivation":"constraint","snapshot":{"element":[{"id":"HumanName","path":"HumanName","min":0,"max":"*"},
{"id":"HumanName.family","path":"HumanName.family","min":1,"max":"1","type":[{"code":"string"}]}]}}`
	const head = `{"id":"Patient.name","path":"Patient.name","slicing":{"discriminator":[{"type":"value","path":"use"}],"rules":"open"},"min":1,"max":"*","base":{"path":"Patient.name","min":0,"max":"*"},"type":[{"code":"HumanName"}]}`
	for _, c := range []struct {
		name, elements, names string
		code                  issue.Code
		want                  string
	}{
		{"held", name(`"http://example.com/family"`), `{"family":"x"}`, CodeCardinality, ""},
		{"not held", name(`"http://example.com/family"`), `{"text":"x"}`, CodeCardinality, "error Patient.name[0]"},
		{"unknown", name(`"http://example.com/none"`), `{"text":"x"}`, CodeProfileUnknown, "error Patient.name[0]"},
		{"none of two", name(`"http://example.com/family","http://example.com/family|1"`), `{"text":"x"}`, CodeProfile, "error Patient.name[0]"},
		{"the list is missing too", head + slice("official", "1", "1", "use", `fixedCode":"official"`), "", CodeCardinality, "error Patient"},
		{"as its slice is", head + slice("official", "1", "1", "use", `fixedCode":"official"`), "", CodeSlice, "error Patient"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := `{"resourceType":"Patient","meta":{"profile":["http://example.com/p"]}`
			if c.names != "" {
				src += `,"name":[` + c.names + `]`
			}
			wantFindings(t, findingsWith(t, withResources(t, slicedName(c.elements), family), c.code, src+`}`), c.want)
		})
	}
}
