package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// recordChecker holds records against objects, as a second reading of the model.
type recordChecker struct {
	problems []string
	regexes  map[string]*regexp.Regexp
	sliced   map[string]int // elements found in a slice, by its id
}

func (c *recordChecker) wrong(path, format string, args ...any) {
	c.problems = append(c.problems, path+": "+fmt.Sprintf(format, args...))
}

func (c *recordChecker) object(o *Object, m map[string]any, path string) {
	for name := range m {
		plain := strings.TrimPrefix(name, "_")
		switch {
		case name == "resourceType" && o.ResourceType == m[name]:
		case slices.Contains(o.Prohibited, plain):
			c.wrong(path, "%s is prohibited", name)
		case o.Field(plain) == nil && o.Closed && o.Extra == nil:
			c.wrong(path, "%s is no field of %s", name, o.Name)
		}
	}
	for _, f := range o.Fields {
		v, ok := m[f.Name]
		if !ok {
			if _, companion := m["_"+f.Name]; f.Required && !companion {
				c.wrong(path, "%s is required in %s", f.Name, o.Name)
			}
			continue
		}
		c.value(&f.Type, v, path+"."+f.Name)
		c.slices(f, v, path+"."+f.Name)
	}
	for _, ch := range o.Choices {
		n := 0
		for _, name := range ch.Fields {
			_, own := m[name]
			if _, companion := m["_"+name]; own || companion {
				n++
			}
		}
		if n > 1 || n == 0 && ch.Required {
			c.wrong(path, "%d of the choice %s", n, ch.Name)
		}
	}
}

func (c *recordChecker) value(t *Type, v any, path string) {
	if v == nil {
		return // a gap in a list
	}
	if t.Const != "" && !jsonEqual(t.Const, v) {
		c.wrong(path, "is not the only value")
	}
	if t.Pattern != "" && !patternIn(parseAny(string(t.Pattern)), v) {
		c.wrong(path, "lacks the pattern")
	}
	if t.Codes != nil && !t.CodesOpen && t.Codes.Complete && !anyCode(t.Codes, v) {
		c.wrong(path, "has no code of %s", t.Codes.Name)
	}
	switch t.Kind {
	case List:
		list, ok := v.([]any)
		if !ok {
			c.wrong(path, "is no list")
			return
		}
		if len(list) < t.MinItems || t.MaxItems >= 0 && len(list) > t.MaxItems {
			c.wrong(path, "has %d items", len(list))
		}
		for _, e := range list {
			c.value(t.Elem, e, path)
		}
	case ObjectKind:
		m, ok := v.(map[string]any)
		if !ok {
			c.wrong(path, "is no object")
			return
		}
		c.object(t.Object, m, path)
	case Boolean:
		if _, ok := v.(bool); !ok {
			c.wrong(path, "is no boolean")
		}
	case Integer, Decimal:
		if _, ok := v.(json.Number); !ok {
			c.wrong(path, "is no number")
		}
	case Any:
	default:
		s, ok := v.(string)
		if !ok {
			c.wrong(path, "is no text")
			return
		}
		if t.Regex != "" {
			if c.regexes[t.Regex] == nil {
				c.regexes[t.Regex] = regexp.MustCompile("^(?:" + t.Regex + ")$")
			}
			if !c.regexes[t.Regex].MatchString(s) {
				c.wrong(path, "does not match the pattern of %s", t.Format)
			}
		}
	}
}

