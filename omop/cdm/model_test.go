package cdm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/omop/cdm"
)

type count struct{ Tables, Clinical, Vocabulary, Results, Fields, Required, Primary, References int }

func countOf(m *cdm.Model) count {
	c := count{Tables: len(m.Tables)}
	for _, t := range m.Tables {
		switch t.Schema {
		case cdm.Clinical:
			c.Clinical++
		case cdm.Vocabulary:
			c.Vocabulary++
		case cdm.Results:
			c.Results++
		}
		for _, f := range t.Fields {
			c.Fields++
			if f.Required {
				c.Required++
			}
			if f.PrimaryKey {
				c.Primary++
			}
			if f.Reference.Exists() {
				c.References++
			}
		}
	}
	return c
}

func TestModelsHoldEveryTableAndFieldOfTheStandard(t *testing.T) {
	for _, tc := range []struct {
		name  string
		model *cdm.Model
		want  count
	}{
		{"5.4", cdm.V54.Model(), count{39, 27, 10, 2, 432, 180, 28, 176}},
		{"5.3", cdm.V53.Model(), count{37, 25, 12, 0, 396, 164, 26, 157}},
		{"imaging", cdm.Imaging(), count{2, 2, 0, 0, 23, 12, 2, 12}},
	} {
		if diff := cmp.Diff(tc.want, countOf(tc.model)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestEveryFieldHasATypeAndEveryReferenceATarget(t *testing.T) {
	for _, m := range []*cdm.Model{cdm.V54.Model(), cdm.V53.Model(), cdm.Imaging()} {
		for _, table := range m.Tables {
			if len(table.Fields) == 0 {
				t.Errorf("%s, %s: want fields", m.Name, table.Name)
			}
			for _, f := range table.Fields {
				if f.Type < cdm.Integer || f.Type > cdm.Datetime || f.Length < 0 || f.Length > 0 && f.Type != cdm.Varchar {
					t.Errorf("%s, %s.%s: want a type, have %s of length %d", m.Name, table.Name, f.Name, f.Type, f.Length)
				}
				if f.UnitField != "" && table.Field(f.UnitField) == nil {
					t.Errorf("%s, %s.%s: want the unit's field %s in the table", m.Name, table.Name, f.Name, f.UnitField)
				}
				if !f.Reference.Exists() {
					continue
				}
				parent := m.Table(f.Reference.Table)
				if parent == nil {
					parent = cdm.V54.Model().Table(f.Reference.Table)
				}
				if parent == nil || parent.PrimaryKey() != f.Reference.Field {
					t.Errorf("%s, %s.%s: want a reference to a primary key, have %s.%s", m.Name, table.Name, f.Name, f.Reference.Table, f.Reference.Field)
				}
			}
		}
	}
}

func TestRenamesLeadFromFieldsOf53ToFieldsOf54(t *testing.T) {
	if len(cdm.Renames()) != 9 {
		t.Errorf("want 9 renames, have %d", len(cdm.Renames()))
	}
	for _, r := range cdm.Renames() {
		from, to := cdm.V53.Model().Table(r.Table).Field(r.From), cdm.V54.Model().Table(r.Table).Field(r.To)
		if from == nil || to == nil || from.Type != to.Type {
			t.Errorf("%s: want %s in 5.3 and %s of its type in 5.4", r.Table, r.From, r.To)
		}
	}
}

func TestModelOfAnUnknownEditionIsNil(t *testing.T) {
	if m := cdm.Version("6.0").Model(); m != nil {
		t.Errorf("want no model, have %s", m.Name)
	}
	if cdm.Version("").Model() != cdm.V54.Model() {
		t.Error("want the empty version to be 5.4")
	}
	if cdm.V54.Model().Table("no_such") != nil || cdm.V54.Model().Table("person").Field("no_such") != nil {
		t.Error("want nil for unknown names")
	}
}

func TestParseVersionTakesTheFormsOfCDMSource(t *testing.T) {
	for in, want := range map[string]cdm.Version{"5.4": cdm.V54, "v5.4": cdm.V54, "V5.4.2": cdm.V54, " 5.3.1 ": cdm.V53} {
		if got, err := cdm.ParseVersion(in); err != nil || got != want {
			t.Errorf("%q: want %s, have %s, %v", in, want, got, err)
		}
	}
	for _, in := range []string{"", "6.0", "5.40", "54"} {
		if got, err := cdm.ParseVersion(in); err == nil {
			t.Errorf("%q: want an error, have %s", in, got)
		}
	}
}
