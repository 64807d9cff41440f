// Command clinicmaker writes the demonstration data of the repository: a
// small FHIR R4 bulk export of twelve invented patients with DICOM files of some of
// them, and a vocabulary in Athena layout with the few dozen codes that the export
// uses. A third, small folder holds files of the same clinic that cannot be used in part.
// Nothing in them comes from a person. The same program writes the same bytes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// folders are those that the maker owns: what else they hold is removed.
var folders = []string{"clinic", "clinic-damaged", "clinic-vocabulary"}

func main() {
	out := flag.String("out", "../../testdata", "folder that receives clinic, clinic-damaged and clinic-vocabulary")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "clinicmaker:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	files, err := build()
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if err := os.RemoveAll(filepath.Join(out, folder)); err != nil {
			return err
		}
	}
	for name, text := range files {
		path := filepath.Join(out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// build returns every file by its name below the folder of test data. It
// fails where the export uses a code that the vocabulary lacks and that is not
// one of the deliberate defects.
func build() (map[string][]byte, error) {
	words, err := readVocabulary()
	if err != nil {
		return nil, err
	}
	c := &clinic{words: words, lines: make(map[string][][]byte)}
	c.institution()
	c.stories()
	c.defects()
	damaged := c.damage()
	files := make(map[string][]byte)
	for name, text := range c.export() {
		files["clinic/"+name] = text
	}
	for name, text := range damaged.records() {
		files["clinic-damaged/"+name] = text
	}
	for folder, images := range map[string]func() (map[string][]byte, error){"clinic/": c.imagesOf, "clinic-damaged/": c.strangerOf} {
		pictures, err := images()
		if err != nil {
			return nil, err
		}
		for name, b := range pictures {
			files[folder+name] = b
		}
	}
	if err := errors.Join(c.err, damaged.err); err != nil {
		return nil, err
	}
	for name, text := range words.files() {
		files["clinic-vocabulary/"+name] = text
	}
	return files, nil
}
