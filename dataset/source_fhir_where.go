package dataset

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// identifying are the elements at the top of a resource that tell what it is. A
// value that a profile fixes in one of them, where it is required, selects the
// records of the profile; what it fixes elsewhere is only checked.
var identifying = []string{"code", "category", "type", "class", "modality"}

// identity are the conditions under which a resource can be of a profile.
func (b *fhirBuilder) identity(st *fhirdef.Structure) []Condition {
	if st.Derivation != "constraint" || st.Kind != "resource" {
		return nil
	}
	var out []Condition
	for _, c := range b.tree(st).root.children {
		if !slices.Contains(identifying, c.name) || c.choice || len(c.e.Types) != 1 {
			continue
		}
		typ := c.e.Types[0].Name()
		if typ != "CodeableConcept" && typ != "Coding" {
			continue
		}
		if c.e.Min > 0 {
			out = b.identityOf(out, c, c, typ)
		}
		for _, s := range c.slices {
			if s.e.Min > 0 {
				out = b.identityOf(out, c, s, typ)
			}
		}
	}
	return out
}

// identityOf adds the condition of an element or of a slice of it.
func (b *fhirBuilder) identityOf(out []Condition, c, s *fhirNode, typ string) []Condition {
	cond := ""
	if v := b.compose(s, 0); v != "" {
		cond = b.patternCondition(v, typ)
	} else if bd := s.e.Binding; bd != nil && bd.Strength == "required" && bd.ValueSet != "" {
		if set := b.codeSet(bd.ValueSet, true, s.e.ID); set.Complete && len(set.Codes) == 1 {
			cond = "system = " + pathText(set.Codes[0].System) + " and code = " + pathText(set.Codes[0].Code)
			if typ == "CodeableConcept" {
				cond = "coding.where(" + cond + ").exists()"
			}
		}
	}
	if cond == "" {
		return out
	}
	path := c.name + ".where(" + cond + ").exists()"
	if slices.ContainsFunc(out, func(o Condition) bool { return o.Path == path }) {
		return out
	}
	return append(out, Condition{Path: path, Origin: s.e.ID, Pos: b.pos(s.e.ID)})
}

// patternCondition is a pattern as a condition on an element of a type, in
// FHIRPath; "" if it cannot be written so.
func (b *fhirBuilder) patternCondition(v Literal, typ string) string {
	tree := new(jsontree.Tree)
	if err := tree.Parse([]byte(v), nil); err != nil {
		return ""
	}
	cond, ok := b.condition(tree.Root(), typ)
	if !ok {
		return ""
	}
	return cond
}

// condition writes what a value must be or contain.
func (b *fhirBuilder) condition(v jsontree.Value, typ string) (string, bool) {
	if v.Kind() != jsontree.Object {
		lit, ok := pathLiteral(v, typ)
		return "$this = " + lit, ok
	}
	shape := b.defs.Shape(typ)
	var parts []string
	for name, m := range v.Members() {
		path, inner := name, ""
		if shape != nil {
			if member, t := shape.JSON([]byte(name)); member != nil {
				inner = t
				if member.Choice {
					path = member.Name + ".ofType(" + t + ")"
				}
			}
		}
		if name == "resourceType" {
			return "", false
		}
		items := []jsontree.Value{m}
		if m.Kind() == jsontree.Array {
			items = items[:0]
			for _, it := range m.All() {
				items = append(items, it)
			}
		} else if lit, ok := pathLiteral(m, inner); ok && m.Kind() != jsontree.Object {
			parts = append(parts, path+" = "+lit)
			continue
		}
		for _, it := range items {
			cond, ok := b.condition(it, inner)
			if !ok {
				return "", false
			}
			parts = append(parts, path+".where("+cond+").exists()")
		}
	}
	return strings.Join(parts, " and "), len(parts) > 0
}

// pathLiteral writes a primitive of a type as FHIRPath does.
func pathLiteral(v jsontree.Value, typ string) (string, bool) {
	switch v.Kind() {
	case jsontree.String:
		switch typ {
		case "date":
			return "@" + v.Text(), true
		case "dateTime", "instant":
			if text := v.Text(); strings.Contains(text, "T") {
				return "@" + text, true
			}
			return "@" + v.Text() + "T", true
		case "time":
			return "@T" + v.Text(), true
		case "base64Binary":
			return "", false
		}
		return pathText(v.Text()), true
	case jsontree.Number:
		return string(v.Number()), true
	case jsontree.True:
		return "true", true
	case jsontree.False:
		return "false", true
	}
	return "", false
}

// matchPath is a match as a condition on an element of a type; "" if it cannot
// be written so.
func (b *fhirBuilder) matchPath(m Match, typ string) string {
	path, at := "", typ
	for _, step := range m.Path {
		name := step
		if shape := b.defs.Shape(at); shape != nil {
			if member, t := shape.JSON([]byte(step)); member != nil {
				at = t
				if member.Choice {
					name = member.Name + ".ofType(" + t + ")"
				}
			}
		}
		if path != "" {
			path += "."
		}
		path += name
	}
	if path == "" {
		path = "$this"
	}
	switch m.Kind {
	case MatchValue, MatchPattern:
		if cond := b.patternCondition(m.Value, at); cond != "" {
			return path + ".where(" + cond + ").exists()"
		}
	case MatchExists:
		if m.Value == "false" {
			return path + ".empty()"
		}
		return path + ".exists()"
	case MatchType:
		return path + ".ofType(" + m.Type + ").exists()"
	}
	return ""
}

// pathText writes a text as FHIRPath does.
func pathText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\f", `\f`).Replace(s) + "'"
}

// quoteLiteral writes a text as JSON.
func quoteLiteral(s string) Literal {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil { // a string always encodes
		return ""
	}
	return Literal(strings.TrimSuffix(out.String(), "\n"))
}
