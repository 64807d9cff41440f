package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"sync"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// A record is what is kept of an instance between the reading of files and the making of
// series: a key by which records sort into studies and series, and the data set that
// dicommeta.Extract returns, with the transfer syntax as (0002,0010).

var errRecord = errors.New("index: spilled records: want a whole record")

// appendKey appends a key that sorts by study, series, Instance Number, instance and file.
// The parts of it have no NUL within.
func appendKey(dst []byte, d *dicommeta.Dataset, source string) []byte {
	part := func(s []byte) {
		at := len(dst)
		dst = append(dst, s...)
		for i := at; i < len(dst); i++ {
			if dst[i] == 0 {
				dst[i] = ' '
			}
		}
		dst = append(dst, 0)
	}
	part(rawText(d, dict.StudyInstanceUID))
	part(rawText(d, dict.SeriesInstanceUID))
	if number, ok := d.Int(dict.InstanceNumber); ok {
		dst = append(dst, 0)
		dst = binary.BigEndian.AppendUint64(dst, uint64(number)^1<<63)
	} else {
		dst = append(dst, 1)
		dst = binary.BigEndian.AppendUint64(dst, 0)
	}
	part(rawText(d, dict.SOPInstanceUID))
	return append(dst, source...)
}

// rawText returns the first value of a text element of a data set that is in UTF-8; it shares
// memory with it.
func rawText(d *dicommeta.Dataset, t dict.Tag) []byte {
	e := d.Find(t)
	if e == nil || !e.VR.IsText() {
		return nil
	}
	v := e.Value
	if i := bytes.IndexByte(v, '\\'); i >= 0 {
		v = v[:i]
	}
	return bytes.Trim(v, " \x00")
}

// numberBytes is how long the part of Instance Number is in a key.
const numberBytes = 9

// splitKey returns the parts of a key.
func splitKey(key []byte) (study, series, instance, source []byte) {
	study, key, _ = bytes.Cut(key, []byte{0})
	series, key, _ = bytes.Cut(key, []byte{0})
	if len(key) < numberBytes {
		return study, series, nil, nil
	}
	instance, source, _ = bytes.Cut(key[numberBytes:], []byte{0})
	return study, series, instance, source
}

// seriesPart returns the part of a key that the instances of a series of a study share,
// studyPart the one that those of a study share.
func seriesPart(key []byte) []byte {
	first := bytes.IndexByte(key, 0) + 1
	return key[:first+bytes.IndexByte(key[first:], 0)+1]
}

func studyPart(key []byte) []byte { return key[:bytes.IndexByte(key, 0)+1] }

// appendDataset appends a data set: the number of elements, then of each its tag, VR and
// value, or VR SQ and its items.
func appendDataset(dst []byte, d *dicommeta.Dataset) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(d.Elements)))
	for i := range d.Elements {
		dst = appendElement(dst, &d.Elements[i])
	}
	return dst
}

func appendElement(dst []byte, e *dicommeta.Element) []byte {
	vr := e.VR
	if e.Items != nil {
		vr = dict.SQ
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(e.Tag))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(vr))
	if vr != dict.SQ {
		dst = binary.AppendUvarint(dst, uint64(len(e.Value)))
		return append(dst, e.Value...)
	}
	dst = binary.AppendUvarint(dst, uint64(len(e.Items)))
	for j := range e.Items {
		dst = appendDataset(dst, &e.Items[j])
	}
	return dst
}

// decoder reads data sets that appendDataset wrote. Values share memory with the bytes.
// Elements of the whole data set are kept in the decoder's memory if reuse is set.
type decoder struct {
	b     []byte
	reuse []dicommeta.Element
	bad   bool
}

func (r *decoder) uvarint() int {
	n, k := binary.Uvarint(r.b)
	if k <= 0 || n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[k:]
	return int(n)
}

