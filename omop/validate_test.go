package omop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// folder makes a file system of CSV files that have all the columns of their
// tables: each line of a table is "column=value column=value".
func folder(tables map[string][]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for table, lines := range tables {
		l := model().byName[table]
		var b strings.Builder
		for i := range l.columns {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(l.columns[i].Name)
		}
		b.WriteByte('\n')
		for _, line := range lines {
			values := map[string]string{}
			for _, pair := range strings.Fields(line) {
				name, value, _ := strings.Cut(pair, "=")
				values[name] = value
			}
			for i := range l.columns {
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString(values[l.columns[i].Name])
			}
			b.WriteByte('\n')
		}
		fsys[table+".csv"] = &fstest.MapFile{Data: []byte(b.String())}
	}
	return fsys
}

// validate returns the findings as short lines, without those about absent
// tables and unchecked references.
func validate(t *testing.T, fsys fstest.MapFS, opts *ValidateOptions) (lines []string, sum *Summary) {
	t.Helper()
	v, err := NewValidator(opts)
	if err != nil {
		t.Fatal(err)
	}
	var c issue.Collector
	sum, err = v.Validate(context.Background(), fsys, &c)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range c.List() {
		if f.Code != CodeTableMissing && f.Code != CodeNotChecked {
			lines = append(lines, fmt.Sprintf("%s#%d %s %s %s", f.Pos.Source, f.Pos.Record, f.Severity, f.Code, f.Path))
		}
	}
	return lines, sum
}

const (
	person1 = "person_id=1 gender_concept_id=8507 year_of_birth=1950 race_concept_id=0 ethnicity_concept_id=0"
	period1 = "observation_period_id=1 person_id=1 observation_period_start_date=2000-01-01 observation_period_end_date=2001-01-01 period_type_concept_id=32817"
	visit1  = "visit_occurrence_id=1 person_id=1 visit_concept_id=9202 visit_start_date=2000-01-01 visit_end_date=2000-01-02 visit_type_concept_id=32817"
)

