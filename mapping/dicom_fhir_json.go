package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonBuilder writes one JSON object. Texts that are empty, and objects and arrays with
// nothing in them, are left out with their names, as FHIR wants it (R4 §2.6.2).
type jsonBuilder struct{ b []byte }

func (w *jsonBuilder) name(name string) {
	if n := len(w.b); n > 0 && w.b[n-1] != '{' && w.b[n-1] != '[' {
		w.b = append(w.b, ',')
	}
	if name != "" {
		w.b = append(w.b, '"')
		w.b = append(w.b, name...)
		w.b = append(w.b, '"', ':')
	}
}

// object writes an object with the members that f writes; in an array name is "".
func (w *jsonBuilder) object(name string, f func()) { w.around(name, '{', '}', f) }

// array writes an array with the elements that f writes.
func (w *jsonBuilder) array(name string, f func()) { w.around(name, '[', ']', f) }

func (w *jsonBuilder) around(name string, open, end byte, f func()) {
	mark := len(w.b)
	w.name(name)
	w.b = append(w.b, open)
	inside := len(w.b)
	f()
	if len(w.b) == inside {
		w.b = w.b[:mark]
		return
	}
	w.b = append(w.b, end)
}

// text writes a string, cleaned for FHIR; none if nothing is left of it.
func (w *jsonBuilder) text(name, s string) {
	if s = cleanText(s); s == "" {
		return
	}
	w.name(name)
	w.b = appendJSONString(w.b, s)
}

// integer writes a number.
func (w *jsonBuilder) integer(name string, n int64) {
	w.name(name)
	w.b = strconv.AppendInt(w.b, n, 10)
}

// literal writes a number in its own digits, or true or false.
func (w *jsonBuilder) literal(name, s string) {
	w.name(name)
	w.b = append(w.b, s...)
}

const hexDigits = "0123456789abcdef"

func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// maxText bounds a string as FHIR does (R4, string: 1 MB).
const maxText = 1 << 20

// cleanText returns s as a string of FHIR may be: valid UTF-8 without control characters
// but line breaks and tabs, without space around it.
func cleanText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexFunc(s, isControl) >= 0 {
		s = strings.Map(func(r rune) rune {
			if isControl(r) {
				return -1
			}
			return r
		}, s)
	}
	if len(s) > maxText {
		s = s[:maxText]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return strings.TrimSpace(s)
}

func isControl(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r >= 0x7F && r < 0xA0 || r == 0xFFFE || r == 0xFFFF
}

// cleanCode returns s as a code of FHIR may be: without spaces but single ones inside.
func cleanCode(s string) string { return strings.Join(strings.Fields(cleanText(s)), " ") }

// cleanURI returns s if it can stand where FHIR wants a URI, else "".
func cleanURI(s string) string {
	if s = cleanText(s); strings.ContainsAny(s, " \t\r\n\"<>\\^`{|}") {
		return ""
	}
	return s
}

// isFHIRID reports whether s can be an id (R4, id).
func isFHIRID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// isUIDLike reports whether s, a UID or nearly, can be the id of a series or instance in FHIR
// and the name of a file.
func isUIDLike(s string) bool { return isFHIRID(s) && strings.Trim(s, ".") != "" }

// hashID returns the id of a resource from what identifies it: 32 hexadecimal digits.
func hashID(key, typ string, parts ...string) string {
	h := sha256.New()
	write := func(s string) {
		h.Write(strconv.AppendInt(nil, int64(len(s)), 10))
		h.Write([]byte{':'})
		h.Write([]byte(s))
	}
	write(key)
	write(typ)
	for _, p := range parts {
		write(p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
