package dicommeta

import (
	"bytes"
	"errors"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// FuzzPatch holds every file that can be patched to the law of patches: what comes out
// can be read, and differs by the changes alone.
func FuzzPatch(f *testing.F) {
	for _, syntax := range []string{explicitLittleEndian, implicitLittleEndian, explicitBigEndian, deflatedLittleEndian} {
		f.Add(madeFile(f, syntax, false), "Eva", uint32(dict.PatientID), false)
		f.Add(madeFile(f, syntax, true), "Åsa", uint32(dict.PatientName), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, text string, tag uint32, toUTF8 bool) {
		if len(b) > 1<<16 {
			return
		}
		x, err := Parse(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			return
		}
		changes := []Change{
			set(TextElement(dict.PatientComments, text)),
			{Path: Path{{Tag: dict.Tag(tag)}}, Action: ActionRemove},
			{Path: Path{{Tag: dict.RequestAttributesSequence, Item: 1}, {Tag: dict.ScheduledProcedureStepID}}, Action: ActionReplace, Element: TextElement(dict.ScheduledProcedureStepID, "zz")},
		}
		out, done, err := patched(b, changes, &PatchOptions{UTF8: toUTF8})
		if err != nil {
			if len(out) > 0 {
				t.Errorf("want nothing written on an error, have %d bytes: %v", len(out), err)
			}
			return
		}
		y, err := Parse(bytes.NewReader(out), int64(len(out)), nil)
		if err != nil {
			t.Fatalf("want a file that can be read, have %v", err)
		}
		if dict.Tag(tag) != dict.PatientComments && y.Has(dict.Tag(tag)) {
			t.Error("want the element removed")
		}
		if x.Stop.Tag != 0 && !x.Encoding.Deflated && !bytes.Equal(b[x.Stop.Offset:], out[y.Stop.Offset:]) {
			t.Error("want the pixel data as it was")
		}
		if done.Bytes != int64(len(out)) {
			t.Errorf("want %d bytes told, have %d", len(out), done.Bytes)
		}
		again, _, err := patched(out, nil, nil)
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("want a patch without changes to copy, have %v", err)
		}
	})
}

// FuzzWrite holds what is written to what was read.
func FuzzWrite(f *testing.F) {
	for i, syntax := range []string{explicitLittleEndian, implicitLittleEndian, explicitBigEndian, deflatedLittleEndian} {
		f.Add(madeFile(f, syntax, i%2 == 0), uint8(i))
	}
	syntaxes := []string{explicitLittleEndian, implicitLittleEndian, deflatedLittleEndian}
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		if len(b) > 1<<16 {
			return
		}
		x, err := Parse(bytes.NewReader(b), int64(len(b)), &ReadOptions{KeepBytes: -1})
		if err != nil || x.Partial {
			return
		}
		x.Stop = Element{}
		var out bytes.Buffer
		if err := Write(&out, x, &WriteOptions{TransferSyntax: syntaxes[int(n)%len(syntaxes)], Undefined: n > 99}); err != nil {
			if !errors.Is(err, ErrSkipped) && out.Len() > 0 {
				t.Errorf("want nothing written on an error, have %d bytes: %v", out.Len(), err)
			}
			return
		}
		var again bytes.Buffer
		if err := Write(&again, x, &WriteOptions{TransferSyntax: syntaxes[int(n)%len(syntaxes)], Undefined: n > 99}); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
			t.Error("want the same bytes twice")
		}
	})
}
