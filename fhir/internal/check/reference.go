package check

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// reference checks a Reference: its syntax, and that what it says it leads to
// inside the input is there. (R4 §2.3)
func (r *run) reference(n *node, a at) {
	v := r.f(a).value
	text := v.Get("reference").Text()
	if text == "" {
		id := v.Get("identifier")
		if id.Get("system").Text() == "" && id.Get("value").Text() == "" && v.Get("display").Kind() == jsontree.Invalid && v.Get("extension").Kind() == jsontree.Invalid &&
			v.Get("_reference").Kind() == jsontree.Invalid {
			r.warn(a, CodeReference, "Reference", "want reference, identifier or display, have none of them")
		}
		return
	}
	ref := parseReference(text)
	if ref.kind == refMalformed {
		if r.opts.AssumeValidRestReferences && !hasBlank(text) {
			return
		}
		r.err(a, CodeReference, "Reference", "want a reference as an address or Type/id, have another form")
		return
	}
	if ref.kind == refSearch && !isQuery(text[strings.IndexByte(text, '?')+1:]) {
		r.err(a, CodeReference, "Reference", "want parameters of a search after the type, each with a value, have another form")
		return
	}
	found := r.resolve(a, ref)
	if typ := found.value.Get("resourceType").Text(); typ != "" {
		ref.typ = typ
	}
	r.referenceType(a, ref)
	switch {
	case found.value.Kind() != jsontree.Invalid:
	case ref.kind == refFragment:
		r.err(a, CodeReference, "Reference", "want a contained resource of that id, have none")
	case found.entry != none:
		r.missing(found.bundle, found.entry, a, ref)
	}
	if found.value.Kind() == jsontree.Invalid && r.opts.References != ReferencesInside && (ref.kind == refRelative || ref.kind == refAbsolute && r.in.Find != nil) {
		if _, ok := r.find(text); !ok {
			r.err(a, CodeReference, "Reference", "want a resource at the reference, have none")
		}
	}
}

// referenceType compares Reference.type with the type of what the reference leads
// to, or of what its address names. An absolute type is for logical models only.
// (R4 §2.3.0.1, Reference.type)
func (r *run) referenceType(a at, ref parsedReference) {
	typ := r.f(a).value.Get("type")
	if typ.Kind() == jsontree.String && ref.typ != "" && !typ.EqualText(ref.typ) {
		r.err(a, CodeReference, "Reference", "want the type that the reference leads to, "+ref.typ+", as Reference.type, have another")
	}
}

// isQuery tells the parameters of a conditional reference: names, perhaps with
// modifiers and chains, and values. (R4 §3.1.0.11.2, Conditional References)
func isQuery(query string) bool {
	for parameter := range strings.SplitSeq(query, "&") {
		name, value, ok := strings.Cut(parameter, "=")
		if !ok || name == "" || strings.Contains(value, "=") || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:") != "" {
			return false
		}
	}
	return true
}

func (r *run) find(reference string) (jsontree.Value, bool) {
	if r.in.Find == nil {
		return jsontree.Value{}, false
	}
	return r.in.Find(reference)
}

// referenceTargets checks that a reference leads to what an element allows: by
// type, by profile where the target is in the input, and by where it is.
// (ElementDefinition.type.targetProfile, .aggregation)
func (r *run) referenceTargets(n *node, t *elementType, a at) {
	if len(t.TargetProfiles) == 0 && len(t.Aggregation) == 0 {
		return
	}
	v := r.f(a).value
	text := v.Get("reference").Text()
	declared := v.Get("type").Text()
	typ := ""
	var found resolved
	if text != "" {
		ref := parseReference(text)
		typ = ref.typ
		found = r.resolve(a, ref)
		if found.value.Kind() == jsontree.Object {
			typ = found.value.Get("resourceType").Text()
		}
		r.aggregated(n, t, a, found)
		if found.value.Kind() != jsontree.Object && r.opts.References == ReferencesMustBeType {
			if v, ok := r.find(text); ok && v.Kind() == jsontree.Object {
				found.value, typ = v, v.Get("resourceType").Text()
			}
		}
	}
	if len(t.TargetProfiles) == 0 {
		return
	}
	if declared != "" && !r.targetAllowed(t, lastSegment(declared)) {
		r.err(a, CodeReference, n.p.label, "want "+targetList(t)+" as Reference.type, have another type ("+n.p.label+")")
		if found.value.Kind() != jsontree.Object {
			return
		}
	}
	if typ == "" || r.defs.Type(typ) == nil {
		return
	}
	if !r.targetAllowed(t, typ) {
		r.err(a, CodeReference, n.p.label, "want a reference to "+targetList(t)+", have one to "+typ+" ("+n.p.label+")")
		return
	}
	if found.value.Kind() == jsontree.Object {
		r.targetProfiles(n, t, a, found.value, typ)
	}
}

