package jsontree

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// viewString returns b as a string without copying. The string must not
// outlive the call it is passed to.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// plain reports whether the inside of a string stands for itself: no escape
// and valid UTF-8.
func plain(raw []byte) bool {
	return bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw)
}

// decode appends the decoded text of raw, the inside of a string that passed
// the scanner, to dst.
func decode(dst, raw []byte) []byte {
	for len(raw) > 0 {
		n := plainRun(raw)
		dst = append(dst, raw[:n]...)
		raw = raw[n:]
		if len(raw) == 0 {
			break
		}
		r, size := nextRune(raw)
		dst = utf8.AppendRune(dst, r)
		raw = raw[size:]
	}
	return dst
}

// plainRun returns the length of the run of ASCII without escapes at the start.
func plainRun(raw []byte) int {
	i := 0
	for i < len(raw) && raw[i] < utf8.RuneSelf && raw[i] != '\\' {
		i++
	}
	return i
}

// nextRune returns the decoded character at the start of raw and the bytes it
// is written in. Lone surrogates and invalid UTF-8 are U+FFFD.
func nextRune(raw []byte) (r rune, size int) {
	if raw[0] != '\\' {
		return utf8.DecodeRune(raw)
	}
	switch c := raw[1]; c {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
	default:
		return rune(c), 2
	}
	r = hex4(raw[2:6])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
		if both := utf16.DecodeRune(r, hex4(raw[8:12])); both != utf8.RuneError {
			return both, 12
		}
	}
	return utf8.RuneError, 6
}

// equalDecoded reports whether raw decodes to s.
func equalDecoded(raw []byte, s string) bool {
	for len(raw) > 0 {
		r, size := nextRune(raw)
		raw = raw[size:]
		var c [utf8.UTFMax]byte
		n := utf8.EncodeRune(c[:], r)
		if len(s) < n || s[:n] != string(c[:n]) {
			return false
		}
		s = s[n:]
	}
	return s == ""
}
