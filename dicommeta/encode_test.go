package dicommeta

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

func TestAppendDatasetWritesEachEncoding(t *testing.T) {
	d := NewDataset(
		TextElement(dict.PatientID, "abc"),
		NumberElement(dict.Rows, 0, 0x0102),
		SequenceElement(dict.ProcedureCodeSequence, NewDataset(TextElement(dict.CodeValue, "7"))),
	)
	tests := []struct {
		name string
		enc  Encoding
		want string
	}{
		{"explicit little endian", Encoding{},
			"\x08\x00\x32\x10SQ\x00\x00\x12\x00\x00\x00" + "\xfe\xff\x00\xe0\x0a\x00\x00\x00" + "\x08\x00\x00\x01SH\x02\x007 " +
				"\x10\x00\x20\x00LO\x04\x00abc " + "\x28\x00\x10\x00US\x02\x00\x02\x01"},
		{"implicit little endian", Encoding{Implicit: true},
			"\x08\x00\x32\x10\x12\x00\x00\x00" + "\xfe\xff\x00\xe0\x0a\x00\x00\x00" + "\x08\x00\x00\x01\x02\x00\x00\x007 " +
				"\x10\x00\x20\x00\x04\x00\x00\x00abc " + "\x28\x00\x10\x00\x02\x00\x00\x00\x02\x01"},
		{"explicit big endian", Encoding{BigEndian: true},
			"\x00\x08\x10\x32SQ\x00\x00\x00\x00\x00\x12" + "\xff\xfe\xe0\x00\x00\x00\x00\x0a" + "\x00\x08\x01\x00SH\x00\x027 " +
				"\x00\x10\x00\x20LO\x00\x04abc " + "\x00\x28\x00\x10US\x00\x02\x01\x02"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendDataset([]byte("x"), &d, tt.enc)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("x"+tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAppendDatasetWritesUndefinedLengths(t *testing.T) {
	d := NewDataset(SequenceElement(dict.ProcedureCodeSequence, NewDataset()))
	e := elementWriter{undefined: true}
	if err := e.dataset(nil, &d, nil); err != nil {
		t.Fatal(err)
	}
	want := "\x08\x00\x32\x10SQ\x00\x00\xff\xff\xff\xff" + "\xfe\xff\x00\xe0\xff\xff\xff\xff" + "\xfe\xff\x0d\xe0\x00\x00\x00\x00" + "\xfe\xff\xdd\xe0\x00\x00\x00\x00"
	if diff := cmp.Diff(want, string(e.out)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAppendDatasetPadsToEvenLengths(t *testing.T) {
	for _, tt := range []struct {
		vr   dict.VR
		want byte
	}{{dict.LO, ' '}, {dict.UI, 0}, {dict.OB, 0}, {dict.UN, 0}, {dict.UR, ' '}} {
		d := Dataset{Elements: []Element{{Tag: 0x00091001, VR: tt.vr, Value: []byte("1")}}}
		got, err := AppendDataset(nil, &d, Encoding{})
		if err != nil {
			t.Fatal(err)
		}
		if len(got)%2 != 0 || got[len(got)-1] != tt.want || got[len(got)-2] != '1' {
			t.Errorf("%s: want padding %q, have %q", tt.vr, tt.want, got)
		}
	}
}

func TestAppendDatasetWritesLongValuesOfShortVRsAsUN(t *testing.T) {
	for _, n := range []int{65533, 65534, 65535, 65536} {
		d := NewDataset(TextElement(dict.PatientComments, strings.Repeat("x", n)))
		got, err := AppendDataset(nil, &d, Encoding{})
		if err != nil {
			t.Fatal(err)
		}
		want := "LT"
		if n > 65534 {
			want = "UN"
		}
		if vr := string(got[4:6]); vr != want {
			t.Errorf("%d bytes: want %s, have %s", n, want, vr)
		}
	}
}

func TestAppendDatasetRefusesSkippedValues(t *testing.T) {
	d := NewDataset(SequenceElement(dict.ProcedureCodeSequence, Dataset{Elements: []Element{{Tag: 0x00091001, VR: dict.OB, Length: 10}}}))
	_, err := AppendDataset(nil, &d, Encoding{})
	if !errors.Is(err, ErrSkipped) || !strings.Contains(err.Error(), "(0008,1032)[1].(0009,1001)") {
		t.Errorf("want ErrSkipped with the path, have %v", err)
	}
}

func TestAppendDatasetRefusesHalfNumbersInBigEndian(t *testing.T) {
	d := Dataset{Elements: []Element{{Tag: dict.Rows, VR: dict.US, Value: []byte{1, 2, 3}}}}
	if _, err := AppendDataset(nil, &d, Encoding{BigEndian: true}); err == nil {
		t.Error("want an error, have none")
	}
}

func TestAppendDatasetStatesTheCharacterSet(t *testing.T) {
	latin1 := &Charset{terms: []string{"ISO_IR 100"}}
	name := func(s string) Element { return Element{Tag: dict.PatientName, VR: dict.PN, Value: []byte(s)} }
	charset := func(s string) Element { return TextElement(dict.SpecificCharacterSet, s) }
	item := func(d Dataset) Element { return SequenceElement(dict.OtherPatientIDsSequence, d) }
	tests := []struct {
		name    string
		d, want Dataset
	}{
		{"ASCII needs none", NewDataset(name("ab")), NewDataset(name("ab"))},
		{"UTF-8 is stated", NewDataset(name("\xc3\xa5")), NewDataset(charset("ISO_IR 192"), name("\xc3\xa5"))},
		{"a false one is put right", NewDataset(charset("ISO_IR 100"), name("\xc3\xa5")), NewDataset(charset("ISO_IR 192"), name("\xc3\xa5"))},
		{"a true one stays", Dataset{Charset: latin1, Elements: []Element{charset("ISO_IR 100"), name("\xe5 ")}}, NewDataset(charset("ISO_IR 100"), name("\xe5 "))},
		{"of an item it is stated outside", NewDataset(item(NewDataset(name("\xc3\xa5")))), NewDataset(charset("ISO_IR 192"), item(NewDataset(name("\xc3\xa5"))))},
		{"of another item it is stated inside",
			Dataset{Charset: latin1, Elements: []Element{charset("ISO_IR 100"), name("\xe5 "), item(NewDataset(name("\xc3\xa5")))}},
			NewDataset(charset("ISO_IR 100"), name("\xe5 "), item(NewDataset(charset("ISO_IR 192"), name("\xc3\xa5"))))},
		{"of low groups it is stated at the end",
			Dataset{Charset: UTF8, Elements: []Element{{Tag: 0x00041130, VR: dict.LO, Value: []byte("\xc3\xa5")}}},
			Dataset{Elements: []Element{{Tag: 0x00041130, VR: dict.LO, Value: []byte("\xc3\xa5")}, charset("ISO_IR 192")}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendDataset(nil, &tt.d, Encoding{})
			if err != nil {
				t.Fatal(err)
			}
			e := elementWriter{keepCharset: true}
			if err := e.dataset(nil, &tt.want, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(e.out, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAppendDatasetLeavesGroupLengthsOut(t *testing.T) {
	d := NewDataset(NumberElement(0x00100000, dict.UL, 99), TextElement(dict.PatientID, "1"))
	got, err := AppendDataset(nil, &d, Encoding{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "\x10\x00\x20\x00LO\x02\x001 "; string(got) != want {
		t.Errorf("want %q, have %q", want, got)
	}
}

func TestWriteMakesFileMetaInformation(t *testing.T) {
	x := &Instance{Dataset: NewDataset(TextElement(dict.SOPClassUID, "1.2.3"), TextElement(dict.SOPInstanceUID, "1.2.4"))}
	x.Meta = NewDataset(NumberElement(dict.FileMetaInformationGroupLength, 0, 7), TextElement(dict.MediaStorageSOPInstanceUID, "9"),
		TextElement(dict.SourceApplicationEntityTitle, "AE"), TextElement(dict.ImplementationVersionName, "OLD"))
	var b bytes.Buffer
	if err := Write(&b, x, &WriteOptions{TransferSyntax: implicitLittleEndian}); err != nil {
		t.Fatal(err)
	}
	meta := "\x02\x00\x01\x00OB\x00\x00\x02\x00\x00\x00\x00\x01" +
		"\x02\x00\x02\x00UI\x06\x001.2.3\x00" + "\x02\x00\x03\x00UI\x06\x001.2.4\x00" +
		"\x02\x00\x10\x00UI\x12\x001.2.840.10008.1.2\x00" +
		"\x02\x00\x12\x00UI\x2c\x00" + implementationClassUID + "\x02\x00\x13\x00SH\x0a\x00CARABINER " +
		"\x02\x00\x16\x00AE\x02\x00AE"
	want := strings.Repeat("\x00", 128) + "DICM" + "\x02\x00\x00\x00UL\x04\x00" + string([]byte{byte(len(meta)), 0, 0, 0}) + meta +
		"\x08\x00\x16\x00\x06\x00\x00\x001.2.3\x00" + "\x08\x00\x18\x00\x06\x00\x00\x001.2.4\x00"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if x.Meta.Text(dict.ImplementationVersionName) != "OLD" {
		t.Error("want the instance unchanged")
	}
}

func TestWriteIsDeterministicAndPadsDeflated(t *testing.T) {
	for n := range 8 {
		x := &Instance{Dataset: NewDataset(TextElement(dict.PatientID, strings.Repeat("ab", n)))}
		var a, b bytes.Buffer
		for _, w := range []io.Writer{&a, &b} {
			if err := Write(w, x, &WriteOptions{TransferSyntax: deflatedLittleEndian}); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Error("want the same bytes twice")
		}
		if a.Len()%2 != 0 {
			t.Errorf("want an even length, have %d", a.Len())
		}
	}
}
