package dicommeta

import (
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// oddHeader reads the head of an element that is not as the encoding of f says: with a VR that
// the standard does not know, or with the other kind of VR. Of the possible
// readings the first that another element, or the end, follows is taken.
func (s *scanner) oddHeader(f *frame, b []byte, h header) (header, bool) {
	letters := dict.VR(b[4])<<8 | dict.VR(b[5])
	if f.enc.Implicit {
		if s.follows(f, h) {
			return h, true
		}
		explicit, ok := headerAt(b, Encoding{BigEndian: f.enc.BigEndian})
		if ok && s.follows(f, explicit) {
			s.note(issue.Warning, CodeEncodingMixed, s.pos, h.tag, "want an element without VR, have one with a VR")
			return explicit, true
		}
		return h, true
	}
	if vrKind(letters) != 0 { // 8 bytes of 12
		s.cut(h.tag, "the length")
		return h, false
	}
	short := header{tag: h.tag, vr: letters, length: uint32(uint16At(b[6:], f.enc.BigEndian)), len: headLen}
	bare := header{tag: h.tag, length: uint32At(b[4:], f.enc.BigEndian), len: headLen}
	long := short
	tries := []header{short, bare}
	if len(b) == headMax && b[6] == 0 && b[7] == 0 {
		long.length, long.len = uint32At(b[8:], f.enc.BigEndian), headMax
		tries = []header{long, short, bare}
		if !capitals(letters) {
			tries = []header{short, bare, long}
		}
	}
	if f.top && f.last != 0 && h.tag == 0 && s.zerosFollow() {
		return h, false
	}
	for _, h := range tries {
		if !s.follows(f, h) {
			continue
		}
		if h.vr == 0 {
			s.note(issue.Warning, CodeEncodingMixed, s.pos, h.tag, "want an element with a VR, have one without")
		} else {
			s.note(issue.Error, CodeVRUnknown, s.pos, h.tag, "want a VR of the standard, have other bytes")
		}
		return h, true
	}
	if f.end != unknown && !f.top && s.win.reaches(s.pos, f.end) {
		s.note(issue.Error, CodeGarbage, s.pos, h.tag, "want an element, have other bytes up to the end of the item")
		s.x.Partial = true
		s.pos = f.end
		return h, false
	}
	s.lose(0, "an element")
	return h, false
}

// follows reports whether the value of an element with head h ends in the source
// and where another element or the end of f is.
func (s *scanner) follows(f *frame, h header) bool {
	start := s.pos + int64(h.len)
	if h.length == Undefined {
		b := s.look(start, 4)
		return len(b) == 4 && (tagAt(b, f.enc.BigEndian) == tagItem || tagAt(b, f.enc.BigEndian) == tagSequenceEnd)
	}
	stop := start + int64(h.length)
	if stop > f.end || !s.win.reaches(start, stop) {
		return false
	}
	if h.length > windowLen {
		return false // seeing what follows would cost the bytes between
	}
	return s.plausible(stop, f.enc, h.tag, f)
}

// plausible reports whether at pos an element with a tag higher than last, a delimiter
// or the end of f stands.
func (s *scanner) plausible(pos int64, enc Encoding, last dict.Tag, f *frame) bool {
	if pos == f.end || pos == f.around {
		return true
	}
	b := s.look(s.pos, int(pos-s.pos)+headMax)
	if int64(len(b)) <= pos-s.pos {
		return f.top && int64(len(b)) == pos-s.pos
	}
	b = b[pos-s.pos:]
	h, ok := headerAt(b, enc)
	switch {
	case len(b) < headLen:
		return false
	case h.tag.Group() == delimiterGroup:
		return h.tag == tagItemEnd || h.tag == tagSequenceEnd || h.tag == tagItem
	case enc.Implicit:
		return h.tag > last && plausibleImplicit(h) && (h.length == Undefined || s.win.reaches(s.pos, pos+headLen+int64(h.length)))
	}
	return ok && h.tag > last
}

// zerosFollow ends the reading if nothing but zeros is left.
func (s *scanner) zerosFollow() bool {
	b := s.look(s.pos, maxZeros)
	if !zeros(b) {
		return false
	}
	s.note(issue.Warning, CodeTrailing, s.pos, 0, "want the end of the source, have zeros")
	s.over = true
	return true
}

// overrun deals with a value that goes beyond its item. True means that it
// is taken, since an element follows it.
func (s *scanner) overrun(f *frame, e *Element, stop int64) bool {
	start := e.Offset + int64(e.Head)
	if f.top || !s.win.reaches(start, stop) {
		s.cut(e.Tag, "the value")
		return false
	}
	end := f.end
	f.end = unknown
	takes := int64(e.Length) <= windowLen && s.plausible(stop, f.enc, 0, f)
	f.end = end
	if takes {
		s.note(issue.Warning, CodeOverrun, e.Offset, e.Tag, "want a value within its item, have one that goes beyond")
		return true
	}
	s.note(issue.Error, CodeOverrun, e.Offset, e.Tag, "want a value within its item, have a length that goes beyond")
	s.x.Partial = true
	s.pos = f.end
	return false
}
