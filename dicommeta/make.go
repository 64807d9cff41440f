package dicommeta

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// TextElement returns an element of text in UTF-8 with the dictionary's VR, LO where
// the dictionary has none or none for text. Values are joined with backslashes and
// padded to an even length: UI with NUL, all others with a space. No value or one that
// is empty makes an empty element. Neither length nor characters are checked against the VR;
// the validator does that.
func TextElement(t dict.Tag, values ...string) Element {
	e := Element{Tag: t, VR: dict.LO}
	if entry := dict.Find(t); entry != nil && entry.VR().IsText() {
		e.VR = entry.VR()
	}
	s := strings.Join(values, `\`)
	if s == "" {
		return e
	}
	e.Value = append(make([]byte, 0, len(s)+1), s...)
	if len(s)%2 == 1 {
		e.Value = append(e.Value, padding(e.VR))
	}
	return e
}

// PersonName is the five components of a person's name (PS3.5 §6.2.1.1).
type PersonName struct {
	Family, Given, Middle, Prefix, Suffix string
}

// String returns the components divided by carets, without empty ones at the end. Carets, equals signs and
// backslashes in a component become spaces, because they would divide it.
func (n PersonName) String() string {
	parts := []string{n.Family, n.Given, n.Middle, n.Prefix, n.Suffix}
	for i, p := range parts {
		parts[i] = strings.Map(func(r rune) rune {
			if r == '^' || r == '=' || r == '\\' {
				return ' '
			}
			return r
		}, p)
	}
	return strings.TrimRight(strings.Join(parts, "^"), "^")
}

// DateElement returns an element with the time's date, clock time or both, as the
// dictionary's VR says: DA, TM or DT (PS3.5 §6.2). TM and DT have six digits of a second where t
// has a fraction of one, and DT the offset from UTC; t is taken in its location. The
// zero time makes an empty element.
func DateElement(t dict.Tag, at time.Time) Element {
	e := Element{Tag: t, VR: dict.DT}
	if entry := dict.Find(t); entry != nil && (entry.VR() == dict.DA || entry.VR() == dict.TM) {
		e.VR = entry.VR()
	}
	if at.IsZero() {
		return e
	}
	layout := ""
	if e.VR != dict.TM {
		layout = "20060102"
	}
	if e.VR != dict.DA {
		layout += "150405"
		if at.Nanosecond()/1000 != 0 {
			layout += ".000000"
		}
	}
	if e.VR == dict.DT {
		layout += "-0700"
	}
	e.Value = at.AppendFormat(nil, layout)
	if len(e.Value)%2 == 1 {
		e.Value = append(e.Value, ' ')
	}
	return e
}

// NumberElement returns an element of numbers with the given binary VR, or with the
// dictionary's if vr is 0. A fraction is cut off where the VR has whole numbers, and a
// number beyond its range becomes the nearest one in it, NaN 0. Numbers of a tag or of a VR that is not binary
// are written as UL; decimal text (DS, IS) is made with TextElement.
func NumberElement(t dict.Tag, vr dict.VR, numbers ...float64) Element {
	if entry := dict.Find(t); vr == 0 && entry != nil {
		vr = entry.VR()
	}
	if vr.Size() == 0 {
		vr = dict.UL
	}
	e := Element{Tag: t, VR: vr}
	for _, n := range numbers {
		e.Value = appendNumber(e.Value, vr, n)
	}
	return e
}

func appendNumber(b []byte, vr dict.VR, n float64) []byte {
	le := binary.LittleEndian
	switch vr {
	case dict.OB, dict.UN:
		return append(b, uint8(within(n, 0, math.MaxUint8)))
	case dict.US, dict.OW:
		return le.AppendUint16(b, uint16(within(n, 0, math.MaxUint16)))
	case dict.SS:
		return le.AppendUint16(b, uint16(int16(within(n, math.MinInt16, math.MaxInt16))))
	case dict.SL:
		return le.AppendUint32(b, uint32(int32(within(n, math.MinInt32, math.MaxInt32))))
	case dict.FL, dict.OF:
		return le.AppendUint32(b, math.Float32bits(float32(n)))
	case dict.FD, dict.OD:
		return le.AppendUint64(b, math.Float64bits(n))
	case dict.UV, dict.OV:
		if n >= math.MaxUint64 {
			return le.AppendUint64(b, math.MaxUint64)
		}
		return le.AppendUint64(b, uint64(within(n, 0, math.MaxUint64)))
	case dict.SV:
		if n >= math.MaxInt64 {
			return le.AppendUint64(b, math.MaxInt64)
		}
		return le.AppendUint64(b, uint64(int64(within(n, math.MinInt64, math.MaxInt64))))
	case dict.AT:
		b = le.AppendUint16(b, uint16(uint32(within(n, 0, math.MaxUint32))>>16))
		return le.AppendUint16(b, uint16(uint32(within(n, 0, math.MaxUint32))))
	}
	return le.AppendUint32(b, uint32(within(n, 0, math.MaxUint32)))
}

// within returns the number of low to high that is nearest to n; 0 for NaN.
func within(n, low, high float64) float64 {
	if math.IsNaN(n) {
		return 0
	}
	return math.Trunc(min(max(n, low), high))
}

// TagElement returns an element of tags, with VR AT.
func TagElement(t dict.Tag, tags ...dict.Tag) Element {
	e := Element{Tag: t, VR: dict.AT}
	for _, v := range tags {
		e.Value = appendNumber(e.Value, dict.AT, float64(v))
	}
	return e
}

// BytesElement returns an element of bytes as they are, with the given VR, or with the
// dictionary's if vr is 0; without either it is UN. It keeps b. Numbers in it are in little
// endian.
func BytesElement(t dict.Tag, vr dict.VR, b []byte) Element {
	if entry := dict.Find(t); vr == 0 && entry != nil {
		vr = entry.VR()
	}
	if vr == 0 {
		vr = dict.UN
	}
	if len(b) == 0 {
		b = nil
	}
	return Element{Tag: t, VR: vr, Value: b}
}

// SequenceElement returns a sequence of items. It keeps items.
func SequenceElement(t dict.Tag, items ...Dataset) Element {
	return Element{Tag: t, VR: dict.SQ, Items: items}
}

// NewDataset returns a data set of elements in ascending order, its text in UTF-8. Of
// several elements with one tag it has the last.
func NewDataset(elements ...Element) Dataset {
	return Dataset{Elements: ascending(slices.Clone(elements)), Charset: UTF8}
}

// ascending brings elements into the order of their tags, in place, and of several with one tag
// keeps the last.
func ascending(all []Element) []Element {
	slices.SortStableFunc(all, func(a, b Element) int { return compareTags(a.Tag, b.Tag) })
	n := 0
	for i := range all {
		if i+1 < len(all) && all[i+1].Tag == all[i].Tag {
			continue
		}
		all[n] = all[i]
		n++
	}
	clear(all[n:])
	return all[:n]
}
