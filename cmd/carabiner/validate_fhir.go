package main

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

const (
	// resourceFindings bounds the findings of one resource, which may be a
	// Bundle of many.
	resourceFindings = 250_000
	// handOn is how many findings a worker gathers before it hands them on.
	handOn = 500
)

// fhirRun is one run of validate over FHIR.
type fhirRun struct {
	s        *session
	f        *validateFlags
	v        *fhir.Validator
	defs     *fhirdef.Definitions
	ids      *fhir.Identities // nil if references are not followed
	follow   fhir.FollowOptions
	sum      *fhirSummary
	aside    *asideFindings
	told     map[kindOfFinding]bool // kinds of findings that were printed
	perCode  map[kindOfFinding]int  // by severity and code alone
	position int                    // the source that findings come from now
}

// validateFHIR checks the sources that args name.
func (s *session) validateFHIR(ctx context.Context, f *validateFlags, args []string, h holding) (_ *fhirResult, err error) {
	defs, packages, err := f.definitions(ctx, s)
	if err != nil {
		return nil, err
	}
	v, err := fhir.NewValidator(defs, &fhir.ValidateOptions{MaxIssues: resourceFindings, Profiles: f.profiles, AnyExtension: f.anyExtension,
		SecurityChecks: f.security, BestPractice: max(f.recommend, issue.Information)})
	if err != nil {
		return nil, usageError{err}
	}
	srcs, err := s.fhirSources(args, h)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fhir.CloseSources(srcs)) }()
	r := &fhirRun{s: s, f: f, v: v, defs: defs, sum: newFHIRSummary(), aside: newAside(srcs),
		told: make(map[kindOfFinding]bool), perCode: make(map[kindOfFinding]int)}
	stats, err := r.run(ctx, srcs)
	r.sum.followed = r.ids != nil
	s.progress.close()
	if err != nil {
		return nil, err
	}
	result := r.sum.result(stats)
	result.Packages = packages
	return result, nil
}

// run reads the sources, twice if references are to be followed.
func (r *fhirRun) run(ctx context.Context, srcs []fhir.Source) (*fhir.ReadStats, error) {
	opts := r.s.readOptions(srcs)
	opts.MaxRecordBytes = int(r.f.maxRecord)
	if r.f.references != followInside {
		total := sizeOf(srcs)
		opts.Progress = func(done int64) { r.s.progress.show(done, 2*total) }
		ids, err := fhir.Identify(ctx, srcs, opts)
		if err != nil {
			return nil, err
		}
		r.ids = ids
		if r.f.references == followExist {
			r.follow = fhir.FollowOptions{AllTypes: true, Severity: issue.Error}
		} else if ids.Resources() < 2 {
			r.ids = nil // a resource alone refers to others that nobody gave
		}
		opts.Progress = func(done int64) { r.s.progress.show(total+done, 2*total) }
	}
	opts.WholeBundles, opts.Reporter = true, r.aside
	stats, err := fhir.Gather(ctx, srcs, opts, r.gatherer, r.take)
	if err == nil {
		err = r.fromAside(math.MaxInt)
	}
	return stats, err
}

// checked is what a worker found in some records of one source.
type checked struct {
	source       int
	resources    int64
	withErrors   int64
	withWarnings int64 // and no errors
	followed     fhir.Followed
	findings     []foundAt
}

// foundAt is a finding and the element it is about, whatever its number in lists.
type foundAt struct {
	issue.Issue
	element string
}

