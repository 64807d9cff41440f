package xmlform

import (
	"slices"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// Source gives definitions of types; *fhirdef.Definitions is one.
type Source interface {
	// Type returns the structure that defines a type, nil if there is none.
	Type(name string) *fhirdef.Structure
}

// Model is what definitions say about the form of resources. It reads every
// type once, when it is first met, and is safe for concurrent use.
type Model struct {
	source Source
	types  sync.Map // name -> *typeForm, nil for names that are no type
}

// NewModel returns the model of the definitions of src.
func NewModel(src Source) *Model { return &Model{source: src} }

// typeForm is the form of one type.
type typeForm struct {
	name     string
	kind     string           // as in fhirdef.Structure
	abstract bool             // Resource, Element and the like
	nodes    map[string]*node // by path of the element that has the children
}

// node is an element that has children: a type, or a backbone element.
type node struct {
	children map[string]*child // by name of the element or attribute
	choices  []*child          // [x], by the name before it
}

// form is how the values of a child are written.
type form uint8

const (
	formObject   form = iota
	formString        // a primitive that JSON writes as a string
	formNumber        // of digits
	formBoolean       //
	formXHTML         // the narrative
	formResource      // an element around a resource
)

// child is one element or attribute below a node.
type child struct {
	name  string // of the member
	path  string // name in FHIRPath, without the type of a choice
	order int32
	slot  int32 // numbers the members of a node
	list  bool
	attr  bool // written as an attribute
	form  form
	node  string // where its own children are: a type, or Type.path
}

// isPrimitive reports whether values are single, with a _x member beside them.
func (c *child) isPrimitive() bool {
	return c.form == formString || c.form == formNumber || c.form == formBoolean
}

// typeOf returns the form of a type, nil if there is no such type.
func (m *Model) typeOf(name string) *typeForm {
	if t, ok := m.types.Load(name); ok {
		return t.(*typeForm)
	}
	if len(name) > 64 || strings.ContainsAny(name, "/|#: ") {
		return nil
	}
	s := m.source.Type(name)
	if s == nil {
		return nil // not remembered: names come from the data
	}
	t, _ := m.types.LoadOrStore(strings.Clone(name), m.compile(s))
	return t.(*typeForm)
}

// resource returns the node of a resource type, nil if there is none.
func (m *Model) resource(name string) *node {
	t := m.typeOf(name)
	if t == nil || t.kind != "resource" || t.abstract {
		return nil
	}
	return t.nodes[t.name]
}

// node returns the node with the given key, which may be nil.
func (m *Model) node(key string) *node {
	if key == "" {
		return nil
	}
	name, _, _ := strings.Cut(key, ".")
	t := m.typeOf(name)
	if t == nil {
		return nil
	}
	return t.nodes[key]
}

// compile makes the form of a type.
func (m *Model) compile(s *fhirdef.Structure) *typeForm {
	t := &typeForm{name: s.Type, kind: s.Kind, abstract: s.Abstract, nodes: make(map[string]*node)}
	if len(s.Elements) > 0 {
		t.nodes[s.Elements[0].Path] = &node{children: make(map[string]*child)}
	}
	for i := range s.Elements {
		e := &s.Elements[i]
		dot := strings.LastIndexByte(e.Path, '.')
		if dot < 0 || e.SliceName != "" {
			continue
		}
		parent := t.nodes[e.Path[:dot]]
		if parent == nil {
			parent = &node{children: make(map[string]*child)}
			t.nodes[e.Path[:dot]] = parent
		}
		m.add(parent, e, e.Path[dot+1:], int32(i))
	}
	return t
}

// add makes the children of a node that one element stands for.
func (m *Model) add(parent *node, e *fhirdef.Element, name string, order int32) {
	most := e.BaseMax
	if most <= 0 {
		most = e.Max
	}
	c := child{name: name, path: name, order: order, list: most > 1, attr: slices.Contains(e.Representation, "xmlAttr")}
	if i := strings.LastIndexByte(e.ContentReference, '#'); e.ContentReference != "" {
		c.node = e.ContentReference[i+1:]
		parent.put(c)
		return
	}
	base, choice := strings.CutSuffix(name, "[x]")
	if choice {
		c.path = base
		parent.choices = append(parent.choices, &child{name: base, path: base, order: order})
	}
	for _, t := range e.Types {
		c := c
		code := t.Code
		if _, system := strings.CutPrefix(code, "System."); system || strings.Contains(code, "/") {
			if code = t.FHIRType; code == "" {
				code = "string"
			}
		}
		if choice {
			c.name = base + strings.ToUpper(code[:min(1, len(code))]) + code[min(1, len(code)):]
		}
		m.typed(&c, code, e.Path)
		parent.put(c)
		if !choice {
			return
		}
	}
	if len(e.Types) == 0 {
		c.node = e.Path
		parent.put(c)
	}
}

// typed gives a child the form of its type.
func (m *Model) typed(c *child, code, path string) {
	c.node = code
	switch code {
	case "xhtml":
		c.form, c.node = formXHTML, ""
		return
	case "BackboneElement", "Element":
		c.node = path
		return
	case "boolean":
		c.form = formBoolean
		return
	case "integer", "decimal", "positiveInt", "unsignedInt":
		c.form = formNumber
		return
	}
	if s := m.source.Type(code); s != nil {
		switch s.Kind {
		case "primitive-type":
			c.form = formString
		case "resource":
			c.form, c.node = formResource, ""
		}
	}
}

// put adds a child under its name; the first of a name stays.
func (n *node) put(c child) {
	if _, ok := n.children[c.name]; ok {
		return
	}
	c.slot = int32(len(n.children))
	n.children[c.name] = &c
}

// find returns the child of a name.
func (n *node) find(name []byte) *child {
	if n == nil {
		return nil
	}
	return n.children[string(name)]
}

// choice returns what an element is that has the name of a choice, but a type
// that the choice does not list: a child that is written as the type asks; nil
// for everything else.
func (m *Model) choice(n *node, name []byte) *child {
	if n == nil {
		return nil
	}
	for _, c := range n.choices {
		rest, ok := strings.CutPrefix(string(name), c.name)
		if !ok || rest == "" || rest[0] < 'A' || rest[0] > 'Z' {
			continue
		}
		for _, code := range []string{rest, strings.ToLower(rest[:1]) + rest[1:]} {
			if t := m.typeOf(code); t != nil && (t.kind == "primitive-type" || t.kind == "complex-type") {
				made := &child{name: string(name), path: c.path, order: c.order, slot: -1}
				m.typed(made, code, "")
				return made
			}
		}
	}
	return nil
}
