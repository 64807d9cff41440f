package fhirproto

import (
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/fhir"
)

// resolve finds the value that a path of the library leads to in the resource
// e, and the steps to it. The library puts the type behind every resource,
// splits an element with a choice of types in two, and counts elements of lists
// without those that were left out.
func resolve(e fhir.Element, path string, edits map[int]edit) (fhir.Element, []step, bool) {
	var steps []step
	parts := strings.Split(path, ".")
	for i := 0; i < len(parts); i++ {
		name, index := cutIndex(parts[i])
		v := e.Get(name)
		if typ := e.Get("resourceType").Text(); typ != "" && !v.Exists() && strings.EqualFold(name, typ) {
			continue
		}
		if !v.Exists() && i+1 < len(parts) && index < 0 {
			if joined := name + upperFirst(parts[i+1]); e.Get(joined).Exists() {
				name, v = joined, e.Get(joined)
				i++
			} else if parts[i+1] == "reference" || strings.HasSuffix(parts[i+1], "Id") {
				return e, steps, e.Exists()
			}
		}
		if !v.Exists() {
			return e, steps, false
		}
		s := step{name: name, index: -1}
		if index >= 0 {
			v, s.index = nth(v, index, edits)
			if !v.Exists() {
				return e, steps, false
			}
		}
		steps = append(steps, s)
		e = v
	}
	return e, steps, e.Exists()
}

// nth returns element number n of those that were not left out, and its number
// among all.
func nth(list fhir.Element, n int, edits map[int]edit) (fhir.Element, int) {
	for i, v := 0, list.First(); v.Exists(); i, v = i+1, v.Next() {
		if edits[at(v)].drop {
			continue
		}
		if n == 0 {
			return v, i
		}
		n--
	}
	return fhir.Element{}, -1
}

// cutIndex takes name[3] apart; the index is -1 without one.
func cutIndex(part string) (string, int) {
	name, rest, ok := strings.Cut(part, "[")
	if !ok {
		return part, -1
	}
	n, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	if err != nil {
		return name, -1
	}
	return name, n
}
