package dataset

import (
	"math/big"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// schemaTypes makes types of schemas. A type is never narrower than its schema:
// what it does not say stands in a rule beside it.
type schemaTypes struct {
	*schemaGraph
	source string
	names  unique
	sets   unique
	// objects are those made, by the schema that says what they are.
	objects map[*jsonschema.Schema]*Object
	codes   map[*schemaNode]*CodeSet
	// open are the schemas whose type is being made and that are no objects.
	open map[*jsonschema.Schema]bool
}

// kindSet are the types of JSON Schema, as a set.
type kindSet uint8

const (
	nullWord kindSet = 1 << iota
	booleanWord
	integerWord
	numberWord // and integers
	stringWord
	arrayWord
	objectWord
	anyWord = nullWord | booleanWord | integerWord | numberWord | stringWord | arrayWord | objectWord
)

var wordNames = map[string]kindSet{"null": nullWord, "boolean": booleanWord, "integer": integerWord,
	"number": numberWord | integerWord, "string": stringWord, "array": arrayWord, "object": objectWord}

// wordsOf returns the types that the schema itself allows.
func (m *schemaTypes) wordsOf(s *jsonschema.Schema) kindSet {
	if s.Always != nil {
		if *s.Always {
			return anyWord
		}
		return 0
	}
	all := anyWord
	if len(s.Types) > 0 {
		all = 0
		for _, t := range s.Types {
			all |= wordNames[t]
		}
	}
	if values := m.valuesOf(s); len(values) > 0 {
		var in kindSet
		for _, v := range values {
			in |= wordOf(v)
		}
		all &= in
	}
	return all
}

// valuesOf are the values that enum or const name.
func (m *schemaTypes) valuesOf(s *jsonschema.Schema) []*schemaNode {
	n := m.nodes[s]
	if c := n.get("const"); c != nil && len(s.Constant) > 0 {
		return []*schemaNode{c}
	}
	if e := n.get("enum"); e != nil && len(s.Enum) > 0 {
		return e.items
	}
	return nil
}

func wordOf(n *schemaNode) kindSet {
	switch n.kind {
	case jsontree.Null:
		return nullWord
	case jsontree.True, jsontree.False:
		return booleanWord
	case jsontree.Number:
		return numberWord | integerWord
	case jsontree.String:
		return stringWord
	case jsontree.Array:
		return arrayWord
	}
	return objectWord
}

// maxSchemaParts bounds the schemas that are seen together as one.
const maxSchemaParts = 500

// parts returns s and the schemas that hold for the same value whatever it is: by
// reference and allOf.
func (m *schemaTypes) parts(s *jsonschema.Schema) []*jsonschema.Schema {
	var all []*jsonschema.Schema
	seen := map[*jsonschema.Schema]bool{}
	var add func(*jsonschema.Schema)
	add = func(s *jsonschema.Schema) {
		if s == nil || seen[s] || len(all) >= maxSchemaParts {
			return
		}
		seen[s] = true
		all = append(all, s)
		add(s.Ref)
		add(s.RecursiveRef)
		add(s.DynamicRef)
		for _, p := range s.AllOf {
			add(p)
		}
	}
	add(s)
	return all
}

// says tells whether s has a keyword that is no annotation, apart from those of
// except.
func (m *schemaTypes) says(s *jsonschema.Schema, except ...string) bool {
	if s.Always != nil {
		return !*s.Always
	}
	w := schemaWriter{g: m.schemaGraph, done: map[*jsonschema.Schema]bool{}}
	w.object(s, func(k string) bool { return !slices.Contains(except, k) && k != "property-names" })
	return string(w.b) != "{}"
}

// target follows references that stand alone.
func (m *schemaTypes) target(s *jsonschema.Schema) *jsonschema.Schema {
	for range maxSchemaParts {
		next := s.Ref
		if next == nil {
			next = s.RecursiveRef
		}
		if next == nil {
			next = s.DynamicRef
		}
		if next == nil && len(s.AllOf) == 1 {
			next = s.AllOf[0]
		}
		if next == nil || m.says(s, "$ref", "allOf") || s.Ref != nil && (s.RecursiveRef != nil || s.DynamicRef != nil || len(s.AllOf) > 0) {
			return s
		}
		s = next
	}
	return s
}

// typeOf returns the type of the values of s, and whether null is one of them.
// name is what a new object or code set is called.
func (m *schemaTypes) typeOf(s *jsonschema.Schema, name string) (Type, bool) {
	if to := m.target(s); to != s {
		if d := schemaDefinition(to); d != "" {
			name = d
		}
		s = to
	}
	if other, ok := m.orNull(s); ok {
		t, _ := m.typeOf(other, name)
		if len(t.Rules) > 0 { // they hold for what is not null
			t.Rules = []Rule{m.rule(s, func(k string) bool { return k != "property-names" })}
		}
		return t, true
	}
	parts := m.parts(s)
	allowed := anyWord
	for _, p := range parts {
		allowed &= m.wordsOf(p)
	}
	null := allowed&nullWord != 0 && allowed != anyWord
	if m.open[s] {
		return m.ruled(NewType(Any), s, nil), allowed&nullWord != 0
	}
	switch allowed &^ nullWord {
	case objectWord:
		return m.objectOr(s, parts, name), null
	case arrayWord:
		return m.listOf(s, parts, name), null
	case stringWord:
		return m.text(s, parts, name), null
	case booleanWord:
		return m.scalar(s, parts, NewType(Boolean)), null
	case integerWord:
		t := NewType(Integer)
		t.Format = "integer" // 1.0 is one
		return m.scalar(s, parts, t), null
	case integerWord | numberWord:
		return m.scalar(s, parts, NewType(Decimal)), null
	}
	if allowed == anyWord || allowed&^nullWord == 0 {
		return m.anything(s, name), allowed&nullWord != 0 && m.someNull(s.AnyOf) && m.someNull(s.OneOf)
	}
	return m.union(s, allowed, name), null && m.someNull(s.AnyOf) && m.someNull(s.OneOf)
}

// someNull says that null may be among the values of one of the alternatives.
func (m *schemaTypes) someNull(list []*jsonschema.Schema) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(s *jsonschema.Schema) bool { return !m.never(s, nullWord) })
}

