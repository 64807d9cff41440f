package flow

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is what Send answers on a closed Pipe.
var ErrClosed = errors.New("flow: pipe is closed")

// Pipe is a queue of bounded depth whose items one goroutine handles in the
// order in which they were sent. Send is safe for concurrent use, also with
// Close.
type Pipe[T any] struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	items  chan T
	ended  chan struct{}
	mu     sync.RWMutex // held for reading while sending, so that Close comes after
	closed bool
}

// NewPipe starts a Pipe that holds at most depth items (at least one) and
// calls handle for each. The caller must Close it.
func NewPipe[T any](ctx context.Context, depth int, handle func(T) error) *Pipe[T] {
	p := &Pipe[T]{items: make(chan T, max(depth, 1)), ended: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	go func() {
		defer close(p.ended)
		for item := range p.items {
			if p.ctx.Err() != nil {
				continue
			}
			if err := emitOne(handle, item); err != nil {
				p.cancel(err)
			}
		}
	}()
	return p
}

// Send queues item, waiting while the queue is full. It returns the first
// error of handle, the end of the context, or ErrClosed; then item was not
// queued.
func (p *Pipe[T]) Send(item T) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return ErrClosed
	}
	if err := stop(p.ctx); err != nil {
		return err
	}
	select {
	case p.items <- item:
		return nil
	case <-p.ctx.Done():
		return context.Cause(p.ctx)
	}
}

// Close waits until every queued item is handled and returns the first error
// of handle or of the context; after an error, items still queued are dropped.
// Closing again returns the same.
func (p *Pipe[T]) Close() error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.items)
	}
	p.mu.Unlock()
	<-p.ended
	err := stop(p.ctx)
	if err == nil {
		p.cancel(errFinished)
		return nil
	}
	if errors.Is(err, errFinished) {
		return nil
	}
	p.cancel(err)
	return err
}

// errFinished is the cause with which a Pipe without errors releases its context.
var errFinished = errors.New("flow: finished")
