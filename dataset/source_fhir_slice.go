package dataset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

// sliceList gives the field of a list its slices.
func (b *fhirBuilder) sliceList(o *Object, f *Field, c *fhirNode, typ string) {
	sl := c.e.Slicing
	if sl == nil {
		sl = &fhirdef.Slicing{}
	}
	b.addSlices(o, f, c, c.slices, sl, typ)
}

// addSlices makes slices of a list or, where they are slices of a slice, of
// that.
func (b *fhirBuilder) addSlices(o *Object, f *Field, c *fhirNode, list []*fhirNode, sl *fhirdef.Slicing, typ string) {
	held, least := true, 0
	for _, s := range list {
		match := b.matches(s, sl, typ)
		if s.e.Max == 0 {
			b.forbidSlice(o, c, s, match, typ)
			continue
		}
		least += max(s.e.Min, 0)
		switch {
		case s.e.SliceName == "@default":
			b.notHeld(s.e.ID, "what a profile says of the elements that are in no other slice is not held")
			held = false
			continue
		case len(match) == 0:
			b.notHeld(s.e.ID, "nothing in the record tells the elements of this slice from others: it is not a field of its own")
			held = false
			continue
		case slices.ContainsFunc(f.Slices, func(old *Slice) bool { return sameMatches(old.Match, match) }):
			b.notHeld(s.e.ID, "nothing in the record tells the elements of this slice from those of another: it is not a field of its own")
			held = false
			continue
		}
		f.Slices = append(f.Slices, b.slice(o, c, s, match, typ))
	}
	if f.Type.Kind == List {
		f.Type.MinItems = max(f.Type.MinItems, least)
		if least > 0 {
			f.Required = true
		}
	}
	switch {
	case sl.Rules == "closed" && held:
		f.SlicesClosed = true
	case sl.Rules == "closed":
		b.notHeld(c.e.ID, "that the slicing is closed is not checked, because not all slices are held")
	case sl.Rules == "openAtEnd":
		b.notHeld(c.e.ID, "that the slices come before other elements is not checked")
	}
	if sl.Ordered {
		b.notHeld(c.e.ID, "the order of the slices is not checked")
	}
}

func sameMatches(a, c []Match) bool {
	return slices.EqualFunc(a, c, func(x, y Match) bool {
		return slices.Equal(x.Path, y.Path) && x.Kind == y.Kind && x.Value == y.Value && x.Codes == y.Codes && x.Type == y.Type
	})
}

// slice makes one slice with the field that a typed reader has.
func (b *fhirBuilder) slice(o *Object, c, s *fhirNode, match []Match, typ string) *Slice {
	name := s.e.SliceName
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	var t *fhirdef.Type
	if len(s.e.Types) > 0 {
		t = &s.e.Types[0]
		if typ == "" {
			typ = t.Name()
		}
	}
	p := b.places[s.e.ID]
	f := &Field{
		Name: name, Title: p.short, Description: p.definition, ID: s.e.ID, Path: s.e.ID, Pos: b.pos(s.e.ID),
		Required: s.e.Min > 0,
	}
	elem := b.elementType(o, s, typ, t, c.name+":"+name)
	b.origins(f, s.e, typ)
	out := &Slice{Name: name, Field: f, Match: match}
	if typ == "Extension" && elem.Kind == ObjectKind && len(elem.Rules) == 0 {
		if v := simpleValue(elem.Object); v != nil {
			out.Value = v.Name
			elem = v.Type
			f.Origins = append(f.Origins, v.Origins...)
		}
	}
	if s.e.Max == 1 {
		f.Type = elem
		if len(s.slices) > 0 {
			b.notHeld(s.e.ID, "the slices of a slice that does not repeat are not held")
		}
		return out
	}
	f.Type = fhirListOf(elem, s.e)
	if len(s.slices) > 0 {
		sl := s.e.Slicing
		if sl == nil {
			sl = c.e.Slicing
		}
		if sl == nil {
			sl = &fhirdef.Slicing{}
		}
		b.addSlices(o, f, s, s.slices, sl, typ)
		for _, r := range s.slices {
			b.reslice(o, c, r, match, b.matches(r, sl, typ), typ)
		}
	}
	return out
}

