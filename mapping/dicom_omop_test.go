package mapping

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
	"github.com/google/go-cmp/cmp"
)

// text and number make elements.
var text = dicommeta.TextElement

func number(t dict.Tag, n ...float64) dicommeta.Element { return dicommeta.NumberElement(t, 0, n...) }

// study makes a study of patient N1, born as smallPatient was, with the elements given.
func study(uid string, also ...dicommeta.Element) *dicommeta.Study {
	s := &dicommeta.Study{Dataset: dicommeta.NewDataset(
		text(dict.StudyInstanceUID, uid), text(dict.PatientID, "N1"), text(dict.PatientBirthDate, "19700203"),
		text(dict.PatientSex, "F"), text(dict.StudyDate, "20200501"), text(dict.StudyTime, "101112.5"),
	)}
	for _, e := range also {
		s.Set(e)
	}
	return s
}

// addSeries adds a series of n instances in a folder of its own.
func addSeries(s *dicommeta.Study, uid, modality string, n int, also ...dicommeta.Element) *dicommeta.Study {
	se := dicommeta.Series{Dataset: dicommeta.NewDataset(text(dict.SeriesInstanceUID, uid), text(dict.Modality, modality))}
	for _, e := range also {
		se.Set(e)
	}
	for i := range n {
		sop := fmt.Sprintf("%s.%d", uid, i+1)
		se.Instances = append(se.Instances, dicommeta.Member{
			Dataset: dicommeta.NewDataset(text(dict.SOPInstanceUID, sop)), Source: "in/" + uid + "/" + sop + ".dcm", Size: 100,
		})
	}
	s.Series = append(s.Series, se)
	return s
}

