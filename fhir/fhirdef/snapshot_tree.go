package fhirdef

import "strings"

// branch is one element of a snapshot in the making, with those under it. Slices
// stand behind the element they are slices of, as its siblings.
type branch struct {
	name     string // last part of the path
	slice    string
	el       Element
	children []*branch
	// origin is the branch as the base has it, which never changes: a slice is a
	// copy of that, not of what the differential says of the whole list.
	origin *branch
	named  []string // types of a choice that the differential left
	// expanded tells that the children are those of the type, not of the base.
	expanded bool
	of       *branch // what it is a slice of, if the differential made it one
}

// plant makes a tree of the elements of a snapshot, to be copied before it is
// changed; nil if there are none.
func (m *maker) plant(list []Element) *branch {
	if len(list) == 0 {
		return nil
	}
	var root *branch
	var open []*branch // by depth
	for i := range list {
		e := &list[i]
		depth := strings.Count(e.Path, ".")
		b := &branch{name: e.Path[strings.LastIndexByte(e.Path, '.')+1:], slice: e.SliceName, el: *e}
		m.count++
		switch {
		case root == nil:
			root, open = b, []*branch{b}
			continue
		case depth < 1 || depth > len(open):
			continue // not a snapshot that hangs together
		}
		open = open[:depth]
		up := open[depth-1]
		up.children = append(up.children, b)
		open = append(open, b)
	}
	return root
}

func (b *branch) child(name, slice string) *branch {
	for _, c := range b.children {
		if c.name == name && c.slice == slice {
			return c
		}
	}
	return nil
}

// types returns the types that may be named: those of the base if the
// differential has begun to name some.
func (b *branch) types() []Type {
	if len(b.named) > 0 && b.origin != nil {
		return b.origin.el.Types
	}
	return b.el.Types
}

func (m *maker) copy(b *branch) *branch {
	c := *b
	m.count++
	c.children = nil
	if c.origin == nil {
		c.origin = b
	}
	if m.count > maxSnapshot {
		return &c
	}
	for _, child := range b.children {
		c.children = append(c.children, m.copy(child))
	}
	return &c
}

// flatten appends the elements in order, with the ids and paths of where they
// now stand.
func (b *branch) flatten(id, path string, out *[]Element) {
	e := b.el
	if id != "" {
		id, path = id+".", path+"."
	}
	id, path = id+b.name, path+b.name
	if b.slice != "" {
		id += ":" + b.slice
	}
	e.ID, e.Path = id, path
	*out = append(*out, e)
	for _, c := range b.children {
		c.flatten(id, path, out)
	}
}

// raise lifts the minimum of sliced elements to what their slices need together.
func (b *branch) raise() {
	for i, c := range b.children {
		c.raise()
		if c.slice != "" || c.el.Slicing == nil {
			continue
		}
		need := 0
		for _, s := range b.children[i+1:] {
			if s.name != c.name {
				break
			}
			if !strings.Contains(s.slice, "/") {
				need += max(s.el.Min, 0)
			}
		}
		if need > c.el.Min && need <= c.el.Max {
			c.el.Min, c.el.Summed = need, true
		}
	}
}

// expand gives an element the children of its type, of the one profile of its
// type, or of what it refers to.
func (m *maker) expand(b *branch) {
	if len(b.children) > 0 || m.count > maxSnapshot {
		return
	}
	if ref := b.el.ContentReference; ref != "" {
		if from := m.referred(ref); from != nil {
			copied := m.copy(from)
			b.children = copied.children
			b.el.ContentReference = ""
			b.el.Types = from.el.Types
			return
		}
		m.problem(b.el.ID, "there is no element "+ref+" to refer to")
		return
	}
	if s := m.typeOf(b); s != nil {
		if from := m.plant(s.Elements); from != nil {
			b.children, b.expanded = m.copy(from).children, true
		}
	}
}

// referred returns the element that a contentReference means, as the base has it.
func (m *maker) referred(id string) *branch {
	list := m.base
	name, _, _ := strings.Cut(id, ".")
	if len(list) == 0 || list[0].Path != name {
		if s := m.g.byType(name); s != nil {
			list = s.Elements
		}
	}
	at := -1
	for i := range list {
		if list[i].ID == id {
			at = i
			break
		}
	}
	if at < 0 {
		// A new type may refer to what its own differential has added.
		return m.root.find(id)
	}
	end := at + 1
	for end < len(list) && strings.HasPrefix(list[end].Path, list[at].Path+".") {
		end++
	}
	sub := make([]Element, 0, end-at)
	cut := strings.LastIndexByte(list[at].Path, '.') + 1
	for _, e := range list[at:end] {
		e.Path = e.Path[cut:]
		sub = append(sub, e)
	}
	return m.plant(sub)
}

// find returns the branch with an id that names no slices.
func (b *branch) find(id string) *branch {
	parts := strings.Split(id, ".")
	if parts[0] != b.name {
		return nil
	}
	at := b
	for _, name := range parts[1:] {
		if at = at.child(name, ""); at == nil {
			return nil
		}
	}
	return at
}

// typeOf returns the structure whose elements stand under an element: that of
// its only type or profile; of several types what all types have, which is Element.
func (m *maker) typeOf(b *branch) *Structure {
	types := b.el.Types
	if len(types) == 0 {
		return nil
	}
	for _, t := range types[1:] {
		if t.Code != types[0].Code {
			return m.g.byType("Element")
		}
	}
	if len(types) == 1 && len(types[0].Profiles) == 1 {
		if s := m.g.byURL(types[0].Profiles[0]); s != nil {
			return s
		}
	}
	if strings.Contains(types[0].Code, "/") {
		return m.g.byURL(types[0].Code)
	}
	return m.g.byType(types[0].Code)
}
