package fhirdef

import (
	"regexp"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/ucum"
)

// maxRegexp bounds the length of a filter's expression. RE2 runs in time linear
// in the code, so nothing else needs a bound.
const maxRegexp = 1000

// filter returns the codes of a system that pass a filter (ValueSet §4.9.5,
// filter-operator). What cannot be computed is Unknown, except for codes that
// do not exist.
func (s *system) filter(f Filter) *codeSet {
	reason := Reason{Kind: FilterNotComputable, Subject: s.url, Detail: f.Property + " " + f.Op}
	if s.rule != nil {
		return s.filterRule(f, reason)
	}
	out := newCodeSet(s.url, s.fold)
	test := s.test(f)
	switch {
	case test == nil && s.complete:
		out.rest, out.restReason = Out, reason
		for i := range s.nodes {
			out.put(s.nodes[i].concept.Code, Unknown)
		}
		return out
	case test == nil:
		out.restReason = s.reason
		if s.reason.Kind != SystemNotHeld {
			out.restReason = reason
		}
		return out
	case s.complete:
		out.rest = Out
	default:
		out.restReason = s.reason
	}
	for i := range s.nodes {
		switch {
		case test(int32(i)): //nolint:gosec // bounded by the document
			out.put(s.nodes[i].concept.Code, In)
		case !s.complete:
			// A part of a system shows a part of the hierarchy and the properties.
			out.put(s.nodes[i].concept.Code, Unknown)
		}
	}
	return out
}

// filterRule is filter for a system whose codes are not a list.
func (s *system) filterRule(f Filter, reason Reason) *codeSet {
	out := newCodeSet(s.url, s.fold)
	out.restReason = reason
	match := matcher(f)
	out.rule = func(code string) Membership {
		switch s.rule(code) {
		case Out:
			return Out
		case Unknown:
			return Unknown
		}
		if s.url == ucumSystem && f.Property == "canonical" && f.Op == "=" {
			return inOrOut(ucum.Comparable(code, f.Value))
		}
		if s.property == nil || match == nil {
			return Unknown
		}
		value, known := s.property(code, f.Property)
		switch {
		case !known:
			return Unknown
		case match([]string{value}, value != ""):
			return In
		}
		return Out
	}
	return out
}

// test returns what a filter asks of a node; nil if it cannot be computed.
func (s *system) test(f Filter) func(at int32) bool {
	if f.Property == "concept" || f.Property == "code" {
		if t, ok := s.testHierarchy(f); ok {
			return t
		}
	}
	switch f.Property {
	case "code", "display", "concept", "parent", "child", "inactive", "notSelectable":
	default:
		if !s.known[f.Property] {
			return nil
		}
	}
	if f.Property == "parent" || f.Property == "child" || f.Property == "concept" || f.Property == "code" {
		f.Value = s.canonicalCodes(f)
	}
	match := matcher(f)
	if match == nil {
		return nil
	}
	return func(at int32) bool {
		v := s.values(at, f.Property)
		return match(v, len(v) > 0)
	}
}

// testHierarchy returns the test of an operator that speaks of the hierarchy;
// ok is false for any other operator.
func (s *system) testHierarchy(f Filter) (test func(at int32) bool, ok bool) {
	at, found := s.find(f.Value)
	switch f.Op {
	case "is-a", "descendent-of", "is-not-a", "generalizes", "child-of", "descendent-leaf":
		if !found {
			return nil, true
		}
	default:
		return nil, false
	}
	switch f.Op {
	case "is-a":
		set := s.below(at)
		return func(n int32) bool { return set[n] }, true
	case "descendent-of":
		set := s.below(at)
		return func(n int32) bool { return n != at && set[n] }, true
	case "is-not-a":
		set := s.below(at)
		return func(n int32) bool { return !set[n] }, true
	case "generalizes":
		set := s.above(at)
		return func(n int32) bool { return set[n] }, true
	case "child-of":
		return func(n int32) bool { return slices.Contains(s.nodes[at].children, n) }, true
	}
	set := s.below(at)
	return func(n int32) bool { return n != at && set[n] && len(s.nodes[n].children) == 0 }, true
}

// canonicalCodes writes the codes that a filter names as the system does.
func (s *system) canonicalCodes(f Filter) string {
	if f.Op != "=" && f.Op != "in" && f.Op != "not-in" {
		return f.Value
	}
	codes := strings.Split(f.Value, ",")
	for i, code := range codes {
		codes[i] = strings.TrimSpace(code)
		if at, ok := s.find(codes[i]); ok {
			codes[i] = s.nodes[at].concept.Code
		}
	}
	return strings.Join(codes, ",")
}

// matcher returns the test of a filter on the values of a property; nil if the
// operator is not known or its value is not one.
func matcher(f Filter) func(values []string, exists bool) bool {
	switch f.Op {
	case "=":
		return func(v []string, _ bool) bool { return slices.Contains(v, f.Value) }
	case "exists":
		want := f.Value == "true"
		if !want && f.Value != "false" {
			return nil
		}
		return func(_ []string, exists bool) bool { return exists == want }
	case "in", "not-in":
		list := map[string]bool{}
		for code := range strings.SplitSeq(f.Value, ",") {
			list[strings.TrimSpace(code)] = true
		}
		want := f.Op == "in"
		return func(v []string, _ bool) bool {
			return slices.ContainsFunc(v, func(s string) bool { return list[s] }) == want
		}
	case "regex":
		if len(f.Value) > maxRegexp {
			return nil
		}
		re, err := regexp.Compile(`^(?:` + f.Value + `)$`)
		if err != nil {
			return nil
		}
		return func(v []string, _ bool) bool { return slices.ContainsFunc(v, re.MatchString) }
	}
	return nil
}
