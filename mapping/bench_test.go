package mapping

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// unpacked writes the shared bulk export without compression and returns the
// folder and its lines.
func unpacked(b testing.TB) (dir string, lines [][]byte) {
	dir = b.TempDir()
	files := map[string][]byte{}
	linesOf(b, golden.Shared(b, "data/fhir/synthea/bulk-300"), func(file string, line []byte) {
		files[file] = append(append(files[file], line...), '\n')
	})
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			b.Fatal(err)
		}
		lines = append(lines, bytes.Split(bytes.TrimSpace(text), []byte("\n"))...)
	}
	return dir, lines
}

// BenchmarkConvertBesideValid converts the whole extract, reading from and
// writing to disk, and in turn lets encoding/json check the same lines in
// memory on one core. x-valid is the ratio of the best times: below 1 the
// conversion is the faster one.
func BenchmarkConvertBesideValid(b *testing.B) {
	dir, lines := unpacked(b)
	store := subset(b)
	var size int64
	for _, l := range lines {
		size += int64(len(l)) + 1
	}
	for _, cores := range []int{1, 2} {
		b.Run(map[int]string{1: "cores=1", 2: "cores=2"}[cores], func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
			b.SetBytes(size)
			b.ReportAllocs()
			ours, theirs := time.Hour, time.Hour
			for b.Loop() {
				b.StopTimer()
				start := time.Now()
				for _, l := range lines {
					if !json.Valid(l) {
						b.Fatal("a line of the extract is not JSON")
					}
				}
				theirs = min(theirs, time.Since(start))
				out := filepath.Join(b.TempDir(), "out")
				srcs, err := fhir.NewSources([]string{dir})
				if err != nil {
					b.Fatal(err)
				}
				runtime.GC()
				b.StartTimer()
				start = time.Now()
				if _, err := Convert(context.Background(), srcs, &ConvertOptions{Out: out, Concepts: store}); err != nil {
					b.Fatal(err)
				}
				ours = min(ours, time.Since(start))
			}
			b.ReportMetric(ours.Seconds()/theirs.Seconds(), "x-valid")
			b.ReportMetric(float64(size)/ours.Seconds()/1e6, "best-MB/s")
		})
	}
}
