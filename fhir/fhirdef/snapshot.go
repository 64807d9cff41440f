package fhirdef

import (
	"slices"
	"strings"
)

// Problem is something in a differential that cannot be applied to its base.
type Problem struct {
	Structure string // canonical of the structure with the differential
	Element   string // id of the element
	Message   string
}

// String returns the structure, the element and what is wrong.
func (p Problem) String() string {
	return strings.TrimSuffix(p.Structure+" "+p.Element, " ") + ": " + p.Message
}

// maxSnapshot bounds the elements of a generated snapshot, maxPathDepth the
// parts of a path.
const (
	maxSnapshot  = 50_000
	maxPathDepth = 100
)

// Snapshot returns the snapshot that the differential of a structure makes of
// its base, and what of the differential could not be applied. Elements is nil
// if the base is not known. Bases and profiles that have no snapshot get theirs
// first. Safe for concurrent use; the caller owns the slice but not what its
// elements point to.
func (d *Definitions) Snapshot(s *Structure) ([]Element, []Problem) {
	g := generation{defs: d}
	return g.snapshot(s)
}

// withSnapshot returns a copy of s with a snapshot made from its differential.
func (d *Definitions) withSnapshot(s *Structure) *Structure {
	g := generation{defs: d}
	return g.complete(s)
}

// generation is one request for a snapshot with those that it asks for itself.
type generation struct {
	defs     *Definitions
	open     []*Structure // being generated, outermost first
	circular bool         // one of them was asked for again
}

func (g *generation) complete(s *Structure) *Structure {
	c := *s
	c.Elements, c.Problems = g.snapshot(s)
	return &c
}

// structure returns a structure with its snapshot; nil if there is none, or if
// it is being generated at this moment.
func (g *generation) structure(e *entry) *Structure {
	if e == nil {
		return nil
	}
	s := e.structure()
	if s == nil || len(s.Elements) > 0 {
		return s
	}
	if slices.ContainsFunc(g.open, func(o *Structure) bool { return o.URL == s.URL && o.Version == s.Version }) {
		g.circular = true
		return nil
	}
	if made, ok := g.defs.snapshots.Load(e); ok {
		return made.(*Structure)
	}
	made := g.complete(s)
	if !g.circular {
		// What was cut short by a circle depends on where it was entered.
		g.defs.snapshots.LoadOrStore(e, made)
	}
	if len(made.Elements) == 0 {
		return nil
	}
	return made
}

func (g *generation) byURL(canonical string) *Structure {
	return g.structure(g.defs.find(classStructure, "", canonical))
}

func (g *generation) byType(name string) *Structure {
	return g.structure(g.defs.typeEntry(name))
}

func (g *generation) snapshot(s *Structure) ([]Element, []Problem) {
	g.open = append(g.open, s)
	defer func() { g.open = g.open[:len(g.open)-1] }()
	m := maker{g: g, s: s}
	var base *Structure
	if s.Base != "" {
		if base = g.byURL(s.Base); base == nil {
			m.problem("", "base definition "+s.Base+" is not known")
			return nil, m.problems
		}
		m.base = base.Elements
	} else if s.Derivation == "constraint" || len(s.Differential) == 0 {
		m.problem("", "there is no base definition")
		return nil, m.problems
	}
	m.specializes = s.Derivation != "constraint"
	m.root = &branch{name: m.rootName()}
	if base := m.plant(m.base); base != nil {
		m.root = m.copy(base)
	} else {
		m.root.el.BasePath, m.root.el.BaseMax = m.root.name, Unbounded
	}
	if m.specializes && m.root.name != m.rootName() {
		m.root.name = m.rootName()
		m.root.el.BasePath = m.root.name
	}
	m.numbered = idsTellSlices(s.Differential)
	for i := range s.Differential {
		if m.count > maxSnapshot {
			m.problem(s.Differential[i].ID, "the snapshot is too large")
			break
		}
		m.place(&s.Differential[i])
	}
	m.root.raise()
	var out []Element
	m.root.flatten("", "", &out)
	return out, m.problems
}

// maker makes one snapshot.
type maker struct {
	g           *generation
	s           *Structure
	base        []Element
	specializes bool // a new type, whose differential may add elements
	numbered    bool // ids tell in which slice an element is
	root        *branch
	count       int // branches made
	trail       []step
	problems    []Problem
}

// step is an element of the differential under which the next may stand.
type step struct {
	path string
	at   *branch
}

