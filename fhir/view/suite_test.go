package view

import (
	"os"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
)

// The shared tests are all passed. The number may only rise.
const sharedTests = 134

func TestSharedTests(t *testing.T) {
	dir := os.DirFS(golden.Shared(t, "data/fhir/sql-on-fhir/tests"))
	for name, opts := range map[string]*SuiteOptions{"scan": nil, "FHIRPath alone": {PathsOnly: true}} {
		report, err := RunSuite(dir, opts)
		if err != nil {
			t.Fatal(err)
		}
		for file, f := range report {
			for _, one := range f.Tests {
				if !one.Result.Passed {
					t.Errorf("%s: %s: %s: %s", name, file, one.Name, one.Result.Error)
				}
			}
		}
		if tests, passed := report.Count(); tests < sharedTests || passed < sharedTests {
			t.Errorf("%s: want %d tests passed, have %d of %d", name, sharedTests, passed, tests)
		}
	}
}
