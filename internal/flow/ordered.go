package flow

import (
	"context"
	"iter"
	"sync"
)

// slot is one item of Ordered on its way from input to output.
type slot[I, O any] struct {
	in   I
	out  O
	err  error
	done chan struct{}
}

// Ordered calls work for every item of in, with at most workers calls at a
// time, and emit for every result, one at a time, in the order of the input.
// At most two items a worker are between input and output; when emit is slow,
// the input waits. Ordered returns the error of the earliest item that failed,
// after emit has had all results before it, or the error of the sequence, of
// emit or of ctx; all calls have ended by then. The sequence is drawn on the
// goroutine of the caller, emit runs on another.
func Ordered[I, O any](ctx context.Context, workers int, in iter.Seq2[I, error],
	work func(ctx context.Context, worker int, item I) (O, error), emit func(O) error) error {
	workers = Workers(workers)
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := make(chan *slot[I, O], workers)
	queue := make(chan *slot[I, O], 2*workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for s := range jobs {
				if s.err = stop(inner); s.err == nil {
					s.run(inner, w, work)
				}
				close(s.done)
			}
		})
	}
	group.Go(func() {
		for s := range queue {
			<-s.done
			if inner.Err() != nil {
				continue
			}
			if s.err == nil {
				s.err = emitOne(emit, s.out)
			}
			if s.err != nil {
				cancel(s.err)
			}
		}
	})
	err := feedOrdered(inner, in, queue, jobs)
	close(jobs)
	close(queue)
	group.Wait()
	if cause := stop(inner); cause != nil {
		return cause
	}
	return err
}

// run is one guarded call of work.
func (s *slot[I, O]) run(ctx context.Context, worker int, work func(context.Context, int, I) (O, error)) {
	defer guard(&s.err)
	s.out, s.err = work(ctx, worker, s.in)
}

// emitOne is one guarded call of emit.
func emitOne[O any](emit func(O) error, out O) (err error) {
	defer guard(&err)
	return emit(out)
}

// feedOrdered puts every item of in first in line for output, then to work.
func feedOrdered[I, O any](ctx context.Context, in iter.Seq2[I, error], queue, jobs chan<- *slot[I, O]) (err error) {
	defer guard(&err)
	for item, err := range in {
		if err != nil {
			return err
		}
		s := &slot[I, O]{in: item, done: make(chan struct{})}
		select {
		case queue <- s:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		jobs <- s // workers always drain their queue
	}
	return nil
}