func studies(all ...*dicommeta.Study) iter.Seq2[*dicommeta.Study, error] {
	return func(yield func(*dicommeta.Study, error) bool) {
		for _, s := range all {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// The patients and the orders of most cases.
const (
	linkedPatient = `{"resourceType":"Patient","id":"p","identifier":[{"system":"urn:a","value":"N1"}],"birthDate":"1970-02-03","gender":"female"}` + "\n"
	otherPatient  = `{"resourceType":"Patient","id":"q","identifier":[{"system":"urn:a","value":"N2"}],"birthDate":"1970-09-09","gender":"female"}` + "\n"
	linkedVisit   = `{"resourceType":"Encounter","id":"e1","identifier":[{"value":"ADM1"}],"status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p"},"period":{"start":"2020-05-01T09:00:00Z","end":"2020-05-01T10:00:00Z"}}` + "\n"
	laterVisit    = `{"resourceType":"Encounter","id":"e2","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p"},"period":{"start":"2020-06-01","end":"2020-06-03"}}` + "\n"
)

func orderLine(accession, patient, encounter string) string {
	return fmt.Sprintf(`{"resourceType":"ServiceRequest","id":"s-%s-%s","identifier":[{"type":{"coding":[{"code":"ACSN"}]},"value":%q}],"subject":{"reference":"Patient/%s"},"encounter":{"reference":"Encounter/%s"}}`+"\n", accession, encounter, accession, patient, encounter)
}

func imagingStudyLine(id, uid, patient, more string) string {
	return fmt.Sprintf(`{"resourceType":"ImagingStudy","id":%q,"identifier":[{"system":"urn:dicom:uid","value":"urn:oid:%s"},{"type":{"coding":[{"code":"ACSN"}]},"value":"ACC1"}],"status":"available","subject":{"reference":"Patient/%s"}%s}`+"\n", id, uid, patient, more)
}

// convertMixed converts NDJSON and studies and holds the result to the rules of OMOP.
func convertMixed(t testing.TB, ndjson string, opts ConvertOptions, all ...*dicommeta.Study) (fs.FS, *Report, issue.List) {
	t.Helper()
	if opts.DICOM == nil {
		opts.DICOM = &DICOMInput{Root: "in"}
	}
	if opts.DICOM.Studies == nil {
		opts.DICOM.Studies = studies(all...)
	}
	out, r, found := convert(t, ndjson, opts)
	for _, a := range append(slices.Clone(r.DICOM.Files), r.DICOM.Total) {
		if a.Read != a.Mapped+a.Filtered+a.Quarantined+a.Unsupported {
			t.Errorf("%s: the account of files does not add up: %+v", a.Type, a)
		}
	}
	validOMOP(t, out)
	return out, r, found
}

func validOMOP(t testing.TB, out fs.FS) {
	t.Helper()
	v, err := omop.NewValidator(nil)
	if err != nil {
		t.Fatal(err)
	}
	sub, err := fs.Sub(out, "omop")
	if err != nil {
		t.Fatal(err)
	}
	var c issue.Collector
	if _, err := v.Validate(context.Background(), sub, &c); err != nil {
		t.Fatal(err)
	}
	for _, i := range c.List() {
		if i.Severity >= issue.Error {
			t.Errorf("OMOP: %s", i)
		}
	}
}

func persons(t testing.TB, out fs.FS) (ids []string) {
	for _, row := range readIDsFS(t, out, TablePerson) {
		ids = append(ids, row.ResourceType+"/"+row.ResourceID)
	}
	return ids
}

func TestAStudyBecomesAProcedureAndImageOccurrences(t *testing.T) {
	s := addSeries(study("1.2.3", text(dict.TimezoneOffsetFromUTC, "+0200")), "1.2.3.1", "CT", 3,
		text(dict.SeriesDate, "20200502"), text(dict.BodyPartExamined, "CHEST"))
	s = addSeries(s, "1.2.3.2", "MR", 1)
	out, r, _ := convertMixed(t, "", ConvertOptions{}, s)
	p, images := table[omop.ProcedureOccurrence](t, out), table[omop.ImageOccurrence](t, out)
	if len(p) != 1 || len(images) != 2 {
		t.Fatalf("want one procedure and two image occurrences, have %d and %d", len(p), len(images))
	}
	if have := p[0].ProcedureDatetime.String(); have != "2020-05-01T08:11:12.500000" {
		t.Errorf("want the time in UTC, have %s", have)
	}
	if *p[0].ProcedureSourceValue != "CT/MR" {
		t.Errorf("want the modalities as the source value, have %s", *p[0].ProcedureSourceValue)
	}
	late := images[slices.IndexFunc(images, func(i omop.ImageOccurrence) bool { return i.ImageSeriesUID == "1.2.3.1" })]
	first := images[slices.IndexFunc(images, func(i omop.ImageOccurrence) bool { return i.ImageSeriesUID == "1.2.3.2" })]
	if late.ImageOccurrenceDate.String() != "2020-05-02" || first.ImageOccurrenceDate.String() != "2020-05-01" {
		t.Errorf("want the date of the series, else of the study, have %s and %s", late.ImageOccurrenceDate, first.ImageOccurrenceDate)
	}
	if late.ProcedureOccurrenceID != p[0].ProcedureOccurrenceID || late.ImageStudyUID != "1.2.3" || *late.LocalPath != "1.2.3.1" || late.WADORSURI != nil {
		t.Errorf("want links, UIDs and the folder below the root, have %+v", late)
	}
	if late.ModalityConceptID != 2128009190 || late.AnatomicSiteConceptID == nil || *late.AnatomicSiteConceptID < 1 {
		t.Errorf("want concepts of the published list, have %d and %v", late.ModalityConceptID, late.AnatomicSiteConceptID)
	}
	who := table[omop.Person](t, out)
	if len(who) != 1 || who[0].YearOfBirth != 1970 || *who[0].DayOfBirth != 3 || who[0].GenderConceptID != 8532 || who[0].PersonSourceValue != nil {
		t.Errorf("want a person of DICOM without an identifier, have %+v", who)
	}
	if d := cmp.Diff([]string{"DICOMPatient/N1"}, persons(t, out)); d != "" {
		t.Errorf("id map (-want +got):\n%s", d)
	}
	want := TypeAccount{Read: 4, Mapped: 4}
	if d := cmp.Diff(want, r.DICOM.Total); d != "" || r.DICOM.OwnPersons != 1 {
		t.Errorf("account of files (-want +got):\n%s", d)
	}
}

func TestChosenAttributesBecomeFeatures(t *testing.T) {
	spacing := dicommeta.NewDataset(dicommeta.SequenceElement(dict.PixelMeasuresSequence,
		dicommeta.NewDataset(text(dict.PixelSpacing, "0.5", "0.7"))))
	s := addSeries(study("1.2.3", text(dict.Manufacturer, "maker")), "1.2.3.1", "MR", 2, text(dict.SliceThickness, "5"),
		number(dict.Rows, 512), text(dict.PatientPosition, "HFS"), text(dict.ImageType, "ORIGINAL", "PRIMARY"), dicommeta.SequenceElement(dict.SharedFunctionalGroupsSequence, spacing))
	for i := range s.Series[0].Instances {
		s.Series[0].Instances[i].Set(text(dict.EchoTime, itoa(int32(10*(i+1)))))
		s.Series[0].Instances[i].Set(text(dict.FlipAngle, "90"))
	}
	out, _, _ := convertMixed(t, "", ConvertOptions{Concepts: subset(t)}, s)
	have := map[string][]string{}
	byID := map[int32]omop.Measurement{}
	for _, m := range table[omop.Measurement](t, out) {
		v := *m.ValueSourceValue
		if m.ValueAsNumber != nil {
			v = fmt.Sprint(*m.ValueAsNumber)
		}
		if m.UnitSourceValue != nil {
			v += " " + *m.UnitSourceValue
		}
		have[*m.MeasurementSourceValue] = append(have[*m.MeasurementSourceValue], v)
		byID[m.MeasurementID] = m
		if m.MeasurementConceptID == 0 || m.MeasurementConceptID != *m.MeasurementSourceConceptID || *m.MeasEventFieldConceptID != 1147082 {
			t.Errorf("%s: want its own concept and the procedure, have %+v", *m.MeasurementSourceValue, m)
		}
		if *m.MeasurementSourceValue == "00185100" && (m.ValueAsConceptID == nil || *m.ValueAsConceptID == 0) {
			t.Error("want a concept for a position that the standard defines")
		}
		if *m.MeasurementSourceValue == "00180050" && (m.UnitConceptID == nil || *m.UnitConceptID != 8588) {
			t.Error("want the concept of millimetres")
		}
	}
	want := map[string][]string{
		"00180050": {"5 mm"}, "00280010": {"512"}, "00280030": {"0.5 mm", "0.7 mm"}, "00180081": {"10 ms", "20 ms"},
		"00181314": {"90 deg"}, "00185100": {"HFS"}, "00080070": {"maker"}, "00080008": {`ORIGINAL\PRIMARY`},
	}
	if d := cmp.Diff(want, have); d != "" {
		t.Errorf("measurements (-want +got):\n%s", d)
	}
	features := table[omop.ImageFeature](t, out)
	if len(features) != len(byID) {
		t.Fatalf("want a feature for each of %d measurements, have %d", len(byID), len(features))
	}
	for _, f := range features {
		m, ok := byID[*f.ImageFeatureEventID]
		if !ok || *f.ImageFeatureEventFieldConceptID != 1147138 || f.ImageFeatureConceptID != m.MeasurementConceptID || f.ImageOccurrenceID != 1 || *f.ImageFindingConceptID != 0 {
			t.Errorf("want a link to a measurement of the same concept, have %+v", f)
		}
	}
}

func TestAnAttributeOfTooManyValuesIsALoss(t *testing.T) {
	s := addSeries(study("1.2.3"), "1.2.3.1", "MR", 20)
	for i := range s.Series[0].Instances {
		s.Series[0].Instances[i].Set(text(dict.EchoTime, itoa(int32(i))))
	}
	_, r, _ := convertMixed(t, "", ConvertOptions{}, s)
	if r.Losses["attribute-differs-within-series"] != 1 || r.Rows["measurement"] != 0 {
		t.Errorf("want a loss and no rows, have %v and %d", r.Losses, r.Rows["measurement"])
	}
}

// TestEachKindOfIdentifierLinksAStudy: with everything else of the study unknown.
func TestEachKindOfIdentifierLinksAStudy(t *testing.T) {
	unknown := text(dict.PatientID, "other")
	none := text(dict.PatientID)
	for name, c := range map[string]struct {
		fhir     string
		study    []dicommeta.Element
		policy   func(*Policy)
		by, seen string
	}{
		"PatientID":       {by: "PatientID"},
		"padded":          {study: []dicommeta.Element{text(dict.PatientID, " N1 ")}, by: "PatientID"},
		"OtherPatientIDs": {study: []dicommeta.Element{unknown, text(dict.OtherPatientIDs, "x", "N1")}, by: "OtherPatientIDs"},
		"OtherPatientIDsSequence": {study: []dicommeta.Element{unknown, dicommeta.SequenceElement(dict.OtherPatientIDsSequence,
			dicommeta.NewDataset(text(dict.PatientID, "N1")))}, by: "OtherPatientIDs"},
		"StudyInstanceUID": {fhir: imagingStudyLine("i", "1.2.3", "p", ""), study: []dicommeta.Element{none}, by: "StudyInstanceUID"},
		"AccessionNumber":  {fhir: orderLine("ACC9", "p", "e1"), study: []dicommeta.Element{none, text(dict.AccessionNumber, "ACC9")}, by: "AccessionNumber", seen: "AccessionNumber"},
		"issuer": {study: []dicommeta.Element{text(dict.IssuerOfPatientID, "A")}, by: "PatientID",
			policy: func(p *Policy) { p.DICOM.Issuers = map[string]string{"A": "urn:a"} }},
		"resource id": {study: []dicommeta.Element{text(dict.PatientID, "p")}, by: "PatientID",
			policy: func(p *Policy) { p.DICOM.PatientResourceID = true }},
		"system":      {by: "PatientID", policy: func(p *Policy) { p.DICOM.PatientSystems = []string{"urn:a"} }},
		"AdmissionID": {study: []dicommeta.Element{text(dict.AdmissionID, "ADM1")}, by: "PatientID", seen: "AdmissionID"},
		"StudyDate":   {by: "PatientID", seen: "StudyDate"},
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultPolicy()
			if c.policy != nil {
				c.policy(p)
			}
			s := addSeries(study("1.2.3", c.study...), "1.2.3.1", "CT", 1)
			out, r, _ := convertMixed(t, linkedPatient+otherPatient+linkedVisit+laterVisit+c.fhir, ConvertOptions{Policy: p}, s)
			if d := cmp.Diff(map[string]int64{c.by: 1}, r.DICOM.Patients); d != "" {
				t.Errorf("linked by (-want +got):\n%s", d)
			}
			if d := cmp.Diff([]string{"Patient/p", "Patient/q"}, persons(t, out)); d != "" {
				t.Errorf("persons (-want +got):\n%s", d)
			}
			images := table[omop.ImageOccurrence](t, out)
			if len(images) != 1 || images[0].PersonID != 1 || images[0].VisitOccurrenceID == nil || *images[0].VisitOccurrenceID != 1 {
				t.Fatalf("want the image with person 1 and visit 1, have %+v", images)
			}
			if c.seen != "" && r.DICOM.Visits[c.seen] != 1 {
				t.Errorf("want the visit by %s, have %v", c.seen, r.DICOM.Visits)
			}
		})
	}
}

// TestWhatIsNotCertainIsNotLinked: several patients, identifiers that contradict
// each other, another birth year: quarantined, with the files counted.
func TestWhatIsNotCertainIsNotLinked(t *testing.T) {
	twin := strings.Replace(otherPatient, "N2", "N1", 1)
	several := study("1.2.3")
	several.Issues = issue.List{{Severity: issue.Error, Code: dicommeta.CodeRollupPatients, Path: dict.PatientID.String()}}
	for name, c := range map[string]struct {
		fhir   string
		study  *dicommeta.Study
		policy func(*Policy)
		rule   string
		code   issue.Code
	}{
		"two patients of the identifier": {linkedPatient + twin, study("1.2.3"), nil, "patient-ambiguous", CodeAmbiguous},
		"two patients in the study":      {linkedPatient, several, nil, "patient-ambiguous", CodeAmbiguous},
		"order of another patient": {linkedPatient + otherPatient + orderLine("ACC9", "q", "e"), study("1.2.3", text(dict.AccessionNumber, "ACC9")), nil,
			"patient-contradicts", CodeContradicts},
		"another birth year": {linkedPatient, study("1.2.3", text(dict.PatientBirthDate, "19800203")), nil, "patient-contradicts", CodeContradicts},
		"another issuer": {linkedPatient, study("1.2.3", text(dict.IssuerOfPatientID, "B")), func(p *Policy) {
			p.DICOM.Issuers, p.DICOM.Unlinked = map[string]string{"B": "urn:b"}, "quarantine"
		}, "patient-not-linked", CodeUnlinked},
		"another system": {linkedPatient, study("1.2.3"), func(p *Policy) {
			p.DICOM.PatientSystems, p.DICOM.Unlinked = []string{"urn:b"}, "quarantine"
		}, "patient-not-linked", CodeUnlinked},
		"other ID of another issuer": {linkedPatient, study("1.2.3", text(dict.PatientID), dicommeta.SequenceElement(dict.OtherPatientIDsSequence,
			dicommeta.NewDataset(text(dict.PatientID, "N1"), text(dict.IssuerOfPatientID, "B")))), func(p *Policy) {
			p.DICOM.Issuers = map[string]string{"B": "urn:b"}
		}, "patient-id-missing", CodePatientID},
		"no identifier": {linkedPatient, study("1.2.3", text(dict.PatientID)), nil, "patient-id-missing", CodePatientID},
		"no study UID":  {linkedPatient, study("x"), nil, "uid-missing", CodeUID},
		"no birth year": {linkedPatient, study("1.2.3", text(dict.PatientID, "N7"), text(dict.PatientBirthDate)), nil, "birth-year-missing", CodeBirthYear},
		"no date":       {linkedPatient, study("1.2.3", text(dict.StudyDate)), nil, "date-missing", CodeDateMissing},
		"patient that is quarantined": {strings.Replace(linkedPatient, `"birthDate":"1970-02-03",`, "", 1), study("1.2.3"), nil,
			"patient-not-in-input", CodePatientMissing},
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultPolicy()
			if c.policy != nil {
				c.policy(p)
			}
			out, r, found := convertMixed(t, c.fhir, ConvertOptions{Policy: p}, addSeries(c.study, "1.2.3.1", "CT", 3, text(dict.SliceThickness, "1")))
			want := TypeAccount{Type: "CT", Read: 3, Quarantined: 3, Rules: map[string]int64{c.rule: 3}}
			if d := cmp.Diff([]TypeAccount{want}, r.DICOM.Files); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
			if n := r.Rows["image_occurrence"] + r.Rows["procedure_occurrence"] + r.Rows["measurement"] + r.Rows["image_feature"]; n != 0 {
				t.Errorf("want no rows of the study, have %d", n)
			}
			if !slices.ContainsFunc(found, func(i issue.Issue) bool { return i.Code == c.code && i.Severity == issue.Error }) {
				t.Errorf("want the finding %s, have %v", c.code, found)
			}
			for _, i := range found {
				if strings.Contains(i.Message, "N1") || strings.Contains(i.Message, "1980") {
					t.Errorf("%s: the message holds a value", i.Code)
				}
			}
			b, err := fs.ReadFile(out, "quarantine.ndjson")
			if err != nil {
				t.Fatal(err)
			}
			var lines []quarantined
			for line := range strings.Lines(string(b)) {
				var q quarantined
				mustJSON(t, []byte(line), &q)
				if q.Type == "DICOMSeries" {
					lines = append(lines, q)
				}
			}
			if len(lines) != 1 || lines[0].Files != 3 || lines[0].Reason != c.rule || lines[0].Series != "1.2.3.1" || lines[0].Source == "" {
				t.Errorf("want one line about the series, have %+v", lines)
			}
		})
	}
}

