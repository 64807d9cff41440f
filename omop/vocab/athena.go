package vocab

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math/bits"
	"path"
	"slices"
	"strings"
	"sync"
)

// Dialect is the form of the lines of vocabulary files. The zero Dialect is
// that of a download from Athena: fields end at a tab, nothing is quoted and
// nothing is escaped. Lines end in LF or CRLF in every dialect. Dates may have
// any form: they are not part of the index, what is current is told by
// invalid_reason alone.
type Dialect struct {
	Comma  byte   // between fields; 0 is a tab
	Quotes bool   // fields may be put in double quotes, where "" is one quote
	Null   string // text that stands for no value in standard_concept and invalid_reason, beside the empty one
}

// CSV is the dialect of comma-separated files with quotes where they are
// needed (RFC 4180).
var CSV = Dialect{Comma: ',', Quotes: true}

func (d Dialect) check() error {
	if c := d.comma(); c == '"' || c == '\n' || c == '\r' || c >= 0x80 {
		return errors.New("vocab: dialect: want an ASCII separator other than a quote and a line end")
	}
	return nil
}

func (d Dialect) comma() byte {
	if d.Comma == 0 {
		return '\t'
	}
	return d.Comma
}

// Bounds of what is read.
const (
	blockSize = 1 << 20 // bytes that are parsed at a time
	maxLine   = 1 << 20 // no line may be longer
	maxFields = 64
)

// block is a piece of a file that holds whole lines.
type block struct {
	data []byte
	line int // number of the first line
	long int // if not 0, the number of a line that was too long and left out
	buf  *[]byte
}

var blockPool = sync.Pool{New: func() any { b := make([]byte, 0, blockSize); return &b }}

func (b *block) free() {
	if b.buf != nil {
		blockPool.Put(b.buf)
		b.buf, b.data = nil, nil
	}
}

// cutter cuts a file into blocks that end at the end of a line.
type cutter struct {
	r      io.Reader
	quotes bool
	read   func(n int) // told of bytes read, may be nil

	rest []byte // bytes after the last line of the block before
	line int    // line number of rest
	eof  bool
}

