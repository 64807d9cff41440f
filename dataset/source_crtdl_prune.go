package dataset

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// patientFields are what refers to the patient, which a group has always.
var patientFields = []string{"subject", "patient"}

// crtdlPick is what a group names of an element.
type crtdlPick struct {
	step  string // name, name:slice, name[x], name[x]:slice
	whole bool   // the element itself is named, not only something in it
	must  bool
	at    jsontree.Value
	path  string
	inner []*crtdlPick
}

func (p *crtdlPick) child(step string) *crtdlPick {
	for _, q := range p.inner {
		if q.step == step {
			return q
		}
	}
	q := &crtdlPick{step: step}
	p.inner = append(p.inner, q)
	return q
}

const maxCRTDLDepth = 32

// pruned is an object with the attributes of a group alone.
func (c *crtdlReader) pruned(g *crtdlGroup, whole *Object) *Object {
	root := &crtdlPick{}
	for _, a := range g.v.Get("attributes").All() {
		ref := a.Get("attributeRef")
		steps := strings.Split(ref.Text(), ".")
		if ref.Kind() != jsontree.String || len(steps) > maxCRTDLDepth {
			c.report(issue.Error, CodeSource, a, g.path+".attributes", "want an attributeRef, have none")
			continue
		}
		if steps[0] != g.st.Type || len(steps) < 2 {
			c.report(issue.Error, CodeUnknownName, ref, g.path, "want an element of %s, have %q", g.st.Type, ref.Text())
			continue
		}
		p := root
		for _, s := range steps[1:] {
			p = p.child(s)
			if p.path == "" {
				p.at, p.path = ref, ref.Text()
			}
		}
		must, _ := a.Get("mustHave").Bool()
		p.whole, p.must = true, p.must || must
		if links := a.Get("linkedGroups"); links.Len() > 0 {
			fields := c.linkFields(whole, steps[1])
			for _, l := range links.All() {
				g.links = append(g.links, crtdlLink{fields: fields, group: l})
			}
		}
	}
	out := c.prune(g, whole, root, g.table.Name)
	for i, name := range append([]string{"id"}, patientFields...) {
		if f := whole.Field(name); f != nil && out.Field(name) == nil {
			copied := *f
			out.Fields = append(out.Fields, &copied)
		}
		if i == 0 && out.Field("id") != nil {
			out.Field("id").Required = true
		}
	}
	sortFields(out, whole)
	return out
}

// linkFields are the fields of an attribute that may be references.
func (c *crtdlReader) linkFields(o *Object, step string) []string {
	name, _, _ := strings.Cut(step, ":")
	base, choice := strings.CutSuffix(name, "[x]")
	if !choice {
		return []string{name}
	}
	if o.Field(base+"Reference") != nil {
		return []string{base + "Reference"}
	}
	return nil
}

// sortFields puts fields in the order of the object that they were taken from.
func sortFields(o, whole *Object) {
	slices.SortStableFunc(o.Fields, func(a, b *Field) int {
		return slices.IndexFunc(whole.Fields, func(f *Field) bool { return f.Name == a.Name }) -
			slices.IndexFunc(whole.Fields, func(f *Field) bool { return f.Name == b.Name })
	})
}

// prune is an object with the fields that are picked.
func (c *crtdlReader) prune(g *crtdlGroup, whole *Object, picks *crtdlPick, name string) *Object {
	o := *whole
	o.Name, o.Closed, o.Fields, o.Choices, o.Rules = c.b.uniqueName(name), false, nil, nil, nil
	if o.Base == "" {
		o.Base = whole.Name
	}
	for _, p := range picks.inner {
		c.pick(g, &o, whole, p)
	}
	for _, f := range o.Fields {
		onlySlices(f, picks)
	}
	sortFields(&o, whole)
	for _, ch := range whole.Choices {
		kept := ch
		kept.Fields = nil
		for _, f := range ch.Fields {
			if o.Field(f) != nil {
				kept.Fields = append(kept.Fields, f)
			}
		}
		kept.Required = len(kept.Fields) == len(ch.Fields) && (ch.Required || slices.ContainsFunc(picks.inner, func(p *crtdlPick) bool {
			return p.must && p.step == ch.Name+"[x]"
		}))
		if len(kept.Fields) > 0 {
			o.Choices = append(o.Choices, kept)
		}
	}
	return &o
}