func TestAnUnlinkedStudyMakesAPersonOrNone(t *testing.T) {
	s := func() *dicommeta.Study {
		return addSeries(study("1.2.3", text(dict.PatientID, "N9")), "1.2.3.1", "CT", 2)
	}
	out, r, _ := convertMixed(t, linkedPatient, ConvertOptions{}, s())
	if d := cmp.Diff([]string{"Patient/p", "DICOMPatient/N9"}, persons(t, out)); d != "" || r.DICOM.OwnPersons != 1 {
		t.Errorf("want a person of its own behind the Patients (-want +got):\n%s", d)
	}
	p := DefaultPolicy()
	p.DICOM.Unlinked = "quarantine"
	out, r, _ = convertMixed(t, linkedPatient, ConvertOptions{Policy: p}, s())
	if d := cmp.Diff([]string{"Patient/p"}, persons(t, out)); d != "" || r.DICOM.Total.Quarantined != 2 {
		t.Errorf("want no person of its own (-want +got):\n%s", d)
	}
	// Without FHIR there is nothing to link to.
	if out, _, _ = convertMixed(t, "", ConvertOptions{Policy: p, DICOM: &DICOMInput{Studies: studies(s())}}); len(persons(t, out)) != 0 {
		t.Error("want FHIR read, though empty, to count as read")
	}
}

