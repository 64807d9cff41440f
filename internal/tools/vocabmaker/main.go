// Command vocabmaker makes the vocabulary that is built into package
// omop/vocab: the concepts that OMOP itself generates, and the codes and ids of
// the units of UCUM without their names. It copies no concept of any other
// vocabulary, whatever the source files hold.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/tools/maker"
)

// own are the vocabularies that are taken whole. Their texts are OMOP's own;
// Race and Ethnicity follow the code set of a United States agency, which is in
// the public domain.
var own = []string{
	"CDM", "Condition Status", "Drug Type", "Ethnicity", "Gender", "Metadata", "None",
	"Obs Period Type", "Provider", "Race", "Type Concept", "Visit",
}

// units is taken without its names.
const units = "UCUM"

// A list is a file of things that are concepts themselves.
type list struct {
	file, vocabulary       string
	id, name, fallbackName string
}

var lists = []list{
	{"DOMAIN.csv", "Domain", "domain_concept_id", "domain_name", "domain_id"},
	{"CONCEPT_CLASS.csv", "Concept Class", "concept_class_concept_id", "concept_class_name", "concept_class_id"},
	{"RELATIONSHIP.csv", "Relationship", "relationship_concept_id", "relationship_name", "relationship_id"},
	{"VOCABULARY.csv", "Vocabulary", "vocabulary_concept_id", "vocabulary_name", "vocabulary_id"},
}

const (
	subset       = "data/vocabulary/athena-subset"
	typeConcepts = "data/vocabulary/type-concepts.csv"
	firstType    = 32809 // the current type concepts
	lastType     = 32886
)

func main() { maker.Main("vocabmaker", "../../omop/vocab/data", run) }

// concept is one line of the made file.
type concept struct {
	id                                  int
	name, domain, vocabulary, class     string
	standard, code, invalid, repository string
}

