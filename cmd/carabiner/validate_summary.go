package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

const (
	textRows = 30   // of a table of counts in a text report
	jsonRows = 1000 // of a list of counts in a JSON report
)

// fhirResult is the report of validate about FHIR.
type fhirResult struct {
	Resources    int64            `json:"resources"`
	Rejected     int64            `json:"rejected"`
	WithErrors   int64            `json:"resources_with_errors"`
	WithWarnings int64            `json:"resources_with_warnings_only"`
	Findings     severityJSON     `json:"findings"`
	Rules        []countedRule    `json:"rules"`
	MoreRules    int              `json:"more_rules,omitempty"`
	Paths        []countedPath    `json:"paths"`
	MorePaths    int              `json:"more_paths,omitempty"`
	NotChecked   []countedSubject `json:"terminology_not_checked"`
	MoreSubjects int              `json:"more_terminology_not_checked,omitempty"`
	References   *followedJSON    `json:"references,omitempty"`
	Packages     []packageJSON    `json:"packages,omitempty"`
	Sources      []sourceJSON     `json:"sources"`
}

type severityJSON struct {
	Fatal       int64 `json:"fatal"`
	Error       int64 `json:"error"`
	Warning     int64 `json:"warning"`
	Information int64 `json:"information"`
}

type countedRule struct {
	Severity issue.Severity `json:"severity"`
	Code     issue.Code     `json:"code"`
	Rule     string         `json:"rule,omitempty"`
	Count    int64          `json:"count"`
}

type countedPath struct {
	Path        string `json:"path"`
	Errors      int64  `json:"errors"`
	Warnings    int64  `json:"warnings"`
	Information int64  `json:"information"`
}

// countedSubject counts what was not checked for want of a code system or value set.
type countedSubject struct {
	Subject string `json:"code_system_or_value_set"`
	Count   int64  `json:"count"`
}

type followedJSON struct {
	Inside      int64 `json:"inside"`
	Found       int64 `json:"found"`
	Missing     int64 `json:"missing"`
	NotFollowed int64 `json:"not_followed"`
}

// fhirSummary adds up what is found.
type fhirSummary struct {
	total    checked
	severity severityJSON
	rules    map[kindOfFinding]int64 // without element
	paths    map[string]*countedPath
	subjects map[string]int64
	// Kinds beyond maxKinds are counted together.
	otherRules, otherPaths, otherSubjects int64
	followed                              bool
}

func newFHIRSummary() *fhirSummary {
	return &fhirSummary{rules: make(map[kindOfFinding]int64), paths: make(map[string]*countedPath), subjects: make(map[string]int64)}
}

// take adds what a worker found.
func (s *fhirSummary) take(c *checked) {
	s.total.resources += c.resources
	s.total.withErrors += c.withErrors
	s.total.withWarnings += c.withWarnings
	s.total.followed.Add(c.followed)
	for i := range c.findings {
		s.count(&c.findings[i])
	}
}

// count adds a finding.
func (s *fhirSummary) count(x *foundAt) {
	n := s.severity.of(x.Severity)
	*n++
	if x.Code == fhir.CodeNotChecked {
		if _, ok := s.subjects[x.Rule]; ok || len(s.subjects) < maxKinds {
			s.subjects[x.Rule]++
		} else {
			s.otherSubjects++
		}
		return
	}
	rule := kindOfFinding{severity: x.Severity, code: x.Code, rule: x.Rule}
	if _, ok := s.rules[rule]; ok || len(s.rules) < maxKinds {
		s.rules[rule]++
	} else {
		s.otherRules++
	}
	p := s.paths[x.element]
	switch {
	case x.element == "":
		return
	case p == nil && len(s.paths) >= maxKinds:
		s.otherPaths++
		return
	case p == nil:
		p = &countedPath{Path: x.element}
		s.paths[x.element] = p
	}
	switch x.Severity {
	case issue.Information:
		p.Information++
	case issue.Warning:
		p.Warnings++
	default:
		p.Errors++
	}
}

func (s *severityJSON) of(v issue.Severity) *int64 {
	switch v {
	case issue.Information:
		return &s.Information
	case issue.Warning:
		return &s.Warning
	case issue.Error:
		return &s.Error
	}
	return &s.Fatal
}

