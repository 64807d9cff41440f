package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// composed checks a document or message: its first entry holds the resource that
// leads to all others. (R4 §3.3.1, §3.4.1)
func (r *run) composed(a at, first, what string) {
	x := r.indexOf(a)
	if len(x.entry) == 0 {
		r.err(a, CodeBundle, "Bundle.entry", "want entries in a "+what+", have none")
		return
	}
	e := r.entry(a, 0, x.entry[0])
	v := x.entry[0].Get("resource")
	typ := v.Get("resourceType").Text()
	switch {
	case v.Kind() != jsontree.Object:
		r.err(e, CodeBundle, "Bundle.entry", "want a "+first+" in the first entry of a "+what+", have no resource")
	case typ != first:
		r.err(e, CodeBundle, "Bundle.entry", "want a "+first+" in the first entry of a "+what+", have another resource")
	case what == "document":
		r.compositionTargets(r.child(e, "resource", -1, v, first), x)
	default:
		r.documentTargets(r.child(e, "resource", -1, v, first), x, "focus", v.Get("focus"))
	}
	r.pop(e)
	if v.Kind() == jsontree.Object || what == "document" {
		r.reachable(a, x, first)
	}
}

// compositionTargets checks that what a Composition refers to is in its document.
// (R4 §3.3.1, the content of a document)
func (r *run) compositionTargets(comp at, x *bundleIndex) {
	v := r.f(comp).value
	for _, name := range [...]string{"subject", "encounter", "custodian", "author"} {
		r.documentTargets(comp, x, name, v.Get(name))
	}
	for _, part := range [...][2]string{{"attester", "party"}, {"event", "detail"}} {
		for i, p := range v.Get(part[0]).All() {
			at := r.child(comp, part[0], i, p, "Composition."+part[0])
			r.documentTargets(at, x, part[1], p.Get(part[1]))
			r.pop(at)
		}
	}
	r.sectionTargets(comp, x, v.Get("section"), 0)
}

// documentTargets checks the reference, or each of the references, that an element
// of the first entry's resource holds.
func (r *run) documentTargets(owner at, x *bundleIndex, name string, v jsontree.Value) {
	if v.Kind() != jsontree.Array {
		r.documentTarget(owner, x, name, -1, v)
		return
	}
	for i, item := range v.All() {
		r.documentTarget(owner, x, name, i, item)
	}
}

func (r *run) sectionTargets(a at, x *bundleIndex, sections jsontree.Value, depth int) {
	if depth > 64 || sections.Kind() != jsontree.Array {
		return
	}
	for i, s := range sections.All() {
		section := r.child(a, "section", i, s, "Composition.section")
		for _, name := range [...]string{"author", "focus", "entry"} {
			r.documentTargets(section, x, name, s.Get(name))
		}
		r.sectionTargets(section, x, s.Get("section"), depth+1)
		r.pop(section)
	}
}

// documentTarget checks one reference of the resource that leads to all others:
// what it means is in the Bundle, but for canonical resources, which may be known
// elsewhere.
func (r *run) documentTarget(owner at, x *bundleIndex, name string, i int, v jsontree.Value) {
	text := v.Get("reference").Text()
	if text == "" || text[0] == '#' {
		return
	}
	ref := parseReference(text)
	list := x.findStrictly(ref, x.entry[0])
	if len(list) == 1 || len(list) == 0 && ref.kind == refAbsolute && r.isCanonicalResource(ref.typ) {
		return
	}
	at := r.child(owner, name, i, v, "Reference")
	defer r.pop(at)
	if len(list) > 1 {
		r.err(at, CodeBundle, "Bundle.entry", "want one entry of the Bundle that its first entry refers to, have "+strconv.Itoa(len(list)))
		return
	}
	message := "want the resource that the first entry refers to in the Bundle, have none"
	if n := len(x.byID[ref.typ+"/"+ref.id]); n > 0 {
		message += ": " + strconv.Itoa(n) + " with the same type and id have a fullUrl that does not fit the reference"
	}
	r.err(at, CodeBundle, "Bundle.entry", message)
}

// findStrictly is find in a document or message, where a relative reference makes
// an address only with a fullUrl that ends in the type and id of its resource.
func (x *bundleIndex) findStrictly(ref parsedReference, from jsontree.Value) []int {
	full := from.Get("fullUrl").Text()
	if res := from.Get("resource"); ref.kind == refRelative && !strings.HasSuffix(full, res.Get("resourceType").Text()+"/"+res.Get("id").Text()) {
		return nil
	}
	return x.find(ref, full)
}