// TestStudiesOfOnePatientMakeOnePerson: what one study lacks another may say.
func TestStudiesOfOnePatientMakeOnePerson(t *testing.T) {
	a := addSeries(study("1.2.1", text(dict.PatientBirthDate), text(dict.PatientAge, "040Y"), text(dict.PatientSex)), "1.2.1.1", "CT", 1)
	b := addSeries(study("1.2.2", text(dict.IssuerOfPatientID)), "1.2.2.1", "CT", 1)
	c := addSeries(study("1.2.3", text(dict.IssuerOfPatientID, "X"), text(dict.PatientBirthDate), text(dict.PatientAge, "040Y")), "1.2.3.1", "CT", 1)
	out, _, _ := convertMixed(t, "", ConvertOptions{}, c, b, a)
	who := table[omop.Person](t, out)
	if len(who) != 2 || who[0].YearOfBirth != 1970 || who[0].GenderConceptID != 8532 || who[1].YearOfBirth != 1980 || who[1].MonthOfBirth != nil {
		t.Errorf("want a person for each Patient ID and issuer, have %+v", who)
	}
}

// TestAStudyAndItsImagingStudyAreOne: one procedure with the code and encounter
// of FHIR, series of both once, those of DICOM first.
func TestAStudyAndItsImagingStudyAreOne(t *testing.T) {
	line := imagingStudyLine("i", "1.2.3", "p", `,"encounter":{"reference":"Encounter/e2"},"started":"2020-05-01T10:11:12Z",`+
		`"procedureCode":[`+coded(snomed, "p-1")+`],"series":[{"uid":"1.2.3.1","modality":{"system":"`+dcmSystem+`","code":"CT"}},{"uid":"1.2.3.9","modality":{"system":"`+dcmSystem+`","code":"CT"}}]`)
	s := addSeries(addSeries(study("1.2.3", text(dict.AccessionNumber, "ACC1")), "1.2.3.1", "CT", 2), "1.2.3.2", "MR", 1)
	out, r, _ := convertMixed(t, linkedPatient+linkedVisit+laterVisit+line, ConvertOptions{}, s)
	p := table[omop.ProcedureOccurrence](t, out)
	if len(p) != 1 || p[0].ProcedureConceptID != 5 || p[0].VisitOccurrenceID == nil || *p[0].VisitOccurrenceID != 2 || r.DICOM.Merged != 1 {
		t.Fatalf("want one procedure with FHIR's code and visit, have %+v", p)
	}
	have := map[string]string{}
	for _, i := range table[omop.ImageOccurrence](t, out) {
		path := ""
		if i.LocalPath != nil {
			path = *i.LocalPath
		}
		have[i.ImageSeriesUID] = path
		if i.ModalityConceptID == 0 || i.ProcedureOccurrenceID != 1 || i.VisitOccurrenceID == nil || *i.VisitOccurrenceID != 2 {
			t.Errorf("want all series with a modality and the procedure and visit of FHIR, have %+v", i)
		}
	}
	if d := cmp.Diff(map[string]string{"1.2.3.1": "1.2.3.1", "1.2.3.2": "1.2.3.2", "1.2.3.9": ""}, have); d != "" {
		t.Errorf("series (-want +got):\n%s", d)
	}
	if r.Total.Mapped != 4 || r.DICOM.Total.Mapped != 3 {
		t.Errorf("want all resources and files mapped, have %+v and %+v", r.Total, r.DICOM.Total)
	}
	if ids := readIDsFS(t, out, TableProcedureOccurrence); len(ids) != 1 || ids[0].ResourceType != "ImagingStudy" {
		t.Errorf("want the ImagingStudy in the id map, have %+v", ids)
	}
}

