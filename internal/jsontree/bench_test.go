package jsontree

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/internal/golden"
)

// unpack returns the contents of the gzip files in a shared folder whose name
// matches pattern, of each file at most the given bytes.
func unpack(b testing.TB, folder, pattern string, most int64) (docs [][]byte) {
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
		doc, err := io.ReadAll(io.LimitReader(z, most))
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
	for _, doc := range unpack(b, "data/fhir/synthea/bulk-300", "*.ndjson.gz", math.MaxInt64) {
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

// contender is one way of going through some documents.
type contender struct {
	name string
	run  func(docs [][]byte)
}

// race lets the contenders take turns on pieces of about 128 KiB, short enough
// to be seldom interrupted, so that all of them see the same machine, and reports the speed of each by its best
// time for every piece, and the ratio of the first two, which it returns.
func race(b *testing.B, docs [][]byte, cs ...contender) float64 {
	var pieces [][][]byte
	var size, total int
	first := 0
	for i, d := range docs {
		if size += len(d); size > 128<<10 || i == len(docs)-1 {
			pieces = append(pieces, docs[first:i+1])
			total += size
			first, size = i+1, 0
		}
	}
	best := make([]time.Duration, len(cs)*len(pieces))
	for b.Loop() {
		for p, piece := range pieces {
			for c := range cs {
				start := time.Now()
				cs[c].run(piece)
				d := time.Since(start)
				if t := &best[c*len(pieces)+p]; *t == 0 || d < *t {
					*t = d
				}
			}
		}
	}
	speed := make([]float64, len(cs))
	for c := range cs {
		var sum time.Duration
		for _, d := range best[c*len(pieces):][:len(pieces)] {
			sum += d
		}
		speed[c] = float64(total) / 1e6 / sum.Seconds()
		b.ReportMetric(speed[c], cs[c].name+"-MB/s")
	}
	ratio := speed[0] / speed[1]
	b.ReportMetric(ratio, "ratio")
	b.ReportMetric(0, "ns/op") // the sum over the contenders says nothing
	return ratio
}

// BenchmarkBulkRatio builds the tree of every line of the bulk export and, in
// turn, asks encoding/json whether the same lines are valid. It fails below a
// ratio of 1.5.
func BenchmarkBulkRatio(b *testing.B) {
	lines, _ := bulkLines(b)
	var t Tree
	ratio := race(b, lines,
		contender{"tree", func(docs [][]byte) { parseAll(b, &t, docs) }},
		contender{"valid", func(docs [][]byte) { validAll(b, docs) }},
		contender{"get11", func(docs [][]byte) { getAll(b, &t, docs) }},
	)
	if ratio < 1.5 {
		b.Errorf("want the tree at least 1.5 times as fast as Valid, have %.2f", ratio)
	}
}

// BenchmarkPrettyRatio does the same with pretty-printed Bundles, and cuts and
// compacts them.
func BenchmarkPrettyRatio(b *testing.B) {
	docs, _ := bundles(b)
	var t Tree
	var dst []byte
	s := NewSplitter(nil, &SplitOptions{Element: "entry"})
	race(b, docs,
		contender{"tree", func(docs [][]byte) { parseAll(b, &t, docs) }},
		contender{"valid", func(docs [][]byte) { validAll(b, docs) }},
		contender{"split", func(docs [][]byte) { splitEach(b, s, docs) }},
		contender{"compact", func(docs [][]byte) {
			for _, doc := range docs {
				dst = Compact(dst[:0], doc)
			}
		}},
	)
}

// BenchmarkForms compares the forms that leave the quick way: escapes, text
// beyond ASCII, long names, white space of other widths, numbers.
func BenchmarkForms(b *testing.B) {
	for _, c := range []struct{ name, unit string }{
		{"escapes", `{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">\n<p>a paragraph of text<\/p>\n<\/div>"}`},
		{"swedish", `{"family":"Åström","given":["Åsa"],"city":"Malmö","text":"Öppen vård på sjukhus, återbesök"}`},
		{"japanese", `{"family":"山田","given":["太郎"],"text":"患者は昨日から発熱があり、頭痛を訴えている"}`},
		{"numbers", `[12.5,0.001,-17,3.14159265358979,1e5,123456789012,0,7]`},
		{"tabs", "{\r\n\t\t\"system\" : \"urn:oid:1.2.3\" ,\r\n\t\t\"code\" : \"a\"\r\n\t}"},
		{"base64", `{"contentType":"image/png","data":"` + strings.Repeat("iVBORw0KGgoAAAANSUhEUgAA", 400) + `"}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := 1<<18/len(c.unit) + 1
			doc := []byte("[" + strings.Repeat(c.unit+",", n) + c.unit + "]")
			var t Tree
			race(b, [][]byte{doc},
				contender{"tree", func(docs [][]byte) { parseAll(b, &t, docs) }},
				contender{"valid", func(docs [][]byte) { validAll(b, docs) }},
			)
		})
	}
}

func splitEach(tb testing.TB, s *Splitter, docs [][]byte) {
	for _, doc := range docs {
		s.Reset(bytes.NewReader(doc))
		var err error
		for err == nil {
			_, err = s.Next()
		}
		if err != io.EOF {
			tb.Fatal(err)
		}
	}
}

// getAll builds the trees and reads eleven fields of each.
func getAll(tb testing.TB, t *Tree, docs [][]byte) {
	n := 0
	for _, doc := range docs {
		if err := t.Parse(doc, nil); err != nil {
			tb.Fatal(err)
		}
		r := t.Root()
		n += len(r.Get("resourceType").Bytes(nil)) + len(r.Get("id").Bytes(nil)) + len(r.Get("status").Bytes(nil))
		coding := r.Get("code").Get("coding").First()
		n += len(coding.Get("system").Bytes(nil)) + len(coding.Get("code").Bytes(nil))
		n += len(r.Get("subject").Get("reference").Bytes(nil)) + len(r.Get("encounter").Get("reference").Bytes(nil))
		n += len(r.Get("effectiveDateTime").Bytes(nil))
		q := r.Get("valueQuantity")
		n += len(q.Get("value").Number()) + len(q.Get("unit").Bytes(nil)) + len(q.Get("code").Bytes(nil))
	}
	if n == 0 {
		tb.Fatal("nothing was read")
	}
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
	docs = unpack(b, "data/fhir/synthea/bundles-100", "0[0-2]*.json.gz", math.MaxInt64)
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

func BenchmarkSplitPretty(b *testing.B) {
	docs, size := bundles(b)
	s := NewSplitter(nil, &SplitOptions{Element: "entry"})
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		splitEach(b, s, docs)
	}
}

// BenchmarkGet reads a member in the middle of an Observation.
func BenchmarkGet(b *testing.B) {
	lines, _ := bulkLines(b)
	var t Tree
	for _, line := range lines {
		if err := t.Parse(line, nil); err != nil {
			b.Fatal(err)
		}
		if t.Root().Get("resourceType").EqualText("Observation") {
			break
		}
	}
	root := t.Root()
	b.ReportAllocs()
	for b.Loop() {
		if root.Get("effectiveDateTime").Kind() != String {
			b.Fatal("want a string")
		}
	}
}
