package dataset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

// fhirBuilder makes objects of FHIR's structures. Each type, profile and code
// set is made once and shared.
type fhirBuilder struct {
	in     *input
	defs   *fhirdef.Definitions
	issues issue.List

	plain    map[string]*Object // by the name of their shape
	profiles map[string]*Object // by canonical
	names    map[string]bool
	trees    map[*fhirdef.Structure]*fhirTree
	codeSets map[string]*codeSetEntry
	told     map[string]bool // findings that are made once a source

	places   map[string]elementPlace // by element id, of the structure placesOf
	placesOf string
	stating  string // canonical of the profile whose elements are being read
	objects  int
	depth    int
}

// Limits on what one source may make.
const (
	maxFHIRObjects = 100_000
	maxFHIRDepth   = 64
)

func newFHIRBuilder(in *input) *fhirBuilder {
	b := &fhirBuilder{
		in: in, defs: in.defs,
		plain: map[string]*Object{}, profiles: map[string]*Object{}, names: map[string]bool{},
		trees: map[*fhirdef.Structure]*fhirTree{}, codeSets: map[string]*codeSetEntry{}, told: map[string]bool{},
	}
	if b.defs == nil {
		b.defs = fhirdef.R4()
	}
	return b
}

// finding reports something about an element, "" for the source as a whole.
func (b *fhirBuilder) finding(s issue.Severity, c issue.Code, id, msg string) {
	b.issues = append(b.issues, issue.Issue{Severity: s, Code: c, Pos: b.pos(id), Path: id, Message: msg})
}

// once reports something that would be said again and again.
func (b *fhirBuilder) once(key string, s issue.Severity, c issue.Code, id, msg string) {
	if !b.told[key] {
		b.told[key] = true
		b.finding(s, c, id, msg)
	}
}

// pos is the place of an element: in the file where that is at hand, else the
// place at which the profile names the source.
func (b *fhirBuilder) pos(id string) issue.Pos {
	if p, ok := b.places[id]; ok {
		return p.pos
	}
	if b.in.file != "" {
		return issue.Pos{Source: b.in.file}
	}
	return b.in.spec.Pos
}

// uniqueName returns a name that no other object has.
func (b *fhirBuilder) uniqueName(want string) string {
	name := want
	for i := 2; b.names[name]; i++ {
		name = want + "-" + strconv.Itoa(i)
	}
	b.names[name] = true
	return name
}

func (b *fhirBuilder) tree(st *fhirdef.Structure) *fhirTree {
	t, ok := b.trees[st]
	if !ok {
		t = treeOf(st.Elements)
		b.trees[st] = t
	}
	return t
}

// rootObject is the object of a structure's root: a type's own, or a narrowed
// one for a profile.
func (b *fhirBuilder) rootObject(st *fhirdef.Structure) *Object {
	if st.Derivation != "constraint" && b.defs.Type(st.Type) == st {
		return b.plainObject(st.Type)
	}
	return b.profileObject(st)
}

// plainObject is the object of a type, or of an element with members of its
// own by the path of its shape; nil if there is none.
func (b *fhirBuilder) plainObject(shapeName string) *Object {
	if o, ok := b.plain[shapeName]; ok {
		return o
	}
	shape := b.defs.Shape(shapeName)
	if shape == nil {
		return nil
	}
	tree := b.tree(shape.Structure)
	n := tree.byPath[shape.Element.Path]
	if n == nil {
		return nil
	}
	o := b.newObject(n, shape, urlTail(shapeName))
	if i := strings.IndexByte(shapeName, '#'); i >= 0 {
		o.Name = shapeName[i+1:]
	}
	o.Name = b.uniqueName(o.Name)
	if b.defs.Abstract(shape.Name) || shape.Kind == "logical" {
		o.Closed = false // what specializes it has more, and an instance of a model names its type
	}
	b.plain[shapeName] = o
	b.fill(o, n, shape)
	return o
}

// profileObject is the object of a profile on a type, an extension's among
// them.
func (b *fhirBuilder) profileObject(st *fhirdef.Structure) *Object {
	key := st.URL + "|" + st.Version
	if o, ok := b.profiles[key]; ok {
		return o
	}
	shape := b.defs.Shape(st.Type)
	tree := b.tree(st)
	if tree == nil {
		return nil
	}
	name := st.Name
	if st.Type == "Extension" || name == "" {
		name = urlTail(st.URL)
	}
	o := b.newObject(tree.root, shape, b.uniqueName(name))
	o.Title, o.Base = st.Title, st.Type
	if shape == nil {
		o.Base = urlTail(st.Base)
	}
	o.Closed = st.Kind != "logical" && !b.defs.Abstract(st.Type)
	b.profiles[key] = o
	before := b.stating
	b.stating = st.URL
	b.fill(o, tree.root, shape)
	b.stating = before
	return o
}

