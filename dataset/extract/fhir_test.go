package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

const patientView = `{"resource": "Patient", "name": "patients", "select": [{"column": [
	{"name": "patient_id", "path": "getResourceKey()"}, {"name": "sex", "path": "gender"}, {"name": "born", "path": "birthDate"},
	{"name": "given", "path": "name.given", "collection": true}, {"name": "deceased", "path": "deceased.ofType(boolean)"}]}]}`

func patients() *dataset.Table {
	day := dataset.NewType(dataset.Date)
	sex := dataset.NewType(dataset.Text)
	sex.Codes = &dataset.CodeSet{Name: "AdministrativeGender", Complete: true, Codes: []dataset.Code{{Code: "male"}, {Code: "female"}}}
	t := viewTable("patients", patientView, field("patient_id", dataset.Text, required), field("sex", dataset.Text, typed(sex)),
		field("born", dataset.Date, typed(day)), field("given", dataset.List, typed(dataset.ListOf(dataset.NewType(dataset.Text)))), field("deceased", dataset.Boolean))
	t.Key, t.Grain = []string{"patient_id"}, dataset.PerPatient
	return t
}

type patientRow struct {
	ID       *string        `parquet:"patient_id"`
	Sex      *string        `parquet:"sex"`
	Born     *columnar.Date `parquet:"born"`
	Given    []string       `parquet:"given,list"`
	Deceased *bool          `parquet:"deceased"`
}

func ptr[T any](v T) *T { return &v }

func TestRowsOfViewsAreTypedAndWhatIsWrongIsQuarantined(t *testing.T) {
	var found issue.List
	m := &dataset.Model{ID: "x", Tables: []*dataset.Table{patients()}}
	report, out := extracted(t, m, `{"resourceType":"Patient","id":"1","gender":"male","birthDate":"1950-02-28","name":[{"given":["A","B"]}],"deceasedBoolean":false}
{"resourceType":"Patient","id":"2","gender":"other"}
{"resourceType":"Patient","id":"3","birthDate":"1950-02"}
{"resourceType":"Patient","id":"4"}
{"resourceType":"Condition","id":"4"}
{"resourceType":"Patient",
`, &Options{Reporter: collect(&found)})
	want := []patientRow{
		{ptr("Patient/1"), ptr("male"), ptr(columnar.DateOf(1950, 2, 28)), []string{"A", "B"}, ptr(false)},
		{ID: ptr("Patient/4")},
	}
	if d := cmp.Diff(want, rows[patientRow](t, out, "patients")); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	var codes []string
	for _, q := range quarantine(t, out) {
		codes = append(codes, q.Table+" "+string(q.Code))
	}
	if d := cmp.Diff([]string{"patients extract-code", "patients extract-type", " fhir-json-syntax"}, codes); d != "" {
		t.Errorf("quarantine (-want +got)\n%s", d)
	}
	wantTypes := []TypeAccount{{"fhir", "Condition", 1, 0, 1, 0}, {"fhir", "Patient", 5, 4, 0, 1}}
	if d := cmp.Diff(wantTypes, report.Types); d != "" {
		t.Errorf("types (-want +got)\n%s", d)
	}
	if a := report.Tables[0]; a.Rows != 2 || a.Quarantined != 2 || a.Fields[2].Nulls != 1 {
		t.Errorf("want 2 rows, 2 records in quarantine and one NULL, have %+v", a)
	}
	for _, i := range found {
		if strings.Contains(i.Message, "1950") || strings.Contains(i.Message, "other\"") {
			t.Errorf("want no value in a message, have %s", i)
		}
	}
}

