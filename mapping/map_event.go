package mapping

import (
	"bytes"
	"encoding/base64"
	"slices"

	"github.com/carabiner-health/carabiner/fhir"
)

// encounter: CDM 5.4, visit_occurrence.
func (x *mapper) encounter() {
	f := x.base()
	f.Table = TableVisitOccurrence
	f.texts[tEncounter] = nil
	class := x.root.Get("class").Get("code").Bytes(nil)
	f.concepts[cConcept] = x.p.VisitClass[string(class)]
	f.texts[tSource] = class
	f.Start, f.End = x.period(x.root.Get("period"), "period")
	if containsBytes(x.p.OpenVisit.Status, x.root.Get("status").Bytes(nil)) && !f.End.Set {
		f.flags |= flagOpen
	}
	for p := x.root.Get("participant").First(); p.Exists() && f.texts[tProvider] == nil; p = p.Next() {
		f.texts[tProvider] = x.reference(p.Get("individual"), "Practitioner")
	}
	if f.texts[tCareSite] = x.site(x.root.Get("serviceProvider"), typeOrganization); f.texts[tCareSite] == nil {
		f.texts[tCareSite] = x.site(x.root.Get("location").First().Get("location"), typeLocation)
	}
	h := x.root.Get("hospitalization")
	f.concepts[cQualifier], f.texts[tQualifierSource] = x.place(h.Get("admitSource"))
	f.concepts[cStatus], f.texts[tStatusSource] = x.place(h.Get("dischargeDisposition"))
	if len(class) > 0 && f.concepts[cConcept] == 0 {
		x.account.unmapped(x.typ, "class", x.root.Get("class").Get("system").Bytes(nil), class, nil, 0)
	}
	if x.root.Get("reasonCode").Exists() {
		x.account.losses[lossEncounterReason]++
	}
	x.add(&f)
}

// place resolves where a visit began or went, by the policy.
func (x *mapper) place(concept fhir.Element) (int32, []byte) {
	code := concept.Get("coding").First().Get("code").Bytes(nil)
	if len(code) == 0 {
		return 0, concept.Get("text").Bytes(nil)
	}
	return x.p.VisitPlace[string(code)], code
}

// excludedByVerification filters conditions and allergies that were refuted or
// entered in error.
func (x *mapper) excludedByVerification() bool {
	for c := x.root.Get("verificationStatus").Get("coding").First(); c.Exists(); c = c.Next() {
		if containsBytes(x.p.VerificationExcluded, c.Get("code").Bytes(nil)) {
			x.filter(ruleVerification)
			return true
		}
	}
	return false
}

// condition: CDM 5.4, condition_occurrence and wherever the domain leads.
func (x *mapper) condition() {
	if x.excludedByVerification() {
		return
	}
	f := x.base()
	x.categoryType(&f)
	f.texts[tProvider] = x.reference(x.root.Get("asserter"), "Practitioner")
	if f.texts[tProvider] == nil {
		f.texts[tProvider] = x.reference(x.root.Get("recorder"), "Practitioner")
	}
	for _, name := range []string{"verificationStatus", "clinicalStatus"} {
		code := x.root.Get(name).Get("coding").First().Get("code").Bytes(nil)
		if id := x.p.ConditionStatus[string(code)]; id != 0 {
			f.concepts[cStatus], f.texts[tStatusSource] = id, code
			break
		}
	}
	f.Start, f.End = x.onset(), x.abatement(&f)
	if !x.event(&f, x.root.Get("code"), x.home("Condition"), "code") {
		x.filter(ruleNoCode)
	}
	if x.root.Get("bodySite").Exists() {
		x.account.losses[lossBodySite]++
	}
	if x.root.Get("severity").Exists() {
		x.account.losses[lossSeverity]++
	}
	if x.root.Get("stage").Exists() {
		x.account.losses[lossStage]++
	}
}

func (x *mapper) onset() moment {
	if w := x.when(x.root.Get("onsetDateTime"), "onsetDateTime", false); w.Set {
		return w
	}
	if w, _ := x.period(x.root.Get("onsetPeriod"), "onsetPeriod"); w.Set {
		return w
	}
	w := x.when(x.root.Get("recordedDate"), "recordedDate", false)
	if w.Set {
		x.account.imputed++
	}
	return w
}

func (x *mapper) abatement(f *fact) moment {
	f.texts[tStop] = x.root.Get("abatementString").Bytes(nil)
	if w := x.when(x.root.Get("abatementDateTime"), "abatementDateTime", true); w.Set {
		return w
	}
	start, end := x.period(x.root.Get("abatementPeriod"), "abatementPeriod")
	if end.Set {
		return end
	}
	return start
}

