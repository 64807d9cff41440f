package gen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/gentest"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// schemaCase is a schema with records to hold against it.
type schemaCase struct {
	Name      string
	Schema    json.RawMessage
	Instances []json.RawMessage
	// Wrap is array where the schema is of a list of records.
	Wrap string
	// ordered says that the members of Instances stand in the order of the schema.
	ordered bool
	// path is the schema's file, where it has one.
	path string
}

func schemaCases(t testing.TB) []schemaCase {
	t.Helper()
	var all []schemaCase
	for _, name := range []string{"cases", "hostile"} {
		b, err := os.ReadFile("../dataset/testdata/jsonschema/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var some []schemaCase
		if err := json.Unmarshal(b, &some); err != nil {
			t.Fatal(err)
		}
		for i := range some {
			some[i].ordered = name == "hostile"
		}
		all = append(all, some...)
	}
	return all
}

func loadSchema(t testing.TB, c *schemaCase) *dataset.Model {
	t.Helper()
	if c.path == "" {
		c.path = filepath.Join(t.TempDir(), c.Name+".json")
		if err := os.WriteFile(c.path, c.Schema, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m, findings, err := dataset.Load(t.Context(), c.path, &dataset.LoadOptions{Kind: dataset.JSONSchema})
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	for _, f := range findings {
		if f.Severity >= issue.Warning {
			t.Errorf("%s: %v", c.Name, f)
		}
	}
	if m == nil {
		t.Fatalf("%s: want a model, have none", c.Name)
	}
	return m
}

func decodeAny(t testing.TB, b []byte) any {
	t.Helper()
	var v any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return v
}

// verdicts says for each record whether the schema accepts it, as package
// jsonschema has it.
func verdicts(t testing.TB, c *schemaCase, records []any) []bool {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat = true
	abs, err := filepath.Abs(c.path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("file://" + filepath.ToSlash(abs))
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	var all []bool
	for _, v := range records {
		_, object := v.(map[string]any)
		if c.Wrap == "array" {
			v = []any{v}
		}
		all = append(all, object && s.Validate(v) == nil)
	}
	return all
}

// near returns values near v: parts taken out, put in, put in another's place.
func near(r *rand.Rand, v any, n int) []any {
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
			for _, k := range sortedKeys(v) {
				collect(v[k])
			}
		}
	}
	collect(v)
	any1 := func() any { return pool[r.IntN(len(pool))] }
	var mutate func(any, int) any
	mutate = func(v any, depth int) any {
		if depth > 0 && r.IntN(3) == 0 {
			return any1()
		}
		switch v := v.(type) {
		case []any:
			c := slices.Clone(v)
			switch i := r.IntN(len(c) + 1); {
			case i == len(c):
				return append(c, any1())
			case r.IntN(4) == 0:
				return slices.Delete(c, i, i+1)
			default:
				c[i] = mutate(c[i], depth+1)
				return c
			}
		case map[string]any:
			c, names := map[string]any{}, sortedKeys(v)
			for _, k := range names {
				c[k] = v[k]
			}
			switch i := r.IntN(len(names) + 1); {
			case i == len(names):
				c[[]string{"extra", "a", "x_1"}[r.IntN(3)]] = any1()
			case r.IntN(4) == 0:
				delete(c, names[i])
			default:
				c[names[i]] = mutate(v[names[i]], depth+1)
			}
			return c
		}
		return any1()
	}
	var all []any
	for range n {
		if _, object := v.(map[string]any); object {
			all = append(all, mutate(v, 0))
		}
	}
	return all
}

// schemaDriver tests all packages in one binary; a line of records.ndjson says
// whether a record is accepted, and is the record.
const schemaDriver = `package driver

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"testing"
)

func equalJSON(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		if !ok {
			return false
		}
		x, ok1 := new(big.Rat).SetString(string(a))
		y, ok2 := new(big.Rat).SetString(string(b))
		return ok1 && ok2 && x.Cmp(y) == 0
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equalJSON(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			v, ok := b[k]
			if !ok || !equalJSON(a[k], v) {
				return false
			}
		}
		return true
	}
	return a == b
}

func decoded(b []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return "no JSON"
	}
	return v
}

// sameTokens says that two texts are the same but for white space, for how the
// characters of strings are written, and for 1.0 that is 1.
func sameTokens(a, b []byte) bool {
	x, y := json.NewDecoder(bytes.NewReader(a)), json.NewDecoder(bytes.NewReader(b))
	x.UseNumber()
	y.UseNumber()
	for {
		v, err1 := x.Token()
		w, err2 := y.Token()
		if err1 != nil || err2 != nil {
			return err1 == err2
		}
		n, number := v.(json.Number)
		whole := false
		if number {
			r, ok := new(big.Rat).SetString(string(n))
			whole = ok && r.IsInt()
		}
		if v != w && (!whole || !equalJSON(v, w)) {
			return false
		}
	}
}

// check reads a record: what is written again, "" where it is not accepted.
type check func(b []byte) (out []byte, err error)

func records(t *testing.T, name string, read check) {
	b, err := os.ReadFile("../" + name)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range bytes.Lines(b) {
		if t.Failed() {
			return // one record tells
		}
		n++
		want, record := line[0] != '-', bytes.TrimSpace(line[1:])
		out, err := read(record)
		if have := err == nil; have != want {
			t.Errorf("%s: %s: want accepted %t, have %v", name, record, want, err)
		}
		if !want {
			continue
		}
		if !equalJSON(decoded(record), decoded(out)) || line[0] == '=' && !sameTokens(record, out) {
			t.Errorf("%s: want %s\nhave %s", name, record, out)
		}
		twice, err := read(out)
		if err != nil || !bytes.Equal(out, twice) {
			t.Errorf("%s: want %s\nhave %s, %v", name, out, twice, err)
		}
	}
	if n == 0 {
		t.Errorf("%s: no records", name)
	}
}
`

const schemaCall = `package driver

import (
	"testing"

	%[1]q
)

func Test_%[2]s_%[3]s(t *testing.T) {
	records(t, %[4]q, func(b []byte) ([]byte, error) {
		v, list := %[2]s.Parse%[3]s(b)
		if list.Err() == nil {
			list = append(list, v.Validate()...)
		}
		return v.AppendJSON(nil), list.Err()
	})
}
`

// schemaPackage collects schemas whose code goes into one package, because the
// compiler's start is what takes time.
type schemaPackage struct {
	name    string
	model   *dataset.Model
	records [][]byte
}

// schemasInPackage is how many schemas have one package together.
const schemasInPackage = 20

// add puts the tables of a schema into the package, and what package jsonschema
// says of records.
func (p *schemaPackage) add(t *testing.T, c *schemaCase, records []any) {
	t.Helper()
	m := loadSchema(t, c)
	if p.model == nil {
		p.model = &dataset.Model{ID: m.ID}
	}
	m.Tables[0].Name = fmt.Sprintf("s%02d %s", len(p.model.Tables), c.Name)
	p.model.Tables = append(p.model.Tables, m.Tables[0])
	p.model.Objects = append(p.model.Objects, m.Objects...)
	p.model.CodeSets = append(p.model.CodeSets, m.CodeSets...)
	var lines bytes.Buffer
	for i, ok := range verdicts(t, c, records) {
		b, err := json.Marshal(records[i])
		if err != nil {
			t.Fatal(err)
		}
		lines.WriteString(map[bool]string{true: "+", false: "-"}[ok])
		lines.Write(append(b, '\n'))
	}
	if c.ordered {
		for _, b := range c.Instances {
			if verdicts(t, c, []any{decodeAny(t, b)})[0] {
				lines.WriteString("=" + string(b) + "\n")
			}
		}
	}
	p.records = append(p.records, lines.Bytes())
}

// generate writes the package and a driver of each table into files.
func (p *schemaPackage) generate(t *testing.T, files map[string][]byte) {
	t.Helper()
	out, findings, err := Go(p.model, &GoOptions{Package: p.name})
	if err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	for _, f := range findings {
		if f.Severity >= issue.Warning {
			t.Errorf("%s: %v", p.name, f)
		}
	}
	for _, f := range out {
		files[p.name+"/"+f.Name] = f.Content
	}
	plan, err := newPlan(p.model, &GoOptions{Package: p.name})
	if err != nil {
		t.Fatal(err)
	}
	files["driver/driver_test.go"] = []byte(schemaDriver)
	for i, x := range plan.tables {
		path := fmt.Sprintf("%s/records%02d.ndjson", p.name, i)
		files[path] = p.records[i]
		files[fmt.Sprintf("driver/%s_%02d_test.go", p.name, i)] = fmt.Appendf(nil, schemaCall, "generated/"+p.name, p.name, x.object.goName, path)
	}
}

// runSchemas generates, compiles and tests the code of schemas.
func runSchemas(t *testing.T, cases []schemaCase, records func(*schemaCase) []any) {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles generated code")
	}
	files := map[string][]byte{}
	for part := range slices.Chunk(cases, schemasInPackage) {
		p := &schemaPackage{name: fmt.Sprintf("p%d", len(files))}
		for i := range part {
			p.add(t, &part[i], records(&part[i]))
		}
		p.generate(t, files)
	}
	gentest.Run{Files: files}.Do(t)
}

// Generated code accepts exactly what package jsonschema accepts, and loses
// nothing of it.
func TestGeneratedCodeAcceptsWhatTheSchemaAccepts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	runSchemas(t, schemaCases(t), func(c *schemaCase) []any {
		var records []any
		for _, b := range c.Instances {
			v := decodeAny(t, b)
			records = append(records, v)
			records = append(records, near(r, v, 12)...)
		}
		return records
	})
}

