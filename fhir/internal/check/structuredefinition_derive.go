package check

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// differential checks each element of a profile against the one of the base that
// it constrains. (R4 §5.1.0.5, Limitations of Use; ElementDefinition)
func (d *definition) differential() {
	e := d.v.Get("differential").Get("element").First()
	heads := make(map[string]*fhirdef.Element) // sliced elements by id
	for i := range d.parsed.Differential {
		diff := &d.parsed.Differential[i]
		d.reslice(diff, heads)
		if n, added := d.inBase(diff); n != nil {
			d.narrow(diff, n, added, e)
		}
		e = e.Next()
	}
}

// reslice checks that a slice leaves the slicing it belongs to as it is.
func (d *definition) reslice(diff *fhirdef.Element, heads map[string]*fhirdef.Element) {
	if diff.Slicing == nil {
		return
	}
	if diff.SliceName == "" {
		heads[diff.ID] = diff
		return
	}
	head := heads[strings.TrimSuffix(diff.ID, ":"+diff.SliceName)]
	if head == nil || head.ID == diff.ID || slices.Equal(head.Slicing.Discriminators, diff.Slicing.Discriminators) {
		return
	}
	d.error("want the slicing that " + head.ID + " defines in its slices, have another at " + diff.ID)
}

// inBase finds the element of the base that an element of the differential
// constrains; nil if it is not clear. added tells one that does not stand in the
// base: a new slice, or a choice by one of its types.
func (d *definition) inBase(diff *fhirdef.Element) (n *node, added bool) {
	names := strings.Split(diff.Path, ".")
	ids := strings.Split(diff.ID, ".")
	if len(ids) != len(names) {
		ids = names
		if diff.SliceName != "" {
			added = true
		}
	}
	n = d.program(d.base).root
	if n.el.Path != names[0] {
		return nil, false
	}
	for i, name := range names[1:] {
		if n = d.descend(n, strings.TrimSuffix(name, "[x]")); n == nil {
			return nil, false
		}
		if n.choice() && !strings.HasSuffix(name, "[x]") {
			added = true
		}
		_, slice, sliced := strings.Cut(ids[i+1], ":")
		if sliced {
			at := slices.IndexFunc(n.slices, func(s *node) bool { return s.el.SliceName == slice })
			if added = added || at < 0; at >= 0 {
				n = n.slices[at]
			}
		}
	}
	return n, added
}

// descend returns the child of an element, by the types it may have.
func (d *definition) descend(n *node, name string) *node {
	for _, k := range d.below(n) {
		if to, ok := k.names[name]; ok {
			return k.slots[to.slot]
		}
		for _, s := range k.slots {
			if s.name == name {
				return s
			}
		}
	}
	return nil
}

// below returns the nodes whose slots are the children of an element.
func (d *definition) below(n *node) []*node {
	if len(n.slots) > 0 {
		return []*node{n}
	}
	var out []*node
	if len(n.types) == 0 {
		if k := d.kids(n, ""); k != nil {
			out = append(out, k)
		}
	}
	for i := range n.types {
		if k := d.kids(n, n.types[i].name); k != nil {
			out = append(out, k)
		}
	}
	return out
}

// narrow checks that an element says no more than its base allows.
func (d *definition) narrow(diff *fhirdef.Element, n *node, added bool, e jsontree.Value) {
	base := n.el
	where := elementName(diff.ID, diff.Path)
	if diff.Min >= 0 && diff.Min < base.Min && !added {
		d.error("want at least the minimum of the base at " + where + ", have less")
	}
	if diff.Max >= 0 && diff.Max > base.Max {
		d.error("want at most the maximum of the base at " + where + ", have more")
	}
	if base.Fixed != nil && diff.Fixed != nil && diff.Fixed.Type == base.Fixed.Type && !equal(diff.Fixed.Value, base.Fixed.Value) {
		d.atPath(diff.Path, e.Get("fixed"+upper(diff.Fixed.Type)), "want the value that "+d.base.URL+" fixes at "+where+", have another")
	}
	d.narrowTypes(diff, n, where)
	d.narrowBinding(diff, base, where)
}

// narrowTypes checks that the types are among those of the base, and what
// references may lead to.
func (d *definition) narrowTypes(diff *fhirdef.Element, n *node, where string) {
	for i := range diff.Types {
		t := &diff.Types[i]
		name := typeName(t)
		if name == "" || len(n.types) == 0 {
			continue
		}
		at := slices.IndexFunc(n.types, func(b elementType) bool {
			return b.name == name || b.name == "*" || b.Code == t.Code || d.defs.IsSubtype(name, b.name)
		})
		if at < 0 && d.defs.Type(name) == nil {
			continue // of another version of FHIR
		}
		if at < 0 {
			d.noSnapshot(where, "type "+name+", which the base does not allow")
			continue
		}
		for _, url := range t.TargetProfiles {
			if !d.allowsTarget(n.types, name, url) {
				d.error("want targets that the base allows at " + where + ", have " + safeURL(url))
			}
		}
	}
}

