package fhirdef

import (
	"slices"
	"strings"
)

// Shape is what a type looks like from outside: its members by name, with
// content references and choices resolved. It is shared and must not be
// changed.
type Shape struct {
	// Name is that of a type, such as Observation, or the path of an element
	// that has members of its own, such as Observation.component. For logical
	// models the path follows the URL of the type and #.
	Name string
	// Base is the type that it specialises: DomainResource of Observation,
	// BackboneElement of Observation.component; "" of Element and Resource.
	Base string
	// Kind is that of the structure, or "element" for the path of an element.
	Kind      string
	Structure *Structure
	Element   *Element // the element that it stands for; the root of a type
	Members   []Member // in the order of the snapshot

	names map[string]*Member
	json  map[string]jsonMember
}

// Member is one member of a shape.
type Member struct {
	// Name is the name without the type of a choice, as FHIRPath has it: value.
	Name    string
	Element *Element
	List    bool // whether its JSON is an array
	// Choices are the types it may have, more than one or with differing JSON
	// names only where Choice is set.
	Choices []Choice
	Choice  bool
}

// Choice is one type of a member.
type Choice struct {
	JSON string // name in JSON: valueQuantity
	// Type is the name to ask Shape for: Quantity, System.String, or a path such
	// as Observation.component for what is defined in place.
	Type string
}

type jsonMember struct {
	member *Member
	typ    string
}

// Member returns the member with a FHIRPath name; nil if there is none.
func (s *Shape) Member(name string) *Member {
	if s == nil {
		return nil
	}
	return s.names[name]
}

// JSON returns the member that a name in JSON means (without a leading _), and
// the type that the name gives it; nil if there is none. It does not allocate.
func (s *Shape) JSON(name []byte) (*Member, string) {
	if s == nil {
		return nil, ""
	}
	m := s.json[string(name)]
	return m.member, m.typ
}

// Shape returns the shape of a type, or of an element with members of its own
// by its path; nil if there is none. Asking again is a map lookup.
func (d *Definitions) Shape(name string) *Shape {
	if s, ok := d.shapes.Load(name); ok {
		return s.(*Shape)
	}
	root := name
	if d.typeEntry(name) == nil {
		if at := strings.IndexAny(name, ".#"); at > 0 {
			root = name[:at]
		}
		if at := strings.IndexByte(name, '#'); at > 0 {
			root = name[:at]
		}
	}
	st := d.Type(root)
	if st == nil || len(st.Elements) == 0 {
		return nil
	}
	var found *Shape
	for _, s := range d.shapesOf(st) {
		kept, _ := d.shapes.LoadOrStore(s.Name, s)
		if s.Name == name {
			found = kept.(*Shape)
		}
	}
	return found
}

// shapesOf returns the shapes of a type and of all its elements with members.
func (d *Definitions) shapesOf(st *Structure) []*Shape {
	rootPath := st.Elements[0].Path
	nameOf := func(path string) string {
		if rootPath == st.Type || path == rootPath {
			return st.Type + path[len(rootPath):]
		}
		return st.Type + "#" + path
	}
	all := make(map[string]*Shape)
	var order []*Shape
	for i := range st.Elements {
		e := &st.Elements[i]
		if e.SliceName != "" || strings.Contains(e.ID, ":") || !inside(e.Path, rootPath) {
			continue
		}
		if i == 0 {
			all[rootPath] = &Shape{Name: st.Type, Base: d.baseType(st), Kind: st.Kind, Structure: st, Element: e}
			order = append(order, all[rootPath])
			continue
		}
		at := strings.LastIndexByte(e.Path, '.')
		parentPath := e.Path[:at]
		parent := all[parentPath]
		if parent == nil {
			owner := elementAt(st, parentPath)
			if owner == nil {
				continue
			}
			parent = &Shape{Name: nameOf(parentPath), Kind: "element", Structure: st, Element: owner}
			if len(owner.Types) > 0 {
				parent.Base = owner.Types[0].Code
			}
			all[parentPath] = parent
			order = append(order, parent)
		}
		parent.Members = append(parent.Members, member(e, e.Path[at+1:]))
	}
	for _, s := range order {
		s.finish(all, nameOf)
	}
	return order
}

func inside(path, root string) bool {
	return path == root || len(path) > len(root) && path[:len(root)] == root && path[len(root)] == '.'
}

