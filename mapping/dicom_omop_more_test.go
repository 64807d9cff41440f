package mapping

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/dicommeta/index"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/omop"
	"github.com/google/go-cmp/cmp"
)

// code makes an item of a code sequence.
func code(scheme, value string) dicommeta.Dataset {
	return dicommeta.NewDataset(text(dict.CodeValue, value), text(dict.CodingSchemeDesignator, scheme))
}

// item makes a content item.
func item(relation, kind string, name dicommeta.Dataset, also ...dicommeta.Element) dicommeta.Dataset {
	d := dicommeta.NewDataset(text(dict.RelationshipType, relation), text(dict.ValueType, kind), dicommeta.SequenceElement(dict.ConceptNameCodeSequence, name))
	for _, e := range also {
		d.Set(e)
	}
	return d
}

// report makes a TID 1500 report with one measurement on an instance of a series.
func reportSeries(uid, measured string) *dicommeta.Series {
	image := dicommeta.NewDataset(text(dict.ReferencedSOPClassUID, "1.2.840.10008.5.1.4.1.1.2"), text(dict.ReferencedSOPInstanceUID, measured+".1"))
	value := dicommeta.NewDataset(text(dict.NumericValue, "12.5"), dicommeta.SequenceElement(dict.MeasurementUnitsCodeSequence, code("UCUM", "mm")))
	number := item("CONTAINS", "NUM", code("SCT", "o-1"), dicommeta.SequenceElement(dict.MeasuredValueSequence, value))
	group := item("CONTAINS", "CONTAINER", code("DCM", "125007"), dicommeta.SequenceElement(dict.ContentSequence,
		item("HAS OBS CONTEXT", "TEXT", code("DCM", "111001"), text(dict.TextValue, "finder")),
		item("CONTAINS", "CODE", code("DCM", "121071"), dicommeta.SequenceElement(dict.ConceptCodeSequence, code("SCT", "c-1"))),
		item("HAS CONCEPT MOD", "CODE", code("SCT", "363698007"), dicommeta.SequenceElement(dict.ConceptCodeSequence, code("SCT", "s-1"))),
		item("CONTAINS", "IMAGE", code("DCM", "111030"), dicommeta.SequenceElement(dict.ReferencedSOPSequence, image)), number))
	evidence := dicommeta.NewDataset(text(dict.StudyInstanceUID, "1.2.3"), dicommeta.SequenceElement(dict.ReferencedSeriesSequence,
		dicommeta.NewDataset(text(dict.SeriesInstanceUID, measured), dicommeta.SequenceElement(dict.ReferencedSOPSequence, image))))
	d := dicommeta.NewDataset(
		text(dict.SOPInstanceUID, uid+".1"), text(dict.ValueType, "CONTAINER"), text(dict.ContentDate, "20200504"), text(dict.ContentTime, "090000"),
		dicommeta.SequenceElement(dict.ConceptNameCodeSequence, code("DCM", "126000")),
		dicommeta.SequenceElement(dict.CurrentRequestedProcedureEvidenceSequence, evidence),
		dicommeta.SequenceElement(dict.ContentSequence, item("CONTAINS", "CONTAINER", code("DCM", "126010"), dicommeta.SequenceElement(dict.ContentSequence, group))),
	)
	return &dicommeta.Series{
		Dataset:   dicommeta.NewDataset(text(dict.SeriesInstanceUID, uid), text(dict.Modality, "SR")),
		Instances: []dicommeta.Member{{Dataset: d, Source: "in/" + uid + "/1.dcm", Size: 10}},
	}
}

