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
// row, whose fields are scalars or lists of them.
package dataset