// TestAMergedStudyTakesFromEachWhatTheOtherLacks: dates, codes and second
// resources of the same study.
func TestAMergedStudyTakesFromEachWhatTheOtherLacks(t *testing.T) {
	bare := imagingStudyLine("i", "1.2.3", "p", `,"series":[{"uid":"1.2.3.1"}]`)
	code := dicommeta.NewDataset(text(dict.CodeValue, "p-1"), text(dict.CodingSchemeDesignator, "SCT"))
	s := addSeries(study("1.2.3", dicommeta.SequenceElement(dict.ProcedureCodeSequence, code)), "1.2.3.1", "CT", 1)
	out, r, _ := convertMixed(t, linkedPatient+bare+strings.Replace(bare, `"id":"i"`, `"id":"j"`, 1), ConvertOptions{}, s)
	p := table[omop.ProcedureOccurrence](t, out)
	if len(p) != 1 || p[0].ProcedureConceptID != 5 || p[0].ProcedureDate.String() != "2020-05-01" {
		t.Errorf("want one procedure with DICOM's code and date, have %+v", p)
	}
	if r.Rows["image_occurrence"] != 1 || r.Total.Filtered != 1 || r.Total.Mapped != 2 {
		t.Errorf("want one image and the second resource filtered, have %d and %+v", r.Rows["image_occurrence"], r.Total)
	}
	dated := imagingStudyLine("i", "1.2.3", "p", `,"started":"2020-07-01"`)
	out, _, _ = convertMixed(t, linkedPatient+dated, ConvertOptions{}, addSeries(study("1.2.3", text(dict.StudyDate)), "1.2.3.1", "CT", 1))
	if i := table[omop.ImageOccurrence](t, out); len(i) != 1 || i[0].ImageOccurrenceDate.String() != "2020-07-01" {
		t.Errorf("want the day of the ImagingStudy, have %+v", i)
	}
}