// gatherer checks the resources that a worker is given.
func (r *fhirRun) gatherer(int) fhir.Gatherer[*checked] {
	c := new(checked)
	ignored := make(map[string]bool)
	return fhir.Gatherer[*checked]{
		Visit: func(res *fhir.Resource) error {
			c.source = res.Source()
			list := r.v.Validate(res)
			if r.f.recommend == 0 {
				list = slices.DeleteFunc(list, func(i issue.Issue) bool { return r.recommendation(i, ignored) })
			}
			if r.ids != nil {
				more, counts := r.ids.Follow(res, &r.follow)
				c.followed.Add(counts)
				if len(more) > 0 {
					list = append(list, more...)
					slices.SortStableFunc(list, func(a, b issue.Issue) int { return cmp.Compare(a.Pos.Offset, b.Pos.Offset) })
				}
			}
			c.resources++
			switch worst := list.Worst(); {
			case worst >= issue.Error:
				c.withErrors++
			case worst == issue.Warning:
				c.withWarnings++
			}
			elements := elementsOf(res)
			for _, i := range list {
				c.findings = append(c.findings, foundAt{i, elements(i.Path)})
			}
			return nil
		},
		Reject: func(rej *fhir.Rejected) error {
			c.source = rej.Source
			r.aside.expect(rej.Reason)
			c.findings = append(c.findings, r.rejected(rej)...)
			return nil
		},
		Full: func() bool { return len(c.findings) >= handOn },
		Take: func() *checked {
			full := c
			c = new(checked)
			return full
		},
	}
}

// rejected returns the findings about a record that is no JSON: where comments or
// commas alone are wrong, each of them and what else is found in the resource.
func (r *fhirRun) rejected(rej *fhir.Rejected) []foundAt {
	list := issue.List{rej.Reason}
	if rej.Reason.Code == fhir.CodeSyntax && !rej.Truncated {
		res, mistakes, err := fhir.ParseLenient(rej.Raw, &fhir.LenientOptions{Pos: rej.Pos})
		if err == nil && len(mistakes) > 0 {
			list = append(mistakes, r.v.Validate(res)...)
			slices.SortStableFunc(list, func(a, b issue.Issue) int { return cmp.Compare(a.Pos.Offset, b.Pos.Offset) })
		}
	}
	out := make([]foundAt, len(list))
	for i, x := range list {
		out[i] = foundAt{x, rej.Type}
	}
	return out
}

// recommendation tells a finding about an invariant that is only best practice.
func (r *fhirRun) recommendation(i issue.Issue, known map[string]bool) bool {
	if i.Code != fhir.CodeInvariant {
		return false
	}
	is, ok := known[i.Rule]
	if !ok {
		url, key, _ := strings.Cut(i.Rule, "#")
		if st := r.defs.Structure(url); st != nil {
			is = slices.ContainsFunc(st.Elements, func(e fhirdef.Element) bool {
				return slices.ContainsFunc(e.Constraints, func(k fhirdef.Constraint) bool { return k.Key == key && k.BestPractice })
			})
		}
		known[i.Rule] = is
	}
	return is
}

// elementsOf returns a function that takes the numbers out of paths; inside a
// Bundle paths begin with the resource of the entry.
func elementsOf(res *fhir.Resource) func(path string) string {
	var types []string
	return func(path string) string {
		if res.Type() == "Bundle" {
			if types == nil {
				types = []string{}
				for e := res.Get("entry").First(); e.Exists(); e = e.Next() {
					types = append(types, e.Get("resource").Get("resourceType").Text())
				}
			}
			const before, after = "Bundle.entry[", "].resource"
			if rest, ok := strings.CutPrefix(path, before); ok {
				number, inner, ok := strings.Cut(rest, after)
				if n, err := strconv.Atoi(number); ok && err == nil && n < len(types) && fhir.IsResourceType(types[n]) {
					path = types[n] + inner
				}
			}
		}
		return withoutIndexes(path)
	}
}

// withoutIndexes takes [0] and the like out of a path.
func withoutIndexes(path string) string {
	if strings.IndexByte(path, '[') < 0 {
		return path
	}
	b := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if path[i] == '[' {
			if n := strings.IndexByte(path[i:], ']'); n > 1 && strings.Trim(path[i+1:i+n], "0123456789") == "" {
				i += n
				continue
			}
		}
		b = append(b, path[i])
	}
	return string(b)
}

