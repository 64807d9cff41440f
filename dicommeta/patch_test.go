package dicommeta

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// madeFile returns a small file with pixel data in a transfer syntax.
func madeFile(t testing.TB, syntax string, undefined bool, more ...Element) []byte {
	t.Helper()
	d := NewDataset(
		TextElement(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.7"),
		TextElement(dict.SOPInstanceUID, "1.2.3"),
		TextElement(dict.PatientName, "Ek^Eva"),
		TextElement(dict.PatientID, "12"),
		SequenceElement(dict.RequestAttributesSequence,
			NewDataset(TextElement(dict.ScheduledProcedureStepID, "a"),
				SequenceElement(dict.ScheduledProtocolCodeSequence, NewDataset(TextElement(dict.CodeValue, "c1")), NewDataset())),
			NewDataset(TextElement(dict.ScheduledProcedureStepID, "b"))),
		NumberElement(dict.Rows, 0, 2),
		BytesElement(dict.PixelData, dict.OW, []byte("\x01\x02\x03\x04\x05\x06\x07\x08")),
	)
	for _, e := range more {
		d.Set(e)
		if e.Tag == dict.SpecificCharacterSet {
			d.Charset, _ = NewCharset(UTF8.Texts(&e))
		}
	}
	var b bytes.Buffer
	if err := Write(&b, &Instance{Dataset: d}, &WriteOptions{TransferSyntax: syntax, Undefined: undefined}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func mustParse(t testing.TB, b []byte) *Instance {
	t.Helper()
	x, err := Parse(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func set(e Element, path ...Step) Change {
	return Change{Path: append(path, Step{Tag: e.Tag}), Element: e}
}

func TestPatchEqualsWritingTheChangedDataset(t *testing.T) {
	for _, syntax := range []string{implicitLittleEndian, explicitLittleEndian, explicitBigEndian, deflatedLittleEndian} {
		for _, undefined := range []bool{false, true} {
			b := madeFile(t, syntax, undefined)
			item := Step{Tag: dict.RequestAttributesSequence, Item: 1}
			code := Step{Tag: dict.ScheduledProtocolCodeSequence, Item: 2}
			changes := []Change{
				set(TextElement(dict.SOPInstanceUID, "1.2.30000")),
				set(TextElement(dict.PatientName, "Al")),
				set(TextElement(dict.Modality, "OT")),
				{Path: Path{{Tag: dict.PatientID}}, Action: ActionRemove},
				set(NumberElement(dict.Columns, 0, 515)),
				set(TextElement(dict.CodeValue, "long code"), item, code),
				set(SequenceElement(dict.ProcedureCodeSequence, NewDataset(TextElement(dict.CodeValue, "p")))),
				{Path: Path{{Tag: dict.RequestAttributesSequence, Item: 2}}, Action: ActionRemove},
			}
			got, done, err := patched(b, changes, &PatchOptions{Undefined: undefined})
			if err != nil {
				t.Fatalf("%s: %v", syntax, err)
			}
			if done.Replaced != 2 || done.Inserted != 4 || done.Removed != 2 {
				// The UID is replaced twice, in the data set and in the meta information.
				if done.Replaced != 3 {
					t.Errorf("%s: want 3 replaced, 4 inserted, 2 removed, have %+v", syntax, done)
				}
			}
			d := NewDataset(
				TextElement(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.7"),
				TextElement(dict.SOPInstanceUID, "1.2.30000"),
				TextElement(dict.Modality, "OT"),
				SequenceElement(dict.ProcedureCodeSequence, NewDataset(TextElement(dict.CodeValue, "p"))),
				TextElement(dict.PatientName, "Al"),
				SequenceElement(dict.RequestAttributesSequence,
					NewDataset(TextElement(dict.ScheduledProcedureStepID, "a"),
						SequenceElement(dict.ScheduledProtocolCodeSequence, NewDataset(TextElement(dict.CodeValue, "c1")), NewDataset(TextElement(dict.CodeValue, "long code"))))),
				NumberElement(dict.Rows, 0, 2),
				NumberElement(dict.Columns, 0, 515),
				BytesElement(dict.PixelData, dict.OW, []byte("\x01\x02\x03\x04\x05\x06\x07\x08")),
			)
			var want bytes.Buffer
			if err := Write(&want, &Instance{Dataset: d}, &WriteOptions{TransferSyntax: syntax, Undefined: undefined}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Bytes(), got); diff != "" {
				t.Errorf("%s, undefined lengths %v (-want +got)\n%s", syntax, undefined, diff)
			}
		}
	}
}

func TestPatchRecomputesGroupLengths(t *testing.T) {
	for _, big := range []bool{false, true} {
		e := elementWriter{enc: Encoding{BigEndian: big}}
		write := func(els ...Element) {
			for i := range els {
				if err := e.element(Path{{Tag: els[i].Tag}}, &els[i], nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		syntax := explicitLittleEndian
		if big {
			syntax = explicitBigEndian
		}
		var head bytes.Buffer
		if err := Write(&head, &Instance{}, &WriteOptions{TransferSyntax: syntax}); err != nil {
			t.Fatal(err)
		}
		write(NumberElement(0x00080000, dict.UL, 10), TextElement(dict.Modality, "OT"))
		write(NumberElement(0x00100000, dict.UL, 77), TextElement(dict.PatientName, "Ek"), TextElement(dict.PatientID, "12"))
		b := append(head.Bytes(), e.out...)
		out, _, err := patched(b, []Change{set(TextElement(dict.PatientID, "123456"))}, nil)
		if err != nil {
			t.Fatal(err)
		}
		x := mustParse(t, out)
		if n, _ := x.Int(0x00080000); n != 10 {
			t.Errorf("want the length of an untouched group as it was, have %d", n)
		}
		if n, _ := x.Int(0x00100000); n != 10+14 {
			t.Errorf("want group length 24, have %d", n)
		}
	}
}

func TestPatchKeepsFileMetaInStep(t *testing.T) {
	b := madeFile(t, explicitLittleEndian, false)
	out, _, err := patched(b, []Change{
		set(TextElement(dict.SOPInstanceUID, "1.2.3.4.5.6.7")),
		set(TextElement(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.2")),
		set(TextElement(dict.SourceApplicationEntityTitle, "HERE")),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := mustParse(t, out)
	if got := x.Meta.Text(dict.MediaStorageSOPInstanceUID); got != "1.2.3.4.5.6.7" {
		t.Errorf("want the new instance UID, have %q", got)
	}
	if got := x.Meta.Text(dict.MediaStorageSOPClassUID); got != "1.2.840.10008.5.1.4.1.1.2" {
		t.Errorf("want the new class UID, have %q", got)
	}
	if got := x.Meta.Text(dict.SourceApplicationEntityTitle); got != "HERE" {
		t.Errorf("want the title, have %q", got)
	}
	last := x.Meta.Elements[len(x.Meta.Elements)-1]
	if n, _ := x.Meta.Int(dict.FileMetaInformationGroupLength); n != last.End-144 {
		t.Errorf("want group length %d, have %d", last.End-144, n)
	}
}

func TestPatchWritesTextInTheCharacterSetOfTheFile(t *testing.T) {
	latin1 := madeFile(t, explicitLittleEndian, false, TextElement(dict.SpecificCharacterSet, "ISO_IR 100"))
	name := set(TextElement(dict.PatientName, "Åberg^Örjan"))
	out, done, err := patched(latin1, []Change{name}, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := mustParse(t, out)
	if got := string(x.Find(dict.PatientName).Value); done.UTF8 || got != "\xc5berg^\xd6rjan " {
		t.Errorf("want Latin-1, have %q", got)
	}

	greek := set(TextElement(dict.PatientComments, "Ωμέγα"))
	_, _, err = patched(out, []Change{greek}, nil)
	var e *Error
	if !errors.Is(err, ErrCharset) || !errors.As(err, &e) || e.Issue.Path != "(0010,4000)" || strings.Contains(err.Error(), "Ω") {
		t.Errorf("want ErrCharset at (0010,4000) without the value, have %v", err)
	}

	again, done, err := patched(out, []Change{greek}, &PatchOptions{UTF8: true})
	if err != nil {
		t.Fatal(err)
	}
	x = mustParse(t, again)
	if got := []string{x.Text(dict.SpecificCharacterSet), x.Text(dict.PatientName), x.Text(dict.PatientComments)}; !done.UTF8 || !cmp.Equal(got, []string{"ISO_IR 192", "Åberg^Örjan", "Ωμέγα"}) {
		t.Errorf("want all text in UTF-8, have %q", got)
	}
	if got := string(x.Find(dict.PatientName).Value); got != "Åberg^Örjan " && got != "Åberg^Örjan" {
		t.Errorf("want the name in UTF-8, have %q", got)
	}
}

func TestPatchToUTF8ReachesItemsWithTheirOwnCharacterSet(t *testing.T) {
	item := Dataset{Elements: []Element{
		TextElement(dict.SpecificCharacterSet, "ISO_IR 144"),
		{Tag: dict.CodeMeaning, VR: dict.LO, Value: []byte("\xbb\xee")},
	}}
	b := madeFile(t, implicitLittleEndian, true, TextElement(dict.SpecificCharacterSet, "ISO_IR 100"), SequenceElement(dict.ProcedureCodeSequence, item),
		Element{Tag: dict.StudyDescription, VR: dict.LO, Value: []byte("r\xf6tt")})
	out, done, err := patched(b, []Change{set(TextElement(dict.PatientComments, "Ωμέγα")), set(TextElement(dict.CodeValue, "Ж"), Step{Tag: dict.ProcedureCodeSequence, Item: 1})}, &PatchOptions{UTF8: true})
	if err != nil {
		t.Fatal(err)
	}
	x := mustParse(t, out)
	in := x.Item(dict.ProcedureCodeSequence)
	got := []string{in.Text(dict.CodeMeaning), in.Text(dict.CodeValue), x.Text(dict.StudyDescription), x.Text(dict.PatientComments)}
	if diff := cmp.Diff([]string{"Лю", "Ж", "rött", "Ωμέγα"}, got); diff != "" || !done.UTF8 || in.Has(dict.SpecificCharacterSet) {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPatchRefusesWhatWouldMakeAFileWrong(t *testing.T) {
	b := madeFile(t, explicitLittleEndian, false)
	item := Step{Tag: dict.RequestAttributesSequence, Item: 3}
	tests := []struct {
		name    string
		changes []Change
		code    issue.Code // "" for an error of the change itself
	}{
		{"no path", []Change{{}}, ""},
		{"transfer syntax", []Change{set(TextElement(dict.TransferSyntaxUID, "1.2"))}, ""},
		{"meta length", []Change{set(NumberElement(dict.FileMetaInformationGroupLength, 0, 2))}, ""},
		{"media storage UID", []Change{set(TextElement(dict.MediaStorageSOPInstanceUID, "1.2"))}, ""},
		{"group length", []Change{set(NumberElement(0x00100000, dict.UL, 2))}, ""},
		{"character set", []Change{set(TextElement(dict.SpecificCharacterSet, "ISO_IR 100"))}, ""},
		{"another tag", []Change{{Path: Path{{Tag: dict.Rows}}, Element: NumberElement(dict.Columns, 0, 1)}}, ""},
		{"no item number", []Change{{Path: Path{{Tag: dict.RequestAttributesSequence}, {Tag: dict.Rows}}, Element: NumberElement(dict.Rows, 0, 1)}}, ""},
		{"an item set", []Change{{Path: Path{item}, Element: NumberElement(dict.RequestAttributesSequence, 0, 1)}}, ""},
		{"twice", []Change{set(TextElement(dict.PatientID, "1")), set(TextElement(dict.PatientID, "2"))}, ""},
		{"below a removed one", []Change{{Path: Path{{Tag: dict.RequestAttributesSequence}}, Action: ActionRemove}, set(TextElement(dict.CodeValue, "2"), Step{Tag: dict.RequestAttributesSequence, Item: 1})}, ""},
		{"a value left in a source", []Change{{Path: Path{{Tag: dict.PatientID}}, Element: Element{Tag: dict.PatientID, VR: dict.LO, Length: 9}}}, ""},
		{"unknown action", []Change{{Path: Path{{Tag: dict.PatientID}}, Action: 9}}, ""},
		{"no such item", []Change{set(TextElement(dict.CodeValue, "2"), item)}, CodePatchPath},
		{"no such sequence", []Change{set(TextElement(dict.CodeValue, "2"), Step{Tag: dict.ProcedureCodeSequence, Item: 1})}, CodePatchPath},
		{"no sequence", []Change{set(TextElement(dict.CodeValue, "2"), Step{Tag: dict.PatientID, Item: 1})}, CodePatchPath},
		{"inserted twice", []Change{{Path: Path{{Tag: dict.PatientID}}, Action: ActionInsert, Element: TextElement(dict.PatientID, "1")}}, CodePatchPath},
		{"pixel data", []Change{set(BytesElement(dict.PixelData, dict.OW, []byte{1, 2}))}, CodePatchBehind},
		{"not in UTF-8", []Change{{Path: Path{{Tag: dict.PatientName}}, Element: Element{Tag: dict.PatientName, VR: dict.PN, Value: []byte{0xe5, ' '}}}}, CodePatchCharset},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, _, err := patched(b, tt.changes, nil)
			if err == nil || len(out) > 0 {
				t.Fatalf("want an error and no bytes, have %d bytes", len(out))
			}
			var e *Error
			if errors.As(err, &e) != (tt.code != "") || e != nil && e.Issue.Code != tt.code {
				t.Errorf("want code %q, have %v", tt.code, err)
			}
		})
	}
}

func TestPatchRefusesPartialFiles(t *testing.T) {
	b := madeFile(t, explicitLittleEndian, false)
	x := mustParse(t, b)
	cut := b[:x.Find(dict.RequestAttributesSequence).Offset+20]
	if !mustParse(t, cut).Partial {
		t.Fatal("want a partial file")
	}
	_, _, err := patched(cut, []Change{set(TextElement(dict.PatientID, "1"))}, nil)
	var e *Error
	if !errors.As(err, &e) || e.Issue.Code != CodePatchPartial {
		t.Errorf("want %s, have %v", CodePatchPartial, err)
	}
}

func TestPatchFileIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.dcm"), filepath.Join(dir, "out.dcm")
	if err := os.WriteFile(in, madeFile(t, explicitLittleEndian, false), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := PatchFile(in, out, []Change{set(BytesElement(dict.PixelData, dict.OW, nil))}, nil); err == nil {
		t.Error("want an error")
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 {
		t.Errorf("want nothing left, have %d files", len(names))
	}
	for _, to := range []string{out, in} {
		if _, err := PatchFile(in, to, []Change{set(TextElement(dict.PatientID, "9876"))}, nil); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		if got := mustParse(t, b).Text(dict.PatientID); got != "9876" {
			t.Errorf("want the new id, have %q", got)
		}
	}
	if _, err := PatchFile(dir, out, nil, nil); err == nil {
		t.Error("want a folder refused")
	}
}

// zeroTail is a file of size bytes that begins with head and goes on in zeros.
type zeroTail struct {
	head []byte
	size int64
}

func (z *zeroTail) ReadAt(b []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(b)), z.size-off)))
	clear(b[:n])
	if off < int64(len(z.head)) {
		copy(b[:n], z.head[off:])
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func TestPatchHoldsNoMoreThanTheHeader(t *testing.T) {
	b := madeFile(t, explicitLittleEndian, false)
	x := mustParse(t, b)
	size := int64(1 << 30)
	file := &zeroTail{head: b[:x.Stop.Offset+int64(x.Stop.Head)], size: size}
	binary.LittleEndian.PutUint32(file.head[x.Stop.Offset+8:], uint32(size-int64(len(file.head))))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	done, err := Patch(io.Discard, file, size, []Change{set(TextElement(dict.PatientName, "Somebody^Else"))}, nil)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 1<<20 {
		t.Errorf("want at most 1 MiB allocated for a file of 1 GiB, have %d bytes", spent)
	}
	if done.Bytes != size+8 {
		t.Errorf("want %d bytes, have %d", size+8, done.Bytes)
	}
}