// procedure: CDM 5.4, procedure_occurrence and wherever the domain leads.
func (x *mapper) procedure() {
	f := x.base()
	f.Start = x.when(x.root.Get("performedDateTime"), "performedDateTime", false)
	if !f.Start.Set {
		f.Start, f.End = x.period(x.root.Get("performedPeriod"), "performedPeriod")
	}
	for p := x.root.Get("performer").First(); p.Exists() && f.texts[tProvider] == nil; p = p.Next() {
		f.texts[tProvider] = x.reference(p.Get("actor"), "Practitioner")
	}
	x.event(&f, x.root.Get("code"), x.home("Procedure"), "code")
	if x.root.Get("bodySite").Exists() {
		x.account.losses[lossBodySite]++
	}
}

// medicationRequest: CDM 5.4, drug_exposure.
func (x *mapper) medicationRequest() {
	if i := x.root.Get("intent").Bytes(nil); len(i) > 0 && !containsBytes(x.p.MedicationIntents, i) {
		x.filter(ruleIntent)
		return
	}
	if no, ok := x.root.Get("doNotPerform").Bool(); ok && no {
		x.filter(ruleNegated)
		return
	}
	f := x.base()
	f.Start = x.when(x.root.Get("authoredOn"), "authoredOn", false)
	f.texts[tProvider] = x.reference(x.root.Get("requester"), "Practitioner")
	d := x.root.Get("dispenseRequest")
	if q, ok := d.Get("quantity").Get("value").Float64(); ok {
		f.setNumber(nQuantity, q)
	}
	if n, ok := d.Get("numberOfRepeatsAllowed").Int64(); ok && n >= 0 && n < 1000 {
		f.concepts[cRefills] = int32(n) + 1
	}
	if s := d.Get("expectedSupplyDuration"); s.Exists() {
		f.concepts[cDays] = supplyDays(s)
	}
	dose := x.root.Get("dosageInstruction").First()
	f.texts[tSig] = dose.Get("text").Bytes(nil)
	if r := dose.Get("route"); r.Exists() {
		f.concepts[cRoute], f.texts[tRouteSource], _ = x.valueConcept(r, "route")
	}
	f.texts[tUnitSource] = dose.Get("doseAndRate").First().Get("doseQuantity").Get("unit").Bytes(nil)
	f.texts[tStop] = x.root.Get("statusReason").Get("text").Bytes(nil)
	x.drug(&f)
}

// supplyDays returns a Duration in whole days, 0 when it is in no such unit.
func supplyDays(d fhir.Element) int32 {
	n, ok := d.Get("value").Float64()
	if !ok || n <= 0 || n > 36500 {
		return 0
	}
	unit := d.Get("code")
	if !unit.Exists() {
		unit = d.Get("unit")
	}
	switch string(unit.Bytes(nil)) {
	case "d", "day", "days":
		return int32(n)
	case "wk", "week", "weeks":
		return int32(n * 7)
	}
	return 0
}

// drug makes the rows of a medication that is coded, contained or referred to.
func (x *mapper) drug(f *fact) {
	home := x.home("MedicationRequest")
	if c := x.root.Get("medicationCodeableConcept"); c.Exists() {
		x.event(f, c, home, "medication")
		return
	}
	m := x.root.Get("medicationReference")
	text := m.Get("reference").Bytes(nil)
	if ref := x.r.Resolve(text); ref.Kind == fhir.RefContained && len(text) > 1 {
		if !x.event(f, ref.Element.Get("code"), home, "medication") {
			x.event(f, ref.Element.Get("ingredient").First().Get("itemCodeableConcept"), home, "medication")
		}
		return
	}
	if id := x.reference(m, "Medication"); id != nil {
		f.Table = home
		f.texts[tMedication] = id
		x.account.coded(x.typ)
		x.add(f)
	}
}

// immunization: CDM 5.4, drug_exposure.
func (x *mapper) immunization() {
	f := x.base()
	f.Start = x.when(x.root.Get("occurrenceDateTime"), "occurrenceDateTime", false)
	f.texts[tLot] = x.root.Get("lotNumber").Bytes(nil)
	if r := x.root.Get("route"); r.Exists() {
		f.concepts[cRoute], f.texts[tRouteSource], _ = x.valueConcept(r, "route")
	}
	q := x.root.Get("doseQuantity")
	if n, ok := q.Get("value").Float64(); ok {
		f.setNumber(nQuantity, n)
	}
	f.texts[tUnitSource] = q.Get("unit").Bytes(nil)
	for p := x.root.Get("performer").First(); p.Exists() && f.texts[tProvider] == nil; p = p.Next() {
		f.texts[tProvider] = x.reference(p.Get("actor"), "Practitioner")
	}
	x.event(&f, x.root.Get("vaccineCode"), x.home("Immunization"), "vaccineCode")
}

