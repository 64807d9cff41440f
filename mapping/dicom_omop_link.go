package mapping

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/cespare/xxhash/v2"
)

// What a value of the link index identifies.
const (
	linkPatient   byte = iota // a Patient
	linkStudy                 // an ImagingStudy, by its study UID
	linkAccession             // an order, a report or a study, by its accession number
	linkAdmission             // an Encounter
)

// resourceID stands for the system of a resource's own id; no URI is so.
const resourceID = "\x1fid"

// linkEntry is one identifier of a resource: its hash, and its text:
//
//	kind, uvarint length and bytes of value, system, patient and encounter
type linkEntry struct {
	hash uint64
	rec  []byte
}

// linkIndex finds patients and encounters by their identifiers. Each worker
// collects one; the whole is sorted and then only read. An entry takes 32 bytes and
// its text.
type linkIndex struct {
	entries []linkEntry
	chunk   []byte
}

func linkHash(kind byte, value []byte) uint64 {
	return xxhash.Sum64(value)*0x9E3779B97F4A7C15 + uint64(kind)
}

func (l *linkIndex) add(kind byte, value, system, patient, encounter []byte) {
	value = bytes.TrimSpace(value)
	if len(value) == 0 || len(patient) == 0 {
		return
	}
	need := 1 + 4*binary.MaxVarintLen64 + len(value) + len(system) + len(patient) + len(encounter)
	if cap(l.chunk)-len(l.chunk) < need {
		l.chunk = make([]byte, 0, max(need, smallChunk))
	}
	at := len(l.chunk)
	b := append(l.chunk, kind)
	for _, part := range [][]byte{value, system, patient, encounter} {
		b = append(binary.AppendUvarint(b, uint64(len(part))), part...)
	}
	l.chunk = b
	l.entries = append(l.entries, linkEntry{linkHash(kind, value), b[at:len(b):len(b)]})
}

// collect notes the identifiers of a resource.
func (l *linkIndex) collect(r *fhir.Resource, p *Policy) {
	x := mapper{r: r, p: p, root: r.Root()}
	if x.root.Get("status").Equal("entered-in-error") {
		return
	}
	switch r.Type() {
	case "Patient":
		id := r.IDBytes()
		for i := x.root.Get("identifier").First(); i.Exists(); i = i.Next() {
			l.add(linkPatient, i.Get("value").Bytes(nil), i.Get("system").Bytes(nil), id, nil)
		}
		if p.DICOM.PatientResourceID {
			l.add(linkPatient, id, []byte(resourceID), id, nil)
		}
	case "ImagingStudy":
		patient, encounter := l.subject(&x)
		l.add(linkStudy, x.studyUID(), nil, patient, encounter)
		l.accession(&x, patient, encounter)
	case "ServiceRequest", "DiagnosticReport":
		patient, encounter := l.subject(&x)
		l.accession(&x, patient, encounter)
	case "Encounter":
		patient, _ := l.subject(&x)
		l.accession(&x, patient, r.IDBytes())
		for i := x.root.Get("identifier").First(); i.Exists(); i = i.Next() {
			l.add(linkAdmission, i.Get("value").Bytes(nil), i.Get("system").Bytes(nil), patient, r.IDBytes())
		}
	}
}

func (l *linkIndex) subject(x *mapper) (patient, encounter []byte) {
	return x.reference(x.root.Get("subject"), "Patient"), x.reference(x.root.Get("encounter"), "Encounter")
}

// accession notes the accession numbers of a resource: identifiers of the types
// that the policy names.
func (l *linkIndex) accession(x *mapper, patient, encounter []byte) {
	for i := x.root.Get("identifier").First(); i.Exists(); i = i.Next() {
		counts := len(x.p.DICOM.AccessionTypes) == 0
		for c := i.Get("type").Get("coding").First(); c.Exists(); c = c.Next() {
			counts = counts || containsBytes(x.p.DICOM.AccessionTypes, c.Get("code").Bytes(nil))
		}
		if counts {
			l.add(linkAccession, i.Get("value").Bytes(nil), i.Get("system").Bytes(nil), patient, encounter)
		}
	}
}