// slices counts the elements of each slice of a field.
func (c *recordChecker) slices(f *Field, v any, path string) {
	list, _ := v.([]any)
	counts := make([]int, len(f.Slices))
	for _, e := range list {
		at := slices.IndexFunc(f.Slices, func(s *Slice) bool {
			return !slices.ContainsFunc(s.Match, func(m Match) bool { return !matches(m, e) })
		})
		if at < 0 {
			if f.SlicesClosed {
				c.wrong(path, "an element is in no slice")
			}
			continue
		}
		counts[at]++
		s := f.Slices[at]
		c.sliced[s.Field.ID]++
		t := columnScalar(&s.Field.Type)
		if s.Value != "" {
			if m, ok := e.(map[string]any); ok && m[s.Value] != nil {
				c.value(t, m[s.Value], path+":"+s.Name)
			} else {
				c.wrong(path+":"+s.Name, "has no %s", s.Value)
			}
			continue
		}
		c.value(t, e, path+":"+s.Name)
	}
	for i, s := range f.Slices {
		if s.Field.Required && counts[i] == 0 || s.Field.Type.Kind != List && counts[i] > 1 {
			c.wrong(path, "%d elements in the slice %s", counts[i], s.Name)
		}
	}
}

// matches holds an element against a match.
func matches(m Match, e any) bool {
	at := []any{e}
	for _, step := range m.Path {
		var next []any
		for _, v := range at {
			if o, ok := v.(map[string]any); ok && o[step] != nil {
				if list, ok := o[step].([]any); ok {
					next = append(next, list...)
				} else {
					next = append(next, o[step])
				}
			}
		}
		at = next
	}
	if m.Kind == MatchExists {
		return (len(at) > 0) == (m.Value == "true")
	}
	return slices.ContainsFunc(at, func(v any) bool {
		switch m.Kind {
		case MatchValue:
			return jsonEqual(m.Value, v)
		case MatchPattern:
			return patternIn(parseAny(string(m.Value)), v)
		case MatchCodes:
			return anyCode(m.Codes, v)
		case MatchType:
			o, _ := v.(map[string]any)
			return o["resourceType"] == m.Type
		}
		return false
	})
}

func parseAny(s string) any {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

func jsonEqual(l Literal, v any) bool {
	a, _ := json.Marshal(parseAny(string(l)))
	b, _ := json.Marshal(v)
	return bytes.Equal(a, b)
}

// patternIn reports whether all of a pattern is in a value.
func patternIn(pattern, v any) bool {
	switch p := pattern.(type) {
	case map[string]any:
		m, ok := v.(map[string]any)
		for name, want := range p {
			ok = ok && patternIn(want, m[name])
		}
		return ok
	case []any:
		list, ok := v.([]any)
		for _, want := range p {
			ok = ok && slices.ContainsFunc(list, func(e any) bool { return patternIn(want, e) })
		}
		return ok
	}
	a, _ := json.Marshal(pattern)
	b, _ := json.Marshal(v)
	return bytes.Equal(a, b)
}

// anyCode reports whether a code, or one of a concept, is in a set.
func anyCode(set *CodeSet, v any) bool {
	switch x := v.(type) {
	case string:
		return slices.ContainsFunc(set.Codes, func(c Code) bool { return c.Code == x })
	case map[string]any:
		if list, ok := x["coding"].([]any); ok {
			return slices.ContainsFunc(list, func(e any) bool { return anyCode(set, e) })
		}
		if x["code"] == nil {
			return false
		}
		return slices.ContainsFunc(set.Codes, func(c Code) bool { return c.Code == x["code"] && c.System == x["system"] })
	}
	return false
}

// eachExample calls f with the JSON files of an archive whose path begins so.
func eachExample(tb testing.TB, archive, prefix string, f func(name string, src []byte)) {
	tb.Helper()
	file, err := os.Open(golden.Shared(tb, archive))
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		tb.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			tb.Fatal(err)
		}
		if name, ok := strings.CutPrefix(h.Name, prefix); ok && strings.HasSuffix(name, ".json") {
			src, err := io.ReadAll(r)
			if err != nil {
				tb.Fatal(err)
			}
			f(name, src)
		}
	}
}