// blocks returns the blocks of the file. The receiver frees them.
func (c *cutter) blocks() iter.Seq2[*block, error] {
	return func(yield func(*block, error) bool) {
		for !c.eof || len(c.rest) > 0 {
			b, err := c.next()
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// next returns the next block. A line that is longer than maxLine is left out
// of it and named.
func (c *cutter) next() (*block, error) {
	buf := blockPool.Get().(*[]byte)
	b := &block{line: c.line, buf: buf}
	data := append((*buf)[:0], c.rest...)
	c.rest = c.rest[:0]
	want := blockSize
	for {
		var err error
		if data, err = c.fill(data, want); err != nil {
			return nil, err
		}
		end := len(data)
		if !c.eof {
			end = c.lastLine(data)
		}
		if end == 0 && len(data) > maxLine {
			// A quote that is never closed must not swallow the file.
			end = bytes.LastIndexByte(data, '\n') + 1
		}
		if end == 0 && len(data) > maxLine {
			lines, err := c.skipLine(data)
			*buf = data[:0]
			b.long = c.line
			c.line += lines
			return b, err
		}
		if end > 0 || c.eof {
			*buf = data
			b.data = data[:end]
			c.rest = append(c.rest, data[end:]...)
			c.line += bytes.Count(b.data, newline)
			return b, nil
		}
		want = len(data) + blockSize
	}
}

var newline = []byte{'\n'}

// fill appends to data until it has want bytes or the file ends.
func (c *cutter) fill(data []byte, want int) ([]byte, error) {
	data = slices.Grow(data, max(0, want-len(data)))
	for len(data) < want && !c.eof {
		n, err := c.r.Read(data[len(data):want])
		data = data[:len(data)+n]
		if c.read != nil {
			c.read(n)
		}
		switch {
		case err == io.EOF:
			c.eof = true
		case err != nil:
			return nil, err
		}
	}
	return data, nil
}

// lastLine returns the length of data up to its last line end outside quotes.
func (c *cutter) lastLine(data []byte) int {
	if !c.quotes || bytes.IndexByte(data, '"') < 0 {
		return bytes.LastIndexByte(data, '\n') + 1
	}
	end, inside := 0, false
	for i, ch := range data {
		switch ch {
		case '"':
			inside = !inside
		case '\n':
			if !inside {
				end = i + 1
			}
		}
	}
	return end
}

// skipLine leaves out the line at the start of data, up to the first line end
// even if that is in quotes, and returns the number of line ends passed.
func (c *cutter) skipLine(data []byte) (int, error) {
	for {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			c.rest = append(c.rest[:0], data[i+1:]...)
			return 1, nil
		}
		if c.eof {
			c.rest = c.rest[:0]
			return 0, nil
		}
		var err error
		if data, err = c.fill(data[:0], blockSize); err != nil {
			return 0, err
		}
	}
}

// errQuote says that a quoted field is not closed, or goes on after its quote.
var errQuote = errors.New("want a quoted field that ends at its closing quote")

// splitter takes lines apart. Its fields lie in the data that it was given.
type splitter struct {
	comma  byte
	quotes bool
	stops  string // what ends a field without quotes
	data   []byte
	line   int // number of the line that next returned
	after  int // number of the next line
	fields [][]byte
}

func (d Dialect) splitter() *splitter {
	return &splitter{comma: d.comma(), quotes: d.Quotes, stops: string([]byte{d.comma(), '\n'}),
		fields: make([][]byte, 0, maxFields+1)}
}

// reset starts on the data of a block.
func (s *splitter) reset(b *block) { s.data, s.after = b.data, b.line }

// next splits the next line that is not empty; ok is false at the end. With
// err, the line could not be split and the next call goes on after it. No more
// than maxFields+1 fields are kept.
func (s *splitter) next() (fields [][]byte, ok bool, err error) {
	for len(s.data) > 0 {
		s.line = s.after
		if s.quotes && s.quoted() {
			fields, err = s.quotedLine()
			return fields, true, err
		}
		if f := s.plainLine(); len(f) > 1 || len(f[0]) > 0 {
			return f, true, nil
		}
	}
	return nil, false, nil
}

// plainLine splits the next line as one without quotes. It looks at eight bytes
// at a time.
func (s *splitter) plainLine() [][]byte {
	const ends = 0x0101010101010101 * '\n'
	commas := 0x0101010101010101 * uint64(s.comma)
	f, data := s.fields[:0], s.data
	from, i := 0, 0
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		for found := zeros(w^commas) | zeros(w^ends); found != 0; found &= found - 1 {
			at := i + bits.TrailingZeros64(found)/8
			if data[at] == '\n' {
				return s.endLine(f, from, at)
			}
			if len(f) < maxFields {
				f = append(f, data[from:at:at])
				from = at + 1
			}
		}
	}
	for ; i < len(data) && data[i] != '\n'; i++ {
		if data[i] == s.comma && len(f) < maxFields {
			f = append(f, data[from:i:i])
			from = i + 1
		}
	}
	return s.endLine(f, from, i)
}

// endLine adds the last field of a line that ends at a place in the data, and
// goes on after it.
func (s *splitter) endLine(f [][]byte, from, end int) [][]byte {
	last := s.data[from:end:end]
	if n := len(last); n > 0 && last[n-1] == '\r' {
		last = last[:n-1]
	}
	if end < len(s.data) {
		s.after++
		end++
	}
	s.data = s.data[end:]
	return append(f, last)
}

// zeros returns the highest bit of every byte that is 0.
func zeros(w uint64) uint64 {
	const low = 0x7f7f7f7f7f7f7f7f
	return ^((w&low + low) | w | low)
}

// cut takes the next line off the data.
func (s *splitter) cut() []byte {
	line := s.data
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line, s.data = line[:i], line[i+1:]
		s.after++
	} else {
		s.data = nil
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// quoted reports whether there is a quote in the next line.
func (s *splitter) quoted() bool {
	line := s.data
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	return bytes.IndexByte(line, '"') >= 0
}

// quotedLine splits a line with quotes, which may hold line ends. Doubled
// quotes are made single in place.
func (s *splitter) quotedLine() ([][]byte, error) {
	f := s.fields[:0]
	data, i := s.data, 0
	var quoted [maxFields + 1]bool
	for {
		var field []byte
		if i < len(data) && data[i] == '"' {
			end := closingQuote(data, i+1)
			if end < 0 || !s.endsField(data[end+1:]) {
				s.cut()
				return nil, errQuote
			}
			field, i = data[i+1:end:end], end+1
			quoted[min(len(f), maxFields)] = true
		} else {
			n := bytes.IndexAny(data[i:], s.stops)
			if n < 0 {
				n = len(data) - i
			}
			field, i = data[i:i+n:i+n], i+n
		}
		if len(f) <= maxFields {
			f = append(f, field)
		}
		if i == len(data) || data[i] != s.comma {
			break
		}
		i++
	}
	if bytes.HasPrefix(data[i:], crlf) {
		i++
	}
	if i < len(data) {
		i++ // the line end
	}
	s.after += bytes.Count(data[:i], newline)
	s.data = data[i:]
	for i := range f {
		if quoted[i] {
			f[i] = single(f[i])
		} else if i == len(f)-1 {
			f[i] = bytes.TrimSuffix(f[i], crlf[:1])
		}
	}
	return f, nil
}

var crlf = []byte("\r\n")

// endsField reports whether a quoted field may end before rest.
func (s *splitter) endsField(rest []byte) bool {
	return len(rest) == 0 || rest[0] == s.comma || rest[0] == '\n' || bytes.HasPrefix(rest, crlf)
}

// closingQuote returns the place of the quote that closes the field whose text
// starts at i, or -1.
func closingQuote(data []byte, i int) int {
	for {
		n := bytes.IndexByte(data[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		if i+1 == len(data) || data[i+1] != '"' {
			return i
		}
		i += 2
	}
}

// single replaces every "" of a field by one quote, in place.
func single(field []byte) []byte {
	if !bytes.Contains(field, twoQuotes) {
		return field
	}
	out := field[:0]
	for i := 0; i < len(field); i++ {
		out = append(out, field[i])
		if field[i] == '"' && i+1 < len(field) && field[i+1] == '"' {
			i++
		}
	}
	return out
}

var twoQuotes = []byte(`""`)

// findFile returns the name of a table's file in a folder: upper or lower
// case, .csv or .tsv. It returns "" if there is none.
func findFile(fsys fs.FS, table string) (string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return "", err
	}
	var found []string
	for _, e := range entries {
		ext := path.Ext(e.Name())
		if !e.IsDir() && strings.EqualFold(strings.TrimSuffix(e.Name(), ext), table) &&
			(strings.EqualFold(ext, ".csv") || strings.EqualFold(ext, ".tsv")) {
			found = append(found, e.Name())
		}
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("want one file of table %s, have %s", table, strings.Join(found, " and "))
}

// columns finds the wanted columns in a header line.
func columns(header [][]byte, want []string) ([]int, error) {
	at := make([]int, len(want))
	for i, w := range want {
		at[i] = slices.IndexFunc(header, func(h []byte) bool {
			return strings.EqualFold(strings.TrimSpace(string(h)), w)
		})
		if at[i] < 0 {
			return nil, fmt.Errorf("want a column %s in the header, have %d other columns", w, len(header))
		}
	}
	return at, nil
}
