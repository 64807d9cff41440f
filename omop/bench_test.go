package omop

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

func parquetOf[T Row](b *testing.B, rows []T) []byte {
	b.Helper()
	var out bytes.Buffer
	w, err := columnar.NewWriter[T](&out, nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Write(rows); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

func BenchmarkReadCSV(b *testing.B) {
	rows := measurements(20_000)
	var text bytes.Buffer
	w, err := NewCSVWriter[Measurement](&text, nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Write(rows); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		n := 0
		for _, err := range ReadCSV[Measurement](bytes.NewReader(text.Bytes()), "m.csv", nil) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != len(rows) {
			b.Fatalf("want %d rows, have %d", len(rows), n)
		}
	}
	b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkWriteCSV(b *testing.B) {
	rows := measurements(20_000)
	for b.Loop() {
		var text bytes.Buffer
		w, err := NewCSVWriter[Measurement](&text, nil)
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Write(rows); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(text.Len()))
	}
	b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkReadParquet(b *testing.B) {
	data := parquetOf(b, measurements(100_000))
	for b.Loop() {
		for _, err := range ReadParquet[Measurement](bytes.NewReader(data), int64(len(data)), "m.parquet", nil) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(100_000*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// A file of another maker declares every column nullable.
func BenchmarkReadLooseParquet(b *testing.B) {
	rows := measurements(100_000)
	loose := make([]looseMeasurement, len(rows))
	for i := range rows {
		r := &rows[i]
		loose[i] = looseMeasurement{
			MeasurementID: &r.MeasurementID, PersonID: &r.PersonID, MeasurementConceptID: &r.MeasurementConceptID,
			MeasurementDate: &r.MeasurementDate, MeasurementDatetime: r.MeasurementDatetime, MeasurementTypeConceptID: &r.MeasurementTypeConceptID,
			ValueAsNumber: r.ValueAsNumber, UnitConceptID: r.UnitConceptID, VisitOccurrenceID: r.VisitOccurrenceID,
			MeasurementSourceValue: r.MeasurementSourceValue, UnitSourceValue: r.UnitSourceValue,
		}
	}
	var out bytes.Buffer
	w, err := columnar.NewWriter[looseMeasurement](&out, nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Write(loose); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n := 0
		for _, err := range ReadParquet[Measurement](bytes.NewReader(out.Bytes()), int64(out.Len()), "m.parquet", nil) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != len(rows) {
			b.Fatalf("want %d rows, have %d", len(rows), n)
		}
	}
	b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkValidateMeasurements(b *testing.B) {
	const n = 200_000
	path := writeDatabase(b, nil, func(w *DatabaseWriter) {
		for i := range int32(n/250 + 1) {
			mustWrite(b, w, Person{PersonID: i + 1, YearOfBirth: 1950})
		}
		for i := range int32(n/5 + 1) {
			mustWrite(b, w, VisitOccurrence{VisitOccurrenceID: i + 1, PersonID: 1})
		}
		mustWrite(b, w, measurements(n)...)
	})
	v, err := NewValidator(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		sum, err := v.Validate(context.Background(), os.DirFS(path), nil)
		if err != nil || sum.Rows("measurement") != n || sum.Count(issue.Error) > 0 {
			b.Fatalf("want %d rows without errors, have %+v, %v", n, sum, err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkValidateEunomia(b *testing.B) {
	dir := golden.Shared(b, eunomia)
	v, err := NewValidator(nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, kind := range []string{"csv", "parquet"} {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				if _, err := v.Validate(context.Background(), os.DirFS(filepath.Join(dir, kind)), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
