package xmlform

import "bytes"

// converter writes the JSON form of what a scanner read.
type converter struct {
	*scanner
	model    *Model
	out      []byte
	spots    []spot
	extents  []extent
	findings []Finding
	dropped  int
	frames   []frame
	mute     int   // above 0 inside what the definitions do not know
	expect   uint8 // the namespace of elements
	groups   []group
	slots    []int32
	scratch  []byte
}

// group is the occurrences of one child, linked by elem.same.
type group struct {
	child       *child
	first, last int32
	count       int32
}

// root writes the resource that is the root element.
func (c *converter) root() *SyntaxError {
	name := string(c.localName(0))
	c.expect = nsFHIR
	c.frames = append(c.frames, frame{name: name, index: -1})
	if ns := c.elems[0].ns; ns != nsFHIR {
		if ns != nsNone || c.model.resource(name) == nil {
			return &SyntaxError{Offset: int(c.elems[0].start), Want: "the namespace " + fhirSpace, Have: "another", Err: ErrForeign}
		}
		c.report(KindNamespace, c.elems[0].start, "", "want the namespace "+fhirSpace+", have none", true)
		c.expect = nsNone
	}
	for _, n := range c.outside {
		c.reportNote(n)
	}
	if c.isEmpty(0) {
		c.reportEmpty(0)
	}
	c.resource(0)
	return nil
}

// resource writes the object of the resource that is element n.
func (c *converter) resource(n int32) {
	name := c.localName(n)
	nd := c.model.resource(string(name))
	if nd == nil {
		c.mute++
	}
	e := &c.elems[n]
	c.spot(e.start)
	c.extents = append(c.extents, extent{uint32(len(c.out)), uint32(e.start), uint32(e.end)})
	c.out = append(c.out, `{"resourceType":`...)
	c.out = appendString(c.out, name)
	c.members(n, nd, false)
	c.out = append(c.out, '}')
	if nd == nil {
		c.mute--
	}
}

// object writes an element with its attributes and children; single says that
// it is a primitive, whose value stands elsewhere.
func (c *converter) object(n int32, nd *node, single bool) {
	c.spot(c.elems[n].start)
	c.out = append(c.out, '{')
	c.members(n, nd, single)
	c.out = append(c.out, '}')
}

// members writes the attributes and children of an element.
func (c *converter) members(n int32, nd *node, single bool) {
	var unknown map[string]int32 // numbers of groups
	for _, a := range c.attrsOf(n) {
		name := c.src[a.local:a.nameEnd]
		if single && isValue(c.src, &a) {
			continue
		}
		if known := nd.find(name); known != nil && known.attr && a.ns == nsNone {
			c.member("", known.name)
			c.spot(a.name)
			c.text(a)
			continue
		}
		kept := a.ns == nsNone && c.keeps(nd, name)
		c.report(KindAttribute, a.name, safeName(name), "want only attributes that the type has, have another", kept)
		if kept {
			if unknown == nil {
				unknown = make(map[string]int32)
			}
			unknown[string(name)] = -1
			c.member("", string(name))
			c.spot(a.name)
			c.text(a)
		}
	}
	if c.elems[n].noted {
		for _, note := range c.notes[n] {
			c.reportNote(note)
		}
	}
	base := len(c.groups)
	c.group(n, nd, unknown)
	for i := base; i < len(c.groups); i++ {
		c.write(c.groups[i])
	}
	c.groups = c.groups[:base]
}

// group sorts the children of element n by name.
func (c *converter) group(n int32, nd *node, unknown map[string]int32) {
	slots := len(c.slots)
	if nd != nil {
		for range len(nd.children) {
			c.slots = append(c.slots, -1)
		}
	}
	last := int32(-1)
	for k := n + 1; k < c.elems[n].next; k = c.elems[k].next {
		name := c.localName(k)
		known := nd.find(name)
		if known != nil && known.attr {
			known = nil
		}
		if known == nil {
			if unknown == nil {
				unknown = make(map[string]int32)
			}
			c.stray(k, nd, name, unknown)
			continue
		}
		at := c.slots[slots+int(known.slot)]
		if at < 0 {
			at = int32(len(c.groups))
			c.slots[slots+int(known.slot)] = at
			c.groups = append(c.groups, group{child: known, first: k, last: k, count: 1})
		} else {
			c.join(at, k)
		}
		if known.order < last || known.form != formXHTML && c.elems[k].ns != c.expect {
			c.misplaced(k, known, c.groups[at].count-1, known.order < last)
		}
		last = known.order
	}
	c.slots = c.slots[:slots]
}

