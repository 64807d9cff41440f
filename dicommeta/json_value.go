package dicommeta

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// texts reads the values of a text VR and joins them with backslashes.
func (p *jsonParser) texts(e *Element, v jsontree.Value) bool {
	out := p.out[:0]
	n := 0
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		if n > 0 {
			out = append(out, '\\')
		}
		n++
		start := len(out)
		var ok bool
		out, ok = p.oneText(out, e.VR, m)
		if p.out = out; !ok {
			p.add(m.Offset(), issue.Error, CodeJSONValue, "want "+wantKind(e.VR)+", have "+m.Kind().String())
			return false
		}
		if e.VR.Multiple() && bytes.IndexByte(out[start:], '\\') >= 0 {
			p.add(m.Offset(), issue.Warning, CodeJSONType, "want no backslash in a value, have one")
		}
	}
	if n > 1 && !e.VR.Multiple() {
		p.add(v.Offset(), issue.Warning, CodeJSONType, "want one value, have several")
	}
	p.out = padJSONText(out, e.VR)
	e.Value = p.keep(p.out)
	return p.charset(e)
}

// keep returns a copy of b in memory that the values of a data set share, nil if b is empty.
func (p *jsonParser) keep(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if len(b) > cap(p.arena)-len(p.arena) {
		size := min(max(len(p.src)/8, 128), 16<<10)
		if len(b) > size/4 {
			return bytes.Clone(b)
		}
		p.arena = make([]byte, 0, size)
	}
	n := len(p.arena)
	p.arena = append(p.arena, b...)
	return p.arena[n:len(p.arena):len(p.arena)]
}

// padJSONText makes the length of a text value even (PS3.5 §6.2).
func padJSONText(b []byte, vr dict.VR) []byte {
	switch {
	case len(b)%2 == 0:
		return b
	case vr == dict.UI:
		return append(b, 0)
	}
	return append(b, ' ')
}

func (p *jsonParser) oneText(dst []byte, vr dict.VR, v jsontree.Value) ([]byte, bool) {
	switch v.Kind() {
	case jsontree.Null:
		return dst, true
	case jsontree.Object:
		if vr == dict.PN {
			return p.name(dst, v)
		}
		return dst, false
	case jsontree.Number:
		if vr == dict.IS {
			return appendWhole(dst, v.Number()), true
		}
		if vr != dict.DS {
			p.mismatch(v, vr)
		}
	case jsontree.String:
		if vr == dict.PN {
			p.mismatch(v, vr)
		}
	}
	b, ok := p.jsonText(v)
	return append(dst, b...), ok
}

// appendWhole appends the text of a number, as IS wants it where it is whole: 4.0 becomes 4.
func appendWhole(dst, number []byte) []byte {
	if bytes.ContainsAny(number, ".eE") {
		if f, err := strconv.ParseFloat(string(number), 64); err == nil && f == math.Trunc(f) && math.Abs(f) < exactInteger {
			return strconv.AppendInt(dst, int64(f), 10)
		}
	}
	return append(dst, number...)
}

// name reads a person name from the members of its component groups.
func (p *jsonParser) name(dst []byte, v jsontree.Value) ([]byte, bool) {
	equals := 0 // that are due before the next group
	for _, group := range nameGroups {
		switch g := v.Get(group); g.Kind() {
		case jsontree.String:
			for ; equals > 0; equals-- {
				dst = append(dst, '=')
			}
			dst = append(dst, g.Bytes(nil)...)
		case jsontree.Invalid, jsontree.Null:
		default:
			p.add(g.Offset(), issue.Error, CodeJSONValue, "want string, have "+g.Kind().String())
			return dst, false
		}
		equals++
	}
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		switch string(m.KeyBytes()) {
		case nameGroups[0], nameGroups[1], nameGroups[2]:
		default:
			p.add(m.KeyOffset(), issue.Information, CodeJSONMember, "want Alphabetic, Ideographic or Phonetic, have another member")
		}
	}
	return dst, true
}

