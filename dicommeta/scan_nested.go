package dicommeta

import (
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// nested reads e as a sequence, or passes over its fragments, and keeps it. It returns false if e turns
// out to be a plain value.
func (s *scanner) nested(f *frame, e *Element) bool {
	start := e.Offset + int64(e.Head)
	enc := f.enc
	if e.Written == dict.UN {
		enc = Encoding{Implicit: true}
	}
	if e.Length != Undefined && (e.Written == dict.UN || e.Written == 0 && e.Tag.IsPrivate()) && e.Length > 0 {
		b := s.look(start, 4)
		if len(b) < 4 || tagAt(b, false) != tagItem && tagAt(b, f.enc.BigEndian) != tagItem {
			e.VR = dict.UN
			return false
		}
	}
	if e.Length == Undefined && e.VR != dict.SQ {
		if e.VR == dict.OB || e.VR == dict.OW {
			s.fragments(f, e)
			return true
		}
		if e.Written != 0 && e.Written != dict.UN {
			s.note(issue.Warning, CodeUndefinedLength, s.pos, e.Tag, "want a defined length, have an undefined one")
		}
		e.VR = dict.SQ
	}
	if f.depth >= s.depth {
		s.exceed(e.Tag, "want at most %d sequences in each other, have more", s.depth)
		return true
	}
	if b := s.look(start, 4); len(b) == 4 && tagAt(b, enc.BigEndian) != tagItem && tagAt(b, !enc.BigEndian) == tagItem {
		enc.BigEndian = !enc.BigEndian
		s.note(issue.Warning, CodeEncodingMixed, s.pos, e.Tag, "want items in the byte order of the data set, have the other")
	}
	s.pos = start
	s.path = append(s.path, Step{Tag: e.Tag})
	base := len(s.items)
	s.sequence(f, e, enc)
	s.path = s.path[:len(s.path)-1]
	e.End = s.pos
	switch n := len(s.items) - base; {
	case n > 1<<12 && base == 0: // rather than hold them twice
		e.Items, s.items = s.items[:n:n], nil
	case n > 0:
		e.Items = s.itemSlab.take(n)
		copy(e.Items, s.items[base:])
		s.items = s.items[:base]
	}
	s.push(*e)
	return true
}

// sequence reads the items of e onto the stack of items.
func (s *scanner) sequence(f *frame, e *Element, enc Encoding) {
	end, open := int64(unknown), e.Length == Undefined
	if !open {
		end = s.pos + int64(e.Length)
		switch {
		case !s.win.reaches(s.pos, end):
			s.x.Partial = true
			s.note(issue.Error, CodeTruncated, e.Offset, 0, "want a whole sequence, have the end of the source")
			end = unknown
		case end > f.end:
			s.note(issue.Warning, CodeOverrun, e.Offset, 0, "want a sequence within its item, have one that goes beyond")
		}
	}
	for n := 1; !s.over && s.pos < end; n++ {
		b := s.look(s.pos, headLen)
		if len(b) < headLen || end-s.pos < headLen {
			if end != unknown {
				s.note(issue.Warning, CodeOverrun, s.pos, 0, "want a whole item, have the end of the sequence")
				s.pos = end
				return
			}
			s.cut(0, "an item or a delimiter")
			return
		}
		t, length := tagAt(b, enc.BigEndian), uint32At(b[4:], enc.BigEndian)
		switch {
		case t == tagItem:
			s.path[len(s.path)-1].Item = n
			s.item(f, enc, length, end)
			s.path[len(s.path)-1].Item = 0
		case t == tagSequenceEnd && (open || end == unknown):
			s.passDelimiter(length)
			return
		case t == tagSequenceEnd || t == tagItemEnd:
			s.note(issue.Warning, CodeDelimiterStray, s.pos, 0, "want an item, have a delimiter")
			s.passDelimiter(length)
		default:
			if s.notItem(f, enc, end, n == 1) {
				return
			}
		}
	}
}

// notItem deals with what stands in a sequence instead of an item; true if the sequence ends.
func (s *scanner) notItem(f *frame, enc Encoding, end int64, first bool) bool {
	switch {
	case end == unknown && !first && s.plausible(s.pos, f.enc, f.last, f):
		s.note(issue.Warning, CodeDelimiterMissing, s.pos, 0, "want an item or the delimiter of the sequence, have an element")
	case first && s.plausible(s.pos, enc, 0, f):
		s.note(issue.Error, CodeNotItem, s.pos, 0, "want an item, have an element")
		g := s.enter(f, enc)
		g.end, g.open = end, end == unknown
		s.readItem(g, s.pos, Undefined)
		return end != unknown
	case end != unknown:
		s.note(issue.Error, CodeNotItem, s.pos, 0, "want an item, have other bytes")
		s.x.Partial = true
		s.pos = end
	default:
		s.lose(0, "an item or the delimiter of the sequence")
	}
	return true
}

// enter returns the frame of an item in f.
func (s *scanner) enter(f *frame, enc Encoding) *frame {
	g := s.at(f.depth + 1)
	creators := g.scope.creators[:0]
	*g = frame{enc: enc, end: unknown, around: unknown, depth: f.depth + 1, charset: f.charset, scope: f.scope.item()}
	g.scope.creators = creators
	return g
}

// item reads an item of length bytes in a sequence that ends at end.
func (s *scanner) item(f *frame, enc Encoding, length uint32, end int64) {
	if !s.spend() {
		s.exceed(0, "want fewer items")
		return
	}
	offset := s.pos
	s.pos += headLen
	g := s.enter(f, enc)
	if length == Undefined {
		g.open, g.around = true, end
	} else {
		g.end = s.pos + int64(length)
		switch {
		case g.end > end && !s.win.reaches(s.pos, g.end):
			s.note(issue.Warning, CodeOverrun, offset, 0, "want an item within its sequence, have one that goes beyond the source")
			g.end, g.around = unknown, end
		case !s.win.reaches(s.pos, g.end):
			s.x.Partial = true
			s.note(issue.Error, CodeTruncated, offset, 0, "want a whole item, have the end of the source")
			g.end, g.open, g.around = unknown, true, end
		case g.end > end:
			s.note(issue.Warning, CodeOverrun, offset, 0, "want an item within its sequence, have one that goes beyond")
			g.around = end
		}
	}
	s.itemEncoding(g)
	s.readItem(g, offset, length)
	f.scope.leave(&g.scope)
}

// readItem reads the elements of g and keeps the item.
func (s *scanner) readItem(g *frame, offset int64, length uint32) {
	base := len(s.elements)
	s.scan(g)
	s.pushItem(Dataset{Elements: s.dataset(base), Charset: g.charset, Offset: offset, End: s.pos, Length: length})
}

// itemEncoding finds out whether an item is written in implicit VR within explicit, or the other way round.
func (s *scanner) itemEncoding(g *frame) {
	b := s.look(s.pos, headMax)
	if len(b) < headLen || tagAt(b, g.enc.BigEndian).Group() == delimiterGroup || g.end < s.pos+headLen {
		return
	}
	kind := vrKind(dict.VR(b[4])<<8 | dict.VR(b[5]))
	if g.enc.Implicit == (kind == 0) {
		return
	}
	other := g.enc
	other.Implicit = !other.Implicit
	b = s.look(s.pos, int(min(g.end-s.pos, detectLen)))
	left := g.end - s.pos
	n, clean := walk(b, left, other)
	m, fine := walk(b, left, g.enc)
	if n > 0 && (clean && !fine || clean == fine && n > m) {
		g.enc = other
		s.note(issue.Warning, CodeEncodingMixed, s.pos, 0, "want an item in %v, have one in %v", Encoding{Implicit: !other.Implicit, BigEndian: other.BigEndian}, other)
	}
}

// delimiter deals with an item or delimiter tag among the elements of f; true if f ends there.
func (s *scanner) delimiter(f *frame, t dict.Tag, length uint32) bool {
	switch {
	case t == tagItemEnd && f.open:
		s.passDelimiter(length)
		return true
	case (t == tagSequenceEnd || t == tagItem) && f.open:
		s.note(issue.Warning, CodeDelimiterMissing, s.pos, 0, "want the delimiter of the item, have another")
		return true
	case t == tagItem && !f.top:
		s.note(issue.Warning, CodeDelimiterStray, s.pos, 0, "want an element or the end of the item, have an item")
		return true
	case t == tagItem || t == tagItemEnd || t == tagSequenceEnd:
		s.note(issue.Warning, CodeDelimiterStray, s.pos, 0, "want an element, have an item or delimiter")
		s.pos += headLen
		return false
	}
	s.lose(0, "an element")
	return true
}

// passDelimiter goes behind a delimiter, whose length ought to be 0.
func (s *scanner) passDelimiter(length uint32) {
	if length != 0 {
		s.note(issue.Warning, CodeDelimiterLength, s.pos, 0, "want a delimiter of length 0, have another")
	}
	s.pos += headLen
}

// endAround ends an item at the end of the sequence around it, which came before its own.
func (s *scanner) endAround(f *frame) bool {
	b := s.look(s.pos, headLen)
	f.around = unknown
	if f.open && len(b) == headLen && tagAt(b, f.enc.BigEndian) == tagItemEnd {
		s.note(issue.Warning, CodeOverrun, s.pos, 0, "want the item within its sequence, have its delimiter behind")
		return false
	}
	if f.open {
		s.note(issue.Warning, CodeDelimiterMissing, s.pos, 0, "want the delimiter of the item, have the end of the sequence")
	}
	return true
}

// fragments passes over the fragments of encapsulated pixel data and keeps e without them.
func (s *scanner) fragments(f *frame, e *Element) {
	s.pos += int64(e.Head)
	for !s.over {
		b := s.look(s.pos, headLen)
		if len(b) < headLen {
			s.cut(e.Tag, "a fragment or a delimiter")
			break
		}
		t, length := tagAt(b, f.enc.BigEndian), uint32At(b[4:], f.enc.BigEndian)
		if t == tagSequenceEnd {
			s.passDelimiter(length)
			break
		}
		if t != tagItem || length == Undefined {
			s.lose(e.Tag, "a fragment or a delimiter")
			break
		}
		if !s.win.skip(s.pos + headLen + int64(length)) {
			s.cut(e.Tag, "a fragment")
			break
		}
		s.pos += headLen + int64(length)
	}
	e.End = s.pos
	if !s.over {
		s.push(*e)
	}
}
