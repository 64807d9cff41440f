package check

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestMeasure: groups and stratifiers that can be told apart, criteria that lead
// somewhere.
func TestMeasure(t *testing.T) {
	elm := func(xml string) string {
		return `"content":[{"contentType":"application/elm+xml","data":"` + base64.StdEncoding.EncodeToString([]byte(xml)) + `"}]`
	}
	const good = `<library xmlns="urn:hl7-org:elm:r1"><usings><def name="not this"/></usings><statements><def name="Adults"/><def name="Two words"/></statements></library>`
	defs := withResources(t,
		`{"resourceType":"Library","url":"http://example.com/one","name":"One",`+elm(good)+`}`,
		`{"resourceType":"Library","url":"http://example.com/two","name":"Two",`+elm(`<library xmlns="urn:other"/>`)+`}`,
		`{"resourceType":"Library","url":"http://example.com/twin","name":"One",`+elm(good)+`}`,
		`{"resourceType":"Library","url":"http://example.com/none","name":"None"}`)
	const one, two, twin, none = `"http://example.com/one"`, `"http://example.com/two"`, `"http://example.com/twin"`, `"http://example.com/none"`
	criteria := func(language, expression string) string {
		return `{"population":[{"criteria":{"language":"text/cql","expression":"x"}}],"stratifier":[{"criteria":{"language":"` + language + `","expression":"` + expression + `"}}]}`
	}
	const at = "Measure.group[0].stratifier[0].criteria"
	for _, c := range []struct{ name, libraries, groups, want string }{
		{"no groups", one, ``, "warning Measure"},
		{"several groups without code", one, `{"population":[{}]},{"code":{"text":"x"}}`, "warning Measure.group[0]\nwarning Measure.group[1]"},
		{"several populations without code", one, `{"population":[{},{"code":{"text":"x"}}]}`, "warning Measure.group[0].population[0]"},
		{"several stratifiers without code", one, `{"population":[{}],"stratifier":[{},{"code":{"text":"x"}}]}`, "warning Measure.group[0].stratifier[0]"},
		{"unknown library", `"http://example.com/unknown"`, criteria("text/cql", "Adults"), "information Measure\nerror " + at},
		{"by name", one, criteria("text/cql", "One.Adults"), ""},
		{"quoted", one, criteria("text/cql-identifier", `One.\"Two words\"`), ""},
		{"by itself", one, criteria("text/cql", "Adults"), ""},
		{"not defined", one, criteria("text/cql", "One.Children"), "error " + at},
		{"no statement", one, criteria("text/cql", "not this"), "error " + at},
		{"another library", one, criteria("text/cql", "Other.Adults"), "error " + at},
		{"by itself among several", one + "," + two, criteria("text/cql", "Adults"), "error " + at},
		{"twins", one + "," + twin, criteria("text/cql", "One.Adults"), "error " + at},
		{"no ELM", two + "," + none, criteria("text/cql", "None.Adults"), "error " + at},
		{"ELM that is none", two, criteria("text/cql", "Adults"), "error " + at},
		{"another language", one, criteria("text/fhirpath", "true"), "warning " + at},
		{"of components", one, `{"population":[{}],"stratifier":[{"component":[{"criteria":{"language":"text/cql","expression":"Nobody"}},{"code":{"text":"x"}}]}]}`,
			"warning Measure.group[0].stratifier[0].component[0]\nerror Measure.group[0].stratifier[0].component[0].criteria"},
	} {
		t.Run(c.name, func(t *testing.T) {
			groups := ""
			if c.groups != "" {
				groups = `,"group":[` + c.groups + `]`
			}
			src := `{"resourceType":"Measure","status":"active","library":[` + c.libraries + `]` + groups + `}`
			wantFindings(t, findingsWith(t, defs, CodeMeasure, src), c.want)
		})
	}
}

