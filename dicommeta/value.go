package dicommeta

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Texts returns the values of a text element, decoded and without padding; nil
// where there is no such element or it is empty.
func (d *Dataset) Texts(t dict.Tag) []string {
	e := d.Find(t)
	if e == nil {
		return nil
	}
	return d.Charset.Texts(e)
}

// Texts returns the values of a text element, decoded and without padding: blanks and NULs
// at both ends, of ST, LT, UT and UR only at the end, where leading blanks count
// (PS3.5 §6.2). The digits of DS and IS are those that were written.
func (c *Charset) Texts(e *Element) []string {
	if len(e.Value) == 0 || !e.VR.IsText() {
		return nil
	}
	var s string
	if isPlain(e.Value) {
		s = string(e.Value)
	} else {
		b, _ := c.AppendText(nil, e.Value, e.VR)
		s = string(b)
	}
	if !e.VR.Multiple() {
		return []string{strings.TrimRight(s, paddings)}
	}
	all := make([]string, 0, strings.Count(s, `\`)+1)
	for one := range strings.SplitSeq(s, `\`) {
		all = append(all, strings.Trim(one, paddings))
	}
	return all
}

const paddings = " \x00"

// Text returns the first value of a text element, "" where there is none.
func (d *Dataset) Text(t dict.Tag) string {
	e := d.Find(t)
	if e == nil || len(e.Value) == 0 || !e.VR.IsText() {
		return ""
	}
	if !isPlain(e.Value) {
		return d.Charset.Texts(e)[0]
	}
	if !e.VR.Multiple() {
		return string(bytes.TrimRight(e.Value, paddings))
	}
	first, _, _ := bytes.Cut(e.Value, []byte{'\\'})
	return string(bytes.Trim(first, paddings))
}

// Floats returns the numbers of an element: binary ones, or those of DS and IS. ok is
// false where one of them is no number.
func (d *Dataset) Floats(t dict.Tag) (numbers []float64, ok bool) {
	e := d.Find(t)
	if e == nil {
		return nil, true
	}
	if e.VR.IsText() {
		for _, s := range d.Charset.Texts(e) {
			f, ok := parseDecimal(s)
			if !ok {
				return nil, false
			}
			numbers = append(numbers, f)
		}
		return numbers, true
	}
	size := e.VR.Size()
	if size == 0 || e.VR == dict.AT || e.VR == dict.UN {
		return nil, len(e.Value) == 0 && e.VR != dict.SQ
	}
	numbers = make([]float64, 0, len(e.Value)/size)
	for b := e.Value; len(b) >= size; b = b[size:] {
		switch e.VR {
		case dict.FL, dict.OF:
			numbers = append(numbers, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
		case dict.FD, dict.OD:
			numbers = append(numbers, math.Float64frombits(binary.LittleEndian.Uint64(b)))
		case dict.UV, dict.OV:
			numbers = append(numbers, float64(binary.LittleEndian.Uint64(b)))
		default:
			numbers = append(numbers, float64(wholeNumber(e, b, len(numbers))))
		}
	}
	if len(numbers) == 0 {
		return nil, len(e.Value) == 0
	}
	return numbers, true
}

// wholeNumber returns the binary number of index i at the begin of b.
func wholeNumber(e *Element, b []byte, i int) int64 {
	switch e.VR {
	case dict.US, dict.OW:
		return int64(binary.LittleEndian.Uint16(b))
	case dict.SS:
		n := binary.LittleEndian.Uint16(b)
		// PS3.3 C.11.1.1: of three numbers that describe a table the second alone has a sign.
		if i != 1 && isLUTDescriptor(e.Tag) {
			return int64(n)
		}
		return int64(int16(n))
	case dict.UL, dict.OL:
		return int64(binary.LittleEndian.Uint32(b))
	case dict.SL:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	case dict.SV, dict.UV, dict.OV:
		return int64(binary.LittleEndian.Uint64(b))
	}
	return int64(b[0])
}

func isLUTDescriptor(t dict.Tag) bool {
	switch t {
	case dict.LUTDescriptor, dict.GrayLookupTableDescriptor, dict.RedPaletteColorLookupTableDescriptor,
		dict.GreenPaletteColorLookupTableDescriptor, dict.BluePaletteColorLookupTableDescriptor:
		return true
	}
	return false
}

// Ints returns the whole numbers of an element: binary ones, or those of IS and DS. ok is
// false where one of them is not whole or does not fit, or the element is of floats.
func (d *Dataset) Ints(t dict.Tag) (numbers []int64, ok bool) {
	e := d.Find(t)
	if e == nil {
		return nil, true
	}
	if e.VR.IsText() {
		for _, s := range d.Charset.Texts(e) {
			n, ok := parseWhole(s)
			if !ok {
				return nil, false
			}
			numbers = append(numbers, n)
		}
		return numbers, true
	}
	size := e.VR.Size()
	switch e.VR {
	case dict.OB, dict.US, dict.OW, dict.SS, dict.UL, dict.OL, dict.SL, dict.SV, dict.UV, dict.OV:
	default:
		return nil, len(e.Value) == 0 && e.VR != dict.SQ
	}
	for b := e.Value; len(b) >= size; b = b[size:] {
		n := wholeNumber(e, b, len(numbers))
		if n < 0 && (e.VR == dict.UV || e.VR == dict.OV) {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	return numbers, numbers != nil || len(e.Value) == 0
}

// Int returns the first value of an element that holds whole numbers; ok is false where
// there is none or it is not whole.
func (d *Dataset) Int(t dict.Tag) (n int64, ok bool) {
	e := d.Find(t)
	if e != nil && e.VR.IsText() {
		return parseWhole(d.Text(t))
	}
	all, ok := d.Ints(t)
	if !ok || len(all) == 0 {
		return 0, false
	}
	return all[0], true
}

// parseWhole reads a whole number, also one such as 4.0 or 1e3 that is written as a decimal.
func parseWhole(s string) (int64, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, ok := parseDecimal(s)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// parseDecimal reads a DS or IS. What Go knows besides, such as hexadecimal digits or
// infinity, is no number of DICOM.
func parseDecimal(s string) (float64, bool) {
	for i := 0; i < len(s); i++ {
		if (s[i] < '0' || s[i] > '9') && strings.IndexByte("+-.eE", s[i]) < 0 {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// Tags returns the values of an AT element; ok is false where it is none.
func (d *Dataset) Tags(t dict.Tag) (tags []dict.Tag, ok bool) {
	e := d.Find(t)
	if e == nil {
		return nil, true
	}
	if e.VR != dict.AT || len(e.Value)%4 != 0 {
		return nil, false
	}
	for b := e.Value; len(b) >= 4; b = b[4:] {
		tags = append(tags, dict.NewTag(binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])))
	}
	return tags, true
}

// ValidUID reports whether s, without padding, is a UID: numbers without leading zeros with
// points between them, at most 64 characters (PS3.5 §9.1).
func ValidUID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if !isDigits(part) || part[0] == '0' && len(part) > 1 {
			return false
		}
	}
	return true
}
