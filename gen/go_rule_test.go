package gen

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// compiledRules tells for each distinct expression of the model's rules whether it
// is compiled everywhere it stands, and why it is not.
func compiledRules(t *testing.T, refs []string, packages ...string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	for _, ref := range refs {
		m, list, err := dataset.Load(context.Background(), ref, &dataset.LoadOptions{Packages: packages})
		if err != nil || m == nil {
			t.Fatal(ref, err, list)
		}
		p, err := newPlan(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		emitValidate(p)
		failed := make(map[string]string)
		for _, i := range p.findings {
			if i.Code == CodeRuleNotCompiled {
				failed[i.Rule] = i.Message
			}
		}
		note := func(rules []dataset.Rule) {
			for i := range rules {
				if r := &rules[i]; out[r.Expression] == "" {
					out[r.Expression] = failed[r.Key]
				}
			}
		}
		for _, o := range p.objects {
			note(o.Rules)
			for _, f := range o.fields {
				note(f.Type.Rules)
				if f.Type.Elem != nil {
					note(f.Type.Elem.Rules)
				}
				for _, s := range f.slices {
					note(s.Field.Type.Rules)
					if s.Field.Type.Elem != nil {
						note(s.Field.Type.Elem.Rules)
					}
				}
			}
		}
	}
	return out
}

// TestRulesOfR4AreCompiled holds the share of FHIR's own constraints that become Go.
func TestRulesOfR4AreCompiled(t *testing.T) {
	if testing.Short() {
		t.Skip("reads all types of R4")
	}
	defs := fhirdef.R4()
	var refs []string
	for url := range defs.URLs("StructureDefinition") {
		if st := defs.Structure(url); st != nil && st.Kind == "resource" && st.Derivation != "constraint" && !defs.Abstract(st.Type) {
			refs = append(refs, "fhir-sd:"+st.Type)
		}
	}
	slices.Sort(refs)
	share(t, compiledRules(t, refs), 85)
}

func share(t *testing.T, rules map[string]string, least int) {
	t.Helper()
	n := 0
	for x, why := range rules {
		if why == "" {
			n++
		} else if os.Getenv("RULES") != "" {
			t.Log(x, "\n\t", why)
		}
	}
	t.Logf("%d of %d distinct rules are compiled", n, len(rules))
	if n*100 < least*len(rules) {
		t.Errorf("want at least %d %% of the rules compiled, have %d of %d", least, n, len(rules))
	}
}

func TestRulesOfUSCoreAreCompiled(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a package")
	}
	pkg := filepath.Join(golden.Shared(t, "data/fhir"), "us-core-6.1.0.tgz")
	share(t, compiledRules(t, []string{"fhir-ig:" + pkg}, pkg), 85)
}
