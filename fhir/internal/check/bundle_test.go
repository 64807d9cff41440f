package check

import "testing"

func bundleOf(kind, more, entries string) string {
	return `{"resourceType":"Bundle","type":"` + kind + `"` + more + `,"entry":[` + entries + `]}`
}

// TestBundleLinks: links of paging and links that occur twice.
func TestBundleLinks(t *testing.T) {
	links := func(kind, relations string) string { return bundleOf(kind, `,"link":[`+relations+`]`, "") }
	const self, next = `{"relation":"self","url":"http://example.com/Patient"}`, `{"relation":"next","url":"http://example.com/?page=2"}`
	runLinkCases(t, []linkCase{
		{"search", links("searchset", self+","+next), CodeBundle, ""},
		{"history", links("history", self+","+next), CodeBundle, ""},
		{"search, self twice", links("searchset", self+","+self), CodeBundle, "error Bundle.link[1]"},
		{"collection, self twice", links("collection", self+","+self), CodeBundle, "error Bundle.link[1].relation"},
		{"collection with paging", links("collection", self+","+next), CodeBundle, "error Bundle.link[1].relation"},
		{"transaction with paging", links("transaction", next), CodeBundle, "error Bundle.link[0].relation"},
	})
}

// TestSearchSet: what a search's result holds.
func TestSearchSet(t *testing.T) {
	const self = `,"link":[{"relation":"self","url":"http://example.com/Patient?name=x"}]`
	const several = `,"link":[{"relation":"self","url":"http://example.com/?_type=Patient,Observation"}]`
	patient := func(id, mode string) string {
		if mode != "" {
			mode = `,"search":{"mode":"` + mode + `"}`
		}
		return `{"fullUrl":"http://example.com/x/1","resource":{"resourceType":"Patient"` + id + `}` + mode + `}`
	}
	const id = `,"id":"1"`
	const outcome = `{"fullUrl":"http://example.com/x/2","resource":{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid"}]},"search":{"mode":"`
	const group = `{"fullUrl":"http://example.com/x/3","resource":{"resourceType":"Group","id":"3","type":"person","actual":true}`
	runLinkCases(t, []linkCase{
		{"matches", bundleOf("searchset", self, patient(id, "match")), CodeBundle, ""},
		{"no self link", bundleOf("searchset", "", patient(id, "match")), CodeBundle, "warning Bundle"},
		{"a match without id", bundleOf("searchset", self, patient("", "match")), CodeBundle, "error Bundle.entry[0].resource"},
		{"an outcome", bundleOf("searchset", self, outcome+`outcome"}}`), CodeBundle, ""},
		{"an outcome as a match", bundleOf("searchset", several, outcome+`match"}}`), CodeBundle, "error Bundle.entry[0].resource\nerror Bundle.entry[0].resource"},
		{"a patient as outcome", bundleOf("searchset", self, patient(id, "outcome")), CodeBundle, "error Bundle.entry[0].resource"},
		{"another type as match", bundleOf("searchset", self, group+`,"search":{"mode":"match"}}`), CodeBundle, "error Bundle.entry[0].resource"},
		{"another type included", bundleOf("searchset", self, patient(id, "match")+","+group+`,"search":{"mode":"include"}}`), CodeBundle, ""},
		{"one without mode", bundleOf("searchset", self, patient(id, "match")+","+patient(id, "")), CodeBundle, "warning Bundle.entry[1]"},
		{"all without modes", bundleOf("searchset", self, patient(id, "")), CodeBundle, "information Bundle"},
		{"without modes, another type", bundleOf("searchset", self, group+`}`), CodeBundle, "warning Bundle\nwarning Bundle.entry[0]"},
		{"without modes and id", bundleOf("searchset", self, patient("", "")), CodeBundle, "information Bundle\nwarning Bundle.entry[0].resource"},
		{"no resource", bundleOf("searchset", self, `{"fullUrl":"http://example.com/x/1","search":{"mode":"match"}}`), CodeBundle, "error Bundle.entry[0]"},
	})
}

// TestEntryURLs: the forms of a fullUrl.
func TestEntryURLs(t *testing.T) {
	entry := func(url, resource string) string {
		return bundleOf("collection", "", `{"fullUrl":"`+url+`","resource":{`+resource+`}}`)
	}
	const patient = `"resourceType":"Patient","id":"a"`
	const set = `"resourceType":"ValueSet","id":"a","status":"active","url":"http://example.com/sets/b"`
	runLinkCases(t, []linkCase{
		{"a server's", entry("http://example.com/fhir/Patient/a", patient), CodeBundle, ""},
		{"a UUID", entry("urn:uuid:2cae6f0e-6f0b-4c8c-9f0b-2cae6f0b4c8c", patient), CodeBundle, ""},
		{"no server's", entry("http://example.com/patients/1", patient), CodeBundle, ""},
		{"relative", entry("Patient/a", patient), CodeBundle, "error Bundle.entry[0]"},
		{"of another id", entry("http://example.com/fhir/Patient/b", patient), CodeBundle, "error Bundle.entry[0]"},
		{"of another type", entry("http://example.com/fhir/Group/a", patient), CodeBundle, "error Bundle.entry[0]"},
		{"of a version", entry("http://example.com/fhir/Patient/a/_history/1", patient), CodeBundle, "error Bundle.entry[0]"},
		{"a server's without id", entry("http://example.com/fhir/Patient/a", `"resourceType":"Patient"`), CodeBundle, "error Bundle.entry[0]"},
		{"the canonical", entry("http://example.com/sets/b", set), CodeBundle, "error Bundle.entry[0]"},
		{"beside the canonical", entry("http://example.com/ValueSet/a", set), CodeBundle, ""},
	})
}

