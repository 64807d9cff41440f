package view

import (
	"math/bits"
	"unsafe"
)

// half returns the four bytes at p+i.
func half(p unsafe.Pointer, i int) uint32 {
	return uint32(char(p, i)) | uint32(char(p, i+1))<<8 | uint32(char(p, i+2))<<16 | uint32(char(p, i+3))<<24
}

// skip returns the offset behind the value at i, which it checks completely
// (RFC 8259), or -1. The text ends at n and nests level deep around the value.
//
// It is one long function without calls for the common forms, so that the
// offset and the open brackets stay in registers.
func skip(p unsafe.Pointer, i, n, level int) int {
	var (
		stack uint64 // kinds of the open brackets, innermost lowest; 1 is an object
		depth int
		c     byte
	)
value:
	c = char(p, i)
	if c == '"' {
		i++
		for {
			m, next := stops(word(p, i)), stops(word(p, i+8))
			if m|next == 0 {
				if i += 16; i >= n {
					return -1
				}
				continue
			}
			if m == 0 { // no jump in machine code, hence never mispredicted
				i += 8
				m = next
			}
			if i += bits.TrailingZeros64(m) >> 3; i >= n {
				return -1
			}
			if char(p, i) == '"' {
				break
			}
			size := escape(p, i, n)
			if size == 0 {
				return -1
			}
			i += size
		}
		i++
		goto after
	}
	if c|0x20 == '{' {
		i++
		for char(p, i) <= ' ' {
			if !isSpace(char(p, i)) || i >= n {
				return -1
			}
			i++
		}
		if char(p, i) == c+2 {
			i++
			goto after
		}
		if depth++; depth+level > maxDepth {
			return -1
		}
		stack <<= 1
		if c == '{' {
			stack |= 1
			goto member
		}
		goto value
	}
	switch {
	case c == '-' || c-'0' < 10:
		if i = number(p, i, n); i < 0 {
			return -1
		}
	case half(p, i) == 't'|'r'<<8|'u'<<16|'e'<<24, half(p, i) == 'n'|'u'<<8|'l'<<16|'l'<<24:
		i += 4
	case c == 'f' && half(p, i+1) == 'a'|'l'<<8|'s'<<16|'e'<<24:
		i += 5
	default:
		return -1
	}

after:
	if i > n {
		return -1
	}
	if depth == 0 {
		return i
	}
	c = char(p, i)
	for c <= ' ' {
		if !isSpace(c) {
			return -1
		}
		i++
		c = char(p, i)
		if i >= n {
			return -1
		}
	}
	if i >= n {
		return -1
	}
	if c == ',' {
		i++
		for char(p, i) <= ' ' {
			if !isSpace(char(p, i)) || i >= n {
				return -1
			}
			i++
		}
		if stack&1 != 0 {
			goto member
		}
		goto value
	}
	if c != ']'+byte(stack&1)<<5 {
		return -1
	}
	stack >>= 1
	depth--
	i++
	goto after

member:
	if char(p, i) != '"' {
		return -1
	}
	i++
	for {
		m, next := stops(word(p, i)), stops(word(p, i+8))
		if m|next == 0 {
			if i += 16; i >= n {
				return -1
			}
			continue
		}
		if m == 0 {
			i += 8
			m = next
		}
		if i += bits.TrailingZeros64(m) >> 3; i >= n {
			return -1
		}
		if char(p, i) == '"' {
			break
		}
		size := escape(p, i, n)
		if size == 0 {
			return -1
		}
		i += size
	}
	i++
	for char(p, i) != ':' {
		if !isSpace(char(p, i)) || i >= n {
			return -1
		}
		i++
	}
	i++
	for char(p, i) <= ' ' {
		if !isSpace(char(p, i)) || i >= n {
			return -1
		}
		i++
	}
	goto value
}

// isSpace reports whether c is white space (RFC 8259 §2).
func isSpace(c byte) bool {
	return c <= ' ' && uint64(1)<<c&(1<<' '|1<<'\t'|1<<'\n'|1<<'\r') != 0
}

// number returns the offset behind the number at i, or -1 (RFC 8259 §6).
func number(p unsafe.Pointer, i, n int) int {
	if char(p, i) == '-' {
		i++
	}
	if char(p, i) == '0' {
		i++
	} else if j := digits(p, i, n); j == i {
		return -1
	} else {
		i = j
	}
	if char(p, i) == '.' {
		j := digits(p, i+1, n)
		if j == i+1 {
			return -1
		}
		i = j
	}
	if char(p, i)|0x20 == 'e' {
		i++
		if c := char(p, i); c == '+' || c == '-' {
			i++
		}
		j := digits(p, i, n)
		if j == i {
			return -1
		}
		i = j
	}
	return i
}

// digits returns the offset behind the digits at i.
func digits(p unsafe.Pointer, i, n int) int {
	for i < n && char(p, i)-'0' < 10 {
		i++
	}
	return i
}
