package mapping

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/omop"
)

// imaging is what a reducer knows of the studies of one person. The slices are
// by record and empty for a person without DICOM.
type imaging struct {
	some       bool             // there are DICOM studies
	partner    []int32          // of a study the ImagingStudy, of an ImagingStudy the study; -1
	twin       []bool           // an ImagingStudy beside another one of the same study
	refused    []rule           // why a study is left out
	encounters [][]byte         // of a study: its visit
	procedures []int32          // local id of the procedure of a study or ImagingStudy
	series     map[string]int32 // FHIR's images of merged studies: index of the reference
	images     map[string]int32 // local id by series UID
	features   []pendingFeature
}

// pendingFeature is a row that an image_feature is to lead to.
type pendingFeature struct {
	rec           int32
	table         Table
	local         int32
	concept       int32
	typ           int32
	finding, site int32
	own           bool // about the acquisition
	series        string
	algorithm     *string
}

func (m *imaging) reset(records int) {
	*m = imaging{
		partner: m.partner[:0], twin: m.twin[:0], refused: m.refused[:0], encounters: m.encounters[:0],
		procedures: m.procedures[:0], series: m.series, images: m.images, features: m.features[:0],
	}
	if m.images == nil {
		m.images, m.series = map[string]int32{}, map[string]int32{}
	}
	clear(m.images)
	clear(m.series)
	for range records {
		m.procedures = append(m.procedures, 0)
	}
}

// isStudy reports whether a record is a DICOM study.
func (r *reducer) isStudy(ref *factRef) bool { return r.recs[ref.rec].typ == typeDICOMStudy }

// whose finds the reference to the person: of the Patient, or of the studies of
// a person who is known from DICOM alone. Without one the rule says why.
func (r *reducer) whose() (*factRef, rule) {
	i := slices.IndexFunc(r.refs, func(f factRef) bool { return f.table == TablePerson && r.recs[f.rec].typ == typePatient })
	if i >= 0 {
		return &r.refs[i], ruleNone
	}
	if !bytes.HasPrefix(r.recs[0].person, []byte(ownPerson)) {
		return nil, rulePersonMissing
	}
	if i = slices.IndexFunc(r.refs, func(f factRef) bool { return f.table == TablePerson }); i >= 0 {
		return &r.refs[i], ruleNone
	}
	return nil, rulePersonMissing
}

// knownPerson reads what is known of the person: of one from DICOM, what any
// of the studies says, a birth date before a year reckoned from an age.
func (r *reducer) knownPerson(ref *factRef) (f fact, why rule, err error) {
	if err = ref.decode(&f); err != nil || !r.isStudy(ref) {
		return f, ruleNone, err
	}
	for i := range r.refs {
		if r.refs[i].table != TablePerson {
			continue
		}
		var g fact
		if err = r.refs[i].decode(&g); err != nil {
			return f, ruleNone, err
		}
		if g.Start.Set && (!f.Start.Set || f.concepts[cAged] > g.concepts[cAged]) {
			f.Start, f.concepts[cDays], f.concepts[cAged] = g.Start, g.concepts[cDays], g.concepts[cAged]
		}
		if len(f.texts[tGender]) == 0 {
			f.concepts[cConcept], f.texts[tGender] = g.concepts[cConcept], g.texts[tGender]
		}
	}
	if !f.Start.Set {
		return f, ruleBirthYear, nil
	}
	return f, ruleNone, nil
}

