package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/issue"
)

const (
	wholeSystem = `{"resourceType":"CodeSystem","url":"http://example.com/cs","language":"en","status":"active","content":"complete","caseSensitive":true,"count":2,
"property":[{"code":"inactive","uri":"http://hl7.org/fhir/concept-properties#inactive","type":"boolean"},{"code":"size","uri":"http://example.com/size","type":"integer"}],
"filter":[{"code":"big","operator":["=","exists"],"value":"x"}],
"concept":[{"code":"a","display":"A","designation":[{"language":"de","value":"A"}],"property":[{"code":"size","valueInteger":1}]},{"code":"b","display":"B","property":[{"code":"inactive","valueBoolean":true}]}]}`
	wholeSet = `{"resourceType":"ValueSet","url":"http://example.com/vs","status":"active","compose":{"include":[
{"system":"http://hl7.org/fhir/administrative-gender","concept":[{"code":"male","display":"Male"}]},
{"system":"http://example.com/cs","filter":[{"property":"size","op":"=","value":"1"}]},
{"valueSet":["http://hl7.org/fhir/ValueSet/administrative-gender"]}]}}`
	wholeMap = `{"resourceType":"ConceptMap","url":"http://example.com/cm","status":"active","group":[{"source":"http://hl7.org/fhir/administrative-gender","target":"http://example.com/cs",
"element":[{"code":"male","target":[{"code":"a","equivalence":"equal"}]}]}]}`
)

// changed is a text with one part replaced, which must be there.
func changed(t testing.TB, src, from, to string) string {
	t.Helper()
	if from != "" && !strings.Contains(src, from) {
		t.Fatalf("want %q in the text, have none", from)
	}
	return strings.Replace(src, from, to, 1)
}

// edit is a change of a resource and what is found then.
type edit struct{ name, from, to, want string }

// checkEdits checks the findings of two codes after each edit.
func checkEdits(t *testing.T, src string, edits []edit, codes ...issue.Code) {
	t.Helper()
	defs := withResources(t, wholeSystem,
		`{"resourceType":"CodeSystem","url":"http://example.com/supplement","status":"active","content":"supplement","supplements":"http://example.com/cs"}`)
	for _, e := range edits {
		t.Run(e.name, func(t *testing.T) {
			var have []string
			for _, code := range codes {
				have = append(have, findingsWith(t, defs, code, changed(t, src, e.from, e.to))...)
			}
			slices.Sort(have)
			wantFindings(t, withoutInformation(have), e.want)
		})
	}
}

func TestCodeSystem(t *testing.T) {
	const concept = "CodeSystem.concept[0]"
	checkEdits(t, wholeSystem, []edit{
		{"as it is", "", "", ""},
		{"another count", `"count":2`, `"count":3`, "warning CodeSystem"},
		{"no content", `"complete"`, `"not-present"`, "error " + concept},
		{"HL7's without definitions", "http://example.com/cs", "http://hl7.org/fhir/cs", "warning " + concept},
		{"HL7's without case", `http://example.com/cs","language":"en","status":"active","content":"complete","caseSensitive":true`, `http://hl7.org/fhir/cs","status":"active","content":"complete"`,
			"warning CodeSystem\nwarning " + concept},
		{"a property twice", `"size","uri":"http://example.com/size"`, `"inactive","uri":"http://example.com/size"`, "error CodeSystem.property[1]\nwarning CodeSystem.concept[0].property[0]"},
		{"an address twice", "http://example.com/size", "http://hl7.org/fhir/concept-properties#inactive", "error CodeSystem.property[1]"},
		{"another type of FHIR's property", `"type":"boolean"`, `"type":"code"`, "error CodeSystem.property[0]\nerror CodeSystem.concept[1].property[0]"},
		{"another code for FHIR's property", `{"code":"inactive","uri"`, `{"code":"gone","uri"`, "error CodeSystem.property[0]\nwarning CodeSystem.concept[1].property[0]"},
		{"FHIR's property without address", `"uri":"http://hl7.org/fhir/concept-properties#inactive",`, "", "warning CodeSystem.property[0]"},
		{"a value of another type", `"valueInteger":1`, `"valueString":"x"`, "error " + concept + ".property[0]"},
		{"a property that is not declared", `"code":"size","valueInteger"`, `"code":"length","valueInteger"`, "warning " + concept + ".property[0]"},
		{"a parent that is not there", `"code":"size","valueInteger":1`, `"code":"parent","valueCode":"c"`, "warning " + concept + ".property[0]\nerror " + concept + ".property[0]"},
		{"a designation like the display", `"language":"de"`, `"language":"en"`, "warning " + concept + ".designation[0]"},
		{"supplements without being one", `"count":2`, `"supplements":"http://example.com/cs"`, "error CodeSystem"},
		{"a supplement of nothing", `"complete"`, `"supplement"`, "warning CodeSystem"},
		{"a supplement", `"content":"complete"`, `"content":"supplement","supplements":"http://example.com/cs"`, ""},
		{"a supplement with more codes", `"content":"complete","caseSensitive":true,"count":2,`, `"content":"supplement","caseSensitive":true,"supplements":"http://hl7.org/fhir/administrative-gender",`,
			"error " + concept + "\nerror CodeSystem.concept[1]"},
		{"a supplement of a supplement", `"content":"complete"`, `"content":"supplement","supplements":"http://example.com/supplement"`, "error CodeSystem"},
	}, CodeDefinition)
}

