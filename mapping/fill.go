package mapping

import (
	"slices"

	"github.com/carabiner-health/carabiner/omop"
)

// personRow makes the rows of the person and of its death.
func (r *reducer) personRow(ref *factRef, f *fact) error {
	rows := r.rows
	p := &r.person
	p.patient, p.gender = !r.isStudy(ref), f.concepts[cConcept]
	p.local = int32(len(rows.Person) + 1)
	p.birth = f.Start
	y, m, d := f.Start.Day.Time().Date()
	row := omop.Person{
		PersonID: p.local, GenderConceptID: f.concepts[cConcept], YearOfBirth: int32(y),
		RaceConceptID: f.concepts[cQualifier], EthnicityConceptID: f.concepts[cStatus],
		ProviderID: r.providerOf(f), CareSiteID: r.careSiteOf(f),
		GenderSourceValue:    rows.text(f.texts[tGender], varchar50),
		RaceSourceValue:      rows.text(f.texts[tValueSource], varchar50),
		EthnicitySourceValue: rows.text(f.texts[tStatusSource], varchar50),
	}
	if row.GenderSourceValue != nil {
		row.GenderSourceConceptID = rows.ints.put(f.concepts[cConcept])
	}
	if row.RaceSourceValue != nil {
		row.RaceSourceConceptID = rows.ints.put(0)
	}
	if row.EthnicitySourceValue != nil {
		row.EthnicitySourceConceptID = rows.ints.put(0)
	}
	if f.concepts[cDays] >= birthMonth {
		row.MonthOfBirth = rows.ints.put(int32(m))
	}
	if f.concepts[cDays] >= birthDay {
		row.DayOfBirth = rows.ints.put(int32(d))
		row.BirthDatetime = rows.instant(f.Start)
	}
	if r.m.policy.Identifiers == "keep" {
		row.PersonSourceValue = rows.text(r.recs[ref.rec].id, varchar50)
		if !p.patient {
			row.PersonSourceValue = rows.text(f.texts[tPatient], varchar50)
		}
	}
	rows.Person = append(rows.Person, row)
	rows.addresses = append(rows.addresses, string(f.texts[tAddress]))
	r.source(TablePerson, ref, f)
	return r.deathRow()
}

func (r *reducer) deathRow() error {
	for i := range r.refs {
		ref := &r.refs[i]
		if ref.table != TableDeath || r.person.dead {
			continue
		}
		var f fact
		if err := ref.decode(&f); err != nil {
			return err
		}
		r.person.dead, r.person.death = true, f.Start.Day
		r.rows.Death = append(r.rows.Death, omop.Death{
			PersonID: r.person.local, DeathDate: f.Start.Day, DeathDatetime: r.rows.instant(f.Start),
			DeathTypeConceptID: r.rows.ints.put(f.concepts[cType]),
		})
		r.source(TableDeath, ref, &f)
	}
	return nil
}

// visitRow makes the row of an encounter, none when it has no date at all.
func (r *reducer) visitRow(ref *factRef) error {
	var f fact
	if err := ref.decode(&f); err != nil {
		return err
	}
	rows := r.rows
	id := view(r.recs[ref.rec].id)
	v := r.visits[id]
	if f.Start.Set {
		v.start, v.end = f.Start, f.End
	}
	if !v.start.Set {
		return nil
	}
	v.local = int32(len(rows.VisitOccurrence) + 1)
	discharged := f.concepts[cStatus]
	if !v.end.Set {
		v.end = v.start
		if f.flags&flagOpen != 0 && slices.Contains(r.m.policy.OpenVisit.Inpatient, f.concepts[cConcept]) {
			v.end = moment{Day: max(v.start.Day, r.lastEvent()), Set: true, Imputed: true}
			if discharged == 0 {
				discharged = r.m.policy.OpenVisit.DischargedTo
			}
		}
		r.account.imputed++
	}
	if v.end.Day < v.start.Day {
		v.end = v.start
		r.account.imputed++
	}
	r.visits[id] = v
	row := omop.VisitOccurrence{
		VisitOccurrenceID: v.local, PersonID: r.person.local, VisitConceptID: f.concepts[cConcept],
		VisitStartDate: v.start.Day, VisitStartDatetime: rows.instant(v.start),
		VisitEndDate: v.end.Day, VisitEndDatetime: rows.instant(v.end),
		VisitTypeConceptID: f.concepts[cType], ProviderID: r.providerOf(&f), CareSiteID: r.careSiteOf(&f),
		VisitSourceValue:        rows.text(f.texts[tSource], varchar50),
		AdmittedFromConceptID:   rows.concept(f.concepts[cQualifier], f.texts[tQualifierSource]),
		AdmittedFromSourceValue: rows.text(f.texts[tQualifierSource], varchar50),
		DischargedToConceptID:   rows.concept(discharged, f.texts[tStatusSource]),
		DischargedToSourceValue: rows.text(f.texts[tStatusSource], varchar50),
	}
	if r.m.policy.Identifiers == "keep" {
		row.VisitSourceValue = rows.text(r.recs[ref.rec].id, varchar50)
	}
	if row.VisitSourceValue != nil {
		row.VisitSourceConceptID = rows.ints.put(0)
	}
	rows.VisitOccurrence = append(rows.VisitOccurrence, row)
	r.source(TableVisitOccurrence, ref, &f)
	r.saw(v.start.Day, v.end.Day)
	return nil
}