// studies prepares the DICOM studies of the person: which are left out, which
// ImagingStudy each is one with, and its visit.
func (r *reducer) studies() error {
	m := &r.imaging
	if !m.some {
		return nil
	}
	for range r.recs {
		m.partner, m.twin = append(m.partner, -1), append(m.twin, false)
		m.refused, m.encounters = append(m.refused, ruleNone), append(m.encounters, nil)
	}
	byUID := map[string]int32{}
	procedures := make([]fact, len(r.recs))
	for i := range r.refs {
		ref := &r.refs[i]
		if err := r.studyFact(ref, byUID, procedures); err != nil {
			return err
		}
	}
	for k := range r.recs {
		if r.recs[k].typ != typeDICOMStudy || m.refused[k] != ruleNone {
			continue
		}
		p := &procedures[k]
		m.encounters[k] = p.texts[tEncounter]
		if other, ok := byUID[view(p.texts[tStudyUID])]; ok {
			m.partner[k], m.partner[other] = other, int32(k)
			r.account.dicom.merged++
			if m.encounters[k] == nil {
				m.encounters[k] = procedures[other].texts[tEncounter]
			}
		}
		if m.encounters[k] == nil && p.concepts[cNoDate] == 0 {
			m.encounters[k] = r.visitOn(p.Start)
		}
	}
	return r.mergedSeries()
}

// studyFact looks at one fact for studies: the procedures of studies and of
// ImagingStudies, and whether a study's patient can be this one.
func (r *reducer) studyFact(ref *factRef, byUID map[string]int32, procedures []fact) error {
	m := &r.imaging
	study, typ := r.isStudy(ref), r.recs[ref.rec].typ
	if !study && typ != typeImagingStudy {
		return nil
	}
	var f fact
	switch {
	case study && ref.table == TablePerson:
		if err := ref.decode(&f); err != nil {
			return err
		}
		if r.contradicts(&f) {
			m.refused[ref.rec] = ruleContradicts
		}
	case ref.table == TableProcedureOccurrence && procedures[ref.rec].Table == TableNone:
		if err := ref.decode(&f); err != nil {
			return err
		}
		procedures[ref.rec] = f
		if uid := view(f.texts[tStudyUID]); !study && uid != "" {
			if _, twice := byUID[uid]; twice {
				m.twin[ref.rec] = true
			} else {
				byUID[uid] = ref.rec
			}
		}
	}
	return nil
}

// contradicts compares what a study says of its patient with the person.
func (r *reducer) contradicts(f *fact) bool {
	p := &r.person
	if !p.patient {
		return false
	}
	if f.concepts[cConcept] != 0 && p.gender != 0 && f.concepts[cConcept] != p.gender {
		r.account.losses[lossPatientSex]++
	}
	if !f.Start.Set || f.concepts[cAged] != 0 || f.Start.Day.Time().Year() == p.birth.Day.Time().Year() {
		return false
	}
	if r.m.policy.DICOM.BirthYearDiffers == "quarantine" {
		return true
	}
	r.account.losses[lossBirthYear]++
	return false
}

// visitOn returns the one visit that includes a day.
func (r *reducer) visitOn(w moment) (id []byte) {
	if !w.Set {
		return nil
	}
	n := 0
	for k, v := range r.visits {
		if v.local != 0 && v.start.Day <= w.Day && w.Day <= v.end.Day {
			id, n = []byte(k), n+1
		}
	}
	switch n {
	case 0:
		return nil
	case 1:
		r.account.dicom.visits[byDate]++
		return id
	}
	r.account.dicom.severalVisits++
	return nil
}

// mergedSeries notes which series FHIR tells of merged studies.
func (r *reducer) mergedSeries() error {
	m := &r.imaging
	var f fact
	for i := range r.refs {
		ref := &r.refs[i]
		if ref.table != TableImageOccurrence || r.isStudy(ref) || m.partner[ref.rec] < 0 {
			continue
		}
		if err := ref.decode(&f); err != nil {
			return err
		}
		m.series[view(f.texts[tSeriesUID])] = int32(i)
	}
	for i := range r.refs {
		ref := &r.refs[i]
		if ref.table != TableImageOccurrence || !r.isStudy(ref) || m.partner[ref.rec] < 0 {
			continue
		}
		if err := ref.decode(&f); err != nil {
			return err
		}
		if k, ok := m.series[view(f.texts[tSeriesUID])]; ok && r.refs[k].rec == m.partner[ref.rec] {
			r.refs[k].merged = true
		}
	}
	return nil
}

