package mapping

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"sync"
	"sync/atomic"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/omop"
)

// eventTables are the tables that grow with the persons, each written by a
// goroutine of its own.
var eventTables = []Table{
	TablePerson, TableDeath, TableVisitOccurrence, TableConditionOccurrence, TableDrugExposure,
	TableProcedureOccurrence, TableDeviceExposure, TableMeasurement, TableObservation, TableNote,
	TableImageOccurrence, TableImageFeature, TableObservationPeriod,
}

// batch is a batch of rows with its place in the whole.
type batch struct {
	rows *rowBatch
	base [numTables]int32
	left atomic.Int32 // pipes that still need the rows
}

// output writes batches to the tables and the id map.
type output struct {
	db     *omop.DatabaseWriter
	dims   *dimensions
	ids    *idMap
	pool   sync.Pool
	base   [numTables]int32
	tables map[Table]*flow.Pipe[*batch]
	idPipe *flow.Pipe[*batch]

	account account
}

func newOutput(ctx context.Context, db *omop.DatabaseWriter, ids *idMap, dims *dimensions) *output {
	o := &output{db: db, dims: dims, ids: ids, tables: map[Table]*flow.Pipe[*batch]{}}
	o.pool.New = func() any { return new(rowBatch) }
	for _, t := range eventTables {
		o.tables[t] = flow.NewPipe(ctx, pipeDepth, func(b *batch) error {
			b.rows.rebase(t, &b.base)
			err := writeTable(o.db, b.rows, t)
			o.done(b)
			return err
		})
	}
	o.idPipe = flow.NewPipe(ctx, pipeDepth, func(b *batch) error {
		err := o.ids.batch(b)
		o.done(b)
		return err
	})
	return o
}

const pipeDepth = 2

func (o *output) done(b *batch) {
	if b.left.Add(-1) == 0 {
		b.rows.reset()
		o.pool.Put(b.rows)
	}
}

// put gives a batch its place and sends it on its way. Batches must come in
// the order of the persons, from one goroutine.
func (o *output) put(rows *rowBatch) error {
	b := &batch{rows: rows, base: o.base}
	for t := TablePerson; t < numTables; t++ {
		n := int64(o.base[t]) + int64(rows.count(t))
		if n > 1<<31-1 {
			return fmt.Errorf("mapping: %s: want at most %d rows, as the CDM's keys have 32 bits", t, 1<<31-1)
		}
		o.base[t] = int32(n)
	}
	if err := o.locate(rows); err != nil {
		return err
	}
	b.left.Store(int32(len(eventTables)) + 1)
	for _, t := range eventTables {
		if err := o.tables[t].Send(b); err != nil {
			return err
		}
	}
	return o.idPipe.Send(b)
}

// locate gives the persons of a batch their locations.
func (o *output) locate(rows *rowBatch) error {
	rows.account, rows.countries = &o.account, o.dims.rows.countries
	for i, content := range rows.addresses {
		if content == "" {
			continue
		}
		id, fresh := o.dims.places.id(content)
		if fresh {
			rows.Location = append(rows.Location, rows.locationRow(id, content))
		}
		rows.Person[i].LocationID = rows.ints.put(id)
	}
	return omop.Write(o.db, rows.Location)
}

// close waits for all tables; the first error is the answer.
func (o *output) close() error {
	var errs []error
	for _, t := range eventTables {
		errs = append(errs, o.tables[t].Close())
	}
	return errors.Join(append(errs, o.idPipe.Close())...)
}

func writeTable(db *omop.DatabaseWriter, r *rowBatch, t Table) error {
	switch t {
	case TablePerson:
		return omop.Write(db, r.Person)
	case TableDeath:
		return omop.Write(db, r.Death)
	case TableVisitOccurrence:
		return omop.Write(db, r.VisitOccurrence)
	case TableConditionOccurrence:
		return omop.Write(db, r.ConditionOccurrence)
	case TableDrugExposure:
		return omop.Write(db, r.DrugExposure)
	case TableProcedureOccurrence:
		return omop.Write(db, r.ProcedureOccurrence)
	case TableDeviceExposure:
		return omop.Write(db, r.DeviceExposure)
	case TableMeasurement:
		return omop.Write(db, r.Measurement)
	case TableObservation:
		return omop.Write(db, r.Observation)
	case TableNote:
		return omop.Write(db, r.Note)
	case TableImageOccurrence:
		return omop.Write(db, r.ImageOccurrence)
	case TableImageFeature:
		return omop.Write(db, r.ImageFeature)
	case TableObservationPeriod:
		return omop.Write(db, r.ObservationPeriod)
	}
	return fmt.Errorf("mapping: %s is not written by persons", t)
}

