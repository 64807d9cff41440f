package jsontree

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(1, &u)
	return time.Duration(u.Utime.Nano())
}

func BenchmarkCPU(b *testing.B) {
	lines, size := bulkLines(b)
	docs, psize := bundles(b)
	runtime.LockOSThread()
	var t Tree
	type r struct {
		name string
		f    func()
		size int64
		best time.Duration
	}
	rs := []*r{{"bulk", func() { parseAll(b, &t, lines) }, size, time.Hour}, {"pretty", func() { parseAll(b, &t, docs) }, psize, time.Hour}, {"valid", func() { validAll(b, lines[:20000]) }, 0, time.Hour}}
	for _, l := range lines[:20000] {
		rs[2].size += int64(len(l))
	}
	for b.Loop() {
		for _, x := range rs {
			s := cpu()
			x.f()
			x.best = min(x.best, cpu()-s)
		}
	}
	for _, x := range rs {
		b.ReportMetric(float64(x.size)/1e6/x.best.Seconds(), x.name+"-MB/s")
	}
}
