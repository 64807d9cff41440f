package dicommeta

import "github.com/carabiner-health/carabiner/dicommeta/dict"

// A vrScope knows of one data set or item what the VR of its elements can depend on:
// the pixel representation, the private creators, the bits of waveforms. A streaming
// reader keeps one on its stack for each level:
//
//	root := vrScope{}
//	for each element of the data set {
//		e.VR = root.resolve(tag, written, length)  // written is 0 in implicit VR
//		... read the value ...
//		root.see(e)                                // only looks at few tags
//		for each item, if e.VR is SQ {
//			item := root.item()
//			... the same with item ...
//			root.leave(&item)
//		}
//	}
//	root.settle(dataset) // once, behind the last element of the whole data set
//
// see wants the value in little endian, as in Element.Value.
type vrScope struct {
	creators []blockCreator
	// signed is 'u' or 's' by Pixel Representation of this or an enclosing data set, 0 while unknown.
	signed byte
	// waveform is Waveform Bits Allocated of this item, 0 while unknown.
	waveform uint16
	// lutOne is whether the LUT Descriptor of this item speaks of one entry.
	lutOne bool
	// late is whether a choice between US and SS was made before signed was known.
	late bool
}

// blockCreator is a private creator that reserves (group,block00-blockFF).
type blockCreator struct {
	tag  dict.Tag // of the creator element: (gggg,00bb)
	dict *dict.Creator
}

// item returns the scope of an item below s.
func (s *vrScope) item() vrScope { return vrScope{signed: s.signed} }

// leave takes over from an item what the enclosing data set has to know.
func (s *vrScope) leave(item *vrScope) { s.late = s.late || item.late }

// reset makes s ready for another data set with the memory it has.
func (s *vrScope) reset() { *s = vrScope{creators: s.creators[:0]} }

// resolve returns the VR by which the value of length bytes is to be read. written is the VR in
// the bytes, 0 in implicit VR; one that the standard knows, other than UN, stays.
// SQ for an element written as UN means that its value is items in implicit VR little
// endian (PS3.5 §6.2.2, CP-246). The length of a value can be Undefined.
func (s *vrScope) resolve(t dict.Tag, written dict.VR, length uint32) dict.VR {
	if written != dict.UN && written.Known() {
		return written
	}
	if e := dict.Find(t); e != nil {
		return e.VR()
	}
	return dict.UN
}

// see takes note of an element that the VR of others depends on.
func (s *vrScope) see(e *Element) {}

// settle corrects the choices between US and SS in d and its items that came before
// Pixel Representation.
func (s *vrScope) settle(d *Dataset) {}
