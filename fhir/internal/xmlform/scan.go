package xmlform

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

const (
	maxSource   = 1 << 29
	maxDepth    = 512
	maxAttrs    = 256
	maxBindings = 256
	maxNotes    = 1000
)

// Namespaces that matter. All others are one.
const (
	nsNone uint8 = iota
	nsFHIR
	nsXHTML
	nsXSI
	nsXML
	nsOther
)

// Addresses of the namespaces.
const (
	fhirSpace  = "http://hl7.org/fhir"
	xhtmlSpace = "http://www.w3.org/1999/xhtml"
	xsiSpace   = "http://www.w3.org/2001/XMLSchema-instance"
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
)

// elem is one element. Elements lie in the order of their start tags, so that
// the first child follows its parent and next leads over the subtree.
type elem struct {
	start    int32 // of the start tag
	name     int32 // of the qualified name
	local    int32 // of the local name
	nameEnd  int32
	openEnd  int32 // behind the start tag
	closeAt  int32 // of the end tag; openEnd of an empty element
	end      int32 // behind the end tag
	next     int32 // number of the element behind the subtree
	attrs    int32 // number of the first attribute
	same     int32 // next child of the same name, set when grouping
	numAttrs int16
	ns       uint8
	own      bool // declares its default namespace itself
	text     bool // text other than white space directly inside, or CDATA
	noted    bool // has notes
}

// attr is one attribute that declares no namespace.
type attr struct {
	name, local, nameEnd int32
	value, valueEnd      int32 // between the quotes, as written
	ns                   uint8
}

// note is something to be reported about the content of an element.
type note struct {
	kind   Kind
	offset int32
}

// scanner reads XML into elements.
type scanner struct {
	src      []byte
	i        int
	elems    []elem
	attrs    []attr
	open     []int32 // elements not yet closed
	bindings []binding
	notes    map[int32][]note
	numNotes int
	outside  []note // at the level of the document
	depth    int
	encoding []byte
}

// binding is a namespace in scope.
type binding struct {
	prefix []byte
	ns     uint8
	elem   int32
}

// scan reads the whole document.
func scan(src []byte, depth int) (*scanner, *SyntaxError) {
	s := &scanner{src: src, depth: depth}
	if len(src) > maxSource {
		return nil, &SyntaxError{Want: "a shorter document", Have: "more bytes than the limit", Err: ErrSize}
	}
	if e := checkChars(src); e != nil {
		return nil, e
	}
	s.elems = make([]elem, 0, len(src)/48+1)
	s.attrs = make([]attr, 0, len(src)/64+1)
	if e := s.prolog(); e != nil {
		return nil, e
	}
	for s.i < len(src) {
		var e *SyntaxError
		if src[s.i] == '<' {
			e = s.markup()
		} else {
			e = s.characters()
		}
		if e != nil {
			return nil, e
		}
	}
	switch {
	case len(s.elems) == 0:
		return nil, &SyntaxError{Offset: s.i, Want: "an element", Have: "end of input", Err: ErrTruncated}
	case len(s.open) > 0:
		return nil, s.cut("an end tag")
	}
	return s, nil
}

