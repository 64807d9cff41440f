// Package xmlform turns a FHIR resource in XML (R4 §2.6.1) into the JSON form
// of the same resource (R4 §2.6.2), with a map of places back to the XML.
//
//	doc, err := xmlform.Convert(src, model, nil)
//	if err != nil {
//		return err // not well-formed, or no FHIR
//	}
//	at := doc.Offset(17) // where in src the JSON value at byte 17 comes from
//
// # Terms
//
// A Model is what definitions say about the form: which elements repeat, which
// are primitives, resources or narrative, which are written as attributes, and
// in what order they stand. A Finding is a fault of the form that does not keep
// the resource from being read. The XPath of a finding is written as HL7's
// validator writes it, with f: and h: for the two namespaces.
//
// # Standards
//
// XML 1.0 (fifth edition) in UTF-8 with Namespaces in XML 1.0, without document
// type declarations: those are refused, so that no entity can grow or reach
// outside. Values of attributes are normalised as XML 1.0 §3.3.3 asks, line ends
// as §2.11 does.
//
// # How the JSON comes about
//
// Members stand in the order in which the elements first occur. What may repeat
// by the definitions is an array. Numbers and booleans are written as such with
// the digits of the source; text that is no number stays a string, so that a
// validator sees it. Id and extensions of a primitive go to its _x member; a
// primitive without anything has an empty _x. The narrative is the text of its
// div as it stands in the source, with the namespace declared on the div.
// Comments are dropped.
//
// What the definitions do not know is kept as a member where the name allows
// it, and is a Finding anyway (Kept tells which); otherwise it is left out.
// A resource of an unknown type is converted by its shape alone.
//
// # Limits
//
// 512 levels unless Options says otherwise, 512 MiB, 256 attributes on one
// element, 256 namespaces in scope, 1000 findings. Memory follows the source:
// about 50 bytes an element beside the JSON.
package xmlform
