package dataset

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// importOMOP returns the tables of an edition of the OMOP CDM, or the one that the
// source names. The reference is omop-5.4, 5.4, omop-5.3, 5.3 or imaging.
func importOMOP(_ context.Context, in *input) ([]*Table, issue.List, error) {
	model, version := omopModel(in.spec.Ref)
	if model == nil {
		return nil, issue.List{{Severity: issue.Error, Code: CodeOMOPEdition, Pos: in.spec.Pos,
			Message: fmt.Sprintf("want omop-5.4, omop-5.3 or imaging, have %q", in.spec.Ref)}}, nil
	}
	if in.note != nil {
		for _, s := range model.Sources {
			in.note(Source{Name: in.spec.Name, Kind: OMOP, Ref: in.spec.Ref, File: "omop-" + version + "/" + s.File, Version: s.Edition, SHA256: s.SHA256})
		}
	}
	name := strings.ToLower(in.spec.Table)
	if name != "" && model.Table(name) == nil {
		names := make([]string, len(model.Tables))
		for i, t := range model.Tables {
			names[i] = t.Name
		}
		return nil, issue.List{{Severity: issue.Error, Code: CodeOMOPTable, Pos: in.spec.Pos,
			Message: fmt.Sprintf("want a table of %s, have %q%s", model.Name, in.spec.Table, meant(in.spec.Table, names))}}, nil
	}
	var tables []*Table
	for i := range model.Tables {
		if t := &model.Tables[i]; name == "" || t.Name == name {
			tables = append(tables, omopTable(in, model, version, t, name != ""))
		}
	}
	return tables, nil, nil
}

// omopModel returns the model that a reference names and the name of its edition.
func omopModel(ref string) (*cdm.Model, string) {
	s := strings.ToLower(strings.TrimSpace(ref))
	for _, prefix := range []string{"omop-cdm-", "omop-", "cdm-"} {
		s = strings.TrimPrefix(s, prefix)
	}
	switch s {
	case "imaging", "mi-cdm":
		return cdm.Imaging(), "imaging"
	case "":
		return nil, ""
	}
	v, err := cdm.ParseVersion(s)
	if err != nil {
		return nil, ""
	}
	return v.Model(), string(v)
}

func omopTable(in *input, m *cdm.Model, version string, t *cdm.Table, alone bool) *Table {
	out := &Table{
		Name: t.Name, Form: Row, Grain: omopGrain(t), Source: in.spec.Name, Kind: OMOP, Pos: in.spec.Pos,
		From:   From{OMOPTable: t.Name, OMOPVersion: version},
		Object: &Object{Name: t.Name, ID: t.Name, Pos: in.spec.Pos},
	}
	if key := t.PrimaryKey(); key != "" {
		out.Key = []string{key}
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		out.Object.Fields = append(out.Object.Fields, omopField(in, m, t, f))
		if r := f.Reference; r.Table != "" && m.Table(r.Table) != nil && (!alone || r.Table == t.Name) {
			out.Refs = append(out.Refs, Ref{Fields: []string{f.Name}, Table: r.Table, Target: []string{r.Field}})
		}
	}
	return out
}

func omopField(in *input, m *cdm.Model, t *cdm.Table, f *cdm.Field) *Field {
	id := t.Name + "." + f.Name
	o := originer{in.spec.Name, in.spec.Pos}
	out := &Field{Name: f.Name, Type: omopType(f), Required: f.Required, Path: f.Name, ID: id, Unit: f.Unit, UnitPath: f.UnitField,
		Role: omopRole(t, f), Pos: in.spec.Pos}
	o.add(out, "type", f.TypeName(), id)
	if f.Required {
		o.add(out, "required", "true", id)
	}
	if f.PrimaryKey {
		o.add(out, "key", "true", id)
	}
	if r := f.Reference; r.Table != "" {
		o.add(out, "references", r.Table+"."+r.Field, id)
		if r.Domain != "" {
			o.add(out, "domain", r.Domain, id)
			out.Description = "Concept of domain " + r.Domain + "."
		}
		if r.Class != "" {
			o.add(out, "class", r.Class, id)
		}
	}
	if f.Type == cdm.Varchar && f.Length > 0 {
		o.add(out, "max-length", strconv.Itoa(f.Length), id)
	}
	if f.Unit != "" {
		o.add(out, "unit", f.Unit, id)
	}
	o.add(out, "role", string(out.Role), m.Name)
	return out
}