// join adds an occurrence to a group.
func (c *converter) join(at, k int32) {
	g := &c.groups[at]
	c.elems[g.last].same = k
	g.last = k
	g.count++
}

// stray takes in a child that the definitions do not know.
func (c *converter) stray(k int32, nd *node, name []byte, unknown map[string]int32) {
	made := c.model.choice(nd, name)
	kept := c.keeps(nd, name)
	at, seen := unknown[string(name)]
	kept = kept && (!seen || at >= 0)
	c.report(KindElement, c.elems[k].start, safeName(name), "want only elements that the type has, have another", kept)
	switch {
	case !kept:
	case seen:
		c.join(at, k)
	default:
		if made == nil {
			made = &child{name: string(name), path: string(name), slot: -1}
		}
		unknown[made.name] = int32(len(c.groups))
		c.groups = append(c.groups, group{child: made, first: k, last: k, count: 1})
	}
}

// misplaced reports a child that stands too late, or in a wrong namespace.
func (c *converter) misplaced(k int32, known *child, index int32, late bool) {
	c.push(k, known, index)
	if c.elems[k].ns != c.expect && known.form != formXHTML {
		c.report(KindNamespace, c.elems[k].start, known.name, "want the namespace "+fhirSpace+", have another", true)
	}
	if late {
		c.report(KindOrder, c.elems[k].start, known.name, "want the elements in the order of the definition, have this one too late", true)
	}
	c.pop()
}

// push enters an occurrence of a child.
func (c *converter) push(k int32, ch *child, index int32) {
	if !ch.list {
		index = -1
	}
	c.frames = append(c.frames, frame{name: ch.path, elem: k, index: index})
}

func (c *converter) pop() { c.frames = c.frames[:len(c.frames)-1] }

// write writes the member, or the two members, of a group.
func (c *converter) write(g group) {
	ch := g.child
	strange := ch.slot < 0
	if strange {
		c.mute++
		c.shape(&g)
	} else if g.count > 1 && !ch.list {
		c.report(KindRepeat, c.elems[c.elems[g.first].same].start, ch.name, "want at most 1 "+ch.name+", have more", true)
	}
	if ch.isPrimitive() {
		c.primitives(g)
	} else {
		c.member("", ch.name)
		c.array(g, func(k int32) { c.value(k, ch) })
	}
	if strange {
		c.mute--
	}
}

// shape chooses the form of what the definitions do not know.
func (c *converter) shape(g *group) {
	if g.child.form != formObject || g.child.node != "" {
		return
	}
	for k := g.first; k >= 0; k = c.elems[k].same {
		if c.valueOf(k) != nil {
			g.child.form = formString
			return
		}
	}
	first := c.elems[g.first]
	inner := g.first + 1
	switch {
	case first.ns == nsXHTML:
		g.child.form = formXHTML
	case inner < first.next && c.elems[inner].next == first.next && c.model.resource(string(c.localName(inner))) != nil:
		g.child.form = formResource
	}
}

// array writes the occurrences of a group with a function, in brackets if they
// are or may be several.
func (c *converter) array(g group, each func(k int32)) {
	several := g.child.list || g.count > 1
	if several {
		c.spot(c.elems[g.first].start)
		c.out = append(c.out, '[')
	}
	index := int32(0)
	for k := g.first; k >= 0; k = c.elems[k].same {
		if index > 0 {
			c.out = append(c.out, ',')
		}
		c.push(k, g.child, index)
		each(k)
		c.pop()
		index++
	}
	if several {
		c.out = append(c.out, ']')
	}
}

