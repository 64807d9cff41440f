package check

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// observing returns R4's definitions with a profile for Observation that says
// something of one element; more are resources besides.
func observing(t testing.TB, element string, more ...string) *fhirdef.Definitions {
	t.Helper()
	return withResources(t, append(more, `{"resourceType":"StructureDefinition","url":"http://example.com/p","name":"P","status":"active","kind":"resource","abstract":false,
		"type":"Observation","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","derivation":"constraint",
		"differential":{"element":[{"id":"Observation","path":"Observation"},`+element+`]}}`)...)
}

func narrowed(path, more string) string {
	return `{"id":"` + path + `","path":"` + path + `",` + more + `}`
}

// TestContainedValueSets: a binding may mean a value set inside the profile.
func TestContainedValueSets(t *testing.T) {
	defs := withResources(t, `{"resourceType":"StructureDefinition","url":"http://example.com/p","name":"P","status":"active","kind":"resource","abstract":false,
		"contained":[{"resourceType":"ValueSet","id":"vs","status":"active","compose":{"include":[{"system":"http://loinc.org","concept":[{"code":"a"}]}]}}],
		"type":"Observation","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","derivation":"constraint",
		"differential":{"element":[{"id":"Observation","path":"Observation"},`+narrowed("Observation.code", `"binding":{"strength":"required","valueSet":"#vs"}`)+`]}}`)
	for code, want := range map[string]string{"a": "", "b": "error fhir-binding Observation.code"} {
		have := slices.DeleteFunc(profiled(t, defs, Options{}, `"code":{"coding":[{"system":"http://loinc.org","code":"`+code+`"}]}`),
			func(s string) bool { return strings.Contains(s, "not-checked") })
		wantFindings(t, have, want)
	}
}

// TestStricterBindingsOverrule: codes of a profile's value set are among those
// that the extensible binding of the type leaves room for.
func TestStricterBindingsOverrule(t *testing.T) {
	set := `{"resourceType":"ValueSet","url":"http://example.com/v","status":"active","compose":{"include":[{"system":"http://example.com/s","concept":[{"code":"a"}]}]}}`
	system := `{"resourceType":"CodeSystem","url":"http://example.com/s","status":"active","content":"complete","concept":[{"code":"a"},{"code":"b"}]}`
	for _, c := range []struct{ strength, code, want string }{
		{"required", "a", ""},
		{"required", "b", "error fhir-binding Observation.interpretation[0]"},
		{"extensible", "a", ""},
		{"extensible", "b", "warning fhir-binding Observation.interpretation[0]\nwarning fhir-binding Observation.interpretation[0]"},
		{"preferred", "a", "warning fhir-binding Observation.interpretation[0]"},
	} {
		defs := observing(t, narrowed("Observation.interpretation", `"binding":{"strength":"`+c.strength+`","valueSet":"http://example.com/v"}`), set, system)
		t.Run(c.strength+" "+c.code, func(t *testing.T) {
			wantFindings(t, profiled(t, defs, Options{}, `"code":{"text":"x"},"interpretation":[{"coding":[{"system":"http://example.com/s","code":"`+c.code+`"}]}]`), c.want)
		})
	}
}

// profiled returns what is told of an Observation by the profile.
func profiled(t *testing.T, defs *fhirdef.Definitions, opts Options, rest string) []string {
	t.Helper()
	opts.Profiles = []string{"http://example.com/p"}
	return told(t, defs, opts, `{"resourceType":"Observation","status":"final",`+rest+`}`)
}

