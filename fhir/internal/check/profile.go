package check

import (
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
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
		r.err(a, CodePattern, n.p.label, "want the pattern of "+elementName(el.ID, el.Path)+", have "+describe(f.value)+" without it ("+n.p.label+")")
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

// fixed compares a value with a fixed one, part by part, so that the finding
// stands where the difference is. (ElementDefinition.fixed[x])
func (r *run) fixed(n *node, a at) {
	f := r.f(a)
	differs := func(v jsontree.Value, at at) {
		r.report(finding{severity: issue.Error, code: CodeFixed, rule: n.p.label, at: at, value: v,
			message: "want the fixed value of " + elementName(n.el.ID, n.el.Path) + ", have " + otherValue(v) + " (" + n.p.label + ")"})
	}
	if isPrimitive(f.typ) {
		if f.value.Kind() != jsontree.Invalid && !equal(f.value, n.el.Fixed.Value) {
			differs(f.value, a)
		}
		return
	}
	r.fixedParts(a, f.value, n.el.Fixed.Value, differs)
}

func otherValue(v jsontree.Value) string {
	if v.Kind() == jsontree.Invalid {
		return "none"
	}
	return "another " + v.Kind().String()
}

func (r *run) fixedParts(a at, v, want jsontree.Value, differs func(jsontree.Value, at)) {
	for w := want.First(); w.Kind() != jsontree.Invalid; w = w.Next() {
		have := v.Get(w.Key())
		part := r.child(a, w.Key(), -1, have, "")
		switch {
		case have.Kind() == jsontree.Object && w.Kind() == jsontree.Object:
			r.fixedParts(part, have, w, differs)
		case !equal(have, w):
			differs(have, part)
		}
		r.pop(part)
	}
	for h := v.First(); h.Kind() != jsontree.Invalid; h = h.Next() {
		if key := h.Key(); want.Get(key).Kind() == jsontree.Invalid && key != "id" && key != "extension" {
			part := r.child(a, key, -1, h, "")
			differs(h, part)
			r.pop(part)
		}
	}
}

// hasPattern tells whether a value holds a pattern. (ElementDefinition.pattern[x])
func hasPattern(f *frame, p *fhirdef.Literal) bool {
	if isPrimitive(f.typ) {
		return f.value.Kind() == jsontree.Invalid || equal(f.value, p.Value)
	}
	return holds(f.value, p.Value)
}

// holds tells whether v has everything that pattern has: the members of an
// object, and for every element of a list one that holds it.
func holds(v, pattern jsontree.Value) bool {
	switch pattern.Kind() {
	case jsontree.Object:
		if v.Kind() != jsontree.Object {
			return false
		}
		for p := pattern.First(); p.Kind() != jsontree.Invalid; p = p.Next() {
			if !holds(v.Get(p.Key()), p) {
				return false
			}
		}
		return true
	case jsontree.Array:
	next:
		for p := pattern.First(); p.Kind() != jsontree.Invalid; p = p.Next() {
			for i := v.First(); v.Kind() == jsontree.Array && i.Kind() != jsontree.Invalid; i = i.Next() {
				if holds(i, p) {
					continue next
				}
			}
			return false
		}
		return true
	default:
		return equal(v, pattern)
	}
}

// equal tells whether two values are the same: objects whatever the order of
// members, numbers by their text.
func equal(a, b jsontree.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case jsontree.Object:
		if a.Len() != b.Len() {
			return false
		}
		for m := a.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
			if !equal(m, b.Get(m.Key())) {
				return false
			}
		}
		return true
	case jsontree.Array:
		x, y := a.First(), b.First()
		for ; x.Kind() != jsontree.Invalid && y.Kind() != jsontree.Invalid; x, y = x.Next(), y.Next() {
			if !equal(x, y) {
				return false
			}
		}
		return x.Kind() == y.Kind()
	case jsontree.String:
		return a.Text() == b.Text()
	default:
		return string(a.Raw()) == string(b.Raw())
	}
}

// length counts the characters of a string.
func length(v jsontree.Value) int {
	n := 0
	for range v.Text() {
		n++
	}
	return n
}

// bounds checks maxLength and the least and greatest value.
func (r *run) bounds(n *node, a at) {
	el, f := n.el, r.f(a)
	if el.MaxLength > 0 && f.value.Kind() == jsontree.String {
		if have := length(f.value); have > el.MaxLength {
			r.err(a, CodeRange, n.p.label, fmt.Sprintf("want at most %d characters, have %d (%s)", el.MaxLength, have, n.p.label))
		}
	}
	if el.MinValue != nil {
		if less, ok := lessThan(f.typ, f.value, el.MinValue.Value); ok && less {
			r.err(a, CodeRange, n.p.label, "want no less than the minimum of "+elementName(el.ID, el.Path)+", have less ("+n.p.label+")")
		}
	}
	if el.MaxValue != nil {
		if less, ok := lessThan(f.typ, el.MaxValue.Value, f.value); ok && less {
			r.err(a, CodeRange, n.p.label, "want no more than the maximum of "+elementName(el.ID, el.Path)+", have more ("+n.p.label+")")
		}
	}
}
