package check

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// maxDepth bounds how deep profiles may lead into one another.
const maxDepth = 200

// profile checks an element against a structure that constrains its type.
func (r *run) profile(a at, st *fhirdef.Structure) {
	f := r.f(a)
	name := f.typ
	if v := f.value.Get("resourceType"); v.Kind() == jsontree.String {
		name = v.Text()
	}
	if !r.defs.IsSubtype(name, st.Type) {
		r.err(a, CodeType, st.URL, "want a "+st.Type+" for profile "+st.URL+", have "+name)
		return
	}
	if r.defs.Type(st.Type) == st || r.depth >= maxDepth {
		return // the type itself: the base walk has seen to it
	}
	if len(st.Elements) == 0 {
		r.warn(a, CodeProfileUnknown, st.URL, "want a profile with a snapshot, have none for "+st.URL+": not checked")
		return
	}
	r.depth++
	defer func() { r.depth-- }()
	p := r.program(st)
	r.value(p.root, a, profile)
	f = r.f(a)
	if isPrimitive(f.typ) {
		r.object(p.root, p.root, a, f.companion, profile)
	} else {
		r.object(p.root, p.root, a, f.value, profile)
	}
	r.constraints(p.root, a, profile)
	for _, url := range st.Impose {
		r.profileURL(a, url)
	}
}

// profileNode returns the structure of a canonical URL, and where that ends in #
// and an id the node of the element that is meant.
func (r *run) profileNode(url string) (*fhirdef.Structure, *node) {
	bare, id, _ := strings.Cut(url, "#")
	st := r.defs.Structure(bare)
	if st == nil || id == "" {
		return st, nil
	}
	return st, r.program(st).byID[id]
}

// elementOfProfile checks an element by one element of a profile for another type.
func (r *run) elementOfProfile(n *node, a at) {
	r.value(n, a, profile)
	if f := r.f(a); len(n.slots) > 0 && f.value.Kind() == jsontree.Object {
		r.object(n, n, a, f.value, profile)
	}
	r.constraints(n, a, profile)
}

// value checks what a node says of the value itself: fixed values, patterns,
// ranges and bindings.
func (r *run) value(n *node, a at, m mode) {
	el := n.el
	f := r.f(a)
	if el.Fixed != nil {
		r.fixed(n, a)
	}
	if el.Pattern != nil && !hasPattern(f, el.Pattern) {
		r.patternParts(n, a, f.value, el.Pattern.Value)
	}
	if el.MaxLength > 0 || el.MinValue != nil || el.MaxValue != nil {
		r.bounds(n, a)
	}
	if len(el.Extensions) > 0 {
		r.extended(n, a)
	}
	if el.Binding != nil && f.value.Kind() != jsontree.Invalid {
		r.binding(n, a, m)
	}
}
