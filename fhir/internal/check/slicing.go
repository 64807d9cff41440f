package check

import (
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

// matcher tells by one discriminator whether an item belongs to a slice.
type matcher struct {
	path  []pathStep
	kind  string
	tests []test // one must hold for every value found
	// min0: the slice allows the value to be absent, so absence is no mismatch.
	absent bool
}

// test is one requirement on a value that a discriminator finds.
type test func(r *run, a at) bool

// sliceOf returns the slice that an item belongs to, or the list's own node,
// counts it and sees to the order of slices. counts are those of the whole list, by
// the places of its slices and reslices. (ElementDefinition.slicing, §5.1.0.14)
func (r *run) sliceOf(head *node, item at, counts []int, order *int) *node {
	head.once.Do(func() { r.compileMatchers(head) })
	for i, s := range head.slices {
		if !r.matches(head, i, item) {
			continue
		}
		counts[s.place]++
		if sl := head.el.Slicing; sl != nil && sl.Ordered {
			if i < *order {
				r.err(item, CodeSlice, head.p.label, "want the slices of "+elementName(head.el.ID, head.el.Path)+" in their order, have "+s.el.SliceName+" too late ("+head.p.label+")")
			}
			*order = max(*order, i)
		}
		if j := r.another(head, i, item); j > 0 {
			r.err(item, CodeSlice, head.p.label, "want an item of one slice of "+elementName(head.el.ID, head.el.Path)+", have one that is of "+
				s.el.SliceName+" and of "+head.slices[j].el.SliceName+" ("+head.p.label+")")
			return head // which slice is meant is not known
		}
		if len(s.slices) > 0 {
			return r.sliceOf(s, item, counts, new(int))
		}
		return s
	}
	sl := head.el.Slicing
	if sl == nil {
		return head
	}
	switch {
	case sl.Rules == "closed":
		r.err(item, CodeSlice, head.p.label, fmt.Sprintf("want one of the slices %s of %s, have an item that is none and slicing is closed (%s)",
			sliceNames(head), elementName(head.el.ID, head.el.Path), head.p.label))
	case sl.Rules == "openAtEnd":
		*order = len(head.slices)
	}
	return head
}

// another returns the slice behind slice i that an item belongs to as well; 0 if
// there is none, as it should be.
func (r *run) another(head *node, i int, item at) int {
	for j := i + 1; j < len(head.slices); j++ {
		if r.matches(head, j, item) {
			return j
		}
	}
	return 0
}

func sliceNames(head *node) string {
	names := make([]string, len(head.slices))
	for i, s := range head.slices {
		names[i] = s.el.SliceName
	}
	return strings.Join(names, ", ")
}

// sliceCounts checks how often each slice occurs, a being the list's owner, and
// tells whether one occurs too seldom: then the list is too short for no other
// reason.
func (r *run) sliceCounts(head *node, a at, counts []int) (short bool) {
	for _, s := range head.slices {
		count := 0
		if counts != nil {
			count = counts[s.place]
		}
		el := s.el
		switch {
		case count < el.Min:
			short = true
			r.err(a, CodeSlice, s.p.label, fmt.Sprintf("want at least %d of slice %s, have %d (%s)", el.Min, elementName(el.ID, el.Path), count, s.p.label))
		case count > el.Max:
			r.err(a, CodeSlice, s.p.label, fmt.Sprintf("want at most %d of slice %s, have %d (%s)", el.Max, elementName(el.ID, el.Path), count, s.p.label))
		}
		if len(s.slices) > 0 && count > 0 {
			r.sliceCounts(s, a, counts)
		}
	}
	return short
}

// matches tells whether an item belongs to slice i of head.
func (r *run) matches(head *node, i int, item at) bool {
	s := head.slices[i]
	f := r.f(item)
	if head.choice() && (head.el.Slicing == nil || len(s.types) > 0) {
		if s.typeNamed(f.choice) == nil {
			return false
		}
	}
	for j := range head.matchers[i] {
		if !r.holds(&head.matchers[i][j], item) {
			return false
		}
	}
	return len(head.matchers[i]) > 0 || head.choice()
}

// holds tells whether what a discriminator finds in an item is what the slice asks.
func (r *run) holds(m *matcher, item at) bool {
	found, any := false, false
	r.follow(item, m.path, func(a at) bool {
		any = true
		for _, t := range m.tests {
			if t(r, a) {
				found = true
				return false
			}
		}
		return true
	})
	switch m.kind {
	case "exists":
		return any != m.absent
	}
	return found || !any && m.absent && len(m.tests) > 0
}

// compileMatchers makes the matchers of all slices of head.
func (r *run) compileMatchers(head *node) {
	head.matchers = make([][]matcher, len(head.slices))
	sl := head.el.Slicing
	if sl == nil && head.el.Path != "" && strings.HasSuffix(head.el.Path, "xtension") {
		sl = &fhirdef.Slicing{Discriminators: []fhirdef.Discriminator{{Type: "value", Path: "url"}}}
	}
	if sl == nil {
		return
	}
	for i, s := range head.slices {
		for _, d := range sl.Discriminators {
			m, fault := r.compileMatcher(s, d)
			if fault != "" {
				head.faults = append(head.faults, fault)
				continue
			}
			head.matchers[i] = append(head.matchers[i], m)
		}
		if len(s.slices) > 0 {
			s.once.Do(func() { r.compileMatchers(s) })
		}
	}
}

// faulty reports slicing that cannot be evaluated.
func (r *run) faulty(head *node, a at) {
	for _, fault := range head.faults {
		r.report(finding{severity: issue.Warning, code: CodeSlice, rule: head.p.label, at: a, message: fault})
	}
}
