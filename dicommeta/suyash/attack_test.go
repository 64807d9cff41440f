package suyash

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// attacks are files whose structure costs much more than their bytes.
func attacks(t testing.TB) map[string][]byte {
	le := binary.LittleEndian
	file := func(syntax string, body []byte) []byte {
		var b bytes.Buffer
		x := &dicommeta.Instance{Dataset: dicommeta.NewDataset(dicommeta.TextElement(dict.SOPInstanceUID, "1.2.3"))}
		if err := dicommeta.Write(&b, x, &dicommeta.WriteOptions{TransferSyntax: syntax}); err != nil {
			t.Fatal(err)
		}
		return append(b.Bytes(), body...)
	}
	accents := func(charset string, value []byte) []byte {
		var b bytes.Buffer
		x := &dicommeta.Instance{}
		x.Elements = []dicommeta.Element{dicommeta.TextElement(dict.SpecificCharacterSet, charset), dicommeta.TextElement(dict.SOPInstanceUID, "1.2.3"), dicommeta.TextElement(dict.Modality, "OT"),
			dicommeta.BytesElement(dict.TextValue, dict.UT, value)}
		if err := dicommeta.Write(&b, x, nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	long := func(vr string, value []byte) []byte {
		head := append([]byte("\x09\x00\x01\x10"), vr...)
		return append(le.AppendUint32(append(head, 0, 0), uint32(len(value))), value...)
	}
	empty := func(n int) (b []byte) {
		for i := range n {
			b = append(le.AppendUint16(append(b, byte(0x11+2*(i>>15)), 0), uint16(0x1000+i&0x7fff)), "LO\x00\x00"...)
		}
		return b
	}
	items := func(n int) (b []byte) {
		b = append(b, "\x32\x00\x64\x10SQ\x00\x00"...)
		b = le.AppendUint32(b, uint32(8*n))
		return append(b, bytes.Repeat([]byte("\xfe\xff\x00\xe0\x00\x00\x00\x00"), n)...)
	}
	short := func(vr string, n int) (b []byte) {
		for i := range n {
			head := append(le.AppendUint16([]byte{0x09, 0}, uint16(0x1000+i)), vr...)
			b = append(append(b, append(head, 0xf8, 0xff)...), bytes.Repeat([]byte("\x12\x34\x56\x3e"), 65528/4)...)
		}
		return b
	}
	open := []byte("\x32\x00\x64\x10SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff")
	return map[string][]byte{
		"a million nested sequences":   file(explicitLittleEndian, bytes.Repeat(open, 1_000_000)),
		"ten thousand nested":          file(explicitLittleEndian, bytes.Repeat(open, 10_000)),
		"a thousand nested":            file(explicitLittleEndian, bytes.Repeat(open, 1_000)),
		"fifteen thousand elements":    file(explicitLittleEndian, empty(15_000)),
		"a hundred thousand elements":  file(explicitLittleEndian, empty(100_000)),
		"fifteen thousand items":       file(explicitLittleEndian, items(15_000)),
		"a million items":              file(explicitLittleEndian, items(1_000_000)),
		"a million values of text":     file(explicitLittleEndian, long("UC", bytes.Repeat([]byte{'\\'}, 1_000_000))),
		"eight hundred thousand":       file(explicitLittleEndian, long("UC", bytes.Repeat([]byte{'\\'}, 800_000))),
		"a megabyte of bytes":          file(explicitLittleEndian, long("OB", make([]byte, 1<<20))),
		"a megabyte of words":          file(explicitLittleEndian, long("OW", make([]byte, 1<<20))),
		"two megabytes of numbers":     file(explicitLittleEndian, short("US", 32)),
		"two megabytes of floats":      file(explicitLittleEndian, short("FL", 32)),
		"two megabytes of tags":        file(explicitLittleEndian, short("AT", 32)),
		"two megabytes of doubles":     file(explicitLittleEndian, short("FD", 32)),
		"two megabytes of text":        file(explicitLittleEndian, short("LT", 32)),
		"a megabyte of floats":         file(explicitLittleEndian, short("FL", 15)),
		"a megabyte of text":           file(explicitLittleEndian, long("UT", bytes.Repeat([]byte{'a'}, 1<<20))),
		"eight megabytes of text":      file(explicitLittleEndian, long("UT", bytes.Repeat([]byte{'a'}, 8<<20))),
		"eight megabytes of bytes":     file(explicitLittleEndian, long("UN", make([]byte, 8<<20))),
		"accents":                      accents("ISO_IR 100", bytes.Repeat([]byte{0xe5}, 900<<10)),
		"broken UTF-8":                 accents("ISO_IR 192", bytes.Repeat([]byte("a\xe5"), 500<<10)),
		"escapes":                      accents(`\ISO 2022 IR 87`, bytes.Repeat([]byte("\x1b$B0!\x1b(B"), 180_000)),
		"bytes of a big endian file":   file("1.2.840.10008.1.2.2", nil),
		"text that is no DICOM at all": bytes.Repeat([]byte("FORMAT dicom\n%header\n"), 50_000),
	}
}

func TestAttacksStayWithinMemory(t *testing.T) {
	files := attacks(t)
	for _, name := range sorted(files) {
		for _, mend := range []bool{false, true} {
			_, spent, err := parseBounded(t, files[name], &ParseOptions{Mend: mend})
			t.Logf("%s, mended %v: %d bytes for a file of %d: %v", name, mend, spent, len(files[name]), err)
		}
	}
}

func TestMemoryCanBeAllowed(t *testing.T) {
	b := attacks(t)["a hundred thousand elements"]
	_, _, err := Parse(bytes.NewReader(b), int64(len(b)), nil)
	if !errors.Is(err, dicommeta.ErrLimit) {
		t.Errorf("want ErrLimit, have %v", err)
	}
	ds, _, err := Parse(bytes.NewReader(b), int64(len(b)), &ParseOptions{Memory: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if len(ds.Elements) < 100_000 {
		t.Errorf("want all elements, have %d", len(ds.Elements))
	}
}