// reported is a MeasureReport with its Measure inside.
func reported(typ, scoring, groups, report string) string {
	return `{"resourceType":"MeasureReport","status":"complete","type":"` + typ + `","measure":"#m","contained":[{"resourceType":"Measure","id":"m","status":"active",` +
		`"scoring":{"coding":[{"code":"` + scoring + `"}]},"group":[` + groups + `]},{"resourceType":"List","id":"l","status":"current","mode":"working","entry":[{"item":{"display":"x"}},{"item":{"display":"y"}}]}],"group":[` + report + `]}`
}

// isContained tells a finding about a contained resource.
func isContained(finding string) bool { return strings.Contains(finding, ".contained[") }

// shortened writes M for the name of the resource.
func shortened(finding string) string { return strings.Replace(finding, "MeasureReport", "M", 1) }

// TestMeasureReport: the parts of a report are those of the Measure.
func TestMeasureReport(t *testing.T) {
	code := func(c string) string { return `"code":{"coding":[{"system":"s","code":"` + c + `"}]}` }
	const a, b = `{"code":{"coding":[{"system":"s","code":"a"}]}}`, `{"code":{"coding":[{"system":"s","code":"b"}]}}`
	pop := func(c, more string) string { return `{"population":[{` + code(c) + more + `}]}` }
	for _, c := range []struct{ name, typ, scoring, groups, report, want string }{
		{"one group without codes", "summary", "cohort", `{}`, `{}`, ""},
		{"unknown scoring", "summary", "composite", `{}`, `{}`, "information M.measure"},
		{"no groups in the Measure", "summary", "cohort", ``, `{},{}`, ""},
		{"one group of another code", "summary", "cohort", a, b, "error M.group[0]"},
		{"one group without a usable code", "summary", "cohort", a, `{"code":{"text":"a"}}`, "error M.group[0]"},
		{"groups by code", "summary", "cohort", a + "," + b, b + "," + a, ""},
		{"a group missing", "summary", "cohort", a + "," + b, b, "error M"},
		{"a group missing of collected data", "data-collection", "cohort", a + "," + b, b, ""},
		{"a group twice", "summary", "cohort", a + "," + b, b + "," + a + "," + a, "error M.group[2]"},
		{"a group without code", "summary", "cohort", a + "," + b, b + "," + a + ",{}", "error M.group[2]"},
		{"a group of another code", "summary", "cohort", a, a + "," + b, "error M.group[1]"},
		{"populations", "summary", "cohort", pop("x", ""), pop("x", `,"count":5`), ""},
		{"a population missing", "summary", "cohort", pop("x", ""), `{}`, "error M.group[0]"},
		{"observations missing", "summary", "cohort", `{"population":[{"code":{"coding":[{"system":"` + systemPopulation + `","code":"measure-observation"}]}}]}`, `{}`, ""},
		{"a population of another code", "summary", "cohort", pop("x", ""), pop("y", `,"count":5`), "error M.group[0]\nerror M.group[0].population[0]"},
		{"a population without count", "summary", "cohort", pop("x", ""), pop("x", ``), "warning M.group[0].population[0]"},
		{"subjects in a summary", "summary", "cohort", pop("x", ""), pop("x", `,"count":2,"subjectResults":{"reference":"#l"}`), "error M.group[0].population[0]"},
		{"subjects counted", "subject-list", "cohort", pop("x", ""), pop("x", `,"count":2,"subjectResults":{"reference":"#l"}`), ""},
		{"subjects miscounted", "subject-list", "cohort", pop("x", ""), pop("x", `,"count":3,"subjectResults":{"reference":"#l"}`), "error M.group[0].population[0]"},
		{"subjects elsewhere", "subject-list", "cohort", pop("x", ""), pop("x", `,"count":3,"subjectResults":{"reference":"List/1"}`), ""},
		{"no subjects", "subject-list", "cohort", pop("x", ""), pop("x", `,"count":3`), "error M.group[0].population[0]"},
		{"stratifiers by code", "summary", "cohort", `{"stratifier":[` + a + `]}`, `{"stratifier":[{"code":[{"coding":[{"system":"s","code":"a"}]}]}]}`, ""},
		{"stratifiers by text", "summary", "cohort", `{"stratifier":[{"code":{"text":"x"}}]}`, `{"stratifier":[{"code":[{"text":"x"}]}]}`, ""},
		{"stratifiers without code", "summary", "cohort", `{"stratifier":[{"id":"x"}]}`, `{"stratifier":[{"id":"x"}]}`, "error M.group[0].stratifier[0]\nerror M.group[0]"},
		{"a stratifier of another code", "summary", "cohort", `{}`, `{"stratifier":[{"code":[{"text":"x"}]}]}`, "error M.group[0].stratifier[0]"},
		{"a score of a cohort", "summary", "cohort", `{}`, `{"measureScore":{"value":1}}`, "error M.group[0].measureScore"},
		{"a score of collected data", "data-collection", "ratio", `{}`, `{"measureScore":{"value":1}}`, "error M.group[0].measureScore"},
		{"no score", "summary", "proportion", `{}`, `{}`, "error M.group[0]"},
		{"a proportion", "summary", "proportion", `{}`, `{"measureScore":{"value":0.75}}`, ""},
		{"a proportion with a unit", "summary", "proportion", `{}`, `{"measureScore":{"value":0.75,"unit":"x","code":"x"}}`, "error M.group[0].measureScore.unit\nerror M.group[0].measureScore.code"},
		{"more than all", "summary", "proportion", `{}`, `{"measureScore":{"value":1.01}}`, "error M.group[0].measureScore.value"},
		{"less than none", "summary", "proportion", `{}`, `{"measureScore":{"value":-0.01}}`, "error M.group[0].measureScore.value"},
		{"a score without value", "summary", "proportion", `{}`, `{"measureScore":{}}`, "error M.group[0].measureScore"},
		{"a ratio without unit", "summary", "ratio", `{}`, `{"measureScore":{"value":2}}`, "warning M.group[0].measureScore"},
		{"a continuous variable", "summary", "continuous-variable", `{}`, `{"measureScore":{"value":2}}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var have []string
			for _, f := range findings(t, Options{}, CodeMeasure, reported(c.typ, c.scoring, c.groups, c.report)) {
				if !isContained(f) {
					have = append(have, shortened(f))
				}
			}
			wantFindings(t, have, c.want)
		})
	}
}

// TestMeasureReportUnit: a Measure may fix the unit of its score.
func TestMeasureReportUnit(t *testing.T) {
	defs := withResources(t, `{"resourceType":"Measure","url":"http://example.com/m","status":"active","scoring":{"coding":[{"code":"ratio"}]},"group":[{}],`+
		`"extension":[{"url":"`+extUnit+`","valueCoding":{"system":"http://unitsofmeasure.org","code":"d"}}]}`)
	for score, want := range map[string]string{
		`{"value":1,"system":"http://unitsofmeasure.org","code":"d"}`: "",
		`{"value":1,"system":"http://unitsofmeasure.org","code":"h"}`: "error M.group[0].measureScore.code",
		`{"value":1,"code":"d"}`: "error M.group[0].measureScore",
		`{"value":1}`:            "error M.group[0].measureScore",
	} {
		src := `{"resourceType":"MeasureReport","status":"complete","type":"summary","measure":"http://example.com/m","group":[{"measureScore":` + score + `}]}`
		var have []string
		for _, f := range findingsWith(t, defs, CodeMeasure, src) {
			have = append(have, shortened(f))
		}
		wantFindings(t, have, want)
	}
}

// TestMeasureNotThere: without a Measure nothing is checked, and that is told.
func TestMeasureNotThere(t *testing.T) {
	for measure, want := range map[string]string{
		``: "information MeasureReport", `,"measure":"http://example.com/x"`: "warning MeasureReport", `,"measure":"#x"`: "warning MeasureReport",
	} {
		src := `{"resourceType":"MeasureReport","status":"complete","type":"summary"` + measure + `,"group":[{}]}`
		wantFindings(t, findings(t, Options{}, CodeMeasure, src), want)
	}
}
