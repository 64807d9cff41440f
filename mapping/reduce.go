package mapping

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/carabiner-health/carabiner/omop"
)

// reject is a resource that turned out to have no place only when its person
// was seen whole; its text is fetched from the source in the end.
type reject struct {
	source int
	record int64
	typ    resourceType
	rule   rule
}

// reducer turns the records of whole persons into rows. One worker owns one.
type reducer struct {
	m          *FHIRToOMOP
	dims       *dimensions
	extractDay omop.Date
	account    account
	rejects    []reject

	// rejectStudy quarantines the files of a DICOM study.
	rejectStudy func(a *dicomAccount, rec *record, why rule) error

	rows    *rowBatch
	recs    []record
	rowsOf  []int32 // rows that each record made
	refs    []factRef
	visits  map[string]visit
	periods []period
	person  personState
	imaging imaging
}

type visit struct {
	local      int32 // id within the batch, 0 for one that made no row
	start, end moment
	index      int32 // of the reference, while dates are sought
}

type period struct{ start, end omop.Date }

type personState struct {
	local   int32
	patient bool // a Patient says so, not DICOM
	gender  int32
	birth   moment
	death   omop.Date
	dead    bool
}

// block turns a block of persons into rows.
func (r *reducer) block(b *block, rows *rowBatch) error {
	r.rows = rows
	rows.account = &r.account
	start := 0
	for _, end := range b.ends {
		if err := r.one(b.records[start:end]); err != nil {
			return err
		}
		start = end
	}
	return nil
}

// one reduces one person.
func (r *reducer) one(records [][]byte) error {
	if err := r.load(records); err != nil {
		return err
	}
	ref, why := r.whose()
	var f fact
	if ref != nil {
		var err error
		if f, why, err = r.knownPerson(ref); err != nil {
			return err
		}
	}
	if why != ruleNone {
		for k := range r.recs {
			if err := r.reject(&r.recs[k], why); err != nil {
				return err
			}
		}
		return nil
	}
	if err := r.personRow(ref, &f); err != nil {
		return err
	}
	if err := r.visitRows(); err != nil {
		return err
	}
	if err := r.studies(); err != nil {
		return err
	}
	if err := r.eventRows(); err != nil {
		return err
	}
	r.observationPeriods()
	return r.end()
}

// end counts the records of the person.
func (r *reducer) end() error {
	for k := range r.recs {
		switch {
		case r.recs[k].typ == typeDICOMStudy:
			if err := r.endStudy(k); err != nil {
				return err
			}
			continue
		case r.imaging.some && r.imaging.twin[k] && r.twinOfMerged(int32(k)):
			r.account.byType[r.recs[k].typ].end(Filtered, ruleDuplicate)
			continue
		case r.rowsOf[k] == 0:
			if err := r.reject(&r.recs[k], ruleDateMissing); err != nil {
				return err
			}
			continue
		}
		r.account.byType[r.recs[k].typ].end(Mapped, ruleNone)
	}
	return nil
}

func (r *reducer) reject(rec *record, why rule) error {
	if rec.typ == typeDICOMStudy {
		return r.rejectStudy(&r.account.dicom, rec, why)
	}
	r.account.byType[rec.typ].end(Quarantined, why)
	r.rejects = append(r.rejects, reject{source: rec.source, record: rec.number, typ: rec.typ, rule: why})
	return nil
}

// load decodes the records of a person, without copies of the same resource,
// and lists their facts.
func (r *reducer) load(records [][]byte) error {
	r.recs, r.rowsOf, r.refs = r.recs[:0], r.rowsOf[:0], r.refs[:0]
	r.periods = r.periods[:0]
	r.person = personState{}
	for _, b := range records {
		var rec record
		if err := rec.decode(b); err != nil {
			return err
		}
		if n := len(r.recs); n > 0 && r.recs[n-1].typ == rec.typ && bytes.Equal(r.recs[n-1].id, rec.id) {
			if r.recs[n-1].losesTo(&rec) {
				r.recs[n-1], rec = rec, r.recs[n-1]
			}
			if err := r.duplicate(&rec); err != nil {
				return err
			}
			continue
		}
		r.recs = append(r.recs, rec)
		r.rowsOf = append(r.rowsOf, 0)
	}
	r.imaging.reset(len(r.recs))
	for k := range r.recs {
		r.imaging.some = r.imaging.some || r.recs[k].typ == typeDICOMStudy
		for b := r.recs[k].facts; len(b) > 0; {
			ref, rest, err := nextFact(b)
			if err != nil {
				return err
			}
			ref.rec = int32(k)
			r.refs = append(r.refs, ref)
			b = rest
		}
	}
	return nil
}

// duplicate counts a copy that is left out.
func (r *reducer) duplicate(rec *record) error {
	if rec.typ != typeDICOMStudy {
		r.account.byType[rec.typ].end(Filtered, ruleDuplicate)
		return nil
	}
	return eachImage(rec, func(f *fact) error {
		r.account.dicom.end(string(f.texts[tSource]), Filtered, ruleDuplicate, int64(f.numbers[nFiles]))
		return nil
	})
}