func TestAStudyOnADayOfTwoVisitsHasNone(t *testing.T) {
	second := strings.Replace(linkedVisit, `"e1"`, `"e3"`, 1)
	out, r, _ := convertMixed(t, linkedPatient+linkedVisit+second, ConvertOptions{}, addSeries(study("1.2.3"), "1.2.3.1", "CT", 1))
	if i := table[omop.ImageOccurrence](t, out); i[0].VisitOccurrenceID != nil || r.DICOM.SeveralVisits != 1 {
		t.Errorf("want no visit and the study counted, have %+v", r.DICOM)
	}
}

func TestSeriesAreWhereThePolicySays(t *testing.T) {
	p := DefaultPolicy()
	p.DICOM.Locations, p.DICOM.WADORoot = []string{"wadors_uri"}, "https://pacs.example.org/web/"
	s := addSeries(study("1.2.3"), "1.2.3.1", "CT", 1)
	s = addSeries(s, "1.2.3.2", "CT", 1)
	s.Series[1].Instances[0].Source = "https://other.example.org/studies/1.2.3/series/1.2.3.2/instances/5"
	out, _, _ := convertMixed(t, "", ConvertOptions{Policy: p}, s)
	i := table[omop.ImageOccurrence](t, out)
	if i[0].LocalPath != nil || *i[0].WADORSURI != "https://pacs.example.org/web/studies/1.2.3/series/1.2.3.1" || *i[1].WADORSURI != "https://other.example.org/studies/1.2.3/series/1.2.3.2" {
		t.Errorf("want addresses alone, have %+v", i)
	}
	p.DICOM.SkipModalities = []string{"CT"}
	_, r, _ := convertMixed(t, "", ConvertOptions{Policy: p}, s)
	if r.Rows["image_occurrence"] != 0 || r.DICOM.Total.Filtered != 2 || r.DICOM.Files[0].Rules["modality"] != 2 {
		t.Errorf("want the modality filtered, have %+v", r.DICOM.Total)
	}
}

