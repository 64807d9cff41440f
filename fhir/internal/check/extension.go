package check

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// extension checks an extension: that it is defined, that it may stand where it
// stands, and that it has the content its definition gives it. (R4 §2.4)
func (r *run) extension(n *node, a at) {
	f := r.f(a)
	url := f.value.Get("url").Text()
	inside := f.parent != none && r.f(f.parent).typ == "Extension"
	switch {
	case url == "":
		r.err(a, CodeExtension, "Extension", "want Extension.url to tell which extension it is, have none")
		return
	case !isAbsolute([]byte(url)):
		if inside {
			r.partOfExtension(a, url)
		} else {
			r.err(a, CodeExtension, "Extension", "want an absolute address as url of an extension, have a relative one")
		}
		return
	}
	if bare, version, ok := strings.Cut(url, "|"); ok && version != "" {
		r.err(a, CodeExtension, "Extension", "want the url of an extension without a version, have one with it")
		url = bare
	}
	st := r.defs.Structure(url)
	if st == nil {
		r.unknownExtension(a, url)
		return
	}
	if st.Type != "Extension" {
		r.err(a, CodeExtension, url, "want the definition of an extension at url, have one of "+st.Type)
		return
	}
	r.modifier(a, st)
	r.context(a, st)
	r.profile(a, st)
}

// partOfExtension checks the relative url of an extension in an extension: the
// outer one's definition must know it.
func (r *run) partOfExtension(a at, url string) {
	outer := r.f(r.f(a).parent).value.Get("url").Text()
	st := r.defs.Structure(outer)
	if st == nil {
		return // told of at the outer one
	}
	root := r.program(st).root
	for _, s := range root.slots {
		if s.name != "extension" {
			continue
		}
		for _, sl := range s.slices {
			if r.extensionURL(sl) == url {
				return
			}
		}
	}
	r.err(a, CodeExtension, st.URL, "want a part that extension "+st.URL+" defines, have another")
}

// unknownExtension reports an extension without a definition.
func (r *run) unknownExtension(a at, url string) {
	switch {
	case isExample(url):
	case isOtherVersion(url):
		r.info(a, CodeExtension, "Extension", "want the definition of "+safeURL(url)+", which stands for an element of another version of FHIR, have none: not checked")
	case r.opts.AnyExtension && r.f(a).name != "modifierExtension":
		r.info(a, CodeExtension, "Extension", "want the definition of extension "+safeURL(url)+", have none: not checked")
	default:
		r.err(a, CodeExtension, "Extension", "want the definition of extension "+safeURL(url)+", have none (a package of definitions may be missing)")
	}
}

// isExample tells the addresses that stand for anything: they need no definition.
func isExample(url string) bool {
	for _, domain := range [...]string{"example.org", "acme.com", "nema.org"} {
		if strings.Contains(url, domain) {
			return true
		}
	}
	return strings.HasPrefix(url, "http://hl7.org/fhir/tools/StructureDefinition/") || url == "http://hl7.org/fhir/StructureDefinition/structuredefinition-expression"
}

// isOtherVersion tells the address of an extension that stands for an element of
// another version of FHIR. (R5 §2.1.7.6.7, Extensions for converting between versions)
func isOtherVersion(url string) bool {
	rest, ok := strings.CutPrefix(url, "http://hl7.org/fhir/")
	if !ok {
		return false
	}
	version, rest, _ := strings.Cut(rest, "/")
	switch version {
	case "1.0", "3.0", "4.0", "4.3", "5.0":
		name, ok := strings.CutPrefix(rest, "StructureDefinition/extension-")
		return ok && strings.Contains(name, ".")
	}
	return false
}

// safeURL is an address if it looks like one of a definition: what could carry
// data, as a query does or what is no address, is left out.
func safeURL(url string) string {
	if !isSafeURL(url) {
		return "with that url"
	}
	return url
}

func isSafeURL(url string) bool {
	return len(url) <= 200 && isAbsolute([]byte(url)) && !strings.ContainsAny(url, "?#\"<> ") && uriFault("uri", []byte(url)) == ""
}

// safeRule is an address as the rule of a finding, empty where safeURL leaves it out.
func safeRule(url string) string {
	if !isSafeURL(url) {
		return ""
	}
	return url
}

// because tells a reason without what could carry data.
func because(reason fhirdef.Reason) string {
	reason.Subject = safeURL(reason.Subject)
	if reason.Kind == fhirdef.VersionNotHeld && !isSafeURL(reason.Detail) {
		reason.Detail = "asked for"
	}
	return reason.String()
}

// modifier checks that an extension that changes meaning stands as one, and that
// others do not. (R4 §2.4.0.1)
func (r *run) modifier(a at, st *fhirdef.Structure) {
	is := len(st.Elements) > 0 && st.Elements[0].IsModifier
	as := r.f(a).name == "modifierExtension"
	switch {
	case is && !as:
		r.err(a, CodeExtension, st.URL, "want a modifierExtension, for "+st.URL+" changes the meaning, have extension")
	case !is && as:
		r.err(a, CodeExtension, st.URL, "want an extension, for "+st.URL+" does not change the meaning, have modifierExtension")
	}
}