// losesTo reports whether another copy of the same resource is the one to
// keep: the later update, else the one that says more, else the greater bytes,
// so that the choice does not depend on the order of the input.
func (a *record) losesTo(b *record) bool {
	if c := cmp.Compare(a.updated, b.updated); c != 0 {
		return c < 0
	}
	if c := cmp.Compare(len(a.facts), len(b.facts)); c != 0 {
		return c < 0
	}
	return bytes.Compare(a.facts, b.facts) < 0
}

// source notes which resource a row was made of.
func (r *reducer) source(t Table, ref *factRef, f *fact) {
	r.rowsOf[ref.rec]++
	rec := &r.recs[ref.rec]
	if rec.typ == typeDICOMStudy {
		r.studySource(f)
		return
	}
	r.rows.sources[t] = append(r.rows.sources[t], rowSource{typ: rec.typ, id: view(rec.id)})
}

// saw notes a time in which the person was observed.
func (r *reducer) saw(from, to omop.Date) {
	r.periods = append(r.periods, period{from, max(from, to)})
}

// visitRows makes the visits of the person, in the order of their days.
func (r *reducer) visitRows() error {
	if r.visits == nil {
		r.visits = make(map[string]visit)
	}
	clear(r.visits)
	var order []int32
	undated := false
	for i := range r.refs {
		if r.refs[i].table == TableVisitOccurrence {
			order = append(order, int32(i))
			r.visits[view(r.recs[r.refs[i].rec].id)] = visit{index: int32(i)}
			undated = undated || !r.refs[i].dated
		}
	}
	if undated {
		if err := r.dateVisits(); err != nil {
			return err
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		if c := cmp.Compare(r.refs[a].day, r.refs[b].day); c != 0 {
			return c
		}
		return int(a - b)
	})
	for _, i := range order {
		if err := r.visitRow(&r.refs[i]); err != nil {
			return err
		}
	}
	return nil
}

// dateVisits dates encounters without a period by the events that name them.
func (r *reducer) dateVisits() error {
	var f fact
	for i := range r.refs {
		ref := &r.refs[i]
		if !ref.dated || ref.table <= TableVisitOccurrence {
			continue
		}
		if err := ref.decode(&f); err != nil {
			return err
		}
		v, ok := r.visits[view(f.texts[tEncounter])]
		if !ok || r.refs[v.index].dated {
			continue
		}
		if !v.start.Set || f.Start.Day < v.start.Day {
			v.start = f.Start
		}
		if !v.end.Set || f.Start.Day > v.end.Day {
			v.end = f.Start
		}
		r.visits[view(f.texts[tEncounter])] = v
	}
	for _, v := range r.visits {
		if ref := &r.refs[v.index]; !ref.dated && v.start.Set {
			ref.day = v.start.Day
			r.account.imputed++
		}
	}
	return nil
}

// lastEvent returns the last day on which anything is dated.
func (r *reducer) lastEvent() (last omop.Date) {
	for i := range r.refs {
		if ref := &r.refs[i]; ref.dated && ref.table >= TableVisitOccurrence && ref.day > last {
			last = ref.day
		}
	}
	return last
}

// eventRows makes the rows of all other facts, in the order of their days;
// those of images last, as they refer to procedures.
func (r *reducer) eventRows() error {
	var f fact
	order := make([]int32, 0, len(r.refs))
	var images []int32
	for i := range r.refs {
		ref := &r.refs[i]
		if ref.table == TablePerson || ref.table == TableVisitOccurrence || ref.table == TableDeath || r.leftOut(ref) {
			continue
		}
		if !ref.dated {
			ok, err := r.dateEvent(ref, &f)
			if err != nil {
				return err
			}
			if !ok {
				r.account.losses[lossFact]++
				continue
			}
		}
		if ref.table == TableImageOccurrence {
			images = append(images, int32(i))
		} else {
			order = append(order, int32(i))
		}
	}
	byDay := func(a, b int32) int {
		if c := cmp.Compare(r.refs[a].day, r.refs[b].day); c != 0 {
			return c
		}
		return int(a - b)
	}
	slices.SortFunc(order, byDay)
	slices.SortFunc(images, byDay)
	var parent link
	for _, i := range append(order, images...) {
		ref := &r.refs[i]
		if err := ref.decode(&f); err != nil {
			return err
		}
		if !ref.dated {
			f.Start = moment{Day: ref.day, Set: true, Imputed: true}
		}
		if err := r.amend(ref, &f); err != nil {
			return err
		}
		if f.flags&flagComponent == 0 || parent.rec != ref.rec {
			parent = link{rec: ref.rec}
		}
		if procedure := r.imaging.procedures[ref.rec]; f.Table == TableImageOccurrence && procedure != 0 {
			parent = link{rec: ref.rec, table: TableProcedureOccurrence, local: procedure}
		}
		r.event(ref, &f, &parent)
	}
	r.featureRows()
	return nil
}

