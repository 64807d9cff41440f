package mapping

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
)

// DICOMToOMOP maps DICOM studies to facts for the OMOP CDM 5.4 with the
// medical imaging extension, by a policy and a vocabulary. It is immutable and
// safe for concurrent use.
type DICOMToOMOP struct {
	m          *FHIRToOMOP
	offset     int64 // of times without a zone, in microseconds
	features   []feature
	modalities map[string]bool // those that are skipped
}

// NewDICOMToOMOP returns a mapper. A nil policy is the default one; a policy
// must have a part about DICOM, and concepts must not be nil. Where concepts
// has no DICOM vocabulary and the policy allows it, the published list of DICOM
// concepts takes its place.
func NewDICOMToOMOP(concepts Concepts, policy *Policy) (*DICOMToOMOP, error) {
	if concepts == nil {
		return nil, fmt.Errorf("mapping: want a vocabulary, have none")
	}
	if policy == nil {
		policy = DefaultPolicy()
	}
	p := &policy.DICOM
	if p.absent() {
		return nil, fmt.Errorf("mapping: policy %s: dicom: want this part for DICOM, have none", policy.Name)
	}
	if p.PublishedConcepts {
		concepts = withPublished(concepts)
	}
	m, err := NewFHIRToOMOP(concepts, policy)
	if err != nil {
		return nil, err
	}
	d := &DICOMToOMOP{m: m, modalities: map[string]bool{}}
	d.offset, _ = offsetOf(p.UTCOffset)
	for _, s := range p.SkipModalities {
		d.modalities[s] = true
	}
	for keyword, unit := range p.Features {
		tag, _ := dict.ByKeyword(keyword)
		d.features = append(d.features, feature{tag: tag, code: []byte(tag.Hex()), unit: []byte(unit)})
	}
	slices.SortFunc(d.features, func(a, b feature) int { return int(int64(a.tag) - int64(b.tag)) })
	return d, nil
}

// Attributes returns the attributes of an instance that the policy asks for
// beyond those that dicommeta.Extract keeps of itself; a reader of studies is
// to keep them.
func (p *Policy) Attributes() []dict.Tag {
	var tags []dict.Tag
	for keyword := range p.DICOM.Features {
		if t, ok := dict.ByKeyword(keyword); ok {
			tags = append(tags, t)
		}
	}
	slices.Sort(tags)
	return tags
}

// studyLinks are the identifiers of a study by which its patient and visit are
// found.
type studyLinks struct {
	patientID, issuer    string
	others               []otherID
	study                string
	accession, admission string
	several              bool // the study is one of several patients
	copies               int64
	images               []imageFiles
}

// otherID is another identifier of the patient.
type otherID struct{ id, issuer string }

// imageFiles are the files of one series, for the account.
type imageFiles struct {
	modality, uid, source string
	n                     int64
}

// ownPerson begins the key of a person known from DICOM alone. No id of a
// resource begins so, and it sorts behind them.
const ownPerson = "\xffdicom\x1f"

// Map turns one study into facts, which replace those that out held: a person
// for its patient, a procedure for the study, an image occurrence for each
// series, and a measurement or observation for each chosen attribute and each
// measurement of its reports. The list names what is wrong with the study; an
// Error in it means that the study is quarantined. Map looks at nothing but the
// study; Convert links it to patients and visits and merges it with its
// ImagingStudy.
func (m *DICOMToOMOP) Map(s *dicommeta.Study, out *Facts) issue.List {
	if out.owner != m.m {
		*out = Facts{owner: m.m, res: newResolver(m.m)}
	}
	out.person, out.id, out.items, out.issues, out.arena = nil, nil, out.items[:0], nil, out.arena[:0]
	out.outcome, out.rule, out.updated, out.source, out.record = Mapped, ruleNone, 0, 0, 0
	out.typ = typeDICOMStudy
	out.links = studyLinks{others: out.links.others[:0], images: out.links.images[:0]}
	x := imagingMapper{Facts: out, m: m, p: &m.m.policy.DICOM, s: s}
	x.study()
	if out.outcome != Mapped {
		out.items = out.items[:0]
	}
	return out.issues
}

// imagingMapper maps one study.
type imagingMapper struct {
	*Facts
	m      *DICOMToOMOP
	p      *ImagingPolicy
	s      *dicommeta.Study
	source string // name of the first file
	offset int64
}

