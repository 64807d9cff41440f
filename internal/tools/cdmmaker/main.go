// Command cdmmaker turns the published CSV definitions of the OMOP CDM into
// the fact files of package omop/cdm: names, types, keys and required marks,
// and none of the guidance prose.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/tools/maker"
)

// A source is one published file. Its origin, edition and licence go to the
// SOURCES file beside the facts, with the hash of the bytes that were read.
type source struct {
	path, origin, edition, licence string
}

var (
	ohdsi = func(name string) source {
		return source{
			path:    "data/omop/cdm/" + name,
			origin:  "github.com/OHDSI/CommonDataModel inst/csv/" + name,
			edition: "commit f853f6e3 of 2026-07-22",
			licence: "Apache-2.0",
		}
	}
	tables54 = ohdsi("OMOP_CDMv5.4_Table_Level.csv")
	fields54 = ohdsi("OMOP_CDMv5.4_Field_Level.csv")
	tables53 = ohdsi("OMOP_CDMv5.3_Table_Level.csv")
	fields53 = ohdsi("OMOP_CDMv5.3_Field_Level.csv")
	imaging  = source{
		path:    "data/omop/imaging/OMOP_CDM_Medical_Imaging_Ex_Field_Level.csv",
		origin:  "github.com/OHDSI/ImageWG inst/csv/new_csv/OMOP_CDM_Medical_Imaging_Ex_Field_Level.csv",
		edition: "commit 8f0a19bb of 2026-04-07",
		licence: "Apache-2.0",
	}
)

func main() { maker.Main("cdmmaker", "../../omop/cdm/data", run) }

// run reads every source before it writes anything.
func run(shared fs.FS, out string) error {
	files, err := build(shared)
	if err != nil {
		return err
	}
	for _, f := range files {
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

func build(shared fs.FS) ([]file, error) {
	var hashes bytes.Buffer
	hashes.WriteString("# file\tsource\tedition\tlicence\tSHA-256 of the source\n")
	read := func(s source, target string) ([]map[string]string, error) {
		b, err := fs.ReadFile(shared, s.path)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		fmt.Fprintf(&hashes, "%s\t%s\t%s\t%s\t%s\n", target, s.origin, s.edition, s.licence, hex.EncodeToString(sum[:]))
		rows, err := records(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.path, err)
		}
		return rows, nil
	}

	var files []file
	models := map[string][]field{}
	for _, m := range []struct {
		version        string
		tables, fields source
	}{{"5.4", tables54, fields54}, {"5.3", tables53, fields53}} {
		rows, err := read(m.tables, "tables-"+m.version+".tsv")
		if err != nil {
			return nil, err
		}
		tables, err := tableFacts(rows)
		if err != nil {
			return nil, err
		}
		files = append(files, file{"tables-" + m.version + ".tsv", tables})
		if rows, err = read(m.fields, "fields-"+m.version+".tsv"); err != nil {
			return nil, err
		}
		fields, err := fieldFacts(rows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.fields.path, err)
		}
		models[m.version] = fields
		files = append(files, file{"fields-" + m.version + ".tsv", writeFields(fields)})
	}
	rows, err := read(imaging, "fields-imaging.tsv")
	if err != nil {
		return nil, err
	}
	fields, err := fieldFacts(rows)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", imaging.path, err)
	}
	files = append(files,
		file{"tables-imaging.tsv", []byte("table\tschema\trequired\nimage_occurrence\tCDM\tno\nimage_feature\tCDM\tno\n")},
		file{"fields-imaging.tsv", writeFields(fields)})

	renamed, err := writeRenames(models["5.3"], models["5.4"])
	if err != nil {
		return nil, err
	}
	hashes.WriteString("# renames-5.3.tsv and the units are ours, checked against the files above\n")
	return append(files, file{"renames-5.3.tsv", renamed}, file{"SOURCES", hashes.Bytes()}), nil
}

// records reads a CSV file whose names and cells may carry a byte order mark,
// no-break spaces and carriage returns, into maps by lower-case column name.
func records(b []byte) ([]map[string]string, error) {
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\uFEFF")))).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("want a header line, have an empty file")
	}
	header := rows[0]
	for i := range header {
		header[i] = strings.ToLower(clean(header[i]))
	}
	// The imaging extension misspells one column name.
	if i := slices.Index(header, "fkfrieldname"); i >= 0 {
		header[i] = "fkfieldname"
	}
	var list []map[string]string
	for _, row := range rows[1:] {
		m := make(map[string]string, len(header))
		for i, name := range header {
			m[name] = clean(row[i])
		}
		list = append(list, m)
	}
	return list, nil
}

// clean trims Unicode white space and makes the literal NA an empty cell.
func clean(s string) string {
	s = strings.Trim(strings.TrimSpace(s), `"`)
	if s == "NA" {
		return ""
	}
	return s
}
