package jsontree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// SplitOptions says what a Splitter cuts and how much of it is held. Nil and
// zero fields mean the defaults.
type SplitOptions struct {
	Element    string // member of the top-level object whose array is cut into elements; "" = none
	MaxElement int    // bytes held of one element; 0 = 256 MiB
	MaxMember  int    // bytes held of one other member; 0 = 1 MiB; a name may have 64 KiB at least
	BufferSize int    // bytes read at a time, at first; 0 = 256 KiB
}

// Part is one piece of a document: an element of the array that is cut, or
// another member of the top-level object.
type Part struct {
	Element   bool   // an element; otherwise a member
	Name      string // decoded name of the member or of the array; "" in a top-level array
	Index     int    // number of the element in its array, or of the member in the object, from 0
	Raw       []byte // the value as written, unchecked inside; valid until the following Next
	Truncated bool   // Raw is only the beginning
	Size      int64  // bytes of the whole value
	Offset    int64  // of its first byte in the stream, from 0
	Line      int    // of its first byte, from 1
	Column    int    // of its first byte, from 1, in bytes
}

// Position returns line and column in the stream of an offset in p.Raw.
func (p *Part) Position(offset int) (line, column int) {
	line, column = Position(p.Raw, offset)
	if line == 1 {
		column += p.Column - 1
	}
	return p.Line + line - 1, column
}

// Splitter cuts one JSON document from a reader into parts, in order, holding
// no more than one of them. It checks the grammar between the parts; what is
// inside a part is only scanned for where it ends, so a caller parses Raw to
// have it checked. Memory is bounded by the limits, whatever the document's size.
// A byte order mark is not skipped. Not for concurrent use.
type Splitter struct {
	r       io.Reader
	opts    SplitOptions
	name    []byte // opts.Element
	nameBuf []byte // of the latest member

	buf       []byte
	pos, end  int   // next byte to look at, end of what was read
	mark      int   // bytes before it may be dropped
	base      int64 // offset of buf[0]
	readErr   error // io.EOF or what the reader said
	cut       []byte
	line      int   // line of offset counted
	lineStart int64 // offset of its first byte
	counted   int64

	next    func(*Splitter, *Part) (ready bool, err error)
	member  string // name of the array being cut
	members int
	index   int
	top     bool // the document is the array
	part    Part // what Next returns
	err     error
}

// NewSplitter returns a Splitter that reads from r. It reads ahead.
func NewSplitter(r io.Reader, opts *SplitOptions) *Splitter {
	s := &Splitter{}
	if opts != nil {
		s.opts = *opts
	}
	setDefault(&s.opts.MaxElement, 256<<20)
	setDefault(&s.opts.MaxMember, 1<<20)
	setDefault(&s.opts.BufferSize, 256<<10)
	s.name = []byte(s.opts.Element)
	s.buf = make([]byte, max(s.opts.BufferSize, blockSize))
	s.Reset(r)
	return s
}

func setDefault(v *int, def int) {
	if *v <= 0 {
		*v = def
	}
}

// Reset makes s read another document from r, with its options and its memory.
func (s *Splitter) Reset(r io.Reader) {
	*s = Splitter{r: r, opts: s.opts, name: s.name, nameBuf: s.nameBuf, buf: s.buf, cut: s.cut, line: 1, next: (*Splitter).start}
}

// Next returns the next part; io.EOF after the end of a whole document. A
// *SyntaxError has its place in the stream; when the input ends inside a part, that
// part comes with the error, holding what was there. Any other error is the
// reader's. After an error every call returns it again.
func (s *Splitter) Next() (Part, error) {
	s.part = Part{}
	for s.err == nil {
		s.mark = s.pos
		ready, err := s.next(s, &s.part)
		if err != nil {
			s.err = err
			return s.part, err
		}
		if ready {
			return s.part, nil
		}
	}
	return Part{}, s.err
}

// start reads the document's opening bracket.
func (s *Splitter) start(*Part) (bool, error) {
	switch s.space() {
	case '{':
		s.next = (*Splitter).firstMember
	case '[':
		s.top = true
		s.next = (*Splitter).firstElement
	default:
		return false, s.wrong("object or array")
	}
	s.pos++
	return false, nil
}

func (s *Splitter) firstMember(p *Part) (bool, error) {
	if s.space() == '}' {
		s.pos++
		s.next = (*Splitter).finish
		return false, nil
	}
	return s.oneMember(p)
}

// oneMember reads a name and, unless the value is the array to cut, the value.
func (s *Splitter) oneMember(p *Part) (bool, error) {
	if s.space() != '"' {
		return false, s.wrong("member name")
	}
	name, err := s.memberName(p)
	*p = Part{}
	if err != nil {
		return false, err
	}
	if s.space() != ':' {
		return false, s.wrong("colon")
	}
	s.pos++
	c := s.space()
	if c == '[' && len(s.name) > 0 && bytes.Equal(name, s.name) {
		s.pos++
		s.member, s.index = s.opts.Element, 0
		s.members++
		s.next = (*Splitter).firstElement
		return false, nil
	}
	p.Name, p.Index = string(name), s.members
	s.members++
	s.next = (*Splitter).afterMember
	return true, s.value(p, c, s.opts.MaxMember)
}