func elementAt(st *Structure, path string) *Element {
	i := slices.IndexFunc(st.Elements, func(e Element) bool { return e.Path == path })
	if i < 0 {
		return nil
	}
	return &st.Elements[i]
}

func member(e *Element, name string) Member {
	top := e.BaseMax
	if top < 0 {
		top = e.Max
	}
	m := Member{Element: e, List: top > 1}
	m.Name, m.Choice = strings.CutSuffix(name, "[x]")
	return m
}

// finish gives the members their types, now that it is known which elements
// have members of their own, and makes the lookups.
func (s *Shape) finish(all map[string]*Shape, nameOf func(string) string) {
	s.names = make(map[string]*Member, len(s.Members))
	s.json = make(map[string]jsonMember, len(s.Members))
	for i := range s.Members {
		m := &s.Members[i]
		m.Choices = m.choices(all, nameOf, s.Kind == "primitive-type")
		s.names[m.Name] = m
		for _, c := range m.Choices {
			s.json[c.JSON] = jsonMember{m, c.Type}
		}
	}
}

func (m *Member) choices(all map[string]*Shape, nameOf func(string) string, primitive bool) []Choice {
	e := m.Element
	if own := all[e.Path]; own != nil {
		return []Choice{{m.Name, own.Name}}
	}
	if e.ContentReference != "" {
		return []Choice{{m.Name, nameOf(e.ContentReference)}}
	}
	out := make([]Choice, 0, len(e.Types))
	for i := range e.Types {
		c := Choice{m.Name, e.Types[i].Name()}
		if primitive && m.Name == "value" {
			c.Type = e.Types[i].Code
		}
		if m.Choice && c.Type != "" {
			c.JSON += strings.ToUpper(c.Type[:1]) + c.Type[1:]
		}
		out = append(out, c)
	}
	return out
}

// Name returns the type's name: its code without an address of HL7's, or the
// FHIR type of a member such as id whose code is one of the System types.
func (t *Type) Name() string {
	if t.FHIRType != "" && strings.HasPrefix(t.Code, "System.") {
		return t.FHIRType
	}
	return strings.TrimPrefix(t.Code, hl7Extension)
}

// baseType returns the name of the type that a type specialises.
func (d *Definitions) baseType(st *Structure) string {
	if st.Base == "" {
		return ""
	}
	if e := d.find(classStructure, "", st.Base); e != nil {
		return e.typ
	}
	return strings.TrimPrefix(st.Base, hl7Extension)
}

// Children returns the names of the members of a type or of the path of an
// element, as FHIRPath has them; nil if it is not known.
func (d *Definitions) Children(name string) []string {
	s := d.Shape(name)
	if s == nil {
		return nil
	}
	out := make([]string, len(s.Members))
	for i := range s.Members {
		out[i] = s.Members[i].Name
	}
	return out
}

// maxAncestors bounds the way up from a type, in case it is a circle.
const maxAncestors = 32

// IsSubtype reports whether a type is base or specialises it, directly or not:
// Patient is a DomainResource and a Resource, Age a Quantity, code a string,
// Observation.component a BackboneElement.
func (d *Definitions) IsSubtype(typ, base string) bool {
	for range maxAncestors {
		if typ == base {
			return typ != ""
		}
		e := d.typeEntry(typ)
		if e == nil {
			s := d.Shape(typ)
			if s == nil || s.Base == typ {
				return false
			}
			typ = s.Base
			continue
		}
		if e.base == "" {
			return false
		}
		b := d.find(classStructure, "", e.base)
		if b == nil {
			return strings.TrimPrefix(e.base, hl7Extension) == base
		}
		typ = b.typ
	}
	return false
}

// ResourceTypes returns the names of the types of resources that are not
// abstract, sorted.
func (d *Definitions) ResourceTypes() []string {
	var out []string
	for ; d != nil; d = d.parent {
		for name, e := range d.types {
			if e.kind == "resource" && !e.abstract {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Kind returns the kind of a type: primitive-type, complex-type, resource or
// logical; "" if there is none of that name. It parses nothing.
func (d *Definitions) Kind(name string) string {
	if e := d.typeEntry(name); e != nil {
		return e.kind
	}
	return ""
}

// Abstract reports whether a type is abstract, such as Resource or Element. It
// parses nothing.
func (d *Definitions) Abstract(name string) bool {
	e := d.typeEntry(name)
	return e != nil && e.abstract
}