// TestEveryFileOfTheReaderIsAccountedFor: what gave no instance of a study is
// counted too, and a sum that does not add up ends the conversion.
func TestEveryFileOfTheReaderIsAccountedFor(t *testing.T) {
	s := addSeries(study("1.2.3"), "1.2.3.1", "CT", 2)
	s.Issues = issue.List{{Severity: issue.Information, Code: dicommeta.CodeRollupCopy}}
	stats := dicommeta.ReadStats{Files: 11, Instances: 4, NotDICOM: 5, Failed: 2}
	input := func() *DICOMInput {
		return &DICOMInput{Studies: studies(s), Stats: func() dicommeta.ReadStats { return stats }}
	}
	_, r, _ := convertMixed(t, linkedPatient, ConvertOptions{DICOM: input()})
	want := TypeAccount{Read: 11, Mapped: 2, Filtered: 1, Quarantined: 3, Unsupported: 5, Rules: map[string]int64{
		"duplicate": 1, "not-dicom": 5, "uid-missing": 1, "unreadable": 2,
	}}
	if d := cmp.Diff(want, r.DICOM.Total); d != "" {
		t.Errorf("account (-want +got):\n%s", d)
	}
	var shown strings.Builder
	if err := r.WriteText(&shown); err != nil || !strings.Contains(shown.String(), "not-dicom") {
		t.Errorf("want the files in the text, have %v", err)
	}
	stats.Files++
	dir := filepath.Join(t.TempDir(), "out")
	src := fhir.ReaderSource("in.ndjson", strings.NewReader(linkedPatient))
	defer src.Close()
	_, err := Convert(context.Background(), []fhir.Source{src}, &ConvertOptions{Out: dir, Concepts: few{}, DICOM: input()})
	if err == nil || !strings.Contains(err.Error(), "12 DICOM files were read but 11") {
		t.Errorf("want a refusal, have %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("want nothing left behind")
	}
}

const dcmSystem = "http://dicom.nema.org/resources/ontology/DCM"
