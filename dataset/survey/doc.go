// Package survey looks at folders of data and says what is in them.
//
// The shortest program that drafts a profile of an export:
//
//	draft, err := survey.Infer(ctx, []string{"export"}, nil)
//	os.Stdout.Write(draft.Profile)
//
// # Terms
//
// A draft is a dataset profile to be looked at by people, with the files that it
// refers to. A role says how a field bears on privacy; package dataset names
// them.
//
// # Limits
//
// Of each kind of record the first 10,000 are looked at unless InferOptions say
// otherwise, of Parquet the footer alone. FHIR is R4. Elements more than 6
// levels down, narratives, contained resources, metadata and extensions that hold
// extensions make no column. A DICOM draft has attributes of whole data sets, none
// of sequences.
package survey
