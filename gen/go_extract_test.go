package gen

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dataset/extract"
	"github.com/carabiner-health/carabiner/internal/gentest"
)

const weightView = `{"resourceType":"ViewDefinition","resource":"Observation","status":"active","name":"weights","select":[{"column":[
{"name":"id","path":"id","type":"id"},{"name":"day","path":"effective.ofType(dateTime)","type":"dateTime"},{"name":"weight","path":"value.ofType(Quantity).value","type":"decimal"},
{"name":"final","path":"status = 'final'","type":"boolean"}]},
{"forEachOrNull":"component","column":[{"name":"part","path":"code.text","type":"string"}]}]}`

// extractModel has a table of each kind of source.
func extractModel() *dataset.Model {
	at := scalar("day", dataset.DateTime, false)
	at.Type.Partial = true
	weight := scalar("weight", dataset.Decimal, false)
	weight.Unit, weight.UnitPath = "kg", "value.ofType(Quantity).code"
	weights := &dataset.Table{Name: "weights", Form: dataset.Row, Kind: dataset.FHIRView, From: dataset.From{Resource: "Observation", View: []byte(weightView)},
		Where:  []dataset.Condition{{Path: "code.text", Values: []string{"weight"}, Origin: "profile"}},
		Object: &dataset.Object{Name: "weights", Fields: []*dataset.Field{scalar("id", dataset.Text, true), at, weight, scalar("final", dataset.Boolean, false), scalar("part", dataset.Text, false)}}}
	tagged := func(name, path string, k dataset.Kind) *dataset.Field {
		f := scalar(name, k, false)
		f.Path = path
		return f
	}
	kinds := tagged("image_type", "00080008", dataset.List)
	kinds.Type = dataset.ListOf(dataset.NewType(dataset.Text))
	series := &dataset.Table{Name: "series", Form: dataset.Row, Kind: dataset.DICOMList, Grain: dataset.PerInstance, Where: []dataset.Condition{{Path: "Modality", Values: []string{"MR"}, Origin: "profile"}},
		Object: &dataset.Object{Name: "series", Fields: []*dataset.Field{tagged("uid", "SOPInstanceUID", dataset.Text), tagged("day", "00080021", dataset.Date), tagged("rows", "00280010", dataset.Integer),
			tagged("thickness", "00180050", dataset.Decimal), kinds, tagged("code", "00400275.00400007", dataset.Text)}}}
	born := tagged("birth_datetime", "birth_datetime", dataset.DateTime)
	born.Type.Zone = dataset.ZoneNone
	person := &dataset.Table{Name: "person", Form: dataset.Row, Kind: dataset.OMOP, From: dataset.From{OMOPTable: "person", OMOPVersion: "5.4"}, Where: []dataset.Condition{{Path: "gender_concept_id", Values: []string{"8507"}, Origin: "profile"}},
		Object: &dataset.Object{Name: "person", Fields: []*dataset.Field{tagged("person_id", "person_id", dataset.Integer), born, tagged("source", "person_source_value", dataset.Text)}}}
	return &dataset.Model{ID: "https://example.org/extracts", Tables: []*dataset.Table{weights, series, person}, Objects: []*dataset.Object{weights.Object, series.Object, person.Object}}
}

