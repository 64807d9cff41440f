package mapping

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

func TestTimesInventNothing(t *testing.T) {
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Skip("no zones on this machine")
	}
	fixed := time.FixedZone("", -19800)
	for _, c := range []struct {
		da, tm, offset string
		zone           *time.Location
		want           string
		fault          fault
	}{
		{"", "101500", "+0100", nil, "", faultNone},
		{"20240229", "", "+0100", nil, "2024-02-29", faultNone},
		{"20240229", "101500", "", nil, "2024-02-29", faultZone},
		{"20240229", "101500.123456", "+0100", nil, "2024-02-29T10:15:00.123456+01:00", faultNone},
		{"20240229", "1015", "-0330", nil, "2024-02-29T10:15:00-03:30", faultNone},
		{"20240229", "10", "+0100", nil, "2024-02-29", faultNone},
		{"20240229", "10:15:30", "+0100", nil, "2024-02-29T10:15:30+01:00", faultNone},
		{"2024.02.29", "101530", "", fixed, "2024-02-29T10:15:30-05:30", faultNone},
		{"20240229", "235960", "", stockholm, "2024-02-29T23:59:60+01:00", faultNone},
		{"20240729", "101530", "", stockholm, "2024-07-29T10:15:30+02:00", faultNone},
		{"20240729", "101530", "+9900", stockholm, "2024-07-29T10:15:30+02:00", faultNone},
		{"20230229", "101530", "+0100", nil, "", faultDate},
		{"00000101", "", "", nil, "", faultDate},
		{"20240229-20240301", "", "", nil, "", faultDate},
		{"20240229", "246000", "+0100", nil, "2024-02-29", faultTime},
		{"20240229", "101500.", "+0100", nil, "2024-02-29", faultTime},
		{"20240229", "1015.5", "+0100", nil, "2024-02-29", faultTime},
	} {
		got, f := studyTimes{offset: c.offset, zone: c.zone}.dateTime(c.da, c.tm)
		if got != c.want || f != c.fault {
			t.Errorf("%s %s %s: want %q and %d, have %q and %d", c.da, c.tm, c.offset, c.want, c.fault, got, f)
		}
	}
	for dt, want := range map[string]string{
		"": "", "2024": "2024", "202402": "2024-02", "202413": "", "20240229": "2024-02-29", "2024022910": "2024-02-29",
		"20240229101530.25-0500": "2024-02-29T10:15:30.25-05:00", "20240229101530": "2024-02-29T10:15:30+01:00", "0000": "", "20": "",
	} {
		if got, _ := (studyTimes{offset: "+0100"}).ofDT(dt); got != want {
			t.Errorf("%s: want %q, have %q", dt, want, got)
		}
	}
}

