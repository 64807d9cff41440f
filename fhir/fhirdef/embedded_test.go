package fhirdef

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// sameFacts compares what two texts of a definition parse to.
var sameFacts = cmp.Options{
	cmp.Comparer(func(a, b jsontree.Value) bool {
		return bytes.Equal(jsontree.Compact(nil, a.Raw()), jsontree.Compact(nil, b.Raw()))
	}),
	cmpopts.EquateEmpty(),
	cmpopts.IgnoreFields(Structure{}, "Package"),
	cmpopts.IgnoreFields(ValueSet{}, "Package"),
	cmpopts.IgnoreFields(CodeSystem{}, "Package"),
	// Prose is what the embedded definitions leave out.
	cmpopts.IgnoreFields(Constraint{}, "Human"),
	// So do they what tells of the making of a definition.
	cmpopts.IgnoreSliceElements(func(e Extension) bool {
		return madeBy[e.URL[strings.LastIndexByte(e.URL, '/')+1:]]
	}),
}

var madeBy = map[string]bool{
	"version-specific-use": true, "cqf-shouldTraceDependency": true, "cqf-knowledgeCapability": true,
	"cqf-knowledgeRepresentationLevel": true, "artifact-version": true, "valueset-map": true,
	"ext-mif-assocConceptProp": true, "structuredefinition-codegen-super": true, "valueset-expansionSource": true,
}

// sourcePackages reads the published files that the embedded facts were made of.
func sourcePackages(t *testing.T) []*Package {
	dir := golden.Shared(t, "data/fhir/r4-core")
	core := NewPackage("hl7.fhir.r4.core", "4.0.1")
	for _, typ := range []string{"StructureDefinition", "ValueSet", "CodeSystem"} {
		for i, line := range gunzipLines(t, filepath.Join(dir, typ+".ndjson.gz")) {
			entries, err := core.read(line, typ)
			if err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
			core.entries = append(core.entries, entries...)
		}
	}
	out := []*Package{core}
	for _, name := range []string{"hl7.terminology.r4-7.0.1.tgz", "hl7.fhir.uv.extensions.r4-5.2.0.tgz"} {
		p, err := Load(context.Background(), filepath.Join(dir, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func gunzipLines(t *testing.T, name string) [][]byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(z); err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSuffix(b.Bytes(), []byte("\n")), []byte("\n"))
}

// What a program sees of the embedded definitions is what it would see of the
// published ones, but for prose and for what is withheld.
func TestEmbeddedEqualsSource(t *testing.T) {
	embedded, err := readIndex(r4Index, r4Facts)
	if err != nil {
		t.Fatal(err)
	}
	differing := 0
	for i, p := range sourcePackages(t) {
		facts := map[string]*entry{}
		for _, e := range embedded[i].entries {
			facts[string('0'+rune(e.class))+e.url+"|"+e.version] = e
		}
		n := 0
		for _, want := range p.entries {
			if want.class == classOther {
				continue
			}
			n++
			have := facts[string('0'+rune(want.class))+want.url+"|"+want.version]
			if have == nil {
				t.Errorf("%s: %s|%s is not embedded", p.ID(), want.url, want.version)
				continue
			}
			if diff := compareEntries(t, want, have); diff != "" {
				if differing++; differing <= 10 {
					t.Errorf("%s (-source +embedded)\n%s", want.url, diff)
				}
			}
		}
		if n != len(embedded[i].entries) || embedded[i].Name != p.Name || embedded[i].Version != p.Version {
			t.Errorf("want %d resources of %s, have %d of %s", n, p.ID(), len(embedded[i].entries), embedded[i].ID())
		}
	}
	t.Logf("%d differ", differing)
}

func compareEntries(t *testing.T, want, have *entry) string {
	t.Helper()
	if _, err := have.parse(); err != nil {
		t.Fatal(err)
	}
	if want.kind != have.kind || want.derivation != have.derivation || want.typ != have.typ ||
		want.base != have.base || want.abstract != have.abstract {
		t.Errorf("%s: the index says something else than the source", want.url)
	}
	switch want.class {
	case classStructure:
		return diff(want.structure(), have.structure())
	case classValueSet:
		w, h := *want.valueSet(), have.valueSet()
		w.Compose = withhold(t, w.Compose, h.Compose)
		if h.Expansion != nil && h.Expansion.Withheld {
			e := *w.Expansion
			e.Contains, e.Withheld = openEntries(e.Contains), true
			w.Expansion = &e
		}
		return diff(&w, h)
	}
	w, h := *want.codeSystem(), have.codeSystem()
	if h.Withheld {
		if len(w.Concepts) == 0 {
			t.Errorf("%s: nothing to withhold", w.URL)
		}
		w.Concepts, w.Content, w.Withheld = nil, "not-present", true
	}
	return diff(&w, h)
}

// diff is cmp.Diff with sameFacts, after a quicker look that finds most equal.
func diff(want, have any) string {
	if string(appendFacts(nil, reflect.ValueOf(want))) == string(appendFacts(nil, reflect.ValueOf(have))) {
		return ""
	}
	return cmp.Diff(want, have, sameFacts)
}

// appendFacts writes all that sameFacts compares.
func appendFacts(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, "nil "...)
		}
		return appendFacts(b, v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if e, ok := v.Index(i).Interface().(Extension); ok && madeBy[e.URL[strings.LastIndexByte(e.URL, '/')+1:]] {
				continue
			}
			b = append(appendFacts(append(b, '['), v.Index(i)), ']')
		}
		return b
	case reflect.Struct:
		if j, ok := v.Interface().(jsontree.Value); ok {
			return jsontree.Compact(b, j.Raw())
		}
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name != "Package" && name != "Human" {
				b = append(appendFacts(b, v.Field(i)), '|')
			}
		}
		return b
	}
	return fmt.Appendf(b, "%v ", v.Interface())
}