func TestValidatorFindsEachBrokenRule(t *testing.T) {
	base := func(change map[string][]string) fstest.MapFS {
		tables := map[string][]string{"person": {person1}, "observation_period": {period1}}
		for k, v := range change {
			tables[k] = v
		}
		return folder(tables)
	}
	for _, tc := range []struct {
		name string
		fsys fstest.MapFS
		want []string
	}{
		{"clean", base(nil), nil},
		{"type", base(map[string][]string{"person": {person1 + " month_of_birth=May"}}), []string{"person.csv#1 error omop-type person.month_of_birth"}},
		{"required", base(map[string][]string{"person": {person1 + " race_concept_id="}}), []string{"person.csv#1 error omop-required person.race_concept_id"}},
		{"length", base(map[string][]string{"person": {person1 + " gender_source_value=" + strings.Repeat("é", 51)}}), []string{"person.csv#1 error omop-length person.gender_source_value"}},
		{"length counts characters", base(map[string][]string{"person": {person1 + " gender_source_value=" + strings.Repeat("é", 50)}}), nil},
		{"primary key", base(map[string][]string{"person": {person1, person1}}), []string{"person.csv#2 error omop-primary-key person.person_id"}},
		{"foreign key", base(map[string][]string{"visit_occurrence": {visit1, strings.Replace(visit1, "_id=1 person_id=1", "_id=2 person_id=9", 1)}}),
			[]string{"visit_occurrence.csv#2 error omop-foreign-key visit_occurrence.person_id"}},
		{"own table", base(map[string][]string{"visit_occurrence": {visit1 + " preceding_visit_occurrence_id=2", strings.Replace(visit1, "_id=1", "_id=2", 1) + " preceding_visit_occurrence_id=3"}}),
			[]string{"visit_occurrence.csv#2 error omop-foreign-key visit_occurrence.preceding_visit_occurrence_id"}},
		{"date order", base(map[string][]string{"visit_occurrence": {strings.Replace(visit1, "2000-01-02", "1999-12-31", 1)}}),
			[]string{"visit_occurrence.csv#1 error omop-date-order visit_occurrence.visit_end_date"}},
		{"datetime order", base(map[string][]string{"visit_occurrence": {strings.Replace(visit1, "2000-01-02", "2000-01-01", 1) + " visit_start_datetime=2000-01-01T10:00:00 visit_end_datetime=2000-01-01T09:00:00"}}),
			[]string{"visit_occurrence.csv#1 error omop-date-order visit_occurrence.visit_end_datetime"}},
		{"date beside datetime", base(map[string][]string{"visit_occurrence": {visit1 + " visit_start_datetime=2000-01-02T10:00:00"}}),
			[]string{"visit_occurrence.csv#1 warning omop-datetime visit_occurrence.visit_start_datetime"}},
		{"date range", base(map[string][]string{"death": {"person_id=1 death_date=0201-01-01"}}), []string{"death.csv#1 warning omop-date-range death.death_date"}},
		{"birth month", base(map[string][]string{"person": {person1 + " month_of_birth=13"}}), []string{"person.csv#1 warning omop-date-range person.month_of_birth"}},
		{"birth day", base(map[string][]string{"person": {person1 + " month_of_birth=2 day_of_birth=29"}}), []string{"person.csv#1 error omop-date-range person.day_of_birth"}},
		{"birth datetime", base(map[string][]string{"person": {person1 + " month_of_birth=2 day_of_birth=28 birth_datetime=1950-02-27"}}), []string{"person.csv#1 warning omop-datetime person.birth_datetime"}},
		{"no rows", base(map[string][]string{"observation_period": {}}), []string{"#0 warning omop-table-empty observation_period"}},
		{"unknown table", fstest.MapFS{"person.csv": base(nil)["person.csv"], "observation_period.csv": base(nil)["observation_period.csv"], "persons.csv": {}, "notes.txt": {}},
			[]string{"persons.csv#0 information omop-table-unknown "}},
		{"two files", fstest.MapFS{"person.csv": base(nil)["person.csv"], "PERSON.csv": base(nil)["person.csv"], "observation_period.csv": base(nil)["observation_period.csv"]},
			[]string{"#0 error omop-file person"}},
	} {
		got, _ := validate(t, tc.fsys, nil)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestValidatorChecksConceptsOnlyWhereThereAreSome(t *testing.T) {
	concept := "concept_id=8507 concept_name=MALE domain_id=Gender vocabulary_id=Gender concept_class_id=Gender standard_concept=S concept_code=M valid_start_date=19700101 valid_end_date=20991231"
	for _, tc := range []struct {
		name    string
		concept []string
		errors  int64
		skipped bool
	}{
		{"no table", nil, 0, true},
		{"no rows", []string{}, 0, true},
		{"some", []string{concept}, 1, false}, // the type concept of the period
	} {
		tables := map[string][]string{"person": {person1}, "observation_period": {period1}}
		if tc.concept != nil {
			tables["concept"] = tc.concept
		}
		_, sum := validate(t, folder(tables), nil)
		if n := sum.Count(issue.Error); n != tc.errors {
			t.Errorf("%s: want %d errors, have %d: %+v", tc.name, tc.errors, n, sum.Rules)
		}
		skipped := slices.ContainsFunc(sum.Rules, func(r RuleSummary) bool { return r.Code == CodeNotChecked && r.Path == "person.gender_concept_id" })
		if skipped != tc.skipped {
			t.Errorf("%s: want unchecked to be %t, have %t", tc.name, tc.skipped, skipped)
		}
	}
}

func TestValidatorNamesMissingTables(t *testing.T) {
	_, sum := validate(t, fstest.MapFS{}, nil)
	n := 0
	for _, r := range sum.Rules {
		if r.Code != CodeTableMissing {
			t.Errorf("want missing tables only, have %+v", r)
		}
		if required := r.Path == "person" || r.Path == "observation_period"; required != (r.Severity == issue.Error) {
			t.Errorf("%s: want an error exactly for required tables", r.Path)
		}
		n++
	}
	if n != 39 {
		t.Errorf("want 39 missing tables, have %d", n)
	}
}

func TestValidatorBoundsWhatItReportsAndCountsAll(t *testing.T) {
	var lines []string
	for i := range 500 {
		lines = append(lines, strings.Replace(person1, "person_id=1", fmt.Sprintf("person_id=%d", i), 1)+" month_of_birth=x")
	}
	fsys := folder(map[string][]string{"person": lines, "observation_period": {period1}})
	for bound, want := range map[int]int{0: 100, 7: 7, -1: 500} {
		got, sum := validate(t, fsys, &ValidateOptions{MaxPerRule: bound})
		if len(got) != want || sum.Count(issue.Error) != 500 || sum.Rows("person") != 500 {
			t.Errorf("bound %d: want %d findings and 500 counted, have %d and %d", bound, want, len(got), sum.Count(issue.Error))
		}
	}
}

func TestValidatorHoldsAFolderToAnOlderEdition(t *testing.T) {
	old := "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_start_datetime,visit_end_date,visit_end_datetime,visit_type_concept_id,provider_id,care_site_id,visit_source_value,visit_source_concept_id,admitting_source_concept_id,admitting_source_value,discharge_to_concept_id,discharge_to_source_value,preceding_visit_occurrence_id\n" +
		"1,1,9202,2000-01-01,,2000-01-02,,32817,,,,,1," + strings.Repeat("x", 51) + ",,,\n"
	fsys := folder(map[string][]string{"person": {person1}, "observation_period": {period1}})
	fsys["VISIT_OCCURRENCE.CSV"] = &fstest.MapFile{Data: []byte(old)}
	got, _ := validate(t, fsys, &ValidateOptions{Version: cdm.V53})
	if diff := cmp.Diff([]string{"VISIT_OCCURRENCE.CSV#1 error omop-length visit_occurrence.admitting_source_value"}, got); diff != "" {
		t.Errorf("5.3 (-want +got):\n%s", diff)
	}
	got, _ = validate(t, fsys, nil)
	want := []string{
		"VISIT_OCCURRENCE.CSV#0 information omop-column-former visit_occurrence.admitted_from_concept_id",
		"VISIT_OCCURRENCE.CSV#0 information omop-column-former visit_occurrence.admitted_from_source_value",
		"VISIT_OCCURRENCE.CSV#0 information omop-column-former visit_occurrence.discharged_to_concept_id",
		"VISIT_OCCURRENCE.CSV#0 information omop-column-former visit_occurrence.discharged_to_source_value",
		"VISIT_OCCURRENCE.CSV#1 error omop-length visit_occurrence.admitted_from_source_value",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("5.4 (-want +got):\n%s", diff)
	}
}

func TestNewValidatorRefusesContradictoryOptions(t *testing.T) {
	for _, o := range []ValidateOptions{{Version: "6.0"}, {FirstDate: 2, LastDate: 1}} {
		if _, err := NewValidator(&o); err == nil {
			t.Errorf("%+v: want an error", o)
		}
	}
}

func TestValidateStopsWhenToldTo(t *testing.T) {
	v, err := NewValidator(nil)
	if err != nil {
		t.Fatal(err)
	}
	var failed *issue.ListError
	if _, err := v.Validate(context.Background(), fstest.MapFS{}, issue.FailFast); !errors.As(err, &failed) {
		t.Errorf("want the reporter's error, have %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := v.Validate(ctx, folder(map[string][]string{"person": {person1}}), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("want context.Canceled, have %v", err)
	}
}

func TestIDSetHoldsDenseAndScatteredIDs(t *testing.T) {
	var s idSet
	want := map[int32]bool{}
	n := uint32(1)
	for i := range 200_000 {
		id := int32(i)
		if i%2 == 1 {
			n = n*1664525 + 1013904223
			id = int32(n)
		}
		if got := s.add(id); got == want[id] {
			t.Fatalf("%d: want add to answer %t", id, !want[id])
		}
		want[id] = true
	}
	for i := range int32(300_000) {
		for _, id := range []int32{i, -i, i * 7919} {
			if s.has(id) != want[id] {
				t.Fatalf("%d: want has to answer %t", id, want[id])
			}
		}
	}
	if s.size != int64(len(want)) {
		t.Errorf("want %d ids, have %d", len(want), s.size)
	}
}
