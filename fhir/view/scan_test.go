package view

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// wantAll makes a shape of paths such as a.b.
func wantAll(paths ...string) *shape {
	root := new(shape)
	ids := map[string]int32{}
	for _, p := range paths {
		at := root
		for _, name := range strings.Split(p, ".") {
			if ids[name] == 0 {
				ids[name] = int32(len(ids)) + 1
			}
			at = at.child(name, ids[name])
		}
	}
	return root
}

// written returns the nodes as text, to compare.
func (s *scanner) written(k int32, names map[int32]string) string {
	var b strings.Builder
	for ; k != 0; k = s.nodes[k].next {
		n := s.nodes[k]
		fmt.Fprintf(&b, "%s:%s", names[n.name], n.kind)
		if n.kind == jsontree.Object {
			fmt.Fprintf(&b, "{%s}", s.written(n.child, names))
		} else {
			b.Write(s.text[n.off:n.end])
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// namesOf returns the names of a shape by number.
func namesOf(s *shape, to map[int32]string) map[int32]string {
	if to == nil {
		to = map[int32]string{}
	}
	if s != nil {
		for _, w := range s.wanted {
			to[w.id] = w.name
			namesOf(w.below, to)
		}
	}
	return to
}

// plainly does what scan does, on the tree; false where scan may give up.
func plainly(v jsontree.Value, want *shape) (string, bool) {
	var b strings.Builder
	seen := map[string]bool{}
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		name := m.Key()
		for _, w := range want.wanted {
			if w.name != name {
				continue
			}
			if w.id == companion || seen[name] {
				return "", false
			}
			seen[name] = true
			items := []jsontree.Value{m}
			if m.Kind() == jsontree.Array {
				items = nil
				for _, e := range m.All() {
					items = append(items, e)
				}
			}
			for _, e := range items {
				switch e.Kind() {
				case jsontree.Null, jsontree.Array:
					return "", false
				case jsontree.Object:
					below := w.below
					if below == nil {
						below = new(shape)
					}
					inner, ok := plainly(e, below)
					if !ok {
						return "", false
					}
					fmt.Fprintf(&b, "%s:%s{%s} ", name, e.Kind(), inner)
				default:
					fmt.Fprintf(&b, "%s:%s%s ", name, e.Kind(), e.Raw())
				}
			}
		}
	}
	return b.String(), true
}

// checkScan compares a scan with the tree.
func checkScan(t *testing.T, s *scanner, text []byte, want *shape) (taken bool) {
	t.Helper()
	var tree jsontree.Tree
	err := tree.Parse(text, nil)
	taken = s.scan(text, want)
	if !taken {
		return false
	}
	if err != nil || tree.Root().Kind() != jsontree.Object {
		t.Fatalf("want no scan of what is no JSON object: %v\n%s", err, text)
	}
	plain, ok := plainly(tree.Root(), want)
	if have := s.written(s.nodes[0].child, namesOf(want, nil)); !ok || have != plain {
		t.Fatalf("want\n%s\nhave\n%s", plain, have)
	}
	// Once it is known, the text follows a pattern.
	first := slices.Clone(s.nodes)
	if !s.scan(text, want) || !slices.Equal(first, s.nodes) {
		t.Fatalf("want the same nodes again, of %s", text)
	}
	return true
}

var scanPaths = []string{"id", "active", "name.family", "name.given", "code.coding.code", "code.coding.system", "valueQuantity.value", "contact.name.family", "extension.url", "extension.extension.url", "a", "b.a"}

var scanTexts = []string{
	`{}`, ` { } `, `{"id":"a"}`, `{"id":"a","active":true,"name":[{"family":"F","given":["x","y"]},{"given":[]}]}`,
	`{"id" : "a" , "valueQuantity" : { "value" : -1.50e+3 , "unit":"\u00e4\n" } }`, `{"x":[[[{"y":[1,2,{}]}]]],"b":{"a":"\\\"\u0041"}}`,
	`{"text":{"div":"<div>\"a\" ü</div>"},"a":1}`, "{\"a\":1,\r\n\t\"b\":{\"a\":[true,false,1,\"x\",{}]}}", `{"a":0.5,"b":{"a":-0}}`,
}

var scanGivesUp = []string{
	``, `x`, `[]`, `{`, `{"id"`, `{"id":`, `{"id":"a"`, `{"id":"a",}`, `{"id":null}`, `{"id":"a","id":"b"}`, `{"_id":{},"id":"a"}`, `{"a":[[1]]}`, `{"\u0061":1}`,
	`{"a":1}x`, `{"z":01}`, `{"z":1.}`, `{"z":tru}`, `{"z":"` + "\n" + `"}`, `{"z":"\x"}`, `{"z":"\u00g0"}`, `{"z":[1,]}`, `{"z":{"a":1,}}`, `{"z":{"a" 1}}`, `{"z":{a:1}}`,
	`{"z":[1}`, `{"z":{"a":1]}`, `{"z" 1}`, `{"z":-}`, `{"z":1e}`, `{"a":tru}`, `{"z":"abc`, `{"z":1`, `{"z":12345678901234567890123456789012345678901234567890`,
	`{"z":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`,
}

func TestScanFindsWhatTheTreeHolds(t *testing.T) {
	want := wantAll(scanPaths...)
	var s scanner
	for _, text := range scanTexts {
		if !checkScan(t, &s, []byte(text), want) {
			t.Errorf("want a scan of %s", text)
		}
		// What stands behind a text must not matter.
		behind := []byte(text + `"}]}1234567890"}]}1234567890"}]}1234567890`)
		if !checkScan(t, &s, behind[:len(text)], want) {
			t.Errorf("want a scan of a part: %s", text)
		}
	}
	for _, text := range scanGivesUp {
		if checkScan(t, &s, []byte(text), want) {
			t.Errorf("want no scan of %s", text)
		}
		for _, tail := range []string{`"}]}1234567890"}]}1234567890"}]}1234567890`, `}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}`, `0000000000000000000000000000000000000000000000`} {
			behind := []byte(text + tail)
			if checkScan(t, &s, behind[:len(text)], want) {
				t.Errorf("want no scan of a part: %s", text)
			}
		}
	}
}

func FuzzScanAgainstTree(f *testing.F) {
	for _, text := range append(scanTexts, scanGivesUp...) {
		f.Add([]byte(text))
	}
	want := wantAll(scanPaths...)
	f.Fuzz(func(t *testing.T, text []byte) {
		var s scanner
		for _, known := range scanTexts { // patterns that the text may follow in part
			s.scan([]byte(known), want)
		}
		checkScan(t, &s, bytes.Clone(text), want)
	})
}

// bulkLines returns the lines of a type of the shared bulk export.
func bulkLines(t testing.TB, typ string) [][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(golden.Shared(t, "data/fhir/synthea/bulk-300"), typ+".*.ndjson.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("want files of %s, have %v", typ, err)
	}
	var all [][]byte
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		for s := bufio.NewScanner(bytes.NewReader(text)); ; {
			s.Buffer(nil, 16<<20)
			for s.Scan() {
				all = append(all, append(make([]byte, 0, len(s.Bytes())+slack), s.Bytes()...))
			}
			if s.Err() != nil {
				t.Fatal(s.Err())
			}
			break
		}
	}
	return all
}

var observationPaths = []string{"id", "subject.reference", "effectiveDateTime", "code.coding.system", "code.coding.code", "valueQuantity.value", "valueQuantity.unit"}

func TestScanTakesTheBulkExport(t *testing.T) {
	want := wantAll(observationPaths...)
	var s scanner
	for i, line := range bulkLines(t, "Observation") {
		if !checkScan(t, &s, line, want) {
			t.Fatalf("line %d: want a scan", i+1)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	lines := bulkLines(b, "Observation")
	size := int64(0)
	for _, l := range lines {
		size += int64(len(l))
	}
	b.Run("scan", func(b *testing.B) {
		want := wantAll(observationPaths...)
		var s scanner
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			for _, l := range lines {
				if !s.scan(l, want) {
					b.Fatal("want a scan")
				}
			}
		}
	})
	b.Run("tree", func(b *testing.B) {
		var tree jsontree.Tree
		b.SetBytes(size)
		for b.Loop() {
			for _, l := range lines {
				if err := tree.Parse(l, nil); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
