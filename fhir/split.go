package fhir

import (
	"bytes"
	"errors"
	"io"
	"math"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// survey is what a first pass over a Bundle finds.
type survey struct {
	index *bundleIndex
	typ   string // resourceType, quoted
	last  int64  // where the last part ended
	end   int64  // where the document ends, from its begin; -1 if it has no good end
	err   error  // why it has no good end: *damage or *jsontree.SyntaxError
}

// split reads the Bundle at the begin of the window entry by entry, in two
// passes: one for the identity of every entry, so that references forward
// resolve, one for the resources. Only one entry is held at a time. done is
// false when the document turned out to be no Bundle.
func (d *documentReader) split() (done bool, err error) {
	first, release, err := d.fromHere()
	if err != nil {
		return true, err
	}
	s, err := d.survey(first)
	release()
	switch {
	case err != nil:
		return true, err
	case s.typ != `"Bundle"` && (s.typ != "" || s.err == nil):
		return false, nil
	case s.err != nil:
		d.broken++
		return true, d.salvage(s)
	}
	if err := d.w.e.divided(d.at); err != nil {
		return true, err
	}
	start := d.at
	d.at.record--
	counted := &lineCounter{r: io.LimitReader(io.MultiReader(bytes.NewReader(d.buf[d.off:]), d.in), s.end)}
	_, err = d.entries(counted, start, s.index)
	var stop *readingEnds
	switch {
	case errors.As(err, &stop):
		return true, stop.err
	case err != io.EOF:
		return true, err
	}
	d.skipTo(start, counted)
	return true, nil
}

// fromHere returns the text from the begin of the window on, to be read
// without moving the window.
func (d *documentReader) fromHere() (r io.Reader, release func(), err error) {
	if d.ended != nil {
		return bytes.NewReader(d.buf[d.off:]), func() {}, nil
	}
	in, err := openInput(d.in.src, d.in.number, nil)
	if err != nil {
		return nil, nil, err
	}
	if _, err := io.CopyN(io.Discard, in, d.at.offset); err != nil {
		in.close()
		return nil, nil, err
	}
	return in, in.close, nil
}

// splitter returns a splitter for the entries of a Bundle.
func (d *documentReader) splitter(r io.Reader) *jsontree.Splitter {
	return jsontree.NewSplitter(r, &jsontree.SplitOptions{Element: "entry", MaxElement: d.w.e.max, MaxMember: sampleBytes})
}

// survey is the first pass. Its error is one of the world.
func (d *documentReader) survey(r io.Reader) (survey, error) {
	s := survey{index: &bundleIndex{}, end: -1}
	split := d.splitter(r)
	opts := d.deeper()
	for {
		part, err := split.Next()
		if err != nil {
			return s, s.finish(err)
		}
		s.last = part.Offset + part.Size
		switch {
		case part.Element && !part.Truncated:
			if d.w.tree.Parse(part.Raw, opts) == nil {
				s.index.addEntry(d.w.tree.Root())
			} else {
				d.indexPieces(part.Raw, s.index)
			}
		case part.Name == "resourceType" && s.typ == "":
			s.typ = string(part.Raw)
		}
	}
}

// finish takes in how the first pass ended.
func (s *survey) finish(err error) error {
	var se *jsontree.SyntaxError
	var broken *damage
	switch {
	case err == io.EOF:
		s.end = math.MaxInt64
	case errors.As(err, &se) && se.Want == "end of input":
		s.end = int64(se.Offset)
	case errors.As(err, &se), errors.As(err, &broken):
		s.err = err
	default:
		return err
	}
	return nil
}

// deeper is the parser's options for a resource inside an entry.
func (d *documentReader) deeper() *jsontree.Options {
	return &jsontree.Options{MaxDepth: d.w.parser.opts.MaxDepth + 1}
}

// entries is the second pass. It returns where the last part ended, from the
// begin of the document, and the error of the splitter or of the reading.
func (d *documentReader) entries(r io.Reader, start place, x *bundleIndex) (end int64, err error) {
	split := d.splitter(r)
	opts := d.deeper()
	for {
		part, err := split.Next()
		if err != nil {
			return end, err
		}
		end = part.Offset + part.Size
		if part.Element {
			if err := d.part(&part, start, x, opts); err != nil {
				return end, &readingEnds{err}
			}
		}
	}
}

// readingEnds tells the end that visit or a reporter wants from a fault of the text.
type readingEnds struct{ err error }

func (e *readingEnds) Error() string { return e.err.Error() }

// part visits or rejects one entry.
func (d *documentReader) part(part *jsontree.Part, start place, x *bundleIndex, opts *jsontree.Options) error {
	at := start
	at.line += part.Line - 1
	at.column = part.Column
	if part.Line == 1 {
		at.column += start.column - 1
	}
	at.offset += part.Offset
	at.record = d.at.record + 1
	if part.Truncated {
		d.at.record++
		d.lost++
		return d.w.reject(tooLong(part.Raw[:d.w.e.sample], at, d.w.e.max))
	}
	broken := d.w.tree.Parse(part.Raw, opts)
	if broken == nil {
		d.at.record++
		return d.entry(d.w.tree.Root(), at, utf8.Valid(part.Raw), x)
	}
	// The part may hold several entries, when a quote is missing in one.
	lost := d.lost
	rest, err := d.readPieces(part.Raw, at, x)
	if err != nil || d.lost > lost && closing(part.Raw[rest:]) >= 0 {
		return err
	}
	rej := rejectSyntax(part.Raw, at, broken)
	rej.Raw = part.Raw[rest:]
	at = at.behind(part.Raw, rest)
	d.at.record++
	at.record = d.at.record
	rej.Pos = at.pos()
	rej.Reason.Pos.Record = at.record
	d.lost++
	return d.w.reject(rej)
}

// salvage reads the entries of a Bundle whose own structure is damaged: up to
// the fault, and, if all of it is in the window, what can be found behind it. The
// rest is rejected as one record.
func (d *documentReader) salvage(s survey) error {
	r, release, err := d.fromHere()
	if err != nil {
		return err
	}
	defer release()
	inWindow := d.ended != nil
	if inWindow {
		d.indexPieces(oneDocument(d.buf[d.off:][s.last:]), s.index)
	}
	start, lost := d.at, d.lost
	d.at.record--
	end, err := d.entries(r, start, s.index)
	var stop *readingEnds
	if errors.As(err, &stop) {
		return stop.err
	}
	if err := d.forward(end); err != nil {
		return err
	}
	if inWindow {
		rest, err := d.readPieces(oneDocument(d.buf[d.off:]), d.at, s.index)
		if err != nil {
			return err
		}
		d.move(rest)
		if n := closing(d.buf[d.off:]); n >= 0 && d.lost > lost {
			d.move(n)
			return nil
		}
	}
	// What follows the last entry is a comma, or the end of the array.
	if _, err := d.pass(" \t\r\n,"); err != nil {
		return err
	}
	d.at.record++
	return d.dropRest(s, start)
}

// closing returns the length of the brackets and white space that text begins
// with, if nothing follows them but another document on a line of its own; -1
// otherwise.
func closing(text []byte) int {
	rest := bytes.TrimLeft(text, " \t\r\n]}")
	n := len(text) - len(rest)
	if len(rest) == 0 || rest[0] == '{' && n > 0 && text[n-1] == '\n' {
		return n
	}
	return -1
}

// dropRest rejects what is left of a damaged Bundle that began at start.
func (d *documentReader) dropRest(s survey, start place) error {
	var se *jsontree.SyntaxError
	if !errors.As(s.err, &se) {
		rej := reject(nil, d.at, 0, CodeTruncated, "want the rest of the Bundle, have "+s.err.Error())
		return d.drop(rej, len(d.buf)-d.off)
	}
	rej := rejectSyntax(nil, d.at, s.err)
	rej.Reason.Pos = d.at.pos()
	fault := start.offset + int64(se.Offset)
	if fault < d.at.offset {
		return d.drop(rej, 0)
	}
	rej.Reason.Pos.Line, rej.Reason.Pos.Column = start.line, start.column+se.Column-1
	if se.Line > 1 {
		rej.Reason.Pos.Line, rej.Reason.Pos.Column = start.line+se.Line-1, se.Column
	}
	rej.Reason.Pos.Offset = fault
	return d.drop(rej, int(fault-d.at.offset))
}

// forward moves n bytes on, beyond the window if need be.
func (d *documentReader) forward(n int64) error {
	if n <= int64(len(d.buf)-d.off) {
		d.move(int(n))
		return nil
	}
	start := d.at
	counted := &lineCounter{r: io.LimitReader(io.MultiReader(bytes.NewReader(d.buf[d.off:]), d.in), n)}
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return err
	}
	d.skipTo(start, counted)
	return d.extend()
}

// skipTo sets the window behind what was counted from start on.
func (d *documentReader) skipTo(start place, c *lineCounter) {
	if c.n <= int64(len(d.buf)-d.off) {
		record := d.at.record
		d.at = start
		d.at.record = record
		d.move(int(c.n))
		return
	}
	d.off = len(d.buf)
	d.at.offset = start.offset + c.n
	d.at.line = start.line + c.lines
	d.at.column = int(c.n-c.begin) + 1
	if c.lines == 0 {
		d.at.column += start.column - 1
	}
}

// lineCounter counts the bytes and lines that pass.
type lineCounter struct {
	r     io.Reader
	n     int64
	lines int
	begin int64 // of the line that n lies in
}

func (c *lineCounter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if i := bytes.LastIndexByte(p[:n], '\n'); i >= 0 {
		c.lines += bytes.Count(p[:n], []byte{'\n'})
		c.begin = c.n + int64(i) + 1
	}
	c.n += int64(n)
	return n, err
}
