package runtime

import (
	"slices"
	"strings"
)

// The functions below decide whether an element of a list belongs to a slice.
// The element is JSON whose syntax is right.

// matchValue reports whether the element has that value at the path.
func matchValue(e Raw, want Raw, path ...string) bool {
	return reach(e, path, func(v Raw) bool { return equal(v, want) })
}

// matchPattern reports whether all of the pattern is in the value at the path.
func matchPattern(e Raw, pattern Raw, path ...string) bool {
	return reach(e, path, func(v Raw) bool { return contains(v, pattern) })
}

// matchCodes reports whether the code, Coding or CodeableConcept at the path has a
// code that is valid.
func matchCodes(e Raw, valid func(code string) bool, path ...string) bool {
	return reach(e, path, func(v Raw) bool {
		if v[0] == '"' {
			code, _ := open(v).text()
			return valid(code)
		}
		found := false
		code := func(c Raw) bool {
			if c != "" && c[0] == '"' {
				s, _ := open(c).text()
				found = found || valid(s)
			}
			return found
		}
		return reach(v, []string{"code"}, code) || reach(v, []string{"coding", "code"}, code)
	})
}

// matchExists reports whether there is a value at the path.
func matchExists(e Raw, path ...string) bool {
	return reach(e, path, func(Raw) bool { return true })
}

// matchType reports whether the value at the path has the FHIR type: the member
// of a choice is of that type, or the resource is.
func matchType(e Raw, fhirType string, path ...string) bool {
	if len(path) == 0 {
		return matchValue(e, Raw(`"`+fhirType+`"`), "resourceType")
	}
	last := len(path) - 1
	return reach(e, path[:last], func(v Raw) bool {
		if v[0] != '{' {
			return false
		}
		choice := path[last] + strings.ToUpper(fhirType[:1]) + fhirType[1:]
		return matchExists(v, choice) || matchValue(v, Raw(`"`+fhirType+`"`), path[last], "resourceType")
	})
}

// only reports whether the element has all of these members and no other.
func only(e Raw, names ...string) bool {
	r, n := open(e), 0
	for name, more := r.object(); more; name, more = r.member() {
		if !slices.Contains(names, name) {
			return false
		}
		r.skip()
		n++
	}
	return n == len(names)
}

func open(e Raw) *reader { return &reader{s: string(e)} }

// reach reports whether test holds for the value at the path, or for one of them
// where lists are on the way.
func reach(e Raw, path []string, test func(Raw) bool) bool {
	if e[0] == '[' {
		r := open(e)
		for i := 0; r.element(i); i++ {
			if v, ok := r.raw(); ok && reach(v, path, test) {
				return true
			}
		}
		return false
	}
	if len(path) == 0 {
		return test(e)
	}
	if e[0] != '{' {
		return false
	}
	r := open(e)
	if !r.find(path[0]) {
		return false
	}
	v, ok := r.raw()
	return ok && reach(v, path[1:], test)
}

// equal reports whether two values are the same JSON; numbers count by their
// digits.
func equal(a, b Raw) bool {
	return a == b || same(a, b, true)
}

// contains reports whether everything in the pattern is in the value.
func contains(v, pattern Raw) bool {
	return v == pattern || same(v, pattern, false)
}

// same compares value and pattern; exact asks for no more members and elements.
func same(v, pattern Raw, exact bool) bool {
	switch {
	case v == "" || pattern == "" || v[0] != pattern[0]:
		return false
	case v[0] == '"':
		a, _ := open(v).text()
		b, _ := open(pattern).text()
		return a == b
	case v[0] == '{':
		return sameObject(v, pattern, exact)
	case v[0] == '[':
		return sameList(v, pattern, exact)
	}
	return v == pattern
}

func sameObject(v, pattern Raw, exact bool) bool {
	r, n := open(pattern), 0
	for name, more := r.object(); more; name, more = r.member() {
		want, _ := r.raw()
		in := open(v)
		if !in.find(name) {
			return false
		}
		if have, ok := in.raw(); !ok || !same(have, want, exact) {
			return false
		}
		n++
	}
	if !exact {
		return true
	}
	in := open(v)
	for _, more := in.object(); more; _, more = in.member() {
		in.skip()
		n--
	}
	return n == 0
}

func sameList(v, pattern Raw, exact bool) bool {
	have, want := elements(v), elements(pattern)
	if exact {
		if len(have) != len(want) {
			return false
		}
		for i := range want {
			if !same(have[i], want[i], true) {
				return false
			}
		}
		return true
	}
	for _, w := range want {
		found := false
		for _, h := range have {
			found = found || same(h, w, false)
		}
		if !found {
			return false
		}
	}
	return true
}

func elements(v Raw) []Raw {
	if v == "" || v[0] != '[' {
		return nil
	}
	var all []Raw
	r := open(v)
	for i := 0; r.element(i); i++ {
		e, _ := r.raw()
		all = append(all, e)
	}
	return all
}
