package mapping

import (
	"bytes"

	"github.com/carabiner-health/carabiner/fhir"
)

// imagingStudy: CDM 5.4, procedure_occurrence for the study; imaging extension,
// image_occurrence for each series.
func (x *mapper) imagingStudy() {
	f := x.base()
	f.Start = x.when(x.root.Get("started"), "started", false)
	f.texts[tProvider] = x.reference(x.root.Get("referrer"), "Practitioner")
	for s := x.root.Get("series").First(); s.Exists() && !f.Start.Set; s = s.Next() {
		f.Start = x.when(s.Get("started"), "series.started", false)
	}
	study := x.studyUID()
	f.texts[tStudyUID] = study
	x.imagingProcedure(f)
	for s := x.root.Get("series").First(); s.Exists(); s = s.Next() {
		g := fact{Table: TableImageOccurrence, Start: f.Start, flags: flagComponent}
		g.texts[tEncounter] = f.texts[tEncounter]
		if w := x.when(s.Get("started"), "series.started", false); w.Set {
			g.Start = w
		}
		g.texts[tStudyUID] = study
		g.texts[tSeriesUID] = s.Get("uid").Bytes(nil)
		g.concepts[cModality] = x.modality(s.Get("modality"))
		if b := s.Get("bodySite"); b.Exists() {
			g.concepts[cSite] = x.codingConcept(b, "series.bodySite")
		}
		if len(study) == 0 || len(g.texts[tSeriesUID]) == 0 {
			x.account.losses[lossSeriesUID]++
			continue
		}
		x.add(&g)
	}
}

// imagingProcedure makes the one procedure that the study's series refer to.
func (x *mapper) imagingProcedure(f fact) {
	code := x.root.Get("procedureCode").First()
	x.read(code)
	f.Table = TableProcedureOccurrence
	found := false
	for i := range x.codings {
		k := &x.codings[i]
		if f.texts[tSource] == nil {
			f.texts[tSource], f.concepts[cSource] = k.code, k.res.source
		}
		if len(k.res.targets) > 0 && k.res.targets[0].table == TableProcedureOccurrence {
			f.texts[tSource], f.concepts[cSource], f.concepts[cConcept] = k.code, k.res.source, k.res.targets[0].id
			found = true
			break
		}
	}
	if len(x.codings) > 0 {
		x.account.coded(x.typ)
		if found {
			x.account.standard(x.typ)
		} else {
			x.unmapped(code.Get("text").Bytes(nil), "procedureCode")
		}
	}
	if f.texts[tSource] == nil {
		f.texts[tSource] = x.root.Get("series").First().Get("modality").Get("code").Bytes(nil)
	}
	x.add(&f)
}

// modality resolves the modality of a series: beside DICOM studies as theirs.
func (x *mapper) modality(c fhir.Element) int32 {
	if d := x.owner.dicom; d != nil && x.p.Systems[string(c.Get("system").Bytes(nil))] == "DICOM" {
		if own, ok := d.Lookup("DICOM", string(c.Get("code").Bytes(nil))); ok {
			if to := d.MapsTo(own.ID, nil); len(to) > 0 {
				return to[0].ID
			}
			return own.ID
		}
	}
	return x.codingConcept(c, "series.modality")
}

// codingConcept resolves a plain Coding.
func (x *mapper) codingConcept(c fhir.Element, field string) int32 {
	x.codings = x.codings[:0]
	x.readCoding(c)
	if len(x.codings) == 0 {
		return 0
	}
	if t := x.codings[0].res.targets; len(t) > 0 {
		return t[0].id
	}
	x.unmapped(nil, field)
	return 0
}

// studyUID returns the Study Instance UID: an identifier of the DICOM system,
// else the first that is written as an OID.
func (x *mapper) studyUID() []byte {
	var other []byte
	for i := x.root.Get("identifier").First(); i.Exists(); i = i.Next() {
		v, isOID := bytes.CutPrefix(i.Get("value").Bytes(nil), []byte("urn:oid:"))
		if i.Get("system").Equal("urn:dicom:uid") {
			return v
		}
		if isOID && other == nil {
			other = v
		}
	}
	return other
}