// TestDocumentTargets: what the first entry refers to is in the Bundle, and all
// entries are led to.
func TestDocumentTargets(t *testing.T) {
	const base = "http://example.com/fhir/"
	composition := func(url, more string) string {
		return `{"fullUrl":"` + url + `","resource":{"resourceType":"Composition","id":"c","status":"final","type":{"text":"x"},"date":"2020","title":"x","author":[{"display":"x"}]` + more + `}}`
	}
	entry := func(typ, more string) string {
		return `,{"fullUrl":"` + base + typ + `/a","resource":{"resourceType":"` + typ + `","id":"a"` + more + `}}`
	}
	document := func(more, others string) string {
		return bundleOf("document", `,"timestamp":"2020-01-01T00:00:00Z","identifier":{"system":"http://example.com","value":"1"}`, composition(base+"Composition/c", more)+others)
	}
	const first = "Bundle.entry[0].resource"
	runLinkCases(t, []linkCase{
		{"whole", document(`,"subject":{"reference":"Patient/a"}`, entry("Patient", "")), CodeBundle, ""},
		{"absolute", document(`,"subject":{"reference":"`+base+`Patient/a"}`, entry("Patient", "")), CodeBundle, ""},
		{"subject missing", document(`,"subject":{"reference":"Patient/a"}`, ""), CodeBundle, "error " + first + ".subject"},
		{"absolute missing", document(`,"subject":{"reference":"http://example.org/Patient/a"}`, ""), CodeBundle, "error " + first + ".subject"},
		{"attester missing", document(`,"attester":[{"mode":"legal","party":{"reference":"Practitioner/a"}}]`, ""), CodeBundle, "error " + first + ".attester[0].party"},
		{"event missing", document(`,"event":[{"detail":[{"reference":"Procedure/a"}]}]`, ""), CodeBundle, "error " + first + ".event[0].detail[0]"},
		{"focus of a section missing", document(`,"section":[{"title":"x","focus":{"reference":"Patient/a"},"text":{"status":"empty","div":"<div xmlns='http://www.w3.org/1999/xhtml'>x</div>"}}]`, ""),
			CodeBundle, "error " + first + ".section[0].focus"},
		{"an entry alone", document("", entry("Patient", "")), CodeBundle, "error Bundle.entry[1]"},
		{"an entry without resource", document("", `,{"fullUrl":"http://example.com/x"}`), CodeBundle, ""},
		{"led to by an attachment", document(`,"subject":{"reference":"Patient/a"}`, entry("Patient", `,"photo":[{"contentType":"image/png","url":"Binary/a"}]`)+entry("Binary", `,"contentType":"image/png"`)), CodeBundle, ""},
		{"leads to the rest", document(`,"subject":{"reference":"Patient/a"}`, entry("Patient", "")+entry("Flag", `,"status":"active","code":{"text":"x"},"subject":{"reference":"Patient/a"}`)), CodeBundle,
			"warning Bundle.entry[2]"},
		{"no composition first", bundleOf("document", `,"timestamp":"2020-01-01T00:00:00Z"`, entry("Patient", "")[1:]+entry("Group", `,"type":"person","actual":true`)), CodeBundle,
			"error Bundle.entry[0]\nerror Bundle.entry[1]"},
		{"a UUID and a relative reference", bundleOf("document", `,"timestamp":"2020-01-01T00:00:00Z"`, composition("urn:uuid:2cae6f0e-6f0b-4c8c-9f0b-2cae6f0b4c8c", `,"subject":{"reference":"Patient/a"}`)+entry("Patient", "")), CodeBundle,
			"error " + first + ".subject\nerror Bundle.entry[1]"},
		{"a message's focus missing", bundleOf("message", "", `{"fullUrl":"`+base+`MessageHeader/m","resource":{"resourceType":"MessageHeader","id":"m","eventUri":"http://example.com/e","source":{"endpoint":"http://example.com"},"focus":[{"reference":"Patient/a"}]}}`),
			CodeBundle, "error " + first + ".focus[0]"},
	})
}
