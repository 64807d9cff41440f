package dataset

import (
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/omop/cdm"
)

func importedOMOP(t *testing.T, ref, table string) []*Table {
	t.Helper()
	tables, findings, err := importOMOP(t.Context(), &input{spec: SourceSpec{Name: "cdm", Kind: OMOP, Ref: ref, Table: table}, note: func(Source) {}})
	if err != nil || len(findings) > 0 {
		t.Fatal(findings, err)
	}
	return tables
}

func TestTablesOfTheCDMAreWhole(t *testing.T) {
	for ref, model := range map[string]*cdm.Model{"omop-5.4": cdm.V54.Model(), "5.4": cdm.V54.Model(), "v5.3": cdm.V53.Model(), "imaging": cdm.Imaging()} {
		tables := importedOMOP(t, ref, "")
		if len(tables) != len(model.Tables) {
			t.Errorf("%s: want %d tables, have %d", ref, len(model.Tables), len(tables))
		}
		for i, table := range tables {
			for j, f := range model.Tables[i].Fields {
				have := table.Object.Fields[j]
				if have.Name != f.Name || have.Required != f.Required || have.Type.Format != f.TypeName() || have.Role == "" {
					t.Errorf("%s.%s: want %+v, have %+v", table.Name, f.Name, f, have)
				}
			}
			for _, r := range table.Refs {
				to := slices.IndexFunc(tables, func(x *Table) bool { return x.Name == r.Table })
				if to < 0 || tables[to].Object.Field(r.Target[0]) == nil {
					t.Errorf("%s: a reference to %s, which is not there", table.Name, r.Table)
				}
			}
		}
	}
}

func TestPersonOfTheCDMHasGrainKeyAndRoles(t *testing.T) {
	p := importedOMOP(t, "omop-5.4", "person")[0]
	if p.Grain != PerPatient || p.Key[0] != "person_id" || len(p.Refs) != 0 || p.From.OMOPVersion != "5.4" {
		t.Errorf("have %+v", p)
	}
	for name, want := range map[string]Role{"person_id": DirectID, "person_source_value": DirectID, "year_of_birth": QuasiID, "gender_concept_id": QuasiID, "birth_datetime": QuasiID, "location_id": QuasiID} {
		if f := p.Object.Field(name); f.Role != want {
			t.Errorf("%s: want %s, have %s", name, want, f.Role)
		}
	}
	for name, want := range map[string]Role{"note.note_text": FreeText, "note.note_date": EventDate, "measurement.value_as_number": Sensitive, "observation.value_as_string": FreeText,
		"condition_occurrence.condition_concept_id": Sensitive, "condition_occurrence.condition_source_value": Sensitive, "concept.concept_name": Safe, "location.zip": QuasiID, "visit_occurrence.visit_occurrence_id": QuasiID} {
		table, field, _ := strings.Cut(name, ".")
		if f := importedOMOP(t, "5.4", table)[0].Object.Field(field); f.Role != want {
			t.Errorf("%s: want %s, have %s", name, want, f.Role)
		}
	}
}

func TestUnknownEditionsAndTablesOfTheCDMAreFound(t *testing.T) {
	for _, ref := range []string{"", "omop-6.0", "cdm", "5"} {
		if _, findings, _ := importOMOP(t.Context(), &input{spec: SourceSpec{Ref: ref}}); len(findings) != 1 || findings[0].Code != CodeOMOPEdition {
			t.Errorf("%q: %v", ref, findings)
		}
	}
	_, findings, _ := importOMOP(t.Context(), &input{spec: SourceSpec{Ref: "5.4", Table: "persons"}})
	if len(findings) != 1 || findings[0].Code != CodeOMOPTable || !strings.Contains(findings[0].Message, `did you mean "person"`) {
		t.Error(findings)
	}
}
