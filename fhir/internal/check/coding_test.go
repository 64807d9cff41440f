package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// told returns every finding about a resource but those of missing narratives,
// each as severity, code and path.
func told(t testing.TB, defs *fhirdef.Definitions, opts Options, src string) []string {
	t.Helper()
	var tree jsontree.Tree
	if err := tree.Parse([]byte(src), nil); err != nil {
		t.Fatalf("want JSON, have %v in %s", err, src)
	}
	var out []string
	for _, i := range New(defs, opts).Check(&Input{Root: tree.Root()}) {
		if i.Rule != "" && strings.HasSuffix(i.Rule, "#dom-6") {
			continue
		}
		out = append(out, i.Severity.String()+" "+string(i.Code)+" "+i.Path)
	}
	slices.Sort(out)
	return out
}

const (
	observationStart = `{"resourceType":"Observation","status":"final","code":{"text":"x"},`
	conditionStart   = `{"resourceType":"Condition","subject":{"display":"x"},`
	clinical         = "http://terminology.hl7.org/CodeSystem/condition-clinical"
)

// TestCodings: what a Coding says of its system, code, display and version.
func TestCodings(t *testing.T) {
	tag := func(coding string) string {
		return observationStart + `"interpretation":[{"coding":[` + coding + `]}]}`
	}
	const system = `"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"`
	const place = "Observation.interpretation[0].coding[0]"
	supplement := `{"resourceType":"CodeSystem","url":"http://example.com/more","status":"active","content":"complete","supplements":"http://example.com/s"}`
	fragment := `{"resourceType":"CodeSystem","url":"http://example.com/part","status":"active","content":"fragment","concept":[{"code":"a"}]}`
	defs := withResources(t, supplement, fragment)
	for _, c := range []struct {
		name, src string
		opts      Options
		want      string
	}{
		{"good", tag(`{` + system + `,"code":"H","display":"high"}`), Options{}, ""},
		{"other code", tag(`{` + system + `,"code":"nothing"}`), Options{},
			"error fhir-code " + place + ".code\nwarning fhir-binding Observation.interpretation[0]"},
		{"other display", tag(`{` + system + `,"code":"H","display":"low"}`), Options{}, "error fhir-display " + place + ".display"},
		{"other display, as a warning", tag(`{` + system + `,"code":"H","display":"low"}`), Options{WrongDisplay: issue.Warning}, "warning fhir-display " + place + ".display"},
		{"no system", tag(`{"code":"H"}`), Options{}, "warning fhir-code " + place},
		{"relative system", tag(`{"system":"v3/x","code":"H"}`), Options{}, "error fhir-code " + place + ".system\nwarning fhir-binding Observation.interpretation[0]"},
		{"value set as system", tag(`{"system":"http://hl7.org/fhir/ValueSet/observation-interpretation","code":"H"}`), Options{},
			"error fhir-code " + place + ".system\nwarning fhir-binding Observation.interpretation[0]"},
		{"supplement as system", tag(`{"system":"http://example.com/more","code":"H"}`), Options{},
			"error fhir-code " + place + ".system\nwarning fhir-binding Observation.interpretation[0]"},
		{"known code of a fragment", tag(`{"system":"http://example.com/part","code":"a"}`), Options{}, "warning fhir-binding Observation.interpretation[0]"},
		{"other code of a fragment", tag(`{"system":"http://example.com/part","code":"b"}`), Options{},
			"warning fhir-code " + place + ".code\nwarning fhir-binding Observation.interpretation[0]"},
		{"system that is not here", tag(`{"system":"http://example.com/none","code":"H"}`), Options{},
			"warning fhir-terminology-not-checked " + place + ".system\nwarning fhir-binding Observation.interpretation[0]"},
		{"a version that is not here, required", conditionStart + `"clinicalStatus":{"coding":[{"system":"` + clinical + `","version":"0.1","code":"active"}]}}`, Options{},
			"error fhir-terminology-not-checked Condition.clinicalStatus.coding[0].system"},
		{"an address of old, required", conditionStart + `"clinicalStatus":{"coding":[{"system":"http://hl7.org/fhir/condition-clinical","code":"active"}]}}`, Options{},
			"error fhir-binding Condition.clinicalStatus\nerror fhir-terminology-not-checked Condition.clinicalStatus.coding[0].system"},
	} {
		t.Run(c.name, func(t *testing.T) { wantFindings(t, told(t, defs, c.opts, c.src), c.want) })
	}
}