// leftOut reports whether another record says what a fact says, or its study
// is refused: of two procedures of a merged study the FHIR one stays, of two
// image occurrences the DICOM one.
func (r *reducer) leftOut(ref *factRef) bool {
	m := &r.imaging
	if !m.some {
		return false
	}
	switch {
	case m.refused[ref.rec] != ruleNone, ref.merged:
		return true
	case m.twin[ref.rec]:
		return r.twinOfMerged(ref.rec)
	}
	return r.isStudy(ref) && ref.table == TableProcedureOccurrence && m.partner[ref.rec] >= 0
}

// twinOfMerged reports whether an ImagingStudy repeats one that is merged with
// its DICOM study.
func (r *reducer) twinOfMerged(rec int32) bool {
	uid := r.studyUIDOf(rec)
	for k := range r.recs {
		if r.recs[k].typ == typeImagingStudy && r.imaging.partner[k] >= 0 && r.studyUIDOf(int32(k)) == uid {
			return true
		}
	}
	return false
}

func (r *reducer) studyUIDOf(rec int32) string {
	if b := r.recs[rec].facts; len(b) > 0 {
		var f fact
		if ref, _, err := nextFact(b); err == nil && ref.decode(&f) == nil {
			return string(f.texts[tStudyUID])
		}
	}
	return ""
}

// dayOfPartner returns the day that the other record of a merged study gives.
func (r *reducer) dayOfPartner(ref *factRef) (omop.Date, bool) {
	m := &r.imaging
	if !m.some || m.partner[ref.rec] < 0 {
		return 0, false
	}
	for i := range r.refs {
		if o := &r.refs[i]; o.rec == m.partner[ref.rec] && o.table == TableProcedureOccurrence && o.dated {
			return o.day, true
		}
	}
	return 0, false
}

// amend completes a fact by the other record of a merged study and the visit.
func (r *reducer) amend(ref *factRef, f *fact) error {
	m := &r.imaging
	if !m.some {
		return nil
	}
	if r.isStudy(ref) {
		f.texts[tEncounter] = m.encounters[ref.rec]
		if f.Table != TableImageOccurrence {
			return nil
		}
		if !slices.Contains(r.m.policy.DICOM.Locations, "local_path") {
			f.texts[tPath] = nil
		}
		if k, ok := m.series[view(f.texts[tSeriesUID])]; ok && r.refs[k].merged {
			var g fact
			if err := r.refs[k].decode(&g); err != nil {
				return err
			}
			f.concepts[cModality] = cmp.Or(f.concepts[cModality], g.concepts[cModality])
			f.concepts[cSite] = cmp.Or(f.concepts[cSite], g.concepts[cSite])
		}
		return nil
	}
	k := m.partner[ref.rec]
	if k < 0 || f.Table != TableProcedureOccurrence {
		return nil
	}
	if f.texts[tEncounter] == nil {
		f.texts[tEncounter] = m.encounters[k]
	}
	if f.concepts[cConcept] != 0 {
		return nil
	}
	for i := range r.refs {
		if o := &r.refs[i]; o.rec == k && o.table == TableProcedureOccurrence {
			var g fact
			if err := o.decode(&g); err != nil {
				return err
			}
			if g.concepts[cConcept] != 0 {
				f.concepts[cConcept], f.concepts[cSource], f.texts[tSource] = g.concepts[cConcept], g.concepts[cSource], g.texts[tSource]
			}
		}
	}
	return nil
}

// made notes the row of a fact of a study.
func (r *reducer) made(ref *factRef, f *fact, local int32) {
	m := &r.imaging
	switch {
	case f.Table == TableProcedureOccurrence && len(f.texts[tStudyUID]) > 0:
		m.procedures[ref.rec] = local
		if m.some && m.partner[ref.rec] >= 0 {
			m.procedures[m.partner[ref.rec]] = local
		}
	case f.Table == TableImageOccurrence:
		uid := view(f.texts[tSeriesUID])
		if _, twice := m.images[uid]; twice && m.some {
			r.account.losses[lossSeriesTwice]++
			return
		}
		m.images[uid] = local
	case f.flags&flagFeature != 0:
		m.features = append(m.features, pendingFeature{
			rec: ref.rec, table: f.Table, local: local, concept: f.concepts[cFeature], typ: f.concepts[cType],
			finding: f.concepts[cFinding], site: f.concepts[cSite], own: len(f.texts[tInstance]) == 0, series: view(f.texts[tSeriesUID]),
			algorithm: r.rows.text(f.texts[tAlgorithm], varcharMax),
		})
	}
}

