package mapping

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
)

func TestShippedPoliciesLoadAndCarryTheirHash(t *testing.T) {
	if !slices.Contains(PolicyNames(), "ohdsi") {
		t.Fatal("want the policy ohdsi")
	}
	for _, name := range PolicyNames() {
		p, err := LoadPolicy(name)
		if err != nil {
			t.Fatal(err)
		}
		if p.Name != name || len(p.Hash()) != 64 {
			t.Errorf("%s: want its own name and a SHA-256, have %q and %q", name, p.Name, p.Hash())
		}
	}
}

func TestABrokenPolicyNamesItsPlace(t *testing.T) {
	b, err := policyFiles.ReadFile("policies/ohdsi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := string(b)
	for want, text := range map[string]string{
		"domains.Drug":       strings.Replace(good, "Drug: drug_exposure", "Drug: drugs", 1),
		"types.default":      strings.Replace(good, "default: 32817", "default: 0", 1),
		"codings":            strings.Replace(good, "codings: all", "codings: some", 1),
		"gap_days":           strings.Replace(good, "gap_days: 548", "gap_days: 0", 1),
		"unknown field":      good + "\nmore: 1\n",
		"[2:5]":              "a: 1\nb: [\n",
		"want a name":        strings.Replace(good, "name: ohdsi", "name: ''", 1),
		"identifiers":        strings.Replace(good, "identifiers: drop", "identifiers: maybe", 1),
		"single_concept":     strings.Replace(good, "single_concept: [measurement", "single_concept: [person", 1),
		"home_tables.Condit": strings.Replace(good, "  Condition: condition_occurrence\n  Observation: obs", "  Condition: death\n  Observation: obs", 1),
	} {
		if text == good {
			t.Errorf("%s: the test changes nothing", want)
		}
		_, err := ParsePolicy("p.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), "p.yaml") {
			t.Errorf("%s: want an error that names the file, have %v", want, err)
			continue
		}
		if !strings.HasPrefix(want, "[") && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in the error, have %v", want, err)
		}
	}
}

func TestAPolicyFileIsReadByPath(t *testing.T) {
	b, err := policyFiles.ReadFile("policies/ohdsi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := LoadPolicy(name); err != nil || p.Hash() != DefaultPolicy().Hash() {
		t.Errorf("want the same policy from a file, have %v", err)
	}
	if _, err := LoadPolicy("nosuch"); err == nil || !strings.Contains(err.Error(), "ohdsi") {
		t.Errorf("want an error that names the policies there are, have %v", err)
	}
}

// TestConceptsOfThePolicyAreWhatTheySay holds the ids of the policy against
// the shared list of concepts that published rules name.
func TestConceptsOfThePolicyAreWhatTheySay(t *testing.T) {
	b, err := os.ReadFile(golden.Shared(t, "data/vocabulary/policy-concepts.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"0": true}
	for line := range strings.Lines(string(b)) {
		known[strings.SplitN(line, "\t", 2)[0]] = true
	}
	types, err := os.ReadFile(filepath.Join(filepath.Dir(golden.Shared(t, "data/vocabulary/policy-concepts.tsv")), "type-concepts.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(types)) {
		known[strings.SplitN(line, ",", 2)[0]] = true
	}
	store := subset(t)
	p := DefaultPolicy()
	for field, ids := range map[string]map[string]int32{
		"types": p.Types, "category_types": p.CategoryTypes["Condition"], "gender": p.Gender, "race": p.Race, "ethnicity": p.Ethnicity,
		"visit_class": p.VisitClass, "visit_place": p.VisitPlace, "condition_status": p.ConditionStatus,
		"operators": p.Operators, "boolean": p.Boolean, "countries": p.Countries,
	} {
		for k, id := range ids {
			c, ok := store.Concept(id)
			if !ok && !known[itoa(id)] {
				t.Errorf("%s.%s: concept %d is in no source", field, k, id)
			}
			if ok && !c.IsStandard() {
				t.Errorf("%s.%s: concept %d is not standard", field, k, id)
			}
		}
	}
}