// TestQuantities: systems and codes of units.
func TestQuantities(t *testing.T) {
	const place = "Observation.value.ofType(Quantity)"
	for _, c := range []struct{ name, quantity, want string }{
		{"good", `{"value":1,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}`, ""},
		{"no code", `{"value":1,"unit":"mg"}`, ""},
		{"other unit", `{"value":1,"system":"http://unitsofmeasure.org","code":"fmm[Hg]"}`, "error fhir-code " + place + ".code"},
		{"annotation", `{"value":1,"system":"http://unitsofmeasure.org","code":"{score}"}`, "warning fhir-code " + place},
		{"annotation with a space", `{"value":1,"system":"http://unitsofmeasure.org","code":"%{Negative Control}"}`, "warning fhir-code " + place},
		{"relative system", `{"value":1,"system":"ucum","code":"mg"}`, "error fhir-code " + place},
		{"a system that is not here", `{"value":1,"system":"http://example.com/units","code":"mg"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFindings(t, told(t, fhirdef.R4(), Options{}, observationStart+`"valueQuantity":`+c.quantity+`}`), c.want)
		})
	}
}

// TestElementsWithoutCodes: what is bound to codes it must come from has one.
func TestElementsWithoutCodes(t *testing.T) {
	patient := func(member, url string) string {
		return `{"resourceType":"Patient","_` + member + `":{"extension":[{"url":"` + url + `","valueCode":"unknown"}]}}`
	}
	const absent = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
	for _, c := range []struct{ name, src, want string }{
		{"required", patient("gender", absent), "error fhir-binding Patient.gender"},
		{"required, said in another version", patient("gender", "http://hl7.org/fhir/5.0/StructureDefinition/extension-Patient.gender"), "warning fhir-binding Patient.gender"},
		{"preferred", patient("language", absent), ""},
		{"not bound", patient("birthDate", absent), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			have := slices.DeleteFunc(told(t, fhirdef.R4(), Options{}, c.src), func(s string) bool { return strings.Contains(s, "fhir-extension") })
			wantFindings(t, have, c.want)
		})
	}
}

// TestProfilesThatAreNotHere: they are told of where they are named.
func TestProfilesThatAreNotHere(t *testing.T) {
	src := `{"resourceType":"Basic","code":{"text":"x"},"meta":{"profile":["http://hl7.org/fhir/StructureDefinition/Basic","http://example.com/none"]}}`
	wantFindings(t, told(t, fhirdef.R4(), Options{}, src), "warning fhir-profile-unknown Basic.meta.profile[1]")
}

// TestIdentifiersThatAreUUIDs: the address of the standard for UUIDs is no system.
func TestIdentifiersThatAreUUIDs(t *testing.T) {
	for _, c := range []struct{ system, value, want string }{
		{"https://tools.ietf.org/html/rfc4122", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "warning fhir-primitive Patient.identifier[0]"},
		{"https://tools.ietf.org/html/rfc4122", "c757873d-ec9a-4326-a141-556f43239520", "warning fhir-primitive Patient.identifier[0]"},
		{"https://tools.ietf.org/html/rfc4122", "12", "error fhir-primitive Patient.identifier[0]"},
		{"urn:ietf:rfc:3986", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", ""},
	} {
		src := `{"resourceType":"Patient","identifier":[{"system":"` + c.system + `","value":"` + c.value + `"}]}`
		wantFindings(t, told(t, fhirdef.R4(), Options{}, src), c.want)
	}
}
