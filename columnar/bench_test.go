package columnar

import (
	"bytes"
	"io"
	"path/filepath"
	"runtime"
	"testing"
)

// tables is the number of tables of a clinical database, most of them empty.
const tables = 41

func writeTables(t testing.TB, rows []every) {
	for range tables {
		w, err := NewWriter[every](io.Discard, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkEmptyTables(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		writeTables(b, nil)
	}
}

func BenchmarkSmallTables(b *testing.B) {
	rows := everies(28, 5)
	b.ReportAllocs()
	for b.Loop() {
		writeTables(b, rows)
	}
}

// BenchmarkCommit writes the files of a small database and commits them to the
// disk.
func BenchmarkCommit(b *testing.B) {
	file := encode(b, everies(28, 5), 28, nil)
	base := b.TempDir()
	for i := 0; b.Loop(); i++ {
		d, err := ReplaceDir(filepath.Join(base, "db"))
		if err != nil {
			b.Fatal(err)
		}
		for k := range tables {
			f, err := d.Create("omop/" + string(rune('a'+k)) + ".parquet")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := f.Write(file); err != nil {
				b.Fatal(err)
			}
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		}
		if err := d.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	const n = 100_000
	file := encode(b, everies(n, 1000), 8192, nil)
	buf := make([]every, 1024)
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range ReadBatches(bytes.NewReader(file), int64(len(file)), buf) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkWriteEvery(b *testing.B) {
	const n = 100_000
	rows := everies(n, 1000)
	b.ReportAllocs()
	for b.Loop() {
		w, err := NewWriter[every](io.Discard, nil)
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Write(rows); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// TestEmptyTablesAreCheap bounds what the empty tables of a database cost in
// memory; BenchmarkEmptyTables has their time.
func TestEmptyTablesAreCheap(t *testing.T) {
	writeTables(t, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	writeTables(t, nil)
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / tables; each > 256<<10 {
		t.Errorf("want at most 256 KiB allocated for an empty table, have %d bytes", each)
	} else {
		t.Logf("%d bytes for an empty table", each)
	}
}

func TestAnOpenWriterOfFewRowsIsSmall(t *testing.T) {
	rows := everies(100, 10)
	open := make([]*Writer[every], tables)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range open {
		w, err := NewWriter[every](io.Discard, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		open[i] = w
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / tables; each > 128<<10 {
		t.Errorf("want at most 128 KiB for an open writer of %d rows, have %d bytes", len(rows), each)
	} else {
		t.Logf("%d bytes for an open writer", each)
	}
	runtime.KeepAlive(open)
}
