package jsontree

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

// margin is how many bytes from a token's first one quick may look at; nearer
// to the end of the text it leaves the token to the careful parser.
const margin = 24

// word returns the eight bytes at p+i. The caller has shown that they are
// inside the text.
func word(p unsafe.Pointer, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
}

// half returns the four bytes at p+i.
func half(p unsafe.Pointer, i int) uint32 {
	return binary.LittleEndian.Uint32((*[4]byte)(unsafe.Add(p, i))[:])
}

// char returns the byte at p+i.
func char(p unsafe.Pointer, i int) byte { return *(*byte)(unsafe.Add(p, i)) }

// entryAt returns entry k of the tape at p.
func entryAt(p unsafe.Pointer, k int) *entry {
	return (*entry)(unsafe.Add(p, k*int(unsafe.Sizeof(entry{}))))
}

// blanks returns the offset of the first byte from i on that is not white
// space, or -1 when it is too near to the end of the text.
func blanks(p unsafe.Pointer, i, safe int) int {
	for isSpace(char(p, i)) {
		if i > safe {
			return -1
		}
		i += 1 + spaceRun(word(p, i+1))
	}
	return i
}

// digits returns the offset one past the digits at i, or -1 when that is too
// near to the end of the text.
func digits(p unsafe.Pointer, i, safe int) int {
	for {
		n := digitRun(word(p, i))
		if i += n; n < 8 {
			return i
		}
		if i > safe {
			return -1
		}
	}
}

