package dicommeta

import (
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/dicommeta/iod"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/google/go-cmp/cmp"
)

func validatorOf(t testing.TB, opts *ValidateOptions) *Validator {
	t.Helper()
	v, err := NewValidator(opts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// cleanObject reads one of the clean objects that were made for tests.
func cleanObject(t testing.TB, name string) *Instance {
	t.Helper()
	x := vfyInstance(t, filepath.Join(golden.Shared(t, "data/dicom/files/made/objects"), name))
	if x == nil {
		t.Fatalf("%s: want an instance, have none", name)
	}
	return x
}

var cleanObjects = []string{"ct-study/ct-1.dcm", "ct-study/gsps.dcm", "ct-study/ko.dcm", "ct-study/pdf.dcm",
	"ct-study/rtstruct.dcm", "ct-study/seg.dcm", "ct-study/sr-tid1500.dcm", "dx-study/dx-hand.dcm",
	"mg-study/mg-l-cc.dcm", "sm-study/label.dcm", "sm-study/level-0.dcm", "sm-study/overview.dcm"}

// dciodvfy finds no errors in the objects that were made for tests, nor in those of the
// clinic of the example.
func TestCleanObjectsHaveNoErrors(t *testing.T) {
	v := validatorOf(t, &ValidateOptions{AtLeast: issue.Error})
	n := 0
	hold := func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".dcm" {
			return err
		}
		x := vfyInstance(t, name)
		if x == nil {
			t.Fatalf("%s: want an instance, have none", name)
		}
		for _, f := range v.Validate(x) {
			t.Errorf("%s: %v", name, f)
		}
		n++
		return nil
	}
	if err := filepath.WalkDir("../testdata/clinic/dicom", hold); err != nil || n < 10 {
		t.Errorf("want 10 objects of the clinic, have %d and %v", n, err)
	}
	if err := filepath.WalkDir(golden.Shared(t, "data/dicom/files/made/objects"), hold); err != nil || n < 25 {
		t.Errorf("want 25 objects, have %d and %v", n, err)
	}
}

// Allowed values may be written in other ways.
func TestOtherFormsOfAllowedValuesAreNoErrors(t *testing.T) {
	v := validatorOf(t, &ValidateOptions{AtLeast: issue.Error, Except: []issue.Code{CodeValueForm}})
	raw := func(tag dict.Tag, vr dict.VR, value string) func(*Dataset) {
		return with(Element{Tag: tag, VR: vr, Value: []byte(value)})
	}
	for _, c := range []struct {
		file  string
		plant func(*Dataset)
	}{
		{"dx-study/dx-hand.dcm", raw(dict.PixelIntensityRelationshipSign, dict.SS, "\xff\xff")},
		{"dx-study/dx-hand.dcm", raw(dict.PixelIntensityRelationshipSign, dict.SS, "\x01\x00")},
		{"dx-study/dx-hand.dcm", raw(dict.RescaleSlope, dict.DS, "+1.0")},
		{"dx-study/dx-hand.dcm", raw(dict.RescaleIntercept, dict.DS, "00")},
		{"dx-study/dx-hand.dcm", raw(dict.RescaleIntercept, dict.DS, " -0 ")},
		{"ct-study/seg.dcm", raw(dict.NumberOfFrames, dict.IS, "+0"+cleanFrames(t))},
		{"ct-study/ct-1.dcm", raw(dict.InstanceNumber, dict.IS, " 01 ")},
	} {
		x := *cleanObject(t, c.file)
		x.Dataset = x.Dataset.Clone()
		c.plant(&x.Dataset)
		for _, f := range v.Validate(&x) {
			t.Errorf("%s: %v", c.file, f)
		}
	}
}

func cleanFrames(t *testing.T) string {
	return cleanObject(t, "ct-study/seg.dcm").Text(dict.NumberOfFrames)
}

// A mistake is planted into a clean object, and the finding that it must lead to.
var mistakes = []struct {
	file   string
	plant  func(d *Dataset)
	code   issue.Code
	path   string
	others bool // whether more codes may be found
}{
	{"ct-study/ct-1.dcm", without(dict.SOPInstanceUID), CodeType1Missing, "(0008,0018)", true},
	{"ct-study/ct-1.dcm", without(dict.StudyInstanceUID), CodeType1Missing, "(0020,000D)", false},
	{"ct-study/ct-1.dcm", without(dict.Rows), CodeType1Missing, "(0028,0010)", true},
	{"ct-study/ct-1.dcm", with(TextElement(dict.SeriesInstanceUID)), CodeType1Empty, "(0020,000E)", false},
	{"ct-study/ct-1.dcm", with(TextElement(dict.Modality)), CodeType1CEmpty, "(0008,0060)", true},
	{"ct-study/ct-1.dcm", without(dict.PatientName), CodeType2Missing, "(0010,0010)", false},
	{"ct-study/ct-1.dcm", without(dict.KVP), CodeType2Missing, "(0018,0060)", false},
	{"ct-study/ct-1.dcm", with(TextElement(dict.PatientSex, "X")), CodeEnumeratedValue, "(0010,0040)", false},
	{"ct-study/ct-1.dcm", with(TextElement(dict.ImageType, "SECRET", "PRIMARY", "AXIAL")), CodeEnumeratedValue, "(0008,0008)", true},
	{"ct-study/ct-1.dcm", with(TextElement(dict.ImageType, "ORIGINAL", "PRIMARY", "SECRET")), CodeDefinedTerm, "(0008,0008)", true},
	{"ct-study/ct-1.dcm", with(TextElement(dict.PixelSpacing, "1")), CodeVM, "(0028,0030)", false},
	{"ct-study/ct-1.dcm", with(NumberElement(dict.Rows, 0, 1, 2)), CodeVM, "(0028,0010)", true},
	{"ct-study/ct-1.dcm", with(TextElement(dict.ImageOrientationPatient, "1", "0", "0", "0", "2", "0")), CodeGeometry, "(0020,0037)", false},
	{"ct-study/ct-1.dcm", with(TextElement(dict.ImageOrientationPatient, "1", "0", "0", "1", "0", "0")), CodeGeometry, "(0020,0037)", false},
	{"ct-study/ct-1.dcm", with(NumberElement(dict.BitsStored, 0, 32)), CodePixelData, "(0028,0101)", true},
	{"ct-study/ct-1.dcm", with(NumberElement(dict.HighBit, 0, 3)), CodePixelData, "(0028,0102)", true},
	{"ct-study/ct-1.dcm", with(TextElement(dict.FrameOfReferenceUID, "9.1.2")), CodeUIDRoot, "(0020,0052)", false},
	{"ct-study/ct-1.dcm", copyUID, CodeUIDReused, "(0020,000D)", false},
	{"ct-study/ct-1.dcm", with(Element{Tag: dict.Modality, VR: dict.CS, Written: dict.LO, Value: []byte("CT")}), CodeVRMismatch, "(0008,0060)", false},
	{"ct-study/ct-1.dcm", with(TextElement(dict.SOPClassUID, "1.2.3")), CodeUnknownSOPClass, "(0008,0016)", true},
	{"ct-study/ct-1.dcm", with(Element{Tag: 0x00111001, VR: dict.LO, Value: []byte("SECRET")}), CodePrivate, "(0011,1001)", false},
	{"ct-study/ct-1.dcm", with(Element{Tag: 0x00110001, VR: dict.LO, Value: []byte("SECRET")}), CodePrivate, "(0011,0001)", false},
	{"ct-study/ct-1.dcm", with(Element{Tag: 0x08001600, VR: dict.LO, Value: []byte("SECRET")}), CodeUnknownTag, "(0800,1600)", true},
	{"ct-study/ct-1.dcm", with(TextElement(dict.DataSetSubtype, "SECRET")), CodeRetired, "(0008,0041)", true},
	{"ct-study/ct-1.dcm", with(TextElement(dict.EchoTime, "1")), CodeNotInIOD, "(0018,0081)", false},
	{"ct-study/ct-1.dcm", repeatModality, CodeTagRepeated, "(0008,0060)", false},
	{"ct-study/ct-1.dcm", with(TextElement(dict.PatientID)), CodeDirectoryKey, "(0010,0020)", true},
	{"ct-study/ct-1.dcm", with(NumberElement(0x60020010, dict.US, 4)), CodeType1Missing, "(6002,0011)", true},
	{"ct-study/seg.dcm", inside(dict.SegmentSequence, without(dict.SegmentNumber)), CodeType1Missing, "(0062,0002)[1].(0062,0004)", true},
	{"ct-study/seg.dcm", inside(dict.SegmentSequence, with(NumberElement(dict.SegmentNumber, 0, 9))), CodeFunctionalGroup, "(0062,0002)[1].(0062,0004)", true},
	{"ct-study/seg.dcm", with(SequenceElement(dict.SharedFunctionalGroupsSequence)), CodeType1Empty, "(5200,9229)", true},
	{"ct-study/seg.dcm", with(TextElement(dict.NumberOfFrames, "77")), CodeFunctionalGroup, "(5200,9230)", true},
	{"ct-study/seg.dcm", shareGroup(dict.FrameContentSequence), CodeFunctionalGroup, "(5200,9230)[1].(0020,9111)", true},
	{"ct-study/seg.dcm", inside(dict.PerFrameFunctionalGroupsSequence, without(dict.SegmentIdentificationSequence)), CodeType1Missing, "(5200,9230)[1].(0062,000A)", true},
	{"ct-study/seg.dcm", inside(dict.SharedFunctionalGroupsSequence, doubled(dict.PixelMeasuresSequence)), CodeItems, "(5200,9229)[1].(0028,9110)", true},
	{"sm-study/level-0.dcm", without(dict.OpticalPathSequence), CodeType1Missing, "(0048,0105)", true},
	{"sm-study/level-0.dcm", inside(dict.OpticalPathSequence, without(dict.OpticalPathIdentifier)), CodeType1Missing, "(0048,0105)[1].(0048,0106)", false},
	{"sm-study/level-0.dcm", with(NumberElement(dict.TotalPixelMatrixColumns, 0, 0)), CodeZero, "(0048,0006)", true},
	{"ct-study/rtstruct.dcm", inside(dict.StructureSetROISequence, without(dict.ROINumber)), CodeType1Missing, "(3006,0020)[1].(3006,0022)", false},
	{"mg-study/mg-l-cc.dcm", without(dict.ImageLaterality), CodeType1Missing, "(0020,0062)", true},
	{"dx-study/dx-hand.dcm", with(NumberElement(dict.PixelIntensityRelationshipSign, dict.SS, 0)), CodeEnumeratedValue, "(0028,1041)", false},
	{"dx-study/dx-hand.dcm", with(NumberElement(dict.PixelIntensityRelationshipSign, dict.SS, 255)), CodeEnumeratedValue, "(0028,1041)", false},
	{"dx-study/dx-hand.dcm", with(TextElement(dict.RescaleSlope, "1.5")), CodeEnumeratedValue, "(0028,1053)", true},
	{"dx-study/dx-hand.dcm", without(dict.PresentationIntentType), CodeType1Missing, "(0008,0068)", true},
	{"ct-study/sr-tid1500.dcm", without(dict.CompletionFlag), CodeType1Missing, "(0040,A491)", false},
	{"ct-study/sr-tid1500.dcm", inside(dict.ContentSequence, with(TextElement(dict.RelationshipType, "SELECTED FROM"))), CodeSRContent, "(0040,A730)[1].(0040,A040)", true},
	{"ct-study/sr-tid1500.dcm", inside(dict.ContentSequence, inside(dict.ConceptNameCodeSequence, without(dict.CodeMeaning))), CodeType1Missing, "(0040,A730)[1].(0040,A043)[1].(0008,0104)", true},
	{"ct-study/sr-tid1500.dcm", with(SequenceElement(dict.CurrentRequestedProcedureEvidenceSequence)), CodeReference, "", true},
	{"ct-study/gsps.dcm", without(dict.PresentationLUTShape), CodeType1CMissing, "(2050,0020)", true},
}

func without(t dict.Tag) func(*Dataset)                   { return func(d *Dataset) { d.Remove(t) } }
func with(e Element) func(*Dataset)                       { return func(d *Dataset) { d.Set(e) } }
func inside(t dict.Tag, do func(*Dataset)) func(*Dataset) { return func(d *Dataset) { do(d.Item(t)) } }
func copyUID(d *Dataset)                                  { d.Set(TextElement(dict.FrameOfReferenceUID, d.Text(dict.StudyInstanceUID))) }

func repeatModality(d *Dataset) {
	i := slices.IndexFunc(d.Elements, func(e Element) bool { return e.Tag == dict.Modality })
	d.Elements = slices.Insert(d.Elements, i, TextElement(dict.Modality, "CT"))
}

func doubled(t dict.Tag) func(*Dataset) {
	return func(d *Dataset) { d.Set(SequenceElement(t, *d.Item(t), *d.Item(t))) }
}

func shareGroup(t dict.Tag) func(*Dataset) {
	return func(d *Dataset) {
		d.Item(dict.SharedFunctionalGroupsSequence).Set(*d.Item(dict.PerFrameFunctionalGroupsSequence).Find(t))
	}
}

func TestPlantedMistakesAreFoundAtTheirPlace(t *testing.T) {
	v := validatorOf(t, nil)
	for _, m := range mistakes {
		clean := cleanObject(t, m.file)
		before := map[string]bool{}
		for _, f := range v.Validate(clean) {
			before[string(f.Code)+f.Path] = true
		}
		x := *clean
		x.Dataset = clean.Dataset.Clone()
		m.plant(&x.Dataset)
		hit := false
		for _, f := range v.Validate(&x) {
			if f.Code == m.code && (f.Path == m.path || m.path == "") {
				hit = true
			} else if !before[string(f.Code)+f.Path] && !m.others {
				t.Errorf("%s, %s at %s: also have %v", m.file, m.code, m.path, f)
			}
			if strings.Contains(f.Message, "SECRET") {
				t.Errorf("%s: %s: want no value of the data in the message", m.file, m.code)
			}
		}
		if !hit {
			t.Errorf("%s: want %s at %s, have none", m.file, m.code, m.path)
		}
	}
}

// Validate hands out nothing that it changes later, and finds the same again.
func TestValidateIsPure(t *testing.T) {
	v := validatorOf(t, nil)
	x := cleanObject(t, "ct-study/sr-tid1500.dcm")
	x.Remove(dict.StudyInstanceUID)
	before := x.Dataset.Clone()
	a := slices.Clone(v.Validate(x))
	v.Validate(cleanObject(t, "sm-study/level-0.dcm"))
	b := v.Validate(x)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("(-first +second)\n%s", diff)
	}
	if diff := cmp.Diff(before.Elements, x.Elements, cmp.AllowUnexported(Charset{})); diff != "" {
		t.Errorf("(-before +after)\n%s", diff)
	}
}

