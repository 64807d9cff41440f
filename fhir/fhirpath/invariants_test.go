package fhirpath

import (
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
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

func invariant(t *testing.T, typ, key string) *Expression {
	t.Helper()
	for _, c := range fhirdef.R4().Type(typ).Elements[0].Constraints {
		if c.Key == key {
			e, err := Compile(c.Expression, nil)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
	}
	t.Fatalf("%s has no constraint %s", typ, key)
	return nil
}

// TestTestDoesNotAllocate: the constraints that stand on everything cost no
// memory.
func TestTestDoesNotAllocate(t *testing.T) {
	root := parsed(t, fuzzPatient)
	observation := root.Value().Get("contained").First()
	for _, c := range []struct {
		typ, key string
		focus    Node
	}{
		{"Element", "ele-1", ElementNode(root.Value().Get("name").First(), jsontree.Value{}, "HumanName")},
		{"Patient", "dom-2", root},
		{"Patient", "dom-4", root},
		{"Patient", "dom-5", root},
		{"Reference", "ref-1", ElementNode(root.Value().Get("managingOrganization"), jsontree.Value{}, "Reference")},
		{"Quantity", "qty-3", ElementNode(observation.Get("valueQuantity"), jsontree.Value{}, "Quantity")},
		{"Period", "per-1", ElementNode(root.Value().Get("name").First().Get("period"), jsontree.Value{}, "Period")},
		{"Observation", "obs-6", ResourceNode(observation)},
		{"Observation", "obs-7", ResourceNode(observation)},
	} {
		e := invariant(t, c.typ, c.key)
		in := &Input{Focus: c.focus, Resource: root}
		if n := testing.AllocsPerRun(100, func() {
			if ok, err := e.Test(in); !ok || err != nil {
				t.Fatalf("%s: %v, %v", c.key, ok, err)
			}
		}); n > 0 {
			t.Errorf("%s: want no allocation, have %v\n\t%s", c.key, n, e)
		}
	}
}
