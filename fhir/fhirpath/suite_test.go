package fhirpath

import (
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// misses are the tests of HL7's suite that fail, with the reason. The list may
// only shrink.
var misses = map[string]string{}

// suiteTotal is the number of tests in the suite.
const suiteTotal = 935

type suiteTest struct {
	Name       string `xml:"name,attr"`
	Input      string `xml:"inputfile,attr"`
	Predicate  bool   `xml:"predicate,attr"`
	Mode       string `xml:"mode,attr"`
	Ordered    string `xml:"ordered,attr"`
	Expression struct {
		Text    string `xml:",chardata"`
		Invalid string `xml:"invalid,attr"`
		Mode    string `xml:"mode,attr"`
	} `xml:"expression"`
	Outputs []struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	} `xml:"output"`
}

func loadSuite(t *testing.T) []suiteTest {
	dir := golden.Shared(t, "data/fhir/fhirpath")
	text, err := os.ReadFile(filepath.Join(dir, "tests-fhir-r4.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Groups []struct {
			Tests []suiteTest `xml:"test"`
		} `xml:"group"`
	}
	if err := xml.Unmarshal(text, &suite); err != nil {
		t.Fatal(err)
	}
	var all []suiteTest
	for _, g := range suite.Groups {
		all = append(all, g.Tests...)
	}
	return all
}

func suiteInput(t *testing.T, name string) jsontree.Value {
	t.Helper()
	if name == "" {
		name = "patient-example.xml"
	}
	name = strings.TrimSuffix(name, filepath.Ext(name)) + ".json"
	text, err := os.ReadFile(filepath.Join(golden.Shared(t, "data/fhir/fhirpath/input-json"), name))
	if err != nil {
		t.Fatal(err)
	}
	var tree jsontree.Tree
	if err := tree.Parse(text, nil); err != nil {
		t.Fatal(err)
	}
	return tree.Root()
}

// conformsToBase stands for the validator: a resource conforms to the definition
// of its own type.
func conformsToBase(n Node, profile string) (bool, error) {
	s := fhirdef.R4().Structure(profile)
	if s == nil {
		return false, errors.New("want a profile that is known")
	}
	return s.Type == n.Type(), nil
}

func (x *suiteTest) run(t *testing.T) (Collection, error) {
	root := suiteInput(t, x.Input)
	e, err := Compile(x.Expression.Text, &Options{
		Type: root.Get("resourceType").Text(), Strict: x.Mode == "strict" || x.Expression.Mode == "strict",
	})
	if err != nil {
		return nil, err
	}
	in := &Input{Focus: ResourceNode(root), ConformsTo: conformsToBase}
	if x.Predicate {
		v, known, err := e.Truth(in)
		return Collection{Bool(v && known)}, err
	}
	return e.Eval(in)
}

// problem tells what is wrong with the outcome of a test; "" if nothing is.
func (x *suiteTest) problem(t *testing.T) string {
	have, err := x.run(t)
	if x.Expression.Invalid != "" {
		if err == nil {
			return "want a failure, have a result"
		}
		return ""
	}
	if err != nil {
		return err.Error()
	}
	var want, got []string
	for _, o := range x.Outputs {
		want = append(want, normalOutput(o.Text))
	}
	for _, it := range have {
		got = append(got, normalOutput(outputText(it)))
	}
	if x.Ordered == "false" {
		slices.Sort(want)
		slices.Sort(got)
	}
	if !slices.Equal(want, got) {
		return "want " + strings.Join(want, " | ") + ", have " + strings.Join(got, " | ")
	}
	return ""
}

func outputText(it Item) string { return it.Value().String() }

// normalOutput writes what is a literal of a date, time or number in one way.
func normalOutput(s string) string {
	if m, ok := strings.CutPrefix(s, "@"); ok {
		return strings.TrimPrefix(m, "T")
	}
	if v, err := Literal(s); err == nil && (v.isNumber() || v.kind == kindQuantity) {
		v.num = v.dec().Trim(0)
		if v.isNumber() {
			return v.num.String()
		}
		return v.String()
	}
	return s
}

func TestSuite(t *testing.T) {
	passed := 0
	all := loadSuite(t)
	for i := range all {
		x := &all[i]
		problem := x.problem(t)
		reason, known := misses[x.Name]
		switch {
		case problem == "":
			passed++
			if known {
				t.Errorf("%s passes now: take it off the list", x.Name)
			}
		case !known:
			t.Errorf("%s: %s\n\t%s", x.Name, problem, x.Expression.Text)
		default:
			t.Logf("%s: %s", x.Name, reason)
		}
	}
	t.Logf("%d of %d tests pass", passed, len(all))
	if want := suiteTotal - len(misses); passed < want || len(all) != suiteTotal {
		t.Errorf("want %d of %d tests to pass, have %d of %d", want, suiteTotal, passed, len(all))
	}
}
