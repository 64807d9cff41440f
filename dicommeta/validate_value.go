package dicommeta

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math"
	"strconv"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// isEmpty reports whether an element has neither value nor items. Padding is no value.
func isEmpty(e *Element) bool {
	if e.VR == dict.SQ {
		return len(e.Items) == 0
	}
	if len(e.Value) == 0 {
		return !e.Skipped()
	}
	return e.VR.IsText() && len(bytes.Trim(e.Value, " \x00")) == 0
}

// countValues returns the number of values of an element.
func countValues(c *Charset, e *Element) int {
	switch {
	case e.VR == dict.SQ || e.Skipped():
		return 1
	case isEmpty(e):
		return 0
	case !e.VR.IsText():
		switch e.VR {
		case dict.OB, dict.OW, dict.OF, dict.OD, dict.OL, dict.OV, dict.UN:
			return 1
		}
		if n := e.VR.Size(); n > 0 {
			return len(e.Value) / n
		}
		return 1
	case !e.VR.Multiple():
		return 1
	case e.VR.HasCharset() && c != nil && bytes.IndexByte(e.Value, '\\') >= 0:
		// Bytes of characters may look like a backslash.
		return len(c.Texts(e))
	}
	return bytes.Count(e.Value, []byte{'\\'}) + 1
}

// textAt returns the value of number i, from 0, of a text element, without padding.
func textAt(e *Element, i int) (text []byte, ok bool) {
	if !e.VR.IsText() || i < 0 {
		return nil, false
	}
	rest := e.Value
	if !e.VR.Multiple() {
		return bytes.Trim(rest, " \x00"), i == 0 && len(rest) > 0
	}
	for len(rest) > 0 || i == 0 && len(e.Value) > 0 {
		n := bytes.IndexByte(rest, '\\')
		if n < 0 {
			n = len(rest)
		}
		if i == 0 {
			return bytes.Trim(rest[:n], " \x00"), true
		}
		if n == len(rest) {
			return nil, false
		}
		rest, i = rest[n+1:], i-1
	}
	return nil, false
}

// eachValue returns the values of e one after the other, each as an element and the value's
// number in it: those of text as elements of their own, for textAt counts from the begin.
func eachValue(e *Element) iter.Seq2[*Element, int] {
	return func(yield func(*Element, int) bool) {
		if !e.VR.IsText() || !e.VR.Multiple() {
			n := countValues(nil, e)
			for i := 0; i < n && yield(e, i); i++ {
			}
			return
		}
		one, rest := *e, e.Value
		for more := len(rest) > 0; more; {
			one.Value, rest, more = bytes.Cut(rest, []byte{'\\'})
			if len(one.Value) == 0 {
				one.Value = []byte{' '} // an empty value, not none
			}
			if !yield(&one, 0) {
				return
			}
		}
	}
}

// numberAt returns the number i, from 0, of an element with numbers.
func numberAt(e *Element, i int) (n float64, ok bool) {
	if e.VR == dict.DS || e.VR == dict.IS {
		s, ok := textAt(e, i)
		if !ok {
			return 0, false
		}
		return decimal(s)
	}
	size := e.VR.Size()
	if size == 0 || i < 0 || (i+1)*size > len(e.Value) {
		return 0, false
	}
	b := e.Value[i*size : (i+1)*size]
	le := binary.LittleEndian
	switch e.VR {
	case dict.OB:
		return float64(b[0]), true
	case dict.US, dict.OW:
		return float64(le.Uint16(b)), true
	case dict.SS:
		return float64(int16(le.Uint16(b))), true
	case dict.UL, dict.OL:
		return float64(le.Uint32(b)), true
	case dict.SL:
		return float64(int32(le.Uint32(b))), true
	case dict.FL, dict.OF:
		return float64(math.Float32frombits(le.Uint32(b))), true
	case dict.FD, dict.OD:
		return math.Float64frombits(le.Uint64(b)), true
	case dict.UV, dict.OV:
		return float64(le.Uint64(b)), true
	case dict.SV:
		return float64(int64(le.Uint64(b))), true
	}
	return 0, false
}

// decimal returns the number of a DS or IS value: neither an infinite one nor none.
func decimal(s []byte) (n float64, ok bool) {
	n, err := strconv.ParseFloat(string(s), 64)
	return n, err == nil && !math.IsInf(n, 0) && !math.IsNaN(n)
}

// equalText reports whether a text value is that of a rule. Numbers may be written in many
// ways: +1, 01 and 1.0 are 1.
func equalText(vr dict.VR, have []byte, want string) bool {
	if string(have) == want {
		return true
	}
	if vr != dict.DS && vr != dict.IS {
		return false
	}
	a, ok := decimal(have)
	b, ok2 := decimal([]byte(want))
	return ok && ok2 && a == b
}

// equalNumber reports whether the number i of e is that of a rule; ok is whether there is one.
// Rules write -1 as the bits of its VR, such as 65535 of SS, so whole numbers
// are compared by their bits.
func equalNumber(e *Element, i int, want int64) (same, ok bool) {
	have, ok := numberAt(e, i)
	bits := wholeBits(e.VR)
	switch {
	case !ok || bits == 0:
		return have == float64(want), ok
	case bits == 64: // more than a float holds
		return binary.LittleEndian.Uint64(e.Value[i*8:]) == uint64(want), true
	case want < -1<<(bits-1) || want >= 1<<bits:
		return false, true
	}
	return (int64(have)^want)&(1<<bits-1) == 0, true
}

// wholeBits returns the bits of a binary VR of whole numbers, 0 of others.
func wholeBits(vr dict.VR) int {
	switch vr {
	case dict.OB:
		return 8
	case dict.US, dict.SS, dict.OW:
		return 16
	case dict.UL, dict.SL, dict.OL:
		return 32
	case dict.UV, dict.SV, dict.OV:
		return 64
	}
	return 0
}

// signed returns the number of a rule as its VR writes it: 65535 as the -1 of SS.
func signed(n int64, vr dict.VR) int64 {
	switch bits := wholeBits(vr); {
	case vr == dict.SS && n == int64(uint16(n)):
		return int64(int16(n))
	case vr == dict.SL && n == int64(uint32(n)):
		return int64(int32(n))
	case n < 0 && (vr == dict.US || vr == dict.UL) && n >= -1<<(bits-1):
		return n + 1<<bits
	}
	return n
}

// pointerAt returns the tag i, from 0, of an AT element.
func pointerAt(e *Element, i int) (t dict.Tag, ok bool) {
	if e.VR != dict.AT || i < 0 || (i+1)*4 > len(e.Value) {
		return 0, false
	}
	b := e.Value[i*4:]
	return dict.NewTag(binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])), true
}

// isText reports whether a value is s: that of number i, or any if i is -1.
func isText(e *Element, i int, s string) bool {
	if i >= 0 {
		have, ok := textAt(e, i)
		return ok && equalText(e.VR, have, s)
	}
	for one, i := range eachValue(e) {
		if have, ok := textAt(one, i); ok && equalText(e.VR, have, s) {
			return true
		}
	}
	return false
}