// minName is the length up to which a name is never too long.
const minName = 64 << 10

// memberName reads the string at pos, as part p, and returns it decoded.
func (s *Splitter) memberName(p *Part) ([]byte, error) {
	if err := s.value(p, '"', max(s.opts.MaxMember, minName)); err != nil {
		return nil, err
	}
	if p.Truncated {
		return nil, &SyntaxError{Offset: int(p.Offset), Line: p.Line, Column: p.Column, Want: "at most the allowed bytes", Have: "longer name", Err: ErrSize}
	}
	end, dec := scanString(p.Raw, 1)
	if end != len(p.Raw) {
		line, column := p.Position(^end)
		return nil, &SyntaxError{Offset: int(p.Offset) + ^end, Line: line, Column: column, Want: "member name", Have: "text outside RFC 8259 §7"}
	}
	inner := p.Raw[1 : len(p.Raw)-1]
	if dec {
		inner = decode(nil, inner)
	}
	s.nameBuf = append(s.nameBuf[:0], inner...)
	return s.nameBuf, nil
}

func (s *Splitter) afterMember(p *Part) (bool, error) {
	switch s.space() {
	case ',':
		s.pos++
		return s.oneMember(p)
	case '}':
		s.pos++
		s.next = (*Splitter).finish
		return false, nil
	}
	return false, s.wrong("comma or closing bracket")
}

func (s *Splitter) firstElement(p *Part) (bool, error) {
	if s.space() == ']' {
		s.closeArray()
		return false, nil
	}
	return s.oneElement(p)
}

func (s *Splitter) oneElement(p *Part) (bool, error) {
	c := s.space()
	p.Element, p.Name, p.Index = true, s.member, s.index
	s.index++
	s.next = (*Splitter).afterElement
	return true, s.value(p, c, s.opts.MaxElement)
}

func (s *Splitter) afterElement(p *Part) (bool, error) {
	switch s.space() {
	case ',':
		s.pos++
		return s.oneElement(p)
	case ']':
		s.closeArray()
		return false, nil
	}
	return false, s.wrong("comma or closing bracket")
}

func (s *Splitter) closeArray() {
	s.pos++
	s.next = (*Splitter).afterMember
	if s.top {
		s.next = (*Splitter).finish
	}
}

func (s *Splitter) finish(*Part) (bool, error) {
	if s.space(); s.pos < s.end {
		return false, s.wrong("end of input")
	}
	if s.readErr != io.EOF {
		return false, s.failed()
	}
	return false, io.EOF
}

// space moves to the next byte that is not white space and returns it; 0 at
// the end of the input.
func (s *Splitter) space() byte {
	for {
		s.pos += skipSpace(s.buf[s.pos:s.end], 0)
		if s.pos < s.end {
			return s.buf[s.pos]
		}
		s.mark = s.pos
		if !s.more() {
			return 0
		}
	}
}

var errCount = errors.New("reader returned an impossible count")

// more reads at least one byte more, dropping what stands before mark when the
// buffer is full. It returns false at the end of the input.
func (s *Splitter) more() bool {
	if s.readErr != nil {
		return false
	}
	if s.end == len(s.buf) {
		s.makeRoom()
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		if n < 0 || n > len(s.buf)-s.end {
			s.readErr = errCount
			return false
		}
		s.end += n
		s.readErr = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	s.readErr = io.ErrNoProgress
	return false
}

func (s *Splitter) makeRoom() {
	s.countLines(s.mark)
	to := s.buf
	if s.end-s.mark > len(s.buf)/2 {
		to = make([]byte, 2*len(s.buf))
	}
	copy(to, s.buf[s.mark:s.end])
	s.buf = to
	s.base += int64(s.mark)
	s.pos -= s.mark
	s.end -= s.mark
	s.mark = 0
}

// countLines moves the line counter to buf[i].
func (s *Splitter) countLines(i int) {
	from := int(s.counted - s.base)
	if i <= from {
		return
	}
	seg := s.buf[from:i]
	if n := bytes.Count(seg, []byte{'\n'}); n > 0 {
		s.line += n
		s.lineStart = s.counted + int64(bytes.LastIndexByte(seg, '\n')) + 1
	}
	s.counted = s.base + int64(i)
}

// wrong is the error at pos: the grammar's, or the reader's when it failed there.
func (s *Splitter) wrong(want string) error {
	if s.pos >= s.end && s.readErr != io.EOF {
		return s.failed()
	}
	s.countLines(s.pos)
	off := s.base + int64(s.pos)
	return &SyntaxError{
		Offset: int(off), Line: s.line, Column: int(off-s.lineStart) + 1,
		Want: want, Have: have(s.buf[:s.end], s.pos),
	}
}

func (s *Splitter) failed() error {
	return fmt.Errorf("jsontree: offset %d: %w", s.base+int64(s.end), s.readErr)
}
