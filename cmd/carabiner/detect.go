package main

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/omop"
	"github.com/carabiner-health/carabiner/omop/vocab"
)

// kind is what a folder or file holds.
type kind string

const (
	kindFHIR   kind = "fhir"
	kindDICOM  kind = "dicom"
	kindOMOP   kind = "omop"
	kindAthena kind = "athena"
	kindIndex  kind = "vocabulary index"

	kindParquet kind = "parquet file"
)

// detect tells what an argument of the command line holds: an OMOP folder by
// the names of its files, a folder of Athena files by CONCEPT.csv beside
// CONCEPT_RELATIONSHIP.csv without a person table, an index by its first bytes, a
// Parquet file by its name. What is none of these is taken for FHIR; look tells
// whether it holds DICOM. For an output folder of convert, dir is the OMOP folder
// inside it.
func detect(arg string) (k kind, dir string) {
	if !isFolder(arg) {
		switch {
		case strings.EqualFold(filepath.Ext(arg), ".parquet"):
			return kindParquet, arg
		case isIndex(arg):
			return kindIndex, arg
		}
		return kindFHIR, arg
	}
	tables := tablesIn(arg)
	switch {
	case slices.Contains(tables, "person"):
		return kindOMOP, arg
	case slices.Contains(tables, "concept") && slices.Contains(tables, "concept_relationship"):
		return kindAthena, arg
	case len(tables) > 0 && !hasSuffix(arg, ".ndjson", ".json", ".ndjson.gz", ".json.gz", ".ndjson.zst", ".json.zst", ".xml", ".xml.gz", ".xml.zst"):
		return kindOMOP, arg
	}
	if inner := filepath.Join(arg, "omop"); slices.Contains(tablesIn(inner), "person") {
		return kindOMOP, inner
	}
	return kindFHIR, arg
}

// tablesIn returns the names of the OMOP tables that a folder has files of.
func tablesIn(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	known := omop.Tables()
	var found []string
	for _, e := range entries {
		name := strings.ToLower(e.Name())
		switch path.Ext(name) {
		case ".parquet", ".csv", ".tsv":
			name = strings.TrimSuffix(name, path.Ext(name))
		case "":
			if !e.IsDir() {
				continue
			}
		default:
			continue
		}
		if slices.Contains(known, name) {
			found = append(found, name)
		}
	}
	return found
}

func hasSuffix(dir string, suffixes ...string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(e.Name(), s) })
	})
}

// isIndex reports whether a file begins as a vocabulary index does.
func isIndex(path string) bool {
	store, err := vocab.Open(path)
	if err != nil {
		// A damaged index is one too, and is to be refused as such.
		return errors.Is(err, vocab.ErrDamaged) || errors.Is(err, vocab.ErrVersion)
	}
	return store.Close() == nil
}