// narrowedObject is the object of an element whose members a profile narrows.
func (b *fhirBuilder) narrowedObject(n *fhirNode, shape *fhirdef.Shape, owner *Object, label string) *Object {
	o := b.newObject(n, shape, b.uniqueName(owner.Name+"."+label))
	if shape != nil {
		o.Base = urlTail(shape.Name)
		if shape.Kind != "element" {
			o.Rules = append(b.rules(shape.Element, nil), b.rules(n.e, shape.Element.Constraints)...)
		}
	}
	b.fill(o, n, shape)
	return o
}

func (b *fhirBuilder) newObject(n *fhirNode, shape *fhirdef.Shape, name string) *Object {
	b.objects++
	o := &Object{Name: name, FHIR: true, Closed: true, ID: n.e.ID, Pos: b.pos(n.e.ID)}
	p := b.places[n.e.ID]
	o.Title, o.Description = p.short, p.definition
	if shape != nil && shape.Kind == "resource" {
		o.ResourceType = shape.Name
		if b.defs.Abstract(shape.Name) {
			o.ResourceType = ""
		}
	}
	o.Rules = b.rules(n.e, nil)
	return o
}

// fill gives an object its fields. Shape is that of the type that it is or
// narrows, nil if that is not at hand.
func (b *fhirBuilder) fill(o *Object, n *fhirNode, shape *fhirdef.Shape) {
	if b.objects > maxFHIRObjects || b.depth > maxFHIRDepth {
		b.once("limit", issue.Error, CodeSource, n.e.ID, "want a structure within the limits, have too many objects in it or too deep ones")
		return
	}
	b.depth++
	defer func() { b.depth-- }()
	for _, c := range foldTypeSlices(n.children, shape) {
		m := shape.Member(c.name)
		if c.choice || m != nil && m.Choice {
			b.choice(o, c, m)
			continue
		}
		if c.e.Max == 0 {
			o.Prohibited = append(o.Prohibited, c.name)
			continue
		}
		typ, t := fhirTypeOf(c.e, m)
		f := b.field(o, c, m, c.name, typ, t)
		f.Required = f.Required || c.e.Min > 0
		o.Fields = append(o.Fields, f)
	}
}

// fhirTypeOf is the only type of an element that is no choice, by the name to ask
// for its shape.
func fhirTypeOf(e *fhirdef.Element, m *fhirdef.Member) (string, *fhirdef.Type) {
	var t *fhirdef.Type
	if len(e.Types) > 0 {
		t = &e.Types[0]
	}
	if m != nil && len(m.Choices) > 0 && e.BasePath != "Resource.id" && (t == nil || strings.ContainsAny(m.Choices[0].Type, ".#") && !strings.HasPrefix(m.Choices[0].Type, "System.")) {
		return m.Choices[0].Type, t
	}
	switch {
	case t == nil:
		return "", nil
	case e.BasePath == "Resource.id" && t.Name() == "string": // R4's definition says string, its text id
		return "id", t
	}
	return t.Name(), t
}

// foldTypeSlices makes valueQuantity beside or in place of value[x], as older
// snapshots write a narrowed choice, a slice of it.
func foldTypeSlices(children []*fhirNode, shape *fhirdef.Shape) []*fhirNode {
	odd := func(c *fhirNode) *fhirdef.Member {
		if c.choice || shape == nil || shape.Member(c.name) != nil {
			return nil
		}
		m, _ := shape.JSON([]byte(c.name))
		return m
	}
	if !slices.ContainsFunc(children, func(c *fhirNode) bool { return odd(c) != nil }) {
		return children
	}
	var out []*fhirNode
	for _, c := range children {
		m := odd(c)
		if m == nil {
			out = append(out, c)
			continue
		}
		at := slices.IndexFunc(out, func(o *fhirNode) bool { return o.name == m.Name })
		if at < 0 { // in place of value[x]: the other types are not allowed
			e := *c.e
			out = append(out, &fhirNode{e: &e, name: m.Name, choice: true, children: c.children, slices: c.slices})
			continue
		}
		whole := *out[at]
		whole.slices = append(slices.Clone(whole.slices), c)
		out[at] = &whole
	}
	return out
}

