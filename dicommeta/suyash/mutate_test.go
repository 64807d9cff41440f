package suyash

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// made returns files that are made here: one in each encoding, and those that the other
// parser is known to panic at or to allocate gigabytes for.
func made(t testing.TB) map[string][]byte {
	files := map[string][]byte{}
	base := func(more ...dicommeta.Element) *dicommeta.Instance {
		d := dicommeta.NewDataset(
			dicommeta.TextElement(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.2"),
			dicommeta.TextElement(dict.SOPInstanceUID, "1.2.3"),
			dicommeta.TextElement(dict.PatientName, "Öst^Åsa"),
			dicommeta.TextElement(dict.PatientComments, "a\\b"),
			dicommeta.NumberElement(dict.Rows, 0, 65535),
			dicommeta.NumberElement(dict.Columns, 0, 65535),
			dicommeta.NumberElement(dict.PatientSize, dict.FD, 1),
			dicommeta.SequenceElement(dict.RequestAttributesSequence, dicommeta.NewDataset(dicommeta.TextElement(dict.CodeMeaning, "m")), dicommeta.NewDataset()),
		)
		for _, e := range more {
			d.Set(e)
		}
		return &dicommeta.Instance{Dataset: d}
	}
	write := func(name string, x *dicommeta.Instance, syntax string, undefined bool) {
		var b bytes.Buffer
		if err := dicommeta.Write(&b, x, &dicommeta.WriteOptions{TransferSyntax: syntax, Undefined: undefined}); err != nil {
			t.Fatal(err)
		}
		files[name] = b.Bytes()
	}
	write("explicit", base(), explicitLittleEndian, false)
	write("undefined", base(), explicitLittleEndian, true)
	write("implicit", base(), "1.2.840.10008.1.2", false)
	write("big endian", base(), "1.2.840.10008.1.2.2", false)
	write("deflated", base(), "1.2.840.10008.1.2.1.99", false)
	write("HTJ2K", base(), "1.2.840.10008.1.2.4.201", false)
	write("private syntax", base(), "1.2.3.4", false)
	write("Thai", base(dicommeta.TextElement(dict.SpecificCharacterSet, "ISO_IR 166")), explicitLittleEndian, false)
	write("character set as UN", base(dicommeta.Element{Tag: dict.SpecificCharacterSet, VR: dict.UN, Value: []byte("ISO_IR 100")}), explicitLittleEndian, false)
	write("icon", base(dicommeta.SequenceElement(dict.IconImageSequence, dicommeta.NewDataset(
		dicommeta.NumberElement(dict.Rows, 0, 65535), dicommeta.NumberElement(dict.Columns, 0, 65535),
		dicommeta.BytesElement(dict.PixelData, dict.OW, []byte("1234"))))), explicitLittleEndian, false)
	for _, vr := range []dict.VR{dict.SV, dict.UV, dict.OV, dict.OF, dict.OD, dict.OL} {
		write("VR "+vr.String(), base(dicommeta.BytesElement(0x00091001, vr, []byte("12345678"))), explicitLittleEndian, false)
	}
	d := dicommeta.NewDataset(dicommeta.TextElement(dict.CodeValue, "x"))
	for range 40 {
		d = dicommeta.NewDataset(dicommeta.SequenceElement(dict.ContentSequence, d))
	}
	write("deep", base(d.Elements...), explicitLittleEndian, true)

	b := bytes.Clone(files["explicit"])
	files["no group length value"] = append(append(bytes.Clone(b[:138]), 0, 0), b[144:]...)
	files["no group length"] = append(bytes.Clone(b[:132]), b[144:]...)
	files["no preamble"] = bytes.Clone(b[132:])
	seq := bytes.Index(b, []byte{0x40, 0, 0x75, 0x02, 'S', 'Q'})
	if seq < 0 {
		t.Fatal("want the sequence in the made file")
	}
	notItem := bytes.Clone(b)
	copy(notItem[seq+12:], []byte{0x08, 0, 0, 1})
	files["no item in a sequence"] = notItem
	for _, head := range []string{"\x09\x00\x01\x10OB\x00\x00", "\x09\x00\x01\x10UN\x00\x00", "\x09\x00\x01\x10UT\x00\x00", "\x08\x00\x20\x00DA", "\x09\x00\x01\x10US", "\xe0\x7f\x10\x00OW\x00\x00"} {
		files["huge "+head[4:6]] = append(bytes.Clone(b), head+"\xf0\xff\xff\xff"...)
	}
	files["65535 bytes of DA"] = append(append(bytes.Clone(b[:len(b)-8]), "\x72\x00\x61\x00DA\xff\xff"...), make([]byte, 65535)...)
	return files
}

// seeds returns files to mutate: made ones, and shared ones of at most size bytes.
func seeds(t testing.TB, size int64) (all [][]byte) {
	files := made(t)
	for _, name := range sorted(files) {
		all = append(all, files[name])
	}
	root := golden.Shared(t, "data/dicom/files")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil || info.Size() > size || info.Size() == 0 {
			return err
		}
		b, err := os.ReadFile(path)
		all = append(all, b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func mutate(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + r.IntN(4) {
		if len(b) < 16 {
			return b
		}
		at := r.IntN(len(b))
		if r.IntN(2) == 0 {
			at = r.IntN(min(len(b), 1024))
		}
		switch r.IntN(8) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = byte(r.Uint32())
		case 2:
			b = b[:at]
		case 3: // a length
			lengths := []uint32{0, 1, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF, r.Uint32()}
			if at+4 <= len(b) {
				binary.LittleEndian.PutUint32(b[at:], lengths[r.IntN(len(lengths))])
			}
		case 4: // a VR
			vrs := "AEASATCSDADSDTFDFLISLOLTOBODOFOLOVOWPNSHSLSQSSSTSVTMUCUIULUNURUSUTUV"
			if at+2 <= len(b) {
				v := 2 * r.IntN(len(vrs)/2)
				copy(b[at:], vrs[v:v+2])
			}
		case 5: // a tag
			tags := []string{"\xfe\xff\x00\xe0\xff\xff\xff\xff", "\xfe\xff\xdd\xe0\x00\x00\x00\x00", "\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff", "\x08\x00\x05\x00CS\x0a\x00ISO_IR 166", "\x08\x00\x05\x00UN\x00\x00"}
			copy(b[at:], tags[r.IntN(len(tags))])
		case 6: // a piece again
			n := r.IntN(min(64, len(b)-at) + 1)
			b = append(b[:at:at], append(bytes.Clone(b[at:at+n]), b[at:]...)...)
		case 7: // a piece less
			n := r.IntN(min(16, len(b)-at) + 1)
			b = append(b[:at:at], b[at+n:]...)
		}
	}
	return b
}

// parseBounded parses and fails t where the other parser panicked, printed or had more
// allocated than may be.
func parseBounded(t testing.TB, b []byte, opts *ParseOptions) (dicom.Dataset, uint64, error) {
	t.Helper()
	var printed strings.Builder
	log.SetOutput(&printed)
	defer log.SetOutput(os.Stderr)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ds, found, err := Parse(bytes.NewReader(b), int64(len(b)), opts)
	runtime.ReadMemStats(&after)
	spent := after.TotalAlloc - before.TotalAlloc
	// With the race detector the other parser allocates three times as much.
	if limit := uint64(times*len(b) + spare); spent > limit && !raceDetector {
		t.Errorf("want at most %d bytes allocated for a file of %d, have %d (%v)", limit, len(b), spent, err)
	}
	if printed.Len() > 0 {
		t.Errorf("want nothing printed, have %d bytes", printed.Len())
	}
	var e *dicommeta.Error
	if err != nil && !errors.As(err, &e) {
		t.Errorf("want an error that says where, have %v", err)
	}
	if e != nil && e.Issue.Code == CodePanic {
		t.Error("want a file that makes the other parser panic mended")
	}
	for _, i := range found {
		if i.Code == CodePanic {
			t.Error("want a file that makes the other parser panic recognised")
		}
	}
	return ds, spent, err
}

func TestParseReadsWhatTheOtherParserFailsAt(t *testing.T) {
	files := made(t)
	for _, name := range sorted(files) {
		t.Run(name, func(t *testing.T) {
			b := files[name]
			ds, _, err := parseBounded(t, b, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ds.FindElementByTag(tagOf(dict.SOPInstanceUID)); err != nil {
				t.Error("want the data set, have it without SOP Instance UID")
			}
		})
	}
}

func TestMutatedFilesNeitherPanicNorExceedMemory(t *testing.T) {
	all := seeds(t, 100<<10)
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	r := rand.New(rand.NewPCG(4, 4))
	parsed, most := 0, uint64(0)
	for i := range n {
		b := mutate(r, all[r.IntN(len(all))])
		_, spent, err := parseBounded(t, b, &ParseOptions{Mend: i%4 == 0})
		if t.Failed() {
			name := filepath.Join(os.TempDir(), "suyash-mutant.dcm")
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Fatalf("mutant %d of %d bytes: kept in %s", i, len(b), name)
		}
		most = max(most, spent)
		if err == nil {
			parsed++
		}
	}
	t.Logf("%d mutants, %d parsed, at most %d bytes allocated", n, parsed, most)
	if parsed*2 < n {
		t.Errorf("want at least half of %d mutants read, have %d", n, parsed)
	}
}

func FuzzParse(f *testing.F) {
	files := made(f)
	for _, name := range sorted(files) {
		if len(files[name]) < 4096 {
			f.Add(files[name])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		ds, found, err := Parse(bytes.NewReader(b), int64(len(b)), nil)
		for _, i := range found {
			if i.Code == CodePanic {
				t.Error("want no panic of the other parser")
			}
		}
		if err != nil {
			var e *dicommeta.Error
			if !errors.As(err, &e) || e.Issue.Severity != issue.Fatal && e.Issue.Severity != issue.Error {
				t.Errorf("want an error that says where, have %v", err)
			}
			return
		}
		if _, _, err := FromSuyash(ds); err != nil {
			t.Errorf("want what was read taken back, have %v", err)
		}
	})
}
