package dataset

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

func importFHIRFile(tb testing.TB, name string, spec *TableSpec) (*Table, issue.List) {
	tb.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "fhir", name))
	if err != nil {
		tb.Fatal(err)
	}
	in := &input{spec: SourceSpec{Name: "sd", Kind: FHIRStructure, Ref: name}, file: name, data: src, defs: fhirdef.R4(), table: spec}
	tables, found, err := importStructure(context.Background(), in)
	if err != nil {
		tb.Fatal(err)
	}
	if found.HasErrors() || len(tables) != 1 {
		tb.Fatalf("%d tables, %v", len(tables), found.Err())
	}
	checkFHIRTable(tb, tables[0])
	return tables[0], found
}

// sliceOf returns a slice of a field, which may be a slice itself.
func sliceOf(tb testing.TB, f *Field, name string) *Slice {
	tb.Helper()
	at := slices.IndexFunc(f.Slices, func(s *Slice) bool { return s.Name == name })
	if at < 0 {
		tb.Fatalf("want the slice %s of %s, have none", name, f.Name)
	}
	return f.Slices[at]
}

func TestSlicesAreToldApartByWhatIsInTheRecord(t *testing.T) {
	table, found := importFHIRFile(t, "observation-sliced.json", nil)
	o := table.Object
	identifier := o.Field("identifier")
	placer, filler := sliceOf(t, identifier, "placer"), sliceOf(t, identifier, "filler")
	if !identifier.SlicesClosed || !placer.Field.Required || placer.Field.Type.Kind != ObjectKind || filler.Field.Type.Kind != List {
		t.Errorf("want closed slices of which placer is one and required, have %+v", identifier)
	}
	want := []Match{{Path: []string{"type", "coding"}, Kind: MatchPattern, Value: `{"code":"PLAC","system":"http://terminology.hl7.org/CodeSystem/v2-0203"}`}}
	if diff := cmp.Diff(want, placer.Match); diff != "" {
		t.Errorf("placer (-want +got):\n%s", diff)
	}
	want = []Match{{Path: []string{"type"}, Kind: MatchPattern, Value: `{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"FILL"}]}`}}
	if diff := cmp.Diff(want, filler.Match); diff != "" {
		t.Errorf("filler (-want +got):\n%s", diff)
	}
	component := o.Field("component")
	measured, missing := sliceOf(t, component, "measured"), sliceOf(t, component, "missing")
	if len(missing.Match) != 12 || missing.Match[0].Value != "false" || missing.Match[0].Path[0] != "valueQuantity" {
		t.Errorf("want that no type of the value is there, have %+v", missing.Match)
	}
	want = []Match{{Path: []string{"dataAbsentReason"}, Kind: MatchExists, Value: "false"}}
	if diff := cmp.Diff(want, measured.Match); diff != "" {
		t.Errorf("measured (-want +got):\n%s", diff)
	}
	free := sliceOf(t, measured.Field, "free")
	if len(free.Match) != 1 || free.Match[0].Kind != MatchPattern {
		t.Errorf("want a slice of a slice by its code, have %+v", free.Match)
	}
	if len(o.Field("performer").Slices) != 0 || !hasFinding(found, CodeNotHeld, "Observation.performer:lab") {
		t.Error("want a finding about slices by what a reference leads to, have none")
	}
	if len(o.Field("category").Slices) != 1 {
		t.Errorf("want the allowed slice of category alone, have %d", len(o.Field("category").Slices))
	}
}

func TestRuledOutSliceIsARule(t *testing.T) {
	table, _ := importFHIRFile(t, "observation-sliced.json", nil)
	at := slices.IndexFunc(table.Object.Rules, func(r Rule) bool { return r.Key == "Observation.category:survey" })
	if at < 0 {
		t.Fatal("want a rule, have none")
	}
	with := `{"resourceType":"Observation","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"survey"}]}]}`
	rule := table.Object.Rules[at].Expression
	if holds(t, rule, []byte(with)) || !holds(t, rule, []byte(strings.Replace(with, "survey", "exam", 1))) {
		t.Errorf("want %s to hold without the slice alone", rule)
	}
}

