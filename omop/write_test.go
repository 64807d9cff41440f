package omop

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// writeDatabase returns the folder into which fill wrote.
func writeDatabase(t testing.TB, opts *WriteOptions, fill func(w *DatabaseWriter)) string {
	t.Helper()
	target := filepath.Join(t.TempDir(), "out")
	dir, err := columnar.NewDir(target)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	w, err := NewDatabaseWriter(dir, "omop", opts)
	if err != nil {
		t.Fatal(err)
	}
	fill(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := dir.Commit(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(target, "omop")
}

func mustWrite[T Row](t testing.TB, w *DatabaseWriter, rows ...T) {
	t.Helper()
	if err := Write(w, rows); err != nil {
		t.Fatal(err)
	}
}

func TestDatabaseHoldsEveryTableInTheOrderOfTheStandard(t *testing.T) {
	opts := &WriteOptions{VocabularyRelease: "v5", Policy: "ohdsi", PolicyHash: "ab", ToolVersion: "1", Metadata: []columnar.Metadata{{Key: "k", Value: "v"}}}
	path := writeDatabase(t, opts, func(w *DatabaseWriter) {
		mustWrite(t, w, Person{PersonID: 1, YearOfBirth: 1950})
		mustWrite(t, w, Person{PersonID: 2, YearOfBirth: 0, MonthOfBirth: ptr(int32(0))})
	})
	for _, name := range Tables() {
		f, err := os.Open(filepath.Join(path, name+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		st, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		info, err := columnar.Inspect(f, st.Size())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if rows := map[string]int64{"person": 2}[name]; info.Rows != rows {
			t.Errorf("%s: want %d rows, have %d", name, rows, info.Rows)
		}
		spec := cdm.V54.Model().Table(name)
		if spec == nil {
			spec = cdm.Imaging().Table(name)
		}
		for i, field := range spec.Fields {
			c := info.Columns[i]
			if c.Name != field.Name || c.Nullable == field.Required || c.Type != fits[field.Type][0] {
				t.Errorf("%s: column %d: want %s, have %+v", name, i, field.Name, c)
			}
		}
		want := []columnar.Metadata{{Key: MetaCDMVersion, Value: "5.4"}, {Key: MetaVocabularyRelease, Value: "v5"},
			{Key: MetaPolicy, Value: "ohdsi"}, {Key: MetaPolicyHash, Value: "ab"}, {Key: MetaToolVersion, Value: "1"}, {Key: "k", Value: "v"}}
		if diff := cmp.Diff(want, info.Metadata); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		f.Close()
	}
	if b, err := os.ReadFile(filepath.Join(path, LoadScript)); err != nil || !strings.Contains(string(b), "INSERT INTO person BY NAME") {
		t.Errorf("want a load script, have %v", err)
	}
	var got []Person
	for p, err := range ReadTable[Person](os.DirFS(path), nil) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	if diff := cmp.Diff([]Person{{PersonID: 1, YearOfBirth: 1950}, {PersonID: 2, MonthOfBirth: ptr(int32(0))}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDatabaseIsTheSameBytesEachTime(t *testing.T) {
	make := func() string {
		return writeDatabase(t, nil, func(w *DatabaseWriter) {
			for i := range int32(100) {
				mustWrite(t, w, Measurement{MeasurementID: i, PersonID: i / 10, ValueAsNumber: ptr(float64(i) / 3)})
				mustWrite(t, w, Person{PersonID: i})
			}
		})
	}
	a, b := os.DirFS(make()), os.DirFS(make())
	names, err := fs.Glob(a, "*")
	if err != nil || len(names) != 42 {
		t.Fatalf("want 42 files, have %d, %v", len(names), err)
	}
	for _, name := range names {
		x, err := fs.ReadFile(a, name)
		if err != nil {
			t.Fatal(err)
		}
		y, err := fs.ReadFile(b, name)
		if err != nil {
			t.Fatal(err)
		}
		if string(x) != string(y) {
			t.Errorf("%s: want equal bytes", name)
		}
	}
}

func TestWriteRefusesWhatItCannotPlace(t *testing.T) {
	dir, err := columnar.NewDir(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if _, err := NewDatabaseWriter(dir, "", &WriteOptions{RowsPerGroup: -1}); err == nil {
		t.Error("want an error for rows per group below zero")
	}
	w, err := NewDatabaseWriter(dir, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(w, []stranger{{}}); err == nil {
		t.Error("want an error for a struct of another package")
	}
	if err := Write(w, []Person{}); err != nil {
		t.Errorf("want no error for no rows, have %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("want the second Close to do nothing, have %v", err)
	}
	if err := Write(w, []Person{{}}); err == nil {
		t.Error("want an error after Close")
	}
}

func TestReadTableSaysThatATableIsAbsent(t *testing.T) {
	for _, err := range ReadTable[Person](os.DirFS(t.TempDir()), nil) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("want fs.ErrNotExist, have %v", err)
		}
	}
}

func TestTablesMayBeWrittenAtTheSameTime(t *testing.T) {
	path := writeDatabase(t, nil, func(w *DatabaseWriter) {
		task := func(write func(i int32) error) func(context.Context) error {
			return func(context.Context) error {
				for i := range int32(2000) {
					if err := write(i); err != nil {
						return err
					}
				}
				return nil
			}
		}
		err := flow.Do(context.Background(), 4,
			task(func(i int32) error { return Write(w, []Person{{PersonID: i}}) }),
			task(func(i int32) error { return Write(w, []Measurement{{MeasurementID: i}}) }),
			task(func(i int32) error { return Write(w, []Observation{{ObservationID: i}}) }),
			task(func(i int32) error { return Write(w, []Death{{PersonID: i}}) }))
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"person", "measurement", "observation", "death"} {
			if n := w.Rows()[table]; n != 2000 {
				t.Errorf("%s: want 2000 rows, have %d", table, n)
			}
		}
	})
	n := int32(0)
	for row, err := range ReadTable[Observation](os.DirFS(path), nil) {
		if err != nil || row.ObservationID != n {
			t.Fatalf("want row %d, have %d, %v", n, row.ObservationID, err)
		}
		n++
	}
}

// measurements returns n rows as a conversion makes them.
func measurements(n int) []Measurement {
	rows := make([]Measurement, n)
	for i := range rows {
		day := columnar.DateOf(2015, 1, 1+i%2000)
		code := []string{"8480-6", "8462-4", "29463-7", "8302-2"}[i%4]
		rows[i] = Measurement{
			MeasurementID: int32(i + 1), PersonID: int32(i/250 + 1), MeasurementConceptID: int32(3000000 + i%40),
			MeasurementDate: day, MeasurementDatetime: ptr(day.Timestamp() + 3600e6), MeasurementTypeConceptID: 32817,
			ValueAsNumber: ptr(float64(i%1000) / 10), UnitConceptID: ptr(int32(8876)), VisitOccurrenceID: ptr(int32(i/5 + 1)),
			MeasurementSourceValue: &code, UnitSourceValue: ptr("mm[Hg]"),
		}
	}
	return rows
}

func TestWriteAllocatesNothingPerRow(t *testing.T) {
	rows := measurements(1000)
	writeDatabase(t, &WriteOptions{RowsPerGroup: 1 << 20}, func(w *DatabaseWriter) {
		for range 20 {
			mustWrite(t, w, rows...)
		}
		per := testing.AllocsPerRun(20, func() { mustWrite(t, w, rows...) }) / float64(len(rows))
		if per > 0.05 {
			t.Errorf("want no allocation per row, have %.3f", per)
		}
	})
}

func BenchmarkWriteMeasurements(b *testing.B) {
	rows := measurements(10_000)
	b.ReportAllocs()
	writeDatabase(b, nil, func(w *DatabaseWriter) {
		for b.Loop() {
			if err := Write(w, rows); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkEmptyDatabase(b *testing.B) {
	for b.Loop() {
		writeDatabase(b, nil, func(*DatabaseWriter) {})
	}
}