// pick takes what one attribute names into an object.
func (c *crtdlReader) pick(g *crtdlGroup, o, whole *Object, p *crtdlPick) {
	name, slice, sliced := strings.Cut(p.step, ":")
	if base, choice := strings.CutSuffix(name, "[x]"); choice {
		c.pickChoice(g, o, whole, p, base, slice)
		return
	}
	f := whole.Field(name)
	if f == nil {
		if slices.Contains(whole.Prohibited, name) {
			c.report(issue.Warning, CodeConflict, p.at, p.path, "the profile does not allow the element: it is left out")
			return
		}
		var names []string
		for _, f := range whole.Fields {
			names = append(names, f.Name)
		}
		c.report(issue.Error, CodeUnknownName, p.at, p.path, "want an element of %s, have %q%s", whole.Name, name, meant(name, names))
		return
	}
	to := c.take(o, f)
	if !sliced {
		to.Required = to.Required || p.must
		c.pickInner(g, to, p, o.Name+"."+name)
		return
	}
	at := slices.IndexFunc(f.Slices, func(s *Slice) bool { return s.Name == slice })
	switch {
	case at >= 0:
		s := *f.Slices[at]
		field := *s.Field
		field.Required = field.Required || p.must
		s.Field = &field
		to.Slices = slices.Clone(to.Slices)
		to.Slices[at] = &s
	case g.held:
		c.report(issue.Warning, CodeUnknownName, p.at, p.path, "want a slice of the profile, have %q: the whole element is taken", slice)
	default:
		c.report(issue.Information, CodeNotHeld, p.at, p.path, "the profile is not at hand, which says what is in the slice: the whole element is taken")
	}
}

// onlySlices leaves out of a list what is in no slice that is named, where
// slices alone are.
func onlySlices(f *Field, picks *crtdlPick) {
	var named []string
	for _, p := range picks.inner {
		name, slice, sliced := strings.Cut(p.step, ":")
		if name != f.Name {
			continue
		}
		if !sliced || !slices.ContainsFunc(f.Slices, func(s *Slice) bool { return s.Name == slice }) {
			return
		}
		named = append(named, slice)
	}
	if len(named) > 0 {
		f.Slices = slices.DeleteFunc(f.Slices, func(s *Slice) bool { return !slices.Contains(named, s.Name) })
		f.SlicesOnly = true
	}
}

// take returns the object's own copy of a field.
func (c *crtdlReader) take(o *Object, f *Field) *Field {
	if own := o.Field(f.Name); own != nil {
		return own
	}
	own := *f
	own.Slices = slices.Clone(f.Slices)
	o.Fields = append(o.Fields, &own)
	return &own
}

// pickChoice takes all types of a choice, or the one that a slice names.
func (c *crtdlReader) pickChoice(g *crtdlGroup, o, whole *Object, p *crtdlPick, base, slice string) {
	at := slices.IndexFunc(whole.Choices, func(ch Choice) bool { return ch.Name == base })
	if at < 0 {
		c.report(issue.Error, CodeUnknownName, p.at, p.path, "want a choice of types of %s, have %q", whole.Name, base+"[x]")
		return
	}
	fields := whole.Choices[at].Fields
	if slice != "" {
		if !slices.Contains(fields, slice) {
			c.report(issue.Error, CodeUnknownName, p.at, p.path, "want one of %s, have %q", strings.Join(fields, ", "), slice)
			return
		}
		fields = []string{slice}
	}
	for _, name := range fields {
		to := c.take(o, whole.Field(name))
		if len(fields) == 1 {
			to.Required = to.Required || p.must
			c.pickInner(g, to, p, o.Name+"."+name)
		}
	}
}

// pickInner prunes what is in an element, where the element itself is not named.
func (c *crtdlReader) pickInner(g *crtdlGroup, f *Field, p *crtdlPick, name string) {
	if p.whole || len(p.inner) == 0 {
		return
	}
	elem := &f.Type
	if f.Type.Kind == List {
		copied := *f.Type.Elem
		f.Type.Elem = &copied
		elem = &copied
	}
	if elem.Kind != ObjectKind {
		return // id, extension and value of a primitive come with it
	}
	elem.Object = c.prune(g, elem.Object, p, name)
	elem.Rules = nil
	f.Slices, f.SlicesClosed = nil, false
}
