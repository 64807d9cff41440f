package fhir_test

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/issue"
)

// agreement says how far two outcomes agree.
type agreement uint8

// The degrees of agreement, each containing those before it.
const (
	agreesNot    agreement = iota // one says valid, the other invalid
	agreesValid                   // both say valid, or both invalid
	agreesCount                   // with as many errors
	agreesPlaces                  // at the same places
)

// String returns what differs first.
func (a agreement) String() string {
	return [...]string{"valid", "count", "places", "none"}[a]
}

// recordedIssue is one issue of a recorded outcome.
type recordedIssue struct {
	severity   issue.Severity
	code       string
	expression string
	text       string
	line       string
}

// readOutcome returns the outcome that HL7's validator recorded for a run. Two
// runs have a text in its place, and count as one error about the whole.
func readOutcome(t testing.TB, dir string, r *suiteRun) []recordedIssue {
	t.Helper()
	if r.Expected == "" {
		list := make([]recordedIssue, r.Errors)
		for i := range list {
			list[i] = recordedIssue{severity: issue.Fatal, text: "(recorded as text)"}
		}
		return list
	}
	var outcome struct {
		Issue []struct {
			Severity    string
			Code        string
			Expression  []string
			Diagnostics string
			Details     struct{ Text string }
		}
	}
	readJSON(t, filepath.Join(dir, r.Expected), &outcome)
	severities := map[string]issue.Severity{
		"fatal": issue.Fatal, "error": issue.Error, "warning": issue.Warning, "information": issue.Information,
	}
	var list []recordedIssue
	for _, i := range outcome.Issue {
		list = append(list, recordedIssue{
			severity: severities[i.Severity], code: i.Code, expression: strings.Join(i.Expression, " "),
			text: i.Details.Text, line: i.Diagnostics,
		})
	}
	return list
}

// compare says how far the outcomes of a run agree. Errors that need a
// terminology server are subtracted from what was recorded.
func compare(r *suiteRun, ours issue.List, theirs []recordedIssue, err error) *compared {
	c := &compared{run: r, ours: ours, theirs: theirs, err: err}
	have, want := c.errors()
	switch {
	case err != nil, (have == 0) != (want == 0):
		c.level = agreesNot
	case have != want:
		c.level = agreesValid
	case !samePlaces(c.places()):
		c.level = agreesCount
	default:
		c.level = agreesPlaces
	}
	warned := 0
	for _, i := range ours {
		if i.Severity == issue.Warning {
			warned++
		}
	}
	c.warnings = warned == r.Warnings
	return c
}

// errors returns how many errors either side has.
func (c *compared) errors() (ours, theirs int) {
	for _, i := range c.ours {
		if i.Severity >= issue.Error {
			ours++
		}
	}
	return ours, c.run.Errors - c.run.TxErrors
}

// places returns the places of the errors of either side, normalised.
func (c *compared) places() (ours, theirs []place) {
	for _, i := range c.ours {
		if i.Severity >= issue.Error {
			ours = append(ours, newPlace(i.Path))
		}
	}
	for _, i := range c.theirs {
		if i.severity >= issue.Error {
			theirs = append(theirs, newPlace(i.expression))
		}
	}
	return ours, theirs
}

// place is a normalised expression. A loose one has no indexes, because it was
// written as an XPath that has none.
type place struct {
	path  string
	loose bool
}

// newPlace returns the place that an expression names, in one form for all the
// forms in use:
//   - comments that name a resource inside a Bundle go: entry[0]/*Patient/1*/;
//   - .ofType(X), the type of a choice, goes: value.ofType(Quantity);
//   - a filter beside an index goes: extension[0][url='http://…'];
//   - $, the root where no type is known, and a final . go;
//   - an XPath, which findings of the XML reader have, becomes a path without
//     indexes: /f:Patient/f:name.
func newPlace(expression string) place {
	if steps, ok := strings.CutPrefix(expression, "/f:"); ok {
		return place{strings.ReplaceAll(steps, "/f:", "."), true}
	}
	p := cut(expression, "/*", "*/")
	p = cut(p, ".ofType(", ")")
	p = cut(p, "[url=", "]")
	p = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(p, "$"), "."), ".")
	return place{p, false}
}

