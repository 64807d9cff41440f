package dicommeta

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

const escape = 0x1B

// isPlain reports whether b is ASCII without escape sequences, so that every
// character set reads it as it stands.
func isPlain(b []byte) bool {
	const high = 0x8080808080808080
	rest := b
	for len(rest) >= 8 {
		if binary.LittleEndian.Uint64(rest)&high != 0 {
			return false
		}
		rest = rest[8:]
	}
	for _, c := range rest {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return bytes.IndexByte(b, escape) < 0
}

// AppendText appends the text of a value of the given VR, in UTF-8 and with its padding.
// exact is false where bytes had to be replaced or guessed: those that the character set lacks,
// escape sequences that it does not declare, and all but ASCII in the default repertoire,
// which is taken for UTF-8 if it can be and for Latin 1 if not. The text is always valid
// UTF-8; a backslash in it never is a part of another character (PS3.5 §6.1.2.3).
func (c *Charset) AppendText(dst, value []byte, vr dict.VR) (text []byte, exact bool) {
	if isPlain(value) {
		return append(dst, value...), true
	}
	if c == nil {
		c = &defaultCharset
	}
	exact = vr.HasCharset()
	switch c.alone {
	case inUTF8:
		if utf8.Valid(value) {
			return append(dst, value...), exact
		}
		return appendValid(dst, value), false
	case inGB18030, inGBK:
		b, err := c.alone.encoding().NewDecoder().Bytes(value)
		if err != nil {
			return appendValid(dst, value), false
		}
		return append(dst, b...), exact && !bytes.ContainsRune(b, utf8.RuneError)
	}
	d := textDecoder{charset: c, vr: vr, text: dst, exact: exact}
	d.decode(value)
	return d.text, d.exact
}

// appendValid appends b with U+FFFD for each byte that is not UTF-8.
func appendValid(dst, b []byte) []byte {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		dst = utf8.AppendRune(dst, r)
		b = b[n:]
	}
	return dst
}

// resets reports whether the sets of value 1 are active again behind a character: control
// characters, the delimiter of values and those in names (PS3.5 §6.1.2.5.3).
func resets(b byte, vr dict.VR) bool {
	switch b {
	case '\\':
		return vr.Multiple()
	case '^', '=':
		return vr == dict.PN
	}
	return b < ' ' || b == 0x7F
}

// textDecoder decodes one value with code extension (ISO 2022), or with the one set
// of an encoding without it.
type textDecoder struct {
	charset *Charset
	vr      dict.VR
	g0, g1  *graphicSet
	text    []byte
	exact   bool
	// guess is whether the value is UTF-8, for bytes that no set covers: 'y', 'n', 0 unknown.
	guess byte
	// cuts are the offsets of the backslashes that divide values, if wanted.
	cuts *[]int
}

func (d *textDecoder) decode(value []byte) {
	d.g0, d.g1 = d.charset.first(), d.charset.g1
	for i := 0; i < len(value); {
		if d.cuts == nil && d.g0 == d.charset.first() && d.g1 == d.charset.g1 {
			// Nothing to reset: ASCII stands for itself.
			n := i
			for n < len(value) && value[n] < 0x80 && value[n] != escape {
				n++
			}
			if d.text = append(d.text, value[i:n]...); n == len(value) {
				break
			}
			i = n
		}
		b := value[i]
		switch {
		case b == escape:
			i += d.escape(value[i:])
		case b > ' ' && b < 0x7F && d.g0.wide != nil:
			i += d.pair(d.g0, value[i:])
		case b < 0x80:
			if b == '\\' && d.cuts != nil && d.vr.Multiple() {
				*d.cuts = append(*d.cuts, i)
			}
			if resets(b, d.vr) {
				d.g0, d.g1 = d.charset.first(), d.charset.g1
			}
			d.text = append(d.text, b)
			i++
		default:
			i += d.upper(value, i)
		}
	}
	if d.g0.wide != nil {
		d.exact = false // not switched back: what looks like a delimiter may be one
	}
}

// escape follows the escape sequence at the begin of b and returns its length. One that
// DICOM has not stays in the text.
func (d *textDecoder) escape(b []byte) int {
	g := setByEscape(b)
	if g == nil {
		d.text = append(d.text, escape)
		d.exact = false
		return 1
	}
	if !d.charset.declares(g) {
		d.exact = false
	}
	if g.g1 {
		d.g1 = g
	} else {
		d.g0 = g
	}
	return len(g.escape)
}

