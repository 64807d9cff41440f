package omop

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/carabiner-health/carabiner/issue"
)

// DefaultMaxRecordBytes is the most bytes of one CSV record when options give
// no other bound.
const DefaultMaxRecordBytes = 64 << 20

// text is one cell of a CSV record as written, with its place.
type text struct {
	b            []byte
	quoted       bool
	line, column int
}

// scanner reads the records of a CSV file. With a comma it follows RFC 4180;
// with a tab it reads Athena's dialect, which has neither quotes nor escapes.
// It holds one record at a time.
type scanner struct {
	r     *bufio.Reader
	comma byte
	limit int

	raw   []byte // the current record
	spans []span
	cells []text
	line  int  // lines read so far
	first int  // the line on which the record starts
	inner bool // the input stands inside a line that was too long
}

type span struct {
	start, end   int
	quoted       bool
	escaped      bool
	line, column int
}

// recordError is a record that breaks the rules of CSV; the next one can be
// read.
type recordError struct {
	line, column int
	message      string
}

func (e *recordError) Error() string { return e.message }

func (e *recordError) issue(pos issue.Pos, path string) issue.Issue {
	pos.Line, pos.Column = e.line, e.column
	return issue.Issue{Severity: issue.Error, Code: CodeSyntax, Pos: pos, Path: path, Message: e.message, Rule: "RFC 4180"}
}

var errLimit = errors.New("record over the limit")

func newScanner(r io.Reader, comma byte, limit int) *scanner {
	if limit <= 0 {
		limit = DefaultMaxRecordBytes
	}
	return &scanner{r: bufio.NewReaderSize(r, 64<<10), comma: comma, limit: limit}
}

// next returns the cells of the next record that is not an empty line; they
// are valid until the next call. It returns io.EOF at the end, a *recordError
// for a record that is passed over, and another error when the input fails.
func (s *scanner) next() ([]text, error) {
	for {
		s.raw = s.raw[:0]
		err := s.more()
		s.first = s.line
		if err == errLimit {
			return nil, s.skip("want a record within the limit of bytes, have a longer one")
		}
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimRight(s.raw, "\r\n")) > 0 {
			break
		}
	}
	if s.comma == 0 {
		s.comma = detectComma(s.raw)
	}
	if err := s.split(); err != nil {
		return nil, err
	}
	s.cells = s.cells[:0]
	for _, p := range s.spans {
		b := s.raw[p.start:p.end]
		if p.escaped {
			b = unescape(b)
		}
		s.cells = append(s.cells, text{b: b, quoted: p.quoted, line: p.line, column: p.column})
	}
	return s.cells, nil
}

// more appends the next physical line to the record. At the end of the input
// it returns io.EOF only if there was nothing to append.
func (s *scanner) more() error {
	before := len(s.raw)
	for {
		b, err := s.r.ReadSlice('\n')
		if len(s.raw)+len(b) > s.limit {
			s.line++
			s.inner = err == bufio.ErrBufferFull
			return errLimit
		}
		s.raw = append(s.raw, b...)
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(s.raw) > before:
			err = nil
		}
		if err == nil {
			s.line++
		}
		return err
	}
}

// skip passes over the rest of the physical line and returns the error of the
// record.
func (s *scanner) skip(message string) error {
	for s.inner {
		_, err := s.r.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return err
		}
		s.inner = err == bufio.ErrBufferFull
	}
	return &recordError{line: s.first, column: 1, message: message}
}

// split finds the cells of the record, reading further lines where a quoted
// cell spans several.
func (s *scanner) split() error {
	s.spans = s.spans[:0]
	lineStart, pos := 0, 0
	for {
		p := span{start: pos, line: s.line, column: pos - lineStart + 1}
		if s.comma == ',' && pos < len(s.raw) && s.raw[pos] == '"' {
			p.quoted = true
			p.start++
			end, err := s.quoted(&p, &lineStart)
			if err != nil {
				return err
			}
			p.end, pos = end, end+1
			if rest := s.raw[pos:]; len(rest) > 0 && rest[0] != ',' && len(bytes.TrimRight(rest, "\r\n")) > 0 {
				return &recordError{line: s.line, column: pos - lineStart + 1, message: "want a comma or the end of the line after a closing quote"}
			}
		} else {
			n := bytes.IndexByte(s.raw[pos:], s.comma)
			if n < 0 {
				n = len(bytes.TrimRight(s.raw[pos:], "\r\n"))
			}
			pos += n
			p.end = pos
		}
		s.spans = append(s.spans, p)
		if pos >= len(s.raw) || s.raw[pos] != s.comma {
			return nil
		}
		pos++
	}
}

// quoted returns the place of the quote that closes the cell p.
func (s *scanner) quoted(p *span, lineStart *int) (int, error) {
	at := p.start
	for {
		n := bytes.IndexByte(s.raw[at:], '"')
		if n < 0 {
			at = len(s.raw)
			switch err := s.more(); {
			case err == errLimit:
				return 0, s.skip("want a closing quote within the limit of bytes, have none")
			case err == io.EOF:
				return 0, &recordError{line: p.line, column: p.column, message: "want a closing quote, have the end of the file"}
			case err != nil:
				return 0, err
			}
			*lineStart = at
			continue
		}
		at += n
		if at+1 < len(s.raw) && s.raw[at+1] == '"' {
			p.escaped = true
			at += 2
			continue
		}
		return at, nil
	}
}

// unescape makes "" in b one quote, in place.
func unescape(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		out = append(out, b[i])
		if b[i] == '"' {
			i++
		}
	}
	return out
}

// detectComma returns the separator of a header line: a tab if there is one,
// else a comma. No column name of the CDM holds either.
func detectComma(header []byte) byte {
	if bytes.IndexByte(header, '\t') >= 0 {
		return '\t'
	}
	return ','
}
