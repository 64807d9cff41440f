package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// output is a table that is written row by row.
type output struct {
	table *seriesTable
	batch *columnar.Batch
	w     *columnar.BatchWriter
}

// batchRows is how many rows gather in a batch.
const batchRows = 512

func (b *build) newOutput(t *seriesTable) (*output, error) {
	f, err := b.dir.Create(t.name + ".parquet")
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	w, err := columnar.NewBatchWriter(f, t.specs(), b.options(t.name))
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("index: %s: %w", t.name, err)
	}
	o := &output{table: t, batch: columnar.NewBatch(t.specs()), w: w}
	b.open = append(b.open, closer(func() error {
		err := o.flush()
		b.report.Rows[t.name] = w.Rows()
		return errors.Join(err, w.Close(), f.Close())
	}))
	return o, nil
}

func (o *output) flush() error {
	err := o.w.Write(o.batch)
	o.batch.Reset()
	return err
}

func (o *output) full() error {
	if o.batch.Rows() < batchRows {
		return nil
	}
	return o.flush()
}

// series makes series, studies and patients of the records.
func (b *build) series(ctx context.Context) error {
	bySeries, byInstance, err := b.outputs()
	if err != nil {
		return err
	}
	f, err := b.gather.forks()
	if err != nil {
		return err
	}
	known, err := b.known()
	if err != nil {
		return err
	}
	studies, err := newTable[studyRow](b, "study")
	if err != nil {
		return err
	}
	s := &studyMaker{b: b, forks: f, known: known, bySeries: bySeries, byInstance: byInstance, studies: studies, tables: tablesOf(bySeries), locator: newLocator(firstTags()),
		patients: &sorter{dir: b.opts.TempDir, budget: b.opts.MemoryBudget / 4}}
	defer s.patients.close()
	var r decoder
	n := 0
	for e, err := range merge(b.gather.records) {
		if err != nil {
			return err
		}
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		d, size, err := r.decode(e.payload)
		if err != nil {
			return err
		}
		if err := s.add(e, &d, size); err != nil {
			return err
		}
	}
	if err := s.endStudy(); err != nil {
		return err
	}
	return b.patients(s.patients, f)
}

func (b *build) outputs() (bySeries, byInstance []*output, err error) {
	for _, t := range seriesTables() {
		o, err := b.newOutput(t)
		if err != nil {
			return nil, nil, err
		}
		if t.row == rowSeries {
			bySeries = append(bySeries, o)
		} else {
			byInstance = append(byInstance, o)
		}
	}
	return bySeries, byInstance, nil
}

// known looks up what segmentations and structure sets want to know of other series.
func (b *build) known() (*references, error) {
	all := newReferences()
	for _, w := range b.wanted {
		for k := range w.instances {
			all.instances[k] = ""
		}
		for k := range w.bodies {
			all.bodies[k] = ""
		}
	}
	var r decoder
	for range 2 { // an instance leads to a series, a series to its body part
		if len(all.instances)+len(all.bodies) == 0 {
			break
		}
		for e, err := range merge(b.gather.records) {
			if err != nil {
				return nil, err
			}
			_, series, instance, _ := splitKey(e.key)
			if _, ok := all.instances[string(instance)]; ok {
				all.instances[string(instance)] = string(series)
				if _, ok := all.bodies[string(series)]; !ok {
					all.bodies[string(series)] = ""
				}
			}
			if body, ok := all.bodies[string(series)]; ok && body == "" {
				d, _, err := r.decode(e.payload)
				if err != nil {
					return nil, err
				}
				all.bodies[string(series)] = d.Text(dict.BodyPartExamined)
			}
		}
		if len(all.instances) == 0 {
			break
		}
	}
	return all, nil
}

