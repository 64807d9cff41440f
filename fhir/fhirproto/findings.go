package fhirproto

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// step is one level of the path to a value.
type step struct {
	name   string // of the member as written, up to the choice
	choice string // of a type, as the message names it; mostly ""
	index  int    // in the source; -1 without an array
	kept   int    // in the message, where elements may be left out
	field  *field // nil in a companion
}

// findings gathers what is to be reported about one resource.
type findings struct {
	r       *fhir.Resource // nil without a source
	opts    *Options
	list    issue.List
	rest    []Rest
	skipped int
}

// add notes a finding at e, or at no known place if e is absent.
func (f *findings) add(s issue.Severity, code issue.Code, e fhir.Element, path, message string) {
	if len(f.list) >= f.opts.maxIssues() {
		f.skipped++
		return
	}
	i := issue.Issue{Severity: s, Code: code, Path: path, Message: message}
	if f.r != nil {
		i.Pos = f.r.PosOf(e)
	}
	f.list = append(f.list, i)
}

// leave notes a finding about a value that is left out.
func (f *findings) leave(code issue.Code, e fhir.Element, path, message string) {
	f.add(issue.Error, code, e, path, message)
	if f.opts.Rest != nil {
		f.rest = append(f.rest, Rest{Path: path, Pos: f.r.PosOf(e), Raw: e.Raw()})
	}
}

// sorted returns the findings in the order of the source, and hands on what was
// left out.
func (f *findings) sorted() issue.List {
	slices.SortStableFunc(f.rest, func(a, b Rest) int { return cmp.Compare(a.Pos.Offset, b.Pos.Offset) })
	for _, x := range f.rest {
		if f.opts.Rest != nil {
			f.opts.Rest(x)
		}
	}
	slices.SortStableFunc(f.list, func(a, b issue.Issue) int { return cmp.Compare(a.Pos.Offset, b.Pos.Offset) })
	if f.skipped > 0 {
		f.list = append(f.list, issue.Issue{Severity: issue.Warning, Code: CodeTooMany,
			Message: fmt.Sprintf("want at most %d findings, have %d more", f.opts.maxIssues(), f.skipped)})
	}
	return f.list
}

// pathText writes a path in FHIRPath; names that cannot be FHIR's become ?.
func pathText(root string, steps []step) string {
	b := []byte(root)
	for _, s := range steps {
		if s.name != "" {
			b = append(b, '.')
			b = append(b, plainName(s.name)...)
			b = append(b, upperFirst(s.choice)...)
		}
		if s.index >= 0 {
			b = append(strconv.AppendInt(append(b, '['), int64(s.index), 10), ']')
		}
	}
	return string(b)
}

// plainName returns a member's name if it could be one of FHIR, else "?": other
// names may be data.
func plainName(name string) string {
	rest := name
	if rest != "" && rest[0] == '_' {
		rest = rest[1:]
	}
	if rest == "" || len(rest) > 64 {
		return "?"
	}
	for i, c := range []byte(rest) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return "?"
		}
	}
	return name
}
