package gen_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/gen"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// loaded loads a profile or definition and fails on findings that are errors.
func loaded(t testing.TB, path string, opts *dataset.LoadOptions) *dataset.Model {
	t.Helper()
	m, findings, err := dataset.Load(context.Background(), path, opts)
	if err != nil || m == nil {
		t.Fatalf("%s: %v %v", path, err, findings)
	}
	return m
}

// output makes the one file of an output, twice, and compares the two.
func output(t testing.TB, m *dataset.Model, make func(*dataset.Model) ([]gen.File, issue.List, error)) (gen.File, issue.List) {
	t.Helper()
	files, findings, err := make(m)
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	again, _, _ := make(m)
	if !bytes.Equal(files[0].Content, again[0].Content) {
		t.Errorf("%s: the same model gives other bytes", files[0].Name)
	}
	for _, f := range findings {
		if f.Code != dataset.CodeNotHeld || f.Severity != issue.Information || f.Path == "" {
			t.Errorf("want findings of what is not held, have %s", f)
		}
	}
	return files[0], findings
}

// models are models of several kinds of sources.
func models(t testing.TB) map[string]*dataset.Model {
	m := map[string]*dataset.Model{
		"omop": loaded(t, "omop-cdm:5.4", nil),
		"ct":   loaded(t, "dicom-iod:CTImage", nil),
		"made": madeModel(),
	}
	return m
}

// madeModel has a field of each kind of type, with names that need care.
func madeModel() *dataset.Model {
	kinds := []dataset.Kind{dataset.Any, dataset.Text, dataset.Boolean, dataset.Integer, dataset.Decimal, dataset.Float, dataset.Date, dataset.DateTime, dataset.Time,
		dataset.Year, dataset.YearMonth, dataset.Duration, dataset.Binary}
	a := &dataset.Table{Name: "order", Title: "Orders | of \"all\" kinds", Grain: dataset.PerEvent, Key: []string{"id"}, Object: &dataset.Object{Name: "order"}}
	add := func(t *dataset.Table, f *dataset.Field) { t.Object.Fields = append(t.Object.Fields, f) }
	id := dataset.NewType(dataset.Text)
	id.MaxLength = 20
	add(a, &dataset.Field{Name: "id", Type: id, Required: true, Role: dataset.DirectID})
	for _, k := range kinds {
		add(a, &dataset.Field{Name: k.String(), Type: dataset.NewType(k), Role: dataset.Sensitive})
		if k != dataset.Any {
			add(a, &dataset.Field{Name: k.String() + "_list", Type: dataset.ListOf(dataset.NewType(k))})
		}
	}
	sex := dataset.NewType(dataset.Text)
	sex.Codes = &dataset.CodeSet{Name: "Sex", Complete: true, Codes: []dataset.Code{{Code: "m'1", Display: "man"}, {Code: "f|", Display: "woman"}}}
	add(a, &dataset.Field{Name: "select", Type: sex, Description: "one | of\ntwo"})
	age := dataset.NewType(dataset.Integer)
	age.Min, age.Max, age.Bits = "0", "130", 32
	add(a, &dataset.Field{Name: "Age at visit", Type: age, Required: true, Unit: "a", Role: dataset.QuasiID})
	day := dataset.NewType(dataset.Date)
	day.Min, day.MaxExclusive, day.Max = `"2000-01-01"`, true, `"2100-01-01"`
	add(a, &dataset.Field{Name: "Ålder", Type: day})
	zip := dataset.NewType(dataset.Text)
	zip.Regex, zip.RegexSource, zip.MinLength = `[0-9]{5}`, `[0-9]{5}`, 5
	add(a, &dataset.Field{Name: "id2", Type: zip})
	part := dataset.NewType(dataset.Date)
	part.Partial = true
	add(a, &dataset.Field{Name: "part", Type: part})
	b := &dataset.Table{Name: "b", Key: []string{"x", "y"}, Object: &dataset.Object{Name: "b"}, Unique: [][]string{{"order"}},
		Refs: []dataset.Ref{{Fields: []string{"order"}, Table: "order"}, {Fields: []string{"x", "y"}, Table: "b", Target: []string{"x", "y"}}}}
	add(b, &dataset.Field{Name: "x", Type: id, Required: true})
	add(b, &dataset.Field{Name: "y", Type: id, Required: true})
	add(b, &dataset.Field{Name: "order", Type: id})
	a.Refs = []dataset.Ref{{Fields: []string{"id2"}, Table: "b", Target: []string{"order"}}}
	return &dataset.Model{ID: "https://example.org/profiles/made", Version: "1.0", Title: "Made -- up", Tables: []*dataset.Table{b, a}, CodeSets: []*dataset.CodeSet{sex.Codes}}
}