// checkChars finds bytes that are not UTF-8 and characters that XML excludes
// (XML 1.0 §2.2).
func checkChars(src []byte) *SyntaxError {
	if !utf8.Valid(src) {
		at := 0
		for at < len(src) {
			r, n := utf8.DecodeRune(src[at:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			at += n
		}
		return &SyntaxError{Offset: at, Want: "UTF-8", Have: "a byte that is not", Err: ErrEncoding}
	}
	for i, c := range src {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' ||
			c == 0xef && i+2 < len(src) && src[i+1] == 0xbf && src[i+2] >= 0xbe {
			return &SyntaxError{Offset: i, Want: "a character of XML", Have: "a control character"}
		}
	}
	return nil
}

// prolog reads a byte order mark and the XML declaration.
func (s *scanner) prolog() *SyntaxError {
	if bytes.HasPrefix(s.src, []byte("\xef\xbb\xbf")) {
		s.i = 3
	}
	first := s.i
	for s.i < len(s.src) && isSpace(s.src[s.i]) {
		s.i++
	}
	rest := s.src[s.i:]
	if !bytes.HasPrefix(rest, []byte("<?xml")) || len(rest) < 6 || !isSpace(rest[5]) {
		return nil
	}
	if s.i > first {
		s.outside = append(s.outside, note{KindDeclaration, int32(s.i)})
	}
	end := bytes.Index(rest, []byte("?>"))
	if end < 0 {
		return s.cut("the end of the XML declaration")
	}
	s.encoding = declared(rest[5:end], "encoding")
	if len(s.encoding) > 0 && !bytes.EqualFold(s.encoding, []byte("UTF-8")) && !bytes.EqualFold(s.encoding, []byte("US-ASCII")) {
		for i, c := range s.src[first:] {
			if c >= utf8.RuneSelf {
				return &SyntaxError{Offset: first + i, Want: "UTF-8", Have: "another encoding in the XML declaration", Err: ErrEncoding}
			}
		}
		s.outside = append(s.outside, note{KindEncoding, int32(s.i)})
	}
	s.i += end + 2
	return nil
}

// declared returns the value of a pseudo attribute of the XML declaration.
func declared(text []byte, name string) []byte {
	_, after, ok := bytes.Cut(text, []byte(name))
	after = bytes.TrimLeft(after, " \t\r\n=")
	if !ok || len(after) == 0 || after[0] != '"' && after[0] != '\'' {
		return nil
	}
	value, _, _ := bytes.Cut(after[1:], after[:1])
	return value
}

// cut makes the error of a text that ends too early.
func (s *scanner) cut(want string) *SyntaxError {
	return &SyntaxError{Offset: len(s.src), Want: want, Have: "end of input", Err: ErrTruncated}
}

// markup reads what begins with <.
func (s *scanner) markup() *SyntaxError {
	rest := s.src[s.i:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		end := bytes.Index(rest[4:], []byte("--"))
		if end < 0 || end+6 >= len(rest) {
			return s.cut("the end of a comment")
		}
		if rest[end+6] != '>' {
			return &SyntaxError{Offset: s.i + end + 4, Want: "the end of a comment", Have: "two hyphens inside"}
		}
		s.i += end + 7
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		end := bytes.Index(rest, []byte("]]>"))
		switch {
		case len(s.open) == 0:
			return &SyntaxError{Offset: s.i, Want: "markup outside the root element", Have: "text"}
		case end < 0:
			return s.cut("the end of a CDATA section")
		}
		s.note(KindCDATA)
		s.i += end + 3
	case bytes.HasPrefix(rest, []byte("<!")):
		if bytes.HasPrefix(rest, []byte("<!DOCTYPE")) {
			return &SyntaxError{Offset: s.i, Want: "no document type declaration", Have: "one", Err: ErrDoctype}
		}
		return &SyntaxError{Offset: s.i, Want: "an element or a comment", Have: "another declaration"}
	case bytes.HasPrefix(rest, []byte("<?")):
		return s.instruction(rest)
	case bytes.HasPrefix(rest, []byte("</")):
		return s.endTag()
	default:
		return s.startTag()
	}
	return nil
}

// instruction reads a processing instruction, which FHIR does not allow.
func (s *scanner) instruction(rest []byte) *SyntaxError {
	end := bytes.Index(rest, []byte("?>"))
	if end < 0 {
		return s.cut("the end of a processing instruction")
	}
	name := nameEnd(rest[:end], 2)
	target := rest[2:name]
	if name == 2 || bytes.EqualFold(target, []byte("xml")) || name < end && !isSpace(rest[name]) {
		return &SyntaxError{Offset: s.i, Want: "the name of a processing instruction", Have: "something else"}
	}
	s.note(KindInstruction)
	s.i += end + 2
	return nil
}

// note remembers something about the element that is open.
func (s *scanner) note(k Kind) {
	n := note{k, int32(s.i)}
	if s.numNotes++; s.numNotes > maxNotes {
		return
	}
	if len(s.open) == 0 {
		s.outside = append(s.outside, n)
		return
	}
	top := s.open[len(s.open)-1]
	if s.notes == nil {
		s.notes = make(map[int32][]note)
	}
	s.notes[top] = append(s.notes[top], n)
	s.elems[top].noted = true
	if k == KindCDATA {
		s.elems[top].text = true
	}
}

// characters reads text up to the next markup.
func (s *scanner) characters() *SyntaxError {
	end := bytes.IndexByte(s.src[s.i:], '<')
	if end < 0 {
		end = len(s.src)
	} else {
		end += s.i
	}
	for s.i < end && isSpace(s.src[s.i]) {
		s.i++
	}
	if s.i == end {
		return nil
	}
	if len(s.open) == 0 {
		return &SyntaxError{Offset: s.i, Want: "markup outside the root element", Have: "text"}
	}
	text := s.src[s.i:end]
	if at := bytes.Index(text, []byte("]]>")); at >= 0 {
		return &SyntaxError{Offset: s.i + at, Want: "text", Have: "the end of a CDATA section"}
	}
	for at := bytes.IndexByte(text, '&'); at >= 0; {
		if _, _, ok := entity(text[at:]); !ok {
			return &SyntaxError{Offset: s.i + at, Want: "an entity of XML", Have: "something else"}
		}
		more := bytes.IndexByte(text[at+1:], '&')
		if more < 0 {
			break
		}
		at += 1 + more
	}
	top := &s.elems[s.open[len(s.open)-1]]
	if !top.text && top.ns != nsXHTML {
		s.note(KindText)
	}
	top.text = true
	s.i = end
	return nil
}

// endTag reads an end tag.
func (s *scanner) endTag() *SyntaxError {
	end := nameEnd(s.src, s.i+2)
	close := end
	for close < len(s.src) && isSpace(s.src[close]) {
		close++
	}
	switch {
	case close >= len(s.src):
		return s.cut("the end of a tag")
	case len(s.open) == 0:
		return &SyntaxError{Offset: s.i, Want: "no end tag", Have: "one without start"}
	}
	top := &s.elems[s.open[len(s.open)-1]]
	if !bytes.Equal(s.src[top.name:top.nameEnd], s.src[s.i+2:end]) || s.src[close] != '>' {
		return &SyntaxError{Offset: s.i, Want: "the end tag of the open element", Have: "another"}
	}
	top.closeAt = int32(s.i)
	s.i = close + 1
	s.close()
	return nil
}

// close ends the element that is open, at the place that was reached.
func (s *scanner) close() {
	n := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	s.elems[n].end = int32(s.i)
	s.elems[n].next = int32(len(s.elems))
	for len(s.bindings) > 0 && s.bindings[len(s.bindings)-1].elem == n {
		s.bindings = s.bindings[:len(s.bindings)-1]
	}
}

// startTag reads a start tag or an empty element.
func (s *scanner) startTag() *SyntaxError {
	n := int32(len(s.elems))
	switch {
	case len(s.open) == 0 && n > 0:
		return &SyntaxError{Offset: s.i, Want: "one root element", Have: "another"}
	case len(s.open) >= s.depth:
		return &SyntaxError{Offset: s.i, Want: "less nesting", Have: "more levels than the limit", Err: ErrDepth}
	}
	e := elem{start: int32(s.i), name: int32(s.i + 1), attrs: int32(len(s.attrs)), same: -1}
	end := nameEnd(s.src, s.i+1)
	local, ok := splitName(s.src, s.i+1, end)
	if !ok {
		if end >= len(s.src) {
			return s.cut("a name")
		}
		return &SyntaxError{Offset: s.i, Want: "the name of an element", Have: "something else"}
	}
	e.local, e.nameEnd = int32(local), int32(end)
	s.i = end
	empty, err := s.attributes(n)
	if err != nil {
		return err
	}
	e.openEnd, e.closeAt = int32(s.i), int32(s.i)
	if e.ns, ok = s.lookup(s.src[e.name:max(e.local-1, e.name)]); !ok {
		return &SyntaxError{Offset: int(e.start), Want: "a declared prefix", Have: "another"}
	}
	for i := len(s.bindings) - 1; i >= 0 && s.bindings[i].elem == n; i-- {
		e.own = e.own || len(s.bindings[i].prefix) == 0
	}
	own := s.attrs[e.attrs:]
	e.numAttrs = int16(len(own))
	if err := s.qualify(own); err != nil {
		return err
	}
	s.elems = append(s.elems, e)
	s.open = append(s.open, n)
	if empty {
		s.close()
	}
	return nil
}

// attributes reads up to the end of a start tag.
func (s *scanner) attributes(n int32) (empty bool, err *SyntaxError) {
	for count := 0; ; count++ {
		spaced := false
		for s.i < len(s.src) && isSpace(s.src[s.i]) {
			s.i++
			spaced = true
		}
		switch {
		case s.i >= len(s.src):
			return false, s.cut("the end of a tag")
		case s.src[s.i] == '>':
			s.i++
			return false, nil
		case s.src[s.i] == '/' && s.i+1 >= len(s.src):
			return false, s.cut("the end of a tag")
		case s.src[s.i] == '/' && s.src[s.i+1] == '>':
			s.i += 2
			return true, nil
		case !spaced:
			return false, &SyntaxError{Offset: s.i, Want: "white space before an attribute", Have: "none"}
		case count >= maxAttrs:
			return false, &SyntaxError{Offset: s.i, Want: "fewer attributes", Have: "more than the limit", Err: ErrSize}
		}
		if err := s.attribute(n); err != nil {
			return false, err
		}
	}
}

// attribute reads one attribute of element n.
func (s *scanner) attribute(n int32) *SyntaxError {
	a := attr{name: int32(s.i)}
	end := nameEnd(s.src, s.i)
	local, ok := splitName(s.src, s.i, end)
	if !ok {
		if end >= len(s.src) {
			return s.cut("an attribute")
		}
		return &SyntaxError{Offset: s.i, Want: "an attribute", Have: "something else"}
	}
	a.local, a.nameEnd = int32(local), int32(end)
	at := end
	for at < len(s.src) && isSpace(s.src[at]) {
		at++
	}
	if at < len(s.src) && s.src[at] != '=' {
		return &SyntaxError{Offset: at, Want: "an equals sign", Have: "something else"}
	}
	for at++; at < len(s.src) && isSpace(s.src[at]); at++ {
	}
	if at >= len(s.src) {
		return s.cut("the value of an attribute")
	}
	quote := s.src[at]
	if quote != '"' && quote != '\'' {
		return &SyntaxError{Offset: at, Want: "a quoted value", Have: "something else"}
	}
	size := bytes.IndexByte(s.src[at+1:], quote)
	if size < 0 {
		return s.cut("the end of a quoted value")
	}
	value := s.src[at+1 : at+1+size]
	if err := checkValue(value, at+1); err != nil {
		return err
	}
	a.value, a.valueEnd = int32(at+1), int32(at+1+size)
	s.i = at + size + 2
	name := s.src[a.name:a.nameEnd]
	switch {
	case string(name) == "xmlns":
		return s.bind(nil, value, n, int(a.name))
	case bytes.HasPrefix(name, []byte("xmlns:")):
		return s.bind(name[len("xmlns:"):], value, n, int(a.name))
	}
	s.attrs = append(s.attrs, a)
	return nil
}

// checkValue checks the text between the quotes of an attribute.
func checkValue(value []byte, at int) *SyntaxError {
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '<':
			return &SyntaxError{Offset: at + i, Want: "the value of an attribute", Have: "markup inside"}
		case '&':
			if _, _, ok := entity(value[i:]); !ok {
				return &SyntaxError{Offset: at + i, Want: "an entity of XML", Have: "something else"}
			}
		}
	}
	return nil
}

