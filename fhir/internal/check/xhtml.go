package check

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/internal/xhtml"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// Rules of narratives. (R4 §2.15, Narrative)
const (
	narrativeURL  = "http://hl7.org/fhir/StructureDefinition/Narrative"
	narrativeTxt1 = narrativeURL + "#txt-1" // only the elements and attributes of basic HTML
	narrativeTxt2 = narrativeURL + "#txt-2" // some content
)

// htmlElements are the elements that a narrative may hold: chapters 7 to 11
// (except section 4 of chapter 9) and 15 of HTML 4.0, links and images.
const htmlElements = " a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img" +
	" kbd li map ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var "

// htmlAttributes are the attributes that any of them may have, and after a dot
// those of one element.
const htmlAttributes = " title style class id lang xml:lang dir accesskey tabindex" +
	" span width align valign char charoff abbr axis headers scope rowspan colspan" +
	" a.href a.name a.charset a.type a.hreflang a.rel a.rev a.shape a.coords" +
	" img.src img.border img.alt img.longdesc img.height img.width img.usemap img.ismap" +
	" map.name area.shape area.coords area.href area.nohref area.alt blockquote.cite q.cite" +
	" table.summary table.width table.border table.frame table.rules table.cellspacing table.cellpadding pre.space td.nowrap "

// listed tells whether a list holds a word.
func listed(list, word string) bool {
	return word != "" && strings.IndexByte(word, ' ') < 0 && strings.Contains(list, " "+word+" ")
}

func knownElement(n *xhtml.Node) bool { return listed(htmlElements, n.Name) }

func knownAttribute(n *xhtml.Node, name string) bool {
	return strings.HasPrefix(name, "xmlns") || listed(htmlAttributes, name) || listed(htmlAttributes, n.Name+"."+name)
}

// markupName is the name of an element or attribute if it could be one of HTML's.
func markupName(name string) string {
	if len(name) > 20 {
		return "another"
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '1' || c > '6') && c != ':' && c != '-' {
			return "another"
		}
	}
	return name
}

// xhtml checks the div of a narrative.
func (r *run) xhtml(a at) {
	f := r.f(a)
	if f.value.Kind() != jsontree.String {
		return
	}
	div, err := xhtml.Parse(f.value.Bytes(nil))
	var bad *xhtml.Error
	if errors.As(err, &bad) {
		r.err(a, CodeNarrative, narrativeURL, "want well-formed XHTML, have none: "+bad.Message)
		r.err(a, CodeInvariant, narrativeTxt1, "want txt-1 to hold, have it broken: the narrative cannot be read")
		r.err(a, CodeInvariant, narrativeTxt2, "want txt-2 to hold, have it broken: the narrative cannot be read")
		return
	}
	n := narrative{run: r, at: a, div: div}
	if namespace, _ := div.Attr("xmlns"); namespace != xhtml.Namespace {
		n.err("want the namespace of XHTML on the div, have another or none")
	}
	if div.Name != "div" {
		n.err("want a div around the narrative, have " + markupName(div.Name))
	}
	n.elements(div, false)
	n.structure(div)
	if n.unknown {
		r.err(a, CodeInvariant, narrativeTxt1, "want txt-1 to hold, have it broken: only basic elements and attributes of HTML may stand in a narrative")
	}
	if !div.HasContent() {
		r.err(a, CodeInvariant, narrativeTxt2, "want txt-2 to hold, have it broken: a narrative must have content that is not only white space")
	}
	n.languages()
	n.duplicateIDs()
}

// narrative is one div that is looked at.
type narrative struct {
	*run
	at      at
	div     *xhtml.Node
	unknown bool            // an element or attribute that is not allowed was met
	links   int             // a and img so far
	told    map[string]bool // faults of links by address, place and text, so that none comes twice
}

func (n *narrative) err(message string)  { n.run.err(n.at, CodeNarrative, narrativeURL, message) }
func (n *narrative) warn(message string) { n.run.warn(n.at, CodeNarrative, narrativeURL, message) }

