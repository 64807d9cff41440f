package columnar

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/google/go-cmp/cmp"
)

// goldenRow has some columns of the table, its decimals as float64.
type goldenRow struct {
	ID      int32      `parquet:"measurement_id"`
	Concept int64      `parquet:"measurement_concept_id"`
	Day     Date       `parquet:"measurement_date"`
	At      *Timestamp `parquet:"measurement_datetime"`
	Number  *float64   `parquet:"value_as_number"`
	Low     *float64   `parquet:"range_low"`
	Visit   *int32     `parquet:"visit_occurrence_id"`
	Source  *string    `parquet:"measurement_source_value"`
	Unit    *string    `parquet:"unit_source_value"`
	Event   *int64     `parquet:"measurement_event_id"`
}

// A real CDM, written by DuckDB, has the same rows as Parquet and as CSV.
func TestReadAgreesWithTheSameTableAsCSV(t *testing.T) {
	dir := golden.Shared(t, "data/omop/eunomia-28")
	b, err := os.ReadFile(filepath.Join(dir, "parquet", "measurement.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "csv", "MEASUREMENT.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	place := map[string]int{}
	for i, name := range lines[0] {
		place[strings.ToLower(name)] = i
	}
	// The two forms do not keep one order.
	want := map[int32][]string{}
	names := []string{"measurement_concept_id", "measurement_date", "measurement_datetime", "value_as_number", "range_low",
		"visit_occurrence_id", "measurement_source_value", "unit_source_value", "measurement_event_id"}
	for _, line := range lines[1:] {
		id, err := strconv.Atoi(line[place["measurement_id"]])
		if err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(names))
		for i, name := range names {
			row[i] = strings.TrimSuffix(line[place[name]], ".0")
		}
		want[int32(id)] = row
	}
	got := map[int32][]string{}
	for _, r := range decode[goldenRow](t, b) {
		at := text(r.At)
		got[r.ID] = []string{fmt.Sprint(r.Concept), r.Day.String(), strings.Replace(at, "T", " ", 1), text(r.Number), text(r.Low), text(r.Visit), text(r.Source), text(r.Unit), text(r.Event)}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// text returns a value in the form of the CSV file, NULL as the empty text.
func text[V any](v *V) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(*v)
}

// Every table of that CDM opens, and one that is written again reads equal.
func TestARealDatabaseIsRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(golden.Shared(t, "data/omop/eunomia-28/parquet"), "*.parquet"))
	if err != nil || len(files) != 39 {
		t.Fatalf("want 39 tables, have %d (%v)", len(files), err)
	}
	var rows int64
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		info := inspect(t, b)
		rows += info.Rows
		if len(info.Columns) < 2 {
			t.Errorf("%s: want columns, have %d", filepath.Base(path), len(info.Columns))
		}
		switch filepath.Base(path) {
		case "measurement.parquet":
			again(t, decode[goldenRow](t, b))
		case "concept.parquet":
			again(t, decode[struct {
				ID       int32   `parquet:"concept_id"`
				Name     string  `parquet:"concept_name"`
				Standard *string `parquet:"standard_concept"`
				Code     *string `parquet:"concept_code"`
				Start    Date    `parquet:"valid_start_date"`
				Invalid  *string `parquet:"invalid_reason"`
			}](t, b))
		case "concept_relationship.parquet":
			again(t, decode[struct {
				One   int32   `parquet:"concept_id_1"`
				Two   int32   `parquet:"concept_id_2"`
				Kind  string  `parquet:"relationship_id"`
				Until *Date   `parquet:"valid_end_date"`
				Why   *string `parquet:"invalid_reason"`
			}](t, b))
		}
	}
	if rows < 280_000 {
		t.Errorf("want all rows of the database, have %d", rows)
	}
}

func again[T any](t *testing.T, rows []T) {
	t.Helper()
	b := encode(t, rows, 8192, nil)
	wantRows(t, rows, decode[T](t, b))
	if int64(len(rows)) != inspect(t, b).Rows || bytes.Contains(b, []byte("DuckDB")) {
		t.Error("want a file of our own with all rows")
	}
}
