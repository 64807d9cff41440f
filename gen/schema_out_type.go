package gen

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// value returns the schema of the values of a type; with null, null is one too.
func (w *schemaOut) value(t *dataset.Type, null bool) schemaDoc {
	var out schemaDoc
	switch t.Kind {
	case dataset.Any:
		return append(w.literals(t, null), w.rules(t.Rules)...)
	case dataset.ObjectKind:
		out = w.ref(t.Object)
		if null {
			out = schemaDoc{{"anyOf", []any{out, schemaDoc{{"type", "null"}}}}}
		}
		return append(out, w.rules(t.Rules)...)
	case dataset.Union:
		var one []any
		for i := range t.Union {
			one = append(one, w.value(&t.Union[i], false))
		}
		if null {
			one = append(one, schemaDoc{{"type", "null"}})
		}
		if len(one) > 0 {
			out.add("anyOf", one)
		}
		return append(out, w.rules(t.Rules)...)
	case dataset.List:
		out = listKeywords(t, w.value(t.Elem, false))
	case dataset.Map:
		out = schemaDoc{{"type", "object"}}
		if elem := w.value(t.Elem, false); len(elem) > 0 {
			out.add("additionalProperties", elem)
		}
		if t.MinItems > 0 {
			out.add("minProperties", t.MinItems)
		}
		if t.MaxItems >= 0 {
			out.add("maxProperties", t.MaxItems)
		}
	default:
		out = w.scalar(t, null)
	}
	if null {
		for i := range out {
			if out[i].name == "type" {
				out[i].value = []string{out[i].value.(string), "null"}
			}
		}
	}
	return append(out, w.rules(t.Rules)...)
}

func listKeywords(t *dataset.Type, items schemaDoc) schemaDoc {
	out := schemaDoc{{"type", "array"}}
	if len(items) > 0 {
		out.add("items", items)
	}
	if t.MinItems > 0 {
		out.add("minItems", t.MinItems)
	}
	if t.MaxItems >= 0 {
		out.add("maxItems", t.MaxItems)
	}
	if t.UniqueItems {
		out.add("uniqueItems", true)
	}
	return out
}

// jsonTypes are the types in JSON by kind.
var jsonTypes = map[dataset.Kind]string{dataset.Boolean: "boolean", dataset.Integer: "integer", dataset.Year: "integer",
	dataset.Decimal: "number", dataset.Float: "number"}

func (w *schemaOut) scalar(t *dataset.Type, null bool) schemaDoc {
	word := jsonTypes[t.Kind]
	if word == "" {
		word = "string"
	}
	out := schemaDoc{{"type", word}}
	if f := formatOf(t); f != "" {
		out.add("format", f)
	}
	if t.Kind == dataset.Binary {
		out.add("contentEncoding", "base64")
	}
	out = append(out, w.literals(t, null)...)
	if t.MinLength > 0 {
		out.add("minLength", t.MinLength)
	}
	if t.MaxLength >= 0 {
		out.add("maxLength", t.MaxLength)
	}
	if t.Regex != "" {
		out.add("pattern", schemaPattern(t))
	}
	if word == "string" {
		return out
	}
	for _, b := range []struct {
		keyword string
		value   dataset.Literal
		is      bool
	}{{"minimum", t.Min, !t.MinExclusive}, {"exclusiveMinimum", t.Min, t.MinExclusive},
		{"maximum", t.Max, !t.MaxExclusive}, {"exclusiveMaximum", t.Max, t.MaxExclusive}, {"multipleOf", t.MultipleOf, true}} {
		if b.is && isNumber(b.value) {
			out.add(b.keyword, json.RawMessage(b.value))
		}
	}
	if t.Unsigned && t.Min == "" {
		out.add("minimum", 0)
	}
	return out
}

func isNumber(l dataset.Literal) bool {
	var n json.Number
	return l != "" && l[0] != '"' && json.Unmarshal([]byte(l), &n) == nil
}

// schemaPattern is the expression as the source wrote it where that is JSON Schema's,
// else one that matches the whole text.
func schemaPattern(t *dataset.Type) string {
	if whole := `(?s:.*)(?:` + t.RegexSource + `)(?s:.*)`; t.RegexSource != "" && t.Regex == whole {
		return t.RegexSource
	}
	return "^(?:" + t.Regex + ")$"
}

// formatOf is the format of JSON Schema that texts of the type have, "" where it
// is another: partial dates have none.
func formatOf(t *dataset.Type) string {
	switch {
	case t.Kind == dataset.Date && !t.Partial:
		return "date"
	case t.Kind == dataset.DateTime && t.Format == "instant":
		return "date-time"
	case t.Kind == dataset.Duration:
		return "duration"
	}
	switch t.Format {
	case "email", "uuid", "ipv4", "ipv6", "hostname":
		if t.Kind == dataset.Text {
			return t.Format
		}
	}
	return ""
}

// literals are the values of a closed list.
func (w *schemaOut) literals(t *dataset.Type, null bool) schemaDoc {
	var out schemaDoc
	var values []any
	for _, l := range t.Enum {
		values = append(values, json.RawMessage(l))
	}
	if t.Codes != nil && !t.CodesOpen && t.Codes.Complete && len(values) == 0 {
		seen := map[string]bool{}
		for _, c := range t.Codes.Codes {
			if !seen[c.Code] {
				seen[c.Code] = true
				values = append(values, c.Code)
			}
		}
	}
	if t.Const != "" && t.Kind != dataset.Any && t.Const[0] != '{' && t.Const[0] != '[' {
		values = []any{json.RawMessage(t.Const)}
	}
	if len(values) == 0 {
		return nil
	}
	if null && t.Kind != dataset.Any {
		values = append(values, nil)
	}
	if len(values) == 1 {
		out.add("const", values[0])
	} else {
		out.add("enum", values)
	}
	if t.Codes != nil {
		out.text("x-codes", t.Codes.URL)
	}
	return out
}

// rules returns the rules that are written in JSON Schema, their definitions among
// those of the document.
func (w *schemaOut) rules(list []dataset.Rule) schemaDoc {
	var all []any
	for i := range list {
		if !usesSchema(&list[i]) {
			continue
		}
		var tree jsontree.Tree
		if tree.Parse([]byte(list[i].Expression), nil) != nil {
			continue
		}
		root := tree.Root()
		if root.Kind() != jsontree.Object {
			all = append(all, json.RawMessage(root.Raw()))
			continue
		}
		var out schemaDoc
		for name, v := range root.Members() {
			if name != "$defs" {
				out.add(name, json.RawMessage(bytes.Clone(v.Raw())))
				continue
			}
			for def, d := range v.Members() {
				if w.defined == nil {
					w.defined = map[string]bool{}
				}
				if !w.defined[def] {
					w.defined[def] = true
					w.defs.add(def, json.RawMessage(bytes.Clone(d.Raw())))
				}
			}
		}
		all = append(all, out)
	}
	if len(all) == 0 {
		return nil
	}
	return schemaDoc{{"allOf", all}}
}

// indentSchema returns the document for people to read.
func indentSchema(doc schemaDoc) ([]byte, error) {
	var out bytes.Buffer
	if err := json.Indent(&out, doc.append(nil), "", "  "); err != nil {
		return nil, err
	}
	return []byte(strings.TrimRight(out.String(), "\n") + "\n"), nil
}
