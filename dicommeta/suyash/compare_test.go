package suyash

import (
	"bytes"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/golden"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func tagOf(t dict.Tag) tag.Tag { return tag.Tag{Group: t.Group(), Element: t.Element()} }

// shown is what an element of the other package says.
type shown struct {
	vr    string
	value string
}

// flatten returns what the elements say, by path; group lengths and pixel data apart.
func flatten(into map[string]shown, prefix string, elements []*dicom.Element) {
	for _, e := range elements {
		t := dict.NewTag(e.Tag.Group, e.Tag.Element)
		if t.IsGroupLength() || t.Group() >= 0x7FE0 && t.Group()&1 == 0 || t.Group() == 2 || t == dict.SpecificCharacterSet {
			continue
		}
		path := prefix + t.String()
		items, ok := e.Value.GetValue().([]*dicom.SequenceItemValue)
		if !ok {
			into[path] = shown{e.RawValueRepresentation, fmt.Sprintf("%q", e.Value.GetValue())}
			continue
		}
		into[path] = shown{"SQ", fmt.Sprint(len(items))}
		for i, item := range items {
			flatten(into, fmt.Sprintf("%s[%d].", path, i+1), item.GetValue().([]*dicom.Element))
		}
	}
}

// direct runs the other parser on bytes as they are.
func direct(b []byte) (dicom.Dataset, error) { return guarded(bytes.NewReader(b), int64(len(b))) }

// reason tells why the other parser reads an element of x otherwise, "" where that is not known.
// The numbers are those of the report on it.
func reason(k known, ours, theirs shown) string {
	e, foreign := k.e, k.foreign
	switch {
	case e == nil:
		return ""
	case len(e.Value)%2 == 1 && strings.TrimSuffix(ours.value, `"`)+`\x00"` == theirs.value:
		return "padded"
	case ours.vr != theirs.vr && theirs.vr == "UN":
		return "VR is not resolved"
	case ours.vr == "SS" && theirs.vr == "US" || ours.vr == "US" && theirs.vr == "SS":
		return "US or SS by its first choice"
	case ours.vr != theirs.vr && ours.vr == "UN" && slices.Contains([]string{"OF", "OD", "OL", "OV", "SV", "UV"}, theirs.vr):
		return "OF, OD, OL, OV, SV, UV as text"
	case ours.vr != theirs.vr && (e.Written == 0 || e.Written != e.VR):
		return "VR of the dictionary's first choice"
	case e.VR.HasCharset() && foreign:
		return "character set"
	case !e.VR.IsText() || bare(ours.value) != bare(theirs.value):
		return ""
	case e.VR == dict.DA:
		return "DA is not split"
	case !e.VR.Multiple():
		return "text is split at backslash or loses blanks"
	}
	return "blanks between values stay"
}

// bare returns shown text without what parts and pads values.
func bare(s string) string {
	return strings.NewReplacer(`\\x00`, "", `\\`, "", `"`, "", " ", "").Replace(s)
}

// known is an element and whether its text is not ASCII.
type known struct {
	e       *dicommeta.Element
	foreign bool
}

func byPath(x *dicommeta.Instance) map[string]known {
	all := map[string]known{}
	x.Walk(func(p dicommeta.Path, d *dicommeta.Dataset, e *dicommeta.Element) bool {
		all[p.String()] = known{e, needsCharset(e.Value)}
		return true
	})
	return all
}

// TestTheOtherParserDiffersForKnownReasons compares all shared files as both readers read them.
// testdata/differences.txt has how many elements and files differ for which reason, and may
// only become less.
func TestTheOtherParserDiffersForKnownReasons(t *testing.T) {
	log.SetOutput(new(bytes.Buffer))
	defer log.SetOutput(os.Stderr)
	root := golden.Shared(t, "data/dicom/files")
	elements, same := map[string]int{}, 0
	files, both := map[string]int{}, 0
	count := func(seen map[string]bool, why string) {
		elements[why]++
		if !seen[why] {
			seen[why] = true
			files[why]++
		}
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		x, err := dicommeta.Parse(bytes.NewReader(b), int64(len(b)), &dicommeta.ReadOptions{KeepBytes: -1})
		if err != nil || x.Partial || len(b) > 4<<20 {
			return nil
		}
		if strings.Contains(path, "deep") || strings.Contains(path, "lengths") {
			return nil // the other parser would take gigabytes
		}
		seen := map[string]bool{}
		theirs, err := direct(b)
		if err != nil {
			count(seen, "the other parser fails")
			return nil
		}
		both++
		ds, _ := ToSuyash(x)
		ours, other := map[string]shown{}, map[string]shown{}
		flatten(ours, "", ds.Elements)
		flatten(other, "", theirs.Elements)
		at := byPath(x)
		for path, a := range ours {
			b, ok := other[path]
			if ok && a == b {
				same++
				continue
			}
			why := "missing in the other, see above"
			if ok {
				why = reason(at[path], a, b)
			}
			if why == "" {
				why = "unexplained"
				t.Logf("%s: %s: unexplained (%s, %s)", d.Name(), path, a.vr, b.vr)
			}
			count(seen, why)
		}
		for path := range other {
			if _, ok := ours[path]; !ok {
				count(seen, "only in the other")
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d files read by both\n%d elements the same\n", both, same)
	for _, why := range sorted(elements) {
		fmt.Fprintf(&b, "%d elements in %d files: %s\n", elements[why], files[why], why)
	}
	golden.Compare(t, "testdata/differences.txt", []byte(b.String()))
}

func TestMendedFilesReadAsWeReadThem(t *testing.T) {
	root := golden.Shared(t, "data/dicom/files")
	files, elements := 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		x, err := dicommeta.Parse(bytes.NewReader(b), int64(len(b)), readOptions(&ParseOptions{}, int64(len(b))))
		if err != nil {
			return nil
		}
		theirs, _, err := parseMended(x)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		files++
		ds, _ := ToSuyash(x)
		ours, other := map[string]shown{}, map[string]shown{}
		flatten(ours, "", ds.Elements)
		flatten(other, "", theirs.Elements)
		at := byPath(x)
		for path := range ours {
			if ours[path] == other[path] || reason(at[path], ours[path], other[path]) != "" {
				elements++
				continue
			}
			t.Errorf("%s: %s: want %s as we read it, have %s", d.Name(), path, ours[path].vr, other[path].vr)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d elements", files, elements)
	if files < 900 {
		t.Errorf("want at least 900 files mended, have %d", files)
	}
}

func TestConvertedDatasetsComeBack(t *testing.T) {
	want := dicommeta.NewDataset(
		dicommeta.TextElement(dict.SpecificCharacterSet, "ISO_IR 192"),
		dicommeta.TextElement(dict.ImageType, "ORIGINAL", "PRIMARY"),
		dicommeta.TextElement(dict.PatientName, "Öst^Åsa"),
		dicommeta.TextElement(dict.PatientComments, "a\\b"),
		dicommeta.NumberElement(dict.PatientSize, dict.FD, 1.5),
		dicommeta.NumberElement(0x00189073, dict.FL, 0.1),
		dicommeta.TagElement(dict.FrameIncrementPointer, dict.FrameTime),
		dicommeta.SequenceElement(dict.RequestAttributesSequence, dicommeta.NewDataset(dicommeta.TextElement(dict.CodeMeaning, "möte")), dicommeta.NewDataset()),
		dicommeta.NumberElement(dict.Rows, 0, 65535),
		dicommeta.NumberElement(dict.SmallestImagePixelValue, dict.SS, -2),
		dicommeta.NumberElement(dict.ReferencePixelX0, dict.SL, -2),
		dicommeta.BytesElement(0x00091001, dict.UN, []byte("12")),
	)
	x := &dicommeta.Instance{Dataset: want}
	ds, lost := ToSuyash(x)
	y, odd, err := FromSuyash(ds)
	if err != nil {
		t.Fatal(err)
	}
	if len(lost)+len(odd) > 0 {
		t.Errorf("want no findings, have %v %v", lost, odd)
	}
	a, err := dicommeta.AppendDataset(nil, &want, dicommeta.Encoding{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := dicommeta.AppendDataset(nil, &y.Dataset, dicommeta.Encoding{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestConversionsTellWhatTheyLose(t *testing.T) {
	x := &dicommeta.Instance{Dataset: dicommeta.NewDataset(
		dicommeta.BytesElement(0x00091001, dict.UV, make([]byte, 8)),
		dicommeta.Element{Tag: 0x00091002, VR: dict.OB, Length: 99},
	)}
	ds, lost := ToSuyash(x)
	if len(ds.Elements) != 1 || ds.Elements[0].RawValueRepresentation != "UN" || len(lost) != 2 || lost[0].Code != CodeLoss || lost[1].Path != "(0009,1002)" {
		t.Errorf("want UN for UV and the skipped value told, have %v", lost)
	}

	number, err := dicom.NewValue([]int{70000})
	if err != nil {
		t.Fatal(err)
	}
	text, err := dicom.NewValue([]string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	pixels, err := dicom.NewValue(dicom.PixelDataInfo{})
	if err != nil {
		t.Fatal(err)
	}
	rows := &dicom.Element{Tag: tag.Rows, RawValueRepresentation: "US"}
	y, odd, err := FromSuyash(dicom.Dataset{Elements: []*dicom.Element{
		nil,
		{Tag: tag.Columns, RawValueRepresentation: "US", Value: number},
		{Tag: tag.BitsStored, RawValueRepresentation: "US", Value: text},
		{Tag: tag.PixelData, RawValueRepresentation: "OW", Value: pixels},
		rows, rows,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(y.Elements) != 1 || len(odd) != 5 || !odd.HasErrors() {
		t.Errorf("want Rows alone and four things told, have %d elements, %v", len(y.Elements), odd)
	}
}

func TestFromSuyashBoundsDepth(t *testing.T) {
	var elements []*dicom.Element
	for range 100 {
		v, err := dicom.NewValue([][]*dicom.Element{elements})
		if err != nil {
			t.Fatal(err)
		}
		elements = []*dicom.Element{{Tag: tag.ContentSequence, RawValueRepresentation: "SQ", Value: v}}
	}
	if _, _, err := FromSuyash(dicom.Dataset{Elements: elements}); err == nil {
		t.Error("want an error, have none")
	}
}