// IDRow is a row of the id map: which resource a row of the CDM was made of.
type IDRow struct {
	ID           int32  `parquet:"omop_id" columnar:"delta"`
	ResourceType string `parquet:"resource_type" columnar:"dict"`
	ResourceID   string `parquet:"resource_id" columnar:"plain"`
}

// idMap writes idmap/<table>.parquet, outside the CDM.
type idMap struct {
	dir     *columnar.Dir
	opts    columnar.Options
	files   [numTables]io.WriteCloser
	writers [numTables]*columnar.Writer[IDRow]
	buf     []IDRow
}

// mappedTables are the tables with an id map.
var mappedTables = []Table{
	TablePerson, TableVisitOccurrence, TableConditionOccurrence, TableDrugExposure, TableProcedureOccurrence,
	TableDeviceExposure, TableMeasurement, TableObservation, TableNote, TableImageOccurrence,
	TableLocation, TableCareSite, TableProvider,
}

func newIDMap(dir *columnar.Dir, opts columnar.Options) (*idMap, error) {
	m := &idMap{dir: dir, opts: opts}
	for _, t := range mappedTables {
		f, err := dir.Create(path.Join("idmap", t.String()+".parquet"))
		if err != nil {
			return nil, err
		}
		m.files[t] = f
		if m.writers[t], err = columnar.NewWriter[IDRow](f, &opts); err != nil {
			return nil, errors.Join(err, m.abort())
		}
	}
	return m, nil
}

// batch adds the sources of a batch.
func (m *idMap) batch(b *batch) error {
	for _, t := range mappedTables {
		src := b.rows.sources[t]
		if len(src) == 0 {
			continue
		}
		m.buf = m.buf[:0]
		for i := range src {
			m.buf = append(m.buf, IDRow{ID: b.base[t] + int32(i) + 1, ResourceType: typeNames[src[i].typ], ResourceID: src[i].id})
		}
		if err := m.writers[t].Write(m.buf); err != nil {
			return fmt.Errorf("mapping: id map of %s: %w", t, err)
		}
	}
	return nil
}

// dimensions adds what is about no person.
func (m *idMap) dimensions(d *dimensions) error {
	for _, t := range []Table{TableLocation, TableCareSite, TableProvider} {
		rows := make([]IDRow, 0, len(d.rows.sources[t]))
		for i, s := range d.rows.sources[t] {
			id := int32(i + 1)
			if t == TableLocation {
				id = d.located[i]
			}
			rows = append(rows, IDRow{ID: id, ResourceType: typeNames[s.typ], ResourceID: s.id})
		}
		if err := m.writers[t].Write(rows); err != nil {
			return fmt.Errorf("mapping: id map of %s: %w", t, err)
		}
	}
	return nil
}

// closers returns the tasks that finish the files.
func (m *idMap) closers() (tasks []func(context.Context) error) {
	for _, t := range mappedTables {
		tasks = append(tasks, func(context.Context) error {
			if err := m.writers[t].Close(); err != nil {
				return fmt.Errorf("mapping: id map of %s: %w", t, err)
			}
			f := m.files[t]
			m.files[t] = nil
			if err := f.Close(); err != nil {
				return fmt.Errorf("mapping: id map of %s: %w", t, err)
			}
			return nil
		})
	}
	return tasks
}

// abort closes the files after a failure.
func (m *idMap) abort() error {
	var errs []error
	for i, f := range m.files {
		if f != nil {
			errs = append(errs, f.Close())
			m.files[i] = nil
		}
	}
	return errors.Join(errs...)
}
