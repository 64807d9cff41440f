package check

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir/internal/xhtml"
)

// nesting says where elements of HTML may stand: what the parent must be, and
// what may stand inside. Empty lists allow all. (HTML 4.01, chapters 7 to 11)
type nesting struct {
	parents, children string
	inline            bool // no blocks at any depth
	once              bool // not inside itself
	empty             bool // nothing inside
}

// nestingOf returns the rules of an element.
func nestingOf(name string) nesting {
	switch name {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "address", "span":
		return nesting{inline: true}
	case "a", "b", "em", "i", "strong", "small", "big", "sub", "sup", "code", "tt", "dfn", "q", "var", "abbr", "acronym", "cite", "bdo", "kbd", "samp":
		return nesting{inline: true, once: true}
	case "br", "img", "hr", "area":
		return nesting{empty: true}
	case "table":
		return nesting{children: " tbody tr caption thead tfoot col colgroup "}
	case "tbody", "thead", "tfoot":
		return nesting{parents: " table ", children: " tr "}
	case "tr":
		return nesting{parents: " table thead tfoot tbody ", children: " td th "}
	case "th", "td":
		return nesting{parents: " tr thead tfoot "}
	case "caption":
		return nesting{parents: " table ", inline: true}
	case "colgroup", "col":
		return nesting{parents: " table "}
	case "ul", "ol":
		return nesting{children: " li "}
	case "li":
		return nesting{parents: " ul ol "}
	case "dl":
		return nesting{children: " dd dt "}
	case "dd", "dt":
		return nesting{parents: " dl ", inline: true}
	case "map":
		return nesting{children: " area "}
	}
	return nesting{}
}

// structure checks how the elements below an element stand in one another.
func (n *narrative) structure(parent *xhtml.Node) {
	for _, c := range parent.Children {
		switch c.Kind {
		case xhtml.Doctype, xhtml.Instruction:
			n.err("want elements, text and comments in a narrative, have a declaration or instruction")
		case xhtml.Element:
			n.nested(parent, c)
			n.structure(c)
		}
	}
}

func (n *narrative) nested(parent, c *xhtml.Node) {
	rule := nestingOf(c.Name)
	if rule.parents != "" && !listed(rule.parents, parent.Name) {
		n.err("want " + c.Name + " inside" + alternatives(rule.parents) + ", have it inside " + markupName(parent.Name))
	}
	if rule.empty && len(c.Children) > 0 {
		n.err("want nothing inside " + c.Name + ", have something")
	}
	if rule.children != "" && !onlyChildren(c, rule.children) {
		n.err("want only" + alternatives(rule.children) + " inside " + c.Name + ", have something else")
	}
	if rule.inline && holdsElement(c, " div pre table ul ol ") {
		n.err("want no blocks inside " + c.Name + ", have some")
	}
	if rule.once && holdsElement(c, " "+c.Name+" ") {
		n.err("want no " + c.Name + " inside " + c.Name + ", have one")
	}
}

func alternatives(list string) string {
	return " " + strings.ReplaceAll(strings.TrimSpace(list), " ", " or ")
}

// onlyChildren tells whether an element holds nothing but those listed.
func onlyChildren(n *xhtml.Node, list string) bool {
	for _, c := range n.Children {
		if c.Kind == xhtml.Text && c.HasContent() || c.Kind == xhtml.Element && !listed(list, c.Name) {
			return false
		}
	}
	return true
}

// holdsElement tells whether one of the elements listed stands below n.
func holdsElement(n *xhtml.Node, list string) bool {
	for c := range n.All() {
		if c != n && c.Kind == xhtml.Element && listed(list, c.Name) {
			return true
		}
	}
	return false
}