func (r *decoder) bytes(n int) []byte {
	if n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *decoder) dataset(depth int) dicommeta.Dataset {
	n := r.uvarint()
	d := dicommeta.Dataset{Charset: dicommeta.UTF8}
	if depth == 0 {
		d.Elements = r.reuse[:0]
	} else {
		d.Elements = make([]dicommeta.Element, 0, min(n, len(r.b)/7))
	}
	for range n {
		head := r.bytes(6)
		if r.bad {
			return d
		}
		e := dicommeta.Element{Tag: dict.Tag(binary.LittleEndian.Uint32(head)), VR: dict.VR(binary.LittleEndian.Uint16(head[4:]))}
		length := r.uvarint()
		if e.VR != dict.SQ {
			if length > 0 {
				e.Value = r.bytes(length)
			}
		} else {
			e.Items = make([]dicommeta.Dataset, 0, min(length, len(r.b)+1))
			for range length {
				e.Items = append(e.Items, r.dataset(depth+1))
				if r.bad {
					return d
				}
			}
		}
		d.Elements = append(d.Elements, e)
	}
	if depth == 0 {
		r.reuse = d.Elements
	}
	return d
}

// decode returns the data set of a record. It is good until the next call where the decoder
// is used again.
func (r *decoder) decode(payload []byte) (dicommeta.Dataset, int64, error) {
	r.b, r.bad = payload, false
	size := int64(r.uvarintLong())
	d := r.dataset(0)
	if r.bad || len(r.b) > 0 {
		return d, 0, errRecord
	}
	return d, size, nil
}

func (r *decoder) uvarintLong() uint64 {
	n, k := binary.Uvarint(r.b)
	if k <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[k:]
	return n
}

// appendRecord appends the payload of a record: the size of the file and the data set.
func appendRecord(dst []byte, d *dicommeta.Dataset, size int64) []byte {
	return appendDataset(binary.AppendUvarint(dst, uint64(max(size, 0))), d)
}

// appendInstance appends the record of an instance of which d was extracted.
func appendInstance(dst []byte, d *dicommeta.Dataset, syntax string, size int64) []byte {
	if syntax == "" {
		return appendRecord(dst, d, size)
	}
	e := dicommeta.TextElement(dict.TransferSyntaxUID, syntax)
	if len(d.Elements) > 0 && d.Elements[0].Tag <= e.Tag {
		with := d.Clone()
		with.Set(e)
		return appendRecord(dst, &with, size)
	}
	dst = binary.AppendUvarint(dst, uint64(max(size, 0)))
	dst = binary.AppendUvarint(dst, uint64(len(d.Elements)+1))
	dst = appendElement(dst, &e)
	for i := range d.Elements {
		dst = appendElement(dst, &d.Elements[i])
	}
	return dst
}

// takeSyntax takes the transfer syntax out of the data set of a record.
func takeSyntax(d *dicommeta.Dataset) string {
	syntax := d.Text(dict.TransferSyntaxUID)
	if len(d.Elements) > 1 && d.Elements[0].Tag == dict.TransferSyntaxUID && d.Elements[1].Tag > dict.TransferSyntaxUID {
		d.Elements = d.Elements[1:]
	} else {
		d.Remove(dict.TransferSyntaxUID)
	}
	return syntax
}

// keyTags are what the key and the links of an instance are made of, in order.
var keyTags = sync.OnceValue(func() []dict.Tag {
	tags := []dict.Tag{dict.StudyInstanceUID, dict.SeriesInstanceUID, dict.SOPInstanceUID, dict.SOPClassUID, dict.InstanceNumber,
		dict.PatientID, dict.IssuerOfPatientID, dict.PatientName, dict.PatientBirthDate, dict.PatientSex}
	slices.Sort(tags)
	return tags
})

// placed reports whether the data set says where in the hierarchy it belongs.
func placed(d *dicommeta.Dataset) bool {
	return len(rawText(d, dict.StudyInstanceUID)) > 0 && len(rawText(d, dict.SeriesInstanceUID)) > 0 && len(rawText(d, dict.SOPInstanceUID)) > 0
}
