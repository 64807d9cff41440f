package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

type schemaCase struct {
	Name      string
	Schema    json.RawMessage
	Instances []json.RawMessage
}

func schemaCases(t testing.TB) []schemaCase {
	t.Helper()
	b, err := os.ReadFile("testdata/jsonschema/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []schemaCase
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func decodeNumbers(t testing.TB, b []byte) any {
	t.Helper()
	var v any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return v
}

func compileOracle(t testing.TB, name string, schema []byte) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat = true
	if err := c.AddResource("schema:///"+name+".json", bytes.NewReader(schema)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema:///" + name + ".json")
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, schema)
	}
	return s
}

// mutants returns values near v: parts taken out, put in, put in another's place.
func mutants(r *rand.Rand, v any, n int) []any {
	pool := []any{nil, true, "", "x", json.Number("0"), json.Number("1.5"), json.Number("-3"), []any{}, map[string]any{}, []any{json.Number("1"), json.Number("1.0")}}
	var collect func(any)
	collect = func(v any) {
		pool = append(pool, v)
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				collect(e)
			}
		case map[string]any:
			for _, k := range sortedNames(v) {
				collect(v[k])
			}
		}
	}
	collect(v)
	var mutate func(any, int) any
	mutate = func(v any, depth int) any {
		if depth > 0 && r.IntN(3) == 0 {
			return pool[r.IntN(len(pool))]
		}
		switch v := v.(type) {
		case []any:
			c := slices.Clone(v)
			switch i := r.IntN(len(c) + 1); {
			case i == len(c):
				return append(c, pool[r.IntN(len(pool))])
			case r.IntN(4) == 0:
				return slices.Delete(c, i, i+1)
			default:
				c[i] = mutate(c[i], depth+1)
				return c
			}
		case map[string]any:
			c := map[string]any{}
			names := sortedNames(v)
			for _, k := range names {
				c[k] = v[k]
			}
			switch i := r.IntN(len(names) + 1); {
			case i == len(names):
				c[[]string{"extra", "a", "x_1"}[r.IntN(3)]] = pool[r.IntN(len(pool))]
			case r.IntN(4) == 0:
				delete(c, names[i])
			default:
				c[names[i]] = mutate(v[names[i]], depth+1)
			}
			return c
		}
		return pool[r.IntN(len(pool))]
	}
	var all []any
	for range n {
		all = append(all, mutate(v, 0))
	}
	return all
}

func sortedNames(m map[string]any) []string {
	var names []string
	for k := range m {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

func importSchemaText(t testing.TB, name string, schema []byte, open func(string) (string, []byte, error)) ([]*Table, issue.List) {
	t.Helper()
	tables, findings, err := importJSONSchema(t.Context(), &input{spec: SourceSpec{Name: "s"}, file: name + ".json", data: schema, open: open})
	if err != nil {
		t.Fatal(err)
	}
	return tables, findings
}

// The one dialect in which rules are written means the same as the schema that
// they are made of.
func TestRulesMeanWhatTheSchemaMeans(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range schemaCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			d, s, err := compileSchema(&input{file: "x.json", data: c.Schema})
			if err != nil || s == nil {
				t.Fatal(err, d.findings)
			}
			g := newSchemaGraph(d, s)
			g.check()
			if len(d.findings) > 0 {
				t.Fatal(d.findings)
			}
			text := g.expression(s, nil)
			// That of 2019-09 is known to package jsonschema in its own draft only.
			unknown := strings.Contains(text, "x-contains-unevaluated") && strings.Contains(text, "unevaluatedItems") || strings.Contains(text, "contentEncoding")
			want, have := compileOracle(t, "want", c.Schema), compileOracle(t, "have", []byte(text))
			if unknown {
				return
			}
			for _, i := range c.Instances {
				v := decodeNumbers(t, i)
				for _, v := range append(mutants(r, v, 20), v) {
					if a, b := want.Validate(v), have.Validate(v); (a == nil) != (b == nil) {
						t.Errorf("%v: schema %v, rules %v\n%s", v, a, b, text)
					}
				}
			}
		})
	}
}

func TestEverySchemaOfTheCasesIsATable(t *testing.T) {
	for _, c := range schemaCases(t) {
		tables, findings := importSchemaText(t, c.Name, c.Schema, nil)
		for _, f := range findings {
			t.Errorf("%s: %v", c.Name, f)
		}
		if len(tables) != 1 || tables[0].Object == nil {
			t.Errorf("%s: want a table, have %d", c.Name, len(tables))
			continue
		}
		w := newWalker()
		w.object(tables[0].Object)
		for _, o := range w.objects {
			for _, rule := range o.Rules {
				compileOracle(t, "rule", []byte(rule.Expression))
			}
			for _, f := range o.Fields {
				if f.Type.Regex != "" {
					regexp.MustCompile(f.Type.Regex)
				}
			}
		}
	}
}