func TestPersonNamesComeBack(t *testing.T) {
	for pn, want := range map[string]string{
		"Adams^John Robert Quincy^^Rev.^B.A. M.Div.": "Adams^John Robert Quincy^^Rev.^B.A. M.Div.",
		"Yamada^Tarou=山田^太郎=やまだ^たろう":                 "Yamada^Tarou=山田^太郎=やまだ^たろう",
		"=山田^太郎":            "=山田^太郎",
		"Smith":             "Smith",
		"^^^^":              "",
		"":                  "",
		"Made ^ Given ^Mid": "Made^Given^Mid",
		"a^b^c^d^e^f":       "a^b^c^d^e f", // a sixth part is none of PN
	} {
		var w jsonBuilder
		w.object("", func() { w.array("name", func() { w.humanNames(pn) }) })
		text := w.b
		if len(text) == 0 {
			text = []byte("{}")
		}
		r, err := fhir.Parse(append([]byte(`{"resourceType":"Patient",`), bytes.TrimPrefix(text, []byte("{"))...))
		if bytes.Equal(text, []byte("{}")) {
			r, err = fhir.Parse([]byte(`{"resourceType":"Patient"}`))
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := dicomName(r.Get("name")); got != want {
			t.Errorf("%s: want %s, have %s", pn, want, got)
		}
	}
}

func TestTermTablesAreReadOrRefused(t *testing.T) {
	got, err := ReadTermCodes(strings.NewReader("\ufeffbody_part_examined,scheme,code,meaning,paired\nchest,99MADE,C1,made part,\nHAND , 99MADE, C2,,paired\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]TermCode{"CHEST": {"99MADE", "C1", "made part"}, "HAND": {"99MADE", "C2", ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "scheme,code\nA,B\n", "term,scheme,code\nx,,1\n", "term,scheme,code\nx,A,1\nX,A,2\n", "term,scheme,code\nx,A\n", "term,scheme,code\n\"x\n"} {
		if _, err := ReadTermCodes(strings.NewReader(bad)); err == nil {
			t.Errorf("%q: want an error", bad)
		}
	}
}

func TestTermTablesOfAPolicyAreUsedBothWays(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("parts.csv", "term,scheme,code,meaning\nCHEST,99MADE,C1,made chest\nHAND,99MADE,C2,\n")
	text := strings.Replace(string(dicomPolicyFile), `body_part_file: ""`, "body_part_file: parts.csv", 1)
	text = strings.Replace(text, "lateralities: {}", "lateralities: {R: {scheme: 99MADE, code: RIGHT}}", 1)
	text = strings.Replace(text, "schemes:\n", "schemes:\n  99MADE: https://terms.example/made\n", 1)
	write("policy.yaml", text)
	p, err := LoadDICOMPolicy(filepath.Join(dir, "policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Hash() == DefaultDICOMPolicy().Hash() {
		t.Error("want a hash of the policy's own")
	}
	resources, _ := mapDICOM(t, p, madeStudy())
	checkResources(t, resources)
	s := ofType(resources, "ImagingStudy")[0].Get("series").First()
	if got := s.Get("bodySite"); !got.Get("code").Equal("C1") || !got.Get("system").Equal("https://terms.example/made") || !got.Get("display").Equal("made chest") {
		t.Errorf("body site: have %s", got.Raw())
	}
	if !s.Get("laterality").Get("code").Equal("RIGHT") {
		t.Errorf("laterality: have %s", s.Get("laterality").Raw())
	}
	back, _ := backToDICOM(t, p, resources)
	if got := back.Series[0].Text(dict.BodyPartExamined) + " " + back.Series[0].Text(dict.Laterality); got != "CHEST R" {
		t.Errorf("terms: have %s back", got)
	}
	write("policy.yaml", strings.Replace(text, "parts.csv", "none.csv", 1))
	if _, err := LoadDICOMPolicy(filepath.Join(dir, "policy.yaml")); err == nil {
		t.Error("want an error of a table that is not there")
	}
}

func TestPoliciesThatMeanNothingAreRefused(t *testing.T) {
	for _, change := range [][2]string{
		{"study_status: available", "study_status: done"}, {`timezone: ""`, "timezone: Local"}, {`timezone: ""`, "timezone: '+25:00'"},
		{"people: keep", "people: maybe"}, {"study_ids: hash", "study_ids: name"}, {`endpoint: ""`, "endpoint: pacs"}, {"name: dicom-fhir", "name: ''"},
		{"version: 1", "versions: 1"},
	} {
		text := strings.Replace(string(dicomPolicyFile), "\n"+change[0], "\n"+change[1], 1)
		if _, err := ParseDICOMPolicy("test", []byte(text)); err == nil {
			t.Errorf("%s: want an error", change[1])
		}
	}
	if _, err := NewDICOMToFHIR(&DICOMPolicy{}); err == nil {
		t.Error("want an error of a policy that was put together")
	}
}

// TestModalityCodesAreThoseOfTheContextGroups holds the list to CID 29 and CID 33.
func TestModalityCodesAreThoseOfTheContextGroups(t *testing.T) {
	dir := golden.Shared(t, "data/dicom/dictionary")
	have := map[string]bool{}
	for _, name := range []string{"cid29_acquisition_modality.csv", "cid33_modality.csv"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n")[1:] {
			have[strings.Split(line, ",")[1]] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(have)), strings.Fields(modalityCodes)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSharedReportsAreMeasured holds the count of measurements to those that dsrdump shows.
func TestSharedReportsAreMeasured(t *testing.T) {
	for name, want := range map[string][3]int{ // numbers, codes, groups
		"dcmqi/sr-example/sr.dcm":                           {22, 0, 1},
		"highdicom/sr_document.dcm":                         {1, 0, 1},
		"highdicom/sr_document_with_multiple_groups.dcm":    {4, 2, 4},
		"made/objects/ct-study/sr-tid1500.dcm":              {2, 0, 1},
		"dcmjs/test/sample-sr.dcm":                          {2, 0, 1},
		"dcmjs/examples/data/structured_report.dcm":         {7, 0, 6},
		"made/objects/ct-study/ko.dcm":                      {0, 0, 0},
		"cornerstone-wado/examples/test-images/CTImage.dcm": {0, 0, 0},
	} {
		f, err := os.Open(golden.Shared(t, "data/dicom/files/"+name))
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		x, err := dicommeta.Parse(f, info.Size(), nil)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		all, _ := Measurements(&x.Dataset)
		var got [3]int
		groups := map[int]bool{}
		for _, m := range all {
			switch m.ValueType {
			case "NUM":
				got[0]++
			case "CODE":
				got[1]++
			}
			if m.Group != nil {
				groups[m.Group.Number] = true
			}
		}
		if got[2] = len(groups); got != want {
			t.Errorf("%s: want %v, have %v", name, want, got)
		}
	}
}

func studiesOf(all ...*dicommeta.Study) iter.Seq2[*dicommeta.Study, error] {
	return func(yield func(*dicommeta.Study, error) bool) {
		for _, s := range all {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// folderOf returns the files of a folder by name.
func folderOf(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestConvertedStudiesAreFHIRAndAccountedFor(t *testing.T) {
	one, two := madeStudy(), madeStudy()
	two.Set(dicommeta.TextElement(dict.StudyInstanceUID, "1.2.4"))
	two.Set(dicommeta.TextElement(dict.PatientSex, "F")) // the same patient, said otherwise
	two.Series[0].Instances[0].Remove(dict.SOPClassUID)
	two.Series[0].Instances[1].Remove(dict.SOPInstanceUID)
	var first map[string]string
	for _, workers := range []int{1, 2, 7} {
		out := filepath.Join(t.TempDir(), "out")
		var found issue.Collector
		report, err := ConvertDICOMToFHIR(context.Background(), studiesOf(one, two), &ConvertDICOMOptions{Out: out, Workers: workers, Reporter: &found})
		if err != nil {
			t.Fatal(err)
		}
		if report.Studies != 2 || report.Read != 6 || report.Mapped != 4 || report.Quarantined != 2 || report.Filtered != 0 {
			t.Errorf("report: have %+v", report)
		}
		if report.Findings[CodeMapConflict] != 1 || report.Resources["Patient"] != 1 || report.Resources["ImagingStudy"] != 2 {
			t.Errorf("report: have %+v", report)
		}
		files := folderOf(t, out)
		if first == nil {
			first = files
		} else if diff := cmp.Diff(first, files); diff != "" {
			t.Errorf("%d workers (-one +several):\n%s", workers, diff)
		}
		if strings.Count(files["quarantine.ndjson"], "\n") != 2 {
			t.Errorf("quarantine: have %s", files["quarantine.ndjson"])
		}
		var all []*fhir.Resource
		for r, err := range fhir.ReadFS(context.Background(), os.DirFS(filepath.Join(out, "fhir")), nil) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r.Clone())
		}
		checkResources(t, all)
	}
}

func TestConversionThatFailsLeavesNothing(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	bad := errors.New("no more")
	seq := func(yield func(*dicommeta.Study, error) bool) { _ = yield(madeStudy(), nil) && yield(nil, bad) }
	if _, err := ConvertDICOMToFHIR(context.Background(), seq, &ConvertDICOMOptions{Out: out}); !errors.Is(err, bad) {
		t.Errorf("want the error of the sequence, have %v", err)
	}
	if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want no folder, have one (%v)", err)
	}
}

// FuzzMap: no study makes the mappers panic or give what is not valid FHIR.
func FuzzMapDICOM(f *testing.F) {
	f.Add([]byte("\x00\x00\x00x"), "1.2.840.113619")
	f.Add([]byte("\x01\x05\x02\x00\x03\x00\x04\x01"), "A^B=C\\\x1b\x00")
	f.Add([]byte("\x00\x09\x05\x01\x01\x01\x02\x03\x07\x02"), "20240229")
	f.Add([]byte("\x02\x11\x04\x00\x12\x04\x01\x13\x04"), "urn:oid:1")
	m, err := NewDICOMToFHIR(nil)
	if err != nil {
		f.Fatal(err)
	}
	back, err := NewFHIRToDICOM(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, steps []byte, text string) {
		s := madeStudy()
		mutate(s, steps, text)
		resources, _ := m.Map(s)
		checkResources(t, resources)
		for _, r := range resources {
			back.Map(r, nil)
		}
	})
}

// TestNoValueMakesInvalidFHIR puts hostile values into every element of a study, and takes
// every element away.
func TestNoValueMakesInvalidFHIR(t *testing.T) {
	m, err := NewDICOMToFHIR(nil)
	if err != nil {
		t.Fatal(err)
	}
	values := []string{
		"", " ", "\x00", "\xff\xfe", "\x01\x0b\x0c\x1b\x7f", `a"b\c`, "-1", "99999999999999999999", "1.5", "1.2.3", "9.8.7.", "urn:oid:x", "http://x y",
		"https://pacs.example/studies/1", strings.Repeat("é", 40_000), "<b onclick='x'>", "20240230", "SCT", "DCM", "LN", "UCUM", "ISO3166_1", "8867-4",
		"ISO", "UUID", "URI", "NaN", "1e400", "CONTAINS", "NUM", "CODE", "TEXT", "IMAGE", "CONTAINER", "\u0085\u2028\ufeff", "\U0001F600", "^=^=^", "..",
	}
	for i := range elements(madeStudy()) {
		for j := -1; j < len(values); j++ {
			if (5*i+j)%9 != 0 && j >= 0 { // each value in a ninth of the elements
				continue
			}
			s := madeStudy()
			at := elements(s)[i]
			if e := &at.set.Elements[at.index]; j < 0 {
				at.set.Remove(e.Tag)
			} else {
				e.Value = []byte(values[j])
			}
			resources, _ := m.Map(s)
			if checkResources(t, resources); t.Failed() {
				t.Fatalf("element %d, value %d", i, j)
			}
		}
	}
}

// elementAt is an element of a study.
type elementAt struct {
	set   *dicommeta.Dataset
	index int
}

func elements(s *dicommeta.Study) (all []elementAt) {
	var add func(d *dicommeta.Dataset)
	add = func(d *dicommeta.Dataset) {
		for i := range d.Elements {
			all = append(all, elementAt{d, i})
			for j := range d.Elements[i].Items {
				add(&d.Elements[i].Items[j])
			}
		}
	}
	add(&s.Dataset)
	for i := range s.Series {
		add(&s.Series[i].Dataset)
		for j := range s.Series[i].Instances {
			add(&s.Series[i].Instances[j].Dataset)
		}
	}
	return all
}

// TestVitalSignsInReportsAreValid: R4 holds an Observation with the code of a vital sign to
// more rules than others.
func TestVitalSignsInReportsAreValid(t *testing.T) {
	for _, code := range []string{"8867-4", "8302-2", "29463-7", "85354-9", "8480-6", "2708-6", "39156-5", "8310-5", "9279-1", "9843-4", "85353-1", "8462-4"} {
		for _, unit := range []string{"/min", "mm", "cm", "kg", "%", "kg/m2", "mm[Hg]", "Cel"} {
			d := measurementReport()
			d.Set(srContent(srItem("CONTAINS", "CONTAINER", dcmCode("DCM", "126010", "Imaging Measurements"), srContent(
				srNumber(dcmCode("LN", code, ""), "72", dcmCode("UCUM", unit, unit)),
				srItem("CONTAINS", "CODE", dcmCode("LN", code, ""), dcmValue(dcmCode("99MADE", "X", "x")))))))
			s := madeStudy()
			s.Series[1].Instances[0].Dataset = d
			resources, _ := mapDICOM(t, nil, s)
			if got := len(ofType(resources, "Observation")); got != 3 {
				t.Fatalf("want 3 Observations, have %d", got)
			}
			checkResources(t, resources)
		}
	}
}

// mutate changes elements of a study, at all depths, as steps say.
func mutate(s *dicommeta.Study, steps []byte, text string) {
	var sets []*dicommeta.Dataset
	var add func(d *dicommeta.Dataset)
	add = func(d *dicommeta.Dataset) {
		sets = append(sets, d)
		for i := range d.Elements {
			for j := range d.Elements[i].Items {
				add(&d.Elements[i].Items[j])
			}
		}
	}
	add(&s.Dataset)
	for i := range s.Series {
		add(&s.Series[i].Dataset)
		for j := range s.Series[i].Instances {
			add(&s.Series[i].Instances[j].Dataset)
		}
	}
	for ; len(steps) >= 3; steps = steps[3:] {
		d := sets[int(steps[0])%len(sets)]
		if len(d.Elements) == 0 {
			continue
		}
		e := &d.Elements[int(steps[1])%len(d.Elements)]
		switch steps[2] % 5 {
		case 0:
			e.Value = []byte(text)
		case 1:
			e.Value, e.Items = nil, nil
		case 2:
			d.Remove(e.Tag)
		case 3:
			if len(e.Items) > 0 {
				e.Items = append(e.Items, e.Items[0])
			}
		case 4:
			if len(e.Value) > 0 {
				e.Value = append(slices.Clone(e.Value), text...)
			}
		}
	}
}