func omopType(f *cdm.Field) Type {
	var t Type
	switch f.Type {
	case cdm.Integer:
		t = NewType(Integer)
		t.Bits = 32
	case cdm.Float:
		t = NewType(Float)
		t.Bits = 64
	case cdm.Date:
		t = NewType(Date)
	case cdm.Datetime:
		t = NewType(DateTime)
		t.Zone = ZoneNone
	default:
		t = NewType(Text)
		if f.Length > 0 {
			t.MaxLength = f.Length
		}
	}
	t.Format = f.TypeName()
	return t
}

// omopGrain tells what a row of a table stands for. A table of clinical events, and
// one derived from them, has a row an event; the vocabularies, the health system and
// the account of the data have plain rows.
func omopGrain(t *cdm.Table) Grain {
	switch t.Name {
	case "person", "death":
		return PerPatient
	case "visit_occurrence":
		return PerEncounter
	case "specimen":
		return PerSpecimen
	case "image_occurrence":
		return PerSeries
	}
	if t.Schema != cdm.Vocabulary && (t.Field("person_id") != nil || t.Name == "image_feature") {
		return PerEvent
	}
	return PerRow
}

// omopRole proposes a role, the more careful one where two would do:
//
//   - tables of the vocabularies hold nobody's data: safe;
//   - what names or numbers a person, a provider, a place of care: direct-id;
//   - other keys, and whatever of person, death and location tells people apart
//     (birth, gender, race, ethnicity, place): quasi-id, for keys lead back to rows of
//     the source;
//   - days and times: event-date;
//   - concepts, codes of the source and numbers: sensitive;
//   - all other text: free-text, for nothing bounds what is written there.
func omopRole(t *cdm.Table, f *cdm.Field) Role {
	name := f.Name
	switch {
	case t.Schema == cdm.Vocabulary:
		return Safe
	case t.Name == "cdm_source" && f.Type != cdm.Varchar, t.Name == "metadata" && f.Type != cdm.Varchar:
		return Safe
	case omopDirect[name]:
		return DirectID
	case omopQuasi[name], strings.HasPrefix(name, "gender_"), strings.HasPrefix(name, "race_"), strings.HasPrefix(name, "ethnicity_"), strings.HasSuffix(name, "_of_birth"), name == "birth_datetime":
		return QuasiID
	case f.Type == cdm.Date, f.Type == cdm.Datetime:
		return EventDate
	case strings.HasSuffix(name, "_concept_id"), strings.HasSuffix(name, "_source_value") && name != "note_source_value":
		return Sensitive
	case f.PrimaryKey, strings.HasSuffix(name, "_id"), strings.HasSuffix(name, "_uid"):
		return QuasiID
	case f.Type == cdm.Varchar:
		return FreeText
	}
	return Sensitive
}

var omopDirect = map[string]bool{
	"person_id": true, "subject_id": true, "person_source_value": true,
	"provider_name": true, "npi": true, "dea": true, "provider_source_value": true,
	"care_site_name": true, "care_site_source_value": true,
	"address_1": true, "address_2": true, "location_source_value": true,
	"note_source_value": true, "specimen_source_id": true, "unique_device_id": true, "production_id": true,
	"wadors_uri": true, "local_path": true,
}

var omopQuasi = map[string]bool{
	"city": true, "state": true, "zip": true, "county": true, "country_source_value": true, "country_concept_id": true,
	"latitude": true, "longitude": true, "family_source_value": true,
}
