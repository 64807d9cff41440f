package fhir_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// The validator suite: HL7's own cases with the outcomes that HL7's validator
// recorded (data/fhir/validator). Every run that needs nothing from outside is
// compared in three ways, each stricter than the one before: valid or invalid,
// the number of errors, and the places of the errors.
//
// Runs that disagree are listed in testdata/validator-disagreements.txt with
// the reason. CARABINER_UPDATE=1 rewrites that file and keeps the reasons;
// CARABINER_SUITE=<regular expression> runs only what matches (an id or the
// name of a module) and shows both sides of each run beside each other.

// suiteVariable names the environment variable that picks runs to look at.
const suiteVariable = "CARABINER_SUITE"

// suiteRun is one entry of the suite's manifest.
type suiteRun struct {
	ID, Run, Module, File, Format string
	Supporting, Packages, Flags   []string
	Profile, ProfileFile, Pattern string
	Expected                      string
	Errors, Warnings              int
	TxErrors                      int
	Options                       map[string]json.RawMessage
}

// offline reports whether the run needs nothing from outside.
func (r *suiteRun) offline() bool {
	return !slices.ContainsFunc(r.Flags, func(f string) bool { return f != "terminology-in-warnings" })
}

// nearlyFree reports whether the run says little about a validator: CDS Hooks
// requests have no resourceType, and a matchetype run compares two files.
func (r *suiteRun) nearlyFree() bool {
	return r.Module == "matchetype" || r.Module == "cdshooks" && r.Run == "base"
}

// option returns the text of an option, true for a plain true; "" if not set.
func (r *suiteRun) option(name string) string {
	return strings.Trim(string(r.Options[name]), `"`)
}

// readSuite returns the runs that need nothing from outside, in the order of
// the manifest.
func readSuite(t *testing.T, dir string) []suiteRun {
	t.Helper()
	var manifest struct{ Cases []suiteRun }
	readJSON(t, filepath.Join(dir, "manifest.json"), &manifest)
	runs := slices.DeleteFunc(manifest.Cases, func(r suiteRun) bool { return !r.offline() })
	if len(runs) < 300 {
		t.Fatalf("want the manifest to hold 300 or more runs, have %d", len(runs))
	}
	return runs
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// compared is a run with both outcomes.
type compared struct {
	run    *suiteRun
	ours   issue.List
	theirs []recordedIssue
	level  agreement
	// warnings tells whether the number of warnings is equal too.
	warnings bool
	err      error
}

func TestValidatorSuite(t *testing.T) {
	dir := golden.Shared(t, "data/fhir/validator")
	runs := readSuite(t, dir)
	chosen := os.Getenv(suiteVariable)
	if chosen != "" {
		pattern, err := regexp.Compile(chosen)
		if err != nil {
			t.Fatal(err)
		}
		runs = slices.DeleteFunc(runs, func(r suiteRun) bool {
			return !pattern.MatchString(r.ID) && r.Module != chosen
		})
	} else if testing.Short() {
		t.Skip("much data: left out with -short")
	}
	results := compareAll(t, dir, runs)
	for _, c := range results {
		if c.err != nil {
			t.Errorf("%s: %v", c.run.ID, c.err)
		}
	}
	if chosen != "" {
		for _, c := range results {
			t.Log(c.sideBySide())
		}
		return
	}
	t.Log(suiteTable(results))
	checkTotals(t, results)
	checkDisagreements(t, results)
}

// compareAll runs and compares all of runs.
func compareAll(t *testing.T, dir string, runs []suiteRun) []*compared {
	t.Helper()
	engine := newSuiteEngine(dir)
	seq := func(yield func(*suiteRun, error) bool) {
		for i := range runs {
			if !yield(&runs[i], nil) {
				return
			}
		}
	}
	var all []*compared
	work := func(_ int, r *suiteRun) *compared {
		theirs := readOutcome(t, dir, r)
		ours, err := engine.guarded(r)
		return compare(r, ours, theirs, err)
	}
	err := flow.Ordered(t.Context(), flow.Workers(0), seq, ordered(work), func(c *compared) error {
		all = append(all, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// guarded runs the engine and turns a panic into an error.
func (e *suiteEngine) guarded(r *suiteRun) (list issue.List, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return e.check(r)
}
