package index

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/dicomgen"
)

// writeHeaders writes n files of 30 KB: CT series of 100 slices with small images.
func writeHeaders(b testing.TB, n int) string {
	dir := b.TempDir()
	for series := 0; series*100 < n; series++ {
		st := study(series / 4)
		objects := dicomgen.CT(st, &dicomgen.Siemens, series%4+1, min(100, n-series*100))
		for i := range objects {
			objects[i].Shrink(118)
			objects[i].Name = fmt.Sprintf("%03d/%05d.dcm", series/10, series*100+i)
			if err := objects[i].WriteFile(dir); err != nil {
				b.Fatal(err)
			}
		}
	}
	return dir
}

// BenchmarkBuild indexes a folder with and without the table of elements and in turn parses
// its headers alone. The ratios are to the parsing: 1 would be no cost at all.
// CARABINER_BENCH_FILES sets the number of files, 2000 where it is not set.
func BenchmarkBuild(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("CARABINER_BENCH_FILES"))
	if err != nil {
		n = 2000
	}
	dir := writeHeaders(b, n)
	tmp := b.TempDir()
	best, used := map[string]time.Duration{}, map[string]time.Duration{}
	timed := func(name string, f func() error) {
		start, before := time.Now(), cpu()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		if t := cpu() - before; used[name] == 0 || t < used[name] {
			used[name] = t
		}
		if t := time.Since(start); best[name] == 0 || t < best[name] {
			best[name] = t
		}
	}
	build := func(o Options) func() error {
		o.Out, o.Overwrite = filepath.Join(tmp, "out"+strconv.FormatBool(o.SkipElements)), true
		return func() error {
			_, err := Build(b.Context(), dicommeta.Sources(dir), &o)
			return err
		}
	}
	for b.Loop() {
		timed("parse", func() error {
			_, err := dicommeta.Each(b.Context(), dicommeta.Sources(dir), nil, func(int, *dicommeta.Instance) error { return nil })
			return err
		})
		timed("plain", build(Options{SkipElements: true}))
		timed("elements", build(Options{}))
		timed("again", build(Options{Previous: filepath.Join(tmp, "outfalse")}))
		timed("studies", func() error {
			for _, err := range Studies(b.Context(), dicommeta.Sources(dir), nil) {
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, name := range []string{"parse", "plain", "elements", "again", "studies"} {
		b.ReportMetric(float64(n)/best[name].Seconds(), name+"-files/s")
		b.ReportMetric(best[name].Seconds()/best["parse"].Seconds(), name+"-ratio")
		b.ReportMetric(used[name].Seconds()/used["parse"].Seconds(), name+"-cpu-ratio")
	}
}

// cpu returns the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkExtract(b *testing.B) {
	o := dicomgen.CT(study(1), &dicomgen.Siemens, 1, 1)
	x := &dicommeta.Instance{Dataset: o[0].Data, Source: "x"}
	e := dicommeta.Extractor{Keep: kept()}
	b.ReportAllocs()
	for b.Loop() {
		if d := e.Extract(x); !d.Has(dict.StudyInstanceUID) {
			b.Fatal("no study")
		}
	}
}
