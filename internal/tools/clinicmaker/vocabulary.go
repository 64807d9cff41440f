package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

// The rows of the vocabulary: ids, codes, domains, classes, dates and links
// are facts of the OMOP vocabularies; the names of SNOMED CT, LOINC, RxNorm,
// CVX and ICD-10-CM concepts are our own words.
var (
	//go:embed concepts.tsv
	conceptRows string
	//go:embed maps.tsv
	mapRows string
	//go:embed ancestors.tsv
	ancestorRows string
)

// edition stands in the row of VOCABULARY.csv that names the release.
const edition = "v5.0 demo extract" // at most 20 characters: cdm_source.vocabulary_version

type vocabulary struct {
	codes                          map[string]bool // vocabulary + "|" + code
	vocabularies, domains, classes []string
}

func readVocabulary() (*vocabulary, error) {
	v := &vocabulary{codes: make(map[string]bool)}
	for n, line := range strings.Split(strings.TrimSuffix(conceptRows, "\n"), "\n")[1:] {
		f := strings.Split(line, "\t")
		if len(f) != 10 {
			return nil, fmt.Errorf("concepts.tsv, line %d: want 10 fields, have %d", n+2, len(f))
		}
		v.codes[f[3]+"|"+f[6]] = true
		v.domains = append(v.domains, f[2])
		v.vocabularies = append(v.vocabularies, f[3])
		v.classes = append(v.classes, f[4])
	}
	for _, names := range []*[]string{&v.vocabularies, &v.domains, &v.classes} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return v, nil
}

// files returns the files of an Athena download by name.
func (v *vocabulary) files() map[string][]byte {
	files := map[string][]byte{
		"CONCEPT.csv":              []byte(conceptRows),
		"CONCEPT_RELATIONSHIP.csv": withReverse(mapRows),
		"CONCEPT_ANCESTOR.csv":     []byte(ancestorRows),
		"CONCEPT_SYNONYM.csv":      []byte("concept_id\tconcept_synonym_name\tlanguage_concept_id\n201826\tsugar disease of adults\t4180186\n"),
		"DRUG_STRENGTH.csv": []byte("drug_concept_id\tingredient_concept_id\tamount_value\tamount_unit_concept_id\tnumerator_value\t" +
			"numerator_unit_concept_id\tdenominator_value\tdenominator_unit_concept_id\tbox_size\tvalid_start_date\tvalid_end_date\tinvalid_reason\n"),
		"RELATIONSHIP.csv": []byte("relationship_id\trelationship_name\tis_hierarchical\tdefines_ancestry\treverse_relationship_id\trelationship_concept_id\n" +
			"Maps to\tstandard concept of a code\t0\t0\tMapped from\t44818977\nMapped from\tcodes of a standard concept\t0\t0\tMaps to\t44818976\n"),
	}
	plain := func(header string, names []string, row func(string) string) []byte {
		b := bytes.NewBufferString(header + "\n")
		for _, name := range names {
			b.WriteString(row(name) + "\n")
		}
		return b.Bytes()
	}
	files["VOCABULARY.csv"] = plain("vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\tvocabulary_concept_id", v.vocabularies,
		func(name string) string {
			version := ""
			if name == "None" { // by the layout, this row names the release
				version = edition
			}
			return name + "\t" + name + "\t\t" + version + "\t0"
		})
	files["DOMAIN.csv"] = plain("domain_id\tdomain_name\tdomain_concept_id", v.domains,
		func(name string) string { return name + "\t" + name + "\t0" })
	files["CONCEPT_CLASS.csv"] = plain("concept_class_id\tconcept_class_name\tconcept_class_concept_id", v.classes,
		func(name string) string { return name + "\t" + name + "\t0" })
	return files
}

// withReverse adds the reverse of every relationship, as a download has it.
func withReverse(rows string) []byte {
	lines := strings.Split(strings.TrimSuffix(rows, "\n"), "\n")
	all := slices.Clone(lines[1:])
	for _, line := range lines[1:] {
		f := strings.Split(line, "\t")
		f[0], f[1], f[2] = f[1], f[0], "Mapped from"
		all = append(all, strings.Join(f, "\t"))
	}
	return []byte(lines[0] + "\n" + strings.Join(all, "\n") + "\n")
}
