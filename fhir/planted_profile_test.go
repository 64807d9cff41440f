package fhir_test

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/internal/check"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// profilePlanters break what profiles add: fixed values, slices, types.
func profilePlanters() []planter {
	return []planter{
		{"fixed value or pattern changed", plantUnfixed},
		{"required slice removed", plantSliceRemoved},
		{"discriminator of a required slice changed", plantDiscriminator},
		{"slice repeated", plantSliceRepeated},
		{"type of a choice not allowed", plantWrongChoice},
		{"more than the profile allows", plantTooMany},
	}
}

// firstText returns the first string of a value that is part of what holds it:
// of a concept the code, not the system.
func firstText(v, pattern jsontree.Value) jsontree.Value {
	switch pattern.Kind() {
	case jsontree.String:
		return v
	case jsontree.Object:
		for _, name := range []string{"code", "coding"} {
			if p := pattern.Get(name); p.Kind() != jsontree.Invalid {
				return firstText(v.Get(name), p)
			}
		}
		if p := pattern.First(); p.Kind() != jsontree.Invalid {
			return firstText(v.Get(p.Key()), p)
		}
	case jsontree.Array:
		for _, item := range v.All() {
			if contains(item, pattern.First()) {
				return firstText(item, pattern.First())
			}
		}
	}
	return jsontree.Value{}
}

// contains tells whether a value has all of a pattern.
func contains(v, pattern jsontree.Value) bool {
	switch pattern.Kind() {
	case jsontree.Object:
		for name, p := range pattern.Members() {
			if !contains(v.Get(name), p) {
				return false
			}
		}
		return v.Kind() == jsontree.Object
	case jsontree.Array:
		for _, p := range pattern.All() {
			ok := false
			for _, item := range v.All() {
				ok = ok || contains(item, p)
			}
			if !ok {
				return false
			}
		}
		return v.Kind() == jsontree.Array
	case jsontree.String:
		return v.EqualText(pattern.Text())
	default:
		return string(v.Raw()) == string(pattern.Raw())
	}
}

func literalOf(el *fhirdef.Element) (jsontree.Value, bool) {
	switch {
	case el.Fixed != nil:
		return el.Fixed.Value, true
	case el.Pattern != nil:
		return el.Pattern.Value, true
	}
	return jsontree.Value{}, false
}

func plantUnfixed(s *subject, emit func(planted)) {
	for _, p := range s.profiles {
		for i := range p.Elements {
			el := &p.Elements[i]
			want, ok := literalOf(el)
			if !ok || strings.ContainsRune(el.ID, ':') {
				continue
			}
			for _, x := range s.spots {
				if x.full != el.Path || x.scope != s.spots[0] {
					continue
				}
				if text := firstText(x.value, want); text.Kind() == jsontree.String {
					e := replaced(s.text, text, `"`+mark+`"`)
					path := x.path
					emit(planted{what: p.Name + " " + el.ID, text: e.text, codes: codes{check.CodeFixed, check.CodePattern}, path: path})
				}
			}
		}
	}
}

// slice is a slice of a profile with what tells its items.
type slice struct {
	profile *fhirdef.Structure
	el      *fhirdef.Element
	tests   map[string]jsontree.Value // value by path below the item
	url     string                    // of an extension
}

// slicesOf returns the slices of the resource's profiles that stand directly in
// no other slice and are told by values.
func (s *subject) slicesOf() []slice {
	var out []slice
	for _, p := range s.profiles {
		for i := range p.Elements {
			el := &p.Elements[i]
			if el.SliceName == "" || strings.Count(el.ID, ":") != 1 || strings.Contains(el.SliceName, "/") || strings.HasSuffix(el.Path, "[x]") {
				continue
			}
			sl := slice{p, el, map[string]jsontree.Value{}, ""}
			if len(el.Types) == 1 && el.Types[0].Code == "Extension" && len(el.Types[0].Profiles) == 1 {
				sl.url = el.Types[0].Profiles[0]
			}
			for j := i; j < len(p.Elements) && (j == i || strings.HasPrefix(p.Elements[j].ID, el.ID+".")); j++ {
				if v, ok := literalOf(&p.Elements[j]); ok && strings.Count(p.Elements[j].ID, ":") == 1 {
					sl.tests[strings.TrimPrefix(p.Elements[j].Path[len(el.Path):], ".")] = v
				}
			}
			if len(sl.tests) > 0 || sl.url != "" {
				out = append(out, sl)
			}
		}
	}
	return out
}