// bind declares a namespace on element n.
func (s *scanner) bind(prefix, uri []byte, n int32, at int) *SyntaxError {
	uri = unescape(nil, uri)
	ns := nsOther
	switch string(uri) {
	case "":
		ns = nsNone
	case fhirSpace:
		ns = nsFHIR
	case xhtmlSpace:
		ns = nsXHTML
	case xsiSpace:
		ns = nsXSI
	case xmlSpace:
		ns = nsXML
	}
	for i := len(s.bindings) - 1; i >= 0 && s.bindings[i].elem == n; i-- {
		if bytes.Equal(s.bindings[i].prefix, prefix) {
			return &SyntaxError{Offset: at, Want: "different attributes", Have: "one twice"}
		}
	}
	reserved := string(prefix) == "xmlns" || (string(prefix) == "xml") != (ns == nsXML)
	switch {
	case reserved || len(prefix) > 0 && ns == nsNone:
		return &SyntaxError{Offset: at, Want: "a namespace that may be declared", Have: "another"}
	case len(s.bindings) >= maxBindings:
		return &SyntaxError{Offset: at, Want: "fewer namespaces", Have: "more than the limit", Err: ErrSize}
	}
	s.bindings = append(s.bindings, binding{prefix, ns, n})
	return nil
}

// lookup returns the namespace of a prefix.
func (s *scanner) lookup(prefix []byte) (uint8, bool) {
	for i := len(s.bindings) - 1; i >= 0; i-- {
		if bytes.Equal(s.bindings[i].prefix, prefix) {
			return s.bindings[i].ns, true
		}
	}
	if string(prefix) == "xml" {
		return nsXML, true
	}
	return nsNone, len(prefix) == 0
}

