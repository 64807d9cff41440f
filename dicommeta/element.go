package dicommeta

import (
	"slices"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Undefined is the length of a sequence, an item or pixel data that ends with a
// delimiter instead (PS3.5 §7.5.1).
const Undefined uint32 = 0xFFFFFFFF

// Element is one data element: its tag, its VR and its value, or its items.
type Element struct {
	Tag dict.Tag
	// VR is the one to read the value by: as written, or by the dictionaries
	// where none or UN is written or the standard leaves a choice.
	VR dict.VR
	// Written is the VR in the bytes; 0 in implicit VR and for what was made.
	Written dict.VR
	// Length is the length of the value as declared; Undefined is possible. 0
	// for what was made.
	Length uint32
	// Head is the number of bytes of tag, VR and length in the source: 8 or 12; 0 for
	// what was made.
	Head uint8
	// Offset is where the tag stands in the source, End the offset behind the
	// last byte of the element with its delimiters. In a deflated data set
	// both count inflated bytes, from the begin of the source as if it were not
	// deflated. Both are 0 for what was made.
	Offset, End int64
	// Value is the value's bytes, numbers in little endian whatever the source,
	// text as written, padding included. nil for sequences, for empty values and for
	// those left in the source, see Skipped.
	Value []byte
	// Items are those of a sequence; an empty sequence has none.
	Items []Dataset
	// URI is where the value can be had instead of Value; only what was read from
	// DICOM JSON has one (BulkDataURI, PS3.18 F.2.2).
	URI string
}

// Skipped reports whether the value stayed in the source, because it is longer
// than the reader keeps; it has Length bytes at Offset+Head.
func (e *Element) Skipped() bool {
	return e.Value == nil && e.Items == nil && e.Length != 0 && e.VR != dict.SQ
}

// Dataset is a data set or an item of a sequence (PS3.5 §7): elements in the
// order of the source, which is ascending by tag unless a finding says otherwise.
type Dataset struct {
	Elements []Element
	// Charset decodes the text of the elements: of Specific Character Set
	// here, or else of the data set around this one. nil is the default
	// repertoire.
	Charset *Charset
	// Offset is where the item's tag stands in the source, End the offset behind
	// the item; of a whole data set where its first element begins and its last
	// one ends.
	Offset, End int64
	// Length is the declared length of an item.
	Length uint32
}

// Find returns the element of a tag, nil if there is none. Of several, which the
// standard forbids, it is the last.
func (d *Dataset) Find(t dict.Tag) *Element {
	i, ok := slices.BinarySearchFunc(d.Elements, t, func(e Element, t dict.Tag) int { return compareTags(e.Tag, t) })
	if ok && (i+1 == len(d.Elements) || d.Elements[i+1].Tag != t) {
		return &d.Elements[i]
	}
	for i := len(d.Elements) - 1; i >= 0; i-- {
		if d.Elements[i].Tag == t {
			return &d.Elements[i]
		}
	}
	return nil
}

func compareTags(a, b dict.Tag) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Has reports whether there is an element of the tag, empty or not.
func (d *Dataset) Has(t dict.Tag) bool { return d.Find(t) != nil }

// Items returns the items of the sequence t.
func (d *Dataset) Items(t dict.Tag) []Dataset {
	if e := d.Find(t); e != nil {
		return e.Items
	}
	return nil
}

// Item returns the first item of the sequence t, nil if there is none.
func (d *Dataset) Item(t dict.Tag) *Dataset {
	if items := d.Items(t); len(items) > 0 {
		return &items[0]
	}
	return nil
}

// Set puts e in its place among the elements, instead of one with the same tag.
func (d *Dataset) Set(e Element) {
	if have := d.Find(e.Tag); have != nil {
		*have = e
		return
	}
	i, _ := slices.BinarySearchFunc(d.Elements, e.Tag, func(x Element, t dict.Tag) int { return compareTags(x.Tag, t) })
	d.Elements = slices.Insert(d.Elements, i, e)
}

// Remove takes the elements of a tag out and reports whether there were any.
func (d *Dataset) Remove(t dict.Tag) bool {
	n := len(d.Elements)
	d.Elements = slices.DeleteFunc(d.Elements, func(e Element) bool { return e.Tag == t })
	return len(d.Elements) != n
}

// Clone returns a copy that shares no memory with d but the Charset.
func (d *Dataset) Clone() Dataset {
	c := *d
	c.Elements = slices.Clone(d.Elements)
	for i := range c.Elements {
		e := &c.Elements[i]
		e.Value = slices.Clone(e.Value)
		if e.Items == nil {
			continue
		}
		items := make([]Dataset, len(e.Items))
		for j := range items {
			items[j] = e.Items[j].Clone()
		}
		e.Items = items
	}
	return c
}

// Walk visits all elements, those of items behind their sequence, in the order of the source.
// path is the tags and item numbers that lead to d, "" for a whole data set; visit is given
// the path of each element and says whether to go on below it.
func (d *Dataset) Walk(visit func(path Path, d *Dataset, e *Element) bool) { d.walk(nil, visit) }

func (d *Dataset) walk(at Path, visit func(Path, *Dataset, *Element) bool) {
	for i := range d.Elements {
		e := &d.Elements[i]
		here := append(at, Step{Tag: e.Tag})
		if !visit(here, d, e) {
			continue
		}
		for j := range e.Items {
			here[len(here)-1].Item = j + 1
			e.Items[j].walk(here, visit)
		}
	}
}
