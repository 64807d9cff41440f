package mapping

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// there and back: the attributes that FHIR holds.
var (
	studyKept = []dict.Tag{
		dict.StudyInstanceUID, dict.StudyID, dict.AccessionNumber, dict.StudyDate, dict.StudyTime, dict.StudyDescription, dict.PatientID,
		dict.IssuerOfPatientID, dict.PatientSex, dict.PatientBirthDate, dict.PatientName, dict.ReferringPhysicianName, dict.AdmissionID,
	}
	seriesKept = []dict.Tag{
		dict.SeriesInstanceUID, dict.SeriesNumber, dict.Modality, dict.SeriesDescription, dict.SeriesDate, dict.SeriesTime,
		dict.BodyPartExamined, dict.Laterality, dict.Manufacturer, dict.ManufacturerModelName,
	}
	instanceKept = []dict.Tag{dict.SOPInstanceUID, dict.SOPClassUID, dict.InstanceNumber, dict.ImageType}
)

func kept(d *dicommeta.Dataset, tags []dict.Tag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		if s := strings.Join(d.Texts(t), `\`); s != "" {
			m[t.Keyword()] = s
		}
	}
	return m
}

// outline returns what is kept of a study, as text.
func outline(s *dicommeta.Study) (all []map[string]string) {
	all = append(all, kept(&s.Dataset, studyKept))
	for i := range s.Series {
		all = append(all, kept(&s.Series[i].Dataset, seriesKept))
		for j := range s.Series[i].Instances {
			all = append(all, kept(&s.Series[i].Instances[j].Dataset, instanceKept))
		}
	}
	return all
}

func backToDICOM(t testing.TB, p *DICOMPolicy, resources []*fhir.Resource) (*dicommeta.Study, issue.List) {
	t.Helper()
	m, err := NewFHIRToDICOM(p)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]*fhir.Resource{}
	for _, r := range resources {
		by[r.Type()+"/"+r.ID()] = r
	}
	return m.Map(ofType(resources, "ImagingStudy")[0], func(ref string) *fhir.Resource { return by[ref] })
}

func TestStudyComesBackFromFHIR(t *testing.T) {
	study := madeStudy()
	resources, _ := mapDICOM(t, nil, study)
	back, issues := backToDICOM(t, nil, resources)
	for _, i := range issues {
		if i.Severity >= issue.Warning {
			t.Errorf("finding: %s", i)
		}
	}
	want := outline(study)
	want[1]["SeriesTime"] = "101600" // FHIR has seconds
	if diff := cmp.Diff(want, outline(back)); diff != "" {
		t.Errorf("study (-there +back):\n%s", diff)
	}
	for _, c := range []struct {
		tag  dict.Tag
		want string
	}{{dict.TimezoneOffsetFromUTC, "+0100"}, {dict.NumberOfStudyRelatedSeries, "2"}, {dict.NumberOfStudyRelatedInstances, "3"}, {dict.ReasonForTheRequestedProcedure, "cough"}, {dict.RequestedProcedureID, "RP1"}} {
		if got := back.Text(c.tag); got != c.want {
			t.Errorf("%s: want %s, have %s", c.tag, c.want, got)
		}
	}
	if got := codeIn(&back.Dataset, dict.ProcedureCodeSequence); got.Value != "CTTH" || got.Meaning != "CT of the chest" {
		t.Errorf("procedure code: have %v", got)
	}
	issuer := back.Item(dict.IssuerOfAccessionNumberSequence)
	if issuer == nil || issuer.Text(dict.UniversalEntityID) != "1.2.752.24.5" || issuer.Text(dict.LocalNamespaceEntityID) != "RIS" {
		t.Error("want the issuer of the accession number back")
	}
}

// TestSharedStudiesComeBackFromFHIR: DICOM → FHIR → DICOM keeps identifiers, numbers,
// dates and descriptions of real files, and DICOM → FHIR → DICOM → FHIR is the same FHIR.
func TestSharedStudiesComeBackFromFHIR(t *testing.T) {
	p := DefaultDICOMPolicy()
	var err error
	if p.zone, err = zoneOf("+01:00"); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, study := range sharedStudies(t, "") {
		resources, _ := mapDICOM(t, p, study)
		back, _ := backToDICOM(t, p, resources)
		there, again := outline(study), outline(back)
		for i := range there {
			for tag, want := range there[i] {
				if got := again[i][tag]; !sameInDICOM(tag, want, got) {
					t.Errorf("%s: want it to come back, have it changed (%d, %d characters)", tag, len(want), len(got))
				}
				n++
			}
		}
		second, _ := mapDICOM(t, p, back)
		checkResources(t, second)
		third, _ := backToDICOM(t, p, second)
		if diff := cmp.Diff(again, outline(third)); diff != "" {
			t.Errorf("second time (-want +got):\n%s", diff)
		}
	}
	if n < 3000 {
		t.Errorf("want more than 3000 values compared, have %d", n)
	}
}

// sameInDICOM reports whether a value came back as far as FHIR can hold it.
func sameInDICOM(keyword, there, back string) bool {
	switch {
	case there == back:
		return true
	case keyword == "SeriesNumber" || keyword == "InstanceNumber": // unsigned, and leading zeros
		return back == strings.TrimLeft(there, "+0") || strings.HasPrefix(there, "-") && back == "" || strings.Trim(there, "0") == "" && back == "0"
	case strings.HasSuffix(keyword, "Time"): // seconds, and times without a date
		there = strings.ReplaceAll(there, ":", "")
		return back == "" || strings.HasPrefix(back, there) || strings.HasPrefix(there, back)
	case strings.HasSuffix(keyword, "Date"):
		_, ok := fhirDate(there)
		return !ok && back == "" || strings.ReplaceAll(there, ".", "") == back
	case keyword == "PatientSex":
		return back == ""
	case strings.HasSuffix(keyword, "Name"):
		return strings.ReplaceAll(strings.TrimRight(there, "^="), " ", "") == strings.ReplaceAll(back, " ", "")
	case keyword == "ImageType", keyword == "BodyPartExamined", keyword == "Laterality", keyword == "Modality":
		return back == "" || strings.ToUpper(there) != there || keyword == "Modality"
	}
	return strings.Join(strings.Fields(cleanText(there)), " ") == strings.Join(strings.Fields(back), " ")
}

func TestConvertedStudiesAreDICOMJSON(t *testing.T) {
	resources, _ := mapDICOM(t, nil, madeStudy())
	in := t.TempDir()
	var text strings.Builder
	for _, r := range resources {
		text.Write(r.Raw())
		text.WriteByte('\n')
	}
	text.WriteString(`{"resourceType":"ImagingStudy","id":"none","status":"available","subject":{"display":"x"}}` + "\n")
	if err := os.WriteFile(filepath.Join(in, "all.ndjson"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	srcs, err := fhir.NewSources([]string{in})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	report, err := ConvertFHIRToDICOM(context.Background(), srcs, &ConvertDICOMOptions{Out: out})
	if err != nil {
		t.Fatal(err)
	}
	if report.Read != 2 || report.Mapped != 1 || report.Quarantined != 1 || report.Series != 2 || report.Instances != 3 {
		t.Errorf("report: have %+v", report)
	}
	f, err := os.Open(filepath.Join(out, "dicom", "1.2.3.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var uids []string
	for d, err := range dicommeta.ReadJSON(context.Background(), f, nil) {
		if err != nil {
			t.Fatal(err)
		}
		uids = append(uids, d.Text(dict.StudyInstanceUID)+" "+d.Text(dict.SeriesInstanceUID)+" "+d.Text(dict.SOPInstanceUID)+" "+d.Text(dict.PatientName))
	}
	name := "Yamada^Tarou=山田^太郎=やまだ^たろう"
	want := []string{"1.2.3 1.2.3.1 1.2.3.1.1 " + name, "1.2.3 1.2.3.1 1.2.3.1.2 " + name, "1.2.3 1.2.3.2 1.2.3.20 " + name}
	if diff := cmp.Diff(want, uids); diff != "" {
		t.Errorf("instances (-want +got):\n%s", diff)
	}
	q, err := os.ReadFile(filepath.Join(out, "quarantine.ndjson"))
	if err != nil || !strings.Contains(string(q), string(CodeMapUID)) {
		t.Errorf("quarantine: %s, %v", q, err)
	}
}

func TestTimesOfOtherZonesMoveIntoTheStudys(t *testing.T) {
	r, err := fhir.Parse([]byte(`{"resourceType":"ImagingStudy","id":"a","identifier":[{"system":"urn:dicom:uid","value":"urn:oid:1.2.3"}],
	"status":"available","subject":{"identifier":{"system":"urn:oid:1.2.752.129","value":"P"}},"started":"2024-02-29T23:30:00Z","series":[
	{"uid":"1.2.3.1","modality":{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"CT"},"started":"2024-03-01T00:45:10.5+01:00"},
	{"uid":"1.2.3.2","modality":{"code":"MR"},"started":"2024-03"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewFHIRToDICOM(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, issues := m.Map(r, nil)
	if s == nil || len(s.Series) != 2 {
		t.Fatal("want a study of two series")
	}
	one := s.Series[0]
	got := []string{s.Text(dict.TimezoneOffsetFromUTC), s.Text(dict.StudyDate), s.Text(dict.StudyTime), one.Text(dict.SeriesDate), one.Text(dict.SeriesTime), s.Text(dict.PatientID), s.Series[1].Text(dict.SeriesDate)}
	if diff := cmp.Diff([]string{"+0000", "20240229", "233000", "20240229", "234510.5", "P", ""}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(issues) != 1 || issues[0].Code != CodeMapDate {
		t.Errorf("findings: want one of a date, have %v", issues)
	}
}
