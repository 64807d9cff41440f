package check

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// slot gathers what one object holds for one child element.
type slot struct {
	index            int // of the child element in the slots of the node
	value, companion jsontree.Value
	choice           string // the type that the member's name says
	excluded         bool   // the profile does not allow the type
}

// resource checks the resource of a frame: by its type, by the profiles that it
// names and by more. (R4 §2.10, Resource.meta.profile)
func (r *run) resource(a at, profiles []string) {
	f := r.f(a)
	v := f.value
	typ := v.Get("resourceType")
	if typ.Kind() != jsontree.String {
		r.err(a, CodeType, "", "want a resource with resourceType, have "+describe(v))
		return
	}
	st := r.defs.Type(typ.Text())
	if st == nil || st.Kind != "resource" && st.Kind != "logical" {
		r.report(finding{severity: issue.Error, code: CodeType, at: a, value: typ, message: "want a resource type of FHIR, have another name"})
		return
	}
	f.typ = st.Type
	p := r.program(st)
	f.node = p.root
	r.object(p.root, p.root, a, v, base)
	r.constraints(p.root, a, base)
	r.ownProfiles(a)
	for _, url := range r.global(st.Type) {
		r.profileURL(a, url)
	}
	for _, url := range profiles {
		if st := r.defs.Structure(url); st == nil || r.defs.IsSubtype(r.f(a).typ, st.Type) {
			r.profileURL(a, url)
		}
	}
	if st.Type == "Observation" {
		r.vitalSign(a)
	}
	r.contained(a)
	r.resourceRules(a)
}

// global returns the profiles that implementation guides make every resource of
// a type conform to. (ImplementationGuide.global)
func (c *Checker) global(typ string) []string {
	c.globalOnce.Do(func() {
		for url := range c.defs.URLs("ImplementationGuide") {
			for g := c.defs.Resource("ImplementationGuide", url).Get("global").First(); g.Kind() != jsontree.Invalid; g = g.Next() {
				if c.globals == nil {
					c.globals = make(map[string][]string)
				}
				t := g.Get("type").Text()
				c.globals[t] = append(c.globals[t], g.Get("profile").Text())
			}
		}
	})
	return c.globals[typ]
}

// ownProfiles checks a resource against its meta.profile.
func (r *run) ownProfiles(a at) {
	meta := r.f(a).value.Get("meta")
	i := 0
	for p := meta.Get("profile").First(); p.Kind() != jsontree.Invalid; p = p.Next() {
		if url := p.Text(); url == "" {
		} else if st := r.defs.Structure(url); st != nil {
			r.profile(a, st)
		} else {
			m := r.child(a, "meta", -1, meta, "Meta")
			r.noProfile(r.child(m, "profile", i, p, "canonical"), url)
			r.pop(m)
		}
		i++
	}
}

// noProfile reports a profile that is not there.
func (r *run) noProfile(a at, url string) {
	r.warn(a, CodeProfileUnknown, safeRule(url), "want the definition of profile "+safeURL(url)+", have none: not checked")
}

// profileURL checks an element against the profile of a canonical URL.
func (r *run) profileURL(a at, url string) {
	st := r.defs.Structure(url)
	if st == nil {
		r.noProfile(a, url)
		return
	}
	r.profile(a, st)
}

// mode says which walk it is.
type mode uint8

const (
	base    mode = iota // by types: everything that holds for every resource
	profile             // by a profile: what it adds
)

// object checks the members of a frame's object, or of a primitive's companion, by
// the slots of kids; n is the element they belong to. What is there is gathered
// first, so that an element with many members and few of them present costs little.
func (r *run) object(n, kids *node, a at, v jsontree.Value, m mode) {
	first := len(r.slots)
	for member := v.First(); member.Kind() != jsontree.Invalid; member = member.Next() {
		r.member(kids, a, first, member, m)
	}
	last := len(r.slots)
	for i := first; i < last; i++ {
		got := r.slots[i]
		r.slot(kids.slots[got.index], a, got, m)
	}
	for _, i := range kids.required {
		if s := kids.slots[i]; isPrimitive(r.f(a).typ) && s.name == "value" {
			if r.f(a).value.Kind() == jsontree.Invalid { // the value of a primitive is its own
				r.cardinality(s, a, 0)
			}
		} else if !r.gathered(first, last, i) {
			r.slot(s, a, slot{}, m)
		}
	}
	r.slots = r.slots[:first]
}

// gathered tells whether an object has the child element of a slot.
func (r *run) gathered(first, last, index int) bool {
	for i := first; i < last; i++ {
		if r.slots[i].index == index {
			return true
		}
	}
	return false
}

