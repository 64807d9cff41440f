package view

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// machine carries out operations over the nodes of a scan. It allocates
// nothing when warm. What it meets that is unusual (a value of another JSON
// kind than its type has, a reference that only the resource's own Bundle can
// resolve), it leaves to FHIRPath: then unusual is set, and no result counts.
type machine struct {
	scanner
	resource string // type
	key      []byte // id of the resource, if it is not in the text
	unusual  bool
	stack    []int32
	arena    []byte // decoded and made texts
}

// begin scans a resource.
func (m *machine) begin(text []byte, want *shape, resource string, key []byte) bool {
	m.resource, m.key, m.unusual = resource, key, false
	m.stack, m.arena = m.stack[:0], m.arena[:0]
	return m.scan(text, want)
}

// What is known of an operation for all texts of a pattern; a node is its number
// behind these.
const (
	foundUnknown int32 = iota
	foundMany          // walk tells
	foundNode
)

// only returns the one node that an operation leads to, 0 if there is none. It
// is not ok where it may lead to several, or has conditions: then walk tells.
func (m *machine) only(o *op, from int32) (node int32, ok bool) {
	if m.like == nil || from != 0 {
		return m.follow(o.steps, from)
	}
	if int(o.slot) >= len(m.like.found) {
		m.like.found = append(m.like.found, make([]int32, int(o.slot)+16-len(m.like.found))...)
	}
	known := &m.like.found[o.slot]
	if *known == foundUnknown {
		*known = foundMany
		if node, ok = m.follow(o.steps, from); ok {
			*known = foundNode + node
		}
	}
	return *known - foundNode, *known >= foundNode
}

// follow is only without what is known of the text. Elements of an array are
// neighbours, so that a look at the next one suffices.
func (m *machine) follow(steps []step, from int32) (node int32, ok bool) {
	if len(steps) == 0 {
		return 0, false
	}
	nodes := m.scanner.nodes
	for i := 0; i < len(steps); i++ {
		s := &steps[i]
		if s.kind != stepMember || len(s.names) != 1 {
			return 0, false
		}
		name := s.names[0]
		from = nodes[from].child
		for from != 0 && nodes[from].name != name {
			from = nodes[from].next
		}
		if from == 0 {
			return 0, true
		}
		if i+1 < len(steps) && steps[i+1].kind == stepIndex && steps[i+1].n == 0 {
			i++
			continue
		}
		if next := nodes[from].next; next != 0 && nodes[next].name == name {
			return 0, false
		}
	}
	return from, true
}

// walk puts the nodes that steps lead to from a node on the stack, and
// returns where they begin there. The caller cuts the stack back.
func (m *machine) walk(steps []step, from int32) int {
	low := len(m.stack)
	m.stack = append(m.stack, from)
	for i := range steps {
		s := &steps[i]
		high := len(m.stack)
		switch s.kind {
		case stepMember:
			for k := low; k < high; k++ {
				for c := m.scanner.nodes[m.stack[k]].child; c != 0; c = m.scanner.nodes[c].next {
					if s.has(m.scanner.nodes[c].name) {
						m.stack = append(m.stack, c)
					}
				}
			}
		case stepIndex:
			if low+s.n < high {
				m.stack = append(m.stack, m.stack[low+s.n])
			}
		case stepWhere:
			for k := low; k < high; k++ {
				n := m.stack[k]
				if m.truth(s.cond, n, 0) == 1 {
					m.stack = append(m.stack, n)
				}
			}
		}
		m.stack = m.stack[:low+copy(m.stack[low:], m.stack[high:])]
		if len(m.stack) == low {
			break
		}
	}
	return low
}

func (s *step) has(name int32) bool {
	if s.names[0] == name {
		return true
	}
	for _, n := range s.names[1:] {
		if n == name {
			return true
		}
	}
	return false
}

