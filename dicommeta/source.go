package dicommeta

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"time"
)

// Source is one file to read.
type Source struct {
	Name     string
	Size     int64
	Modified time.Time
	// Open opens the file for one reading.
	Open func() (File, error)
}

// File is an open Source.
type File interface {
	io.ReaderAt
	io.Closer
}

// Sources returns the files that args name: files, folders with all that is below them
// in the order of their paths, or patterns. A folder is walked while the
// sequence runs; what is in it is not held in memory.
func Sources(args ...string) iter.Seq2[Source, error] {
	return func(yield func(Source, error) bool) { yield(Source{}, errors.New("dicommeta: not yet")) }
}

// FSSources returns the files of fsys in the order of their paths.
func FSSources(fsys fs.FS) iter.Seq2[Source, error] {
	return func(yield func(Source, error) bool) { yield(Source{}, errors.New("dicommeta: not yet")) }
}

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
// Reporter or of ctx; a file that is wrong or cannot be opened is reported and counted.
func Each(ctx context.Context, srcs iter.Seq2[Source, error], opts *ReadOptions, visit func(worker int, x *Instance) error) (ReadStats, error) {
	return ReadStats{}, errors.New("dicommeta: not yet")
}

// Read returns the headers of all sources in order. An Instance is good until the iterator moves on.
func Read(ctx context.Context, srcs iter.Seq2[Source, error], opts *ReadOptions) iter.Seq2[*Instance, error] {
	return func(yield func(*Instance, error) bool) { yield(nil, errors.New("dicommeta: not yet")) }
}
