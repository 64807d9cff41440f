package check

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// pathStep is one step of a discriminator's path, the simple subset of FHIRPath
// that R4 allows there (§5.1.0.13): members, $this, extension(url), ofType(t)
// and resolve().
type pathStep struct {
	kind stepKind
	name string
}

type stepKind uint8

const (
	stepMember stepKind = iota
	stepExtension
	stepType
	stepResolve
)

// parseSteps reads a discriminator's path; ok is false for what is no simple path.
func parseSteps(path string) (steps []pathStep, ok bool) {
	for rest := path; rest != ""; {
		var part string
		part, rest = cutStep(rest)
		name, args, call := strings.Cut(part, "(")
		args = strings.Trim(strings.TrimSuffix(args, ")"), "'\"` ")
		switch {
		case part == "$this" || part == "":
		case !call:
			steps = append(steps, pathStep{stepMember, strings.Trim(part, "`")})
		case name == "extension":
			steps = append(steps, pathStep{stepExtension, args})
		case name == "ofType":
			steps = append(steps, pathStep{stepType, args})
		case name == "resolve":
			steps = append(steps, pathStep{stepResolve, ""})
		case name == "first":
		default:
			return nil, false
		}
	}
	return steps, true
}

// cutStep cuts at the first dot outside of parentheses.
func cutStep(path string) (step, rest string) {
	depth := 0
	for i := range len(path) {
		switch path[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '.':
			if depth == 0 {
				return path[:i], path[i+1:]
			}
		}
	}
	return path, ""
}

// compileMatcher makes the matcher of one discriminator for a slice.
func (r *run) compileMatcher(s *node, d fhirdef.Discriminator) (matcher, string) {
	where := elementName(s.el.ID, s.el.Path)
	steps, ok := parseSteps(d.Path)
	if !ok {
		return matcher{}, "want a simple path as discriminator of " + where + ", have another (" + s.p.label + ")"
	}
	m := matcher{path: steps, kind: d.Type}
	targets := r.definitions(s, steps)
	switch d.Type {
	case "exists":
		m.absent = slices.ContainsFunc(targets, func(t target) bool { return t.node != nil && t.node.el.Max == 0 })
		return m, ""
	case "type":
		m.tests = typeTests(targets)
	case "profile":
		m.tests = profileTests(targets)
	default: // value, pattern
		m.tests = valueTests(targets)
		m.absent = !slices.ContainsFunc(targets, func(t target) bool { return t.required })
	}
	if len(m.tests) == 0 {
		return m, "want a fixed value, pattern, binding or type at discriminator " + d.Path + " of " + where + ", have none: not checked (" + s.p.label + ")"
	}
	return m, ""
}

// target is an element of a definition that a path leads to.
type target struct {
	node     *node
	required bool // the slice asks for it: min is 1 or more all along
	// url is set where an extension without its definition is meant.
	url string
}

// definitions follows a path from a node through definitions: slots, the types'
// own structures, the profiles of types and the targets of references.
func (r *run) definitions(n *node, steps []pathStep) []target {
	now := []target{{node: n, required: true}}
	for i, step := range steps {
		var next []target
		for _, t := range now {
			next = append(next, r.define(t, step, i == len(steps)-1)...)
		}
		now = next
	}
	return now
}

