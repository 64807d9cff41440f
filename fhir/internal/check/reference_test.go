package check

import (
	"testing"

	"github.com/carabiner-health/carabiner/issue"
)

// TestReferenceForms: what stands in a reference, and where it leads inside the
// resource.
func TestReferenceForms(t *testing.T) {
	observation := func(subject, more string) string {
		return `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{` + subject + `}` + more + `}`
	}
	const at = "error Observation.subject"
	const contained = `,"contained":[{"resourceType":"Patient","id":"p","link":[{"other":{"reference":"#"},"type":"seealso"}]}]`
	const inner = `,"contained":[{"resourceType":"Patient","id":"p"}]`
	runLinkCases(t, []linkCase{
		{"relative", observation(`"reference":"Patient/1"`, ""), CodeReference, ""},
		{"absolute", observation(`"reference":"http://example.com/fhir/Patient/1"`, ""), CodeReference, ""},
		{"versioned", observation(`"reference":"Patient/1/_history/2"`, ""), CodeReference, ""},
		{"identifier alone", observation(`"identifier":{"system":"http://example.com","value":"1"}`, ""), CodeReference, ""},
		{"identifier that says nothing", observation(`"identifier":{"use":"usual"}`, ""), CodeReference, "warning Observation.subject"},
		{"nothing", observation(`"type":"Patient"`, ""), CodeReference, "warning Observation.subject"},
		{"white space", observation(`"reference":"Patient/1 2"`, ""), CodeReference, at},
		{"contained", observation(`"reference":"#p"`, inner), CodeReference, ""},
		{"contained, none", observation(`"reference":"#q"`, inner), CodeReference, at},
		{"container, from what is contained", observation(`"display":"x"`, contained), CodeReference,
			"error Observation.contained[0].link[0].other"}, // an Observation is no other Patient
		{"container, from outside", observation(`"reference":"#"`, ""), CodeReference, at},
		{"conditional", observation(`"reference":"Patient?identifier=http://example.com|1&active=true"`, ""), CodeReference, ""},
		{"conditional with a modifier", observation(`"reference":"Patient?general-practitioner:Practitioner.name=x"`, ""), CodeReference, ""},
		{"conditional without value", observation(`"reference":"Patient?identifier"`, ""), CodeReference, at},
		{"wrong type", observation(`"reference":"Practitioner/1"`, ""), CodeReference, at},
		{"type, the same", observation(`"type":"Patient","reference":"Patient/1"`, ""), CodeReference, ""},
		{"type, another", observation(`"type":"Group","reference":"Patient/1"`, ""), CodeReference, at},
		{"type, absolute", observation(`"type":"http://hl7.org/fhir/StructureDefinition/Patient","reference":"Patient/1"`, ""), CodeReference, at},
		{"type, not allowed", observation(`"type":"Practitioner","identifier":{"value":"1"}`, ""), CodeReference, at},
		{"type, unknown and another", observation(`"type":"patient","reference":"Patient/1"`, ""), CodeReference, at + "\n" + at},
		{"type of what is contained", observation(`"type":"Group","reference":"#p"`, inner), CodeReference, at},
	})
}

// TestAggregation: where what an element refers to may be.
func TestAggregation(t *testing.T) {
	profile := func(modes string) string {
		return `{"resourceType":"StructureDefinition","url":"http://example.com/o","name":"O","status":"active","kind":"resource","abstract":false,"type":"Observation",
"baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","derivation":"constraint","snapshot":{"element":[{"id":"Observation","path":"Observation","min":0,"max":"*"},
{"id":"Observation.subject","path":"Observation.subject","min":0,"max":"1","type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Patient"],"aggregation":[` + modes + `]}]}]}}`
	}
	observation := func(reference, more string) string {
		return `{"resourceType":"Observation","id":"o","meta":{"profile":["http://example.com/o"]},"status":"final","code":{"text":"x"},"subject":{"reference":"` + reference + `"}` + more + `}`
	}
	const inner = `,"contained":[{"resourceType":"Patient","id":"p"}]`
	bundle := func(reference string) string {
		return bundleOf("collection", "", `{"fullUrl":"http://example.com/fhir/Observation/o","resource":`+observation(reference, "")+`},{"fullUrl":"http://example.com/fhir/Patient/a","resource":{"resourceType":"Patient","id":"a"}}`)
	}
	const at, entry = "error Observation.subject", "error Bundle.entry[0].resource.subject"
	for _, c := range []struct{ name, modes, src, want string }{
		{"contained", `"contained"`, observation("#p", inner), ""},
		{"contained, not allowed", `"bundled","referenced"`, observation("#p", inner), at},
		{"elsewhere", `"referenced"`, observation("Patient/1", ""), ""},
		{"elsewhere, not allowed", `"contained","bundled"`, observation("Patient/1", ""), at},
		{"bundled", `"bundled"`, bundle("Patient/a"), ""},
		{"bundled, as referenced", `"referenced"`, bundle("Patient/a"), ""},
		{"bundled, not allowed", `"contained"`, bundle("Patient/a"), entry},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFindings(t, findingsWith(t, withResources(t, profile(c.modes)), CodeReference, c.src), c.want)
		})
	}
}

// TestTargetProfiles: what is in the input conforms to a target profile.
func TestTargetProfiles(t *testing.T) {
	profile := func(targets string) string {
		return `{"resourceType":"StructureDefinition","url":"http://example.com/o","name":"O","status":"active","kind":"resource","abstract":false,"type":"Observation",
"baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","derivation":"constraint","snapshot":{"element":[{"id":"Observation","path":"Observation","min":0,"max":"*"},
{"id":"Observation.subject","path":"Observation.subject","min":0,"max":"1","type":[{"code":"Reference","targetProfile":[` + targets + `]}]}]}}`
	}
	const named = `{"resourceType":"StructureDefinition","url":"http://example.com/named","name":"N","status":"active","kind":"resource","abstract":false,"type":"Patient",
"baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","snapshot":{"element":[{"id":"Patient","path":"Patient","min":0,"max":"*"},
{"id":"Patient.name","path":"Patient.name","min":1,"max":"*","type":[{"code":"HumanName"}]}]}}`
	observation := func(patient string) string {
		return `{"resourceType":"Observation","meta":{"profile":["http://example.com/o"]},"status":"final","code":{"text":"x"},"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"` + patient + `}]}`
	}
	const at = "error Observation.subject"
	const known, unknown = `"http://example.com/named"`, `"http://example.com/none"`
	const name = `,"name":[{"text":"x"}]`
	for _, c := range []struct {
		name, targets, patient string
		code                   issue.Code
		want                   string
	}{
		{"conforms", known, name, CodeReference, ""},
		{"does not", known, "", CodeReference, at},
		{"to one of two", known + `,"http://hl7.org/fhir/StructureDefinition/Patient"`, "", CodeReference, ""},
		{"unknown", unknown, "", CodeProfileUnknown, at},
		{"unknown or not", known + "," + unknown, "", CodeReference, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFindings(t, findingsWith(t, withResources(t, profile(c.targets), named), c.code, observation(c.patient)), c.want)
		})
	}
}