func (m *maker) problem(element, message string) {
	m.problems = append(m.problems, Problem{Structure: m.s.URL, Element: element, Message: message})
}

// rootName is the name of the type that is defined; of a logical model, whose
// type is an address, the name in its own paths.
func (m *maker) rootName() string {
	if len(m.s.Differential) > 0 {
		name, _, _ := strings.Cut(m.s.Differential[0].Path, ".")
		return name
	}
	return m.s.Type[strings.LastIndexByte(m.s.Type, '/')+1:]
}

// idsTellSlices reports whether the ids name the slices, as they must since R4.
func idsTellSlices(list []Element) bool {
	for i := range list {
		if list[i].SliceName != "" && !strings.Contains(list[i].ID, ":") {
			return false
		}
	}
	return true
}

// segment is one part of an id: the name of an element and of a slice.
type segment struct{ name, slice string }

// segments splits the id or, if that cannot be relied on, the path.
func (m *maker) segments(e *Element) (list []segment, whole bool) {
	path := strings.Split(e.Path, ".")
	if m.numbered {
		if ids := strings.Split(e.ID, "."); len(ids) == len(path) {
			for i, id := range ids {
				name, slice, _ := strings.Cut(id, ":")
				if i < len(path)-1 || slice != "" || e.SliceName == "" {
					list = append(list, segment{name, slice})
					continue
				}
				list = append(list, segment{name, e.SliceName})
			}
			return list, true
		}
	}
	for i, name := range path {
		list = append(list, segment{name: name})
		if i == len(path)-1 {
			list[i].slice = e.SliceName
		}
	}
	return list, false
}

// place finds or makes the branch that an element of the differential speaks of
// and applies the element to it.
func (m *maker) place(e *Element) {
	list, whole := m.segments(e)
	if len(list) > maxPathDepth {
		m.problem(e.ID, "the path is too deep")
		return
	}
	at := m.root
	if list[0].name != m.root.name {
		m.problem(e.ID, "the path does not begin with "+m.root.name)
		return
	}
	list = list[1:]
	if !whole {
		at, list = m.follow(e, list)
	}
	for i, seg := range list {
		next := m.step(at, seg, e, i == len(list)-1)
		if next == nil {
			return
		}
		at = next
	}
	m.apply(at, e)
	m.settle(at, e)
	m.trail = append(m.trail, step{e.Path, at})
}

// follow returns the branch of the last element of the differential that e can
// stand under, and the rest of its path.
func (m *maker) follow(e *Element, list []segment) (*branch, []segment) {
	for len(m.trail) > 0 {
		last := m.trail[len(m.trail)-1]
		if strings.HasPrefix(e.Path, last.path+".") {
			return last.at, list[strings.Count(last.path, "."):]
		}
		m.trail = m.trail[:len(m.trail)-1]
	}
	return m.root, list
}

// step returns the child of at that a segment names, making what is needed.
func (m *maker) step(at *branch, seg segment, e *Element, last bool) *branch {
	m.expand(at)
	child := at.child(seg.name, "")
	if child == nil {
		child, seg = m.choice(at, seg)
	}
	if child == nil {
		if !m.specializes || !last {
			m.problem(e.ID, "there is no element "+seg.name)
			return nil
		}
		child = m.grow(at, seg.name, e)
	}
	if seg.slice == "" {
		return child
	}
	if found := at.child(child.name, seg.slice); found != nil {
		return found
	}
	return m.slice(at, child, seg.slice)
}

// grow adds an element to a new type. Whatever has a type of FHIR is an Element
// and keeps its constraints.
func (m *maker) grow(at *branch, name string, e *Element) *branch {
	child := &branch{name: name, el: Element{Max: 1, BasePath: e.Path, BaseMin: e.Min, BaseMax: e.Max}}
	of := "Element"
	for _, t := range e.Types {
		switch {
		case strings.HasPrefix(t.Code, "System."):
			of = ""
		case t.Code == "Extension":
			of = t.Code
		default:
			if s := m.g.defs.types[t.Code]; s != nil && s.kind == "resource" {
				of = ""
			}
		}
	}
	if s := m.g.byType(of); s != nil {
		child.el.Constraints = s.Elements[0].Constraints
	}
	at.children = append(at.children, child)
	m.count++
	return child
}

