package fhirpath

import (
	"bytes"
	"unsafe"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// Node is an element of a resource, with its FHIR type. Small, passed by value;
// the zero Node is none. It is good as long as its tree.
type Node struct {
	value, companion jsontree.Value
	name             string // of the type, where shape is not known yet
	shape            *fhirdef.Shape
}

// ResourceNode returns the node of a whole resource; its type is resourceType.
func ResourceNode(v jsontree.Value) Node {
	if v.Kind() != jsontree.Object {
		return Node{}
	}
	return Node{value: v}
}

// ElementNode returns the node of an element: its value, the _x companion of a
// primitive (either may be absent) and its type: a data type, or the path of a
// backbone element such as Observation.component.
func ElementNode(value, companion jsontree.Value, typ string) Node {
	return Node{value: value, companion: companion, name: typ}
}

// NodeOf returns the node of what holds a resource, such as the root of one.
func NodeOf(e interface{ Value() jsontree.Value }) Node { return ResourceNode(e.Value()) }

// Value returns the element's value; absent for a primitive that has extensions
// alone.
func (n Node) Value() jsontree.Value { return n.value }

// Companion returns the _x member beside a primitive; mostly absent.
func (n Node) Companion() jsontree.Value { return n.companion }

// Exists reports whether there is a node.
func (n Node) Exists() bool {
	return n.value.Kind() != jsontree.Invalid || n.companion.Kind() != jsontree.Invalid
}

// Type returns the FHIR type, or the path of a backbone element; "" if it is not
// known.
func (n Node) Type() string {
	switch {
	case n.shape != nil:
		return n.shape.Name
	case n.name != "":
		return n.name
	}
	return n.value.Get("resourceType").Text()
}

// Item returns the node as an Item.
func (n Node) Item() Item { return NodeItem(n) }

// typed returns the node with its shape, as far as the definitions know the type.
func (m *machine) typed(n Node) Node {
	switch {
	case n.shape != nil:
	case n.name == "":
		n.shape = m.resource(n.value)
	default:
		n.shape = m.defs.Shape(n.name)
		if n.shape != nil && n.shape.Kind == "resource" {
			if t := m.resource(n.value); t != nil {
				n.shape = t
			}
		}
	}
	return n
}

// resource returns the shape of a resource by its resourceType; nil if there is
// none.
func (m *machine) resource(v jsontree.Value) *fhirdef.Shape {
	t := v.Get("resourceType")
	if t.Kind() != jsontree.String {
		return nil
	}
	if last := m.lastResource; last != nil && t.EqualText(last.Name) {
		return last
	}
	s := m.defs.Shape(textOf(t))
	if s == nil || s.Kind != "resource" {
		return nil
	}
	m.lastResource = s
	return s
}

// alias returns text that shares memory with b, which must not change. Text that
// leaves the package is cloned.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// textOf returns the decoded text of a string without a copy where it can.
func textOf(v jsontree.Value) string {
	if b := v.Bytes(nil); len(b) > 0 {
		return alias(b)
	}
	return ""
}

// system returns the System value of a primitive element or a Quantity; other
// items come back as they are. Text that is no value of its type is a String.
func (it Item) system() Item {
	if it.kind != kindNode {
		return it
	}
	n := it.node
	k := kindNone
	if n.shape != nil {
		if n.shape.Kind != kindPrimitive {
			if isQuantity(n.shape) && n.value.Kind() == jsontree.Object {
				return it.quantity()
			}
			return it
		}
		k = primitiveKind(n.shape.Name)
	} else if n.name != "" {
		k = primitiveKind(n.name)
	}
	switch n.value.Kind() {
	case jsontree.True:
		return Bool(true)
	case jsontree.False:
		return Bool(false)
	case jsontree.Number:
		return numberItem(n.value.Number(), k)
	case jsontree.String:
		s := textOf(n.value)
		if k == kindDate || k == kindDateTime || k == kindTime {
			if m, ok := parseMoment(s, k); ok {
				return m
			}
		}
		return Text(s)
	}
	return it
}

func numberItem(digits []byte, k kind) Item {
	d, ok := decimal.Parse(digits)
	if !ok {
		return Text(alias(digits))
	}
	if k != kindDecimal && bytes.IndexByte(digits, '.') < 0 {
		if n, ok := d.Int64(); ok {
			return Integer(n)
		}
	}
	return decimalItem(d)
}

const ucumSystem = "http://unitsofmeasure.org"

// quantity returns a Quantity element as a System value: one with a value, no
// comparator and a unit of UCUM or none (FHIR R4 §2.1.9.1).
func (it Item) quantity() Item {
	v := it.node.value
	value := v.Get("value")
	if value.Kind() != jsontree.Number || v.Get("comparator").Kind() != jsontree.Invalid {
		return it
	}
	d, ok := decimal.Parse(value.Number())
	if !ok {
		return it
	}
	code, system := v.Get("code"), v.Get("system")
	switch {
	case code.Kind() == jsontree.String && (system.Kind() == jsontree.Invalid || system.EqualText(ucumSystem)):
		return quantityItem(d, textOf(code))
	case system.Kind() != jsontree.Invalid:
		return it
	case v.Get("unit").Kind() == jsontree.String:
		return quantityItem(d, textOf(v.Get("unit")))
	}
	return quantityItem(d, "1")
}

// hasValue reports whether a primitive has a value of its own.
func (n *Node) hasValue() bool {
	switch n.value.Kind() {
	case jsontree.True, jsontree.False, jsontree.Number, jsontree.String:
		return n.shape == nil || n.shape.Kind == kindPrimitive
	}
	return false
}

// step appends the children of n that a step names.
func (m *machine) step(n *Node, st *step) {
	s := n.shape
	if s == nil {
		m.untyped(n, st)
		return
	}
	if s.Kind == kindPrimitive {
		m.primitiveChild(n, st.name)
		return
	}
	if n.value.Kind() != jsontree.Object {
		return
	}
	known := st.cache.Load()
	if known == nil || known.shape != s {
		if known = m.lookup(s, st.name); known == nil {
			return
		}
		st.cache.CompareAndSwap(nil, known)
	}
	if known.member.Choice {
		m.choice(n.value, known)
		return
	}
	v := n.value.Get(st.name)
	var companion jsontree.Value
	if isPrimitive(known.types[0]) {
		companion = n.value.Get(st.companion)
	}
	m.pushMember(v, companion, known.types[0])
}

// lookup finds what a name means in a type.
func (m *machine) lookup(s *fhirdef.Shape, name string) *stepCache {
	member := s.Member(name)
	if member == nil {
		return nil
	}
	found := &stepCache{shape: s, member: member, types: make([]*fhirdef.Shape, max(len(member.Choices), 1))}
	for i := range member.Choices {
		found.types[i] = m.defs.Shape(member.Choices[i].Type)
	}
	return found
}

// choice appends the members that a choice element may have.
func (m *machine) choice(v jsontree.Value, known *stepCache) {
	member := known.member
	prefix := len(member.Name)
	for x := v.First(); x.Kind() != jsontree.Invalid; x = x.Next() {
		key := x.KeyBytes()
		alone := len(key) > 0 && key[0] == '_'
		if alone {
			key = key[1:]
		}
		if len(key) <= prefix || alias(key[:prefix]) != member.Name {
			continue
		}
		for i := range member.Choices {
			c := &member.Choices[i]
			if c.JSON != alias(key) {
				continue
			}
			child := known.types[i]
			switch {
			case alone && v.Get(c.JSON).Kind() == jsontree.Invalid:
				m.pushMember(jsontree.Value{}, x, child)
			case alone:
			case isPrimitive(child):
				m.pushMember(x, m.companion(v, c.JSON), child)
			default:
				m.pushMember(x, jsontree.Value{}, child)
			}
			break
		}
	}
}

// companion returns the _x member beside x.
func (m *machine) companion(v jsontree.Value, name string) jsontree.Value {
	m.scratch = append(append(m.scratch[:0], '_'), name...)
	return v.Get(alias(m.scratch))
}

// primitiveChild appends id or extensions of a primitive.
func (m *machine) primitiveChild(n *Node, name string) {
	if n.companion.Kind() != jsontree.Object {
		return
	}
	if x := n.shape.Member(name); x != nil && name != "value" {
		m.pushMember(n.companion.Get(name), jsontree.Value{}, m.defs.Shape(x.Choices[0].Type))
	}
}

// untyped appends the members of an element without a known type.
func (m *machine) untyped(n *Node, st *step) {
	if n.value.Kind() != jsontree.Object || st.name == "resourceType" {
		return
	}
	m.pushMember(n.value.Get(st.name), n.value.Get(st.companion), nil)
}

// pushMember appends the element or elements of a member.
func (m *machine) pushMember(v, companion jsontree.Value, x *fhirdef.Shape) {
	switch v.Kind() {
	case jsontree.Invalid, jsontree.Null:
		switch companion.Kind() {
		case jsontree.Object:
			m.pushElement(jsontree.Value{}, companion, x)
		case jsontree.Array:
			for c := companion.First(); c.Kind() != jsontree.Invalid; c = c.Next() {
				m.pushElement(jsontree.Value{}, c, x)
			}
		}
	case jsontree.Array:
		c := companion.First()
		for e := v.First(); e.Kind() != jsontree.Invalid; e = e.Next() {
			m.pushElement(e, c, x)
			c = c.Next()
		}
	default:
		m.pushElement(v, companion, x)
	}
}

func (m *machine) pushElement(v, companion jsontree.Value, x *fhirdef.Shape) {
	if v.Kind() == jsontree.Null {
		v = jsontree.Value{}
	}
	if companion.Kind() != jsontree.Object {
		companion = jsontree.Value{}
		if v.Kind() == jsontree.Invalid {
			return
		}
	}
	it := m.grow()
	it.kind = kindNode
	it.node.value, it.node.companion = v, companion
	if x == nil || x.Kind == "resource" {
		if t := m.resource(v); t != nil {
			x = t
		}
	}
	it.node.shape = x
}

// pushChildren appends all children of a node.
func (m *machine) pushChildren(n *Node) {
	if isPrimitive(n.shape) {
		m.primitiveChild(n, "id")
		m.primitiveChild(n, "extension")
		return
	}
	if n.value.Kind() != jsontree.Object {
		return
	}
	for v := n.value.First(); v.Kind() != jsontree.Invalid; v = v.Next() {
		key := v.KeyBytes()
		if len(key) == 0 || alias(key) == "resourceType" {
			continue
		}
		alone := key[0] == '_'
		if alone {
			key = key[1:]
			if n.value.Get(alias(key)).Kind() != jsontree.Invalid {
				continue
			}
		}
		var x *fhirdef.Shape
		if n.shape != nil {
			member, typ := n.shape.JSON(key)
			if member == nil {
				continue
			}
			x = m.defs.Shape(typ)
		}
		if alone {
			m.pushMember(jsontree.Value{}, v, x)
			continue
		}
		var companion jsontree.Value
		if x == nil || isPrimitive(x) {
			companion = m.companion(n.value, alias(key))
		}
		m.pushMember(v, companion, x)
	}
}
