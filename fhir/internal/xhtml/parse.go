package xhtml

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const maxDepth = 512

// Error tells why a text is not well-formed, and where. It quotes nothing.
type Error struct {
	Offset  int
	Message string
}

// Error returns the message and the offset.
func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.Message, e.Offset) }

// Parse returns the root element of a text. Comments, white space and
// instructions may stand before and after it. The error is an *Error.
func Parse(src []byte) (*Node, error) {
	p := parser{src: src}
	if err := p.document(); err != nil {
		return nil, err
	}
	return p.root, nil
}

type parser struct {
	src   []byte
	i     int
	root  *Node
	top   *Node // the open element
	depth int
}

func (p *parser) fail(message string) error { return &Error{p.i, message} }

func (p *parser) document() error {
	if !utf8.Valid(p.src) {
		return p.fail("want UTF-8, have other bytes")
	}
	for p.i < len(p.src) {
		n := bytes.IndexByte(p.src[p.i:], '<')
		if n < 0 {
			n = len(p.src) - p.i
		}
		if err := p.text(p.src[p.i : p.i+n]); err != nil {
			return err
		}
		p.i += n
		if p.i == len(p.src) {
			break
		}
		if err := p.markup(); err != nil {
			return err
		}
	}
	switch {
	case p.top != nil:
		return p.fail("want the end of an element, have the end of the text")
	case p.root == nil:
		return p.fail("want an element, have none")
	}
	return nil
}

// add puts a node into the open element.
func (p *parser) add(n *Node) {
	n.Parent = p.top
	if p.top != nil {
		p.top.Children = append(p.top.Children, n)
	}
}

func (p *parser) text(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if p.top == nil {
		if len(bytes.TrimSpace(b)) > 0 {
			return p.fail("want nothing beside the one element, have text")
		}
		return nil
	}
	s, ok := decode(string(b))
	if !ok {
		return p.fail("want an entity that XHTML knows, have another")
	}
	p.add(&Node{Kind: Text, Text: s})
	return nil
}

// markup reads what begins with <.
func (p *parser) markup() error {
	rest := p.src[p.i:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return p.until("<!--", "-->", Comment)
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		if p.top == nil {
			return p.fail("want CDATA inside an element, have it outside")
		}
		return p.until("<![CDATA[", "]]>", Text)
	case bytes.HasPrefix(rest, []byte("<!DOCTYPE")):
		return p.until("<!DOCTYPE", ">", Doctype)
	case bytes.HasPrefix(rest, []byte("<?")):
		return p.until("<?", "?>", Instruction)
	case bytes.HasPrefix(rest, []byte("</")):
		return p.end()
	}
	return p.start()
}

func (p *parser) until(begin, end string, k Kind) error {
	from := p.i + len(begin)
	n := bytes.Index(p.src[from:], []byte(end))
	if n < 0 {
		return p.fail("want the end of a comment, instruction or section, have the end of the text")
	}
	p.add(&Node{Kind: k, Text: string(p.src[from : from+n])})
	p.i = from + n + len(end)
	return nil
}

func (p *parser) end() error {
	p.i += 2
	name := p.name()
	p.space()
	switch {
	case p.top == nil || string(name) != p.top.Name:
		return p.fail("want the end tag of the open element, have another")
	case p.i == len(p.src) || p.src[p.i] != '>':
		return p.fail("want > after an end tag, have something else")
	}
	p.i++
	p.depth--
	p.top = p.top.Parent
	return nil
}

func (p *parser) start() error {
	p.i++
	name := p.name()
	switch {
	case len(name) == 0:
		return p.fail("want the name of an element after <, have something else")
	case p.top == nil && p.root != nil:
		return p.fail("want one element around all, have several")
	case p.depth == maxDepth:
		return p.fail("want at most 512 levels, have more")
	}
	n := &Node{Kind: Element, Name: string(name)}
	for {
		spaced := p.space()
		if p.i == len(p.src) {
			return p.fail("want the end of a tag, have the end of the text")
		}
		switch c := p.src[p.i]; {
		case c == '>':
			p.i++
			p.open(n)
			return nil
		case c == '/':
			if p.i+1 == len(p.src) || p.src[p.i+1] != '>' {
				return p.fail("want > after /, have something else")
			}
			p.i += 2
			p.open(n)
			p.depth--
			p.top = n.Parent
			return nil
		case !spaced:
			return p.fail("want white space before an attribute, have none")
		}
		if err := p.attribute(n); err != nil {
			return err
		}
	}
}

func (p *parser) open(n *Node) {
	p.add(n)
	if p.root == nil {
		p.root = n
	}
	p.top = n
	p.depth++
}

func (p *parser) attribute(n *Node) error {
	name := string(p.name())
	p.space()
	if name == "" || p.i == len(p.src) || p.src[p.i] != '=' {
		return p.fail("want an attribute with a value, have something else")
	}
	p.i++
	p.space()
	if p.i == len(p.src) || p.src[p.i] != '"' && p.src[p.i] != '\'' {
		return p.fail("want quotes around the value of an attribute, have none")
	}
	quote := p.src[p.i]
	p.i++
	length := bytes.IndexByte(p.src[p.i:], quote)
	if length < 0 {
		return p.fail("want the end of a value, have the end of the text")
	}
	raw := string(p.src[p.i : p.i+length])
	if strings.IndexByte(raw, '<') >= 0 {
		return p.fail("want no < in the value of an attribute, have one")
	}
	if _, twice := n.Attr(name); twice {
		return p.fail("want an attribute once, have it twice")
	}
	value, ok := decode(raw)
	if !ok {
		return p.fail("want an entity that XHTML knows, have another")
	}
	n.Attrs = append(n.Attrs, Attr{name, value})
	p.i += length + 1
	return nil
}

func (p *parser) space() bool {
	from := p.i
	for p.i < len(p.src) && (p.src[p.i] == ' ' || p.src[p.i] == '\t' || p.src[p.i] == '\n' || p.src[p.i] == '\r') {
		p.i++
	}
	return p.i > from
}

// name reads the name of an element or attribute; any byte above ASCII is taken
// for a letter.
func (p *parser) name() []byte {
	from := p.i
	for ; p.i < len(p.src); p.i++ {
		c := p.src[p.i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':' || c >= utf8.RuneSelf
		if !letter && (p.i == from || (c < '0' || c > '9') && c != '-' && c != '.') {
			break
		}
	}
	return p.src[from:p.i]
}

// decode replaces entities and character references.
func decode(s string) (string, bool) {
	if strings.IndexByte(s, '&') < 0 {
		return s, true
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			b.WriteString(s)
			return b.String(), true
		}
		b.WriteString(s[:i])
		n := strings.IndexByte(s[i:], ';')
		if n < 0 {
			return "", false
		}
		text, ok := entity(s[i+1 : i+n])
		if !ok {
			return "", false
		}
		b.WriteString(text)
		s = s[i+n+1:]
	}
}

func entity(name string) (string, bool) {
	switch name {
	case "lt":
		return "<", true
	case "gt":
		return ">", true
	case "amp":
		return "&", true
	case "quot":
		return `"`, true
	case "apos":
		return "'", true
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		text, known := xml.HTMLEntity[name]
		return text, known
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune || n < ' ' && n != '\t' && n != '\n' && n != '\r' || !utf8.ValidRune(rune(n)) {
		return "", false
	}
	return string(rune(n)), true
}
