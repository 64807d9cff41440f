// Package dataset says what an extract of health data holds: its tables, their
// grain, fields, types, codes, keys and privacy roles. A profile points at
// definitions that exist already and adds only what they lack; Load resolves
// it to a Model, from which packages gen and dataset/extract work.
//
// The shortest program that tells the fields of a profile:
//
//	model, findings, err := dataset.Load(ctx, "prostate.profile.yaml", nil)
//	for _, t := range model.Tables {
//		for _, f := range t.Object.Fields {
//			fmt.Println(t.Name, f.Name, f.Type.Kind, f.Required, f.Role)
//		}
//	}
//
// # Terms
//
// A profile is a YAML or JSON document. A source is a definition that it points
// at: a StructureDefinition, a ViewDefinition, tables of the OMOP CDM, a list of
// DICOM attributes, a Table Schema and others (Kinds). A table has a grain: what
// one row stands for. An override is what a profile says of a field that its
// source has; it may narrow what the source allows and never widen it. A role
// says how a field bears on privacy.
//
// A definition of a standard is a profile by itself: Load takes a
// StructureDefinition, a ViewDefinition, a Table Schema, a JSON Schema and the
// others as they are.
//
// A table is either a record, which has the form of its source's own JSON, or a
// row, whose fields are scalars or lists of them. In a record a field goes by the
// id of its element without the type (name.family, extension:race, value[x]), and
// what is listed prunes the rest away; the bare name of a slice (race) will do.
// A table of FHIR is a row if one of its fields has a path of its own.
//
// # Overrides
//
// What a profile says of a field is put over what the source says:
//
//	required    true narrows; false of a required field widens
//	type        the same type, or one whose values are all in it: integer of
//	            decimal, a scalar of json; in a row also a scalar of free text
//	codes       must be among those of a closed set; an open set is closed
//	min, max    within those of the source
//	max_length  at most that of the source
//	pattern     holds besides that of the source
//	const       a value that the source allows; it selects the records
//	list        false where the source has one value at most, or in a record
//
// Titles, descriptions, units, roles and rules of de-identification are added.
// The fields of key and refs belong to a table without being listed, and those of
// a key must be required; the id of a FHIR resource becomes so by being the key. A
// rule of the source that speaks of fields which were pruned is not checked, and
// a finding says how many there are.
//
// # Locks
//
// NewLock pins all that a model was made of, by SHA-256 and by the versions of
// the embedded editions; Load with LoadOptions.Lock tells what has changed since.
// Diff tells what a change of a profile breaks, and for whom: readers of the data
// meet what they could rely on not to meet, producers have records refused.
//
// # Standards
//
// Profiles: YAML 1.2 (core schema) or JSON (RFC 8259), checked by a JSON Schema of
// draft 2020-12 (Schema). FHIR R4 4.0.1, others by their core package; SQL on FHIR
// 2.0; OMOP CDM 5.3, 5.4 and the imaging extension; DICOM PS3.3 and PS3.6 as in
// dicommeta/iod and dicommeta/dict; Frictionless Data Package and Table Schema 1
// and 2; JSON Schema; CSV on the Web; Croissant 1.0. Units are UCUM codes,
// patterns RE2, paths of FHIR FHIRPath 2.0.
//
// # Limits
//
// A profile has at most 4 MiB, 32 levels and 500,000 values, aliases counted as
// what they stand for; in YAML one map has at most 20,000 keys. A source file has
// at most 64 MiB unless LoadOptions.MaxBytes says otherwise, all of them 1 GiB and
// 10,000 files; FHIR packages have the limits of package fhirdef. Nothing is
// fetched: an address is a finding. Value sets of more than 20,000 codes, and those
// whose codes are not at hand, are named but not checked.
//
// A date is not a narrower datetime: it would drop the time. Rules of
// de-identification are carried along and not carried out. Positions in elements
// of embedded definitions are those of the source in the profile.
//
// The functions of the package may be called from several goroutines; a Model may
// be shared by those who only read it.
package dataset
