package check

import (
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
	if res := x.entry[0].Get("resource"); !res.Get("resourceType").EqualText(first) {
		at := r.entry(a, 0, x.entry[0])
		r.err(at, CodeBundle, "Bundle.entry", "want a "+first+" in the first entry of a "+what+", have another resource")
		r.pop(at)
		return
	}
	if what == "document" {
		r.compositionTargets(a, x)
	}
	r.reachable(a, x, first)
}

// compositionTargets checks that what a Composition refers to is in its document.
func (r *run) compositionTargets(a at, x *bundleIndex) {
	e := r.entry(a, 0, x.entry[0])
	defer r.pop(e)
	comp := r.child(e, "resource", -1, x.entry[0].Get("resource"), "Composition")
	v := r.f(comp).value
	for _, name := range [...]string{"subject", "encounter", "custodian"} {
		r.documentTarget(comp, x, name, -1, v.Get(name))
	}
	for i, author := range v.Get("author").All() {
		r.documentTarget(comp, x, "author", i, author)
	}
	r.sectionTargets(comp, x, v.Get("section"), 0)
}

func (r *run) sectionTargets(a at, x *bundleIndex, sections jsontree.Value, depth int) {
	if depth > 64 || sections.Kind() != jsontree.Array {
		return
	}
	for i, s := range sections.All() {
		section := r.child(a, "section", i, s, "Composition.section")
		for j, entry := range s.Get("entry").All() {
			r.documentTarget(section, x, "entry", j, entry)
		}
		r.sectionTargets(section, x, s.Get("section"), depth+1)
		r.pop(section)
	}
}

// documentTarget checks one reference of a Composition.
func (r *run) documentTarget(owner at, x *bundleIndex, name string, i int, v jsontree.Value) {
	text := v.Get("reference").Text()
	if text == "" || text[0] == '#' {
		return
	}
	ref := parseReference(text)
	if ref.kind == refAbsolute && len(x.byID[ref.typ+"/"+ref.id]) == 0 {
		return // it leads out of the document
	}
	list := x.find(ref, x.entry[0].Get("fullUrl").Text())
	if len(list) == 1 {
		return
	}
	at := r.child(owner, name, i, v, "Reference")
	defer r.pop(at)
	if len(list) > 1 {
		r.err(at, CodeBundle, "Composition", "want one entry of the document that the Composition refers to, have "+strconv.Itoa(len(list)))
		return
	}
	message := "want the resource that the Composition refers to in the document, have none"
	if n := len(x.byID[ref.typ+"/"+ref.id]); n > 0 {
		message += ": " + strconv.Itoa(n) + " with the same type and id have a fullUrl that does not fit the reference"
	}
	r.err(at, CodeBundle, "Composition", message)
}

// reachable checks that the first entry leads to all others, or they to it.
func (r *run) reachable(a at, x *bundleIndex, first string) {
	links := make([][]int, len(x.entry))
	back := make([][]int, len(x.entry))
	for i, e := range x.entry {
		full := e.Get("fullUrl").Text()
		references(e.Get("resource"), 0, func(text string) {
			for _, j := range x.find(parseReference(text), full) {
				links[i] = append(links[i], j)
				back[j] = append(back[j], i)
			}
		})
	}
	for i, l := range r.f(a).value.Get("link").All() { // a stylesheet is reached by its link
		if i > 1000 {
			break
		}
		for _, j := range x.find(parseReference(l.Get("url").Text()), x.entry0URL()) {
			links[0] = append(links[0], j)
		}
	}
	forward := spread(links, nil)
	both := spread(links, back)
	for i, e := range x.entry {
		if forward[i] || first == "Composition" && e.Get("resource").Get("resourceType").EqualText("Provenance") {
			continue
		}
		at := r.entry(a, i, e)
		f := finding{code: CodeBundle, rule: "Bundle.entry", at: at}
		switch {
		case first == "Composition" && both[i]:
			f.severity, f.message = issue.Warning, "want an entry that the Composition leads to, have one that leads to it"
		case first == "Composition":
			f.severity, f.message = issue.Error, "want an entry that the Composition leads to, have one that has no link with it"
		case both[i]:
			f.severity, f.message = issue.Information, "want an entry that the MessageHeader leads to, have one that leads to it"
		default:
			f.severity, f.message = issue.Warning, "want an entry that the MessageHeader leads to, have one that has no link with it"
		}
		r.report(f)
		r.pop(at)
	}
}

// spread returns what can be reached from entry 0 by links, and by back if given.
func spread(links, back [][]int) []bool {
	seen := make([]bool, len(links))
	seen[0] = true
	for queue := []int{0}; len(queue) > 0; {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		next := links[i]
		if back != nil {
			next = append(append([]int(nil), next...), back[i]...)
		}
		for _, j := range next {
			if !seen[j] {
				seen[j] = true
				queue = append(queue, j)
			}
		}
	}
	return seen
}

// references calls visit with the text of every reference in v.
func references(v jsontree.Value, depth int, visit func(string)) {
	if depth > 200 {
		return
	}
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		switch m.Kind() {
		case jsontree.Object, jsontree.Array:
			references(m, depth+1, visit)
		case jsontree.String:
			if m.KeyIs("reference") || m.KeyIs("valueUri") || m.KeyIs("valueUrl") {
				if text := m.Text(); text != "" && text[0] != '#' {
					visit(text)
				}
			}
		}
	}
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
