package dicommeta

import (
	"context"
	"iter"
	"slices"

	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/issue"
)

// Gather works on the headers of all sources with several workers and hands the
// results on in the order of the sources: work is called by several goroutines at
// once, worker telling which, and its Instance is good until it returns; emit is
// called one at a time. Findings of reading come to the Reporter in that order
// too, those of a source before its result. The error is of the sequence, of
// work, of emit, of the Reporter or of ctx; a file that is wrong or cannot be opened is
// reported and counted.
func Gather[T any](ctx context.Context, srcs iter.Seq2[Source, error], opts *ReadOptions, work func(worker int, x *Instance) (T, error), emit func(T) error) (ReadStats, error) {
	type gathered struct {
		src     Source
		partial bool
		found   issue.List
		wrong   error
		result  T
	}
	c := newReading(opts)
	scanners := make([]scanner, flow.Workers(c.opts.Workers))
	err := flow.Ordered(ctx, len(scanners), srcs, func(_ context.Context, worker int, src Source) (gathered, error) {
		x, err := c.parse(&scanners[worker], src)
		if err != nil {
			return gathered{src: src, wrong: err}, nil
		}
		g := gathered{src: src, partial: x.Partial, found: slices.Clone(x.Issues)}
		g.result, err = work(worker, x)
		return g, err
	}, func(g gathered) error {
		if err := c.count(g.src, g.partial, g.found, g.wrong); err != nil || g.wrong != nil {
			return err
		}
		return emit(g.result)
	})
	return c.stats, err
}
