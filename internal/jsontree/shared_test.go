package jsontree

import (
	"bytes"
	"io"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBulkExportReadsAsEncodingJSONReadsIt goes through the first megabyte of
// every file of the shared bulk export: a line's bytes are the root's, no name
// is repeated, compacting changes nothing. Every twentieth line is also compared value by
// value. (BenchmarkBulkRatio parses all lines of all files.)
func TestBulkExportReadsAsEncodingJSONReadsIt(t *testing.T) {
	var tree Tree
	var compact []byte
	n := 0
	for _, doc := range unpack(t, "data/fhir/synthea/bulk-300", "*.ndjson.gz", 1<<20) {
		doc = doc[:bytes.LastIndexByte(doc, '\n')+1]
		for line := range bytes.Lines(doc) {
			n++
			if err := tree.Parse(line, nil); err != nil {
				t.Fatalf("line %d: %v", n, err)
			}
			text := bytes.TrimSuffix(line, []byte{'\n'})
			if !bytes.Equal(tree.Root().Raw(), text) || tree.Duplicates() != nil {
				t.Fatalf("line %d: want its bytes and no repeated name, have %d", n, len(tree.Duplicates()))
			}
			if compact = Compact(compact[:0], line); !bytes.Equal(compact, text) {
				t.Fatalf("line %d: compacting changes it", n)
			}
			if n%20 == 0 {
				checkTree(t, line, &tree)
			}
		}
	}
	if n < 10_000 {
		t.Errorf("want at least 10000 lines, have %d", n)
	}
}

// TestBundlesSplitAsTheyParse cuts pretty-printed Bundles and finds the same
// entries, at the same places, as on the tape of the whole document.
func TestBundlesSplitAsTheyParse(t *testing.T) {
	for _, doc := range unpack(t, "data/fhir/synthea/bundles-100", "00*.json.gz", math.MaxInt64) {
		var tree Tree
		if err := tree.Parse(doc, nil); err != nil {
			t.Fatal(err)
		}
		entry := tree.Root().Get("entry").First()
		others := 0
		s := NewSplitter(bytes.NewReader(doc), &SplitOptions{Element: "entry", BufferSize: 1000})
		for {
			p, err := s.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			v := entry
			if p.Element {
				entry = entry.Next()
			} else {
				v = tree.Root().Get(p.Name)
				others++
			}
			line, column := Position(doc, v.Offset())
			if !bytes.Equal(p.Raw, v.Raw()) {
				t.Fatalf("part at offset %d: want the %d bytes of its value, have %d", p.Offset, len(v.Raw()), len(p.Raw))
			}
			want := Part{Element: p.Element, Name: p.Name, Index: p.Index, Raw: p.Raw[:0], Size: int64(len(v.Raw())), Offset: int64(v.Offset()), Line: line, Column: column}
			p.Raw = p.Raw[:0] // compared above
			if diff := cmp.Diff(want, p); diff != "" {
				t.Fatalf("part (-want +got):\n%s", diff)
			}
		}
		if entry.Kind() != Invalid || others != tree.Root().Len()-1 {
			t.Errorf("want all entries and the other %d members, have %d", tree.Root().Len()-1, others)
		}
	}
}