// quick goes on from the cursor as far as the text has a common form: strings
// without \u, numbers without exponent, no repeated names, room on the tape,
// not at the end of the text. It returns what stands at the cursor where it
// stopped. It reports no error and checks what it passes over completely.
//
// It is one long function without calls, so that the cursor stays in
// registers; that makes it more than twice as fast as the careful steps.
func (t *Tree) quick(st state) state {
	var (
		src   = unsafe.Pointer(unsafe.SliceData(t.src))
		tape  = unsafe.Pointer(unsafe.SliceData(t.tape))
		stack = t.seen
		safe  = len(t.src) - margin
		i     = t.at.i
		k     = t.at.k
		open  = t.at.open
		prev  = t.at.prev
		depth = t.at.depth
		key   = t.at.key
		seen  = t.at.seen
		c     byte
	)
	switch st {
	case atAfter:
		goto after
	case atMember:
		goto member
	}

value:
	st = atValue
	if i >= len(t.src) || k >= len(t.tape) {
		goto stop
	}
	c = char(src, i)
	if c == '"' {
		j := i + 1
		for {
			if j > safe { // byte by byte near the end of the text
				for j < len(t.src) && isPlain(char(src, j)) {
					j++
				}
				if j == len(t.src) {
					goto stop
				}
				break
			}
			m, n := special(word(src, j)), special(word(src, j+8))
			if m|n == 0 {
				j += 16
				continue
			}
			if m == 0 {
				j += 8
				m = n
			}
			j += bits.TrailingZeros64(m) >> 3
			break
		}
		meta := key | uint32(String)
		for char(src, j) != '"' { // an escape or a byte beyond ASCII
			meta |= flagDecode
			if j > safe {
				goto stop
			}
			switch b := char(src, j); {
			case b >= utf8.RuneSelf:
				j++
			case b == '\\' && isEscape(char(src, j+1)):
				j += 2
			default:
				goto stop
			}
			for {
				m := stops(word(src, j))
				j += bits.TrailingZeros64(m) >> 3 // 8 when there is none
				if m != 0 {
					break
				}
				if j > safe {
					goto stop
				}
			}
		}
		e := entryAt(tape, k)
		e.off = uint32(i)
		i = j + 1
		e.end = uint32(i)
		e.meta = meta
		prev = k
		k++
		e.next = uint32(k)
		goto after
	}
	if i > safe {
		goto stop
	}
	if c|0x20 == '{' {
		j := i + 1
		if char(src, j) <= ' ' {
			if j = blanks(src, j, safe); j < 0 {
				goto stop
			}
		}
		if char(src, j) == c+2 || depth >= min(len(stack), t.maxDepth) {
			goto stop
		}
		e := entryAt(tape, k)
		e.off = uint32(i)
		e.next = uint32(open)
		stack[depth] = seen
		depth++
		seen = 0
		open = k
		k++
		i = j
		if c == '{' {
			e.meta = key | uint32(Object) | flagChild
			goto member
		}
		e.meta = key | uint32(Array) | flagChild
		key = 0
		goto value
	}
	{
		var kind Kind
		j := i
		switch {
		case c-'0' < 10 || c == '-':
			kind = Number
			if c == '-' {
				j++
				c = char(src, j)
			}
			if c == '0' {
				j++
			} else {
				start := j
				if j = digits(src, j, safe); j <= start {
					goto stop
				}
			}
			c = char(src, j)
			if c == '.' {
				j++
				start := j
				if j = digits(src, j, safe); j <= start {
					goto stop
				}
				c = char(src, j)
			}
			if c|0x20 == 'e' {
				goto stop
			}
		case half(src, j) == 't'|'r'<<8|'u'<<16|'e'<<24:
			kind = True
			j += 4
		case word(src, j)<<24 == ('f'|'a'<<8|'l'<<16|'s'<<24|'e'<<32)<<24:
			kind = False
			j += 5
		default:
			goto stop
		}
		e := entryAt(tape, k)
		e.off = uint32(i)
		i = j
		e.end = uint32(i)
		e.meta = key | uint32(kind)
		prev = k
		k++
		e.next = uint32(k)
	}

after:
	st = atAfter
	if i >= len(t.src) {
		goto stop
	}
	c = char(src, i)
	if c <= ' ' {
		j := blanks(src, i, safe)
		if j < 0 {
			goto stop
		}
		i = j
		c = char(src, i)
	}
	if c == ',' {
		if i > safe {
			goto stop
		}
		j := i + 1
		if char(src, j) <= ' ' {
			if j = blanks(src, j, safe); j < 0 {
				goto stop
			}
		}
		i = j
		if entryAt(tape, open).meta&kindMask == uint32(Object) {
			goto member
		}
		key = 0
		goto value
	}
	{
		e := entryAt(tape, open)
		kind := e.meta & (kindMask | flagLarge)
		if kind == uint32(Object) && c != '}' || kind == uint32(Array) && c != ']' || kind&flagLarge != 0 {
			goto stop
		}
		i++
		e.end = uint32(i)
		entryAt(tape, prev).next = 0
		prev = open
		open = int(e.next)
		e.next = uint32(k)
		depth--
		seen = stack[depth]
		if depth == 0 {
			st = atEnd
			goto stop
		}
		goto after
	}

member:
	st = atMember
	if i > safe || char(src, i) != '"' {
		goto stop
	}
	{
		j := i + 1
		x, y := word(src, j), word(src, j+8)
		m, n := special(x), special(y)
		if m == 0 {
			j += 8
			m = n
			y &= n ^ (n - 1)
			for m == 0 {
				if j += 8; j > safe {
					goto stop
				}
				m = special(word(src, j))
			}
		} else {
			x &= m ^ (m - 1)
			y = 0
		}
		j += bits.TrailingZeros64(m) >> 3
		length := j - i - 1
		if char(src, j) != '"' || length >= keyLenMax {
			goto stop
		}
		j++
		if char(src, j) != ':' {
			if j = blanks(src, j, safe); j < 0 || char(src, j) != ':' {
				goto stop
			}
		}
		tag := uint32(mixTag(x, y))
		bit := uint64(1) << (tag & 63)
		if seen&bit != 0 && entryAt(tape, open).meta&flagLarge == 0 {
			s := open + 1
			for n := 0; s != k; n++ {
				e := entryAt(tape, s)
				if e.meta>>tagBits == tag || n == largeObject {
					goto stop
				}
				s = int(e.next)
			}
		}
		j++
		if char(src, j) <= ' ' {
			if j = blanks(src, j, safe); j < 0 {
				goto stop
			}
		}
		seen |= bit
		key = tag<<tagBits | uint32(length)<<keyLenBits | flagKey
		i = j
		goto value
	}

stop:
	t.at = cursor{i: i, k: k, open: open, prev: prev, depth: depth, key: key, seen: seen}
	return st
}
