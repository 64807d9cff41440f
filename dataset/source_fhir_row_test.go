package dataset

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/view"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

func rowTableOf(tb testing.TB, ref string, fields ...FieldSpec) (*Table, issue.List) {
	tb.Helper()
	tables, found := importFHIR(tb, FHIRStructure, ref, fhirdef.R4(), &TableSpec{Name: "rows", Fields: fields})
	if len(tables) != 1 {
		return nil, found
	}
	return tables[0], found
}

func TestPathsOfFieldsMakeARowTableWithAView(t *testing.T) {
	table, found := rowTableOf(t, "Observation",
		FieldSpec{Name: "observation_id", Path: "getResourceKey()"},
		FieldSpec{Name: "patient_id", Path: "subject.getReferenceKey(Patient)"},
		FieldSpec{Name: "status"},
		FieldSpec{Name: "value", Path: "value.ofType(Quantity)", Type: "quantity"},
		FieldSpec{Name: "low", Path: "referenceRange.first().low.value"},
		FieldSpec{Name: "collected", Path: "effective.ofType(dateTime)"},
		FieldSpec{Name: "loinc", Path: "code.coding.where(system = 'http://loinc.org').code"},
		FieldSpec{Name: "notes", Path: "note.text", List: new(true)},
		FieldSpec{Name: "has_parts", Path: "component.exists()"},
		FieldSpec{Name: "n", Path: "component.count()"},
	)
	if table == nil || found.HasErrors() {
		t.Fatalf("%v", found.Err())
	}
	if table.Form != Row || !slices.Equal(table.Key, []string{"observation_id"}) {
		t.Errorf("want a row with a key, have %v %v", table.Form, table.Key)
	}
	var have []string
	for _, f := range table.Object.Fields {
		kind := f.Type.Kind.String()
		if f.Type.Kind == List {
			kind += " of " + f.Type.Elem.Kind.String()
		}
		if f.Required {
			kind += " required"
		}
		have = append(have, f.Name+" "+kind)
	}
	want := []string{
		"observation_id string required", "patient_id string", "status string required", "value decimal", "low decimal",
		"collected datetime", "loinc string", "notes list of string", "has_parts boolean required", "n integer required",
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f := table.Object.Field("value"); f.Path != "value.ofType(Quantity).value" || f.UnitPath != "value.ofType(Quantity).code" {
		t.Errorf("want paths of value and unit, have %q and %q", f.Path, f.UnitPath)
	}
	v, err := view.New(table.From.View, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range v.Columns() {
		if f := table.Object.Fields[i]; c.Name != f.Name || c.Collection != (f.Type.Kind == List) {
			t.Errorf("want a column for the field %s, have %+v", f.Name, c)
		}
	}
	if !hasFinding(found, CodeManyValues, "loinc") {
		t.Error("want a finding about a path to several values, have none")
	}
}

func TestPathThatLeadsNowhereIsAnError(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"subject.refrence", `did you mean "reference"`},
		{"valueQuantity.value", "value.ofType(Quantity)"},
		{"name.", "want FHIRPath"},
		{"subject", "want a path to a primitive"},
		{"value.ofType(HumanName).family", "one of the types"},
	} {
		table, found := rowTableOf(t, "Observation", FieldSpec{Name: "x", Path: c.path})
		if !found.HasErrors() || !strings.Contains(found.Err().Error(), c.want) {
			t.Errorf("%s: want %s, have %v and %v", c.path, c.want, table != nil, found)
		}
	}
}

func TestFieldWithAPathHasTheNameOfAColumn(t *testing.T) {
	_, found := rowTableOf(t, "Observation", FieldSpec{Name: "größe", Path: "value.ofType(Quantity).value"})
	if !found.HasErrors() || found[0].Code != CodeForm {
		t.Errorf("want an error about the name, have %v", found)
	}
}

func TestPathsFollowTheProfileOfAnExtension(t *testing.T) {
	pkg, err := fhirdef.Load(context.Background(), golden.Shared(t, "data/fhir/us-core-6.1.0.tgz"), nil)
	if err != nil {
		t.Fatal(err)
	}
	const url = "http://hl7.org/fhir/us/core/StructureDefinition/"
	tables, found := importFHIR(t, FHIRStructure, url+"us-core-patient", fhirdef.R4().With(pkg), &TableSpec{Name: "p", Fields: []FieldSpec{
		{Name: "sex", Path: "extension('" + url + "us-core-birthsex').value"},
		{Name: "race", Path: "extension('" + url + "us-core-race').extension('text').value"},
		{Name: "gender"},
		{Name: "system", Path: "identifier.first().system"},
	}})
	if found.HasErrors() || len(tables) != 1 {
		t.Fatalf("%v", found.Err())
	}
	o := tables[0].Object
	if f := o.Field("sex"); f.Type.Kind != Text || f.Type.Format != "code" || f.Type.Codes == nil || f.Required {
		t.Errorf("want a code of a value set, have %+v", f)
	}
	if f := o.Field("race"); f.Type.Format != "string" || f.Required {
		t.Errorf("want an optional text, have %+v", f)
	}
	if f := o.Field("gender"); !f.Required || len(f.Type.Codes.Codes) != 4 {
		t.Errorf("want what the profile says of gender, have %+v", f)
	}
	if hasFinding(found, CodeManyValues, "sex") || hasFinding(found, CodeManyValues, "race") {
		t.Error("want extensions that occur once to be one value")
	}
}