func TestWhatTellsAResourceSelectsIt(t *testing.T) {
	table, _ := importFHIRFile(t, "observation-sliced.json", nil)
	var have []string
	for _, w := range table.Where {
		have = append(have, w.Path)
	}
	want := []string{
		"category.where(coding.where(system = 'http://terminology.hl7.org/CodeSystem/observation-category' and code = 'laboratory').exists()).exists()",
		"code.where(coding.where(system = 'http://loinc.org' and code = '2857-1').exists()).exists()",
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTypeSliceNarrowsItsTypeOfAChoice(t *testing.T) {
	table, _ := importFHIRFile(t, "observation-sliced.json", nil)
	o := table.Object
	value := o.Field("valueQuantity")
	if value == nil || value.Type.Object.Base != "Quantity" {
		t.Fatalf("want a narrowed Quantity, have %+v", value)
	}
	if code := value.Type.Object.Field("code"); !code.Required || code.Type.Const != `"ng/mL"` {
		t.Errorf("want a required code with one value, have %+v", code)
	}
	if o.Field("valueString") != nil || !slices.Contains(o.Prohibited, "valueString") || !slices.Contains(o.Prohibited, "valueBoolean") {
		t.Errorf("want closed types, have %v prohibited", o.Prohibited)
	}
	if !slices.Contains(o.Prohibited, "basedOn") || o.Field("basedOn") != nil {
		t.Error("want an element with max 0 prohibited")
	}
}

func TestConstraintsStandWhereTheyHold(t *testing.T) {
	table, _ := importFHIRFile(t, "observation-sliced.json", nil)
	o := table.Object
	at := slices.IndexFunc(o.Rules, func(r Rule) bool { return r.Key == "obs-sliced-1" })
	if at < 0 || o.Rules[at].Severity != issue.Warning || o.Rules[at].Human != "A note or a value" {
		t.Errorf("want the constraint of the profile as a warning, have %+v", o.Rules)
	}
	note := o.Field("note").Type.Elem.Object
	if note.Base != "Annotation" || note.Field("text").Type.MaxLength != 200 {
		t.Errorf("want a narrowed Annotation, have %+v", note)
	}
	if got := o.Field("subject").Type.Targets; !slices.Equal(got, []string{"Patient"}) {
		t.Errorf("want references to Patient, have %v", got)
	}
	free := sliceOf(t, sliceOf(t, o.Field("component"), "measured").Field, "free")
	rules := free.Field.Type.Object.Field("valueQuantity").Type.Rules
	if len(rules) != 1 || rules[0].Expression != "$this >= 0 'ng/mL'" {
		t.Errorf("want a bound of a quantity as a rule, have %+v", rules)
	}
}

func TestElementsHaveThePlaceInTheirFile(t *testing.T) {
	table, _ := importFHIRFile(t, "observation-sliced.json", nil)
	placer := sliceOf(t, table.Object.Field("identifier"), "placer").Field
	if placer.Pos.Source != "observation-sliced.json" || placer.Pos.Line != 20 || placer.Title != "Number of the order" {
		t.Errorf("want line 20 and the short text, have %v and %q", placer.Pos, placer.Title)
	}
}

func TestLogicalModelIsARecord(t *testing.T) {
	table, _ := importFHIRFile(t, "visit-model.json", nil)
	o := table.Object
	part := o.Field("part")
	if part == nil || part.Type.Kind != List || part.Type.Elem.Object == nil {
		t.Fatalf("want a list of parts, have %+v", o)
	}
	inner := part.Type.Elem.Object
	if inner.Field("part").Type.Elem.Object != inner {
		t.Error("want a content reference to lead to the same object")
	}
	if number := o.Field("number"); !number.Required || number.Type.Min != "1" || !number.Type.Unsigned {
		t.Errorf("want a positive number, have %+v", number)
	}
	if o.Closed || !inner.Closed {
		t.Errorf("want a model that may name its type, have closed %t and %t", o.Closed, inner.Closed)
	}
	if table.From.Resource != "" {
		t.Errorf("want no resource type, have %q", table.From.Resource)
	}
}

func hasFinding(list issue.List, code issue.Code, path string) bool {
	return slices.ContainsFunc(list, func(i issue.Issue) bool { return i.Code == code && i.Path == path })
}

func TestSlicesThatMustBeThereMakeTheirListRequired(t *testing.T) {
	const sd = `{"resourceType":"StructureDefinition","url":"http://example.org/sd","name":"S","status":"draft","kind":"resource","abstract":false,
	"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","fhirVersion":"5.0.0","differential":{"element":[
	{"id":"Patient.telecom","path":"Patient.telecom","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},
	{"id":"Patient.telecom:phone","path":"Patient.telecom","sliceName":"phone","min":1,"max":"2"},
	{"id":"Patient.telecom:phone.system","path":"Patient.telecom.system","min":1,"fixedCode":"phone"},
	{"id":"Patient.telecom:email","path":"Patient.telecom","sliceName":"email","min":1,"max":"1"},
	{"id":"Patient.telecom:email.system","path":"Patient.telecom.system","min":1,"fixedCode":"email"}]}}`
	in := &input{spec: SourceSpec{Name: "sd", Kind: FHIRStructure, Ref: "s.json"}, file: "s.json", data: []byte(sd), defs: fhirdef.R4()}
	tables, found, err := importStructure(context.Background(), in)
	if err != nil || len(tables) != 1 {
		t.Fatalf("%v %v", found, err)
	}
	telecom := tables[0].Object.Field("telecom")
	if !telecom.Required || telecom.Type.MinItems != 2 {
		t.Errorf("want two elements at least, have %+v", telecom)
	}
	if phone := sliceOf(t, telecom, "phone").Field; phone.Type.Kind != List || phone.Type.MaxItems != 2 || !phone.Required {
		t.Errorf("want one or two phones, have %+v", phone.Type)
	}
	if found[0].Code != CodeSource || found[0].Severity != issue.Warning {
		t.Errorf("want a warning about the edition, have %v", found)
	}
}

func TestPackageOfAFolderHasATableOfEachProfile(t *testing.T) {
	in := &input{spec: SourceSpec{Name: "ig", Kind: FHIRPackage, Ref: "fhir"}, file: filepath.Join("testdata", "fhir"), defs: fhirdef.R4()}
	tables, found, err := importPackage(context.Background(), in)
	if err != nil || found.HasErrors() || len(tables) != 1 || tables[0].Name != "observation_sliced" {
		t.Fatalf("want the one profile, have %v %v %v", tables, found, err)
	}
	in.spec.Table = "observation-slice"
	tables, found, err = importPackage(context.Background(), in)
	if err != nil || len(tables) != 0 || !found.HasErrors() || !strings.Contains(found.Err().Error(), "observation-sliced") {
		t.Errorf("want a name that is meant, have %v %v", found, err)
	}
	in.file, in.spec.Ref = filepath.Join("testdata", "none"), "none"
	if _, _, err = importPackage(context.Background(), in); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("want an error of the world, have %v", err)
	}
}
