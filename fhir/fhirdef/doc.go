// Package fhirdef holds FHIR's definitions as data: the types, profiles and
// extensions, the value sets and code systems. Those of R4 are embedded; others
// are loaded from packages.
//
//	defs := fhirdef.R4()
//	for _, m := range defs.Shape("Observation.component").Members {
//		fmt.Println(m.Name, m.List, m.Choices)
//	}
//
// # Terms
//
// A structure is a StructureDefinition: a type, a profile of one, an extension
// or a logical model. Its elements are those of the snapshot, in order; where
// only the differential was published, a snapshot is generated. A canonical is
// the URL of a definition, perhaps with |version. A package is a set of
// definitions that were published together. A shape is what a type looks like
// to one who walks through data: its members with their names in JSON, content
// references and choices resolved.
//
// Without a version a canonical means the newest one held. The publisher that
// owns a URL comes before others, so that HL7's terminology, which numbers its
// code systems anew, replaces what R4 once published under its address; R4's
// own is still found by its version. A version such as 1.2 finds 1.2.x; for one
// that is not held nothing is found, and Versions tells which are.
//
// # Standards
//
// FHIR R4 4.0.1 (hl7.fhir.r4.core), HL7 Terminology 7.0.1 (hl7.terminology.r4)
// and the extension pack 5.2.0 (hl7.fhir.uv.extensions.r4) are embedded as
// facts: names, types, cardinalities, bindings, constraint expressions, codes
// and displays. Prose is left out, and so are the concepts that value sets and
// code systems quote from systems with a licence of their own, SNOMED CT and
// LOINC above all: such places are marked as withheld, and whether a code
// belongs there is unknown. data/SOURCES names the sources with their SHA-256.
//
// R4B and R5 are only other packages: FromPackages makes definitions without
// R4's. Packages are read as the FHIR package specification lays them out.
//
// # Limits
//
// The embedded facts take 1.2 MB of a program and are decompressed in chunks of
// 256 KiB when something in them is first asked for; what was parsed is kept.
// Load reads at most 64 MiB from one file, 1 GiB and 200,000 files from one
// package, unless LoadOptions say otherwise, and parses all of it at once, so
// that what is wrong in it is known at the start. Only JSON is read; package
// fhir reads XML. Nothing is fetched: the packages that a manifest depends on
// must be loaded too.
//
// The package does not look at data: package fhir validates resources, and
// package fhir/fhirpath evaluates expressions.
package fhirdef
