package fhir_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/internal/matchetype"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// suiteEngine checks runs of the suite with this module's validator.
type suiteEngine struct{ dir string }

func newSuiteEngine(dir string) *suiteEngine { return &suiteEngine{dir: dir} }

// check returns the findings about the input of a run. What cannot be read is a
// finding; the error is about the run itself.
func (e *suiteEngine) check(r *suiteRun) (issue.List, error) {
	input, err := os.ReadFile(filepath.Join(e.dir, r.File))
	if err != nil {
		return nil, err
	}
	if r.Run == "matchetype" {
		return e.matchetype(r, input)
	}
	resource, passed, err := fhir.ParseLenient(input, &fhir.LenientOptions{AllowComments: r.option("allow-comments") == "true"})
	var unread *issue.ListError
	switch {
	case errors.As(err, &unread):
		return unread.List, nil
	case err != nil:
		return nil, err
	}
	defs, profiles, err := e.definitions(r)
	if err != nil {
		return nil, err
	}
	v, err := fhir.NewValidator(defs, e.options(r, profiles, defs))
	if err != nil {
		return nil, err
	}
	return append(passed, v.Validate(resource)...), nil
}

// options are those of the suite that the validator has too.
func (e *suiteEngine) options(r *suiteRun, profiles []string, defs *fhirdef.Definitions) *fhir.ValidateOptions {
	o := &fhir.ValidateOptions{Profiles: profiles, MaxIssues: 10_000, BestPractice: issue.Information}
	o.AllowComments = r.option("allow-comments") == "true"
	if r.option("wrong-displays") == "warning" {
		o.WrongDisplay = issue.Warning
	}
	o.SecurityChecks = r.option("security-checks") == "true"
	o.AssumeValidRestReferences = r.option("assumeValidRestReferences") == "true"
	o.NoHTMLInMarkdown = r.option("noHtmlInMarkdown") == "true"
	switch r.option("validateReference") {
	case "CHECK_EXISTS":
		o.References = fhir.ReferencesMustExist
	case "CHECK_EXISTS_AND_TYPE":
		o.References = fhir.ReferencesMustBeType
	}
	return o
}

// definitions are those of R4 with what the run brings along, and the profiles
// that the run checks against.
func (e *suiteEngine) definitions(r *suiteRun) (*fhirdef.Definitions, []string, error) {
	own := fhirdef.NewPackage("suite", r.ID)
	files := slices.Clone(r.Supporting)
	var profiles []string
	if r.Run == "profile" || r.Run == "logical" {
		profiles = []string{r.Profile}
		if r.ProfileFile != "" {
			files = append(files, r.ProfileFile)
		}
	}
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(e.dir, name))
		if err != nil {
			return nil, nil, err
		}
		res, err := fhir.Parse(text)
		if err != nil {
			continue // what is not FHIR defines nothing
		}
		if name == r.ProfileFile && r.Profile == "" {
			profiles = []string{res.Get("url").Text()}
		}
		if own.Add(res.Raw(), name) != nil {
			continue // nor does what is no definition
		}
	}
	packages := []*fhirdef.Package{}
	for _, name := range r.Packages {
		path := filepath.Join(e.dir, name)
		if name == "hl7.fhir.us.core#3.1.1" {
			path = filepath.Join(e.dir, "..", "us-core-3.1.1.tgz")
		}
		if !strings.HasPrefix(name, "files/") && path == filepath.Join(e.dir, name) {
			continue // a package of tools that the rules do not need
		}
		p, err := fhirdef.Load(context.Background(), path, &fhirdef.LoadOptions{Lenient: true})
		if err != nil {
			return nil, nil, err
		}
		packages = append(packages, p)
	}
	return fhirdef.R4().With(append(packages, own)...), profiles, nil
}

// matchetype compares the input with the pattern of the run.
func (e *suiteEngine) matchetype(r *suiteRun, input []byte) (issue.List, error) {
	pattern, err := os.ReadFile(filepath.Join(e.dir, r.Pattern))
	if err != nil {
		return nil, err
	}
	var want, have jsontree.Tree
	if err := want.Parse(pattern, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", r.Pattern, err)
	}
	if err := have.Parse(input, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", r.File, err)
	}
	return matchetype.Compare(want.Root(), have.Root(), nil)
}