// truth is the value of a boolean operation: 1, 0, or -1 for empty.
func (m *machine) truth(o *op, from, row int32) int {
	switch o.kind {
	case opBool:
		return int(o.n)
	case opNodes:
		v, n := m.atom(o, from, row)
		switch {
		case n == 0:
			return -1
		case n > 1:
			m.unusual = true // FHIRPath makes it an error
		}
		return int(v.n)
	case opNot:
		if v := m.truth(o.kids[0], from, row); v >= 0 {
			return 1 - v
		}
		return -1
	case opAnd, opOr:
		a, b := m.truth(o.kids[0], from, row), m.truth(o.kids[1], from, row)
		decides := 0
		if o.kind == opOr {
			decides = 1
		}
		switch {
		case a == decides || b == decides:
			return decides
		case a < 0 || b < 0:
			return -1
		}
		return 1 - decides
	case opExists, opEmpty:
		low := m.walk(o.kids[0].steps, from)
		found := len(m.stack) > low
		m.stack = m.stack[:low]
		if found == (o.kind == opExists) {
			return 1
		}
		return 0
	case opEqual, opUnequal:
		a, n := m.atom(o.kids[0], from, row)
		b, k := m.atom(o.kids[1], from, row)
		var same bool
		switch {
		case n == 0 || k == 0:
			return -1
		case n > 1 && k > 1:
			m.unusual = true
		case n == 1 && k == 1:
			same = a.n == b.n && bytes.Equal(a.text, b.text)
		}
		if same == (o.kind == opEqual) {
			return 1
		}
		return 0
	}
	m.unusual = true
	return -1
}

// atom is a single value: a text, a boolean (0 or 1) or an integer.
type atom struct {
	text []byte
	n    int64
}

// atom returns the value of an operation, and how many it has (2 = many).
func (m *machine) atom(o *op, from, row int32) (atom, int) {
	switch o.kind {
	case opText:
		return atom{text: viewBytes(o.text)}, 1
	case opBool, opInteger:
		return atom{n: o.n}, 1
	case opRowIndex:
		return atom{n: int64(row)}, 1
	case opNodes:
		if k, ok := m.only(o, from); ok {
			if k == 0 {
				return atom{}, 0
			}
			return m.value(k, o.class), 1
		}
		low := m.walk(o.steps, from)
		found := m.stack[low:]
		m.stack = m.stack[:low]
		switch len(found) {
		case 0:
			return atom{}, 0
		case 1:
			return m.value(found[0], o.class), 1
		}
		return atom{}, 2
	case opJoin:
		return atom{text: m.join(o, from)}, 1
	case opResource:
		b := m.resourceKey(o)
		return atom{text: b}, min(len(b), 1)
	case opReference:
		return m.references(o, from, nil)
	}
	v := m.truth(o, from, row)
	if v < 0 {
		return atom{}, 0
	}
	return atom{n: int64(v)}, 1
}

// value is that of a node, whose JSON kind must be that of its class.
func (m *machine) value(k int32, c class) atom {
	n := &m.scanner.nodes[k]
	switch {
	case (c == classText || c == classMoment) && n.kind == jsontree.String:
		return atom{text: m.decoded(n)}
	case c == classBool && n.kind == jsontree.True:
		return atom{n: 1}
	case c == classBool && n.kind == jsontree.False:
		return atom{}
	case c == classInteger && n.kind == jsontree.Number:
		b := m.text[n.off:n.end]
		if v, ok := smallInteger(b); ok {
			return atom{n: v}
		}
	case c == classDecimal && n.kind == jsontree.Number:
		return atom{text: m.text[n.off:n.end]}
	}
	m.unusual = true
	return atom{}
}