// withhold does to a source's compose what its embedded form says was done.
func withhold(t *testing.T, want, have *Compose) *Compose {
	t.Helper()
	if want == nil || have == nil {
		return want
	}
	c := *want
	for _, list := range []struct {
		want *[]Include
		have []Include
	}{{&c.Include, have.Include}, {&c.Exclude, have.Exclude}} {
		*list.want = append([]Include(nil), *list.want...)
		for i := range min(len(*list.want), len(list.have)) {
			inc := &(*list.want)[i]
			switch {
			case list.have[i].Withheld && !open(inc.System) && len(inc.Concepts) > 0:
				inc.Concepts, inc.Withheld = nil, true
			case !named(inc.System):
				inc.Concepts = append([]Concept(nil), inc.Concepts...)
				for j := range inc.Concepts {
					inc.Concepts[j] = Concept{Code: inc.Concepts[j].Code}
				}
			}
		}
	}
	return &c
}

func openEntries(list []ExpansionEntry) []ExpansionEntry {
	var out []ExpansionEntry
	for _, e := range list {
		if e.System == "" || open(e.System) {
			e.Contains = openEntries(e.Contains)
			out = append(out, e)
		}
	}
	return out
}

// open tells of a system that may be embedded with its names.
func open(system string) bool {
	return strings.HasPrefix(system, "http://hl7.org/fhir/") && !strings.Contains(system, "/sid/") || strings.HasPrefix(system, "http://terminology.hl7.org/")
}

// named tells of systems whose names may be embedded where their codes may.
func named(system string) bool {
	return system != "http://unitsofmeasure.org" && !strings.HasPrefix(system, "urn:iso:std:iso:3166")
}

func TestEmbeddedCountsEqualList(t *testing.T) {
	f, err := os.Open(golden.Shared(t, "data/fhir/r4-core/list.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := map[string]int{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		col := strings.Split(lines.Text(), "\t")
		want[col[0]]++
		if col[0] == "StructureDefinition" {
			if s := R4().Structure(col[2] + "|" + col[3]); s == nil || s.Name != col[4] || s.Status != col[5] ||
				s.Kind != col[6] || s.Derivation != col[7] || s.Type != col[8] {
				t.Errorf("%s: want it as listed, have %+v", col[2], s)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	have := map[string]int{}
	for _, e := range R4().packages[0].entries {
		have[[]string{"StructureDefinition", "ValueSet", "CodeSystem"}[e.class]]++
	}
	for _, typ := range []string{"StructureDefinition", "ValueSet", "CodeSystem"} {
		if have[typ] != want[typ] {
			t.Errorf("%s: want %d, have %d", typ, want[typ], have[typ])
		}
	}
}

// No text of a licensed system is in the program.
func TestEmbeddedHoldsNoLicensedConcepts(t *testing.T) {
	for _, p := range R4().packages {
		for _, e := range p.entries {
			switch e.class {
			case classValueSet:
				s := e.valueSet()
				if s.Compose == nil {
					continue
				}
				for _, inc := range append(append([]Include(nil), s.Compose.Include...), s.Compose.Exclude...) {
					if len(inc.Concepts) > 0 && licensedSystem(inc.System) {
						t.Errorf("%s: lists codes of %s", s.URL, inc.System)
					}
				}
			case classCodeSystem:
				if s := e.codeSystem(); len(s.Concepts) > 0 && licensedSystem(s.URL) {
					t.Errorf("%s: has concepts", s.URL)
				}
			}
		}
	}
}

func licensedSystem(url string) bool {
	for _, s := range []string{"snomed", "loinc", "ama-assn", "ada.org", "rxnorm", "nucc.org", "nlm.nih.gov", "ncicb"} {
		if strings.Contains(url, s) {
			return true
		}
	}
	return false
}
