package dicommeta

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// ReadJSON returns the data sets of a text of the DICOM JSON model one after the other: the
// elements of an array, as DICOMweb servers send it, or objects that follow each other,
// as in NDJSON. It holds one at a time, of at most MaxBytes. A data set is the
// caller's to keep.
//
// Findings go to opts.Reporter with the number of the data set as Record; a data set that
// is wrong as a whole, but ends where it should, is one and is passed over. The error, if
// there is one, comes last: an *Error where the text cannot be followed further, that of
// r, of the Reporter or of ctx.
func ReadJSON(ctx context.Context, r io.Reader, opts *ParseJSONOptions) iter.Seq2[*Dataset, error] {
	return func(yield func(*Dataset, error) bool) {
		s := jsonStream{p: jsonParser{opts: opts.withDefaults(), line: 1, column: 1}, ctx: ctx}
		if err := s.read(r, yield); err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// jsonStream reads data sets from one reader.
type jsonStream struct {
	p   jsonParser
	ctx context.Context
}

// errStop says that the caller wants no more.
var errStop = errors.New("stop")

func (s *jsonStream) read(r io.Reader, yield func(*Dataset, error) bool) error {
	br := bufio.NewReaderSize(r, 64<<10)
	c, err := s.skipSpace(br)
	switch {
	case err == io.EOF:
		return nil
	case err != nil:
		return fmt.Errorf("dicommeta: %w", err)
	case c == '[':
		return s.array(br, yield)
	}
	return s.objects(br, yield)
}

// skipSpace moves on to the next byte that is not white space and returns it, unread.
func (s *jsonStream) skipSpace(br *bufio.Reader) (byte, error) {
	for {
		c, err := br.ReadByte()
		if err != nil {
			return 0, err
		}
		switch c {
		case '\n':
			s.p.line++
			s.p.column = 0
		case ' ', '\t', '\r':
		default:
			return c, br.UnreadByte()
		}
		s.p.offset++
		s.p.column++
	}
}

// array reads the data sets of an array.
func (s *jsonStream) array(br *bufio.Reader, yield func(*Dataset, error) bool) error {
	startLine, startColumn, startOffset := s.p.line, s.p.column, s.p.offset
	sp := jsontree.NewSplitter(br, &jsontree.SplitOptions{MaxElement: s.p.opts.MaxBytes, BufferSize: 64 << 10})
	for {
		part, err := sp.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			s.p.src = nil
			return s.streamError(err, startLine, startColumn, startOffset)
		}
		s.p.line, s.p.column = startLine+part.Line-1, part.Column
		if part.Line == 1 {
			s.p.column += startColumn - 1
		}
		s.p.offset = startOffset + part.Offset
		if part.Truncated {
			s.p.src = nil
			return s.p.fatal(0, CodeJSONLimit, "want at most the allowed bytes in a data set, have more", ErrLimit)
		}
		if err := s.one(part.Raw, yield); err != nil {
			return err
		}
	}
}

// streamError turns an error between data sets into one of this package.
func (s *jsonStream) streamError(err error, line, column int, offset int64) error {
	var se *jsontree.SyntaxError
	if !errors.As(err, &se) {
		return fmt.Errorf("dicommeta: %w", err)
	}
	s.p.line, s.p.column, s.p.offset = line, column, offset
	out := s.p.syntax(err)
	var e *Error
	if errors.As(out, &e) && se.Line > 0 {
		e.Issue.Pos.Line, e.Issue.Pos.Column = line+se.Line-1, se.Column
		if se.Line == 1 {
			e.Issue.Pos.Column += column - 1
		}
	}
	return out
}

// one parses a data set and hands it on.
func (s *jsonStream) one(raw []byte, yield func(*Dataset, error) bool) error {
	if err := s.ctx.Err(); err != nil {
		return fmt.Errorf("dicommeta: %w", err)
	}
	s.p.record++
	d, err := s.p.parse(raw)
	var e *Error
	if errors.As(err, &e) {
		s.p.issues = append(s.p.issues, e.Issue)
	} else if err != nil {
		return err
	}
	for _, is := range s.p.issues {
		if s.p.opts.Reporter == nil {
			break
		}
		if err := s.p.opts.Reporter.Report(is); err != nil {
			return fmt.Errorf("dicommeta: %w", err)
		}
	}
	if e == nil && !yield(&d, nil) {
		return errStop
	}
	return nil
}

// objects reads data sets that follow each other.
func (s *jsonStream) objects(br *bufio.Reader, yield func(*Dataset, error) bool) error {
	var buf []byte
	for {
		c, err := s.skipSpace(br)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("dicommeta: %w", err)
		}
		if c != '{' {
			s.p.src = nil
			return s.p.fatal(0, CodeJSONSyntax, "want object or array, have other text", nil)
		}
		if buf, err = s.object(br, buf[:0]); err != nil {
			return err
		}
		if err := s.one(buf, yield); err != nil {
			return err
		}
		s.p.line, s.p.column = advance(s.p.line, s.p.column, buf)
		s.p.offset += int64(len(buf))
	}
}

// advance returns the line and column behind text that begins at the given ones.
func advance(line, column int, text []byte) (int, int) {
	if n := bytes.Count(text, []byte{'\n'}); n > 0 {
		return line + n, len(text) - bytes.LastIndexByte(text, '\n')
	}
	return line, column + len(text)
}

// object appends the bytes of the object that br stands at, up to the brace that closes it.
func (s *jsonStream) object(br *bufio.Reader, buf []byte) ([]byte, error) {
	depth, inString, escaped, done := 0, false, false, false
	for !done {
		// A piece is what is buffered; the reader moves on behind what was used of it.
		if _, err := br.Peek(1); err == io.EOF {
			s.p.src = buf
			return buf, s.p.fatal(len(buf), CodeJSONSyntax, "want closing brace, have end of input", nil)
		} else if err != nil {
			return buf, fmt.Errorf("dicommeta: %w", err)
		}
		piece, err := br.Peek(br.Buffered())
		if err != nil {
			return buf, fmt.Errorf("dicommeta: %w", err)
		}
		n := 0
		for ; n < len(piece) && !done; n++ {
			switch c := piece[n]; {
			case escaped:
				escaped = false
			case c == '\\':
				escaped = inString
			case c == '"':
				inString = !inString
			case inString:
			case c == '{':
				depth++
			case c == '}':
				depth--
				done = depth == 0
			}
		}
		if len(buf)+n > s.p.opts.MaxBytes {
			s.p.src = nil
			return buf, s.p.fatal(0, CodeJSONLimit, "want at most the allowed bytes in a data set, have more", ErrLimit)
		}
		buf = append(buf, piece[:n]...)
		if _, err := br.Discard(n); err != nil {
			return buf, fmt.Errorf("dicommeta: %w", err)
		}
	}
	return buf, nil
}
