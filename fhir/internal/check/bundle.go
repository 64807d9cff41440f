package check

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// bundleRules checks what holds of a Bundle as a whole: identities and links of
// its entries, and the rules of documents and messages. (R4 §2.36)
func (r *run) bundleRules(a at) {
	v := r.f(a).value
	kind := v.Get("type").Text()
	r.entryURLs(a, kind)
	r.bundleLinks(a)
	switch kind {
	case "document":
		r.composed(a, "Composition", "document")
		r.stylesheets(a)
	case "message":
		r.composed(a, "MessageHeader", "message")
	}
}

// entry pushes the frame of entry i of a Bundle.
func (r *run) entry(a at, i int, v jsontree.Value) at {
	return r.child(a, "entry", i, v, "Bundle.entry")
}

// entryURLs checks the fullUrl of every entry. (R4 §2.36.2, Bundle.entry.fullUrl)
func (r *run) entryURLs(a at, kind string) {
	v := r.f(a).value
	needed := kind != "transaction" && kind != "batch" && kind != "transaction-response" && kind != "batch-response"
	i := 0
	for e := v.Get("entry").First(); e.Kind() != jsontree.Invalid; i, e = i+1, e.Next() {
		full := e.Get("fullUrl")
		url := full.Bytes(r.ids)
		message := ""
		switch {
		case full.Kind() == jsontree.Invalid:
			if needed && e.Get("resource").Kind() == jsontree.Object {
				message = "want a fullUrl that identifies the resource of the entry, have none"
			}
		case full.Kind() == jsontree.String && !isAbsolute(url):
			message = "want an absolute fullUrl, have a relative one"
		case !r.fitsResource(string(url), e.Get("resource")):
			message = "want a fullUrl that ends in type and id of the resource, as it has the form of a REST server's, have another end"
		}
		if message != "" {
			at := r.entry(a, i, e)
			r.err(at, CodeBundle, "Bundle.entry.fullUrl", message)
			r.pop(at)
		}
	}
}

// fitsResource tells whether a fullUrl in the form of a REST server's ends in the
// type and id of the resource. (R4 §2.36.2)
func (r *run) fitsResource(url string, resource jsontree.Value) bool {
	id := resource.Get("id")
	if !strings.HasPrefix(url, "http") || id.Kind() != jsontree.String {
		return true
	}
	parts := strings.Split(url, "/")
	n := len(parts)
	if n < 4 || !r.isResourceType(parts[n-2]) {
		return true
	}
	return resource.Get("resourceType").EqualText(parts[n-2]) && id.EqualText(parts[n-1])
}

func (r *run) isResourceType(name string) bool { return r.defs.Kind(name) == "resource" }

// bundleLinks checks that relations which lead to one place occur once.
func (r *run) bundleLinks(a at) {
	seen := make(map[string]bool)
	i := 0
	for l := r.f(a).value.Get("link").First(); l.Kind() != jsontree.Invalid; i, l = i+1, l.Next() {
		switch rel := l.Get("relation").Text(); rel {
		case "self", "first", "prev", "previous", "next", "last":
			if seen[rel] {
				at := r.child(a, "link", i, l, "Bundle.link")
				r.err(at, CodeBundle, "Bundle.link", "want one link of relation "+rel+", have more")
				r.pop(at)
			}
			seen[rel] = true
		}
	}
}

// bundleIndex finds the entries of a Bundle, or the resources of Parameters, in
// constant time.
type bundleIndex struct {
	byURL map[string][]int // by fullUrl
	byID  map[string][]int // by Type/id
	entry []jsontree.Value
}

// indexOf returns the index of the Bundle of a frame, made on first use.
func (r *run) indexOf(a at) *bundleIndex {
	v := r.f(a).value
	if x := r.bundle[v.Offset()]; x != nil {
		return x
	}
	x := &bundleIndex{byURL: make(map[string][]int), byID: make(map[string][]int)}
	if r.f(a).typ == "Parameters" {
		x.parameters(v.Get("parameter"), 0)
	} else {
		for e := v.Get("entry").First(); e.Kind() != jsontree.Invalid; e = e.Next() {
			x.add(e)
		}
	}
	if r.bundle == nil {
		r.bundle = make(map[int]*bundleIndex)
	}
	r.bundle[v.Offset()] = x
	return x
}

