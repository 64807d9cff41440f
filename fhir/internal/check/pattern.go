package check

import (
	"bytes"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// fixed compares a value with a fixed one, part by part, so that the finding
// stands where the difference is. (ElementDefinition.fixed[x])
func (r *run) fixed(n *node, a at) {
	f := r.f(a)
	differs := func(v jsontree.Value, at at) {
		r.report(finding{severity: issue.Error, code: CodeFixed, rule: n.p.label, at: at, value: v,
			message: "want the fixed value of " + elementName(n.el.ID, n.el.Path) + ", have " + otherValue(v) + " (" + n.p.label + ")"})
	}
	if f.value.Get("extension").Len()+f.companion.Get("extension").Len() > 0 && n.el.Fixed.Value.Get("extension").Kind() == jsontree.Invalid && n.el.Fixed.Companion.Kind() == jsontree.Invalid {
		r.err(a, CodeFixed, n.p.label, "want the fixed value of "+elementName(n.el.ID, n.el.Path)+" without extensions, have some ("+n.p.label+")")
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
		case have.Kind() == jsontree.Array && w.Kind() == jsontree.Array && have.Len() == 1 && w.Len() == 1 && have.First().Kind() == jsontree.Object:
			r.fixedParts(part, have.First(), w.First(), differs)
		case !equal(have, w) && w.Kind() == jsontree.Array:
			differs(v, a)
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

// patternParts reports what a value lacks of a pattern where it lacks it: a list
// at its owner, once for each item that is not there.
func (r *run) patternParts(n *node, a at, v, pattern jsontree.Value) {
	lacks := func(at at, v jsontree.Value) {
		r.report(finding{severity: issue.Error, code: CodePattern, rule: n.p.label, at: at, value: v,
			message: "want the pattern of " + elementName(n.el.ID, n.el.Path) + ", have " + describe(v) + " without it (" + n.p.label + ")"})
	}
	if v.Kind() != jsontree.Object || pattern.Kind() != jsontree.Object {
		lacks(a, v)
		return
	}
	for p := pattern.First(); p.Kind() != jsontree.Invalid; p = p.Next() {
		have := v.Get(p.Key())
		switch {
		case holds(have, p):
		case p.Kind() == jsontree.Array:
			lacks(a, v)
		default:
			part := r.child(a, p.Key(), -1, have, "")
			if p.Kind() == jsontree.Object && have.Kind() == jsontree.Object {
				r.patternParts(n, part, have, p)
			} else {
				lacks(part, have)
			}
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
			if !holds(memberLike(v, p), p) {
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

// memberLike returns the member of v that has the name of like.
func memberLike(v, like jsontree.Value) jsontree.Value {
	name := like.KeyBytes()
	m := v.First()
	for m.Kind() != jsontree.Invalid && !bytes.Equal(m.KeyBytes(), name) {
		m = m.Next()
	}
	return m
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
			if !equal(m, memberLike(b, m)) {
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
		return bytes.Equal(a.Bytes(nil), b.Bytes(nil))
	default:
		return string(a.Raw()) == string(b.Raw())
	}
}