// orNull recognizes a schema that is another one or null and says nothing else.
func (m *schemaTypes) orNull(s *jsonschema.Schema) (*jsonschema.Schema, bool) {
	list, keyword := s.AnyOf, "anyOf"
	if len(s.OneOf) > 0 {
		list, keyword = s.OneOf, "oneOf"
	}
	if len(list) != 2 || s.Always != nil || m.says(s, keyword) {
		return nil, false
	}
	for i, p := range list {
		other := list[1-i]
		if m.wordsOf(p) == nullWord && !m.says(p, "type", "enum", "const") && m.never(other, nullWord) && !m.open[m.target(other)] {
			return other, true
		}
	}
	return nil, false
}

// never says that values of the given types are surely not among those of s.
func (m *schemaTypes) never(s *jsonschema.Schema, w kindSet) bool {
	for _, p := range m.parts(s) {
		if m.wordsOf(p)&w == 0 {
			return true
		}
	}
	return false
}

// ruled adds to t, as a rule, the keywords of s apart from those that are held by
// the type itself.
func (m *schemaTypes) ruled(t Type, s *jsonschema.Schema, held []string) Type {
	if !m.says(s, held...) {
		return t
	}
	t.Rules = append(t.Rules, m.rule(s, func(k string) bool { return !slices.Contains(held, k) && k != "property-names" }))
	return t
}

func (m *schemaTypes) rule(s *jsonschema.Schema, keep func(string) bool) Rule {
	return Rule{Key: "schema", Severity: issue.Error, Language: "json-schema", Expression: m.expression(s, keep), Source: s.Location}
}

// anything is the type of a value that may be of every kind, or of alternatives.
func (m *schemaTypes) anything(s *jsonschema.Schema, name string) Type {
	if alternatives := m.alternatives(s); alternatives != nil {
		t := NewType(Union)
		t.Format = schemaObjectName(name)
		m.open[s] = true
		defer delete(m.open, s)
		for i, a := range alternatives {
			sub, _ := m.typeOf(a, name+"."+schemaAlternative(m.nodes[a], i))
			t.Union = append(t.Union, sub)
		}
		return m.ruled(t, s, nil)
	}
	t := NewType(Any)
	if values := m.valuesOf(s); len(values) > 0 {
		for _, v := range values {
			t.Enum = append(t.Enum, v.literal())
		}
	}
	return m.ruled(t, s, nil)
}

