package main

import (
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// A treatment says what may be embedded of a code system's codes.
type treatment int

const (
	withhold  treatment = iota // neither codes nor names: a licence of its own
	codesOnly                  // codes without names
	whole
)

// treat decides by the system's URL. HL7's own systems are CC0. Names of
// languages and media types come from the IETF, codes of DICOM stand in the
// standard itself, the systems of United States agencies are in the public
// domain, UCUM and ISO 3166 codes may be passed on (NOTICE).
func treat(system string) treatment {
	if licensed[system] {
		return withhold
	}
	for _, p := range []string{
		"http://hl7.org/", "http://terminology.hl7.org/", "http://cds-hooks.hl7.org/", "urn:ietf:",
		"http://dicom.nema.org/resources/ontology/DCM", "http://healthit.gov/", "https://www.cms.gov/",
		"https://www.cdc.gov/", "urn:oid:2.16.840.1.113883.6.238", "http://example.com", "http://example.org", "#",
	} {
		if strings.HasPrefix(system, p) {
			return whole
		}
	}
	switch system {
	case "":
		return whole
	case "http://unitsofmeasure.org", "urn:iso:std:iso:3166", "urn:iso:std:iso:3166:-2":
		return codesOnly
	}
	return withhold
}

// licensed are systems under HL7's address that others own.
var licensed = map[string]bool{
	"http://terminology.hl7.org/CodeSystem/ADAToothSurfaceCodes":               true,
	"http://terminology.hl7.org/CodeSystem/ADAUniversalToothDesignationSystem": true,
	"http://hl7.org/fhir/sid/icd-10":                                           true,
	"http://hl7.org/fhir/sid/icd-10-cm":                                        true,
	"http://hl7.org/fhir/sid/icd-9-cm":                                         true,
}

// withheldMember marks where concepts were left out.
const withheldMember = `"carabinerWithheld":true`

// licence narrows the rule for a part that names a code system. It reports
// whether concepts are withheld; a nil rule drops the part.
func (w *reducer) licence(v jsontree.Value, r rule) (rule, bool) {
	system := v.Get("system").Text()
	switch {
	case isSystem(r):
		system = v.Get("url").Text()
		if v.Get("supplements").Kind() == jsontree.String {
			system = v.Get("supplements").Text()
			system, _, _ = strings.Cut(system, "|")
		}
	case isEntry(r):
		switch treat(system) {
		case withhold:
			w.withheld = true
			return nil, false
		case codesOnly:
			return rule{"system": nil, "version": nil, "code": nil, "abstract": nil, "inactive": nil, "contains": r["contains"]}, false
		}
		return r, false
	case !isInclude(r):
		return r, false
	}
	if v.Get("concept").Len() == 0 {
		return r, false
	}
	switch treat(system) {
	case withhold:
		out := with(r, nil)
		delete(out, "concept")
		return out, true
	case codesOnly:
		return with(r, rule{"concept": rule{"code": nil}}), false
	}
	return r, false
}