// field makes the field of an element with one type.
func (b *fhirBuilder) field(o *Object, c *fhirNode, m *fhirdef.Member, name, typ string, t *fhirdef.Type) *Field {
	p := b.places[c.e.ID]
	f := &Field{
		Name: name, Title: p.short, Description: p.definition, ID: c.e.ID, Path: c.e.ID, Pos: b.pos(c.e.ID),
	}
	elem := b.elementType(o, c, typ, t, name)
	b.origins(f, c.e, typ)
	if !isFHIRList(c.e, m) {
		f.Type = elem
		if len(c.slices) > 0 && !c.choice {
			b.notHeld(c.e.ID, "slices of an element that is no list are not held")
		}
		return f
	}
	f.Type = fhirListOf(elem, c.e)
	if len(c.slices) > 0 {
		b.sliceList(o, f, c, typ)
	}
	return f
}

// fhirListOf is the list of an element that may repeat.
func fhirListOf(elem Type, e *fhirdef.Element) Type {
	t := ListOf(elem)
	t.MinItems = max(e.Min, 0)
	if e.Max >= 0 && e.Max != fhirdef.Unbounded {
		t.MaxItems = e.Max
	}
	return t
}

// isFHIRList reports whether an element is a list in JSON: its base decides, also
// where a profile allows one alone.
func isFHIRList(e *fhirdef.Element, m *fhirdef.Member) bool {
	if m != nil {
		return m.List
	}
	if e.BaseMax >= 0 && e.BasePath != "" {
		return e.BaseMax > 1
	}
	return e.Max > 1
}

// elementType is the type of an element of a list, or of a single value.
func (b *fhirBuilder) elementType(o *Object, c *fhirNode, typ string, t *fhirdef.Type, label string) Type {
	out := b.bareType(o, c, typ, t, label)
	if c.e.MaxLength > 0 && out.Kind == Text {
		out.MaxLength = c.e.MaxLength
	}
	b.values(&out, c.e, typ)
	b.bind(&out, c.e, typ)
	if t != nil {
		out.Targets = b.targets(t.TargetProfiles, c.e.ID)
	}
	if out.Kind != ObjectKind || !b.madeFor(out.Object, c) {
		out.Rules = append(b.rules(c.e, b.rootConstraints(typ)), out.Rules...)
	}
	return out
}

// madeFor reports whether an object was made for an element, so that the
// element's constraints are among its own.
func (b *fhirBuilder) madeFor(o *Object, c *fhirNode) bool {
	return o.ID == c.e.ID || c.e.ContentReference != ""
}

func (b *fhirBuilder) bareType(o *Object, c *fhirNode, typ string, t *fhirdef.Type, label string) Type {
	switch kind := b.defs.Kind(typ); {
	case kind == "primitive-type" || strings.HasPrefix(typ, "System."):
		if len(c.children) > 0 {
			b.primitiveMembers(c, typ)
		}
		return b.scalar(typ, t)
	case kind == "resource":
		if t != nil && len(t.Profiles) == 1 && len(c.children) == 0 && !b.defs.Abstract(typ) { // an entry of a document
			if st := b.typeProfile(c, t); st != nil && st.Type == typ && !st.Abstract {
				if o := b.profileObject(st); o != nil {
					return typeOfObject(o)
				}
			}
		}
		any := NewType(Any)
		any.Format = typ
		any.Targets = b.resourceTargets(typ, t, c.e.ID)
		return any
	case typ == "" || typ == "*":
		if len(c.children) == 0 {
			b.notHeld(c.e.ID, "the type of the element is not known: any value is taken")
			return NewType(Any)
		}
		return typeOfObject(b.narrowedObject(c, nil, o, label))
	}
	return b.complexType(o, c, typ, t, label)
}

func typeOfObject(o *Object) Type {
	t := NewType(ObjectKind)
	t.Object = o
	return t
}

// complexType is the type of an element with members: shared where nothing is
// narrowed.
func (b *fhirBuilder) complexType(o *Object, c *fhirNode, typ string, t *fhirdef.Type, label string) Type {
	shape := b.defs.Shape(typ)
	var profile *fhirdef.Structure
	if t != nil {
		profile = b.typeProfile(c, t)
	}
	if profile != nil && b.equals(c, b.tree(profile).root) {
		if p := b.profileObject(profile); p != nil {
			return typeOfObject(p)
		}
	}
	if len(c.children) > 0 && (shape == nil || b.narrows(c, shape)) {
		return typeOfObject(b.narrowedObject(c, shape, o, label))
	}
	if p := b.plainObject(typ); p != nil {
		return typeOfObject(p)
	}
	b.once("type "+typ, issue.Warning, CodeNotHeld, c.e.ID, fmt.Sprintf("the type %q is not at hand", typ))
	return NewType(Any)
}