func TestMeasurementsOfReportsLinkToTheMeasuredSeries(t *testing.T) {
	for _, c := range []struct {
		measured string
		image    string
		lost     int64
	}{{"1.2.3.1", "1.2.3.1", 0}, {"1.2.3.77", "1.2.3.2", 1}} {
		s := addSeries(study("1.2.3"), "1.2.3.1", "CT", 1)
		s.Series = append(s.Series, *reportSeries("1.2.3.2", c.measured))
		out, r, _ := convertMixed(t, linkedPatient, ConvertOptions{}, s)
		o := table[omop.Measurement](t, out)
		rows := table[omop.Observation](t, out)
		if len(o)+len(rows) != 1 || len(rows) != 1 {
			t.Fatalf("want one observation, as the domain of its concept says, have %d and %d", len(rows), len(o))
		}
		m := rows[0]
		if m.ObservationConceptID != 3 || *m.ValueAsNumber != 12.5 || *m.UnitSourceValue != "mm" || m.ObservationDate.String() != "2020-05-04" {
			t.Errorf("want concept, value, unit and date of the report, have %+v", m)
		}
		if ids := readIDsFS(t, out, TableObservation); ids[0].ResourceType != "DICOMInstance" || ids[0].ResourceID != "1.2.3.2.1" {
			t.Errorf("want the report in the id map, have %+v", ids)
		}
		images := map[int32]string{}
		for _, i := range table[omop.ImageOccurrence](t, out) {
			images[i.ImageOccurrenceID] = i.ImageSeriesUID
		}
		f := table[omop.ImageFeature](t, out)
		if len(f) != 1 || images[f[0].ImageOccurrenceID] != c.image || *f[0].ImageFeatureEventID != m.ObservationID || *f[0].ImageFeatureEventFieldConceptID != 1147165 {
			t.Fatalf("want a feature of series %s, have %+v", c.image, f)
		}
		if *f[0].ImageFindingConceptID != 1 || *f[0].AnatomicSiteConceptID != 9 {
			t.Errorf("want finding and site, have %+v", f[0])
		}
		if r.Losses["measured-series-not-in-input"] != c.lost {
			t.Errorf("want %d losses, have %v", c.lost, r.Losses)
		}
		if r.DICOM.Total.Mapped != 2 {
			t.Errorf("want both files mapped, have %+v", r.DICOM.Total)
		}
	}
}

