package mapping

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// ImagingPolicy is the part of a Policy about DICOM; policies/ohdsi.yaml explains
// every member. A policy without it maps FHIR alone.
type ImagingPolicy struct {
	PatientLinks      []string          `yaml:"patient_links"`
	PatientSystems    []string          `yaml:"patient_systems"`
	Issuers           map[string]string `yaml:"issuers"`
	PatientResourceID bool              `yaml:"patient_resource_id"`
	VisitLinks        []string          `yaml:"visit_links"`
	AccessionTypes    []string          `yaml:"accession_types"`
	Unlinked          string            `yaml:"unlinked"`
	BirthYearDiffers  string            `yaml:"birth_year_differs"`
	BirthYearFromAge  bool              `yaml:"birth_year_from_age"`

	Locations         []string          `yaml:"locations"`
	WADORoot          string            `yaml:"wadors_root"`
	UTCOffset         string            `yaml:"utc_offset"`
	Description       string            `yaml:"description"`
	SkipModalities    []string          `yaml:"skip_modalities"`
	PublishedConcepts bool              `yaml:"published_concepts"`
	Features          map[string]string `yaml:"features"`
	MaxValues         int               `yaml:"max_values"`
	Schemes           map[string]string `yaml:"schemes"`
}

// The kinds of identifiers by which a study finds its patient and visit.
const (
	byPatientID = iota
	byOtherPatientIDs
	byStudyUID
	byAccession
	byAdmission
	byDate
	numLinks
)

var linkNames = [numLinks]string{
	"PatientID", "OtherPatientIDs", "StudyInstanceUID", "AccessionNumber", "AdmissionID", "StudyDate",
}

// absent reports whether the policy has no part about DICOM.
func (p *ImagingPolicy) absent() bool { return p.Unlinked == "" && p.Features == nil }

// check refuses unknown words, attributes and code systems.
func (p *ImagingPolicy) check(all *Policy) error {
	if p.absent() {
		return nil
	}
	for _, m := range []struct {
		field   string
		have    []string
		allowed []string
	}{
		{"patient_links", p.PatientLinks, linkNames[:byAdmission]},
		{"visit_links", p.VisitLinks, linkNames[byStudyUID:]},
		{"unlinked", []string{p.Unlinked}, []string{"person", "quarantine"}},
		{"birth_year_differs", []string{p.BirthYearDiffers}, []string{"quarantine", "report"}},
		{"description", []string{p.Description}, []string{"keep", "drop"}},
		{"locations", p.Locations, []string{"local_path", "wadors_uri"}},
	} {
		for i, v := range m.have {
			if !slices.Contains(m.allowed, v) || slices.Contains(m.have[:i], v) {
				return fmt.Errorf("dicom.%s: want %s, each once", m.field, strings.Join(m.allowed, ", "))
			}
		}
	}
	if slices.Contains(p.Locations, "wadors_uri") && p.WADORoot == "" {
		return fmt.Errorf("dicom.wadors_root: want an address, as locations names wadors_uri")
	}
	if u, err := url.Parse(p.WADORoot); p.WADORoot != "" && (err != nil || u.Scheme == "" || u.Host == "" || u.RawQuery != "") {
		return fmt.Errorf("dicom.wadors_root: want the address of a service")
	}
	if _, ok := offsetOf(p.UTCOffset); !ok {
		return fmt.Errorf("dicom.utc_offset: want an offset such as +01:00")
	}
	if p.MaxValues < 1 {
		return fmt.Errorf("dicom.max_values: want 1 or more")
	}
	for k := range p.Features {
		if t, ok := dict.ByKeyword(k); !ok || dict.Find(t).VR() == dict.SQ {
			return fmt.Errorf("dicom.features.%s: want the keyword of an attribute that is no sequence", k)
		}
	}
	for k, system := range p.Schemes {
		if all.Systems[system] == "" {
			return fmt.Errorf("dicom.schemes.%s: want a code system that systems lists", k)
		}
	}
	return nil
}

// links returns the kinds of a list of links, in its order.
func links(names []string) (kinds []int) {
	for _, n := range names {
		kinds = append(kinds, slices.Index(linkNames[:], n))
	}
	return kinds
}
