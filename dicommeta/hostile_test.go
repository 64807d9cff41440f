package dicommeta

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// TestEachValueReturnsWhatTextAtReturns holds the two ways through the values of an element
// to each other.
func TestEachValueReturnsWhatTextAtReturns(t *testing.T) {
	for _, text := range []string{"", " ", `\`, `a`, `a\`, `\b `, `a\\b\`, "1\\ 2\\\x00"} {
		for _, vr := range []dict.VR{dict.UI, dict.DS, dict.PN, dict.LT} {
			e := Element{VR: vr, Value: []byte(text)}
			n := 0
			for one, i := range eachValue(&e) {
				have, ok := textAt(one, i)
				want, ok2 := textAt(&e, n)
				if !ok || !ok2 || !bytes.Equal(have, want) {
					t.Errorf("%v %q: value %d is %q, %v, of textAt %q, %v", vr, text, n, have, ok, want, ok2)
				}
				n++
			}
			if _, more := textAt(&e, n); more && !isEmpty(&e) {
				t.Errorf("%v %q: eachValue stops after %d values", vr, text, n)
			}
		}
	}
}

// TestValidationTakesTimeOfItsBytes validates what would take minutes if each value, tag or group
// length led to a look at all others.
func TestValidationTakesTimeOfItsBytes(t *testing.T) {
	const n = 300_000
	text := bytes.Repeat([]byte{'1', '\\'}, n)
	x := &Instance{Dataset: Dataset{Elements: []Element{
		{Tag: dict.SOPClassUID, VR: dict.UI, Value: []byte(dict.UIDCTImageStorage)},
		{Tag: dict.ImageType, VR: dict.CS, Value: text},
		{Tag: dict.RelatedGeneralSOPClassUID, VR: dict.UI, Value: text},
		{Tag: dict.OperatorsName, VR: dict.PN, Value: bytes.Repeat([]byte{'^', '\\'}, n)},
		{Tag: dict.SliceThickness, VR: dict.DS, Value: text},
		{Tag: dict.PatientOrientation, VR: dict.CS, Value: bytes.Repeat([]byte{'L', '\\'}, n)},
		{Tag: dict.ImageOrientationPatient, VR: dict.DS, Value: text},
	}}}
	at := int64(1000)
	for i := range n {
		x.Elements = append(x.Elements, Element{Tag: dict.NewTag(0x4009, 0), VR: dict.UL, Value: binary.LittleEndian.AppendUint32(nil, 1), Offset: at, End: at + 12})
		at += 12
		x.Elements = append(x.Elements, Element{Tag: dict.NewTag(0x4009, 0x1000+uint16(i&0xff)<<8), VR: dict.LO, Offset: at, End: at + 8})
		at += 8
	}
	v, err := NewValidator(nil)
	if err != nil {
		t.Fatal(err)
	}
	found := v.Validate(x)
	for _, code := range []issue.Code{CodeVM, CodePrivate, CodeRetired} {
		if !slices.ContainsFunc(found, func(f issue.Issue) bool { return f.Code == code }) {
			t.Errorf("want a finding %s, have none", code)
		}
	}
}

// TestDescendingElementsTakeTimeOfTheirNumber makes and reads data sets in the order that
// costs most.
func TestDescendingElementsTakeTimeOfTheirNumber(t *testing.T) {
	const n = 150_000
	elements := make([]Element, 0, n+1)
	text := []byte("{")
	for i := n; i > 0; i-- {
		elements = append(elements, Element{Tag: dict.NewTag(0x4009, 0) + dict.Tag(i), VR: dict.LO})
		text = fmt.Appendf(text, `"%08X":{"vr":"LO"},`, 0x40090000+i)
	}
	elements = append(elements, Element{Tag: elements[0].Tag, VR: dict.SH})
	text = append(text[:len(text)-1], '}')
	made := NewDataset(elements...)
	read, _, err := ParseJSON(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*Dataset{&made, &read} {
		if len(d.Elements) != n || !slices.IsSortedFunc(d.Elements, func(a, b Element) int { return compareTags(a.Tag, b.Tag) }) {
			t.Errorf("want %d ascending elements, have %d", n, len(d.Elements))
		}
	}
	if last := made.Elements[n-1]; last.VR != dict.SH {
		t.Errorf("of two elements of one tag the first is kept")
	}
	if elements[0].Tag < elements[1].Tag {
		t.Error("NewDataset orders what it was given")
	}
}

// TestPatchHoldsNoBomb patches a deflated file of some KB that inflates to 200 MB.
func TestPatchHoldsNoBomb(t *testing.T) {
	bomb := Instance{TransferSyntax: deflatedLittleEndian, Dataset: NewDataset(
		TextElement(dict.SOPClassUID, dict.UIDCTImageStorage), TextElement(dict.SOPInstanceUID, "1.2.3"), TextElement(dict.PatientID, "1"),
		Element{Tag: dict.TextValue, VR: dict.UT, Value: make([]byte, 200<<20)})}
	var file bytes.Buffer
	if err := Write(&file, &bomb, nil); err != nil {
		t.Fatal(err)
	}
	bomb.Elements = nil
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Patch(io.Discard, bytes.NewReader(file.Bytes()), int64(file.Len()), []Change{{
		Path: Path{{Tag: dict.PatientID}}, Element: TextElement(dict.PatientID, "2"),
	}}, nil)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, ErrLimit) {
		t.Errorf("want ErrLimit, have %v", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
		t.Errorf("refusing %d bytes allocates %d", file.Len(), n)
	}
}

// TestStreamThatTricklesTakesTheMemoryOfItsBytes reads a stream that gives a byte at a time.
func TestStreamThatTricklesTakesTheMemoryOfItsBytes(t *testing.T) {
	x := Instance{Dataset: NewDataset(TextElement(dict.SOPClassUID, dict.UIDCTImageStorage), TextElement(dict.SOPInstanceUID, "1.2.3"))}
	for i := range 3000 {
		x.Elements = append(x.Elements, Element{Tag: dict.NewTag(0x4009, 0x1000+uint16(i)), VR: dict.LO, Value: []byte("VALUE ")})
	}
	var file bytes.Buffer
	if err := Write(&file, &x, nil); err != nil {
		t.Fatal(err)
	}
	want, err := Parse(bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	have, err := ParseStream(iotest.OneByteReader(bytes.NewReader(file.Bytes())), nil)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := want.AppendJSON(nil, nil), have.AppendJSON(nil, nil); !bytes.Equal(a, b) {
		t.Error("the stream is read otherwise than the file")
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
		t.Errorf("reading %d bytes allocates %d", file.Len(), n)
	}
}

// TestSourcesGoOnBehindALinkInACircle reads a folder with a link to itself between two files.
func TestSourcesGoOnBehindALinkInACircle(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "z"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("m", filepath.Join(dir, "m")); err != nil {
		t.Skip(err)
	}
	stats, err := Each(t.Context(), Sources(dir), nil, func(int, *Instance) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if stats.Files != 3 || stats.NotDICOM != 2 || stats.Failed != 1 {
		t.Errorf("want 3 files, 2 of them not DICOM and 1 failed, have %+v", stats)
	}
}

// noListing is a file system of which one folder cannot be listed.
type noListing struct{ fstest.MapFS }

func (f noListing) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "closed" {
		return nil, fs.ErrPermission
	}
	return f.MapFS.ReadDir(name)
}

// TestSourcesGoOnBehindAFolderThatCannotBeListed counts such a folder as a file that failed.
func TestSourcesGoOnBehindAFolderThatCannotBeListed(t *testing.T) {
	files := noListing{fstest.MapFS{"a": {}, "closed/b": {}, "open/c": {}}}
	stats, err := Each(t.Context(), FSSources(files), nil, func(int, *Instance) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if stats.Files != 3 || stats.Failed != 1 {
		t.Errorf("want 3 files, 1 failed, have %+v", stats)
	}
}

// TestSourcesFollowTheLinkThatIsNamed walks the folder that an argument links to.
func TestSourcesFollowTheLinkThatIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "real", "a"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("real", link); err != nil {
		t.Skip(err)
	}
	var names []string
	for src, err := range Sources(link) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, src.Name)
	}
	if want := []string{filepath.Join(link, "a")}; !slices.Equal(names, want) {
		t.Errorf("want %v, have %v", want, names)
	}
}