// context checks where an extension stands. (StructureDefinition.context)
func (r *run) context(a at, st *fhirdef.Structure) {
	if len(st.Context) == 0 {
		return
	}
	owner := r.f(a).parent
	if owner == none {
		return
	}
	allowed := make([]string, 0, len(st.Context))
	for _, c := range st.Context {
		ok := false
		switch c.Type {
		case "extension":
			ok = r.insideExtension(owner, c.Expression)
		case "fhirpath":
			ok = r.contextExpression(owner, c.Expression)
		default:
			ok = r.isElement(owner, c.Expression)
		}
		ok = ok || c.Type == "fhirpath" && r.isElement(owner, c.Expression) // a plain path is one of FHIRPath too
		if ok {
			r.contextInvariants(owner, st)
			return
		}
		allowed = append(allowed, c.Expression)
	}
	r.report(finding{severity: issue.Error, code: CodeExtension, rule: st.URL, at: owner, value: r.f(a).value,
		message: "want extension " + st.URL + " at " + strings.Join(allowed, " or ") + ", have it at " + r.elementPath(owner)})
}

// insideExtension tells whether a frame is the extension of a url, or what it holds.
func (r *run) insideExtension(a at, url string) bool {
	for ; a != none && r.f(a).scope != a; a = r.f(a).parent {
		if f := r.f(a); f.typ == "Extension" {
			return f.value.Get("url").EqualText(url)
		}
	}
	return false
}

// isElement tells whether a frame is what an element context names: a type, or a
// path from a type. (R4 §5.1.0.4: StructureDefinition.context)
func (r *run) isElement(a at, expression string) bool {
	expression = strings.ReplaceAll(expression, "[x]", "")
	if _, id, ok := strings.Cut(expression, "#"); ok {
		expression = id // the element of a profile: its path decides
	}
	if expression == "Element" || expression == "Base" {
		return true
	}
	suffix := ""
	for {
		f := r.f(a)
		if r.isTypeWith(f.typ, expression, suffix) {
			return true
		}
		if f.parent == none || f.scope == a {
			return false
		}
		suffix = "." + f.name + suffix
		a = f.parent
	}
}

// isTypeWith tells whether expression is typ, or one of its bases, with suffix.
func (r *run) isTypeWith(typ, expression, suffix string) bool {
	name, ok := strings.CutSuffix(expression, suffix)
	if !ok || name == "" {
		return false
	}
	if name == typ {
		return true
	}
	if strings.Contains(typ, ".") { // a backbone element
		return name == "BackboneElement" || name == "Element"
	}
	return r.defs.IsSubtype(typ, name) || name == "CanonicalResource" && r.isCanonicalResource(typ) || name == "MetadataResource" && r.isCanonicalResource(typ)
}

// isCanonicalResource tells the types that have a canonical URL of their own.
func (r *run) isCanonicalResource(typ string) bool {
	p := r.typeProgram(typ)
	if p == nil {
		return false
	}
	_, url := p.root.names["url"]
	_, status := p.root.names["status"]
	return url && status
}

// elementPath is where a frame stands in its resource, without indexes.
func (r *run) elementPath(a at) string {
	f := r.f(a)
	if f.scope == a || f.parent == none {
		return f.typ
	}
	return r.elementPath(f.parent) + "." + f.name
}

// contextExpression evaluates a context in FHIRPath over the resource: the frame
// must be among what it selects.
func (r *run) contextExpression(a at, text string) bool {
	x, err := r.expression(text)
	if err != nil {
		return true // no reason to refuse
	}
	scope := r.f(a).scope
	list, err := x.Eval(r.input(scope))
	if err != nil {
		return true
	}
	f := r.f(a)
	for _, item := range list {
		if n, ok := item.Node(); ok && sameValue(n.Value(), f.value) && sameValue(n.Companion(), f.companion) {
			return true
		}
	}
	return false
}

func sameValue(a, b jsontree.Value) bool {
	if a.Kind() == jsontree.Invalid || b.Kind() == jsontree.Invalid {
		return a.Kind() == b.Kind()
	}
	return a.Offset() == b.Offset()
}

// contextInvariants evaluates what must hold of the element that an extension
// stands on. (StructureDefinition.contextInvariant)
func (r *run) contextInvariants(a at, st *fhirdef.Structure) {
	for _, text := range st.ContextInvariant {
		x, err := r.expression(text)
		if err != nil {
			continue
		}
		if ok, err := x.Test(r.input(a)); err == nil && !ok {
			r.err(a, CodeExtension, st.URL, "want the context invariant of extension "+st.URL+" to hold, have it broken: "+text)
		}
	}
}
