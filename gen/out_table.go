package gen

import (
	"encoding/json"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// TableSchema returns a Data Package 2.0 whose resources have a Table Schema
// each: datapackage.json. The fields are the columns of the Parquet files, as
// dataset.Columns has them; roles and units are members unit and privacyRole, which
// the standard leaves to us. The findings name what it cannot hold.
func TableSchema(m *dataset.Model) ([]File, issue.List, error) {
	lost := &losses{format: "Table Schema"}
	var doc ordered
	doc.put("$schema", "https://datapackage.org/profiles/2.0/datapackage.json")
	doc.put("name", slug(m.ID))
	doc.put("id", addressOf(m))
	doc.put("title", m.Title)
	doc.put("description", m.Description)
	doc.put("version", m.Version)
	var resources []any
	for _, t := range m.Tables {
		var r ordered
		r.put("name", t.Name)
		r.put("type", "table")
		r.put("title", t.Title)
		r.put("description", t.Description)
		r.put("path", fileName(t.Name, ".parquet"))
		r.put("format", "parquet")
		r.put("mediatype", "application/vnd.apache.parquet")
		if t.Grain != "" {
			r.put("grain", string(t.Grain))
		}
		r.put("schema", tableSchemaOf(m, t, lost))
		resources = append(resources, r)
	}
	doc = append(doc, pair{"resources", orEmpty(resources)})
	f, err := jsonDocument("datapackage.json", doc)
	return []File{f}, lost.list(), err
}

func orEmpty(list []any) []any {
	if list == nil {
		return []any{}
	}
	return list
}

func tableSchemaOf(m *dataset.Model, t *dataset.Table, lost *losses) ordered {
	var s ordered
	s.put("$schema", "https://datapackage.org/profiles/2.0/tableschema.json")
	var fields []any
	for _, c := range columnsOf(t) {
		fields = append(fields, tableField(t, c, lost))
	}
	s = append(s, pair{"fields", orEmpty(fields)})
	if t.Unlisted {
		s.put("fieldsMatch", []string{"subset"})
	}
	if t.Text != nil && t.Text.Missing != nil {
		s = append(s, pair{"missingValues", t.Text.Missing})
	}
	s.put("primaryKey", keyColumns(t))
	var unique []any
	for _, u := range t.Unique {
		unique = append(unique, u)
	}
	s.put("uniqueKeys", unique)
	var keys []any
	for _, r := range t.Refs {
		if !usable(m, t, r) {
			lost.add(t, "", "a reference whose table or fields are no columns")
			continue
		}
		ref := ordered{}
		if r.Table != t.Name {
			ref.put("resource", r.Table)
		}
		ref.put("fields", target(m, r))
		keys = append(keys, ordered{{"fields", r.Fields}, {"reference", ref}})
	}
	s.put("foreignKeys", keys)
	return s
}

func tableField(t *dataset.Table, c column, lost *losses) ordered {
	var f ordered
	f.put("name", c.Name)
	f.put("title", c.Title)
	f.put("description", c.Description)
	kind, format := tableType(t, c, lost)
	f.put("type", kind)
	f.put("format", format)
	text := c.Field.Text
	if c.Slice != nil {
		text = nil
	}
	if text != nil {
		tableText(&f, kind, text)
	}
	f.put("constraints", tableConstraints(t, c, kind, lost))
	if cats := categories(c, kind); cats != nil {
		f.put("categories", cats)
	}
	f.put("unit", c.Field.Unit)
	f.put("privacyRole", string(c.Field.Role))
	return f
}

// tableText writes how values stand in text.
func tableText(f *ordered, kind string, text *dataset.TextForm) {
	if text.Missing != nil {
		*f = append(*f, pair{"missingValues", text.Missing})
	}
	f.put("trueValues", text.True)
	f.put("falseValues", text.False)
	if kind == "number" || kind == "integer" {
		f.put("decimalChar", text.Decimal)
		f.put("groupChar", text.Group)
		if text.Loose {
			f.put("bareNumber", false)
		}
	}
	if kind == "list" {
		f.put("delimiter", text.Delimiter)
	}
}

// tableType returns type and format.
func tableType(t *dataset.Table, c column, lost *losses) (kind, format string) {
	e := &c.elem
	if c.List {
		if c.Field.Text != nil && c.Field.Text.Delimiter != "" {
			return "list", ""
		}
		return "array", ""
	}
	partial := func(kind string) (string, string) {
		if e.Partial {
			lost.add(t, c.Name, "dates and times of lower precision: they are strings")
			return "string", ""
		}
		if x := c.Field.Text; x != nil && x.Layout != "" {
			return kind, x.Layout
		}
		return kind, ""
	}
	switch e.Kind {
	case dataset.Text:
		switch e.Format {
		case "email", "uuid":
			return "string", e.Format
		case "uri", "url":
			return "string", "uri"
		case "geopoint":
			return "geopoint", ""
		}
		return "string", ""
	case dataset.Boolean:
		return "boolean", ""
	case dataset.Integer:
		return "integer", ""
	case dataset.Decimal, dataset.Float:
		return "number", ""
	case dataset.Date:
		return partial("date")
	case dataset.DateTime:
		return partial("datetime")
	case dataset.Time:
		return partial("time")
	case dataset.Year, dataset.YearMonth, dataset.Duration:
		return e.Kind.String(), ""
	case dataset.Binary:
		return "string", "binary"
	case dataset.ObjectKind, dataset.Map:
		if e.Kind == dataset.ObjectKind {
			lost.add(t, c.Name, "the members of an object")
		}
		return "object", ""
	case dataset.List:
		return "array", ""
	}
	switch e.Format {
	case "array", "object", "geojson", "geopoint":
		if e.Format == "geopoint" {
			return "geopoint", "array"
		}
		return e.Format, ""
	}
	return "any", ""
}

func tableConstraints(t *dataset.Table, c column, kind string, lost *losses) ordered {
	var k ordered
	e := &c.elem
	if !c.Nullable {
		k.put("required", true)
	}
	if c.Field.Unique() && c.Slice == nil {
		k.put("unique", true)
	}
	for _, r := range e.Rules {
		if r.Language == "json-schema" && (kind == "object" || kind == "array" || kind == "geojson" || kind == "any") {
			if r.Key == "jsonSchema" {
				k.put("jsonSchema", raw(dataset.Literal(r.Expression)))
			}
			if _, n, ok := strings.Cut(strings.TrimSuffix(r.Expression, "}"), ":"); ok && (r.Key == "minLength" || r.Key == "maxLength") {
				k.put(r.Key, raw(dataset.Literal(n)))
			}
			continue
		}
		lost.add(t, c.Name, "rules in other languages")
	}
	if e.MultipleOf != "" {
		lost.add(t, c.Name, "a multiple of")
	}
	if e.Pattern != "" {
		lost.add(t, c.Name, "patterns of FHIR")
	}
	switch kind {
	case "array", "list":
		k.putItems(c, kind)
		return k
	case "string":
		stringConstraints(&k, e)
	}
	if values := enumOf(e, kind); values != nil && categories(c, kind) == nil {
		k.put("enum", values)
	}
	switch kind {
	case "integer", "number", "date", "time", "datetime", "year", "yearmonth", "duration":
		low, high := "minimum", "maximum"
		if e.MinExclusive {
			low = "exclusiveMinimum"
		}
		if e.MaxExclusive {
			high = "exclusiveMaximum"
		}
		k.put(low, raw(e.Min))
		k.put(high, raw(e.Max))
	}
	return k
}

// putItems writes what holds for the values of a list.
func (o *ordered) putItems(c column, kind string) {
	if c.Type.MinItems > 0 {
		o.put("minLength", c.Type.MinItems)
	}
	if c.Type.Kind == dataset.List && c.Type.MaxItems >= 0 {
		o.put("maxLength", c.Type.MaxItems)
	}
	if kind != "array" || !c.List {
		return
	}
	word := map[dataset.Kind]string{dataset.Boolean: "boolean", dataset.Integer: "integer", dataset.Decimal: "number", dataset.Float: "number"}[c.elem.Kind]
	if word == "" {
		word = "string"
	}
	item := ordered{{"type", word}}
	if c.elem.Kind == dataset.Date && !c.elem.Partial {
		item.put("format", "date")
	}
	if c.elem.Kind == dataset.DateTime && !c.elem.Partial && c.elem.Zone == dataset.ZoneRequired {
		item.put("format", "date-time")
	}
	o.put("jsonSchema", ordered{{"type", "array"}, {"items", item}})
}

// tableFormats are the expressions of formats of Table Schema, which say as much.
var tableFormats = map[string]string{"email": `[^@\s]+@[^@\s]+`, "uri": `[A-Za-z][A-Za-z0-9+.-]*:\S*`}

func stringConstraints(k *ordered, e *dataset.Type) {
	if e.MinLength > 0 {
		k.put("minLength", e.MinLength)
	}
	if e.Kind == dataset.Text && e.MaxLength >= 0 {
		k.put("maxLength", e.MaxLength)
	}
	switch {
	case e.Kind != dataset.Text || e.Format == "uuid" || tableFormats[e.Format] == e.Regex:
	case e.RegexSource != "":
		k.put("pattern", e.RegexSource)
	default:
		k.put("pattern", e.Regex)
	}
}

// enumOf returns the values of enum, nil where any are allowed.
func enumOf(e *dataset.Type, kind string) []any {
	var values []any
	if e.Const != "" && (kind == "string" || kind == "integer" || kind == "number" || kind == "boolean") {
		return []any{raw(e.Const)}
	}
	if kind == "string" || kind == "any" {
		for _, c := range closedCodes(e) {
			values = append(values, c.Code)
		}
	}
	for _, l := range e.Enum {
		values = append(values, json.RawMessage(l))
	}
	return values
}

// categories returns codes with their labels, nil where there are no labels.
func categories(c column, kind string) []any {
	codes := closedCodes(&c.elem)
	labels := false
	seen := map[string]bool{}
	for _, x := range codes {
		labels = labels || x.Display != ""
		if seen[x.Code] {
			return nil
		}
		seen[x.Code] = true
	}
	if kind != "string" || !labels || c.List || c.elem.Const != "" || len(c.elem.Enum) > 0 {
		return nil
	}
	var all []any
	for _, x := range codes {
		o := ordered{{"value", x.Code}}
		o.put("label", strings.TrimSpace(x.Display))
		all = append(all, o)
	}
	return all
}