func (x *imagingMapper) study() {
	x.identify()
	switch {
	case !isUID(x.links.study):
		x.quarantine(ruleUID, dict.StudyInstanceUID, "want a UID, have none")
		return
	case x.links.several:
		x.quarantine(ruleAmbiguous, dict.PatientID, "want one patient in the study, have several")
		return
	}
	x.id = x.text(x.links.study)
	x.person = x.text(x.personKey())
	x.offset = x.m.offset
	if zone := x.s.Text(dict.TimezoneOffsetFromUTC); zone != "" {
		if us, ok := offsetOf(zone); ok {
			x.offset = us
		} else {
			x.report(issue.Warning, CodeDate, dict.TimezoneOffsetFromUTC, "want an offset from UTC, have something else")
		}
	}
	when := x.started()
	x.patient(when)
	x.procedure(when)
	for i := range x.s.Series {
		x.series(&x.s.Series[i], when)
	}
	for i := range x.s.Series {
		x.measurements(&x.s.Series[i])
	}
}

// identify notes identifiers and files.
func (x *imagingMapper) identify() {
	l := &x.links
	d := &x.s.Dataset
	l.study, l.patientID, l.issuer = d.Text(dict.StudyInstanceUID), trimID(d.Text(dict.PatientID)), trimID(d.Text(dict.IssuerOfPatientID))
	l.accession, l.admission = trimID(d.Text(dict.AccessionNumber)), trimID(d.Text(dict.AdmissionID))
	for _, id := range d.Texts(dict.OtherPatientIDs) {
		l.others = append(l.others, otherID{id: trimID(id)})
	}
	items := d.Items(dict.OtherPatientIDsSequence)
	for i := range items {
		l.others = append(l.others, otherID{trimID(items[i].Text(dict.PatientID)), trimID(items[i].Text(dict.IssuerOfPatientID))})
	}
	for i := range x.s.Issues {
		switch x.s.Issues[i].Code {
		case dicommeta.CodeRollupPatients:
			l.several = true
		case dicommeta.CodeRollupCopy, dicommeta.CodeRollupDuplicate:
			l.copies++
		}
	}
	for i := range x.s.Series {
		se := &x.s.Series[i]
		f := imageFiles{modality: modalityOf(se), uid: se.Text(dict.SeriesInstanceUID), n: int64(len(se.Instances))}
		if len(se.Instances) > 0 {
			f.source = se.Instances[0].Source
		}
		if x.source == "" {
			x.source = f.source
		}
		l.images = append(l.images, f)
	}
}

func trimID(s string) string { return strings.Trim(s, " \x00") }

// modalityOf returns the modality of a series, "" where it is none of code
// string form (PS3.5 §6.2, CS).
func modalityOf(se *dicommeta.Series) string {
	s := strings.ToUpper(se.Text(dict.Modality))
	if len(s) > 16 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return ""
	}
	return s
}

// personKey names the person of a study that no identifier links.
func (x *imagingMapper) personKey() string {
	return ownPerson + x.links.issuer + "\x1f" + x.links.patientID
}

// text keeps a copy of s with the facts.
func (x *imagingMapper) text(s string) []byte {
	if s == "" {
		return nil
	}
	x.arena = append(slices.Grow(x.arena, len(s)), s...)
	return x.arena[len(x.arena)-len(s) : len(x.arena) : len(x.arena)]
}

func (x *imagingMapper) quarantine(r rule, at dict.Tag, message string) {
	x.outcome, x.rule = Quarantined, r
	x.report(issue.Error, quarantineCode(r), at, message)
}

func (x *imagingMapper) report(s issue.Severity, code issue.Code, at dict.Tag, message string) {
	if len(x.issues) >= maxMapIssues {
		return
	}
	x.issues = append(x.issues, issue.Issue{Severity: s, Code: code, Pos: issue.Pos{Source: x.source}, Path: at.String(), Message: message})
}

// patient: CDM 5.4, person, of which only persons known from DICOM alone make a row.
func (x *imagingMapper) patient(study moment) {
	f := fact{Table: TablePerson}
	switch sex := x.s.Text(dict.PatientSex); sex {
	case "M", "F":
		f.concepts[cConcept], f.texts[tGender] = x.m.m.policy.Gender[sex], x.text(sex)
	case "O":
		f.texts[tGender] = x.text(sex)
	}
	id := x.links.patientID
	if x.links.issuer != "" {
		id = x.links.issuer + "|" + id
	}
	f.texts[tPatient] = x.text(id)
	if birth := x.s.Text(dict.PatientBirthDate); birth != "" {
		day, ok := dayOf(birth)
		switch {
		case !ok:
			x.report(issue.Warning, CodeDate, dict.PatientBirthDate, "want a date, have something else")
		case day < firstBirth || study.Set && day > study.Day:
			x.report(issue.Warning, CodeDate, dict.PatientBirthDate, "want a date within a life before the study, have another")
		default:
			f.Start = moment{Day: day, Set: true}
			f.concepts[cDays] = birthDay
		}
	}
	if !f.Start.Set && study.Set && x.p.BirthYearFromAge {
		if day, ok := bornBefore(x.s.Text(dict.PatientAge), study.Day); ok {
			f.Start = moment{Day: day, Set: true}
			f.concepts[cDays], f.concepts[cAged] = birthYear, 1
		}
	}
	x.add(&f)
}

