package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// output is a table that is written row by row.
type output struct {
	table *seriesTable
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
	b.open = append(b.open, closer(func() error {
		b.report.Rows[t.name] = w.Rows()
		return errors.Join(w.Close(), f.Close())
	}))
	return &output{table: t, w: w}, nil
}

// series makes series, studies and patients of the records.
func (b *build) series(ctx context.Context) error {
	outputs, err := b.outputs()
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
	patients := &sorter{dir: b.opts.TempDir, budget: b.opts.MemoryBudget / 4}
	defer patients.close()
	makers := make([]*studyMaker, b.opts.Workers)
	var used sync.Pool // of shares
	for i := range makers {
		makers[i] = newStudyMaker(tablesOf(outputs), f, known, &used)
	}
	err = b.studiesOf(ctx, makers, func(p *share) error {
		defer used.Put(p)
		for i, o := range outputs {
			if err := o.w.Write(p.batches[i]); err != nil {
				return err
			}
		}
		for _, e := range p.patients {
			if err := patients.add(e.key, e.payload); err != nil {
				return err
			}
		}
		b.report.Series += p.series
		b.report.Studies += p.count
		if err := b.found(p.found); err != nil {
			return err
		}
		return studies.Write(p.studies)
	})
	if err != nil {
		return err
	}
	return b.patients(patients, f)
}

// outputs opens the tables by series and then those by instance.
func (b *build) outputs() ([]*output, error) {
	var bySeries, byInstance []*output
	for _, t := range seriesTables() {
		o, err := b.newOutput(t)
		if err != nil {
			return nil, err
		}
		if t.row == rowSeries {
			bySeries = append(bySeries, o)
		} else {
			byInstance = append(byInstance, o)
		}
	}
	return append(bySeries, byInstance...), nil
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
