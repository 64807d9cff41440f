package jsontree

import (
	"math/bits"
	"unsafe"
)

// reach is how far beyond a value's first byte the quick paths of parse may
// look; nearer to the end of the text the careful ones are taken.
const reach = 32

// word returns the eight bytes at p+i. The caller has shown that they are
// inside the text.
func word(p unsafe.Pointer, i int) uint64 { return *(*uint64)(unsafe.Add(p, i)) }

func at(p unsafe.Pointer, i int) byte { return *(*byte)(unsafe.Add(p, i)) }

// parse fills the tape from t.src and returns the offset one past the value.
//
// It is one loop without calls on the common ways, because a call would put
// every local variable into memory.
func (t *Tree) parse(maxDepth int) (int, error) {
	src := t.src
	tape := t.tape[:cap(t.tape)]
	p := unsafe.Pointer(unsafe.SliceData(src))
	safe := len(src) - reach
	var (
		i     = skipSpace(src, 0)
		k     = 0    // entries on the tape
		open  uint32 // entry of the innermost open array or object
		prev  uint32 // entry of the latest finished child there
		seen  uint64 // key tags that occurred there
		depth int
		key   uint32 // meta bits of the key before the value
		c     byte
		meta  uint32
		e     *entry
	)
value: // A value starts at i.
	if k == len(tape) {
		tape = growTape(tape)
	}
	e = &tape[k]
	k++
	e.off = uint32(i)
	e.next = uint32(k)
	if i > safe {
		if i >= len(src) {
			return 0, t.wrong(i, "value")
		}
	}
	c = at(p, i)
	meta = key
	if c == '"' {
		meta |= uint32(String)
		i++
		for i <= safe {
			m := special(word(p, i))
			n := special(word(p, i+8))
			if m|n == 0 {
				i += 16
				continue
			}
			if m == 0 {
				i += 8
				m = n
			}
			i += bits.TrailingZeros64(m) >> 3
			break
		}
		if i <= safe && at(p, i) == '"' {
			i++
		} else {
			end, dec := scanString(src, i)
			if end < 0 {
				return 0, t.wrongString(^end)
			}
			if dec {
				meta |= flagDecode
			}
			i = end
		}
	} else if c|0x20 == '{' {
		if depth == maxDepth {
			return 0, t.tooDeep(i)
		}
		if depth == len(t.seen) {
			t.seen = append(t.seen, 0)
		}
		t.seen[depth] = seen
		seen = 0
		depth++
		e.next = open
		open = uint32(k - 1)
		i++
		if i >= len(src) || at(p, i) <= ' ' {
			i = skipSpace(src, i)
			if i >= len(src) {
				return 0, t.wrong(i, "value or closing bracket")
			}
		}
		if c == '{' {
			e.meta = meta | uint32(Object) | flagChild
			if at(p, i) == '}' {
				e.meta ^= flagChild
				goto closing
			}
			goto member
		}
		e.meta = meta | uint32(Array) | flagChild
		if at(p, i) == ']' {
			e.meta ^= flagChild
			goto closing
		}
		key = 0
		goto value
	} else if c == '-' || c-'0' < 10 {
		meta |= uint32(Number)
		i = scanNumber(src, i)
		if i < 0 {
			return 0, t.wrong(^i, "digit")
		}
	} else {
		kind, n := literal(src, i)
		if n == 0 {
			return 0, t.wrong(i, "value")
		}
		meta |= uint32(kind)
		i += n
	}
	e.end = uint32(i)
	e.meta = meta
	prev = uint32(k - 1)
after: // A value ended at i.
	if depth == 0 {
		tape[0].next = 0
		t.tape = tape[:k]
		t.tidyDuplicates()
		return i, nil
	}
	if i >= len(src) || at(p, i) <= ' ' {
		i = skipSpace(src, i)
		if i >= len(src) {
			return 0, t.wrong(i, "comma or closing bracket")
		}
	}
	if at(p, i) == ',' {
		i++
		if i >= len(src) || at(p, i) <= ' ' {
			i = skipSpace(src, i)
		}
		if tape[open].meta&kindMask == uint32(Array) {
			key = 0
			goto value
		}
		goto member
	}
closing:
	{
		o := &tape[open]
		if c := at(p, i); c != '}' && c != ']' {
			return 0, t.wrong(i, "comma or closing bracket")
		} else if (o.meta&kindMask == uint32(Object)) != (c == '}') {
			return 0, t.wrong(i, "bracket that closes the open one")
		}
		if o.meta&flagLarge != 0 {
			t.tape = tape[:k]
			t.checkLarge(open)
		}
		i++
		o.end = uint32(i)
		if o.meta&flagChild != 0 {
			tape[prev].next = 0
		}
		prev = open
		open = o.next
		o.next = uint32(k)
		depth--
		seen = t.seen[depth]
		goto after
	}
member: // A name starts at i.
	{
		var tag uint16
		start := i
		if i <= safe && at(p, i) == '"' {
			x, y := word(p, i+1), word(p, i+9)
			m, n := special(x), special(y)
			if m|n != 0 {
				x &= m ^ (m - 1)
				y &= n ^ (n - 1)
				if m == 0 {
					m = n
					i += 8
				} else {
					y = 0
				}
				i += bits.TrailingZeros64(m)>>3 + 1
				if at(p, i) == '"' {
					tag = mixTag(x, y)
					key = uint32(tag)<<tagBits | uint32(i-start-1)<<keyLenBits | flagKey
					i++
					goto named
				}
				i = start
			}
		}
		i, key = t.slowKey(i, k)
		if i < 0 {
			return 0, t.wrongKey(start, ^i)
		}
		tag = uint16(key >> tagBits)
	named:
		bit := uint64(1) << (tag & 63)
		if seen&bit != 0 {
			t.tape = tape[:k]
			t.checkKey(open, start, src[start+1:i-1], key)
		}
		seen |= bit
		if i >= len(src) || at(p, i) <= ' ' {
			i = skipSpace(src, i)
		}
		if i >= len(src) || at(p, i) != ':' {
			return 0, t.wrong(i, "colon")
		}
		i++
		if i >= len(src) || at(p, i) <= ' ' {
			i = skipSpace(src, i)
		}
		goto value
	}
}
