package dicommeta

import (
	"errors"
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// ParseJSONOptions are the options of reading DICOM JSON; nil and zero fields mean the defaults.
type ParseJSONOptions struct {
	// Source names the text in findings.
	Source string
	// MaxDepth bounds how deep sequences nest; 0 = 64.
	MaxDepth int
	// MaxElements bounds the elements of a data set with those of its items; 0 = 2,000,000.
	MaxElements int
	// MaxBytes bounds the text of one data set; 0 = 64 MiB.
	MaxBytes int
	// Reporter receives the findings of ReadJSON; nil ignores them.
	Reporter issue.Reporter
}

func (o *ParseJSONOptions) withDefaults() ParseJSONOptions {
	var r ParseJSONOptions
	if o != nil {
		r = *o
	}
	if r.MaxDepth <= 0 {
		r.MaxDepth = 64
	}
	if r.MaxElements <= 0 {
		r.MaxElements = 2_000_000
	}
	if r.MaxBytes <= 0 {
		r.MaxBytes = 64 << 20
	}
	return r
}

// ParseJSON returns the data set that b, one object of the DICOM JSON model (PS3.18
// annex F), holds. Its text is in UTF-8, so Specific Character Set becomes ISO_IR 192
// where it has a value. Elements of group 0002, which some write, stay among the
// others. A value that is elsewhere becomes Element.URI. Memory is bounded by the text.
//
// Numbers and strings are taken for each other, and a missing VR is that of the
// dictionary. What is wrong is a finding, in the order of the text, with line and
// column; an element whose value cannot be one of its VR is left out. The error is
// an *Error, if b is not a JSON object or beyond a limit. It is safe for concurrent
// use; nothing of b is kept.
func ParseJSON(b []byte, opts *ParseJSONOptions) (Dataset, issue.List, error) {
	p := jsonParser{opts: opts.withDefaults(), line: 1, column: 1}
	d, err := p.parse(b)
	return d, p.issues, err
}

// jsonParser reads one data set after the other with the same memory.
type jsonParser struct {
	opts   ParseJSONOptions
	tree   jsontree.Tree
	src    []byte
	issues issue.List
	path   Path
	left   int    // elements still allowed
	buf    []byte // of one decoded string
	out    []byte // of one value
	arena  []byte // that the latest values share

	record       int64 // number of the data set in its stream, 0 for a single one
	offset       int64 // of src in the stream
	line, column int   // of src in the stream
}

func (p *jsonParser) parse(b []byte) (Dataset, error) {
	p.src, p.issues, p.path, p.left, p.arena = b, nil, p.path[:0], p.opts.MaxElements, nil
	// A level of sequences is three of JSON: the element, its Value, the item.
	err := p.tree.Parse(b, &jsontree.Options{MaxDepth: 3*p.opts.MaxDepth + 4, MaxBytes: p.opts.MaxBytes})
	if err != nil {
		return Dataset{}, p.syntax(err)
	}
	root := p.tree.Root()
	if root.Kind() != jsontree.Object {
		return Dataset{}, p.fatal(root.Offset(), CodeJSONSyntax, "want object, have "+root.Kind().String(), nil)
	}
	for _, off := range p.tree.Duplicates() {
		p.add(off, issue.Warning, CodeJSONDuplicate, "want each member once, have it again")
	}
	d, err := p.dataset(root)
	return d, err
}

// syntax turns an error of jsontree into one of this package.
func (p *jsonParser) syntax(err error) error {
	var se *jsontree.SyntaxError
	if !errors.As(err, &se) {
		return fmt.Errorf("dicommeta: %w", err)
	}
	code, wrapped := CodeJSONSyntax, error(nil)
	if se.Err != nil {
		code, wrapped = CodeJSONLimit, ErrLimit
	}
	msg := "want " + se.Want
	if se.Have != "" {
		msg += ", have " + se.Have
	}
	return p.fatal(se.Offset, code, msg, wrapped)
}

func (p *jsonParser) fatal(off int, code issue.Code, msg string, err error) error {
	is := issue.Issue{Severity: issue.Fatal, Code: code, Pos: p.pos(off), Path: p.path.String(), Message: msg}
	return &Error{Issue: is, Err: err}
}

// add records a finding at an offset of the text.
func (p *jsonParser) add(off int, sev issue.Severity, code issue.Code, msg string) {
	p.issues = append(p.issues, issue.Issue{Severity: sev, Code: code, Pos: p.pos(off), Path: p.path.String(), Message: msg})
}

// pos returns the place of an offset of the text.
func (p *jsonParser) pos(off int) issue.Pos {
	line, column := jsontree.Position(p.src, off)
	if line == 1 {
		column += p.column - 1
	}
	return issue.Pos{Source: p.opts.Source, Record: p.record, Line: p.line + line - 1, Column: column, Offset: p.offset + int64(off)}
}

func (p *jsonParser) dataset(v jsontree.Value) (Dataset, error) {
	d, sorted := Dataset{Charset: UTF8}, true
	if n := v.Len(); n > 0 {
		if n > p.left {
			return d, p.fatal(v.Offset(), CodeJSONLimit, "want at most the allowed elements, have more", ErrLimit)
		}
		p.left -= n
		d.Elements = make([]Element, 0, n)
	}
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		tag, ok := jsonTag(m.KeyBytes())
		if !ok {
			p.add(m.KeyOffset(), issue.Error, CodeJSONTag, "want a tag of 8 hexadecimal digits, have other text")
			continue
		}
		p.path = append(p.path, Step{Tag: tag})
		e, keep, err := p.element(tag, m)
		p.path = p.path[:len(p.path)-1]
		if err != nil {
			return d, err
		}
		if !keep {
			continue
		}
		if n := len(d.Elements); n > 0 && d.Elements[n-1].Tag >= tag {
			sorted = false
		}
		d.Elements = append(d.Elements, e)
	}
	if !sorted {
		d.Elements = ascending(d.Elements)
	}
	return d, nil
}

