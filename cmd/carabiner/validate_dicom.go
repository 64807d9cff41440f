package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// dicomResult is the report of validate about DICOM.
type dicomResult struct {
	Instances    int64         `json:"instances"`
	WithErrors   int64         `json:"instances_with_errors"`
	WithWarnings int64         `json:"instances_with_warnings_only"`
	Partial      int64         `json:"partial"`
	NotDICOM     int64         `json:"not_dicom"`
	Failed       int64         `json:"failed"`
	Classes      []classResult `json:"sop_classes"`
	Findings     severityJSON  `json:"findings"`
	Rules        []countedRule `json:"rules"`
	MoreRules    int           `json:"more_rules,omitempty"`
	Paths        []countedPath `json:"paths"`
	MorePaths    int           `json:"more_paths,omitempty"`
}

type classResult struct {
	Class      string `json:"sop_class"`
	Instances  int64  `json:"instances"`
	WithErrors int64  `json:"instances_with_errors"`
}

// maxClasses bounds how many SOP classes are told apart.
const maxClasses = 1000

// checkedInstance is what was found in one file.
type checkedInstance struct {
	class    string
	worst    issue.Severity // of reading and checking
	findings issue.List     // of checking
}

// validateDICOM checks the headers of all sources, in their order.
func (s *session) validateDICOM(ctx context.Context, f *validateFlags, srcs iter.Seq2[dicommeta.Source, error]) (*dicomResult, error) {
	v, err := dicommeta.NewValidator(nil)
	if err != nil {
		return nil, err
	}
	sum := newFHIRSummary()
	classes := make(map[string]*classResult)
	opts := s.dicomOptions()
	opts.Reporter = issue.ReporterFunc(func(i issue.Issue) error { return s.found(f, sum, i) })
	check := func(_ int, x *dicommeta.Instance) (checkedInstance, error) {
		list := v.Validate(x)
		for i := range list {
			list[i].Pos.Source = x.Source
		}
		return checkedInstance{x.SOPClassUID(), max(list.Worst(), x.Issues.Worst()), list}, nil
	}
	stats, err := dicommeta.Gather(ctx, srcs, opts, check, func(c checkedInstance) error {
		class := classes[c.class]
		if class == nil && len(classes) >= maxClasses {
			c.class = "(more)"
			class = classes[c.class]
		}
		if class == nil {
			class = &classResult{Class: uidName(c.class)}
			classes[c.class] = class
		}
		class.Instances++
		sum.total.resources++
		switch {
		case c.worst >= issue.Error:
			class.WithErrors++
			sum.total.withErrors++
		case c.worst == issue.Warning:
			sum.total.withWarnings++
		}
		for _, i := range c.findings {
			if err := s.found(f, sum, i); err != nil {
				return err
			}
		}
		return nil
	})
	s.progress.close()
	if err != nil {
		return nil, err
	}
	counts := sum.result(&fhir.ReadStats{})
	r := &dicomResult{Instances: stats.Instances, WithErrors: counts.WithErrors, WithWarnings: counts.WithWarnings, Partial: stats.Partial,
		NotDICOM: stats.NotDICOM, Failed: stats.Failed, Classes: []classResult{}, Findings: counts.Findings,
		Rules: counts.Rules, MoreRules: counts.MoreRules, Paths: counts.Paths, MorePaths: counts.MorePaths}
	for _, uid := range slices.Sorted(maps.Keys(classes)) {
		r.Classes = append(r.Classes, *classes[uid])
	}
	return r, nil
}

// found counts a finding, and writes it if its severity is to be shown.
func (s *session) found(f *validateFlags, sum *fhirSummary, i issue.Issue) error {
	sum.count(&foundAt{i, elementNames(i.Path)})
	if i.Severity < f.shown {
		s.mu.Lock()
		s.hidden[i.Code]++
		s.mu.Unlock()
		return s.counter.Report(i)
	}
	return s.Report(i)
}

// elementNames turns the tags of a path into keywords and drops the numbers of
// items: ContentSequence.ConceptNameCodeSequence.
func elementNames(path string) string {
	if path == "" {
		return ""
	}
	var names []string
	for step := range strings.SplitSeq(path, ".") {
		tag, _, _ := strings.Cut(step, "[")
		name := tag
		if t, err := dict.ParseTag(tag); err == nil {
			name = cmp.Or(t.Keyword(), tag)
		}
		names = append(names, name)
	}
	return strings.Join(names, ".")
}

// uidName returns the name of a standard UID, else the UID.
func uidName(uid string) string {
	if e := dict.FindUID(uid); e != nil {
		return e.Name
	}
	return uid
}

func (r *dicomResult) writeText(w io.Writer) error {
	clean := r.Instances - r.WithErrors - r.WithWarnings
	rules, paths, classes := []string{"count\tseverity\tcode\trule"}, []string{"errors\twarnings\tpath"}, []string{"instances\twith errors\tSOP class"}
	for _, x := range r.Rules {
		rules = append(rules, cells(x.Count, x.Severity, x.Code, x.Rule))
	}
	for _, x := range r.Paths {
		if x.Errors+x.Warnings > 0 {
			paths = append(paths, cells(x.Errors, x.Warnings, x.Path))
		}
	}
	for _, x := range r.Classes {
		classes = append(classes, cells(x.Instances, x.WithErrors, x.Class))
	}
	title := fmt.Sprintf("DICOM: %s instances", grouped(r.Instances))
	return errors.Join(
		table(w, title, []string{cells("with errors", r.WithErrors), cells("with warnings only", r.WithWarnings), cells("with neither", clean),
			cells("in part readable", r.Partial), cells("not DICOM", r.NotDICOM), cells("not readable", r.Failed)}),
		table(w, "by SOP class", someRows(classes, 0)),
		table(w, "findings by rule", someRows(rules, r.MoreRules)),
		table(w, "findings by path", someRows(paths, r.MorePaths)))
}
