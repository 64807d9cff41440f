package view

import (
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// cellKind is what a cell holds.
type cellKind uint8

const (
	cellNull    cellKind = iota
	cellText             // b
	cellNumber           // the digits in b
	cellInteger          // n
	cellBool             // n
	cellList             // a JSON array in b
)

// cell is one value of a row. Its bytes are good until the next resource.
type cell struct {
	kind cellKind
	b    []byte
	n    int64
}

// viewBytes returns the bytes of a string, which must not be changed.
func viewBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// cell makes the value of a column. It is false if there is more than one.
func (m *machine) cell(o *op, from, row int32, c *cell) bool {
	if o.kind == opNodes { // the most frequent by far
		if k, ok := m.only(o, from); ok {
			if *c = (cell{}); k != 0 {
				m.nodeCell(k, o.class, c)
			}
			return true
		}
		low := m.walk(o.steps, from)
		found := m.stack[low:]
		m.stack = m.stack[:low]
		switch len(found) {
		case 0:
			*c = cell{}
			return true
		case 1:
			m.nodeCell(found[0], o.class, c)
			return true
		}
		return false
	}
	a, n := m.atom(o, from, row)
	switch {
	case n == 0:
		*c = cell{}
	case o.class == classText:
		*c = cell{kind: cellText, b: a.text}
	case o.class == classBool:
		*c = cell{kind: cellBool, n: a.n}
	default:
		*c = cell{kind: cellInteger, n: a.n}
	}
	return n < 2
}

// nodeCell makes the value of a node.
func (m *machine) nodeCell(k int32, class class, c *cell) {
	n := &m.scanner.nodes[k]
	switch {
	case n.kind == jsontree.String && (class == classText || class == classMoment):
		*c = cell{kind: cellText, b: m.decoded(n)}
	case n.kind == jsontree.Number && (class == classDecimal || class == classInteger):
		*c = cell{kind: cellNumber, b: m.text[n.off:n.end]}
	case class == classBool:
		*c = cell{kind: cellBool, n: m.value(k, class).n}
	default:
		m.unusual = true
	}
}

// list makes the value of a column that is a collection.
func (m *machine) list(o *op, from, row int32, c *cell) {
	b := []byte{'['}
	switch o.kind {
	case opNodes:
		low := m.walk(o.steps, from)
		for _, k := range m.stack[low:] {
			var one cell
			m.nodeCell(k, o.class, &one)
			b = one.appendItem(b)
		}
		m.stack = m.stack[:low]
	case opReference:
		m.references(o, from, func(key []byte) { b = (&cell{kind: cellText, b: key}).appendItem(b) })
	default:
		var one cell
		m.cell(o, from, row, &one)
		if one.kind != cellNull {
			b = one.appendItem(b)
		}
	}
	*c = cell{kind: cellList, b: append(b, ']')}
}

// appendItem adds a cell to an open JSON array.
func (c *cell) appendItem(b []byte) []byte {
	if b[len(b)-1] != '[' {
		b = append(b, ',')
	}
	return c.appendJSON(b)
}

// appendJSON adds a cell as JSON.
func (c *cell) appendJSON(b []byte) []byte {
	switch c.kind {
	case cellText:
		return quote(b, c.b)
	case cellNumber, cellList:
		return append(b, c.b...)
	case cellInteger:
		return strconv.AppendInt(b, c.n, 10)
	case cellBool:
		return strconv.AppendBool(b, c.n != 0)
	}
	return append(b, "null"...)
}

// quote appends text as a JSON string: only what RFC 8259 wants escaped is.
func quote(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, text[done:i]...), "\ufffd"...)
				done = i + 1
				continue
			}
			i += size - 1
			continue
		}
		dst = append(dst, text[done:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		done = i + 1
	}
	return append(append(dst, text[done:]...), '"')
}
