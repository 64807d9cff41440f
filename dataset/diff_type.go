package dataset

import (
	"slices"
	"strings"
)

const (
	wider   = "values that were refused may turn up"
	tighter = "values that were allowed are refused"
)

// typ compares two types and all that constrains them.
func (d *differ) typ(path string, old, new *Type) {
	if old.Kind != new.Kind {
		d.add(Change{Path: path, What: "type", Old: old.Kind.String(), New: new.Kind.String(), Breaks: BreaksReaders | BreaksProducers,
			Why: "values have another form"})
		return
	}
	d.differs(path, "format", old.Format, new.Format, 0, "")
	d.flag(path, "32 bits", old.Bits == 32, new.Bits == 32)
	d.flag(path, "unsigned", old.Unsigned, new.Unsigned)
	d.flag(path, "whole dates", !old.Partial, !new.Partial)
	d.flag(path, "different items", old.UniqueItems, new.UniqueItems)
	if old.Zone != new.Zone {
		d.add(Change{Path: path, What: "time zone", Breaks: BreaksReaders | BreaksProducers, Why: "times are written in another form"})
	}
	d.least(path, "min length", old.MinLength, new.MinLength)
	d.most(path, "max length", old.MaxLength, new.MaxLength)
	d.least(path, "min items", old.MinItems, new.MinItems)
	d.most(path, "max items", old.MaxItems, new.MaxItems)
	d.bound(path, "min", old.Min, new.Min, old.MinExclusive, new.MinExclusive, 1)
	d.bound(path, "max", old.Max, new.Max, old.MaxExclusive, new.MaxExclusive, -1)
	d.only(path, "const", string(old.Const), string(new.Const))
	d.only(path, "pattern", string(old.Pattern)+old.RegexSource, string(new.Pattern)+new.RegexSource)
	d.only(path, "multiple", string(old.MultipleOf), string(new.MultipleOf))
	d.set(path, "values", literals(old.Enum), literals(new.Enum))
	d.set(path, "targets", old.Targets, new.Targets)
	d.codes(path, old, new)
	d.rules(path, old.Rules, new.Rules)
	if old.Elem != nil && new.Elem != nil {
		d.typ(path, old.Elem, new.Elem)
	}
	d.object(path, old.Object, new.Object)
	if len(old.Union) != len(new.Union) {
		d.add(Change{Path: path, What: "alternatives", Breaks: BreaksReaders | BreaksProducers, Why: "values have other forms"})
		return
	}
	for i := range old.Union {
		d.typ(path, &old.Union[i], &new.Union[i])
	}
}

func (d *differ) narrows(path, what, old, new string) {
	d.add(Change{Path: path, What: what, Old: old, New: new, Breaks: BreaksProducers, Why: tighter})
}

func (d *differ) widens(path, what, old, new string) {
	d.add(Change{Path: path, What: what, Old: old, New: new, Breaks: BreaksReaders, Why: wider})
}

// flag compares a demand.
func (d *differ) flag(path, what string, old, new bool) {
	switch {
	case new && !old:
		d.narrows(path, what+" demanded", "", "")
	case old && !new:
		d.widens(path, what+" not demanded", "", "")
	}
}

func (d *differ) least(path, what string, old, new int) {
	switch {
	case new > old:
		d.narrows(path, what, itoa(old), itoa(new))
	case new < old:
		d.widens(path, what, itoa(old), itoa(new))
	}
}

func (d *differ) most(path, what string, old, new int) {
	text := func(n int) string {
		if n < 0 {
			return "any"
		}
		return itoa(n)
	}
	switch {
	case old == new || old < 0 && new < 0:
	case old < 0 || new >= 0 && new < old:
		d.narrows(path, what, text(old), text(new))
	default:
		d.widens(path, what, text(old), text(new))
	}
}

func (d *differ) bound(path, what string, old, new Literal, wasExclusive, isExclusive bool, sign int) {
	if old == new && wasExclusive == isExclusive {
		return
	}
	a, b := plainText(old), plainText(new)
	switch {
	case old == "":
		d.narrows(path, what, a, b)
		return
	case new == "":
		d.widens(path, what, a, b)
		return
	}
	order, ok := compareLiterals(new, old)
	switch {
	case !ok:
		d.add(Change{Path: path, What: what, Old: a, New: b, Breaks: BreaksReaders | BreaksProducers, Why: "other values are allowed"})
	case order*sign > 0, order == 0 && isExclusive && !wasExclusive:
		d.narrows(path, what, a, b)
	case order*sign < 0, order == 0 && wasExclusive && !isExclusive:
		d.widens(path, what, a, b)
	}
}

// only compares a demand that is there or not, and has no order.
func (d *differ) only(path, what, old, new string) {
	switch {
	case old == new:
	case old == "":
		d.narrows(path, what, "", new)
	case new == "":
		d.widens(path, what, old, "")
	default:
		d.add(Change{Path: path, What: what, Old: old, New: new, Breaks: BreaksReaders | BreaksProducers, Why: "other values are allowed"})
	}
}

// set compares what is allowed; nothing listed allows everything.
func (d *differ) set(path, what string, old, new []string) {
	switch {
	case len(old) == 0 && len(new) == 0:
		return
	case len(old) == 0:
		d.narrows(path, what+" restricted", "", listText(new))
		return
	case len(new) == 0:
		d.widens(path, what+" not restricted", listText(old), "")
		return
	}
	if gone := without(old, new); len(gone) > 0 {
		d.narrows(path, what+" removed", listText(gone), "")
	}
	if come := without(new, old); len(come) > 0 {
		d.widens(path, what+" added", "", listText(come))
	}
}

func (d *differ) codes(path string, old, new *Type) {
	closed := func(t *Type) bool { return t.Codes != nil && !t.CodesOpen }
	switch {
	case !closed(old) && !closed(new):
		return
	case !closed(old):
		d.narrows(path, "codes restricted", "", codesName(new.Codes))
		return
	case !closed(new):
		d.widens(path, "codes not restricted", codesName(old.Codes), "")
		return
	}
	if !old.Codes.Complete || !new.Codes.Complete {
		d.differs(path, "codes", codesName(old.Codes), codesName(new.Codes), BreaksReaders|BreaksProducers, "other codes are allowed")
		return
	}
	list := func(s *CodeSet) []string {
		var out []string
		for _, c := range s.Codes {
			out = append(out, strings.TrimPrefix(c.System+"|"+c.Code, "|"))
		}
		return out
	}
	a, b := list(old.Codes), list(new.Codes)
	if gone := without(a, b); len(gone) > 0 {
		d.narrows(path, "codes removed", listText(gone), "")
	}
	if come := without(b, a); len(come) > 0 {
		d.widens(path, "codes added", "", listText(come))
	}
}

func codesName(s *CodeSet) string {
	name := s.URL
	if name == "" {
		name = s.Name
	}
	if s.Version != "" {
		name += "|" + s.Version
	}
	return name
}

func literals(list []Literal) []string {
	var out []string
	for _, l := range list {
		out = append(out, string(l))
	}
	return out
}

// without returns what of a is not in b.
func without(a, b []string) []string {
	in := map[string]bool{}
	for _, s := range b {
		in[s] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return in[s] })
}

func listText(list []string) string {
	const most = 5
	if len(list) > most {
		return strings.Join(list[:most], ", ") + " and " + itoa(len(list)-most) + " more"
	}
	return strings.Join(list, ", ")
}