// aggregated checks that a reference is of a kind that an element allows: what is
// in the Bundle counts as referenced too. (ElementDefinition.type.aggregation)
func (r *run) aggregated(n *node, t *elementType, a at, found resolved) {
	where := found.where
	if found.value.Kind() == jsontree.Invalid {
		where = "referenced"
	}
	if len(t.Aggregation) == 0 || slices.Contains(t.Aggregation, where) || where == "bundled" && slices.Contains(t.Aggregation, "referenced") {
		return
	}
	r.err(a, CodeReference, n.p.label, "want a reference that is "+strings.Join(t.Aggregation, " or ")+", have one that is "+where+" ("+n.p.label+")")
}

// targetAllowed tells whether a reference may lead to a type: one of its target
// profiles is for the type, or is not there to tell.
func (r *run) targetAllowed(t *elementType, typ string) bool {
	for _, url := range t.TargetProfiles {
		st := r.defs.Structure(url)
		name, core := strings.CutPrefix(url, "http://hl7.org/fhir/StructureDefinition/")
		switch {
		case st != nil && r.defs.IsSubtype(typ, st.Type), st == nil && (!core || r.defs.IsSubtype(typ, name)):
			return true
		}
	}
	return false
}

// targetProfiles checks what a reference leads to against the target profiles for
// its type: one of them is enough. (ElementDefinition.type.targetProfile)
func (r *run) targetProfiles(n *node, t *elementType, a at, v jsontree.Value, typ string) {
	var fits []string
	unknown := false
	for _, url := range t.TargetProfiles {
		st := r.defs.Structure(url)
		switch {
		case st == nil:
			unknown = true
			r.err(a, CodeProfileUnknown, safeRule(url), "want the definition of target profile "+safeURL(url)+", have none: not checked ("+n.p.label+")")
		case !r.defs.IsSubtype(typ, st.Type):
		case r.defs.Type(st.Type) == st:
			return
		default:
			fits = append(fits, url)
		}
	}
	target := r.push(a, frame{name: "resolve()", index: -1, value: v, typ: typ})
	defer r.pop(target)
	for _, url := range fits {
		if r.conforms(target, url) {
			return
		}
	}
	if unknown {
		return // it may conform to what is not there
	}
	r.err(a, CodeReference, n.p.label, "want a target that conforms to "+strings.Join(fits, " or ")+", have one that does not ("+n.p.label+")")
}

func targetList(t *elementType) string {
	names := make([]string, len(t.TargetProfiles))
	for i, url := range t.TargetProfiles {
		names[i] = lastSegment(url)
	}
	return strings.Join(names, " or ")
}

func lastSegment(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

// refKind is the form of a reference.
type refKind uint8

const (
	refMalformed refKind = iota
	refFragment          // #id, or # for the container
	refRelative          // Type/id
	refAbsolute          // an address
	refURN               // urn:uuid or urn:oid
	refSearch            // Type?query
)

// parsedReference is the text of a reference taken apart.
type parsedReference struct {
	kind    refKind
	text    string // without version
	typ, id string
	version string
}

// parseReference takes a reference apart. (R4 §2.3.0.1 to .4)
func parseReference(text string) parsedReference {
	ref := parsedReference{text: text}
	if text == "" || hasBlank(text) {
		return ref
	}
	switch {
	case text[0] == '#':
		ref.kind, ref.id = refFragment, text[1:]
		return ref
	case strings.HasPrefix(text, "urn:"):
		ref.kind = refURN
		return ref
	}
	if i := strings.Index(text, "/_history/"); i >= 0 {
		ref.text, ref.version = text[:i], text[i+len("/_history/"):]
	}
	absolute := strings.Contains(text, "://") && isAbsolute(text)
	head, last := cutLast(strings.TrimSuffix(ref.text, "/"))
	server, typ := cutLast(head)
	if isTypeName(typ) && last != "" {
		ref.typ, ref.id = typ, last
		ref.id, _, _ = strings.Cut(ref.id, "?")
		ref.id, _, _ = strings.Cut(ref.id, "#")
	}
	switch {
	case absolute:
		ref.kind = refAbsolute
	case strings.Contains(text, "?") && isTypeName(text[:strings.IndexByte(text, '?')]):
		ref.kind, ref.typ, ref.id = refSearch, text[:strings.IndexByte(text, '?')], ""
	case server == "" && ref.typ != "" && ref.text[0] != '/':
		ref.kind = refRelative
	case isAbsolute(text):
		ref.kind = refAbsolute
	}
	return ref
}

// hasBlank tells a text with white space.
func hasBlank(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' && isPlainSpace(s[i]) {
			return true
		}
	}
	return false
}