func TestConditionsFilterAndAreCounted(t *testing.T) {
	m := &dataset.Model{Tables: []*dataset.Table{viewTable("psa", `{"resource":"Observation","name":"psa","where":[{"path":"status = 'final'"}],
		"select":[{"column":[{"name":"id","path":"id"},{"name":"value","path":"value.ofType(Quantity).value"}]}]}`, field("id", dataset.Text), field("value", dataset.Decimal))}}
	m.Tables[0].Where = []dataset.Condition{{Path: "code.coding.where(system='http://loinc.org' and code='2857-1').exists()", Origin: "Observation.code"}, {Path: "category.coding.code", Values: []string{"laboratory", "lab"}, Origin: "profile"}}
	obs := func(id, code, category, status, value string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"` + status + `","category":[{"coding":[{"code":"` + category + `"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"` + code + `"}]},"valueQuantity":{"value":` + value + "}}\n"
	}
	report, out := extracted(t, m, obs("1", "2857-1", "laboratory", "final", "4.50")+obs("2", "1-1", "laboratory", "final", "1")+obs("3", "2857-1", "vital", "final", "1")+
		obs("4", "2857-1", "lab", "entered-in-error", "1")+obs("5", "2857-1", "lab", "final", "0.12345678901234567890"), nil)
	type row struct {
		ID    *string  `parquet:"id"`
		Value *float64 `parquet:"value"`
	}
	if d := cmp.Diff([]row{{ptr("1"), ptr(4.5)}, {ptr("5"), ptr(0.12345678901234568)}}, rows[row](t, out, "psa")); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	want := []RuleCount{
		{"Observation.code", "code.coding.where(system='http://loinc.org' and code='2857-1').exists()", 1},
		{"profile", "category.coding.code is laboratory or lab", 1}, {"view", "status = 'final'", 1},
	}
	if d := cmp.Diff(want, report.Tables[0].Filtered); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if report.Tables[0].Fields[1].Inexact != 1 || report.Findings[CodeInexact] != 1 {
		t.Errorf("want one value that is rounded, have %+v", report.Tables[0])
	}
}

func TestUnitsAreHeldAgainstTheFieldsAndConvertedWhereExact(t *testing.T) {
	value := field("value", dataset.Decimal)
	value.Unit, value.UnitPath = "ng/mL", "value.ofType(Quantity).code"
	m := &dataset.Model{Tables: []*dataset.Table{viewTable("psa", `{"resource":"Observation","name":"psa","select":[{"column":[{"name":"id","path":"id"}]},{"column":[{"name":"value","path":"value.ofType(Quantity).value"}]}]}`, field("id", dataset.Text), value)}}
	obs := func(id, unit, value string) string {
		return `{"resourceType":"Observation","id":"` + id + `","valueQuantity":{"value":` + value + unit + "}}\n"
	}
	report, out := extracted(t, m, obs("1", `,"code":"ng/mL"`, "4.5")+obs("2", `,"code":"ug/L"`, "4.5")+obs("3", `,"code":"mg/L"`, "0.0045")+obs("4", `,"code":"mmol/L"`, "1")+obs("5", "", "1")+`{"resourceType":"Observation","id":"6"}`, nil)
	type row struct {
		ID    *string  `parquet:"id"`
		Value *float64 `parquet:"value"`
	}
	if d := cmp.Diff([]row{{ptr("1"), ptr(4.5)}, {ptr("2"), ptr(4.5)}, {ptr("3"), ptr(4.5)}, {ptr("6"), nil}}, rows[row](t, out, "psa")); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if a := report.Tables[0]; a.Quarantined != 2 || a.Fields[1].Converted != 2 || report.Findings[CodeUnit] != 2 {
		t.Errorf("want 2 records of other units and 2 values converted, have %+v", a)
	}
}

func TestKeysAndReferencesAreHeldAgainstEachOther(t *testing.T) {
	events := viewTable("events", `{"resource":"Condition","name":"events","select":[{"column":[{"name":"id","path":"id"},{"name":"patient_id","path":"subject.getReferenceKey()"}]}]}`, field("id", dataset.Text), field("patient_id", dataset.Text))
	events.Key, events.Refs = []string{"id"}, []dataset.Ref{{Fields: []string{"patient_id"}, Table: "patients"}}
	m := &dataset.Model{Tables: []*dataset.Table{events, patients()}}
	condition := func(id, patient string) string {
		return `{"resourceType":"Condition","id":"` + id + `","subject":{"reference":"Patient/` + patient + `"}}` + "\n"
	}
	report, _ := extracted(t, m, condition("1", "1")+condition("2", "1")+condition("2", "2")+condition("3", "9")+`{"resourceType":"Condition","id":"4"}
{"resourceType":"Patient","id":"1"}
{"resourceType":"Patient","id":"2"}`, nil)
	a := report.Tables[0]
	if a.KeysTwice != 1 || report.Tables[1].KeysTwice != 0 {
		t.Errorf("want one key twice, have %+v", a)
	}
	if d := cmp.Diff([]RefAccount{{[]string{"patient_id"}, "patients", 4, 1}}, a.References); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if report.Findings[CodeKeyTwice] != 1 || report.Findings[CodeNoTarget] != 1 {
		t.Errorf("want a finding for each, have %v", report.Findings)
	}
}

func TestRecordsKeepWhatTheFieldsNameAlone(t *testing.T) {
	name := object("HumanName", field("family", dataset.Text, required), field("given", dataset.List, typed(dataset.ListOf(dataset.NewType(dataset.Text)))))
	code := dataset.NewType(dataset.Text)
	race := &dataset.Slice{Name: "race", Field: field("race", dataset.ObjectKind, typed(objectType(object("us-core-race", field("url", dataset.Text), field("valueString", dataset.Text))))),
		Match: []dataset.Match{{Path: []string{"url"}, Kind: dataset.MatchValue, Value: `"http://race"`}}}
	sex := &dataset.Slice{Name: "sex", Field: field("sex", dataset.Text, typed(code)), Value: "valueCode",
		Match: []dataset.Match{{Path: []string{"url"}, Kind: dataset.MatchValue, Value: `"http://sex"`}}}
	extension := field("extension", dataset.List, typed(dataset.ListOf(objectType(object("Extension", field("url", dataset.Text, required))))))
	extension.Slices = []*dataset.Slice{race, sex}
	table := &dataset.Table{Name: "patient", Form: dataset.Record, Kind: dataset.FHIRStructure, From: dataset.From{Resource: "Patient"}, Key: []string{"id"},
		Where: []dataset.Condition{{Path: "active", Origin: "profile"}},
		Object: object("Patient", field("id", dataset.Text, required), extension, field("name", dataset.List, typed(dataset.ListOf(objectType(name)))),
			field("birthDate", dataset.Date), field("multipleBirthInteger", dataset.Integer))}
	table.Object.ResourceType = "Patient"
	var found issue.List
	report, out := extracted(t, &dataset.Model{Tables: []*dataset.Table{table}}, `{"resourceType":"Patient","id":"1","active":true,"extension":[{"url":"http://sex","valueCode":"M"},{"url":"http://other","valueString":"left out"},{"url":"http://race","valueString":"x"}],"name":[{"use":"official","family":"A","_family":{"id":"z"},"given":["B"]}],"birthDate":"1950-01-01","multipleBirthInteger":2}
{"resourceType":"Patient","id":"2","active":true,"name":[{"given":["B"]}]}
{"resourceType":"Patient","id":"3","active":false}
{"resourceType":"Patient","active":true,"_id":{"id":"z"}}
{"resourceType":"Patient","active":true}`, &Options{Reporter: collect(&found)})
	type row struct {
		ID        *string        `parquet:"id"`
		Extension *string        `parquet:"extension"`
		Race      *string        `parquet:"race"`
		Sex       *string        `parquet:"sex"`
		Name      *string        `parquet:"name"`
		Born      *columnar.Date `parquet:"birthDate"`
		Birth     *int64         `parquet:"multipleBirthInteger"`
	}
	want := []row{
		{ptr("1"), ptr(`[{"url":"http://other"}]`), ptr(`{"url":"http://race","valueString":"x"}`), ptr("M"), ptr(`[{"family":"A","_family":{"id":"z"},"given":["B"]}]`), ptr(columnar.DateOf(1950, 1, 1)), ptr(int64(2))},
		{},
	}
	if d := cmp.Diff(want, rows[row](t, out, "patient")); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	a := report.Tables[0]
	if a.Quarantined != 2 || a.Filtered[0].Records != 1 || a.WithRows != 2 {
		t.Errorf("want 2 records in quarantine and one filtered, have %+v", a)
	}
	if d := cmp.Diff(map[string]int64{"patient.active": 2, "patient.extension.valueString": 1, "patient.name.use": 1}, a.Unlisted); d != "" {
		t.Errorf("unlisted (-want +got)\n%s", d)
	}
	var paths []string
	for _, i := range found {
		if i.Severity >= issue.Error {
			paths = append(paths, i.Path+" "+string(i.Code))
		}
	}
	if d := cmp.Diff([]string{"patient.name[0].family extract-required", "patient.id extract-required"}, paths); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
