package check

import (
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// withResources returns R4's definitions and more resources.
func withResources(t testing.TB, resources ...string) *fhirdef.Definitions {
	t.Helper()
	p := fhirdef.NewPackage("test", "1")
	for _, src := range resources {
		if err := p.Add([]byte(src), "resource.json"); err != nil {
			t.Fatal(err)
		}
	}
	return fhirdef.R4().With(p)
}

// findingsWith is findings with more definitions.
func findingsWith(t testing.TB, defs *fhirdef.Definitions, code issue.Code, src string) []string {
	t.Helper()
	var tree jsontree.Tree
	if err := tree.Parse([]byte(src), nil); err != nil {
		t.Fatalf("want JSON, have %v in %s", err, src)
	}
	in := &Input{Root: tree.Root()}
	return only(New(defs, Options{}).Check(in), code)
}

// TestDerivedQuestionnaire: a derived Questionnaire may narrow its base but not
// widen it.
func TestDerivedQuestionnaire(t *testing.T) {
	const base = `{"resourceType":"Questionnaire","url":"http://example.com/base","version":"1","status":"active","item":[
		{"linkId":"a","type":"string","required":true,"definition":"http://example.com/d#a","maxLength":10},
		{"linkId":"c","type":"choice","answerOption":[{"valueCoding":{"code":"x"}},{"valueCoding":{"code":"y"}}]},
		{"linkId":"v","type":"choice","answerValueSet":"http://example.com/v"}]}`
	defs := withResources(t, base)
	const a = `{"linkId":"a","type":"string","required":true,"definition":"http://example.com/d#a","maxLength":5}`
	kind := func(code string) string {
		return `{"extension":[{"url":"` + extDerivationType + `","valueCoding":{"system":"` + systemDerivationType + `","code":"` + code + `"}}]}`
	}
	for _, c := range []struct{ name, kind, items, want string }{
		{"narrowed", kind("compliesWith"), a + `,{"linkId":"c","type":"choice","answerOption":[{"valueCoding":{"code":"x"}}]}`, ""},
		{"no kind", `null`, a, "warning Questionnaire.derivedFrom[0]"},
		{"inspired", kind("inspiredBy"), `{"linkId":"z","type":"string"}`, "information Questionnaire.derivedFrom[0].extension[0].value.ofType(Coding)"},
		{"unknown kind", kind("likes"), `{"linkId":"z","type":"string"}`, "warning Questionnaire.derivedFrom[0].extension[0].value.ofType(Coding)"},
		{"an item more, extending", kind("extends"), `{"linkId":"z","type":"string"}`, ""},
		{"an item more, complying", kind("compliesWith"), `{"linkId":"z","type":"string"}`, "error Questionnaire.item[0]"},
		{"wider", kind("extends"), `{"linkId":"a","type":"text","required":false,"repeats":true,"definition":"http://example.com/d#b","maxLength":11}`,
			"error Questionnaire.item[0].type\nerror Questionnaire.item[0].repeats\nerror Questionnaire.item[0].required\ninformation Questionnaire.item[0].definition\nerror Questionnaire.item[0].maxLength"},
		{"left out", kind("extends"), `{"linkId":"a","type":"string"}`, "information Questionnaire.item[0]\nerror Questionnaire.item[0]"},
		{"a new option", kind("extends"), `{"linkId":"c","type":"choice","answerOption":[{"valueCoding":{"code":"z"}}]}`, "error Questionnaire.item[0].answerOption[0]"},
		{"no options", kind("extends"), `{"linkId":"c","type":"choice"}`, "error Questionnaire.item[0]"},
		{"a value set for options", kind("extends"), `{"linkId":"c","type":"choice","answerValueSet":"http://example.com/v","answerOption":[{"valueCoding":{"code":"x"}}]}`, "error Questionnaire.item[0]"},
		{"options for a value set", kind("extends"), `{"linkId":"v","type":"choice","answerOption":[{"valueCoding":{"code":"x"}}]}`, "error Questionnaire.item[0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := `{"resourceType":"Questionnaire","status":"active","derivedFrom":["http://example.com/base|1"],"_derivedFrom":[` + c.kind + `],"item":[` + c.items + `]}`
			wantFindings(t, findingsWith(t, defs, CodeQuestionnaire, src), c.want)
		})
	}
	unknown := `{"resourceType":"Questionnaire","status":"active","derivedFrom":["http://example.com/other"],"item":[` + a + `]}`
	wantFindings(t, findingsWith(t, defs, CodeQuestionnaire, unknown), "warning Questionnaire.derivedFrom[0]")
}

// TestAnswersByCanonical: a Questionnaire of the definitions is found by its
// canonical, with its version or a beginning of it.
func TestAnswersByCanonical(t *testing.T) {
	defs := withResources(t,
		`{"resourceType":"Questionnaire","url":"http://example.com/q","version":"1.0","status":"active","item":[{"linkId":"a","type":"string"}]}`,
		`{"resourceType":"Questionnaire","url":"http://example.com/q","version":"2.0","status":"active","item":[{"linkId":"a","type":"integer"}]}`)
	const answer = "error QuestionnaireResponse.item[0].answer[0].value.ofType(string)"
	for canonical, want := range map[string]string{"": answer, "|1.0": "", "|1": "", "|2.0": answer, "|3": "warning QuestionnaireResponse"} {
		src := `{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"http://example.com/q` + canonical + `","item":[{"linkId":"a","answer":[{"valueString":"x"}]}]}`
		wantFindings(t, findingsWith(t, defs, CodeQuestionnaire, src), want)
	}
}
