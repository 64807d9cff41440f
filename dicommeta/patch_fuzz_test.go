package dicommeta

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
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
		if len(b) <= 1<<16 {
			holdsPatchLaw(t, b, text, dict.Tag(tag), toUTF8)
		}
	})
}

// holdsPatchLaw patches b, and reports whether that was possible.
func holdsPatchLaw(t *testing.T, b []byte, text string, tag dict.Tag, toUTF8 bool) bool {
	t.Helper()
	x, err := Parse(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		return false
	}
	changes := []Change{
		set(TextElement(dict.PatientComments, text)),
		{Path: Path{{Tag: tag}}, Action: ActionRemove},
		{Path: Path{{Tag: dict.RequestAttributesSequence, Item: 1}, {Tag: dict.ScheduledProcedureStepID}}, Action: ActionReplace, Element: TextElement(dict.ScheduledProcedureStepID, "zz")},
	}
	out, done, err := patched(b, changes, &PatchOptions{UTF8: toUTF8})
	if err != nil {
		// What is deflated behind the header is only found to be damaged while it is copied.
		var damaged flate.CorruptInputError
		if len(out) > 0 && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &damaged) {
			t.Errorf("want nothing written on an error, have %d bytes: %v", len(out), err)
		}
		return false
	}
	y, err := Parse(bytes.NewReader(out), int64(len(out)), nil)
	if err != nil {
		t.Fatalf("want a file that can be read, have %v", err)
	}
	if tag != dict.PatientComments && y.Has(tag) {
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
	return true
}

// TestPatchesOfDamagedFilesAreRightOrRefused patches mutants of small files.
func TestPatchesOfDamagedFilesAreRightOrRefused(t *testing.T) {
	var seeds [][]byte
	for _, syntax := range []string{explicitLittleEndian, implicitLittleEndian, explicitBigEndian} {
		seeds = append(seeds, madeFile(t, syntax, false), madeFile(t, syntax, true))
	}
	for _, b := range sharedFiles(t) {
		if len(b) > 200 && len(b) < 4<<10 {
			seeds = append(seeds, b)
		}
	}
	n := 10_000
	if testing.Short() {
		n = 1_000
	}
	r := rand.New(rand.NewPCG(8, 8))
	done := 0
	for range n {
		b := bytes.Clone(seeds[r.IntN(len(seeds))])
		for range 1 + r.IntN(3) {
			at := 132 + r.IntN(max(1, len(b)-132))
			switch r.IntN(4) {
			case 0:
				b = append(b[:at:at], b[min(len(b), at+r.IntN(8)):]...)
			case 1:
				b = append(b[:at:at], append([]byte("\xfe\xff\x0d\xe0\x00\x00\x00\x00")[:r.IntN(9)], b[at:]...)...)
			default:
				if at < len(b) {
					b[at] = byte(r.Uint32())
				}
			}
			if len(b) < 140 {
				break
			}
		}
		if holdsPatchLaw(t, b, "Åsa", dict.PatientName, r.IntN(2) == 0) {
			done++
		}
		if t.Failed() {
			t.Fatalf("mutant of %d bytes: %q", len(b), b)
		}
	}
	t.Logf("%d of %d patched", done, n)
	if done*10 < n {
		t.Errorf("want at least one mutant in ten patched, have %d of %d", done, n)
	}
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
