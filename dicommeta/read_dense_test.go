package dicommeta

import (
	"bytes"
	"compress/flate"
	"errors"
	"runtime"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// A few kilobytes that inflate to a million empty items cost no more than the
// bound of any small file.
func TestDeflatedElementsFollowTheBytesOfTheSource(t *testing.T) {
	var body bytes.Buffer
	w, err := flate.NewWriter(&body, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	// One sequence of undefined length with a million empty items.
	if _, err := w.Write([]byte{0x08, 0, 0x40, 0x11, 'S', 'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}); err != nil {
		t.Fatal(err)
	}
	for range 1 << 20 {
		if _, err := w.Write([]byte{0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	x := Instance{Preamble: true, TransferSyntax: dict.UIDDeflatedExplicitVRLittleEndian, Dataset: NewDataset()}
	var file bytes.Buffer
	if err := Write(&file, &Instance{Preamble: true, TransferSyntax: x.TransferSyntax, Meta: NewDataset(TextElement(dict.TransferSyntaxUID, x.TransferSyntax))}, nil); err != nil {
		t.Fatal(err)
	}
	file.Truncate(bytes.LastIndex(file.Bytes(), []byte(dict.UIDDeflatedExplicitVRLittleEndian)) + len(x.TransferSyntax) + len(x.TransferSyntax)%2)
	file.Write(body.Bytes())

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = Parse(bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, ErrLimit) {
		t.Errorf("want the limit of elements, have %v", err)
	}
	if have, most := after.TotalAlloc-before.TotalAlloc, uint64(4*file.Len()+16<<20); have > most {
		t.Errorf("%d bytes of source: want at most %d bytes allocated, have %d", file.Len(), most, have)
	} else {
		t.Logf("%d bytes of source, %d allocated", file.Len(), have)
	}
}

// Zeros where a data set should be end the reading at once.
func TestZerosAreNoElements(t *testing.T) {
	var file bytes.Buffer
	if err := Write(&file, &Instance{Preamble: true, TransferSyntax: dict.UIDExplicitVRLittleEndian, Dataset: NewDataset(TextElement(dict.SOPInstanceUID, "2.25.1"))}, nil); err != nil {
		t.Fatal(err)
	}
	whole := file.Len()
	file.Write(make([]byte, 16<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	x, err := Parse(bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Elements) != 1 || len(x.Issues) == 0 {
		t.Errorf("want one element and a finding, have %d and %v", len(x.Elements), x.Issues)
	}
	if have := after.TotalAlloc - before.TotalAlloc; have > 1<<20 {
		t.Errorf("want at most 1 MiB allocated for %d bytes, have %d", file.Len(), have)
	}
	lost := append(bytes.Clone(file.Bytes()[:whole-14]), make([]byte, 1<<20)...)
	if x, err := Parse(bytes.NewReader(lost), int64(len(lost)), nil); err == nil && !x.Partial {
		t.Errorf("want zeros behind the meta information told, have %v", x.Issues)
	}
}
