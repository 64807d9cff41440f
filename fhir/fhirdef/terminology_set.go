package fhirdef

import "strings"

// Set is a value set ready for questions. It is immutable and safe for
// concurrent use.
type Set struct {
	url     string
	systems []*codeSet
	byURL   map[string]*codeSet // only if there are many systems
	rest    Membership          // for systems that are not named: Out or Unknown
	reason  Reason              // of that Unknown
}

// codeSet is the part of a set that is in one system.
type codeSet struct {
	system     string
	fold       bool
	known      map[string]Membership
	folded     map[string]Membership // by lower-case code, if fold
	order      []string              // the codes of known, in the order of the source
	mixed      bool                  // some of known are not In
	rule       func(code string) Membership
	rest       Membership // for codes that are not known, if rule is nil
	restReason Reason     // of Unknown
}

// manySystems is the number of systems from which on a table is worth while.
const manySystems = 8

// fewCodes is the number of codes up to which going through them is quicker
// than a table.
const fewCodes = 16

func newCodeSet(system string, fold bool) *codeSet {
	return &codeSet{system: system, fold: fold, known: map[string]Membership{}}
}

// put records what is known of a code. Of two codes that differ by case alone,
// in a system where case does not matter, the better one decides.
func (c *codeSet) put(code string, m Membership) {
	if _, ok := c.known[code]; !ok {
		c.order = append(c.order, code)
	}
	c.known[code] = m
	c.mixed = c.mixed || m != In
	if c.fold {
		if c.folded == nil {
			c.folded = map[string]Membership{}
		}
		low := strings.ToLower(code)
		if old, ok := c.folded[low]; !ok || old < m {
			c.folded[low] = m
		}
	}
}

func (c *codeSet) find(code string) Membership {
	if m, ok := c.known[code]; ok {
		return m
	}
	if c.fold {
		if m, ok := c.folded[strings.ToLower(code)]; ok {
			return m
		}
	}
	return c.unlisted(code)
}

// contains is find for bytes, without allocating for what is listed.
func (c *codeSet) contains(code []byte) Membership {
	if len(c.order) <= fewCodes && !c.mixed {
		for _, s := range c.order {
			if s == string(code) {
				return In
			}
		}
	} else if m, ok := c.known[string(code)]; ok {
		return m
	}
	if c.fold {
		if m, ok := c.lowered(code); ok {
			return m
		}
	}
	if c.rule == nil {
		return c.rest
	}
	return c.rule(string(code))
}

func (c *codeSet) lowered(code []byte) (Membership, bool) {
	var buf [64]byte
	if len(code) > len(buf) {
		m, ok := c.folded[strings.ToLower(string(code))]
		return m, ok
	}
	for i, b := range code {
		if b >= 0x80 {
			m, ok := c.folded[strings.ToLower(string(code))]
			return m, ok
		}
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		buf[i] = b
	}
	m, ok := c.folded[string(buf[:len(code)])]
	return m, ok
}

func (c *codeSet) unlisted(code string) Membership {
	if c.rule != nil {
		return c.rule(code)
	}
	return c.rest
}

// URL returns the canonical that the set was asked for by.
func (s *Set) URL() string { return s.url }

// Contains reports whether a code of a system belongs to the set. An empty
// system means any system of the set. It does not allocate for listed codes.
func (s *Set) Contains(system, code []byte) Membership {
	if len(system) == 0 {
		best := s.rest
		for _, c := range s.systems {
			switch c.contains(code) {
			case In:
				return In
			case Unknown:
				best = Unknown
			}
		}
		return best
	}
	if s.byURL != nil {
		if c := s.byURL[string(system)]; c != nil {
			return c.contains(code)
		}
		return s.rest
	}
	for _, c := range s.systems {
		if c.system == string(system) {
			return c.contains(code)
		}
	}
	return s.rest
}

