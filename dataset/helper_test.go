package dataset

import (
	"testing"

	"github.com/carabiner-health/carabiner/issue"
)

// mustLoad loads a path and fails the test on an error or a finding that is one.
func mustLoad(t testing.TB, path string, opts *LoadOptions) *Model {
	t.Helper()
	m, findings, err := Load(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Severity >= issue.Error {
			t.Errorf("%s", f)
		}
	}
	if m == nil {
		t.Fatalf("%s: want a model, have none", path)
	}
	return m
}
