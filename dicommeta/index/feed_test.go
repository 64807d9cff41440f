package index

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/carabiner-health/carabiner/internal/flow"
)

// recordsOf yields n records of studies of two.
func recordsOf(n int) func(yield func(entry, error) bool) {
	return func(yield func(entry, error) bool) {
		for i := range n {
			if !yield(entry{key: fmt.Appendf(nil, "%06d\x00%d", i/2, i)}, nil) {
				return
			}
		}
	}
}

// A study is in one feed, whole, and the feeds together are the records in order.
func TestFeedsKeepStudiesTogether(t *testing.T) {
	for _, n := range []int{0, 1, blockRecords, feedRecords, 5*feedRecords + 3} {
		next := 0
		err := flow.Streams(t.Context(), 3, feeds(t.Context(), recordsOf(n)),
			func(_ context.Context, _ int, f *feed, out func([]entry) error) error {
				var all []entry
				for block := range f.blocks {
					all = append(all, block...)
				}
				return out(all)
			},
			func(all []entry) error {
				if next%2 != 0 || len(all) == 0 {
					t.Errorf("want a feed to start with a study, have record %d of %d", next, len(all))
				}
				for _, e := range all {
					if want := fmt.Sprintf("%06d\x00%d", next/2, next); string(e.key) != want {
						t.Fatalf("want record %q, have %q", want, e.key)
					}
					next++
				}
				return nil
			})
		if err != nil || next != n {
			t.Errorf("want %d records, have %d, %v", n, next, err)
		}
	}
}

// A worker that stops ends the feeding too, and its error is the one that comes back.
func TestFeedsEndWithTheirWorkers(t *testing.T) {
	wrong := errors.New("wrong")
	for _, bad := range []func() error{func() error { return wrong }, func() error { panic(wrong) }} {
		ctx, cancel := context.WithCancel(t.Context())
		err := flow.Streams(t.Context(), 2, feeds(ctx, recordsOf(100*feedRecords)),
			func(context.Context, int, *feed, func(int) error) error {
				defer cancel()
				return bad()
			},
			func(int) error { return nil })
		if !errors.Is(err, wrong) {
			t.Errorf("want the error of the worker, have %v", err)
		}
	}
}
