package main

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/fhir"
)

// fhirNames are the ends of names that FHIR's files have; a file with another
// name is looked into.
var fhirNames = []string{".json", ".ndjson", ".jsonl", ".xml"}

// named reports whether a file has a name of FHIR's, packed or not.
func named(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	if ext == ".gz" || ext == ".zst" {
		ext = strings.ToLower(path.Ext(strings.TrimSuffix(name, path.Ext(name))))
	}
	return slices.Contains(fhirNames, ext)
}

// holding is what the files of some arguments are.
type holding struct{ fhir, dicom bool }

// holding tells what args are: as the user says, else by looking. Standard input
// is FHIR, and so is what is neither.
func (s *session) holding(as string, args []string) (holding, error) {
	switch {
	case as == string(kindFHIR):
		return holding{fhir: true}, nil
	case as == string(kindDICOM):
		return holding{dicom: true}, nil
	}
	files := withoutStdin(args)
	h := holding{fhir: len(files) < len(args)}
	for src, err := range dicommeta.Sources(files...) {
		if err != nil {
			return h, err
		}
		// Once one of a kind was found, the others are not looked into.
		switch {
		case named(src.Name):
			h.fhir = h.fhir || begins(src, isFHIR)
		case !h.dicom:
			h.dicom = begins(src, dicommeta.Sniff)
		}
		if h.fhir && h.dicom {
			return h, nil
		}
	}
	h.fhir = h.fhir || !h.dicom
	return h, nil
}

func withoutStdin(args []string) []string {
	return slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "-" })
}

// isFHIR reports whether text begins like FHIR, or cannot be told because it is packed.
func isFHIR(head []byte) bool {
	return bytes.Contains(head, []byte(`"resourceType"`)) || bytes.Contains(head, []byte("http://hl7.org/fhir")) ||
		bytes.HasPrefix(head, []byte{0x1f, 0x8b}) || bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd})
}

// begins looks at the first bytes of a file; one that cannot be opened is told by who
// reads it.
func begins(src dicommeta.Source, like func([]byte) bool) bool {
	f, err := src.Open()
	if err != nil {
		return false
	}
	head := make([]byte, min(src.Size, 4<<10))
	n, err := f.ReadAt(head, 0)
	return errors.Join(f.Close()) == nil && (err == nil || err == io.EOF) && like(head[:n])
}

// onlyDICOM leaves out what is named like FHIR or does not begin like DICOM.
func onlyDICOM(srcs iter.Seq2[dicommeta.Source, error]) iter.Seq2[dicommeta.Source, error] {
	return func(yield func(dicommeta.Source, error) bool) {
		for src, err := range srcs {
			if err == nil && (named(src.Name) || !begins(src, dicommeta.Sniff)) {
				continue
			}
			if !yield(src, err) {
				return
			}
		}
	}
}

// dicomSources returns the DICOM files of the arguments: beside FHIR only those
// that begin like DICOM, else all files, so that none is passed over unsaid.
func dicomSources(args []string, h holding) iter.Seq2[dicommeta.Source, error] {
	srcs := dicommeta.Sources(withoutStdin(args)...)
	if h.fhir {
		return onlyDICOM(srcs)
	}
	return srcs
}

// fhirSources returns the FHIR files of the arguments: beside DICOM without its files.
func (s *session) fhirSources(args []string, h holding) ([]fhir.Source, error) {
	srcs, err := s.sources(args)
	if err != nil || !h.dicom {
		return srcs, err
	}
	return slices.DeleteFunc(srcs, func(s fhir.Source) bool {
		if s.Name() == "-" || named(s.Name()) {
			return false
		}
		r, err := s.Open()
		if err != nil {
			return false
		}
		head, err := io.ReadAll(io.LimitReader(r, 4<<10))
		return errors.Join(err, r.Close()) == nil && dicommeta.Sniff(head)
	}), nil
}

// dicomOptions are the options for reading DICOM with progress.
func (s *session) dicomOptions() *dicommeta.ReadOptions {
	return &dicommeta.ReadOptions{Workers: s.workers, Reporter: s, Progress: func(_, bytes int64) { s.progress.show(bytes, 0) }}
}
