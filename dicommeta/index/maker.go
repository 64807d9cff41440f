package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// studyMaker takes records in order and makes rows of studies and series. It is for one
// goroutine.
type studyMaker struct {
	forks   forks
	known   *references
	all     []*seriesTable // those by series and then those by instance
	tables  []*seriesTable // those by series
	locator *locator
	decoder decoder
	used    *sync.Pool
	share   *share // what has been made
	out     func(*share) error

	study, at   []byte // parts of the key
	roll        *dicommeta.Rollup
	row         *seriesRow
	firstSource string // of the study
	seriesFirst string
	found       issue.List // of the study
	modalities  []string
	seriesCount int64
	instances   int64
	bytes       int64
	copies      map[string][]byte // of instances that are in several files, the first
}

func tablesOf(all []*output) []*seriesTable {
	tables := make([]*seriesTable, len(all))
	for i, o := range all {
		tables[i] = o.table
	}
	return tables
}

func newStudyMaker(all []*seriesTable, f forks, known *references, used *sync.Pool) *studyMaker {
	s := &studyMaker{forks: f, known: known, all: all, locator: newLocator(firstTags()), used: used}
	for s.tables = all; s.tables[len(s.tables)-1].row != rowSeries; {
		s.tables = s.tables[:len(s.tables)-1]
	}
	return s
}

// work makes rows of a run of studies and hands them on.
func (s *studyMaker) work(ctx context.Context, f *feed) error {
	s.take()
	for block := range f.blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, e := range block {
			d, size, err := s.decoder.decode(e.payload)
			if err != nil {
				return err
			}
			if err := s.add(e, &d, size); err != nil {
				return err
			}
		}
	}
	if err := s.endStudy(); err != nil {
		return err
	}
	s.study = nil
	return s.out(s.share)
}

// take starts a new share.
func (s *studyMaker) take() {
	p, ok := s.used.Get().(*share)
	if !ok {
		p = newShare(s.all)
	}
	p.reset()
	s.share = p
}

// hand hands the share on if enough rows have gathered.
func (s *studyMaker) hand() error {
	if !s.share.full() {
		return nil
	}
	if err := s.out(s.share); err != nil {
		return err
	}
	s.take()
	return nil
}

func (s *studyMaker) add(e entry, d *dicommeta.Dataset, size int64) error {
	_, series, instance, source := splitKey(e.key)
	if study := studyPart(e.key); !bytes.Equal(study, s.study) {
		if err := s.endStudy(); err != nil {
			return err
		}
		s.study = bytes.Clone(study)
		s.roll = &dicommeta.Rollup{SharedOnly: true}
		s.firstSource = string(source)
	}
	if part := seriesPart(e.key); !bytes.Equal(part, s.at) {
		if err := s.endSeries(); err != nil {
			return err
		}
		s.at, s.seriesFirst = bytes.Clone(part), string(source)
		s.row = newSeriesRow(s.tables, s.known, s.locator)
		s.copies = nil
		s.found = s.forks.ofSeries(s.found, series, s.seriesFirst)
	}
	s.row.add(d, size)
	s.instances++
	s.bytes += size
	if m := rawText(d, dict.Modality); len(m) > 0 && (len(s.modalities) == 0 || s.modalities[len(s.modalities)-1] != string(m)) {
		if i, found := slices.BinarySearch(s.modalities, string(m)); !found {
			s.modalities = slices.Insert(s.modalities, i, string(m))
		}
	}
	s.twice(instance, source, e.payload)
	if err := s.rows(d, size); err != nil {
		return err
	}
	syntax := takeSyntax(d)
	s.roll.AddExtract(*d, syntax, string(source), size)
	return nil
}

// twice reports an instance that occurs in several files, series or studies.
func (s *studyMaker) twice(instance, in, payload []byte) {
	if s.forks.count(instanceToFile, instance) == 0 {
		return
	}
	first, again := s.copies[string(instance)]
	source := string(in)
	switch {
	case !again:
		if s.copies == nil {
			s.copies = map[string][]byte{}
		}
		s.copies[string(instance)] = bytes.Clone(payload)
		if n := s.forks.count(instanceToSeries, instance); n > 1 && s.forks.count(instanceToStudy, instance) == 0 {
			s.found = append(s.found, finding(issue.Error, dicommeta.CodeRollupInstance, dict.SOPInstanceUID, source, fmt.Sprintf("want an instance in one series, have it in %d", n)))
		}
		s.found = s.forks.ofInstance(s.found, instance, source)
	case bytes.Equal(first, payload):
		s.found = append(s.found, finding(issue.Information, dicommeta.CodeRollupCopy, dict.SOPInstanceUID, source, "want an instance once, have it again"))
	default:
		s.found = append(s.found, finding(issue.Warning, dicommeta.CodeRollupDuplicate, dict.SOPInstanceUID, source, "want one instance of this UID, have another with other attributes or size"))
	}
}