// result sorts the counts, the most first.
func (s *fhirSummary) result(stats *fhir.ReadStats) *fhirResult {
	r := &fhirResult{Resources: stats.Records(), Rejected: stats.Rejected(), WithErrors: s.total.withErrors, WithWarnings: s.total.withWarnings,
		Findings: s.severity, Rules: []countedRule{}, Paths: []countedPath{}, NotChecked: []countedSubject{}, Sources: sourcesJSON(stats.Sources)}
	for k, n := range s.rules {
		r.Rules = append(r.Rules, countedRule{k.severity, k.code, k.rule, n})
	}
	slices.SortFunc(r.Rules, func(a, b countedRule) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Rule, b.Rule))
	})
	for _, p := range s.paths {
		r.Paths = append(r.Paths, *p)
	}
	slices.SortFunc(r.Paths, func(a, b countedPath) int {
		return cmp.Or(cmp.Compare(b.Errors, a.Errors), cmp.Compare(b.Warnings, a.Warnings), cmp.Compare(b.Information, a.Information), cmp.Compare(a.Path, b.Path))
	})
	for name, n := range s.subjects {
		r.NotChecked = append(r.NotChecked, countedSubject{name, n})
	}
	slices.SortFunc(r.NotChecked, func(a, b countedSubject) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Subject, b.Subject))
	})
	r.Rules, r.MoreRules = atMost(r.Rules)
	r.Paths, r.MorePaths = atMost(r.Paths)
	r.NotChecked, r.MoreSubjects = atMost(r.NotChecked)
	r.MoreRules += int(s.otherRules)
	r.MorePaths += int(s.otherPaths)
	r.MoreSubjects += int(s.otherSubjects)
	if s.followed {
		x := followedJSON(s.total.followed)
		r.References = &x
	}
	return r
}

// atMost cuts a list for the report and tells how much is left out.
func atMost[T any](list []T) ([]T, int) {
	n := min(len(list), jsonRows)
	return list[:n], len(list) - n
}

func (r *fhirResult) writeText(w io.Writer) error {
	clean := r.Resources - r.WithErrors - r.WithWarnings
	title := fmt.Sprintf("FHIR: %s resources, %s rejected", grouped(r.Resources), grouped(r.Rejected))
	resources := []string{cells("with errors", r.WithErrors), cells("with warnings only", r.WithWarnings), cells("with neither", clean)}
	if r.Resources == 0 {
		resources = []string{cells("none to check")}
	}
	rules, paths, subjects := []string{"count\tseverity\tcode\trule"}, []string{"errors\twarnings\tpath"}, []string{"count\tcode system or value set"}
	for _, x := range r.Rules {
		rules = append(rules, cells(x.Count, x.Severity, x.Code, x.Rule))
	}
	for _, x := range r.Paths {
		if x.Errors+x.Warnings > 0 {
			paths = append(paths, cells(x.Errors, x.Warnings, x.Path))
		}
	}
	for _, x := range r.NotChecked {
		subjects = append(subjects, cells(x.Count, x.Subject))
	}
	var references []string
	if x := r.References; x != nil {
		references = []string{cells("inside a resource", x.Inside), cells("found among the sources", x.Found),
			cells("missing", x.Missing), cells("not followed", x.NotFollowed)}
	}
	return errors.Join(
		sourcesText(w, r.Sources),
		table(w, title, resources),
		table(w, "findings by rule", someRows(rules, r.MoreRules)),
		table(w, "findings by path", someRows(paths, r.MorePaths)),
		table(w, "not checked: terminology that is not at hand", someRows(subjects, r.MoreSubjects)),
		table(w, "references", references))
}

// someRows cuts a table below its head, which goes if nothing is below it.
func someRows(rows []string, more int) []string {
	if len(rows) == 1 {
		return nil
	}
	if cut := len(rows) - 1 - textRows; cut > 0 {
		rows, more = rows[:textRows+1], more+cut
	}
	if more > 0 {
		rows = append(rows, fmt.Sprintf("and %s more", grouped(int64(more))))
	}
	return rows
}
