package fhir

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/internal/xmlform"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// fhirNamespace is the namespace of FHIR's elements in XML.
const fhirNamespace = "http://hl7.org/fhir"

// xmlModel is the form that R4 gives to XML.
var xmlModel = sync.OnceValue(func() *xmlform.Model { return xmlform.NewModel(fhirdef.R4()) })

// xmlOrigin is what a resource remembers of the XML that it was read from.
type xmlOrigin struct {
	src        []byte // the XML that places lead to
	places     xmlform.Places
	base       int // of the resource in the JSON form
	start, end int // of the resource in src
	findings   []xmlform.Finding
	lead       string // of the paths of findings, in place of which the type stands
}

// clone returns a copy that owns its bytes; size is the length of the JSON form.
func (x *xmlOrigin) clone(size int) *xmlOrigin {
	if x == nil {
		return nil
	}
	c := *x
	c.places = x.places.Cut(x.base, x.base+size, x.start)
	c.src = bytes.Clone(x.src[x.start:x.end])
	c.base, c.start, c.end = 0, 0, len(c.src)
	c.findings = make([]xmlform.Finding, len(x.findings))
	for i, f := range x.findings {
		f.Offset -= x.start
		c.findings[i] = f
	}
	return &c
}

// advance moves p, the place of the resource, to where the byte at of its JSON
// form comes from.
func (x *xmlOrigin) advance(p *issue.Pos, at int) {
	x.moveTo(p, x.places.Offset(x.base+at))
}

// moveTo moves p, the place of the resource, to an offset of the XML, which may
// lie before the resource.
func (x *xmlOrigin) moveTo(p *issue.Pos, offset int) {
	if offset >= x.start {
		advance(p, x.src[x.start:], min(offset, len(x.src))-x.start)
		return
	}
	line, column := jsontree.Position(x.src, max(offset, 0))
	p.Line, p.Column, p.Offset = line, column, p.Offset+int64(offset-x.start)
}

// formFinding is a finding about the form of the source, made while reading.
// kept says that what was found is in the JSON form, where a walk over it finds
// it again: an unknown member, an empty object, an array in place of a value.
type formFinding struct {
	issue.Issue
	kind  xmlform.Kind
	kept  bool
	xpath string // of the element, as HL7's validator writes it
	name  string // of what was found, where it could be FHIR's
}

// formFindings returns the findings about the form of the source, in its order;
// nil for a resource that was read from JSON.
func (r *Resource) formFindings() []formFinding {
	if r.xml == nil || len(r.xml.findings) == 0 {
		return nil
	}
	out := make([]formFinding, len(r.xml.findings))
	for i, f := range r.xml.findings {
		path := f.Path
		if rest, ok := strings.CutPrefix(path, r.xml.lead); ok && r.xml.lead != "" {
			path = r.typ + rest
		}
		pos := r.Pos()
		r.xml.moveTo(&pos, f.Offset)
		out[i] = formFinding{
			Issue: issue.Issue{Severity: issue.Error, Code: xmlCode(f.Kind), Pos: pos, Path: path, Message: f.Message},
			kind:  f.Kind, kept: f.Kept, xpath: f.XPath, name: f.Name,
		}
	}
	return out
}

// xmlCode returns the code of a kind of findings.
func xmlCode(k xmlform.Kind) issue.Code {
	switch k {
	case xmlform.KindElement:
		return CodeXMLElement
	case xmlform.KindAttribute:
		return CodeXMLAttribute
	case xmlform.KindNamespace:
		return CodeXMLNamespace
	case xmlform.KindText, xmlform.KindCDATA:
		return CodeXMLText
	case xmlform.KindInstruction:
		return CodeXMLInstruction
	case xmlform.KindEmpty:
		return CodeXMLEmpty
	case xmlform.KindOrder:
		return CodeXMLOrder
	case xmlform.KindRepeat, xmlform.KindResources:
		return CodeXMLRepeat
	}
	return CodeXMLDeclaration
}

// isXML reports whether b seems to begin XML, behind a byte order mark.
func isXML(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	return len(b) > 0 && b[0] == '<'
}

// convert turns XML that begins at a place into a document whose JSON form is
// in the tree; levels are those that a Bundle adds.
func (p *parser) convert(text []byte, at place, levels int) (*xmlform.Document, *Rejected) {
	opts := jsontree.Options{MaxDepth: p.opts.MaxDepth}
	if opts.MaxDepth <= 0 {
		opts.MaxDepth = jsontree.DefaultMaxDepth
	}
	opts.MaxDepth += levels
	doc, err := xmlform.Convert(text, xmlModel(), &xmlform.Options{MaxDepth: opts.MaxDepth})
	if err != nil {
		return nil, rejectXML(text, at, err)
	}
	if err := p.tree.Parse(doc.JSON, &opts); err != nil {
		rej := rejectSyntax(doc.JSON, at, err)
		var se *jsontree.SyntaxError
		if errors.As(err, &se) {
			rej = reject(text, at, doc.Places.Offset(se.Offset), rej.Reason.Code, rej.Reason.Message)
		}
		rej.Raw, rej.Type = text, typeOfXML(text)
		return nil, rej
	}
	return doc, nil
}

// parseXML fills r with the resource in the XML text, which begins at a place.
func (p *parser) parseXML(r *Resource, text []byte, at place) *Rejected {
	doc, rej := p.convert(text, at, 0)
	if rej != nil {
		return rej
	}
	root := p.tree.Root()
	start, end := doc.Extent(root.Offset())
	if rej := p.adopt(r, text, root, at.behind(text, start)); rej != nil {
		return rej
	}
	r.xml = &xmlOrigin{src: text, places: doc.Places, start: start, end: end, findings: doc.Findings}
	return nil
}