// qualify finds the namespaces of attributes, and those that occur twice.
func (s *scanner) qualify(own []attr) *SyntaxError {
	for i := range own {
		a := &own[i]
		if a.local > a.name {
			var ok bool
			if a.ns, ok = s.lookup(s.src[a.name : a.local-1]); !ok {
				return &SyntaxError{Offset: int(a.name), Want: "a declared prefix", Have: "another"}
			}
		}
		for j := range own[:i] {
			b := &own[j]
			if (a.ns == b.ns && a.ns != nsOther || a.name+a.nameEnd-a.local == b.name+b.nameEnd-b.local && a.ns == b.ns &&
				bytes.Equal(s.src[a.name:a.nameEnd], s.src[b.name:b.nameEnd])) &&
				bytes.Equal(s.src[a.local:a.nameEnd], s.src[b.local:b.nameEnd]) {
				return &SyntaxError{Offset: int(a.name), Want: "different attributes", Have: "one twice"}
			}
		}
	}
	return nil
}

// localName returns the name of an element without prefix.
func (s *scanner) localName(n int32) []byte {
	e := &s.elems[n]
	return s.src[e.local:e.nameEnd]
}

// nameEnd returns where the name that begins at i ends (XML 1.0 §2.3).
func nameEnd(src []byte, i int) int {
	for i < len(src) {
		c := src[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-', c == '.', c == ':':
			i++
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(src[i:])
			if !unicode.In(r, unicode.L, unicode.Nd, unicode.Nl, unicode.Mn, unicode.Mc, unicode.Lm) {
				return i
			}
			i += n
		default:
			return i
		}
	}
	return i
}

// splitName returns where the local part of a qualified name begins
// (Namespaces in XML §4); ok is false for what is no name.
func splitName(src []byte, start, end int) (local int, ok bool) {
	name := src[start:end]
	colon := bytes.IndexByte(name, ':')
	local = start + colon + 1
	if colon == 0 || local == end || bytes.IndexByte(src[local:end], ':') >= 0 {
		return local, false
	}
	return local, startsName(name[0]) && startsName(src[local])
}

func startsName(c byte) bool {
	return c != '-' && c != '.' && (c < '0' || c > '9')
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r'
}
