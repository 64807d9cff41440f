package dataset

import (
	"context"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/carabiner-health/carabiner/issue"
)

// importJSONSchema makes a table of a JSON Schema: draft 4, 6, 7, 2019-09 or
// 2020-12, in JSON or YAML. A reference may lead to files beside it, never to the
// network.
//
// The table is a Record of the objects that the schema describes: of its items
// where it describes a list, of an object with one member, value, where it
// describes neither. Formats are checked, as draft 4 to 7 have it, those that
// package jsonschema knows. A type says what it can of a schema and never more;
// the rest are rules in the language json-schema, so that type and rules together
// accept what the schema does. The limits: an integer has 64 bits, and a
// $dynamicRef or $recursiveRef is taken to lead to one place.
func importJSONSchema(ctx context.Context, in *input) ([]*Table, issue.List, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	docs, root, err := compileSchema(in)
	if err != nil || root == nil {
		return nil, docs.findings, err
	}
	graph := newSchemaGraph(docs, root)
	graph.check()
	if slices.ContainsFunc(docs.findings, func(i issue.Issue) bool { return i.Severity >= issue.Error }) {
		return nil, docs.findings, nil
	}
	m := &schemaTypes{schemaGraph: graph, source: in.spec.Name, names: unique{}, sets: unique{},
		objects: map[*jsonschema.Schema]*Object{}, codes: map[*schemaNode]*CodeSet{}, open: map[*jsonschema.Schema]bool{}}
	n := graph.nodes[root]
	t := &Table{Name: schemaTableName(n, in.file), Title: n.str("title"), Description: n.str("description"), Form: Record,
		Grain: PerRow, Source: in.spec.Name, Kind: JSONSchema, Pos: n.pos}
	t.Object = m.table(root, t.Name)
	if t.Object.Title == "" {
		t.Object.Title = t.Title
	}
	return []*Table{t}, docs.findings, nil
}

// table returns the object of the table that a schema describes.
func (m *schemaTypes) table(root *jsonschema.Schema, name string) *Object {
	s := m.target(root)
	take := func(s *jsonschema.Schema) *Object {
		o := m.object(s, m.parts(s), name)
		o.Name = name
		return o
	}
	switch kinds := m.kinds(s); {
	case kinds&^nullWord == arrayWord:
		for _, p := range m.parts(s) {
			item := restSchema(p)
			if item == nil || len(itemSchemas(p)) > 0 {
				continue
			}
			if to := m.target(item); m.isObject(to) {
				if m.says(s, append(m.alien(s, "array"), "type", "items")...) {
					m.notHeldRule(s, "what a schema says of the list of records as a whole")
				}
				return take(to)
			}
		}
	case m.isObject(s), m.mayBeObject(s):
		return take(s)
	}
	m.docs.findings = append(m.docs.findings, issue.Issue{Severity: issue.Information, Code: CodeNotHeld, Pos: m.nodes[s].pos,
		Path: pointerOf(s), Message: "want a schema of objects, have another: a record has one member, value"})
	f := &Field{Name: "value", Required: true, Path: pointerOf(s), ID: pointerOf(s), Pos: m.nodes[s].pos}
	f.Type, f.Nullable = m.typeOf(root, name+".value")
	f.Origins = m.origins(s, f)
	return &Object{Name: name, Closed: true, Fields: []*Field{f}, ID: pointerOf(s), Pos: m.nodes[s].pos}
}

// isObject says that all values of s are objects.
func (m *schemaTypes) isObject(s *jsonschema.Schema) bool {
	if m.kinds(s) == objectWord {
		return true
	}
	list := append(slices.Clone(s.AnyOf), s.OneOf...)
	return len(list) > 0 && !slices.ContainsFunc(list, func(a *jsonschema.Schema) bool { return m.kinds(a) != objectWord })
}

// mayBeObject says that s names members, or says nothing of kinds at all.
func (m *schemaTypes) mayBeObject(s *jsonschema.Schema) bool {
	if m.kinds(s)&objectWord == 0 {
		return false
	}
	return m.kinds(s) == anyWord && len(s.Enum) == 0 ||
		slices.ContainsFunc(m.parts(s), func(p *jsonschema.Schema) bool { return len(p.Properties) > 0 })
}

// schemaTableName is made of the title, else of the $id, else of the file.
func schemaTableName(n *schemaNode, file string) string {
	id := schemaID(n)
	if u, err := url.Parse(id); err == nil && u.Scheme != "urn" {
		id = u.Path
	}
	for _, name := range []string{n.str("title"), path.Base(id), path.Base(strings.ReplaceAll(file, "\\", "/"))} {
		for _, suffix := range []string{".json", ".yaml", ".yml", ".schema", "-schema", "_schema"} {
			name = strings.TrimSuffix(name, suffix)
		}
		if name = tableWord(name); name != "" && len(name) <= 40 {
			return name
		}
	}
	return "record"
}

// tableWord makes a name of lower-case letters and digits, with _ between words.
func tableWord(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('_')
			gap = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
