package check

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// seeds are resources that go through most of the rules.
func seeds() []string {
	items := `{"linkId":"g","type":"group","repeats":true,"required":true,"item":[` +
		`{"linkId":"a","text":"A","type":"boolean","required":true,"item":[{"linkId":"a1","type":"string","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]}]},` +
		`{"linkId":"b","type":"choice","repeats":true,"answerOption":[{"valueCoding":{"system":"s","code":"x"},"extension":[{"url":"` + extOptionExclusive + `","valueBoolean":true}]}],"enableBehavior":"any",` +
		`"enableWhen":[{"question":"a","operator":"exists","answerBoolean":true},{"question":"q","operator":">","answerQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"km"}}]}]},` +
		`{"linkId":"q","type":"quantity","extension":[{"url":"` + extMinQuantity + `","valueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"m"}},{"url":"` + extUnitOption + `","valueCoding":{"code":"m"}}]},` +
		`{"linkId":"d","type":"decimal","extension":[{"url":"` + extMaxDecimalPlaces + `","valueInteger":1},{"url":"` + extMaxValue + `","valueDecimal":1e2}]},` +
		`{"linkId":"s","type":"string","maxLength":3,"extension":[{"url":"` + extRegex + `","valueString":"[a-z]*"}]},` +
		`{"linkId":"v","type":"open-choice","answerValueSet":"#v"},{"linkId":"f","type":"attachment","extension":[{"url":"` + extMaxSize + `","valueDecimal":1}]},` +
		`{"linkId":"t","type":"display","text":"T"},{"linkId":"r","type":"reference"}`
	answers := `{"linkId":"g","item":[{"linkId":"a","text":"A","answer":[{"valueBoolean":true,"item":[{"linkId":"a1","answer":[{"valueString":"x"}]}]}]},` +
		`{"linkId":"b","answer":[{"valueCoding":{"system":"s","code":"x"}}]}]},{"linkId":"g","item":[]},{"linkId":"q","answer":[{"valueQuantity":{"value":2,"system":"http://unitsofmeasure.org","code":"km"}}]},` +
		`{"linkId":"d","answer":[{"valueDecimal":1.25}]},{"linkId":"s","answer":[{"valueString":"abcd"}]},{"linkId":"v","answer":[{"valueCoding":{"code":"x"}}]},` +
		`{"linkId":"f","answer":[{"valueAttachment":{"data":"AAAA"}}]},{"linkId":"t","item":[]},{"linkId":"r","answer":[{"valueReference":{"reference":"Patient/1"}}]}`
	group := `{"code":{"coding":[{"system":"s","code":"a"}]},"population":[{"code":{"coding":[{"system":"s","code":"p"}]},"count":2,"subjectResults":{"reference":"#l"}}],"measureScore":{"value":0.5},"stratifier":[{"code":[{"text":"x"}]}]}`
	return []string{
		answered("completed", items, answers),
		strings.Replace(answered("completed", items, ""), "QuestionnaireResponse", "Questionnaire", 1),
		`{"resourceType":"Questionnaire","status":"active","derivedFrom":["x"],"item":[` + items + `]}`,
		reported("subject-list", "proportion", group, group+","+group),
		`{"resourceType":"Measure","status":"active","library":["x"],"group":[` + strings.Replace(group, `"text":"x"`, `"criteria":{"language":"text/cql","expression":"a.b"}`, 1) + `]}`,
	}
}

// FuzzQuestionnaireSurvivesAnything: whatever a resource holds, the rules end,
// find no more than they may, and find it inside of the resource.
func FuzzQuestionnaireSurvivesAnything(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	c := New(fhirdef.R4(), Options{})
	f.Fuzz(func(t *testing.T, src []byte) {
		survive(t, c, src)
	})
}

func survive(t *testing.T, c *Checker, src []byte) issue.List {
	t.Helper()
	var tree jsontree.Tree
	if tree.Parse(src, nil) != nil {
		return nil
	}
	root := tree.Root()
	in := &Input{Root: root}
	list := c.Check(in)
	if len(list) > c.opts.MaxIssues+1 {
		t.Errorf("want at most %d findings, have %d", c.opts.MaxIssues+1, len(list))
	}
	for _, i := range list {
		if i.Code != CodeQuestionnaire && i.Code != CodeMeasure {
			continue
		}
		if name := root.Get("resourceType").Text(); i.Path != name && !strings.HasPrefix(i.Path, name+".") && !strings.Contains(i.Path, "resource") {
			t.Errorf("want a path from %s on, have %s", name, i.Path)
		}
		if i.Pos.Offset < 0 || i.Pos.Offset >= int64(len(src)) {
			t.Errorf("want a place in the source, have offset %d of %d", i.Pos.Offset, len(src))
		}
	}
	return list
}

// TestQuestionnaireSurvivesDamage does the same with values taken away, doubled
// and swapped; and what is an error in an unfinished response is one in a
// finished one.
func TestQuestionnaireSurvivesDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	c := New(fhirdef.R4(), Options{MaxIssues: 1000})
	for _, seed := range seeds() {
		for range 100 {
			var v any
			if err := json.Unmarshal([]byte(seed), &v); err != nil {
				t.Fatal(err)
			}
			for range 1 + rng.IntN(4) {
				v = damage(rng, v)
			}
			m, ok := v.(map[string]any)
			if !ok {
				continue
			}
			finished, unfinished := "completed", "in-progress"
			m["status"] = finished
			more := errorsOf(t, c, m)
			m["status"] = unfinished
			for _, e := range errorsOf(t, c, m) {
				if !slices.Contains(more, e) {
					t.Fatalf("want errors of an unfinished response to be errors of a finished one, have %s", e)
				}
			}
		}
	}
}

func errorsOf(t *testing.T, c *Checker, v any) []string {
	t.Helper()
	src, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, i := range survive(t, c, src) {
		if i.Code == CodeQuestionnaire && i.Severity == issue.Error {
			out = append(out, i.Path+" "+i.Message)
		}
	}
	return out
}

// damage changes one value somewhere.
func damage(rng *rand.Rand, v any) any {
	switch x := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		if len(keys) == 0 {
			return []any{x}
		}
		k := keys[rng.IntN(len(keys))]
		switch {
		case k == "resourceType":
		case rng.IntN(8) == 0:
			delete(x, k)
		case rng.IntN(16) == 0:
			x[k] = x[keys[rng.IntN(len(keys))]]
		default:
			x[k] = damage(rng, x[k])
		}
		return x
	case []any:
		if len(x) == 0 {
			return []any{nil}
		}
		i := rng.IntN(len(x))
		switch rng.IntN(8) {
		case 0:
			return slices.Delete(x, i, i+1)
		case 1:
			return append(x, x[i])
		case 2:
			return x[i]
		}
		x[i] = damage(rng, x[i])
		return x
	}
	odd := [...]any{nil, true, -1, 1e300, 0.001, "", "a", "g", "#q", "http://example.com/", "2020-13-45", []any{}, map[string]any{}, []any{map[string]any{"linkId": "a"}}}
	return odd[rng.IntN(len(odd))]
}