// reslice makes rules of how many elements of a slice are in a slice of it, for those
// who look at slices of the list alone.
func (b *fhirBuilder) reslice(o *Object, c, r *fhirNode, outer, inner []Match, typ string) {
	var conds []string
	for _, m := range append(slices.Clone(outer), inner...) {
		cond := b.matchPath(m, typ)
		if cond == "" {
			conds = nil
			break
		}
		if !slices.Contains(conds, cond) {
			conds = append(conds, cond)
		}
	}
	if len(conds) == 0 || len(inner) == 0 {
		return
	}
	b.notHeld(r.e.ID, "of a slice of a slice it is checked how many elements it has, but not what is in them")
	least, most := max(r.e.Min, 0), r.e.Max
	add := func(limit string) {
		o.Rules = append(o.Rules, Rule{
			Key: r.e.ID, Human: "number of " + c.name + " of the slice " + r.e.SliceName, Severity: issue.Error, Language: "fhirpath",
			Expression: c.name + ".where(" + strings.Join(conds, " and ") + ").count() " + limit, Source: b.structureOf(r),
		})
	}
	if least > 0 {
		add(fmt.Sprintf(">= %d", least))
	}
	if most >= 0 {
		add(fmt.Sprintf("<= %d", most))
	}
}

// simpleValue is the field of an extension that carries its value, where that
// is of one type, the extension names no extensions within it, and no rule speaks
// of the whole; nil otherwise.
func simpleValue(o *Object) *Field {
	if f := o.Field("extension"); f != nil && (len(f.Slices) > 0 || f.Required) {
		return nil
	}
	for _, r := range o.Rules {
		if r.Key != "ext-1" {
			return nil
		}
	}
	for _, c := range o.Choices {
		if c.Name == "value" && len(c.Fields) == 1 {
			return o.Field(c.Fields[0])
		}
	}
	return nil
}

// forbidSlice makes a rule of a slice that a profile rules out.
func (b *fhirBuilder) forbidSlice(o *Object, c, s *fhirNode, match []Match, typ string) {
	var conds []string
	for _, m := range match {
		cond := b.matchPath(m, typ)
		if cond == "" {
			conds = nil
			break
		}
		conds = append(conds, cond)
	}
	if len(conds) == 0 {
		b.notHeld(s.e.ID, "that there is no element of this slice is not checked")
		return
	}
	o.Rules = append(o.Rules, Rule{
		Key: s.e.ID, Human: "no " + c.name + " of the slice " + s.e.SliceName, Severity: issue.Error, Language: "fhirpath",
		Expression: c.name + ".where(" + strings.Join(conds, " and ") + ").empty()", Source: b.structureOf(s),
	})
}

// structureOf names what states something of an element.
func (b *fhirBuilder) structureOf(n *fhirNode) string {
	if b.stating != "" {
		return b.stating
	}
	return n.e.ID
}

// matches are the conditions that tell the elements of a slice from others; nil
// if nothing in the record tells.
func (b *fhirBuilder) matches(s *fhirNode, sl *fhirdef.Slicing, typ string) []Match {
	var out []Match
	if typ == "Extension" {
		if url := b.extensionURL(s); url != "" {
			out = append(out, Match{Path: []string{"url"}, Kind: MatchValue, Value: quoteLiteral(url)})
		}
	}
	byURL := len(out) > 0
	for _, d := range sl.Discriminators {
		if byURL && d.Path == "url" {
			continue
		}
		found, ok := b.discriminate(s, d, typ)
		if !ok && byURL {
			continue
		}
		if !ok {
			b.once("discriminator "+s.e.Path+d.Type+d.Path, issue.Information, CodeNotHeld, s.e.ID,
				fmt.Sprintf("the discriminator %s of %q cannot be decided within a record", d.Type, d.Path))
			return nil
		}
		for _, m := range found {
			if !slices.ContainsFunc(out, func(old Match) bool { return sameMatches([]Match{old}, []Match{m}) }) {
				out = append(out, m)
			}
		}
	}
	return mergeMatches(out)
}

// mergeMatches makes one pattern of values that stand in the same element, so
// that one element of a list must have them all.
func mergeMatches(list []Match) []Match {
	var out []Match
	for _, m := range list {
		n := len(m.Path)
		if m.Kind != MatchValue || n < 2 {
			out = append(out, m)
			continue
		}
		member := string(quoteLiteral(m.Path[n-1])) + ":" + string(m.Value)
		at := slices.IndexFunc(out, func(o Match) bool {
			return o.Kind == MatchPattern && slices.Equal(o.Path, m.Path[:n-1]) && strings.HasPrefix(string(o.Value), "{")
		})
		if at < 0 {
			out = append(out, Match{Path: m.Path[:n-1], Kind: MatchPattern, Value: Literal("{" + member + "}")})
			continue
		}
		old := strings.TrimSuffix(string(out[at].Value), "}")
		if old != "{" {
			old += ","
		}
		out[at].Value = Literal(old + member + "}")
	}
	return out
}

