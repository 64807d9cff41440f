package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Code systems of the export, and the vocabulary that holds each.
const (
	snomed  = "http://snomed.info/sct"
	loinc   = "http://loinc.org"
	rxnorm  = "http://www.nlm.nih.gov/research/umls/rxnorm"
	cvx     = "http://hl7.org/fhir/sid/cvx"
	icd10   = "http://hl7.org/fhir/sid/icd-10-cm"
	ucum    = "http://unitsofmeasure.org"
	act     = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	hl7     = "http://terminology.hl7.org/CodeSystem/"
	dicom   = "http://dicom.nema.org/resources/ontology/DCM"
	omb     = "urn:oid:2.16.840.1.113883.6.238"
	usCore  = "http://hl7.org/fhir/us/core/StructureDefinition/"
	moment  = "2025-01-15T06:00:00Z" // of the export
	unknown = "99999-9"              // a code that no vocabulary holds
)

var vocabularyOf = map[string]string{
	snomed: "SNOMED", loinc: "LOINC", rxnorm: "RxNorm", cvx: "CVX", icd10: "ICD10CM", ucum: "UCUM",
}

// deliberate lists the codes that are meant to be without a concept.
var deliberate = []string{"LOINC|" + unknown, "UCUM|{score}"}

// clinic collects the resources of the export, line by line.
type clinic struct {
	words *vocabulary
	lines map[string][][]byte // by resource type
	made  map[string]int      // ids handed out, by prefix
	err   error
}

// add appends a resource and returns its reference.
func (c *clinic) add(r object) string {
	line, err := encode(r)
	if err != nil && c.err == nil {
		c.err = err
	}
	kind := r.get("resourceType").(string)
	c.lines[kind] = append(c.lines[kind], line)
	return fmt.Sprintf("%s/%s", kind, r.get("id"))
}

// id hands out prefix-0001, prefix-0002, ...
func (c *clinic) id(prefix string) string {
	if c.made == nil {
		c.made = make(map[string]int)
	}
	c.made[prefix]++
	return fmt.Sprintf("%s-%04d", prefix, c.made[prefix])
}

// code returns a CodeableConcept of codings, each "system code". A code that
// the vocabulary lacks fails the build unless it is meant to.
func (c *clinic) code(codings ...coding) object {
	all := list{}
	for _, k := range codings {
		c.check(k)
		all = append(all, object{"system", k.system, "code", k.code})
	}
	return object{"coding", all}
}

type coding struct{ system, code string }

func (c *clinic) check(k coding) {
	vocabulary, ok := vocabularyOf[k.system]
	key := vocabulary + "|" + k.code
	if ok && !c.words.codes[key] && !slices.Contains(deliberate, key) && c.err == nil {
		c.err = fmt.Errorf("code %s is not in the vocabulary", key)
	}
}

// plain returns a CodeableConcept of a code of HL7's own small code systems.
func plain(system, code string) object {
	return object{"coding", list{object{"system", hl7 + system, "code", code}}}
}

func (c *clinic) quantity(value, unit string) object {
	c.check(coding{ucum, unit})
	return object{"value", decimal(value), "unit", unit, "system", ucum, "code", unit}
}

// records returns one NDJSON file a type.
func (c *clinic) records() map[string][]byte {
	files := make(map[string][]byte)
	for kind, lines := range c.lines {
		files[fileName(kind)] = append(bytes.Join(lines, []byte("\n")), '\n')
	}
	return files
}

func fileName(kind string) string { return kind + ".000.ndjson" }

// export returns the files of the export: one NDJSON file a type, the log that
// a bulk client leaves, and the manifest.
func (c *clinic) export() map[string][]byte {
	files := c.records()
	var outputs list
	for _, kind := range slices.Sorted(maps.Keys(c.lines)) {
		outputs = append(outputs, object{"type", kind, "url", fileName(kind), "count", len(c.lines[kind])})
	}
	files["log.ndjson"] = []byte(strings.Join([]string{
		`{"exportId":"demonstration","timestamp":"` + moment + `","eventId":"kickoff","eventDetail":{"exportUrl":"https://clinic.example.org/fhir/$export"}}`,
		`{"exportId":"demonstration","timestamp":"` + moment + `","eventId":"export_complete","eventDetail":{"files":` + fmt.Sprint(len(outputs)) + `}}`,
	}, "\n") + "\n")
	manifest, err := encode(object{"transactionTime", moment, "request", "https://clinic.example.org/fhir/$export",
		"requiresAccessToken", false, "output", outputs, "error", list{}})
	if err != nil && c.err == nil {
		c.err = err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, manifest, "", "  "); err != nil && c.err == nil {
		c.err = err
	}
	indented.WriteByte('\n')
	files["manifest.json"] = indented.Bytes()
	return files
}
