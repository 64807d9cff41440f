package dataset

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/view"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

func importViewText(tb testing.TB, src []byte) ([]*Table, issue.List) {
	tb.Helper()
	in := &input{spec: SourceSpec{Name: "v", Kind: FHIRView, Ref: "v.json"}, file: "v.json", data: src, defs: fhirdef.R4()}
	tables, found, err := importView(context.Background(), in)
	if err != nil {
		tb.Fatal(err)
	}
	return tables, found
}

// sameColumnsAsView holds the fields of a table against the columns that package
// view finds.
func sameColumnsAsView(t *testing.T, name string, src []byte) {
	t.Helper()
	v, err := view.New(src, nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	tables, found := importViewText(t, src)
	if found.HasErrors() || len(tables) != 1 {
		t.Fatalf("%s: %v", name, found.Err())
	}
	fields := tables[0].Object.Fields
	columns := v.Columns()
	if len(fields) != len(columns) {
		t.Fatalf("%s: want %d columns, have %d", name, len(columns), len(fields))
	}
	for i, c := range columns {
		f := fields[i]
		if f.Name != c.Name || (f.Type.Kind == List) != c.Collection {
			t.Errorf("%s: want column %s, have %s", name, c.Name, f.Name)
		}
		s := columnScalar(&f.Type)
		if c.Type != "" && s.Format != "" && s.Format != c.Type {
			t.Errorf("%s: %s: want type %s, have %s", name, c.Name, c.Type, s.Format)
		}
	}
	for _, i := range found {
		t.Log(name, i)
	}
}

func TestViewsThatShipHaveTheColumnsOfTheirScan(t *testing.T) {
	for _, name := range view.LibraryNames() {
		src, err := view.LibrarySource(name)
		if err != nil {
			t.Fatal(err)
		}
		sameColumnsAsView(t, name, src)
	}
}

func TestSampleViewsHaveTheColumnsOfTheirScan(t *testing.T) {
	files, err := filepath.Glob(golden.Shared(t, "data/metadata/profiles/views") + "/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("want sample views: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sameColumnsAsView(t, filepath.Base(file), src)
	}
}

func TestViewsOfTheSharedSuiteHaveTheColumnsOfTheirScan(t *testing.T) {
	files, err := filepath.Glob(golden.Shared(t, "data/fhir/sql-on-fhir/tests") + "/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("want the suite: %v", err)
	}
	views := 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var suite struct {
			Tests []struct {
				Title       string
				View        json.RawMessage
				ExpectError bool
			}
		}
		if err := json.Unmarshal(src, &suite); err != nil {
			t.Fatal(err)
		}
		for _, test := range suite.Tests {
			if _, err := view.New(test.View, nil); err != nil {
				if !test.ExpectError {
					t.Errorf("%s: %s: %v", filepath.Base(file), test.Title, err)
				}
				continue
			}
			views++
			sameColumnsAsView(t, filepath.Base(file)+": "+test.Title, test.View)
		}
	}
	if views < 100 {
		t.Errorf("want more than 100 views, have %d", views)
	}
}
