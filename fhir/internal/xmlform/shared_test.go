package xmlform_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/fhir/internal/xmlform"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// value decodes JSON with the digits of its numbers.
func value(t *testing.T, b []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// sameBlanks makes one space of white space in narratives, as publishers do
// not agree on it.
var sameBlanks = cmp.Transformer("narrative", func(m map[string]any) map[string]any {
	div, ok := m["div"].(string)
	if !ok {
		return m
	}
	out := maps.Clone(m)
	out["div"] = blanks.ReplaceAllString(div, " ")
	return out
})

var blanks = regexp.MustCompile(`\s+`)

// sameLines ends the lines of narratives as XML does (XML 1.0 §2.11).
var sameLines = cmp.Transformer("lines", func(m map[string]any) map[string]any {
	div, ok := m["div"].(string)
	if !ok || !strings.Contains(div, "\r") {
		return m
	}
	out := maps.Clone(m)
	out["div"] = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(div)
	return out
})

func TestConvertEqualsTheJSONOfTheFHIRPathSuite(t *testing.T) {
	dir := golden.Shared(t, "data/fhir/fhirpath")
	// Two of the published inputs are not in good form.
	faults := map[string]xmlform.Kind{
		"observation-example":      xmlform.KindOrder,     // an extension behind the code
		"parameters-example-types": xmlform.KindAttribute, // xsi:schemaLocation
	}
	files, err := filepath.Glob(filepath.Join(dir, "input", "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("want inputs in XML, have none (%v)", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".xml")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join(dir, "input-json", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			doc, err := xmlform.Convert(src, r4Model(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(value(t, want), value(t, doc.JSON), sameBlanks); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for _, f := range doc.Findings {
				if f.Kind != faults[name] {
					t.Errorf("want no such finding, have %+v", f)
				}
			}
		})
	}
}

func TestConvertReadsTheInputsOfTheValidatorSuite(t *testing.T) {
	dir := golden.Shared(t, "data/fhir/validator")
	converted, refused := 0, 0
	var tree jsontree.Tree
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".xml" {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.Base(path)
		doc, err := xmlform.Convert(src, r4Model(), nil)
		var se *xmlform.SyntaxError
		switch {
		case errors.Is(err, xmlform.ErrForeign):
			refused++ // documents of CDA
		case errors.As(err, &se):
			t.Errorf("%s: %v at %d", name, err, se.Offset)
		case err != nil:
			t.Errorf("%s: want a SyntaxError, have %v", name, err)
		default:
			converted++
			if err := tree.Parse(doc.JSON, nil); err != nil {
				t.Errorf("%s: want JSON, have %v", name, err)
			}
			if n := len(tree.Duplicates()); n > 0 {
				t.Errorf("%s: want every member once, have %d again", name, n)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if converted < 130 || refused > 2 {
		t.Errorf("want 130 documents or more and at most 2 of another kind, have %d and %d", converted, refused)
	}
}

// examples calls each with every step-th example of R4.
func examples(t *testing.T, step int, each func(name string, src []byte)) {
	f, err := os.Open(golden.Shared(t, "data/fhir/r4-examples.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := tar.NewReader(z)
	for n := 0; ; n++ {
		h, err := files.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if n%step != 0 || !strings.HasSuffix(h.Name, ".json") {
			continue
		}
		src, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		each(filepath.Base(h.Name), src)
	}
}

func TestExamplesWrittenAsXMLReadBackEqual(t *testing.T) {
	step := 11
	if os.Getenv("CARABINER_ALL_EXAMPLES") != "" {
		step = 1
	}
	count := 0
	examples(t, step, func(name string, src []byte) {
		var tree jsontree.Tree
		if err := tree.Parse(src, nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		count++
		text := writeXML(tree.Root())
		doc, err := xmlform.Convert(text, r4Model(), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if diff := cmp.Diff(value(t, src), value(t, doc.JSON), sameLines); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		for _, f := range doc.Findings {
			if f.Kind != xmlform.KindOrder { // JSON has no order
				t.Errorf("%s: want no finding, have %+v", name, f)
			}
		}
	})
	if count < 450 {
		t.Errorf("want 450 examples or more, have %d", count)
	}
}

// TestDamagedDocumentsGiveJSONOrAPlace changes single bytes of published
// documents.
func TestDamagedDocumentsGiveJSONOrAPlace(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(golden.Shared(t, "data/fhir/validator"), "files", "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("want inputs in XML, have none (%v)", err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	converted, refused := 0, 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			damaged := bytes.Clone(src)
			for range 1 + random.IntN(3) {
				damaged[random.IntN(len(damaged))] = `<>/"'=& :!?-ax`[random.IntN(14)]
			}
			doc, err := xmlform.Convert(damaged, r4Model(), nil)
			var se *xmlform.SyntaxError
			switch {
			case err == nil:
				converted++
				if !json.Valid(doc.JSON) {
					t.Errorf("%s: want JSON", filepath.Base(file))
				}
			case errors.As(err, &se) && se.Offset >= 0 && se.Offset <= len(damaged):
				refused++
			default:
				t.Errorf("%s: want a SyntaxError with a place, have %v", filepath.Base(file), err)
			}
		}
	}
	if converted == 0 || refused == 0 {
		t.Errorf("want some of both, have %d converted and %d refused", converted, refused)
	}
}