// alternatives are those of anyOf or oneOf where each is of one kind.
func (m *schemaTypes) alternatives(s *jsonschema.Schema) []*jsonschema.Schema {
	list := s.OneOf
	if len(list) == 0 {
		list = s.AnyOf
	}
	if len(list) < 2 || len(list) > 50 || len(s.OneOf) > 0 && len(s.AnyOf) > 0 {
		return nil
	}
	for _, a := range list {
		if m.open[m.target(a)] || len(m.parts(a)) >= maxSchemaParts {
			return nil
		}
	}
	return list
}

func schemaAlternative(n *schemaNode, i int) string {
	if t := n.str("title"); t != "" {
		return t
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if i < len(letters) {
		return letters[i : i+1]
	}
	return "Z" + letters[i/len(letters)%len(letters):][:1] + letters[i%len(letters):][:1]
}

// union is the type of values of several kinds.
func (m *schemaTypes) union(s *jsonschema.Schema, allowed kindSet, name string) Type {
	if alternatives := m.alternatives(s); alternatives != nil {
		return m.anything(s, name)
	}
	t := NewType(Union)
	t.Format = schemaObjectName(name)
	add := func(k Kind) {
		u := NewType(k)
		if k == Integer {
			u.Format = "integer"
		}
		if k == List {
			u = ListOf(NewType(Any))
		}
		if k == Map {
			elem := NewType(Any)
			u.Elem = &elem
		}
		t.Union = append(t.Union, u)
	}
	switch {
	case allowed&numberWord != 0 && allowed&integerWord != 0:
		add(Decimal)
	case allowed&integerWord != 0:
		add(Integer)
	}
	for _, k := range []struct {
		word kindSet
		kind Kind
	}{{stringWord, Text}, {booleanWord, Boolean}, {arrayWord, List}, {objectWord, Map}} {
		if allowed&k.word != 0 {
			add(k.kind)
		}
	}
	for _, v := range m.valuesOf(s) {
		t.Enum = append(t.Enum, v.literal())
	}
	return m.ruled(t, s, nil)
}

// scalar fills in what holds for booleans and numbers.
func (m *schemaTypes) scalar(s *jsonschema.Schema, parts []*jsonschema.Schema, t Type) Type {
	held := []string{"type"}
	for _, b := range schemaBounds(s, m.nodes[s]) {
		switch b.keyword {
		case "minimum":
			if t.Min == "" {
				t.Min = b.text
				held = append(held, b.keyword)
			}
		case "exclusiveMinimum":
			if t.Min == "" {
				t.Min, t.MinExclusive = b.text, true
				held = append(held, b.keyword)
			}
		case "maximum":
			if t.Max == "" {
				t.Max = b.text
				held = append(held, b.keyword)
			}
		case "exclusiveMaximum":
			if t.Max == "" {
				t.Max, t.MaxExclusive = b.text, true
				held = append(held, b.keyword)
			}
		case "multipleOf":
			t.MultipleOf = b.text
		}
	}
	for _, v := range m.valuesOf(s) {
		if v.kind != jsontree.Null {
			t.Enum = append(t.Enum, v.literal())
		}
	}
	if t.Kind == Integer && beyondInt64(&t) {
		t.Kind, t.Format = Decimal, ""
		held = slices.DeleteFunc(held, func(k string) bool { return k == "type" })
	}
	held = append(held, m.alien(s, "number")...)
	if len(parts) > 1 && m.onlyTypes(parts[1:]) {
		held = append(held, "$ref", "allOf")
	}
	return m.ruled(t, s, held)
}

// beyondInt64 says that a bound or a value of a type has more than 64 bits: so may
// the values.
func beyondInt64(t *Type) bool {
	for _, l := range append([]Literal{t.Min, t.Max}, t.Enum...) {
		if n, ok := new(big.Rat).SetString(string(l)); ok && len(l) < 100 && !n.Num().IsInt64() {
			return true
		}
	}
	return false
}

// onlyTypes says that the schemas say nothing but types.
func (m *schemaTypes) onlyTypes(list []*jsonschema.Schema) bool {
	return !slices.ContainsFunc(list, func(s *jsonschema.Schema) bool { return m.says(s, "type", "$ref", "allOf") })
}

// alien are the keywords that say nothing of values of the given type.
func (m *schemaTypes) alien(s *jsonschema.Schema, of string) []string {
	groups := map[string][]string{
		"number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
		"string": {"minLength", "maxLength", "pattern", "contentEncoding", "format"},
		"array":  {"minItems", "maxItems", "uniqueItems", "prefixItems", "items", "contains", "unevaluatedItems"},
		"object": {"minProperties", "maxProperties", "required", "properties", "patternProperties", "additionalProperties",
			"propertyNames", "dependentRequired", "dependentSchemas", "unevaluatedProperties"},
	}
	var all []string
	for _, name := range []string{"number", "string", "array", "object"} {
		if name != of {
			all = append(all, groups[name]...)
		}
	}
	return all
}

// text is the type of texts.
func (m *schemaTypes) text(s *jsonschema.Schema, parts []*jsonschema.Schema, name string) Type {
	t := NewType(Text)
	held := append([]string{"type"}, m.alien(s, "string")...)
	if s.MinLength > 0 {
		t.MinLength = s.MinLength
	}
	if s.MaxLength >= 0 {
		t.MaxLength = s.MaxLength
	}
	held = append(held, "minLength", "maxLength")
	if s.Pattern != nil {
		t.Regex, t.RegexSource = wholeMatch(s.Pattern), m.nodes[s].str("pattern")
		held = append(held, "pattern")
	}
	switch s.Format {
	case "date-time", "date", "time", "duration", "email", "uri", "iri", "uuid", "ipv4", "ipv6", "hostname":
		t.Format = s.Format // an empty text has none of those
	}
	switch {
	case len(s.Constant) > 0:
		if c := m.nodes[s].get("const"); c.kind == jsontree.String {
			t.Const = c.literal()
			held = append(held, "const")
		}
	case len(s.Enum) > 0:
		if t.Codes = m.codeSet(s, name); t.Codes != nil {
			held = append(held, "enum")
		}
	}
	if s.Format == "date" {
		t.Kind = Date
	}
	if t.Kind == Date && (t.Regex != "" || t.Const != "" || t.Codes != nil || t.MinLength > 0 || t.MaxLength >= 0) {
		t.Kind = Text // those hold for texts
	}
	if t.Kind == Date {
		held = append(held, "format")
	}
	if len(parts) > 1 && m.onlyTypes(parts[1:]) {
		held = append(held, "$ref", "allOf")
	}
	return m.ruled(t, s, held)
}

// codeSet returns the texts of an enum as codes.
func (m *schemaTypes) codeSet(s *jsonschema.Schema, name string) *CodeSet {
	n := m.nodes[s]
	if have := m.codes[n]; have != nil {
		return have
	}
	c := &CodeSet{Title: n.str("title"), URL: s.Location, Complete: true}
	seen := map[string]bool{}
	for _, v := range n.get("enum").items {
		if v.kind == jsontree.String && !seen[v.text] {
			seen[v.text] = true
			c.Codes = append(c.Codes, Code{Code: v.text})
		}
	}
	c.Name = m.sets.name(strings.ReplaceAll(name, " ", "_"))
	m.codes[n] = c
	return c
}

// listOf is the type of arrays.
func (m *schemaTypes) listOf(s *jsonschema.Schema, parts []*jsonschema.Schema, name string) Type {
	m.open[s] = true
	defer delete(m.open, s)
	held := append([]string{"type"}, m.alien(s, "array")...)
	t := ListOf(NewType(Any))
	for _, p := range parts {
		if len(itemSchemas(p)) > 0 {
			break // a tuple
		}
		rest := restSchema(p)
		if rest == nil {
			continue
		}
		elem, null := m.typeOf(rest, name)
		if null && elem.Kind != Any {
			break // an element that may be null is kept as it is, and held by the rule
		}
		t.Elem = &elem
		if p == s {
			held = append(held, "items")
		}
		break
	}
	if s.MinItems > 0 {
		t.MinItems = s.MinItems
	}
	if s.MaxItems >= 0 {
		t.MaxItems = s.MaxItems
	}
	held = append(held, "minItems", "maxItems")
	t.UniqueItems = s.UniqueItems
	if s.UnevaluatedItems != nil {
		return m.ruled(t, s, nil)
	}
	return m.ruled(t, s, held)
}
