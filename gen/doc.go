// Package gen turns specifications into Go code. A specification becomes a
// Model (structs, fields, tags, comments); a Model renders to files in memory.
//
//	m, err := gen.CDM(cdm.V54, cdm.Imaging())
//	if err != nil { … }
//	files, err := m.Render(nil)
//	for _, f := range files {
//		os.WriteFile(filepath.Join(dir, f.Name), f.Content, 0o644)
//	}
//
// # Terms
//
// A source is the published file behind a model. Its hash stands in the header
// of what is rendered, so that a reader can tell from which edition code was
// made.
//
// # Standards
//
// Rendered files start with the header line by which Go's tools recognise
// generated code. Names follow Go's rules for initialisms (PersonID,
// ImageStudyUID, CDMSource); tags keep the names of the standard.
//
// # Limits
//
// The same model renders to the same bytes: no time, no path and no tool
// version is part of the text. Rendering touches no disk; only the caller
// writes. This package reads specifications alone and never the code that it
// makes, so deleting generated files cannot break the generator. It is safe
// for concurrent use as long as nobody changes a Model meanwhile.
//
// Go makes the package of a dataset profile. What it holds is settled first (names,
// shapes of fields, enumerations) and only then printed; support code is copied
// into it, so that it needs the standard library alone. FHIR's Extension as such
// is kept as text, because its value may have any type; extensions that a profile
// names are fields. A set of more than 300 codes has no constants.
package gen
