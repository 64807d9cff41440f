package mapping

import (
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/carabiner-health/carabiner/omop"
)

// rowBatch holds OMOP rows by table, sorted by person. Their ids count from 1
// within the batch until it has its place in the whole.
type rowBatch struct {
	Person              []omop.Person
	Death               []omop.Death
	VisitOccurrence     []omop.VisitOccurrence
	ConditionOccurrence []omop.ConditionOccurrence
	DrugExposure        []omop.DrugExposure
	ProcedureOccurrence []omop.ProcedureOccurrence
	DeviceExposure      []omop.DeviceExposure
	Measurement         []omop.Measurement
	Observation         []omop.Observation
	Note                []omop.Note
	ImageOccurrence     []omop.ImageOccurrence
	ImageFeature        []omop.ImageFeature
	ObservationPeriod   []omop.ObservationPeriod
	Location            []omop.Location
	CareSite            []omop.CareSite
	Provider            []omop.Provider

	sources   [numTables][]rowSource // what each row was made of, beside the rows
	addresses []string               // content of the location of each person

	ints    slab[int32]
	floats  slab[float64]
	strs    slab[string]
	dates   slab[omop.Date]
	stamps  slab[omop.Timestamp]
	account *account

	countries map[string]int32
}

// rowSource names the resource that a row was made of.
type rowSource struct {
	typ resourceType
	id  string
}

// slab hands out pointers to values that stay where they are, without an
// allocation each.
type slab[T any] struct {
	cur  []T
	full [][]T
	free [][]T
}

const slabSize = 2048

func (s *slab[T]) put(v T) *T {
	if len(s.cur) == cap(s.cur) {
		if s.cur != nil {
			s.full = append(s.full, s.cur)
		}
		if n := len(s.free); n > 0 {
			s.cur, s.free = s.free[n-1][:0], s.free[:n-1]
		} else {
			s.cur = make([]T, 0, slabSize)
		}
	}
	s.cur = append(s.cur, v)
	return &s.cur[len(s.cur)-1]
}

// reset takes all values back and forgets what they pointed at.
func (s *slab[T]) reset() {
	for _, b := range s.full {
		clear(b)
	}
	clear(s.cur)
	s.free = append(s.free, s.full...)
	s.full = s.full[:0]
	s.cur = s.cur[:0]
}

// reset empties the batch and keeps its memory, but none of the records that
// its texts lie in.
func (r *rowBatch) reset() {
	clear(r.Note)
	clear(r.ImageOccurrence)
	clear(r.ImageFeature)
	for i := range r.sources {
		clear(r.sources[i])
	}
	r.Person, r.Death, r.VisitOccurrence = r.Person[:0], r.Death[:0], r.VisitOccurrence[:0]
	r.ConditionOccurrence, r.DrugExposure = r.ConditionOccurrence[:0], r.DrugExposure[:0]
	r.ProcedureOccurrence, r.DeviceExposure = r.ProcedureOccurrence[:0], r.DeviceExposure[:0]
	r.Measurement, r.Observation, r.Note = r.Measurement[:0], r.Observation[:0], r.Note[:0]
	r.ImageOccurrence, r.ImageFeature, r.ObservationPeriod = r.ImageOccurrence[:0], r.ImageFeature[:0], r.ObservationPeriod[:0]
	r.Location, r.CareSite, r.Provider = r.Location[:0], r.CareSite[:0], r.Provider[:0]
	for i := range r.sources {
		r.sources[i] = r.sources[i][:0]
	}
	r.addresses = r.addresses[:0]
	r.ints.reset()
	r.floats.reset()
	r.strs.reset()
	r.dates.reset()
	r.stamps.reset()
}

