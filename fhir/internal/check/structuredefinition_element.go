package check

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// elements checks the elements of a differential or snapshot one by one.
func (d *definition) elements(list at, snapshot bool) {
	root := d.typ[strings.LastIndexByte(d.typ, '/')+1:]
	i := 0
	for e := d.f(list).value.Get("element").First(); e.Kind() != jsontree.Invalid; i, e = i+1, e.Next() {
		a := d.child(list, "element", i, e, "ElementDefinition")
		path := e.Get("path").Text()
		first, _, below := strings.Cut(path, ".")
		if first != "" && root != "" && first != root {
			d.err(a, CodeDefinition, "ElementDefinition.path", "want a path that starts with the type of the structure, "+root+", have "+path)
		}
		if !below && !snapshot && e.Get("slicing").Kind() == jsontree.Object {
			d.err(a, CodeDefinition, "ElementDefinition.slicing", "want no slicing at the root of a structure, have one")
			d.noSnapshot(path, "slicing at the root")
		}
		d.element(a, e, path, snapshot)
		d.pop(a)
	}
	if !snapshot {
		d.mustSupport(list)
	}
}

// element checks one ElementDefinition by itself.
func (d *definition) element(a at, e jsontree.Value, path string, snapshot bool) {
	types := d.types(a, e, path)
	if len(types) > 0 {
		d.characteristics(a, e, types)
	}
	if snapshot && len(types) > 0 && strings.Contains(path, ".") {
		d.literals(a, e, types)
	}
	d.bindingSet(a, e)
	if !snapshot {
		d.discriminators(a, e)
	}
	i := 0
	for c := e.Get("constraint").First(); c.Kind() != jsontree.Invalid; i, c = i+1, c.Next() {
		at := d.child(a, "constraint", i, c, "ElementDefinition.constraint")
		d.invariant(at, c, path)
		d.pop(at)
	}
}

// types checks the types of an element and returns their names.
func (d *definition) types(a at, e jsontree.Value, path string) []string {
	var names []string
	i := 0
	for t := e.Get("type").First(); t.Kind() != jsontree.Invalid; i, t = i+1, t.Next() {
		code := typeCode(t)
		if code == "" {
			continue
		}
		names = append(names, code)
		at := d.child(a, "type", i, t, "ElementDefinition.type")
		d.typeProfilesFit(at, t, code, path)
		d.pop(at)
	}
	return names
}

// typeCode is the name of a type: what it says of FHIR's types before the code.
func typeCode(t jsontree.Value) string {
	for x := t.Get("extension").First(); x.Kind() != jsontree.Invalid; x = x.Next() {
		if x.Get("url").EqualText("http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type") {
			if v := x.Get("valueUrl").Text() + x.Get("valueUri").Text(); v != "" {
				return v
			}
		}
	}
	return t.Get("code").Text()
}

// typeProfilesFit checks that profiles are for the type, and target profiles for
// what a reference can lead to. (ElementDefinition.type.profile, .targetProfile)
func (d *definition) typeProfilesFit(a at, t jsontree.Value, code, path string) {
	i := 0
	for p := t.Get("profile").First(); p.Kind() != jsontree.Invalid; i, p = i+1, p.Next() {
		at := d.child(a, "profile", i, p, "canonical")
		d.typeProfile(at, p.Text(), code, path)
		d.pop(at)
	}
	i = 0
	for p := t.Get("targetProfile").First(); p.Kind() != jsontree.Invalid; i, p = i+1, p.Next() {
		at := d.child(a, "targetProfile", i, p, "canonical")
		url := p.Text()
		st := d.defs.Structure(url)
		switch {
		case url == "":
		case code != "Reference" && code != "canonical" && code != "CodeableReference":
			d.err(at, CodeDefinition, "ElementDefinition.type.targetProfile", "want a target profile of a Reference or canonical, have one of "+code)
		case st == nil:
			d.profileUnknown(at, url)
		case st.Kind != "resource" && st.Kind != "logical":
			d.err(at, CodeDefinition, "ElementDefinition.type.targetProfile", "want a profile of a resource as target, have one of "+st.Type)
		}
		d.pop(at)
	}
}

func (d *definition) profileUnknown(a at, url string) {
	if url == d.url || strings.HasPrefix(url, "#") || isExample(url) {
		return
	}
	d.warn(a, CodeDefinition, "ElementDefinition.type", "want the definition of profile "+safeURL(url)+", have none: not checked")
}

// typeProfile checks one profile of a type.
func (d *definition) typeProfile(a at, url, code, path string) {
	if url == "" {
		return
	}
	st, _ := d.profileNode(url)
	switch {
	case st == nil:
		d.profileUnknown(a, url)
	case strings.Contains(url, "#"): // an element of a profile
	case st.Type != code && st.URL != code && !(d.defs.Abstract(code) && d.defs.IsSubtype(st.Type, code)):
		d.err(a, CodeDefinition, "ElementDefinition.type.profile", "want a profile of "+code+" for "+path+", have one of "+st.Type)
	case code == "Extension" && len(st.Elements) > 0:
		modifier := st.Elements[0].IsModifier
		switch {
		case modifier && strings.HasSuffix(path, ".extension"):
			d.err(a, CodeDefinition, st.URL, "want an extension that does not change the meaning at "+path+", have a modifier extension")
		case !modifier && strings.HasSuffix(path, ".modifierExtension"):
			d.err(a, CodeDefinition, st.URL, "want a modifier extension at "+path+", have one that does not change the meaning")
		}
	}
}

