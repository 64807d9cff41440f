package gen

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// JSONSchema returns a JSON Schema (2020-12) a table, of its records as JSON:
// <table>.schema.json. What records may hold of the profile stands in it as far as
// JSON Schema can say it; roles, units, grain and paths are annotations whose
// names begin with x-. The findings are empty: what a schema cannot say, such as
// an invariant in FHIRPath, is left to the generated Go.
func JSONSchema(m *dataset.Model) ([]File, issue.List, error) {
	var files []File
	for _, t := range m.Tables {
		w := &schemaOut{table: t, names: map[*dataset.Object]string{}, used: map[string]bool{}}
		text, err := indentSchema(w.document(m))
		if err != nil {
			return nil, nil, fmt.Errorf("gen: schema of %s: %w", t.Name, err)
		}
		files = append(files, File{Name: t.Name + ".schema.json", Content: text})
	}
	return files, nil, nil
}

// schemaMember is a member of a JSON object that keeps its order.
type schemaMember struct {
	name  string
	value any
}

// schemaDoc is a JSON object in order. Values are schemaDoc, []any, strings, booleans,
// integers and json.RawMessage.
type schemaDoc []schemaMember

func (o *schemaDoc) add(name string, value any) { *o = append(*o, schemaMember{name, value}) }

// text adds a text that is not empty.
func (o *schemaDoc) text(name, value string) {
	if value != "" {
		o.add(name, value)
	}
}

// append writes the object. Several allOf become one.
func (o schemaDoc) append(b []byte) []byte {
	var all []any
	for _, m := range o {
		if list, ok := m.value.([]any); ok && m.name == "allOf" {
			all = append(all, list...)
		}
	}
	b = append(b, '{')
	done := false
	for i, m := range o {
		value := m.value
		if _, ok := m.value.([]any); ok && m.name == "allOf" {
			if done {
				continue
			}
			value, done = all, true
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSchema(append(appendQuoted(b, m.name), ':'), value)
	}
	return append(b, '}')
}

func appendSchema(b []byte, v any) []byte {
	switch v := v.(type) {
	case schemaDoc:
		return v.append(b)
	case json.RawMessage:
		return append(b, v...)
	case string:
		return appendQuoted(b, v)
	case []string:
		list := make([]any, len(v))
		for i := range v {
			list[i] = v[i]
		}
		return appendSchema(b, list)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendSchema(b, e)
		}
		return append(b, ']')
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case bool:
		return strconv.AppendBool(b, v)
	}
	return append(b, "null"...)
}

// appendQuoted appends a JSON string without the escapes that HTML asks for.
func appendQuoted(b []byte, s string) []byte {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return strconv.AppendQuote(b, s) // no string fails
	}
	return append(b, strings.TrimSuffix(text.String(), "\n")...)
}

// schemaOut writes the schema of one table.
type schemaOut struct {
	table *dataset.Table
	names map[*dataset.Object]string
	used  map[string]bool
	order []*dataset.Object
	// defs are definitions that rules bring along, each once by its name.
	defs    schemaDoc
	defined map[string]bool
}

func (w *schemaOut) document(m *dataset.Model) schemaDoc {
	t := w.table
	doc := schemaDoc{{"$schema", "https://json-schema.org/draft/2020-12/schema"}}
	title := t.Title
	if title == "" {
		title = t.Name
	}
	doc.add("title", title)
	doc.text("description", t.Description)
	doc.text("x-profile", m.ID)
	doc.text("x-version", m.Version)
	doc.text("x-grain", string(t.Grain))
	if len(t.Key) > 0 {
		doc.add("x-key", t.Key)
	}
	doc = append(doc, w.object(t.Object)...)
	var defs schemaDoc
	for i := 0; i < len(w.order); i++ {
		o := w.order[i]
		def := schemaDoc{}
		def.text("title", o.Title)
		def.text("description", o.Description)
		defs.add(w.names[o], append(def, w.object(o)...))
	}
	defs = append(defs, w.defs...)
	if len(defs) > 0 {
		doc.add("$defs", defs)
	}
	return doc
}

// ref returns the reference to an object, whose definition is written later.
func (w *schemaOut) ref(o *dataset.Object) schemaDoc {
	if opaque(o) { // its value may have any type of FHIR
		return schemaDoc{{"type", "object"}, {"properties", schemaDoc{{"url", schemaDoc{{"type", "string"}}}}}, {"required", []string{"url"}}}
	}
	if w.names[o] == "" {
		name := strings.Map(func(r rune) rune {
			if r > ' ' && r < 0x7f && !strings.ContainsRune("/~%\"#\\", r) {
				return r
			}
			return '_'
		}, o.Name)
		for i := 2; w.used[name]; i++ {
			name = fmt.Sprintf("%s_%d", strings.TrimSuffix(name, fmt.Sprintf("_%d", i-1)), i)
		}
		w.used[name], w.names[o] = true, name
		w.order = append(w.order, o)
	}
	return schemaDoc{{"$ref", "#/$defs/" + w.names[o]}}
}