// value writes an occurrence that is no primitive.
func (c *converter) value(k int32, ch *child) {
	if ch.form != formXHTML && c.isEmpty(k) {
		c.reportEmpty(k)
	}
	switch ch.form {
	case formXHTML:
		c.spot(c.elems[k].start)
		c.narrative(k)
	case formResource:
		c.wrapped(k)
	default:
		c.object(k, c.model.node(ch.node), false)
	}
}

// wrapped writes the resource inside an element.
func (c *converter) wrapped(k int32) {
	for _, a := range c.attrsOf(k) {
		c.report(KindAttribute, a.name, safeName(c.src[a.local:a.nameEnd]), "want no attribute around a resource, have one", false)
	}
	for _, note := range c.notes[k] {
		c.reportNote(note)
	}
	inner := k + 1
	if inner >= c.elems[k].next {
		c.spot(c.elems[k].start)
		c.out = append(c.out, '{', '}')
		return
	}
	if more := c.elems[inner].next; more < c.elems[k].next {
		c.report(KindResources, c.elems[more].start, "", "want one resource, have more", false)
	}
	c.frames = append(c.frames, frame{elem: inner, index: -1})
	if c.elems[inner].ns != c.expect {
		c.report(KindNamespace, c.elems[inner].start, "", "want the namespace "+fhirSpace+", have another", true)
	}
	if c.isEmpty(inner) {
		c.reportEmpty(inner)
	}
	c.resource(inner)
	c.pop()
}

// primitives writes the values of a group, and the _x member where one of them
// has more than a value, or nothing.
func (c *converter) primitives(g group) {
	ch := g.child
	values, more := false, false
	for k := g.first; k >= 0; k = c.elems[k].same {
		a := c.valueOf(k)
		values = values || a != nil
		more = more || c.hasMore(k, a)
	}
	if values {
		c.member("", ch.name)
		c.array(g, func(k int32) {
			a := c.valueOf(k)
			if a == nil {
				c.out = append(c.out, "null"...)
				return
			}
			c.spot(c.elems[k].start)
			c.single(*a, ch.form)
		})
	}
	if !more {
		return
	}
	c.member("_", ch.name)
	nd := c.model.node(ch.node)
	c.array(g, func(k int32) {
		if !c.hasMore(k, c.valueOf(k)) {
			c.out = append(c.out, "null"...)
			return
		}
		if c.isEmpty(k) {
			c.reportEmpty(k)
		}
		c.object(k, nd, true)
	})
}

// hasMore reports whether an occurrence of a primitive with the attribute value
// needs a companion: for what it has besides, for a finding, or as it has nothing.
func (c *converter) hasMore(k int32, value *attr) bool {
	e := &c.elems[k]
	attrs := int(e.numAttrs)
	if value != nil {
		attrs--
	}
	return value == nil || attrs > 0 || e.next > k+1 || e.noted
}

// single writes the value of a primitive.
func (c *converter) single(a attr, f form) {
	raw := c.src[a.value:a.valueEnd]
	switch {
	case f == formNumber && isNumber(raw), f == formBoolean && (string(raw) == "true" || string(raw) == "false"):
		c.out = append(c.out, raw...)
	default:
		c.text(a)
	}
}

// text writes the value of an attribute as a string.
func (c *converter) text(a attr) {
	raw := c.src[a.value:a.valueEnd]
	if isPlain(raw) {
		c.out = append(c.out, '"')
		c.out = append(append(c.out, raw...), '"')
		return
	}
	c.scratch = unescape(c.scratch[:0], raw)
	c.out = appendString(c.out, c.scratch)
}

// member writes the name of a member, with a comma before it unless it is the
// first of its object.
func (c *converter) member(prefix, name string) {
	if c.out[len(c.out)-1] != '{' {
		c.out = append(c.out, ',')
	}
	c.out = append(c.out, '"')
	c.out = append(c.out, prefix...)
	c.out = append(c.out, name...)
	c.out = append(c.out, '"', ':')
}

// spot notes where the value that is written next comes from.
func (c *converter) spot(xml int32) {
	c.spots = append(c.spots, spot{uint32(len(c.out)), uint32(xml)})
}