// characteristics checks that what an element says can be said of one of its
// types at least: a binding of what is coded, a length of text, a range of what
// has an order.
func (d *definition) characteristics(a at, e jsontree.Value, types []string) {
	for _, x := range [...]struct {
		name string
		can  func(string) bool
	}{{"binding", d.coded}, {"maxLength", d.long}, {"minValue", d.ordered}, {"maxValue", d.ordered}} {
		if !mentions(e, x.name) {
			continue
		}
		able := false
		for _, t := range types {
			able = able || x.can(t) || d.defs.Type(t) == nil && !strings.HasPrefix(t, "http://hl7.org/fhirpath/")
		}
		if !able {
			d.err(a, CodeDefinition, "ElementDefinition."+x.name, "want "+x.name+" on a type that can have it, have it on "+strings.Join(types, ", "))
		}
	}
}

// mentions tells whether an element says something, a choice by its name without the type.
func mentions(v jsontree.Value, name string) bool {
	choice := strings.HasSuffix(name, "Value")
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		if m.KeyIs(name) || choice && strings.HasPrefix(m.Key(), name) {
			return true
		}
	}
	return false
}

func (d *definition) coded(typ string) bool {
	switch typ {
	case "Coding", "CodeableConcept", "CodeableReference", "Quantity", "Extension", "http://hl7.org/fhirpath/System.String", "Element":
		return true
	}
	return d.long(typ) || d.defs.IsSubtype(typ, "Quantity")
}

func (d *definition) long(typ string) bool {
	switch typ {
	case "string", "uri", "base64Binary", "http://hl7.org/fhirpath/System.String":
		return true
	}
	return d.defs.IsSubtype(typ, "string") || d.defs.IsSubtype(typ, "uri")
}

func (d *definition) ordered(typ string) bool {
	switch typ {
	case "date", "dateTime", "instant", "time", "decimal", "integer", "integer64", "Quantity":
		return true
	}
	return d.defs.IsSubtype(typ, "integer") || d.defs.IsSubtype(typ, "Quantity") || strings.HasPrefix(typ, "http://hl7.org/fhirpath/System.")
}

// literals checks that fixed and default values and patterns are of a type of
// the element. (ElementDefinition.fixed[x], .pattern[x], .defaultValue[x])
func (d *definition) literals(a at, e jsontree.Value, types []string) {
	for m := e.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		key := m.Key()
		for _, name := range [...]string{"defaultValue", "fixed", "pattern"} {
			suffix, ok := strings.CutPrefix(key, name)
			if !ok || suffix == "" {
				continue
			}
			fits := false
			for _, t := range types {
				tail := t[strings.LastIndexAny(t, "/.")+1:]
				fits = fits || strings.EqualFold(tail, suffix) || d.defs.Type(t) == nil || d.constrains(t, suffix)
			}
			if !fits {
				at := d.push(a, frame{name: name, choice: suffix, value: m, index: -1})
				d.err(at, CodeDefinition, "ElementDefinition."+name, "want "+name+" of type "+strings.Join(types, " or ")+", have "+suffix)
				d.pop(at)
			}
		}
	}
}

// constrains tells whether a value may be written as another type: a kind of
// Quantity as Quantity.
func (d *definition) constrains(typ, suffix string) bool {
	return suffix == "Quantity" && d.defs.IsSubtype(typ, "Quantity")
}

// bindingSet checks that the value set of a binding is one.
func (d *definition) bindingSet(a at, e jsontree.Value) {
	b := e.Get("binding")
	url := b.Get("valueSet").Text()
	if url == "" || url[0] == '#' || d.defs.ValueSet(url) != nil || isExample(url) {
		return
	}
	at := d.child(a, "binding", -1, b, "ElementDefinition.binding")
	defer d.pop(at)
	if d.defs.Structure(url) != nil || d.defs.CodeSystem(url) != nil {
		d.err(at, CodeDefinition, "ElementDefinition.binding.valueSet", "want a value set as binding, have a definition of another kind")
		return
	}
	d.warn(at, CodeDefinition, "ElementDefinition.binding.valueSet", "want the value set "+safeURL(url)+", have none")
}

// invariant checks one constraint: one key means one expression, and those that
// the structure itself brings compile. (ElementDefinition.constraint)
func (d *definition) invariant(a at, c jsontree.Value, path string) {
	key, text := c.Get("key").Text(), c.Get("expression").Text()
	if key == "" || text == "" {
		return
	}
	if have, ok := d.invariants[key]; !ok {
		d.invariants[key] = text
	} else if have != text && key != "ele-1" {
		d.err(a, CodeDefinition, "ElementDefinition.constraint.key", "want one expression for key "+key+" in a structure, have several")
	}
	if source := c.Get("source").Text(); source != "" && source != d.url {
		return // checked where it comes from
	}
	if _, err := fhirpath.Compile(text, &fhirpath.Options{Definitions: d.defs, Type: path}); err != nil {
		d.err(a, CodeDefinition, "ElementDefinition.constraint.expression", "want constraint "+key+" in FHIRPath, have an expression that does not compile: "+err.Error())
	}
}