// typeProfile is the profile that an element's type must conform to, nil if
// there is none or it is not at hand.
func (b *fhirBuilder) typeProfile(c *fhirNode, t *fhirdef.Type) *fhirdef.Structure {
	switch len(t.Profiles) {
	case 0:
		return nil
	case 1:
	default:
		b.notHeld(c.e.ID, "of several profiles of which a value has one, none is held")
		return nil
	}
	canonical := t.Profiles[0]
	if strings.Contains(canonical, "#") {
		b.notHeld(c.e.ID, "a profile that is an element of another is not held")
		return nil
	}
	st := b.defs.Structure(canonical)
	if st == nil || len(st.Elements) == 0 {
		b.once("profile "+canonical, issue.Warning, CodeNotHeld, c.e.ID, fmt.Sprintf("the profile %q is not at hand", canonical))
		return nil
	}
	if st.Derivation != "constraint" {
		return nil
	}
	return st
}

// notHeld tells of something that the model cannot hold.
func (b *fhirBuilder) notHeld(id, what string) {
	b.finding(issue.Information, CodeNotHeld, id, what)
}

// primitiveMembers tells what a profile says of the companion of a primitive.
func (b *fhirBuilder) primitiveMembers(c *fhirNode, typ string) {
	for _, m := range c.children {
		if m.name == "extension" && (len(m.slices) > 0 || m.e.Min > 0) {
			b.notHeld(m.e.ID, "the extensions that a profile names for a primitive are kept, but not as fields, and not checked")
		}
	}
}

// narrows reports whether the members of an element differ from those of its
// type.
func (b *fhirBuilder) narrows(n *fhirNode, shape *fhirdef.Shape) bool {
	for _, c := range n.children {
		m := shape.Member(c.name)
		if m == nil || len(c.slices) > 0 || elementDiffers(c.e, m.Element) {
			return true
		}
		if len(c.children) == 0 || len(m.Choices) == 0 {
			continue
		}
		if s := b.defs.Shape(m.Choices[0].Type); s == nil || b.narrows(c, s) {
			return true
		}
	}
	return false
}

// equals reports whether the members of an element are those of a profile, or
// none are given.
func (b *fhirBuilder) equals(n, profile *fhirNode) bool {
	for _, c := range n.children {
		p := profile.child(c.name)
		if p == nil || elementDiffers(c.e, p.e) || len(c.slices) != len(p.slices) || !b.equals(c, p) {
			return false
		}
		for i, s := range c.slices {
			if elementDiffers(s.e, p.slices[i].e) || !b.equals(s, p.slices[i]) {
				return false
			}
		}
	}
	return true
}

// elementDiffers reports whether an element of a profile says more than that of its
// type.
func elementDiffers(a, base *fhirdef.Element) bool {
	if a == base {
		return false
	}
	if a.Min != base.Min || a.Max != base.Max || a.MaxLength != base.MaxLength ||
		literalDiffers(a.Fixed, base.Fixed) || literalDiffers(a.Pattern, base.Pattern) ||
		literalDiffers(a.MinValue, base.MinValue) || literalDiffers(a.MaxValue, base.MaxValue) {
		return true
	}
	if len(a.Types) != len(base.Types) || !slices.EqualFunc(a.Types, base.Types, func(x, y fhirdef.Type) bool {
		return x.Name() == y.Name() && slices.Equal(x.Profiles, y.Profiles) && slices.Equal(x.TargetProfiles, y.TargetProfiles)
	}) {
		return true
	}
	if a.Binding != nil && (base.Binding == nil || a.Binding.ValueSet != base.Binding.ValueSet || a.Binding.Strength != base.Binding.Strength) {
		return true
	}
	return slices.ContainsFunc(a.Constraints, func(c fhirdef.Constraint) bool {
		return !slices.ContainsFunc(base.Constraints, func(d fhirdef.Constraint) bool { return d.Key == c.Key })
	})
}

func literalDiffers(a, c *fhirdef.Literal) bool {
	if a == nil || c == nil {
		return a != c
	}
	return a.Type != c.Type || compactLiteral(a.Value) != compactLiteral(c.Value)
}