// Find is Contains with the system that was found and the reason of Unknown.
func (s *Set) Find(system, code string) CodeResult {
	if system != "" {
		c := s.of(system)
		if c == nil {
			return result(s.rest, "", s.reason)
		}
		return result(c.find(code), system, c.restReason)
	}
	res := result(s.rest, "", s.reason)
	for _, c := range s.systems {
		switch c.find(code) {
		case In:
			return CodeResult{Membership: In, System: c.system}
		case Unknown:
			if res.Membership != Unknown {
				res = result(Unknown, "", c.restReason)
			}
		}
	}
	return res
}

func result(m Membership, system string, r Reason) CodeResult {
	switch m {
	case In:
		return CodeResult{Membership: In, System: system}
	case Unknown:
		return CodeResult{Reason: r}
	}
	return CodeResult{Membership: m}
}

// Systems returns the code systems that the set names, in order, and whether
// there can be no others.
func (s *Set) Systems() (urls []string, whole bool) {
	for _, c := range s.systems {
		urls = append(urls, c.system)
	}
	return urls, s.rest == Out
}

// Known reports whether every question to the set has an answer, and if not,
// the first reason why.
func (s *Set) Known() (bool, Reason) {
	if s.rest == Unknown {
		return false, s.reason
	}
	for _, c := range s.systems {
		if c.rule == nil && c.rest == Unknown {
			return false, c.restReason
		}
		for _, m := range c.known {
			if m == Unknown {
				return false, c.restReason
			}
		}
	}
	return true, Reason{}
}

func (s *Set) of(system string) *codeSet {
	if s.byURL != nil {
		return s.byURL[system]
	}
	for _, c := range s.systems {
		if c.system == system {
			return c
		}
	}
	return nil
}

// part returns what the set says of one system, named or not.
func (s *Set) part(system string) *codeSet {
	if c := s.of(system); c != nil {
		return c
	}
	return &codeSet{system: system, rest: s.rest, restReason: s.reason}
}

func (s *Set) index() {
	if len(s.systems) < manySystems {
		return
	}
	s.byURL = make(map[string]*codeSet, len(s.systems))
	for _, c := range s.systems {
		s.byURL[c.system] = c
	}
}

// The three-valued rules of sets: a certain answer of one side may decide.

func orMembership(a, b Membership) Membership {
	switch {
	case a == In || b == In:
		return In
	case a == Out && b == Out:
		return Out
	}
	return Unknown
}

func andMembership(a, b Membership) Membership {
	switch {
	case a == Out || b == Out:
		return Out
	case a == In && b == In:
		return In
	}
	return Unknown
}

func lessMembership(a, b Membership) Membership {
	switch b {
	case In:
		b = Out
	case Out:
		b = In
	}
	return andMembership(a, b)
}

// combine returns the set of one system that op makes of two.
func combine(a, b *codeSet, op func(a, b Membership) Membership) *codeSet {
	out := newCodeSet(a.system, a.fold || b.fold)
	out.restReason = a.restReason
	if a.rest != Unknown && a.rule == nil || a.restReason.Kind == NoReason {
		out.restReason = b.restReason
	}
	for _, code := range a.order {
		out.put(code, op(a.known[code], b.find(code)))
	}
	for _, code := range b.order {
		if _, done := a.known[code]; !done {
			out.put(code, op(a.find(code), b.known[code]))
		}
	}
	if a.rule == nil && b.rule == nil {
		out.rest = op(a.rest, b.rest)
		return out
	}
	out.rule = func(code string) Membership { return op(a.unlisted(code), b.unlisted(code)) }
	return out
}

// merge returns the set that op makes of two.
func merge(a, b *Set, op func(a, b Membership) Membership) *Set {
	out := &Set{rest: op(a.rest, b.rest), reason: a.reason}
	if a.rest != Unknown {
		out.reason = b.reason
	}
	for _, c := range a.systems {
		out.systems = append(out.systems, combine(c, b.part(c.system), op))
	}
	for _, c := range b.systems {
		if a.of(c.system) == nil {
			out.systems = append(out.systems, combine(a.part(c.system), c, op))
		}
	}
	out.index()
	return out
}
