package dicommeta

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// ErrNotDICOM says that a source is not DICOM, as far as its first bytes tell.
var ErrNotDICOM = errors.New("dicommeta: not DICOM")

// ErrLimit says that a source exceeds one of the limits of ReadOptions.
var ErrLimit = errors.New("dicommeta: beyond a limit")

// Error says why a source cannot be read at all, and where. It wraps
// ErrNotDICOM or ErrLimit where one of them holds.
type Error struct {
	Issue issue.Issue
	Err   error
}

func (e *Error) Error() string { return "dicommeta: " + e.Issue.String() }
func (e *Error) Unwrap() error { return e.Err }

// ReadOptions are the options of reading; nil and zero fields mean the defaults.
type ReadOptions struct {
	// Until stops reading before the first element of the whole data set with this
	// tag or a higher one. 0 = the pixel data: (7FE0,0001) and all above.
	Until dict.Tag
	// KeepBytes is the length of values that are kept; longer ones stay in the
	// source, see Element.Skipped. 0 = 64 KiB; -1 keeps all.
	KeepBytes int
	// MaxDepth bounds how deep sequences nest; 0 = 64. More than 4096 is 4096.
	MaxDepth int
	// MaxElements bounds the elements of an instance with those of its items, and
	// the items; 0 = 2,000,000. Each takes 100 bytes of memory, up to 350
	// while it is read, and 8 or more in the source.
	// Of deflated ones there may be 32,768 and one more for each byte of the source.
	MaxElements int
	// MaxBytes bounds the bytes of a header, inflated ones if it is deflated;
	// 0 = 64 MiB for what must be held in memory. What is not kept does not count,
	// but of a deflated data set at most 1 GiB is passed over.
	MaxBytes int64
	// Workers is how many files Each works on at once; 0 = one a processor.
	Workers int
	// Reporter receives the findings of Each and Read, also those that say that a file
	// is not DICOM or cannot be read. nil ignores them.
	Reporter issue.Reporter
	// Progress is told how many files and bytes have been passed so far.
	Progress func(files, bytes int64)
}

// filled returns the options with the defaults in place.
func (o *ReadOptions) filled() ReadOptions {
	var all ReadOptions
	if o != nil {
		all = *o
	}
	if all.Until == 0 {
		all.Until = tagPixels
	}
	switch {
	case all.KeepBytes == 0:
		all.KeepBytes = 64 << 10
	case all.KeepBytes < 0:
		all.KeepBytes = 1<<31 - 1
	}
	if all.MaxDepth <= 0 {
		all.MaxDepth = 64
	}
	all.MaxDepth = min(all.MaxDepth, maxNesting)
	if all.MaxElements <= 0 {
		all.MaxElements = 2_000_000
	}
	if all.MaxBytes <= 0 {
		all.MaxBytes = 64 << 20
	}
	return all
}

// Parse returns the header of the DICOM file of size bytes at r. It reads 32 KB,
// seldom more, and never the pixel data. Faults that can be lived with are
// findings in Instance.Issues. The error is an *Error if the data is wrong, else it is r's.
func Parse(r io.ReaderAt, size int64, opts *ReadOptions) (*Instance, error) {
	return parseOnce(r, nil, size, "", opts)
}

// ParseStream does what Parse does for a stream, of which it reads the header and
// at most 64 KB more. Values that are not kept are read and forgotten. Size of the
// Instance stays 0.
func ParseStream(r io.Reader, opts *ReadOptions) (*Instance, error) {
	return parseOnce(nil, r, unknown, "", opts)
}

// ParseFile does what Parse does for the file of that name, which is closed again.
func ParseFile(name string, opts *ReadOptions) (*Instance, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("dicommeta: %w", err)
	}
	defer f.Close() // only read
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("dicommeta: %w", err)
	}
	x, err := parseOnce(f, nil, info.Size(), name, opts)
	if x != nil {
		x.Modified = info.ModTime()
	}
	return x, err
}

// parseOnce reads one source into memory of its own.
func parseOnce(at io.ReaderAt, r io.Reader, size int64, name string, opts *ReadOptions) (*Instance, error) {
	s := scanner{once: true}
	x, err := s.parse(at, r, size, name, opts)
	if err != nil {
		return nil, err
	}
	own := *x
	return &own, nil
}

// Parser reads one file after the other with the same memory. The zero Parser is
// ready for use. It is for one goroutine at a time.
type Parser struct {
	scanner scanner
}

// Parse does what the function Parse does. The Instance is good until the next call.
func (p *Parser) Parse(r io.ReaderAt, size int64, opts *ReadOptions) (*Instance, error) {
	return p.scanner.parse(r, nil, size, "", opts)
}

// parse reads one source, whose bytes come from at or else from r.
func (s *scanner) parse(at io.ReaderAt, r io.Reader, size int64, name string, opts *ReadOptions) (*Instance, error) {
	all := opts.filled()
	s.reset(at, r, max(size, 0), &all)
	s.source = name
	if err := s.read(); err != nil {
		return nil, err
	}
	s.x.Source = name
	if at != nil {
		s.x.Size = size
	}
	return &s.x, nil
}
