package vocab

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/omop"
)

func TestEmbeddedAnswersForWhatOMOPGenerates(t *testing.T) {
	s, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []omop.ConceptInfo{
		{ID: 8532, Code: "F", Vocabulary: "Gender", Domain: "Gender", Class: "Gender", Name: "FEMALE", Standard: 'S'},
		{ID: 9201, Code: "IP", Vocabulary: "Visit", Domain: "Visit", Class: "Visit", Name: "Inpatient Visit", Standard: 'S'},
		{ID: 38003563, Code: "Hispanic", Vocabulary: "Ethnicity", Domain: "Ethnicity", Class: "Ethnicity",
			Name: "Hispanic or Latino", Standard: 'S'},
		{ID: 8876, Code: "mm[Hg]", Vocabulary: "UCUM", Domain: "Unit", Class: "Unit", Standard: 'S'},
	} {
		got, ok := s.Lookup(want.Vocabulary, want.Code)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%d: found %v (-want +got)\n%s", want.ID, ok, diff)
		}
		if m := s.MapsTo(want.ID, nil); len(m) != 1 || m[0].ID != want.ID {
			t.Errorf("%d: want it to map to itself, have %v", want.ID, m)
		}
	}
	if c, ok := s.Concept(32817); !ok || c.Name != "EHR" || c.Standard != 'S' || c.Domain != "Type Concept" {
		t.Errorf("type concept: have %v, %+v", ok, c)
	}
	if c, ok := s.Concept(19); !ok || c.Name != "Condition" || c.Vocabulary != "Domain" {
		t.Errorf("domain: have %v, %+v", ok, c)
	}
	if c, ok := s.Unit("mm[Hg]"); !ok || c.ID != 8876 {
		t.Errorf("unit: have %v, %+v", ok, c)
	}
	if _, ok := s.Unit("MM[HG]"); ok {
		t.Error("want units to be case-sensitive")
	}
	if m := s.MapsTo(8481, nil); len(m) != 1 || m[0].ID != 8600 {
		t.Errorf("a replaced unit: want its replacement, have %v", m)
	}
	if n := len(s.Info().Release); n == 0 || n > 20 {
		t.Errorf("release: want 1..20 characters for cdm_source.vocabulary_version, have %d", n)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
}

func TestEmbeddedHoldsNoLicensedVocabulary(t *testing.T) {
	s, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	free := []string{"CDM", "Concept Class", "Condition Status", "Domain", "Drug Type", "Ethnicity", "Gender", "Metadata",
		"None", "Obs Period Type", "Provider", "Race", "Relationship", "Type Concept", "UCUM", "Visit", "Vocabulary"}
	var have []string
	for _, v := range s.Info().Vocabularies {
		have = append(have, v.ID)
	}
	if diff := cmp.Diff(free, have); diff != "" {
		t.Errorf("vocabularies (-want +got)\n%s", diff)
	}
	for c := range s.All() {
		if !slices.Contains(free, c.Vocabulary) || c.Vocabulary == "UCUM" && c.Name != "" {
			t.Errorf("concept %d of %s is not free, or a unit has a name", c.ID, c.Vocabulary)
		}
	}
}

func TestEmbeddedStaysOpen(t *testing.T) {
	s, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if again, err := Embedded(); err != nil || again != s {
		t.Fatalf("want the same store, have %v", err)
	}
	if _, ok := s.Concept(8507); !ok {
		t.Error("want the store to answer after Close")
	}
}

func TestEmbeddedFilesAreSound(t *testing.T) {
	s, report, err := OpenDir(t.Context(), "data", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Files {
		if f.Lines != f.Used {
			t.Errorf("%s: want every line in use, have %+v", f.Table, f)
		}
	}
	e, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e.Info(), s.Info()); diff != "" {
		t.Errorf("(-embedded +folder)\n%s", diff)
	}
	if s.Info().Ancestors {
		t.Error("want no ancestors")
	}
}