// jsonTag reads the 8 digits of a tag.
func jsonTag(b []byte) (dict.Tag, bool) {
	if len(b) != 8 {
		return 0, false
	}
	var t dict.Tag
	for _, c := range b {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c-'A' <= 5:
			c -= 'A' - 10
		case c-'a' <= 5:
			c -= 'a' - 10
		default:
			return 0, false
		}
		t = t<<4 | dict.Tag(c)
	}
	return t, true
}

// content is what an element's object holds besides the VR.
type jsonContent struct{ value, inline, uri jsontree.Value }

// element reads one element; keep is false where a finding says that it cannot be had.
func (p *jsonParser) element(tag dict.Tag, v jsontree.Value) (e Element, keep bool, err error) {
	if v.Kind() != jsontree.Object {
		p.add(v.Offset(), issue.Error, CodeJSONValue, "want object, have "+v.Kind().String())
		return e, false, nil
	}
	var c jsonContent
	var vr jsontree.Value
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		switch string(m.KeyBytes()) {
		case "vr":
			vr = m
		case "Value":
			c.value = m
		case "InlineBinary":
			c.inline = m
		case "BulkDataURI":
			c.uri = m
		default:
			p.add(m.KeyOffset(), issue.Information, CodeJSONMember, "want vr, Value, InlineBinary or BulkDataURI, have another member")
		}
	}
	e = Element{Tag: tag, VR: p.vr(tag, v, vr, &c)}
	keep, err = p.content(&e, v, &c)
	return e, keep, err
}

// vr returns the VR an element states, or the one to take instead.
func (p *jsonParser) vr(tag dict.Tag, element, v jsontree.Value, c *jsonContent) dict.VR {
	if vr, ok := dict.ParseVR(string(v.Bytes(p.buf))); ok {
		return vr
	}
	vr := dict.UN
	switch entry := dict.Find(tag); {
	case entry != nil && entry.VR() != 0:
		vr = entry.VR()
	case tag.IsPrivateCreator():
		vr = dict.LO
	case c.value.First().Kind() == jsontree.Object:
		vr = dict.SQ
	case c.value.First().Kind() == jsontree.String:
		vr = dict.UT
	case c.value.First().Kind() == jsontree.Number:
		vr = dict.DS
	}
	at, have := v.Offset(), "have another text"
	if v.Kind() == jsontree.Invalid {
		at, have = element.Offset(), "have none"
	}
	p.add(at, issue.Warning, CodeJSONVR, "want a VR of the standard, "+have)
	return vr
}

