package suyash

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

const (
	// spare and times bound what the other parser may take: times the size of a
	// file, and spare.
	spare = 16 << 20
	times = 4
	// elementCost is what both parsers take for an element or item, lineCost for each
	// value of text.
	elementCost, lineCost = 1024, 16

	// maxInflated bounds the header of a deflated file, with inflatedTimes its size.
	maxInflated, inflatedTimes = 1 << 20, 3
)

// ParseOptions are the options of Parse; nil and zero fields mean the defaults.
type ParseOptions struct {
	// Read has the limits of our reader; Until stops reading early, KeepBytes is not
	// regarded. If Memory is 0, the header of a deflated file may have 1 MiB and three times the size of
	// the file.
	Read *dicommeta.ReadOptions
	// Memory bounds the bytes that both parsers take; 0 = 16 MiB and four times the size
	// of the file. An element or item counts as 1,024 bytes, a byte of a value as 5 to 20.
	Memory int64
	// Mend writes the elements of every file anew. Otherwise those of a file that both
	// readers read alike are read where they are.
	Mend bool
}

// Parse returns the data set of the DICOM file of size bytes at r as suyashkumar/dicom
// reads it, without pixel data. Our own reader goes first and finds whether the file is
// DICOM, where the elements are, and how far they go; its findings are returned. The other parser
// then gets a section of the file up to the pixel data if it is known to read it alike: explicit
// VR of a transfer syntax that it knows, meta information as it must be, and no VR, length, nesting or
// character set that it stumbles over. Any other file is mended: its elements are
// written anew in explicit VR little endian with text in UTF-8, and a finding with CodeMended says so. Either
// runs inside a recover.
//
// The error is a *dicommeta.Error if the data is wrong or the other parser fails,
// else it is r's.
func Parse(r io.ReaderAt, size int64, opts *ParseOptions) (dicom.Dataset, issue.List, error) {
	var o ParseOptions
	if opts != nil {
		o = *opts
	}
	x, err := dicommeta.Parse(r, size, readOptions(&o, size))
	if err != nil {
		return dicom.Dataset{}, nil, err
	}
	if err := checkCost(x, memory(&o, size)); err != nil {
		return dicom.Dataset{}, x.Issues, err
	}
	found := x.Issues
	if !o.Mend && isPlain(x) {
		end := size
		if x.Stop.Tag != 0 {
			end = x.Stop.Offset
		}
		ds, err := guarded(io.NewSectionReader(r, 0, end), end)
		if err == nil {
			return ds, found, nil
		}
		found = append(found, asIssue(x, err, issue.Information))
	}
	found = append(found, issue.Issue{Severity: issue.Information, Code: CodeMended, Pos: issue.Pos{Source: x.Source}, Message: "the elements were written anew"})
	ds, lost, err := parseMended(x)
	return ds, append(found, lost...), err
}

func memory(o *ParseOptions, size int64) int64 {
	if o.Memory > 0 {
		return o.Memory
	}
	return spare + times*size
}

// readOptions returns the limits of our reader for a file of size bytes.
func readOptions(given *ParseOptions, size int64) *dicommeta.ReadOptions {
	var o dicommeta.ReadOptions
	if given.Read != nil {
		o = *given.Read
	}
	o.KeepBytes = -1
	o.MaxDepth = atMost(o.MaxDepth, maxDepth)
	o.MaxElements = atMost(o.MaxElements, int(min(memory(given, size)/elementCost, 2_000_000)))
	if given.Memory == 0 {
		o.MaxBytes = atMost(o.MaxBytes, maxInflated+inflatedTimes*size)
	}
	return &o
}

// atMost returns n, or limit where n is 0 or beyond it.
func atMost[T int | int64](n, limit T) T {
	if n <= 0 || n > limit {
		return limit
	}
	return n
}

// checkCost refuses a file whose elements would take the other parser more than limit bytes.
func checkCost(x *dicommeta.Instance, limit int64) error {
	cost := int64(0)
	count := func(path dicommeta.Path, d *dicommeta.Dataset, e *dicommeta.Element) bool {
		cost += elementCost + elementCost*int64(len(e.Items)) + valueCost(e)*int64(len(e.Value))
		if e.VR.IsText() {
			cost += lineCost * int64(bytes.Count(e.Value, []byte{'\\'}))
		}
		return true
	}
	x.Meta.Walk(count)
	x.Walk(count)
	if cost > limit {
		return &dicommeta.Error{Issue: issue.Issue{
			Severity: issue.Fatal, Code: CodeLimit, Pos: issue.Pos{Source: x.Source},
			Message: fmt.Sprintf("want elements that take at most %d bytes, have %d; see ParseOptions.Memory", limit, cost),
		}, Err: dicommeta.ErrLimit}
	}
	return nil
}

// valueCost is what both parsers take for a byte of a value, copies that are made on the way
// included.
func valueCost(e *dicommeta.Element) int64 {
	switch {
	case e.VR == dict.FL:
		return 20 // the other one goes through decimal text
	case e.VR == dict.US, e.VR == dict.SS, e.VR == dict.AT, e.VR == dict.UL, e.VR == dict.SL:
		return 7
	case e.VR.HasCharset() && needsCharset(e.Value):
		return 20
	}
	return 5
}