// studyMaker takes records in order and makes rows of studies and series.
type studyMaker struct {
	b                    *build
	forks                forks
	known                *references
	bySeries, byInstance []*output
	studies              *columnar.Writer[studyRow]
	patients             *sorter
	tables               []*seriesTable // of bySeries
	locator              *locator

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
	for _, o := range s.byInstance {
		if !o.table.where(class, modality) {
			continue
		}
		items := []dicommeta.Dataset{*d}
		if o.table.row == rowGroup {
			items = groupsOf(d)
		}
		for i := range items {
			r := newSeriesRow([]*seriesTable{o.table}, s.known, s.locator)
			r.add(&items[i], size)
			r.writeTable(0, o.batch)
			if err := o.full(); err != nil {
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
	s.b.report.Series++
	batches := make([]*columnar.Batch, len(s.bySeries))
	for i, o := range s.bySeries {
		batches[i] = o.batch
	}
	s.row.write(batches)
	s.row, s.at = nil, nil
	for _, o := range s.bySeries {
		if err := o.full(); err != nil {
			return err
		}
	}
	return nil
}

func (s *studyMaker) endStudy() error {
	if err := s.endSeries(); err != nil || s.roll == nil {
		return err
	}
	all, _ := s.roll.Studies()
	for _, study := range all {
		found := append(study.Issues, s.found...)
		found = s.forks.ofPatient(found, patientKey(nil, &study.Dataset), s.firstSource)
		if err := s.b.found(found); err != nil {
			return err
		}
		if err := s.endRow(study, int64(len(found))); err != nil {
			return err
		}
	}
	s.b.report.Studies++
	s.roll, s.found, s.modalities = nil, nil, nil
	s.seriesCount, s.instances, s.bytes = 0, 0, 0
	return nil
}

func (s *studyMaker) endRow(study *dicommeta.Study, conflicts int64) error {
	d := &study.Dataset
	row := studyRow{
		StudyInstanceUID: d.Text(dict.StudyInstanceUID), PatientID: textOr(d.Text(dict.PatientID)),
		StudyDate: textOr(dateText(d.Text(dict.StudyDate))), StudyTime: textOr(timeText(d.Text(dict.StudyTime))),
		StudyID: textOr(d.Text(dict.StudyID)), AccessionNumber: textOr(d.Text(dict.AccessionNumber)),
		Description: textOr(d.Text(dict.StudyDescription)), Referring: textOr(d.Text(dict.ReferringPhysicianName)),
		PatientAge: textOr(d.Text(dict.PatientAge)), Modalities: textOr(strings.Join(s.modalities, ",")),
		Series: s.seriesCount, Instances: s.instances, SizeMB: math.Round(float64(s.bytes)/10_000) / 100, Conflicts: conflicts,
	}
	if err := s.studies.Write([]studyRow{row}); err != nil {
		return err
	}
	if row.PatientID == nil {
		return nil
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
	return s.patients.add(key, payload)
}

// patients writes the table of patients from the records of their studies.
func (b *build) patients(from *sorter, f forks) error {
	w, err := newTable[patientRow](b, "patient")
	if err != nil {
		return err
	}
	var row *patientRow
	var at []byte
	end := func() error {
		if row == nil {
			return nil
		}
		b.report.Patients++
		return w.Write([]patientRow{*row})
	}
	for e, err := range merge([]*sorter{from}) {
		if err != nil {
			return err
		}
		series, k := binary.Uvarint(e.payload)
		var r decoder
		d, instances, err := r.decode(e.payload[max(k, 0):])
		if err != nil {
			return err
		}
		if part := seriesPart(e.key); !bytes.Equal(part, at) || row == nil {
			if err := end(); err != nil {
				return err
			}
			at = part
			row = &patientRow{PatientID: d.Text(dict.PatientID), Issuer: textOr(d.Text(dict.IssuerOfPatientID))}
			key := patientKey(nil, &d)
			row.Names, row.Births, row.Sexes = beyond(f.count(patientTo, key)), beyond(f.count(patientTo+1, key)), beyond(f.count(patientTo+2, key))
		}
		row.Studies++
		row.Series += int64(series)
		row.Instances += instances
		fillText(&row.Name, string(alike(&d, dict.PatientName)))
		fillText(&row.Sex, d.Text(dict.PatientSex))
		fillText(&row.BirthDate, dateText(d.Text(dict.PatientBirthDate)))
		if date := dateText(d.Text(dict.StudyDate)); date != "" {
			if row.First == nil || date < *row.First {
				row.First = &date
			}
			if row.Last == nil || date > *row.Last {
				row.Last = &date
			}
		}
	}
	return end()
}

func beyond(n int) int64 { return int64(max(n-1, 0)) }

func fillText(to **string, s string) {
	if *to == nil {
		*to = textOr(s)
	}
}