// rows writes the rows of an instance to the tables that have such.
func (s *studyMaker) rows(d *dicommeta.Dataset, size int64) error {
	class, modality := d.Text(dict.SOPClassUID), d.Text(dict.Modality)
	for i, t := range s.all {
		if t.row == rowSeries || !t.where(class, modality) {
			continue
		}
		items := []dicommeta.Dataset{*d}
		if t.row == rowGroup {
			items = groupsOf(d)
		}
		for j := range items {
			r := newSeriesRow([]*seriesTable{t}, s.known, s.locator)
			r.add(&items[j], size)
			r.writeTable(0, s.share.batches[i])
			if err := s.hand(); err != nil {
				return err
			}
		}
	}
	return nil
}

// groupsOf returns the annotation groups of an instance, each with the attributes of the
// instance that it does not have itself.
func groupsOf(d *dicommeta.Dataset) []dicommeta.Dataset {
	groups := d.Items(dict.AnnotationGroupSequence)
	all := make([]dicommeta.Dataset, len(groups))
	for i := range groups {
		all[i] = dicommeta.Dataset{Charset: d.Charset, Elements: slices.Clone(d.Elements)}
		for _, e := range groups[i].Elements {
			all[i].Set(e)
		}
	}
	return all
}

func (s *studyMaker) endSeries() error {
	if s.row == nil {
		return nil
	}
	s.seriesCount++
	s.share.series++
	s.row.write(s.share.batches)
	s.row, s.at = nil, nil
	return s.hand()
}

func (s *studyMaker) endStudy() error {
	if err := s.endSeries(); err != nil || s.roll == nil {
		return err
	}
	all, _ := s.roll.Studies()
	for _, study := range all {
		found := append(study.Issues, s.found...)
		found = s.forks.ofPatient(found, patientKey(nil, &study.Dataset), s.firstSource)
		s.share.found = append(s.share.found, found...)
		s.endRow(study, int64(len(found)))
	}
	s.share.count++
	s.roll, s.found, s.modalities = nil, nil, nil
	s.seriesCount, s.instances, s.bytes = 0, 0, 0
	return s.hand()
}

func (s *studyMaker) endRow(study *dicommeta.Study, conflicts int64) {
	d := &study.Dataset
	row := studyRow{
		StudyInstanceUID: d.Text(dict.StudyInstanceUID), PatientID: textOr(d.Text(dict.PatientID)),
		StudyDate: textOr(dateText(d.Text(dict.StudyDate))), StudyTime: textOr(timeText(d.Text(dict.StudyTime))),
		StudyID: textOr(d.Text(dict.StudyID)), AccessionNumber: textOr(d.Text(dict.AccessionNumber)),
		Description: textOr(d.Text(dict.StudyDescription)), Referring: textOr(d.Text(dict.ReferringPhysicianName)),
		PatientAge: textOr(d.Text(dict.PatientAge)), Modalities: textOr(strings.Join(s.modalities, ",")),
		Series: s.seriesCount, Instances: s.instances, SizeMB: math.Round(float64(s.bytes)/10_000) / 100, Conflicts: conflicts,
	}
	s.share.studies = append(s.share.studies, row)
	if row.PatientID == nil {
		return
	}
	key := append([]byte(*row.PatientID), 0)
	key = append(append(key, d.Text(dict.IssuerOfPatientID)...), 0)
	key = append(key, row.StudyInstanceUID...)
	patient := dicommeta.Dataset{}
	for _, t := range []dict.Tag{dict.StudyDate, dict.PatientName, dict.PatientID, dict.IssuerOfPatientID, dict.PatientBirthDate, dict.PatientSex} {
		if e := d.Find(t); e != nil {
			patient.Set(*e)
		}
	}
	payload := binary.AppendUvarint(nil, uint64(s.seriesCount))
	payload = appendRecord(payload, &patient, s.instances)
	s.share.patients = append(s.share.patients, entry{key, payload})
}