func TestFieldsHaveWhatTheSchemaSays(t *testing.T) {
	tables, findings := importSchemaText(t, "patient", []byte(`{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Blood pressure", "description": "One reading.", "type": "object",
  "required": ["systolic"],
  "properties": {
    "systolic": {"type": "integer", "minimum": 0, "exclusiveMaximum": 400, "title": "Systolic", "description": "In mmHg.", "deprecated": true},
    "arm": {"type": ["string", "null"], "enum": ["left", "right", null]},
    "day": {"type": "string", "format": "date"},
    "notes": {"type": "array", "items": {"type": "string", "maxLength": 80}, "maxItems": 4},
    "device": {"type": "object", "properties": {"serial": {"type": "string", "pattern": "^[0-9]+$"}}, "additionalProperties": false}
  },
  "additionalProperties": false
}`), nil)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	table := tables[0]
	var got []string
	for _, f := range table.Object.Fields {
		line := fmt.Sprintf("%s %s required=%t null=%t min=%s max=%s,%t line=%d rules=%d", f.Name, f.Type.Kind, f.Required, f.Nullable,
			f.Type.Min, f.Type.Max, f.Type.MaxExclusive, f.Pos.Line, len(f.Type.Rules))
		got = append(got, line)
	}
	want := []string{
		"systolic integer required=true null=false min=0 max=400,true line=6 rules=0",
		"arm string required=false null=true min= max=,false line=7 rules=0",
		"day date required=false null=false min= max=,false line=8 rules=0",
		"notes list required=false null=false min= max=,false line=9 rules=0",
		"device object required=false null=false min= max=,false line=10 rules=0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("have %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if table.Name != "blood_pressure" || table.Form != Record || !table.Object.Closed || len(table.Object.Rules) != 0 {
		t.Errorf("have table %q, form %d, closed %t, %d rules", table.Name, table.Form, table.Object.Closed, len(table.Object.Rules))
	}
	if d := table.Object.Field("systolic").Description; d != "In mmHg.\n\nDeprecated." {
		t.Errorf("have description %q", d)
	}
	codes := table.Object.Field("arm").Type.Codes
	if codes == nil || !codes.Complete || len(codes.Codes) != 2 {
		t.Errorf("have codes %v", codes)
	}
}

func TestSchemaFindingsHaveTheirPlace(t *testing.T) {
	for _, c := range []struct {
		name, schema string
		code         issue.Code
		line, column int
	}{
		{"syntax", "{\n \"type\": }", CodeSchemaForm, 2, 10},
		{"metaschema", "{\n \"type\": \"object\",\n \"properties\": {\"a\": {\"type\": \"strin\"}}\n}", CodeSchemaForm, 3, 31},
		{"draft", "{\"$schema\": \"http://example.org/own\"}", CodeSchemaForm, 1, 13},
		{"dead reference", "{\n\"properties\": {\"a\": {\"$ref\": \"#/$defs/no\"}}}", CodeSchemaRef, 2, 30},
		{"network", "{\n\"properties\": {\"a\": {\"$ref\": \"https://example.org/x.json\"}}}", CodeSchemaRef, 2, 30},
		{"circle", "{\"$ref\": \"#/$defs/a\", \"$defs\": {\"a\": {\"allOf\": [{\"$ref\": \"#/$defs/b\"}]}, \"b\": {\"$ref\": \"#/$defs/a\"}}}", CodeSchemaLoop, 1, 1},
		{"pattern", "{\"properties\": {\n\"a\": {\"type\": \"string\", \"pattern\": \"^(?!x)\"}}}", CodeSchemaPattern, 2, 36},
	} {
		tables, findings := importSchemaText(t, "x", []byte(c.schema), func(string) (string, []byte, error) { return "", nil, os.ErrNotExist })
		if len(findings) != 1 || findings[0].Code != c.code || findings[0].Pos.Line != c.line || findings[0].Pos.Column != c.column {
			t.Errorf("%s: want %s at %d:%d, have %v", c.name, c.code, c.line, c.column, findings)
		}
		if (tables != nil) != (findings[0].Severity < issue.Error) {
			t.Errorf("%s: have %d tables with %v", c.name, len(tables), findings)
		}
	}
}

func TestSchemaRefersToFilesBesideIt(t *testing.T) {
	files := map[string]string{
		"parts/unit.json": `{"type": "string", "$defs": {"q": {"$ref": "../other.json#/$defs/n"}}}`,
		"other.json":      `{"$defs": {"n": {"type": "integer", "minimum": 3}}}`,
	}
	open := func(ref string) (string, []byte, error) {
		if files[ref] == "" {
			return "", nil, fmt.Errorf("%s: %w", ref, os.ErrNotExist)
		}
		return ref, []byte(files[ref]), nil
	}
	for _, id := range []string{"", `"$id": "https://example.org/schemas/main.json",`, `"$id": "main.json",`} {
		tables, findings := importSchemaText(t, "main", []byte(`{`+id+`"type": "object", "properties": {
 "unit": {"$ref": "parts/unit.json"}, "n": {"$ref": "parts/unit.json#/$defs/q"}}}`), open)
		if len(findings) > 0 {
			t.Fatal(findings)
		}
		o := tables[0].Object
		if o.Field("unit").Type.Kind != Text || o.Field("n").Type.Kind != Integer || o.Field("n").Type.Min != "3" {
			t.Errorf("id %q: have %v and %v", id, o.Field("unit").Type, o.Field("n").Type)
		}
	}
}

func TestSchemaInYAMLIsTheSame(t *testing.T) {
	tables, findings := importSchemaText(t, "x", []byte("title: Visit\ntype: object\nrequired: [id]\nproperties:\n  id: {type: integer}\n  when:\n    type: string\n"), nil)
	if len(findings) > 0 || len(tables) != 1 {
		t.Fatal(findings)
	}
	f := tables[0].Object.Field("when")
	if tables[0].Name != "visit" || f == nil || f.Pos.Line < 6 {
		t.Errorf("have %q, %v", tables[0].Name, f)
	}
}

func TestSharedSchemasAreTables(t *testing.T) {
	for _, rel := range []string{"data/metadata/datacite/schema/datacite-v4.3.json", "data/metadata/datacite/schema/datacite-v4.5.json"} {
		path := golden.Shared(t, rel)
		m := mustLoad(t, path, &LoadOptions{Kind: JSONSchema})
		if len(m.Tables) != 1 || m.Tables[0].Object.Field("titles") == nil {
			t.Errorf("%s: want a table with titles", rel)
		}
	}
	dir := golden.Shared(t, "data/metadata/frictionless/profiles")
	n := 0
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".json" {
			n++
			mustLoad(t, path, &LoadOptions{Kind: JSONSchema})
		}
		return err
	})
	if err != nil || n < 4 {
		t.Errorf("have %d profiles, %v", n, err)
	}
}

