package dataset

import (
	"regexp"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// combined writes the keywords that apply other schemas to the same value.
func (w *schemaWriter) combined(s *jsonschema.Schema, n *schemaNode, keep func(string) bool) {
	var refs []*jsonschema.Schema
	for _, r := range []*jsonschema.Schema{s.Ref, s.RecursiveRef, s.DynamicRef} {
		if r != nil && keep("$ref") {
			refs = append(refs, r)
		}
	}
	if len(refs) > 0 {
		w.ref(refs[0])
		refs = refs[1:]
	}
	if keep("allOf") {
		refs = append(refs, s.AllOf...)
	}
	w.list("allOf", refs, func(string) bool { return true })
	w.list("anyOf", s.AnyOf, keep)
	w.list("oneOf", s.OneOf, keep)
	w.member("not", s.Not, keep)
	if s.If != nil && keep("if") {
		w.member("if", s.If, keep)
		w.member("then", s.Then, func(string) bool { return true })
		w.member("else", s.Else, func(string) bool { return true })
	}
	w.member("unevaluatedProperties", s.UnevaluatedProperties, keep)
	w.member("unevaluatedItems", s.UnevaluatedItems, keep)
}

// wholeMatch returns an expression that matches a whole text where p is found in
// it.
func wholeMatch(p *regexp.Regexp) string { return `(?s:.*)(?:` + p.String() + `)(?s:.*)` }
