package flow

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
	"sync"
)

// Workers returns n, or runtime.GOMAXPROCS(0) if n is 0 or negative.
func Workers(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// PanicError is the error that a panic in a caller's function becomes.
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // the stack of the goroutine that panicked
}

// Error returns the panic value on the first line, then the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// Unwrap returns the panic value if it is an error, else nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// guard turns a panic into an error; it is for use in a defer statement.
func guard(err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Value: v, Stack: debug.Stack()}
	}
}

// stop returns nil if ctx is alive, else why it ended.
func stop(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
}

// Each calls work for every item of in, with at most workers calls at a time,
// in any order; worker, from 0, tells the callers apart, and calls of one
// worker never overlap. The sequence is drawn on the goroutine of the caller,
// at most workers items ahead. Each returns the first error of the sequence,
// of a call or of ctx, after all calls have ended; the error cancels the
// context that work sees. With one worker no goroutine is started and the
// order is that of the input.
func Each[T any](ctx context.Context, workers int, in iter.Seq2[T, error],
	work func(ctx context.Context, worker int, item T) error) error {
	workers = Workers(workers)
	if workers == 1 {
		return eachInline(ctx, in, work)
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	items := make(chan T)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for item := range items {
				if inner.Err() != nil {
					continue
				}
				if err := call(inner, w, item, work); err != nil {
					cancel(err)
				}
			}
		})
	}
	err := feed(inner, in, items)
	close(items)
	if err != nil {
		cancel(err)
	}
	group.Wait()
	return stop(inner)
}

// eachInline is Each on the goroutine of the caller.
func eachInline[T any](ctx context.Context, in iter.Seq2[T, error],
	work func(ctx context.Context, worker int, item T) error) (err error) {
	defer guard(&err)
	for item, err := range in {
		if err != nil {
			return err
		}
		if err := stop(ctx); err != nil {
			return err
		}
		if err := work(ctx, 0, item); err != nil {
			return err
		}
	}
	return stop(ctx)
}

// call is one guarded call of work.
func call[T any](ctx context.Context, worker int, item T,
	work func(ctx context.Context, worker int, item T) error) (err error) {
	defer guard(&err)
	return work(ctx, worker, item)
}

// feed sends the items of in until it ends, fails or ctx is done.
func feed[T any](ctx context.Context, in iter.Seq2[T, error], items chan<- T) (err error) {
	defer guard(&err)
	for item, err := range in {
		if err != nil {
			return err
		}
		select {
		case items <- item:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Do runs the tasks, at most workers at a time, and returns the first error
// after all that were started have ended. The error cancels the context that
// the tasks see; tasks not yet started are left out.
func Do(ctx context.Context, workers int, tasks ...func(ctx context.Context) error) error {
	type task = func(ctx context.Context) error
	in := func(yield func(task, error) bool) {
		for _, t := range tasks {
			if !yield(t, nil) {
				return
			}
		}
	}
	return Each(ctx, min(Workers(workers), max(len(tasks), 1)), in,
		func(ctx context.Context, _ int, t task) error { return t(ctx) })
}
