// Package dict is DICOM's data dictionary: tags, value representations and
// unique identifiers as constants and tables.
//
//	e := dict.Find(dict.PatientID)
//	fmt.Println(e.Tag, e.Keyword, e.VR, e.VM) // (0010,0020) PatientID LO 1
//
// # Standards
//
// PS3.6 2024d with newer elements of 2025-10; the SOURCES file beside the data
// names the origin.
//
// Everything is safe for concurrent use; what is returned is shared and read-only.
package dict

//go:generate go run -C ../../internal/tools ./dictmaker -shared ../../../shared -out ../../dicommeta/dict
