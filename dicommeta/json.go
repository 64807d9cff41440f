package dicommeta

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// JSONOptions say what AppendJSON writes; nil and zero fields mean the defaults.
type JSONOptions struct {
	// Meta puts the file meta information of an Instance before its data set.
	Meta bool
	// InlineBytes is the length up to which a binary value stands in the text as
	// InlineBinary when BulkDataURI is set. 0 = 1024; -1 = none does.
	InlineBytes int
	// BulkDataURI returns where the value of an element can be had: of a binary one that is
	// longer than InlineBytes, of any that was left in the source, and of the pixel
	// data of an Instance. "" means nowhere. The path is good during the call. nil
	// inlines all binary values, gives those left in the source
	// as ?offset=N&length=N, relative to the source, and leaves the pixel data out.
	BulkDataURI func(path Path, d *Dataset, e *Element) string
}

const defaultInlineBytes = 1024

// AppendJSON appends the data set in the DICOM JSON model (PS3.18 annex F) to dst and
// returns it: one object without white space, in UTF-8, members by ascending tag.
// Group lengths are left out, of repeated tags all but the last. Specific Character Set
// says ISO_IR 192 where it says anything, for that is what the text is in now.
//
// Text is without its padding; numbers of DS and IS are JSON numbers where
// these have the same digits, else strings; SV and UV are strings beyond 2⁵³; NaN and
// infinities are the strings NaN, Infinity and -Infinity. A numeric value whose length
// does not fit its VR becomes UN, for no other than binary VRs may have InlineBinary. It is safe for concurrent use on one data set.
func AppendJSON(dst []byte, d *Dataset, opts *JSONOptions) []byte {
	w := newJSONWriter(dst, opts)
	w.dst = append(w.dst, '{')
	w.members(d)
	return append(w.dst, '}')
}

// AppendJSON appends the instance in the DICOM JSON model to dst, as the function
// AppendJSON does its data set.
func (x *Instance) AppendJSON(dst []byte, opts *JSONOptions) []byte {
	w := newJSONWriter(dst, opts)
	w.dst = append(w.dst, '{')
	if w.opts.Meta {
		w.members(&x.Meta)
	}
	w.members(&x.Dataset)
	if t := x.Stop.Tag; w.opts.BulkDataURI != nil && t.Group() == 0x7FE0 && x.Stop.VR != dict.SQ {
		w.element(&x.Dataset, &x.Stop)
	}
	return append(w.dst, '}')
}

// jsonWriter is the state of writing one data set.
type jsonWriter struct {
	dst     []byte
	scratch []byte // of decoded text
	opts    JSONOptions
	path    Path // only with BulkDataURI
}

func newJSONWriter(dst []byte, opts *JSONOptions) jsonWriter {
	w := jsonWriter{dst: dst}
	if opts != nil {
		w.opts = *opts
	}
	if w.opts.InlineBytes == 0 {
		w.opts.InlineBytes = defaultInlineBytes
	}
	return w
}

// members writes the elements of d.
func (w *jsonWriter) members(d *Dataset) {
	els := d.Elements
	for i := 1; i < len(els); i++ {
		if els[i].Tag <= els[i-1].Tag {
			w.unordered(d)
			return
		}
	}
	for i := range els {
		if !els[i].Tag.IsGroupLength() {
			w.element(d, &els[i])
		}
	}
}

// unordered does what members does where tags are repeated or do not ascend.
func (w *jsonWriter) unordered(d *Dataset) {
	order := make([]*Element, len(d.Elements))
	for i := range order {
		order[i] = &d.Elements[i]
	}
	slices.SortStableFunc(order, func(a, b *Element) int { return compareTags(a.Tag, b.Tag) })
	for i, e := range order {
		if !e.Tag.IsGroupLength() && (i+1 == len(order) || order[i+1].Tag != e.Tag) {
			w.element(d, e)
		}
	}
}

const upperHex = "0123456789ABCDEF"

func appendHex(dst []byte, t dict.Tag) []byte {
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, upperHex[t>>shift&15])
	}
	return dst
}

// element writes one member: "ggggeeee":{"vr":"XX", ...}.
func (w *jsonWriter) element(d *Dataset, e *Element) {
	if c := w.dst[len(w.dst)-1]; c != '{' {
		w.dst = append(w.dst, ',')
	}
	vr := e.VR
	if !vr.Known() || numeric(vr) && len(e.Value)%vr.Size() != 0 {
		vr = dict.UN
	}
	w.dst = append(w.dst, '"')
	w.dst = appendHex(w.dst, e.Tag)
	w.dst = append(w.dst, `":{"vr":"`...)
	w.dst = append(w.dst, byte(vr>>8), byte(vr), '"')
	if w.opts.BulkDataURI != nil {
		w.path = append(w.path, Step{Tag: e.Tag})
	}
	w.value(d, e, vr)
	if w.opts.BulkDataURI != nil {
		w.path = w.path[:len(w.path)-1]
	}
	w.dst = append(w.dst, '}')
}