// firstBirth is the first plausible day of birth: 1850-01-01.
const firstBirth omop.Date = -43829

func (x *imagingMapper) add(f *fact) { x.items = append(x.items, *f) }

// bornBefore returns the first day of the year of birth of who has an age (VR
// AS: 045Y, 006M, 010W, 003D) on a day.
func bornBefore(age string, on omop.Date) (omop.Date, bool) {
	if len(age) != 4 {
		return 0, false
	}
	n, err := strconv.Atoi(age[:3])
	if err != nil || n < 0 {
		return 0, false
	}
	days := map[byte]float64{'D': 1, 'W': 7, 'M': 365.25 / 12, 'Y': 365.25}[age[3]]
	if days == 0 {
		return 0, false
	}
	return columnar.DateOf((on - omop.Date(float64(n)*days)).Time().Year(), 1, 1), true
}

// started returns when the study began: by its own date, else by the first of
// its series.
func (x *imagingMapper) started() moment {
	w := x.when(&x.s.Dataset, dict.StudyDate, dict.StudyTime)
	if w.Set {
		return w
	}
	for i := range x.s.Series {
		if v := x.seriesStart(&x.s.Series[i]); v.Set && (!w.Set || v.Day < w.Day) {
			w = v
		}
	}
	return w
}

// seriesStart returns when a series was made: by its own date, else by those
// of its images.
func (x *imagingMapper) seriesStart(se *dicommeta.Series) moment {
	for _, t := range [][2]dict.Tag{
		{dict.SeriesDate, dict.SeriesTime}, {dict.AcquisitionDate, dict.AcquisitionTime}, {dict.ContentDate, dict.ContentTime},
	} {
		if w := x.when(&se.Dataset, t[0], t[1]); w.Set {
			return w
		}
		for i := range se.Instances {
			if w := x.when(&se.Instances[i].Dataset, t[0], t[1]); w.Set {
				return w
			}
		}
	}
	return moment{}
}

// when reads a date and the time beside it. What is no date is reported and
// taken as absent, and so is a time.
func (x *imagingMapper) when(d *dicommeta.Dataset, date, clock dict.Tag) moment {
	text := d.Text(date)
	if text == "" {
		return moment{}
	}
	day, ok := dayOf(text)
	if !ok {
		x.report(issue.Warning, CodeDate, date, "want a date, have something else")
		return moment{}
	}
	w := moment{Day: day, Set: true}
	if text = d.Text(clock); text != "" {
		us, ok := timeOf(text)
		if !ok {
			x.report(issue.Warning, CodeDate, clock, "want a time, have something else")
			return w
		}
		w.HasTime, w.Instant = true, day.Timestamp()+omop.Timestamp(us-x.offset)
		if x.m.m.policy.Dates == "utc" {
			w.Day = w.Instant.Date()
		}
	}
	return w
}

// procedure: CDM 5.4, procedure_occurrence: one a study.
func (x *imagingMapper) procedure(when moment) {
	f := fact{Table: TableProcedureOccurrence, Start: when}
	f.concepts[cType] = x.typeConcept()
	f.texts[tStudyUID] = x.id
	codes := append(codesIn(&x.s.Dataset, dict.ProcedureCodeSequence), codesIn(&x.s.Dataset, dict.RequestedProcedureCodeSequence)...)
	for i := range x.s.Series {
		codes = append(codes, codesIn(&x.s.Series[i].Dataset, dict.PerformedProtocolCodeSequence)...)
	}
	if len(codes) > 0 {
		x.account.coded(x.typ)
		x.procedureCode(&f, codes)
	}
	if f.texts[tSource] == nil && x.p.Description == "keep" {
		f.texts[tSource] = x.text(x.s.Text(dict.StudyDescription))
	}
	if f.texts[tSource] == nil {
		var all []string
		for _, i := range x.links.images {
			if i.modality != "" && !slices.Contains(all, i.modality) {
				all = append(all, i.modality)
			}
		}
		slices.Sort(all)
		f.texts[tSource] = x.text(strings.Join(all, "/"))
	}
	x.add(&f)
}

// procedureCode takes the first code that leads to a procedure.
func (x *imagingMapper) procedureCode(f *fact, codes []CodedEntry) {
	for _, c := range codes {
		r := x.resolve(c)
		if f.texts[tSource] == nil {
			f.texts[tSource], f.concepts[cSource] = x.text(c.Value), r.source
		}
		for _, t := range r.targets {
			if t.table == TableProcedureOccurrence {
				f.texts[tSource], f.concepts[cSource], f.concepts[cConcept] = x.text(c.Value), r.source, t.id
				x.account.standard(x.typ)
				return
			}
		}
	}
	for _, c := range codes {
		x.unmapped(c, "ProcedureCodeSequence")
	}
}