func (r *run) define(t target, step pathStep, last bool) []target {
	var out []target
	for _, n := range r.expand(t.node) {
		switch step.kind {
		case stepMember, stepExtension:
			for _, s := range n.slots {
				switch {
				case step.kind == stepMember && s.name == step.name:
					out = append(out, target{s, t.required && s.el.Min > 0, ""})
					if last || len(s.slices) > 0 {
						for _, sl := range s.slices {
							out = append(out, target{sl, t.required && sl.el.Min > 0, ""})
						}
					}
				case step.kind == stepExtension && s.name == "extension":
					for _, sl := range s.slices {
						if r.extensionURL(sl) == step.name {
							out = append(out, target{sl, t.required && sl.el.Min > 0, ""})
						}
					}
				}
			}
		case stepType:
			if n.typeNamed(step.name) != nil || r.defs.IsSubtype(n.p.st.Type, step.name) {
				out = append(out, target{n, t.required, ""})
			}
			for _, sl := range n.slices {
				if sl.typeNamed(step.name) != nil {
					out = append(out, target{sl, t.required, ""})
				}
			}
		case stepResolve:
			for _, et := range n.types {
				for _, url := range et.TargetProfiles {
					if st := r.defs.Structure(url); st != nil {
						out = append(out, target{r.program(st).root, t.required, ""})
					}
				}
			}
		}
	}
	return out
}

// expand returns a node and the roots of the profiles of its types, or of the
// types themselves where the node has no children of its own.
func (r *run) expand(n *node) []*node {
	out := []*node{n}
	for _, t := range n.types {
		for _, url := range t.Profiles {
			switch st, inner := r.profileNode(url); {
			case inner != nil:
				out = append(out, inner)
			case st != nil && st != n.p.st:
				out = append(out, r.program(st).root)
			}
		}
		if len(n.slots) == 0 && len(t.Profiles) == 0 {
			if p := r.typeProgram(t.name); p != nil {
				out = append(out, p.root)
			}
		}
	}
	return out
}

// extensionURL is the url that an extension element or slice asks for.
func (r *run) extensionURL(n *node) string {
	for _, e := range r.expand(n) {
		for _, s := range e.slots {
			if s.name == "url" && s.el.Fixed != nil {
				return s.el.Fixed.Value.Text()
			}
		}
	}
	for _, t := range n.types {
		if len(t.Profiles) == 1 {
			return t.Profiles[0]
		}
	}
	return ""
}

func valueTests(targets []target) (tests []test) {
	for _, t := range targets {
		el := t.node.el
		switch {
		case el.Fixed != nil:
			tests = append(tests, func(r *run, a at) bool { return equal(r.f(a).value, el.Fixed.Value) })
		case el.Pattern != nil:
			tests = append(tests, func(r *run, a at) bool {
				f := r.f(a)
				return f.value.Kind() != jsontree.Invalid && hasPattern(f, el.Pattern)
			})
		case el.Binding != nil && el.Binding.Strength == "required":
			n := t.node
			tests = append(tests, func(r *run, a at) bool { return r.bound(n, a) })
		case len(t.node.slots) > 0:
			if inner := innerValues(t.node); len(inner) > 0 {
				n := t.node
				tests = append(tests, func(r *run, a at) bool { return r.innerHold(n, inner, a) })
			}
		}
	}
	return tests
}

// innerValues are the children of an element that carry fixed values or patterns,
// which stand for one on the element itself.
func innerValues(n *node) (out []*node) {
	for _, s := range n.slots {
		if s.el.Min > 0 && (s.el.Fixed != nil || s.el.Pattern != nil || len(innerValues(s)) > 0) {
			out = append(out, s)
		}
		for _, sl := range s.slices {
			if sl.el.Min > 0 && len(innerValues(sl)) > 0 {
				out = append(out, sl)
			}
		}
	}
	return out
}

func (r *run) innerHold(n *node, inner []*node, a at) bool {
	for _, s := range inner {
		ok := false
		r.follow(a, []pathStep{{stepMember, s.name}}, func(b at) bool {
			f := r.f(b)
			switch {
			case s.el.Fixed != nil:
				ok = equal(f.value, s.el.Fixed.Value)
			case s.el.Pattern != nil:
				ok = hasPattern(f, s.el.Pattern)
			default:
				ok = r.innerHold(s, innerValues(s), b)
			}
			return !ok
		})
		if !ok {
			return false
		}
	}
	return true
}

