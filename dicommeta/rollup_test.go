package dicommeta

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/google/go-cmp/cmp"
)

// made returns an instance of study, series and number with further elements.
func made(study, series string, number int, more ...Element) *Instance {
	d := NewDataset(
		TextElement(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.2"),
		TextElement(dict.SOPInstanceUID, fmt.Sprintf("%s.%d", series, number)),
		TextElement(dict.StudyInstanceUID, study),
		TextElement(dict.SeriesInstanceUID, series),
		TextElement(dict.Modality, "CT"),
		TextElement(dict.PatientID, "P1"),
		TextElement(dict.PatientName, "A^B"),
		TextElement(dict.InstanceNumber, fmt.Sprint(number)),
	)
	for _, e := range more {
		d.Set(e)
	}
	return &Instance{Source: fmt.Sprintf("%s/%04d", series, number), Size: 1000, Dataset: d, TransferSyntax: "1.2.840.10008.1.2.1"}
}

// codesOf returns the codes of the findings with their paths.
func codesOf(l issue.List) []string {
	var all []string
	for _, i := range l {
		all = append(all, fmt.Sprintf("%s %s %s %s", i.Code, i.Path, i.Pos.Source, i.Severity))
	}
	return all
}

func outline(studies []*Study) string {
	var b strings.Builder
	for _, s := range studies {
		fmt.Fprintf(&b, "study %s %s %s\n", s.Text(dict.StudyInstanceUID), s.Text(dict.PatientID), s.Text(dict.PatientName))
		for _, se := range s.Series {
			fmt.Fprintf(&b, " series %s %s %s\n", se.Text(dict.SeriesInstanceUID), se.Text(dict.Modality), se.Text(dict.SeriesDescription))
			for _, m := range se.Instances {
				fmt.Fprintf(&b, "  %s %s\n", m.Text(dict.SOPInstanceUID), m.Source)
			}
		}
		for _, c := range codesOf(s.Issues) {
			fmt.Fprintf(&b, " ! %s\n", c)
		}
	}
	return b.String()
}

func TestRollupOrdersSeriesByUIDAndMembersByNumber(t *testing.T) {
	var r Rollup
	for _, x := range []*Instance{made("1.2", "1.2.9", 10), made("1.2", "1.2.10", 2), made("1.2", "1.2.9", 9), made("1.2", "1.2.10", 1), made("1.1", "1.1.1", 1)} {
		r.Add(x)
	}
	studies, left := r.Studies()
	want := `study 1.1 P1 A^B
 series 1.1.1 CT 
  1.1.1.1 1.1.1/0001
study 1.2 P1 A^B
 series 1.2.10 CT 
  1.2.10.1 1.2.10/0001
  1.2.10.2 1.2.10/0002
 series 1.2.9 CT 
  1.2.9.9 1.2.9/0009
  1.2.9.10 1.2.9/0010
`
	if diff := cmp.Diff(want, outline(studies)); diff != "" || len(left) > 0 {
		t.Errorf("(-want +got)\n%s%v", diff, left)
	}
}

func TestRollupReportsConflicts(t *testing.T) {
	noUID := made("1.2", "1.2.1", 9)
	noUID.Remove(dict.SeriesInstanceUID)
	copied := made("1.2", "1.2.1", 1)
	copied.Source = "z/copy"
	other := made("1.2", "1.2.1", 1, TextElement(dict.ImageComments, "other"))
	other.Source = "z/other"
	elsewhere := made("1.2", "1.2.1", 1, TextElement(dict.SeriesInstanceUID, "1.2.4"))
	elsewhere.Source = "z/elsewhere"
	tests := []struct {
		name string
		in   []*Instance
		want []string
	}{
		{"nothing", []*Instance{made("1.2", "1.2.1", 1), made("1.2", "1.2.1", 2, TextElement(dict.PatientName, "A^B^^"))}, nil},
		{"empty beside a value", []*Instance{made("1.2", "1.2.1", 1), made("1.2", "1.2.1", 2, TextElement(dict.PatientName))}, nil},
		{"two patients", []*Instance{made("1.2", "1.2.1", 1), made("1.2", "1.2.1", 2, TextElement(dict.PatientID, "P2"))},
			[]string{"dicom-rollup-patients (0010,0020) 1.2.1/0002 error"}},
		{"two names", []*Instance{made("1.2", "1.2.1", 1), made("1.2", "1.2.1", 2, TextElement(dict.PatientName, "C^D"))},
			[]string{"dicom-rollup-patient (0010,0010) 1.2.1/0002 warning"}},
		{"two dates", []*Instance{made("1.2", "1.2.1", 1, TextElement(dict.StudyDate, "20200101")), made("1.2", "1.2.2", 2, TextElement(dict.StudyDate, "20200102"))},
			[]string{"dicom-rollup-study (0008,0020) 1.2.2/0002 warning"}},
		{"two modalities", []*Instance{made("1.2", "1.2.1", 1), made("1.2", "1.2.1", 2, TextElement(dict.Modality, "MR"))},
			[]string{"dicom-rollup-modality (0008,0060) 1.2.1/0002 error"}},
		{"two descriptions", []*Instance{made("1.2", "1.2.1", 1, TextElement(dict.SeriesDescription, "a")), made("1.2", "1.2.1", 2, TextElement(dict.SeriesDescription, "b"))},
			[]string{"dicom-rollup-series (0008,103E) 1.2.1/0002 information"}},
		{"series in two studies", []*Instance{made("1.2", "1.2.1", 1), made("1.3", "1.2.1", 2)},
			[]string{"dicom-rollup-series-studies (0020,000E) 1.2.1/0001 error", "dicom-rollup-series-studies (0020,000E) 1.2.1/0002 error"}},
		{"instance in two series", []*Instance{made("1.2", "1.2.1", 1), elsewhere},
			[]string{"dicom-rollup-instance (0008,0018) 1.2.1/0001 error", "dicom-rollup-instance (0008,0018) z/elsewhere error"}},
		{"one patient by two names in two studies", []*Instance{made("1.2", "1.2.1", 1), made("1.3", "1.3.1", 2, TextElement(dict.PatientName, "C^D"))},
			[]string{"dicom-rollup-patient (0010,0010) 1.2.1/0001 warning", "dicom-rollup-patient (0010,0010) 1.3.1/0002 warning"}},
		{"copy", []*Instance{made("1.2", "1.2.1", 1), copied}, []string{"dicom-rollup-copy (0008,0018) z/copy information"}},
		{"duplicate", []*Instance{made("1.2", "1.2.1", 1), other}, []string{"dicom-rollup-duplicate (0008,0018) z/other warning"}},
		{"no UID", []*Instance{made("1.2", "1.2.1", 1), noUID}, []string{"dicom-rollup-no-uid (0020,000E) 1.2.1/0009 warning"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var r Rollup
			for _, x := range test.in {
				r.Add(x)
			}
			studies, left := r.Studies()
			var got issue.List
			for _, s := range studies {
				got = append(got, s.Issues...)
			}
			if diff := cmp.Diff(test.want, codesOf(append(got, left...))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for _, i := range got {
				if strings.Contains(i.Message, "P2") || strings.Contains(i.Message, "C^D") {
					t.Errorf("want no value in a message, have one in %s", i.Code)
				}
			}
		})
	}
}

func TestRollupDoesNotDependOnTheOrder(t *testing.T) {
	var in []*Instance
	for i := range 40 {
		x := made(fmt.Sprintf("1.%d", i%3), fmt.Sprintf("1.%d.%d", i%3, i%5), i/2,
			TextElement(dict.PatientName, fmt.Sprintf("N%d", i%2)), TextElement(dict.SeriesDescription, fmt.Sprint(i%4)))
		x.Source = fmt.Sprintf("%04d", i)
		in = append(in, x)
	}
	roll := func() string {
		var r Rollup
		for _, x := range in {
			r.Add(x)
		}
		studies, _ := r.Studies()
		return outline(studies)
	}
	want := roll()
	random := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		random.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
		if diff := cmp.Diff(want, roll()); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	}
}

func TestRollupSharesNoMemoryWithTheInstance(t *testing.T) {
	x := made("1.2", "1.2.1", 1, SequenceElement(dict.ProcedureCodeSequence, NewDataset(TextElement(dict.CodeValue, "C1"))))
	var r Rollup
	r.Add(x)
	x.Walk(func(_ Path, _ *Dataset, e *Element) bool {
		for i := range e.Value {
			e.Value[i] = 'x'
		}
		return true
	})
	studies, _ := r.Studies()
	s := studies[0]
	got := []string{s.Text(dict.PatientID), s.Item(dict.ProcedureCodeSequence).Text(dict.CodeValue), s.Series[0].Text(dict.Modality), s.Series[0].Instances[0].Text(dict.InstanceNumber)}
	if diff := cmp.Diff([]string{"P1", "C1", "CT", "1"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestExtractLeavesOutWhatNoStudyKeeps(t *testing.T) {
	x := made("1.2", "1.2.1", 1,
		Element{Tag: 0x00091010, VR: dict.LO, Value: []byte("private ")},
		Element{Tag: dict.PixelData, VR: dict.OW, Value: []byte{1, 2}},
		Element{Tag: dict.PatientComments, VR: dict.LT, Length: 1 << 20},
		SequenceElement(dict.SegmentSequence, NewDataset(TextElement(dict.SegmentLabel, "a"), Element{Tag: 0x00091010, VR: dict.LO, Value: []byte("private ")})),
	)
	d := Extract(x)
	var got []string
	d.Walk(func(p Path, _ *Dataset, _ *Element) bool { got = append(got, p.String()); return true })
	for _, not := range []string{"(0009,1010)", "(7FE0,0010)", "(0010,4000)", "(0062,0002)[1].(0009,1010)"} {
		if slices.Contains(got, not) {
			t.Errorf("want no %s", not)
		}
	}
	if !slices.Contains(got, "(0062,0002)[1].(0062,0005)") {
		t.Errorf("want the label of the segment, have %v", got)
	}
	if d := Extract(x, 0x00091010); !d.Has(0x00091010) {
		t.Error("want the element that was asked for")
	}
}

func TestExtractIsUTF8(t *testing.T) {
	latin, _ := NewCharset([]string{"ISO_IR 100"})
	x := made("1.2", "1.2.1", 1)
	x.Charset = latin
	x.Set(Element{Tag: dict.PatientName, VR: dict.PN, Value: []byte("M\xfcller^Ann ")})
	d := Extract(x)
	if got := d.Text(dict.PatientName); got != "Müller^Ann" {
		t.Errorf("want text in UTF-8, have %q", got)
	}
}

// An attribute has one level, and those of other levels do not get lost.
func TestLevelOf(t *testing.T) {
	for tag, want := range map[dict.Tag]Level{
		dict.PatientID: PatientLevel, dict.StudyDate: StudyLevel, dict.PatientAge: StudyLevel, dict.Modality: SeriesLevel, dict.Manufacturer: SeriesLevel,
		dict.SOPClassUID: InstanceLevel, dict.ImageType: InstanceLevel, dict.ContentSequence: InstanceLevel, dict.PixelData: NoLevel, dict.SpecificCharacterSet: NoLevel,
		dict.PerFrameFunctionalGroupsSequence: NoLevel, 0x00091010: NoLevel,
	} {
		if got := LevelOf(tag); got != want {
			t.Errorf("%s: want %s, have %s", tag, want, got)
		}
	}
	all := levels()
	for i := 1; i < len(all); i++ {
		if all[i].tag == all[i-1].tag {
			t.Errorf("%s has two levels", all[i].tag)
		}
	}
}

// The cursor over levels finds what LevelOf finds, in whatever order tags come.
func TestLevelCursorEqualsLevelOf(t *testing.T) {
	var c levelCursor
	for _, tag := range []dict.Tag{dict.ImageType, dict.SOPClassUID, 0x00091010, dict.PatientID, dict.StudyDate, dict.StudyDate, dict.Modality, dict.PixelData, dict.PatientName} {
		if got, want := c.of(tag), LevelOf(tag); got != want {
			t.Errorf("%s: want %s, have %s", tag, want, got)
		}
	}
	c = levelCursor{}
	for _, l := range levels() {
		if got := c.of(l.tag); got != l.level {
			t.Errorf("%s: want %s, have %s", l.tag, l.level, got)
		}
	}
}

// An Extractor that has been used gives what a new one gives.
func TestExtractorUsesItsMemoryAgain(t *testing.T) {
	var e Extractor
	for i := range 3 {
		x := made("1.2", "1.2.1", i+1, TextElement(dict.SeriesDescription, strings.Repeat("x", 3000*(2-i)+1)),
			SequenceElement(dict.ProcedureCodeSequence, NewDataset(TextElement(dict.CodeValue, fmt.Sprint("C", i)))))
		want, got := Extract(x), e.Extract(x)
		if string(canonicalItem(nil, &want)) != string(canonicalItem(nil, &got)) {
			t.Errorf("instance %d: want the same data set", i)
		}
	}
}
