package fhir

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"

	"github.com/carabiner-health/carabiner/issue"
)

// ReadOptions are the options of the readers; nil and zero fields mean the
// defaults.
type ReadOptions struct {
	// Workers is how many resources Each works on at once; 0 = one a processor.
	// Read and ReadFS use one.
	Workers int
	// Format skips the detection of the format.
	Format Format
	// MaxRecordBytes bounds one resource; a longer one is rejected and not held
	// in memory. 0 = 256 MiB.
	MaxRecordBytes int
	// MaxDepth bounds how deep objects and arrays nest; 0 = 512.
	MaxDepth int
	// WholeBundles hands a Bundle out as one resource, instead of one resource
	// for each of its entries. A Bundle longer than MaxRecordBytes, unless it is
	// a line of NDJSON, still comes entry by entry, with a finding that says so.
	WholeBundles bool
	// Reporter receives the findings. Without Reporter and Quarantine the first
	// record that cannot be read ends the reading with an error, so that
	// nothing is lost unseen.
	Reporter issue.Reporter
	// Quarantine receives every record that cannot be read. What it is given is
	// good until it returns; its error ends the reading.
	Quarantine func(Rejected) error
	// Progress is told how many bytes, as stored, have been read so far.
	Progress func(bytesRead int64)
}

// Rejected is a record that cannot be read.
type Rejected struct {
	Source    int         // number of the source in the list
	Pos       issue.Pos   // where the record begins
	Reason    issue.Issue // why; its position is that of the fault
	Raw       []byte      // the bytes as read
	Truncated bool        // Raw is only the begin of the record
	Type      string      // the R4 type that the record seems to be of, "" if unknown
}

// ReadStats is the account of a reading.
type ReadStats struct {
	Sources []SourceStats
}

// SourceStats is the account of one source. Records and Rejected together are
// all its records.
type SourceStats struct {
	Name        string
	Format      Format
	Compression string // "gzip", "zstd" or ""
	Bytes       int64  // of text, decompressed
	Records     int64  // resources handed out
	Rejected    int64  // records that cannot be read
	Skipped     string // why the source holds no data, "" if it was read
	Damaged     string // why the rest of the source could not be read
}

// Bytes returns the number of bytes of text, decompressed, in all sources.
func (s *ReadStats) Bytes() int64 {
	return s.sum(func(x *SourceStats) int64 { return x.Bytes })
}

// Records returns the number of resources handed out of all sources.
func (s *ReadStats) Records() int64 {
	return s.sum(func(x *SourceStats) int64 { return x.Records })
}

// Rejected returns the number of records of all sources that cannot be read.
func (s *ReadStats) Rejected() int64 {
	return s.sum(func(x *SourceStats) int64 { return x.Rejected })
}

func (s *ReadStats) sum(f func(*SourceStats) int64) int64 {
	var n int64
	for i := range s.Sources {
		n += f(&s.Sources[i])
	}
	return n
}

// Read returns the resources of r in order: of NDJSON, a Bundle (its entries),
// an array or a single resource, in JSON or XML, plain or packed with gzip or zstd, all found out from
// the first bytes. A Resource is good until the iterator moves on. Records
// that cannot be read go to the options' Quarantine and Reporter, and the rest
// goes on. The error, if any, comes last: of r, of ctx, or of the Reporter.
// r is not closed.
func Read(ctx context.Context, r io.Reader, opts *ReadOptions) iter.Seq2[*Resource, error] {
	return func(yield func(*Resource, error) bool) {
		src := ReaderSource("", r)
		err := readAll(ctx, []Source{src}, opts, yield)
		if closeErr := src.Close(); err == nil && closeErr != nil {
			err = closeErr
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// ReadFS returns the resources of all files of fsys, sorted by path, as Read
// does of one. Files that hold no resources (see FSSources) are reported as
// information and left aside. The source in positions is the path.
func ReadFS(ctx context.Context, fsys fs.FS, opts *ReadOptions) iter.Seq2[*Resource, error] {
	return func(yield func(*Resource, error) bool) {
		srcs, err := FSSources(fsys)
		if err == nil {
			err = readAll(ctx, srcs, opts, yield)
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// errStop ends a reading because the loop over it was left.
var errStop = errors.New("fhir: the loop was left")

// readAll reads the sources in order on the goroutine of the caller.
func readAll(ctx context.Context, srcs []Source, opts *ReadOptions, yield func(*Resource, error) bool) error {
	e := newEngine(ctx, srcs, opts)
	e.once = true
	defer e.closeAll()
	w := e.newWorker(func(r *Resource) error {
		if !yield(r, nil) {
			return errStop
		}
		return nil
	})
	for t, err := range e.tasks() {
		if err != nil {
			return err
		}
		if err := w.run(&t); err != nil {
			return err
		}
	}
	return nil
}

// Each calls visit for every resource of the sources, from opts.Workers workers
// at once, in no set order; calls with the same worker number (from 0) never
// overlap, and the Resource is good until visit returns. NDJSON is cut into
// blocks of whole lines that the workers share; a file of Bundles or single
// resources is read by one worker. Source, record number and position of a
// resource are those that a reading in order gives. Calls of Reporter,
// Quarantine and Progress never overlap.
//
// The error is the first of visit, of a source, of ctx or of the Reporter. The
// account is never nil; after an error it holds what was counted so far.
func Each(ctx context.Context, srcs []Source, opts *ReadOptions, visit func(worker int, r *Resource) error) (*ReadStats, error) {
	e := newEngine(ctx, srcs, opts)
	err := e.each(e.opts.Workers, visit)
	return e.snapshot(), err
}
