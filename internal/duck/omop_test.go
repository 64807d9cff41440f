package duck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/omop"
)

// omopFolder writes a database of two persons with a visit and measurements
// each and returns its folder.
func omopFolder(t *testing.T) string {
	t.Helper()
	target := filepath.Join(t.TempDir(), "out")
	dir, err := columnar.NewDir(target)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	w, err := omop.NewDatabaseWriter(dir, "omop", &omop.WriteOptions{VocabularyRelease: "v5.0"})
	if err != nil {
		t.Fatal(err)
	}
	day := columnar.DateOf(2020, 2, 29)
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	check(omop.Write(w, []omop.Person{{PersonID: 1, YearOfBirth: 1950}, {PersonID: 2, YearOfBirth: 1951, BirthDatetime: ptr(columnar.Timestamp(-1))}}))
	check(omop.Write(w, []omop.VisitOccurrence{
		{VisitOccurrenceID: 1, PersonID: 1, VisitConceptID: 9202, VisitStartDate: day, VisitEndDate: day},
		{VisitOccurrenceID: 2, PersonID: 2, VisitConceptID: 9201, VisitStartDate: day, VisitEndDate: day + 1, PrecedingVisitOccurrenceID: ptr(int32(1))},
	}))
	check(omop.Write(w, []omop.Measurement{
		{MeasurementID: 1, PersonID: 1, VisitOccurrenceID: ptr(int32(1)), MeasurementDate: day, ValueAsNumber: ptr(0.0)},
		{MeasurementID: 2, PersonID: 2, VisitOccurrenceID: ptr(int32(2)), MeasurementDate: day, ValueAsNumber: ptr(1.0 / 3)},
		{MeasurementID: 3, PersonID: 2, MeasurementDate: day},
	}))
	check(omop.Write(w, []omop.NoteNLP{{NoteNLPID: 1, NoteID: 1, Offset: ptr("5"), LexicalVariant: "x", NLPDate: day}}))
	check(w.Close())
	check(dir.Commit())
	return filepath.Join(target, "omop")
}

func TestLoadScriptMakesADatabase(t *testing.T) {
	ddl := golden.Shared(t, "data/omop/cdm/ddl/5.4/duckdb")
	folder := omopFolder(t)
	script, err := os.ReadFile(filepath.Join(folder, omop.LoadScript))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	for _, official := range []bool{false, true} {
		db := openDuck(t)
		if official {
			for _, name := range []string{"OMOPCDM_duckdb_5.4_ddl.sql", "OMOPCDM_duckdb_5.4_primary_keys.sql"} {
				b, err := os.ReadFile(filepath.Join(ddl, name))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := db.Exec(strings.ReplaceAll(string(b), "@cdmDatabaseSchema.", "")); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			// A vocabulary that was loaded before stays.
			execute(t, db, "INSERT INTO vocabulary VALUES ('None', 'x', NULL, 'v5.0', 0)")
		}
		for range 2 { // a second run gives the same tables
			if _, err := db.Exec(string(script)); err != nil {
				t.Fatalf("official %t: %v", official, err)
			}
			got := texts(t, db, `SELECT p.person_id, p.birth_datetime IS NULL, v.visit_concept_id, v.visit_end_date - v.visit_start_date, m.value_as_number = 0
				FROM person p JOIN visit_occurrence v USING (person_id) JOIN measurement m USING (visit_occurrence_id) ORDER BY 1`)
			want := [][]string{{"1", "true", "9202", "0", "true"}, {"2", "false", "9201", "1", "false"}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("official %t (-want +got):\n%s", official, diff)
			}
			got = texts(t, db, `SELECT (SELECT count(*) FROM measurement), (SELECT count(value_as_number) FROM measurement), (SELECT "offset" FROM note_nlp), (SELECT count(*) FROM duckdb_tables()), (SELECT count(*) FROM vocabulary)`)
			want = [][]string{{"3", "2", "5", "41", map[bool]string{true: "1", false: "0"}[official]}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("official %t (-want +got):\n%s", official, diff)
			}
		}
	}
}
