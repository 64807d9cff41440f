package dicommeta

import (
	"errors"
	"io"

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
	// MaxDepth bounds how deep sequences nest; 0 = 64.
	MaxDepth int
	// MaxElements bounds the elements of an instance with those of its items;
	// 0 = 2,000,000.
	MaxElements int
	// MaxBytes bounds the bytes of a header, inflated ones if it is deflated;
	// 0 = 64 MiB for what must be held in memory.
	MaxBytes int64
	// Workers is how many files Each works on at once; 0 = one a processor.
	Workers int
	// Reporter receives the findings of Each and Read, also those that say that a file
	// is not DICOM or cannot be read. nil ignores them.
	Reporter issue.Reporter
	// Progress is told how many files and bytes have been passed so far.
	Progress func(files, bytes int64)
}

// Parse returns the header of the DICOM file of size bytes at r. It reads 32 KB,
// seldom more, and never the pixel data. Faults that can be lived with are
// findings in Instance.Issues. The error is an *Error if the data is wrong, else it is r's.
func Parse(r io.ReaderAt, size int64, opts *ReadOptions) (*Instance, error) {
	var p Parser
	return p.Parse(r, size, opts)
}

// Parser reads one file after the other with the same memory. The zero Parser is
// ready for use. It is for one goroutine at a time.
type Parser struct {
}

// Parse does what the function Parse does. The Instance is good until the next call.
func (p *Parser) Parse(r io.ReaderAt, size int64, opts *ReadOptions) (*Instance, error) {
	return nil, errors.New("dicommeta: not yet")
}
