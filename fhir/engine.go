package fhir

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// engine is one run over a list of sources: it makes tasks, and its workers
// carry them out.
type engine struct {
	ctx      context.Context
	srcs     []Source
	opts     ReadOptions
	max      int // bytes of a record
	sample   int // bytes shown of a record that is too long
	depth    int
	docBound int // of a window of documents
	cutBytes int // of a block of lines
	reporter issue.Reporter
	once     bool                                          // each source is read once: streams need not be kept
	raw      func(src int, record int64, raw []byte) error // hands out bytes instead of resources
	want     map[int][]int64                               // with raw: the records that matter

	mu    sync.Mutex // guards what follows, and calls of Reporter, Quarantine, Progress
	stats ReadStats
	free  [][]byte
	open  map[*input]struct{}
	bytes int64
}

// task is a block of lines, or an input of documents as a whole.
type task struct {
	block    block
	document *input
}

func newEngine(ctx context.Context, srcs []Source, opts *ReadOptions) *engine {
	e := &engine{ctx: ctx, srcs: srcs, open: make(map[*input]struct{}), docBound: documentBytes, cutBytes: blockBytes}
	if opts != nil {
		e.opts = *opts
	}
	e.max = e.opts.MaxRecordBytes
	if e.max <= 0 {
		e.max = maxRecord
	}
	e.sample = min(e.max, sampleBytes)
	e.depth = e.opts.MaxDepth
	if e.depth <= 0 {
		e.depth = jsontree.DefaultMaxDepth
	}
	e.depth = min(e.depth, depthCeiling)
	e.reporter = e.opts.Reporter
	if e.reporter == nil {
		e.reporter = issue.FailFast
		if e.opts.Quarantine != nil {
			e.reporter = issue.Discard
		}
	}
	e.stats.Sources = make([]SourceStats, len(srcs))
	for i := range srcs {
		e.stats.Sources[i].Name = srcs[i].name
	}
	return e
}

// tasks makes the work. Its caller must call closeAll afterwards.
func (e *engine) tasks() iter.Seq2[task, error] {
	return func(yield func(task, error) bool) {
		for i := range e.srcs {
			if e.want != nil && len(e.want[i]) == 0 {
				continue
			}
			in, err := e.begin(i)
			if err != nil {
				yield(task{}, err)
				return
			}
			switch {
			case in == nil:
			case in.verdict.format == FormatNDJSON:
				if !e.cut(in, yield) {
					return
				}
			default:
				if !yield(task{document: in}, nil) {
					return
				}
			}
		}
	}
}

// begin opens and judges a source; nil means that there is nothing to read.
func (e *engine) begin(i int) (*input, error) {
	if err := e.ctx.Err(); err != nil {
		return nil, context.Cause(e.ctx)
	}
	src := &e.srcs[i]
	if src.skip != "" {
		return nil, e.skip(i, src.skip)
	}
	in, err := openInput(src, i, e.progress)
	var d *damage
	if errors.As(err, &d) {
		at := place{name: src.name, source: i, record: 1, line: 1, column: 1}
		return nil, e.refuse(i, reject(nil, at, 0, d.code, d.message))
	}
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.open[in] = struct{}{}
	e.stats.Sources[i].Compression = in.packed
	e.mu.Unlock()
	v := sniff(src.name, in.head, in.ended != nil, src.found, e.opts.Format)
	in.verdict = v
	switch {
	case v.skip != "":
		e.finish(in)
		return nil, e.skip(i, v.skip)
	case v.bad != "":
		at := place{name: src.name, source: i, record: 1, line: 1, column: 1}
		code := CodeFormat
		if v.coding {
			code = CodeEncoding
		}
		rej := reject(in.head, at, 0, code, v.bad)
		rej.Truncated = in.ended == nil
		err := e.refuse(i, rej)
		e.finish(in)
		return nil, err
	}
	e.mu.Lock()
	e.stats.Sources[i].Format = v.format
	e.mu.Unlock()
	if e.once && v.format == FormatNDJSON && src.forget != nil {
		src.forget()
	}
	return in, nil
}

// cut yields the blocks of an NDJSON input.
func (e *engine) cut(in *input, yield func(task, error) bool) bool {
	defer e.finish(in)
	b := newBlockReader(in, e.max, e.cutBytes)
	for {
		if e.ctx.Err() != nil {
			yield(task{}, context.Cause(e.ctx))
			return false
		}
		bl, ok, err := b.next(e.buffer())
		if err != nil {
			yield(task{}, err)
			return false
		}
		if !ok {
			e.recycle(bl.buf)
			return true
		}
		if !yield(task{block: bl}, nil) {
			return false
		}
	}
}

// buffer returns a used buffer, or nil.
func (e *engine) buffer() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := len(e.free); n > 0 {
		b := e.free[n-1]
		e.free = e.free[:n-1]
		return b
	}
	return nil
}