// cutLast cuts a path before its last part.
func cutLast(path string) (head, last string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

func isTypeName(s string) bool {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// resolved is where a reference leads inside the input.
type resolved struct {
	value  jsontree.Value // the resource, if it is there
	where  string         // contained, bundled or referenced
	entry  at             // the Bundle entry that the reference stands in, or none
	bundle at
}

// resolve follows a reference inside the input: to contained resources, then to
// the entries of the Bundles around it. (R4 §2.36.4, Resolving references in Bundles)
func (r *run) resolve(a at, ref parsedReference) resolved {
	scope := r.f(a).scope
	root := r.rootOf(scope)
	if ref.kind == refFragment {
		out := resolved{where: "contained", entry: none}
		if ref.id == "" {
			if root != scope { // the container, which only what is contained has
				out.value = r.f(root).value
			}
			return out
		}
		for c := r.f(root).value.Get("contained").First(); c.Kind() != jsontree.Invalid; c = c.Next() {
			if c.Get("id").EqualText(ref.id) {
				out.value = c
				return out
			}
		}
		return out
	}
	out := resolved{where: "referenced", entry: none}
	for e := r.entryAround(root); e != none; e = r.entryAround(r.f(r.f(e).parent).scope) {
		bundle := r.f(e).parent
		if out.entry == none {
			out.entry, out.bundle = e, bundle
		}
		if v, ok := r.inBundle(bundle, e, a, ref); ok {
			out.value, out.where = v, "bundled"
			return out
		}
	}
	if p := r.parametersAround(root); p != none && ref.typ != "" {
		x := r.indexOf(p)
		for _, i := range x.byID[ref.typ+"/"+ref.id] {
			out.value, out.where = x.entry[i].Get("resource"), "bundled"
			return out
		}
	}
	return out
}

// resolveQuietly is resolve without findings.
func (r *run) resolveQuietly(a at, ref parsedReference) resolved {
	r.trial++
	failed := r.failed
	found := r.resolve(a, ref)
	r.trial, r.failed = r.trial-1, failed
	return found
}

// entryAround returns the frame of the Bundle entry that holds the resource of a
// scope, none if it is in no Bundle.
func (r *run) entryAround(scope at) at {
	for a := r.f(scope).parent; a != none; a = r.f(a).parent {
		f := r.f(a)
		if f.name == "entry" && f.parent != none && r.f(f.parent).typ == "Bundle" {
			return a
		}
	}
	return none
}

// parametersAround returns the frame of the Parameters that hold the resource of
// a scope, none if it is in none.
func (r *run) parametersAround(scope at) at {
	for a := r.f(scope).parent; a != none; a = r.f(a).parent {
		if r.f(a).typ == "Parameters" {
			return a
		}
	}
	return none
}

// target returns what the reference of a frame leads to inside the input: of a
// Reference, or of a canonical or uri.
func (r *run) target(a at) jsontree.Value {
	f := r.f(a)
	text := f.value.Get("reference").Text()
	if f.value.Kind() == jsontree.String {
		text = f.value.Text()
	}
	if text == "" {
		return jsontree.Value{}
	}
	if found := r.resolve(a, parseReference(text)); found.value.Kind() != jsontree.Invalid {
		return found.value
	}
	v, _ := r.find(text)
	return v
}