// count returns the rows of a table.
func (r *rowBatch) count(t Table) int {
	switch t {
	case TablePerson:
		return len(r.Person)
	case TableVisitOccurrence:
		return len(r.VisitOccurrence)
	case TableConditionOccurrence:
		return len(r.ConditionOccurrence)
	case TableDrugExposure:
		return len(r.DrugExposure)
	case TableProcedureOccurrence:
		return len(r.ProcedureOccurrence)
	case TableDeviceExposure:
		return len(r.DeviceExposure)
	case TableMeasurement:
		return len(r.Measurement)
	case TableObservation:
		return len(r.Observation)
	case TableNote:
		return len(r.Note)
	case TableImageOccurrence:
		return len(r.ImageOccurrence)
	case TableImageFeature:
		return len(r.ImageFeature)
	case TableObservationPeriod:
		return len(r.ObservationPeriod)
	}
	return 0
}

// Lengths of text columns, CDM 5.4.
const (
	varchar20  = 20
	varchar50  = 50
	varchar60  = 60
	varchar250 = 250
	varchar255 = 255
	varcharMax = 0
)

// view returns b as a string without a copy; b must not change while it lives.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// text returns a nullable column value, cut to the column's length in
// characters; empty is NULL.
func (r *rowBatch) text(b []byte, limit int) *string {
	if len(b) == 0 {
		return nil
	}
	return r.strs.put(r.cut(view(b), limit))
}

func (r *rowBatch) cut(s string, limit int) string {
	if limit == varcharMax || len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	r.account.losses[lossTruncated]++
	n := 0
	for i := range s {
		if n == limit {
			return s[:i]
		}
		n++
	}
	return s
}

// concept returns a nullable concept column: the concept, 0 when there is
// only a source value, NULL when there is neither.
func (r *rowBatch) concept(id int32, source []byte) *int32 {
	if id == 0 && len(source) == 0 {
		return nil
	}
	return r.ints.put(id)
}

// id returns a nullable reference; 0 is NULL.
func (r *rowBatch) id(v int32) *int32 {
	if v == 0 {
		return nil
	}
	return r.ints.put(v)
}

func (r *rowBatch) number(f *fact, i int) *float64 {
	if !f.has(i) {
		return nil
	}
	return r.floats.put(f.numbers[i])
}

func (r *rowBatch) instant(w moment) *omop.Timestamp {
	switch {
	case !w.Set:
		return nil
	case w.HasTime:
		return r.stamps.put(w.Instant)
	}
	return r.stamps.put(w.Day.Timestamp())
}

func (r *rowBatch) day(w moment) *omop.Date {
	if !w.Set {
		return nil
	}
	return r.dates.put(w.Day)
}

// locationRow makes a row of the content of an address.
func (r *rowBatch) locationRow(id int32, content string) omop.Location {
	var parts [addressParts][]byte
	i := 0
	for p := range strings.SplitSeq(content, addressSep) {
		if i < addressParts {
			parts[i] = []byte(p)
			i++
		}
	}
	row := omop.Location{
		LocationID: id, Address1: r.text(parts[0], varchar50), Address2: r.text(parts[1], varchar50),
		City: r.text(parts[2], varchar50), Zip: r.text(parts[4], 9), County: r.text(parts[5], varchar20),
		CountrySourceValue: r.text(parts[6], 80),
	}
	if utf8.RuneCount(parts[3]) <= 2 {
		row.State = r.text(parts[3], 2)
	} else {
		r.account.losses[lossState]++
	}
	row.CountryConceptID = r.ints.put(r.countries[string(parts[6])])
	var source []byte
	for _, p := range [][]byte{parts[0], parts[2], parts[3], parts[4]} {
		if len(p) > 0 {
			source = append(append(source, ", "[:min(2, len(source))]...), p...)
		}
	}
	row.LocationSourceValue = r.text(source, varchar50)
	for i, dst := range []**float64{&row.Latitude, &row.Longitude} {
		if v, err := strconv.ParseFloat(string(parts[7+i]), 64); err == nil {
			*dst = r.floats.put(v)
		}
	}
	return row
}

