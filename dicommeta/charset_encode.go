package dicommeta

import (
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Encode returns text, which may be several values with backslashes between them, in the
// bytes of the character set and without padding. ok is false where the set, or for
// a VR without one the default repertoire, has not all of its characters. What Encode
// returns, AppendText gives back.
func (c *Charset) Encode(text string, vr dict.VR) (value []byte, ok bool) {
	if c == nil {
		c = &defaultCharset
	}
	if value = []byte(text); isPlain(value) {
		return value, true
	}
	if !vr.HasCharset() || !utf8.Valid(value) {
		return nil, false
	}
	switch c.alone {
	case inUTF8:
		return value, true
	case inGB18030, inGBK:
		value, err := c.alone.encoding().NewEncoder().Bytes(value)
		if err != nil {
			return nil, false
		}
		// A few characters have no code of their own.
		back, exact := c.AppendText(nil, value, vr)
		return value, exact && string(back) == text
	}
	e := textEncoder{charset: c, g0: c.first(), g1: c.g1, value: make([]byte, 0, len(text))}
	for _, r := range text {
		if !e.encode(r, vr) {
			return nil, false
		}
	}
	e.home()
	return e.value, true
}

// textEncoder encodes one value with code extension.
type textEncoder struct {
	charset *Charset
	g0, g1  *graphicSet
	value   []byte
}

// home calls the sets of value 1, which must be active before delimiters and at the
// end (PS3.5 §6.1.2.5.3). There is no way back to a G1 without set, nor a need.
func (e *textEncoder) home() {
	if g := e.charset.first(); e.g0 != g {
		e.call(g)
	}
	if e.g1 != e.charset.g1 {
		if e.charset.g1 != nil && e.charset.declares(e.charset.g1) {
			e.call(e.charset.g1)
		}
		e.g1 = e.charset.g1
	}
}

func (e *textEncoder) call(g *graphicSet) {
	e.value = append(e.value, g.escape...)
	if g.g1 {
		e.g1 = g
	} else {
		e.g0 = g
	}
}

// encode appends a character, with an escape sequence before it if it needs one.
func (e *textEncoder) encode(r rune, vr dict.VR) bool {
	if r == escape {
		return false
	}
	if r < utf8.RuneSelf {
		if resets(byte(r), vr) {
			e.home()
		} else if e.g0.wide != nil {
			e.call(e.charset.first())
		}
		e.value = append(e.value, byte(r))
		return true
	}
	var ok bool
	for _, g := range [...]*graphicSet{e.g1, e.g0} {
		if g != nil {
			if e.value, ok = g.encode(e.value, r); ok {
				return true
			}
		}
	}
	for _, g := range e.charset.sets {
		char, ok := g.encode(nil, r)
		if ok {
			e.call(g)
			e.value = append(e.value, char...)
			return true
		}
	}
	return false
}
