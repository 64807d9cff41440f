// Package jsontree reads JSON into a flat tape over the caller's bytes, so that
// everything that was written can be found again: member order, number text,
// repeated names, the place of every value.
//
//	var tree jsontree.Tree
//	if err := tree.Parse(line, nil); err != nil {
//		return err
//	}
//	code := tree.Root().Get("code").Get("coding").Index(0).Get("code").Text()
//
// # Terms
//
// A document is one JSON value with the white space around it. An entry is one
// value on the tape, 16 bytes: where it starts and ends, its next sibling, its
// kind and a tag of its name. A member is a name with its value in an object.
// Decoded text has its escapes replaced; raw bytes are as written.
//
// # Standards
//
// RFC 8259, accepted exactly as encoding/json accepts it: strings may hold
// bytes that are not UTF-8, repeated names are allowed and reported by
// Tree.Duplicates, a byte order mark is refused.
//
// # Limits
//
// 512 levels unless Options says otherwise; at most 2 GiB in one document. A
// tape takes 16 bytes a value, so at most eight times the document, and stays
// with the Tree for the next one.
//
// # Streams
//
// A Splitter cuts a document that is too large to hold, such as a Bundle, into
// the elements of one array and the other members around it, each to be parsed
// by itself. It holds one element at a time.
//
// # How it is fast
//
// Text is looked at eight bytes at a time in ordinary registers. A quick parser
// knows the common forms and leaves everything else to a careful one; tests and
// fuzzing hold the two to the same tape, and both to encoding/json. A tag of 16
// bits in every member's entry finds names without reading them.
//
// The package knows nothing of FHIR; package fhir does. It does not write JSON
// beyond Compact.
package jsontree