func typeTests(targets []target) (tests []test) {
	for _, t := range targets {
		n := t.node
		tests = append(tests, func(r *run, a at) bool {
			f := r.f(a)
			name := f.typ
			if v := f.value.Get("resourceType"); v.Kind() == jsontree.String {
				name = v.Text()
			}
			if len(n.types) == 0 {
				return r.defs.IsSubtype(name, n.p.st.Type)
			}
			return slices.ContainsFunc(n.types, func(t elementType) bool {
				return r.defs.IsSubtype(name, t.name) || len(t.Profiles) == 0 && t.name == "BackboneElement"
			})
		})
	}
	return tests
}

func profileTests(targets []target) (tests []test) {
	for _, t := range targets {
		var urls []string
		for _, et := range t.node.types {
			urls = append(urls, et.Profiles...)
		}
		if len(urls) == 0 && t.node.p.root == t.node {
			urls = []string{t.node.p.st.URL}
		}
		for _, url := range urls {
			tests = append(tests, func(r *run, a at) bool { return r.conforms(a, url) })
		}
	}
	return tests
}

// follow calls visit with the frame of everything that a path finds below an
// element, until it answers false.
func (r *run) follow(a at, steps []pathStep, visit func(at) bool) bool {
	if len(steps) == 0 {
		return visit(a)
	}
	step, rest := steps[0], steps[1:]
	switch step.kind {
	case stepType:
		f := r.f(a)
		if f.typ != step.name && f.value.Get("resourceType").Text() != step.name {
			return true
		}
		return r.follow(a, rest, visit)
	case stepResolve:
		target := r.target(a)
		if target.Kind() != jsontree.Object {
			return true
		}
		b := r.push(a, frame{name: "resolve()", index: -1, value: target, typ: target.Get("resourceType").Text()})
		defer r.pop(b)
		return r.follow(b, rest, visit)
	case stepExtension:
		return r.members(a, "extension", func(b at) bool {
			if !r.f(b).value.Get("url").EqualText(step.name) {
				return true
			}
			return r.follow(b, rest, visit)
		})
	default:
		return r.members(a, step.name, func(b at) bool { return r.follow(b, rest, visit) })
	}
}

// members calls visit with a frame for each item of a child element.
func (r *run) members(a at, name string, visit func(at) bool) bool {
	f := r.f(a)
	obj := f.value
	if isPrimitive(f.typ) {
		obj = f.companion
	}
	kids := r.kidsOf(a)
	for m := obj.First(); obj.Kind() == jsontree.Object && m.Kind() != jsontree.Invalid; m = m.Next() {
		key := m.Key()
		fr := frame{name: name, index: -1, value: m}
		if key != name {
			if kids == nil {
				continue
			}
			to, ok := kids.names[key]
			if !ok || to.companion || kids.slots[to.slot].name != name {
				continue
			}
			fr.choice = to.typ
		}
		if kids != nil {
			if to, ok := kids.names[key]; ok {
				fr.typ = itemType(kids.slots[to.slot], fr)
			}
		}
		if m.Kind() != jsontree.Array {
			b := r.push(a, fr)
			ok := visit(b)
			r.pop(b)
			if !ok {
				return false
			}
			continue
		}
		for i, v := range m.All() {
			fr.index, fr.value = i, v
			b := r.push(a, fr)
			ok := visit(b)
			r.pop(b)
			if !ok {
				return false
			}
		}
	}
	return true
}

// kidsOf returns the node whose slots are the children of a frame, by its type.
func (r *run) kidsOf(a at) *node {
	f := r.f(a)
	name := f.typ
	if v := f.value.Get("resourceType"); v.Kind() == jsontree.String {
		name = v.Text()
	}
	if p := r.typeProgram(name); p != nil {
		return p.root
	}
	typ, _, _ := strings.Cut(name, ".")
	if p := r.typeProgram(typ); p != nil {
		if n := p.byID[name]; n != nil {
			return r.kids(n, name)
		}
	}
	return nil
}
