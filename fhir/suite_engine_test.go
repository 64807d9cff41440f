package fhir_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/carabiner-health/carabiner/fhir"
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
	resource, err := fhir.Parse(input)
	var unread *issue.ListError
	switch {
	case errors.As(err, &unread):
		return unread.List, nil
	case err != nil:
		return nil, err
	}
	v, err := fhir.NewValidator(nil, nil)
	if err != nil {
		return nil, err
	}
	return v.Validate(resource), nil
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
