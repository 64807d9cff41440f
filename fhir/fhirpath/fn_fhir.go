package fhirpath

import (
	"errors"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// fhirFunctions are those that FHIR adds (R4 §2.1.9.1.5) and two of SQL on FHIR.
var fhirFunctions = [...]function{
	{name: "extension", least: 1, most: 1, eval: fnExtension},
	{name: "hasExtension", least: 1, most: 1, gives: "Boolean", eval: fnHasExtension},
	{name: "hasValue", gives: "Boolean", eval: fnHasValue},
	{name: "getValue", eval: fnGetValue},
	{name: "resolve", eval: fnResolve},
	{name: "conformsTo", least: 1, most: 1, gives: "Boolean", eval: fnConformsTo},
	{name: "memberOf", least: 1, most: 1, gives: "Boolean", eval: fnMemberOf},
	{name: "subsumes", least: 1, most: 1, gives: "Boolean", eval: fnSubsumes},
	{name: "subsumedBy", least: 1, most: 1, gives: "Boolean", eval: fnSubsumes},
	{name: "htmlChecks", gives: "Boolean", eval: fnHTML},
	{name: "getResourceKey", gives: "String", eval: fnResourceKey},
	{name: "getReferenceKey", most: 1, typed: true, gives: "String", eval: fnReferenceKey},
}

// extensions calls f for every extension of an item with a URL.
func (m *machine) extensions(it *Item, url string, f func(v jsontree.Value)) {
	if it.kind != kindNode {
		return
	}
	holder := it.node.value
	if holder.Kind() != jsontree.Object {
		holder = it.node.companion
	}
	for x := holder.Get("extension").First(); x.Kind() != jsontree.Invalid; x = x.Next() {
		if x.Get("url").EqualText(url) {
			f(x)
		}
	}
}

func fnExtension(m *machine, e *callExpr, in []Item) error {
	url, ok, err := m.text(e, 0)
	if err != nil || !ok {
		return err
	}
	shape := m.defs.Shape("Extension")
	for i := range in {
		m.extensions(&in[i], url, func(v jsontree.Value) { m.pushElement(v, jsontree.Value{}, shape) })
	}
	return nil
}

func fnHasExtension(m *machine, e *callExpr, in []Item) error {
	url, ok, err := m.text(e, 0)
	if err != nil || !ok {
		return err
	}
	found := false
	for i := range in {
		m.extensions(&in[i], url, func(jsontree.Value) { found = true })
	}
	m.push(Bool(found))
	return nil
}

func fnHasValue(m *machine, _ *callExpr, in []Item) error {
	m.push(Bool(len(in) == 1 && (in[0].kind != kindNode || in[0].node.hasValue())))
	return nil
}

func fnGetValue(m *machine, _ *callExpr, in []Item) error {
	if len(in) == 1 && (in[0].kind != kindNode || in[0].node.hasValue()) {
		m.push(in[0].system())
	}
	return nil
}

// reference returns the text that a Reference, or an element of type uri or
// canonical, leads by.
func reference(it *Item) string {
	if it.kind == kindNode && it.node.value.Kind() == jsontree.Object {
		return textOf(it.node.value.Get("reference"))
	}
	s, _ := textValue(it)
	return s
}

func fnResolve(m *machine, _ *callExpr, in []Item) error {
	for i := range in {
		ref := reference(&in[i])
		if ref == "" {
			continue
		}
		var n Node
		var ok bool
		if m.in.Resolve != nil {
			n, ok = m.in.Resolve(ref, in[i].node)
		} else {
			n, ok = m.resolve(ref)
		}
		if ok {
			if err := m.pushNode(n); err != nil {
				return err
			}
		}
		if err := m.tick(1); err != nil {
			return err
		}
	}
	return nil
}

// resolve looks among contained resources and the entries of a Bundle.
func (m *machine) resolve(ref string) (Node, bool) {
	if id, ok := strings.CutPrefix(ref, "#"); ok {
		for _, holder := range [...]Node{m.resourceNode(), m.rootNode()} {
			if id == "" {
				return m.rootNode(), true
			}
			for c := holder.value.Get("contained").First(); c.Kind() != jsontree.Invalid; c = c.Next() {
				if c.Get("id").EqualText(id) {
					return ResourceNode(c), true
				}
			}
		}
		return Node{}, false
	}
	if cut := strings.Index(ref, "/_history/"); cut > 0 {
		ref = ref[:cut]
	}
	for x := m.rootNode().value.Get("entry").First(); x.Kind() != jsontree.Invalid; x = x.Next() {
		m.steps++
		full, r := x.Get("fullUrl"), x.Get("resource")
		if full.EqualText(ref) || strings.HasSuffix(textOf(full), "/"+ref) || full.Kind() == jsontree.Invalid && isAt(r, ref) {
			return ResourceNode(r), true
		}
	}
	return Node{}, false
}

// isAt reports whether a resource is what a relative reference Type/id means.
func isAt(r jsontree.Value, ref string) bool {
	typ, id, ok := strings.Cut(ref, "/")
	return ok && r.Get("resourceType").EqualText(typ) && r.Get("id").EqualText(id)
}

var errNoConforms = errors.New("want Input.ConformsTo")

func fnConformsTo(m *machine, e *callExpr, in []Item) error {
	profile, ok, err := m.text(e, 0)
	if err != nil || !ok || len(in) == 0 {
		return err
	}
	if len(in) > 1 || in[0].kind != kindNode {
		return fail(e.offset, "conformsTo(): want a single element")
	}
	if m.in.ConformsTo == nil {
		return &EvalError{Offset: e.offset, Message: "conformsTo()", Err: errNoConforms}
	}
	conforms, err := m.in.ConformsTo(in[0].node, profile)
	if err != nil {
		return &EvalError{Offset: e.offset, Message: "conformsTo()", Err: err}
	}
	m.push(Bool(conforms))
	return nil
}

// codings calls f with system and code of a code, Coding or CodeableConcept.
func codings(it *Item, f func(system, code string)) {
	if s, ok := textValue(it); ok {
		f("", s)
		return
	}
	v := it.node.value
	if v.Kind() != jsontree.Object {
		return
	}
	list := v.Get("coding")
	if list.Kind() == jsontree.Invalid {
		f(textOf(v.Get("system")), textOf(v.Get("code")))
		return
	}
	for c := list.First(); c.Kind() != jsontree.Invalid; c = c.Next() {
		f(textOf(c.Get("system")), textOf(c.Get("code")))
	}
}

// fnMemberOf gives nothing where the value set cannot be told from here.
func fnMemberOf(m *machine, e *callExpr, in []Item) error {
	url, ok, err := m.text(e, 0)
	if err != nil || !ok || len(in) == 0 {
		return err
	}
	if len(in) > 1 {
		return fail(e.offset, "memberOf(): want a single item, have %d", len(in))
	}
	answer := fhirdef.Out
	codings(&in[0], func(system, code string) {
		switch got := m.defs.ValidateCode(url, system, code).Membership; {
		case got == fhirdef.In:
			answer = got
		case got == fhirdef.Unknown && answer == fhirdef.Out:
			answer = got
		}
	})
	if answer != fhirdef.Unknown {
		m.push(Bool(answer == fhirdef.In))
	}
	return nil
}

// fnSubsumes is subsumes() and subsumedBy() on code systems at hand.
func fnSubsumes(m *machine, e *callExpr, in []Item) error {
	other, lo, err := m.argument(e, 0)
	if err != nil {
		return err
	}
	m.drop(lo)
	if len(in) == 0 || len(other) == 0 {
		return nil
	}
	if len(in) > 1 || len(other) > 1 {
		return fail(e.offset, "%s(): want single codes", e.fn.name)
	}
	a, b := &in[0], &other[0]
	if e.fn.name == "subsumedBy" {
		a, b = b, a
	}
	answer := fhirdef.Out
	codings(a, func(system, code string) {
		codings(b, func(system2, code2 string) {
			if system != system2 || answer == fhirdef.In {
				return
			}
			if code == code2 {
				answer = fhirdef.In
			} else if got := m.defs.Subsumes(system, code, code2); got != fhirdef.Out {
				answer = got
			}
		})
	})
	if answer != fhirdef.Unknown {
		m.push(Bool(answer == fhirdef.In))
	}
	return nil
}

func fnHTML(m *machine, _ *callExpr, in []Item) error {
	ok := true
	for i := range in {
		if s, is := textValue(&in[i]); is {
			ok = ok && narrativeAllowed(s)
		}
	}
	m.push(Bool(ok))
	return nil
}

// fnResourceKey gives the id of a resource, which tables are joined on.
func fnResourceKey(m *machine, _ *callExpr, in []Item) error {
	for i := range in {
		if in[i].kind != kindNode {
			continue
		}
		if id := in[i].node.value.Get("id"); id.Kind() == jsontree.String {
			m.push(Text(textOf(id)))
		}
	}
	return nil
}

// fnReferenceKey gives the id that a reference leads to, if its type is the one
// asked for.
func fnReferenceKey(m *machine, e *callExpr, in []Item) error {
	for i := range in {
		ref := reference(&in[i])
		if cut := strings.Index(ref, "/_history/"); cut > 0 {
			ref = ref[:cut]
		}
		at := strings.LastIndexByte(ref, '/')
		if ref == "" || at < 0 && (ref[0] == '#' || e.spec.fhir != "") {
			continue
		}
		typ := ref[:max(at, 0)]
		typ = typ[strings.LastIndexByte(typ, '/')+1:]
		if e.spec.fhir == "" || typ == e.spec.fhir {
			m.push(Text(ref[at+1:]))
		}
	}
	return nil
}