// featureRows: imaging extension, image_feature: the links from images to the
// rows that were made of them or measured on them.
func (r *reducer) featureRows() {
	rows, m := r.rows, &r.imaging
	for i := range m.features {
		p := &m.features[i]
		r.eventLink(p)
		list := strings.Split(p.series, seriesSep)
		found := 0
		for k, uid := range list {
			image := m.images[uid]
			if image == 0 || !p.own && k == len(list)-1 && found > 0 {
				continue
			}
			if !p.own && k == len(list)-1 {
				r.account.losses[lossMeasuredSeries]++
			}
			found++
			row := omop.ImageFeature{
				ImageFeatureID: int32(len(rows.ImageFeature) + 1), PersonID: r.person.local, ImageOccurrenceID: image,
				ImageFeatureConceptID: p.concept, ImageFeatureTypeConceptID: p.typ,
				ImageFeatureEventFieldConceptID: rows.ints.put(fieldConcepts[p.table]), ImageFeatureEventID: rows.ints.put(p.local),
				ImageFindingConceptID: rows.ints.put(p.finding), AnatomicSiteConceptID: rows.id(p.site), AlgSystem: p.algorithm,
			}
			rows.ImageFeature = append(rows.ImageFeature, row)
		}
	}
}

// eventLink makes a row that a study gave refer to the procedure of the study.
func (r *reducer) eventLink(p *pendingFeature) {
	procedure := r.imaging.procedures[p.rec]
	if procedure == 0 {
		return
	}
	id, field := r.rows.ints.put(procedure), r.rows.ints.put(fieldConcepts[TableProcedureOccurrence])
	if p.table == TableMeasurement {
		x := &r.rows.Measurement[p.local-1]
		x.MeasurementEventID, x.MeasEventFieldConceptID = id, field
		return
	}
	x := &r.rows.Observation[p.local-1]
	x.ObservationEventID, x.ObsEventFieldConceptID = id, field
}

// studySource notes which study, series or instance a row was made of.
func (r *reducer) studySource(f *fact) {
	s := rowSource{typ: typeDICOMStudy, id: view(f.texts[tStudyUID])}
	switch {
	case f.Table == TablePerson:
		s = rowSource{typ: typeDICOMPatient, id: view(f.texts[tPatient])}
	case len(f.texts[tInstance]) > 0:
		s = rowSource{typ: typeDICOMInstance, id: view(f.texts[tInstance])}
	case len(f.texts[tSeriesUID]) > 0:
		s = rowSource{typ: typeDICOMSeries, id: view(f.texts[tSeriesUID])}
	}
	r.rows.sources[f.Table] = append(r.rows.sources[f.Table], s)
}

// endStudy counts the files of a study.
func (r *reducer) endStudy(k int) error {
	m := &r.imaging
	switch {
	case m.refused[k] != ruleNone:
		return r.rejectStudy(&r.account.dicom, &r.recs[k], m.refused[k])
	case m.procedures[k] == 0:
		return r.rejectStudy(&r.account.dicom, &r.recs[k], ruleDateMissing)
	}
	return eachImage(&r.recs[k], func(f *fact) error {
		r.account.dicom.end(string(f.texts[tSource]), Mapped, ruleNone, int64(f.numbers[nFiles]))
		return nil
	})
}

// eachImage calls with for every series of a study.
func eachImage(rec *record, with func(f *fact) error) error {
	var f fact
	for b := rec.facts; len(b) > 0; {
		ref, rest, err := nextFact(b)
		if err != nil {
			return err
		}
		b = rest
		if ref.table != TableImageOccurrence {
			continue
		}
		if err := ref.decode(&f); err != nil {
			return err
		}
		if err := with(&f); err != nil {
			return err
		}
	}
	return nil
}
