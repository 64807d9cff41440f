package fhir

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// plainBulk unpacks the bulk export into a folder and returns its sources.
func plainBulk(b *testing.B) (srcs []Source, size int64) {
	b.Helper()
	dir := b.TempDir()
	for _, src := range sharedSources(b, "data/fhir/synthea/bulk-300") {
		if !strings.HasSuffix(src.Name(), ".ndjson.gz") {
			continue
		}
		in, err := openInput(&src, 0, nil)
		if err != nil {
			b.Fatal(err)
		}
		text, err := io.ReadAll(in)
		in.close()
		if err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, strings.TrimSuffix(src.Name(), ".gz")), text, 0o600); err != nil {
			b.Fatal(err)
		}
		size += int64(len(text))
	}
	srcs, err := NewSources([]string{dir})
	if err != nil {
		b.Fatal(err)
	}
	return srcs, size
}

// lines calls f with every line of the sources.
func lines(b *testing.B, srcs []Source, f func([]byte)) {
	b.Helper()
	for _, src := range srcs {
		r, err := src.Open()
		if err != nil {
			b.Fatal(err)
		}
		s := bufio.NewScanner(r)
		s.Buffer(make([]byte, 1<<20), 1<<20)
		for s.Scan() {
			f(s.Bytes())
		}
		if err := s.Err(); err != nil {
			b.Fatal(err)
		}
		_ = r.Close()
	}
}

// perCPU reports the speed per second of processor time, which says more than
// the clock on a machine that is shared. Call the result at the end.
func perCPU(b *testing.B, size int64) func() {
	began := cpuTime()
	return func() {
		if used := cpuTime() - began; used > 0 {
			b.ReportMetric(float64(size)*float64(b.N)/1e6/used.Seconds(), "MB/cpu-s")
		}
	}
}

// BenchmarkBulk reads the bulk export, unpacked: encoding/json's Valid and the
// bare tree over every line as yardsticks, then Each with one and two workers.
func BenchmarkBulk(b *testing.B) {
	srcs, size := plainBulk(b)
	b.Run("encoding-json-valid", func(b *testing.B) {
		b.SetBytes(size)
		defer perCPU(b, size)()
		for b.Loop() {
			lines(b, srcs, func(line []byte) {
				if !json.Valid(line) {
					b.Fatal("not JSON")
				}
			})
		}
	})
	b.Run("tree-only", func(b *testing.B) {
		b.SetBytes(size)
		var tree jsontree.Tree
		defer perCPU(b, size)()
		for b.Loop() {
			lines(b, srcs, func(line []byte) {
				if err := tree.Parse(line, nil); err != nil {
					b.Fatal(err)
				}
			})
		}
	})
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("each-%d", workers), func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			defer perCPU(b, size)()
			for b.Loop() {
				stats, err := Each(b.Context(), srcs, &ReadOptions{Workers: workers}, func(_ int, r *Resource) error {
					if len(r.IDBytes()) == 0 {
						return io.ErrUnexpectedEOF
					}
					return nil
				})
				if err != nil || stats.Records() != 91535 {
					b.Fatal(err, stats.Records())
				}
			}
		})
	}
}

// BenchmarkBundles reads the 100 bundles as they are published, packed.
func BenchmarkBundles(b *testing.B) {
	srcs := sharedSources(b, "data/fhir/synthea/bundles-100")
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("each-%d", workers), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				stats, err := Each(b.Context(), srcs, &ReadOptions{Workers: workers}, func(int, *Resource) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(stats.Bytes())
			}
		})
	}
	text := unpackOne(b, srcs[0])
	for _, way := range []struct {
		name  string
		bound int
	}{{"window", documentBytes}, {"splitter", 1 << 16}} {
		b.Run(way.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				e := newEngine(b.Context(), []Source{ReaderSource("b.json", bytes.NewReader(text))}, nil)
				e.docBound = way.bound
				if err := e.each(1, func(int, *Resource) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// unpackOne returns the text of a source.
func unpackOne(b *testing.B, src Source) []byte {
	b.Helper()
	in, err := openInput(&src, 0, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer in.close()
	text, err := io.ReadAll(in)
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// BenchmarkValidate checks an Observation by all rules of R4.
func BenchmarkValidate(b *testing.B) {
	var r *Resource
	for x, err := range Read(b.Context(), bytes.NewReader(unpackOne(b, observations(b))), nil) {
		if err != nil {
			b.Fatal(err)
		}
		r = x.Clone()
		break
	}
	v, err := NewValidator(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(r.Raw())))
	b.ReportAllocs()
	for b.Loop() {
		if list := v.Validate(r); len(list) == 0 { // its display is not HL7's
			b.Fatal("want findings, have none")
		}
	}
}

func observations(b *testing.B) Source {
	b.Helper()
	for _, src := range sharedSources(b, "data/fhir/synthea/bulk-300") {
		if strings.HasPrefix(src.Name(), "Observation.") {
			return src
		}
	}
	b.Fatal("no observations")
	return Source{}
}