// TestMixedBytesDependOnTheInputAlone: workers, memory and the order of studies
// and resources leave no trace.
func TestMixedBytesDependOnTheInputAlone(t *testing.T) {
	var lines []string
	var all []*dicommeta.Study
	for i := range 40 {
		p := fmt.Sprintf("p%02d", i)
		lines = append(lines, strings.ReplaceAll(strings.ReplaceAll(linkedPatient, `"p"`, `"`+p+`"`), "N1", "N"+p))
		for k := range 3 {
			uid := fmt.Sprintf("1.2.%d.%d", i+1, k+1)
			id := "N" + p
			if k == 2 {
				id = "unknown-" + p
			}
			s := study(uid, text(dict.PatientID, id), text(dict.Manufacturer, "m"))
			if i%7 == 3 {
				s.Set(text(dict.PatientBirthDate, "19300101"))
			}
			all = append(all, addSeries(addSeries(s, uid+".1", "CT", 2, text(dict.KVP, "120")), uid+".2", "SR", 1))
			if k == 1 {
				lines = append(lines, imagingStudyLine("i-"+p, uid, p, `,"started":"2020-05-01","series":[{"uid":"`+uid+`.1"},{"uid":"`+uid+`.5"}]`))
			}
		}
	}
	rng := rand.New(rand.NewPCG(3, 4))
	var want map[string]string
	for n, opts := range []ConvertOptions{{Workers: 1}, {Workers: 1, MemoryBudget: 1 << 16}, {Workers: 2}, {Workers: 5}} {
		opts.Out = filepath.Join(t.TempDir(), "out")
		opts.Concepts = few{}
		opts.DICOM = &DICOMInput{Studies: studies(all...)}
		out, r, _ := convertTo(t, strings.Join(lines, ""), opts)
		if r.DICOM.Merged == 0 || r.DICOM.OwnPersons == 0 || r.DICOM.Total.Quarantined == 0 {
			t.Fatalf("want studies of all kinds, have %+v", r.DICOM)
		}
		have := hashes(t, out, "omop", "idmap")
		for k, v := range hashes(t, out, ".") {
			if strings.HasSuffix(k, ".csv") || strings.HasPrefix(k, "quarantine") {
				have[k] = v
			}
		}
		if n == 0 {
			want = have
		}
		if d := cmp.Diff(want, have); d != "" {
			t.Errorf("run %d (-want +got):\n%s", n, d)
		}
		rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
}

func TestConvertWantsStudiesAndAPolicyForThem(t *testing.T) {
	old := DefaultPolicy()
	old.DICOM = ImagingPolicy{}
	for want, opts := range map[string]*ConvertOptions{
		"want studies":                    {DICOM: &DICOMInput{}},
		"policy ohdsi: dicom":             {DICOM: &DICOMInput{Studies: studies()}, Policy: old},
		"mapping: studies: the disk fell": {DICOM: &DICOMInput{Studies: failing()}},
	} {
		opts.Out, opts.Concepts = filepath.Join(t.TempDir(), "out"), few{}
		if _, err := Convert(context.Background(), nil, opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, have %v", want, err)
		}
	}
}

func failing() iter.Seq2[*dicommeta.Study, error] {
	return func(yield func(*dicommeta.Study, error) bool) { yield(nil, errors.New("the disk fell")) }
}

// withDICOM is a vocabulary with a DICOM concept of its own.
type withDICOM struct{ few }

func (withDICOM) Lookup(vocabulary, code string) (omop.ConceptInfo, bool) {
	if vocabulary == "DICOM" && (code == "00080060" || code == "00180060") {
		return omop.ConceptInfo{ID: 77, Code: code, Vocabulary: "DICOM", Domain: "Measurement"}, true
	}
	return few{}.Lookup(vocabulary, code)
}

// TestAVocabularyGoesBeforeThePublishedList: ids of one edition never stand beside
// those of another.
func TestAVocabularyGoesBeforeThePublishedList(t *testing.T) {
	for _, c := range []struct {
		concepts          Concepts
		published         bool
		voltage, modality int32
	}{{few{}, true, 2128000818, 2128009190}, {withDICOM{}, true, 77, 0}, {few{}, false, 0, 0}} {
		p := DefaultPolicy()
		p.DICOM.PublishedConcepts = c.published
		out, _, _ := convertMixed(t, "", ConvertOptions{Concepts: c.concepts, Policy: p},
			addSeries(study("1.2.3"), "1.2.3.1", "CT", 1, text(dict.KVP, "120")))
		m, i := table[omop.Measurement](t, out), table[omop.ImageOccurrence](t, out)
		if len(m) != 1 || m[0].MeasurementConceptID != c.voltage || i[0].ModalityConceptID != c.modality {
			t.Errorf("want concepts %d and %d, have %+v and %+v", c.voltage, c.modality, m, i)
		}
	}
}

func TestThePublishedListIsWhole(t *testing.T) {
	l := published()
	if len(l.byCode) != 8811 || len(l.byID) != 8811 {
		t.Errorf("want 8811 concepts, have %d and %d", len(l.byCode), len(l.byID))
	}
	c := withPublished(few{})
	part, _ := c.Lookup("DICOM", "00180015")
	values := c.MapsToValue(part.ID, nil)
	n := 0
	for _, v := range values {
		n += len(c.MapsTo(v.ID, nil))
	}
	if len(values) != 318 || n < 300 {
		t.Errorf("want 318 body parts of which most map to an anatomic site, have %d and %d", len(values), n)
	}
}

func TestABrokenDICOMPolicyNamesItsPlace(t *testing.T) {
	b, err := policyFiles.ReadFile("policies/ohdsi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := string(b)
	for want, change := range map[string][2]string{
		"dicom.patient_links":      {"patient_links: [PatientID,", "patient_links: [AdmissionID,"},
		"dicom.visit_links":        {"AdmissionID, StudyDate]", "AdmissionID, AdmissionID]"},
		"dicom.unlinked":           {"unlinked: person", "unlinked: guess"},
		"dicom.birth_year_differs": {"birth_year_differs: quarantine", "birth_year_differs: no"},
		"dicom.locations":          {"locations: [local_path]", "locations: [here]"},
		"dicom.wadors_root":        {"locations: [local_path]", "locations: [wadors_uri]"},
		"want the address":         {`wadors_root: ""`, `wadors_root: "pacs"`},
		"dicom.utc_offset":         {`utc_offset: "+00:00"`, `utc_offset: "CET"`},
		"dicom.description":        {"description: drop", "description: shorten"},
		"dicom.max_values":         {"max_values: 8", "max_values: 0"},
		"dicom.features.Slice":     {"SliceThickness: mm", "SliceThickness2: mm"},
		"dicom.features.Other":     {"SliceThickness: mm", "OtherPatientIDsSequence: mm"},
		"dicom.schemes.SCT":        {"SCT: http://snomed.info/sct", "SCT: http://nowhere"},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if text == good {
			t.Errorf("%s: the test changes nothing", want)
		}
		if _, err := ParsePolicy("p.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in the error, have %v", want, err)
		}
	}
	fhirOnly := good[:strings.Index(good, "\n# DICOM:")]
	if p, err := ParsePolicy("p.yaml", []byte(fhirOnly)); err != nil || !p.DICOM.absent() {
		t.Errorf("want a policy without DICOM to be one, have %v", err)
	}
}

func TestTimesOfDICOM(t *testing.T) {
	for s, want := range map[string]int64{
		"10": 10 * 3600e6, "1011": 10*3600e6 + 11*60e6, "101112": 36672e6, "101112.5": 36672.5e6, "10:11:12": 36672e6, "235960": 86400e6,
		"": -1, "1": -1, "2400": -1, "10.5": -1, "101112.1234567": -1, "1x": -1,
	} {
		if us, ok := timeOf(s); ok != (want >= 0) || ok && us != want {
			t.Errorf("%q: want %d, have %d, %t", s, want, us, ok)
		}
	}
	for s, ok := range map[string]bool{"20200229": true, "2020.02.29": true, "20210229": false, "00000101": false, "2020": false, "2020-02-29": false} {
		if _, have := dayOf(s); have != ok {
			t.Errorf("%q: want %t", s, ok)
		}
	}
	for s, want := range map[string]string{
		"20200501101112.5+0200": "2020-05-01T08:11:12.500000", "20200501": "", "2020": "", "20200501T10": "",
	} {
		if w, ok := instantOf(s, 0); ok && want != "" && w.Instant.String() != want || ok == (want == "" && s != "20200501") {
			t.Errorf("%q: want %q, have %v, %t", s, want, w, ok)
		}
	}
	for age, year := range map[string]int{"040Y": 1980, "006M": 2019, "010W": 2020, "003D": 2020, "": 0, "40Y": 0, "0x0Y": 0, "040Q": 0} {
		day, ok := bornBefore(age, mustDay(t, "20200501"))
		if ok != (year != 0) || ok && day.Time().Year() != year {
			t.Errorf("%q: want %d, have %s, %t", age, year, day, ok)
		}
	}
}

func mustDay(t *testing.T, s string) omop.Date {
	d, ok := dayOf(s)
	if !ok {
		t.Fatal(s)
	}
	return d
}

// FuzzStudiesSurviveAnything: whatever elements a study has, mapping it ends in
// one outcome and reducing it with a Patient counts every file once.
func FuzzStudiesSurviveAnything(f *testing.F) {
	f.Add("1.2.3", "N1", "20200501", "101112", "19700203", "040Y", "1.2.3.1", "CT", "5\\6", "CHEST", uint32(dict.SliceThickness), true)
	f.Add("", "", "", "", "", "", "", "", "", "", uint32(0), false)
	f.Add("1", "\xff", "2020.05.01", "1", "9", "999Y", "1", "ct ", "\\", "\x00", uint32(dict.ContentSequence), true)
	m, err := NewDICOMToOMOP(few{}, nil)
	if err != nil {
		f.Fatal(err)
	}
	fhirMapper, err := NewFHIRToOMOP(few{}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, uid, patient, day, clock, birth, age, series, modality, value, part string, tag uint32, linked bool) {
		s := study(uid, text(dict.PatientID, patient), text(dict.StudyDate, day), text(dict.StudyTime, clock), text(dict.PatientBirthDate, birth),
			text(dict.PatientAge, age), text(dict.TimezoneOffsetFromUTC, clock))
		addSeries(s, series, modality, 2, text(dict.BodyPartExamined, part), text(dict.Tag(tag), value),
			dicommeta.SequenceElement(dict.AnatomicRegionSequence, code("SCT", part)))
		s.Series = append(s.Series, *reportSeries(uid+".9", series))
		var facts Facts
		issues := m.Map(s, &facts)
		checkIssues(t, issues)
		outcome, rule := facts.Outcome()
		if outcome == Quarantined != issues.HasErrors() || outcome == Quarantined == (rule == "") || outcome == Mapped != (facts.Len() > 0) {
			t.Fatalf("outcome %s by %q with %d facts", outcome, rule, facts.Len())
		}
		if outcome != Mapped {
			return
		}
		reduceStudy(t, fhirMapper, m, &facts, linked)
	})
}

