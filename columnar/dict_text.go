package columnar

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// textDict numbers the different texts of a chunk in order of appearance. The
// numbers do not depend on the hash, which differs from run to run so that no
// input can be made to collide.
type textDict struct {
	seed  maphash.Seed
	mix   [2]uint64
	plain []byte   // the texts in PLAIN form
	ends  []uint32 // where each text ends in plain
	table []textEntry
}

// textEntry is a place of the table. A text of at most 16 bytes is wholly in
// key and length, so that most look-ups touch nothing but the table.
type textEntry struct {
	key    [2]uint64
	length uint32
	index  int32 // plus one; zero is an empty place
}

// shortText is the length up to which a text is its own key.
const shortText = 16

func (d *textDict) len() int { return len(d.ends) }

func (d *textDict) reset() {
	if len(d.ends) > 0 {
		clear(d.table)
	}
	d.plain, d.ends = d.plain[:0], d.ends[:0]
}

// entry returns the PLAIN form of a text.
func (d *textDict) entry(number int32) []byte {
	start := uint32(0)
	if number > 0 {
		start = d.ends[number-1]
	}
	return d.plain[start:d.ends[number]]
}

// key returns what stands for s in the table: its bytes if it is short, else a
// hash.
func (d *textDict) key(s string) [2]uint64 {
	n := len(s)
	switch {
	case n > shortText:
		return [2]uint64{maphash.String(d.seed, s), 0}
	case n >= 8:
		return [2]uint64{load64(s), load64(s[n-8:])}
	case n >= 4:
		return [2]uint64{uint64(load32(s))<<32 | uint64(load32(s[n-4:])), 0}
	case n > 0:
		return [2]uint64{uint64(s[0]) | uint64(s[n/2])<<8 | uint64(s[n-1])<<16, 0}
	}
	return [2]uint64{}
}

func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load32(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func (d *textDict) place(key [2]uint64, length uint32) uint64 {
	high, low := bits.Mul64(key[0]^d.mix[0], key[1]^d.mix[1]^uint64(length))
	return high ^ low
}

// number returns the number of s, and whether s is new.
func (d *textDict) number(s string) (number int32, isNew bool) {
	if len(d.table) == 0 {
		d.seed = maphash.MakeSeed()
		for i := range d.mix {
			d.mix[i] = maphash.String(d.seed, "mix"[:i+1]) | 1
		}
		d.table = make([]textEntry, minTable)
	}
	key, length := d.key(s), uint32(len(s))
	mask := uint64(len(d.table) - 1)
	for h := d.place(key, length); ; h++ {
		e := &d.table[h&mask]
		if e.index == 0 {
			d.plain = appendText(d.plain, s)
			d.ends = append(d.ends, uint32(len(d.plain)))
			number = int32(len(d.ends)) - 1
			*e = textEntry{key, length, number + 1}
			if 2*len(d.ends) > len(d.table) {
				d.grow()
			}
			return number, true
		}
		if e.key == key && e.length == length && (length <= shortText || string(d.entry(e.index - 1)[4:]) == s) {
			return e.index - 1, false
		}
	}
}

func (d *textDict) grow() {
	old := d.table
	d.table = make([]textEntry, 2*len(old))
	mask := uint64(len(d.table) - 1)
	for _, e := range old {
		if e.index == 0 {
			continue
		}
		h := d.place(e.key, e.length)
		for d.table[h&mask].index != 0 {
			h++
		}
		d.table[h&mask] = e
	}
}

func appendText(dst []byte, s string) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}