// recycle takes a buffer back.
func (e *engine) recycle(b []byte) {
	if cap(b) < e.cutBytes || cap(b) > keepBlock {
		return
	}
	e.mu.Lock()
	e.free = append(e.free, b[:0])
	e.mu.Unlock()
}

// finish closes an input.
func (e *engine) finish(in *input) {
	e.mu.Lock()
	_, ok := e.open[in]
	delete(e.open, in)
	e.mu.Unlock()
	if ok {
		in.close()
	}
}

// closeAll closes what an early end left open.
func (e *engine) closeAll() {
	e.mu.Lock()
	left := make([]*input, 0, len(e.open))
	for in := range e.open {
		left = append(left, in)
	}
	e.mu.Unlock()
	for _, in := range left {
		e.finish(in)
	}
}

// progress counts bytes as stored.
func (e *engine) progress(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.bytes += int64(n)
	if e.opts.Progress != nil {
		e.opts.Progress(e.bytes)
	}
}

// count adds to the account of a source.
func (e *engine) count(src int, read, rejected, bytes int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &e.stats.Sources[src]
	s.Records += read
	s.Rejected += rejected
	s.Bytes += bytes
}

// skip notes a source that holds no data.
func (e *engine) skip(i int, why string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.Sources[i].Skipped = why
	if e.raw != nil {
		return nil
	}
	return e.reporter.Report(issue.Issue{
		Severity: issue.Information, Code: CodeSkipped,
		Pos: issue.Pos{Source: e.srcs[i].name}, Message: "not read: " + why,
	})
}

// refuse rejects a source as a whole, as one record.
func (e *engine) refuse(i int, rej *Rejected) error {
	e.count(i, 0, 1, int64(len(rej.Raw)))
	return e.reject(rej)
}

// reject hands a record to the quarantine, and its reason to the reporter.
func (e *engine) reject(rej *Rejected) error {
	if e.raw != nil {
		return e.raw(rej.Source, rej.Pos.Record, rej.Raw)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.opts.Quarantine != nil {
		if err := e.opts.Quarantine(*rej); err != nil {
			return err
		}
	}
	return e.reporter.Report(rej.Reason)
}

// report hands a finding that loses no record to the reporter.
func (e *engine) report(i issue.Issue) error {
	if e.raw != nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.reporter.Report(i)
}

// damaged reports that the rest of a source cannot be had.
func (e *engine) damaged(in *input, d *damage, at place) error {
	e.mu.Lock()
	e.stats.Sources[in.number].Damaged = d.message
	e.mu.Unlock()
	return e.report(issue.Issue{Severity: issue.Error, Code: d.code, Pos: at.pos(), Message: d.message})
}

// worker carries out tasks, one at a time, with its own tree and resource.
type worker struct {
	e       *engine
	parser  parser
	res     Resource
	tree    jsontree.Tree
	visitor func(r *Resource) error
	refused func(rej *Rejected) error                 // takes what cannot be read, instead of the quarantine
	quick   func(text []byte, at place) (bool, error) // may take a line before it is parsed
	ctx     context.Context
	doc     []byte
}

func (e *engine) newWorker(visit func(r *Resource) error) *worker {
	w := &worker{e: e, visitor: visit, ctx: e.ctx}
	w.parser = parser{tree: &w.tree, opts: jsontree.Options{MaxDepth: e.depth}}
	return w
}

// run carries out a task.
func (w *worker) run(t *task) error {
	if t.document != nil {
		defer w.e.finish(t.document)
		if t.document.verdict.format == FormatXML {
			return w.xmlDocument(t.document)
		}
		return w.documents(t.document)
	}
	return w.block(&t.block)
}

// reject passes on a record that cannot be read.
func (w *worker) reject(rej *Rejected) error {
	if w.refused == nil {
		return w.e.reject(rej)
	}
	if err := w.refused(rej); err != nil {
		return err
	}
	return w.e.report(rej.Reason)
}

// visit hands out a resource.
func (w *worker) visit(r *Resource) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	return w.visitor(r)
}

// each runs the engine with several workers.
func (e *engine) each(workers int, visit func(worker int, r *Resource) error) error {
	defer e.closeAll()
	workers = flow.Workers(workers)
	team := make([]*worker, workers)
	return flow.Each(e.ctx, workers, e.tasks(), func(ctx context.Context, n int, t task) error {
		if team[n] == nil {
			team[n] = e.newWorker(func(r *Resource) error { return visit(n, r) })
		}
		team[n].ctx = ctx
		return team[n].run(&t)
	})
}

// snapshot returns the account.
func (e *engine) snapshot() *ReadStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return &ReadStats{Sources: slices.Clone(e.stats.Sources)}
}
