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
// Bundle, sound and damaged, and looks at the heap on the way.
func TestMemoryFollowsTheRecordNotTheSource(t *testing.T) {
	heavy(t)
	const limit = 80 << 20
	record := `{"resourceType":"Binary","id":"b","data":"` + strings.Repeat("QUJD", 2000) + `"}`
	entry := `{"fullUrl":"urn:uuid:x","resource":` + record + "},\n"
	const n = 12_500
	begin := `{"resourceType":"Bundle","entry":[`
	for _, tt := range []struct {
		name           string
		src            Source
		read, rejected int64
	}{
		{"ndjson", generated("", record+"\n", n, ""), n, 0},
		{"bundle", generated(begin, entry, n-1, strings.TrimSuffix(entry, ",\n")+"]}"), n, 0},
		{"bundle damaged at its begin", generated(begin+`{"resource":`+patient+`}},`, " "+entry, n, "]}"), 1, 1},
		{"line too long", generated("", record, n, "\n"+patient), 1, 1},
		{"document too long", generated("{\n", `"x":`+record+",", n, "\n}\n"+patient), 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			runtime.GC()
			var peak uint64
			seen := 0
			opts := &ReadOptions{
				Workers: 1, MaxRecordBytes: 8 << 20, Quarantine: func(Rejected) error { return nil },
				Progress: func(int64) {
					if seen++; seen%100 == 0 {
						var m runtime.MemStats
						runtime.ReadMemStats(&m)
						peak = max(peak, m.HeapInuse)
					}
				},
			}
			stats, err := Each(t.Context(), []Source{tt.src}, opts, func(int, *Resource) error { return nil })
			if err != nil || stats.Records() != tt.read || stats.Rejected() != tt.rejected {
				t.Fatal(fmt.Sprint(stats.Records(), stats.Rejected()), err)
			}
			if peak > limit {
				t.Errorf("want at most %d MiB of heap, have %d", limit>>20, peak>>20)
			}
			t.Logf("%d MB of text, %d MiB of heap", stats.Bytes()/1e6, peak>>20)
		})
	}
}