func first(a, b []byte) []byte {
	if len(a) > 0 {
		return a
	}
	return b
}

// fill makes the row of an event and returns its local id, 0 for none.
func (r *reducer) fill(f *fact, parent *link) int32 {
	if (f.has(nValue) || f.texts[tValueSource] != nil || f.texts[tValueText] != nil) && f.Table != TableNote && f.Table != TableMeasurement && f.Table != TableObservation {
		r.account.losses[lossValue]++
	}
	switch f.Table {
	case TableConditionOccurrence:
		return r.condition(f)
	case TableDrugExposure:
		return r.drug(f)
	case TableProcedureOccurrence:
		return r.procedure(f)
	case TableDeviceExposure:
		return r.device(f)
	case TableMeasurement:
		return r.measurement(f, parent)
	case TableObservation:
		return r.observation(f, parent)
	case TableNote:
		return r.note(f)
	case TableImageOccurrence:
		return r.image(f, parent)
	}
	return 0
}

func (r *reducer) condition(f *fact) int32 {
	rows := r.rows
	id := int32(len(rows.ConditionOccurrence) + 1)
	rows.ConditionOccurrence = append(rows.ConditionOccurrence, omop.ConditionOccurrence{
		ConditionOccurrenceID: id, PersonID: r.person.local, ConditionConceptID: f.concepts[cConcept],
		ConditionStartDate: f.Start.Day, ConditionStartDatetime: rows.instant(f.Start),
		ConditionEndDate: rows.day(f.End), ConditionEndDatetime: rows.instant(f.End),
		ConditionTypeConceptID:     f.concepts[cType],
		ConditionStatusConceptID:   rows.concept(f.concepts[cStatus], f.texts[tStatusSource]),
		StopReason:                 rows.text(f.texts[tStop], varchar20),
		ProviderID:                 r.providerOf(f),
		VisitOccurrenceID:          r.visitOf(f),
		ConditionSourceValue:       rows.text(f.texts[tSource], varchar50),
		ConditionSourceConceptID:   rows.concept(f.concepts[cSource], f.texts[tSource]),
		ConditionStatusSourceValue: rows.text(f.texts[tStatusSource], varchar50),
	})
	return id
}

