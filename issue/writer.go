package issue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// Format is a form in which a Writer writes findings. The zero Format is Text.
type Format uint8

// The formats.
const (
	Text             Format = iota // one readable line a finding
	NDJSON                         // one JSON object a line
	OperationOutcome               // one FHIR R4 OperationOutcome
	SARIF                          // one SARIF 2.1.0 log
)

// Writer is a Reporter that writes each finding as it comes, with one Write of
// the underlying writer for each, and keeps none. Close completes the
// document; until then an OperationOutcome or a SARIF log is unfinished. It is
// safe for concurrent use.
type Writer struct {
	mu     sync.Mutex
	w      io.Writer
	form   form
	buf    bytes.Buffer
	begun  bool
	closed bool
	err    error // first failure; answered ever after
}

// form writes the parts of a document in one format. Each method appends to b.
type form interface {
	head(b *bytes.Buffer)
	finding(b *bytes.Buffer, i Issue, first bool) error
	tail(b *bytes.Buffer, empty bool)
}

// NewWriter returns a Writer of the format f onto w. An unknown format is
// answered as an error by the first call of Report or Close. The Writer does
// not close w.
func NewWriter(w io.Writer, f Format) *Writer {
	out := &Writer{w: w}
	switch f {
	case Text:
		out.form = textForm{}
	case NDJSON:
		out.form = ndjsonForm{}
	case OperationOutcome:
		out.form = outcomeForm{}
	case SARIF:
		out.form = &sarifForm{index: make(map[Code]int)}
	default:
		out.err = fmt.Errorf("issue: format %d is unknown", uint8(f))
	}
	return out
}

// Report writes the finding. It answers an error where the finding has no
// valid severity, where writing fails (and then ever after), and after Close.
func (w *Writer) Report(i Issue) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.err != nil:
		return w.err
	case w.closed:
		return fmt.Errorf("issue: report after close")
	case i.Severity < Information || i.Severity > Fatal:
		return fmt.Errorf("issue: finding %s has no valid severity", i.Code)
	}
	w.buf.Reset()
	if !w.begun {
		w.form.head(&w.buf)
	}
	if err := w.form.finding(&w.buf, i, !w.begun); err != nil {
		return err
	}
	w.begun = true
	return w.flush()
}

// Close completes the document, also one without a finding. Further calls
// answer the first error, or nil.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil || w.closed {
		return w.err
	}
	w.closed = true
	w.buf.Reset()
	if !w.begun {
		w.form.head(&w.buf)
	}
	w.form.tail(&w.buf, !w.begun)
	return w.flush()
}

func (w *Writer) flush() error {
	if w.buf.Len() == 0 {
		return nil
	}
	if _, err := w.w.Write(w.buf.Bytes()); err != nil {
		w.err = fmt.Errorf("issue: write findings: %w", err)
	}
	return w.err
}

// textForm writes Issue.String and a line feed. Line breaks inside a finding
// become spaces, so that a line is a finding.
type textForm struct{}

func (textForm) head(*bytes.Buffer)       {}
func (textForm) tail(*bytes.Buffer, bool) {}

func (textForm) finding(b *bytes.Buffer, i Issue, _ bool) error {
	for _, r := range i.String() {
		if r < ' ' || r == 0x7f {
			r = ' '
		}
		b.WriteRune(r)
	}
	b.WriteByte('\n')
	return nil
}

// ndjsonForm writes the JSON form of an Issue and a line feed.
type ndjsonForm struct{}

func (ndjsonForm) head(*bytes.Buffer)       {}
func (ndjsonForm) tail(*bytes.Buffer, bool) {}

func (ndjsonForm) finding(b *bytes.Buffer, i Issue, _ bool) error {
	return appendJSON(b, i)
}

// appendJSON appends v as JSON and a line feed, HTML characters as they are.
func appendJSON(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// appendElement appends v as JSON on a line of its own, indented, with the
// comma that separates it from the element before.
func appendElement(b *bytes.Buffer, v any, first bool) error {
	if !first {
		b.WriteString(",\n")
	}
	b.WriteString("    ")
	if err := appendJSON(b, v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line feed of the encoder
	return nil
}
