package fhir

import (
	"context"

	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/issue"
)

// quickDepth is how deep a record may nest that a Gatherer's Quick takes.
const quickDepth = 64

// Gatherer is what one worker of Gather does with the records it is given. Its
// functions are never called at the same time.
type Gatherer[T any] struct {
	// Quick, if set, is offered the text of a line before it is parsed: valid
	// UTF-8, perhaps with white space around it, good until Quick returns. It
	// answers true if it took the record, and must do so for no text that is
	// not one JSON object of at most 64 levels; with false the line is parsed
	// and goes to Visit or is rejected. Records that are not lines are never
	// offered.
	Quick func(raw []byte, pos issue.Pos) (taken bool, err error)
	// Visit is given a parsed resource, which is good until it returns.
	Visit func(r *Resource) error
	// Reject, if set, is given the records that cannot be read instead of the
	// Quarantine of the options, which then has only sources that cannot be read
	// as a whole. What it is given is good until it returns.
	Reject func(rej *Rejected) error
	// Full, if set, says after a record whether what was gathered should be
	// handed on before more comes.
	Full func() bool
	// Take hands on what was gathered since the last call.
	Take func() T
}

// Gather reads the sources with opts.Workers workers and hands what they made
// of the records to emit, one at a time and in the order of the sources and
// records, whatever the number of workers. start makes the Gatherer of a worker;
// calls with the same number never overlap. Otherwise it is like Each.
func Gather[T any](ctx context.Context, srcs []Source, opts *ReadOptions, start func(worker int) Gatherer[T], emit func(T) error) (*ReadStats, error) {
	e := newEngine(ctx, srcs, opts)
	defer e.closeAll()
	workers := flow.Workers(e.opts.Workers)
	team := make([]*gathering[T], workers)
	err := flow.Streams(e.ctx, workers, e.tasks(), func(ctx context.Context, n int, t task, out func(T) error) error {
		if team[n] == nil {
			team[n] = newGathering(e, start(n))
		}
		g := team[n]
		g.worker.ctx, g.out = ctx, out
		if err := g.worker.run(&t); err != nil {
			return err
		}
		return out(g.do.Take())
	}, emit)
	return e.snapshot(), err
}

// gathering is one worker of Gather.
type gathering[T any] struct {
	do     Gatherer[T]
	worker *worker
	out    func(T) error
}

func newGathering[T any](e *engine, do Gatherer[T]) *gathering[T] {
	g := &gathering[T]{do: do}
	g.worker = e.newWorker(func(r *Resource) error {
		if err := g.do.Visit(r); err != nil {
			return err
		}
		return g.handOn()
	})
	g.worker.refused = do.Reject
	if do.Quick != nil && e.depth >= quickDepth {
		g.worker.quick = func(text []byte, at place) (bool, error) {
			taken, err := g.do.Quick(text, at.pos())
			if err != nil || !taken {
				return false, err
			}
			return true, g.handOn()
		}
	}
	return g
}

// handOn hands on what was gathered, if it is time.
func (g *gathering[T]) handOn() error {
	if g.do.Full == nil || !g.do.Full() {
		return nil
	}
	return g.out(g.do.Take())
}
