package flow

import (
	"context"
	"iter"
	"sync"
)

// streamDepth is how many results of one item wait for their turn.
const streamDepth = 8

// stream is one item of Streams on its way from input to output.
type stream[I, O any] struct {
	in  I
	out chan O // closed when the item is done
	err error
}

// Streams is Ordered for work that has any number of results: each call of out
// hands one on. Results are emitted one at a time, in the order of the input
// and of the calls; emit sees those of an item while the item is still at
// work. Results that are not yet due wait, streamDepth of an item at most, so
// that a long item far behind holds its worker and not the memory. out returns
// the error that ends the flow.
func Streams[I, O any](ctx context.Context, workers int, in iter.Seq2[I, error],
	work func(ctx context.Context, worker int, item I, out func(O) error) error, emit func(O) error) error {
	workers = Workers(workers)
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := make(chan *stream[I, O], workers)
	queue := make(chan *stream[I, O], 2*workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for s := range jobs {
				if s.err = stop(inner); s.err == nil {
					s.run(inner, w, work)
				}
				close(s.out)
			}
		})
	}
	group.Go(func() {
		for s := range queue {
			for o := range s.out {
				if inner.Err() != nil {
					continue
				}
				if err := emitOne(emit, o); err != nil {
					cancel(err)
				}
			}
			if s.err != nil {
				cancel(s.err)
			}
		}
	})
	err := feedStreams(inner, in, queue, jobs)
	close(jobs)
	close(queue)
	group.Wait()
	if cause := stop(inner); cause != nil {
		return cause
	}
	return err
}

// run is one guarded call of work.
func (s *stream[I, O]) run(ctx context.Context, worker int, work func(context.Context, int, I, func(O) error) error) {
	defer guard(&s.err)
	s.err = work(ctx, worker, s.in, func(o O) error {
		select {
		case s.out <- o:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// feedStreams puts every item of in first in line for output, then to work.
func feedStreams[I, O any](ctx context.Context, in iter.Seq2[I, error], queue, jobs chan<- *stream[I, O]) (err error) {
	defer guard(&err)
	for item, err := range in {
		if err != nil {
			return err
		}
		s := &stream[I, O]{in: item, out: make(chan O, streamDepth)}
		select {
		case queue <- s:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		jobs <- s // workers always drain their queue
	}
	return nil
}
