package cdm

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed data/*.tsv data/SOURCES
var data embed.FS

var (
	model54      = sync.OnceValue(func() *Model { return load("5.4", "CDM 5.4") })
	model53      = sync.OnceValue(func() *Model { return load("5.3", "CDM 5.3") })
	modelImaging = sync.OnceValue(func() *Model { return load("imaging", "MI-CDM") })
	renames53    = sync.OnceValue(loadRenames)
)

// Model returns the whole model of the edition, nil for an edition that this
// package does not hold. The empty Version is V54.
func (v Version) Model() *Model {
	switch v {
	case V54, "":
		return model54()
	case V53:
		return model53()
	}
	return nil
}

// ParseVersion returns the edition that s names: "5.4", "v5.4", "5.4.2".
func ParseVersion(s string) (Version, error) {
	t := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "v")
	for _, v := range []Version{V54, V53} {
		if t == string(v) || strings.HasPrefix(t, string(v)+".") {
			return v, nil
		}
	}
	return "", fmt.Errorf("cdm: want version 5.4 or 5.3")
}

// Imaging returns the model of the medical imaging extension, whose references
// point into the CDM.
func Imaging() *Model { return modelImaging() }

// Renames returns the columns of CDM 5.3 that 5.4 calls by another name.
func Renames() []Rename { return renames53() }

// load parses one embedded model. The maker writes and tests check these
// files, so that a defect in them is a defect of the program.
func load(edition, name string) *Model {
	m := &Model{Name: name, byName: map[string]int{}}
	for _, r := range rows("data/tables-"+edition+".tsv", 3) {
		m.byName[r[0]] = len(m.Tables)
		m.Tables = append(m.Tables, Table{Name: r[0], Schema: Schema(r[1]), Required: r[2] == "yes"})
	}
	for _, r := range rows("data/fields-"+edition+".tsv", 9) {
		f := Field{Name: r[1], Required: r[3] == "yes", PrimaryKey: r[4] == "yes"}
		f.Type, f.Length = parseType(r[2])
		if table, field, ok := strings.Cut(r[5], "."); ok {
			f.Reference = Reference{Table: table, Field: field, Domain: r[6], Class: r[7]}
		}
		if column, ok := strings.CutPrefix(r[8], "@"); ok {
			f.UnitField = column
		} else {
			f.Unit = r[8]
		}
		t := m.Table(r[0])
		t.Fields = append(t.Fields, f)
	}
	for _, r := range rows("data/SOURCES", 5) {
		if strings.HasSuffix(r[0], "-"+edition+".tsv") {
			m.Sources = append(m.Sources, Source{File: r[0], Origin: r[1], Edition: r[2], Licence: r[3], SHA256: r[4]})
		}
	}
	return m
}

func loadRenames() []Rename {
	var list []Rename
	for _, r := range rows("data/renames-5.3.tsv", 3) {
		list = append(list, Rename{Table: r[0], From: r[1], To: r[2]})
	}
	return list
}

func parseType(s string) (Datatype, int) {
	base, length, _ := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	for d := Integer; d <= Datetime; d++ {
		if d.String() == base {
			n, _ := strconv.Atoi(length)
			return d, n
		}
	}
	return 0, 0
}

// rows returns the lines of an embedded file of n tab-separated columns,
// without its header line and comments.
func rows(name string, n int) [][]string {
	b, err := data.ReadFile(name)
	if err != nil {
		return nil
	}
	var list [][]string
	for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		if i == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		for len(cells) < n {
			cells = append(cells, "")
		}
		list = append(list, cells)
	}
	return list
}
