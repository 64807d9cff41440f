// Command iodmaker turns the published rules of information objects into the
// data of package iod: one compressed text with a line for every list of values,
// condition, rule and object.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/carabiner-health/carabiner/internal/tools/maker"
)

const folder = "data/dicom/standard/"

func main() { maker.Main("iodmaker", "../../dicommeta/iod", run) }

func run(fsys fs.FS, out string) error {
	src, err := read(fsys)
	if err != nil {
		return err
	}
	text, unused, err := src.text()
	if err != nil {
		return err
	}
	if len(unused) > 0 {
		return fmt.Errorf("texts.tsv: want lines that rules need alone, have %v too", unused)
	}
	packed, err := pack(text)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(out, "data"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "data", "rules.txt.gz"), packed, 0o644); err != nil {
		return err
	}
	notes, err := sources(fsys)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "data", "SOURCES"), notes, 0o644)
}

// pack compresses text; the same text gives the same bytes.
func pack(text []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}

// load returns the content of a source file, decompressed.
func load(fsys fs.FS, name string) ([]byte, error) {
	b, err := fs.ReadFile(fsys, folder+name)
	if err != nil || filepath.Ext(name) != ".gz" {
		return b, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

var origins = []struct{ file, origin, edition, licence string }{
	{"iod_rules.json.gz", "github.com/fedorov/dicom3tools libsrc/standard, commit 31ddbdcee5 (2025-10-20)", "PS3.3 of 2025", "dicom3tools (BSD-style, David A. Clunie)"},
	{"module_names.csv", "module names and tables of PS3.3, from the files below", "2024b, 2026b", "MIT"},
	{"sop_class_coverage.csv", "names of SOP classes, from the files below", "2026b", "MIT"},
	{"highdicom/iod_module_map.json.gz", "github.com/ImagingDataCommons/highdicom src/highdicom/_standard, commit 49728738 (2026-08-07)", "PS3.3 2026b", "MIT"},
	{"highdicom/sop_class_iod_map.json", "as above", "PS3.3 2026b", "MIT"},
	{"innolitics/ciods.json", "github.com/innolitics/dicom-standard, commit 7f4749d", "PS3.3 2024b", "MIT"},
}

func sources(fsys fs.FS) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("rules.txt.gz was made by internal/tools/iodmaker from these files. It holds facts\n" +
		"only: tags, types, names, conditions and codes. The sentences of checks are ours (texts.tsv).\n\n")
	for _, o := range origins {
		raw, err := fs.ReadFile(fsys, folder+o.file)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s\n  origin  %s\n  edition %s\n  licence %s\n  sha256  %x\n\n", o.file, o.origin, o.edition, o.licence, sha256.Sum256(raw))
	}
	return b.Bytes(), nil
}