// attrsOf returns the attributes of an element.
func (c *converter) attrsOf(n int32) []attr {
	e := &c.elems[n]
	return c.attrs[e.attrs : int(e.attrs)+int(e.numAttrs)]
}

// valueOf returns the attribute value of an element, nil if it has none.
func (c *converter) valueOf(n int32) *attr {
	own := c.attrsOf(n)
	for i := range own {
		if isValue(c.src, &own[i]) {
			return &own[i]
		}
	}
	return nil
}

func isValue(src []byte, a *attr) bool {
	return a.ns == nsNone && string(src[a.local:a.nameEnd]) == "value"
}

// isEmpty reports whether an element has no attribute, text or element inside.
func (c *converter) isEmpty(n int32) bool {
	e := &c.elems[n]
	return e.numAttrs == 0 && !e.text && e.next == n+1
}

func (c *converter) reportEmpty(n int32) {
	c.report(KindEmpty, c.elems[n].start, "", "want a value, extensions or elements inside, have nothing", true)
}

// reportNote reports what the scanner met inside the element of the last frame.
func (c *converter) reportNote(n note) {
	message := ""
	switch n.kind {
	case KindText:
		message = "want no text between the elements, have some"
	case KindCDATA:
		message = "want no CDATA section, have one"
	case KindInstruction:
		message = "want no processing instruction, have one"
	case KindEncoding:
		message = "want the encoding UTF-8 in the XML declaration, have another"
	case KindDeclaration:
		message = "want the XML declaration at the begin, have white space before it"
	}
	c.report(n.kind, n.offset, "", message, false)
}

// keeps reports whether what the definitions do not know can be a member: its
// name is like FHIR's, and is not that of another member.
func (c *converter) keeps(nd *node, name []byte) bool {
	return nd.find(name) == nil && safeName(name) != "" && string(name) != "resourceType"
}

// safeName returns a name that could be one of FHIR, "" for others.
func safeName(name []byte) string {
	if len(name) == 0 || len(name) > 64 || !isLetter(name[0]) {
		return ""
	}
	for _, b := range name {
		if !isLetter(b) && (b < '0' || b > '9') {
			return ""
		}
	}
	return string(name)
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

// narrative writes the div of a narrative as a string: as it stands in the
// source, with its namespace declared on it and without prefixes.
func (c *converter) narrative(k int32) {
	root := &c.elems[k]
	text := c.src[root.start:root.end]
	if root.ns == nsXHTML && !(root.own && c.isUnprefixed(k)) {
		text = c.unprefix(k)
	}
	if bytes.IndexByte(text, '\r') >= 0 {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	}
	c.out = appendString(c.out, text)
}

// isUnprefixed reports whether no element of a subtree has a prefix.
func (c *converter) isUnprefixed(k int32) bool {
	for i := k; i < c.elems[k].next; i++ {
		if c.elems[i].local > c.elems[i].name {
			return false
		}
	}
	return true
}

// unprefix returns the text of a subtree of XHTML without the prefixes of its
// elements.
func (c *converter) unprefix(k int32) []byte {
	root := &c.elems[k]
	var out []byte
	at := root.start
	var open []int32
	closeTo := func(limit int32) {
		for len(open) > 0 && c.elems[open[len(open)-1]].end <= limit {
			e := &c.elems[open[len(open)-1]]
			open = open[:len(open)-1]
			if e.ns != nsXHTML || e.local == e.name {
				continue
			}
			out = append(out, c.src[at:e.closeAt]...)
			if e.end > e.closeAt {
				out = append(out, '<', '/')
				at = e.closeAt + 2 + (e.local - e.name)
			} else {
				at = e.closeAt
			}
		}
	}
	for i := k; i < root.next; i++ {
		e := &c.elems[i]
		closeTo(e.start)
		if e.ns == nsXHTML && e.local > e.name {
			out = append(out, c.src[at:e.name]...)
			at = e.local
		}
		if i == k && !root.own {
			out = append(out, c.src[at:e.nameEnd]...)
			out = append(out, ` xmlns="`+xhtmlSpace+`"`...)
			at = e.nameEnd
		}
		open = append(open, i)
	}
	closeTo(root.end)
	return append(out, c.src[at:root.end]...)
}
