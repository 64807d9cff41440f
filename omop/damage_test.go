package omop

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/issue"
)

func parquetFileOf[T any](t *testing.T, rows ...T) *fstest.MapFile {
	t.Helper()
	var b bytes.Buffer
	w, err := columnar.NewWriter[T](&b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: b.Bytes()}
}

func TestValidatorNamesColumnsOfAWrongType(t *testing.T) {
	type wide struct {
		PersonID    int64   `parquet:"person_id"`
		DeathDate   Date    `parquet:"death_date"`
		Cause       *string `parquet:"cause_source_value"`
		Description *string `parquet:"description"`
	}
	type wrong struct {
		PersonID  string `parquet:"person_id"`
		DeathDate Date   `parquet:"death_date"`
	}
	fsys := folder(map[string][]string{"person": {person1}, "observation_period": {period1}})
	fsys["death.parquet"] = parquetFileOf(t, wide{PersonID: 1}, wide{PersonID: 5})
	got, _ := validate(t, fsys, nil)
	got = slices.DeleteFunc(got, func(s string) bool { return strings.Contains(s, string(CodeColumnMissing)) })
	want := []string{
		"death.parquet#0 information omop-type death.person_id",
		"death.parquet#0 warning omop-column-unknown death",
		"death.parquet#2 error omop-foreign-key death.person_id",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wider integers (-want +got):\n%s", diff)
	}
	fsys["death.parquet"] = parquetFileOf(t, wrong{PersonID: "x"})
	_, sum := validate(t, fsys, nil)
	for _, want := range []RuleSummary{{issue.Error, CodeType, "death.person_id", 1}, {issue.Error, CodeFile, "death", 1}} {
		if !slices.Contains(sum.Rules, want) {
			t.Errorf("want the finding %+v, have %+v", want, sum.Rules)
		}
	}
}

func TestValidatorGoesOnAfterADamagedFile(t *testing.T) {
	file := parquetFileOf(t, Person{PersonID: 1, YearOfBirth: 1950, GenderConceptID: 8507})
	for name, data := range map[string][]byte{"cut": file.Data[:len(file.Data)/2], "empty": nil, "no footer": []byte("PAR1PAR1")} {
		fsys := folder(map[string][]string{"observation_period": {period1}})
		fsys["person.parquet"] = &fstest.MapFile{Data: data}
		got, sum := validate(t, fsys, nil)
		if diff := cmp.Diff([]string{"person.parquet#0 error omop-file person"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		unchecked := RuleSummary{issue.Information, CodeNotChecked, "observation_period.person_id", 1}
		if !slices.Contains(sum.Rules, unchecked) || sum.Rows("observation_period") != 1 {
			t.Errorf("%s: want the other table read and its reference unchecked, have %+v", name, sum)
		}
	}
}

// FuzzValidatorSurvivesAnything holds the Validator to three laws for any CSV:
// it neither panics nor ends with an error, its counts add up, and no finding
// repeats a longer piece of a cell.
func FuzzValidatorSurvivesAnything(f *testing.F) {
	clean := folder(map[string][]string{"person": {person1, person1 + " month_of_birth=13"}})["person.csv"].Data
	f.Add(clean)
	f.Add(bytes.ReplaceAll(clean, []byte("1950"), []byte("secret-value")))
	f.Add(bytes.ReplaceAll(clean, []byte(","), []byte("\t")))
	f.Add([]byte("person_id\n\"1\n"))
	f.Add([]byte("\xFF\xFE"))
	periods := folder(map[string][]string{"observation_period": {period1}})["observation_period.csv"]
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := NewValidator(&ValidateOptions{MaxPerRule: -1, MaxRecordBytes: 1 << 12})
		if err != nil {
			t.Fatal(err)
		}
		var c issue.Collector
		sum, err := v.Validate(context.Background(), fstest.MapFS{"person.csv": {Data: in}, "observation_period.csv": periods}, &c)
		if err != nil {
			t.Fatalf("want no error, have %v", err)
		}
		if n := sum.Count(issue.Information); n != int64(len(c.List())) {
			t.Errorf("want %d findings counted, have %d", len(c.List()), n)
		}
		for _, i := range c.List() {
			if strings.Contains(i.Message, "secret") {
				t.Errorf("want no value in a message, have %s", i)
			}
		}
	})
}
