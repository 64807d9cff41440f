package check

import (
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// bundleIndex finds the entries of a Bundle in constant time.
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
	for e := v.Get("entry").First(); e.Kind() != jsontree.Invalid; e = e.Next() {
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
	if r.bundle == nil {
		r.bundle = make(map[int]*bundleIndex)
	}
	r.bundle[v.Offset()] = x
	return x
}

// inBundle finds the resource of a reference among the entries of a Bundle: an
// absolute one by fullUrl, a relative one from the fullUrl of the entry it stands
// in, or by type and id where that is no address of a REST server.
func (r *run) inBundle(bundle, from at, ref parsedReference) (jsontree.Value, bool) {
	x := r.indexOf(bundle)
	list := x.byURL[ref.text]
	if ref.kind == refRelative {
		base, rest := serverOf(r.f(from).value.Get("fullUrl").Text())
		if rest {
			list = x.byURL[base+ref.text]
		}
		if len(list) == 0 {
			list = x.byID[ref.text]
		}
	}
	for _, i := range list {
		res := x.entry[i].Get("resource")
		if res.Kind() == jsontree.Object && (ref.version == "" || res.Get("meta").Get("versionId").EqualText(ref.version)) {
			return res, true
		}
	}
	return jsontree.Value{}, false
}

// serverOf returns the address of the server in a fullUrl that ends in Type/id.
func serverOf(fullURL string) (base string, ok bool) {
	if !strings.HasPrefix(fullURL, "http") {
		return "", false
	}
	parts := strings.Split(fullURL, "/")
	if n := len(parts); n >= 3 && isTypeName(parts[n-2]) {
		return strings.Join(parts[:n-2], "/") + "/", true
	}
	return "", false
}

// needsFullURL tells whether the entries of a Bundle must have a fullUrl: all but
// those that are sent for processing. (R4 §2.36.2)
func (r *run) needsFullURL(entry at) bool {
	switch r.f(r.f(entry).parent).value.Get("type").Text() {
	case "transaction", "batch", "transaction-response", "batch-response":
		return false
	}
	return true
}
