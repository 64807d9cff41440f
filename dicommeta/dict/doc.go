// Package dict is DICOM's data dictionary: tags, value representations and
// unique identifiers as constants and tables, and the private elements of many makers.
//
//	e := dict.Find(dict.PatientID)
//	fmt.Println(e.Tag, e.Keyword, e.VR(), e.VM) // (0010,0020) PatientID LO 1
//
// # Terms
//
// A tag names a data element, a VR is the kind of its value, a VM says how many values
// it may have. A keyword is the standard's name for programs: tags are constants by their
// keywords, and so are UIDs, with UID before it. A repeating group, 60xx, is
// one entry for many tags. A private element belongs to its creator, a name that stands in
// the data set and reserves a block of 256 elements.
//
// # Standards
//
// PS3.6 2024d with newer elements of 2025-10; PS3.5 §6.2 (VRs), §7.6 (repeating groups),
// §7.8 (private elements), annex A (transfer syntaxes). The file data/SOURCES names the
// origin of the facts.
//
// # Limits
//
// The private dictionary holds 10,000 elements of 448 creators; what it says is what others
// found out, not what the makers published, and its elements may be wrong.
//
// Everything is safe for concurrent use; what is returned is shared and read-only.
package dict

//go:generate go run -C ../../internal/tools ./dictmaker -shared ../../../shared -out ../../dicommeta/dict
