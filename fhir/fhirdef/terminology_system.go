package fhirdef

import (
	"slices"
	"strings"
)

// system is one code system with what is needed to answer for its codes.
type system struct {
	url, version string
	complete     bool   // a code that is not listed does not exist
	fold         bool   // case does not matter
	reason       Reason // of Unknown for a code that is not listed
	nodes        []node
	index        map[string]int32 // code → node
	folded       map[string]int32 // lower-case code → node, if fold
	// rule answers for systems that are a syntax rather than a list; nil for
	// the others. property returns a property of such a code.
	rule     func(code string) Membership
	property func(code, property string) (value string, known bool)
	known    map[string]bool // properties that filters may use
	whole    *codeSet        // all codes
}

// node is one concept in its place in the hierarchy.
type node struct {
	concept           *Concept
	parents, children []int32
	extra             []*Concept // from supplements
	inactive          bool
	deprecated        bool
	abstract          bool
}

func newSystem(src terminologySource, url, version string) *system {
	s := &system{url: url, reason: Reason{Kind: SystemNotHeld, Subject: url}}
	cs := src.CodeSystem(url)
	asked := true
	if version != "" {
		if exact := src.CodeSystem(url + "|" + version); exact != nil {
			cs = exact
		} else {
			asked = false
		}
	}
	if cs == nil || len(cs.Concepts) == 0 && cs.Content != "complete" {
		if s.ruled(url) {
			s.whole = s.all()
			return s
		}
	}
	if cs == nil {
		s.whole = s.all()
		return s
	}
	s.version, s.fold = cs.Version, !cs.CaseSensitive
	switch {
	case cs.Withheld:
		s.reason.Kind = CodesWithheld
	case cs.Content == "not-present":
	case cs.Content != "complete":
		s.reason.Kind = SystemNotComplete
	case !asked:
		s.reason = Reason{Kind: VersionNotHeld, Subject: url, Detail: version}
	default:
		s.complete, s.reason = true, Reason{}
	}
	s.build(cs)
	for _, sup := range src.Supplements(url) {
		s.supplement(sup)
	}
	s.whole = s.all()
	return s
}

// build lays the concepts out in the order of the source and ties the
// hierarchy, from nesting and from the properties that mean parent and child.
func (s *system) build(cs *CodeSystem) {
	s.index = map[string]int32{}
	s.known = map[string]bool{}
	meaning := map[string]string{} // property code → what it says of the concept
	for _, p := range cs.Properties {
		s.known[p.Code] = true
		if at := strings.LastIndexByte(p.URI, '#'); at >= 0 && strings.Contains(p.URI, "concept-properties") {
			meaning[p.Code] = p.URI[at+1:]
		}
	}
	type open struct {
		concepts []Concept
		parent   int32
	}
	stack := []open{{cs.Concepts, -1}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.concepts) == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		c, parent := &top.concepts[0], top.parent
		top.concepts = top.concepts[1:]
		at, seen := s.index[c.Code]
		if !seen {
			at = int32(len(s.nodes)) //nolint:gosec // bounded by the document
			s.index[c.Code] = at
			s.nodes = append(s.nodes, node{concept: c})
			s.nodes[at].facts(c, meaning)
		}
		if parent >= 0 {
			s.tie(parent, at)
		}
		stack = append(stack, open{c.Children, at})
	}
	for i := range s.nodes {
		for _, p := range s.nodes[i].concept.Properties {
			s.known[p.Code] = true
			other, ok := s.index[p.Value]
			if !ok {
				continue
			}
			switch means(p.Code, meaning) {
			case "parent", "subsumedBy":
				s.tie(other, int32(i)) //nolint:gosec // bounded by the document
			case "child":
				s.tie(int32(i), other) //nolint:gosec // bounded by the document
			}
		}
	}
	if s.fold {
		s.folded = make(map[string]int32, len(s.index))
		for i := range s.nodes {
			if low := strings.ToLower(s.nodes[i].concept.Code); !has(s.folded, low) {
				s.folded[low] = int32(i) //nolint:gosec // bounded by the document
			}
		}
	}
}

func has[K comparable, V any](m map[K]V, k K) bool { _, ok := m[k]; return ok }

// means returns what a property says, by its address or else by its usual name.
func means(code string, meaning map[string]string) string {
	if m := meaning[code]; m != "" {
		return m
	}
	return code
}

func (s *system) tie(parent, child int32) {
	if parent == child || slices.Contains(s.nodes[child].parents, parent) {
		return
	}
	s.nodes[child].parents = append(s.nodes[child].parents, parent)
	s.nodes[parent].children = append(s.nodes[parent].children, child)
}

