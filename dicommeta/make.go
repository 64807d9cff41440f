package dicommeta

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// TextElement returns an element of text in UTF-8 with the dictionary's VR. Values are
// joined with backslashes and padded to an even length.
func TextElement(t dict.Tag, values ...string) Element {
	e := Element{Tag: t, VR: dict.LO}
	if entry := dict.Find(t); entry != nil && entry.VR().IsText() {
		e.VR = entry.VR()
	}
	s := strings.Join(values, `\`)
	if len(s)%2 == 1 {
		if e.VR == dict.UI {
			s += "\x00"
		} else {
			s += " "
		}
	}
	if s != "" {
		e.Value = []byte(s)
	}
	return e
}

// NumberElement returns an element of numbers with the given binary VR, or with the
// dictionary's if vr is 0.
func NumberElement(t dict.Tag, vr dict.VR, numbers ...float64) Element {
	if entry := dict.Find(t); vr == 0 && entry != nil {
		vr = entry.VR()
	}
	e := Element{Tag: t, VR: vr}
	le := binary.LittleEndian
	for _, n := range numbers {
		switch vr {
		case dict.US, dict.OW:
			e.Value = le.AppendUint16(e.Value, uint16(n))
		case dict.SS:
			e.Value = le.AppendUint16(e.Value, uint16(int16(n)))
		case dict.SL:
			e.Value = le.AppendUint32(e.Value, uint32(int32(n)))
		case dict.FL, dict.OF:
			e.Value = le.AppendUint32(e.Value, math.Float32bits(float32(n)))
		case dict.FD, dict.OD:
			e.Value = le.AppendUint64(e.Value, math.Float64bits(n))
		case dict.UV, dict.OV:
			e.Value = le.AppendUint64(e.Value, uint64(n))
		case dict.SV:
			e.Value = le.AppendUint64(e.Value, uint64(int64(n)))
		default:
			e.Value = le.AppendUint32(e.Value, uint32(n))
		}
	}
	return e
}

// SequenceElement returns a sequence of items.
func SequenceElement(t dict.Tag, items ...Dataset) Element {
	return Element{Tag: t, VR: dict.SQ, Items: items}
}

// NewDataset returns a data set of elements in ascending order, its text in UTF-8.
func NewDataset(elements ...Element) Dataset {
	d := Dataset{Charset: UTF8}
	for _, e := range elements {
		d.Set(e)
	}
	return d
}
