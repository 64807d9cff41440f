package fhirdef

import "slices"

// composer computes value sets. It runs under the terminology's lock.
type composer struct {
	t   *terminology
	src terminologySource
}

// union is a set that grows. It copies a part before it changes it.
type union struct {
	set   *Set
	parts map[string]int // system → place in set.systems
	own   map[string]bool
}

func newUnion() *union {
	return &union{set: &Set{rest: Out}, parts: map[string]int{}, own: map[string]bool{}}
}

func (u *union) add(s *Set) {
	if u.set.rest == Out && s.rest == Out {
		for _, c := range s.systems {
			u.addPart(c)
		}
		return
	}
	u.set = merge(u.set, s, orMembership)
	u.set.byURL = nil
	for i, c := range u.set.systems {
		u.parts[c.system], u.own[c.system] = i, true
	}
}

func (u *union) addPart(c *codeSet) {
	at, ok := u.parts[c.system]
	if !ok {
		u.parts[c.system] = len(u.set.systems)
		u.set.systems = append(u.set.systems, c)
		return
	}
	have := u.set.systems[at]
	if have == c {
		return
	}
	if !u.own[c.system] || have.rule != nil || c.rule != nil || c.rest != Out || have.rest != Out || c.fold != have.fold {
		u.set.systems[at] = combine(have, c, orMembership)
		u.own[c.system] = true
		return
	}
	for _, code := range c.order {
		have.put(code, orMembership(have.find(code), c.known[code]))
	}
}

// set returns the value set with a canonical URL and remembers it.
func (c *composer) set(canonical string) *Set {
	if s, ok := c.t.sets.Load(canonical); ok {
		return s.(*Set)
	}
	s := *c.compose(canonical)
	s.url = canonical
	s.index()
	if c.t.composed < maxSystems { // data may name any number of value sets
		c.t.sets.Store(canonical, &s)
		c.t.composed++
	}
	return &s
}

func unknownSet(kind ReasonKind, subject string) *Set {
	return &Set{rest: Unknown, reason: Reason{Kind: kind, Subject: subject}}
}

func (c *composer) compose(canonical string) *Set {
	vs := c.src.ValueSet(canonical)
	switch {
	case vs == nil:
		return unknownSet(ValueSetNotKnown, canonical)
	case vs.Compose == nil && vs.Expansion == nil:
		return unknownSet(ValueSetEmpty, canonical)
	case vs.Compose == nil:
		return c.expansion(vs, canonical)
	}
	all := newUnion()
	for i := range vs.Compose.Include {
		all.add(c.include(vs, &vs.Compose.Include[i]))
	}
	out := all.set
	if len(vs.Compose.Exclude) > 0 {
		gone := newUnion()
		for i := range vs.Compose.Exclude {
			gone.add(c.include(vs, &vs.Compose.Exclude[i]))
		}
		out = merge(out, gone.set, lessMembership)
	}
	if vs.Compose.Inactive != nil && !*vs.Compose.Inactive {
		out = c.active(out)
	}
	// An expansion is somebody else's computation: it is taken where ours
	// cannot reach the end.
	if vs.Expansion != nil {
		if whole, _ := out.Known(); !whole {
			return c.expansion(vs, canonical)
		}
	}
	return out
}

// active takes away the codes that are known to be inactive.
func (c *composer) active(s *Set) *Set {
	out := &Set{rest: s.rest, reason: s.reason}
	for _, part := range s.systems {
		sys := c.t.system(c.src, part.system, "")
		gone := newCodeSet(part.system, part.fold)
		gone.rest = Out
		for i := range sys.nodes {
			if sys.nodes[i].inactive {
				gone.put(sys.nodes[i].concept.Code, In)
			}
		}
		out.systems = append(out.systems, combine(part, gone, lessMembership))
	}
	return out
}

// include computes one include or exclude: the codes of its system, less those
// that are not in each of its value sets (ValueSet §4.9.5).
func (c *composer) include(vs *ValueSet, inc *Include) *Set {
	var out *Set
	switch {
	case inc.System != "":
		out = &Set{rest: Out, systems: []*codeSet{c.part(inc)}}
	case inc.Withheld:
		return unknownSet(CodesWithheld, vs.URL)
	case len(inc.ValueSets) == 0:
		return unknownSet(ValueSetEmpty, vs.URL)
	}
	for _, url := range inc.ValueSets {
		var other *Set
		if c.reaches(url, vs, map[string]bool{}) {
			other = unknownSet(ValueSetCycle, url)
		} else {
			other = c.set(url)
		}
		if out == nil {
			out = other
		} else {
			out = merge(out, other, andMembership)
		}
	}
	return out
}

// reaches reports whether the imports that begin at a canonical lead to vs.
func (c *composer) reaches(canonical string, vs *ValueSet, seen map[string]bool) bool {
	for queue := []string{canonical}; len(queue) > 0; queue = queue[1:] {
		if seen[queue[0]] {
			continue
		}
		seen[queue[0]] = true
		at := c.src.ValueSet(queue[0])
		switch {
		case at == nil || at.Compose == nil:
			continue
		case at == vs || at.URL == vs.URL && at.Version == vs.Version:
			return true
		}
		for _, inc := range slices.Concat(at.Compose.Include, at.Compose.Exclude) {
			queue = append(queue, inc.ValueSets...)
		}
	}
	return false
}

// part computes the codes that an include takes of its system.
func (c *composer) part(inc *Include) *codeSet {
	sys := c.t.system(c.src, inc.System, inc.Version)
	switch {
	case inc.Withheld:
		out := newCodeSet(sys.url, sys.fold)
		out.restReason = Reason{Kind: CodesWithheld, Subject: inc.System}
		out.listed(inc.Concepts)
		return out
	case len(inc.Concepts) > 0:
		out := newCodeSet(sys.url, sys.fold)
		out.rest = Out
		out.listed(inc.Concepts)
		return out
	case len(inc.Filters) == 0:
		return sys.whole
	}
	var out *codeSet
	for _, f := range inc.Filters {
		part := sys.filter(f)
		if out == nil {
			out = part
		} else {
			out = combine(out, part, andMembership)
		}
	}
	return out
}

func (c *codeSet) listed(concepts []Concept) {
	for i := range concepts {
		c.put(concepts[i].Code, In)
	}
}

// expansion takes the codes of an expansion as they stand. Entries that only
// group others, and abstract ones, are no members.
func (c *composer) expansion(vs *ValueSet, canonical string) *Set {
	out := &Set{rest: Out}
	count, systems := 0, map[string]*codeSet{}
	var walk func(list []ExpansionEntry)
	walk = func(list []ExpansionEntry) {
		for i := range list {
			e := &list[i]
			count++
			if e.Code != "" && e.System != "" {
				part := systems[e.System]
				if part == nil {
					part = newCodeSet(e.System, c.t.system(c.src, e.System, "").fold)
					part.rest = Out
					systems[e.System] = part
					out.systems = append(out.systems, part)
				}
				m := In
				if e.Abstract {
					m = Out
				}
				part.put(e.Code, orMembership(part.find(e.Code), m))
			}
			walk(e.Contains)
		}
	}
	walk(vs.Expansion.Contains)
	kind := NoReason
	switch {
	case vs.Expansion.Withheld:
		kind = CodesWithheld
	case vs.Expansion.Offset > 0 || vs.Expansion.Total > count:
		kind = ExpansionPartial
	}
	if kind == NoReason {
		return out
	}
	out.rest, out.reason = Unknown, Reason{Kind: kind, Subject: canonical}
	for _, part := range out.systems {
		part.rest, part.restReason = Unknown, out.reason
	}
	return out
}
