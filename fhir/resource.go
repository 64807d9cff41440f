package fhir

import (
	"bytes"
	"errors"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// Resource is one FHIR resource: its bytes as read, or its JSON form if it was
// read from XML, and a tree over them. One
// that a reader hands out is borrowed: it is good until the iterator moves on
// or the visit returns, with everything taken from it (Elements, byte slices);
// Clone keeps it. Reading one from several goroutines is safe.
type Resource struct {
	root   jsontree.Value
	tree   *jsontree.Tree
	typ    string
	raw    []byte
	full   []byte // Bundle.entry.fullUrl, decoded
	index  *bundleIndex
	xml    *xmlOrigin // nil unless the source is XML
	name   string     // of the source
	source int
	record int64
	line   int
	column int
	offset int64 // of raw in the source
}

// Parse returns the one resource that b holds, in JSON or XML, a Bundle as a
// resource like any other. The resource keeps b. The error is an *issue.ListError with one finding.
func Parse(b []byte) (*Resource, error) {
	r := &Resource{tree: new(jsontree.Tree)}
	var p parser
	p.tree = r.tree
	text := bytes.TrimLeft(bytes.TrimPrefix(b, utf8BOM), " \t\r\n")
	at := place{line: 1, column: 1, record: 1}.behind(b, len(b)-len(text))
	parse := p.parse
	if isXML(text) { // whose declaration may have no white space before it
		text, at, parse = b, place{line: 1, column: 1, record: 1}, p.parseXML
	}
	if rej := parse(r, text, at); rej != nil {
		return nil, issue.List{rej.Reason}.Err()
	}
	return r, nil
}

// utf8BOM is a byte order mark, which readers pass over.
var utf8BOM = []byte("\xef\xbb\xbf")

// Clone returns a copy that owns its bytes and stays good.
func (r *Resource) Clone() *Resource {
	c := *r
	c.raw = bytes.Clone(r.raw)
	c.full = bytes.Clone(r.full)
	c.tree = new(jsontree.Tree)
	if err := c.tree.Parse(c.raw, &jsontree.Options{MaxDepth: depthCeiling}); err != nil {
		panic("fhir: a resource that was read does not parse: " + err.Error())
	}
	c.root = c.tree.Root()
	c.xml = r.xml.clone(len(c.raw))
	return &c
}

// depthCeiling is the deepest nesting that any reader accepts.
const depthCeiling = 1 << 20

// Type returns the resourceType.
func (r *Resource) Type() string { return r.typ }

// Root returns the whole resource as an element.
func (r *Resource) Root() Element { return Element{r.root} }

// Get returns the first member called name of the resource.
func (r *Resource) Get(name string) Element { return Element{r.root.Get(name)} }

// IDBytes returns the id, or in a Bundle, for a resource without id, the last
// part of the entry's fullUrl (the UUID of a urn:uuid, so that references to it
// and its own identity are the same text); nil if there is neither. It may alias
// the resource.
func (r *Resource) IDBytes() []byte {
	if id := r.root.Get("id").Bytes(nil); len(id) > 0 {
		return id
	}
	return lastPart(r.full)
}

// ID is IDBytes as a string.
func (r *Resource) ID() string { return string(r.IDBytes()) }

// FullURL returns the fullUrl of the Bundle entry that held the resource, nil
// elsewhere. It may alias memory of the reader.
func (r *Resource) FullURL() []byte { return r.full }

// Raw returns the bytes of the resource as read, from its first to its last
// brace; of a resource in XML its JSON form (R4 §2.6.2), made while reading. The
// caller must not change them.
func (r *Resource) Raw() []byte { return r.raw }

// Source returns the number, from 0, of the source in the list given to Each.
func (r *Resource) Source() int { return r.source }

// Record returns the number of the record in its source, from 1: of the line
// in NDJSON (blank lines count), otherwise of the resource or Bundle entry.
func (r *Resource) Record() int64 { return r.record }

// Pos returns the place of the resource in its source. Offsets and lines are
// those of the decompressed text.
func (r *Resource) Pos() issue.Pos {
	return issue.Pos{Source: r.name, Record: r.record, Line: r.line, Column: r.column, Offset: r.offset}
}

// PosOf returns the place of an element of the resource in its source.
func (r *Resource) PosOf(e Element) issue.Pos {
	if !e.Exists() {
		return r.Pos()
	}
	return r.posAt(e.v.Offset() - r.root.Offset())
}

// posAt returns the place of a byte of raw.
func (r *Resource) posAt(at int) issue.Pos {
	p := r.Pos()
	if r.xml != nil {
		r.xml.advance(&p, at)
		return p
	}
	advance(&p, r.raw, at)
	return p
}

// places returns a function like posAt for offsets that do not fall, whose calls
// together read raw once.
func (r *Resource) places() func(at int) issue.Pos {
	if r.xml != nil {
		return r.posAt
	}
	pos, done := r.Pos(), 0
	return func(at int) issue.Pos {
		if at = min(at, len(r.raw)); at > done {
			advance(&pos, r.raw[done:], at-done)
			done = at
		}
		return pos
	}
}

// Duplicates returns the places of members that repeat an earlier member of
// the same object; nil mostly.
func (r *Resource) Duplicates() []issue.Pos {
	var out []issue.Pos
	start := r.root.Offset()
	for _, at := range r.tree.Duplicates() {
		if at -= start; at >= 0 && at < len(r.raw) {
			out = append(out, r.posAt(at))
		}
	}
	return out
}

// advance moves p, the place of raw[0], to that of raw[at].
func advance(p *issue.Pos, raw []byte, at int) {
	line, column := jsontree.Position(raw, at)
	if line > 1 {
		p.Line += line - 1
		p.Column = column
	} else {
		p.Column += column - 1
	}
	p.Offset += int64(at)
}

// place is where a piece of text begins.
type place struct {
	name   string
	source int
	record int64
	line   int
	column int
	offset int64
}

func (p *place) pos() issue.Pos {
	return issue.Pos{Source: p.name, Record: p.record, Line: p.line, Column: p.column, Offset: p.offset}
}

// behind returns the place of raw[n], p being that of raw[0].
func (p place) behind(raw []byte, n int) place {
	pos := p.pos()
	advance(&pos, raw, n)
	p.line, p.column, p.offset = pos.Line, pos.Column, pos.Offset
	return p
}

// parser turns bytes into resources, one at a time, reusing its tree.
type parser struct {
	tree  *jsontree.Tree
	opts  jsontree.Options
	last  string            // the type seen last: records of a type mostly come together
	types map[string]string // names outside R4, kept so that they are made once
}

// maxForeignTypes bounds how many type names outside R4 a parser remembers.
const maxForeignTypes = 1000

// parse fills r with the resource that b holds, or says why it can't. b begins
// at the given place and is valid UTF-8.
func (p *parser) parse(r *Resource, b []byte, at place) *Rejected {
	if err := p.tree.Parse(b, &p.opts); err != nil {
		return rejectSyntax(b, at, err)
	}
	return p.adopt(r, b, p.tree.Root(), at)
}

// adopt fills r with the resource that is the value root of the parser's tree;
// b is the text that the place belongs to.
func (p *parser) adopt(r *Resource, b []byte, root jsontree.Value, at place) *Rejected {
	raw := root.Raw()
	if root.Kind() != jsontree.Object {
		return reject(b, at, 0, CodeNotObject, "want a JSON object, have "+root.Kind().String())
	}
	r.root, r.tree, r.raw = root, p.tree, raw
	r.full, r.index, r.xml = nil, nil, nil
	r.name, r.source, r.record = at.name, at.source, at.record
	r.line, r.column, r.offset = at.line, at.column, at.offset
	name := root.Get("resourceType")
	text := name.Bytes(nil)
	if len(text) == 0 {
		have := "none"
		if k := name.Kind(); k == jsontree.String {
			have = "empty text"
		} else if k != jsontree.Invalid {
			have = k.String()
		}
		return reject(b, at, 0, CodeTypeMissing, "want a resourceType, have "+have)
	}
	if string(text) != p.last {
		p.last = p.intern(text)
	}
	r.typ = p.last
	return nil
}

// intern returns the type name as a string, without allocating for R4's names.
func (p *parser) intern(name []byte) string {
	if s, ok := resourceTypes()[string(name)]; ok {
		return s
	}
	if s, ok := p.types[string(name)]; ok {
		return s
	}
	s := string(name)
	if p.types == nil {
		p.types = make(map[string]string)
	}
	if len(p.types) < maxForeignTypes {
		p.types[s] = s
	}
	return s
}

// rejectSyntax makes the finding of a parse error in b.
func rejectSyntax(b []byte, at place, err error) *Rejected {
	var se *jsontree.SyntaxError
	if !errors.As(err, &se) {
		return reject(b, at, 0, CodeSyntax, "want JSON, have none")
	}
	switch {
	case errors.Is(err, jsontree.ErrDepth):
		return reject(b, at, se.Offset, CodeDepth, "want less nesting, have more levels than the limit")
	case errors.Is(err, jsontree.ErrSize):
		return reject(b, at, se.Offset, CodeRecordSize, "want a shorter record, have more bytes than the limit")
	}
	msg := "want " + se.Want
	if se.Have != "" {
		msg += ", have " + se.Have
	}
	return reject(b, at, se.Offset, CodeSyntax, msg)
}

// reject makes a Rejected of the record b whose fault is at b[fault].
func reject(b []byte, at place, fault int, code issue.Code, message string) *Rejected {
	pos := at.pos()
	advance(&pos, b, min(fault, len(b)))
	return &Rejected{
		Source: at.source,
		Pos:    at.pos(),
		Reason: issue.Issue{Severity: issue.Error, Code: code, Pos: pos, Message: message},
		Raw:    b,
		Type:   guessType(b),
	}
}

// guessType returns the R4 type that a damaged record names near its start, ""
// if it names none. Other text is never returned, so that no value leaks.
func guessType(b []byte) string {
	const near = 4096
	b = b[:min(len(b), near)]
	_, after, ok := bytes.Cut(b, []byte(`"resourceType"`))
	if !ok {
		return ""
	}
	after = bytes.TrimLeft(after, " \t\r\n:")
	if len(after) == 0 || after[0] != '"' {
		return ""
	}
	name, _, _ := bytes.Cut(after[1:], []byte{'"'})
	return resourceTypes()[string(name)]
}
