package mapping

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/omop"
	"github.com/google/go-cmp/cmp"
)

const (
	encounterLine = `{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p"},"period":{"start":"2020-05-01T08:00:00+02:00","end":"2020-05-01T09:00:00+02:00"}}` + "\n"
	eventHead     = `"subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/e"},`
)

func coded(system, code string) string {
	return fmt.Sprintf(`{"coding":[{"system":%q,"code":%q}]}`, system, code)
}

const (
	snomed = "http://snomed.info/sct"
	loinc  = "http://loinc.org"
	rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
	icd    = "http://hl7.org/fhir/sid/icd-10-cm"
)

func TestTheDomainOfTheStandardConceptPicksTheTable(t *testing.T) {
	var in strings.Builder
	in.WriteString(smallPatient + encounterLine)
	for i, c := range []struct{ typ, date, code string }{
		{"Condition", `"recordedDate":"2020-05-01"`, coded(snomed, "o-1")},
		{"Condition", `"recordedDate":"2020-05-01"`, coded(snomed, "p-1")},
		{"Procedure", `"status":"completed","performedDateTime":"2020-05-01"`, coded(snomed, "c-1")},
		{"Procedure", `"status":"completed","performedDateTime":"2020-05-01"`, coded(loinc, "m-1")},
		{"Observation", `"status":"final","valueString":"x","effectiveDateTime":"2020-05-01"`, coded(rxnorm, "d-1")},
		{"Condition", `"recordedDate":"2020-05-01"`, coded(icd, "two")},
		{"Condition", `"recordedDate":"2020-05-01"`, coded(snomed, "unknown")},
	} {
		fmt.Fprintf(&in, `{"resourceType":%q,"id":"r%d",%s%s,"code":%s}`+"\n", c.typ, i, eventHead, c.date, c.code)
	}
	_, r, _ := convert(t, in.String(), ConvertOptions{})
	want := map[string]int64{"condition_occurrence": 3, "observation": 2, "procedure_occurrence": 1, "measurement": 1, "drug_exposure": 1}
	for table, n := range want {
		if r.Rows[table] != n {
			t.Errorf("%s: want %d rows, have %d", table, n, r.Rows[table])
		}
	}
	if r.Unmapped != 1 || r.Covered.Coded != 7 || r.Covered.Standard != 6 {
		t.Errorf("want 6 of 7 codes standard and one listed, have %+v, %d", r.Covered, r.Unmapped)
	}
}

func TestUnmappedCodesKeepTheirRowAndAreListed(t *testing.T) {
	line := `{"resourceType":"Condition","id":"c%d",` + eventHead + `"recordedDate":"2020-05-01","code":{"coding":[{"system":"urn:mine","code":"zz","display":"Two, \"words\""}]}}` + "\n"
	out, _, _ := convert(t, smallPatient+encounterLine+fmt.Sprintf(line, 1)+fmt.Sprintf(line, 2), ConvertOptions{})
	rows := table[omop.ConditionOccurrence](t, out)
	if len(rows) != 2 || rows[0].ConditionConceptID != 0 || *rows[0].ConditionSourceValue != "zz" || *rows[0].ConditionSourceConceptID != 0 {
		t.Errorf("want two rows of concept 0 with their source value, have %d", len(rows))
	}
	b, err := fs.ReadFile(out, "unmapped.csv")
	if err != nil {
		t.Fatal(err)
	}
	want := "source_code,source_name,source_frequency,system,resource_type,field,source_concept_id\n" +
		`zz,"Two, ""words""",2,urn:mine,Condition,code,0` + "\n"
	if d := cmp.Diff(want, string(b)); d != "" {
		t.Errorf("unmapped.csv (-want +got):\n%s", d)
	}
}