func TestDataPackageFollowsItsProfile(t *testing.T) {
	schema, tables := profileSchema(t, "datapackage"), profileSchema(t, "tableschema")
	for name, m := range models(t) {
		f, _ := output(t, m, gen.TableSchema)
		var doc map[string]any
		if err := json.Unmarshal(f.Content, &doc); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(any(doc)); err != nil {
			t.Errorf("%s: %#v", name, err)
		}
		for _, r := range doc["resources"].([]any) {
			if err := tables.Validate(r.(map[string]any)["schema"]); err != nil {
				t.Errorf("%s: %v: %#v", name, r.(map[string]any)["name"], err)
			}
		}
	}
}

// profileSchema compiles a schema of Frictionless but for its patterns with look-ahead, which
// package regexp does not have.
func profileSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	b, err := os.ReadFile(golden.Shared(t, "data/metadata/frictionless/profiles/2.0/"+name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	b = regexp.MustCompile(`"pattern": "[^"]*\(\?[=!][^"]*",?`).ReplaceAll(b, nil)
	s, err := jsonschema.CompileString(name+".json", string(b))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// shape is what a round trip must keep of a model: fields, kinds, required, keys.
func shape(m *dataset.Model, kind func(dataset.Column) string) []string {
	var out []string
	for _, t := range m.Tables {
		out = append(out, t.Name+" key "+strings.Join(t.Key, ","))
		for _, c := range dataset.Columns(t) {
			out = append(out, t.Name+"."+c.Name+" "+kind(c))
		}
		for _, r := range t.Refs {
			to := r.Target
			if len(to) == 0 {
				to = m.Table(r.Table).Key
			}
			out = append(out, t.Name+" ref "+strings.Join(r.Fields, ",")+" "+r.Table+" "+strings.Join(to, ","))
		}
	}
	return out
}

// kept is the kind of a column as Table Schema holds it.
func kept(c dataset.Column) string {
	k, list := c.Type, ""
	if c.List {
		k, list = *c.Type.Elem, "list of "
	}
	kind := k.Kind.String()
	switch {
	case k.Kind == dataset.Float:
		kind = "decimal"
	case k.Partial:
		kind = "string"
	case c.JSON && !c.List:
		kind = "any"
	}
	if c.List && k.Kind != dataset.Text && (k.Kind != dataset.Date || k.Partial) && k.Kind != dataset.Boolean && k.Kind != dataset.Integer && k.Kind != dataset.Decimal && k.Kind != dataset.Float {
		kind = "string"
	}
	if !c.Nullable {
		kind += "!"
	}
	return list + kind
}

func TestTableSchemaIsReadAsItWasWritten(t *testing.T) {
	for name, m := range models(t) {
		f, _ := output(t, m, gen.TableSchema)
		path := filepath.Join(t.TempDir(), f.Name)
		if err := os.WriteFile(path, f.Content, 0o600); err != nil {
			t.Fatal(err)
		}
		back := loaded(t, path, nil)
		if diff := cmp.Diff(shape(m, kept), shape(back, kept)); diff != "" {
			t.Errorf("%s (-written +read)\n%s", name, diff)
		}
		again, _ := output(t, back, gen.TableSchema)
		if diff := cmp.Diff(resources(t, f.Content, "unit", "privacyRole", "grain"), resources(t, again.Content, "unit", "privacyRole", "grain")); diff != "" {
			t.Errorf("%s: written twice (-first +second)\n%s", name, diff)
		}
	}
}

// resources returns the resources of a package without members that only we write.
func resources(t *testing.T, b []byte, without ...string) any {
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	var strip func(v any)
	strip = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, w := range without {
				delete(v, w)
			}
			for _, x := range v {
				strip(x)
			}
		case []any:
			for _, x := range v {
				strip(x)
			}
		}
	}
	strip(doc["resources"])
	return doc["resources"]
}

