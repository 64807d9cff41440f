package dataset

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// slicePlace is where a discriminator leads in the definition of a slice.
type slicePlace struct {
	n     *fhirNode // nil where the definition says nothing of the place
	typ   string    // type to ask for members of which n has none
	steps []string  // names in JSON
	// literal is the pattern of an element on the way, or of an extension, that
	// decides already; steps lead to it.
	literal Literal
}

// maxDiscriminatorSteps bounds a discriminator's path.
const maxDiscriminatorSteps = 16

// follow goes along the path of a discriminator; false where it leaves the record.
func (b *fhirBuilder) follow(at slicePlace, path, kind string) (slicePlace, bool) {
	parts := discriminatorSteps(path)
	if len(parts) > maxDiscriminatorSteps {
		return at, false
	}
	for i, part := range parts {
		if lit := fixedOrPattern(at.n); lit != nil && (kind == "value" || kind == "pattern") {
			if literalHas(lit.Value, parts[i:]) {
				at.literal = compactLiteral(lit.Value)
				return at, true
			}
		}
		name, arg, call := strings.Cut(strings.TrimSuffix(part, ")"), "(")
		switch {
		case part == "$this" || part == "":
		case call && name == "extension":
			return b.followExtension(at, strings.Trim(arg, `'"`), parts[i+1:])
		case call && (name == "ofType" || name == "as"):
			if at.n != nil && len(at.steps) > 0 && at.n.choice {
				at.steps[len(at.steps)-1] = at.n.name + upperFirst(arg)
				at.typ = arg
				if s := choiceSlice(at.n, arg); s != nil {
					at.n = s
				}
			}
		case call:
			return at, false
		default:
			at = b.step(at, part)
			if at.n == nil && at.typ == "" {
				return at, true
			}
		}
	}
	return at, true
}

// discriminatorSteps cuts a path at its points outside of texts and brackets.
func discriminatorSteps(path string) []string {
	var out []string
	start, quoted := 0, false
	for i := range len(path) {
		switch path[i] {
		case '\'':
			quoted = !quoted
		case '.':
			if !quoted {
				out = append(out, path[start:i])
				start = i + 1
			}
		}
	}
	return append(out, path[start:])
}

// step goes to a member: of the definition itself, or else of its profile, or
// of its type.
func (b *fhirBuilder) step(at slicePlace, name string) slicePlace {
	c := b.member(at.n, name)
	if c == nil {
		if shape := b.defs.Shape(at.typ); shape != nil {
			if t := b.tree(shape.Structure); t != nil {
				c = t.byPath[shape.Element.Path].child(name)
			}
		}
	}
	if c == nil {
		return slicePlace{steps: at.steps}
	}
	next := slicePlace{n: c, steps: append(slices.Clone(at.steps), name)}
	if len(c.e.Types) > 0 {
		next.typ = c.e.Types[0].Name()
		if len(c.children) > 0 && b.defs.Kind(next.typ) == "complex-type" && b.defs.Abstract(next.typ) {
			next.typ = ""
		}
	}
	if c.choice {
		switch lit := fixedOrPattern(c); {
		case lit != nil:
			next.steps[len(next.steps)-1] = name + upperFirst(lit.Type)
		case len(c.e.Types) == 1:
			next.steps[len(next.steps)-1] = name + upperFirst(c.e.Types[0].Name())
		}
	}
	return next
}

// member returns the child of a node, or of the profile that its type names.
func (b *fhirBuilder) member(n *fhirNode, name string) *fhirNode {
	if n == nil {
		return nil
	}
	if c := n.child(name); c != nil || len(n.children) > 0 {
		return c
	}
	if len(n.e.Types) > 0 && len(n.e.Types[0].Profiles) == 1 {
		if t := b.treeOfProfile(b.defs.Structure(n.e.Types[0].Profiles[0])); t != nil {
			return t.root.child(name)
		}
	}
	return nil
}

