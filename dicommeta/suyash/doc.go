// Package suyash is the door to github.com/suyashkumar/dicom: data sets go to it and come
// from it, and files are read with its parser safely.
//
//	f, err := os.Open("ct.dcm")
//	...
//	ds, found, err := suyash.Parse(f, size, nil) // a dicom.Dataset, without pixels
//
// [Parse] reads with dicommeta first, under its limits. Only what that reader has understood
// goes to the other one: the bytes of the file up to the pixel data where both are
// known to read them alike, else the same elements written anew so that they are. ToSuyash goes
// without the other parser, and is faster by far.
//
// # Terms
//
// Mended: elements were written anew before the other parser read them. Loss: something
// that a data set of the other kind cannot hold; each is a finding with the tag's path.
//
// # Standards
//
// Versions: suyashkumar/dicom v1.1.0, whose dictionary is of edition 2024b. Text is in UTF-8 on its side
// whatever the file had, so Specific Character Set becomes ISO_IR 192 where text is not
// ASCII (PS3.5 §6.1.2); what dicom.Write then writes is true.
//
// # Limits
//
// Those of dicommeta.ReadOptions, and a depth of at most 64. SV, UV, OF, OD, OL and OV, which the other package reads and
// writes wrongly, become UN with the same bytes in little endian. Pixel data is left out. A file whose
// elements would take both parsers more than four times its size and 16 MiB is refused, unless
// ParseOptions.Memory allows more.
//
// Everything is safe for concurrent use on different arguments.
package suyash
