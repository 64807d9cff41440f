package fhir

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/issue"
)

// gathered runs Gather over NDJSON and a Bundle and returns what was emitted:
// the ids, those that Quick took in capitals.
func gathered(t *testing.T, workers int, full bool) string {
	t.Helper()
	var lines, entries strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&lines, `{"resourceType":"Patient","id":"l%d"}`+"\n", i)
		fmt.Fprintf(&entries, `,{"resource":{"resourceType":"Patient","id":"e%d"}}`, i)
	}
	lines.WriteString("{\"resourceType\":\n")
	srcs := []Source{
		ReaderSource("a", strings.NewReader(lines.String())),
		ReaderSource("b", strings.NewReader(`{"resourceType":"Bundle","entry":[`+entries.String()[1:]+`]}`)),
		ReaderSource("c", strings.NewReader(lines.String())),
	}
	var all bytes.Buffer
	stats, err := Gather(t.Context(), srcs, &ReadOptions{Workers: workers, Reporter: issue.Discard}, func(int) Gatherer[[]byte] {
		var got []byte
		g := Gatherer[[]byte]{
			Quick: func(raw []byte, pos issue.Pos) (bool, error) {
				if !bytes.HasSuffix(raw, []byte(`7"}`)) {
					return false, nil
				}
				got = fmt.Appendf(got, "L%d ", pos.Record)
				return true, nil
			},
			Visit: func(r *Resource) error {
				got = append(append(got, r.IDBytes()...), ' ')
				return nil
			},
			Take: func() []byte {
				b := got
				got = nil
				return b
			},
		}
		if full {
			g.Full = func() bool { return len(got) > 1000 }
		}
		return g
	}, func(b []byte) error {
		all.Write(b)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if stats.Records() != 15_000 || stats.Rejected() != 2 {
		t.Errorf("want 15000 records and 2 rejected, have %d and %d", stats.Records(), stats.Rejected())
	}
	return all.String()
}

func TestGatherKeepsTheOrderAtAnyNumberOfWorkers(t *testing.T) {
	want := gathered(t, 1, false)
	if n := len(strings.Fields(want)); n != 15_000 || !strings.Contains(want, "l6 L8 l8") || !strings.Contains(want, "e6 e7 e8") {
		t.Fatalf("want every record in order, have %d", n)
	}
	for _, workers := range []int{1, 2, 5} {
		if gathered(t, workers, true) != want {
			t.Errorf("%d workers: want the same", workers)
		}
	}
}

func TestGatherHandsOverWhatCannotBeRead(t *testing.T) {
	text := strings.Repeat("{\"resourceType\":\"Patient\"}\n{\"resourceType\":\n", 20_000)
	for _, workers := range []int{1, 3} {
		var all []string
		_, err := Gather(t.Context(), []Source{ReaderSource("a", strings.NewReader(text))}, &ReadOptions{Workers: workers, Reporter: issue.Discard}, func(int) Gatherer[[]string] {
			var got []string
			return Gatherer[[]string]{
				Visit:  func(r *Resource) error { got = append(got, fmt.Sprint("good ", r.Record())); return nil },
				Reject: func(rej *Rejected) error { got = append(got, fmt.Sprint("bad ", rej.Pos.Record)); return nil },
				Take:   func() []string { b := got; got = nil; return b },
			}
		}, func(s []string) error { all = append(all, s...); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != 40_000 || all[20_000] != "good 20001" || all[20_001] != "bad 20002" {
			t.Errorf("%d workers: want good and bad records in order, have %d", workers, len(all))
		}
	}
}
