package dataset

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/issue"
)

// memory is a file system of tests.
type memory map[string]string

func (m memory) isFile(path string) bool { _, ok := m[path]; return ok }
func (m memory) isDir(string) bool       { return false }
func (m memory) read(path string, max int64) ([]byte, error) {
	s, ok := m[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return []byte(s[:min(int64(len(s)), max+1)]), nil
}

// loadMemory loads a profile out of memory.
func loadMemory(t testing.TB, files memory, path string, opts *LoadOptions) (*Model, issue.List) {
	t.Helper()
	if opts == nil {
		opts = &LoadOptions{}
	}
	l := newLoader(t.Context(), opts, files)
	m, err := l.load(path)
	if err != nil {
		t.Fatal(err)
	}
	if l.findings.HasErrors() {
		return nil, l.findings
	}
	return m, l.findings
}

const labSchema = `{"fields": [
 {"name": "id", "type": "string", "constraints": {"required": true}},
 {"name": "value", "type": "number", "constraints": {"minimum": 0}},
 {"name": "note", "type": "string"}], "primaryKey": ["id"]}`

const labProfile = `profile: "1"
id: https://example.org/lab
version: 1.0.0
sources: {lab: {kind: table-schema, ref: lab.schema.json}}
tables:
  lab:
    from: lab
    fields:
      value: {unit: ng/mL, required: true}
      id: {role: direct-id}
`

func TestLoadKeepsTheListedFieldsInTheirOrder(t *testing.T) {
	m, findings := loadMemory(t, memory{"p/lab.yaml": labProfile, "p/lab.schema.json": labSchema}, "p/lab.yaml", nil)
	if m == nil {
		t.Fatal(findings)
	}
	var have []string
	for _, f := range m.Tables[0].Object.Fields {
		have = append(have, f.Name+" "+f.Type.Kind.String()+" "+f.Unit+" "+string(f.Role))
	}
	if diff := cmp.Diff([]string{"value decimal ng/mL sensitive", "id string  direct-id"}, have); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if !m.Tables[0].Object.Fields[0].Required || m.Table("lab").Object.Field("value").Type.Min != "0" {
		t.Error("want the demands of source and profile together")
	}
	if got := m.Sources; len(got) != 1 || got[0].Name != "lab" || got[0].SHA256 != hash([]byte(labSchema)) {
		t.Errorf("want one source with its hash, have %v", got)
	}
}

func TestLoadKeepsWhatIsUnlistedIfAsked(t *testing.T) {
	files := memory{"lab.schema.json": labSchema}
	files["p.yaml"] = labProfile + "    unlisted: keep\n"
	m, findings := loadMemory(t, files, "p.yaml", nil)
	if m == nil {
		t.Fatal(findings)
	}
	if o := m.Tables[0].Object; len(o.Fields) != 3 || o.Field("note") == nil {
		t.Errorf("want all three fields, have %d", len(o.Fields))
	}
	files["p.yaml"] = strings.Replace(files["p.yaml"], "id: {role: direct-id}", "note: {drop: true}", 1)
	m, findings = loadMemory(t, files, "p.yaml", nil)
	if m == nil {
		t.Fatal(findings)
	}
	if o := m.Tables[0].Object; len(o.Fields) != 2 || o.Field("note") != nil {
		t.Errorf("want the dropped field to be gone, have %d fields", len(o.Fields))
	}
}

func TestLoadTakesDefinitionsAsTheyAre(t *testing.T) {
	for _, c := range []struct {
		path, table string
		kind        SourceKind
	}{
		{"fhir-sd:Patient", "patient", FHIRStructure},
		{"omop-cdm:5.4#person", "person", OMOP},
		{"testdata/profiles/src/lab.schema.json", "", TableSchema},
		{"table-schema:testdata/profiles/src/lab.schema.json", "", TableSchema},
	} {
		m := mustLoad(t, c.path, nil)
		if len(m.Tables) != 1 || m.Tables[0].Kind != c.kind || c.table != "" && m.Tables[0].Name != c.table {
			t.Errorf("%s: want the one table %q of kind %s, have %d", c.path, c.table, c.kind, len(m.Tables))
		}
		if m.ID == "" || len(m.Sources) == 0 {
			t.Errorf("%s: want an id and sources, have %q and %d", c.path, m.ID, len(m.Sources))
		}
	}
	if m := mustLoad(t, "omop-cdm:5.4", nil); len(m.Tables) != 39 {
		t.Errorf("want the 39 tables of the CDM, have %d", len(m.Tables))
	}
}

func TestLoadPrunesRecordsToElementIDs(t *testing.T) {
	m := mustLoad(t, "testdata/profiles/good.yaml", nil)
	p := m.Table("patients")
	name := p.Object.Field("name").Type.Elem.Object
	if len(name.Fields) != 1 || name.Fields[0].Name != "family" || name.Base != "HumanName" || name.Name != "patients.name" {
		t.Errorf("want patients.name with family alone, have %s with %d fields", name.Name, len(name.Fields))
	}
	if !p.Unlisted || p.Object.Closed {
		t.Error("want other members to be left out in silence")
	}
	for _, r := range p.Object.Rules {
		if strings.Contains(r.Expression, "contained") {
			t.Errorf("want no rule on members that are gone, have %s", r.Key)
		}
	}
	if refs := m.Table("visits").Refs; len(refs) != 1 || refs[0].Table != "persons" {
		t.Errorf("want a reference to persons, have %v", refs)
	}
	if w := m.Table("lab").Where; len(w) != 1 || w[0].Path != "code" || w[0].Values[0] != "PSA" {
		t.Errorf("want the const to select rows, have %v", w)
	}
}

func TestModelsHaveEachNameOnce(t *testing.T) {
	m := mustLoad(t, "fhir-sd:Observation", nil)
	names := map[string]bool{}
	for _, o := range m.Objects {
		if names[o.Name] {
			t.Errorf("want each name of an object once, have %s again", o.Name)
		}
		names[o.Name] = true
	}
	sets := map[string]bool{}
	for _, s := range m.CodeSets {
		if sets[s.Name] {
			t.Errorf("want each name of a code set once, have %s again", s.Name)
		}
		sets[s.Name] = true
	}
	if len(names) == 0 || len(sets) == 0 {
		t.Error("want objects and code sets, have none")
	}
}

// Two sources that use the same types share them in the model, circles included.
func TestInternMergesEqualObjects(t *testing.T) {
	circle := func() *Object {
		o := &Object{Name: "Node", Fields: []*Field{{Name: "text", Type: NewType(Text)}}}
		next := NewType(ObjectKind)
		next.Object = o
		o.Fields = append(o.Fields, &Field{Name: "next", Type: next})
		return o
	}
	table := func(name string, o *Object) *Table {
		typ := NewType(ObjectKind)
		typ.Object = o
		return &Table{Name: name, Object: &Object{Name: name, Fields: []*Field{{Name: "root", Type: typ}}}}
	}
	other := circle()
	other.Fields[0].Required = true
	m := &Model{Tables: []*Table{table("a", circle()), table("b", circle()), table("c", other)}}
	intern(m)
	var names []string
	for _, o := range m.Objects {
		names = append(names, o.Name)
	}
	if diff := cmp.Diff([]string{"Node", "Node2"}, names); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if m.Tables[0].Object.Fields[0].Type.Object != m.Tables[1].Object.Fields[0].Type.Object {
		t.Error("want equal objects to be one")
	}
}

func randomType(r *rand.Rand) Type {
	t := NewType([]Kind{Text, Boolean, Integer, Decimal, Float, Date, DateTime, Time, Any}[r.IntN(9)])
	number := []Literal{"-3", "0", "0.5", "5", "12.0", "1e2"}
	switch t.Kind {
	case Text:
		if r.IntN(2) == 0 {
			t.MaxLength = r.IntN(4)
		}
		if r.IntN(3) == 0 {
			t.Regex = []string{"a|b", "[a-z]*", "x.*"}[r.IntN(3)]
		}
		if r.IntN(3) == 0 {
			t.Codes = &CodeSet{Complete: r.IntN(4) > 0, Codes: []Code{{Code: "a"}, {Code: "b"}, {System: "s", Code: "xy"}}[:1+r.IntN(3)]}
			t.CodesOpen = r.IntN(3) == 0
		}
	case Integer, Decimal, Float:
		if r.IntN(2) == 0 {
			t.Min, t.MinExclusive = number[r.IntN(6)], r.IntN(2) == 0
		}
		if r.IntN(2) == 0 {
			t.Max, t.MaxExclusive = number[r.IntN(6)], r.IntN(2) == 0
		}
		t.Unsigned = t.Kind == Integer && r.IntN(3) == 0
	case Date, DateTime:
		t.Partial = r.IntN(2) == 0
		if r.IntN(2) == 0 {
			t.Min = `"2020-01-01"`
		}
	}
	return t
}

func randomSpec(r *rand.Rand) FieldSpec {
	s := FieldSpec{Name: "f", At: map[string]issue.Pos{}}
	some := func(l ...Literal) Literal {
		if r.IntN(3) > 0 {
			return ""
		}
		return l[r.IntN(len(l))]
	}
	if r.IntN(2) == 0 {
		words := []string{"string", "boolean", "integer", "decimal", "date", "datetime", "time", "code", "quantity", "json", "binary"}
		s.Type = words[r.IntN(len(words))]
	}
	s.Min = some("-5", "0", "1", "0.5", `"2019-01-01"`, `"2021-01-01"`)
	s.Max = some("-5", "3", "100", `"2022-01-01"`)
	s.Const = some(`"a"`, `"xy"`, "5", "true", `"2020-02-02"`, "0")
	if r.IntN(3) == 0 {
		s.Pattern = []string{"a", "[ab]", ".*"}[r.IntN(3)]
	}
	if r.IntN(3) == 0 {
		n := r.IntN(5)
		s.MaxLength = &n
	}
	if r.IntN(3) == 0 {
		s.CodeList = []Code{{Code: "a"}, {Code: "xy"}, {Code: "5"}}[:1+r.IntN(3)]
	}
	return s
}

// What a narrowed type takes, the type of the source takes: the law of
// overrides.
func TestNarrowingNeverAllowsMore(t *testing.T) {
	literals := []Literal{`"a"`, `"b"`, `"xy"`, `"abcd"`, `""`, "true", "false", "0", "-4", "5", "5.0", "0.25", "12", "100", "1000",
		`"2018-01-01"`, `"2020-01-01"`, `"2020-02-02"`, `"2020"`, `"2020-02-02T10:00:00Z"`, `"10:00:00"`, `"5"`}
	r := rand.New(rand.NewPCG(1, 2))
	narrowed := 0
	for i := range 20_000 {
		old, spec := randomType(r), randomSpec(r)
		form := []Form{Row, Record}[r.IntN(2)]
		f := &Field{Name: "f", Type: ownType(old)}
		l := newLoader(context.Background(), &LoadOptions{}, memory{})
		res := &resolver{loader: l, profile: &Profile{}}
		res.narrow(&Table{Name: "t", Form: form, Object: &Object{}}, f, &spec)
		if l.findings.HasErrors() {
			continue
		}
		narrowed++
		for _, v := range literals {
			source := v
			if old.Kind == Text && f.Type.Kind != Text {
				source = quoteLiteral(plainText(v))
			}
			if refuses(&f.Type, v) == "" && refuses(&old, source) != "" {
				t.Fatalf("%d: want no value that the source refuses, have %s: %+v became %+v by %+v", i, v, old, f.Type, spec)
			}
		}
	}
	if narrowed < 1000 {
		t.Errorf("want most overrides of the test to be tried, have %d", narrowed)
	}
}

func TestLockRoundTripsAndNamesWhatChanged(t *testing.T) {
	files := memory{"p/lab.yaml": labProfile, "p/lab.schema.json": labSchema}
	m, _ := loadMemory(t, files, "p/lab.yaml", nil)
	lock := NewLock(m)
	read, findings := ParseLock("lab.lock", lock.Bytes())
	if diff := cmp.Diff(lock, read); diff != "" || len(findings) > 0 {
		t.Fatalf("lock (-want +got):\n%s%v", diff, findings)
	}
	if again, _ := loadMemory(t, files, "p/lab.yaml", &LoadOptions{Lock: read}); again == nil {
		t.Error("want the pinned sources to be taken")
	}
	// The folder that a profile is in does not matter.
	moved := memory{"q/r/lab.yaml": labProfile, "q/r/lab.schema.json": labSchema}
	if again, findings := loadMemory(t, moved, "q/r/lab.yaml", &LoadOptions{Lock: read}); again == nil {
		t.Errorf("want the lock to hold in another folder, have %v", findings)
	}
	files["p/lab.schema.json"] = strings.Replace(labSchema, "note", "text", 1)
	again, findings := loadMemory(t, files, "p/lab.yaml", &LoadOptions{Lock: read})
	if again != nil || len(findings) != 1 || findings[0].Code != CodeLock || findings[0].Path != "sources.lab" {
		t.Errorf("want the changed source to be named, have %v", findings)
	}
	bad, findings := ParseLock("x", []byte("lock: \"1\"\nsources: [{nmae: x}, 3]\n"))
	if bad != nil || len(findings) != 2 || findings[0].Pos.Line != 2 {
		t.Errorf("want two findings with places, have %v", findings)
	}
}

func TestDiffTellsWhoIsBroken(t *testing.T) {
	load := func(profile string) *Model {
		m, findings := loadMemory(t, memory{"p.yaml": profile, "lab.schema.json": labSchema}, "p.yaml", nil)
		if m == nil {
			t.Fatal(findings)
		}
		return m
	}
	old := load(labProfile)
	if c := Diff(old, load(labProfile)); len(c) > 0 {
		t.Errorf("want no change of a model to itself, have %v", c)
	}
	for _, c := range []struct{ from, to, want, version string }{
		{"value: {unit: ng/mL, required: true}", "value: {unit: ng/mL}", "lab.value: required to optional (breaks readers: the value may be missing)", "2.0.0"},
		{"id: {role: direct-id}", "id: {role: direct-id}\n      note: {}", "lab.note: field added (breaks none)", "1.1.0"},
		{"unit: ng/mL", "unit: ug/L", "lab.value: unit: ng/mL -> ug/L (breaks readers and producers: the same number means something else)", "2.0.0"},
		{"unit: ng/mL", "unit: ng/mL, max: 10", "lab.value: max: none -> 10 (breaks producers: values that were allowed are refused)", "2.0.0"},
		{"unit: ng/mL", "unit: ng/mL, title: PSA", "lab.value: title (breaks none)", "1.0.1"},
		{"id: {role: direct-id}", "id: {role: quasi-id}", "lab.id: role: direct-id -> quasi-id (breaks none)", "1.1.0"},
		{"  lab:\n    from", "  labs:\n    from", "lab: table removed (breaks readers: who reads it finds nothing)", "2.0.0"},
	} {
		changed := load(strings.Replace(labProfile, c.from, c.to, 1))
		changes := Diff(old, changed)
		if len(changes) == 0 || changes[0].String() != c.want {
			t.Errorf("want %q, have %v", c.want, changes)
		}
		if v, enough := SuggestVersion(old, changed); v != c.version || enough {
			t.Errorf("%s: want version %s and 1.0.0 not enough, have %s, %t", c.want, c.version, v, enough)
		}
	}
}

func TestExplainFindsFieldsAndSuggests(t *testing.T) {
	m := mustLoad(t, "testdata/profiles/good.yaml", nil)
	e, err := Explain(m, "patients.name.family")
	if err != nil {
		t.Fatal(err)
	}
	text := e.String()
	for _, want := range []string{"patients.name.family\n", "type         string", "values       0..1", "role         direct-id",
		"HumanName.family", "profile, patients.name.family, testdata/profiles/good.yaml:18:27"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in the explanation, have:\n%s", want, text)
		}
	}
	if e, err := Explain(m, "birthDate"); err != nil || e.Path != "patients.birthDate" {
		t.Errorf("want the only field of that name, have %v", err)
	}
	for field, want := range map[string]string{
		"patient.id":            `did you mean "patients"`,
		"patients.gendr":        `did you mean "gender"`,
		"patients.name.famly":   `did you mean "family"`,
		"patients.gender.x":     "with members",
		"persons.year_of_brith": `did you mean "year_of_birth"`,
	} {
		if _, err := Explain(m, field); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, have %v", field, want, err)
		}
	}
}

