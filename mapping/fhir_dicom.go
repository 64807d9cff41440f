package mapping

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// FHIRToDICOM turns FHIR R4 ImagingStudies into DICOM metadata, the other way round than
// DICOMToFHIR and by the same policy: what that writes and FHIR holds comes back. It is
// immutable and safe to share.
type FHIRToDICOM struct {
	policy  *DICOMPolicy
	schemes map[string]string // system -> scheme
	issuers map[string]string // system -> issuer
	parts   map[string]string // scheme and code -> term
	sides   map[string]string
}

// NewFHIRToDICOM returns a mapper; nil is the policy that ships with the package.
func NewFHIRToDICOM(policy *DICOMPolicy) (*FHIRToDICOM, error) {
	if policy == nil {
		policy = DefaultDICOMPolicy()
	}
	if policy.hash == "" {
		return nil, errors.New("mapping: want a policy for DICOM that was read, have one that was put together")
	}
	m := &FHIRToDICOM{policy: policy, schemes: map[string]string{}, issuers: map[string]string{}}
	for _, scheme := range slices.Backward(slices.Sorted(maps.Keys(policy.Schemes))) {
		m.schemes[policy.Schemes[scheme]] = scheme // of several the first by name
	}
	for _, issuer := range slices.Backward(slices.Sorted(maps.Keys(policy.Issuers))) {
		m.issuers[policy.Issuers[issuer]] = issuer
	}
	m.parts, m.sides = termsByCode(policy.BodyParts), termsByCode(policy.Lateralities)
	return m, nil
}

func termsByCode(terms map[string]TermCode) map[string]string {
	by := map[string]string{}
	for _, term := range slices.Backward(slices.Sorted(maps.Keys(terms))) {
		by[terms[term].Scheme+" "+terms[term].Code] = term
	}
	return by
}

// Lookup returns the resource that a reference such as Patient/1 leads to, nil if it is
// not there. It must be safe for concurrent use where the mapper is shared.
type Lookup func(reference string) *fhir.Resource

// Map returns the metadata of an ImagingStudy as a Study whose data sets have what QIDO-RS
// answers (PS3.18 §10.6): no study without a UID, which is an error among the findings, and no
// series or instance without one. Findings say what DICOM cannot hold. lookup may be nil:
// what the study refers to is then known by the references alone. Nothing of the resource
// is kept; Map is safe for concurrent use.
func (m *FHIRToDICOM) Map(study *fhir.Resource, lookup Lookup) (*dicommeta.Study, issue.List) {
	x := &resourceMapper{FHIRToDICOM: m, r: study, lookup: lookup, told: map[string]bool{}}
	if study.Type() != "ImagingStudy" {
		x.tell(issue.Error, CodeMapResource, "", "want an ImagingStudy, have another resource")
		return nil, x.issues
	}
	uid := x.studyUID()
	if !isUIDLike(uid) {
		x.tell(issue.Error, CodeMapUID, "identifier", "want a Study Instance UID with the system urn:dicom:uid, have none")
		return nil, x.issues
	}
	x.uid(uid, "identifier")
	s := &dicommeta.Study{Dataset: dicommeta.NewDataset()}
	x.d = &s.Dataset
	x.study(uid)
	x.patient()
	for e := study.Get("series").First(); e.Exists(); e = e.Next() {
		x.series(s, e)
	}
	slices.SortStableFunc(s.Series, func(a, b dicommeta.Series) int {
		return strings.Compare(a.Text(dict.SeriesInstanceUID), b.Text(dict.SeriesInstanceUID))
	})
	s.Issues = nil
	return s, x.issues
}

// resourceMapper maps one ImagingStudy.
type resourceMapper struct {
	*FHIRToDICOM
	r      *fhir.Resource
	lookup Lookup
	d      *dicommeta.Dataset // the study's
	offset string             // of the study: +0100
	issues issue.List
	told   map[string]bool
}

// tell adds a finding about an element, the same finding once a study.
func (x *resourceMapper) tell(severity issue.Severity, code issue.Code, path, message string) {
	if path = strings.TrimSuffix("ImagingStudy."+path, "."); x.told[path+message] || len(x.issues) >= maxMapIssues {
		return
	}
	x.told[path+message] = true
	x.issues = append(x.issues, issue.Issue{Severity: severity, Code: code, Path: path, Message: message, Pos: x.r.Pos()})
}

