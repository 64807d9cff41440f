package jsontree

import (
	"bytes"
	"slices"
	"unsafe"
)

// largeObject is the number of members from which repeated names are found by
// sorting instead of by looking at each earlier member.
const largeObject = 48

// keyTag returns 16 bits that equal names share. It mixes the first 16 bytes,
// a closing quote included: the parser has just these in registers.
func keyTag(name string) uint16 {
	p := unsafe.Pointer(unsafe.StringData(name))
	n := len(name)
	switch {
	case n >= 16:
		return mixTag(word(p, 0), word(p, 8))
	case n > 8: // the last eight bytes, less those that the first eight hold
		return mixTag(word(p, 0), word(p, n-8)>>(8*(16-n)&63)|'"'<<(8*(n-8)&63))
	case n == 8:
		return mixTag(word(p, 0), '"')
	case n >= 4: // two overlapping halves
		return mixTag(uint64(half(p, 0))|uint64(half(p, n-4))<<(8*(n-4)&63)|'"'<<(8*n&63), 0)
	}
	x := uint64('"') << (8 * n & 63)
	for i := range n {
		x |= uint64(char(p, i)) << (8 * i & 63)
	}
	return mixTag(x, 0)
}

func mixTag(x, y uint64) uint16 {
	return uint16((x ^ y*0xff51afd7ed558ccd) * 0x9e3779b97f4a7c15 >> 48)
}

// checkKey records the key at offset off when an earlier member of the open
// object has the same decoded name. An object with many members is left to
// checkLarge.
func (t *Tree) checkKey(off int, name []byte) {
	o := &t.tape[t.at.open]
	if o.meta&flagLarge != 0 {
		return
	}
	j := t.at.open + 1
	for n := 0; j < t.at.k; n++ {
		if n == largeObject {
			o.meta |= flagLarge
			return
		}
		e := &t.tape[j]
		if e.meta>>tagBits == t.at.key>>tagBits && t.sameKey(uint32(j), name) {
			t.dups = append(t.dups, off)
			return
		}
		j = int(e.next)
	}
}

// sameKey reports whether the decoded name of member j is name.
func (t *Tree) sameKey(j uint32, name []byte) bool {
	raw := t.rawKey(j)
	if t.tape[j].meta&flagKeyDec == 0 {
		return bytes.Equal(raw, name)
	}
	return equalDecoded(raw, viewString(name))
}

// checkLarge records the repeated keys of the finished object at entry open.
// Keys that checkKey found before the object grew are recorded again.
func (t *Tree) checkLarge(open int) {
	t.ord = t.ord[:0]
	for j := open + 1; j < t.at.k; j = int(t.tape[j].next) {
		t.ord = append(t.ord, uint32(j))
	}
	slices.SortFunc(t.ord, func(a, b uint32) int {
		if c := t.compareKeys(a, b); c != 0 {
			return c
		}
		return int(a) - int(b)
	})
	for k := 1; k < len(t.ord); k++ {
		if t.compareKeys(t.ord[k-1], t.ord[k]) == 0 {
			t.dups = append(t.dups, Value{t, int32(t.ord[k])}.KeyOffset())
		}
	}
}

// compareKeys orders the decoded names of two members.
func (t *Tree) compareKeys(a, b uint32) int {
	x, y := t.rawKey(a), t.rawKey(b)
	if (t.tape[a].meta|t.tape[b].meta)&flagKeyDec == 0 {
		return bytes.Compare(x, y)
	}
	t.buf = decode(t.buf[:0], x)
	n := len(t.buf)
	t.buf = decode(t.buf, y)
	return bytes.Compare(t.buf[:n], t.buf[n:])
}

// tidyDuplicates puts the recorded keys in order, each once.
func (t *Tree) tidyDuplicates() {
	if len(t.dups) > 1 {
		slices.Sort(t.dups)
		t.dups = slices.Compact(t.dups)
	}
}
