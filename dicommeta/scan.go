package dicommeta

import (
	"fmt"
	"io"
	"slices"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

const (
	maxIssues   = 200      // findings of one file
	maxNesting  = 1 << 12  // what MaxDepth can be
	maxZeros    = 64 << 10 // bytes behind the data set that are looked at
	maxInflated = 1 << 30  // bytes of values inflated only to be passed over
	// freeInflated is how many elements may be inflated whatever the size of the source.
	freeInflated = 1 << 15
)

// scanner turns the bytes of one source into an Instance. Its memory serves
// for the next source too.
type scanner struct {
	win      window
	base     window // of what is inflated
	inflater inflater
	x        Instance
	pos      int64 // the next byte to look at
	over     bool  // nothing more can be read
	fail     error // a limit
	once     bool  // there is no other source to come
	source   string
	until    dict.Tag
	keep     int64
	depth    int
	count    int // elements and items that may still come
	most     int // those that may come at most
	path     Path
	frames   []*frame
	elements []Element // those of all data sets that are not complete yet
	items    []Dataset // the same for items
	elementSlab
	itemSlab
	charsets charsets
}

// frame is a data set or item on its way.
type frame struct {
	enc     Encoding
	end     int64 // where it ends as declared, unknown if it ends with a delimiter
	around  int64 // where the sequence around it ends as declared, if that is before end; else unknown
	open    bool  // it ends with a delimiter
	top     bool
	meta    bool
	depth   int
	last    dict.Tag
	charset *Charset
	scope   vrScope
}

// at returns the frame of a depth.
func (s *scanner) at(depth int) *frame {
	for len(s.frames) <= depth {
		s.frames = append(s.frames, new(frame))
	}
	return s.frames[depth]
}

// note adds a finding about the element t of the data set that path leads to.
func (s *scanner) note(severity issue.Severity, code issue.Code, pos int64, t dict.Tag, format string, args ...any) {
	if n := len(s.x.Issues); n > maxIssues {
		s.x.Issues[maxIssues].Severity = max(s.x.Issues[maxIssues].Severity, severity)
		return
	}
	i := issue.Issue{Severity: severity, Code: code, Pos: issue.Pos{Source: s.source, Offset: pos}, Message: fmt.Sprintf(format, args...)}
	if t != 0 {
		i.Path = append(s.path, Step{Tag: t}).String()
	} else {
		i.Path = s.path.String()
	}
	if len(s.x.Issues) == maxIssues {
		i = issue.Issue{Severity: severity, Code: CodeTooMany, Pos: i.Pos, Message: fmt.Sprintf("want at most %d findings, have more", maxIssues)}
	}
	s.x.Issues = append(s.x.Issues, i)
}

// cut ends the reading where the source ends too early.
func (s *scanner) cut(t dict.Tag, what string) {
	if s.over {
		return
	}
	s.over, s.x.Partial = true, true
	s.note(issue.Error, CodeTruncated, s.pos, t, "want %s, have the end of the source", what)
}

// lose ends the reading where bytes cannot be understood.
func (s *scanner) lose(t dict.Tag, what string) {
	if s.over {
		return
	}
	s.over, s.x.Partial = true, true
	s.note(issue.Error, CodeGarbage, s.pos, t, "want %s, have other bytes", what)
}

// spend takes one of the elements and items that there may be. Of inflated ones there
// may be few until as many bytes have been read, so that a small file stays small.
func (s *scanner) spend() bool {
	s.count--
	return s.count >= 0 && (!s.x.Encoding.Deflated || int64(s.most-s.count) <= freeInflated+s.inflater.pos)
}

// exceed ends the reading at a limit.
func (s *scanner) exceed(t dict.Tag, format string, args ...any) {
	s.over = true
	if s.fail != nil {
		return
	}
	i := issue.Issue{Severity: issue.Fatal, Code: CodeLimit, Pos: issue.Pos{Source: s.source, Offset: s.pos}, Message: fmt.Sprintf(format, args...)}
	if t != 0 {
		i.Path = Path{{Tag: t}}.String()
		if len(s.path) > 0 && len(s.path) <= 8 {
			i.Path = append(s.path, Step{Tag: t}).String()
		}
	}
	s.fail = &Error{Issue: i, Err: ErrLimit}
}

// look returns up to n bytes at pos and takes note of a limit.
func (s *scanner) look(pos int64, n int) []byte {
	b := s.win.look(pos, n)
	if s.win.over {
		s.exceed(0, "want at most %d bytes of header, have more", s.win.limit)
		return nil
	}
	return b
}

// scan reads the elements of f onto the stack, from pos to the end of f.
func (s *scanner) scan(f *frame) {
	for !s.over && s.pos < f.end {
		if s.pos == f.around && s.endAround(f) {
			return
		}
		b := s.look(s.pos, headMax)
		if len(b) < headLen || f.end-s.pos < headLen {
			s.endShort(f, len(b))
			return
		}
		t := tagAt(b, f.enc.BigEndian)
		if t >= s.until && f.top && s.stopAt(f, b) {
			return
		}
		if f.meta && t.Group() != metaGroup {
			return
		}
		if t.Group() == delimiterGroup {
			if s.delimiter(f, t, uint32At(b[4:], f.enc.BigEndian)) {
				return
			}
			continue
		}
		if t == 0 && zeros(b[:headLen]) {
			s.endZeros(f)
			return
		}
		h, ok := s.header(f, b)
		if !ok {
			return
		}
		s.element(f, h)
	}
}

// header decodes the head of an element, by guess if need be.
func (s *scanner) header(f *frame, b []byte) (header, bool) {
	h, ok := headerAt(b, f.enc)
	if ok && !f.enc.Implicit || ok && vrKind(dict.VR(b[4])<<8|dict.VR(b[5])) == 0 {
		return h, true
	}
	return s.oddHeader(f, b, h)
}

// element reads an element whose head is h.
func (s *scanner) element(f *frame, h header) {
	if !s.spend() {
		s.exceed(h.tag, "want fewer elements")
		return
	}
	if h.tag <= f.last {
		if h.tag == f.last {
			s.note(issue.Error, CodeTagRepeated, s.pos, h.tag, "want the element once, have it again")
		} else {
			s.note(issue.Warning, CodeTagOrder, s.pos, h.tag, "want ascending tags, have the element behind %v", f.last)
		}
	} else {
		f.last = h.tag
	}
	e := Element{Tag: h.tag, Written: h.vr, Length: h.length, Head: h.len, Offset: s.pos}
	e.VR = f.scope.resolve(h.tag, h.vr, h.length)
	if e.Length == Undefined || e.VR == dict.SQ {
		if s.nested(f, &e) {
			return
		}
	}
	if !s.value(f, &e) {
		return
	}
	e.End = s.pos
	f.scope.see(&e)
	if e.Tag == dict.SpecificCharacterSet {
		s.charset(f, &e)
	}
	s.push(e)
}

// push puts e on the stack, which grows to twice its size: that leaves less behind
// than many small steps.
func (s *scanner) push(e Element) {
	if len(s.elements) == cap(s.elements) {
		s.elements = slices.Grow(s.elements, len(s.elements)+16)
	}
	s.elements = append(s.elements, e)
}

// pushItem does the same for an item.
func (s *scanner) pushItem(d Dataset) {
	if len(s.items) == cap(s.items) {
		s.items = slices.Grow(s.items, len(s.items)+16)
	}
	s.items = append(s.items, d)
}

// value reads the value of e, or passes over it; false if e is not to be kept.
func (s *scanner) value(f *frame, e *Element) bool {
	start := e.Offset + int64(e.Head)
	stop := start + int64(e.Length)
	if stop > f.end && !s.overrun(f, e, stop) {
		return false
	}
	if f.around != unknown && e.Offset < f.around && stop > f.around {
		s.note(issue.Warning, CodeOverrun, e.Offset, e.Tag, "want an element within its sequence, have one that goes beyond")
		f.around = unknown
	}
	if e.Length&1 == 1 {
		s.note(issue.Warning, CodeOddLength, e.Offset, e.Tag, "want a value of even length, have an odd one")
	}
	switch n := int64(e.Length); {
	case n == 0:
	case n > s.keep && !f.meta:
		if !s.win.skip(stop) {
			s.cut(e.Tag, "the value")
			return false
		}
	case !s.win.reaches(start, stop):
		s.cut(e.Tag, "the value")
		return false
	default:
		v := s.look(start, int(n))
		if int64(len(v)) < n {
			s.cut(e.Tag, "the value")
			return false
		}
		s.win.keep()
		if f.enc.BigEndian {
			swap(v, e.VR)
		}
		e.Value = v
	}
	if s.win.over {
		s.exceed(e.Tag, "want fewer bytes to inflate")
		return false
	}
	s.pos = stop
	return true
}

// swap turns big endian numbers into little endian ones.
func swap(v []byte, vr dict.VR) {
	size := vr.Size()
	if vr == dict.AT {
		size = 2
	}
	if size < 2 {
		return
	}
	for ; len(v) >= size; v = v[size:] {
		for i, j := 0, size-1; i < j; i, j = i+1, j-1 {
			v[i], v[j] = v[j], v[i]
		}
	}
}

// charset makes the character set of f that e states.
func (s *scanner) charset(f *frame, e *Element) {
	c, found := s.charsets.of(e.Value)
	f.charset = c
	for _, i := range found {
		s.note(i.Severity, i.Code, e.Offset, e.Tag, "%s", i.Message)
	}
}

// stopAt ends the reading before the element of the head in b; false if that
// is no head of an element.
func (s *scanner) stopAt(f *frame, b []byte) bool {
	h, ok := headerAt(b, f.enc)
	if !ok || h.tag.Group() == delimiterGroup {
		return false
	}
	s.x.Stop = Element{Tag: h.tag, Written: h.vr, Length: h.length, Head: h.len, Offset: s.pos}
	s.x.Stop.VR = f.scope.resolve(h.tag, h.vr, h.length)
	s.over = true
	if h.length != Undefined && s.win.at != nil && h.length > 0 && s.pos+int64(h.len)+int64(h.length) > s.win.size {
		s.note(issue.Warning, CodePixelsTruncated, s.pos, h.tag, "want the value, have the end of the source")
	}
	return true
}

// endZeros ends the reading at zeros where an element would begin: a file was filled up,
// or its bytes were lost. No element of a data set has a head of zeros alone.
func (s *scanner) endZeros(f *frame) {
	if f.top && f.last != 0 {
		s.zerosFollow()
	}
	s.lose(0, "an element")
}

// endShort ends f where fewer bytes are left than a head has.
func (s *scanner) endShort(f *frame, n int) {
	switch {
	case f.end != unknown && !f.top && s.win.reaches(s.pos, f.end):
		s.note(issue.Warning, CodeOverrun, s.pos, 0, "want a whole element, have the end of the item")
		s.pos = f.end
	case n > 1 && f.top && f.last != 0 && zeros(s.win.look(s.pos, n)):
		s.note(issue.Warning, CodeTrailing, s.pos, 0, "want the end of the source, have zeros")
		s.over = true
	case n > 0:
		s.cut(0, "an element")
	case !f.top && !f.meta || f.meta && f.last == 0:
		s.cut(0, "a delimiter or an element")
	}
}

func zeros(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// dataset copies the elements above base from the stack into one that lasts.
func (s *scanner) dataset(base int) []Element {
	n := len(s.elements) - base
	if n == 0 {
		return nil
	}
	if base == 0 && (n > 1<<12 || s.once && n > 1<<4) { // rather than hold them twice
		all := s.elements[:n:n]
		s.elements = nil
		return all
	}
	all := s.elementSlab.take(n)
	copy(all, s.elements[base:])
	s.elements = s.elements[:base]
	return all
}

// elementSlab and itemSlab hold what lasts until the next source.
type (
	elementSlab struct{ free, all []Element }
	itemSlab    struct{ free, all []Dataset }
)

func (p *elementSlab) take(n int) []Element {
	if n > len(p.free) {
		p.free = make([]Element, max(n, min(2*len(p.all), 1<<12)))
		p.all = p.free
	}
	all := p.free[:n:n]
	p.free = p.free[n:]
	return all
}

func (p *itemSlab) take(n int) []Dataset {
	if n > len(p.free) {
		p.free = make([]Dataset, max(n, min(2*len(p.all), 1<<12)))
		p.all = p.free
	}
	all := p.free[:n:n]
	p.free = p.free[n:]
	return all
}

// reset makes s ready for another source.
func (s *scanner) reset(at io.ReaderAt, r io.Reader, size int64, opts *ReadOptions) {
	s.win.reset(at, r, 0, size, opts.MaxBytes)
	if s.elements == nil {
		s.elements = make([]Element, 0, max(16, min(size/64, 1<<8)))
	}
	s.elements, s.items, s.path = s.elements[:0], s.items[:0], s.path[:0]
	s.elementSlab.free, s.itemSlab.free = s.elementSlab.all, s.itemSlab.all
	s.x = Instance{Issues: s.x.Issues[:0]}
	s.pos, s.over, s.fail = 0, false, nil
	s.until, s.keep, s.depth, s.count = opts.Until, int64(opts.KeepBytes), opts.MaxDepth, opts.MaxElements
	s.most = s.count
}