// pair decodes a character of two bytes and returns how many it took.
func (d *textDecoder) pair(g *graphicSet, b []byte) int {
	if len(b) > 1 {
		if r := g.wide().decode(b[0]&0x7F, b[1]&0x7F); r != 0 && b[0]&0x80 == b[1]&0x80 {
			d.text = utf8.AppendRune(d.text, r)
			return 2
		}
	}
	d.text = utf8.AppendRune(d.text, utf8.RuneError)
	d.exact = false
	// A second byte that is none of the set's stands for itself.
	if len(b) > 1 && b[0]&0x80 == b[1]&0x80 && b[1]&0x7F > ' ' && b[1]&0x7F != 0x7F {
		return 2
	}
	return 1
}

// upper decodes the character at value[i], a byte from 80, and returns how many bytes it took.
func (d *textDecoder) upper(value []byte, i int) int {
	b, g := value[i], d.g1
	if g == nil {
		d.exact = false
		if g = d.charset.lone(); g == nil {
			return d.unknown(value, i)
		}
	}
	switch {
	case g.wide != nil:
		return d.pair(g, value[i:])
	case g == katakana && (b < 0xA1 || b > 0xDF):
		return d.shiftJIS(value[i:])
	case b < 0xA0:
		d.text = utf8.AppendRune(d.text, rune(b)) // a control character of C1
		d.exact = false
	default:
		r, ok := g.decodeOne(b)
		if !ok {
			r, d.exact = utf8.RuneError, false
		}
		d.text = utf8.AppendRune(d.text, r)
	}
	return 1
}

// unknown decodes a character that no declared set covers: as UTF-8 if the whole value is,
// else as Latin 1.
func (d *textDecoder) unknown(value []byte, i int) int {
	if d.guess == 0 {
		d.guess = 'n'
		if utf8.Valid(value) {
			d.guess = 'y'
		}
	}
	if d.guess == 'n' {
		d.text = utf8.AppendRune(d.text, rune(value[i]))
		return 1
	}
	r, n := utf8.DecodeRune(value[i:])
	d.text = utf8.AppendRune(d.text, r)
	return n
}

// shiftJIS decodes a character of two bytes that JIS X 0201 has not, but those who write
// Shift JIS under its name.
func (d *textDecoder) shiftJIS(b []byte) int {
	d.exact = false
	if len(b) > 1 && b[0] != 0xA0 {
		text, err := japanese.ShiftJIS.NewDecoder().Bytes(b[:2])
		if err == nil && !bytes.ContainsRune(text, utf8.RuneError) && utf8.RuneCount(text) == 1 {
			d.text = append(d.text, text...)
			return 2
		}
	}
	d.text = utf8.AppendRune(d.text, utf8.RuneError)
	return 1
}

// split returns the values of a text element as they stand, without the backslashes
// between them: a byte 5C within a character of several bytes does not divide.
// The values are parts of value.
func (c *Charset) split(value []byte, vr dict.VR) [][]byte {
	if !vr.Multiple() {
		return [][]byte{value}
	}
	if isPlain(value) || c == nil || c.alone == inUTF8 {
		return bytes.Split(value, []byte{'\\'})
	}
	var cuts []int
	if c.alone == extended {
		d := textDecoder{charset: c, vr: vr, cuts: &cuts}
		d.decode(value)
	} else {
		cuts = gbCuts(value)
	}
	parts := make([][]byte, 0, len(cuts)+1)
	from := 0
	for _, i := range cuts {
		parts = append(parts, value[from:i])
		from = i + 1
	}
	return append(parts, value[from:])
}

// gbCuts returns the offsets of the backslashes in GBK or GB18030 that are characters.
func gbCuts(value []byte) (cuts []int) {
	for i := 0; i < len(value); i++ {
		switch b := value[i]; {
		case b == '\\':
			cuts = append(cuts, i)
		case b > 0x80 && b < 0xFF && i+1 < len(value) && value[i+1] >= 0x40 && value[i+1] != 0x7F:
			i++
		}
	}
	return cuts
}