// numbers reads the values of a numeric VR.
func (p *jsonParser) numbers(e *Element, v jsontree.Value) bool {
	if first := v.First(); first.Kind() == jsontree.Null && first.Next().Kind() == jsontree.Invalid {
		return true // nothing, in other words
	}
	out := p.out[:0]
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		text, ok := p.jsonText(m)
		if ok {
			text = bytes.TrimSpace(text)
			out, ok = appendJSONNumber(out, e.VR, text)
		}
		if !ok {
			p.add(m.Offset(), issue.Error, CodeJSONValue, "want "+wantKind(e.VR)+" in the range of "+e.VR.String()+", have "+m.Kind().String())
			return false
		}
		wide := e.VR == dict.SV || e.VR == dict.UV
		special := (e.VR == dict.FL || e.VR == dict.FD) && text[len(text)-1] > '9'
		if !wide && !special && (m.Kind() == jsontree.String) != (e.VR == dict.AT) {
			p.mismatch(m, e.VR)
		}
	}
	p.out = out
	e.Value = p.keep(out)
	return true
}

// appendJSONNumber appends the little-endian bytes of the number that text holds; ok is
// false where it is none of the VR.
func appendJSONNumber(dst []byte, vr dict.VR, text []byte) (out []byte, ok bool) {
	le := binary.LittleEndian
	switch vr {
	case dict.AT:
		t, ok := jsonTag(text)
		return le.AppendUint16(le.AppendUint16(dst, t.Group()), t.Element()), ok
	case dict.FL:
		f, ok := parseFloat(text, 32)
		return le.AppendUint32(dst, math.Float32bits(float32(f))), ok
	case dict.FD:
		f, ok := parseFloat(text, 64)
		return le.AppendUint64(dst, math.Float64bits(f)), ok
	case dict.US, dict.UL, dict.UV:
		n, err := strconv.ParseUint(string(wholeText(text)), 10, vr.Size()*8)
		return appendBits(dst, n, vr.Size()), err == nil
	case dict.SS, dict.SL, dict.SV:
		n, err := strconv.ParseInt(string(wholeText(text)), 10, vr.Size()*8)
		return appendBits(dst, uint64(n), vr.Size()), err == nil
	}
	return dst, false
}

// wholeText returns the text of a number without a point or exponent if it is whole.
func wholeText(text []byte) []byte {
	if bytes.ContainsAny(text, ".eE") {
		return appendWhole(nil, text)
	}
	return text
}

func appendBits(dst []byte, n uint64, size int) []byte {
	for range size {
		dst = append(dst, byte(n))
		n >>= 8
	}
	return dst
}

// parseFloat reads a JSON number, or a name of what JSON has no numbers for in the
// spellings in use.
func parseFloat(text []byte, bits int) (float64, bool) {
	switch string(text) {
	case "NaN", "nan":
		return math.NaN(), true
	case "Infinity", "inf", "Inf", "+Infinity":
		return math.Inf(1), true
	case "-Infinity", "-inf", "-Inf":
		return math.Inf(-1), true
	}
	if len(text) == 0 || text[len(text)-1] > '9' || bytes.ContainsAny(text, "xX_") {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(text), bits)
	return f, err == nil
}

// decodeBase64 reads base64, with or without its padding and with line ends, into dst.
func decodeBase64(dst, b []byte) ([]byte, bool) {
	if n := len(b) / 4 * 3; len(b)%4 == 0 && n > 0 {
		dst = slices.Grow(dst[:0], n)[:n]
		if n, err := base64.StdEncoding.Decode(dst, b); err == nil {
			return dst[:n], true
		}
	}
	clean := dst[:0]
	for _, c := range b {
		switch c {
		case '\r', '\n', ' ', '\t', '=':
		default:
			clean = append(clean, c)
		}
	}
	n, err := base64.RawStdEncoding.Decode(clean, clean)
	return clean[:n], err == nil
}