// allergy: an observation. A finding such as "allergy to nuts" stands for
// itself; of a substance the concept says to what kind of thing the allergy is
// and the value says to what (guide, Allergy).
func (x *mapper) allergy() {
	if x.excludedByVerification() {
		return
	}
	f := x.base()
	f.Start = x.onset()
	f.texts[tProvider] = x.reference(x.root.Get("recorder"), "Practitioner")
	code := x.root.Get("code")
	x.read(code)
	for i := range x.codings {
		k := &x.codings[i]
		if len(k.res.targets) == 0 || !slices.Contains(x.p.Allergy.SubstanceClasses, k.res.targets[0].class) {
			continue
		}
		x.account.coded(x.typ)
		x.account.standard(x.typ)
		f.Table = TableObservation
		f.concepts[cConcept] = x.allergyKind()
		f.concepts[cValue] = k.res.targets[0].id
		f.texts[tSource], f.texts[tValueSource] = k.code, k.code
		f.texts[tValueText] = k.display
		x.add(&f)
		return
	}
	x.event(&f, code, x.home("AllergyIntolerance"), "code")
	if x.root.Get("reaction").Exists() {
		x.account.losses[lossReaction]++
	}
}

// allergyKind returns the standard concept of the allergy's category.
func (x *mapper) allergyKind() int32 {
	kind := x.p.Allergy.Other
	if k, ok := x.p.Allergy.Kinds[string(x.root.Get("category").First().Bytes(nil))]; ok {
		kind = k
	}
	for _, code := range []string{kind, x.p.Allergy.Other} {
		if r := x.res.code(systemSNOMED, []byte(code)); len(r.targets) > 0 {
			return r.targets[0].id
		}
	}
	return 0
}

var systemSNOMED = []byte("http://snomed.info/sct")

// diagnosticReport: CDM 5.4, note for its text, and a row for its code.
func (x *mapper) diagnosticReport() {
	f := x.base()
	x.categoryType(&f)
	f.Start = x.effective()
	for _, list := range []string{"performer", "resultsInterpreter"} {
		for p := x.root.Get(list).First(); p.Exists() && f.texts[tProvider] == nil; p = p.Next() {
			f.texts[tProvider] = x.reference(p, "Practitioner")
		}
	}
	code := x.root.Get("code")
	routed := x.event(&f, code, x.home("DiagnosticReport"), "code")
	note := f
	if x.note(&note, code) {
		x.add(&note)
	} else if !routed {
		x.filter(ruleNoteCode)
	}
}

// note fills a note fact from the report's text; false when it has none.
func (x *mapper) note(f *fact, code fhir.Element) bool {
	f.Table = TableNote
	text := x.root.Get("conclusion").Bytes(nil)
	for p := x.root.Get("presentedForm").First(); p.Exists(); p = p.Next() {
		data := p.Get("data").Bytes(nil)
		kind := p.Get("contentType").Bytes(nil)
		if len(data) == 0 {
			x.account.losses[lossAttachment]++
			continue
		}
		if len(kind) > 0 && !bytes.HasPrefix(kind, []byte("text/")) {
			x.account.losses[lossAttachment]++
			continue
		}
		plain, err := base64.StdEncoding.AppendDecode(nil, data)
		if err != nil {
			x.account.losses[lossAttachment]++
			continue
		}
		if len(text) > 0 {
			plain = append(append(bytes.Clone(text), '\n', '\n'), plain...)
		}
		text = plain
	}
	if len(text) == 0 {
		return false
	}
	f.concepts[cType] = x.typeConcept("Note")
	f.concepts[cUnit] = x.p.Note.Languages[string(x.root.Get("language").Bytes(nil))]
	f.texts[tValueText] = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	x.read(code)
	for i := range x.codings {
		k := &x.codings[i]
		if i == 0 || f.concepts[cConcept] == 0 && len(k.res.targets) > 0 {
			f.texts[tSource] = k.code
		}
		if len(k.res.targets) > 0 && k.res.targets[0].ignored {
			f.concepts[cConcept] = k.res.targets[0].id
			break
		}
	}
	f.texts[tSig] = code.Get("text").Bytes(nil)
	return true
}

// claim: diagnoses and procedures that the claim itself codes. What it only
// refers to is in the extract as a resource of its own and makes no second row.
func (x *mapper) claim() {
	f := x.base()
	f.texts[tEncounter] = x.reference(x.root.Get("item").First().Get("encounter").First(), "Encounter")
	f.Start, _ = x.period(x.root.Get("billablePeriod"), "billablePeriod")
	if !f.Start.Set {
		f.Start = x.when(x.root.Get("created"), "created", false)
	}
	f.texts[tProvider] = x.reference(x.root.Get("provider"), "Practitioner")
	for d := x.root.Get("diagnosis").First(); d.Exists(); d = d.Next() {
		x.event(&f, d.Get("diagnosisCodeableConcept"), x.home("Claim.diagnosis"), "diagnosis")
	}
	for p := x.root.Get("procedure").First(); p.Exists(); p = p.Next() {
		g := f
		if w := x.when(p.Get("date"), "procedure.date", false); w.Set {
			g.Start = w
		}
		x.event(&g, p.Get("procedureCodeableConcept"), x.home("Claim.procedure"), "procedure")
	}
	if len(x.items) == 0 {
		x.filter(ruleClaimRepeats)
	}
}
