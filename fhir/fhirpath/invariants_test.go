package fhirpath

import (
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// TestInvariantsOfR4Compile compiles every constraint of the embedded
// definitions, with the type it stands on.
func TestInvariantsOfR4Compile(t *testing.T) {
	seen := map[string]bool{}
	for s := range fhirdef.R4().Structures() {
		if s.Derivation == "constraint" {
			continue
		}
		for i := range s.Elements {
			e := &s.Elements[i]
			for _, c := range e.Constraints {
				if c.Expression == "" || seen[e.Path+c.Expression] {
					continue
				}
				seen[e.Path+c.Expression] = true
				x, err := Compile(c.Expression, nil)
				if err != nil {
					t.Errorf("%s on %s: %v\n\t%s", c.Key, e.Path, err, c.Expression)
					continue
				}
				if again, err := Compile(x.String(), nil); err != nil || again.String() != x.String() {
					t.Errorf("%s: does not read as it is written: %v\n\t%s\n\t%s", c.Key, err, c.Expression, x)
				}
				if _, err := Compile(c.Expression, &Options{Type: e.Path}); err != nil {
					t.Logf("%s on %s: %v\n\t%s", c.Key, e.Path, err, c.Expression)
				}
			}
		}
	}
	if len(seen) < 500 {
		t.Errorf("want at least 500 constraints, have %d", len(seen))
	}
}