// TestAFolderOfBothBecomesOneDatabase: the same folder is read as FHIR and as
// DICOM; every file ends once in both accounts, and the bad ones in quarantine.
func TestAFolderOfBothBecomesOneDatabase(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, b []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	instance := func(sop string, also ...dicommeta.Element) []byte {
		t.Helper()
		d := study("1.2.3", text(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.2"), text(dict.SOPInstanceUID, sop), text(dict.SeriesInstanceUID, "1.2.3.1"),
			text(dict.Modality, "CT"), text(dict.KVP, "120"), text(dict.AccessionNumber, "ACC1")).Dataset
		for _, e := range also {
			d.Set(e)
		}
		var b bytes.Buffer
		if err := dicommeta.Write(&b, &dicommeta.Instance{Dataset: d}, nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	put("fhir/Patient.ndjson", []byte(linkedPatient))
	put("fhir/Study.ndjson", []byte(linkedVisit+imagingStudyLine("i", "1.2.3", "p", `,"encounter":{"reference":"Encounter/e1"},"started":"2020-05-01"`)))
	put("images/a/1.dcm", instance("1.2.3.1.1"))
	put("images/a/2", instance("1.2.3.1.2"))
	put("images/b/copy.dcm", instance("1.2.3.1.2"))
	put("images/b/nameless.dcm", instance("1.2.3.1.3", text(dict.StudyInstanceUID)))
	put("images/notes.txt", []byte("no image"))
	ctx := context.Background()
	var first map[string]string
	for _, workers := range []int{1, 3} {
		srcs, err := fhir.NewSources([]string{dir})
		if err != nil {
			t.Fatal(err)
		}
		in := DICOMFiles(ctx, dicommeta.Sources(dir), nil, &index.StudiesOptions{Read: &dicommeta.ReadOptions{Workers: workers}})
		in.Root = dir
		out := filepath.Join(t.TempDir(), "out")
		r, err := Convert(ctx, srcs, &ConvertOptions{Out: out, Concepts: few{}, DICOM: in, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		want := TypeAccount{Read: 7, Mapped: 2, Filtered: 3, Quarantined: 1, Unsupported: 1, Rules: map[string]int64{
			"duplicate": 1, "read-as-fhir": 2, "uid-missing": 1, "not-dicom": 1,
		}}
		if d := cmp.Diff(want, r.DICOM.Total); d != "" {
			t.Errorf("files (-want +got):\n%s", d)
		}
		if len(r.Sources) != 3 || r.Total.Mapped != 3 || r.DICOM.Merged != 1 {
			t.Errorf("want two sources of FHIR and the text and one merged study, have %+v and %+v", r.Sources, r.DICOM)
		}
		b, err := os.ReadFile(filepath.Join(out, "quarantine.ndjson"))
		if err != nil || strings.Count(string(b), "\n") != 1 || !strings.Contains(string(b), "nameless.dcm") {
			t.Errorf("want one line about the file without UID, have %q, %v", b, err)
		}
		images := table[omop.ImageOccurrence](t, os.DirFS(out))
		if len(images) != 1 || *images[0].LocalPath != "images/a" || images[0].VisitOccurrenceID == nil {
			t.Errorf("want one image with folder and visit, have %+v", images)
		}
		have := hashes(t, out, "omop", "idmap")
		if first == nil {
			first = have
		}
		if d := cmp.Diff(first, have); d != "" {
			t.Errorf("workers change the result (-want +got):\n%s", d)
		}
		validOMOP(t, os.DirFS(out))
	}
}
