package check

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// searchParameter checks a SearchParameter: that its expression can be evaluated
// on what it searches, and that it narrows the one it derives from. (R4 §2.28)
func (r *run) searchParameter(a at) {
	v := r.f(a).value
	bases := texts(v.Get("base"))
	text := v.Get("expression")
	if text.Kind() == jsontree.String {
		e := r.child(a, "expression", -1, text, "string")
		if err := r.searches(text.Text(), bases); err != nil {
			r.err(e, CodeDefinition, "SearchParameter.expression", "want FHIRPath that fits the base, have an expression that does not: "+err.Error())
		}
		r.pop(e)
	}
	from := v.Get("derivedFrom").Text()
	if from == "" {
		return
	}
	const rule = "SearchParameter.derivedFrom"
	origin := r.defs.SearchParameter(from)
	if origin == nil {
		r.warn(a, CodeDefinition, rule, "want the search parameter that this one derives from, "+safeURL(from)+", have none: not compared")
		return
	}
	if typ := v.Get("type").Text(); typ != "" && typ != origin.Type {
		r.err(a, CodeDefinition, rule, "want the type of the search parameter that this one derives from, "+origin.Type+", have "+typ)
	}
	for _, b := range bases {
		if !slices.ContainsFunc(origin.Base, func(o string) bool { return r.defs.IsSubtype(b, o) }) {
			r.err(a, CodeDefinition, rule, "want a base of the search parameter that this one derives from, "+strings.Join(origin.Base, " or ")+", have "+b)
		}
	}
	if own := text.Text(); own != "" && origin.Expression != "" && !sameBranches(own, origin.Expression) {
		r.warn(a, CodeDefinition, rule, "want the expression of the search parameter that this one derives from, have another")
	}
}

// searches returns why an expression cannot be evaluated on any of its bases:
// each of the branches of a union must fit one of them at least.
func (r *run) searches(text string, bases []string) error {
	if _, err := fhirpath.Compile(text, &fhirpath.Options{Definitions: r.defs}); err != nil {
		return err
	}
	var known []string
	for _, b := range bases {
		if r.defs.Type(b) != nil {
			known = append(known, b)
		}
	}
	for _, branch := range branches(text) {
		var first error
		fits := len(known) == 0
		for _, b := range known {
			_, err := fhirpath.Compile(branch, &fhirpath.Options{Definitions: r.defs, Type: b, Strict: true})
			if first == nil {
				first = err
			}
			fits = fits || err == nil
		}
		if !fits {
			return first
		}
	}
	return nil
}

// branches cuts an expression at the | that stand outside of parentheses and
// quotes.
func branches(text string) []string {
	var out []string
	depth, begin := 0, 0
	var quote byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"' || c == '`':
			quote = c
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == '|' && depth == 0:
			out = append(out, strings.TrimSpace(text[begin:i]))
			begin = i + 1
		}
	}
	return append(out, strings.TrimSpace(text[begin:]))
}

// sameBranches compares two unions whatever the order of their branches.
func sameBranches(a, b string) bool {
	x, y := branches(a), branches(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// texts returns the strings of a list.
func texts(list jsontree.Value) []string {
	var out []string
	for v := list.First(); v.Kind() != jsontree.Invalid; v = v.Next() {
		out = append(out, v.Text())
	}
	return out
}

// capabilityStatement checks the search parameters that a CapabilityStatement
// lists against their definitions. (CapabilityStatement.rest.resource.searchParam)
func (r *run) capabilityStatement(a at) {
	i := 0
	for rest := r.f(a).value.Get("rest").First(); rest.Kind() != jsontree.Invalid; i, rest = i+1, rest.Next() {
		at := r.child(a, "rest", i, rest, "CapabilityStatement.rest")
		r.listedSearches(at, rest)
		j := 0
		for res := rest.Get("resource").First(); res.Kind() != jsontree.Invalid; j, res = j+1, res.Next() {
			on := r.child(at, "resource", j, res, "CapabilityStatement.rest.resource")
			r.listedSearches(on, res)
			r.pop(on)
		}
		r.pop(at)
	}
}

func (r *run) listedSearches(a at, owner jsontree.Value) {
	i := 0
	for p := owner.Get("searchParam").First(); p.Kind() != jsontree.Invalid; i, p = i+1, p.Next() {
		known := r.defs.SearchParameter(p.Get("definition").Text())
		typ := p.Get("type").Text()
		if known == nil || typ == "" || known.Type == typ {
			continue
		}
		at := r.child(a, "searchParam", i, p, "CapabilityStatement.rest.resource.searchParam")
		r.err(at, CodeDefinition, "CapabilityStatement.rest.resource.searchParam.type", "want the type of the search parameter's definition, "+known.Type+", have "+typ)
		r.pop(at)
	}
}