// TestPatternsAreMissedWhereTheyAre: a pattern's parts are told of one by one.
func TestPatternsAreMissedWhereTheyAre(t *testing.T) {
	concept := narrowed("Observation.code", `"patternCodeableConcept":{"coding":[{"system":"http://example.com/a","code":"a"},{"system":"http://example.com/a","code":"b"}],"text":"t"}`)
	identifier := narrowed("Observation.identifier", `"patternIdentifier":{"system":"http://example.com/i","type":{"text":"t"}}`)
	fixed := narrowed("Observation.code", `"fixedCodeableConcept":{"text":"t"}`)
	const code = `"code":{"text":"x"}`
	for _, c := range []struct{ name, element, rest, want string }{
		{"all there", concept, `"code":{"coding":[{"system":"http://example.com/a","code":"b"},{"system":"http://example.com/a","code":"a","display":"d"}],"text":"t"}`, ""},
		{"a coding and the text missing", concept, `"code":{"coding":[{"system":"http://example.com/a","code":"b"}],"text":"x"}`,
			"error fhir-pattern Observation.code\nerror fhir-pattern Observation.code.text"},
		{"parts of an identifier", identifier, code + `,"identifier":[{"system":"http://example.com/j","value":"1","type":{"text":"x"}}]`,
			"error fhir-pattern Observation.identifier[0].system\nerror fhir-pattern Observation.identifier[0].type.text"},
		{"a part that is not there", identifier, code + `,"identifier":[{"system":"http://example.com/i","value":"1"}]`, "error fhir-pattern Observation.identifier[0].type"},
		{"fixed", fixed, `"code":{"text":"t"}`, ""},
		{"another display than the fixed one", narrowed("Observation.code", `"fixedCodeableConcept":{"coding":[{"system":"http://example.com/a","code":"a","display":"d"}]}`),
			`"code":{"coding":[{"system":"http://example.com/a","code":"a","display":"e"}]}`, "error fhir-fixed Observation.code.coding.display"},
		{"another number of codings than the fixed one", narrowed("Observation.code", `"fixedCodeableConcept":{"coding":[{"system":"http://example.com/a","code":"a"}]}`),
			`"code":{"coding":[{"system":"http://example.com/a","code":"a"},{"system":"http://example.com/a","code":"b"}]}`, "error fhir-fixed Observation.code"},
		{"fixed, with an extension", fixed, `"code":{"text":"t","extension":[{"url":"http://example.com/x","valueBoolean":true}]}`, "error fhir-fixed Observation.code"},
	} {
		t.Run(c.name, func(t *testing.T) {
			have := profiled(t, observing(t, c.element), Options{AnyExtension: true}, c.rest)
			var kept []string
			for _, s := range have {
				if strings.Contains(s, "fhir-pattern") || strings.Contains(s, "fhir-fixed") {
					kept = append(kept, s)
				}
			}
			wantFindings(t, kept, c.want)
		})
	}
}

// TestBounds: least and greatest values of quantities and, from now on, of dates.
func TestBounds(t *testing.T) {
	const kg = `"system":"http://unitsofmeasure.org","code":"kg"`
	quantity := narrowed("Observation.value[x]", `"type":[{"code":"Quantity"}],"minValueQuantity":{"value":1,`+kg+`}`)
	bare := narrowed("Observation.value[x]", `"type":[{"code":"Quantity"}],"maxValueQuantity":{"value":1}`)
	date := narrowed("Observation.effective[x]", `"type":[{"code":"dateTime"}],"minValueDuration":{"value":1,"system":"http://unitsofmeasure.org","code":"a"},
		"maxValueDuration":{"value":36,"system":"http://unitsofmeasure.org","code":"h"}`)
	const place = "Observation.value.ofType(Quantity)"
	now := time.Date(2024, 6, 15, 12, 0, 0, 0, time.UTC)
	effective := func(s string) string { return `"effectiveDateTime":"` + s + `"` }
	for _, c := range []struct{ name, element, rest, want string }{
		{"enough", quantity, `"valueQuantity":{"value":1000,"system":"http://unitsofmeasure.org","code":"g"}`, ""},
		{"less", quantity, `"valueQuantity":{"value":999,"system":"http://unitsofmeasure.org","code":"g"}`, "error fhir-range " + place},
		{"no conversion", quantity, `"valueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"m"}`, "error fhir-range " + place},
		{"no value", quantity, `"valueQuantity":{` + kg + `}`, "warning fhir-range " + place},
		{"no unit", quantity, `"valueQuantity":{"value":3}`, "warning fhir-range " + place},
		{"another system", quantity, `"valueQuantity":{"value":3,"system":"http://example.com/u","code":"kg"}`, "warning fhir-range " + place},
		{"a bound without a unit", bare, `"valueQuantity":{"value":3,` + kg + `}`, "warning fhir-range " + place},
		{"within", date, effective("2024-06-16T23:59:00Z"), ""},
		{"within, by days", date, effective("2023-06-15"), ""},
		{"too late", date, effective("2024-06-17T00:01:00Z"), "error fhir-range Observation.effective.ofType(dateTime)"},
		{"too early", date, effective("2023-06-14"), "error fhir-range Observation.effective.ofType(dateTime)"},
		{"too early, by years", date, effective("2022"), "error fhir-range Observation.effective.ofType(dateTime)"},
		{"perhaps early", date, effective("2023"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFindings(t, profiled(t, observing(t, c.element), Options{Now: now}, `"code":{"text":"x"},`+c.rest), c.want)
		})
	}
}

