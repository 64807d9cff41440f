package dicommeta

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// TestSharedFilesAreRead holds that of the files that are DICOM 99.5 % give an instance, that
// all others are refused for a reason, and that those that pydicom reads whole have its number of elements.
func TestSharedFilesAreRead(t *testing.T) {
	f, err := os.Open(filepath.Join(golden.Shared(t, "data/dicom/reference"), "index.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var p Parser
	files, read, fewer := 0, 0, 0
	for _, row := range rows[1:] {
		name, parse := row[0], row[3]
		data, err := os.ReadFile(filepath.Join(golden.Shared(t, "data/dicom/files"), name))
		if err != nil {
			t.Fatal(err)
		}
		x, err := p.Parse(bytes.NewReader(data), int64(len(data)), nil)
		other := strings.HasPrefix(name, "made/not-dicom/") || strings.HasPrefix(name, "deid/") && strings.HasSuffix(name, ".dicom") ||
			(strings.HasPrefix(name, "made/truncated/") || strings.HasPrefix(name, "made/lengths/")) && len(data) <= 132
		if other {
			if err == nil {
				t.Errorf("%s: want it refused, have an instance", name)
			}
			continue
		}
		files++
		if err != nil {
			var wrong *Error
			if !errors.As(err, &wrong) {
				t.Errorf("%s: want an *Error, have %v", name, err)
			}
			continue
		}
		read++
		checkShape(t, x, int64(len(data)))
		want, _ := strconv.Atoi(row[8]) // none where pydicom fails
		have := 0
		x.Walk(func(Path, *Dataset, *Element) bool { have++; return true })
		if parse == "ok" && !x.Partial && have < want {
			fewer++
			t.Logf("%s: %d elements, pydicom has %d", name, have, want)
		}
	}
	if 1000*read < 995*files {
		t.Errorf("want 99.5 %% of %d files read, have %d", files, read)
	}
	if fewer > 2 { // bytes behind the data set that pydicom takes for an element, and trailing padding
		t.Errorf("want no fewer elements than pydicom has, have so in %d files", fewer)
	}
}

// TestMadeFilesAreAsExpected compares with what the makers of the files say of each.
func TestMadeFilesAreAsExpected(t *testing.T) {
	root := golden.Shared(t, "data/dicom/files")
	lines, err := os.ReadFile(filepath.Join(root, "made/expected.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range bytes.Split(bytes.TrimSpace(lines), []byte("\n")) {
		var want struct {
			Path, Expect string
			Depth        int
		}
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		x, err := ParseFile(filepath.Join(root, want.Path), nil)
		switch {
		case want.Depth > 64:
			if !errors.Is(err, ErrLimit) {
				t.Errorf("%s: want ErrLimit, have %v", want.Path, err)
			}
		case want.Expect == "not DICOM":
			if !errors.Is(err, ErrNotDICOM) {
				t.Errorf("%s: want ErrNotDICOM, have %v", want.Path, err)
			}
		case want.Expect == "error":
			if err == nil {
				t.Errorf("%s: want an error, have an instance", want.Path)
			}
		case strings.Contains(want.Expect, "partial") || want.Expect == "truncated":
			if err == nil && !x.Partial {
				t.Errorf("%s: want an error or a partial instance, have a whole one", want.Path)
			}
		case err != nil:
			t.Errorf("%s: want an instance, have %v", want.Path, err)
		case x.Partial && want.Expect == "" && want.Path != "made/lengths/trailing-garbage.dcm" && want.Path != "made/lengths/only-meta.dcm":
			t.Errorf("%s: want a whole instance, have a partial one: %v", want.Path, x.Issues)
		}
	}
}

// TestFaultsAreFoundAndReadThrough holds which code the faulty files have, and how many elements
// are read all the same.
func TestFaultsAreFoundAndReadThrough(t *testing.T) {
	root := golden.Shared(t, "data/dicom/files/made")
	for _, c := range []struct {
		file     string
		code     issue.Code
		elements int
	}{
		{"encodings/deflated-zlib-header.dcm", CodeDeflate, 10},
		{"encodings/no-preamble-with-dicm.dcm", CodePreamble, 10},
		{"encodings/no-meta-explicit-le.dcm", CodeMetaMissing, 10},
		{"encodings/no-meta-explicit-be.dcm", CodeMetaMissing, 10},
		{"encodings/no-meta-implicit-le.dcm", CodeMetaMissing, 10},
		{"encodings/meta-no-group-length.dcm", CodeMetaLength, 10},
		{"encodings/meta-group-length-short.dcm", CodeMetaLength, 10},
		{"encodings/meta-group-length-long.dcm", CodeMetaLength, 10},
		{"encodings/meta-group-length-zero.dcm", CodeMetaLength, 10},
		{"encodings/meta-implicit-vr.dcm", CodeMetaEncoding, 10},
		{"encodings/meta-unknown-private-ts.dcm", CodeTransferSyntaxUnknown, 10},
		{"encodings/meta-missing-ts.dcm", CodeTransferSyntaxMissing, 10},
		{"encodings/ts-says-implicit-is-explicit.dcm", CodeTransferSyntaxWrong, 10},
		{"encodings/ts-says-explicit-is-implicit.dcm", CodeTransferSyntaxWrong, 10},
		{"encodings/ts-says-big-is-little.dcm", CodeTransferSyntaxWrong, 10},
		{"sequences/implicit-item-in-explicit.dcm", CodeEncodingMixed, 14},
		{"sequences/item-without-delimiter.dcm", CodeDelimiterMissing, 14},
		{"sequences/sq-without-delimiter-eof.dcm", CodeTruncated, 11},
		{"sequences/sq-length-overruns.dcm", CodeOverrun, 14},
		{"sequences/item-length-overruns.dcm", CodeOverrun, 14},
		{"sequences/non-item-in-sq.dcm", CodeNotItem, 14},
		{"sequences/stray-delimiters.dcm", CodeDelimiterStray, 10},
		{"sequences/delimiter-with-length.dcm", CodeDelimiterLength, 14},
		{"lengths/ob-claims-4gb.dcm", CodeTruncated, 7},
		{"lengths/pixeldata-claims-4gb.dcm", CodePixelsTruncated, 10},
		{"lengths/odd-length-lo.dcm", CodeOddLength, 11},
		{"lengths/unknown-vr-zz.dcm", CodeVRUnknown, 11},
		{"lengths/unknown-vr-long.dcm", CodeVRUnknown, 11},
		{"lengths/vr-lowercase.dcm", CodeVRUnknown, 11},
		{"lengths/vr-question-marks.dcm", CodeVRUnknown, 11},
		{"lengths/vr-null-bytes.dcm", CodeEncodingMixed, 11},
		{"lengths/trailing-zeros.dcm", CodeTrailing, 10},
		{"lengths/trailing-garbage.dcm", CodeGarbage, 10},
		{"lengths/duplicate-tag.dcm", CodeTagRepeated, 11},
		{"lengths/unsorted-tags.dcm", CodeTagOrder, 12},
		{"lengths/only-meta.dcm", CodeNoDataset, 0},
		{"truncated/in-pixel-header.dcm", CodeTruncated, 14},
		{"truncated/in-pixels.dcm", CodePixelsTruncated, 14},
	} {
		x, err := ParseFile(filepath.Join(root, c.file), nil)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		have := 0
		x.Walk(func(Path, *Dataset, *Element) bool { have++; return true })
		if have != c.elements {
			t.Errorf("%s: want %d elements, have %d", c.file, c.elements, have)
		}
		if !hasCode(x.Issues, c.code) {
			t.Errorf("%s: want a finding %s, have %v", c.file, c.code, x.Issues)
		}
	}
}

func hasCode(all issue.List, code issue.Code) bool {
	for _, i := range all {
		if i.Code == code {
			return true
		}
	}
	return false
}

func TestAMillionNestedSequencesAreRefusedEarly(t *testing.T) {
	for _, enc := range []Encoding{{}, {Implicit: true}} {
		b := appendElement(nil, enc, dict.SOPClassUID, dict.UI, []byte("1.2\x00"))
		b = appendElement(b, enc, dict.SOPInstanceUID, dict.UI, []byte("1.2\x00"))
		for range 1_000_000 {
			b = appendHead(b, enc, dict.ContentSequence, dict.SQ, Undefined)
			b = appendHead(b, enc, tagItem, 0, Undefined)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse(bytes.NewReader(b), int64(len(b)), nil)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrLimit) {
			t.Errorf("%v: want ErrLimit, have %v", enc, err)
		}
		if cost := after.TotalAlloc - before.TotalAlloc; cost > 1<<20 {
			t.Errorf("%v: want at most 1 MB allocated, have %d", enc, cost)
		}
		if _, err = Parse(bytes.NewReader(b), int64(len(b)), &ReadOptions{MaxDepth: 1 << 30}); !errors.Is(err, ErrLimit) {
			t.Errorf("%v: want ErrLimit at any MaxDepth, have %v", enc, err)
		}
	}
}

// countingFile is a header with any number of bytes behind it.
type countingFile struct {
	head        []byte
	size        int64
	reads, read int64
}

func (f *countingFile) ReadAt(p []byte, off int64) (int, error) {
	f.reads++
	n := 0
	if off < int64(len(f.head)) {
		n = copy(p, f.head[off:])
	}
	if int64(len(p)) > f.size-off {
		f.read += f.size - off
		return int(f.size - off), io.EOF
	}
	clear(p[n:])
	f.read += int64(len(p))
	return len(p), nil
}

func TestPixelsAreNotRead(t *testing.T) {
	const size = 500 << 20
	file := encodedFile(Encoding{})
	x, err := Parse(bytes.NewReader(file), int64(len(file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	head := file[:x.Stop.Offset]
	native := appendHead(bytes.Clone(head), Encoding{}, dict.PixelData, dict.OW, size-1024)
	encapsulated := appendHead(bytes.Clone(head), Encoding{}, dict.PixelData, dict.OB, Undefined)
	for range 100 {
		encapsulated = appendHead(encapsulated, Encoding{}, tagItem, 0, 0)
	}
	long := appendHead(bytes.Clone(head), Encoding{}, 0x7FDF1001, dict.UN, 100<<20) // a value to pass over
	long = append(long, make([]byte, 100<<20)...)
	long = append(long, native[len(head):]...)
	for name, c := range map[string]struct {
		head []byte
		stop int
	}{"native": {native, len(head)}, "encapsulated": {encapsulated, len(head)}, "long value": {long, len(long) - 12}} {
		f := &countingFile{head: c.head, size: size}
		x, err := Parse(f, size, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if f.reads > 4 || f.read > 128<<10 {
			t.Errorf("%s: want at most 4 reads of 128 KB, have %d of %d bytes", name, f.reads, f.read)
		}
		if x.Stop.Tag != dict.PixelData || x.Stop.Offset != int64(c.stop) || x.Partial {
			t.Errorf("%s: want to stop at the pixel data, have %v at %d", name, x.Stop.Tag, x.Stop.Offset)
		}
	}
}

func TestOtherFilesAreToldFromTheFirstRead(t *testing.T) {
	text := []byte(strings.Repeat("This is text, and no data element at all.\n", 5000))
	for name, data := range map[string][]byte{
		"text": text, "zeros": make([]byte, 1<<20), "empty": nil, "json": []byte(`{"resourceType": "Patient"}`),
		"ones": bytes.Repeat([]byte{0xFF}, 1<<16), "zip": append([]byte("PK\x03\x04\x14\x00\x08\x00\x08\x00"), text...),
		"elf": append([]byte("\x7FELF\x02\x01\x01\x00\x00\x00\x00\x00"), text...), "mp4": append([]byte("\x00\x00\x00\x18ftypmp42"), text...),
		"icon": append([]byte("\x00\x00\x01\x00\x01\x00\x10\x10"), text...), "parquet": append([]byte("PAR1\x15\x04\x15"), text...),
		"DICM in text": append([]byte(strings.Repeat(" ", 128)+"DICM"), text...),
	} {
		f := &countingFile{head: data, size: int64(len(data))}
		_, err := Parse(f, f.size, nil)
		if !errors.Is(err, ErrNotDICOM) {
			t.Errorf("%s: want ErrNotDICOM, have %v", name, err)
		}
		if f.reads > 1 || f.read > 32<<10 {
			t.Errorf("%s: want one read of 32 KB, have %d of %d bytes", name, f.reads, f.read)
		}
		if Sniff(data) {
			t.Errorf("%s: want no DICOM, have it so by its first bytes", name)
		}
	}
	for name, data := range encodedFiles() {
		for _, n := range []int{512, 4096, len(data)} {
			if !Sniff(data[:min(n, len(data))]) || !Sniff(data[132:]) {
				t.Errorf("%s: want DICOM by %d bytes, have other", name, n)
			}
		}
	}
}

// TestPrefixesAreToldOrEndWithAnElement cuts files at every byte: what is left is an error, partial, or
// ends where an element of the whole data set does.
func TestPrefixesAreToldOrEndWithAnElement(t *testing.T) {
	files := encodedFiles()
	if data, err := os.ReadFile(filepath.Join(golden.Shared(t, "data/dicom/files"), "pydicom/test_files/CT_small.dcm")); err == nil {
		files["CT_small"] = data
	}
	for name, data := range files {
		whole, err := Parse(bytes.NewReader(data), int64(len(data)), nil)
		if err != nil {
			t.Fatal(err)
		}
		ends := map[int64]bool{}
		for i := range whole.Elements {
			ends[whole.Elements[i].End] = true
		}
		silent := 0
		for n := range whole.Stop.Offset + int64(whole.Stop.Head) {
			x, err := Parse(bytes.NewReader(data[:n]), n, nil)
			if err != nil || x.Partial {
				continue
			}
			if !ends[n] {
				t.Errorf("%s: want the cut at %d told, have an instance", name, n)
			}
			silent++
		}
		t.Logf("%s: %d of %d prefixes read whole", name, silent, whole.Stop.Offset)
	}
}

func TestNumbersAreLittleEndian(t *testing.T) {
	b := encodedFile(Encoding{BigEndian: true})
	at := bytes.Index(b, []byte{0x7F, 0xE0, 0, 0x10})
	enc := Encoding{BigEndian: true}
	more := appendElement(nil, enc, dict.Columns, dict.US, []byte{1, 2})
	more = appendElement(more, enc, dict.FrameIncrementPointer, dict.AT, []byte{0, 0x18, 0x10, 0x63})
	more = appendElement(more, enc, dict.RecommendedDisplayFrameRateInFloat, dict.FL, []byte{1, 2, 3, 4})
	more = appendElement(more, enc, 0x00660129, dict.OV, []byte{1, 2, 3, 4, 5, 6, 7, 8})
	more = appendElement(more, enc, 0x00720082, dict.SV, []byte{1, 2, 3, 4, 5, 6, 7, 8})
	b = append(b[:at:at], append(more, b[at:]...)...)
	x, err := Parse(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[dict.Tag][]byte{
		dict.Columns: {2, 1}, dict.FrameIncrementPointer: {0x18, 0, 0x63, 0x10}, dict.RecommendedDisplayFrameRateInFloat: {4, 3, 2, 1},
		0x00660129: {8, 7, 6, 5, 4, 3, 2, 1}, 0x00720082: {8, 7, 6, 5, 4, 3, 2, 1}, dict.PatientName: []byte("A^B "),
	} {
		if e := x.Find(tag); e == nil || !bytes.Equal(e.Value, want) {
			t.Errorf("%v: want %x, have %+v", tag, want, e)
		}
	}
}

func TestOptionsBoundTheReading(t *testing.T) {
	file := encodedFile(Encoding{})
	long := appendElement(nil, Encoding{}, dict.PatientComments, dict.UT, make([]byte, 100_000))
	at := bytes.Index(file, []byte{0x28, 0, 0x10, 0}) // Rows
	b := append(file[:at:at], append(long, file[at:]...)...)
	parse := func(o ReadOptions) (*Instance, error) { return Parse(bytes.NewReader(b), int64(len(b)), &o) }
	x, err := parse(ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if e := x.Find(dict.PatientComments); !e.Skipped() || e.Length != 100_000 {
		t.Errorf("want the long value left in the source, have %d bytes", len(e.Value))
	}
	if x, err = parse(ReadOptions{KeepBytes: -1}); err != nil || len(x.Find(dict.PatientComments).Value) != 100_000 {
		t.Errorf("want the long value, have %v", err)
	}
	if x, err = parse(ReadOptions{Until: dict.PatientName}); err != nil || x.Stop.Tag != dict.PatientName || x.Has(dict.PatientName) || !x.Has(dict.ProcedureCodeSequence) {
		t.Errorf("want to stop at the name, have %v", err)
	}
	for _, o := range []ReadOptions{{MaxDepth: 1}, {MaxElements: 5}, {MaxBytes: 60_000, KeepBytes: -1}} {
		if _, err = parse(o); !errors.Is(err, ErrLimit) {
			t.Errorf("%+v: want ErrLimit, have %v", o, err)
		}
	}
}

func TestParserUsesItsMemoryAgain(t *testing.T) {
	files := encodedFiles()
	var p Parser
	for range 3 {
		for name, data := range files {
			want, err := Parse(bytes.NewReader(data), int64(len(data)), nil)
			if err != nil {
				t.Fatal(err)
			}
			have, err := p.Parse(bytes.NewReader(data), int64(len(data)), nil)
			if err != nil || want.Text(dict.CodeMeaning) != have.Text(dict.CodeMeaning) || len(want.Elements) != len(have.Elements) {
				t.Fatalf("%s: want what Parse reads, have %v %v", name, have, err)
			}
		}
	}
	data := files[Encoding{}.String()]
	r := bytes.NewReader(data)
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := p.Parse(r, int64(len(data)), nil); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 4 {
		t.Errorf("want at most 4 allocations a file, have %v", allocs)
	}
}

// failingFile fails behind its head.
type failingFile struct{ head []byte }

func (f failingFile) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(f.head)) {
		return 0, os.ErrPermission
	}
	return copy(p, f.head[off:]), os.ErrPermission
}

func TestErrorsOfTheSourceComeThrough(t *testing.T) {
	b := encodedFile(Encoding{})
	for _, n := range []int{0, 100, 200, 400} {
		_, err := Parse(failingFile{b[:n]}, int64(len(b)), nil)
		var wrong *Error
		if !errors.Is(err, os.ErrPermission) || errors.As(err, &wrong) {
			t.Errorf("%d bytes: want the error of the source, have %v", n, err)
		}
	}
}

func TestUndefinedLengthUNIsImplicit(t *testing.T) {
	item := appendElement(nil, Encoding{Implicit: true}, dict.CodeValue, 0, []byte("A "))
	un := appendHead(nil, Encoding{}, 0x00091001, dict.UN, Undefined)
	un = append(appendHead(un, Encoding{}, tagItem, 0, uint32(len(item))), item...)
	un = appendHead(un, Encoding{}, tagSequenceEnd, 0, 0)
	file := encodedFile(Encoding{})
	at := bytes.Index(file, []byte{0x10, 0, 0x10, 0, 'P', 'N'})
	b := append(file[:at:at], append(un, file[at:]...)...)
	x, err := Parse(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	e := x.Find(0x00091001)
	if e == nil || e.VR != dict.SQ || e.Written != dict.UN || len(e.Items) != 1 || e.Items[0].Text(dict.CodeValue) != "A" {
		t.Errorf("want a sequence of one item, have %+v", e)
	}
	if binary.LittleEndian.Uint16(b[e.End:]) != 0x10 {
		t.Errorf("want the end of the sequence before the name, have it at %d", e.End)
	}
}
