package omop

import (
	"bytes"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/issue"
)

// visitDetail53 is a row of visit_detail as CDM 5.3 has it.
type visitDetail53 struct {
	VisitDetailID          int32   `parquet:"visit_detail_id"`
	PersonID               int32   `parquet:"person_id"`
	VisitDetailConceptID   int32   `parquet:"visit_detail_concept_id"`
	StartDate              Date    `parquet:"visit_detail_start_date"`
	EndDate                Date    `parquet:"visit_detail_end_date"`
	TypeConceptID          *int32  `parquet:"visit_detail_type_concept_id"`
	AdmittingSourceValue   *string `parquet:"admitting_source_value"`
	DischargeToConceptID   *int32  `parquet:"discharge_to_concept_id"`
	VisitDetailParentID    *int32  `parquet:"visit_detail_parent_id"`
	AdmittingSourceConcept *int32  `parquet:"admitting_source_concept_id"`
	DischargeToSourceValue *string `parquet:"discharge_to_source_value"`
}

func TestReadTableTakesTheColumnNamesOf53(t *testing.T) {
	var b bytes.Buffer
	w, err := columnar.NewWriter[visitDetail53](&b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]visitDetail53{
		{1, 2, 3, 4, 5, ptr(int32(6)), ptr("a"), ptr(int32(7)), ptr(int32(8)), ptr(int32(9)), ptr("b")},
		{2, 2, 3, 4, 5, nil, nil, nil, nil, nil, nil},
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	text := "visit_detail_id,person_id,visit_detail_concept_id,visit_detail_start_date,visit_detail_end_date,visit_detail_type_concept_id,admitting_source_value,discharge_to_concept_id,visit_detail_parent_id,admitting_source_concept_id,discharge_to_source_value\n" +
		"1,2,3,1970-01-05,1970-01-06,6,a,7,8,9,b\n2,2,3,1970-01-05,1970-01-06,,,,,,\n"
	want := []VisitDetail{{
		VisitDetailID: 1, PersonID: 2, VisitDetailConceptID: 3, VisitDetailStartDate: 4, VisitDetailEndDate: 5, VisitDetailTypeConceptID: 6,
		AdmittedFromSourceValue: ptr("a"), DischargedToConceptID: ptr(int32(7)), ParentVisitDetailID: ptr(int32(8)),
		AdmittedFromConceptID: ptr(int32(9)), DischargedToSourceValue: ptr("b"),
	}}
	for name, data := range map[string][]byte{"VISIT_DETAIL.PARQUET": b.Bytes(), "visit_detail.csv": []byte(text), "visit_detail/part-0.parquet": b.Bytes()} {
		var c issue.Collector
		var got []VisitDetail
		for row, err := range ReadTable[VisitDetail](fstest.MapFS{name: {Data: data}}, &ReadOptions{Reporter: &c}) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got = append(got, row)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		// The second row lacks its type, which the edition requires.
		var errs []issue.Issue
		for _, f := range c.List() {
			if f.Severity >= issue.Error {
				errs = append(errs, f)
			}
		}
		if len(errs) != 1 || errs[0].Code != CodeRequired || errs[0].Path != "visit_detail.visit_detail_type_concept_id" || errs[0].Pos.Record != 2 {
			t.Errorf("%s: want one finding about row 2, have %v", name, errs)
		}
	}
}

func TestReadTablePrefersParquet(t *testing.T) {
	var b bytes.Buffer
	w, err := columnar.NewWriter[Domain](&b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]Domain{{DomainID: "P"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{"DOMAIN.parquet": {Data: b.Bytes()}, "domain.csv": {Data: []byte("domain_id,domain_name,domain_concept_id\nC,c,1\n")}}
	for row, err := range ReadTable[Domain](fsys, nil) {
		if err != nil || row.DomainID != "P" {
			t.Errorf("want the row of the Parquet file, have %q, %v", row.DomainID, err)
		}
	}
	fsys["domain.parquet"] = fsys["DOMAIN.parquet"]
	for _, err := range ReadTable[Domain](fsys, nil) {
		if err == nil {
			t.Error("want an error for two Parquet files of one table")
		}
	}
}
