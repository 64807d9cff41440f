package view

import (
	"bytes"
	"slices"
)

// Records of an export are alike: the same members in the same order, only the
// values differ. A scanner therefore remembers the texts that it has scanned, as
// patterns: what stands between the values, and where in between the wanted
// nodes are. A text that follows a pattern up to its end is as good as the one
// that the pattern was learned of, but for its values, which are checked; its
// nodes are known without looking at names, brackets or commas. What follows no
// pattern is scanned member by member.

// The measure of what is remembered.
const (
	maxPatterns = 4096
	maxHoles    = 256 // values of a text that is learned
	tryout      = 1024
)

// pattern is a place in the texts that were scanned: the bytes up to the next
// value, and what may come behind it.
type pattern struct {
	before []byte // up to the value; with the opening quote of a string
	kind   holeKind
	next   []*pattern // longer ones first, so that none hides another

	// The value that stood in the hole last, with its closing quote: where
	// values repeat, comparing is faster than looking for their end.
	last    []byte
	escaped bool
	luck    int8

	// At the end of a text:
	molds []mold  // the nodes
	nodes []node  // the nodes of the text at hand
	found []int32 // by slot of an operation, what only found for it
}

// maxLast is the longest value that is kept, and maxLuck how often in a row
// values must differ until they are no longer compared.
const (
	maxLast = 80
	maxLuck = 8
)

// holeKind is what stands in a hole of a pattern.
type holeKind uint8

const (
	holeEnd    holeKind = iota // nothing: the text ends
	holeString                 // the rest of a string
	holeNumber                 //
)

// mold tells the place of a node by the values around it.
type mold struct{ off, end spot }

// spot is a place so many bytes behind the end of a value; number 0 is the
// begin of the text.
type spot struct{ hole, delta int32 }

// memory is what a scanner remembers.
type memory struct {
	want     *shape
	roots    []*pattern
	patterns int
	ends     []int32
	escaped  []bool
	tried    int
	found    int
	off      bool // patterns do not pay
}

// match tries the text from offset i on, its opening brace, against what is
// known, and makes its nodes.
func (s *scanner) match(i int) bool {
	m := &s.memory
	m.tried++
	m.ends, m.escaped = append(m.ends[:0], int32(i)), append(m.escaped[:0], false)
	list := m.roots
	for {
		var at *pattern
		for _, p := range list {
			if end := i + len(p.before); end <= s.n && string(s.text[i:end]) == string(p.before) {
				at = p
				i = end
				break
			}
		}
		if at == nil {
			return false
		}
		escaped := false
		switch at.kind {
		case holeEnd:
			if s.blanks(i) != s.n {
				return false
			}
			m.found++
			s.pour(at)
			return true
		case holeNumber:
			i = number(s.p, i, s.n)
		case holeString:
			if end := i + len(at.last); at.luck > -maxLuck && end <= s.n && string(s.text[i:end]) == string(at.last) && len(at.last) > 0 {
				i, escaped = end, at.escaped
				at.luck = min(at.luck+1, maxLuck)
				break
			}
			start := i
			if i, escaped = text(s.p, i, s.n); at.luck > -maxLuck && i > 0 && i-start <= maxLast {
				at.last, at.escaped = append(at.last[:0], s.text[start:i]...), escaped
				at.luck--
			}
		}
		if i < 0 {
			return false
		}
		m.ends, m.escaped = append(m.ends, int32(i)), append(m.escaped, escaped)
		list = at.next
	}
}

// pour makes the nodes of a text that followed a pattern.
func (s *scanner) pour(at *pattern) {
	ends, escaped := s.memory.ends, s.memory.escaped
	for i := range at.molds {
		d, n := &at.molds[i], &at.nodes[i]
		n.off = uint32(ends[d.off.hole] + d.off.delta)
		n.end = uint32(ends[d.end.hole] + d.end.delta)
		n.escaped = d.end.delta == 0 && escaped[d.end.hole]
	}
	s.nodes, s.like = at.nodes, at
}

// worthwhile gives patterns up where few texts follow one.
func (m *memory) worthwhile(want *shape) bool {
	if m.want != want {
		*m = memory{want: want, ends: m.ends, escaped: m.escaped}
	}
	if m.tried >= tryout {
		m.off = m.found < m.tried/2 && m.patterns >= maxPatterns
		m.tried, m.found = 0, 0
	}
	return !m.off
}

// learn remembers the text that was just scanned, from offset i on.
func (s *scanner) learn(i int) {
	m := &s.memory
	if m.patterns >= maxPatterns {
		return
	}
	m.ends = append(m.ends[:0], int32(i))
	var path []pattern
	done := i
	for i < s.n && len(path) < maxHoles {
		start := i
		switch c := char(s.p, i); {
		case c == '"':
			i, _ = text(s.p, i+1, s.n)
			if k := s.blanks(i); k < s.n && char(s.p, k) == ':' {
				continue // a name
			}
			path = append(path, pattern{before: s.text[done : start+1], kind: holeString})
		case c == '-' || c-'0' <= 9:
			i = number(s.p, i, s.n)
			path = append(path, pattern{before: s.text[done:start], kind: holeNumber})
		default:
			i++
			continue
		}
		done = i
		m.ends = append(m.ends, int32(i))
	}
	if i < s.n {
		return // too many values
	}
	path = append(path, pattern{before: bytes.TrimRight(s.text[done:], " \t\r\n"), molds: s.molds(), nodes: slices.Clone(s.nodes)})
	list := &m.roots
	for k := range path {
		list = m.add(list, &path[k])
	}
}

// molds makes molds of the nodes at hand.
func (s *scanner) molds() []mold {
	ends := s.memory.ends
	place := func(at uint32) spot {
		h := len(ends) - 1
		for h > 0 && ends[h] > int32(at) {
			h--
		}
		return spot{int32(h), int32(at) - ends[h]}
	}
	out := make([]mold, len(s.nodes))
	for i, n := range s.nodes {
		out[i] = mold{off: place(n.off), end: place(n.end)}
	}
	return out
}

// add finds a pattern in a list, or adds it, and returns the list behind it.
func (m *memory) add(list *[]*pattern, p *pattern) *[]*pattern {
	at := 0
	for i, q := range *list {
		if q.kind == p.kind && bytes.Equal(q.before, p.before) {
			return &q.next
		}
		if len(q.before) >= len(p.before) {
			at = i + 1
		}
	}
	own := &pattern{before: bytes.Clone(p.before), kind: p.kind, molds: p.molds, nodes: p.nodes}
	m.patterns++
	*list = append(*list, nil)
	copy((*list)[at+1:], (*list)[at:])
	(*list)[at] = own
	return &own.next
}
