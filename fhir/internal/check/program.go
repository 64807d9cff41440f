package check

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// program is a compiled structure.
type program struct {
	st    *fhirdef.Structure
	label string // URL|version, for messages
	root  *node
	byID  map[string]*node
}

// node is one element of a structure, with the elements below it.
type node struct {
	p     *program
	el    *fhirdef.Element
	name  string // last part of the path; of a choice without [x]
	list  bool   // written as a list, whatever a profile allows
	types []elementType
	// slots are the children in order, each once; slices are the slices of this
	// list, of a slice its reslices.
	slots  []*node
	slices []*node
	// place is that of a slice among all slices and reslices of its list, places
	// how many a list has.
	place, places int
	names         map[string]named // members of the JSON form
	// required are the slots that ask for an element, themselves or by a slice.
	required []int
	// added are the constraints that the base definition does not have.
	added []*constraint
	all   []*constraint
	// ownBinding: the base definition does not have the binding.
	ownBinding bool
	// ownTypes: the base definition allows other types, profiles or targets.
	ownTypes bool
	// excluded are the types of a choice that the profile leaves out.
	excluded []elementType

	once     sync.Once // matchers
	matchers [][]matcher
	faults   []string // why slicing cannot be evaluated
}

// elementType is an allowed type with what profiles say of it.
type elementType struct {
	*fhirdef.Type
	name  string // of the JSON form: string for System.String
	facts *atomic.Pointer[typeFacts]
}

// typeFacts is what the type of an element adds to the element's own node.
type typeFacts struct {
	kids        *node         // whose slots are the children; nil if the type is unknown
	constraints []*constraint // of the element and of its type
}

// typeFacts returns the facts of an element of a node as a type, called typ in
// definitions; they are put together when first needed.
func (c *Checker) typeFacts(n *node, t *elementType, typ string) *typeFacts {
	if facts := t.facts.Load(); facts != nil {
		return facts
	}
	facts := &typeFacts{kids: c.kids(n, typ), constraints: n.all}
	if p := c.typeProgram(typ); p != nil {
		for _, k := range p.root.all {
			if !n.states(k.Constraint) {
				facts.constraints = append(facts.constraints[:len(facts.constraints):len(facts.constraints)], k)
			}
		}
	}
	t.facts.Store(facts)
	return facts
}

// typeOf returns the type that the element of a frame has by a node: the one its
// name says, or the first.
func (n *node) typeOf(f *frame) *elementType {
	if f.choice != "" {
		return n.typeNamed(f.choice)
	}
	if len(n.types) > 0 {
		return &n.types[0]
	}
	return nil
}

// named is what a member name leads to.
type named struct {
	slot      int
	typ       string // of a choice
	companion bool
	excluded  bool // a type that the profile does not allow
}

// lazyProgram is compiled by the first who needs it.
type lazyProgram struct {
	once sync.Once
	p    *program
}

// program returns the compiled form of a structure.
func (c *Checker) program(st *fhirdef.Structure) *program {
	v, ok := c.programs.Load(st)
	if !ok {
		v, _ = c.programs.LoadOrStore(st, new(lazyProgram))
	}
	l := v.(*lazyProgram)
	l.once.Do(func() { l.p = c.compile(st) })
	return l.p
}

// typeProgram returns the program of a type of FHIR; nil if there is none.
func (c *Checker) typeProgram(name string) *program {
	if st := c.defs.Type(name); st != nil {
		return c.program(st)
	}
	return nil
}

func (c *Checker) compile(st *fhirdef.Structure) *program {
	p := &program{st: st, label: st.URL, byID: make(map[string]*node, len(st.Elements))}
	if st.Version != "" {
		p.label += "|" + st.Version
	}
	base := c.baseOf(st)
	var stack []*node // the last node of each depth
	for i := range st.Elements {
		el := &st.Elements[i]
		depth := strings.Count(el.Path, ".")
		n := newNode(p, el)
		loosen(n)
		if el.ID != "" {
			p.byID[el.ID] = n
		}
		c.inherit(n, base)
		switch {
		case depth == 0:
			if p.root != nil {
				continue
			}
			p.root = n
		case depth > len(stack) || p.root == nil:
			continue // a snapshot with a hole
		default:
			stack[depth-1].add(n)
		}
		stack = append(stack[:depth], n)
	}
	if p.root == nil {
		p.root = &node{p: p, el: &fhirdef.Element{Path: st.Type, Max: fhirdef.Unbounded}}
	}
	p.root.index()
	return p
}

func newNode(p *program, el *fhirdef.Element) *node {
	n := &node{p: p, el: el, name: el.Path[strings.LastIndexByte(el.Path, '.')+1:]}
	n.name = strings.TrimSuffix(n.name, "[x]")
	n.list = el.BaseMax > 1 || el.BaseMax == 0 && el.BasePath == "" && el.Max > 1
	for i := range el.Types {
		t := &el.Types[i]
		n.types = append(n.types, elementType{t, typeName(t), new(atomic.Pointer[typeFacts])})
	}
	return n
}