// TestBindings: strengths, maxima and what has no code.
func TestBindings(t *testing.T) {
	set := func(name string, codes ...string) string {
		return `{"resourceType":"ValueSet","url":"http://example.com/` + name + `","status":"active","compose":{"include":[{"system":"http://example.com/s","concept":[{"code":"` +
			strings.Join(codes, `"},{"code":"`) + `"}]}]}}`
	}
	more := []string{set("small", "a"), set("large", "a", "b"), `{"resourceType":"ValueSet","url":"http://example.com/loinc","status":"active","compose":{"include":[{"system":"http://loinc.org"}]}}`,
		`{"resourceType":"CodeSystem","url":"http://example.com/s","status":"active","content":"complete","concept":[{"code":"a"},{"code":"b"},{"code":"c"}]}`}
	bound := func(path, strength, set, max string) string {
		if max != "" {
			max = `,"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet","valueCanonical":"http://example.com/` + max + `"}]`
		}
		return narrowed(path, `"binding":{"strength":"`+strength+`","valueSet":"http://example.com/`+set+`"`+max+`}`)
	}
	concept := func(code string) string {
		return `"code":{"coding":[{"system":"http://example.com/s","code":"` + code + `"}]}`
	}
	security := func(code string) string {
		return `"code":{"text":"x"},"meta":{"tag":[{"system":"http://example.com/s","code":"` + code + `"}]}`
	}
	for _, c := range []struct{ name, element, rest, want string }{
		{"required", bound("Observation.code", "required", "small", ""), concept("b"), "error fhir-binding Observation.code"},
		{"extensible", bound("Observation.code", "extensible", "small", ""), concept("b"), "warning fhir-binding Observation.code"},
		{"preferred", bound("Observation.code", "preferred", "small", ""), concept("b"), "information fhir-binding Observation.code"},
		{"example", bound("Observation.code", "example", "small", ""), concept("b"), ""},
		{"within the maximum", bound("Observation.code", "extensible", "small", "large"), concept("b"), "warning fhir-binding Observation.code"},
		{"beyond the maximum", bound("Observation.code", "extensible", "small", "large"), concept("c"), "warning fhir-binding Observation.code\nerror fhir-binding Observation.code"},
		{"Coding within the maximum", bound("Observation.meta.tag", "extensible", "small", "large"), security("b"), ""},
		{"Coding beyond the maximum", bound("Observation.meta.tag", "extensible", "small", "large"), security("c"), "error fhir-binding Observation.meta.tag[0]"},
		{"required, text only", bound("Observation.code", "required", "small", ""), `"code":{"text":"x"}`, "error fhir-binding Observation.code"},
		{"extensible, text only", bound("Observation.code", "extensible", "small", ""), `"code":{"text":"x"}`, "warning fhir-binding Observation.code"},
		{"maximum, text only", bound("Observation.code", "extensible", "small", "large"), `"code":{"text":"x"}`, "warning fhir-binding Observation.code\nerror fhir-binding Observation.code"},
		{"preferred with a maximum, text only", bound("Observation.code", "preferred", "small", "large"), `"code":{"text":"x"}`, ""},
		{"codes that are not here, text only", bound("Observation.code", "extensible", "loinc", ""), `"code":{"text":"x"}`, "warning fhir-binding Observation.code"},
		{"set that is not here, text only", bound("Observation.code", "required", "none", ""), `"code":{"text":"x"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFindings(t, profiled(t, observing(t, c.element, more...), Options{}, c.rest), c.want)
		})
	}
}
