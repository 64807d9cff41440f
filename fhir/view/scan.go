package view

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unsafe"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// slack is how many bytes behind its end a text must have that is scanned: the
// scanner looks at eight bytes at once.
const slack = 32

// maxDepth is how deep a text may nest that is scanned.
const maxDepth = 64

// shape is what is wanted of an object: a node of the trie that the paths of
// all views of a resource type make.
type shape struct {
	wanted []wanted
	mask   uint64 // which hashes of names occur
}

// wanted is one member that paths speak of.
type wanted struct {
	name  string
	id    int32  // number of the name; companion for _name
	below *shape // what is wanted of it, if it is an object; nil = nothing
}

// companion marks the _name of a wanted name. Extensions of primitives are
// left to FHIRPath, and so is the resource that has one.
const companion = -1

// child returns what is wanted below the member called name, and adds it.
func (s *shape) child(name string, id int32) *shape {
	for i := range s.wanted {
		if w := &s.wanted[i]; w.name == name {
			if w.below == nil {
				w.below = new(shape)
			}
			return w.below
		}
	}
	below := new(shape)
	s.add(wanted{name, id, below})
	s.add(wanted{"_" + name, companion, nil})
	return below
}

func (s *shape) add(w wanted) {
	s.wanted = append(s.wanted, w)
	s.mask |= 1 << keyHash(w.name[0], len(w.name))
}

// find returns the number of the wanted member whose name stands at p, or -1.
func (s *shape) find(p unsafe.Pointer, length int) int {
	name := unsafe.String((*byte)(p), length)
	for i := range s.wanted {
		if s.wanted[i].name == name {
			return i
		}
	}
	return -1
}

func keyHash(first byte, length int) uint { return (uint(first)*5 + uint(length)) & 63 }

// node is one wanted value of the scanned text. Nodes of one object are linked
// in the order of the text; the elements of an array stand in its place.
type node struct {
	off, end uint32 // the value in the text, quotes and brackets included
	next     int32  // sibling, 0 = none
	child    int32  // first child, 0 = none
	name     int32
	kind     jsontree.Kind
	escaped  bool // a string with escapes
}

// scanner takes the wanted values out of JSON texts. What it passes over, it
// checks; it reports no error, but answers that it can't tell, and then the
// careful parser has the word. It allocates nothing when warm.
type scanner struct {
	p     unsafe.Pointer
	n     int
	buf   []byte // a copy of a text without slack
	text  []byte
	nodes []node
	own   []node   // memory of nodes that belong to no pattern
	like  *pattern // what the text followed; nil if none
	memory
}

// scan finds the wanted values of the object that text holds. Node 0 is the
// object itself. It is false where the text is no JSON object, or is unusual
// in a wanted place: a null, a repeated member, an array in an array, an
// extension of a primitive, an escape in a name.
func (s *scanner) scan(text []byte, want *shape) bool {
	if cap(text)-len(text) < slack {
		s.buf = append(slices.Grow(s.buf[:0], len(text)+slack), text...)
		text = s.buf
	}
	s.text, s.p, s.n = text, unsafe.Pointer(unsafe.SliceData(text)), len(text)
	worth := s.memory.worthwhile(want)
	if worth && s.n > 0 && s.match(0) {
		return true
	}
	if !s.members(want) {
		return false
	}
	if worth {
		s.learn(0)
	}
	return true
}

// members scans the text member by member.
func (s *scanner) members(want *shape) bool {
	s.like = nil
	s.nodes = append(s.own[:0], node{kind: jsontree.Object})
	defer func() { s.own = s.nodes }()
	i := s.blanks(0)
	if i >= s.n || char(s.p, i) != '{' {
		return false
	}
	s.nodes[0].off = uint32(i)
	if i = s.object(i+1, want, 0, 1); i < 0 {
		return false
	}
	s.nodes[0].end = uint32(i)
	return s.blanks(i) == s.n
}

// word returns the eight bytes at p+i.
func word(p unsafe.Pointer, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
}

// char returns the byte at p+i.
func char(p unsafe.Pointer, i int) byte { return *(*byte)(unsafe.Add(p, i)) }

// Words of eight equal bytes.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// stops flags, with the high bit of their byte, the quotes, backslashes and
// control characters of w. Only the lowest flag is exact.
func stops(w uint64) uint64 {
	return (((w ^ 0x02*ones) - 0x21*ones) | ((w ^ '\\'*ones) - ones)) &^ w & highs
}