// badLink reports a link or image, which have no path of their own, by its
// number; one that stands in the narrative again only once.
func (n *narrative) badLink(c *xhtml.Node, message string) {
	href, _ := c.Attr("href")
	src, _ := c.Attr("src")
	key := message + "\n" + href + "\n" + src + "\n" + place(c) + "\n" + c.AllText()
	if n.told[key] {
		return
	}
	if n.told == nil {
		n.told = map[string]bool{}
	}
	n.told[key] = true
	n.err(message + " (link or image " + strconv.Itoa(n.links) + ")")
}

// place is where an element stands: the names of those around it.
func place(n *xhtml.Node) string {
	s := n.Name
	for p := n.Parent; p != nil; p = p.Parent {
		s = p.Name + "/" + s
	}
	return s
}

// elements checks names, attributes and addresses below an element.
func (n *narrative) elements(parent *xhtml.Node, inParagraph bool) {
	for _, c := range parent.Children {
		if c.Kind == xhtml.Doctype {
			n.err("want no document type in a narrative, have one")
		}
		if c.Kind != xhtml.Element {
			continue
		}
		if namespace, ok := c.Attr("xmlns"); ok && namespace != xhtml.Namespace {
			n.err("want the namespace of XHTML on every element, have another")
		}
		if !knownElement(c) {
			n.unknown = true
			n.err("want elements of basic HTML, have " + markupName(c.Name))
		}
		n.attributes(c)
		if inParagraph && listed(" div blockquote table ol ul p ", c.Name) {
			n.err("want no block inside a p, have " + c.Name)
		}
		switch c.Name {
		case "a":
			n.link(c)
		case "img":
			n.image(c)
		}
		n.elements(c, inParagraph || c.Name == "p")
	}
}

func (n *narrative) attributes(c *xhtml.Node) {
	for _, a := range c.Attrs {
		switch {
		case knownAttribute(c, a.Name):
		case a.Name == "xml:space":
			n.info(n.at, CodeNarrative, narrativeURL, "want no xml:space, have it: it is always preserve")
		default:
			n.unknown = true
			n.err("want attributes of basic HTML, have " + markupName(a.Name) + " on " + markupName(c.Name))
		}
	}
}

// link checks the address of an a element.
func (n *narrative) link(c *xhtml.Node) {
	href, ok := c.Attr("href")
	if !ok {
		return
	}
	n.links++
	n.address(c, href)
	scheme, rest, absolute := strings.Cut(href, ":")
	switch {
	case len(href) > 1 && href[0] == '#':
		if !n.hasTarget(href[1:]) {
			n.badLink(c, "want a link to an id or a name inside the resource, have one that leads nowhere")
		}
	case !absolute || rest == "" || !isScheme(scheme):
	case scheme == "javascript" || scheme == "vbscript":
		n.badLink(c, "want no active content, have a link to a script")
	case scheme == "urn" || scheme == "cid":
		n.badLink(c, "want a link that can be followed, have one of scheme "+scheme)
	case !listed(" http https tel mailto data ", scheme):
		n.info(n.at, CodeNarrative, narrativeURL, "want a link of http, https, tel, mailto or data, have another scheme")
	}
}

// image checks the address of an image.
func (n *narrative) image(c *xhtml.Node) {
	src, ok := c.Attr("src")
	if !ok {
		return
	}
	n.links++
	n.address(c, src)
	if ref, inside := strings.CutPrefix(src, "#"); inside && !hasID(n.root(), ref) {
		n.badLink(c, "want an image that is contained, have a reference that leads nowhere")
	}
}

// address checks the characters of an address.
func (n *narrative) address(c *xhtml.Node, text string) {
	switch data, isData := strings.CutPrefix(text, "data:"); {
	case text == "":
		n.badLink(c, "want an address, have an empty one")
	case isData:
		head, content, ok := strings.Cut(data, ",")
		switch {
		case !ok || content == "":
			n.badLink(c, "want data after the comma of a data address, have none")
		case strings.Contains(content, ","):
			n.badLink(c, "want one comma in a data address, have several")
		case strings.HasSuffix(head, ";base64") && !isBase64(content):
			n.badLink(c, "want base64 in a data address, have other characters")
		}
	case strings.ContainsFunc(text, func(x rune) bool { return x < 0x80 && !isAddressByte(byte(x)) }):
		n.badLink(c, "want an address of the characters that RFC 3986 allows, have others")
	}
}