// extensionURL is the url that the extensions of a slice have.
func (b *fhirBuilder) extensionURL(s *fhirNode) string {
	if u := s.child("url"); u != nil && u.e.Fixed != nil {
		return u.e.Fixed.Value.Text()
	}
	if len(s.e.Types) == 0 || len(s.e.Types[0].Profiles) == 0 {
		return ""
	}
	canonical := s.e.Types[0].Profiles[0]
	if st := b.defs.Structure(canonical); st != nil {
		if t := b.tree(st); t != nil {
			if u := t.root.child("url"); u != nil && u.e.Fixed != nil {
				return u.e.Fixed.Value.Text()
			}
		}
	}
	url, _, _ := strings.Cut(canonical, "|")
	return url
}

// discriminate makes conditions of one discriminator; false if it cannot be
// decided within one record.
func (b *fhirBuilder) discriminate(s *fhirNode, d fhirdef.Discriminator, typ string) ([]Match, bool) {
	at, ok := b.follow(slicePlace{n: s, typ: typ}, d.Path, d.Type)
	if !ok {
		return nil, false
	}
	if at.literal != "" {
		return []Match{{Path: at.steps, Kind: MatchPattern, Value: at.literal}}, true
	}
	switch d.Type {
	case "value", "pattern":
		return b.valueMatches(at), true
	case "exists":
		return b.existsMatches(at), true
	case "type":
		return b.typeMatches(at)
	case "profile":
		return b.profileMatches(at)
	}
	return nil, false
}

// existsMatches are the conditions of an exists discriminator. Of a choice of
// several types it can be said that none is there, but not that one is.
func (b *fhirBuilder) existsMatches(at slicePlace) []Match {
	if at.n == nil {
		return nil
	}
	last := len(at.steps) - 1
	open := at.n.choice && last >= 0 && at.steps[last] == at.n.name
	switch {
	case at.n.e.Max == 0 && open:
		var out []Match
		for _, t := range at.n.e.Types {
			steps := slices.Clone(at.steps)
			steps[last] += upperFirst(t.Name())
			out = append(out, Match{Path: steps, Kind: MatchExists, Value: "false"})
		}
		return out
	case at.n.e.Max == 0:
		return []Match{{Path: at.steps, Kind: MatchExists, Value: "false"}}
	case at.n.e.Min > 0 && !open:
		return []Match{{Path: at.steps, Kind: MatchExists, Value: "true"}}
	}
	return nil
}

// typeMatches are the conditions of a type discriminator.
func (b *fhirBuilder) typeMatches(at slicePlace) ([]Match, bool) {
	if at.n == nil || len(at.n.e.Types) == 0 {
		return nil, true
	}
	t := &at.n.e.Types[0]
	switch name := t.Name(); {
	case at.n.choice && len(at.n.e.Types) == 1:
		return []Match{{Path: at.steps, Kind: MatchExists, Value: "true"}}, true
	case b.defs.Kind(name) == "resource":
		if targets := b.resourceTargets(name, t, at.n.e.ID); len(targets) == 1 {
			return []Match{{Path: at.steps, Kind: MatchType, Type: targets[0]}}, true
		}
	}
	return nil, false
}

// profileMatches are the conditions of a profile discriminator: the type of the
// resource, and what is fixed in it where one profile is named and at hand.
func (b *fhirBuilder) profileMatches(at slicePlace) ([]Match, bool) {
	if at.n == nil || len(at.n.e.Types) == 0 {
		return nil, false
	}
	t := &at.n.e.Types[0]
	var st *fhirdef.Structure
	if len(t.Profiles) == 1 {
		st = b.defs.Structure(t.Profiles[0])
	}
	if t.Name() == "Extension" {
		return []Match{{Path: append(slices.Clone(at.steps), "url"), Kind: MatchValue, Value: quoteLiteral(b.extensionURL(at.n))}}, true
	}
	var out []Match
	if b.defs.Kind(t.Name()) == "resource" {
		if targets := b.resourceTargets(t.Name(), t, at.n.e.ID); len(targets) == 1 {
			out = append(out, Match{Path: at.steps, Kind: MatchType, Type: targets[0]})
		}
	}
	if tree := b.treeOfProfile(st); tree != nil {
		if v := b.compose(tree.root, 0); v != "" {
			out = append(out, Match{Path: at.steps, Kind: MatchPattern, Value: v})
		}
	}
	return out, len(out) > 0
}

func (b *fhirBuilder) treeOfProfile(st *fhirdef.Structure) *fhirTree {
	if st == nil || len(st.Elements) == 0 {
		return nil
	}
	return b.tree(st)
}