// gather returns what an object holds of the child element of a slot.
func (r *run) gather(first, index int) *slot {
	for i := len(r.slots) - 1; i >= first; i-- {
		if r.slots[i].index == index {
			return &r.slots[i]
		}
	}
	r.slots = append(r.slots, slot{index: index})
	return &r.slots[len(r.slots)-1]
}

// member finds the slot of one member.
func (r *run) member(kids *node, a at, first int, member jsontree.Value, m mode) {
	key := member.KeyBytes()
	to, ok := kids.names[string(key)]
	if !ok || isPrimitive(r.f(a).typ) && string(key) == "value" {
		if m == base {
			r.unknownMember(kids, a, member)
		}
		return
	}
	if m == base && string(key) == "id" && r.f(a).scope != a {
		r.elementID(a, member)
	}
	s := r.gather(first, to.slot)
	if to.companion {
		if s.choice != "" && s.choice != to.typ {
			return // told of at the value
		}
		s.companion, s.choice = member, to.typ
		return
	}
	if s.value.Kind() != jsontree.Invalid || s.choice != "" && s.choice != to.typ {
		if m == base && s.choice != to.typ {
			r.report(finding{severity: issue.Error, code: CodeChoice, at: a, value: member, rule: kids.slots[to.slot].el.ID,
				message: "want one type of " + kids.slots[to.slot].name + "[x], have several"})
		}
		return
	}
	s.value, s.choice, s.excluded = member, to.typ, to.excluded
}

// elementID checks that the id of an element is the only one of its resource.
// (R4 §2.24.0.1, Element.id)
func (r *run) elementID(a at, v jsontree.Value) {
	if r.f(a).typ == "ElementDefinition" {
		return // snapshot and differential have the same ids
	}
	key := elementID{r.f(a).scope, v.Text()}
	if _, ok := r.elementIDs[key]; ok {
		r.report(finding{severity: issue.Error, code: CodeElementID, rule: "Element.id", at: a, value: v,
			message: "want an id that no other element of the resource has, have one again"})
		return
	}
	if r.elementIDs == nil {
		r.elementIDs = make(map[elementID]struct{})
	}
	r.elementIDs[key] = struct{}{}
}

// unknownMember reports a member that the element doesn't have.
func (r *run) unknownMember(kids *node, a at, member jsontree.Value) {
	switch {
	case member.KeyIs("resourceType") && r.f(a).scope == a:
	case member.KeyIs("fhir_comments") && r.opts.AllowComments:
	case r.in.XML: // the reader of XML has told of it
	default:
		r.report(finding{severity: issue.Error, code: CodeUnknownElement, at: a, value: member, rule: kids.p.st.URL,
			message: "want elements of " + kids.el.Path + ", have " + memberName(member)})
	}
}

// memberName is a member's name if it could be one of FHIR's.
func memberName(v jsontree.Value) string {
	key := v.KeyBytes()
	if len(key) == 0 || len(key) > 64 {
		return "another name"
	}
	for _, c := range key {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return "another name"
		}
	}
	return string(key)
}

// slot checks one child element: its number, its slices, and each of its items.
func (r *run) slot(s *node, a at, got slot, m mode) {
	if got.excluded {
		r.excludedType(s, a, got)
		return
	}
	present := got.value.Kind() != jsontree.Invalid || got.companion.Kind() != jsontree.Invalid
	if !present {
		if len(s.slices) == 0 || !r.sliceCounts(s, a, nil) || !s.el.Summed {
			r.cardinality(s, a, 0)
		}
		return
	}
	values, companions, isList := r.items(s, a, got, m)
	count := 1
	if isList {
		count = max(values.Len(), companions.Len())
	}
	if m == profile && s.idle() {
		r.cardinality(s, a, count)
		return // the profile says no more about it
	}
	var counts []int
	if len(s.slices) > 0 {
		counts = make([]int, s.places)
	}
	order := 0
	if !isList {
		r.item(s, a, frame{name: s.name, value: values, companion: companions, choice: got.choice, index: -1}, m, counts, &order)
	} else {
		v, c := values.First(), companions.First()
		for i := range count {
			r.item(s, a, frame{name: s.name, value: nonNull(v), companion: nonNull(c), choice: got.choice, index: i}, m, counts, &order)
			v, c = v.Next(), c.Next()
		}
	}
	if counts == nil || !r.sliceCounts(s, a, counts) || !s.el.Summed || count > s.el.Max {
		r.cardinality(s, a, count)
	}
	if len(s.faults) > 0 {
		r.faulty(s, a)
	}
}