// rebase adds to the ids of one table what came before the batch.
func (r *rowBatch) rebase(t Table, base *[numTables]int32) {
	shift := func(own, person, visit *int32) {
		*own += base[t]
		*person += base[TablePerson]
		if visit != nil {
			*visit += base[TableVisitOccurrence]
		}
	}
	switch t {
	case TablePerson:
		for i := range r.Person {
			r.Person[i].PersonID += base[t]
		}
	case TableDeath:
		for i := range r.Death {
			r.Death[i].PersonID += base[TablePerson]
		}
	case TableVisitOccurrence:
		for i := range r.VisitOccurrence {
			shift(&r.VisitOccurrence[i].VisitOccurrenceID, &r.VisitOccurrence[i].PersonID, nil)
		}
	case TableConditionOccurrence:
		for i := range r.ConditionOccurrence {
			x := &r.ConditionOccurrence[i]
			shift(&x.ConditionOccurrenceID, &x.PersonID, x.VisitOccurrenceID)
		}
	case TableDrugExposure:
		for i := range r.DrugExposure {
			x := &r.DrugExposure[i]
			shift(&x.DrugExposureID, &x.PersonID, x.VisitOccurrenceID)
		}
	case TableProcedureOccurrence:
		for i := range r.ProcedureOccurrence {
			x := &r.ProcedureOccurrence[i]
			shift(&x.ProcedureOccurrenceID, &x.PersonID, x.VisitOccurrenceID)
		}
	case TableDeviceExposure:
		for i := range r.DeviceExposure {
			x := &r.DeviceExposure[i]
			shift(&x.DeviceExposureID, &x.PersonID, x.VisitOccurrenceID)
		}
	case TableMeasurement:
		for i := range r.Measurement {
			x := &r.Measurement[i]
			shift(&x.MeasurementID, &x.PersonID, x.VisitOccurrenceID)
			shiftEvent(x.MeasurementEventID, x.MeasEventFieldConceptID, base)
		}
	case TableObservation:
		for i := range r.Observation {
			x := &r.Observation[i]
			shift(&x.ObservationID, &x.PersonID, x.VisitOccurrenceID)
			shiftEvent(x.ObservationEventID, x.ObsEventFieldConceptID, base)
		}
	case TableNote:
		for i := range r.Note {
			shift(&r.Note[i].NoteID, &r.Note[i].PersonID, r.Note[i].VisitOccurrenceID)
		}
	case TableImageOccurrence:
		for i := range r.ImageOccurrence {
			x := &r.ImageOccurrence[i]
			shift(&x.ImageOccurrenceID, &x.PersonID, x.VisitOccurrenceID)
			x.ProcedureOccurrenceID += base[TableProcedureOccurrence]
		}
	case TableImageFeature:
		for i := range r.ImageFeature {
			x := &r.ImageFeature[i]
			shift(&x.ImageFeatureID, &x.PersonID, nil)
			x.ImageOccurrenceID += base[TableImageOccurrence]
			shiftEvent(x.ImageFeatureEventID, x.ImageFeatureEventFieldConceptID, base)
		}
	case TableObservationPeriod:
		for i := range r.ObservationPeriod {
			shift(&r.ObservationPeriod[i].ObservationPeriodID, &r.ObservationPeriod[i].PersonID, nil)
		}
	}
}

// shiftEvent moves a link to another row; field names the table that it is in.
func shiftEvent(id, field *int32, base *[numTables]int32) {
	if id != nil {
		*id += base[eventTable(*field)]
	}
}

// The concepts that name the key of a table in *_event_field_concept_id
// columns (vocabulary CDM).
var fieldConcepts = map[Table]int32{
	TableVisitOccurrence:     1147070,
	TableProcedureOccurrence: 1147082,
	TableDrugExposure:        1147094,
	TableDeviceExposure:      1147115,
	TableConditionOccurrence: 1147127,
	TableMeasurement:         1147138,
	TableObservation:         1147165,
}

func eventTable(field int32) Table {
	for t, c := range fieldConcepts {
		if c == field {
			return t
		}
	}
	return TableNone
}