// typeName is how a type is called in choices and definitions.
func typeName(t *fhirdef.Type) string {
	if name, ok := strings.CutPrefix(strings.TrimPrefix(t.Code, "http://hl7.org/fhirpath/"), "System."); ok {
		if t.FHIRType != "" {
			return t.FHIRType
		}
		return strings.ToLower(name[:1]) + name[1:]
	}
	return t.Code[strings.LastIndexByte(t.Code, '/')+1:]
}

// choice tells a choice element.
func (n *node) choice() bool { return strings.HasSuffix(n.el.Path, "[x]") }

// add puts a child behind n: a new slot, or a slice of one.
func (n *node) add(child *node) {
	if name := child.el.SliceName; name != "" {
		if head := n.slot(child); head != nil {
			head.slice(child, name)
			return
		}
	}
	n.slots = append(n.slots, child)
}

// slot finds the slot that a slice belongs to.
func (n *node) slot(child *node) *node {
	for i := len(n.slots) - 1; i >= 0; i-- {
		s := n.slots[i]
		if s.el.Path == child.el.Path {
			return s
		}
		if s.choice() && strings.HasPrefix(child.name, s.name) { // value[x] sliced as valueQuantity
			for _, t := range s.types {
				if child.name == s.name+upper(t.name) {
					return s
				}
			}
		}
	}
	return nil
}

// slice puts a slice, or by its name a/b the slice b of slice a.
func (n *node) slice(child *node, name string) {
	for _, s := range n.slices {
		if strings.HasPrefix(name, s.el.SliceName+"/") {
			s.slice(child, name)
			return
		}
	}
	n.slices = append(n.slices, child)
}

// index makes the tables of names below n.
func (n *node) index() {
	if len(n.slots) > 0 {
		n.names = make(map[string]named, 2*len(n.slots))
	}
	for i, s := range n.slots {
		s.number(&s.places)
		if s.asks() {
			n.required = append(n.required, i)
		}
		switch {
		case s.choice():
			for _, t := range s.types {
				name := s.name + upper(t.name)
				n.names[name] = named{slot: i, typ: t.name}
				if isPrimitive(t.name) {
					n.names["_"+name] = named{slot: i, typ: t.name, companion: true}
				}
			}
			for _, t := range s.excluded {
				n.names[s.name+upper(t.name)] = named{slot: i, typ: t.name, excluded: true}
			}
		default:
			n.names[s.name] = named{slot: i}
			if len(s.types) > 0 && isPrimitive(s.types[0].name) {
				n.names["_"+s.name] = named{slot: i, companion: true}
			}
		}
		s.index()
	}
	for _, s := range n.slices {
		s.index()
	}
}

// number gives the slices and reslices of a list their places.
func (n *node) number(next *int) {
	for _, s := range n.slices {
		s.place = *next
		*next++
		s.number(next)
	}
}

// asks tells whether an element or one of its slices must be there.
func (n *node) asks() bool {
	return n.el.Min > 0 || slices.ContainsFunc(n.slices, (*node).asks)
}

func upper(name string) string {
	if name == "" {
		return name
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// isPrimitive tells a primitive type by its name (R4 §2.24: they begin with a
// small letter, other types with a capital).
func isPrimitive(typ string) bool {
	const longest = len("base64Binary")
	return typ != "" && typ[0] >= 'a' && typ[0] <= 'z' && len(typ) <= longest && strings.IndexByte(typ, '.') < 0
}

// typeNamed returns the allowed type of a name.
func (n *node) typeNamed(name string) *elementType {
	for i := range n.types {
		if n.types[i].name == name {
			return &n.types[i]
		}
	}
	return nil
}

// baseOf returns the program of the type that a profile constrains; nil for a type.
func (c *Checker) baseOf(st *fhirdef.Structure) *program {
	if base := c.defs.Type(st.Type); base != nil && base != st {
		return c.program(base)
	}
	return nil
}

// kids returns the node whose slots are the children of an element of type typ
// under n: n itself if its structure walks on into it, the element that a
// contentReference names, or the root of the type.
func (c *Checker) kids(n *node, typ string) *node {
	if len(n.slots) > 0 {
		return n
	}
	if id := n.el.ContentReference; id != "" {
		if target := c.content(n, id); target != nil {
			return target
		}
	}
	if p := c.typeProgram(typ); p != nil {
		return p.root
	}
	return nil
}

// content returns the element of the same structure, or of the type it
// constrains, that a contentReference names.
func (c *Checker) content(n *node, reference string) *node {
	id := reference[strings.LastIndexByte(reference, '#')+1:]
	if target := n.p.byID[id]; target != nil {
		return target
	}
	if base := c.baseOf(n.p.st); base != nil {
		return base.byID[id]
	}
	return nil
}
