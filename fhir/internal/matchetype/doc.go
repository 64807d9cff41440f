// Package matchetype compares a resource with a pattern: a resource written as
// an example, with placeholders where values may vary and extensions that say
// what may be absent.
//
// # Terms
//
// A placeholder is the text of a primitive between two dollar signs, such as
// $date$ or $choice:a|b$. A complete pattern allows no elements besides its own,
// a partial one does. Elements are optional when their parent names them or, in
// a list, when they say so themselves.
//
// # Standards
//
// The extensions matchetype, matchetype-optional, matchetype-count and
// matchetype-sort of HL7's FHIR tools package.
//
// # Limits
//
// matchetype-sort is refused, because it needs FHIRPath. Narrative is not
// compared. Differences never quote a value.
package matchetype