const extractTest = `package extracts

import (
	"bytes"
	_ "embed"
	"reflect"
	"testing"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset/extract"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/omop"
)

//go:embed weights.parquet
var weights []byte

//go:embed in.ndjson
var resources []byte

// The rows are those that package extract writes.
func TestRowsEqualThoseOfTheEngine(t *testing.T) {
	var want, have []Weight
	for row, err := range columnar.Read[Weight](bytes.NewReader(weights), int64(len(weights))) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, row)
	}
	filtered, refused := 0, 0
	for r, err := range fhir.Read(t.Context(), bytes.NewReader(resources), nil) {
		if err != nil {
			t.Fatal(err)
		}
		rows, found := ExtractWeight(r)
		if len(found) == 1 && found[0].Code == extract.CodeFiltered {
			filtered++
		} else if len(found) == 1 && found[0].Code == extract.CodeUnit {
			refused++
			continue
		} else if found.HasErrors() {
			t.Error(found)
		}
		for i := range rows { // the engine stores decimals as binary numbers
			if w := &rows[i].Weight; w.Valid {
				w.Value = DecimalOfFloat(w.Value.Float64())
			}
		}
		have = append(have, rows...)
	}
	if !reflect.DeepEqual(want, have) || len(have) != 4 || filtered != 2 || refused != 1 {
		t.Errorf("%d filtered, %d of another unit\nwant %+v\nhave %+v", filtered, refused, want, have)
	}
}

func TestInstancesAndRowsMakeRecords(t *testing.T) {
	x := &dicommeta.Instance{Dataset: dicommeta.NewDataset(dicommeta.TextElement(dict.SOPInstanceUID, "1.2"), dicommeta.TextElement(dict.Modality, "MR"),
		dicommeta.TextElement(dict.SeriesDate, "20200102"), dicommeta.NumberElement(dict.Rows, dict.US, 512), dicommeta.TextElement(dict.SliceThickness, "1.50 "),
		dicommeta.TextElement(dict.ImageType, "ORIGINAL", "PRIMARY"),
		dicommeta.SequenceElement(dict.RequestAttributesSequence, dicommeta.NewDataset(dicommeta.TextElement(dict.ScheduledProcedureStepDescription, "step"))))}
	s, found := ExtractSeries(x)
	if len(found) > 0 || s.UID.Value != "1.2" || s.Day.Value != NewDate(2020, 1, 2) || s.Rows.Value != 512 || s.Thickness.Value.String() != "1.50" || len(s.ImageType) != 2 || s.Code.Value != "step" {
		t.Errorf("have %+v %v", s, found)
	}
	if _, found := ExtractSeries(&dicommeta.Instance{}); len(found) != 1 || found[0].Code != extract.CodeFiltered {
		t.Errorf("want it filtered, have %v", found)
	}
	at, source := columnar.DateOf(1950, 1, 2).Timestamp(), "p1"
	p, found := ExtractPerson(omop.Person{PersonID: 7, GenderConceptID: 8507, BirthDatetime: &at, PersonSourceValue: &source})
	if len(found) > 0 || p.PersonID.Value != 7 || p.BirthDatetime.Value.String() != "1950-01-02T00:00:00" || p.Source.Value != "p1" {
		t.Errorf("have %+v %v", p, found)
	}
	if _, found := ExtractPerson(omop.Person{}); len(found) != 1 || found[0].Code != extract.CodeFiltered {
		t.Errorf("want it filtered, have %v", found)
	}
}
`

const extractInput = `{"resourceType":"Observation","id":"a","status":"final","code":{"text":"weight"},"effectiveDateTime":"2020-01-02T03:04:05+02:00","valueQuantity":{"value":70.50,"code":"kg"}}
{"resourceType":"Observation","id":"b","status":"preliminary","code":{"text":"weight"},"effectiveDateTime":"2020-02","component":[{"code":{"text":"x"}},{"code":{"text":"y"}}]}
{"resourceType":"Observation","id":"c","status":"final","code":{"text":"height"}}
{"resourceType":"Observation","id":"d","status":"final","code":{"text":"weight"},"valueQuantity":{"value":12500,"code":"g"}}
{"resourceType":"Observation","id":"e","status":"final","code":{"text":"weight"},"valueQuantity":{"value":1,"code":"cm"}}
{"resourceType":"Patient","id":"p"}
`

func TestGeneratedExtractEqualsTheEngine(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.ndjson")
	if err := os.WriteFile(in, []byte(extractInput), 0o600); err != nil {
		t.Fatal(err)
	}
	m := extractModel()
	if _, err := extract.Run(t.Context(), m, []string{in}, &extract.Options{Out: filepath.Join(dir, "out")}); err != nil {
		t.Fatal(err)
	}
	made, err := os.ReadFile(filepath.Join(dir, "out", "weights.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	run := gentest.Run{Carabiner: true, Files: map[string][]byte{"extracts/own_test.go": []byte(extractTest), "extracts/weights.parquet": made, "extracts/in.ndjson": []byte(extractInput)}}
	record := patientModel()
	record.Tables[0].Kind, record.Tables[0].From = dataset.FHIRStructure, dataset.From{Resource: "Patient"}
	record.Tables[0].Where = []dataset.Condition{{Path: "active", Origin: "profile"}}
	for dir, m := range map[string]*dataset.Model{"extracts": m, "smallpatient": record} {
		files, _, err := Go(m, &GoOptions{Extract: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			run.Files[dir+"/"+f.Name] = f.Content
		}
	}
	run.Do(t)
}