// choice finds the element that a segment means by the name of one of the types
// of a choice: valueQuantity of value[x] (ElementDefinition §2.26.0.2).
func (m *maker) choice(at *branch, seg segment) (*branch, segment) {
	if stem, ok := strings.CutSuffix(seg.name, "[x]"); ok {
		// The other way round: the base has put the one type's name.
		for _, c := range at.children {
			if c.slice == "" && strings.HasPrefix(c.name, stem) && typeNamed(c.types(), c.name[len(stem):]) != nil {
				return c, seg
			}
		}
		return nil, seg
	}
	for _, c := range at.children {
		stem, ok := strings.CutSuffix(c.name, "[x]")
		if !ok || c.slice != "" || !strings.HasPrefix(seg.name, stem) {
			continue
		}
		typ := typeNamed(c.types(), seg.name[len(stem):])
		if typ == nil {
			continue
		}
		if seg.slice == "" && at.slice != "" && !at.expanded && c.el.Slicing == nil {
			// In a slice of a list, naming a type narrows the choice to it.
			c.el.Types = []Type{*typ}
			return c, segment{c.name, ""}
		}
		if seg.slice == "" {
			seg.slice = seg.name
		}
		return c, segment{c.name, seg.slice}
	}
	return nil, seg
}

// typeNamed returns the type whose name, with a capital, is suffix.
func typeNamed(types []Type, suffix string) *Type {
	for i := range types {
		code := types[i].Code
		if code != "" && len(code) == len(suffix) && code[1:] == suffix[1:] && strings.EqualFold(code[:1], suffix[:1]) {
			return &types[i]
		}
	}
	return nil
}

// slice adds a slice of an element: a copy of it, or for a slice of a slice of
// that, behind the slices there are.
func (m *maker) slice(at, of *branch, name string) *branch {
	from := of
	if cut := strings.LastIndexByte(name, '/'); cut > 0 {
		if outer := at.child(of.name, name[:cut]); outer != nil {
			from = outer
		}
	}
	if from.el.Slicing == nil {
		from.el.Slicing = impliedSlicing(of)
	}
	c := m.copy(from)
	if from == of && of.origin != nil {
		c = m.copy(of.origin)
	}
	c.slice, c.of = name, of
	c.el.SliceName = name
	c.el.Slicing = nil
	c.el.Min = 0
	if stem, ok := strings.CutSuffix(of.name, "[x]"); ok && strings.HasPrefix(name, stem) {
		if t := typeNamed(c.el.Types, name[len(stem):]); t != nil {
			c.el.Types = []Type{*t}
			c.children = nil
		}
	}
	i := slices.Index(at.children, from) + 1
	for i < len(at.children) && at.children[i].name == of.name && (from == of || strings.HasPrefix(at.children[i].slice, from.slice+"/")) {
		i++
	}
	at.children = slices.Insert(at.children, i, c)
	return c
}

// settle closes a choice of which one type is required, for no other can stand
// beside it, and one whose types the differential names as slices with a type:
// those are then the types that are left.
func (m *maker) settle(b *branch, diff *Element) {
	choice := b.of
	if choice == nil || len(b.el.Types) != 1 || choice.el.Slicing == nil ||
		!slices.Contains(choice.el.Slicing.Discriminators, Discriminator{"type", "$this"}) {
		return
	}
	short := !strings.HasSuffix(diff.Path, "[x]") && len(diff.Types) == 1
	required := b.el.Min > 0 && choice.el.Max == 1
	if !short && !required {
		return
	}
	if short {
		choice.named = append(choice.named, b.el.Types[0].Code)
	}
	if required {
		choice.el.Min = max(choice.el.Min, 1)
		choice.named = []string{b.el.Types[0].Code}
	}
	closed := *choice.el.Slicing
	closed.Rules = "closed"
	choice.el.Slicing = &closed
	kept := slices.DeleteFunc(slices.Clone(choice.types()), func(t Type) bool { return !slices.Contains(choice.named, t.Code) })
	if len(kept) > 0 {
		choice.el.Types = kept
	}
}

// impliedSlicing is how an element is sliced of which nothing is said.
func impliedSlicing(of *branch) *Slicing {
	switch {
	case of.name == "extension" || of.name == "modifierExtension":
		return &Slicing{Discriminators: []Discriminator{{"value", "url"}}, Rules: "open"}
	case strings.HasSuffix(of.name, "[x]"):
		return &Slicing{Discriminators: []Discriminator{{"type", "$this"}}, Rules: "open"}
	}
	return nil
}