func run(shared fs.FS, out string) error {
	sub, err := fs.Sub(shared, subset)
	if err != nil {
		return err
	}
	concepts, err := readConcepts(sub)
	if err != nil {
		return err
	}
	if err := addTypes(shared, concepts); err != nil {
		return err
	}
	for _, l := range lists {
		if err := addList(sub, l, concepts); err != nil {
			return err
		}
	}
	relations, err := readRelations(sub, concepts)
	if err != nil {
		return err
	}
	versions, err := vocabularies(sub, concepts)
	if err != nil {
		return err
	}
	sources, err := sources(shared, concepts)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"CONCEPT.tsv":              conceptFile(concepts),
		"CONCEPT_RELATIONSHIP.tsv": relations,
		"VOCABULARY.tsv":           versions,
		"SOURCES":                  sources,
	} {
		if err := os.WriteFile(filepath.Join(out, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// table reads a file of fields between commas; every line becomes a map by the
// names of the header.
func table(fsys fs.FS, name, comma string) ([]map[string]string, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	header := strings.Split(lines[0], comma)
	var rows []map[string]string
	for i, line := range lines[1:] {
		fields := strings.Split(line, comma)
		if len(fields) != len(header) {
			return nil, fmt.Errorf("%s:%d: want %d fields, have %d", name, i+2, len(header), len(fields))
		}
		row := map[string]string{}
		for j, h := range header {
			row[h] = fields[j]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// readConcepts takes the vocabularies that may be shipped.
func readConcepts(sub fs.FS) (map[int]concept, error) {
	rows, err := table(sub, "CONCEPT.csv", "\t")
	if err != nil {
		return nil, err
	}
	origin, err := table(sub, "PROVENANCE.tsv", "\t")
	if err != nil {
		return nil, err
	}
	repositories := map[string]string{}
	for _, r := range origin {
		repositories[r["concept_id"]] = r["source_repository"]
	}
	concepts := map[int]concept{}
	for _, r := range rows {
		v := r["vocabulary_id"]
		if v != units && !slices.Contains(own, v) {
			continue
		}
		id, err := strconv.Atoi(r["concept_id"])
		if err != nil {
			return nil, err
		}
		c := concept{id: id, name: r["concept_name"], domain: r["domain_id"], vocabulary: v,
			class: r["concept_class_id"], standard: r["standard_concept"], code: r["concept_code"],
			invalid: r["invalid_reason"], repository: repositories[r["concept_id"]]}
		if v == units {
			c.name = ""
		}
		concepts[id] = c
	}
	return concepts, nil
}

// addTypes adds the current type concepts. Their list has no codes.
func addTypes(shared fs.FS, concepts map[int]concept) error {
	data, err := fs.ReadFile(shared, typeConcepts)
	if err != nil {
		return err
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		number, name, _ := strings.Cut(strings.TrimSpace(line), ",")
		id, err := strconv.Atoi(number)
		if err != nil || id < firstType || id > lastType {
			continue
		}
		n++
		if _, ok := concepts[id]; !ok {
			const v = "Type Concept"
			concepts[id] = concept{id: id, name: strings.Trim(name, `"`), domain: v, vocabulary: v, class: v, standard: "S"}
		}
	}
	if n != lastType-firstType+1 {
		return fmt.Errorf("%s: want %d current type concepts, have %d", typeConcepts, lastType-firstType+1, n)
	}
	return nil
}

// addList adds the concepts of a file of domains, classes and so on. The files
// have no codes.
func addList(sub fs.FS, l list, concepts map[int]concept) error {
	rows, err := table(sub, l.file, "\t")
	if err != nil {
		return err
	}
	for _, r := range rows {
		id, err := strconv.Atoi(r[l.id])
		if err != nil {
			return fmt.Errorf("%s: %s: want a number", l.file, l.id)
		}
		if _, ok := concepts[id]; ok || id == 0 {
			continue
		}
		concepts[id] = concept{id: id, name: cmp.Or(r[l.name], r[l.fallbackName]), domain: "Metadata",
			vocabulary: l.vocabulary, class: l.vocabulary}
	}
	return nil
}

func sorted(concepts map[int]concept) []concept {
	var list []concept
	for _, c := range concepts {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b concept) int { return cmp.Compare(a.id, b.id) })
	return list
}

func conceptFile(concepts map[int]concept) []byte {
	var b bytes.Buffer
	b.WriteString("concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tinvalid_reason\n")
	for _, c := range sorted(concepts) {
		fmt.Fprintf(&b, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			c.id, c.name, c.domain, c.vocabulary, c.class, c.standard, c.code, c.invalid)
	}
	return b.Bytes()
}

// readRelations takes the current mappings among the concepts that are taken.
// That a standard concept maps to itself needs no line.
func readRelations(sub fs.FS, concepts map[int]concept) ([]byte, error) {
	rows, err := table(sub, "CONCEPT_RELATIONSHIP.csv", "\t")
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, r := range rows {
		kind := r["relationship_id"]
		if kind != "Maps to" && kind != "Maps to value" || r["invalid_reason"] != "" || r["concept_id_1"] == r["concept_id_2"] {
			continue
		}
		from, _ := strconv.Atoi(r["concept_id_1"])
		to, _ := strconv.Atoi(r["concept_id_2"])
		_, ok1 := concepts[from]
		_, ok2 := concepts[to]
		if ok1 && ok2 {
			lines = append(lines, fmt.Sprintf("%d\t%d\t%s\t\n", from, to, kind))
		}
	}
	slices.Sort(lines)
	return []byte("concept_id_1\tconcept_id_2\trelationship_id\tinvalid_reason\n" +
		strings.Join(slices.Compact(lines), "")), nil
}

// vocabularies lists the vocabularies that are taken, with their versions. The
// release says that it is an excerpt; cdm_source has room for 20 characters.
func vocabularies(sub fs.FS, concepts map[int]concept) ([]byte, error) {
	rows, err := table(sub, "VOCABULARY.csv", "\t")
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for _, c := range concepts {
		taken[c.vocabulary] = true
	}
	lines := []string{}
	for _, r := range rows {
		v, version := r["vocabulary_id"], r["vocabulary_version"]
		if !taken[v] {
			continue
		}
		if v == "None" {
			version = "built-in " + version[strings.LastIndexByte(version, ' ')+1:]
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\n", v, r["vocabulary_name"], version))
	}
	slices.Sort(lines)
	return []byte("vocabulary_id\tvocabulary_name\tvocabulary_version\n" + strings.Join(lines, "")), nil
}

// sources says where every file comes from.
func sources(shared fs.FS, concepts map[int]concept) ([]byte, error) {
	count := map[string]int{}
	for _, c := range concepts {
		if c.repository != "" {
			count[c.repository]++
		}
	}
	var from []string
	for r, n := range count {
		from = append(from, fmt.Sprintf("github.com/%s (%d)", r, n))
	}
	slices.Sort(from)
	const merged = "OMOP standardized vocabularies by way of "
	var b bytes.Buffer
	b.WriteString("# file\tsource\tedition\tlicence\tSHA-256 of the source\n")
	line := func(file, source, edition, path string) error {
		data, err := fs.ReadFile(shared, path)
		if err == nil {
			fmt.Fprintf(&b, "%s\t%s\t%s\tApache-2.0\t%x\n", file, source, edition, sha256.Sum256(data))
		}
		return err
	}
	const release = "v5.0 30-AUG-24 and older or newer rows"
	steps := [][4]string{
		{"CONCEPT.tsv", merged + strings.Join(from, ", "), release, subset + "/CONCEPT.csv"},
		{"CONCEPT.tsv (type concepts)", "github.com/OHDSI/OmopSketch data-raw/conceptTypes.csv", "commit of 2026-06-17", typeConcepts},
		{"CONCEPT_RELATIONSHIP.tsv", merged + "the same repositories", release, subset + "/CONCEPT_RELATIONSHIP.csv"},
		{"VOCABULARY.tsv", merged + "the same repositories", release, subset + "/VOCABULARY.csv"},
	}
	for _, l := range lists {
		steps = append(steps, [4]string{"CONCEPT.tsv (" + l.vocabulary + ")", merged + "the same repositories", release, subset + "/" + l.file})
	}
	for _, s := range steps {
		if err := line(s[0], s[1], s[2], s[3]); err != nil {
			return nil, err
		}
	}
	b.WriteString("# vocabularies: " + strings.Join(own, ", ") + " as OMOP generates them; UCUM as codes and ids, no unit names\n")
	b.WriteString("# UCUM codes are copyright Regenstrief Institute, Inc. and the UCUM Organization, used under the UCUM terms of use\n")
	return b.Bytes(), nil
}
