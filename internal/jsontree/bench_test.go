package jsontree

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/internal/golden"
)

// unpack returns the contents of the gzip files in a shared folder whose name
// matches pattern.
func unpack(b *testing.B, folder, pattern string) (docs [][]byte) {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(golden.Shared(b, folder), pattern))
	if err != nil || len(files) == 0 {
		b.Fatalf("files %s: %v", pattern, err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			b.Fatal(err)
		}
		doc, err := io.ReadAll(z)
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
		docs = append(docs, doc)
	}
	return docs
}

var bulk struct {
	sync.Mutex
	lines [][]byte
	size  int64
}

// bulkLines returns every line of the bulk export, unpacked once.
func bulkLines(b *testing.B) ([][]byte, int64) {
	bulk.Lock()
	defer bulk.Unlock()
	if bulk.lines != nil {
		return bulk.lines, bulk.size
	}
	for _, doc := range unpack(b, "data/fhir/synthea/bulk-300", "*.ndjson.gz") {
		for line := range bytes.Lines(doc) {
			bulk.lines = append(bulk.lines, line)
			bulk.size += int64(len(line))
		}
	}
	return bulk.lines, bulk.size
}

func parseAll(tb testing.TB, t *Tree, docs [][]byte) {
	for _, doc := range docs {
		if err := t.Parse(doc, nil); err != nil {
			tb.Fatal(err)
		}
	}
}

func validAll(tb testing.TB, docs [][]byte) {
	for _, doc := range docs {
		if !json.Valid(doc) {
			tb.Fatal("not valid")
		}
	}
}

// BenchmarkBulkRatio builds the tree of every line of the bulk export and, in
// turn, asks encoding/json whether the same lines are valid, so that both see
// the same machine. The bar is a ratio of 1.5; the aim is 2.5.
func BenchmarkBulkRatio(b *testing.B) {
	lines, size := bulkLines(b)
	var t Tree
	var tree, valid time.Duration
	best, bestValid := time.Hour, time.Hour
	for b.Loop() {
		start := time.Now()
		parseAll(b, &t, lines)
		d := time.Since(start)
		start = time.Now()
		validAll(b, lines)
		v := time.Since(start)
		tree, valid = tree+d, valid+v
		best, bestValid = min(best, d), min(bestValid, v)
	}
	mb := float64(size) / 1e6
	b.ReportMetric(mb*float64(b.N)/tree.Seconds(), "tree-MB/s")
	b.ReportMetric(mb*float64(b.N)/valid.Seconds(), "valid-MB/s")
	b.ReportMetric(valid.Seconds()/tree.Seconds(), "ratio")
	b.ReportMetric(mb/best.Seconds(), "best-tree-MB/s")
	b.ReportMetric(mb/bestValid.Seconds(), "best-valid-MB/s")
}

func BenchmarkParseBulk(b *testing.B) {
	lines, size := bulkLines(b)
	var t Tree
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		parseAll(b, &t, lines)
	}
}

func bundles(b *testing.B) (docs [][]byte, size int64) {
	docs = unpack(b, "data/fhir/synthea/bundles-100", "0[0-2]*.json.gz")
	for _, d := range docs {
		size += int64(len(d))
	}
	return docs, size
}

func BenchmarkParsePretty(b *testing.B) {
	docs, size := bundles(b)
	var t Tree
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		parseAll(b, &t, docs)
	}
}

func BenchmarkValidPretty(b *testing.B) {
	docs, size := bundles(b)
	b.SetBytes(size)
	for b.Loop() {
		validAll(b, docs)
	}
}

func BenchmarkSplitPretty(b *testing.B) {
	docs, size := bundles(b)
	s := NewSplitter(nil, &SplitOptions{Element: "entry"})
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, doc := range docs {
			s.Reset(bytes.NewReader(doc))
			var err error
			for err == nil {
				_, err = s.Next()
			}
			if err != io.EOF {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkCompactPretty(b *testing.B) {
	docs, size := bundles(b)
	var dst []byte
	b.SetBytes(size)
	for b.Loop() {
		for _, doc := range docs {
			dst = Compact(dst[:0], doc)
		}
	}
}