// smallInteger reads an integer of at most 9 digits as FHIR writes it.
func smallInteger(b []byte) (n int64, ok bool) {
	digits := bytes.TrimPrefix(b, []byte{'-'})
	if len(digits) == 0 || len(digits) > 9 || digits[0] == '0' && len(b) > 1 {
		return 0, false
	}
	for _, c := range digits {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(b) {
		n = -n
	}
	return n, true
}

// decoded returns the text of a string.
func (m *machine) decoded(n *node) []byte {
	raw := m.text[n.off+1 : n.end-1]
	if !n.escaped {
		return raw
	}
	start := len(m.arena)
	m.arena = unescape(m.arena, raw)
	return m.arena[start:len(m.arena):len(m.arena)]
}

// join is the texts of nodes in one; of none it is the empty text.
func (m *machine) join(o *op, from int32) []byte {
	low := m.walk(o.kids[0].steps, from)
	var parts [][]byte
	if len(m.stack)-low == 1 {
		k := m.stack[low]
		m.stack = m.stack[:low]
		return m.value(k, classText).text
	}
	for _, k := range m.stack[low:] {
		parts = append(parts, m.value(k, classText).text)
	}
	m.stack = m.stack[:low]
	return bytes.Join(parts, []byte(o.text))
}

// resourceKey is Type/id of the resource; nil if it has no id.
func (m *machine) resourceKey(o *op) []byte {
	id := m.key
	for c := m.scanner.nodes[0].child; c != 0; c = m.scanner.nodes[c].next {
		if m.scanner.nodes[c].name == o.ids[0] {
			id = m.value(c, classText).text
		}
	}
	if len(id) == 0 {
		return nil
	}
	start := len(m.arena)
	m.arena = append(append(append(m.arena, m.resource...), '/'), id...)
	return m.arena[start:len(m.arena):len(m.arena)]
}

// references are the keys of references: the first and how many, all of them
// to add if it is not nil.
func (m *machine) references(o *op, from int32, add func([]byte)) (first atom, count int) {
	low := m.walk(o.kids[0].steps, from)
	for _, k := range m.stack[low:] {
		for c := m.scanner.nodes[k].child; c != 0; c = m.scanner.nodes[c].next {
			if m.scanner.nodes[c].name != o.ids[0] {
				continue
			}
			key, ok := localKey(m.value(c, classText).text, o.text)
			if !ok {
				m.unusual = true
			}
			if len(key) == 0 {
				continue
			}
			if count++; count == 1 {
				first.text = key
			}
			if add != nil {
				add(key)
			}
		}
	}
	m.stack = m.stack[:low]
	return first, count
}

// localKey is the key of a reference of the plain form Type/id; nil if it is
// to another type or a contained resource. It is false for other forms.
func localKey(ref []byte, typ string) ([]byte, bool) {
	if len(ref) > 0 && ref[0] == '#' {
		return nil, true // contained resources have no key
	}
	slash := bytes.IndexByte(ref, '/')
	if slash <= 0 || slash == len(ref)-1 {
		return nil, false
	}
	for _, c := range ref[slash+1:] {
		if c|0x20-'a' > 25 && c-'0' > 9 && c != '-' && c != '.' {
			return nil, false
		}
	}
	name := ref[:slash]
	if typ != "" {
		if string(name) == typ {
			return ref, true
		}
		return nil, fhir.IsResourceType(string(name))
	}
	return ref, fhir.IsResourceType(string(name))
}

// unescape appends the text that a JSON string's inner bytes stand for. Lone
// surrogates become U+FFFD.
func unescape(dst, raw []byte) []byte {
	for len(raw) > 0 {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 || i+1 >= len(raw) {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		c := raw[i+1]
		raw = raw[i+2:]
		switch c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			var r rune
			r, raw = unit(raw)
			if r >= 0xd800 && r < 0xdc00 && len(raw) >= 6 && raw[0] == '\\' && raw[1] == 'u' {
				if low, rest := unit(raw[2:]); low >= 0xdc00 && low < 0xe000 {
					r, raw = (r-0xd800)<<10+(low-0xdc00)+0x10000, rest
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// unit reads four hexadecimal digits.
func unit(raw []byte) (rune, []byte) {
	if len(raw) < 4 {
		return utf8.RuneError, nil
	}
	n, err := strconv.ParseUint(string(raw[:4]), 16, 16)
	if err != nil {
		return utf8.RuneError, raw[4:]
	}
	return rune(n), raw[4:]
}