// drug: CDM 5.4, drug_exposure.drug_exposure_end_date: start and days of
// supply where nothing else ends the exposure.
func (r *reducer) drug(f *fact) int32 {
	rows := r.rows
	id := int32(len(rows.DrugExposure) + 1)
	end := f.End
	switch {
	case end.Set && end.Day >= f.Start.Day:
	case f.concepts[cDays] > 0:
		end = moment{Day: f.Start.Day + omop.Date(f.concepts[cDays]-1), Set: true}
	default:
		end = f.Start
	}
	row := omop.DrugExposure{
		DrugExposureID: id, PersonID: r.person.local, DrugConceptID: f.concepts[cConcept],
		DrugExposureStartDate: f.Start.Day, DrugExposureStartDatetime: rows.instant(f.Start),
		DrugExposureEndDate: end.Day, DrugExposureEndDatetime: rows.instant(end),
		DrugTypeConceptID: f.concepts[cType], StopReason: rows.text(f.texts[tStop], varchar20),
		Quantity: rows.number(f, nQuantity), DaysSupply: rows.id(f.concepts[cDays]),
		Sig:            rows.text(f.texts[tSig], varcharMax),
		RouteConceptID: rows.concept(f.concepts[cRoute], f.texts[tRouteSource]),
		LotNumber:      rows.text(f.texts[tLot], varchar50),
		ProviderID:     r.providerOf(f), VisitOccurrenceID: r.visitOf(f),
		DrugSourceValue:     rows.text(f.texts[tSource], varchar50),
		DrugSourceConceptID: rows.concept(f.concepts[cSource], f.texts[tSource]),
		RouteSourceValue:    rows.text(f.texts[tRouteSource], varchar50),
		DoseUnitSourceValue: rows.text(f.texts[tUnitSource], varchar50),
	}
	if n := f.concepts[cRefills]; n > 0 { // kept one higher, so that 0 refills differ from none stated
		row.Refills = rows.ints.put(n - 1)
	}
	rows.DrugExposure = append(rows.DrugExposure, row)
	return id
}

func (r *reducer) procedure(f *fact) int32 {
	rows := r.rows
	id := int32(len(rows.ProcedureOccurrence) + 1)
	rows.ProcedureOccurrence = append(rows.ProcedureOccurrence, omop.ProcedureOccurrence{
		ProcedureOccurrenceID: id, PersonID: r.person.local, ProcedureConceptID: f.concepts[cConcept],
		ProcedureDate: f.Start.Day, ProcedureDatetime: rows.instant(f.Start),
		ProcedureEndDate: rows.day(f.End), ProcedureEndDatetime: rows.instant(f.End),
		ProcedureTypeConceptID: f.concepts[cType],
		ProviderID:             r.providerOf(f), VisitOccurrenceID: r.visitOf(f),
		ProcedureSourceValue:     rows.text(f.texts[tSource], varchar50),
		ProcedureSourceConceptID: rows.concept(f.concepts[cSource], f.texts[tSource]),
	})
	return id
}

func (r *reducer) device(f *fact) int32 {
	rows := r.rows
	id := int32(len(rows.DeviceExposure) + 1)
	rows.DeviceExposure = append(rows.DeviceExposure, omop.DeviceExposure{
		DeviceExposureID: id, PersonID: r.person.local, DeviceConceptID: f.concepts[cConcept],
		DeviceExposureStartDate: f.Start.Day, DeviceExposureStartDatetime: rows.instant(f.Start),
		DeviceExposureEndDate: rows.day(f.End), DeviceExposureEndDatetime: rows.instant(f.End),
		DeviceTypeConceptID: f.concepts[cType],
		ProviderID:          r.providerOf(f), VisitOccurrenceID: r.visitOf(f),
		DeviceSourceValue:     rows.text(f.texts[tSource], varchar50),
		DeviceSourceConceptID: rows.concept(f.concepts[cSource], f.texts[tSource]),
	})
	return id
}

// measurement: CDM 5.4, measurement. It has no text column for a value: the
// text goes to value_source_value.
func (r *reducer) measurement(f *fact, parent *link) int32 {
	rows := r.rows
	id := int32(len(rows.Measurement) + 1)
	row := omop.Measurement{
		MeasurementID: id, PersonID: r.person.local, MeasurementConceptID: f.concepts[cConcept],
		MeasurementDate: f.Start.Day, MeasurementDatetime: rows.instant(f.Start),
		MeasurementTypeConceptID: f.concepts[cType], OperatorConceptID: rows.id(f.concepts[cOperator]),
		ValueAsNumber: rows.number(f, nValue), ValueAsConceptID: rows.id(f.concepts[cValue]),
		UnitConceptID: rows.concept(f.concepts[cUnit], f.texts[tUnitSource]),
		RangeLow:      rows.number(f, nLow), RangeHigh: rows.number(f, nHigh),
		ProviderID: r.providerOf(f), VisitOccurrenceID: r.visitOf(f),
		MeasurementSourceValue:     rows.text(f.texts[tSource], varchar50),
		MeasurementSourceConceptID: rows.concept(f.concepts[cSource], f.texts[tSource]),
		UnitSourceValue:            rows.text(f.texts[tUnitSource], varchar50),
		ValueSourceValue:           rows.text(first(f.texts[tValueSource], f.texts[tValueText]), varchar50),
	}
	row.MeasurementEventID, row.MeasEventFieldConceptID = r.parentOf(f, parent)
	rows.Measurement = append(rows.Measurement, row)
	return id
}

