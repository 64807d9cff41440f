// Command dictmaker turns the data dictionary, the private dictionary and the
// list of unique identifiers into the tables of package dict, with the hash of every
// source that was read.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/carabiner-health/carabiner/internal/tools/maker"
)

func main() { maker.Main("dictmaker", "../../dicommeta/dict", run) }

// run reads every source before it writes anything.
func run(shared fs.FS, out string) error {
	files, err := build(shared)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(out, f.name)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, f.name), f.content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

type file struct {
	name    string
	content []byte
}

type source struct{ name, target, origin, edition, licence string }

const pydicom = "github.com/pydicom/pydicom src/pydicom/"

var (
	elementSource = source{"elements.json.gz", "tags_gen.go", pydicom + "_dicom_dict.py; 55 newer elements of dicom3tools libsrc/standard/elmdict",
		"PS3.6 2024d, commit fb1f24e4 of 2026-06-13; dicom3tools 20251020", "MIT; BSD-style"}
	uidSource = source{"uids.json.gz", "uids_gen.go", pydicom + "_uid_dict.py; 4 of dicom3tools",
		"PS3.6 2024d, commit fb1f24e4 of 2026-06-13; dicom3tools 20251020", "MIT; BSD-style"}
	syntaxSource  = source{"transfer_syntaxes.csv", "uids_gen.go", "made from both", "PS3.5 2024d", "CC0-1.0"}
	privateSource = source{"private_pydicom.json.gz", "data/private.zst", pydicom + "_private_dict.py, made from GDCM's private dictionary",
		"commit fb1f24e4 of 2026-06-13", "MIT; BSD-3-Clause"}
)

func build(shared fs.FS) ([]file, error) {
	var hashes bytes.Buffer
	hashes.WriteString("# file\tsource\tedition\tlicence\tSHA-256 of the source\n")
	read := func(s source) ([]byte, error) {
		b, err := fs.ReadFile(shared, "data/dicom/dictionary/"+s.name)
		if err != nil {
			return nil, err
		}
		if filepath.Ext(s.name) == ".gz" {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, err
			}
			if b, err = io.ReadAll(z); err != nil {
				return nil, err
			}
		}
		sum := sha256.Sum256(b)
		fmt.Fprintf(&hashes, "%s\t%s\t%s\t%s\t%s\n", s.target, s.origin, s.edition, s.licence, hex.EncodeToString(sum[:]))
		return b, nil
	}

	var elements struct{ Rows []elementRow }
	var uids struct{ Rows []uidRow }
	var private struct{ Rows []privateRow }
	for _, in := range []struct {
		s  source
		to any
	}{{elementSource, &elements}, {uidSource, &uids}, {privateSource, &private}} {
		b, err := read(in.s)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(b, in.to); err != nil {
			return nil, fmt.Errorf("%s: %w", in.s.name, err)
		}
	}
	b, err := read(syntaxSource)
	if err != nil {
		return nil, err
	}
	syntaxes, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", syntaxSource.name, err)
	}

	tags, err := tagTables(elements.Rows)
	if err != nil {
		return nil, err
	}
	ids, err := uidTables(uids.Rows, syntaxes)
	if err != nil {
		return nil, err
	}
	blob, err := privateTable(private.Rows)
	if err != nil {
		return nil, err
	}
	return []file{{"tags_gen.go", tags}, {"uids_gen.go", ids}, {"data/private.zst", blob}, {"data/SOURCES", hashes.Bytes()}}, nil
}