// allowsTarget tells whether a profile is of a type that one of the target
// profiles of the base allows. What is not known is allowed.
func (d *definition) allowsTarget(types []elementType, name, url string) bool {
	st := d.defs.Structure(url)
	if st == nil {
		return true
	}
	for _, b := range types {
		if b.name != name {
			continue
		}
		if len(b.TargetProfiles) == 0 {
			return true
		}
		for _, target := range b.TargetProfiles {
			t := d.defs.Structure(target)
			if t == nil || d.defs.IsSubtype(st.Type, t.Type) {
				return true
			}
		}
	}
	return false
}

// narrowBinding checks that a required binding stays required and within its
// value set. (R4 §4.1.4, Binding Strengths)
func (d *definition) narrowBinding(diff, base *fhirdef.Element, where string) {
	b, own := base.Binding, diff.Binding
	if b == nil || own == nil || b.Strength != "required" {
		return
	}
	if own.Strength != "" && own.Strength != "required" {
		d.error("want the binding of the base kept required at " + where + ", have " + own.Strength)
		return
	}
	if own.ValueSet == "" || b.ValueSet == "" || own.ValueSet == b.ValueSet {
		return
	}
	codes, complete, _ := d.defs.Expand(own.ValueSet)
	if !complete {
		return
	}
	set := d.defs.CompiledSet(b.ValueSet)
	for _, c := range codes {
		if set.Contains([]byte(c.System), []byte(c.Code)) == fhirdef.Out {
			d.error("want a value set within that of the base at " + where + ", have " + safeURL(own.ValueSet) + " with further codes")
			return
		}
	}
}

// discriminators checks that what slices are told apart by can be found under
// the element. (ElementDefinition.slicing.discriminator.path)
func (d *definition) discriminators(a at, e jsontree.Value) {
	slicing := e.Get("slicing")
	if slicing.Kind() != jsontree.Object || d.base == nil {
		return
	}
	s := d.child(a, "slicing", -1, slicing, "ElementDefinition.slicing")
	defer d.pop(s)
	diff := fhirdef.Element{Path: e.Get("path").Text(), ID: e.Get("id").Text()}
	n, _ := d.inBase(&diff)
	i := 0
	for x := slicing.Get("discriminator").First(); x.Kind() != jsontree.Invalid; i, x = i+1, x.Next() {
		at := d.child(s, "discriminator", i, x, "ElementDefinition.slicing.discriminator")
		if x.Get("type").EqualText("pattern") {
			d.info(at, CodeDefinition, "ElementDefinition.slicing.discriminator.type", "want discriminator type value, which covers patterns from R5 on, have pattern")
		}
		if path := x.Get("path").Text(); n != nil && path != "" && !d.leads(n, path) {
			d.err(at, CodeDefinition, "ElementDefinition.slicing.discriminator.path", "want a discriminator path that "+diff.Path+" has, have "+path)
		}
		d.pop(at)
	}
}

// leads tells whether a discriminator's path can lead to anything from an
// element. What is not known could.
func (d *definition) leads(n *node, path string) bool {
	steps, ok := parseSteps(path)
	if !ok {
		return true
	}
	now := []*node{n}
	for _, step := range steps {
		var next []*node
		for _, n := range now {
			to, known := d.stepTo(n, step)
			if !known {
				return true
			}
			next = append(next, to...)
		}
		if now = next; len(now) == 0 {
			return false
		}
	}
	return true
}

// stepTo follows one step; known is false where types are not at hand.
func (d *definition) stepTo(n *node, step pathStep) (out []*node, known bool) {
	switch step.kind {
	case stepExtension:
		if st := d.defs.Structure(step.name); st != nil {
			return []*node{d.program(st).root}, true
		}
		return nil, false
	case stepType:
		if p := d.typeProgram(step.name); p != nil {
			return []*node{p.root}, true
		}
		return nil, false
	case stepResolve:
		for _, t := range n.types {
			for _, target := range t.TargetProfiles {
				st := d.defs.Structure(target)
				if st == nil || d.defs.Abstract(st.Type) {
					return nil, false
				}
				out = append(out, d.program(st).root)
			}
		}
		return out, len(out) > 0
	}
	kids := d.below(n)
	if len(kids) == 0 || slices.ContainsFunc(n.types, func(t elementType) bool {
		return d.defs.Abstract(t.name) && t.name != "BackboneElement" && t.name != "Element"
	}) {
		return nil, len(n.types) > 0 && isPrimitive(n.types[0].name)
	}
	for _, k := range kids {
		for _, s := range k.slots {
			if s.name == step.name {
				out = append(out, s)
				out = append(out, s.slices...)
			}
		}
	}
	return out, true
}

// mustSupport tells of slices that need not be supported though the sliced
// element must. (ElementDefinition.mustSupport)
func (d *definition) mustSupport(list at) {
	if d.parsed == nil {
		return
	}
	must := make(map[string]bool)
	for i := range d.parsed.Differential {
		e := &d.parsed.Differential[i]
		switch {
		case e.Slicing != nil && e.SliceName == "":
			must[e.ID] = e.MustSupport
		case e.SliceName != "" && !e.MustSupport && must[strings.TrimSuffix(e.ID, ":"+e.SliceName)]:
			d.warn(list, CodeDefinition, "ElementDefinition.mustSupport", "want slice "+e.SliceName+" of "+e.Path+" to be must-support as the sliced element is, have one that is not")
		}
	}
}