// value writes what stands behind the VR, beginning with a comma, or nothing.
func (w *jsonWriter) value(d *Dataset, e *Element, vr dict.VR) {
	switch {
	case e.URI != "":
		w.uri(e.URI)
	case e.Skipped():
		w.skipped(d, e)
	case vr == dict.SQ:
		w.items(e)
	case len(e.Value) == 0:
	case e.Tag == dict.SpecificCharacterSet && len(trimPadding(e.Value)) > 0:
		w.dst = append(w.dst, `,"Value":["ISO_IR 192"]`...)
	case vr.IsText():
		w.text(d, e, vr)
	case numeric(vr):
		w.numbers(e.Value, vr)
	default:
		w.binary(d, e)
	}
}

func (w *jsonWriter) uri(uri string) {
	w.dst = append(w.dst, `,"BulkDataURI":`...)
	w.dst = appendJSONString(w.dst, []byte(uri))
}

// skipped writes where a value is that stayed in the source.
func (w *jsonWriter) skipped(d *Dataset, e *Element) {
	if w.opts.BulkDataURI != nil {
		if uri := w.opts.BulkDataURI(w.path, d, e); uri != "" {
			w.uri(uri)
		}
		return
	}
	w.dst = append(w.dst, `,"BulkDataURI":"?offset=`...)
	w.dst = strconv.AppendInt(w.dst, e.Offset+int64(e.Head), 10)
	w.dst = append(w.dst, "&length="...)
	w.dst = strconv.AppendUint(w.dst, uint64(e.Length), 10)
	w.dst = append(w.dst, '"')
}

func (w *jsonWriter) binary(d *Dataset, e *Element) {
	if w.opts.BulkDataURI != nil && len(e.Value) > w.opts.InlineBytes {
		if uri := w.opts.BulkDataURI(w.path, d, e); uri != "" {
			w.uri(uri)
			return
		}
	}
	w.dst = append(w.dst, `,"InlineBinary":"`...)
	w.dst = base64.StdEncoding.AppendEncode(w.dst, e.Value)
	w.dst = append(w.dst, '"')
}

func (w *jsonWriter) items(e *Element) {
	if len(e.Items) == 0 {
		return
	}
	w.dst = append(w.dst, `,"Value":[`...)
	for i := range e.Items {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		if w.opts.BulkDataURI != nil {
			w.path[len(w.path)-1].Item = i + 1
		}
		w.dst = append(w.dst, '{')
		w.members(&e.Items[i])
		w.dst = append(w.dst, '}')
	}
	w.dst = append(w.dst, ']')
}

// numeric reports whether values of the VR are JSON numbers or AT's strings.
func numeric(vr dict.VR) bool {
	switch vr {
	case dict.AT, dict.FD, dict.FL, dict.SL, dict.SS, dict.SV, dict.UL, dict.US, dict.UV:
		return true
	}
	return false
}

// numbers writes the values of a numeric VR; b is a multiple of its size.
func (w *jsonWriter) numbers(b []byte, vr dict.VR) {
	dst := append(w.dst, `,"Value":[`...)
	le := binary.LittleEndian
	for i, size := 0, vr.Size(); i < len(b); i += size {
		if i > 0 {
			dst = append(dst, ',')
		}
		v := b[i:]
		switch vr {
		case dict.US:
			dst = strconv.AppendUint(dst, uint64(le.Uint16(v)), 10)
		case dict.SS:
			dst = strconv.AppendInt(dst, int64(int16(le.Uint16(v))), 10)
		case dict.UL:
			dst = strconv.AppendUint(dst, uint64(le.Uint32(v)), 10)
		case dict.SL:
			dst = strconv.AppendInt(dst, int64(int32(le.Uint32(v))), 10)
		case dict.UV:
			dst = appendUV(dst, le.Uint64(v))
		case dict.SV:
			dst = appendSV(dst, int64(le.Uint64(v)))
		case dict.FL:
			dst = appendFloat(dst, float64(math.Float32frombits(le.Uint32(v))), 32)
		case dict.FD:
			dst = appendFloat(dst, math.Float64frombits(le.Uint64(v)), 64)
		case dict.AT:
			dst = append(dst, '"')
			dst = appendHex(dst, dict.NewTag(le.Uint16(v), le.Uint16(v[2:])))
			dst = append(dst, '"')
		}
	}
	w.dst = append(dst, ']')
}

// exactInteger is the highest whole number up to which all are exact in a float64, as
// which most readers of JSON take numbers.
const exactInteger = 1 << 53

func appendUV(dst []byte, n uint64) []byte {
	if n <= exactInteger {
		return strconv.AppendUint(dst, n, 10)
	}
	dst = append(dst, '"')
	dst = strconv.AppendUint(dst, n, 10)
	return append(dst, '"')
}

func appendSV(dst []byte, n int64) []byte {
	if n >= -exactInteger && n <= exactInteger {
		return strconv.AppendInt(dst, n, 10)
	}
	dst = append(dst, '"')
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, '"')
}

// appendFloat writes the fewest digits that are read as the same number of that many bits.
func appendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	form := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		form = 'e'
	}
	return strconv.AppendFloat(dst, f, form, -1, bits)
}