// TestWholeValueSet: the value set of all codes of a system is just that.
func TestWholeValueSet(t *testing.T) {
	src := changed(t, wholeSystem, `"count":2`, `"valueSet":"http://example.com/all"`)
	for compose, want := range map[string]string{
		`"include":[{"system":"http://example.com/cs"}]`:                                                            "",
		`"include":[{"system":"http://example.com/other"}]`:                                                         "error CodeSystem",
		`"include":[{"system":"http://example.com/cs","concept":[{"code":"a"}]}]`:                                   "error CodeSystem",
		`"include":[{"system":"http://example.com/cs"},{"system":"http://example.com/other"}]`:                      "error CodeSystem",
		`"inactive":false,"include":[{"system":"http://example.com/cs"},{"system":"http://example.com/other"}]`:     "",
		`"include":[{"system":"http://example.com/cs"}],"exclude":[{"system":"http://example.com/cs","filter":[]}]`: "error CodeSystem",
	} {
		defs := withResources(t, `{"resourceType":"ValueSet","url":"http://example.com/all","status":"active","compose":{`+compose+`}}`)
		wantFindings(t, withoutInformation(findingsWith(t, defs, CodeDefinition, src)), want)
	}
}

func TestValueSet(t *testing.T) {
	const include, filter = "ValueSet.compose.include[0]", "ValueSet.compose.include[1].filter[0]"
	size := `"property":"size","op":"=","value":"1"`
	checkEdits(t, wholeSet, []edit{
		{"as it is", "", "", ""},
		{"a code that is not there", `"male"`, `"man"`, "error " + include + ".concept[0]"},
		{"a code twice", `{"code":"male","display":"Male"}`, `{"code":"male"},{"code":"male"}`, "warning " + include + ".concept[1]"},
		{"a relative system", "http://hl7.org/fhir/administrative-gender", "#administrative-gender", "error " + include},
		{"a value set as system", "http://hl7.org/fhir/administrative-gender", "http://hl7.org/fhir/ValueSet/administrative-gender", "error " + include},
		{"a supplement as system", "http://example.com/cs", "http://example.com/supplement", "error ValueSet.compose.include[1]"},
		{"a system that is not known", "http://hl7.org/fhir/administrative-gender", "http://other.com/cs", ""},
		{"an import that is not known", "http://hl7.org/fhir/ValueSet/administrative-gender", "http://other.com/vs", "warning ValueSet.compose.include[2].valueSet[0]"},
		{"an import of a code system", "http://hl7.org/fhir/ValueSet/administrative-gender", "http://example.com/cs", "error ValueSet.compose.include[2].valueSet[0]"},
		{"a filter that is not known", `"size"`, `"length"`, "warning " + filter},
		{"a filter by a number that is none", `"value":"1"`, `"value":"one"`, "error " + filter},
		{"a filter by a comparison", `"value":"1"`, `"value":"lt1"`, ""},
		{"a filter by a truth that is none", size, `"property":"inactive","op":"=","value":"1"`, "error " + filter},
		{"a filter by a code that is not there", size, `"property":"concept","op":"is-a","value":"c"`, "error " + filter},
		{"a filter by a code", size, `"property":"concept","op":"is-a","value":"a"`, ""},
		{"a declared filter", size, `"property":"big","op":"=","value":"x"`, ""},
		{"a declared filter with another operator", size, `"property":"big","op":"in","value":"x"`, "error " + filter},
		{"existence", size, `"property":"size","op":"exists","value":"yes"`, "error " + filter},
	}, CodeDefinition, CodeCode)
}

// TestFilterByCoding: a property that is a Coding is asked for by system and code.
func TestFilterByCoding(t *testing.T) {
	defs := withResources(t, changed(t, wholeSystem, `"type":"integer"`, `"type":"Coding"`))
	for value, want := range map[string]string{
		"http://hl7.org/fhir/administrative-gender#male": "", "http://hl7.org/fhir/administrative-gender#man": "error ValueSet.compose.include[1].filter[0]",
		"male": "error ValueSet.compose.include[1].filter[0]", "http://other.com/x#y": "", "#male": "error ValueSet.compose.include[1].filter[0]",
	} {
		src := changed(t, wholeSet, `"value":"1"`, `"value":"`+value+`"`)
		wantFindings(t, findingsWith(t, defs, CodeDefinition, src), want)
	}
}

func TestConceptMap(t *testing.T) {
	checkEdits(t, wholeMap, []edit{
		{"as it is", "", "", ""},
		{"a source code that is not there", `"male"`, `"man"`, "warning ConceptMap.group[0].element[0].code"},
		{"a target code that is not there", `"a"`, `"c"`, "warning ConceptMap.group[0].element[0].target[0].code"},
		{"no target", `"target":"http://example.com/cs",`, "", "warning ConceptMap.group[0]"},
		{"a value set as source", "http://hl7.org/fhir/administrative-gender", "http://hl7.org/fhir/ValueSet/administrative-gender", "error ConceptMap.group[0]"},
	}, CodeDefinition, CodeCode)
}