// excludedType reports a choice element of a type that a profile leaves out: at
// the element if the profile leaves one type, otherwise at its owner, as no type
// is meant.
func (r *run) excludedType(s *node, a at, got slot) {
	message := "want " + typeList(s) + " for " + s.el.Path + ", have " + got.choice + " (" + s.p.label + ")"
	if len(s.types) != 1 {
		r.report(finding{severity: issue.Error, code: CodeType, rule: s.p.label, at: a, value: got.value, message: message})
		return
	}
	item := r.push(a, frame{name: s.name, value: got.value, choice: got.choice, typ: got.choice, index: -1})
	r.err(item, CodeType, s.p.label, message)
	r.pop(item)
}

// idle tells that a node of a profile asks nothing of its items.
func (n *node) idle() bool {
	el := n.el
	return len(n.slots) == 0 && len(n.slices) == 0 && len(n.added) == 0 && el.Slicing == nil && el.Fixed == nil && el.Pattern == nil &&
		!n.ownBinding && el.MinValue == nil && el.MaxValue == nil && el.MaxLength == 0 && !n.ownTypes && len(el.Extensions) == 0
}

func nonNull(v jsontree.Value) jsontree.Value {
	if v.Kind() == jsontree.Null {
		return jsontree.Value{}
	}
	return v
}

// items returns the values and companions of a slot, and whether they are lists.
func (r *run) items(s *node, a at, got slot, m mode) (values, companions jsontree.Value, isList bool) {
	array := got.value.Kind() == jsontree.Array || got.value.Kind() == jsontree.Invalid && got.companion.Kind() == jsontree.Array
	if m == base && array != s.list {
		want, have := "a list", "a single value"
		if array {
			want, have = have, want
		}
		where := got.value
		if where.Kind() == jsontree.Invalid {
			where = got.companion
		}
		r.report(finding{severity: issue.Error, code: CodeForm, at: a, value: where, rule: s.el.ID, message: "want " + s.name + " as " + want + ", have " + have})
	}
	if !array {
		return nonNull(got.value), nonNull(got.companion), false
	}
	if got.companion.Kind() != jsontree.Array {
		got.companion = jsontree.Value{}
	}
	return got.value, got.companion, true
}

// cardinality checks how often a child occurs. (ElementDefinition.min, .max)
func (r *run) cardinality(s *node, a at, count int) {
	switch el := s.el; {
	case count < el.Min:
		r.err(a, CodeCardinality, s.p.label, fmt.Sprintf("want at least %d of %s, have %d (%s)", el.Min, elementName(el.ID, el.Path), count, s.p.label))
	case count > el.Max && !(el.Max == 1 && !s.list && count == 1):
		r.err(a, CodeCardinality, s.p.label, fmt.Sprintf("want at most %d of %s, have %d (%s)", el.Max, elementName(el.ID, el.Path), count, s.p.label))
	}
}

func elementName(id, path string) string {
	if id != "" {
		return id
	}
	return path
}

// item checks one item of a child element: against the slice that it matches or
// the element itself.
func (r *run) item(s *node, a at, f frame, m mode, counts []int, order *int) {
	f.node = s
	f.typ = itemType(s, f)
	item := r.push(a, f)
	defer r.pop(item)
	n := s
	if counts != nil || s.el.Slicing != nil {
		n = r.sliceOf(s, item, counts, order)
	}
	if n != s && m == profile { // what holds of the whole list holds of a slice's item too
		r.value(s, item, m)
		r.constraints(s, item, m)
		if f := r.f(item); len(n.slots) == 0 && len(s.slots) > 0 && !isPrimitive(f.typ) && f.value.Kind() == jsontree.Object {
			r.object(s, s, item, f.value, m) // a snapshot need not say it again for the slice
		}
	}
	r.element(n, item, m)
}

// itemType is the type of an item: what its name says, or the only one allowed.
func itemType(s *node, f frame) string {
	if f.choice != "" {
		return f.choice
	}
	if len(s.types) == 0 {
		if ref := s.el.ContentReference; ref != "" {
			return ref[strings.LastIndexByte(ref, '#')+1:]
		}
		return s.el.Path
	}
	switch name := s.types[0].name; name {
	case "BackboneElement", "Element":
		return s.typePath()
	default:
		return name
	}
}

// typePath is the path that names the type of a backbone element.
func (n *node) typePath() string {
	if n.el.BasePath != "" {
		return n.el.BasePath
	}
	return n.el.Path
}

