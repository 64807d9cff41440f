package dataset

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirpath"
)

// call finds the type of what a function returns.
func (p *pathTyper) call(t *fhirpath.Term, this pathStatic) pathStatic {
	on := p.visit(t.On, this)
	switch t.Name {
	case "where", "exclude", "intersect", "sort", "distinct", "trace", "skip", "tail", "take":
		return p.some(t, on)
	case "first", "last", "single":
		on.list, on.soft = false, false
		return on
	case "ofType", "as":
		if len(t.Args) == 1 {
			return p.narrow(on, pathTypeName(t.Args[0]))
		}
	case "extension":
		if len(t.Args) == 1 {
			url, _ := t.Args[0].Value.Text()
			return p.extension(on, url)
		}
	case "select":
		if len(t.Args) == 1 {
			out := p.visit(t.Args[0], on)
			out.list = out.list || on.list
			return out
		}
	case "union", "combine":
		if len(t.Args) == 1 {
			return p.union(on, p.visit(t.Args[0], this))
		}
	case "iif":
		return p.choose(t, on)
	case "coalesce":
		if len(t.Args) > 0 {
			out := p.visit(t.Args[0], this)
			out.required = false
			return out
		}
	case "getResourceKey":
		return pathValue("string", true)
	case "getReferenceKey":
		out := pathValue("string", false)
		out.list, out.soft = on.list, on.soft
		return out
	case "lowBoundary", "highBoundary", "abs":
		return pathValue(on.typ(), false)
	}
	if typ, always, ok := pathResult(t.Name); ok {
		return pathValue(typ, always || on.required)
	}
	return pathStatic{list: true}
}

// some is the result of functions that keep part of what is before them.
func (p *pathTyper) some(t *fhirpath.Term, on pathStatic) pathStatic {
	switch t.Name {
	case "distinct", "trace", "sort":
		return on
	case "where":
		if len(t.Args) == 1 {
			p.visit(t.Args[0], on) // names that no type has are told
		}
		on.soft = on.list
	case "take":
		if n, ok := t.Args[0].Value.Int(); len(t.Args) == 1 && ok && n == 1 {
			on.list, on.soft = false, false
		}
	}
	on.required = false
	return on
}

// choose is the type of iif(): that of both results if they agree.
func (p *pathTyper) choose(t *fhirpath.Term, on pathStatic) pathStatic {
	if len(t.Args) < 2 {
		return pathStatic{}
	}
	out := p.visit(t.Args[1], on)
	if len(t.Args) == 2 {
		out.required = false
		return out
	}
	other := p.visit(t.Args[2], on)
	if t.Args[2].Kind == fhirpath.TermEmpty {
		out.required = false
		return out
	}
	if out.typ() == "" || out.typ() != other.typ() {
		return pathStatic{list: out.list || other.list}
	}
	out.list, out.soft = out.list || other.list, out.soft || other.soft
	out.required = out.required && other.required
	return out
}

// extension goes to the extensions with a url: the slice of a profile, or what
// the definition of the extension says.
func (p *pathTyper) extension(on pathStatic, url string) pathStatic {
	out := pathStatic{list: true, soft: true}
	a := pathAt{typ: "Extension"}
	for _, x := range on.at {
		list := p.b.member(x.n, "extension")
		if list == nil {
			continue
		}
		for _, s := range list.slices {
			if p.b.extensionURL(s) != url {
				continue
			}
			a.n, a.e = s, s.e
			out.list = on.list || s.e.Max != 1
			out.soft = out.list && !on.list
			out.required = on.required && s.e.Min > 0
		}
	}
	if a.n == nil && url != "" {
		if t := p.b.treeOfProfile(p.b.defs.Structure(url)); t != nil {
			a.n, a.e = t.root, t.root.e
		}
	}
	if a.e == nil {
		if s := p.b.defs.Shape("Extension"); s != nil {
			a.e = s.Element
		}
	}
	out.at = []pathAt{a}
	return out
}

// pathTypeName is the type that the argument of ofType() names.
func pathTypeName(t *fhirpath.Term) string {
	switch {
	case t.Kind == fhirpath.TermMember && t.On != nil:
		return pathTypeName(t.On) + "." + t.Name
	case t.Kind == fhirpath.TermMember || t.Kind == fhirpath.TermType:
		return t.Name
	case t.Kind == fhirpath.TermLiteral:
		s, _ := t.Value.Text()
		return s
	}
	return t.Name
}

// pathResult is the type of what a function returns whatever it is called on, and
// whether it always returns something.
func pathResult(name string) (typ string, always, ok bool) {
	switch name {
	case "exists", "empty", "all", "allTrue", "anyTrue", "allFalse", "anyFalse", "subsetOf", "supersetOf", "isDistinct", "hasValue":
		return "boolean", true, true
	case "not", "is", "contains", "startsWith", "endsWith", "matches", "matchesFull", "conformsTo", "memberOf", "subsumes", "subsumedBy",
		"htmlChecks", "toBoolean", "convertsToBoolean", "convertsToInteger", "convertsToDecimal", "convertsToString", "convertsToDate",
		"convertsToDateTime", "convertsToTime", "convertsToQuantity", "comparable":
		return "boolean", false, true
	case "count":
		return "integer", true, true
	case "length", "indexOf", "lastIndexOf", "toInteger", "ceiling", "floor", "truncate", "yearOf", "monthOf", "dayOf", "precision":
		return "integer", false, true
	case "join":
		return "string", true, true
	case "toString", "upper", "lower", "replace", "replaceMatches", "substring", "trim", "encode", "decode", "escape", "unescape":
		return "string", false, true
	case "toDecimal", "round", "sqrt", "ln", "log", "exp", "power":
		return "decimal", false, true
	case "toDate", "today":
		return "date", false, true
	case "toDateTime", "now":
		return "dateTime", false, true
	case "toTime", "timeOfDay":
		return "time", false, true
	case "toQuantity":
		return "Quantity", false, true
	}
	return "", false, false
}

// parsePath reads a path; typed arguments of getReferenceKey are ordinary names
// to it.
func parsePath(src string) (*fhirpath.Term, error) {
	return fhirpath.Parse(strings.TrimSpace(src))
}