// set puts a text into a data set, none if it is empty. Backslashes, which divide values
// in DICOM, become slashes; a text longer than its VR allows stays whole and is reported.
func (x *resourceMapper) set(d *dicommeta.Dataset, t dict.Tag, path string, values ...string) {
	limit, multiline := 0, false
	if e := dict.Find(t); e != nil {
		switch e.VR() {
		case dict.LO, dict.PN, dict.UI:
			limit = 64
		case dict.SH, dict.CS:
			limit = 16
		case dict.ST, dict.LT, dict.UT:
			multiline = true
		}
	}
	kept := values[:0:0]
	for _, v := range values {
		if strings.ContainsAny(v, "\\\r\n\t\f") && !multiline {
			v = strings.NewReplacer(`\`, "/", "\r\n", " ", "\r", " ", "\n", " ", "\t", " ", "\f", " ").Replace(v)
			x.tell(issue.Information, CodeMapText, path, "want text without backslashes and line breaks, have some: they are replaced")
		}
		v = strings.TrimSpace(strings.Map(func(r rune) rune {
			if isControl(r) {
				return -1
			}
			return r
		}, strings.ToValidUTF8(v, "\uFFFD")))
		if v == "" {
			continue
		}
		if limit > 0 && len([]rune(v)) > limit {
			x.tell(issue.Warning, CodeMapText, path, fmt.Sprintf("want at most %d characters for %s, have more: they stay", limit, t))
		}
		kept = append(kept, v)
	}
	if len(kept) > 0 {
		d.Set(dicommeta.TextElement(t, kept...))
	}
}

// studyUID returns the Study Instance UID of an identifier: the one with DICOM's system,
// else the first that is written as an OID.
func (x *resourceMapper) studyUID() (uid string) {
	for i := x.r.Get("identifier").First(); i.Exists(); i = i.Next() {
		v, isOID := strings.CutPrefix(i.Get("value").Text(), "urn:oid:")
		if i.Get("system").Equal(systemUID) {
			return v
		}
		if isOID && uid == "" {
			uid = v
		}
	}
	return uid
}

// uid reports a UID that is none by its form, and that DICOM and FHIR can hold all the same.
func (x *resourceMapper) uid(s, path string) {
	if !isUID(s) {
		x.tell(issue.Warning, CodeMapUID, path, "want a UID of digits and dots, have other text: it stays")
	}
}

func hasType(identifier fhir.Element, code string) bool {
	for c := identifier.Get("type").Get("coding").First(); c.Exists(); c = c.Next() {
		if c.Get("code").Equal(code) && c.Get("system").Equal(systemTypes) {
			return true
		}
	}
	return false
}

func (x *resourceMapper) study(uid string) {
	d, r := x.d, x.r
	d.Set(dicommeta.TextElement(dict.StudyInstanceUID, uid))
	for i := r.Get("identifier").First(); i.Exists(); i = i.Next() {
		switch {
		case hasType(i, "ACSN"):
			x.set(d, dict.AccessionNumber, "identifier", i.Get("value").Text())
			x.issuerSequence(d, dict.IssuerOfAccessionNumberSequence, i)
		case i.Get("type").Get("text").Equal(typeStudyID):
			x.set(d, dict.StudyID, "identifier", i.Get("value").Text())
		case !i.Get("system").Equal(systemUID) && !strings.HasPrefix(i.Get("value").Text(), "urn:oid:"):
			x.tell(issue.Information, CodeMapLoss, "identifier", "want an identifier of a type that DICOM has, have another")
		}
	}
	x.when(d, r.Get("started"), "started", dict.StudyDate, dict.StudyTime)
	if x.offset != "" {
		d.Set(dicommeta.TextElement(dict.TimezoneOffsetFromUTC, x.offset))
	}
	var modalities []string
	add := func(c fhir.Element) {
		if m := x.modality(c); m != "" && !slices.Contains(modalities, m) {
			modalities = append(modalities, m)
		}
	}
	for c := r.Get("modality").First(); c.Exists(); c = c.Next() {
		add(c)
	}
	for s := r.Get("series").First(); s.Exists(); s = s.Next() {
		add(s.Get("modality"))
	}
	slices.Sort(modalities)
	x.set(d, dict.ModalitiesInStudy, "modality", modalities...)
	x.set(d, dict.StudyDescription, "description", r.Get("description").Text())
	x.number(d, dict.NumberOfStudyRelatedSeries, r.Get("numberOfSeries"), "numberOfSeries")
	x.number(d, dict.NumberOfStudyRelatedInstances, r.Get("numberOfInstances"), "numberOfInstances")
	x.set(d, dict.ReferringPhysicianName, "referrer", x.personName(r.Get("referrer")))
	var readers []string
	for p := r.Get("interpreter").First(); p.Exists(); p = p.Next() {
		readers = append(readers, x.personName(p))
	}
	x.set(d, dict.NameOfPhysiciansReadingStudy, "interpreter", readers...)
	x.sequence(d, dict.ProcedureCodeSequence, x.concepts(r.Get("procedureCode"), "procedureCode"))
	if e := r.Get("encounter"); e.Exists() {
		i := e.Get("identifier")
		if enc := x.follow(e); enc != nil && !i.Exists() {
			i = enc.Get("identifier").First()
		}
		x.set(d, dict.AdmissionID, "encounter", i.Get("value").Text())
		x.issuerSequence(d, dict.IssuerOfAdmissionIDSequence, i)
	}
	x.reason()
	x.order()
	if e := x.follow(r.Get("endpoint").First()); e != nil && strings.HasPrefix(e.Get("connectionType").Get("code").Text(), "dicom-") {
		x.set(d, dict.RetrieveURL, "endpoint", strings.TrimSuffix(e.Get("address").Text(), "/")+"/studies/"+uid)
	}
}

// reason writes the first text, and all codes.
func (x *resourceMapper) reason() {
	var texts []string
	for c := x.r.Get("reasonCode").First(); c.Exists(); c = c.Next() {
		if c.Get("text").Exists() && !c.Get("coding").Exists() {
			texts = append(texts, c.Get("text").Text())
		}
	}
	if len(texts) > 0 {
		x.set(x.d, dict.ReasonForTheRequestedProcedure, "reasonCode", texts[0])
	}
	if len(texts) > 1 {
		x.tell(issue.Information, CodeMapLoss, "reasonCode", "want one reason, have several: the first is kept")
	}
	x.sequence(x.d, dict.ReasonForRequestedProcedureCodeSequence, x.concepts(x.r.Get("reasonCode"), "reasonCode"))
}

// order writes what the first request says.
func (x *resourceMapper) order() {
	o := x.follow(x.r.Get("basedOn").First())
	if o == nil {
		return
	}
	for i := o.Get("identifier").First(); i.Exists(); i = i.Next() {
		switch {
		case i.Get("type").Get("text").Equal(typeProcedureID):
			x.set(x.d, dict.RequestedProcedureID, "basedOn", i.Get("value").Text())
		case hasType(i, "PLAC"):
			x.set(x.d, dict.PlacerOrderNumberImagingServiceRequest, "basedOn", i.Get("value").Text())
		case hasType(i, "FILL"):
			x.set(x.d, dict.FillerOrderNumberImagingServiceRequest, "basedOn", i.Get("value").Text())
		}
	}
	x.set(x.d, dict.RequestedProcedureDescription, "basedOn", o.Get("code").Get("text").Text())
	x.sequence(x.d, dict.RequestedProcedureCodeSequence, x.concepts(o.Get("code"), "basedOn"))
}

// follow returns the resource that a Reference leads to, nil if it is not there.
func (x *resourceMapper) follow(reference fhir.Element) *fhir.Resource {
	ref := reference.Get("reference").Text()
	if ref == "" {
		return nil
	}
	if to := x.r.Resolve([]byte(ref)); to.Kind == fhir.RefContained {
		r, err := fhir.Parse(slices.Clone(to.Element.Raw()))
		if err != nil {
			return nil
		}
		return r
	}
	if x.lookup == nil {
		return nil
	}
	return x.lookup(ref)
}

func (x *resourceMapper) patient() {
	d, subject := x.d, x.r.Get("subject")
	p := x.follow(subject)
	if p == nil || p.Type() != "Patient" {
		if i := subject.Get("identifier"); i.Exists() {
			x.patientID(i)
			return
		}
		x.tell(issue.Warning, CodeMapPatient, "subject", "want a Patient, have none there")
		return
	}
	id := p.Get("identifier").First()
	for i := id; i.Exists(); i = i.Next() {
		if hasType(i, "MR") {
			id = i
			break
		}
	}
	if id.Exists() {
		x.patientID(id)
	}
	var others []dicommeta.Dataset
	for i := p.Get("identifier").First(); i.Exists(); i = i.Next() {
		if i == id {
			continue
		}
		o := dicommeta.NewDataset()
		x.set(&o, dict.PatientID, "subject", i.Get("value").Text())
		local, seq := x.issuer(i)
		x.set(&o, dict.IssuerOfPatientID, "subject", local)
		x.sequence(&o, dict.IssuerOfPatientIDQualifiersSequence, seq)
		if o.Has(dict.PatientID) {
			others = append(others, o)
		}
	}
	x.sequence(d, dict.OtherPatientIDsSequence, others)
	x.set(d, dict.PatientName, "subject", dicomName(p.Get("name")))
	switch p.Get("gender").Text() {
	case "male":
		d.Set(dicommeta.TextElement(dict.PatientSex, "M"))
	case "female":
		d.Set(dicommeta.TextElement(dict.PatientSex, "F"))
	case "other":
		d.Set(dicommeta.TextElement(dict.PatientSex, "O"))
	}
	if b := p.Get("birthDate").Text(); len(b) == 10 {
		if day := strings.ReplaceAll(b, "-", ""); isDA(day) {
			d.Set(dicommeta.TextElement(dict.PatientBirthDate, day))
		}
	} else if b != "" {
		x.tell(issue.Information, CodeMapDate, "subject", "want a birth date to the day, have less: it is left out")
	}
}

func isDA(s string) bool { _, ok := fhirDate(s); return ok && len(s) == 8 }

func (x *resourceMapper) patientID(i fhir.Element) {
	x.set(x.d, dict.PatientID, "subject", i.Get("value").Text())
	local, seq := x.issuer(i)
	x.set(x.d, dict.IssuerOfPatientID, "subject", local)
	x.sequence(x.d, dict.IssuerOfPatientIDQualifiersSequence, seq)
}

// issuer returns the local name of who issued an identifier, and the item of an issuer
// sequence if the system is a universal one.
func (x *resourceMapper) issuer(i fhir.Element) (local string, seq []dicommeta.Dataset) {
	system := i.Get("system").Text()
	local = i.Get("assigner").Get("display").Text()
	if name, ok := x.issuers[system]; ok && system != "" {
		return name, nil
	}
	id, typ := "", ""
	switch {
	case strings.HasPrefix(system, "urn:oid:"):
		id, typ = system[len("urn:oid:"):], "ISO"
	case strings.HasPrefix(system, "urn:uuid:"):
		id, typ = system[len("urn:uuid:"):], "UUID"
	case system != "":
		id, typ = system, "URI"
	}
	if typ != "" {
		q := dicommeta.NewDataset()
		x.set(&q, dict.UniversalEntityID, "identifier", id)
		x.set(&q, dict.UniversalEntityIDType, "identifier", typ)
		seq = append(seq, q)
	}
	return local, seq
}

// issuerSequence writes who issued an identifier.
func (x *resourceMapper) issuerSequence(d *dicommeta.Dataset, t dict.Tag, i fhir.Element) {
	local, seq := x.issuer(i)
	if local == "" && len(seq) == 0 {
		return
	}
	if len(seq) == 0 {
		seq = []dicommeta.Dataset{dicommeta.NewDataset()}
	}
	x.set(&seq[0], dict.LocalNamespaceEntityID, "identifier", local)
	x.sequence(d, t, seq)
}

func (x *resourceMapper) sequence(d *dicommeta.Dataset, t dict.Tag, items []dicommeta.Dataset) {
	if len(items) > 0 {
		d.Set(dicommeta.SequenceElement(t, items...))
	}
}

// personName returns the PN of who a Reference leads to, else its display.
func (x *resourceMapper) personName(reference fhir.Element) string {
	if p := x.follow(reference); p != nil {
		if pn := dicomName(p.Get("name")); pn != "" {
			return pn
		}
	}
	return nameText(reference.Get("display").Text())
}