func (x *imagingMapper) unmapped(c CodedEntry, field string) {
	x.account.unmapped(x.typ, field, []byte(c.Scheme), []byte(c.Value), nil, x.resolve(c).source)
}

var noCode resolved

// resolve returns what the vocabulary says of a code of a header.
func (x *imagingMapper) resolve(c CodedEntry) *resolved {
	system, ok := x.p.Schemes[c.Scheme]
	if !ok || c.IsZero() {
		return &noCode
	}
	return x.res.code([]byte(system), []byte(c.Value))
}

// concept returns the standard concept of a code, or the code's own of DICOM,
// 0 for none.
func (x *imagingMapper) concept(c CodedEntry, field string) int32 {
	r := x.resolve(c)
	if len(r.targets) > 0 {
		return r.targets[0].id
	}
	if r.vocabulary == "DICOM" && r.source != 0 {
		return r.source
	}
	if !c.IsZero() {
		x.unmapped(c, field)
	}
	return 0
}

func (x *imagingMapper) typeConcept() int32 { return typeConceptOf(x.m.m.policy, "DICOMStudy") }

func typeConceptOf(p *Policy, name string) int32 {
	if t, ok := p.Types[name]; ok {
		return t
	}
	return p.Types["default"]
}

// series: imaging extension, image_occurrence: one a series; and its features.
func (x *imagingMapper) series(se *dicommeta.Series, study moment) {
	uid, modality := se.Text(dict.SeriesInstanceUID), modalityOf(se)
	if !isUID(uid) {
		x.report(issue.Warning, CodeUID, dict.SeriesInstanceUID, "want a UID, have none: the series has no row")
		return
	}
	if x.m.modalities[modality] {
		return
	}
	f := fact{Table: TableImageOccurrence, Start: x.seriesStart(se), flags: flagComponent}
	if !f.Start.Set {
		f.Start = study
	}
	f.texts[tStudyUID], f.texts[tSeriesUID] = x.id, x.text(uid)
	f.concepts[cModality] = x.modality(modality)
	f.concepts[cSite] = x.site(se)
	f.texts[tSource] = x.text(modality)
	f.setNumber(nFiles, float64(len(se.Instances)))
	folder, address := whereabouts(se)
	f.texts[tPath], f.texts[tWADO] = x.text(folder), x.text(address)
	x.add(&f)
	x.features(se, &f)
}

// modality returns the concept of a modality (PS3.16 CID 29 and 33).
func (x *imagingMapper) modality(code string) int32 {
	return x.concept(CodedEntry{Value: code, Scheme: "DCM"}, "Modality")
}

// site returns the concept of the anatomic region: by its code, else by Body
// Part Examined (PS3.16 annex L).
func (x *imagingMapper) site(se *dicommeta.Series) int32 {
	codes := codesIn(&se.Dataset, dict.AnatomicRegionSequence)
	if len(codes) == 0 && len(se.Instances) > 0 {
		codes = codesIn(&se.Instances[0].Dataset, dict.AnatomicRegionSequence)
	}
	for _, c := range codes {
		if r := x.resolve(c); len(r.targets) > 0 {
			return r.targets[0].id
		}
	}
	part := se.Text(dict.BodyPartExamined)
	if part == "" && len(se.Instances) > 0 {
		part = se.Instances[0].Text(dict.BodyPartExamined)
	}
	if part = strings.ToUpper(strings.ReplaceAll(part, " ", "")); part != "" {
		c := CodedEntry{Value: part, Scheme: "DCM"}
		if r := x.resolve(c); len(r.targets) > 0 {
			return r.targets[0].id
		}
		codes = append(codes, c)
	}
	for _, c := range codes {
		x.unmapped(c, "BodyPartExamined")
	}
	return 0
}

// whereabouts returns the folder in which all files of a series are, or the
// address of the series on a server.
func whereabouts(se *dicommeta.Series) (folder, address string) {
	for i := range se.Instances {
		source := strings.ReplaceAll(se.Instances[i].Source, "\\", "/")
		if strings.HasPrefix(source, "http://") || strings.HasPrefix(source, "https://") {
			address, _, _ = strings.Cut(source, "/instances/")
			return "", address
		}
		dir := path.Dir(source)
		if i == 0 {
			folder = dir
			continue
		}
		for folder != dir && folder != "." && folder != "/" && !strings.HasPrefix(dir, folder+"/") {
			folder = path.Dir(folder)
		}
	}
	return folder, ""
}
