package fhir

import (
	"bytes"
	"fmt"
	"io"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// WriteOptions are the options of a Writer; nil and zero fields mean the defaults.
type WriteOptions struct {
	// Verbatim writes the bytes of every resource exactly as read, also over
	// several lines, with one line feed between resources and none at the end.
	Verbatim bool
}

// Writer writes resources as NDJSON, one a line. A resource that was read from
// one line is given back byte for byte: member order, number text, escapes and
// inner white space stay. Of one that was spread over lines, the white space
// between tokens is left out, and nothing else changes; of one in XML the JSON
// form is written. Not for concurrent use.
type Writer struct {
	w       io.Writer
	opts    WriteOptions
	scratch []byte
	begun   bool
	err     error
}

// NewWriter returns a Writer on w. It writes every resource with one call and
// keeps nothing back.
func NewWriter(w io.Writer, opts *WriteOptions) *Writer {
	x := &Writer{w: w}
	if opts != nil {
		x.opts = *opts
	}
	return x
}

// Write writes one resource. After an error of the underlying writer every
// call returns it.
func (w *Writer) Write(r *Resource) error {
	if w.err != nil {
		return w.err
	}
	b := w.scratch[:0]
	switch {
	case w.opts.Verbatim:
		if w.begun {
			b = append(b, '\n')
		}
		b = append(b, r.raw...)
	case bytes.IndexByte(r.raw, '\n') >= 0 || bytes.IndexByte(r.raw, '\r') >= 0:
		b = append(jsontree.Compact(b, r.raw), '\n')
	default:
		b = append(append(b, r.raw...), '\n')
	}
	w.begun = true
	if w.scratch = b; cap(b) > keepBlock {
		w.scratch = nil
	}
	if _, err := w.w.Write(b); err != nil {
		w.err = fmt.Errorf("fhir: writing: %w", err)
	}
	return w.err
}
