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
	r.bundleLinks(a, kind)
	switch kind {
	case "document":
		r.composed(a, "Composition", "document")
		r.stylesheets(a)
	case "message":
		r.composed(a, "MessageHeader", "message")
	case "searchset":
		r.searchSet(a)
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
		default:
			message = r.urlFault(string(url), e.Get("resource"))
		}
		if message != "" {
			at := r.entry(a, i, e)
			r.err(at, CodeBundle, "Bundle.entry.fullUrl", message)
			r.pop(at)
		}
	}
}

// urlFault tells what is wrong with an absolute fullUrl: in the form of a REST
// server's it ends in type and id of the resource, and it is the canonical URL of
// a resource only in this form. (R4 §2.36.2)
func (r *run) urlFault(url string, resource jsontree.Value) string {
	if resource.Kind() != jsontree.Object {
		return ""
	}
	id := resource.Get("id")
	ref := parseReference(url)
	rest := strings.HasPrefix(url, "http") && ref.typ != "" && r.isResourceType(ref.typ) && validID(ref.id)
	switch {
	case rest && id.Kind() != jsontree.String:
		return "want an id on a resource whose fullUrl has the form of a REST server's, have none"
	case rest && (ref.version != "" || !resource.Get("resourceType").EqualText(ref.typ) || !id.EqualText(ref.id)):
		return "want a fullUrl that ends in type and id of the resource, as it has the form of a REST server's, have another end"
	case !rest && resource.Get("url").EqualText(url) && !strings.HasPrefix(url, "http://hl7.org/fhir/v2/") && !strings.HasPrefix(url, "http://hl7.org/fhir/v3/"):
		return "want another fullUrl than the canonical URL of the resource, which does not end in its type and id, have the same"
	}
	return ""
}

// validID tells text that can be an id. (R4 §2.24.0.1, id)
func validID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func (r *run) isResourceType(name string) bool { return r.defs.Kind(name) == "resource" }

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
	switch {
	case len(parts) == 2 && isTypeName(parts[0]):
		return "" // a relative fullUrl, told of elsewhere
	case len(parts) < 3:
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