// Schemas that ask for endless work are refused, and those that fan out stay small.
func TestSchemaBombsAreBounded(t *testing.T) {
	var fan strings.Builder
	fan.WriteString(`{"$ref": "#/$defs/d0", "$defs": {`)
	for i := range 40 {
		fmt.Fprintf(&fan, `"d%d": {"allOf": [{"$ref": "#/$defs/d%d"}, {"$ref": "#/$defs/d%d"}]},`, i, i+1, i+1)
	}
	fan.WriteString(`"d40": {"type": "object"}}}`)
	tables, findings := importSchemaText(t, "fan", []byte(fan.String()), nil)
	if tables != nil || len(findings) != 1 || findings[0].Code != CodeSchemaSize {
		t.Errorf("fan: have %v", findings)
	}
	// Each definition has two members of the next: types are shared.
	var wide strings.Builder
	wide.WriteString(`{"$ref": "#/$defs/d0", "$defs": {`)
	for i := range 40 {
		fmt.Fprintf(&wide, `"d%d": {"type": "object", "minProperties": 1, "properties": {"a": {"$ref": "#/$defs/d%d"}, "b": {"$ref": "#/$defs/d%d"}}},`, i, i+1, i+1)
	}
	wide.WriteString(`"d40": {"type": "object", "properties": {"z": {}}}}}`)
	tables, findings = importSchemaText(t, "wide", []byte(wide.String()), nil)
	if len(tables) != 1 || len(findings) > 0 {
		t.Fatalf("wide: have %v", findings)
	}
	w := newWalker()
	w.object(tables[0].Object)
	if len(w.objects) != 41 {
		t.Errorf("wide: want 41 objects, have %d", len(w.objects))
	}
}

func FuzzImportJSONSchema(f *testing.F) {
	for _, c := range schemaCases(f) {
		f.Add([]byte(c.Schema))
	}
	f.Add([]byte(`{"$ref":"#"}`))
	f.Add([]byte(`{"$dynamicRef":"#a","$dynamicAnchor":"a"}`))
	f.Add([]byte("type: object\nproperties: {a: {$ref: '#'}}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 {
			return
		}
		tables, findings, err := importJSONSchema(t.Context(), &input{file: "x.json", data: b})
		if err != nil {
			t.Fatal(err)
		}
		bad := slices.ContainsFunc(findings, func(i issue.Issue) bool { return i.Severity >= issue.Error })
		if bad == (tables != nil) {
			t.Fatalf("have %d tables with %v", len(tables), findings)
		}
		w := newWalker()
		for _, table := range tables {
			w.object(table.Object)
		}
		var tree jsontree.Tree
		for _, o := range w.objects {
			for _, rule := range o.Rules {
				if err := tree.Parse([]byte(rule.Expression), nil); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
