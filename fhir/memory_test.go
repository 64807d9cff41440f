package fhir

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// generated is a source whose text is made while it is read: a begin, a middle
// many times, an end.
func generated(begin, middle string, n int, end string) Source {
	return Source{name: "generated", size: -1, open: func() (io.ReadCloser, error) {
		readers := []io.Reader{strings.NewReader(begin)}
		for range n {
			readers = append(readers, strings.NewReader(middle))
		}
		return io.NopCloser(io.MultiReader(append(readers, strings.NewReader(end))...)), nil
	}}
}

// TestMemoryFollowsTheRecordNotTheSource reads 100 MB as NDJSON and as one
// Bundle, and looks at the heap on the way.
func TestMemoryFollowsTheRecordNotTheSource(t *testing.T) {
	heavy(t)
	const limit = 80 << 20
	record := `{"resourceType":"Binary","id":"b","data":"` + strings.Repeat("QUJD", 2000) + `"}`
	entry := `{"fullUrl":"urn:uuid:x","resource":` + record + "},\n"
	const n = 12_500
	for name, src := range map[string]Source{
		"ndjson": generated("", record+"\n", n, ""),
		"bundle": generated(`{"resourceType":"Bundle","entry":[`, entry, n-1, strings.TrimSuffix(entry, ",\n")+"]}"),
	} {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			var peak uint64
			seen := 0
			stats, err := Each(t.Context(), []Source{src}, &ReadOptions{Workers: 1}, func(_ int, r *Resource) error {
				if seen++; seen%500 == 0 {
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak = max(peak, m.HeapInuse)
				}
				return nil
			})
			if err != nil || stats.Records() != n || stats.Rejected() != 0 {
				t.Fatal(fmt.Sprint(stats.Records(), stats.Rejected()), err)
			}
			if peak > limit {
				t.Errorf("want at most %d MiB of heap, have %d", limit>>20, peak>>20)
			}
			t.Logf("%d MB of text, %d MiB of heap", stats.Bytes()/1e6, peak>>20)
		})
	}
}
