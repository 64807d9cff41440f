package index

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/cespare/xxhash/v2"
)

// What must lead to the same thing in all files. Things are told apart by hashes of 64 bits.
const (
	seriesToStudy    byte = 's'
	instanceToStudy  byte = 'i'
	instanceToSeries byte = 'e'
	instanceToFile   byte = 'f'
	patientToStudy   byte = 'p'
	patientTo        byte = '0' // and the place of the attribute in patientAlike
)

// patientAlike are what a patient has one of.
var patientAlike = [...]dict.Tag{dict.PatientName, dict.PatientBirthDate, dict.PatientSex}

type link [9]byte // a kind and the hash of what leads on

func linkOf(kind byte, from []byte) (l link) {
	l[0] = kind
	binary.BigEndian.PutUint64(l[1:], xxhash.Sum64(from))
	return l
}

// links collects what leads where. It is for one goroutine.
type links struct {
	sorter
	last [128][17]byte // what was noted last, by kind: files come in runs
	name []byte        // scratch
}

func newLinks(dir string, budget int64) *links {
	return &links{sorter: sorter{dir: dir, budget: budget}}
}

func (l *links) note(kind byte, from, to []byte) error {
	if len(from) == 0 || len(to) == 0 {
		return nil
	}
	var key [17]byte
	from9 := linkOf(kind, from)
	copy(key[:], from9[:])
	binary.BigEndian.PutUint64(key[9:], xxhash.Sum64(to))
	if l.last[kind] == key {
		return nil
	}
	l.last[kind] = key
	return l.add(key[:], nil)
}

// patientKey tells patients apart: PatientID is unique within its issuer.
func patientKey(dst []byte, d *dicommeta.Dataset) []byte {
	id := rawText(d, dict.PatientID)
	if len(id) == 0 {
		return nil
	}
	return append(append(append(dst, id...), 0), rawText(d, dict.IssuerOfPatientID)...)
}

func (l *links) instance(d *dicommeta.Dataset, source string) error {
	study, series, instance := rawText(d, dict.StudyInstanceUID), rawText(d, dict.SeriesInstanceUID), rawText(d, dict.SOPInstanceUID)
	if err := l.note(seriesToStudy, series, study); err != nil {
		return err
	}
	if err := l.note(instanceToStudy, instance, study); err != nil {
		return err
	}
	if err := l.note(instanceToSeries, instance, series); err != nil {
		return err
	}
	l.name = append(l.name[:0], source...)
	if err := l.note(instanceToFile, instance, l.name); err != nil {
		return err
	}
	var buf [128]byte
	patient := patientKey(buf[:0], d)
	if err := l.note(patientToStudy, patient, study); err != nil {
		return err
	}
	for i, t := range patientAlike {
		if err := l.note(patientTo+byte(i), patient, alike(d, t)); err != nil {
			return err
		}
	}
	return nil
}

// alike returns a patient's value without what makes no difference.
func alike(d *dicommeta.Dataset, t dict.Tag) []byte { return bytes.TrimRight(rawText(d, t), " ^=") }

// forks are the links that lead to several things, and to how many.
type forks map[link]int

func findForks(all []*sorter) (forks, error) {
	found := forks{}
	var last [17]byte
	for e, err := range merge(all) {
		if err != nil {
			return nil, err
		}
		key := [17]byte(e.key)
		if key == last {
			continue
		}
		if [9]byte(key[:9]) == [9]byte(last[:9]) {
			l := link(key[:9])
			found[l] = max(found[l], 1) + 1
		}
		last = key
	}
	return found, nil
}

func (f forks) count(kind byte, from []byte) int { return f[linkOf(kind, from)] }

func finding(s issue.Severity, c issue.Code, t dict.Tag, source, message string) issue.Issue {
	return issue.Issue{Severity: s, Code: c, Pos: issue.Pos{Source: source}, Path: t.String(), Message: message}
}

func (f forks) ofSeries(found issue.List, series []byte, source string) issue.List {
	if n := f.count(seriesToStudy, series); n > 1 {
		found = append(found, finding(issue.Error, dicommeta.CodeRollupSeriesStudies, dict.SeriesInstanceUID, source, fmt.Sprintf("want a series in one study, have it in %d", n)))
	}
	return found
}

func (f forks) ofInstance(found issue.List, instance []byte, source string) issue.List {
	if n := f.count(instanceToStudy, instance); n > 1 {
		found = append(found, finding(issue.Error, dicommeta.CodeRollupInstance, dict.SOPInstanceUID, source, fmt.Sprintf("want an instance in one study, have it in %d", n)))
	}
	return found
}

func (f forks) ofPatient(found issue.List, patient []byte, source string) issue.List {
	if f.count(patientToStudy, patient) < 2 {
		return found
	}
	for i, t := range patientAlike {
		if n := f.count(patientTo+byte(i), patient); n > 1 {
			found = append(found, finding(issue.Warning, dicommeta.CodeRollupPatient, t, source, fmt.Sprintf("want one value in all studies of the patient, have %d", n)))
		}
	}
	return found
}

// ofStudy reports what contradicts itself between a study and others.
func (f forks) ofStudy(s *dicommeta.Study) issue.List {
	var found issue.List
	source := ""
	for i := range s.Series {
		se := &s.Series[i]
		if source == "" && len(se.Instances) > 0 {
			source = se.Instances[0].Source
		}
		found = f.ofSeries(found, rawText(&se.Dataset, dict.SeriesInstanceUID), se.Instances[0].Source)
		for j := range se.Instances {
			found = f.ofInstance(found, rawText(&se.Instances[j].Dataset, dict.SOPInstanceUID), se.Instances[j].Source)
		}
	}
	return f.ofPatient(found, patientKey(nil, &s.Dataset), source)
}
