package xmlform

import (
	"bytes"
	"unicode/utf8"
)

// entity reads the reference that b begins with: one of XML's five entities or
// a character. size is its length.
func entity(b []byte) (r rune, size int, ok bool) {
	const longest = len("&#x0000010ffff;")
	end := bytes.IndexByte(b[:min(len(b), longest)], ';')
	if end < 2 {
		return 0, 0, false
	}
	name := b[1:end]
	switch string(name) {
	case "lt":
		return '<', end + 1, true
	case "gt":
		return '>', end + 1, true
	case "amp":
		return '&', end + 1, true
	case "quot":
		return '"', end + 1, true
	case "apos":
		return '\'', end + 1, true
	}
	if name[0] != '#' {
		return 0, 0, false
	}
	digits, base := name[1:], rune(10)
	if len(digits) > 0 && digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	for _, c := range digits {
		d := rune(c | 0x20)
		switch {
		case c >= '0' && c <= '9':
			d = rune(c - '0')
		case base == 16 && d >= 'a' && d <= 'f':
			d += 10 - 'a'
		default:
			return 0, 0, false
		}
		if r = r*base + d; r > utf8.MaxRune {
			return 0, 0, false
		}
	}
	return r, end + 1, len(digits) > 0 && isChar(r)
}

// isChar reports whether XML allows a character (XML 1.0 §2.2).
func isChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r < 0xd800 || r > 0xdfff && r < 0xfffe || r > 0xffff
}

// unescape appends the normalised value of an attribute (XML 1.0 §3.3.3).
func unescape(dst, value []byte) []byte {
	for i := 0; i < len(value); i++ {
		switch c := value[i]; c {
		case '&':
			r, size, _ := entity(value[i:])
			dst = utf8.AppendRune(dst, r)
			i += max(size-1, 0)
		case '\r':
			if i+1 < len(value) && value[i+1] == '\n' {
				i++
			}
			dst = append(dst, ' ')
		case '\n', '\t':
			dst = append(dst, ' ')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// isPlain reports whether a value of an attribute stands for itself in JSON.
func isPlain(value []byte) bool {
	for _, c := range value {
		if c < ' ' || c == '&' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// appendString appends text as a JSON string.
func appendString(dst, text []byte) []byte {
	dst = append(dst, '"')
	from := 0
	for i, c := range text {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, text[from:]...), '"')
}

// isNumber reports whether text is a number of JSON (RFC 8259 §6).
func isNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	whole := digits(b)
	if whole == 0 || whole > 1 && b[0] == '0' {
		return false
	}
	b = b[whole:]
	if len(b) > 0 && b[0] == '.' {
		n := digits(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		n := digits(b)
		return n > 0 && n == len(b)
	}
	return len(b) == 0
}

// digits counts the digits that b begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}
