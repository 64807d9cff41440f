package dataset

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

const nestedView = `{
 "resourceType": "ViewDefinition", "name": "Contacts", "resource": "Patient",
 "constant": [{"name": "use", "valueCode": "official"}],
 "where": [{"path": "active = true"}],
 "select": [
  {"column": [{"name": "id", "path": "getResourceKey()"}, {"name": "born", "path": "birthDate", "description": "Day of birth"}],
   "select": [{"forEachOrNull": "name.where(use = %use)",
     "column": [{"name": "family", "path": "family"}, {"name": "given", "path": "given", "collection": true}],
     "unionAll": [
       {"column": [{"name": "kind", "path": "'name'"}, {"name": "since", "path": "period.start"}]},
       {"column": [{"name": "kind", "path": "use"}, {"name": "since", "path": "%resource.birthDate"}]}]}]},
  {"forEach": "contact.telecom", "column": [{"name": "rank", "path": "rank"}, {"name": "n", "path": "%rowIndex"}, {"name": "declared", "path": "value", "type": "string"}]}
 ]}`

func TestColumnsOfNestedSelectsComeInTheOrderOfTheSpecification(t *testing.T) {
	tables, found := importViewText(t, []byte(nestedView))
	if found.HasErrors() || len(tables) != 1 {
		t.Fatalf("%v", found)
	}
	table := tables[0]
	var have []string
	for _, f := range table.Object.Fields {
		s := columnScalar(&f.Type)
		text := f.Name + " " + f.Type.Kind.String() + " " + s.Format
		if f.Required {
			text += " required"
		}
		have = append(have, text)
	}
	want := []string{
		"id string string required", "born date date", "family string string", "given list string", "kind string ",
		"since string ", "rank integer positiveInt", "n integer integer", "declared string string",
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if table.Name != "contacts" || table.Grain != PerRow || table.Key != nil || len(table.Where) != 1 || table.From.Resource != "Patient" {
		t.Errorf("want a row of each element, have %+v", table)
	}
	if f := table.Object.Field("born"); f.Description != "Day of birth" || f.Pos.Line != 6 {
		t.Errorf("want description and line, have %q at %v", f.Description, f.Pos)
	}
}

func TestViewThatDoesNotIterateHasTheResourceAsKey(t *testing.T) {
	tables, _ := importViewText(t, []byte(`{"resource":"Encounter","select":[{"column":[{"name":"id","path":"getResourceKey()"},{"name":"status","path":"status"}]}]}`))
	if len(tables) != 1 || tables[0].Grain != PerEncounter || !slices.Equal(tables[0].Key, []string{"id"}) || tables[0].Object.Field("status").Required {
		t.Errorf("want a key, have %+v", tables)
	}
}

func TestInvalidViewsAreToldWithPlaces(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`{"resource":"Patiend","select":[{"column":[{"name":"a","path":"id"}]}]}`, `did you mean "Patient"`},
		{`{"resource":"Patient","select":[{"column":[{"name":"a","path":"id"},{"name":"a","path":"id"}]}]}`, "want each column once"},
		{`{"resource":"Patient","select":[{"column":[{"name":"a"}]}]}`, "want a column with name and path"},
		{`{"resource":"Patient","select":[{"column":[{"name":"a","path":"name"}]}]}`, "want a path to a primitive, have one to HumanName"},
		{`{"resource":"Patient","select":[{"column":[{"name":"a","path":"id.."}]}]}`, "want FHIRPath"},
		{`{"resource":"Patient","select":[{"column":[{"name":"a","path":"id","type":"HumanName"}]}]}`, "want a primitive type"},
		{`{"resource":"Patient","select":[{"unionAll":[{"column":[{"name":"a","path":"id"}]},{"column":[{"name":"b","path":"id"}]}]}]}`, "want the columns of the first branch"},
		{`{"resource":"Patient","select":[]}`, "want columns"},
		{`{"resourceType":"Patient"}`, "want ViewDefinition"},
		{`[1`, "want"},
	} {
		_, found := importViewText(t, []byte(c.src))
		if !found.HasErrors() || !strings.Contains(found.Err().Error(), c.want) {
			t.Errorf("want %s, have %v", c.want, found)
		}
		for _, i := range found {
			if i.Severity == issue.Error && (i.Pos.Source != "v.json" || i.Pos.Line != 1) {
				t.Errorf("want a place, have %v", i)
			}
		}
	}
}
