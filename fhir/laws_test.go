package fhir

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/carabiner-health/carabiner/issue"
)

// corpus is a folder with everything in it: several formats, damage, noise.
func corpus(t testing.TB) fstest.MapFS {
	t.Helper()
	var lines, other strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&lines, "{\"resourceType\":\"Patient\",\"id\":\"p%d\",\"n\":%d.50}\n", i, i)
		switch i % 100 {
		case 7:
			other.WriteString("{broken\n")
		case 8:
			other.WriteString("\r\n")
		case 9:
			other.WriteString("{\"resourceType\":\"Binary\",\"data\":\"" + strings.Repeat("QQ", i) + "\"}\r\n")
		case 10:
			other.WriteString("{\"resourceType\":\"Patient\",\"x\":\"\xff\"}\n")
		default:
			fmt.Fprintf(&other, " {\"resourceType\":\"Observation\",\"id\":\"o%d\"} \n", i)
		}
	}
	return fstest.MapFS{
		"a.ndjson":     {Data: []byte(lines.String())},
		"b.ndjson.gz":  {Data: []byte(gz(other.String()))},
		"c.ndjson.zst": {Data: []byte(zst(t, lines.String()))},
		"d.ndjson.gz":  {Data: []byte(gz(other.String())[:3000])},
		"e.json":       {Data: []byte("{\n\"resourceType\":\"Bundle\",\n\"entry\":[{\"resource\":" + patient + "},{\"resource\":{}},{\"resource\":" + weight + "}]}")},
		"f.json":       {Data: []byte("{\n\"resourceType\":\"Bundle\",\n\"entry\":[{\"resource\":" + patient + "},{\"resource\":{")},
		"g.json":       {Data: []byte(patient)},
		"README":       {Data: []byte("text")},
	}
}

// readCorpus reads the corpus and returns everything that came out, sorted.
func readCorpus(t *testing.T, fsys fstest.MapFS, workers int, adjust func(*engine)) ([]string, *ReadStats) {
	t.Helper()
	srcs, err := FSSources(fsys)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var out []string
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		out = append(out, fmt.Sprintf(format, args...))
	}
	opts := &ReadOptions{
		MaxRecordBytes: 4000,
		Reporter:       issue.ReporterFunc(func(i issue.Issue) error { note("finding %+v", i); return nil }),
		Quarantine: func(r Rejected) error {
			note("rejected %d %+v %+v %v %s %s", r.Source, r.Pos, r.Reason, r.Truncated, r.Type, r.Raw)
			return nil
		},
	}
	e := newEngine(t.Context(), srcs, opts)
	if adjust != nil {
		adjust(e)
	}
	err = e.each(workers, func(_ int, r *Resource) error {
		note("resource %d %+v %s %s %s", r.Source(), r.Pos(), r.Type(), r.ID(), r.Raw())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out, e.snapshot()
}

func TestWorkersAndSizesChangeNothing(t *testing.T) {
	fsys := corpus(t)
	want, wantStats := readCorpus(t, fsys, 1, nil)
	if len(want) < 6000 {
		t.Fatalf("want thousands of events, have %d", len(want))
	}
	for _, workers := range []int{1, 2, 8} {
		for _, size := range []int{0, 1, 100, 5000} {
			got, stats := readCorpus(t, fsys, workers, func(e *engine) {
				if size > 0 {
					e.cutBytes, e.docBound = size, size
				}
			})
			if !slices.Equal(want, got) {
				for i := range want {
					if i >= len(got) || want[i] != got[i] {
						t.Fatalf("%d workers, size %d: event %d of %d differs:\n%.300s\n%.300s", workers, size, i, len(want), want[i], got[min(i, len(got)-1)])
					}
				}
				t.Fatalf("%d workers, size %d: want %d events, have %d", workers, size, len(want), len(got))
			}
			if !slices.Equal(stats.Sources, wantStats.Sources) {
				t.Errorf("%d workers, size %d: the account differs", workers, size)
			}
		}
	}
}

func TestReadIsEachInOrder(t *testing.T) {
	fsys := corpus(t)
	opts := &ReadOptions{Reporter: issue.Discard, MaxRecordBytes: 4000}
	type key struct {
		source string
		record int64
		raw    string
	}
	var inOrder, parallel []key
	for r, err := range ReadFS(t.Context(), fsys, opts) {
		if err != nil {
			t.Fatal(err)
		}
		inOrder = append(inOrder, key{r.Pos().Source, r.Record(), string(r.Raw())})
	}
	srcs, err := FSSources(fsys)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	several := *opts
	several.Workers = 4
	if _, err := Each(t.Context(), srcs, &several, func(_ int, r *Resource) error {
		mu.Lock()
		defer mu.Unlock()
		parallel = append(parallel, key{srcs[r.Source()].Name(), r.Record(), string(r.Raw())})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(parallel, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.record, b.record))
	})
	if !slices.Equal(inOrder, parallel) {
		t.Errorf("want the same resources, sorted: have %d and %d", len(inOrder), len(parallel))
	}
}

