package xhtml

import "strings"

// Kind says what a node is.
type Kind uint8

// The kinds.
const (
	Element     Kind = iota
	Text             // characters between tags, entities replaced
	Comment          // <!-- … -->
	Instruction      // <? … ?>
	Doctype          // <!DOCTYPE … >
)

// Namespace is the namespace of XHTML.
const Namespace = "http://www.w3.org/1999/xhtml"

// Node is one node of a document.
type Node struct {
	Kind     Kind
	Name     string // of an element, with its prefix
	Text     string // of a text or comment
	Attrs    []Attr
	Parent   *Node
	Children []*Node
}

// Attr is an attribute, with its name as written and entities replaced.
type Attr struct{ Name, Value string }

// Attr returns the value of an attribute.
func (n *Node) Attr(name string) (value string, ok bool) {
	for _, a := range n.Attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// All calls yield for n and everything below it, in the order of the document,
// until yield returns false.
func (n *Node) All() func(yield func(*Node) bool) {
	return func(yield func(*Node) bool) { n.walk(yield) }
}

func (n *Node) walk(yield func(*Node) bool) bool {
	if !yield(n) {
		return false
	}
	for _, c := range n.Children {
		if !c.walk(yield) {
			return false
		}
	}
	return true
}

// HasContent tells whether there is something to see: text that is not only
// white space, or an image.
func (n *Node) HasContent() bool {
	for c := range n.All() {
		switch {
		case c.Kind == Text && strings.Trim(c.Text, " \t\r\n") != "":
			return true
		case c.Kind == Element && c.Name == "img":
			return true
		}
	}
	return false
}

// AllText returns the text of everything below n.
func (n *Node) AllText() string {
	var b strings.Builder
	for c := range n.All() {
		if c.Kind == Text {
			b.WriteString(c.Text)
		}
	}
	return b.String()
}
