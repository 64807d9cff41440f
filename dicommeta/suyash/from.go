package suyash

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// maxDepth bounds how deep sequences nest.
const maxDepth = 64

// FromSuyash returns the instance that ds holds, its elements in ascending order and its
// text in UTF-8, and what it cannot take over. Pixel data is left out. The error is a depth beyond 64. The
// result shares the bytes of binary values with ds.
func FromSuyash(ds dicom.Dataset) (*dicommeta.Instance, issue.List, error) {
	c := &fromConverter{}
	var meta, data []*dicom.Element
	for _, e := range ds.Elements {
		if e != nil && e.Tag.Group == tag.MetadataGroup {
			meta = append(meta, e)
		} else {
			data = append(data, e)
		}
	}
	x := &dicommeta.Instance{}
	var err error
	if x.Meta, err = c.dataset(nil, meta); err != nil {
		return nil, c.found, err
	}
	x.Meta.Charset = nil
	c.foreign = false
	if x.Dataset, err = c.dataset(nil, data); err != nil {
		return nil, c.found, err
	}
	if c.foreign {
		x.Set(dicommeta.TextElement(dict.SpecificCharacterSet, "ISO_IR 192"))
	}
	x.TransferSyntax = x.Meta.Text(dict.TransferSyntaxUID)
	x.Encoding = dicommeta.EncodingOf(x.TransferSyntax)
	return x, c.found, nil
}

type fromConverter struct {
	found   issue.List
	foreign bool
}

func (c *fromConverter) report(s issue.Severity, code issue.Code, path dicommeta.Path, message string) {
	c.found = append(c.found, issue.Issue{Severity: s, Code: code, Path: path.String(), Message: message})
}

var errDepth = errors.New("suyash: want sequences nested at most 64 deep")

func (c *fromConverter) dataset(path dicommeta.Path, elements []*dicom.Element) (dicommeta.Dataset, error) {
	if len(path) > maxDepth {
		return dicommeta.NewDataset(), errDepth
	}
	all := make([]dicommeta.Element, 0, len(elements))
	for _, e := range elements {
		if e == nil {
			continue
		}
		t := dict.NewTag(e.Tag.Group, e.Tag.Element)
		here := append(path, dicommeta.Step{Tag: t})
		if t.Group() == 0xFFFE || t == dict.SpecificCharacterSet && len(path) > 0 {
			continue // what delimits items is none of their elements, and the text is decoded
		}
		el, ok, err := c.element(here, e)
		if err != nil {
			return dicommeta.NewDataset(), err
		}
		if ok {
			all = append(all, el)
		}
	}
	slices.SortStableFunc(all, func(a, b dicommeta.Element) int { return cmp.Compare(a.Tag, b.Tag) })
	for i := 1; i < len(all); i++ {
		if all[i].Tag == all[i-1].Tag {
			c.report(issue.Warning, CodeOrder, append(path, dicommeta.Step{Tag: all[i].Tag}), "want one element of the tag, have several")
		}
	}
	return dicommeta.NewDataset(all...), nil
}

func (c *fromConverter) element(path dicommeta.Path, e *dicom.Element) (dicommeta.Element, bool, error) {
	el := dicommeta.Element{Tag: path[len(path)-1].Tag}
	vr, known := dict.ParseVR(e.RawValueRepresentation)
	if entry := dict.Find(el.Tag); !known && entry != nil {
		vr = entry.VR()
	}
	if vr == 0 {
		vr = dict.UN
	}
	el.VR = vr
	if e.Value == nil {
		return el, true, nil
	}
	ok := true
	switch v := e.Value.GetValue().(type) {
	case []*dicom.SequenceItemValue:
		el.VR, el.Items = dict.SQ, make([]dicommeta.Dataset, 0, len(v))
		for i, item := range v {
			path[len(path)-1].Item = i + 1
			elements, _ := item.GetValue().([]*dicom.Element)
			d, err := c.dataset(path, elements)
			if err != nil {
				return el, false, err
			}
			el.Items = append(el.Items, d)
		}
		path[len(path)-1].Item = 0
	case []string:
		ok = c.text(path, &el, v)
	case []int:
		ok = c.ints(path, &el, v)
	case []float64:
		ok = floats(&el, v)
	case []byte:
		el.Value = v
		ok = vr == dict.UN || !vr.IsText() && vr != dict.SQ
	case dicom.PixelDataInfo:
		c.report(issue.Information, CodeLoss, path, "pixel data is left out")
		return el, false, nil
	default:
		ok = false
	}
	if !ok {
		c.report(issue.Error, CodeVR, path, fmt.Sprintf("want a value of VR %s", vr))
	}
	if len(el.Value) == 0 {
		el.Value = nil
	}
	return el, ok, nil
}

func (c *fromConverter) text(path dicommeta.Path, el *dicommeta.Element, values []string) bool {
	if !el.VR.IsText() {
		return len(values) == 0 || len(values) == 1 && values[0] == ""
	}
	s := strings.Join(values, `\`)
	if !isASCII(s) {
		c.foreign = c.foreign || el.VR.HasCharset()
		if !utf8.ValidString(s) {
			c.report(issue.Warning, CodeCharset, path, "want text in UTF-8")
			s = strings.ToValidUTF8(s, "\uFFFD")
		}
	}
	vr := el.VR
	*el = dicommeta.BytesElement(el.Tag, vr, []byte(s))
	if len(s)%2 == 1 {
		pad := byte(' ')
		if vr == dict.UI {
			pad = 0
		}
		el.Value = append(el.Value, pad)
	}
	return true
}

func (c *fromConverter) ints(path dicommeta.Path, el *dicommeta.Element, values []int) bool {
	low, high := int64(0), int64(0)
	switch el.VR {
	case dict.US, dict.AT, dict.OW:
		high = math.MaxUint16
	case dict.SS:
		low, high = math.MinInt16, math.MaxInt16
	case dict.UL, dict.OL:
		high = math.MaxUint32
	case dict.SL:
		low, high = math.MinInt32, math.MaxInt32
	default:
		return len(values) == 0
	}
	for _, n := range values {
		if int64(n) < low || int64(n) > high {
			c.report(issue.Error, CodeVR, path, "want numbers within the range of the VR")
			return false
		}
		if high <= math.MaxUint16 {
			el.Value = binary.LittleEndian.AppendUint16(el.Value, uint16(n))
		} else {
			el.Value = binary.LittleEndian.AppendUint32(el.Value, uint32(n))
		}
	}
	return true
}

func floats(el *dicommeta.Element, values []float64) bool {
	for _, n := range values {
		switch el.VR {
		case dict.FL, dict.OF:
			el.Value = binary.LittleEndian.AppendUint32(el.Value, math.Float32bits(float32(n)))
		case dict.FD, dict.OD:
			el.Value = binary.LittleEndian.AppendUint64(el.Value, math.Float64bits(n))
		default:
			return false
		}
	}
	return true
}