func isAddressByte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte(";?:@&=+$.,/%-_~#[]!'()*|", c) >= 0
}

// isScheme tells the scheme of an absolute address: a lower-case word.
func isScheme(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// root returns the whole input, because links may lead from one resource of a
// Bundle to another.
func (n *narrative) root() jsontree.Value { return n.in.Root }

// hasTarget tells whether a link inside the resource leads to something: an id
// or a name in this narrative, the id of any element, or one in another narrative.
func (n *narrative) hasTarget(id string) bool {
	return markupHasID(n.div, id) || hasID(n.root(), id)
}

// markupHasID tells whether an element of a narrative has an id or name.
func markupHasID(div *xhtml.Node, id string) bool {
	for c := range div.All() {
		if v, _ := c.Attr("id"); v == id {
			return true
		}
		if v, _ := c.Attr("name"); v == id && c.Name == "a" {
			return true
		}
	}
	return false
}

// hasID tells whether an element of a resource has an id, or a narrative in it.
func hasID(v jsontree.Value, id string) bool {
	for c := v.First(); c.Kind() != jsontree.Invalid; c = c.Next() {
		switch c.Kind() {
		case jsontree.Object, jsontree.Array:
			if hasID(c, id) {
				return true
			}
		case jsontree.String:
			if c.KeyIs("id") && c.EqualText(id) {
				return true
			}
			if c.KeyIs("div") && bytes.Contains(c.Raw(), []byte(id)) {
				if div, err := xhtml.Parse(c.Bytes(nil)); err == nil && markupHasID(div, id) {
					return true
				}
			}
		}
	}
	return false
}

// duplicateIDs tells of ids and names that stand twice in the narrative.
func (n *narrative) duplicateIDs() {
	seen := map[string]bool{}
	for c := range n.div.All() {
		id, hasID := c.Attr("id")
		if hasID && seen[id] {
			n.warn("want an id once in a narrative, have it several times")
		}
		if hasID {
			seen[id] = true
		}
		if name, ok := c.Attr("name"); ok && c.Name == "a" && name != id {
			if seen[name] {
				n.warn("want an id once in a narrative, have it several times")
			}
			seen[name] = true
		}
	}
}

// languages compares the languages of sections with each other and with that of
// the resource.
func (n *narrative) languages() {
	sections := languageSections(n.div)
	if len(sections) > 0 {
		for _, c := range n.div.Children {
			if !isLanguageSection(c) && c.HasContent() {
				n.warn("want all of the narrative in sections of a language, have parts outside of them")
				break
			}
		}
	}
	scope := n.f(n.at).scope
	language := n.f(scope).value.Get("language").Text()
	if language == "" {
		return
	}
	have, ok := n.div.Attr("lang")
	if !ok {
		have, ok = n.div.Attr("xml:lang")
	}
	if !ok && len(sections) > 0 {
		have, ok = sections[0], true
	}
	if ok && have != language {
		n.report(finding{severity: issue.Warning, code: CodeNarrative, rule: narrativeURL, at: scope, value: n.f(n.at).value,
			message: "want the narrative in the language of the resource, have another"})
	}
}

// languageSections returns the languages of the sections of a narrative.
func languageSections(div *xhtml.Node) []string {
	var list []string
	for _, c := range div.Children {
		if isLanguageSection(c) {
			language, _ := c.Attr("xml:lang")
			list = append(list, language)
		}
	}
	return list
}

func isLanguageSection(n *xhtml.Node) bool {
	_, ok := n.Attr("xml:lang")
	return ok && n.Kind == xhtml.Element && n.Name == "div"
}