// under returns the value of a path below a value.
func under(v jsontree.Value, path string) jsontree.Value {
	for path != "" {
		var name string
		name, path, _ = strings.Cut(path, ".")
		if v = v.Get(name); v.Kind() == jsontree.Array {
			v = v.First()
		}
	}
	return v
}

// itemsOf returns the items of a slice.
func (s *subject) itemsOf(sl slice) (out []*spot) {
	for _, x := range s.spots {
		if x.full != sl.el.Path || x.scope != s.spots[0] {
			continue
		}
		ok := sl.url == "" || x.value.Get("url").EqualText(sl.url)
		for path, want := range sl.tests {
			ok = ok && contains(under(x.value, path), want)
		}
		if ok {
			out = append(out, x)
		}
	}
	return out
}

func (sl slice) name() string { return sl.profile.Name + " " + sl.el.ID }

func plantSliceRemoved(s *subject, emit func(planted)) {
	for _, sl := range s.slicesOf() {
		items := s.itemsOf(sl)
		if sl.el.Min == 0 || len(items) != 1 {
			continue
		}
		x := items[0]
		v := x.value
		if x.member.Len() == 1 {
			v = x.member
		}
		if e, ok := removed(s.text, v); ok {
			emit(planted{what: sl.name(), text: e.text, codes: codes{check.CodeSlice, check.CodeCardinality}, path: x.owner.path})
		}
	}
}

func plantDiscriminator(s *subject, emit func(planted)) {
	for _, sl := range s.slicesOf() {
		items := s.itemsOf(sl)
		if sl.el.Min == 0 || len(items) != 1 {
			continue
		}
		for path, want := range sl.tests {
			if text := firstText(under(items[0].value, path), want); text.Kind() == jsontree.String {
				e := replaced(s.text, text, `"`+mark+`"`)
				emit(planted{what: sl.name() + " " + path, text: e.text, codes: codes{check.CodeSlice}, path: items[0].owner.path})
			}
		}
	}
}

func plantSliceRepeated(s *subject, emit func(planted)) {
	for _, sl := range s.slicesOf() {
		items := s.itemsOf(sl)
		if sl.el.Max == 1 && len(items) == 1 && items[0].index >= 0 {
			x := items[0]
			e := appended(s.text, x.member, string(x.value.Raw()))
			emit(planted{what: sl.name(), text: e.text, codes: codes{check.CodeSlice}, path: x.owner.path})
		}
	}
}

// profiled calls visit with each element of the resource that a profile has, by
// itself and not as a slice.
func (s *subject) profiled(visit func(p *fhirdef.Structure, el *fhirdef.Element, x *spot)) {
	for _, p := range s.profiles {
		for i := range p.Elements {
			el := &p.Elements[i]
			if strings.ContainsRune(el.ID, ':') {
				continue
			}
			for _, x := range s.spots {
				if x.full == el.Path && x.scope == s.spots[0] && x.owner != nil {
					visit(p, el, x)
				}
			}
		}
	}
}

func plantWrongChoice(s *subject, emit func(planted)) {
	s.profiled(func(p *fhirdef.Structure, el *fhirdef.Element, x *spot) {
		if len(x.choices) < 2 || len(el.Types) >= len(x.choices) {
			return
		}
		for _, c := range x.choices {
			allowed := false
			for _, t := range el.Types {
				allowed = allowed || t.Code == c.Type
			}
			if sample := sampleOf(c.Type); !allowed && sample != "" {
				e := splice(s.text, x.member.KeyOffset(), end(x.member), `"`+c.JSON+`": `+sample)
				m := planted{what: p.Name + " " + el.ID, text: e.text, codes: codes{check.CodeType}, path: x.owner.path, at: e.at}
				if len(el.Types) == 1 { // then that one is meant
					m.path += "." + x.name + ".ofType(" + c.Type + ")"
				}
				emit(m)
				return
			}
		}
	})
}

func plantTooMany(s *subject, emit func(planted)) {
	s.profiled(func(p *fhirdef.Structure, el *fhirdef.Element, x *spot) {
		if el.Max > 0 && el.Max < fhirdef.Unbounded && x.index == 0 && x.member.Len() == el.Max {
			e := appended(s.text, x.member, string(x.value.Raw()))
			emit(planted{what: p.Name + " " + el.ID, text: e.text, codes: codes{check.CodeCardinality}, path: x.owner.path})
		}
	})
}
