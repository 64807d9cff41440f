package dicommeta

import (
	"bytes"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// text writes the values of a text VR.
func (w *jsonWriter) text(d *Dataset, e *Element, vr dict.VR) {
	b, _ := d.Charset.AppendText(w.scratch[:0], e.Value, vr)
	w.scratch = b
	if b = trimPadding(b); vr == dict.PN {
		b = bytes.TrimRight(b, "= \x00")
	}
	if len(b) == 0 {
		return
	}
	w.dst = append(w.dst, `,"Value":[`...)
	for more := true; more; {
		one := b
		if vr.Multiple() {
			one, b, more = bytes.Cut(b, []byte{'\\'})
			if one = trimPadding(one); vr == dict.PN {
				one = bytes.TrimRight(one, "= \x00")
			}
		} else {
			more = false
		}
		w.oneText(one, vr)
		w.dst = append(w.dst, ',')
	}
	w.dst[len(w.dst)-1] = ']'
}

func (w *jsonWriter) oneText(b []byte, vr dict.VR) {
	switch {
	case len(b) == 0:
		w.dst = append(w.dst, "null"...)
	case vr == dict.PN:
		w.name(b)
	case vr == dict.DS || vr == dict.IS:
		b = bytes.TrimLeft(b, " ")
		if exactNumber(b) && (vr == dict.DS || !bytes.ContainsAny(b, ".eE")) {
			w.dst = append(w.dst, b...)
			return
		}
		w.dst = appendJSONString(w.dst, b)
	case vr == dict.AE: // leading blanks do not count in an AE title (PS3.5 table 6.2-1)
		w.dst = appendJSONString(w.dst, bytes.TrimLeft(b, " "))
	default:
		w.dst = appendJSONString(w.dst, b)
	}
}

// nameGroups are the members of a person name (PS3.18 F.2.2), in the order in
// which a value has them.
var nameGroups = [...]string{"Alphabetic", "Ideographic", "Phonetic"}

// name writes the component groups of a person name. What stands behind a third
// equals sign, which the standard does not allow, stays in the last group.
func (w *jsonWriter) name(b []byte) {
	w.dst = append(w.dst, '{')
	for i, group := range nameGroups {
		one := b
		if i < len(nameGroups)-1 {
			one, b, _ = bytes.Cut(b, []byte{'='})
		}
		one = trimPadding(one)
		if len(one) == 0 {
			continue
		}
		if w.dst[len(w.dst)-1] != '{' {
			w.dst = append(w.dst, ',')
		}
		w.dst = append(w.dst, '"')
		w.dst = append(w.dst, group...)
		w.dst = append(w.dst, `":`...)
		w.dst = appendJSONString(w.dst, one)
	}
	w.dst = append(w.dst, '}')
}

// trimPadding returns b without the blanks and NULs at its end.
func trimPadding(b []byte) []byte {
	n := len(b)
	for n > 0 && (b[n-1] == ' ' || b[n-1] == 0) {
		n--
	}
	return b[:n]
}

// exactNumber reports whether b is a JSON number (RFC 8259 §6) that a float64 holds to
// all its digits: at most 15 significant ones and a moderate exponent.
func exactNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	whole := countDigits(b)
	if whole == 0 || whole > 1 && b[0] == '0' {
		return false
	}
	digits := whole
	b = b[whole:]
	if len(b) > 0 && b[0] == '.' {
		n := countDigits(b[1:])
		if n == 0 {
			return false
		}
		digits += n
		b = b[1+n:]
	}
	if digits > 15 {
		return false
	}
	if len(b) == 0 {
		return true
	}
	if b[0] != 'e' && b[0] != 'E' {
		return false
	}
	b = b[1:]
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		b = b[1:]
	}
	n := countDigits(b)
	return n > 0 && n <= 2 && n == len(b)
}

func countDigits(b []byte) int {
	n := 0
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	return n
}

// appendJSONString appends text as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendJSONString(dst, text []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(text[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			dst = append(dst, text[start:i]...)
			dst = utf8.AppendRune(dst, utf8.RuneError)
		case c >= ' ' && c != '"' && c != '\\':
			i++
			continue
		default:
			dst = append(dst, text[start:i]...)
			dst = appendEscape(dst, c)
		}
		i++
		start = i
	}
	dst = append(dst, text[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	case '"', '\\':
		return append(dst, '\\', c)
	}
	return append(dst, `\u00`+upperHex[c>>4:c>>4+1]+upperHex[c&15:c&15+1]...)
}
