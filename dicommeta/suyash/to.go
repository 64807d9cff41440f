package suyash

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// ToSuyash returns the meta information and the data set of x as the other package holds
// them, and what it cannot hold. Text is decoded; values are split and trimmed as
// the VR has it. Values left in the source are missing in the result. The result
// shares the bytes of binary values with x. x is not changed.
func ToSuyash(x *dicommeta.Instance) (dicom.Dataset, issue.List) {
	c := &toConverter{source: x.Source}
	meta := c.dataset(nil, &x.Meta)
	c.foreign = false
	elements := c.dataset(nil, &x.Dataset)
	if c.foreign {
		elements = putCharset(elements)
	}
	return dicom.Dataset{Elements: append(meta, elements...)}, c.found
}

type toConverter struct {
	source  string
	found   issue.List
	foreign bool // whether there is text that is not ASCII
}

func (c *toConverter) report(s issue.Severity, code issue.Code, path dicommeta.Path, e *dicommeta.Element, message string) {
	c.found = append(c.found, issue.Issue{Severity: s, Code: code, Path: path.String(), Pos: issue.Pos{Source: c.source, Offset: e.Offset}, Message: message})
}

// putCharset puts ISO_IR 192 in its place among elements.
func putCharset(elements []*dicom.Element) []*dicom.Element {
	v, _ := dicom.NewValue([]string{"ISO_IR 192"})
	e := &dicom.Element{Tag: tag.SpecificCharacterSet, ValueRepresentation: tag.VRStringList, RawValueRepresentation: "CS", ValueLength: 10, Value: v}
	i := 0
	for i < len(elements) && elements[i].Tag.Compare(e.Tag) < 0 {
		i++
	}
	if i < len(elements) && elements[i].Tag == e.Tag {
		elements[i] = e
		return elements
	}
	elements = append(elements, nil)
	copy(elements[i+1:], elements[i:])
	elements[i] = e
	return elements
}

func (c *toConverter) dataset(path dicommeta.Path, d *dicommeta.Dataset) []*dicom.Element {
	out := make([]*dicom.Element, 0, len(d.Elements))
	for i := range d.Elements {
		el := &d.Elements[i]
		if el.Tag == dict.SpecificCharacterSet && len(path) > 0 {
			continue // decoded
		}
		if e := c.element(append(path, dicommeta.Step{Tag: el.Tag}), d.Charset, el); e != nil {
			out = append(out, e)
		}
	}
	return out
}

func (c *toConverter) element(path dicommeta.Path, charset *dicommeta.Charset, el *dicommeta.Element) *dicom.Element {
	if el.Skipped() {
		c.report(issue.Information, CodeLoss, path, el, fmt.Sprintf("want a value that was read, have %d bytes left in the source", el.Length))
		return nil
	}
	vr := heldVR(el)
	if vr != el.VR && el.VR != 0 {
		c.report(issue.Information, CodeLoss, path, el, fmt.Sprintf("%s becomes UN", el.VR))
	}
	t := tag.Tag{Group: el.Tag.Group(), Element: el.Tag.Element()}
	out := &dicom.Element{
		Tag:                    t,
		ValueRepresentation:    tag.GetVRKind(t, vr.String()),
		RawValueRepresentation: vr.String(),
		ValueLength:            uint32(len(el.Value)),
	}
	var data any
	switch {
	case vr == dict.SQ:
		if el.Length == dicommeta.Undefined {
			out.ValueLength = tag.VLUndefinedLength
		}
		items := make([][]*dicom.Element, len(el.Items))
		for i := range el.Items {
			path[len(path)-1].Item = i + 1
			items[i] = c.dataset(path, &el.Items[i])
		}
		path[len(path)-1].Item = 0
		data = items
	case t == tag.PixelData:
		data = dicom.PixelDataInfo{IntentionallyUnprocessed: true, UnprocessedValueData: el.Value}
	default:
		data = c.value(path, charset, el, vr)
	}
	v, err := dicom.NewValue(data)
	if err != nil {
		c.report(issue.Error, CodeVR, path, el, "want a value that the other package can hold")
		return nil
	}
	out.Value = v
	return out
}

// heldVR returns the VR that the other package can hold an element's value with.
func heldVR(el *dicommeta.Element) dict.VR {
	if el.Items != nil {
		return dict.SQ
	}
	switch el.VR {
	case dict.SV, dict.UV, dict.OF, dict.OD, dict.OL, dict.OV:
		return dict.UN
	case dict.US, dict.SS, dict.UL, dict.SL, dict.FL, dict.FD, dict.AT, dict.OW:
		if len(el.Value)%numberSize(el.VR) != 0 {
			return dict.UN
		}
	default:
		if !el.VR.Known() {
			return dict.UN
		}
	}
	return el.VR
}

// numberSize returns the bytes of what the other package takes for a number.
func numberSize(vr dict.VR) int {
	if vr == dict.AT {
		return 4
	}
	return vr.Size()
}

func (c *toConverter) value(path dicommeta.Path, charset *dicommeta.Charset, el *dicommeta.Element, vr dict.VR) any {
	b, le := el.Value, binary.LittleEndian
	switch vr {
	case dict.US, dict.AT, dict.SS:
		ints := make([]int, 0, len(b)/2)
		for ; len(b) >= 2; b = b[2:] {
			n := int(le.Uint16(b))
			if vr == dict.SS {
				n = int(int16(n))
			}
			ints = append(ints, n)
		}
		return ints
	case dict.UL, dict.SL:
		ints := make([]int, 0, len(b)/4)
		for ; len(b) >= 4; b = b[4:] {
			if vr == dict.SL {
				ints = append(ints, int(int32(le.Uint32(b))))
				continue
			}
			ints = append(ints, int(le.Uint32(b)))
		}
		return ints
	case dict.FL:
		floats := make([]float64, 0, len(b)/4)
		for ; len(b) >= 4; b = b[4:] {
			floats = append(floats, shortest(math.Float32frombits(le.Uint32(b))))
		}
		return floats
	case dict.FD:
		floats := make([]float64, 0, len(b)/8)
		for ; len(b) >= 8; b = b[8:] {
			floats = append(floats, math.Float64frombits(le.Uint64(b)))
		}
		return floats
	case dict.OB, dict.OW, dict.UN:
		return b
	}
	return c.text(path, charset, el)
}

// shortest returns the float64 of the fewest digits that tell f, as the other parser does.
func shortest(f float32) float64 {
	n, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	if err != nil {
		return float64(f)
	}
	return n
}

func (c *toConverter) text(path dicommeta.Path, charset *dicommeta.Charset, el *dicommeta.Element) []string {
	b := el.Value
	if el.VR.HasCharset() {
		var exact bool
		if b, exact = charset.AppendText(nil, b, el.VR); !exact {
			c.report(issue.Warning, CodeCharset, path, el, "want text in the character set that is stated")
		}
		c.foreign = c.foreign || !isASCII(b)
	}
	if !el.VR.Multiple() {
		return []string{strings.TrimRight(string(b), " \x00")}
	}
	all := strings.Split(string(b), `\`)
	for i, s := range all {
		all[i] = strings.Trim(s, " \x00")
	}
	return all
}

func isASCII[T ~string | ~[]byte](s T) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