// lookahead finds the expressions of Frictionless that neither package regexp nor
// package jsonschema can express.
var lookahead = regexp.MustCompile(`"pattern": "[^\n]*\(\?[=!][^\n]*"`)

func TestGeneratedCodeAcceptsWhatTheSharedSchemasAccept(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var cases []schemaCase
	var all [][]any
	for _, s := range []struct{ schema, examples string }{
		{"data/metadata/datacite/schema/datacite-v4.3.json", "data/metadata/datacite/examples/4.3/*.json"},
		{"data/metadata/datacite/schema/datacite-v4.5.json", "data/metadata/datacite/examples/4.5/*.json"},
		{"data/metadata/frictionless/profiles/1.0/*schema*.json", "data/metadata/frictionless/data/*schema*.json"},
		{"data/metadata/frictionless/profiles/2.0/*package*.json", "data/metadata/frictionless/data/*package*.json"},
	} {
		schemas, err := filepath.Glob(golden.Shared(t, filepath.Dir(s.schema)) + "/" + filepath.Base(s.schema))
		if err != nil {
			t.Fatal(err)
		}
		examples, err := filepath.Glob(golden.Shared(t, filepath.Dir(s.examples)) + "/" + filepath.Base(s.examples))
		if err != nil || len(examples) == 0 {
			t.Fatalf("%s: %d examples, %v", s.examples, len(examples), err)
		}
		for _, schema := range schemas {
			var records []any
			for _, e := range examples {
				b, err := os.ReadFile(e)
				if err != nil {
					t.Fatal(err)
				}
				if !json.Valid(b) {
					continue
				}
				v := decodeAny(t, b)
				records = append(records, v)
				records = append(records, near(r, v, 10)...)
			}
			c := schemaCase{Name: filepath.Base(schema), path: schema}
			if b, err := os.ReadFile(schema); err != nil {
				t.Fatal(err)
			} else if lookahead.Match(b) {
				c.path = filepath.Join(t.TempDir(), c.Name)
				if err := os.WriteFile(c.path, lookahead.ReplaceAll(b, []byte(`"pattern": "^[^./~]"`)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			cases, all = append(cases, c), append(all, records)
		}
	}
	runSchemas(t, cases, func(*schemaCase) []any {
		next := all[0]
		all = all[1:]
		return next
	})
}
