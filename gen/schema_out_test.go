package gen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/golden"
)

func schemaText(t testing.TB, m *dataset.Model) []byte {
	t.Helper()
	files, findings, err := JSONSchema(m)
	if err != nil || len(findings) > 0 || len(files) == 0 {
		t.Fatalf("%d files, %v, %v", len(files), findings, err)
	}
	return files[0].Content
}

func compileSchemaText(t testing.TB, name string, text []byte) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat = true
	if err := c.AddResource("out:///"+name+".json", bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("out:///" + name + ".json")
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, text)
	}
	return s
}

// What is made of a schema accepts what the schema does.
func TestSchemaOfASchemaMeansTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, c := range schemaCases(t) {
		if c.Name == "content" || c.Name == "tuples-2019" {
			continue // keywords that package jsonschema has in their own draft only
		}
		m := loadSchema(t, &c)
		text := schemaText(t, m)
		s := compileSchemaText(t, c.Name, text)
		var records []any
		for _, b := range c.Instances {
			v := decodeAny(t, b)
			records = append(append(records, v), near(r, v, 12)...)
		}
		for i, want := range verdicts(t, &c, records) {
			if err := s.Validate(records[i]); (err == nil) != want {
				t.Errorf("%s: %v: want accepted %t, have %v\n%s", c.Name, records[i], want, err, text)
				break
			}
		}
	}
}

func shapeOf(o *dataset.Object) []string {
	var all []string
	for _, f := range o.Fields {
		all = append(all, fmt.Sprintf("%s %s %t %t", f.Name, f.Type.Kind, f.Required, f.Nullable))
	}
	slices.Sort(all) // the members of an allOf may come first
	return all
}

func TestSchemaReadAgainHasTheSameFields(t *testing.T) {
	for _, c := range schemaCases(t) {
		switch c.Name {
		case "content", "tuples-2019", "top-any-of", "all-of-overlap":
			continue
		case "npm", "root-recursion":
			continue // a required union with null is read again as any value with a rule, which accepts the same
		}
		m := loadSchema(t, &c)
		again := schemaCase{Name: c.Name, Schema: schemaText(t, m)}
		n := loadSchema(t, &again)
		if want, have := shapeOf(m.Tables[0].Object), shapeOf(n.Tables[0].Object); fmt.Sprint(want) != fmt.Sprint(have) {
			t.Errorf("%s:\nwant %q\nhave %q", c.Name, want, have)
		}
	}
}

func TestSchemaSaysWhatTheModelSays(t *testing.T) {
	m := patientModel()
	m.Tables[0].Grain = dataset.PerPatient
	text := schemaText(t, m)
	s := compileSchemaText(t, "patient", text)
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if doc["x-grain"] != "patient" {
		t.Errorf("want the grain, have %v", doc["x-grain"])
	}
	for record, want := range map[string]bool{
		`{"resourceType":"Patient","gender":"male","name":[{"family":"A"}]}`:      true,
		`{"resourceType":"Patient","_gender":{"id":"x"},"name":[{"family":"A"}]}`: true,
		`{"resourceType":"Patient"}`:   false,
		`{"resourceType":"Encounter"}`: false,
		`{"gender":"male","name":[]}`:  false,
		`[]`:                           false,
	} {
		if err := s.Validate(decodeAny(t, []byte(record))); (err == nil) != want {
			t.Errorf("%s: want accepted %t, have %v\n%s", record, want, err, text)
		}
	}
}

// Schemas of FHIR and OMOP compile and accept records of the standard.
func TestSchemasOfStandardsAcceptTheirRecords(t *testing.T) {
	for _, path := range []string{"fhir-sd:Patient", "fhir-sd:Observation", "omop-cdm:5.4"} {
		m, _, err := dataset.Load(t.Context(), path, nil)
		if err != nil || m == nil {
			t.Fatalf("%s: %v", path, err)
		}
		files, _, err := JSONSchema(m)
		if err != nil || len(files) != len(m.Tables) {
			t.Fatalf("%s: %d files, %v", path, len(files), err)
		}
		for _, f := range files {
			compileSchemaText(t, f.Name, f.Content)
		}
	}
	m, _, err := dataset.Load(t.Context(), "fhir-sd:Patient", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := compileSchemaText(t, "patient", schemaText(t, m))
	for record, want := range map[string]bool{
		`{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"a"},"name":[{"given":["A",null],"_given":[null,{"id":"b"}]}]}`: true,
		`{"resourceType":"Patient","deceasedBoolean":true}`:                                    true,
		`{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2020"}`:          false,
		`{"resourceType":"Patient","gender":"m"}`:                                              false,
		`{"resourceType":"Patient","active":"yes"}`:                                            false,
		`{"resourceType":"Patient","multipleBirthInteger":2,"extension":[{"url":"http://x"}]}`: true,
	} {
		if err := s.Validate(decodeAny(t, []byte(record))); (err == nil) != want {
			t.Errorf("%s: want accepted %t, have %v", record, want, err)
		}
	}
	dir := golden.Shared(t, "data/fhir/synthea/bulk-300")
	paths, err := filepath.Glob(filepath.Join(dir, "Patient*.ndjson"))
	if err != nil || len(paths) == 0 {
		t.Skip("no patients")
	}
	b, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range bytes.Lines(b) {
		if n++; n > 20 {
			break
		}
		if err := s.Validate(decodeAny(t, line)); err != nil {
			t.Fatalf("patient %d: %v", n, err)
		}
	}
}