// blanks returns the offset of the first byte from i on that is not white
// space; the end of the text at most.
func (s *scanner) blanks(i int) int {
	for i < s.n {
		switch char(s.p, i) {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

// object reads the members behind an opening brace, and the closing one. It
// returns the offset behind that, or -1. Level counts what is open.
func (s *scanner) object(i int, want *shape, parent int32, level int) int {
	p := s.p
	var last int32
	var seen uint64
	if i = s.blanks(i); char(p, i) == '}' && i < s.n {
		return i + 1
	}
	for {
		if char(p, i) != '"' {
			return -1
		}
		i++
		j := s.nameEnd(i)
		if j < 0 {
			return -1
		}
		first, length, name := char(p, i), j-i, i
		i = j + 1
		if char(p, i) != ':' {
			if i = s.blanks(i); i >= s.n || char(p, i) != ':' {
				return -1
			}
		}
		i++
		if char(p, i) <= ' ' {
			i = s.blanks(i)
		}
		which := -1
		if want.mask>>keyHash(first, length)&1 != 0 {
			which = want.find(unsafe.Add(p, name), length)
		}
		if which < 0 {
			i = skip(p, i, s.n, level)
		} else {
			w := &want.wanted[which]
			if w.id == companion || seen>>which&1 != 0 {
				return -1
			}
			seen |= 1 << which
			i = s.value(i, w, parent, &last, level, false)
		}
		if i < 0 || i >= s.n {
			return -1
		}
		c := char(p, i)
		if c <= ' ' {
			i = s.blanks(i)
			c = char(p, i)
		}
		if i >= s.n {
			return -1
		}
		if c == '}' {
			return i + 1
		}
		if c != ',' {
			return -1
		}
		i++
		if char(p, i) <= ' ' {
			i = s.blanks(i)
		}
		if i >= s.n {
			return -1
		}
	}
}

// nameEnd returns the offset of the quote behind the name at i, or -1 for a name
// that is not plain ASCII.
func (s *scanner) nameEnd(i int) int {
	for {
		w, v := word(s.p, i), word(s.p, i+8)
		m, next := stops(w)|w&highs, stops(v)|v&highs
		if m|next == 0 {
			if i += 16; i >= s.n {
				return -1
			}
			continue
		}
		if m == 0 {
			i += 8
			m = next
		}
		if i += bits.TrailingZeros64(m) >> 3; i >= s.n || char(s.p, i) != '"' {
			return -1
		}
		return i
	}
}

// value reads a wanted value.
func (s *scanner) value(i int, w *wanted, parent int32, last *int32, level int, inArray bool) int {
	if i >= s.n {
		return -1
	}
	at := i
	n := node{off: uint32(i), name: w.id}
	switch c := char(s.p, i); {
	case c == '"':
		n.kind = jsontree.String
		if i, n.escaped = text(s.p, i+1, s.n); i < 0 {
			return -1
		}
	case c == '{':
		if level >= maxDepth {
			return -1
		}
		n.kind = jsontree.Object
		me := s.link(n, parent, last)
		if w.below == nil || len(w.below.wanted) == 0 {
			i = skip(s.p, at, s.n, level)
		} else {
			i = s.object(i+1, w.below, me, level+1)
		}
		if i < 0 {
			return -1
		}
		s.nodes[me].end = uint32(i)
		return i
	case c == '[':
		if inArray {
			return -1
		}
		return s.array(i+1, w, parent, last, level+1)
	case c == 't':
		n.kind = jsontree.True
		i = skip(s.p, i, s.n, level)
	case c == 'f':
		n.kind = jsontree.False
		i = skip(s.p, i, s.n, level)
	case c == '-' || c-'0' < 10:
		n.kind = jsontree.Number
		i = skip(s.p, i, s.n, level)
	default:
		return -1
	}
	if i < 0 {
		return -1
	}
	n.end = uint32(i)
	s.link(n, parent, last)
	return i
}

// array reads the elements behind an opening bracket as siblings.
func (s *scanner) array(i int, w *wanted, parent int32, last *int32, level int) int {
	if level > maxDepth {
		return -1
	}
	i = s.blanks(i)
	if i < s.n && char(s.p, i) == ']' {
		return i + 1
	}
	for {
		if i = s.value(i, w, parent, last, level, true); i < 0 {
			return -1
		}
		if i = s.blanks(i); i >= s.n {
			return -1
		}
		c := char(s.p, i)
		if c == ']' {
			return i + 1
		}
		if c != ',' {
			return -1
		}
		i = s.blanks(i + 1)
	}
}

// link adds a node behind the last child of its parent.
func (s *scanner) link(n node, parent int32, last *int32) int32 {
	k := int32(len(s.nodes))
	s.nodes = append(s.nodes, n)
	if *last == 0 {
		s.nodes[parent].child = k
	} else {
		s.nodes[*last].next = k
	}
	*last = k
	return k
}

// text returns the offset behind the closing quote of the string whose first
// inner byte is at i, or -1, and whether it has escapes.
func text(p unsafe.Pointer, i, n int) (end int, escaped bool) {
	for {
		m, next := stops(word(p, i)), stops(word(p, i+8))
		if m|next == 0 {
			if i += 16; i >= n {
				return -1, false
			}
			continue
		}
		if m == 0 {
			i += 8
			m = next
		}
		if i += bits.TrailingZeros64(m) >> 3; i >= n {
			return -1, false
		}
		if char(p, i) == '"' {
			return i + 1, escaped
		}
		size := escape(p, i, n)
		if size == 0 {
			return -1, false
		}
		escaped = true
		i += size
	}
}

// escape returns the length of the escape at i, or 0 if there is none
// (RFC 8259 §7).
func escape(p unsafe.Pointer, i, n int) int {
	if char(p, i) != '\\' || i+1 >= n {
		return 0
	}
	switch char(p, i+1) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		for k := 2; k < 6; k++ {
			if c := char(p, i+k); c-'0' > 9 && (c|0x20)-'a' > 5 {
				return 0
			}
		}
		if i+6 <= n {
			return 6
		}
	}
	return 0
}
