// Package check holds FHIR's rules: what fhir.Validator finds about a resource.
//
// A StructureDefinition's snapshot is compiled once into a program, a tree of
// nodes with the names, cardinalities, types, fixed values, slices, bindings and
// invariants of its elements (program.go). A resource is walked once by the
// program of its type (walk.go), which finds everything that holds for every
// resource, and then once by each profile, which looks only at what the profile
// adds. What snapshots cannot say stands in a file for each subject: primitives,
// narrative, bindings, extensions, references, bundles, questionnaires, measures
// and definitions.
//
// # Terms
//
// A frame is one element on the way from the root of the input to the place that
// is looked at: its value, its name and index in its parent, its type. A scope is
// the frame of a resource: the input itself, a contained one, or one in a Bundle
// or Parameters. The base walk goes by types, a profile walk by one profile.
//
// # Standards
//
// FHIR R4: Validation (§2.10), ElementDefinition (§2.29), Profiling (§5.1),
// Extensibility (§2.4), References (§2.3), Bundle (§2.36), Terminologies (§4.1).
// Severities and places follow HL7's validator: a missing child is found at its
// parent, a list's fault at the list's owner.
package check