// merge takes over what workers collected and makes the index ready for reading.
func (l *linkIndex) merge(parts ...*linkIndex) {
	for _, p := range parts {
		l.entries = append(l.entries, p.entries...)
		p.entries, p.chunk = nil, nil
	}
	slices.SortFunc(l.entries, func(a, b linkEntry) int { return cmp.Compare(a.hash, b.hash) })
}

// find calls with for every entry of a value.
func (l *linkIndex) find(kind byte, value string, with func(system, patient, encounter []byte)) {
	if value == "" {
		return
	}
	hash := linkHash(kind, []byte(value))
	i, _ := slices.BinarySearchFunc(l.entries, hash, func(e linkEntry, h uint64) int { return cmp.Compare(e.hash, h) })
	for ; i < len(l.entries) && l.entries[i].hash == hash; i++ {
		d := decoder{b: l.entries[i].rec[1:]}
		if got := d.bytes(); l.entries[i].rec[0] != kind || string(got) != value {
			continue
		}
		system, patient, encounter := d.bytes(), d.bytes(), d.bytes()
		with(system, patient, encounter)
	}
}

// candidates returns the Patients that one kind of identifier leads to, sorted.
func (l *linkIndex) candidates(kind int, s *studyLinks, p *ImagingPolicy) (patients []string) {
	take := func(_, patient, _ []byte) { patients = append(patients, string(patient)) }
	switch kind {
	case byPatientID:
		l.patients(s.patientID, s.issuer, p, take)
	case byOtherPatientIDs:
		for _, o := range s.others {
			l.patients(o.id, o.issuer, p, take)
		}
	case byStudyUID:
		l.find(linkStudy, s.study, take)
	case byAccession:
		l.find(linkAccession, s.accession, take)
	}
	slices.Sort(patients)
	return slices.Compact(patients)
}

// patients finds Patients by an identifier of theirs, of the systems that count.
func (l *linkIndex) patients(id, issuer string, p *ImagingPolicy, take func(system, patient, encounter []byte)) {
	only, held := p.Issuers[issuer]
	l.find(linkPatient, id, func(system, patient, encounter []byte) {
		switch {
		case held && string(system) != only:
		case !held && len(p.PatientSystems) > 0 && string(system) != resourceID && !containsBytes(p.PatientSystems, system):
		default:
			take(system, patient, encounter)
		}
	})
}

// patient returns the one Patient that the identifiers of a study have in
// common, and the first kind that led to it. Without one the rule says why:
// none is known, several are, or identifiers contradict each other.
func (l *linkIndex) patient(kinds []int, s *studyLinks, p *ImagingPolicy) (id string, by int, why rule) {
	var common []string
	by = -1
	for _, k := range kinds {
		found := l.candidates(k, s, p)
		if len(found) == 0 {
			continue
		}
		if by < 0 {
			common, by = found, k
			continue
		}
		common = slices.DeleteFunc(common, func(c string) bool { return !slices.Contains(found, c) })
	}
	switch {
	case by < 0:
		return "", by, ruleUnlinked
	case len(common) == 0:
		return "", by, ruleContradicts
	case len(common) > 1:
		return "", by, ruleAmbiguous
	}
	return common[0], by, ruleNone
}

// encounter returns the encounter of a study of a patient by the first kind of
// identifier that leads to any. With ok false and by a kind they are several.
func (l *linkIndex) encounter(kinds []int, s *studyLinks, patient string) (id string, by int, ok bool) {
	var found []string
	take := func(_, p, encounter []byte) {
		if string(p) == patient && len(encounter) > 0 {
			found = append(found, string(encounter))
		}
	}
	for _, k := range kinds {
		switch k {
		case byStudyUID:
			l.find(linkStudy, s.study, take)
		case byAccession:
			l.find(linkAccession, s.accession, take)
		case byAdmission:
			l.find(linkAdmission, s.admission, take)
		}
		slices.Sort(found)
		if found = slices.Compact(found); len(found) > 0 {
			return found[0], k, len(found) == 1
		}
	}
	return "", -1, false
}