// cut removes every part of s from left to right.
func cut(s, left, right string) string {
	for {
		i := strings.Index(s, left)
		if i < 0 {
			return s
		}
		n := strings.Index(s[i+len(left):], right)
		if n < 0 {
			return s
		}
		s = s[:i] + s[i+len(left)+n+len(right):]
	}
}

// samePlaces reports whether both lists hold the same places, whatever their
// order. A loose place is equal to one that differs from it in indexes alone.
func samePlaces(ours, theirs []place) bool {
	left := slices.Clone(ours)
	sorted := slices.Clone(theirs)
	slices.SortStableFunc(sorted, func(a, b place) int { return cmp.Compare(order(a), order(b)) })
	for _, want := range sorted {
		i := slices.IndexFunc(left, func(have place) bool {
			if want.loose || have.loose {
				return cut(have.path, "[", "]") == cut(want.path, "[", "]")
			}
			return have.path == want.path
		})
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return len(left) == 0
}

// order puts loose places last, so that they take what is left over.
func order(p place) int {
	if p.loose {
		return 1
	}
	return 0
}

// sideBySide shows what either side says about a run.
func (c *compared) sideBySide() string {
	var b strings.Builder
	have, want := c.errors()
	fmt.Fprintf(&b, "\n=== %s  [%s] %s\n", c.run.ID, c.run.Module, c.run.File)
	for _, s := range append([]string{c.run.Profile}, c.run.Supporting...) {
		if s != "" {
			fmt.Fprintf(&b, "    with %s\n", s)
		}
	}
	for name := range c.run.Options {
		fmt.Fprintf(&b, "    option %s = %s\n", name, c.run.option(name))
	}
	fmt.Fprintf(&b, "    differs in: %s; errors want %d, have %d\n", c.level, want, have)
	if c.err != nil {
		fmt.Fprintf(&b, "    failed: %v\n", c.err)
	}
	for _, i := range c.theirs {
		fmt.Fprintf(&b, "    want %-11s %s | %s | %s %s\n", i.severity, newPlace(i.expression).path, i.text, i.line, i.code)
	}
	for _, i := range c.ours {
		fmt.Fprintf(&b, "    have %-11s %s | %s | [%d,%d] %s %s\n", i.Severity, newPlace(i.Path).path, i.Message, i.Pos.Line, i.Pos.Column, i.Code, i.Rule)
	}
	return b.String()
}

// ordered gives work the form that flow.Ordered asks for.
func ordered(work func(int, *suiteRun) *compared) func(context.Context, int, *suiteRun) (*compared, error) {
	return func(_ context.Context, worker int, r *suiteRun) (*compared, error) { return work(worker, r), nil }
}

func TestPlacesAreNormalised(t *testing.T) {
	for _, c := range []struct {
		in   string
		want place
	}{
		{"Patient.name[0]", place{"Patient.name[0]", false}},
		{"Bundle.entry[0].resource/*Patient/a.b*/.active", place{"Bundle.entry[0].resource.active", false}},
		{"Observation.value.ofType(Quantity).code", place{"Observation.value.code", false}},
		{"Patient.extension[1][url='http://x.org/a|4.0.0'].url", place{"Patient.extension[1].url", false}},
		{"$.name", place{"name", false}},
		{"$", place{"", false}},
		{"/f:Patient/f:name/f:text", place{"Patient.name.text", true}},
	} {
		if got := newPlace(c.in); got != c.want {
			t.Errorf("%s: want %v, have %v", c.in, c.want, got)
		}
	}
	many := []place{{"Patient.name.text", true}, {"Patient.name[1].text", false}}
	same := []place{{"Patient.name[1].text", false}, {"Patient.name[0].text", false}}
	if !samePlaces(same, many) || samePlaces(same[:1], many) || samePlaces(same, same[:1]) {
		t.Error("want a loose place to take what is left over, and no place twice")
	}
}
