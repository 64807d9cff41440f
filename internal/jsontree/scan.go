package jsontree

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Words of eight equal bytes, for looking at eight bytes at once.
const (
	ones   = 0x0101010101010101
	highs  = 0x80 * ones
	spaces = ' ' * ones
)

func load64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

// special flags, with the high bit of their byte, the bytes of w that end a
// plain run inside a string: quote, backslash, control characters and bytes
// beyond ASCII. Only the lowest flag is exact.
func special(w uint64) uint64 {
	return (((w ^ 0x02*ones) - 0x21*ones) | ((w ^ '\\'*ones) - ones) | w) & highs
}

// skipSpace returns the offset of the first byte at or after i that is not
// white space (RFC 8259 §2).
func skipSpace(src []byte, i int) int {
	for i < len(src) {
		switch src[i] {
		case ' ', '\t', '\r', '\n':
			i++
			for i+8 <= len(src) {
				w := load64(src, i) ^ spaces
				if w != 0 {
					i += bits.TrailingZeros64(w) >> 3
					break
				}
				i += 8
			}
		default:
			return i
		}
	}
	return i
}

// isSpace reports whether c is white space.
func isSpace(c byte) bool {
	return c <= ' ' && uint64(1)<<c&(1<<' '|1<<'\t'|1<<'\n'|1<<'\r') != 0
}

// spaceRun returns the number of spaces at the start of w, which holds eight
// bytes of text.
func spaceRun(w uint64) int { return bits.TrailingZeros64(w^spaces) >> 3 }

// digitRun returns the number of decimal digits at the start of w, which holds
// eight bytes of text.
func digitRun(w uint64) int {
	w ^= '0' * ones
	return bits.TrailingZeros64((w+(0x80-10)*ones|w)&highs) >> 3
}

// isPlain reports whether c stands for itself inside a string and goes on.
func isPlain(c byte) bool { return c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' }

// stops is special without the bytes beyond ASCII.
func stops(w uint64) uint64 {
	return (((w ^ 0x02*ones) - 0x21*ones) | ((w ^ '\\'*ones) - ones)) &^ w & highs
}

// scanString returns the offset one past the closing quote of the string whose
// first inner byte is at i, and whether its text needs decoding: whether it has
// an escape or bytes beyond ASCII. On an error end is negative, the complement
// of the offending offset.
func scanString(src []byte, i int) (end int, dec bool) {
	var high uint64
	for {
		for i+8 <= len(src) {
			w := load64(src, i)
			m := stops(w)
			high |= w & (m ^ (m - 1)) // no byte behind the stop
			if m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		if i >= len(src) {
			return ^len(src), false
		}
		switch c := src[i]; {
		case c == '"':
			return i + 1, dec || high&highs != 0
		case c == '\\':
			dec = true
			n := escapeLen(src, i)
			if n == 0 {
				return ^i, false
			}
			i += n
		case c < ' ':
			return ^i, false
		default:
			high |= uint64(c)
			i++
		}
	}
}

// escapeLen returns the length of the escape at i, 2 or 6 bytes; 0 if it is none.
func escapeLen(src []byte, i int) int {
	if i+1 >= len(src) {
		return 0
	}
	if isEscape(src[i+1]) {
		return 2
	}
	if src[i+1] == 'u' && i+6 <= len(src) && hex4(src[i+2:i+6]) >= 0 {
		return 6
	}
	return 0
}

// isEscape reports whether c behind a backslash is an escape of two bytes.
func isEscape(c byte) bool {
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	}
	return false
}

// hex4 returns the value of four hexadecimal digits, or -1.
func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		switch {
		case c-'0' < 10:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// scanNumber returns the offset one past the number at i (RFC 8259 §6), or the
// complement of the offending offset.
func scanNumber(src []byte, i int) int {
	if i < len(src) && src[i] == '-' {
		i++
	}
	switch {
	case i < len(src) && src[i] == '0':
		i++
	default:
		j := scanDigits(src, i)
		if j == i {
			return ^i
		}
		i = j
	}
	if i < len(src) && src[i] == '.' {
		j := scanDigits(src, i+1)
		if j == i+1 {
			return ^j
		}
		i = j
	}
	if i < len(src) && src[i]|0x20 == 'e' {
		i++
		if i < len(src) && (src[i] == '+' || src[i] == '-') {
			i++
		}
		j := scanDigits(src, i)
		if j == i {
			return ^j
		}
		i = j
	}
	return i
}

func scanDigits(src []byte, i int) int {
	for i < len(src) && src[i]-'0' < 10 {
		i++
	}
	return i
}

// literal returns the kind and length of the literal at i; length 0 if there
// is none.
func literal(src []byte, i int) (Kind, int) {
	rest := src[i:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "true":
		return True, 4
	case len(rest) >= 5 && string(rest[:5]) == "false":
		return False, 5
	case len(rest) >= 4 && string(rest[:4]) == "null":
		return Null, 4
	}
	return Invalid, 0
}
