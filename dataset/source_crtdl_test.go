package dataset

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

func importCRTDLText(tb testing.TB, src []byte) ([]*Table, issue.List) {
	tb.Helper()
	in := &input{spec: SourceSpec{Name: "c", Kind: CRTDL, Ref: "c.json"}, file: "c.json", data: src, defs: fhirdef.R4()}
	tables, found, err := importCRTDL(context.Background(), in)
	if err != nil {
		tb.Fatal(err)
	}
	return tables, found
}

func TestSampleExtractionDefinitionsLoad(t *testing.T) {
	files, err := filepath.Glob(golden.Shared(t, "data/metadata/profiles/crtdl") + "/CRTDL*.json")
	if err != nil || len(files) != 16 {
		t.Fatalf("want 16 samples, have %d: %v", len(files), err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tables, found := importCRTDLText(t, src)
		if found.HasErrors() || len(tables) == 0 {
			t.Fatalf("%s: %d tables, %v", file, len(tables), found.Err())
		}
		for _, table := range tables {
			checkFHIRTable(t, table)
			for _, w := range table.Where {
				if _, err := fhirpath.Compile(w.Path, &fhirpath.Options{Type: table.From.Resource, Strict: true}); err != nil {
					t.Errorf("%s: %s: %v", file, w.Path, err)
				}
			}
		}
		if filepath.Base(file) == "CRTDL_all_fields.json" && len(tables) != 128 {
			t.Errorf("want 128 tables, have %d", len(tables))
		}
	}
}

const linkedGroups = `{
 "cohortDefinition": {"version": "1", "inclusionCriteria": []},
 "dataExtraction": {"attributeGroups": [
  {"id": "lab", "name": "Lab results", "groupReference": "http://hl7.org/fhir/StructureDefinition/Observation", "attributes": [
    {"attributeRef": "Observation.code", "mustHave": true},
    {"attributeRef": "Observation.value[x]:valueQuantity.value", "mustHave": true},
    {"attributeRef": "Observation.encounter", "mustHave": false, "linkedGroups": ["visit"]}],
   "filter": [
    {"type": "token", "name": "code", "codes": [{"system": "http://loinc.org", "code": "2857-1"}]},
    {"type": "date", "name": "date", "start": "2020-01-01", "end": "2020-12-31"}]},
  {"id": "visit", "groupReference": "http://example.org/Unknown", "attributes": [{"attributeRef": "Encounter.period"}]},
  {"id": "Patient", "groupReference": "http://hl7.org/fhir/StructureDefinition/Patient", "attributes": [{"attributeRef": "Patient.gender"}]}
 ]}}`

func TestGroupsBecomeLinkedTables(t *testing.T) {
	tables, found := importCRTDLText(t, []byte(linkedGroups))
	if found.HasErrors() || len(tables) != 3 {
		t.Fatalf("%d tables, %v", len(tables), found.Err())
	}
	lab := tables[0]
	if lab.Name != "lab_results" || tables[1].Name != "visit" || tables[1].From.Resource != "Encounter" {
		t.Errorf("want names of groups, have %s and %s", lab.Name, tables[1].Name)
	}
	var names []string
	for _, f := range lab.Object.Fields {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"id", "code", "subject", "encounter", "valueQuantity"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	quantity := lab.Object.Field("valueQuantity")
	if o := quantity.Type.Object; len(o.Fields) != 1 || !o.Field("value").Required || o.Closed {
		t.Errorf("want the value alone, have %+v", o)
	}
	want := []Ref{{Fields: []string{"encounter"}, Table: "visit"}, {Fields: []string{"subject"}, Table: "patient"}}
	if diff := cmp.Diff(want, lab.Refs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !hasFinding(found, CodeNotHeld, "cohortDefinition") {
		t.Error("want a finding about the cohort, have none")
	}
}

func TestFiltersSelectRecords(t *testing.T) {
	tables, _ := importCRTDLText(t, []byte(linkedGroups))
	record := func(code, when string) []byte {
		return []byte(`{"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"` + code + `"}]},` + when + `}`)
	}
	for _, c := range []struct {
		src  []byte
		want bool
	}{
		{record("2857-1", `"effectiveDateTime":"2020-06-01T08:00:00Z"`), true},
		{record("2857-1", `"effectiveDateTime":"2020"`), true},
		{record("2857-1", `"effectiveDateTime":"2020-12-31T23:59:00Z"`), true},
		{record("2857-1", `"effectiveDateTime":"2021-01"`), false},
		{record("2857-1", `"effectivePeriod":{"start":"2019-01-01","end":"2020-01-01"}`), true},
		{record("2857-1", `"effectivePeriod":{"start":"2021-01-01"}`), false},
		{record("2857-1", `"status":"final"`), false},
		{record("1234-5", `"effectiveDateTime":"2020-06-01"`), false},
	} {
		have := true
		for _, w := range tables[0].Where {
			have = have && holds(t, w.Path, c.src)
		}
		if have != c.want {
			t.Errorf("%s: want %t", c.src, c.want)
		}
	}
}

func TestInvalidExtractionDefinitionsAreToldWithPlaces(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`[]`, "want an extraction definition"},
		{`{"dataExtraction":{}}`, "want attribute groups"},
		{`{"resourceType":"Parameters","parameter":[{"name":"crtdl","valueBase64Binary":"!"}]}`, "want base64"},
		{strings.Replace(linkedGroups, "Observation.code", "Observation.cod", 1), `did you mean "code"`},
		{strings.Replace(linkedGroups, `["visit"]`, `["visits"]`, 1), "want the id of a group"},
		{strings.Replace(linkedGroups, "valueQuantity", "valueMoney", 1), "want one of"},
		{strings.Replace(linkedGroups, `"start": "2020-01-01"`, `"start": "soon"`, 1), "want a date"},
	} {
		_, found := importCRTDLText(t, []byte(c.src))
		if !found.HasErrors() || !strings.Contains(found.Err().Error(), c.want) {
			t.Errorf("want %s, have %v", c.want, found)
		}
		for _, i := range found {
			if i.Severity == issue.Error && i.Pos.Source != "c.json" {
				t.Errorf("want a place, have %v", i)
			}
		}
	}
}
