package gen

import (
	"fmt"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/gentest"
	"github.com/carabiner-health/carabiner/issue"
)

func table(name string, o *dataset.Object) *dataset.Table {
	return &dataset.Table{Name: name, Form: dataset.Record, Object: o}
}

func codes(name string, list ...string) *dataset.CodeSet {
	set := &dataset.CodeSet{Name: name, Complete: true}
	for _, c := range list {
		set.Codes = append(set.Codes, dataset.Code{Code: c})
	}
	return set
}

// everyShape is an object with a field of each shape, so that its methods have all
// kinds of statements.
func everyShape(name string, inner *dataset.Object) *dataset.Object {
	mapOf := func(t dataset.Type) dataset.Type {
		m := dataset.NewType(dataset.Map)
		m.Elem = &t
		return m
	}
	lists := dataset.ListOf(dataset.ListOf(objectOf(inner)))
	lists.Elem.MinItems = 1
	return &dataset.Object{Name: name, Fields: []*dataset.Field{
		{Name: "plain", Type: objectOf(inner), Required: true}, {Name: "pointer", Type: objectOf(inner)},
		{Name: "nullable", Type: objectOf(inner), Nullable: true}, {Name: "list", Type: dataset.ListOf(objectOf(inner))},
		{Name: "lists", Type: lists}, {Name: "map", Type: mapOf(objectOf(inner))}, {Name: "maps", Type: mapOf(mapOf(dataset.ListOf(objectOf(inner))))},
		{Name: "texts", Type: dataset.ListOf(dataset.NewType(dataset.Text)), Required: true, Nullable: true},
	}}
}

// oddModel has names that meet each other, the language and the support code.
func oddModel() *dataset.Model {
	inner := &dataset.Object{Name: "inner", Fields: []*dataset.Field{scalar("n", dataset.Integer, true)}}
	inner.Fields[0].Type.Min = "1"
	m := &dataset.Model{ID: "odd", Objects: []*dataset.Object{inner}}
	for _, c := range "bdehiklnrvwx" { // receivers that could meet other names
		m.Tables = append(m.Tables, table(string(c)+" thing", everyShape(string(c), inner)))
	}
	fields := &dataset.Object{Name: "fields"}
	for _, name := range []string{"Validate", "validate", "Redact", "AppendJSON", "MarshalJSON", "UnmarshalJSON", "String", "Error", "Extra", "Companions",
		"decode", "list", "in", "dst", "type", "func", "nil", "", "-", "1", "é", "患者", "a b", "a_b", "aB", "AB", "seen", "name", "before", "start", "keep", "len", "append"} {
		fields.Fields = append(fields.Fields, scalar(name, dataset.Text, false), scalar(name+" ", dataset.Integer, true))
	}
	for _, name := range []string{"fields", "Opt", "Issues", "reader", "string", "Raw", "type", "患者", "é", "", "1", "Fields", "X"} {
		m.Tables = append(m.Tables, table(name, &dataset.Object{Name: name, Fields: fields.Fields}))
	}
	enums := &dataset.Object{Name: "enums"}
	var many []string
	for i := range mostConstants + 1 {
		many = append(many, fmt.Sprintf("c%d", i))
	}
	for i, set := range []*dataset.CodeSet{codes("Kind", "a", "A", "a ", "", "<", ">=", "+", "-", "1", "01", "é", "患者", "Values", "Code"), codes("Kind", "b"),
		codes("KindA", "x", ""), codes("Valid", "Valid"), codes("", "a"), codes("Big", many...), codes("func", "type")} {
		t := dataset.NewType(dataset.Text)
		t.Codes = set
		m.CodeSets = append(m.CodeSets, set)
		enums.Fields = append(enums.Fields, &dataset.Field{Name: fmt.Sprint("e", i), Type: t, Required: i%2 == 0})
	}
	m.Tables = append(m.Tables, table("enums", enums))
	return m
}

const oddTest = `package odd

import "testing"

func TestObjectsOfEachShapeComeBack(t *testing.T) {
	const text = ` + "`" + `{"plain":{"n":1},"nullable":null,"list":[{"n":0}],"lists":[[{"n":2}],[]],"map":{"":{"n":3}},"maps":{"a":{"b":[{"n":4}]}},"texts":null}` + "`" + `
	v, issues := ParseNThing([]byte(text))
	if have := string(v.AppendJSON(nil)); have != text || len(issues) > 0 {
		t.Errorf("want %s\nhave %s %v", text, have, issues)
	}
	if found := v.Validate(); len(found) != 2 || found[0].Path != "list[0].n" || found[1].Path != "lists[1]" {
		t.Error(found)
	}
}

func TestLargeSetsAreSearched(t *testing.T) {
	if !Big("c300").Valid() || Big("c301").Valid() || len(BigValues()) != 301 {
		t.Error("want 301 codes, have others")
	}
}
`

func TestOddNamesCompile(t *testing.T) {
	files, findings, err := Go(oddModel(), nil)
	if err != nil || findings.HasErrors() {
		t.Fatal(err, findings)
	}
	run := gentest.Run{Files: map[string][]byte{"odd/own_test.go": []byte(oddTest)}}
	for _, f := range files {
		run.Files["odd/"+f.Name] = f.Content
	}
	run.Do(t)
}

func TestObjectsThatMustHoldThemselvesAreAnError(t *testing.T) {
	a, b := &dataset.Object{Name: "a"}, &dataset.Object{Name: "b"}
	a.Fields = []*dataset.Field{{Name: "b", Type: objectOf(b), Required: true}}
	b.Fields = []*dataset.Field{{Name: "a", Type: objectOf(a), Required: true}}
	_, findings, err := Go(&dataset.Model{Tables: []*dataset.Table{table("a", a)}, Objects: []*dataset.Object{b}}, nil)
	if err != nil || len(findings) != 1 || findings[0].Code != CodeEndless || findings[0].Severity != issue.Error {
		t.Errorf("want an error, have %v %v", findings, err)
	}
	b.Fields[0].Required = false
	if _, findings, err = Go(&dataset.Model{Tables: []*dataset.Table{table("a", a)}, Objects: []*dataset.Object{b}}, nil); err != nil || len(findings) > 0 {
		t.Errorf("want nothing of a circle that can end, have %v %v", findings, err)
	}
}

func TestWhatTheCodeDoesNotHoldIsTold(t *testing.T) {
	m := patientModel()
	field := m.Tables[0].Object.Field("extension")
	slice := *field.Slices[1]
	for i := range mostSlices {
		s := slice
		s.Name = fmt.Sprint("more", i)
		field.Slices = append(field.Slices, &s)
	}
	inner := *slice.Field
	inner.Slices = []*dataset.Slice{{}}
	field.Slices[1].Field = &inner
	field.Slices[2].Match, field.Slices[2].Value = nil, ""
	files, findings, err := Go(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, f := range findings {
		if f.Code == CodeNotHeld {
			have = append(have, f.Message)
		}
	}
	for i, want := range []string{"have 2 of extension that have no fields", "have 1 within the slice birthsex", "have more0, whose elements stay in the list"} {
		if i >= len(have) || !strings.Contains(have[i], want) {
			t.Errorf("want %q, have %q", want, have)
		}
	}
	run := gentest.Run{Files: map[string][]byte{}, VetOnly: true}
	for _, f := range files {
		run.Files["p/"+f.Name] = f.Content
	}
	run.Do(t)
}
