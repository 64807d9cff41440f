package check

import (
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// contained checks that every contained resource is referred to from the one that
// contains it, or refers to it: otherwise it has no meaning. This is the invariant
// dom-3, told at the contained resource. And each has an id of its own, for
// references to lead to one. (R4 §2.3.0.4)
func (r *run) contained(a at) {
	list := r.f(a).value.Get("contained")
	if list.Kind() != jsontree.Array {
		return
	}
	used := make(map[string]bool)
	fragments(r.f(a).value, 0, func(id string) { used[id] = true })
	seen := make(map[string]bool)
	for i, c := range list.All() {
		id := c.Get("id").Text()
		if seen[id] && id != "" {
			at := r.child(a, "contained", i, c, c.Get("resourceType").Text())
			r.err(at, CodeContained, "Resource.id", "want another id than the contained resources before have, have the same again")
			r.pop(at)
		}
		seen[id] = true
		if id == "" || used[id] {
			continue
		}
		back := false
		fragments(c, 0, func(id string) { back = back || id == "" })
		if back {
			continue
		}
		at := r.child(a, "contained", i, c, c.Get("resourceType").Text())
		r.report(finding{severity: issue.Error, code: CodeContained, rule: "http://hl7.org/fhir/StructureDefinition/DomainResource#dom-3", at: at,
			message: "want a reference to the contained resource, or one from it to its container, have none"})
		r.pop(at)
	}
}

// fragments calls visit with what follows the # of every reference, address and
// link of a narrative in v.
func fragments(v jsontree.Value, depth int, visit func(id string)) {
	if depth > 200 {
		return
	}
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		switch m.Kind() {
		case jsontree.Object, jsontree.Array:
			fragments(m, depth+1, visit)
		case jsontree.String:
			text := m.Text()
			if rest, ok := strings.CutPrefix(text, "#"); ok {
				visit(rest)
				continue
			}
			if !m.KeyIs("div") {
				continue
			}
			for _, link := range [...]string{`="#`, `='#`} {
				for rest := text; ; {
					var ok bool
					if _, rest, ok = strings.Cut(rest, link); !ok {
						break
					}
					if end := strings.IndexAny(rest, `"'`); end >= 0 {
						visit(rest[:end])
					}
				}
			}
		}
	}
}