func TestEveryKindOfObservationValueHasItsPlace(t *testing.T) {
	for name, c := range map[string]struct {
		value  string
		number float64
		text   string
		source string
		value2 int32
	}{
		"quantity":        {value: `"valueQuantity":{"value":5.5,"code":"mg","comparator":"<"}`, number: 5.5},
		"digits kept":     {value: `"valueQuantity":{"value":5.50,"code":"mg","comparator":"<"}`, number: 5.5, source: "5.50"},
		"integer":         {value: `"valueInteger":7`, number: 7},
		"string":          {value: `"valueString":"high"`, text: "high"},
		"coded":           {value: `"valueCodeableConcept":` + coded(snomed, "o-1"), source: "o-1", value2: 3},
		"boolean":         {value: `"valueBoolean":true`, source: "true", value2: 4188539},
		"range":           {value: `"valueRange":{"low":{"value":1},"high":{"value":2}}`, text: "1 - 2"},
		"ratio":           {value: `"valueRatio":{"numerator":{"value":1},"denominator":{"value":4}}`, number: 0.25, text: "1 : 4"},
		"dateTime":        {value: `"valueDateTime":"2020-01"`, text: "2020-01"},
		"time":            {value: `"valueTime":"10:00:00"`, text: "10:00:00"},
		"period":          {value: `"valuePeriod":{"start":"2020-01-01"}`, text: "2020-01-01/"},
		"sampled":         {value: `"valueSampledData":{"data":"1 2"}`, source: "SampledData"},
		"zero is a value": {value: `"valueQuantity":{"value":0}`, number: 0},
	} {
		t.Run(name, func(t *testing.T) {
			in := smallPatient + encounterLine +
				`{"resourceType":"Observation","id":"o","status":"final",` + eventHead + `"effectiveDateTime":"2020-05-01","code":` + coded(snomed, "o-1") + "," + c.value + "}\n"
			out, _, _ := convert(t, in, ConvertOptions{})
			rows := table[omop.Observation](t, out)
			if len(rows) != 1 {
				t.Fatalf("want one row, have %d", len(rows))
			}
			o := rows[0]
			hasNumber := strings.Contains(c.value, "Quantity") || strings.Contains(c.value, "Integer") || c.number != 0
			if (o.ValueAsNumber != nil) != hasNumber || hasNumber && *o.ValueAsNumber != c.number {
				t.Errorf("want number %v, have %v", c.number, o.ValueAsNumber)
			}
			if deref(o.ValueAsString) != c.text || deref(o.ValueSourceValue) != c.source {
				t.Errorf("want text %q and source %q, have %q and %q", c.text, c.source, deref(o.ValueAsString), deref(o.ValueSourceValue))
			}
			if (o.ValueAsConceptID != nil) != (c.value2 != 0) || c.value2 != 0 && *o.ValueAsConceptID != c.value2 {
				t.Errorf("want value concept %d, have %v", c.value2, o.ValueAsConceptID)
			}
		})
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestComponentsBecomeRowsThatPointAtTheirParent(t *testing.T) {
	in := smallPatient + encounterLine + `{"resourceType":"Observation","id":"o","status":"final",` + eventHead +
		`"effectiveDateTime":"2020-05-01T10:00:00+02:00","code":` + coded(loinc, "m-1") + `,"valueInteger":1,"component":[` +
		`{"code":` + coded(loinc, "m-1") + `,"valueQuantity":{"value":2,"code":"mg"}},` +
		`{"code":` + coded(loinc, "m-1") + `,"dataAbsentReason":{"text":"none"}},` +
		`{"code":` + coded(snomed, "o-1") + `,"valueString":"s"}]}` + "\n"
	out, r, _ := convert(t, in, ConvertOptions{})
	m, o := table[omop.Measurement](t, out), table[omop.Observation](t, out)
	if len(m) != 2 || len(o) != 1 {
		t.Fatalf("want 2 measurements and 1 observation, have %d and %d", len(m), len(o))
	}
	if m[0].MeasurementEventID != nil || *m[1].MeasurementEventID != m[0].MeasurementID || *o[0].ObservationEventID != m[0].MeasurementID {
		t.Error("want the components to point at their parent")
	}
	if *m[1].UnitConceptID != 6 || m[0].MeasurementDate.String() != "2020-05-01" || m[0].MeasurementDatetime.String() != "2020-05-01T08:00:00" {
		t.Errorf("want the unit, the local day and UTC, have %v, %v, %v", *m[1].UnitConceptID, m[0].MeasurementDate, m[0].MeasurementDatetime)
	}
	if r.Total.Mapped != 3 {
		t.Errorf("want three resources mapped, have %+v", r.Total)
	}
}

func TestMapsToValueFillsTheValue(t *testing.T) {
	in := smallPatient + encounterLine + `{"resourceType":"Condition","id":"c",` + eventHead + `"recordedDate":"2020-05-01","code":` + coded(icd, "v-1") + "}\n"
	out, _, _ := convert(t, in, ConvertOptions{})
	m := table[omop.Measurement](t, out)
	if len(m) != 1 || m[0].MeasurementConceptID != 2 || *m[0].ValueAsConceptID != 3 || *m[0].MeasurementSourceConceptID != 12 {
		t.Fatalf("want concept 2 with value 3 from source 12, have %d rows", len(m))
	}
}

func TestCodesAreMendedAndCounted(t *testing.T) {
	in := smallPatient + encounterLine +
		`{"resourceType":"Immunization","id":"i","status":"completed","patient":{"reference":"Patient/p"},"occurrenceDateTime":"2020-05-01","vaccineCode":` + coded("http://hl7.org/fhir/sid/cvx", "08") + "}\n" +
		`{"resourceType":"Procedure","id":"x","status":"completed",` + eventHead + `"performedDateTime":"2020-05-01","code":` + coded(snomed, "12345-5") + "}\n"
	out, r, _ := convert(t, in, ConvertOptions{})
	if d := cmp.Diff(map[string]int64{"wrong-system-loinc": 1, "zero-padding": 1}, r.Cleaned); d != "" {
		t.Errorf("mended (-want +got):\n%s", d)
	}
	d := table[omop.DrugExposure](t, out)
	if len(d) != 1 || d[0].DrugConceptID != 10 || *d[0].DrugSourceValue != "08" {
		t.Errorf("want the vaccine found and its code verbatim, have %d rows", len(d))
	}
}

func TestMedicationsAreFoundByReferenceAndContained(t *testing.T) {
	request := `{"resourceType":"MedicationRequest","id":"m%d","status":"active","intent":"order",` + eventHead + `"authoredOn":"2020-05-01",%s"medicationReference":{"reference":%q},"dispenseRequest":{"numberOfRepeatsAllowed":0,"quantity":{"value":30},"expectedSupplyDuration":{"value":2,"code":"wk"}}}` + "\n"
	in := smallPatient + encounterLine +
		`{"resourceType":"Medication","id":"med","code":` + coded(rxnorm, "d-1") + "}\n" +
		`{"resourceType":"Medication","id":"spare","code":` + coded(rxnorm, "d-1") + "}\n" +
		fmt.Sprintf(request, 1, "", "Medication/med") +
		fmt.Sprintf(request, 2, `"contained":[{"resourceType":"Medication","id":"in","code":`+coded(rxnorm, "d-1")+`}],`, "#in") +
		fmt.Sprintf(request, 3, "", "Medication/nowhere")
	out, r, _ := convert(t, in, ConvertOptions{})
	d := table[omop.DrugExposure](t, out)
	if len(d) != 3 || d[0].DrugConceptID != 4 || d[1].DrugConceptID != 4 || d[2].DrugConceptID != 0 {
		t.Fatalf("want two drugs found and one kept without concept, have %d rows", len(d))
	}
	if *d[0].Refills != 0 || *d[0].DaysSupply != 14 || d[0].DrugExposureEndDate.String() != "2020-05-14" || *d[0].Quantity != 30 {
		t.Errorf("want refills 0, 14 days, the end and 30, have %v %v %v %v", *d[0].Refills, *d[0].DaysSupply, d[0].DrugExposureEndDate, *d[0].Quantity)
	}
	for _, a := range r.Resources {
		if a.Type == "Medication" && (a.Mapped != 1 || a.Rules["medication-not-referenced"] != 1) {
			t.Errorf("want one medication used and one not, have %+v", a)
		}
	}
	if r.Losses["medication-not-in-input"] != 1 {
		t.Errorf("want the missing medication counted, have %v", r.Losses)
	}
}

func TestAllergyToASubstanceIsKindAndValue(t *testing.T) {
	in := smallPatient + `{"resourceType":"AllergyIntolerance","id":"a","category":["medication"],"patient":{"reference":"Patient/p"},"recordedDate":"2020-05-01","code":` + coded(snomed, "s-1") + "}\n"
	out, _, _ := convert(t, in, ConvertOptions{})
	o := table[omop.Observation](t, out)
	if len(o) != 1 || o[0].ObservationConceptID != 13 || *o[0].ValueAsConceptID != 9 {
		t.Fatalf("want the kind of allergy with the substance as value, have %d rows", len(o))
	}
}

func TestStudiesBecomeProceduresAndSeriesImages(t *testing.T) {
	in := smallPatient + `{"resourceType":"ImagingStudy","id":"i","status":"available","subject":{"reference":"Patient/p"},"started":"2020-05-01","identifier":[{"system":"urn:dicom:uid","value":"urn:oid:1.2.3"}],"procedureCode":[` + coded(snomed, "p-1") + `],"series":[{"uid":"1.2.3.1","modality":{"code":"CT"}},{"uid":"1.2.3.2","modality":{"code":"CT"}},{"modality":{"code":"CT"}}]}` + "\n"
	out, r, _ := convert(t, in, ConvertOptions{})
	p, i := table[omop.ProcedureOccurrence](t, out), table[omop.ImageOccurrence](t, out)
	if len(p) != 1 || len(i) != 2 || p[0].ProcedureConceptID != 5 {
		t.Fatalf("want one procedure and two series, have %d and %d", len(p), len(i))
	}
	if i[1].ProcedureOccurrenceID != p[0].ProcedureOccurrenceID || i[1].ImageStudyUID != "1.2.3" || i[1].ImageSeriesUID != "1.2.3.2" {
		t.Errorf("want the series of the study, have %+v", i[1])
	}
	if r.Losses["series-without-uid"] != 1 {
		t.Errorf("want the series without UID counted, have %v", r.Losses)
	}
}

func TestAStudyWithoutDateBeginsWithItsSeries(t *testing.T) {
	in := smallPatient + `{"resourceType":"ImagingStudy","id":"i","status":"available","subject":{"reference":"Patient/p"},"identifier":[{"system":"urn:dicom:uid","value":"1.2.3"}],"series":[{"uid":"1.2.3.1"},{"uid":"1.2.3.2","started":"2020-05-02"}]}` + "\n"
	out, _, _ := convert(t, in, ConvertOptions{})
	p, i := table[omop.ProcedureOccurrence](t, out), table[omop.ImageOccurrence](t, out)
	if len(p) != 1 || len(i) != 2 || p[0].ProcedureDate.String() != "2020-05-02" {
		t.Fatalf("want the study dated by its series, have %d and %d rows", len(p), len(i))
	}
}

func TestStatementsWithoutDateAreCounted(t *testing.T) {
	in := smallPatient + `{"resourceType":"Claim","id":"k","status":"active","patient":{"reference":"Patient/p"},"diagnosis":[{"diagnosisCodeableConcept":` + coded(snomed, "c-1") + `}],"procedure":[{"date":"2020-04-01","procedureCodeableConcept":` + coded(snomed, "p-1") + "}]}\n"
	_, r, _ := convert(t, in, ConvertOptions{})
	if r.Rows["procedure_occurrence"] != 1 || r.Rows["condition_occurrence"] != 0 || r.Losses["statement-without-date-or-study"] != 1 {
		t.Errorf("want the procedure as a row and the undated diagnosis counted, have %v, %v", r.Rows, r.Losses)
	}
}

func TestReportsBecomeNotesAndCodes(t *testing.T) {
	in := smallPatient + encounterLine +
		`{"resourceType":"DiagnosticReport","id":"d1","status":"final",` + eventHead + `"effectiveDateTime":"2020-05-01","code":` + coded(loinc, "n-1") + `,"conclusion":"all well","presentedForm":[{"contentType":"text/plain","data":"bW9yZQ=="},{"contentType":"application/pdf","data":"AAAA"}]}` + "\n" +
		`{"resourceType":"DiagnosticReport","id":"d2","status":"final",` + eventHead + `"effectiveDateTime":"2020-05-01","code":` + coded(loinc, "m-1") + "}\n" +
		`{"resourceType":"DiagnosticReport","id":"d3","status":"final",` + eventHead + `"effectiveDateTime":"2020-05-01","code":` + coded(loinc, "n-1") + "}\n"
	out, r, _ := convert(t, in, ConvertOptions{})
	n := table[omop.Note](t, out)
	if len(n) != 1 || n[0].NoteText != "all well\n\nmore" || n[0].NoteClassConceptID != 8 || r.Rows["measurement"] != 1 {
		t.Fatalf("want one note with both texts and one measurement, have %d notes, %v", len(n), r.Rows)
	}
	if r.Total.Filtered != 1 || r.Losses["report-attachment-not-text"] != 1 {
		t.Errorf("want the empty report filtered and the PDF counted, have %+v, %v", r.Total, r.Losses)
	}
}

func TestClaimsCodeWhatNoResourceHolds(t *testing.T) {
	in := smallPatient + `{"resourceType":"Claim","id":"k","status":"active","patient":{"reference":"Patient/p"},"created":"2020-05-01","diagnosis":[{"diagnosisCodeableConcept":` + coded(snomed, "c-1") + `}],"procedure":[{"date":"2020-04-01","procedureCodeableConcept":` + coded(snomed, "p-1") + "}]}\n" +
		`{"resourceType":"Claim","id":"l","status":"active","patient":{"reference":"Patient/p"},"created":"2020-05-01","diagnosis":[{"diagnosisReference":{"reference":"Condition/x"}}]}` + "\n"
	out, r, _ := convert(t, in, ConvertOptions{})
	c, p := table[omop.ConditionOccurrence](t, out), table[omop.ProcedureOccurrence](t, out)
	if len(c) != 1 || len(p) != 1 || c[0].ConditionTypeConceptID != 32810 || p[0].ProcedureDate.String() != "2020-04-01" {
		t.Errorf("want a diagnosis and a dated procedure, have %d and %d", len(c), len(p))
	}
	if r.Total.Rules["claim-repeats-records"] != 1 {
		t.Errorf("want the claim of references filtered, have %+v", r.Total)
	}
}

func TestVisitsWithoutDatesTakeThoseOfTheirEvents(t *testing.T) {
	enc := strings.Replace(encounterLine, `,"period":{"start":"2020-05-01T08:00:00+02:00","end":"2020-05-01T09:00:00+02:00"}`, "", 1)
	ev := `{"resourceType":"Condition","id":"c%d",` + eventHead + `"recordedDate":"2020-05-0%d","code":` + coded(snomed, "c-1") + "}\n"
	out, _, _ := convert(t, smallPatient+enc+fmt.Sprintf(ev, 1, 3)+fmt.Sprintf(ev, 2, 7), ConvertOptions{})
	v := table[omop.VisitOccurrence](t, out)
	if len(v) != 1 || v[0].VisitStartDate.String() != "2020-05-03" || v[0].VisitEndDate.String() != "2020-05-07" {
		t.Fatalf("want the visit from its first to its last event, have %d", len(v))
	}
	c := table[omop.ConditionOccurrence](t, out)
	if *c[0].VisitOccurrenceID != v[0].VisitOccurrenceID {
		t.Error("want the events in the visit")
	}
}

func TestOpenInpatientVisitsEndWithTheLastEvent(t *testing.T) {
	enc := strings.Replace(strings.Replace(encounterLine, `"finished"`, `"in-progress"`, 1), `,"end":"2020-05-01T09:00:00+02:00"`, "", 1)
	enc = strings.Replace(enc, "AMB", "IMP", 1)
	ev := `{"resourceType":"Condition","id":"c",` + eventHead + `"recordedDate":"2020-05-09","code":` + coded(snomed, "c-1") + "}\n"
	out, _, _ := convert(t, smallPatient+enc+ev, ConvertOptions{})
	v := table[omop.VisitOccurrence](t, out)
	if len(v) != 1 || v[0].VisitEndDate.String() != "2020-05-09" || *v[0].DischargedToConceptID != 32220 {
		t.Fatalf("want the visit open until the last event, still patient, have %+v", v)
	}
}

func TestObservationPeriodsSplitAtLongGapsAndEndAfterDeath(t *testing.T) {
	patient := `{"resourceType":"Patient","id":"p","birthDate":"1970","deceasedDateTime":"2015-03"}` + "\n"
	ev := `{"resourceType":"Condition","id":"c%d","subject":{"reference":"Patient/p"},"recordedDate":%q,"code":` + coded(snomed, "c-1") + "}\n"
	in := patient
	for i, d := range []string{"2010-01-01", "2010-06-01", "2013-01-01", "2015-03-20"} {
		in += fmt.Sprintf(ev, i, d)
	}
	out, _, _ := convert(t, in, ConvertOptions{})
	var have []string
	for _, p := range table[omop.ObservationPeriod](t, out) {
		have = append(have, p.ObservationPeriodStartDate.String()+" "+p.ObservationPeriodEndDate.String())
	}
	want := []string{"2010-01-01 2010-07-31", "2013-01-01 2013-03-02", "2015-03-20 2015-03-20"}
	if d := cmp.Diff(want, have); d != "" {
		t.Errorf("periods (-want +got):\n%s", d)
	}
	death := table[omop.Death](t, out)
	if len(death) != 1 || death[0].DeathDate.String() != "2015-03-31" {
		t.Errorf("want death on the last day of its month, have %+v", death)
	}
	person := table[omop.Person](t, out)
	if person[0].YearOfBirth != 1970 || person[0].MonthOfBirth != nil || person[0].BirthDatetime != nil {
		t.Errorf("want the year alone, have %+v", person[0])
	}
}

func TestSeveralRacesAreObservations(t *testing.T) {
	race := func(code string) string {
		return `{"url":"ombCategory","valueCoding":{"code":"` + code + `"}}`
	}
	in := `{"resourceType":"Patient","id":"p","birthDate":"1970-01-01","extension":[{"url":"` + extRace + `","extension":[` + race("2106-3") + "," + race("2028-9") + `]}]}` + "\n"
	out, _, _ := convert(t, in, ConvertOptions{})
	p, o := table[omop.Person](t, out), table[omop.Observation](t, out)
	if p[0].RaceConceptID != 1546847 || len(o) != 2 || *o[0].ValueAsConceptID != 8527 || *o[1].ValueAsConceptID != 8515 {
		t.Errorf("want several races and one observation each, have %d, %d rows", p[0].RaceConceptID, len(o))
	}
}

func TestFiltersAreCountedByRule(t *testing.T) {
	in := smallPatient +
		`{"resourceType":"Observation","id":"1","status":"entered-in-error","subject":{"reference":"Patient/p"}}` + "\n" +
		`{"resourceType":"Observation","id":"2","status":"final","subject":{"reference":"Patient/p"},"effectiveDateTime":"2020-01-01","code":` + coded(loinc, "m-1") + `,"dataAbsentReason":{"text":"x"}}` + "\n" +
		`{"resourceType":"Observation","id":"3","status":"final","subject":{"reference":"Patient/p"},"effectiveDateTime":"2020-01-01","code":` + coded(loinc, "m-1") + `,"hasMember":[{"reference":"Observation/9"}]}` + "\n" +
		`{"resourceType":"MedicationRequest","id":"4","status":"active","intent":"proposal","subject":{"reference":"Patient/p"}}` + "\n" +
		`{"resourceType":"MedicationRequest","id":"5","status":"active","intent":"order","doNotPerform":true,"subject":{"reference":"Patient/p"}}` + "\n" +
		`{"resourceType":"Condition","id":"6","verificationStatus":` + coded("x", "refuted") + `,"subject":{"reference":"Patient/p"}}` + "\n" +
		`{"resourceType":"Condition","id":"7","subject":{"reference":"Patient/p"}}` + "\n"
	_, r, _ := convert(t, in, ConvertOptions{})
	want := map[string]int64{
		"status": 1, "data-absent": 1, "panel-without-value": 1, "intent": 1, "not-performed": 1, "verification-status": 1, "code-missing": 1,
	}
	if d := cmp.Diff(want, r.Total.Rules); d != "" {
		t.Errorf("rules (-want +got):\n%s", d)
	}
}

func TestNoIdentifierEntersTheCDMByDefault(t *testing.T) {
	in := `{"resourceType":"Patient","id":"secret-patient","birthDate":"1970-01-01","name":[{"family":"Secretname"}]}` + "\n" +
		strings.ReplaceAll(strings.ReplaceAll(encounterLine, `"e"`, `"secret-visit"`), "Patient/p", "Patient/secret-patient") +
		`{"resourceType":"Practitioner","id":"secret-staff","name":[{"family":"Secretname"}]}` + "\n"
	out, _, _ := convert(t, in, ConvertOptions{})
	for _, name := range []string{"person", "visit_occurrence", "provider"} {
		for _, row := range readAny(t, out, name) {
			for column, v := range row {
				if strings.Contains(strings.ToLower(v), "secret") {
					t.Errorf("%s.%s holds an identifier", name, column)
				}
			}
		}
	}
}
