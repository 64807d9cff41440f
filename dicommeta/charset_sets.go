package dicommeta

import (
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// A graphicSet is a set of characters that an escape sequence puts in G0, the bytes 21 to 7E,
// or in G1, the bytes A0 to FF (PS3.3 tables C.12-3 and C.12-4).
type graphicSet struct {
	escape string // with ESC
	ir     int    // ISO registration number
	g1     bool
	one    *charmap.Charmap // of a set with one byte a character; nil for ASCII and JIS X 0201
	wide   func() *wideSet  // of a set with two
}

var (
	ascii    = &graphicSet{escape: "\x1b(B", ir: 6}
	romaji   = &graphicSet{escape: "\x1b(J", ir: 14}
	katakana = &graphicSet{escape: "\x1b)I", ir: 13, g1: true}
	jis0208  = &graphicSet{escape: "\x1b$B", ir: 87, wide: sync.OnceValue(jis0208Table)}
	jis0212  = &graphicSet{escape: "\x1b$(D", ir: 159, wide: sync.OnceValue(jis0212Table)}
	ksx1001  = &graphicSet{escape: "\x1b$)C", ir: 149, g1: true, wide: sync.OnceValue(ksx1001Table)}
	gb2312   = &graphicSet{escape: "\x1b$)A", ir: 58, g1: true, wide: sync.OnceValue(gb2312Table)}
)

// graphicSets are all, in the order of their numbers but for ASCII and romaji.
var graphicSets = [...]*graphicSet{
	ascii, romaji, katakana, gb2312, jis0208,
	{escape: "\x1b-A", ir: 100, g1: true, one: charmap.ISO8859_1},
	{escape: "\x1b-B", ir: 101, g1: true, one: charmap.ISO8859_2},
	{escape: "\x1b-C", ir: 109, g1: true, one: charmap.ISO8859_3},
	{escape: "\x1b-D", ir: 110, g1: true, one: charmap.ISO8859_4},
	{escape: "\x1b-F", ir: 126, g1: true, one: charmap.ISO8859_7},
	{escape: "\x1b-G", ir: 127, g1: true, one: charmap.ISO8859_6},
	{escape: "\x1b-H", ir: 138, g1: true, one: charmap.ISO8859_8},
	{escape: "\x1b-L", ir: 144, g1: true, one: charmap.ISO8859_5},
	{escape: "\x1b-M", ir: 148, g1: true, one: charmap.ISO8859_9},
	ksx1001, jis0212,
	{escape: "\x1b-T", ir: 166, g1: true, one: charmap.Windows874}, // TIS 620 from A1
	{escape: "\x1b-b", ir: 203, g1: true, one: charmap.ISO8859_15},
}

// setByNumber returns the set with an ISO registration number, nil if DICOM has none.
func setByNumber(ir int) *graphicSet {
	for _, g := range graphicSets {
		if g.ir == ir && g != romaji {
			return g
		}
	}
	return nil
}

// setByEscape returns the set that the escape sequence at the begin of b calls.
func setByEscape(b []byte) *graphicSet {
	for _, g := range graphicSets {
		if len(b) >= len(g.escape) && string(b[:len(g.escape)]) == g.escape {
			return g
		}
	}
	return nil
}

// decodeOne returns the character of a byte from A0 of a set with one byte a
// character; ok is false where it has none.
func (g *graphicSet) decodeOne(b byte) (r rune, ok bool) {
	if g.one == nil {
		return 0xFF61 + rune(b) - 0xA1, b >= 0xA1 && b <= 0xDF // JIS X 0201 katakana
	}
	r = g.one.DecodeByte(b)
	return r, r != utf8.RuneError
}

// encode appends the bytes of r; ok is false where the set lacks it.
func (g *graphicSet) encode(dst []byte, r rune) ([]byte, bool) {
	switch {
	case g.wide != nil:
		code, ok := g.wide().codes()[r]
		if !ok {
			return dst, false
		}
		if g.g1 {
			code |= 0x8080
		}
		return append(dst, byte(code>>8), byte(code)), true
	case g.one != nil:
		b, ok := g.one.EncodeRune(r)
		if !ok || b < 0xA0 {
			return dst, false
		}
		return append(dst, b), true
	case g.g1 && r >= 0xFF61 && r <= 0xFF9F:
		return append(dst, byte(r-0xFF61+0xA1)), true
	}
	return dst, false
}

// wideSet is a set of 94 rows of 94 characters.
type wideSet struct {
	// chars are U+0000 where the set has none.
	chars [94 * 94]uint16
	codes func() map[rune]uint16
}

// decode returns the character of two bytes from 21 to 7E, 0 if there is none.
func (w *wideSet) decode(a, b byte) rune {
	if a < 0x21 || a > 0x7E || b < 0x21 || b > 0x7E {
		return 0
	}
	return rune(w.chars[int(a-0x21)*94+int(b-0x21)])
}

// newWideSet makes the table of the given rows from an encoding that has it in its upper
// half, behind a prefix, with mended characters.
func newWideSet(e encoding.Encoding, prefix string, rows [][2]int, mended map[uint16]uint16) *wideSet {
	w := new(wideSet)
	d := e.NewDecoder()
	for _, span := range rows {
		for row := span[0] - 1; row < span[1]; row++ {
			for cell := range 94 {
				b := append([]byte(prefix), byte(row+0xA1), byte(cell+0xA1))
				text, err := d.Bytes(b)
				if err != nil {
					continue
				}
				if r := []rune(string(text)); len(r) == 1 && r[0] != utf8.RuneError && r[0] < 0xFFFF {
					w.chars[row*94+cell] = uint16(r[0])
				}
			}
		}
	}
	for code, r := range mended {
		w.chars[int(code>>8-0x21)*94+int(code&0xFF-0x21)] = r
	}
	w.codes = sync.OnceValue(func() map[rune]uint16 {
		m := make(map[rune]uint16, len(w.chars))
		for i, r := range w.chars {
			if _, ok := m[rune(r)]; !ok && r != 0 {
				m[rune(r)] = uint16(i/94+0x21)<<8 | uint16(i%94+0x21)
			}
		}
		return m
	})
	return w
}

// jis0208Table mends those characters that the web's table took from Microsoft's.
func jis0208Table() *wideSet {
	return newWideSet(japanese.EUCJP, "", [][2]int{{1, 8}, {16, 84}}, map[uint16]uint16{
		0x2140: 0xFF3C, 0x2141: 0x301C, 0x2142: 0x2016, 0x215D: 0x2212, 0x2171: 0xA2, 0x2172: 0xA3, 0x224C: 0xAC,
	})
}

func jis0212Table() *wideSet {
	return newWideSet(japanese.EUCJP, "\x8f", [][2]int{{1, 77}}, nil)
}

func ksx1001Table() *wideSet {
	return newWideSet(korean.EUCKR, "", [][2]int{{1, 94}}, nil)
}

func gb2312Table() *wideSet {
	return newWideSet(simplifiedchinese.GBK, "", [][2]int{{1, 9}, {16, 87}}, nil)
}

// standAlone is an encoding without code extension (PS3.3 table C.12-5).
type standAlone byte

const (
	extended standAlone = iota // none: ISO 2022 or one of its sets
	inUTF8
	inGB18030
	inGBK
)

func (s standAlone) encoding() encoding.Encoding {
	if s == inGBK {
		return simplifiedchinese.GBK
	}
	return simplifiedchinese.GB18030
}
