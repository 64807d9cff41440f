package dicommeta

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// ErrSkipped says that a value stayed in the source and so cannot be written.
var ErrSkipped = errors.New("dicommeta: the value was left in the source")

const (
	itemStart    dict.Tag = 0xFFFEE000
	itemEnd      dict.Tag = 0xFFFEE00D
	sequenceEnd  dict.Tag = 0xFFFEE0DD
	longestShort          = 65534 // the highest even length of 16 bits
	longestValue          = math.MaxUint32 - 1
)

// AppendDataset appends the elements of d as they are written in the given encoding
// (PS3.5 §7), sequences and items with defined lengths; private sequences in implicit VR, where
// nothing else tells what they are, have undefined ones. Values get an even length,
// and numbers are swapped to big endian where that is asked for. Elements are written in
// the order of d; group lengths, which are retired and would not be true, are left out.
//
// In explicit VR a value that is too long for the 16-bit length of its VR is written as
// UN (PS3.5 §6.2.2), as is one whose VR is none of the standard's. Text is written in
// the bytes it has. Where it is not ASCII and the Charset of its data set or item is not
// what Specific Character Set would say, that element is added or put right.
//
// The error wraps ErrSkipped where a value was left in the source. d is not changed.
func AppendDataset(dst []byte, d *Dataset, enc Encoding) ([]byte, error) {
	e := elementWriter{enc: enc}
	if enc.Deflated {
		if err := e.dataset(nil, d, nil); err != nil {
			return dst, err
		}
		return appendDeflated(dst, e.out)
	}
	e.out = slices.Grow(dst, sizeHint(d))
	if err := e.dataset(nil, d, nil); err != nil {
		return dst, err
	}
	return e.out, nil
}

// sizeHint returns about how many bytes the elements of d take when written.
func sizeHint(d *Dataset) int {
	n := 0
	for i := range d.Elements {
		e := &d.Elements[i]
		n += 12 + len(e.Value) + len(e.Value)&1
		for j := range e.Items {
			n += 8 + sizeHint(&e.Items[j])
		}
	}
	return n
}

// appendDeflated appends b deflated (PS3.5 §A.5) and padded to an even length.
func appendDeflated(dst, b []byte) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	if err := writeDeflated(buf, func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
		return dst, err
	}
	return buf.Bytes(), nil
}

func newDeflater(w io.Writer) (*flate.Writer, error) {
	d, err := flate.NewWriter(w, flate.DefaultCompression)
	if err != nil {
		return nil, fmt.Errorf("dicommeta: %w", err)
	}
	return d, nil
}

// elementWriter writes elements to out. What is copied from a source stands in cuts, so that
// no long value need be held.
type elementWriter struct {
	out       []byte
	cuts      []cut
	cutBytes  int64
	enc       Encoding
	undefined bool
	// keepCharset leaves Specific Character Set as it is.
	keepCharset bool
	// skipped writes the value of an element that was left in the source; nil
	// refuses it.
	skipped func(e *elementWriter, path Path, el *Element) error
}

// cut stands for n bytes of the source at off, behind the first at bytes of out.
type cut struct {
	at     int
	off, n int64
}

