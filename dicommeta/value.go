package dicommeta

import (
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

// Texts returns the values of a text element, decoded and without padding.
func (c *Charset) Texts(e *Element) []string {
	if len(e.Value) == 0 || !e.VR.IsText() {
		return nil
	}
	b, _ := c.AppendText(nil, e.Value, e.VR)
	if !e.VR.Multiple() {
		return []string{strings.TrimRight(string(b), " \x00")}
	}
	all := strings.Split(string(b), `\`)
	for i, s := range all {
		all[i] = strings.Trim(s, " \x00")
	}
	return all
}

// Text returns the first value of a text element, "" where there is none.
func (d *Dataset) Text(t dict.Tag) string {
	if all := d.Texts(t); len(all) > 0 {
		return all[0]
	}
	return ""
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
			f, err := strconv.ParseFloat(s, 64)
			if err != nil {
				return nil, false
			}
			numbers = append(numbers, f)
		}
		return numbers, true
	}
	size := e.VR.Size()
	for b := e.Value; size > 0 && len(b) >= size; b = b[size:] {
		switch e.VR {
		case dict.US, dict.OW:
			numbers = append(numbers, float64(binary.LittleEndian.Uint16(b)))
		case dict.SS:
			numbers = append(numbers, float64(int16(binary.LittleEndian.Uint16(b))))
		case dict.UL, dict.OL:
			numbers = append(numbers, float64(binary.LittleEndian.Uint32(b)))
		case dict.SL:
			numbers = append(numbers, float64(int32(binary.LittleEndian.Uint32(b))))
		case dict.FL, dict.OF:
			numbers = append(numbers, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
		case dict.FD, dict.OD:
			numbers = append(numbers, math.Float64frombits(binary.LittleEndian.Uint64(b)))
		default:
			return nil, false
		}
	}
	return numbers, true
}

// Int returns the first value of an element that holds whole numbers.
func (d *Dataset) Int(t dict.Tag) (n int64, ok bool) {
	all, ok := d.Floats(t)
	if !ok || len(all) == 0 || all[0] != math.Trunc(all[0]) || math.Abs(all[0]) > 1<<53 {
		return 0, false
	}
	return int64(all[0]), true
}