// errPanic says that the other parser panicked.
var errPanic = errors.New("suyash: the other parser panicked")

// guarded runs the other parser. It is called with bytes only that it reads without
// allocating for what is not there.
func guarded(r io.Reader, size int64) (ds dicom.Dataset, err error) {
	defer func() {
		if recover() != nil {
			ds, err = dicom.Dataset{}, errPanic
		}
	}()
	ds, err = dicom.Parse(r, size, nil, dicom.SkipPixelData(), dicom.AllowMissingMetaElementGroupLength(), dicom.AllowUnknownSpecificCharacterSet())
	if err != nil {
		return dicom.Dataset{}, err
	}
	return ds, nil
}

// asIssue tells what the other parser did with x. Its own message is left out: it may hold
// values.
func asIssue(x *dicommeta.Instance, err error, s issue.Severity) issue.Issue {
	i := issue.Issue{Severity: s, Code: CodeRefused, Pos: issue.Pos{Source: x.Source}, Message: "the other parser gives an error"}
	if errors.Is(err, errPanic) {
		i.Code, i.Message = CodePanic, "the other parser panics"
	}
	return i
}

// parseMended writes the elements of x anew and has the other parser read them.
func parseMended(x *dicommeta.Instance) (dicom.Dataset, issue.List, error) {
	m := mender{source: x.Source}
	var head bytes.Buffer
	meta := &dicommeta.Instance{Meta: m.dataset(nil, &x.Meta)}
	if err := dicommeta.Write(&head, meta, &dicommeta.WriteOptions{TransferSyntax: explicitLittleEndian}); err != nil {
		return dicom.Dataset{}, m.found, err
	}
	d := m.dataset(nil, &x.Dataset)
	b, err := dicommeta.AppendDataset(head.Bytes(), &d, dicommeta.Encoding{})
	if err != nil {
		return dicom.Dataset{}, m.found, err
	}
	ds, err := guarded(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return dicom.Dataset{}, m.found, &dicommeta.Error{Issue: asIssue(x, err, issue.Fatal), Err: err}
	}
	if x.TransferSyntax != "" {
		for _, e := range ds.Elements {
			if e.Tag == tag.TransferSyntaxUID {
				if v, err := dicom.NewValue([]string{x.TransferSyntax}); err == nil {
					e.Value = v
				}
			}
		}
	}
	return ds, m.found, nil
}

const explicitLittleEndian = "1.2.840.10008.1.2.1"

// mender makes data sets that the other parser reads as they are meant.
type mender struct {
	source string
	found  issue.List
}

func (m *mender) report(code issue.Code, path dicommeta.Path, e *dicommeta.Element, message string) {
	m.found = append(m.found, issue.Issue{Severity: issue.Information, Code: code, Path: path.String(), Pos: issue.Pos{Source: m.source, Offset: e.Offset}, Message: message})
}

// dataset returns d with text in UTF-8 and with VRs that the other parser knows.
func (m *mender) dataset(path dicommeta.Path, d *dicommeta.Dataset) dicommeta.Dataset {
	out := dicommeta.Dataset{Charset: dicommeta.UTF8, Elements: make([]dicommeta.Element, 0, len(d.Elements))}
	for i := range d.Elements {
		el := &d.Elements[i]
		here := append(path, dicommeta.Step{Tag: el.Tag})
		switch {
		case el.Tag.Group() == 0xFFFE || el.Tag.IsGroupLength():
			continue
		case el.Tag == dict.SpecificCharacterSet:
			if len(path) == 0 {
				out.Elements = append(out.Elements, dicommeta.TextElement(el.Tag, "ISO_IR 192"))
			}
			continue
		case el.Tag == dict.PixelData:
			out.Elements = append(out.Elements, dicommeta.BytesElement(el.Tag, dict.OW, nil))
			continue
		case el.Skipped():
			m.report(CodeLoss, here, el, "want a value that was read, have one that stayed in the source")
			continue
		}
		out.Elements = append(out.Elements, m.element(here, d, el))
	}
	return out
}

func (m *mender) element(path dicommeta.Path, d *dicommeta.Dataset, el *dicommeta.Element) dicommeta.Element {
	out := dicommeta.Element{Tag: el.Tag, VR: heldVR(el), Value: el.Value}
	if out.VR != el.VR && el.VR != 0 {
		m.report(CodeLoss, path, el, fmt.Sprintf("%s becomes UN", el.VR))
	}
	switch {
	case out.VR == dict.SQ:
		out.Items = make([]dicommeta.Dataset, len(el.Items))
		for i := range el.Items {
			path[len(path)-1].Item = i + 1
			out.Items[i] = m.dataset(path, &el.Items[i])
		}
		path[len(path)-1].Item = 0
	case el.VR.HasCharset() && needsCharset(el.Value):
		text, exact := d.Charset.AppendText(make([]byte, 0, 2*len(el.Value)), el.Value, el.VR)
		if !exact {
			m.report(CodeCharset, path, el, "want text in the character set that is stated")
		}
		out.Value = text
	}
	return out
}

// needsCharset reports whether text has bytes other than ASCII, or escapes.
func needsCharset(b []byte) bool {
	return !isASCII(b) || bytes.IndexByte(b, 0x1B) >= 0
}
