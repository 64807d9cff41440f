package dicommeta

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// seed is a file to damage, with the places of its lengths.
type seed struct {
	name    string
	data    []byte
	lengths []int
}

// seeds returns the shared files of at most limit bytes and those made here.
func seeds(t testing.TB, limit int64) []seed {
	var all []seed
	add := func(name string, data []byte) {
		s := seed{name: name, data: data}
		if x, err := Parse(bytes.NewReader(data), int64(len(data)), nil); err == nil {
			note := func(_ Path, _ *Dataset, e *Element) bool {
				if at := e.Offset + int64(e.Head); at <= int64(len(data)) && e.Head >= 8 {
					s.lengths = append(s.lengths, int(at))
				}
				for i := range e.Items {
					if at := e.Items[i].Offset + 8; at <= int64(len(data)) {
						s.lengths = append(s.lengths, int(at))
					}
				}
				return true
			}
			x.Meta.Walk(note)
			x.Walk(note)
		}
		all = append(all, s)
	}
	for name, data := range encodedFiles() {
		add(name, data)
	}
	slices.SortFunc(all, func(a, b seed) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	root := golden.Shared(t, "data/dicom/files")
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if n++; info.Size() > limit || bytes.Contains([]byte(path), []byte("dcm_qa")) && n%16 != 0 {
			return nil
		}
		data, err := os.ReadFile(path)
		add(path, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// damage returns a copy of s that differs from it in one to three places.
func damage(r *rand.Rand, s *seed, other []byte) []byte {
	b := bytes.Clone(s.data)
	for range 1 + r.IntN(3) {
		if len(b) == 0 {
			return b
		}
		// Headers are where it hurts: half of the damage is in the first 4 KB.
		at := r.IntN(len(b))
		if r.IntN(2) == 0 {
			at = r.IntN(min(len(b), 4096))
		}
		switch r.IntN(8) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = byte(r.Uint32())
		case 2, 3: // the length of an element or item
			if len(s.lengths) > 0 {
				at = s.lengths[r.IntN(len(s.lengths))]
			}
			lengths := []uint32{0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF, r.Uint32(), r.Uint32() & 0xFFF}
			n := lengths[r.IntN(len(lengths))]
			if at = min(at, len(b)); at < 4 {
				continue
			}
			if r.IntN(2) == 0 {
				binary.LittleEndian.PutUint32(b[at-4:], n)
			} else {
				binary.LittleEndian.PutUint16(b[at-2:], uint16(n))
			}
		case 4:
			b = b[:at]
		case 5: // without some bytes
			b = slices.Delete(b, at, min(len(b), at+1+r.IntN(64)))
		case 6: // some bytes twice
			piece := bytes.Clone(b[at:min(len(b), at+1+r.IntN(512))])
			b = slices.Insert(b, at, piece...)
		case 7: // a piece of another file
			if len(other) == 0 {
				continue
			}
			from := r.IntN(len(other))
			piece := other[from:min(len(other), from+1+r.IntN(2048))]
			if r.IntN(2) == 0 {
				b = append(b[:at:at], other[min(at, len(other)):]...)
			} else {
				b = slices.Insert(b, at, piece...)
			}
		}
	}
	return b
}

// TestDamagedFilesNeitherPanicNorCostMemory makes mutants of all small files, always the
// same ones: each is read or refused for a reason, and costs at most four times its size and 16 MB.
func TestDamagedFilesNeitherPanicNorCostMemory(t *testing.T) {
	all := seeds(t, 40<<10)
	mutants := 100_000
	if testing.Short() {
		mutants = 5_000
	}
	r := rand.New(rand.NewPCG(1, 2))
	var before, after runtime.MemStats
	refused, partial := 0, 0
	for i := range mutants {
		s := &all[i%len(all)]
		data := damage(r, s, all[r.IntN(len(all))].data)
		opts := &ReadOptions{}
		if i%4 == 0 {
			opts.KeepBytes = -1
		}
		runtime.ReadMemStats(&before)
		x, err := Parse(bytes.NewReader(data), int64(len(data)), opts)
		runtime.ReadMemStats(&after)
		if cost, bound := after.TotalAlloc-before.TotalAlloc, uint64(4*len(data)+16<<20); cost > bound {
			t.Fatalf("mutant %d of %s: want at most %d bytes allocated, have %d", i, s.name, bound, cost)
		}
		var wrong *Error
		switch {
		case err != nil && !errors.As(err, &wrong):
			t.Fatalf("mutant %d of %s: want an *Error, have %v", i, s.name, err)
		case err != nil:
			refused++
		case x.Partial:
			partial++
			if !x.Issues.HasErrors() {
				t.Fatalf("mutant %d of %s: want a finding that says why it is partial, have none", i, s.name)
			}
		default:
			checkShape(t, x, int64(len(data)))
		}
		if t.Failed() {
			t.Fatalf("mutant %d of %s", i, s.name)
		}
		if i%50 == 0 {
			sameFromStream(t, data, opts, x, err)
		}
	}
	t.Logf("%d mutants of %d files: %d refused, %d partial", mutants, len(all), refused, partial)
}

// checkShape holds what is true of every Instance: elements lie in their data set, in the order of
// the source and without overlap, and values have their length.
func checkShape(t testing.TB, x *Instance, size int64) {
	t.Helper()
	var check func(d *Dataset, path string)
	check = func(d *Dataset, path string) {
		at := d.Offset
		for i := range d.Elements {
			e := &d.Elements[i]
			switch {
			case e.Offset < at || e.End < e.Offset+int64(e.Head) || e.End > d.End:
				t.Errorf("%s%v: want an element behind %d and before %d, have %d to %d", path, e.Tag, at, d.End, e.Offset, e.End)
			case !x.Encoding.Deflated && e.End > size:
				t.Errorf("%s%v: want an element within %d bytes, have its end at %d", path, e.Tag, size, e.End)
			case e.Value != nil && len(e.Value) != int(e.Length):
				t.Errorf("%s%v: want %d bytes, have %d", path, e.Tag, e.Length, len(e.Value))
			case e.Value != nil && e.Items != nil:
				t.Errorf("%s%v: want a value or items, have both", path, e.Tag)
			case e.VR == 0:
				t.Errorf("%s%v: want a VR, have none", path, e.Tag)
			}
			at = e.End
			for j := range e.Items {
				check(&e.Items[j], path+e.Tag.String())
			}
		}
	}
	check(&x.Meta, "")
	check(&x.Dataset, "")
}

// encodedFiles are small whole files in every encoding.
func encodedFiles() map[string][]byte {
	files := map[string][]byte{}
	for _, enc := range []Encoding{{}, {Implicit: true}, {BigEndian: true}} {
		files[enc.String()] = encodedFile(enc)
	}
	return files
}

// encodedFile is a preamble, meta information and a data set with nested sequences of both kinds of length.
func encodedFile(enc Encoding) []byte {
	uid := map[Encoding]string{{}: "1.2.840.10008.1.2.1", {Implicit: true}: "1.2.840.10008.1.2\x00", {BigEndian: true}: "1.2.840.10008.1.2.2"}[enc]
	if len(uid)%2 == 1 {
		uid += "\x00"
	}
	meta := appendElement(nil, Encoding{}, dict.MediaStorageSOPClassUID, dict.UI, []byte("1.2.840.10008.5.1.4.1.1.7\x00"))
	meta = appendElement(meta, Encoding{}, dict.TransferSyntaxUID, dict.UI, []byte(uid))
	b := append(make([]byte, 128), "DICM"...)
	b = appendElement(b, Encoding{}, tagMetaLength, dict.UL, binary.LittleEndian.AppendUint32(nil, uint32(len(meta))))
	b = append(b, meta...)
	b = appendElement(b, enc, dict.SpecificCharacterSet, dict.CS, []byte("ISO_IR 192"))
	b = appendElement(b, enc, dict.SOPClassUID, dict.UI, []byte("1.2.840.10008.5.1.4.1.1.7\x00"))
	b = appendElement(b, enc, dict.SOPInstanceUID, dict.UI, []byte("1.2.3\x00"))
	code := appendElement(nil, enc, dict.CodeValue, dict.SH, []byte("A "))
	code = appendElement(code, enc, dict.CodeMeaning, dict.LO, []byte("meaning "))
	inner := appendSequence(nil, enc, dict.ConceptNameCodeSequence, true, code, nil)
	b = appendSequence(b, enc, dict.ProcedureCodeSequence, false, code, code)
	b = appendElement(b, enc, dict.PatientName, dict.PN, []byte("A^B "))
	b = appendElement(b, enc, dict.Rows, dict.US, []byte{1, 0})
	b = appendSequence(b, enc, dict.ContentSequence, false, inner, code)
	return appendElement(b, enc, dict.PixelData, dict.OW, make([]byte, 16))
}

// appendElement appends an element as enc says.
func appendElement(b []byte, enc Encoding, t dict.Tag, vr dict.VR, value []byte) []byte {
	b = appendHead(b, enc, t, vr, uint32(len(value)))
	return append(b, value...)
}

func appendHead(b []byte, enc Encoding, t dict.Tag, vr dict.VR, length uint32) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	if enc.BigEndian {
		order = binary.BigEndian
	}
	b = order.AppendUint16(order.AppendUint16(b, t.Group()), t.Element())
	switch {
	case enc.Implicit || t.Group() == delimiterGroup:
		return order.AppendUint32(b, length)
	case vr.LongLength():
		return order.AppendUint32(append(b, byte(vr>>8), byte(vr), 0, 0), length)
	}
	return order.AppendUint16(append(b, byte(vr>>8), byte(vr)), uint16(length))
}

// appendSequence appends a sequence of items, with defined lengths or with delimiters.
func appendSequence(b []byte, enc Encoding, t dict.Tag, defined bool, items ...[]byte) []byte {
	var inner []byte
	for _, item := range items {
		if defined {
			inner = append(appendHead(inner, enc, tagItem, 0, uint32(len(item))), item...)
			continue
		}
		inner = append(appendHead(inner, enc, tagItem, 0, Undefined), item...)
		inner = appendHead(inner, enc, tagItemEnd, 0, 0)
	}
	if defined {
		return append(appendHead(b, enc, t, dict.SQ, uint32(len(inner))), inner...)
	}
	b = append(appendHead(b, enc, t, dict.SQ, Undefined), inner...)
	return appendHead(b, enc, tagSequenceEnd, 0, 0)
}
