package gen

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/gentest"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// loadProfile loads a profile document that is written for the test.
func loadProfile(t testing.TB, text string, packages ...string) *dataset.Model {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p.profile.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	m, findings, err := dataset.Load(context.Background(), path, &dataset.LoadOptions{Packages: packages})
	if err != nil {
		t.Fatal(err)
	}
	if m == nil {
		t.Fatal(findings)
	}
	return m
}

// roundTrip is a test program: it reads the records that FILES name, one a line or
// a file, and counts for each type how many came back with the same bytes, how
// many as equal JSON, and how many not.
const roundTrip = `package all

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"sort"
	"strings"
	"testing"
)

type record struct {
	ResourceType string
	Meta         struct{ Profile []string }
}

type count struct{ same, equal, differ, issues int }

func TestRoundTrip(t *testing.T) {
	counts := map[string]*count{}
	list, err := os.ReadFile("files.txt")
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	one := func(line []byte) {
		var r record
		if json.Unmarshal(line, &r) != nil {
			return
		}
		names := r.Meta.Profile
		if byType {
			names = []string{r.ResourceType}
		}
		for _, name := range names {
			name, _, _ = strings.Cut(name, "|")
			parse := parsers[name]
			if parse == nil {
				continue
			}
			c := counts[name]
			if c == nil {
				c = &count{}
				counts[name] = c
			}
			var want bytes.Buffer
			// Characters that are escaped without need come back as they are.
			json.Compact(&want, bytes.ReplaceAll(line, []byte("\\u00a0"), []byte("\u00a0")))
			have, issues := parse(line)
			if issues > 0 {
				c.issues++
			}
			if bytes.Equal(have, want.Bytes()) {
				c.same++
				continue
			}
			var a, b any
			x, y := json.NewDecoder(bytes.NewReader(have)), json.NewDecoder(&want)
			x.UseNumber()
			y.UseNumber()
			if x.Decode(&a) == nil && y.Decode(&b) == nil && reflect.DeepEqual(a, b) {
				c.equal++
				continue
			}
			if c.differ++; shown < 3 {
				shown++
				fmt.Printf("differs: %s\nwant %s\nhave %s\n", name, clip(line), clip(have))
			}
		}
	}
	for _, path := range strings.Fields(string(list)) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var r io.Reader = f
		if strings.HasSuffix(path, ".gz") {
			if r, err = gzip.NewReader(f); err != nil {
				t.Fatal(err)
			}
		}
		if strings.HasSuffix(path, ".json") {
			b, _ := io.ReadAll(r)
			one(b)
		} else {
			in := bufio.NewScanner(r)
			in.Buffer(nil, 1<<26)
			for n := 0; in.Scan() && n < 300; n++ {
				one(in.Bytes())
			}
		}
		f.Close()
	}
	var names []string
	total := count{}
	for name, c := range counts {
		names = append(names, name)
		total.same += c.same
		total.equal += c.equal
		total.differ += c.differ
		total.issues += c.issues
	}
	sort.Strings(names)
	for _, name := range names {
		if c := counts[name]; c.equal+c.differ+c.issues > 0 {
			fmt.Printf("%s same %d equal %d differ %d issues %d\n", name, c.same, c.equal, c.differ, c.issues)
		}
	}
	fmt.Printf("total %d types same %d equal %d differ %d issues %d\n", len(names), total.same, total.equal, total.differ, total.issues)
}

func clip(b []byte) string {
	if len(b) > 1500 {
		b = b[:1500]
	}
	return string(b)
}
`

// parsersFile returns a Go file with a table of the parse functions by key.
func parsersFile(p *plan, byType bool) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "package all\n\nconst byType = %v\n\nvar parsers = map[string]func([]byte) ([]byte, int){\n", byType)
	for _, t := range p.tables {
		key := t.From.Profile
		if byType {
			key = t.From.Resource
		}
		fmt.Fprintf(&b, "%q: func(b []byte) ([]byte, int) { v, list := Parse%s(b); return v.AppendJSON(nil), len(list) },\n", key, t.object.goName)
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

// unpacked returns the paths of the JSON files of an archive.
func unpacked(t *testing.T, rel, prefix string) []string {
	t.Helper()
	f, err := os.Open(golden.Shared(t, rel))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var files []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(h.Name, prefix) || filepath.Ext(h.Name) != ".json" {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.Base(h.Name))
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
}

func runRoundTrip(t *testing.T, m *dataset.Model, tables []string, byType bool, files []string) string {
	t.Helper()
	p, err := newPlan(m, &GoOptions{Package: "all", Tables: tables})
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := Go(m, &GoOptions{Package: "all", Tables: tables})
	if err != nil {
		t.Fatal(err)
	}
	run := gentest.Run{Args: []string{"-v"}, Files: map[string][]byte{
		"all/round_test.go": []byte(roundTrip), "all/parsers_test.go": parsersFile(p, byType), "all/files.txt": []byte(strings.Join(files, "\n")),
	}}
	size := 0
	for _, f := range out {
		run.Files["all/"+f.Name] = f.Content
		size += len(f.Content)
	}
	t.Logf("%d tables, %d objects, %d bytes of Go", len(p.tables), len(p.objects), size)
	return run.Do(t)
}

// The compiler takes minutes for all types in one package.
func TestAllTypesOfR4ComeBackAsTheyWere(t *testing.T) {
	if os.Getenv("CARABINER_LONG") == "" {
		t.Skip("set CARABINER_LONG to compile all types of R4")
	}
	var files []string
	list, err := filepath.Glob(filepath.Join(golden.Shared(t, "data/fhir/synthea/bulk-300"), "*.gz"))
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, list...)
	files = append(files, unpacked(t, "data/fhir/r4-examples.tar.gz", "r4-examples/")...)
	out := runRoundTrip(t, resources(t), nil, true, files)
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "total ") {
			t.Log(strings.TrimSpace(line))
		}
	}
	if !strings.Contains(out, "differ 0 issues 13\n") {
		t.Errorf("want all records to come back, have\n%s", out)
	}
}

