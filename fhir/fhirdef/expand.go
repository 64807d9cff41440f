package fhirdef

import (
	"cmp"
	"slices"
)

// maxExpansion bounds the codes that Expand lists.
const maxExpansion = 100_000

// Code is one code of an expansion.
type Code struct {
	System, Code, Display          string
	Inactive, Deprecated, Abstract bool
}

// Expand lists the codes of a value set: by system in the order of the value
// set, and within one as the system orders them, or else as they are named. If
// complete is false there may be codes that are not listed, for the reason
// given. The display is the value set's own if it gives one, otherwise the
// system's. Safe for concurrent use; the caller owns the slice.
func (d *Definitions) Expand(valueSet string) (codes []Code, complete bool, reason Reason) {
	return d.terms.expand(d, valueSet)
}

func (t *terminology) expand(src terminologySource, valueSet string) ([]Code, bool, Reason) {
	set := t.set(src, valueSet)
	complete, reason := set.Known()
	displays := ownDisplays(src.ValueSet(valueSet))
	var out []Code
	for _, part := range set.systems {
		if part.rule != nil {
			complete, reason = false, Reason{Kind: SetTooLarge, Subject: valueSet}
		}
		sys := t.system(src, part.system, "")
		for _, code := range part.sorted(sys) {
			if part.known[code] != In {
				continue
			}
			if len(out) == maxExpansion {
				return out, false, Reason{Kind: SetTooLarge, Subject: valueSet}
			}
			info, m, _ := sys.lookup(code)
			c := Code{System: part.system, Code: code, Display: displays[[2]string{part.system, code}]}
			if m == In {
				c.Inactive, c.Deprecated, c.Abstract = info.Inactive, info.Deprecated, info.Abstract
				c.Display = cmp.Or(c.Display, info.Display)
			}
			out = append(out, c)
		}
	}
	return out, complete, reason
}

// sorted returns the listed codes in the order of the system, those that the
// system does not have after them.
func (c *codeSet) sorted(sys *system) []string {
	if c == sys.whole {
		return c.order
	}
	out := slices.Clone(c.order)
	place := func(code string) int {
		if at, ok := sys.find(code); ok {
			return int(at)
		}
		return len(sys.nodes)
	}
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	return out
}

// ownDisplays returns the displays that a value set itself gives.
func ownDisplays(vs *ValueSet) map[[2]string]string {
	out := map[[2]string]string{}
	if vs == nil {
		return out
	}
	if vs.Compose != nil {
		for _, inc := range vs.Compose.Include {
			for _, c := range inc.Concepts {
				if c.Display != "" {
					out[[2]string{inc.System, c.Code}] = c.Display
				}
			}
		}
	}
	if vs.Expansion != nil {
		entries := slices.Clone(vs.Expansion.Contains)
		for len(entries) > 0 {
			e := entries[len(entries)-1]
			entries = append(entries[:len(entries)-1], e.Contains...)
			if e.Display != "" {
				out[[2]string{e.System, e.Code}] = e.Display
			}
		}
	}
	return out
}
