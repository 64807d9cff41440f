package dataset

import (
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// objectOr is the type of objects: a map where no member has a name, else an
// object type.
func (m *schemaTypes) objectOr(s *jsonschema.Schema, parts []*jsonschema.Schema, name string) Type {
	if o := m.objects[s]; o != nil {
		t := NewType(ObjectKind)
		t.Object = o
		return t
	}
	if !slices.ContainsFunc(parts, func(p *jsonschema.Schema) bool { return len(p.Properties) > 0 }) {
		if m.alternatives(s) != nil {
			return m.anything(s, name)
		}
		if t, ok := m.mapOf(s, parts, name); ok {
			return t
		}
	}
	t := NewType(ObjectKind)
	t.Object = m.object(s, parts, name)
	return t
}

// mapOf is the type of objects whose members all have one type.
func (m *schemaTypes) mapOf(s *jsonschema.Schema, parts []*jsonschema.Schema, name string) (Type, bool) {
	if extra, ok := s.AdditionalProperties.(bool); ok && !extra && len(s.PatternProperties) == 0 {
		return Type{}, false // no member at all
	}
	m.open[s] = true
	defer delete(m.open, s)
	t, elem := NewType(Map), NewType(Any)
	held := append([]string{"type"}, m.alien(s, "object")...)
	if extra, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && len(s.PatternProperties) == 0 {
		if e, null := m.typeOf(extra, name); !null || e.Kind == Any {
			elem = e
			held = append(held, "additionalProperties")
		}
	}
	t.Elem = &elem
	if s.MinProperties > 0 {
		t.MinItems = s.MinProperties
	}
	if s.MaxProperties >= 0 {
		t.MaxItems = s.MaxProperties
	}
	held = append(held, "minProperties", "maxProperties")
	if len(parts) > 1 && m.onlyTypes(parts[1:]) {
		held = append(held, "$ref", "allOf")
	}
	if s.UnevaluatedProperties != nil {
		return m.ruled(t, s, nil), true
	}
	return m.ruled(t, s, held), true
}

// schemaProperty is a member that some of the parts name.
type schemaProperty struct {
	name  string
	parts []*jsonschema.Schema
}

// properties are the members that the parts name, the bases of an allOf first.
func (m *schemaTypes) propertiesOf(parts []*jsonschema.Schema) []*schemaProperty {
	var all []*schemaProperty
	byName := map[string]*schemaProperty{}
	ownFirst := append(slices.Clone(parts[1:]), parts[0])
	for _, p := range ownFirst {
		for _, name := range schemaOrder(m.nodes[p].get("properties"), p.Properties) {
			have := byName[name]
			if have == nil {
				have = &schemaProperty{name: name}
				byName[name] = have
				all = append(all, have)
			}
			have.parts = append(have.parts, p.Properties[name])
		}
	}
	return all
}

// object makes the object type of s. It is known before its fields are made, so
// that they may lead back to it.
func (m *schemaTypes) object(s *jsonschema.Schema, parts []*jsonschema.Schema, name string) *Object {
	n := m.nodes[s]
	o := &Object{Name: m.names.name(schemaObjectName(name)), Title: n.str("title"), Description: schemaDescription(n), ID: pointerOf(s), Pos: n.pos}
	m.objects[s] = o
	exact := m.mergeable(parts)
	required := map[string]bool{}
	for _, p := range parts {
		for _, r := range p.Required {
			required[r] = true
		}
	}
	fields, forbidden := map[string]bool{}, false
	for _, p := range m.propertiesOf(parts) {
		if slices.ContainsFunc(p.parts, func(s *jsonschema.Schema) bool { return s.Always != nil && !*s.Always }) {
			forbidden = true
			continue
		}
		fields[p.name] = true
		o.Fields = append(o.Fields, m.field(o, p, required[p.name]))
	}
	var open bool
	o.Closed, o.Extra, open = m.extra(s, parts, o.Name)
	unnamed := slices.ContainsFunc(s.Required, func(r string) bool { return !fields[r] })
	m.objectRules(o, s, exact, open, forbidden && !o.Closed, unnamed)
	return o
}

// objectRules adds what the fields of o do not say.
func (m *schemaTypes) objectRules(o *Object, s *jsonschema.Schema, exact, open, forbidden, unnamed bool) {
	held := append([]string{"type"}, m.alien(s, "object")...)
	if s.UnevaluatedProperties != nil && !(o.Closed && exact) {
		held = nil // what counts as evaluated is told by all the other keywords
	} else {
		held = append(held, "unevaluatedProperties")
		if !forbidden {
			held = append(held, "properties")
		}
		if !unnamed {
			held = append(held, "required")
		}
		if !open {
			held = append(held, "additionalProperties")
		}
		if exact {
			held = append(held, "$ref", "allOf")
		}
	}
	if !m.says(s, held...) {
		return
	}
	withNames := open && !forbidden && held != nil
	o.Rules = append(o.Rules, m.rule(s, func(k string) bool {
		if k == "property-names" {
			return withNames
		}
		return !slices.Contains(held, k)
	}))
}

// mergeable says that the parts beside the first say nothing that the fields of
// all together do not: only members, of which none is said twice, and which are
// required.
func (m *schemaTypes) mergeable(parts []*jsonschema.Schema) bool {
	seen := map[string]*jsonschema.Schema{}
	for i, p := range parts {
		if i > 0 && m.says(p, "type", "properties", "required", "$ref", "allOf") {
			return false
		}
		for name, sub := range p.Properties {
			if seen[name] != nil && seen[name] != sub || sub.Always != nil && !*sub.Always {
				return false
			}
			seen[name] = sub
		}
	}
	if len(parts) >= maxSchemaParts {
		return false
	}
	for _, p := range parts {
		for _, r := range p.Required {
			if seen[r] == nil {
				return false
			}
		}
	}
	return true
}

// extra says what members without a name of their own are. open tells that they
// are not held by that, or not by that alone.
func (m *schemaTypes) extra(s *jsonschema.Schema, parts []*jsonschema.Schema, name string) (closed bool, extra *Type, open bool) {
	anything := NewType(Any)
	if sub := s.UnevaluatedProperties; sub != nil {
		// References and allOf say which members are evaluated whatever the value is.
		fixed := !slices.ContainsFunc(parts, func(p *jsonschema.Schema) bool {
			return m.says(p, "type", "properties", "required", "$ref", "allOf", "unevaluatedProperties") ||
				p != s && p.UnevaluatedProperties != nil
		})
		if fixed && sub.Always != nil && !*sub.Always {
			return true, nil, false
		}
		return false, &anything, true
	}
	if len(parts) > 1 && slices.ContainsFunc(parts[1:], func(p *jsonschema.Schema) bool { return len(p.Properties) > 0 }) {
		return false, &anything, true
	}
	if len(s.PatternProperties) > 0 {
		return false, &anything, true
	}
	switch a := s.AdditionalProperties.(type) {
	case bool:
		if !a {
			return true, nil, false
		}
	case *jsonschema.Schema:
		if t, null := m.typeOf(a, name+".extra"); !null || t.Kind == Any {
			// What is said beyond the type is left to a rule: only that sees members
			// without a name.
			return false, &t, m.says(m.target(a), "type")
		}
		return false, &anything, true
	}
	return false, &anything, false
}

// field makes the field of a member. Where several parts name it, the first that
// is of one kind says what its type is; the others stay rules of the object.
func (m *schemaTypes) field(o *Object, p *schemaProperty, required bool) *Field {
	from := p.parts[0]
	for _, s := range p.parts {
		if w := m.kinds(s); w != anyWord {
			from = s
			break
		}
	}
	f := &Field{Name: p.name, Path: pointerOf(from), ID: pointerOf(from), Required: required, Pos: m.nodes[from].pos}
	name := o.Name + "." + p.name
	f.Type, f.Nullable = m.typeOf(from, name)
	for _, s := range append([]*jsonschema.Schema{from}, append(slices.Clone(p.parts), m.target(from))...) {
		n := m.nodes[s]
		if f.Title == "" {
			f.Title = n.str("title")
		}
		if f.Description == "" {
			f.Description = schemaDescription(n)
		}
	}
	f.Origins = m.origins(from, f)
	return f
}

// kinds are the types that a schema with its parts allows.
func (m *schemaTypes) kinds(s *jsonschema.Schema) kindSet {
	allowed := anyWord
	for _, p := range m.parts(s) {
		allowed &= m.wordsOf(p)
	}
	return allowed
}

// origins tell which keyword of the schema stated what.
func (m *schemaTypes) origins(s *jsonschema.Schema, f *Field) []Origin {
	var all []Origin
	add := func(what string, v *schemaNode, n *schemaNode) {
		text := string(v.literal())
		if v.kind == jsontree.String {
			text = v.text
		}
		if len(text) > 200 {
			text = strings.ToValidUTF8(text[:200], "") + "…"
		}
		all = append(all, Origin{What: what, Value: text, Source: m.source, Element: f.ID, Pos: n.pos})
	}
	stated := []struct{ keyword, what string }{{"type", "type"}, {"enum", "codes"}, {"const", "const"}, {"minimum", "min"},
		{"exclusiveMinimum", "min"}, {"maximum", "max"}, {"exclusiveMaximum", "max"}, {"multipleOf", "multiple-of"},
		{"minLength", "min-length"}, {"maxLength", "max-length"}, {"pattern", "pattern"}, {"format", "format"},
		{"minItems", "min-items"}, {"maxItems", "max-items"}, {"default", "default"}, {"deprecated", "deprecated"},
		{"readOnly", "read-only"}, {"writeOnly", "write-only"}}
	for _, n := range []*schemaNode{m.nodes[s], m.nodes[m.target(s)]} {
		for _, w := range stated {
			if v := n.get(w.keyword); v != nil && !slices.ContainsFunc(all, func(o Origin) bool { return o.What == w.what }) {
				add(w.what, v, v)
			}
		}
	}
	if f.Required {
		all = append(all, Origin{What: "required", Value: "true", Source: m.source, Element: f.ID, Pos: f.Pos})
	}
	return all
}

// schemaDescription is what a schema says of itself in words.
func schemaDescription(n *schemaNode) string {
	text := n.str("description")
	add := func(s string) {
		if text != "" {
			text += "\n\n"
		}
		text += s
	}
	if n.yes("deprecated") {
		add("Deprecated.")
	}
	if n.yes("readOnly") {
		add("Read only.")
	}
	return text
}

// schemaObjectName shortens a path of names that recursion made long.
func schemaObjectName(name string) string {
	if parts := strings.Split(name, "."); len(parts) > 5 {
		return strings.Join(append(parts[:1:1], parts[len(parts)-4:]...), ".")
	}
	return name
}

// schemaDefinition is the name under $defs or definitions that a schema has, "" if
// it stands elsewhere.
func schemaDefinition(s *jsonschema.Schema) string {
	steps := strings.Split(pointerOf(s), "/")
	if n := len(steps); n >= 3 && (steps[n-2] == "$defs" || steps[n-2] == "definitions") {
		return strings.ReplaceAll(strings.ReplaceAll(steps[n-1], "~1", "/"), "~0", "~")
	}
	return ""
}

// notHeldRule says that a table cannot state something of its source.
func (m *schemaTypes) notHeldRule(s *jsonschema.Schema, message string) {
	m.docs.findings = append(m.docs.findings, issue.Issue{Severity: issue.Warning, Code: CodeNotHeld, Pos: m.nodes[s].pos,
		Path: pointerOf(s), Message: "not held: " + message})
}
