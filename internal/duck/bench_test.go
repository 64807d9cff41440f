package duck

import (
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

const benchRows = 500_000

// cpu returns the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkWriteBesideDuckDB writes the same rows with columnar and with
// DuckDB's COPY in turn, in one run, and reports the ratios: above 1 in speed
// and below 1 in size, columnar is ahead.
func BenchmarkWriteBesideDuckDB(b *testing.B) {
	rows := measurements(benchRows)
	db := openDuck(b)
	execute(b, db, "CREATE TABLE m AS SELECT * FROM read_parquet('%s')", writeFile(b, "m.parquet", rows, nil))
	dir := b.TempDir()
	for _, threads := range []int{1, 2} {
		b.Run(map[int]string{1: "threads=1", 2: "threads=2"}[threads], func(b *testing.B) {
			execute(b, db, "SET threads=%d", threads)
			theirs := filepath.Join(dir, "theirs.parquet")
			var own, other, ownCPU, otherCPU time.Duration
			ownBest, otherBest := time.Hour, time.Hour
			for b.Loop() {
				start, used := time.Now(), cpu()
				var wg sync.WaitGroup
				for i := range threads {
					wg.Go(func() {
						part := rows[i*len(rows)/threads : (i+1)*len(rows)/threads]
						if err := writePath(partPath(dir, i), part); err != nil {
							b.Error(err)
						}
					})
				}
				wg.Wait()
				t := time.Since(start)
				own, ownBest = own+t, min(ownBest, t)
				ownCPU += cpu() - used
				start, used = time.Now(), cpu()
				execute(b, db, "COPY m TO '%s' (FORMAT parquet, COMPRESSION zstd)", theirs)
				t = time.Since(start)
				other, otherBest = other+t, min(otherBest, t)
				otherCPU += cpu() - used
			}
			size := 0.0
			for i := range threads {
				size += fileSize(b, partPath(dir, i))
			}
			b.ReportMetric(benchRows/ownBest.Seconds(), "rows/s")
			b.ReportMetric(benchRows/otherBest.Seconds(), "duckdb-rows/s")
			b.ReportMetric(otherBest.Seconds()/ownBest.Seconds(), "best-ratio")
			b.ReportMetric(other.Seconds()/own.Seconds(), "mean-ratio")
			b.ReportMetric(otherCPU.Seconds()/ownCPU.Seconds(), "cpu-ratio")
			b.ReportMetric(ownCPU.Seconds()/float64(b.N)*1e9/benchRows, "cpu-ns/row")
			b.ReportMetric(size/fileSize(b, theirs), "size-ratio")
		})
	}
}

func partPath(dir string, i int) string {
	return filepath.Join(dir, "own-"+string(rune('0'+i))+".parquet")
}

func fileSize(b testing.TB, path string) float64 {
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return float64(info.Size())
}

func writePath(path string, rows []measurement) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return writeTo(f, rows, nil)
}

// BenchmarkWrite writes the rows into memory, for profiles.
func BenchmarkWrite(b *testing.B) {
	rows := measurements(benchRows)
	used := cpu()
	b.ReportAllocs()
	for b.Loop() {
		if err := writeTo(io.Discard, rows, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu()-used).Nanoseconds())/float64(b.N)/benchRows, "cpu-ns/row")
}
