package dicommeta

import (
	"bytes"
	"encoding/binary"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// A vrScope knows of one data set or item what the VR of its elements can depend on:
// the pixel representation, the private creators, a table of one entry. A streaming
// reader keeps one on its stack for each level:
//
//	var root vrScope
//	for each element of the data set {
//		e.VR = root.resolve(tag, written, length)  // written is 0 in implicit VR
//		... read the value ...
//		root.see(e)                                // looks at few tags
//		for each item, if e.VR is SQ {
//			item := root.item()
//			... the same with item ...
//			root.leave(&item)
//		}
//	}
//	root.settle(dataset) // once, behind the last element of the whole data set
//
// see wants the value in little endian, as in Element.Value, and keeps hold of the
// values of private creators.
type vrScope struct {
	creators []blockCreator
	// signed is 's' or 'u' by Pixel Representation of this or an enclosing data set, 0 while unknown.
	signed byte
	// lutOne is whether the LUT Descriptor of this item speaks of one entry.
	lutOne bool
	// late is whether a choice between US and SS was made before signed was known.
	late bool
}

// blockCreator is a private creator that reserves (gggg,bb00-bbFF).
type blockCreator struct {
	tag    dict.Tag // of the creator's element: (gggg,00bb)
	name   []byte
	looked bool // whether dict has been looked up
	dict   *dict.Creator
}

// item returns the scope of an item below s.
func (s *vrScope) item() vrScope { return vrScope{signed: s.signed} }

// leave takes over from an item what the enclosing data set has to know.
func (s *vrScope) leave(item *vrScope) { s.late = s.late || item.late }

// reset makes s ready for another data set with the memory it has.
func (s *vrScope) reset() { *s = vrScope{creators: s.creators[:0]} }

// resolve returns the VR by which the value of length bytes, or of Undefined length, is to be
// read. written is the VR in the bytes, 0 in implicit VR; one that the standard knows,
// other than UN, stays (PS3.5 §7.1.2).
//
// SQ for an element written as UN, or without VR, of defined or undefined length means
// that its value should be items in implicit VR little endian (PS3.5 §6.2.2); where
// they turn out to be none the reader takes UN.
func (s *vrScope) resolve(t dict.Tag, written dict.VR, length uint32) dict.VR {
	if written != dict.UN && written.Known() {
		return written
	}
	vr := s.lookup(t, length)
	if length == Undefined {
		if vr == dict.OB || vr == dict.OW {
			return dict.OB // pixel data in fragments, PS3.5 A.4
		}
		return dict.SQ
	}
	if size := vr.Size(); written != 0 && size > 1 && length%uint32(size) != 0 {
		return dict.UN
	}
	return vr
}

// lookup returns the VR that the dictionaries and the data set tell.
func (s *vrScope) lookup(t dict.Tag, length uint32) dict.VR {
	if e := dict.Find(t); e != nil {
		return s.choose(e.VRs)
	}
	switch {
	case t.IsPrivateCreator():
		return dict.LO
	case t.IsGroupLength() && length == 4:
		return dict.UL
	case t.IsPrivate():
		if e := s.creator(t).Find(t); e != nil {
			return s.choose(e.VRs)
		}
	}
	return dict.UN
}

// choose takes one of the VRs that the dictionary leaves open.
func (s *vrScope) choose(vrs [3]dict.VR) dict.VR {
	switch {
	case vrs[0] == 0:
		return dict.UN
	case vrs[1] == 0:
		return vrs[0]
	case vrs[2] == dict.OW || vrs[0] == dict.OB:
		return dict.OW // PS3.5 A.1: implicit VR has no OB here
	case vrs[1] == dict.OW:
		// PS3.3 C.11.1.1: the data of a table of one entry is one number.
		if s.lutOne {
			return dict.US
		}
		return dict.OW
	}
	if s.signed == 0 {
		s.late = true
	}
	if s.signed == 's' {
		return dict.SS
	}
	return dict.US
}

// creator returns what is known of the creator in whose block t stands.
func (s *vrScope) creator(t dict.Tag) *dict.Creator {
	block := dict.NewTag(t.Group(), t.Element()>>8)
	for i := len(s.creators) - 1; i >= 0; i-- {
		c := &s.creators[i]
		if c.tag != block {
			continue
		}
		if !c.looked {
			c.looked, c.dict = true, dict.FindCreator(c.name)
		}
		return c.dict
	}
	return nil
}

// see takes note of an element that the VR of others depends on.
func (s *vrScope) see(e *Element) {
	switch {
	case e.Tag == dict.PixelRepresentation:
		if sign := signOf(e); sign != 0 {
			s.signed = sign
		}
	case e.Tag == dict.LUTDescriptor:
		s.lutOne = len(e.Value) >= 2 && binary.LittleEndian.Uint16(e.Value) == 1
	case e.Tag.IsPrivateCreator():
		s.creators = append(s.creators, blockCreator{tag: e.Tag, name: bytes.Trim(e.Value, " \x00")})
	}
}

// signOf returns what Pixel Representation says, 0 if nothing.
func signOf(e *Element) byte {
	switch {
	case e == nil || len(e.Value) < 2:
		return 0
	case e.Value[0]|e.Value[1] == 0:
		return 'u'
	}
	return 's'
}

// settle corrects the choices between US and SS in d and its items that came before
// Pixel Representation.
func (s *vrScope) settle(d *Dataset) {
	if s.late {
		settle(d, 0)
	}
}

func settle(d *Dataset, sign byte) {
	if own := signOf(d.Find(dict.PixelRepresentation)); own != 0 {
		sign = own
	}
	for i := range d.Elements {
		e := &d.Elements[i]
		for j := range e.Items {
			settle(&e.Items[j], sign)
		}
		if sign != 's' || e.VR != dict.US || e.Written == dict.US {
			continue
		}
		if entry := dict.Find(e.Tag); entry != nil && entry.VRs == [3]dict.VR{dict.US, dict.SS} {
			e.VR = dict.SS
		}
	}
}
