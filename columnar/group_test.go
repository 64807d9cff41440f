package columnar

import (
	"bytes"
	"io"
	"runtime"
	"sync"
	"testing"
)

// Groups encoded at the same time give the bytes of one writer.
func TestGroupsMayBeFilledAtTheSameTime(t *testing.T) {
	const size = 3000
	rows := everies(4*size, 50)
	opts := &Options{RowsPerGroup: size}
	want := encode(t, rows, 500, opts)
	var b bytes.Buffer
	w, err := NewWriter[every](&b, opts)
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := make([]*Group[every], 4), make([]error, 4)
	var wg sync.WaitGroup
	for i := range groups {
		wg.Go(func() {
			groups[i] = w.NewGroup()
			if errs[i] = groups[i].Write(rows[i*size : (i+1)*size]); errs[i] == nil {
				errs[i] = groups[i].Finish()
			}
		})
	}
	wg.Wait()
	for i, g := range groups {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		if err := w.Append(g); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, b.Bytes()) {
		t.Error("want the same bytes")
	}
}

// A finished group takes no rows until it is reset.
func TestAFinishedGroupIsClosed(t *testing.T) {
	type row struct{ A int32 }
	w, err := NewWriter[row](io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	g := w.NewGroup()
	if err := g.Write(make([]row, 5)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := g.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	if g.Room() != 0 || g.Write(make([]row, 1)) == nil {
		t.Error("want no room in a finished group")
	}
	g.Reset()
	if g.Room() != DefaultRowsPerGroup || g.Write(make([]row, 1)) != nil {
		t.Error("want room after Reset")
	}
}

// What a writer holds is one group, however long the file.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	rows := everies(20_000, 500)
	w, err := NewWriter[every](io.Discard, &Options{RowsPerGroup: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	var at [2]runtime.MemStats
	for i := range at {
		for range 1 + 19*i {
			if err := w.Write(rows); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC() // twice, for the pools of the encoders
		runtime.GC()
		runtime.ReadMemStats(&at[i])
	}
	if grown := int64(at[1].HeapAlloc) - int64(at[0].HeapAlloc); grown > 1<<20 {
		t.Errorf("20 times the rows: want at most 1 MiB more, have %d bytes", grown)
	}
	runtime.KeepAlive(w)
	runtime.KeepAlive(rows)
}