func TestExamplesOfUSCoreFitTheirProfiles(t *testing.T) {
	const archive = "data/fhir/us-core-6.1.0.tgz"
	in := loadPackageFile(t, golden.Shared(t, archive))
	tables, _, err := importPackage(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	sliced := map[string]int{}
	eachExample(t, archive, "package/example/", func(name string, src []byte) {
		m, _ := parseAny(string(src)).(map[string]any)
		meta, _ := m["meta"].(map[string]any)
		claims, _ := meta["profile"].([]any)
		for _, table := range tables {
			if !slices.ContainsFunc(claims, func(p any) bool { return p == table.From.Profile || p == table.From.Profile+"|6.1.0" }) {
				continue
			}
			checked++
			c := &recordChecker{regexes: map[string]*regexp.Regexp{}, sliced: sliced}
			c.object(table.Object, m, table.Name)
			for _, p := range c.problems {
				t.Errorf("%s: %s", name, p)
			}
			for _, w := range table.Where {
				if !holds(t, w.Path, src) {
					t.Errorf("%s: %s: want %s to hold", name, table.Name, w.Path)
				}
			}
		}
	})
	if checked < 100 {
		t.Errorf("want more than 100 examples, have %d", checked)
	}
	if sliced["Patient.extension:race"] == 0 || sliced["Observation.component:systolic"] == 0 {
		t.Error("want elements in the slices race and systolic, have none")
	}
}

func holds(tb testing.TB, path string, src []byte) bool {
	tb.Helper()
	e, err := fhirpath.Compile(path, nil)
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	tree := new(jsontree.Tree)
	if err := tree.Parse(src, nil); err != nil {
		tb.Fatal(err)
	}
	ok, err := e.Test(&fhirpath.Input{Focus: fhirpath.ResourceNode(tree.Root())})
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return ok
}

// knownFaults are faults of examples as R4 published them.
var knownFaults = map[string]string{
	"Questionnaire-qs1.json": "linkId is required",
	"SearchParameter-codesystem-extensions-CodeSystem-author.json":                             "base is required",
	"SearchParameter-codesystem-extensions-CodeSystem-effective.json":                          "base is required",
	"SearchParameter-codesystem-extensions-CodeSystem-end.json":                                "base is required",
	"SearchParameter-codesystem-extensions-CodeSystem-keyword.json":                            "base is required",
	"SearchParameter-codesystem-extensions-CodeSystem-workflow.json":                           "base is required",
	"SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json": "pattern of id",
	"SearchParameter-valueset-extensions-ValueSet-author.json":                                 "base is required",
	"SearchParameter-valueset-extensions-ValueSet-effective.json":                              "base is required",
	"SearchParameter-valueset-extensions-ValueSet-end.json":                                    "base is required",
	"SearchParameter-valueset-extensions-ValueSet-keyword.json":                                "base is required",
	"SearchParameter-valueset-extensions-ValueSet-workflow.json":                               "base is required",
}

func TestExamplesOfR4FitTheirTypes(t *testing.T) {
	if testing.Short() {
		t.Skip("reads all examples")
	}
	in := &input{spec: SourceSpec{Name: "r4", Kind: FHIRStructure}, defs: fhirdef.R4()}
	b := newFHIRBuilder(in)
	regexes := map[string]*regexp.Regexp{}
	checked, seen := 0, 0
	eachExample(t, "data/fhir/r4-examples.tar.gz", "r4-examples/", func(name string, src []byte) {
		if seen++; seen%4 != 0 { // a quarter of them, for time
			return
		}
		m, _ := parseAny(string(src)).(map[string]any)
		typ, _ := m["resourceType"].(string)
		o := b.plainObject(typ)
		if o == nil || len(src) > 20_000 {
			return
		}
		checked++
		c := &recordChecker{regexes: regexes, sliced: map[string]int{}}
		c.object(o, m, typ)
		for _, p := range c.problems {
			if known := knownFaults[name]; known == "" || !strings.Contains(p, known) {
				t.Errorf("%s: %s", name, p)
			}
		}
	})
	if checked < 500 {
		t.Errorf("want more than 500 examples, have %d", checked)
	}
}
