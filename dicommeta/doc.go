// Package dicommeta reads, checks, changes and writes the metadata of DICOM:
// everything but the pixels.
//
// The shortest program that lists a folder:
//
//	srcs := dicommeta.Sources("images")
//	for x, err := range dicommeta.Read(ctx, srcs, nil) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(x.Source, x.Text(dict.Modality), x.Text(dict.SeriesInstanceUID))
//	}
//
// [Parse] reads one file, [Each] and [Gather] read many with several workers. A
// [Validator] checks an instance by the modules of its SOP class. [Patch] changes
// elements of a file and copies every other byte; [Write] makes a file. [AppendJSON],
// [ParseJSON] and [ReadJSON] are the DICOM JSON model. A [Rollup] makes studies of
// instances and tells where they contradict each other.
//
// # Terms
//
// An [Instance] is the header of a file: file meta information and data set, up to the
// pixel data. An [Element] has the VR that is written and the one to read it by, its
// place in the source, and the bytes of its value; a sequence has items, which are data
// sets. Getters of [Dataset] decode: text by Specific Character Set, numbers of
// whatever VR. Tags and keywords are constants of package dict. A [Study] is what
// the instances of a study share, its [Series], and their [Member] instances.
//
// What is wrong with a file and can be lived with is a finding in Instance.Issues, with
// tag path and byte offset; the reader goes by what the bytes are, not by what a file
// says of itself. What cannot be read is an [Error], with [ErrNotDICOM] or [ErrLimit]
// where one of them holds.
//
// # Standards
//
// PS3.5 2024d: encodings (§7, annex A), value representations (§6.2), character sets
// (§6.1.2 whole: ISO 2022 with escapes, GB18030, UTF-8). PS3.6 2024d: the data
// dictionary. PS3.10 §7: files. PS3.18 annex F: JSON. PS3.3 as of October 2025: what
// objects must carry, see package iod. All transfer syntaxes are read; big endian,
// deflated and private ones too.
//
// # Limits
//
// One read of 32 KB is enough for most files; values longer than 64 KiB stay in the
// source. Sequences nest at most 64 deep, an instance has at most 2,000,000 elements
// and items, of 100 bytes each and up to 350 while they are read, and its header at
// most 64 MiB. [ReadOptions] change
// all of these. Elements behind the pixel data are not read.
//
// # Not here
//
// Pixels are not decoded, and there is no network: package web asks DICOMweb servers.
// Package index makes tables of folders of any size, package mapping FHIR and OMOP,
// package suyash the data sets of suyashkumar/dicom.
//
// A Validator, a Charset and what package dict returns are safe for concurrent use; a
// Parser, a Rollup and a Dataset that is being changed are for one goroutine at a time.
package dicommeta