// element checks the element of a frame by a node.
func (r *run) element(n *node, a at, m mode) {
	f := r.f(a)
	typ := f.typ
	t := n.typeOf(f)
	if t == nil && f.choice != "" && m == profile {
		r.err(a, CodeType, n.p.label, "want "+typeList(n)+" for "+n.el.Path+", have "+typ+" ("+n.p.label+")")
		return
	}
	if f.isResource() && !isPrimitive(typ) {
		r.nested(n, a, m)
		return
	}
	ok := true
	if m == base {
		ok = r.shape(a)
	}
	if !ok {
		return
	}
	r.value(n, a, m)
	kids := n
	if m == base {
		if t != nil {
			kids = r.typeFacts(n, t, typ).kids
		} else {
			kids = r.kids(n, typ)
		}
	}
	f = r.f(a)
	switch {
	case kids == nil:
	case isPrimitive(typ):
		if f.companion.Kind() == jsontree.Object || m == profile && len(kids.slots) > 0 {
			r.object(n, kids, a, f.companion, m)
		}
	case m == base || len(kids.slots) > 0:
		r.object(n, kids, a, f.value, m)
	}
	r.constraints(n, a, m)
	if m == base {
		r.typeRules(n, a)
	}
	if t == nil {
		return
	}
	if typ == "Reference" && (m == base || n.ownTypes) {
		r.referenceTargets(n, t, a)
	}
	if len(t.Profiles) > 0 && (m == base || n.ownTypes) {
		r.typeProfiles(n, t, a)
	}
}

// shape checks the JSON kind that a type is written in.
func (r *run) shape(a at) bool {
	f := r.f(a)
	switch k := f.value.Kind(); {
	case k == jsontree.Invalid:
		return f.companion.Kind() != jsontree.Invalid
	case isPrimitive(f.typ):
		if k == jsontree.Object || k == jsontree.Array {
			r.err(a, CodeForm, f.typ, "want "+f.typ+" as a primitive value, have "+describe(f.value))
			return false
		}
	case k != jsontree.Object:
		r.err(a, CodeForm, f.typ, "want "+f.typ+" as an object, have "+describe(f.value))
		return false
	}
	return true
}

// nested checks a resource inside another: contained, of a Bundle entry or a parameter.
func (r *run) nested(n *node, a at, m mode) {
	if m == base {
		r.resource(a, nil)
		return
	}
	f := r.f(a)
	name := f.value.Get("resourceType").Text()
	f.typ = name
	if len(n.types) == 0 {
		return
	}
	for i := range n.types {
		t := &n.types[i]
		if !r.defs.IsSubtype(name, t.name) {
			continue
		}
		r.value(n, a, m)
		if len(n.slots) > 0 {
			r.object(n, n, a, f.value, m)
		}
		r.constraints(n, a, m)
		if len(t.Profiles) > 0 {
			r.typeProfiles(n, t, a)
		}
		return
	}
	r.err(a, CodeType, n.p.label, "want "+typeList(n)+", have "+name+" ("+n.p.label+")")
}

// typeProfiles checks an element against the profiles of its type: one of them
// is enough. (ElementDefinition.type.profile)
func (r *run) typeProfiles(n *node, t *elementType, a at) {
	if len(t.Profiles) == 1 {
		if st, n := r.profileNode(t.Profiles[0]); n != nil {
			r.elementOfProfile(n, a)
		} else if st != nil {
			r.profile(a, st)
		} else if !isPrimitive(t.name) && t.name != "Extension" {
			r.err(a, CodeProfileUnknown, t.Profiles[0], "want the definition of profile "+t.Profiles[0]+", have none: not checked")
		}
		return
	}
	for _, url := range t.Profiles {
		if r.conforms(a, url) {
			return
		}
	}
	for _, url := range t.Profiles { // none: tell what each of them misses
		if st := r.defs.Structure(url); st != nil {
			r.profile(a, st)
		}
	}
	r.err(a, CodeProfile, n.p.label, fmt.Sprintf("want one of %d profiles of %s, have a value that conforms to none (%s)", len(t.Profiles), n.el.Path, n.p.label))
}

func typeList(n *node) string {
	b := []byte("type ")
	for i, t := range n.types {
		if i > 0 {
			b = append(b, " or "...)
		}
		b = append(b, t.name...)
	}
	if len(n.types) == 0 {
		return "no value"
	}
	return string(b)
}

// describe tells a value by kind, never what it holds.
func describe(v jsontree.Value) string {
	switch v.Kind() {
	case jsontree.Invalid:
		return "none"
	case jsontree.Array:
		return "a list of " + strconv.Itoa(v.Len())
	case jsontree.Object:
		return "an object"
	default:
		return "a " + v.Kind().String()
	}
}