// resources returns a model with a table for each resource type of R4.
func resources(t testing.TB) *dataset.Model {
	t.Helper()
	all := &dataset.Model{ID: "https://example.org/all"}
	objects, codes := map[string]*dataset.Object{}, map[string]*dataset.CodeSet{}
	var share func(*dataset.Type)
	share = func(u *dataset.Type) {
		if u.Codes != nil {
			if codes[u.Codes.Name] == nil {
				codes[u.Codes.Name] = u.Codes
			}
			u.Codes = codes[u.Codes.Name]
		}
		switch {
		case u.Object != nil:
			if old := objects[u.Object.Name]; old != nil {
				u.Object = old
				return
			}
			objects[u.Object.Name] = u.Object
			for _, f := range u.Object.Fields {
				share(&f.Type)
			}
		case u.Elem != nil:
			share(u.Elem)
		}
	}
	for _, name := range fhirdef.R4().ResourceTypes() {
		m, findings, err := dataset.Load(context.Background(), "fhir-sd:"+name, nil)
		if err != nil || m == nil {
			t.Fatal(name, err, findings)
		}
		for _, table := range m.Tables {
			for _, f := range table.Object.Fields {
				share(&f.Type)
			}
			all.Tables = append(all.Tables, table)
		}
	}
	return all
}

// usCore returns a model with a table for each profile of US Core.
func usCore(t testing.TB) *dataset.Model {
	t.Helper()
	pkg := golden.Shared(t, "data/fhir/us-core-6.1.0.tgz")
	m, findings, err := dataset.Load(context.Background(), "fhir-ig:"+pkg, nil)
	if err != nil || m == nil {
		t.Fatal(err, findings)
	}
	return m
}

func TestExamplesOfUSCoreComeBackAsTheyWere(t *testing.T) {
	m := usCore(t)
	var tables []string
	for _, table := range m.Tables {
		switch path.Base(table.From.Profile) {
		case "us-core-patient", "us-core-blood-pressure", "us-core-diagnosticreport-lab":
			tables = append(tables, table.Name)
		}
	}
	if os.Getenv("CARABINER_LONG") != "" {
		tables = nil
	}
	want := "total 3 types same 9 equal 0 differ 0 issues 0\n"
	if tables == nil {
		want = "total 47 types same 173 equal 1 differ 0 issues 0\n"
	}
	out := runRoundTrip(t, m, tables, false, unpacked(t, "data/fhir/us-core-6.1.0.tgz", "package/example/"))
	if !strings.Contains(out, want) {
		t.Errorf("want %s, have\n%s", want, out)
	}
}

// The text that is generated for a profile, without support code, has at most
// this many bytes. A figure may only be raised with a reason.
func TestGeneratedCodeKeepsItsBudget(t *testing.T) {
	size := func(m *dataset.Model, table string) int {
		t.Helper()
		files, _, err := Go(m, &GoOptions{Tables: []string{table}})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, f := range files {
			if f.Name == "types_gen.go" || f.Name == "json_gen.go" {
				n += len(f.Content)
			}
		}
		return n
	}
	budget := func(name string, have, most int) {
		t.Helper()
		if have > most || have < most*8/10 {
			t.Errorf("%s: want %d to %d bytes of types and JSON, have %d", name, most*8/10, most, have)
		}
	}
	cdm, _, err := dataset.Load(context.Background(), "omop-cdm:5.4", nil)
	if err != nil {
		t.Fatal(err)
	}
	budget("person", size(cdm, "person"), 9_000)
	core := usCore(t)
	for _, table := range core.Tables {
		switch path.Base(table.From.Profile) {
		case "us-core-patient":
			budget("us-core-patient", size(core, table.Name), 90_000)
		case "us-core-blood-pressure":
			budget("us-core-blood-pressure", size(core, table.Name), 90_000)
		}
	}
}