// followExtension makes a pattern of an extension with a fixed value.
func (b *fhirBuilder) followExtension(at slicePlace, url string, rest []string) (slicePlace, bool) {
	if len(rest) > 1 || len(rest) == 1 && rest[0] != "value" {
		return at, false
	}
	pattern := `{"url":` + string(quoteLiteral(url))
	list := b.member(at.n, "extension")
	if list != nil {
		for _, s := range list.slices {
			if b.extensionURL(s) != url {
				continue
			}
			v := b.member(s, "value")
			lit := fixedOrPattern(v)
			if lit == nil {
				break
			}
			pattern += `,"value` + upperFirst(lit.Type) + `":` + string(compactLiteral(lit.Value))
		}
	}
	if len(rest) == 1 && !strings.Contains(pattern, ",") {
		return at, false
	}
	at.steps = append(slices.Clone(at.steps), "extension")
	at.literal = Literal(pattern + "}")
	return at, true
}

// fixedOrPattern is what an element must be or contain; nil if nothing is said.
func fixedOrPattern(n *fhirNode) *fhirdef.Literal {
	switch {
	case n == nil:
		return nil
	case n.e.Fixed != nil:
		return n.e.Fixed
	}
	return n.e.Pattern
}

// literalHas reports whether a literal has something at the end of a path.
func literalHas(v jsontree.Value, steps []string) bool {
	for _, s := range steps {
		if s == "$this" {
			continue
		}
		for v.Kind() == jsontree.Array {
			v = v.Index(0)
		}
		if v = v.Get(s); v.Kind() == jsontree.Invalid {
			return false
		}
	}
	return true
}

func compactLiteral(v jsontree.Value) Literal { return Literal(jsontree.Compact(nil, v.Raw())) }

// valueMatches are the conditions of what a definition fixes at a place.
func (b *fhirBuilder) valueMatches(at slicePlace) []Match {
	if at.n == nil {
		return nil
	}
	if v := b.compose(at.n, 0); v != "" {
		kind := MatchPattern
		if v[0] != '{' || at.n.e.Fixed != nil {
			kind = MatchValue
		}
		return []Match{{Path: at.steps, Kind: kind, Value: v}}
	}
	if m := b.bindingMatch(at.n, at.steps, 0); m != nil {
		return []Match{*m}
	}
	return nil
}

// bindingMatch is the condition of a required binding of an element or of a
// member that it must have.
func (b *fhirBuilder) bindingMatch(n *fhirNode, steps []string, depth int) *Match {
	if bd := n.e.Binding; bd != nil && bd.Strength == "required" && bd.ValueSet != "" {
		if set := b.codeSet(bd.ValueSet, true, n.e.ID); set.Complete {
			return &Match{Path: steps, Kind: MatchCodes, Codes: set}
		}
	}
	if depth > 3 {
		return nil
	}
	for _, c := range n.children {
		if c.e.Min < 1 || c.choice {
			continue
		}
		if m := b.bindingMatch(c, append(slices.Clone(steps), c.name), depth+1); m != nil {
			return m
		}
	}
	return nil
}

// compose is the pattern of all that is fixed in an element and in the members
// that it must have, in JSON; "" if nothing is.
func (b *fhirBuilder) compose(n *fhirNode, depth int) Literal {
	if lit := fixedOrPattern(n); lit != nil {
		return compactLiteral(lit.Value)
	}
	if depth > 4 {
		return ""
	}
	var parts []string
	for _, c := range n.children {
		name := c.name
		if c.choice {
			lit := fixedOrPattern(c)
			switch {
			case lit != nil:
				name += upperFirst(lit.Type)
			case len(c.e.Types) == 1:
				name += upperFirst(c.e.Types[0].Name())
			default:
				continue
			}
		}
		if v := b.composeMember(c, depth); v != "" {
			parts = append(parts, string(quoteLiteral(name))+":"+v)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return Literal("{" + strings.Join(parts, ",") + "}")
}

// composeMember is the pattern of a member, in brackets if it is a list.
func (b *fhirBuilder) composeMember(c *fhirNode, depth int) string {
	if c.e.Max == 0 || c.e.Min < 1 && (c.e.Fixed == nil || len(c.slices) > 0) {
		return ""
	}
	if !isFHIRList(c.e, nil) {
		return string(b.compose(c, depth+1))
	}
	var items []string
	if v := b.compose(c, depth+1); v != "" {
		items = append(items, string(v))
	}
	for _, s := range c.slices {
		if s.e.Min > 0 {
			if v := b.compose(s, depth+1); v != "" {
				items = append(items, string(v))
			}
		}
	}
	if len(items) == 0 {
		return ""
	}
	return "[" + strings.Join(items, ",") + "]"
}
