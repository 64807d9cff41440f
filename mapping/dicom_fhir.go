package mapping

import (
	"errors"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// DICOMToFHIR turns DICOM studies into FHIR R4 resources by one policy. It is immutable
// and safe to share.
type DICOMToFHIR struct {
	policy *DICOMPolicy
	skip   map[string]bool // modalities and SOP classes
}

// NewDICOMToFHIR returns a mapper; nil is the policy that ships with the package.
func NewDICOMToFHIR(policy *DICOMPolicy) (*DICOMToFHIR, error) {
	if policy == nil {
		policy = DefaultDICOMPolicy()
	}
	if policy.hash == "" {
		return nil, errors.New("mapping: want a policy for DICOM that was read, have one that was put together")
	}
	m := &DICOMToFHIR{policy: policy, skip: map[string]bool{}}
	for _, s := range policy.ExcludedModalities {
		m.skip["modality "+s] = true
	}
	for _, s := range policy.ExcludedSOPClasses {
		m.skip["class "+s] = true
	}
	return m, nil
}

// Map returns the resources of one study: its Patient and ImagingStudy first, then what
// they refer to, then the Observations of its structured reports. Each has an id, and
// every reference leads to one of them, but those with only an identifier or a display.
// They follow R4's definitions. Instances without what an ImagingStudy must
// have are left out and reported as errors; a study without a UID, or with no instance
// left, gives nothing. Other findings say what could not be held. Nothing of the study is
// kept; Map is safe for concurrent use.
func (m *DICOMToFHIR) Map(study *dicommeta.Study) ([]*fhir.Resource, issue.List) {
	x := m.mapStudy(study)
	return x.out, x.issues
}

// studyMapper maps one study.
type studyMapper struct {
	*DICOMToFHIR
	study  *dicommeta.Study
	times  studyTimes
	uid    string
	id     string
	series []mappedSeries
	seen   map[string]bool // Type/id of the resources made
	out    []*fhir.Resource
	issues issue.List
	// stubs are written behind the Patient and the ImagingStudy.
	stubs   []*fhir.Resource
	patient string // reference
	told    map[issue.Code]bool
	uids    map[string]bool // of series and instances; nil until asked for
	codings map[CodedEntry]codingForm

	mapped, filtered int64
	rejected         []rejectedMember
}

// mappedSeries is a series with those of its instances that are mapped.
type mappedSeries struct {
	*dicommeta.Series
	uid       string
	instances []*dicommeta.Member
}

// rejectedMember is an instance that cannot be mapped, and why.
type rejectedMember struct {
	member *dicommeta.Member
	why    issue.Issue
}

func (m *DICOMToFHIR) mapStudy(study *dicommeta.Study) *studyMapper {
	x := &studyMapper{DICOMToFHIR: m, study: study, seen: map[string]bool{}, told: map[issue.Code]bool{}, codings: map[CodedEntry]codingForm{}}
	x.times = studyTimes{offset: study.Text(dict.TimezoneOffsetFromUTC), zone: m.policy.zone}
	x.uid = study.Text(dict.StudyInstanceUID)
	x.choose()
	if len(x.series) == 0 {
		return x
	}
	x.id = x.uid
	if m.policy.StudyIDs != "uid" {
		x.id = x.hash("ImagingStudy", x.uid)
	}
	x.patient = x.makePatient()
	x.imagingStudy()
	x.reports()
	x.out = append(x.out, x.stubs...)
	x.stubs = nil
	return x
}

// choose finds the instances that can be mapped.
func (x *studyMapper) choose() {
	for i := range x.study.Series {
		s := &x.study.Series[i]
		c := mappedSeries{Series: s, uid: s.Text(dict.SeriesInstanceUID)}
		for j := range s.Instances {
			n := &s.Instances[j]
			why := issue.Issue{Severity: issue.Error, Code: CodeMapUID, Pos: issue.Pos{Source: n.Source}}
			switch {
			case !isUIDLike(x.uid):
				why.Path, why.Message = dict.StudyInstanceUID.String(), "want a UID, have none"
			case !isUIDLike(c.uid):
				why.Path, why.Message = dict.SeriesInstanceUID.String(), "want a UID, have none"
			case !isUIDLike(n.Text(dict.SOPInstanceUID)):
				why.Path, why.Message = dict.SOPInstanceUID.String(), "want a UID, have none"
			case !isUID(n.Text(dict.SOPClassUID)):
				why.Path, why.Message = dict.SOPClassUID.String(), "want a UID, have none"
			case x.skip["modality "+s.Text(dict.Modality)] || x.skip["class "+n.Text(dict.SOPClassUID)]:
				x.filtered++
				continue
			default:
				c.instances = append(c.instances, n)
				continue
			}
			x.rejected = append(x.rejected, rejectedMember{n, why})
			x.add(why)
		}
		if len(c.instances) > 0 {
			x.mapped += int64(len(c.instances))
			x.series = append(x.series, c)
		}
	}
}

func (x *studyMapper) add(i issue.Issue) {
	if len(x.issues) < maxMapIssues {
		x.issues = append(x.issues, i)
	}
}

// tell adds a finding about an attribute, the same finding once a study.
func (x *studyMapper) tell(severity issue.Severity, code issue.Code, t dict.Tag, message string) {
	key := code + issue.Code(t.String())
	if x.told[key] {
		return
	}
	x.told[key] = true
	x.add(issue.Issue{Severity: severity, Code: code, Path: t.String(), Message: message, Pos: x.at()})
}

// at is the place of the study: its first file.
func (x *studyMapper) at() issue.Pos {
	if len(x.series) > 0 {
		return issue.Pos{Source: x.series[0].instances[0].Source}
	}
	return issue.Pos{}
}

func (x *studyMapper) hash(typ string, parts ...string) string {
	return hashID(x.policy.IDKey, typ, parts...)
}

// resource adds a resource once and returns the reference to it.
func (x *studyMapper) resource(typ, id string, f func(w *jsonBuilder)) string {
	ref := typ + "/" + id
	if x.seen[ref] {
		return ref
	}
	x.seen[ref] = true
	var w jsonBuilder
	w.object("", func() {
		w.text("resourceType", typ)
		w.text("id", id)
		f(&w)
	})
	r, err := fhir.Parse(w.b)
	if err != nil { // the builder writes JSON; a test over mutated studies holds it to that
		x.add(issue.Issue{Severity: issue.Error, Code: CodeMapText, Message: "want a resource of JSON, have other text", Pos: x.at()})
		return ""
	}
	if typ == "Patient" || typ == "ImagingStudy" {
		x.out = append(x.out, r)
	} else {
		x.stubs = append(x.stubs, r)
	}
	return ref
}

// reference writes a Reference, none to nothing.
func (w *jsonBuilder) reference(name, ref string) {
	if ref != "" {
		w.object(name, func() { w.text("reference", ref) })
	}
}

// dateTime returns the dateTime of two attributes, and reports what is wrong with them.
func (x *studyMapper) dateTime(d *dicommeta.Dataset, da, tm dict.Tag) string {
	s, f := x.times.dateTime(d.Text(da), d.Text(tm))
	x.fault(f, da, tm)
	return s
}

func (x *studyMapper) fault(f fault, da, tm dict.Tag) {
	switch f {
	case faultDate:
		x.tell(issue.Warning, CodeMapDate, da, "want a date, have other text")
	case faultTime:
		x.tell(issue.Warning, CodeMapDate, tm, "want a time, have other text")
	case faultZone:
		x.tell(issue.Information, CodeMapTimezone, tm, "want the offset from UTC or a zone in the policy, have none: the date stands alone")
	}
}

func (x *studyMapper) imagingStudy() {
	d := &x.study.Dataset
	p := x.policy
	started := x.dateTime(d, dict.StudyDate, dict.StudyTime)
	procedure := x.procedure(started)
	orders := x.orders()
	x.resource("ImagingStudy", x.id, func(w *jsonBuilder) {
		w.array("identifier", func() { x.studyIdentifiers(w) })
		w.text("status", p.StudyStatus)
		w.array("modality", func() {
			for _, s := range x.modalities() {
				x.modality(w, "", s)
			}
		})
		w.reference("subject", x.patient)
		if id := d.Text(dict.AdmissionID); id != "" {
			w.object("encounter", func() {
				w.text("type", "Encounter")
				w.object("identifier", func() {
					x.issued(w, id, d.Text(dict.IssuerOfAdmissionID), d.Item(dict.IssuerOfAdmissionIDSequence), "", "VN")
				})
			})
		}
		w.text("started", started)
		w.array("basedOn", func() {
			for _, o := range orders {
				w.reference("", o)
			}
		})
		w.reference("referrer", firstOf(x.people(d, dict.ReferringPhysicianName, dict.ReferringPhysicianIdentificationSequence)))
		w.array("interpreter", func() {
			for _, ref := range x.people(d, dict.NameOfPhysiciansReadingStudy, dict.PhysiciansReadingStudyIdentificationSequence) {
				w.reference("", ref)
			}
		})
		w.array("endpoint", func() { w.reference("", x.endpoint(d)) })
		w.integer("numberOfSeries", int64(len(x.series)))
		w.integer("numberOfInstances", x.mapped)
		w.reference("procedureReference", procedure)
		w.array("procedureCode", func() {
			for _, c := range codesIn(d, dict.ProcedureCodeSequence) {
				x.concept(w, "", c)
			}
		})
		w.reference("location", x.location())
		w.array("reasonCode", func() { x.reasons(w) })
		w.text("description", d.Text(dict.StudyDescription))
		w.array("series", func() {
			for i := range x.series {
				w.object("", func() { x.oneSeries(w, &x.series[i]) })
			}
		})
	})
}

func firstOf(all []string) string {
	if len(all) > 0 {
		return all[0]
	}
	return ""
}

// studyIdentifiers: R4 ImagingStudy.identifier, 0020,000D | 0008,0050 + 0008,0051 | 0020,0010.
func (x *studyMapper) studyIdentifiers(w *jsonBuilder) {
	d := &x.study.Dataset
	w.object("", func() {
		w.text("system", systemUID)
		w.text("value", "urn:oid:"+x.uid)
	})
	if a := d.Text(dict.AccessionNumber); cleanText(a) != "" {
		w.object("", func() {
			x.issued(w, a, "", d.Item(dict.IssuerOfAccessionNumberSequence), x.policy.AccessionSystem, "ACSN")
		})
	}
	if id := d.Text(dict.StudyID); cleanText(id) != "" {
		w.object("", func() {
			w.object("type", func() { w.text("text", typeStudyID) })
			w.text("value", id)
		})
	}
}

const (
	systemUID       = "urn:dicom:uid"
	systemURI       = "urn:ietf:rfc:3986"
	systemDCM       = "http://dicom.nema.org/resources/ontology/DCM"
	systemTypes     = "http://terminology.hl7.org/CodeSystem/v2-0203"
	systemRoles     = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	typeStudyID     = "Study ID"
	typeProcedureID = "Requested Procedure ID"
)

// modalities returns those of the series, each once, in their order.
func (x *studyMapper) modalities() (all []string) {
	for i := range x.series {
		if m := x.series[i].Text(dict.Modality); m != "" && !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// modality writes a Coding of CID 29 or 33; another term is a code without a system.
func (x *studyMapper) modality(w *jsonBuilder, name, term string) {
	code := cleanCode(term)
	if code == "" {
		x.tell(issue.Warning, CodeMapModality, dict.Modality, "want a modality, have none: OT stands for it")
		code = "OT"
	}
	w.object(name, func() {
		if isModality(code) {
			f := x.codingOf(CodedEntry{Scheme: "DCM", Value: code})
			w.text("system", f.system)
			w.text("version", f.version)
		} else {
			x.tell(issue.Warning, CodeMapModality, dict.Modality, "want a code of CID 29 or CID 33, have another")
		}
		w.text("code", code)
	})
}

func (x *studyMapper) reasons(w *jsonBuilder) {
	var texts []string
	var codes []CodedEntry
	each := func(d *dicommeta.Dataset) {
		if s := cleanText(d.Text(dict.ReasonForTheRequestedProcedure)); s != "" && !slices.Contains(texts, s) {
			texts = append(texts, s)
		}
		for _, c := range codesIn(d, dict.ReasonForRequestedProcedureCodeSequence) {
			if !slices.Contains(codes, c) {
				codes = append(codes, c)
			}
		}
	}
	each(&x.study.Dataset)
	for i := range x.series {
		each(&x.series[i].Dataset)
		items := x.series[i].Items(dict.RequestAttributesSequence)
		for j := range items {
			each(&items[j])
		}
	}
	for _, c := range codes {
		x.concept(w, "", c)
	}
	for _, s := range texts {
		w.object("", func() { w.text("text", s) })
	}
}

func (x *studyMapper) oneSeries(w *jsonBuilder, s *mappedSeries) {
	d := &s.Dataset
	w.text("uid", s.uid)
	x.unsigned(w, "number", d, dict.SeriesNumber)
	x.modality(w, "modality", d.Text(dict.Modality))
	w.text("description", d.Text(dict.SeriesDescription))
	w.integer("numberOfInstances", int64(len(s.instances)))
	w.array("endpoint", func() {
		if ref := x.endpoint(d); ref != "" && ref != x.endpoint(&x.study.Dataset) {
			w.reference("", ref)
		}
	})
	x.bodySite(w, s)
	x.laterality(w, s)
	w.array("specimen", func() {
		for _, ref := range x.specimens(s) {
			w.reference("", ref)
		}
	})
	w.text("started", x.dateTime(d, dict.SeriesDate, dict.SeriesTime))
	w.array("performer", func() { x.performers(w, s) })
	w.array("instance", func() {
		for _, n := range s.instances {
			w.object("", func() { x.instance(w, n) })
		}
	})
}

func (x *studyMapper) instance(w *jsonBuilder, n *dicommeta.Member) {
	w.text("uid", n.Text(dict.SOPInstanceUID))
	w.object("sopClass", func() {
		w.text("system", systemURI)
		w.text("code", "urn:oid:"+n.Text(dict.SOPClassUID))
	})
	x.unsigned(w, "number", &n.Dataset, dict.InstanceNumber)
	title := n.Text(dict.DocumentTitle)
	if title == "" {
		title = codeIn(&n.Dataset, dict.ConceptNameCodeSequence).Meaning
	}
	if title == "" {
		title = strings.Join(n.Texts(dict.ImageType), `\`)
	}
	w.text("title", title)
}

// unsigned writes a whole number that is not negative (R4, unsignedInt).
func (x *studyMapper) unsigned(w *jsonBuilder, name string, d *dicommeta.Dataset, t dict.Tag) {
	if d.Text(t) == "" {
		return
	}
	n, ok := d.Int(t)
	if !ok || n < 0 || n > 1<<31-1 {
		x.tell(issue.Warning, CodeMapNumber, t, "want a whole number of 0 to 2147483647, have another")
		return
	}
	w.integer(name, n)
}

// inSeries returns the first data set of a series, its own or an instance's, for which
// ok holds; nil if there is none.
func (s *mappedSeries) inSeries(ok func(d *dicommeta.Dataset) bool) *dicommeta.Dataset {
	if ok(&s.Dataset) {
		return &s.Dataset
	}
	for _, n := range s.instances {
		if ok(&n.Dataset) {
			return &n.Dataset
		}
	}
	return nil
}

// anatomy returns the data sets that can say where: d itself, and of multi-frame images
// the Frame Anatomy shared by all frames (PS3.3 §C.7.6.16.2.8).
func anatomy(d *dicommeta.Dataset) []*dicommeta.Dataset {
	all := []*dicommeta.Dataset{d}
	if shared := d.Item(dict.SharedFunctionalGroupsSequence); shared != nil {
		if f := shared.Item(dict.FrameAnatomySequence); f != nil {
			all = append(all, f)
		}
	}
	return all
}

// bodySite: Anatomic Region Sequence, else Body Part Examined.
func (x *studyMapper) bodySite(w *jsonBuilder, s *mappedSeries) {
	var site CodedEntry
	s.inSeries(func(d *dicommeta.Dataset) bool {
		for _, a := range anatomy(d) {
			if site = codeIn(a, dict.AnatomicRegionSequence); !site.IsZero() {
				return true
			}
		}
		return false
	})
	if !site.IsZero() {
		x.coding(w, "bodySite", site)
		return
	}
	var term string
	s.inSeries(func(d *dicommeta.Dataset) bool {
		term = d.Text(dict.BodyPartExamined)
		return term != ""
	})
	x.term(w, "bodySite", term, x.policy.BodyParts)
}

// laterality: the series' own, else that of the images if it is the same in all that say one.
func (x *studyMapper) laterality(w *jsonBuilder, s *mappedSeries) {
	term := s.Text(dict.Laterality)
	if term == "" {
		for _, n := range s.instances {
			for _, a := range anatomy(&n.Dataset) {
				t := a.Text(dict.ImageLaterality)
				if t == "" {
					t = a.Text(dict.FrameLaterality)
				}
				if t == "" {
					t = a.Text(dict.Laterality)
				}
				if t != "" && term != "" && t != term {
					x.tell(issue.Information, CodeMapLoss, dict.ImageLaterality, "want one side of a series, have several: none is mapped")
					return
				}
				if t != "" {
					term = t
				}
			}
		}
	}
	x.term(w, "laterality", term, x.policy.Lateralities)
}

// term writes the Coding of a defined term.
func (x *studyMapper) term(w *jsonBuilder, name, term string, codes map[string]TermCode) {
	term = cleanCode(term)
	if term == "" {
		return
	}
	if c, ok := codes[strings.ToUpper(term)]; ok {
		x.coding(w, name, CodedEntry{Value: c.Code, Scheme: c.Scheme, Meaning: c.Meaning})
		return
	}
	w.object(name, func() {
		if s := x.policy.BodyPartSystem; s != "" {
			w.text("system", s)
			w.text("code", term)
		}
		w.text("display", term)
	})
}

// isOID reports whether s is a UID that can stand behind urn:oid: (R4, oid).
func isOID(s string) bool {
	if !isUID(s) || len(s) < 5 || s[0] > '2' || s[1] != '.' || strings.Count(s, ".") < 2 {
		return false
	}
	for _, arc := range strings.Split(s, ".") {
		if len(arc) > 1 && arc[0] == '0' {
			return false
		}
	}
	return strings.LastIndexByte(s, '.') >= 4 || strings.HasPrefix(s, "1.3")
}

// modalityCodes are those of CID 29 Acquisition Modality and CID 33 Modality (PS3.16).
const modalityCodes = " AR ASMT AU BDUS BI BMD CFM CR CT CTPROTOCOL DG DMS DOC DX ECG EEG EMG EOG EPS ES FID GM HC HD IO IOL IVOCT IVUS KER KO LEN LS" +
	" M3D MG MR NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTPLAN RTRECORD RTSTRUCT RWV" +
	" SEG SM SMR SR SRF STAIN TEXTUREMAP TG US VA XA XC "

// isModality reports whether code is one of CID 29 or CID 33. ANN of newer editions counts.
func isModality(code string) bool {
	return code == "ANN" || !strings.Contains(code, " ") && strings.Contains(modalityCodes, " "+code+" ")
}