// content puts the value into e and reports whether the element can be kept.
func (p *jsonParser) content(e *Element, v jsontree.Value, c *jsonContent) (bool, error) {
	n := 0
	for _, m := range [...]jsontree.Value{c.value, c.inline, c.uri} {
		if m.Kind() != jsontree.Invalid && m.Kind() != jsontree.Null {
			n++
		}
	}
	if n > 1 {
		p.add(v.Offset(), issue.Warning, CodeJSONMember, "want one of Value, InlineBinary and BulkDataURI, have several")
	}
	switch {
	case c.value.Kind() == jsontree.Array:
		return p.values(e, c.value)
	case c.inline.Kind() == jsontree.String:
		return p.inline(e, c.inline), nil
	case c.uri.Kind() == jsontree.String:
		e.URI = c.uri.Text()
		return true, nil
	case n == 0:
		return true, nil
	case c.value.Kind() != jsontree.Invalid:
		p.add(c.value.Offset(), issue.Error, CodeJSONValue, "want array, have "+c.value.Kind().String())
	default:
		p.add(v.Offset(), issue.Error, CodeJSONValue, "want string, have another kind")
	}
	return false, nil
}

// inline reads an InlineBinary. Sequences cannot be had from one.
func (p *jsonParser) inline(e *Element, v jsontree.Value) bool {
	if e.VR == dict.SQ {
		p.add(v.Offset(), issue.Error, CodeJSONValue, "want array, have binary")
		return false
	}
	b, ok := decodeBase64(p.out, v.Bytes(p.buf))
	if p.out = b; !ok {
		p.add(v.Offset(), issue.Error, CodeJSONValue, "want base64, have other text")
		return false
	}
	e.Value = p.keep(b)
	return p.charset(e)
}

// charset makes Specific Character Set say what the text is in.
func (p *jsonParser) charset(e *Element) bool {
	if e.Tag == dict.SpecificCharacterSet && e.VR == dict.CS && len(trimPadding(e.Value)) > 0 {
		e.Value = []byte("ISO_IR 192")
	}
	return true
}

// values reads a Value.
func (p *jsonParser) values(e *Element, v jsontree.Value) (bool, error) {
	if v.First().Kind() == jsontree.Invalid {
		return true, nil
	}
	switch {
	case e.VR == dict.SQ:
		return p.items(e, v)
	case e.VR.IsText():
		return p.texts(e, v), nil
	case numeric(e.VR):
		return p.numbers(e, v), nil
	}
	p.add(v.Offset(), issue.Error, CodeJSONValue, "want InlineBinary, have Value")
	return false, nil
}

func (p *jsonParser) items(e *Element, v jsontree.Value) (bool, error) {
	if len(p.path) > p.opts.MaxDepth {
		return false, p.fatal(v.Offset(), CodeJSONLimit, "want at most the allowed levels, have more", ErrLimit)
	}
	at := len(p.path) - 1
	for i, m := range v.All() {
		p.path[at].Item = i + 1
		var item Dataset
		switch m.Kind() {
		case jsontree.Object:
			var err error
			if item, err = p.dataset(m); err != nil {
				return false, err
			}
		case jsontree.Null:
			item.Charset = UTF8
		default:
			p.add(m.Offset(), issue.Error, CodeJSONValue, "want object, have "+m.Kind().String())
			continue
		}
		if p.left--; p.left < 0 {
			return false, p.fatal(m.Offset(), CodeJSONLimit, "want at most the allowed elements, have more", ErrLimit)
		}
		e.Items = append(e.Items, item)
	}
	p.path[at].Item = 0
	return true, nil
}

// jsonText returns the number text or decoded string of v; ok is false for any other kind.
func (p *jsonParser) jsonText(v jsontree.Value) (b []byte, ok bool) {
	switch v.Kind() {
	case jsontree.Number:
		return v.Number(), true
	case jsontree.String:
		p.buf = append(p.buf[:0], v.Bytes(nil)...)
		return p.buf, true
	}
	return nil, false
}

// wantKind names the JSON type of the values of a VR (PS3.18 table F.2.3-1).
func wantKind(vr dict.VR) string {
	switch {
	case vr == dict.PN:
		return "object"
	case vr == dict.DS || vr == dict.IS || vr == dict.SV || vr == dict.UV:
		return "number or string"
	case numeric(vr) && vr != dict.AT:
		return "number"
	}
	return "string"
}

// mismatch records a value of a kind that is not the standard's but was understood.
func (p *jsonParser) mismatch(v jsontree.Value, vr dict.VR) {
	p.add(v.Offset(), issue.Warning, CodeJSONType, strings.Join([]string{"want ", wantKind(vr), ", have ", v.Kind().String()}, ""))
}