func TestOptionsChooseFindings(t *testing.T) {
	x := cleanObject(t, "ct-study/ct-1.dcm")
	x.Dataset = x.Dataset.Clone()
	x.Remove(dict.StudyInstanceUID)
	x.Set(TextElement(dict.PatientID))
	for name, c := range map[string]struct {
		opts *ValidateOptions
		want []issue.Code
	}{
		"errors":  {&ValidateOptions{AtLeast: issue.Error}, []issue.Code{CodeType1Missing}},
		"one":     {&ValidateOptions{Only: []issue.Code{CodeDirectoryKey}}, []issue.Code{CodeDirectoryKey}},
		"but one": {&ValidateOptions{AtLeast: issue.Error, Except: []issue.Code{CodeType1Missing}}, nil},
	} {
		var have []issue.Code
		for _, f := range validatorOf(t, c.opts).Validate(x) {
			if !slices.Contains(have, f.Code) {
				have = append(have, f.Code)
			}
		}
		if diff := cmp.Diff(c.want, have); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	for name, opts := range map[string]*ValidateOptions{
		"severity": {AtLeast: 9}, "bound": {PerCode: -2}, "profile": {Profile: "of nobody"},
	} {
		if _, err := NewValidator(opts); err == nil {
			t.Errorf("%s: want an error, have none", name)
		}
	}
}

func TestFindingsOfOneKindAreBounded(t *testing.T) {
	x := cleanObject(t, "ct-study/seg.dcm")
	x.Dataset = x.Dataset.Clone()
	item := *x.Item(dict.PerFrameFunctionalGroupsSequence)
	item.Remove(dict.FrameContentSequence)
	items := make([]Dataset, 5000)
	for i := range items {
		items[i] = item
	}
	x.Set(SequenceElement(dict.PerFrameFunctionalGroupsSequence, items...))
	found := validatorOf(t, &ValidateOptions{PerCode: 7}).Validate(x)
	n, more := 0, false
	for _, f := range found {
		if f.Code == CodeType1Missing {
			n++
		}
		more = more || f.Code == CodeMore && f.Rule == string(CodeType1Missing) && strings.Contains(f.Message, "5000")
	}
	if n != 7 || !more {
		t.Errorf("want 7 findings and their number, have %d and %v", n, more)
	}
}

func TestNothingIsSaidOfWhatWasNotRead(t *testing.T) {
	v := validatorOf(t, &ValidateOptions{Only: []issue.Code{CodeType1Missing, CodeType2Missing}})
	x := cleanObject(t, "ct-study/ct-1.dcm")
	x.Dataset = x.Dataset.Clone()
	i := slices.IndexFunc(x.Elements, func(e Element) bool { return e.Tag > dict.SOPClassUID })
	x.Elements = x.Elements[:i]
	x.Stop = Element{}
	if len(v.Validate(x)) == 0 {
		t.Error("want findings in a data set that ends early")
	}
	x.Partial = true
	for _, f := range v.Validate(x) {
		t.Errorf("partial: %v", f)
	}
}

func TestProfilesAreStricterThanTheStandard(t *testing.T) {
	x := cleanObject(t, "mg-study/mg-l-cc.dcm")
	only := &ValidateOptions{AtLeast: issue.Error}
	if found := validatorOf(t, only).Validate(x); len(found) > 0 {
		t.Errorf("standard: %v", found[0])
	}
	only.Profile = "IHEMammo"
	if len(validatorOf(t, only).Validate(x)) == 0 {
		t.Error("want findings of the profile, have none")
	}
}

// RT Radiation Set has no rules of its own: its modules of edition 2026b have some.
func TestObjectsOfTheNewestEditionAreHeldToTheModulesThatAreKnown(t *testing.T) {
	v := validatorOf(t, &ValidateOptions{Only: []issue.Code{CodeType1Missing, CodeUnknownSOPClass, CodeNotInIOD}})
	x := &Instance{Dataset: NewDataset(TextElement(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.481.12"), TextElement(dict.EchoTime, "1"))}
	var have []string
	for _, f := range v.Validate(x) {
		have = append(have, string(f.Code)+f.Path)
	}
	if !slices.Contains(have, "dicom-type1-missing(0020,000D)") || slices.Contains(have, "dicom-not-in-iod(0018,0081)") {
		t.Errorf("want Study Instance UID missed and nothing said of attributes, have %v", have)
	}
}

func TestValidatorIsShared(t *testing.T) {
	v := validatorOf(t, nil)
	x, y := cleanObject(t, "ct-study/ct-1.dcm"), cleanObject(t, "ct-study/seg.dcm")
	want := [2]issue.List{v.Validate(x), v.Validate(y)}
	done := make(chan string)
	for range 4 {
		go func() {
			for range 20 {
				if diff := cmp.Diff(want, [2]issue.List{v.Validate(x), v.Validate(y)}); diff != "" {
					done <- diff
					return
				}
			}
			done <- ""
		}()
	}
	for range 4 {
		if diff := <-done; diff != "" {
			t.Errorf("(-alone +shared)\n%s", diff)
		}
	}
}

// No mutation of a clean object makes the Validator panic, or say more than its bounds.
func TestValidateSurvivesMutations(t *testing.T) {
	v := validatorOf(t, &ValidateOptions{PerCode: 20})
	r := rand.New(rand.NewPCG(1, 2))
	bytes := make([]byte, 80)
	for _, name := range cleanObjects {
		clean := cleanObject(t, name)
		for range 200 {
			for i := range bytes {
				bytes[i] = byte(r.Uint32())
			}
			x := *clean
			x.Dataset = clean.Dataset.Clone()
			x.Meta = clean.Meta.Clone()
			mutate(&x.Dataset, bytes[:40], 0)
			mutate(&x.Meta, bytes[72:], 0)
			counts := map[issue.Code]int{}
			for _, f := range v.Validate(&x) {
				if counts[f.Code]++; f.Code != CodeMore && counts[f.Code] > 20 {
					t.Fatalf("%s: want at most 20 findings of %s", name, f.Code)
				}
			}
		}
	}
}

// A private group that looks like an overlay is none.
func TestPrivateGroupsAreNoRepeatingGroups(t *testing.T) {
	x := cleanObject(t, "ct-study/ct-1.dcm")
	x.Dataset = x.Dataset.Clone()
	x.Set(Element{Tag: 0x60010010, VR: dict.LO, Value: []byte("MADE")})
	for _, f := range validatorOf(t, &ValidateOptions{AtLeast: issue.Error}).Validate(x) {
		t.Error(f)
	}
}

// Rules write the -1 of a VR with signs as bits. No form of a number is an error that means
// one of those that are allowed.
func TestNumbersAreComparedByTheirVR(t *testing.T) {
	number := func(vr dict.VR, bytes string) Element { return Element{Tag: dict.Rows, VR: vr, Value: []byte(bytes)} }
	const minus = "\xff\xff\xff\xff\xff\xff\xff\xff"
	for _, c := range []struct {
		e    Element
		rule int64
		want bool
	}{
		{number(dict.SS, minus[:2]), 65535, true},
		{number(dict.SS, minus[:2]), -1, true},
		{number(dict.SS, "\x01\x00"), 65535, false},
		{number(dict.SS, minus[:2]), 1 << 32, false},
		{number(dict.US, minus[:2]), 65535, true},
		{number(dict.US, minus[:2]), -1, true},
		{number(dict.US, minus[:2]), 1<<17 - 1, false},
		{number(dict.SL, minus[:4]), 1<<32 - 1, true},
		{number(dict.SL, minus[:4]), -1, true},
		{number(dict.SL, minus[:4]), 65535, false},
		{number(dict.UL, minus[:4]), 1<<32 - 1, true},
		{number(dict.SV, minus), -1, true},
		{number(dict.SV, minus), 1<<32 - 1, false},
		{number(dict.UV, "\x01\x00\x00\x00\x00\x00\x20\x00"), 1<<53 + 1, true},
		{number(dict.UV, "\x01\x00\x00\x00\x00\x00\x20\x00"), 1 << 53, false},
		{number(dict.FD, "\x00\x00\x00\x00\x00\x00\xf0\x3f"), 1, true},
		{number(dict.FD, "\x00\x00\x00\x00\x00\x00\xf8\x3f"), 1, false},
		{number(dict.IS, "+1"), 1, true},
		{number(dict.IS, "01"), 1, true},
		{number(dict.IS, " 1"), 1, true},
		{number(dict.IS, "-1"), -1, true},
		{number(dict.IS, "-1"), 65535, false},
		{number(dict.DS, "1.0 "), 1, true},
		{number(dict.DS, "1E0"), 1, true},
		{number(dict.DS, "1.5"), 1, false},
	} {
		if have := listed(&iod.Values{Numbers: []int64{9, c.rule}}, &c.e, 0); have != c.want {
			t.Errorf("%v %q and %d: want %v, have %v", c.e.VR, c.e.Value, c.rule, c.want, have)
		}
	}
	for form, want := range map[string]bool{"90": true, "+90": true, "090": true, " 90": true, "90.0": true, "9e1": true, "91": false, "-90": false} {
		e := number(dict.DS, form)
		if have := listed(&iod.Values{Strings: []string{"0", "90"}}, &e, 0); have != want {
			t.Errorf("%q: want %v, have %v", form, want, have)
		}
		if have := isText(&e, 0, "90"); have != want {
			t.Errorf("%q in a condition: want %v, have %v", form, want, have)
		}
	}
	code := Element{Tag: dict.Modality, VR: dict.SH, Value: []byte("+90")}
	if listed(&iod.Values{Strings: []string{"90"}}, &code, 0) {
		t.Error("want +90 and 90 to differ in a VR that has no numbers")
	}
}

func TestMessagesNameAttributesAndAFewValues(t *testing.T) {
	v := validatorOf(t, nil)
	for _, c := range []struct {
		file  string
		plant func(*Dataset)
		path  string
		want  string
	}{
		{"dx-study/dx-hand.dcm", with(NumberElement(dict.PixelIntensityRelationshipSign, dict.SS, 5)), "(0028,1041)",
			"PixelIntensityRelationshipSign: want one of 1, -1, have another value"},
		{"ct-study/seg.dcm", inside(dict.SegmentSequence, without(dict.SegmentNumber)), "(0062,0002)[1].(0062,0004)",
			"SegmentNumber: want an attribute of type 1, have none"},
		{"ct-study/ct-1.dcm", with(Element{Tag: 0x00110001, VR: dict.LO, Value: []byte("SECRET")}), "(0011,0001)",
			"want element numbers from 0010 on, have a lower one"},
		{"ct-study/ct-1.dcm", with(NumberElement(0x60020010, dict.US, 4)), "(6002,0011)",
			"OverlayColumns: want an attribute of type 1, have none"},
	} {
		x := *cleanObject(t, c.file)
		x.Dataset = x.Dataset.Clone()
		c.plant(&x.Dataset)
		var have []string
		for _, f := range v.Validate(&x) {
			if f.Path == c.path {
				have = append(have, f.Message)
			}
		}
		if !slices.Contains(have, c.want) {
			t.Errorf("%s: want %q, have %q", c.path, c.want, have)
		}
	}
	for n, want := range map[int]string{8: "0, 1, 2, 3, 4, 5, 6, 7", 9: "0, 1, 2, 3, 4, 5, 6, 7 or 1 other", 20: "0, 1, 2, 3, 4, 5, 6, 7 or 12 others"} {
		var list iod.Values
		for i := range n {
			list.Numbers = append(list.Numbers, int64(i))
		}
		if have := enough(&list, dict.US); have != want {
			t.Errorf("want %s, have %s", want, have)
		}
	}
	all := &iod.Values{Numbers: []int64{0, 65535}}
	for vr, want := range map[dict.VR]string{dict.US: "0, 65535", dict.SS: "0, -1", dict.SL: "0, 65535", dict.IS: "0, 65535"} {
		if have := enough(all, vr); have != want {
			t.Errorf("%v: want %s, have %s", vr, want, have)
		}
	}
}
