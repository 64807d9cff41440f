package check

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// bundleLinks checks the links of a Bundle: those of paging stand in the results
// of searches and in histories only, and what leads to one place occurs once.
// (R4 §2.36.1, Bundle.link)
func (r *run) bundleLinks(a at, kind string) {
	paged := kind == "searchset" || kind == "history" || kind == ""
	seen := make(map[string]bool)
	i := 0
	for l := r.f(a).value.Get("link").First(); l.Kind() != jsontree.Invalid; i, l = i+1, l.Next() {
		rel := l.Get("relation").Text()
		link := r.child(a, "link", i, l, "Bundle.link")
		switch rel {
		case "first", "prev", "previous", "next", "last":
			if !paged {
				at := r.child(link, "relation", -1, l.Get("relation"), "string")
				r.err(at, CodeBundle, "Bundle.link", "want links of paging in search results and histories only, have "+rel+" in a "+kind)
				break
			}
			fallthrough
		case "self":
			if seen[rel] {
				at := link
				if !paged {
					at = r.child(link, "relation", -1, l.Get("relation"), "string")
				}
				r.err(at, CodeBundle, "Bundle.link", "want one link of relation "+rel+", have more")
			}
			seen[rel] = true
		}
		r.pop(link)
	}
}

// searchSet checks the entries of a search's result: what matched is of the types
// that were searched, what is told of the search is an OperationOutcome, and every
// other resource has an id. (R4 §2.36.1 and §3.1.1.4, Bundle.entry.search)
func (r *run) searchSet(a at) {
	types, self := r.searchedTypes(a)
	if !self {
		r.warn(a, CodeBundle, "Bundle.link", "want a link of relation self that tells the search, have none")
	}
	x := r.indexOf(a)
	any, every := false, true
	for _, e := range x.entry {
		has := e.Get("search").Get("mode").Text() != ""
		any, every = any || has, every && has
	}
	if !any && len(x.entry) > 0 {
		r.withoutModes(a, x, types)
		return
	}
	for i, e := range x.entry {
		entry := r.entry(a, i, e)
		mode := e.Get("search").Get("mode").Text()
		if mode == "" {
			r.warn(entry, CodeBundle, "Bundle.entry.search", "want a mode that tells why the entry is in the result, have none")
		}
		r.searchEntry(entry, mode, types)
		r.pop(entry)
	}
}

// searchEntry checks an entry of a search's result by its mode.
func (r *run) searchEntry(entry at, mode string, types []string) {
	v := r.f(entry).value.Get("resource")
	typ := v.Get("resourceType").Text()
	if v.Kind() == jsontree.Invalid {
		r.err(entry, CodeBundle, "Bundle.entry.resource", "want a resource in every entry of a search's result, have none")
		return
	}
	res := r.child(entry, "resource", -1, v, typ)
	if (mode == "match" || mode == "include") && v.Get("id").Text() == "" {
		r.err(res, CodeBundle, "Bundle.entry.search", "want an id on every resource that a search found, have none")
	}
	if mode == "match" && len(types) > 0 && !slices.Contains(types, typ) {
		r.err(res, CodeBundle, "Bundle.entry.search", "want a match of "+strings.Join(types, " or ")+", which the search was for, have "+typ)
	}
	if mode == "outcome" && typ != "OperationOutcome" {
		r.err(res, CodeBundle, "Bundle.entry.search", "want an OperationOutcome as outcome of a search, have "+typ)
	}
}

// withoutModes checks the entries of a search's result that says of none why it is
// there: they should be of what was searched.
func (r *run) withoutModes(a at, x *bundleIndex, types []string) {
	sure, first := true, ""
	for i, e := range x.entry {
		entry := r.entry(a, i, e)
		v := e.Get("resource")
		typ := v.Get("resourceType").Text()
		switch {
		case v.Kind() == jsontree.Invalid:
			r.err(entry, CodeBundle, "Bundle.entry.resource", "want a resource in every entry of a search's result, have none")
		case len(types) > 0 && !slices.Contains(types, typ):
			sure = false
			r.warn(entry, CodeBundle, "Bundle.entry.search", "want "+strings.Join(types, " or ")+", which the search was for, or a mode, have "+typ+" without")
		case typ != "OperationOutcome":
			if v.Get("id").Text() == "" {
				res := r.child(entry, "resource", -1, v, typ)
				r.warn(res, CodeBundle, "Bundle.entry.search", "want an id on every resource that a search found, have none")
			}
			sure = sure && len(types) > 0 && (first == "" || first == typ)
			first = typ
		}
		r.pop(entry)
	}
	const message = "want modes that tell why the entries are in the result, have none"
	if sure {
		r.info(a, CodeBundle, "Bundle.entry.search", message)
	} else {
		r.warn(a, CodeBundle, "Bundle.entry.search", message)
	}
}

// searchedTypes returns the types that the self link of a search's result says
// were searched, and whether there is such a link.
func (r *run) searchedTypes(a at) (types []string, self bool) {
	for l := r.f(a).value.Get("link").First(); l.Kind() != jsontree.Invalid; l = l.Next() {
		if !l.Get("relation").EqualText("self") {
			continue
		}
		path, query, _ := strings.Cut(l.Get("url").Text(), "?")
		if _, last := cutLast(path); r.isResourceType(last) {
			return []string{last}, true
		}
		for parameter := range strings.SplitSeq(query, "&") {
			if list, ok := strings.CutPrefix(parameter, "_type="); ok {
				for typ := range strings.SplitSeq(list, ",") {
					if r.isResourceType(typ) {
						types = append(types, typ)
					}
				}
			}
		}
		return types, true
	}
	return nil, false
}