// dateEvent dates a fact that has no date by the other record of a merged study
// or by the encounter that it names.
func (r *reducer) dateEvent(ref *factRef, f *fact) (bool, error) {
	if err := ref.decode(f); err != nil {
		return false, err
	}
	if err := r.amend(ref, f); err != nil {
		return false, err
	}
	day, ok := r.dayOfPartner(ref)
	if v := r.visits[view(f.texts[tEncounter])]; !ok && v.start.Set {
		day, ok = v.start.Day, true
	}
	if ok {
		ref.day = day
		r.account.imputed++
	}
	return ok, nil
}

// link is the row that components and series of the same resource belong to.
type link struct {
	rec   int32
	table Table
	local int32
}

// event makes the row of a fact; of a medication by reference one for each
// concept that the Medication has.
func (r *reducer) event(ref *factRef, f *fact, parent *link) {
	if med := f.texts[tMedication]; med != nil {
		m := r.dims.medications[view(med)]
		if m == nil {
			r.account.losses[lossMedicationLink]++
			r.row(ref, f, parent)
			return
		}
		m.used.Store(true)
		r.account.standardCodes[typeMedicationRequest] += m.standard
		for i := range m.facts {
			g := *f
			g.Table = m.facts[i].Table
			g.concepts[cConcept], g.concepts[cSource] = m.facts[i].concepts[cConcept], m.facts[i].concepts[cSource]
			g.texts[tSource] = m.facts[i].texts[tSource]
			r.row(ref, &g, parent)
		}
		return
	}
	r.row(ref, f, parent)
}

func (r *reducer) row(ref *factRef, f *fact, parent *link) {
	if r.person.dead && f.Start.Day > r.person.death+60 {
		r.account.losses[lossAfterDeath]++
	}
	if f.Start.Day < r.person.birth.Day {
		r.account.losses[lossBeforeBirth]++
	}
	local := r.fill(f, parent)
	if local == 0 {
		r.account.losses[lossFact]++
		return
	}
	r.source(f.Table, ref, f)
	r.made(ref, f, local)
	if f.flags&flagComponent == 0 && parent.local == 0 {
		*parent = link{rec: ref.rec, table: f.Table, local: local}
	}
	r.saw(f.Start.Day, f.End.dayOr(f.Start.Day))
}

func (w moment) dayOr(d omop.Date) omop.Date {
	if w.Set {
		return w.Day
	}
	return d
}

// visitOf returns the local id of the visit that a fact names.
func (r *reducer) visitOf(f *fact) *int32 {
	name := f.texts[tEncounter]
	if name == nil {
		return nil
	}
	v := r.visits[view(name)]
	if v.local == 0 {
		r.account.losses[lossEncounterLink]++
		return nil
	}
	return r.rows.ints.put(v.local)
}

func (r *reducer) providerOf(f *fact) *int32 {
	name := f.texts[tProvider]
	if name == nil {
		return nil
	}
	id := r.dims.providers[view(name)]
	if id == 0 {
		r.account.losses[lossProviderLink]++
		return nil
	}
	return r.rows.ints.put(id)
}

func (r *reducer) careSiteOf(f *fact) *int32 {
	name := f.texts[tCareSite]
	if name == nil {
		return nil
	}
	id := r.dims.careSites[view(name)]
	if id == 0 {
		r.account.losses[lossCareSiteLink]++
		return nil
	}
	return r.rows.ints.put(id)
}

// observationPeriods: CDM 5.4, observation_period, by Themis' convention for
// EHR data: from the first event to so many days past the last one, not past
// the death by as much nor past the extract, split where nothing happened for
// long. A person without any event was observed on the day of the extract.
func (r *reducer) observationPeriods() {
	p := &r.m.policy.ObservationPeriod
	limit := r.extractDay
	if r.person.dead {
		limit = min(limit, r.person.death+omop.Date(p.TailDays))
	}
	if len(r.periods) == 0 {
		day := max(r.extractDay, r.person.birth.Day)
		r.periods = append(r.periods, period{day, day})
		limit = day
	}
	birth := min(r.person.birth.Day, limit)
	for i, e := range r.periods {
		r.periods[i] = period{min(max(e.start, birth), limit), min(max(e.end, birth), limit)}
	}
	slices.SortFunc(r.periods, func(a, b period) int {
		if c := cmp.Compare(a.start, b.start); c != 0 {
			return c
		}
		return cmp.Compare(a.end, b.end)
	})
	run := r.periods[0]
	for _, e := range r.periods[1:] {
		if e.start-run.end >= omop.Date(p.GapDays) {
			r.observationPeriod(run, min(limit, run.end+omop.Date(p.TailDays)))
			run = e
			continue
		}
		run.end = max(run.end, e.end)
	}
	r.observationPeriod(run, min(limit, run.end+omop.Date(p.TailDays)))
	r.periods = r.periods[:0]
}

func (r *reducer) observationPeriod(run period, end omop.Date) {
	r.rows.ObservationPeriod = append(r.rows.ObservationPeriod, omop.ObservationPeriod{
		ObservationPeriodID: int32(len(r.rows.ObservationPeriod) + 1), PersonID: r.person.local,
		ObservationPeriodStartDate: run.start, ObservationPeriodEndDate: max(run.start, end),
		PeriodTypeConceptID: r.m.policy.Types["observation_period"],
	})
}