func TestExtractGivesTheBytesOfRecords(t *testing.T) {
	fsys := corpus(t)
	srcs, err := FSSources(fsys)
	if err != nil {
		t.Fatal(err)
	}
	opts := &ReadOptions{MaxRecordBytes: 4000, Reporter: issue.Discard}
	want := map[int][]int64{}
	texts := map[[2]int64]string{}
	note := func(src int, record int64, raw []byte) {
		if record%3 == 0 || record < 3 {
			want[src] = append(want[src], record)
			texts[[2]int64{int64(src), record}] = string(raw)
		}
	}
	first := *opts
	first.Workers = 1
	first.Quarantine = func(r Rejected) error { note(r.Source, r.Pos.Record, r.Raw); return nil }
	if _, err := Each(t.Context(), srcs, &first, func(_ int, r *Resource) error {
		note(r.Source(), r.Record(), r.Raw())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	total := len(texts)
	emitted := 0
	last := [2]int64{-1, -1}
	err = Extract(t.Context(), srcs, opts, want, func(src int, record int64, raw []byte) error {
		emitted++
		key := [2]int64{int64(src), record}
		if slices.Compare(key[:], last[:]) <= 0 {
			t.Errorf("want records in order, have %v after %v", key, last)
		}
		last = key
		if text, ok := texts[key]; !ok || strings.TrimSpace(text) != string(raw) {
			t.Errorf("source %d, record %d: want the bytes that were read", src, record)
		}
		return nil
	})
	if err != nil || emitted != total || total < 1000 {
		t.Errorf("want %d records, have %d, %v", total, emitted, err)
	}
}

func TestExtractReadsAStreamAgain(t *testing.T) {
	text := strings.Repeat(patient+"\n", 10) + weight
	src := ReaderSource("-", io.MultiReader(strings.NewReader(text)))
	t.Cleanup(func() { _ = src.Close() })
	if _, err := Each(t.Context(), []Source{src}, nil, func(int, *Resource) error { return nil }); err != nil {
		t.Fatal(err)
	}
	got := ""
	err := Extract(t.Context(), []Source{src}, nil, map[int][]int64{0: {11}}, func(_ int, _ int64, raw []byte) error {
		got = string(raw)
		return nil
	})
	if err != nil || got != weight {
		t.Errorf("want record 11, have %q, %v", got, err)
	}
}

func TestPiecesOfTheInputChangeNothing(t *testing.T) {
	for name, file := range corpus(t) {
		if len(file.Data) > 4000 {
			continue
		}
		want, wantStats := readEvents(t, bytes.NewReader(file.Data), knobs{name: name})
		got, stats := readEvents(t, iotest.OneByteReader(bytes.NewReader(file.Data)), knobs{name: name})
		if !slices.Equal(want, got) || stats != wantStats {
			t.Errorf("%s: single bytes give another result", name)
		}
		got, stats = readEvents(t, iotest.DataErrReader(bytes.NewReader(file.Data)), knobs{name: name})
		if !slices.Equal(want, got) || stats != wantStats {
			t.Errorf("%s: an end together with data gives another result", name)
		}
	}
}

func TestReadingALineAllocatesNothing(t *testing.T) {
	e := newEngine(t.Context(), nil, nil)
	n := 0
	w := e.newWorker(func(r *Resource) error { n += len(r.IDBytes()) + len(r.Type()); return nil })
	line := []byte(weight)
	at := place{name: "x", record: 1, line: 1, column: 1}
	read := func() {
		if rej, err := w.line(line, at, true, false); rej != nil || err != nil {
			t.Fatal(rej, err)
		}
	}
	read()
	if got := testing.AllocsPerRun(100, read); got != 0 || n == 0 {
		t.Errorf("want no allocation a record, have %v", got)
	}
}

func TestResolvingAllocatesNothing(t *testing.T) {
	r, err := Parse([]byte(`{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"c"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r.index = &bundleIndex{}
	r.index.add([]byte("urn:uuid:1"), "Patient", nil)
	for _, ref := range []string{"Patient/1", "https://x.org/fhir/Patient/1/_history/2", "#c", "urn:uuid:1", "urn:uuid:2"} {
		text := []byte(ref)
		var got Ref
		if n := testing.AllocsPerRun(100, func() { got = r.Resolve(text) }); n != 0 || got.Kind == RefNone {
			t.Errorf("%s: want no allocation, have %v", ref, n)
		}
	}
}