func TestEveryOutputIsMadeOfEveryModel(t *testing.T) {
	for name, m := range models(t) {
		for _, o := range []func(*dataset.Model) ([]gen.File, issue.List, error){gen.TableSchema, gen.CSVW, gen.Croissant, gen.Markdown,
			func(m *dataset.Model) ([]gen.File, issue.List, error) { return gen.SQL(m, "duckdb") },
			func(m *dataset.Model) ([]gen.File, issue.List, error) { return gen.SQL(m, "postgresql") }} {
			f, _ := output(t, m, o)
			for _, table := range m.Tables {
				if !strings.Contains(string(f.Content), table.Name) {
					t.Errorf("%s: %s does not name %s", name, f.Name, table.Name)
				}
			}
			if dir := os.Getenv("H3OUT"); dir != "" {
				os.WriteFile(filepath.Join(dir, name+"-"+f.Name), f.Content, 0o644)
			}
		}
	}
	if _, _, err := gen.SQL(madeModel(), "oracle"); err == nil {
		t.Error("want an error for an unknown dialect")
	}
}

// written makes an output, writes it to a folder and loads it.
func written(t *testing.T, m *dataset.Model, make func(*dataset.Model) ([]gen.File, issue.List, error)) *dataset.Model {
	t.Helper()
	f, _ := output(t, m, make)
	path := filepath.Join(t.TempDir(), f.Name)
	if err := os.WriteFile(path, f.Content, 0o600); err != nil {
		t.Fatal(err)
	}
	return loaded(t, path, nil)
}

// inCSVW is the kind of a column as CSVW holds it: lists that are JSON are any.
func inCSVW(c dataset.Column) string {
	kind := c.Type.Kind.String()
	switch {
	case c.Type.Partial:
		kind = "string"
	case c.List || c.JSON:
		kind = "any"
	}
	if !c.Nullable {
		kind += "!"
	}
	return kind
}

func TestCSVWIsReadAsItWasWritten(t *testing.T) {
	for name, m := range models(t) {
		back := written(t, m, gen.CSVW)
		if diff := cmp.Diff(shape(m, inCSVW), shape(back, inCSVW)); diff != "" {
			t.Errorf("%s (-written +read)\n%s", name, diff)
		}
		once, _ := output(t, back, gen.CSVW)
		twice, _ := output(t, written(t, back, gen.CSVW), gen.CSVW)
		if diff := cmp.Diff(string(once.Content), string(twice.Content)); diff != "" {
			t.Errorf("%s: written twice (-first +second)\n%s", name, diff)
		}
	}
}

// inCroissant is the kind of a column as Croissant holds it: nothing is required, decimals
// are floats, and what it has no type for is text.
func inCroissant(c dataset.Column) string {
	k, list := &c.Type, ""
	if c.List {
		k, list = c.Type.Elem, "list of "
	}
	switch k.Kind {
	case dataset.Boolean, dataset.Integer, dataset.Float:
		return list + k.Kind.String()
	case dataset.Decimal:
		return list + "float"
	case dataset.Date, dataset.DateTime, dataset.Time:
		if !k.Partial {
			return list + k.Kind.String()
		}
	}
	return list + "string"
}

func TestCroissantIsReadAsItWasWritten(t *testing.T) {
	for name, m := range models(t) {
		back := written(t, m, gen.Croissant)
		want := shape(m, inCroissant)
		have := shape(back, inCroissant)
		// Croissant has no reference of several fields.
		var kept []string
		for _, s := range want {
			if !strings.Contains(s, " ref ") || !strings.Contains(s, ",") {
				kept = append(kept, s)
			}
		}
		if diff := cmp.Diff(kept, have); diff != "" {
			t.Errorf("%s (-written +read)\n%s", name, diff)
		}
	}
}

func TestCodesSurviveCSVWAndCroissant(t *testing.T) {
	for _, make := range []func(*dataset.Model) ([]gen.File, issue.List, error){gen.CSVW, gen.Croissant, gen.TableSchema} {
		m := madeModel()
		f := written(t, m, make).Table("order").Object.Field("select")
		if f.Type.Codes == nil || f.Type.CodesOpen || len(f.Type.Codes.Codes) != 2 || f.Type.Codes.Codes[1].Code != "f|" {
			t.Errorf("want two codes, have %+v", f.Type)
		}
	}
}
