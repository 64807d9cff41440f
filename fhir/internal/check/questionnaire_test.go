package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// findings returns what the rules of one code find about a resource, each as
// severity and path, sorted.
func findings(t testing.TB, opts Options, code issue.Code, src string) []string {
	t.Helper()
	return only(checked(t, opts, src), code)
}

// only returns the findings of one code.
func only(list issue.List, code issue.Code) []string {
	var out []string
	for _, i := range list {
		if i.Code == code {
			out = append(out, i.Severity.String()+" "+i.Path)
		}
	}
	slices.Sort(out)
	return out
}

func checked(t testing.TB, opts Options, src string) issue.List {
	t.Helper()
	var tree jsontree.Tree
	if err := tree.Parse([]byte(src), nil); err != nil {
		t.Fatalf("want JSON, have %v in %s", err, src)
	}
	in := &Input{Root: tree.Root()}
	return New(fhirdef.R4(), opts).Check(in)
}

// wantFindings compares findings with those wanted, written one a line.
func wantFindings(t *testing.T, have []string, want string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(want) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	if !slices.Equal(have, lines) {
		t.Errorf("want\n\t%s\nhave\n\t%s", strings.Join(lines, "\n\t"), strings.Join(have, "\n\t"))
	}
}

// TestQuestionnaire: what a Questionnaire itself may not say.
func TestQuestionnaire(t *testing.T) {
	const boolean = `{"linkId":"a","type":"boolean"},`
	for _, c := range []struct{ name, items, want string }{
		{"a condition on a question before", boolean + `{"linkId":"b","type":"string","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]}`, ""},
		{"on one after", `{"linkId":"b","type":"string","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]},{"linkId":"a","type":"boolean"}`,
			"warning Questionnaire.item[0]"},
		{"on one that is none", boolean + `{"linkId":"b","type":"string","enableWhen":[{"question":"c","operator":"exists","answerBoolean":true}]}`,
			"error Questionnaire.item[1]"},
		{"on itself", `{"linkId":"b","type":"string","enableWhen":[{"question":"b","operator":"exists","answerBoolean":true}]}`,
			"error Questionnaire.item[0]"},
		{"on an item inside", `{"linkId":"g","type":"group","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}],"item":[{"linkId":"a","type":"boolean"}]}`,
			"error Questionnaire.item[0]"},
		{"on the question around it", `{"linkId":"a","type":"boolean","item":[{"linkId":"b","type":"string","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]}]}`, ""},
		{"without a question", boolean + `{"linkId":"b","type":"string","enableWhen":[{"operator":"=","answerBoolean":true}]}`,
			"error Questionnaire.item[1]"},
		{"with an answer of another type", boolean + `{"linkId":"b","type":"string","enableWhen":[{"question":"a","operator":"=","answerString":"yes"}]}`,
			"warning Questionnaire.item[1]"},
		{"on a group", `{"linkId":"g","type":"group"},{"linkId":"b","type":"string","enableWhen":[{"question":"g","operator":"=","answerString":"x"}]}`,
			"warning Questionnaire.item[1]"},
		{"two conditions, not told how", boolean + `{"linkId":"b","type":"string","enableWhen":[{"question":"a","operator":"=","answerBoolean":true},{"question":"a","operator":"exists","answerBoolean":true}]}`,
			"error Questionnaire.item[1]"},
		{"an option of another type", `{"linkId":"a","type":"integer","answerOption":[{"valueInteger":1},{"valueString":"2"}]}`,
			"warning Questionnaire.item[0].answerOption[1]"},
		{"an initial value of another type", `{"linkId":"a","type":"integer","initial":[{"valueString":"2"}]}`,
			"warning Questionnaire.item[0].initial[0]"},
		{"an initial value that is no option", `{"linkId":"a","type":"choice","answerOption":[{"valueString":"x"},{"valueString":"y"}],"initial":[{"valueString":"z"}]}`,
			"warning Questionnaire.item[0].initial[0]"},
		{"free text at first in an open choice", `{"linkId":"a","type":"open-choice","answerOption":[{"valueString":"x"},{"valueString":"y"}],"initial":[{"valueString":"z"}]}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := `{"resourceType":"Questionnaire","status":"active","item":[` + c.items + `]}`
			wantFindings(t, findings(t, Options{}, CodeQuestionnaire, src), c.want)
		})
	}
}

// answered is a response with the Questionnaire inside.
func answered(status, items, answers string) string {
	return `{"resourceType":"QuestionnaireResponse","status":"` + status + `","questionnaire":"#q","contained":[` +
		`{"resourceType":"Questionnaire","id":"q","status":"active","item":[` + items + `]},` +
		`{"resourceType":"ValueSet","id":"v","status":"active","compose":{"include":[{"system":"http://example.com/s","concept":[{"code":"x"},{"code":"y"}]}]}}` +
		`],"item":[` + answers + `]}`
}

// responseCase is a Questionnaire, answers to it, and what is found of them below
// QuestionnaireResponse.
type responseCase struct{ name, items, answers, want string }

func (c *responseCase) run(t *testing.T, status string) {
	t.Helper()
	t.Run(c.name, func(t *testing.T) {
		var have []string
		for _, f := range findings(t, Options{}, CodeQuestionnaire, answered(status, c.items, c.answers)) {
			if !strings.Contains(f, ".contained[") {
				have = append(have, strings.ReplaceAll(f, "QuestionnaireResponse", "R"))
			}
		}
		wantFindings(t, have, c.want)
	})
}

// TestResponseItems: what may stand where, and what must.
func TestResponseItems(t *testing.T) {
	const ab = `{"linkId":"a","type":"string"},{"linkId":"b","type":"string"}`
	const group = `{"linkId":"g","type":"group","repeats":true,"item":[{"linkId":"a","type":"string","required":true},{"linkId":"b","type":"string"}]}`
	for _, c := range []responseCase{
		{"all well", ab, `{"linkId":"a","answer":[{"valueString":"x"}]},{"linkId":"b"}`, ""},
		{"wrong order", ab, `{"linkId":"b"},{"linkId":"a"}`, "error R"},
		{"unknown linkId", ab, `{"linkId":"z"}`, "error R"},
		{"two unknown linkIds", ab, `{"linkId":"z"},{"linkId":"z"}`, "error R\nerror R"},
		{"no linkId", ab, `{"text":"x"}`, "error R"},
		{"item in the wrong place", group, `{"linkId":"b","answer":[{"valueInteger":1}]}`, "error R\nerror R.item[0].answer[0].value.ofType(integer)"},
		{"required and missing", `{"linkId":"a","type":"string","required":true}`, ``, "error R"},
		{"required without answer", `{"linkId":"a","type":"string","required":true}`, `{"linkId":"a"}`, "error R.item[0]"},
		{"required in each repeat of a group", group, `{"linkId":"g","item":[{"linkId":"a","answer":[{"valueString":"x"}]}]},{"linkId":"g","item":[{"linkId":"b"}]}`, "error R.item[1]"},
		{"required group, empty", `{"linkId":"g","type":"group","required":true}`, `{"linkId":"g"}`, "error R.item[0]"},
		{"required below an answer", `{"linkId":"a","type":"string","item":[{"linkId":"b","type":"string","required":true}]}`, `{"linkId":"a","answer":[{"valueString":"x"}]}`, "error R.item[0].answer[0]"},
		{"group twice that does not repeat", `{"linkId":"g","type":"group"}`, `{"linkId":"g"},{"linkId":"g"}`, "error R"},
		{"two answers to one that does not repeat", ab, `{"linkId":"a","answer":[{"valueString":"x"},{"valueString":"y"}]}`, "error R.item[0]"},
		{"answers to a group", `{"linkId":"g","type":"group"}`, `{"linkId":"g","answer":[{"valueString":"x"}]}`, "error R.item[0]"},
		{"answers to a display", `{"linkId":"d","type":"display"}`, `{"linkId":"d","answer":[{"valueString":"x"}]}`, "error R.item[0]"},
		{"items in a display", `{"linkId":"d","type":"display"}`, `{"linkId":"d","item":[{"linkId":"a"}]}`, "error R.item[0]"},
		{"items beside the answers", `{"linkId":"a","type":"string","item":[{"linkId":"b","type":"string"}]}`, `{"linkId":"a","answer":[{"valueString":"x"}],"item":[{"linkId":"b"}]}`, "error R.item[0]"},
		{"another text", `{"linkId":"a","text":"one","type":"string"}`, `{"linkId":"a","text":"two"}`, "error R.item[0]"},
		{"question without a type", `{"linkId":"a"}`, `{"linkId":"a","answer":[{"valueString":"x"}]}`, "error R.item[0]"},
		{"too many answers", `{"linkId":"a","type":"string","repeats":true,"extension":[{"url":"` + extMaxOccurs + `","valueInteger":2}]}`,
			`{"linkId":"a","answer":[{"valueString":"x"},{"valueString":"y"},{"valueString":"z"}]}`, "error R.item[0]"},
		{"as many answers as may be", `{"linkId":"a","type":"string","repeats":true,"extension":[{"url":"` + extMaxOccurs + `","valueInteger":2},{"url":"` + extMinOccurs + `","valueInteger":2}]}`,
			`{"linkId":"a","answer":[{"valueString":"x"},{"valueString":"y"}]}`, ""},
		{"too few answers", `{"linkId":"a","type":"string","repeats":true,"extension":[{"url":"` + extMinOccurs + `","valueInteger":2}]}`,
			`{"linkId":"a","answer":[{"valueString":"x"}]}`, "error R.item[0]"},
	} {
		c.run(t, "completed")
	}
}

// TestResponseInProgress: what is missing yet is only warned of; what is wrong is
// wrong.
func TestResponseInProgress(t *testing.T) {
	for _, c := range []responseCase{
		{"required and missing", `{"linkId":"a","type":"string","required":true}`, ``, "warning R"},
		{"required without answer", `{"linkId":"a","type":"string","required":true}`, `{"linkId":"a"}`, "warning R.item[0]"},
		{"two answers to one that does not repeat", `{"linkId":"a","type":"string"}`, `{"linkId":"a","answer":[{"valueString":"x"},{"valueString":"y"}]}`, "error R.item[0]"},
	} {
		c.run(t, "in-progress")
	}
}

// TestEnableWhen: each operator and type, alone and together.
func TestEnableWhen(t *testing.T) {
	const first = `{"linkId":"a","type":"%","repeats":true},`
	type row struct{ typ, answer, operator, expected, enabled string }
	rows := []row{
		{"boolean", `"valueBoolean":true`, "=", `"answerBoolean":true`, "yes"},
		{"boolean", `"valueBoolean":false`, "=", `"answerBoolean":true`, "no"},
		{"boolean", `"valueBoolean":false`, "!=", `"answerBoolean":true`, "yes"},
		{"boolean", `"valueBoolean":false`, "exists", `"answerBoolean":true`, "yes"},
		{"boolean", `"valueBoolean":false`, "exists", `"answerBoolean":false`, "no"},
		{"boolean", ``, "exists", `"answerBoolean":true`, "no"},
		{"boolean", ``, "exists", `"answerBoolean":false`, "yes"},
		{"boolean", ``, "!=", `"answerBoolean":true`, "no"},
		{"integer", `"valueInteger":5`, ">", `"answerInteger":4`, "yes"},
		{"integer", `"valueInteger":5`, ">", `"answerInteger":5`, "no"},
		{"integer", `"valueInteger":5`, ">=", `"answerInteger":5`, "yes"},
		{"integer", `"valueInteger":5`, "<", `"answerInteger":5`, "no"},
		{"integer", `"valueInteger":5`, "<=", `"answerInteger":5`, "yes"},
		{"decimal", `"valueDecimal":1.50`, "=", `"answerDecimal":1.5`, "yes"},
		{"decimal", `"valueDecimal":1.50`, "=", `"answerInteger":1`, "no"},
		{"date", `"valueDate":"2020-02"`, "<", `"answerDate":"2020-02-02"`, "yes"},
		{"dateTime", `"valueDateTime":"2020-02-01T10:00:00+02:00"`, "=", `"answerDateTime":"2020-02-01T08:00:00Z"`, "yes"},
		{"time", `"valueTime":"10:00:00"`, ">", `"answerTime":"09:00:00"`, "yes"},
		{"string", `"valueString":"x"`, "=", `"answerString":"x"`, "yes"},
		{"string", `"valueString":"x"`, "=", `"answerString":"y"`, "no"},
		{"choice", `"valueCoding":{"system":"s","code":"x"}`, "=", `"answerCoding":{"system":"s","code":"x"}`, "yes"},
		{"choice", `"valueCoding":{"system":"s","code":"x"}`, "=", `"answerCoding":{"code":"x"}`, "yes"},
		{"choice", `"valueCoding":{"code":"x"}`, "=", `"answerCoding":{"system":"s","code":"x"}`, "no"},
		{"choice", `"valueCoding":{"system":"s","code":"x"}`, "!=", `"answerCoding":{"system":"s","code":"y"}`, "yes"},
		{"quantity", `"valueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"km"}`, ">", `"answerQuantity":{"value":999,"system":"http://unitsofmeasure.org","code":"m"}`, "yes"},
		{"quantity", `"valueQuantity":{"value":1,"unit":"pint"}`, "=", `"answerQuantity":{"value":1}`, "yes"},
		{"reference", `"valueReference":{"reference":"Patient/1"}`, "=", `"answerReference":{"reference":"Patient/1"}`, "yes"},
		{"integer", `"valueInteger":5`, "=", `"answerString":"5"`, "no"},
	}
	for _, w := range rows {
		items := strings.Replace(first, "%", w.typ, 1) + `{"linkId":"b","type":"string","enableWhen":[{"question":"a","operator":"` + w.operator + `",` + w.expected + `}]}`
		answer := ""
		if w.answer != "" {
			answer = `{"linkId":"a","answer":[{` + w.answer + `}]},`
		}
		want := "error R.item[1]"
		if answer == "" {
			want = "error R.item[0]"
		}
		if w.enabled == "yes" {
			want = ""
		}
		c := responseCase{w.typ + " " + w.operator + " " + w.expected + " of " + w.answer, items, answer + `{"linkId":"b","answer":[{"valueString":"x"}]}`, want}
		t.Run(c.name, func(t *testing.T) {
			have := findings(t, Options{}, CodeQuestionnaire, answered("completed", c.items, c.answers))
			have = slices.DeleteFunc(have, func(f string) bool { return !strings.HasPrefix(f, "error") || strings.Contains(f, ".contained[") })
			wantFindings(t, have, strings.ReplaceAll(c.want, "R", "QuestionnaireResponse"))
		})
	}
}

// TestEnableBehavior: conditions together, and in groups that repeat.
func TestEnableBehavior(t *testing.T) {
	two := func(behavior string) string {
		return `{"linkId":"a","type":"boolean"},{"linkId":"b","type":"boolean"},{"linkId":"c","type":"string","required":true,` + behavior +
			`"enableWhen":[{"question":"a","operator":"=","answerBoolean":true},{"question":"b","operator":"=","answerBoolean":true}]}`
	}
	const one = `{"linkId":"a","answer":[{"valueBoolean":true}]},{"linkId":"b","answer":[{"valueBoolean":false}]}`
	const group = `{"linkId":"g","type":"group","repeats":true,"item":[{"linkId":"a","type":"boolean"},` +
		`{"linkId":"b","type":"string","required":true,"enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]}]}`
	const below = `{"linkId":"a","type":"boolean","repeats":true,"item":[{"linkId":"b","type":"string","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]}]}`
	for _, c := range []responseCase{
		{"any of two", two(`"enableBehavior":"any",`), one, "error R"},
		{"all of two", two(`"enableBehavior":"all",`), one, ""},
		{"not said", two(``), one, ""},
		{"each repeat by itself", group, `{"linkId":"g","item":[{"linkId":"a","answer":[{"valueBoolean":true}]}]},` +
			`{"linkId":"g","item":[{"linkId":"a","answer":[{"valueBoolean":false}]},{"linkId":"b","answer":[{"valueString":"x"}]}]}`,
			"error R.item[0]\nerror R.item[1].item[1]"},
		{"below the question itself", below, `{"linkId":"a","answer":[{"valueBoolean":true,"item":[{"linkId":"b","answer":[{"valueString":"x"}]}]}]}`, ""},
		{"below, but not met", below, `{"linkId":"a","answer":[{"valueBoolean":false,"item":[{"linkId":"b","answer":[{"valueString":"x"}]}]}]}`,
			"error R.item[0].answer[0].item[0]"},
	} {
		c.run(t, "completed")
	}
}

// TestExpressions: what FHIRPath says stands for conditions, and for rules of the
// author's own.
func TestExpressions(t *testing.T) {
	const condition = `{"linkId":"a","type":"boolean"},{"linkId":"b","type":"string","required":true,"extension":[`
	plain := condition + ext(extEnableExpressionPlain, `"valueString":"QuestionnaireResponse.item.where(linkId='a').answer.value"`) + `]}`
	sdc := func(language, expression string) string {
		return condition + ext(extEnableExpression, `"valueExpression":{"language":"`+language+`","expression":"`+expression+`"}`) + `]}`
	}
	constraint := func(severity, expression string) string {
		return `{"linkId":"a","type":"string","repeats":true,"extension":[{"url":"` + extConstraint + `","extension":[` + ext("key", `"valueId":"k1"`) + "," +
			ext("severity", `"valueCode":"`+severity+`"`) + "," + ext("expression", `"valueString":"`+expression+`"`) + `]}]}`
	}
	const yes, no = `{"linkId":"a","answer":[{"valueBoolean":true}]}`, `{"linkId":"a","answer":[{"valueBoolean":false}]}`
	const b = `,{"linkId":"b","answer":[{"valueString":"x"}]}`
	const two = `{"linkId":"a","answer":[{"valueString":"x"},{"valueString":"y"}]}`
	for _, c := range []responseCase{
		{"met", plain, yes + b, ""},
		{"met and missing", plain, yes, "error R"},
		{"not met", plain, no, ""},
		{"not met but answered", plain, no + b, "error R.item[1]"},
		{"empty is not met", plain, ``, ""},
		{"of another language", sdc("text/cql", "x"), yes + b, ""},
		{"that fails", sdc("text/fhirpath", "%nothing"), yes, ""},
		{"of SDC", sdc("text/fhirpath", "%resource.item.answer.value = true"), no + b, "error R.item[1]"},
		{"a rule that holds", constraint("error", "answer.count() = 2"), two, ""},
		{"a rule that does not", constraint("error", "answer.count() = 3"), two, "error R.item[0]"},
		{"a rule that warns", constraint("warning", "answer.count() = 3"), two, "warning R.item[0]"},
		{"a rule on the Questionnaire", constraint("error", "answer.count() = %questionnaire.item.count() + 1"), two, ""},
		{"a rule that cannot be read", constraint("error", "answer.count() = 3 x y"), two, "warning R.item[0]"},
		{"a rule that fails", constraint("error", "answer.count() = %unknown"), two, "warning R.item[0]"},
	} {
		c.run(t, "completed")
	}
}

// TestQuestionnaireNotThere: without a Questionnaire nothing is checked, and that
// is told.
func TestQuestionnaireNotThere(t *testing.T) {
	for canonical, want := range map[string]string{
		``:                              "information QuestionnaireResponse",
		`http://example.com/q|1`:        "warning QuestionnaireResponse",
		`http://example.org/q`:          "information QuestionnaireResponse",
		`#q`:                            "warning QuestionnaireResponse",
		`http://hl7.org/fhir/ValueSet/`: "warning QuestionnaireResponse",
	} {
		src := `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"a"}]`
		if canonical != "" {
			src += `,"questionnaire":"` + canonical + `"`
		}
		wantFindings(t, findings(t, Options{}, CodeQuestionnaire, src+"}"), want)
	}
}

// TestEffectivePeriod: answers are given while the Questionnaire is in use.
func TestEffectivePeriod(t *testing.T) {
	for authored, want := range map[string]string{
		"2020-06-01": "", "2019-12-31": "warning QuestionnaireResponse.authored", "2021-01-02": "warning QuestionnaireResponse.authored",
	} {
		src := `{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"#q","authored":"` + authored + `","contained":[` +
			`{"resourceType":"Questionnaire","id":"q","status":"active","effectivePeriod":{"start":"2020","end":"2021-01-01"}}]}`
		wantFindings(t, findings(t, Options{}, CodeQuestionnaire, src), want)
	}
}
