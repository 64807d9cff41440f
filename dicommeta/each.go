package dicommeta

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/issue"
)

// ReadStats is the account of a reading: Instances, NotDICOM and Failed together are Files.
type ReadStats struct {
	Files, Bytes int64
	Instances    int64 // handed out; of these
	Partial      int64 // were read in part
	NotDICOM     int64 // are something else
	Failed       int64 // look like DICOM and cannot be read
}

// Each reads the headers of all sources with several workers and hands each instance to
// visit, which is called by several goroutines at once, worker telling which. An
// Instance is good until visit returns. The error is of the sequence, of visit, of the
// Reporter or of ctx; a file that is wrong or cannot be opened is reported and counted,
// one that is not DICOM as information.
// Reporter and Progress are called one at a time.
func Each(ctx context.Context, srcs iter.Seq2[Source, error], opts *ReadOptions, visit func(worker int, x *Instance) error) (ReadStats, error) {
	c := newReading(opts)
	scanners := make([]scanner, flow.Workers(c.opts.Workers))
	err := flow.Each(ctx, len(scanners), batches(srcs), func(ctx context.Context, worker int, batch []Source) error {
		for _, src := range batch {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			x, err := c.open(&scanners[worker], src)
			if err == nil && x != nil {
				err = visit(worker, x)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return c.stats, err
}

// batchSources is how many sources go to a worker at once: reading a header takes
// little longer than handing it over.
const batchSources = 16

// batches puts the sources together; what came before an error is handed out first.
func batches(srcs iter.Seq2[Source, error]) iter.Seq2[[]Source, error] {
	return func(yield func([]Source, error) bool) {
		var batch []Source
		for src, err := range srcs {
			if err != nil {
				if len(batch) == 0 || yield(batch, nil) {
					yield(nil, err)
				}
				return
			}
			if batch = append(batch, src); len(batch) == batchSources {
				if !yield(batch, nil) {
					return
				}
				batch = nil
			}
		}
		if len(batch) > 0 {
			yield(batch, nil)
		}
	}
}

// Read returns the headers of all sources in order. An Instance is good until the iterator moves on.
// What is wrong or cannot be opened is reported and left out; an error comes at most once, last.
func Read(ctx context.Context, srcs iter.Seq2[Source, error], opts *ReadOptions) iter.Seq2[*Instance, error] {
	return func(yield func(*Instance, error) bool) {
		c := newReading(opts)
		var s scanner
		for src, err := range srcs {
			var x *Instance
			if err == nil {
				err = context.Cause(ctx)
			}
			if err == nil {
				x, err = c.open(&s, src)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if x != nil && !yield(x, nil) {
				return
			}
		}
		if err := context.Cause(ctx); err != nil {
			yield(nil, err)
		}
	}
}

// reading is what the workers of one Each or Read have in common.
type reading struct {
	opts  ReadOptions
	mu    sync.Mutex // guards what follows and the callbacks
	stats ReadStats
}

func newReading(opts *ReadOptions) *reading {
	c := new(reading)
	if opts != nil {
		c.opts = *opts
	}
	return c
}

// open reads one source and accounts for it. The Instance is nil if the file
// is not one; the error is the Reporter's.
func (c *reading) open(s *scanner, src Source) (*Instance, error) {
	x, err := c.parse(s, src)
	if err != nil {
		return nil, c.count(src, false, nil, err)
	}
	return x, c.count(src, x.Partial, x.Issues, nil)
}

// count accounts for one source that was read, or why it could not be.
func (c *reading) count(src Source, partial bool, found issue.List, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Files++
	c.stats.Bytes += src.Size
	if c.opts.Progress != nil {
		c.opts.Progress(c.stats.Files, c.stats.Bytes)
	}
	if err != nil {
		return c.failed(src, err)
	}
	c.stats.Instances++
	if partial {
		c.stats.Partial++
	}
	return c.report(found...)
}

// failed counts and reports why a source has no Instance.
func (c *reading) failed(src Source, err error) error {
	if errors.Is(err, ErrNotDICOM) {
		c.stats.NotDICOM++
	} else {
		c.stats.Failed++
	}
	var wrong *Error
	if errors.As(err, &wrong) {
		i := wrong.Issue
		if errors.Is(err, ErrNotDICOM) {
			i.Severity = issue.Information // other files may lie in a folder
		}
		return c.report(i)
	}
	return c.report(issue.Issue{Severity: issue.Fatal, Code: CodeUnreadable, Pos: issue.Pos{Source: src.Name}, Message: err.Error()})
}

func (c *reading) report(found ...issue.Issue) error {
	if c.opts.Reporter == nil {
		return nil
	}
	for _, i := range found {
		if err := c.opts.Reporter.Report(i); err != nil {
			return err
		}
	}
	return nil
}

// parse opens, reads and closes one source.
func (c *reading) parse(s *scanner, src Source) (*Instance, error) {
	if src.Open == nil {
		return nil, errors.New("dicommeta: the zero Source cannot be opened")
	}
	f, err := src.Open()
	if err != nil {
		return nil, fmt.Errorf("dicommeta: %w", err)
	}
	defer f.Close() // only read
	x, err := s.parse(f, nil, src.Size, src.Name, &c.opts)
	if err != nil {
		return nil, err
	}
	x.Modified = src.Modified
	return x, nil
}
