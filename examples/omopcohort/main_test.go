package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dataset/extract"
	"github.com/carabiner-health/carabiner/examples/omopcohort/cohort"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/gentest"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/mapping"
	"github.com/carabiner-health/carabiner/omop"
	"github.com/carabiner-health/carabiner/omop/vocab"
)

// clinic converts the invented clinic to OMOP and returns the folder.
func clinic(t *testing.T) string {
	t.Helper()
	store, _, err := vocab.OpenDir(t.Context(), "../../testdata/clinic-vocabulary", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	srcs, err := fhir.NewSources([]string{"../../testdata/clinic"})
	if err != nil {
		t.Fatal(err)
	}
	defer fhir.CloseSources(srcs)
	out := filepath.Join(t.TempDir(), "out")
	if _, err := mapping.Convert(t.Context(), srcs, &mapping.ConvertOptions{Out: out, Concepts: store, VocabularyRelease: store.Info().Release, Workers: 1, Reporter: issue.Discard}); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(out, "omop")
}

func readTable[T any](t *testing.T, path string) []T {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows []T
	for row, err := range columnar.Read[T](bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestTheExampleMakesACohortThatTheCDMTakes(t *testing.T) {
	db, out := clinic(t), filepath.Join(t.TempDir(), "cohort")
	var stdout, stderr bytes.Buffer
	if err := run([]string{db, out, "201826", "320128", "81151", "133228"}, &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	want := `gender     people   cohort
0              <5       <5
8507            5        0
8532            5       <5
left out, as not observed at the first diagnosis: 0
`
	if stdout.String() != want || stderr.Len() > 0 {
		t.Errorf("want\n%s\nhave\n%s%s", want, stdout.String(), stderr.String())
	}
	rows := readTable[cohort.Cohort](t, filepath.Join(out, "cohort.parquet"))
	if len(rows) == 0 {
		t.Fatal("want rows, have none")
	}
	for _, r := range rows {
		if problems := r.Validate(); len(problems) > 0 || r.CohortEndDate.Compare(r.CohortStartDate) < 0 {
			t.Errorf("%+v: %v", r, problems)
		}
	}
	// The file takes the place of the empty table that convert made.
	b, err := os.ReadFile(filepath.Join(out, "cohort.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(db, "cohort.parquet"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := omop.NewValidator(nil)
	if err != nil {
		t.Fatal(err)
	}
	var found issue.Collector
	if _, err := v.Validate(t.Context(), os.DirFS(db), &found); err != nil {
		t.Fatal(err)
	}
	for _, i := range found.List() {
		if text := i.String(); strings.Contains(text, "cohort") && !strings.Contains(text, "cohort_definition") {
			t.Errorf("want a cohort without findings, have %v", i)
		}
	}
	// And the engine reads the same rows out of it.
	engine := runEngine(t, db)
	if have := readTable[cohort.Cohort](t, filepath.Join(engine, "cohort.parquet")); !reflect.DeepEqual(rows, have) {
		t.Errorf("want\n%+v\nhave\n%+v", rows, have)
	}
}

func runEngine(t *testing.T, db string) string {
	t.Helper()
	model, findings, err := dataset.Load(t.Context(), "cohort.profile.yaml", nil)
	if err != nil || findings.HasErrors() {
		t.Fatal(err, findings)
	}
	out := filepath.Join(t.TempDir(), "engine")
	if _, err := extract.Run(t.Context(), model, []string{db}, &extract.Options{Out: out}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRowsAreThoseOfTheEngine(t *testing.T) {
	db := clinic(t)
	engine, in := runEngine(t, db), os.DirFS(db)
	same(t, in, engine, "persons", cohort.ExtractPerson, 12)
	same(t, in, engine, "conditions", cohort.ExtractCondition, 13)
	same(t, in, engine, "periods", cohort.ExtractPeriod, 14)
}

func same[R omop.Row, T any](t *testing.T, in fs.FS, engine, table string, make func(R) (T, issue.List), rows int) {
	t.Helper()
	have, err := read(in, make, issue.FailFast)
	if err != nil {
		t.Fatal(err)
	}
	want := readTable[T](t, filepath.Join(engine, table+".parquet"))
	if len(have) != rows || !reflect.DeepEqual(want, have) {
		t.Errorf("%s: want the %d rows of the engine\n%+v\nhave\n%+v", table, rows, want, have)
	}
}

func TestPeopleEnterOnTheFirstDayOfTheirFirstDiagnosis(t *testing.T) {
	day := func(d int) cohort.Date { return cohort.NewDate(2024, 5, d) }
	conditions := []cohort.Condition{
		{PersonID: 2, ConditionConceptID: 7, ConditionStartDate: day(9)},
		{PersonID: 2, ConditionConceptID: 8, ConditionStartDate: day(3)},
		{PersonID: 2, ConditionConceptID: 9, ConditionStartDate: day(1)}, // not asked for
		{PersonID: 1, ConditionConceptID: 7, ConditionStartDate: day(4)},
		{PersonID: 3, ConditionConceptID: 7, ConditionStartDate: day(20)},
	}
	periods := []cohort.Period{
		{PersonID: 1, ObservationPeriodStartDate: day(4), ObservationPeriodEndDate: day(4)},
		{PersonID: 2, ObservationPeriodStartDate: day(1), ObservationPeriodEndDate: day(2)},
		{PersonID: 2, ObservationPeriodStartDate: day(3), ObservationPeriodEndDate: day(30)},
		{PersonID: 3, ObservationPeriodStartDate: day(1), ObservationPeriodEndDate: day(19)},
	}
	rows, unobserved := enter(conditions, periods, []int32{7, 8})
	want := []cohort.Cohort{
		{CohortDefinitionID: 1, SubjectID: 1, CohortStartDate: day(4), CohortEndDate: day(4)},
		{CohortDefinitionID: 1, SubjectID: 2, CohortStartDate: day(3), CohortEndDate: day(30)},
	}
	if !slices.Equal(rows, want) || unobserved != 1 {
		t.Errorf("want %+v and 1 left out, have %+v and %d", want, rows, unobserved)
	}
}

func TestARowWithAnErrorIsToldAndLeftOut(t *testing.T) {
	in := fstest.MapFS{
		"person.csv": {Data: []byte("person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n1,8507,1950,0,0\n2,8507,1850,0,0\n")},
	}
	var tell issue.Collector
	persons, err := read(in, cohort.ExtractPerson, &tell)
	if err != nil {
		t.Fatal(err)
	}
	if len(persons) != 1 || len(tell.List()) != 1 || tell.List()[0].Path != "year_of_birth" {
		t.Errorf("want one person and one finding, have %d and %v", len(persons), tell.List())
	}
}

func TestSmallNumbersAreMasked(t *testing.T) {
	for n, want := range map[int]string{0: "0", 1: "<5", 4: "<5", 5: "5", 12: "12"} {
		if have := masked(n); have != want {
			t.Errorf("%d: want %s, have %s", n, want, have)
		}
	}
}

func TestTheExampleSaysWhatItWants(t *testing.T) {
	for _, args := range [][]string{nil, {"a", "b"}, {"a", "b", "x"}} {
		if err := run(args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "want") {
			t.Errorf("%v: want an error that says what is wanted, have %v", args, err)
		}
	}
}

func TestTheGeneratedCodeIsUpToDate(t *testing.T) {
	gentest.UpToDate(t, "main.go")
}