// rejectXML makes the finding of XML that is not converted.
func rejectXML(text []byte, at place, err error) *Rejected {
	var se *xmlform.SyntaxError
	if !errors.As(err, &se) {
		return reject(text, at, 0, CodeXMLSyntax, "want XML, have none")
	}
	code := CodeXMLSyntax
	switch {
	case errors.Is(err, xmlform.ErrDepth):
		code = CodeDepth
	case errors.Is(err, xmlform.ErrSize):
		code = CodeRecordSize
	case errors.Is(err, xmlform.ErrEncoding):
		code = CodeEncoding
	case errors.Is(err, xmlform.ErrDoctype):
		code = CodeXMLDoctype
	case errors.Is(err, xmlform.ErrForeign):
		code = CodeFormat
	case errors.Is(err, xmlform.ErrTruncated):
		code = CodeTruncated
	}
	rej := reject(text, at, se.Offset, code, se.Error())
	rej.Type = typeOfXML(text)
	return rej
}

// typeOfXML returns the R4 type that damaged XML names near its start, "" if it
// names none.
func typeOfXML(text []byte) string {
	name, _, _ := xmlform.Root(text[:min(len(text), sampleBytes)])
	return resourceTypes()[name]
}

// xmlReader reads one document of XML: a resource, or a Bundle entry by entry.
type xmlReader struct {
	w          *worker
	doc        *xmlform.Document
	text       []byte
	at         place // of text
	read, lost int64
}

// xmlDocument reads an input of XML. It holds all of it.
func (w *worker) xmlDocument(in *input) error {
	bound := max(w.e.max, maxRecord)
	in.head = in.head[in.verdict.bom:]
	buf := make([]byte, 0, len(in.head)+1)
	var ended error
	for ended == nil && len(buf) <= bound {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), 2*cap(buf)+headBytes)
			copy(grown, buf)
			buf = grown
		}
		buf, ended = in.fill(buf)
	}
	x := xmlReader{w: w, text: buf}
	x.at = place{name: in.src.name, source: in.number, record: 1, line: 1, column: 1, offset: int64(in.verdict.bom)}
	var err error
	switch broken := (*damage)(nil); {
	case ended == nil:
		x.lost++
		err = w.reject(tooLong(buf[:w.e.sample], x.at, bound))
	case ended != io.EOF && !errors.As(ended, &broken):
		return ended
	default:
		err = x.all()
		if err == nil && broken != nil {
			at := x.at.behind(buf, len(buf))
			at.record = 0
			err = w.e.damaged(in, broken, at)
		}
	}
	w.e.count(in.number, x.read, x.lost, int64(in.verdict.bom+len(buf)))
	return err
}

// all visits the resource, or the entries of the Bundle, in the text.
func (x *xmlReader) all() error {
	p := &x.w.parser
	doc, rej := p.convert(x.text, x.at, bundleLevels)
	if rej != nil {
		x.lost++
		return x.w.reject(rej)
	}
	x.doc = doc
	root := p.tree.Root()
	if root.Get("resourceType").EqualText("Bundle") && (!x.w.e.opts.WholeBundles || max(len(x.text), len(root.Raw())) > x.w.e.max) {
		if err := x.w.e.divided(x.at); err != nil {
			return err
		}
		return x.bundle(root)
	}
	return x.resource(root, x.at, 0, nil, nil, "")
}

// bundle visits the entries of a Bundle in the tree.
func (x *xmlReader) bundle(root jsontree.Value) error {
	index := indexEntries(root)
	at, done := x.at, 0
	at.record = 0
	for e := root.Get("entry").First(); e.Kind() != jsontree.Invalid; e = e.Next() {
		offset := max(x.doc.Places.Offset(e.Offset()), done)
		at = at.behind(x.text[done:], offset-done)
		at.record++
		done = offset
		v := e.Get("resource")
		if v.Kind() != jsontree.Object {
			err := x.w.e.report(issue.Issue{Severity: issue.Information, Code: CodeEntryEmpty, Pos: at.pos(),
				Message: "want a resource in the entry, have none"})
			if err != nil {
				return err
			}
			continue
		}
		lead := "Bundle.entry[" + strconv.FormatInt(at.record-1, 10) + "].resource"
		if err := x.resource(v, at, done, e.Get("fullUrl").Bytes(nil), index, lead); err != nil {
			return err
		}
	}
	return nil
}

// resource visits or rejects the resource that is the value v; at is the place
// of text[from], which lies before it.
func (x *xmlReader) resource(v jsontree.Value, at place, from int, full []byte, index *bundleIndex, lead string) error {
	start, end := x.doc.Extent(v.Offset())
	at = at.behind(x.text[from:], max(start-from, 0))
	text := x.text[start:end]
	r := &x.w.res
	var rej *Rejected
	if max(len(text), len(v.Raw())) > x.w.e.max {
		rej = tooLong(text[:min(len(text), x.w.e.sample)], at, x.w.e.max)
	} else {
		rej = x.w.parser.adopt(r, text, v, at)
	}
	if rej != nil {
		x.lost++
		rej.Type = typeOfXML(text)
		return x.w.reject(rej)
	}
	findings := x.doc.Findings
	if lead != "" {
		findings = x.doc.Within(start, end)
	}
	r.full, r.index = full, index
	r.xml = &xmlOrigin{src: x.text, places: x.doc.Places, base: v.Offset(), start: start, end: end, findings: findings, lead: lead}
	x.read++
	return x.w.visit(r)
}