// reachable checks that the first entry leads to all others, or they to it.
func (r *run) reachable(a at, x *bundleIndex, first string) {
	links := make([][]int, len(x.entry))
	for i, e := range x.entry {
		told := make(map[string]bool)
		references(e.Get("resource"), 0, func(text string, v jsontree.Value) {
			if told[text] {
				return
			}
			told[text] = true
			ref := parseReference(text)
			list := x.findStrictly(ref, e)
			if len(list) == 1 {
				links[i] = append(links[i], list[0])
			}
			if n := len(x.byID[ref.typ+"/"+ref.id]); i > 0 && len(list) == 0 && n > 0 && ref.kind == refRelative && r.isResourceType(ref.typ) {
				r.report(finding{severity: issue.Error, code: CodeBundle, rule: "Bundle.entry", at: a, value: v,
					message: fmt.Sprintf("want an entry whose fullUrl fits relative reference %d of entry %d, have %d with the same type and id and another fullUrl", len(told), i, n)})
			}
		})
	}
	seen := make([]bool, len(x.entry))
	spread(seen, links, 0)
	for i, l := range r.f(a).value.Get("link").All() { // a stylesheet is reached by its link
		if i > 1000 {
			break
		}
		for _, j := range x.find(parseReference(l.Get("url").Text()), x.entry0URL()) {
			seen[j] = true
		}
	}
	for again := true; again; {
		again = false
		for i, e := range x.entry {
			if !seen[i] && slices.ContainsFunc(links[i], func(j int) bool { return seen[j] }) {
				again = true
				r.backward(a, i, e, first)
				spread(seen, links, i)
			}
		}
	}
	for i, e := range x.entry {
		if seen[i] || e.Get("resource").Kind() != jsontree.Object {
			continue
		}
		severity := issue.Error
		if first != "Composition" {
			severity = issue.Warning
		}
		at := r.entry(a, i, e)
		r.report(finding{severity: severity, code: CodeBundle, rule: "Bundle.entry", at: at, message: "want an entry that the " + first + " leads to, have one that has no link with it"})
		r.pop(at)
	}
}

// backward tells of an entry that leads to what the first leads to, but is not
// led to itself: in documents this is for Provenance. (R4 §3.3.1)
func (r *run) backward(a at, i int, e jsontree.Value, first string) {
	if e.Get("resource").Get("resourceType").EqualText("Provenance") {
		return
	}
	severity := issue.Warning
	if first != "Composition" {
		severity = issue.Information
	}
	at := r.entry(a, i, e)
	r.report(finding{severity: severity, code: CodeBundle, rule: "Bundle.entry", at: at, message: "want an entry that the " + first + " leads to, have one that leads to it"})
	r.pop(at)
}

// spread marks what can be reached from entry i by links.
func spread(seen []bool, links [][]int, i int) {
	seen[i] = true
	for queue := []int{i}; len(queue) > 0; {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, j := range links[i] {
			if !seen[j] {
				seen[j] = true
				queue = append(queue, j)
			}
		}
	}
}

// references calls visit with the text of every reference in v and of every
// address that may mean an entry, as that of an attachment. It does not look into
// Bundles.
func references(v jsontree.Value, depth int, visit func(string, jsontree.Value)) {
	if depth > 200 || v.Get("resourceType").EqualText("Bundle") {
		return
	}
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		switch m.Kind() {
		case jsontree.Object, jsontree.Array:
			references(m, depth+1, visit)
		case jsontree.String:
			if text := m.Text(); linkMember(m) && text != "" && text[0] != '#' {
				visit(text, m)
			}
		}
	}
}

// linkMember tells the members of type Reference, uri and url that may mean an
// entry of a Bundle: not what names systems and extensions.
func linkMember(m jsontree.Value) bool {
	for _, name := range [...]string{"reference", "url", "valueUri", "valueUrl", "source", "instantiatesUri"} {
		if m.KeyIs(name) {
			return true
		}
	}
	return false
}

// stylesheets checks the links to stylesheets of a document. (R4 §3.3.3)
func (r *run) stylesheets(a at) {
	x := r.indexOf(a)
	for i, l := range r.f(a).value.Get("link").All() {
		if !l.Get("relation").EqualText("stylesheet") {
			continue
		}
		url := l.Get("url").Text()
		link := r.child(a, "link", i, l, "Bundle.link")
		at := r.child(link, "url", -1, l.Get("url"), "uri")
		switch {
		case url == "" || strings.HasSuffix(url, "://hl7.org/fhir/fhir.css"):
		case len(x.byURL[url]) > 0 || len(x.find(parseReference(url), x.entry0URL())) > 0:
		case !strings.HasPrefix(url, "http"):
			r.err(at, CodeBundle, "Bundle.link", "want the stylesheet in the document, have none at that address")
		default:
			r.warn(at, CodeBundle, "Bundle.link", "want a stylesheet in the document or HL7's own, have another from outside")
			if strings.HasPrefix(url, "http:") {
				r.warn(at, CodeBundle, "Bundle.link", "want a stylesheet over https, have one over http")
			}
		}
		r.pop(link)
	}
}

func (x *bundleIndex) entry0URL() string {
	if len(x.entry) == 0 {
		return ""
	}
	return x.entry[0].Get("fullUrl").Text()
}