func (r *reducer) parentOf(f *fact, parent *link) (id, field *int32) {
	if f.flags&flagComponent == 0 || parent.local == 0 {
		return nil, nil
	}
	c, ok := fieldConcepts[parent.table]
	if !ok {
		return nil, nil
	}
	return r.rows.ints.put(parent.local), r.rows.ints.put(c)
}

func (r *reducer) observation(f *fact, parent *link) int32 {
	rows := r.rows
	id := int32(len(rows.Observation) + 1)
	row := omop.Observation{
		ObservationID: id, PersonID: r.person.local, ObservationConceptID: f.concepts[cConcept],
		ObservationDate: f.Start.Day, ObservationDatetime: rows.instant(f.Start),
		ObservationTypeConceptID: f.concepts[cType], ValueAsNumber: rows.number(f, nValue),
		ValueAsString:    rows.text(f.texts[tValueText], varchar60),
		ValueAsConceptID: rows.id(f.concepts[cValue]),
		UnitConceptID:    rows.concept(f.concepts[cUnit], f.texts[tUnitSource]),
		ProviderID:       r.providerOf(f), VisitOccurrenceID: r.visitOf(f),
		ObservationSourceValue:     rows.text(f.texts[tSource], varchar50),
		ObservationSourceConceptID: rows.concept(f.concepts[cSource], f.texts[tSource]),
		UnitSourceValue:            rows.text(f.texts[tUnitSource], varchar50),
		QualifierSourceValue:       rows.text(f.texts[tQualifierSource], varchar50),
		ValueSourceValue:           rows.text(f.texts[tValueSource], varchar50),
	}
	if row.QualifierSourceValue != nil {
		row.QualifierConceptID = rows.ints.put(0)
	}
	row.ObservationEventID, row.ObsEventFieldConceptID = r.parentOf(f, parent)
	rows.Observation = append(rows.Observation, row)
	return id
}

func (r *reducer) note(f *fact) int32 {
	rows := r.rows
	id := int32(len(rows.Note) + 1)
	rows.Note = append(rows.Note, omop.Note{
		NoteID: id, PersonID: r.person.local, NoteDate: f.Start.Day, NoteDatetime: rows.instant(f.Start),
		NoteTypeConceptID: f.concepts[cType], NoteClassConceptID: f.concepts[cConcept],
		NoteTitle: rows.text(f.texts[tSig], varchar250), NoteText: view(f.texts[tValueText]),
		EncodingConceptID: r.m.policy.Note.Encoding, LanguageConceptID: f.concepts[cUnit],
		ProviderID: r.providerOf(f), VisitOccurrenceID: r.visitOf(f),
		NoteSourceValue: rows.text(f.texts[tSource], varchar50),
	})
	return id
}

// image: imaging extension, image_occurrence: one row a series, which must
// belong to a procedure.
func (r *reducer) image(f *fact, parent *link) int32 {
	if parent.table != TableProcedureOccurrence {
		return 0
	}
	rows := r.rows
	id := int32(len(rows.ImageOccurrence) + 1)
	rows.ImageOccurrence = append(rows.ImageOccurrence, omop.ImageOccurrence{
		ImageOccurrenceID: id, PersonID: r.person.local, ProcedureOccurrenceID: parent.local,
		VisitOccurrenceID: r.visitOf(f), ImageOccurrenceDate: f.Start.Day,
		ImageStudyUID:     rows.cut(view(f.texts[tStudyUID]), varchar250),
		ImageSeriesUID:    rows.cut(view(f.texts[tSeriesUID]), varchar250),
		ModalityConceptID: f.concepts[cModality], AnatomicSiteConceptID: rows.id(f.concepts[cSite]),
		LocalPath: rows.text(f.texts[tPath], varcharMax), WADORSURI: rows.text(f.texts[tWADO], varcharMax),
	})
	return id
}
