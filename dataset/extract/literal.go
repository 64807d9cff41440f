package extract

import (
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// parseLiteral returns the value of a literal, Invalid where there is none.
func parseLiteral(l dataset.Literal) jsontree.Value {
	if l == "" {
		return jsontree.Value{}
	}
	tree := new(jsontree.Tree)
	if tree.Parse([]byte(l), nil) != nil {
		return jsontree.Value{}
	}
	return tree.Root()
}

// sameJSON reports whether two values are equal: members in any order, numbers by
// what they mean.
func sameJSON(a, b jsontree.Value) bool {
	switch {
	case a.Kind() == jsontree.Object && b.Kind() == jsontree.Object:
		return a.Len() == b.Len() && within(a, b, sameJSON)
	case a.Kind() == jsontree.Array && b.Kind() == jsontree.Array:
		if a.Len() != b.Len() {
			return false
		}
		x, y := a.First(), b.First()
		for x.Kind() != jsontree.Invalid {
			if !sameJSON(x, y) {
				return false
			}
			x, y = x.Next(), y.Next()
		}
		return true
	}
	return sameScalar(a, b)
}

// holdsPattern reports whether everything in the pattern is in the value, as FHIR's
// pattern[x] asks for: of a list each element of the pattern in one of the value's.
func holdsPattern(v, pattern jsontree.Value) bool {
	switch {
	case pattern.Kind() == jsontree.Object:
		return v.Kind() == jsontree.Object && within(v, pattern, holdsPattern)
	case pattern.Kind() == jsontree.Array:
		if v.Kind() != jsontree.Array {
			return false
		}
		for _, p := range pattern.All() {
			found := false
			for _, e := range v.All() {
				if found = holdsPattern(e, p); found {
					break
				}
			}
			if !found {
				return false
			}
		}
		return true
	case v.Kind() == jsontree.Array: // the pattern of an element, of a list of them
		for _, e := range v.All() {
			if holdsPattern(e, pattern) {
				return true
			}
		}
		return false
	}
	return sameScalar(v, pattern)
}

// within reports whether each member of want has its like in v.
func within(v, want jsontree.Value, like func(a, b jsontree.Value) bool) bool {
	for name, w := range want.Members() {
		m := v.Get(name)
		if m.Kind() == jsontree.Invalid || !like(m, w) {
			return false
		}
	}
	return true
}

func sameScalar(a, b jsontree.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case jsontree.String:
		return a.EqualText(b.Text())
	case jsontree.Number:
		if string(a.Number()) == string(b.Number()) {
			return true
		}
		x, ok1 := decimal.Parse(a.Number())
		y, ok2 := decimal.Parse(b.Number())
		return ok1 && ok2 && x.Cmp(y) == 0
	case jsontree.Object, jsontree.Array, jsontree.Invalid:
		return false
	}
	return true
}

// matcher decides whether an element of a list is in a slice.
type matcher struct {
	conditions []condition
}

type condition struct {
	dataset.Match
	value jsontree.Value
	codes map[string]bool // system|code and code, where the set is complete
}

func newMatcher(list []dataset.Match) *matcher {
	m := &matcher{}
	for _, c := range list {
		k := condition{Match: c, value: parseLiteral(c.Value)}
		if c.Codes != nil {
			k.codes = map[string]bool{}
			for _, code := range c.Codes.Codes {
				k.codes[code.System+"|"+code.Code], k.codes[code.Code] = true, true
			}
		}
		m.conditions = append(m.conditions, k)
	}
	return m
}

// matches reports whether all conditions hold of an element.
func (m *matcher) matches(v jsontree.Value) bool {
	for i := range m.conditions {
		if !m.conditions[i].holds(v, m.conditions[i].Path) {
			return false
		}
	}
	return len(m.conditions) > 0
}

func (c *condition) holds(v jsontree.Value, path []string) bool {
	if v.Kind() == jsontree.Array {
		none := c.Kind == dataset.MatchExists && c.Match.Value == "false"
		for _, e := range v.All() {
			if c.holds(e, path) != none {
				return !none
			}
		}
		return none
	}
	if len(path) == 0 {
		return c.decide(v)
	}
	m := v.Get(path[0])
	if m.Kind() == jsontree.Invalid {
		if c.Kind == dataset.MatchType && len(path) == 1 && c.Type != "" { // value[x]
			return v.Get(path[0]+strings.ToUpper(c.Type[:1])+c.Type[1:]).Kind() != jsontree.Invalid
		}
		return c.Kind == dataset.MatchExists && c.Match.Value == "false"
	}
	return c.holds(m, path[1:])
}

func (c *condition) decide(v jsontree.Value) bool {
	switch c.Kind {
	case dataset.MatchValue:
		return sameJSON(v, c.value)
	case dataset.MatchPattern:
		return holdsPattern(v, c.value)
	case dataset.MatchExists:
		return c.Match.Value != "false"
	case dataset.MatchType:
		return v.Get("resourceType").EqualText(c.Type)
	case dataset.MatchCodes:
		return c.coded(v)
	}
	return false
}

// coded reports whether a code, Coding or CodeableConcept has a code of the set.
func (c *condition) coded(v jsontree.Value) bool {
	if v.Kind() == jsontree.String {
		return c.codes[v.Text()]
	}
	if coding := v.Get("coding"); coding.Kind() == jsontree.Array {
		for _, one := range coding.All() {
			if c.coded(one) {
				return true
			}
		}
		return false
	}
	return c.codes[v.Get("system").Text()+"|"+v.Get("code").Text()]
}
