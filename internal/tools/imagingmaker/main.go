// Command imagingmaker turns the published staging list of DICOM concepts for
// OMOP into the fact file of package mapping: codes, ids and the ids that they map
// to, without the names.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/tools/maker"
)

const (
	folder  = "data/omop/imaging/dicom-concepts/"
	origin  = "github.com/paulnagy/DICOM2OMOP files/OMOP CDM Staging/"
	edition = "commit 56be2b80 of 2026-01-09"
	list    = "omop_table_staging_v5.csv"
	mapsTo  = "cs_values_maps_to.csv"
	values  = "cs_values_maps_to_value.csv"
	output  = "dicom-concepts.tsv"
)

func main() { maker.Main("imagingmaker", "../../mapping/data", run) }

func run(shared fs.FS, out string) error {
	facts, sources, err := build(shared)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, output), facts, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "SOURCES"), sources, 0o644)
}

// build returns the fact file and the SOURCES file. A line of facts is the kind
// (A attribute, V value), the code, the id, and behind them, where there are any,
// the ids that a value maps to and, of an attribute, the codes of its values.
func build(shared fs.FS) (facts, sources []byte, err error) {
	src := bytes.NewBufferString("# file\tsource\tedition\tlicence\tSHA-256 of the source\n")
	read := func(name string) ([]map[string]string, error) {
		b, err := fs.ReadFile(shared, folder+name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		fmt.Fprintf(src, "%s\t%s\t%s\tApache-2.0\t%s\n", output, origin+name, edition, hex.EncodeToString(sum[:]))
		return records(b)
	}
	concepts, err := read(list)
	if err != nil {
		return nil, nil, err
	}
	to, err := read(mapsTo)
	if err != nil {
		return nil, nil, err
	}
	valueOf, err := read(values)
	if err != nil {
		return nil, nil, err
	}
	codes, targets, terms := map[string]string{}, map[string][]string{}, map[string][]string{}
	for _, c := range concepts {
		codes[c["concept_id"]] = c["concept_code"]
	}
	for _, r := range to {
		targets[r["concept_id_1"]] = append(targets[r["concept_id_1"]], r["concept_id_2"])
	}
	for _, r := range valueOf {
		code, ok := codes[r["concept_id_2"]]
		if !ok {
			return nil, nil, fmt.Errorf("%s: want values of the list, have concept %s", values, r["concept_id_2"])
		}
		terms[r["concept_id_1"]] = append(terms[r["concept_id_1"]], code)
	}
	var lines []string
	for _, c := range concepts {
		id, code := c["concept_id"], c["concept_code"]
		if n, err := strconv.Atoi(id); err != nil || n <= 2_000_000_000 || c["vocabulary_id"] != "DICOM" || strings.ContainsAny(code, "\t\n,") {
			return nil, nil, fmt.Errorf("%s: want a local id and a code of DICOM, have concept %s", list, id)
		}
		kind := "V"
		if c["concept_class_id"] == "DICOM Attributes" {
			kind = "A"
		}
		line := kind + "\t" + code + "\t" + id
		more := targets[id]
		if kind == "A" {
			more = terms[id]
		}
		if slices.Sort(more); len(more) > 0 {
			line += "\t" + strings.Join(more, ",")
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, "\n") + "\n"), src.Bytes(), nil
}

func records(b []byte) (list []map[string]string, err error) {
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\uFEFF")))).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, row := range rows[min(1, len(rows)):] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(row[i])
		}
		list = append(list, m)
	}
	return list, nil
}