func (e *elementWriter) order() binary.AppendByteOrder {
	if e.enc.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// size is the number of bytes written so far with those of the cuts.
func (e *elementWriter) size() int64 { return int64(len(e.out)) + e.cutBytes }

func (e *elementWriter) copyFrom(off, n int64) {
	if n > 0 {
		e.cuts = append(e.cuts, cut{at: len(e.out), off: off, n: n})
		e.cutBytes += n
	}
}

func (e *elementWriter) tag(t dict.Tag) {
	o := e.order()
	e.out = o.AppendUint16(e.out, t.Group())
	e.out = o.AppendUint16(e.out, t.Element())
}

// head writes tag, VR and a length, and returns where a 32-bit length stands.
func (e *elementWriter) head(t dict.Tag, vr dict.VR, length uint32) int {
	e.tag(t)
	o := e.order()
	if e.enc.Implicit {
		e.out = o.AppendUint32(e.out, length)
		return len(e.out) - 4
	}
	e.out = append(e.out, byte(vr>>8), byte(vr))
	if !vr.LongLength() {
		e.out = o.AppendUint16(e.out, uint16(length))
		return -1
	}
	e.out = append(e.out, 0, 0)
	e.out = o.AppendUint32(e.out, length)
	return len(e.out) - 4
}

// setLength puts the length of what was written since the length itself, which stands
// at index at and is followed by the size that was from.
func (e *elementWriter) setLength(path Path, at int, from int64) error {
	n := e.size() - from
	if n > longestValue {
		return fmt.Errorf("dicommeta: %s: want a length of at most %d bytes, have %d", path, int64(longestValue), n)
	}
	if e.enc.BigEndian {
		binary.BigEndian.PutUint32(e.out[at:], uint32(n))
	} else {
		binary.LittleEndian.PutUint32(e.out[at:], uint32(n))
	}
	return nil
}

// dataset writes the elements of d; outer is the Specific Character Set that stands
// around it.
func (e *elementWriter) dataset(path Path, d *Dataset, outer []string) error {
	stated, put := e.charset(d, outer)
	charset := TextElement(dict.SpecificCharacterSet, stated...)
	for i := range d.Elements {
		el := &d.Elements[i]
		if put && el.Tag >= charset.Tag {
			if err := e.value(append(path, Step{Tag: charset.Tag}), &charset); err != nil {
				return err
			}
			put = false
			if el.Tag == charset.Tag {
				continue
			}
		}
		if el.Tag.IsGroupLength() {
			continue
		}
		if err := e.element(append(path, Step{Tag: el.Tag}), el, stated); err != nil {
			return err
		}
	}
	if put {
		return e.value(append(path, Step{Tag: charset.Tag}), &charset)
	}
	return nil
}

// charset returns the Specific Character Set that holds for d as it is written, and
// whether it must be put into d for that.
func (e *elementWriter) charset(d *Dataset, outer []string) (stated []string, put bool) {
	stated = outer
	if el := d.Find(dict.SpecificCharacterSet); el != nil {
		stated = (*Charset)(nil).Texts(el)
	}
	terms := d.Charset.Terms()
	if e.keepCharset || len(terms) == 0 || slices.Equal(terms, stated) || !hasForeignText(d, terms) {
		return stated, false
	}
	return terms, true
}

// hasForeignText reports whether d, or an item in it with the same Specific Character
// Set, holds text that is not ASCII.
func hasForeignText(d *Dataset, terms []string) bool {
	for i := range d.Elements {
		e := &d.Elements[i]
		if e.VR.HasCharset() && isForeign(e.Value) {
			return true
		}
		for j := range e.Items {
			if item := &e.Items[j]; slices.Equal(item.Charset.Terms(), terms) && hasForeignText(item, terms) {
				return true
			}
		}
	}
	return false
}

// isForeign reports whether text needs a Specific Character Set: it has bytes above
// ASCII or the escapes of ISO 2022.
func isForeign(text []byte) bool {
	for _, c := range text {
		if c >= 0x80 || c == 0x1B {
			return true
		}
	}
	return false
}

func (e *elementWriter) element(path Path, el *Element, outer []string) error {
	switch {
	case el.VR == dict.SQ || el.Items != nil:
		return e.sequence(path, el, outer)
	case el.Skipped():
		if e.skipped == nil {
			return fmt.Errorf("%w: %s", ErrSkipped, path)
		}
		return e.skipped(e, path, el)
	case el.Length == Undefined && (el.VR == dict.OB || el.VR == dict.OW):
		// Encapsulated pixel data: the value is its items, without the delimiter.
		e.head(el.Tag, el.VR, Undefined)
		e.out = append(e.out, el.Value...)
		e.delimiter(sequenceEnd)
		return nil
	}
	return e.value(path, el)
}

func (e *elementWriter) value(path Path, el *Element) error {
	n := int64(len(el.Value)) + int64(len(el.Value)&1)
	if n > longestValue {
		return fmt.Errorf("dicommeta: %s: want a value of at most %d bytes, have %d", path, int64(longestValue), n)
	}
	e.head(el.Tag, writtenVR(el.VR, n), uint32(n))
	start := len(e.out)
	e.out = append(e.out, el.Value...)
	if size := swapUnit(el.VR); e.enc.BigEndian && size > 1 {
		if len(el.Value)%size != 0 {
			return fmt.Errorf("dicommeta: %s: want a multiple of %d bytes, have %d", path, size, len(el.Value))
		}
		reverseNumbers(e.out[start:], size)
	}
	if len(el.Value)%2 == 1 {
		e.out = append(e.out, padding(el.VR))
	}
	return nil
}

// writtenVR returns the VR that explicit VR writes a value of n bytes with.
func writtenVR(vr dict.VR, n int64) dict.VR {
	if !vr.Known() || n > longestShort && !vr.LongLength() {
		return dict.UN
	}
	return vr
}

// swapUnit returns how many bytes of a value are swapped together: those of a number, for AT
// those of a group or element number.
func swapUnit(vr dict.VR) int {
	if vr == dict.AT {
		return 2
	}
	return vr.Size()
}

func reverseNumbers(b []byte, size int) {
	for ; len(b) >= size; b = b[size:] {
		slices.Reverse(b[:size])
	}
}

// padding is the byte that makes a value of the VR even (PS3.5 §6.2).
func padding(vr dict.VR) byte {
	if vr.IsText() && vr != dict.UI {
		return ' '
	}
	return 0
}

func (e *elementWriter) delimiter(t dict.Tag) {
	e.tag(t)
	e.out = append(e.out, 0, 0, 0, 0)
}

func (e *elementWriter) sequence(path Path, el *Element, outer []string) error {
	// Without VR nothing but its length tells that a private element is a sequence.
	undefined := e.undefined || e.enc.Implicit && el.Tag.IsPrivate()
	length := uint32(0)
	if undefined {
		length = Undefined
	}
	at := e.head(el.Tag, dict.SQ, length)
	from := e.size()
	for i := range el.Items {
		path[len(path)-1].Item = i + 1
		if err := e.item(path, &el.Items[i], outer); err != nil {
			return err
		}
	}
	path[len(path)-1].Item = 0
	if undefined {
		e.delimiter(sequenceEnd)
		return nil
	}
	return e.setLength(path, at, from)
}

func (e *elementWriter) item(path Path, d *Dataset, outer []string) error {
	e.tag(itemStart)
	if e.undefined {
		e.out = binary.LittleEndian.AppendUint32(e.out, Undefined)
	} else {
		e.out = append(e.out, 0, 0, 0, 0)
	}
	at, from := len(e.out)-4, e.size()
	if err := e.dataset(path, d, outer); err != nil {
		return err
	}
	if e.undefined {
		e.delimiter(itemEnd)
		return nil
	}
	return e.setLength(path, at, from)
}