// object returns the keywords of an object.
func (w *schemaOut) object(o *dataset.Object) schemaDoc {
	out := schemaDoc{{"type", "object"}}
	row := o == w.table.Object && w.table.Form == dataset.Row
	var properties schemaDoc
	var required []string
	if o.ResourceType != "" && o.Field("resourceType") == nil {
		properties.add("resourceType", schemaDoc{{"const", o.ResourceType}})
		required = append(required, "resourceType")
	}
	for _, f := range o.Fields {
		properties.add(f.Name, w.field(o, f, row))
		if o.FHIR && primitiveField(f) {
			properties.add("_"+f.Name, companionSchema(f))
		}
		if f.Required && !(o.FHIR && primitiveField(f)) {
			required = append(required, f.Name)
		}
	}
	if len(properties) > 0 {
		out.add("properties", properties)
	}
	if len(required) > 0 {
		out.add("required", required)
	}
	switch {
	case o.Closed:
		out.add("additionalProperties", false)
	case o.Extra != nil:
		if extra := w.value(o.Extra, false); len(extra) > 0 {
			out.add("additionalProperties", extra)
		}
	}
	out = append(out, w.together(o)...)
	return append(out, w.rules(o.Rules)...)
}

// together are the conditions on several members: a primitive of FHIR that must be
// there may be so by its companion; of a choice there is one at most.
func (w *schemaOut) together(o *dataset.Object) schemaDoc {
	var all []any
	for _, f := range o.Fields {
		if o.FHIR && f.Required && primitiveField(f) {
			all = append(all, schemaDoc{{"anyOf", []any{thereIs(f.Name), thereIs("_" + f.Name)}}})
		}
	}
	for _, c := range o.Choices {
		var one []any
		for _, name := range c.Fields {
			have := any(thereIs(name))
			if f := o.Field(name); f != nil && o.FHIR && primitiveField(f) {
				have = schemaDoc{{"anyOf", []any{thereIs(name), thereIs("_" + name)}}}
			}
			one = append(one, have)
		}
		if !c.Required {
			one = append(one, schemaDoc{{"not", schemaDoc{{"anyOf", slices.Clone(one)}}}})
		}
		if len(one) > 0 {
			all = append(all, schemaDoc{{"oneOf", one}})
		}
	}
	if len(all) == 0 {
		return nil
	}
	return schemaDoc{{"allOf", all}}
}

func thereIs(name string) schemaDoc { return schemaDoc{{"required", []string{name}}} }

// primitiveField says that a field of FHIR may have a companion.
func primitiveField(f *dataset.Field) bool {
	return primitive(&f.Type) && f.Name != "id" && f.Name != "resourceType"
}

// companionSchema is that of the member that carries id and extensions of a
// primitive.
func companionSchema(f *dataset.Field) schemaDoc {
	if f.Type.Kind == dataset.List {
		return schemaDoc{{"type", "array"}, {"items", schemaDoc{{"type", []string{"object", "null"}}}}}
	}
	return schemaDoc{{"type", "object"}}
}

// field returns the schema of a field with its annotations.
func (w *schemaOut) field(o *dataset.Object, f *dataset.Field, row bool) schemaDoc {
	var out schemaDoc
	out.text("title", f.Title)
	out.text("description", f.Description)
	null := f.Nullable || row && !f.Required
	if o.FHIR && f.Type.Kind == dataset.List && primitiveField(f) {
		t := f.Type
		items := w.value(t.Elem, true) // a gap has a companion
		out = append(out, listKeywords(&t, items)...)
	} else {
		out = append(out, w.value(&f.Type, null)...)
	}
	out = append(out, w.slices(f)...)
	out.text("x-role", string(f.Role))
	out.text("x-unit", f.Unit)
	out.text("x-path", f.Path)
	if f.Deid != nil {
		out.text("x-deid", f.Deid.Method)
	}
	return out
}

// slices says how many elements of a list each slice has, for those that are told
// apart by fixed values, and that there are no others where the list is closed or
// the profile lists slices alone.
func (w *schemaOut) slices(f *dataset.Field) schemaDoc {
	var all, known []any
	for _, s := range f.Slices {
		element, ok := matchSchema(s.Match)
		if !ok {
			continue
		}
		known = append(known, element)
		least, most := 0, 1
		if s.Field.Required {
			least = 1
		}
		if s.Field.Type.Kind == dataset.List {
			least, most = max(least, s.Field.Type.MinItems), s.Field.Type.MaxItems
		}
		if least == 0 && most < 0 {
			continue
		}
		count := schemaDoc{{"contains", element}, {"minContains", least}}
		if most >= 0 {
			count.add("maxContains", most)
		}
		all = append(all, count)
	}
	if alone := (f.SlicesClosed && len(f.Slices) > 0 || f.SlicesOnly) && f.Type.Kind == dataset.List; alone && len(known) == len(f.Slices) {
		items := any(false) // no element at all
		if len(known) > 0 {
			items = schemaDoc{{"anyOf", known}}
		}
		all = append(all, schemaDoc{{"items", items}})
	}
	if len(all) == 0 {
		return nil
	}
	return schemaDoc{{"allOf", all}}
}

// matchSchema is the schema of the elements that fulfil the conditions; ok is
// false where JSON Schema cannot say one of them.
func matchSchema(list []dataset.Match) (out schemaDoc, ok bool) {
	var all []any
	for _, m := range list {
		if m.Kind != dataset.MatchValue || len(m.Path) != 1 || m.Value == "" || strings.ContainsAny(string(m.Value[:1]), "{[") {
			return nil, false
		}
		all = append(all, schemaDoc{{"properties", schemaDoc{{m.Path[0], schemaDoc{{"const", json.RawMessage(m.Value)}}}}}, {"required", m.Path}})
	}
	if len(all) == 1 {
		return all[0].(schemaDoc), true
	}
	return schemaDoc{{"allOf", all}}, len(all) > 0
}