// take counts and writes what was found, in the order of the sources.
func (r *fhirRun) take(c *checked) error {
	if c.resources == 0 && len(c.findings) == 0 {
		return nil
	}
	if c.source > r.position {
		r.position = c.source
		if err := r.fromAside(c.source); err != nil {
			return err
		}
	}
	r.sum.take(c)
	for _, i := range c.findings {
		if err := r.write(i); err != nil {
			return err
		}
	}
	return nil
}

// fromAside writes the findings about sources before a number.
func (r *fhirRun) fromAside(before int) error {
	for _, i := range r.aside.before(before) {
		x := foundAt{i, withoutIndexes(i.Path)}
		r.sum.count(&x)
		if err := r.write(x); err != nil {
			return err
		}
	}
	return nil
}

// kindOfFinding is what makes two findings alike.
type kindOfFinding struct {
	severity issue.Severity
	code     issue.Code
	rule     string
	element  string
}

// maxKinds bounds how many kinds of findings are kept apart.
const maxKinds = 10_000

// write counts a finding for --fail-on and writes it: not below --show, of
// terminology that was not checked only the sum, and as text of one code only
// some and one of every kind.
func (r *fhirRun) write(x foundAt) error {
	s, i := r.s, x.Issue
	if err := s.counter.Report(i); err != nil {
		return err
	}
	hide := i.Severity < r.f.shown || i.Code == fhir.CodeNotChecked && r.f.shown > issue.Information
	if !hide && s.format == text && s.findings == "" && s.maxFindings > 0 {
		code := kindOfFinding{severity: i.Severity, code: i.Code}
		kind := kindOfFinding{i.Severity, i.Code, i.Rule, x.element}
		r.perCode[code]++
		hide = r.perCode[code] > s.maxFindings && (r.told[kind] || len(r.told) >= maxKinds)
		if len(r.told) < maxKinds {
			r.told[kind] = true
		}
	}
	if hide {
		s.mu.Lock()
		s.hidden[i.Code]++
		s.mu.Unlock()
		return nil
	}
	return s.writer.Report(i)
}

// asideFindings keeps the findings of the reading, which come in no set order,
// until it is their source's turn. They are few: about sources as a whole, and
// about entries without a resource.
type asideFindings struct {
	mu       sync.Mutex
	sources  map[string]int      // by name
	expected map[issue.Issue]int // reasons of rejection that came in order already
	list     []asideFinding
}

type asideFinding struct {
	source int
	issue  issue.Issue
}

func newAside(srcs []fhir.Source) *asideFindings {
	a := &asideFindings{sources: make(map[string]int), expected: make(map[issue.Issue]int)}
	for i, src := range srcs {
		a.sources[src.Name()] = i
	}
	return a
}

// expect announces a finding that is not to be kept.
func (a *asideFindings) expect(i issue.Issue) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expected[i]++
}

// Report keeps the finding.
func (a *asideFindings) Report(i issue.Issue) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := a.expected[i]; n > 0 {
		if delete(a.expected, i); n > 1 {
			a.expected[i] = n - 1
		}
		return nil
	}
	a.list = append(a.list, asideFinding{a.sources[i.Pos.Source], i})
	return nil
}

// before takes out the findings about sources before a number, in their order.
func (a *asideFindings) before(source int) issue.List {
	a.mu.Lock()
	defer a.mu.Unlock()
	var due []asideFinding
	a.list = slices.DeleteFunc(a.list, func(x asideFinding) bool {
		if x.source >= source {
			return false
		}
		due = append(due, x)
		return true
	})
	slices.SortStableFunc(due, func(x, y asideFinding) int {
		return cmp.Or(cmp.Compare(x.source, y.source), cmp.Compare(x.issue.Pos.Record, y.issue.Pos.Record),
			cmp.Compare(x.issue.Pos.Offset, y.issue.Pos.Offset), cmp.Compare(x.issue.Code, y.issue.Code), cmp.Compare(x.issue.Message, y.issue.Message))
	})
	var out issue.List
	for _, x := range due {
		out = append(out, x.issue)
	}
	return out
}