func TestLoadRefusesOptionsAndMissingFiles(t *testing.T) {
	if _, _, err := Load(t.Context(), "nothing.yaml", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want an error that the file is not there, have %v", err)
	}
	if _, _, err := Load(t.Context(), "testdata/profiles/good.yaml", &LoadOptions{MaxBytes: 10}); err == nil {
		t.Error("want an error of a file that is too large")
	}
	if _, _, err := Load(t.Context(), "x", &LoadOptions{Kind: "word"}); err == nil {
		t.Error("want an error of an unknown kind")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Load(ctx, "fhir-sd:Patient", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("want the cancelled context told, have %v", err)
	}
}

func TestTellKindFromContent(t *testing.T) {
	for text, want := range map[string]SourceKind{
		`{"resourceType":"StructureDefinition"}`:      FHIRStructure,
		`{"resourceType":"ViewDefinition"}`:           FHIRView,
		`{"resource":"Patient","select":[]}`:          FHIRView,
		`{"cohortDefinition":{},"dataExtraction":{}}`: CRTDL,
		`{"fields":[]}`:    TableSchema,
		`{"resources":[]}`: DataPackage,
		`{"$schema":"https://json-schema.org/draft/2020-12/schema"}`:           JSONSchema,
		`{"type":"object","properties":{}}`:                                    JSONSchema,
		`{"@context":"http://www.w3.org/ns/csvw","url":"a.csv"}`:               CSVW,
		`{"@context":{"cr":"http://mlcommons.org/croissant/"},"recordSet":[]}`: Croissant,
		`{"profile":"1","tables":{}}`:                                          profileKind,
		"profile: \"1\"\ntables: {}\n":                                         profileKind,
		"# a list\n00080060\n":                                                 DICOMList,
		"PatientID\n":                                                          DICOMList,
		"(0010,0020) PatientID\n":                                              DICOMList,
		"Tag,Name\n00080060,Modality\n":                                        DICOMList,
		"once upon a time":                                                     "",
		`{"resourceType":"Patient"}`:                                           "",
	} {
		if got := tellKind("file", []byte(text)); got != want {
			t.Errorf("%s: want %q, have %q", text, want, got)
		}
	}
}

func FuzzParseProfiles(f *testing.F) {
	f.Add([]byte(labProfile))
	f.Add([]byte(`{"profile":"1","tables":{"a":{"fields":{"b":{"min":1e9}}}}}`))
	f.Add([]byte("profile: \"1\"\nsources: {a: {kind: fhir-sd}}\ntables: {t: {from: a/b, where: [x, {in: []}], refs: [{}]}}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		p, findings := Parse("p.yaml", b)
		if (p == nil) != findings.HasErrors() {
			t.Fatalf("want a profile exactly if no finding is an error, have %v", findings)
		}
		for _, i := range findings {
			if i.Pos.Line < 1 || i.Pos.Column < 1 || i.Message == "" {
				t.Fatalf("want a place and a message, have %+v", i)
			}
		}
	})
}

func FuzzLoadProfiles(f *testing.F) {
	f.Add([]byte(labProfile), []byte(labSchema))
	f.Add([]byte(strings.Replace(labProfile, "table-schema", "json-schema", 1)), []byte(`{"type":"object","properties":{"value":{"$ref":"#"}}}`))
	f.Add([]byte(strings.Replace(labProfile, "table-schema", "fhir-view", 1)), []byte(`{"resource":"Patient","select":[{"column":[{"name":"id","path":"id"}]}]}`))
	f.Fuzz(func(t *testing.T, profile, source []byte) {
		if len(profile) > 4096 || len(source) > 4096 {
			return
		}
		l := newLoader(t.Context(), &LoadOptions{}, memory{"p.yaml": string(profile), "lab.schema.json": string(source)})
		m, err := l.load("p.yaml")
		if err != nil || m == nil {
			return
		}
		if c := Diff(m, m); len(c) > 0 {
			t.Fatalf("want no change of a model to itself, have %v", c)
		}
		for _, table := range m.Tables {
			for _, k := range table.Key {
				if !l.findings.HasErrors() && table.Object.Field(k) == nil {
					t.Fatal("want the fields of the key in the table")
				}
			}
		}
		if lock, findings := ParseLock("l", NewLock(m).Bytes()); lock == nil || !slices.Equal(lock.Sources, NewLock(m).Sources) {
			t.Fatalf("want the lock back, have %v", findings)
		}
	})
}
