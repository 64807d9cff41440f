package extract

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/omop"
)

func personTable() *dataset.Table {
	id := dataset.NewType(dataset.Integer)
	id.Bits = 32
	moment := dataset.NewType(dataset.DateTime)
	moment.Zone = dataset.ZoneNone
	year := id
	year.Min = "1900"
	t := &dataset.Table{Name: "people", Form: dataset.Row, Kind: dataset.OMOP, From: dataset.From{OMOPTable: "person", OMOPVersion: "5.4"}, Key: []string{"id"},
		Where:  []dataset.Condition{{Path: "gender_concept_id", Values: []string{"8507"}, Origin: "profile"}},
		Object: object("person", field("id", dataset.Integer, from("person_id"), typed(id), required), field("year_of_birth", dataset.Integer, typed(year), required), field("birth_datetime", dataset.DateTime, typed(moment)), field("person_source_value", dataset.Text))}
	return t
}

type personRow struct {
	ID     *int32              `parquet:"id"`
	Year   *int32              `parquet:"year_of_birth"`
	Born   *columnar.Timestamp `parquet:"birth_datetime"`
	Source *string             `parquet:"person_source_value"`
}

func wantPeople(t *testing.T, report *Report, out string) {
	t.Helper()
	noon, err := columnar.ParseTimestamp("1950-02-28T12:00:00")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]personRow{{ptr(int32(1)), ptr(int32(1950)), &noon, ptr("a")}, {ptr(int32(4)), ptr(int32(1960)), nil, nil}}, rows[personRow](t, out, "people")); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if a := report.Tables[0]; a.Filtered[0].Records != 1 || a.Quarantined != 1 {
		t.Errorf("want one row filtered and one in quarantine, have %+v", a)
	}
}

func TestTablesOfTheCDMAreReadAsCSV(t *testing.T) {
	dir := t.TempDir()
	text := "PERSON_ID,gender_concept_id,year_of_birth,birth_datetime,person_source_value\n1,8507,1950,1950-02-28 12:00:00,a\n2,8532,1951,,\n3,8507,1850,,secret\n4,8507,1960,,\n5,8507\n"
	if err := os.WriteFile(filepath.Join(dir, "person.csv"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	report, out := extracted(t, &dataset.Model{Tables: []*dataset.Table{personTable()}}, dir, nil)
	wantPeople(t, report, out)
	if d := cmp.Diff([]TypeAccount{{"omop", "person", 5, 4, 0, 1}}, report.Types); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if q := quarantine(t, out); len(q) != 2 || q[0].Record != 3 || string(q[0].Resource) != `{"person_id":"3","year_of_birth":"1850","person_source_value":"secret","gender_concept_id":"8507"}` || q[1].Code != omop.CodeCellCount {
		t.Errorf("want the row and the record that cannot be read, have %+v", q)
	}
}

func TestTablesOfTheCDMAreReadAsParquetInTheFolderOfAConversion(t *testing.T) {
	out := filepath.Join(t.TempDir(), "converted")
	dir, err := columnar.NewDir(out)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	w, err := omop.NewDatabaseWriter(dir, "omop", nil)
	if err != nil {
		t.Fatal(err)
	}
	noon, err := columnar.ParseTimestamp("1950-02-28T12:00:00")
	if err != nil {
		t.Fatal(err)
	}
	people := []omop.Person{{PersonID: 1, GenderConceptID: 8507, YearOfBirth: 1950, BirthDatetime: &noon, PersonSourceValue: ptr("a")}, {PersonID: 2, GenderConceptID: 8532, YearOfBirth: 1951},
		{PersonID: 3, GenderConceptID: 8507, YearOfBirth: 1850}, {PersonID: 4, GenderConceptID: 8507, YearOfBirth: 1960}}
	if err := omop.Write(w, people); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := dir.Commit(); err != nil {
		t.Fatal(err)
	}
	report, made := extracted(t, &dataset.Model{Tables: []*dataset.Table{personTable()}}, out, nil)
	wantPeople(t, report, made)
}
