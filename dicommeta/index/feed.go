package index

import (
	"bytes"
	"context"
	"iter"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/issue"
)

// The measures of the second pass: records on their way to a worker, and those behind which
// the next study goes to another worker.
const (
	blockRecords = 16
	blocksAhead  = 2
	feedRecords  = 64
)

// feed is a run of whole studies on its way to a worker, block by block: a study may have
// any number of records.
type feed struct{ blocks chan []entry }

// feeds hands the records on. The context must end when workers do.
func feeds(ctx context.Context, records iter.Seq2[entry, error]) iter.Seq2[*feed, error] {
	return func(yield func(*feed, error) bool) {
		var at *feed
		var study []byte
		var block []entry
		n := 0
		send := func() bool {
			if len(block) == 0 {
				return true
			}
			select {
			case at.blocks <- block:
			case <-ctx.Done():
				return false
			}
			block = nil
			return true
		}
		end := func() bool {
			if at == nil {
				return true
			}
			ok := send()
			close(at.blocks)
			at = nil
			return ok
		}
		defer end()
		for e, err := range records {
			if err == nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if part := studyPart(e.key); !bytes.Equal(part, study) {
				study = part
				if n >= feedRecords && !end() {
					return
				}
			}
			if at == nil {
				at, n = &feed{make(chan []entry, blocksAhead)}, 0
				if !yield(at, nil) {
					return
				}
			}
			if block = append(block, e); len(block) == blockRecords && !send() {
				return
			}
			n++
		}
	}
}

// share is what a worker makes of studies: rows of tables, in order.
type share struct {
	batches  []*columnar.Batch // of the tables by series and then by instance
	found    issue.List
	studies  []studyRow
	patients []entry
	series   int64
	count    int64 // of studies
}

func newShare(tables []*seriesTable) *share {
	p := &share{}
	for _, t := range tables {
		p.batches = append(p.batches, columnar.NewBatch(t.specs()))
	}
	return p
}

func (p *share) reset() {
	for _, b := range p.batches {
		b.Reset()
	}
	clear(p.found)
	clear(p.studies)
	clear(p.patients)
	*p = share{batches: p.batches, found: p.found[:0], studies: p.studies[:0], patients: p.patients[:0]}
}

// full reports whether enough rows have gathered.
func (p *share) full() bool {
	for _, b := range p.batches {
		if b.Rows() >= batchRows {
			return true
		}
	}
	return len(p.studies) >= batchRows || len(p.found) >= batchRows
}

// studiesOf makes rows of all records, with several workers.
func (b *build) studiesOf(ctx context.Context, makers []*studyMaker, emit func(*share) error) error {
	feeding, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	return flow.Streams(ctx, len(makers), feeds(feeding, merge(b.gather.records)),
		func(ctx context.Context, worker int, f *feed, out func(*share) error) (err error) {
			done := false
			defer func() {
				if !done || err != nil { // nobody takes what is fed
					cancel(err)
				}
			}()
			m := makers[worker]
			m.out = out
			err = m.work(ctx, f)
			done = true
			return err
		},
		func(p *share) error {
			err := emit(p)
			if err != nil {
				cancel(err)
			}
			return err
		})
}