// add takes up an object with a resource and perhaps a fullUrl.
func (x *bundleIndex) add(e jsontree.Value) {
	i := len(x.entry)
	x.entry = append(x.entry, e)
	if url := e.Get("fullUrl").Text(); url != "" {
		x.byURL[url] = append(x.byURL[url], i)
	}
	res := e.Get("resource")
	if id := res.Get("id").Text(); id != "" {
		key := res.Get("resourceType").Text() + "/" + id
		x.byID[key] = append(x.byID[key], i)
	}
}

// parameters takes up the resources of parameters and their parts.
func (x *bundleIndex) parameters(list jsontree.Value, depth int) {
	for p := list.First(); p.Kind() != jsontree.Invalid && depth < 32; p = p.Next() {
		if p.Get("resource").Kind() == jsontree.Object {
			x.add(p)
		}
		x.parameters(p.Get("part"), depth+1)
	}
}

// find returns the entries that a reference leads to from an entry with a
// fullUrl: an absolute reference by its address, a relative one by the address
// that it makes with the entry's. (R4 §2.36.4, Resolving references in Bundles)
func (x *bundleIndex) find(ref parsedReference, fullURL string) []int {
	url := ref.text
	if ref.kind == refRelative {
		if fullURL == "" {
			return nil
		}
		if base, ok := strings.CutSuffix(fullURL, fullURL[strings.LastIndexByte(fullURL, ':')+1:]); ok && strings.HasPrefix(fullURL, "urn:") {
			url = base + ref.id
		} else {
			url = serverOf(fullURL) + ref.text
		}
	}
	list := x.byURL[url]
	if ref.version == "" && (ref.kind != refRelative || len(list) == 0) {
		return list
	}
	var out []int
	for _, i := range list {
		res := x.entry[i].Get("resource")
		if ref.version != "" && !res.Get("meta").Get("versionId").EqualText(ref.version) || ref.kind == refRelative && !res.Get("resourceType").EqualText(ref.typ) {
			continue
		}
		out = append(out, i)
	}
	return out
}

// serverOf returns a fullUrl without type and id, its last two parts.
func serverOf(fullURL string) string {
	parts := strings.Split(fullURL, "/")
	if len(parts) < 3 {
		return fullURL + "/"
	}
	return strings.Join(parts[:len(parts)-2], "/") + "/"
}

// inBundle checks and follows a reference inside a Bundle: from is the entry that
// it stands in, a the reference.
func (r *run) inBundle(bundle, from, a at, ref parsedReference) (jsontree.Value, bool) {
	x := r.indexOf(bundle)
	full := r.f(from).value.Get("fullUrl").Text()
	list := x.find(ref, full)
	if len(list) == 0 {
		return jsontree.Value{}, false
	}
	if len(list) > 1 {
		r.report(finding{severity: issue.Error, code: CodeReference, rule: "Reference", at: a,
			message: fmt.Sprintf("want one entry of the Bundle that the reference means, have %d", len(list))})
	}
	return x.entry[list[0]].Get("resource"), true
}

// missing tells what is wrong with a reference that finds no entry of its Bundle.
func (r *run) missing(bundle, from, a at, ref parsedReference) {
	full := r.f(from).value.Get("fullUrl")
	kind := r.f(bundle).value.Get("type").Text()
	if full.Kind() == jsontree.Invalid && kind != "transaction-response" && kind != "batch-response" && r.f(from).name == "entry" {
		r.err(from, CodeBundle, "Bundle.entry.fullUrl", "want a fullUrl on an entry whose resource has references, have none")
		if ref.kind == refRelative {
			r.err(a, CodeReference, "Reference", "want a fullUrl on the Bundle entry that a relative reference stands in, have none")
		}
		return
	}
	switch n := len(r.indexOf(bundle).byID[ref.typ+"/"+ref.id]); {
	case ref.kind == refURN:
		r.warn(a, CodeReference, "Reference", "want an entry of the Bundle with that fullUrl, have none")
	case n > 0 && ref.typ != "":
		r.warn(a, CodeReference, "Reference", "want an entry that the reference means by its fullUrl, have "+strconv.Itoa(n)+" with the same type and id only")
	}
}