// facts reads from a concept whether it may be used. CodeSystem §4.8.10 names
// the properties; the older spellings are those of HL7's own systems.
func (n *node) facts(c *Concept, meaning map[string]string) {
	for _, p := range c.Properties {
		yes := p.Value == "true"
		switch means(p.Code, meaning) {
		case "status":
			n.inactive = n.inactive || p.Value == "retired" || p.Value == "inactive"
			n.deprecated = n.deprecated || p.Value == "deprecated"
		case "inactive":
			n.inactive = n.inactive || yes
		case "deprecated", "deprecationDate":
			n.deprecated = n.deprecated || p.Value != "false"
		case "notSelectable", "not-selectable", "abstract":
			n.abstract = n.abstract || yes
		}
	}
	for _, e := range c.Extensions {
		if e.Value == nil || !strings.HasSuffix(e.URL, "/structuredefinition-standards-status") {
			continue
		}
		if text := e.Value.Value.Text(); text == "deprecated" || text == "withdrawn" {
			n.deprecated = true
		}
	}
}

// supplement adds what a supplement says of the concepts. It never adds codes.
func (s *system) supplement(sup *CodeSystem) {
	for i := range sup.Concepts {
		c := &sup.Concepts[i]
		if at, ok := s.find(c.Code); ok {
			s.nodes[at].extra = append(s.nodes[at].extra, c)
			for _, p := range c.Properties {
				s.known[p.Code] = true
			}
		}
		s.supplement(&CodeSystem{Concepts: c.Children})
	}
}

// find returns the node of a code, in whatever case the system allows.
func (s *system) find(code string) (int32, bool) {
	at, ok := s.index[code]
	if !ok && s.fold {
		at, ok = s.folded[strings.ToLower(code)]
	}
	return at, ok
}

func (s *system) lookup(code string) (CodeInfo, Membership, Reason) {
	if s.rule != nil {
		m := s.rule(code)
		if m == Unknown {
			return CodeInfo{}, m, s.reason
		}
		return CodeInfo{Code: code}, m, Reason{}
	}
	at, ok := s.find(code)
	switch {
	case ok:
	case s.complete:
		return CodeInfo{Version: s.version}, Out, Reason{}
	default:
		return CodeInfo{Version: s.version}, Unknown, s.reason
	}
	n := &s.nodes[at]
	info := CodeInfo{
		Code: n.concept.Code, Display: n.concept.Display, Designations: n.concept.Designations,
		Inactive: n.inactive, Deprecated: n.deprecated, Abstract: n.abstract,
		CaseMismatch: n.concept.Code != code, Version: s.version,
	}
	for i, c := range n.extra {
		if i == 0 {
			info.Designations = slices.Clone(info.Designations)
		}
		info.Designations = append(info.Designations, c.Designations...)
	}
	return info, In, Reason{}
}

// all returns the set of every code of the system.
func (s *system) all() *codeSet {
	set := newCodeSet(s.url, s.fold)
	set.restReason = s.reason
	switch {
	case s.rule != nil:
		set.rule = s.rule
	case s.complete:
		set.rest = Out
	}
	for i := range s.nodes {
		set.put(s.nodes[i].concept.Code, In)
	}
	return set
}

// below returns the node and everything under it.
func (s *system) below(at int32) map[int32]bool {
	return s.walk(at, func(n *node) []int32 { return n.children })
}

// above returns the node and everything over it.
func (s *system) above(at int32) map[int32]bool {
	return s.walk(at, func(n *node) []int32 { return n.parents })
}

func (s *system) walk(at int32, next func(*node) []int32) map[int32]bool {
	seen := map[int32]bool{at: true}
	for queue := []int32{at}; len(queue) > 0; queue = queue[1:] {
		for _, to := range next(&s.nodes[queue[0]]) {
			if !seen[to] {
				seen[to] = true
				queue = append(queue, to)
			}
		}
	}
	return seen
}

// values returns the values of a property of a node.
func (s *system) values(at int32, property string) []string {
	n := &s.nodes[at]
	var out []string
	switch property {
	case "code":
		return []string{n.concept.Code}
	case "display":
		return []string{n.concept.Display}
	case "concept":
		return []string{n.concept.Code}
	case "parent":
		return s.codes(n.parents)
	case "child":
		return s.codes(n.children)
	case "inactive":
		out = append(out, boolText(n.inactive))
	case "notSelectable":
		out = append(out, boolText(n.abstract))
	}
	for _, c := range append([]*Concept{n.concept}, n.extra...) {
		for _, p := range c.Properties {
			if p.Code == property && !slices.Contains(out, p.Value) {
				out = append(out, p.Value)
			}
		}
	}
	return out
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func (s *system) codes(nodes []int32) []string {
	out := make([]string, len(nodes))
	for i, at := range nodes {
		out[i] = s.nodes[at].concept.Code
	}
	return out
}
