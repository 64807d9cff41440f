package fhir

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/fhir/internal/check"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// ValidateOptions are the options of a Validator; nil and zero fields mean the
// defaults.
type ValidateOptions struct {
	// MaxIssues bounds the findings of one resource: the gravest are listed, and a
	// last one tells that there are more. 0 = 100.
	MaxIssues int
	// Profiles are the canonical URLs of profiles that every resource of their
	// type is checked against, besides those that it names in meta.profile.
	Profiles []string
	// AnyExtension allows extensions that the definitions do not have. Without
	// it they are errors, as the meaning of what they say is not known.
	AnyExtension bool
	// AllowComments allows fhir_comments members.
	AllowComments bool
	// SecurityChecks makes text that looks like HTML an error.
	SecurityChecks bool
	// NoHTMLInMarkdown makes tags of HTML in markdown an error.
	NoHTMLInMarkdown bool
	// AssumeValidRestReferences takes references in the form of a REST server's
	// for good.
	AssumeValidRestReferences bool
	// References says how far references that lead out of a resource are followed.
	References ReferencePolicy
	// Find finds a resource by its reference or canonical URL, for References.
	// It must be safe for concurrent use.
	Find func(reference string) (*Resource, bool)
	// BestPractice is the severity of invariants that are recommendations; 0 =
	// Warning.
	BestPractice issue.Severity
	// WrongDisplay is the severity of a display that is none of those its code
	// system gives for the code; 0 = Error.
	WrongDisplay issue.Severity
	// Now is the time that rules compare with; zero = the clock.
	Now time.Time
}

// ReferencePolicy says how far a Validator follows references.
type ReferencePolicy = check.ReferencePolicy

// The policies.
const (
	// ReferencesInside follows references to contained resources and inside a Bundle.
	ReferencesInside = check.ReferencesInside
	// ReferencesMustExist makes an error of what ValidateOptions.Find does not find.
	ReferencesMustExist = check.ReferencesMustExist
	// ReferencesMustBeType checks besides that what it finds is of the right type.
	ReferencesMustBeType = check.ReferencesMustBeType
)

// Validator checks resources against FHIR's definitions and profiles, as far as
// that needs nothing from outside (R4 §2.10): the form of JSON and XML, elements
// and their number, primitive values, fixed values and patterns, slices,
// invariants, bindings, extensions, references, Bundles, narratives,
// questionnaires and definitions. What needs a terminology server is told as not
// checked. It is immutable and safe to share.
type Validator struct {
	max     int
	defs    *fhirdef.Definitions
	checker *check.Checker
	find    func(reference string) (jsontree.Value, bool)
}

// NewValidator returns a Validator over definitions; nil means fhirdef.R4. What
// it needs of them is compiled when it is first needed. The error is about the
// options, or a profile that the definitions do not have.
func NewValidator(defs *fhirdef.Definitions, opts *ValidateOptions) (*Validator, error) {
	if defs == nil {
		defs = fhirdef.R4()
	}
	var o ValidateOptions
	if opts != nil {
		o = *opts
	}
	if o.MaxIssues < 0 {
		return nil, errors.New("fhir: MaxIssues: want 0 or more, have less")
	}
	if o.MaxIssues == 0 {
		o.MaxIssues = 100
	}
	for _, url := range o.Profiles {
		if defs.Structure(url) == nil {
			return nil, errors.New("fhir: Profiles: want a profile of the definitions, have " + url)
		}
	}
	v := &Validator{max: o.MaxIssues, defs: defs}
	v.checker = check.New(defs, check.Options{MaxIssues: o.MaxIssues, Profiles: slices.Clone(o.Profiles), AnyExtension: o.AnyExtension,
		AllowComments: o.AllowComments, SecurityChecks: o.SecurityChecks, NoHTMLInMarkdown: o.NoHTMLInMarkdown,
		AssumeValidRestReferences: o.AssumeValidRestReferences,
		References:                o.References, BestPractice: o.BestPractice, WrongDisplay: o.WrongDisplay, Now: o.Now})
	if o.Find != nil {
		v.find = func(reference string) (jsontree.Value, bool) {
			r, ok := o.Find(reference)
			if !ok || r == nil {
				return jsontree.Value{}, false
			}
			return r.root, true
		}
	}
	return v, nil
}

// Validate returns the findings about r, in the order of its text where they
// have a place there; nil for a resource without fault. Paths are FHIRPath; a
// missing element is found at the one that lacks it. Safe for concurrent use.
func (v *Validator) Validate(r *Resource) issue.List {
	start := int64(r.root.Offset())
	list := v.checker.Check(&check.Input{Root: r.root, Find: v.find, XML: r.xml != nil})
	slices.SortStableFunc(list, func(a, b issue.Issue) int { return int(a.Pos.Offset - b.Pos.Offset) })
	at := r.places()
	for i := range list {
		list[i].Pos = at(int(list[i].Pos.Offset - start))
	}
	if r.xml == nil {
		list = append(list, formFindings(r, v.defs, v.max)...)
	}
	for _, f := range r.formFindings() {
		list = append(list, f.Issue)
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b issue.Issue) int { return int(a.Pos.Offset - b.Pos.Offset) })
	if len(list) > v.max {
		list = append(gravest(list, v.max), issue.Issue{Severity: issue.Warning, Code: CodeTooMany, Pos: r.Pos(), Path: r.typ,
			Message: fmt.Sprintf("want at most %d findings, have more", v.max)})
	}
	return list
}

// gravest returns n findings of a list in their order: errors before warnings,
// and these before what only informs.
func gravest(list issue.List, n int) issue.List {
	for severity := issue.Information; len(list) > n; severity++ {
		excess := len(list) - n
		for i := len(list) - 1; i >= 0 && excess > 0; i-- {
			if list[i].Severity == severity {
				excess--
				list[i].Severity = 0 // marks what goes
			}
		}
		list = slices.DeleteFunc(list, func(i issue.Issue) bool { return i.Severity == 0 })
	}
	return list
}

// ConformsTo tells whether an element conforms to a profile, or a resource to the
// definition of its type. It is made for fhirpath.Input.ConformsTo, so that
// expressions may ask conformsTo(). The error is that the definitions do not have
// the profile. Safe for concurrent use.
func (v *Validator) ConformsTo(n fhirpath.Node, profile string) (bool, error) {
	return v.checker.ConformsTo(n, profile)
}
