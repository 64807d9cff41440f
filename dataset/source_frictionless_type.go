package dataset

import (
	"regexp"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

var fieldTypes = []string{"string", "number", "integer", "boolean", "object", "array", "list", "datetime", "date", "time", "year", "yearmonth", "duration", "geopoint", "geojson", "any"}

// fieldFormats are the formats of each type; a date, a time and a datetime may have a
// pattern besides.
var fieldFormats = map[string][]string{
	"string":   {"default", "email", "uri", "binary", "uuid"},
	"datetime": {"default", "any"}, "date": {"default", "any"}, "time": {"default", "any"},
	"geopoint": {"default", "array", "object"}, "geojson": {"default", "topojson"},
}

const (
	emailRegex    = `[^@\s]+@[^@\s]+`
	uriRegex      = `[A-Za-z][A-Za-z0-9+.-]*:\S*`
	uuidRegex     = `[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`
	geopointRegex = `-?[0-9]+(\.[0-9]+)?, ?-?[0-9]+(\.[0-9]+)?`
)

// typeOf returns the type of a field by its type and format. Where there is no type,
// 2.0 takes any and 1.0 string.
func (r *tableReader) typeOf(f *Field, n *docNode, v2 bool) Type {
	name, format := r.text(n, "type"), r.text(n, "format")
	if name == "" {
		if name = "string"; v2 {
			name = "any"
		}
	}
	if !slices.Contains(fieldTypes, name) {
		r.errorf(n.get("type"), CodeTableType, "want a type of Table Schema, have %s%s", quote(name), meant(name, fieldTypes))
		return NewType(Any)
	}
	r.checkFormat(n, name, format)
	t := r.plainType(f, n, name, format)
	if t.Format == "" {
		t.Format = name
	}
	return t
}

func (r *tableReader) checkFormat(n *docNode, name, format string) {
	allowed := fieldFormats[name]
	if format == "" || format == "default" || slices.Contains(allowed, format) {
		return
	}
	temporal := name == "date" || name == "datetime" || name == "time"
	if temporal && strings.Contains(format, "%") {
		return
	}
	if allowed == nil {
		allowed = []string{"default"}
	}
	r.add(issue.Warning, n.get("format"), CodeTableType, "want a format of %s, have %s%s: it is left out", name, quote(format), meant(format, allowed))
}

func (r *tableReader) plainType(f *Field, n *docNode, name, format string) Type {
	t := NewType(Any)
	switch name {
	case "string":
		t = NewType(Text)
		switch format {
		case "binary":
			t = NewType(Binary)
		case "uuid":
			t.Regex, t.RegexSource = uuidRegex, uuidRegex
		case "email":
			t.Regex, t.RegexSource = emailRegex, emailRegex
		case "uri":
			t.Regex, t.RegexSource = uriRegex, uriRegex
		}
		if format != "default" && slices.Contains(fieldFormats["string"], format) {
			t.Format = format
		}
	case "number", "integer":
		t = r.number(f, n, name)
	case "boolean":
		t = NewType(Boolean)
		if m := n.get("trueValues"); m != nil {
			f.form().True = r.texts(m)
		}
		if m := n.get("falseValues"); m != nil {
			f.form().False = r.texts(m)
		}
	case "date":
		t = NewType(Date)
	case "datetime":
		t = NewType(DateTime)
	case "time":
		t = NewType(Time)
	case "year":
		t = NewType(Year)
	case "yearmonth":
		t = NewType(YearMonth)
	case "duration":
		t = NewType(Duration)
	case "list":
		t = r.listType(f, n)
	case "geopoint":
		t = r.geopoint(format)
	case "object", "geojson":
		t.Rules = []Rule{jsonRule(n.path(), `{"type":"object"}`)}
	case "array":
		t.Rules = []Rule{jsonRule(n.path(), `{"type":"array"}`)}
	}
	if (name == "date" || name == "datetime" || name == "time") && (format == "any" || strings.Contains(format, "%")) {
		f.form().Layout = format
		if format == "any" {
			r.add(issue.Information, n.get("format"), CodeNotHeld, "want a format that says what texts are dates, have any: readers take ISO 8601")
		}
	}
	return t
}

func jsonRule(source, schema string) Rule {
	return Rule{Key: "type", Severity: issue.Error, Language: "json-schema", Expression: schema, Source: source}
}

func (r *tableReader) geopoint(format string) Type {
	t := NewType(Any)
	switch format {
	case "array":
		t.Rules = []Rule{jsonRule("", `{"type":"array","items":{"type":"number"},"minItems":2,"maxItems":2}`)}
	case "object":
		t.Rules = []Rule{jsonRule("", `{"type":"object","required":["lon","lat"]}`)}
	default:
		t = NewType(Text)
		t.Regex, t.RegexSource = geopointRegex, geopointRegex
	}
	t.Format = "geopoint"
	return t
}

func (r *tableReader) number(f *Field, n *docNode, name string) Type {
	t := NewType(Decimal)
	if name == "integer" {
		t = NewType(Integer)
	}
	if s := r.text(n, "decimalChar"); s != "" && s != "." {
		f.form().Decimal = s
	}
	if s := r.text(n, "groupChar"); s != "" {
		f.form().Group = s
	}
	if !r.flag(n, "bareNumber", true) {
		f.form().Loose = true
	}
	return t
}

func (r *tableReader) listType(f *Field, n *docNode) Type {
	item := r.text(n, "itemType")
	kinds := map[string]Kind{"": Text, "string": Text, "integer": Integer, "boolean": Boolean, "number": Decimal, "datetime": DateTime, "date": Date, "time": Time}
	kind, ok := kinds[item]
	if !ok {
		r.errorf(n.get("itemType"), CodeTableType, "want the type of a scalar, have %s", quote(item))
	}
	f.form().Delimiter = ","
	if s := r.text(n, "delimiter"); s != "" {
		f.form().Delimiter = s
	}
	return ListOf(NewType(kind))
}

// constraints reads the constraints of a field into its type.
func (r *tableReader) constraints(f *Field, c *docNode) {
	if r.flag(c, "required", false) {
		f.Required = true
		r.origin(f, c.get("required"), "required", "true")
	}
	if r.flag(c, "unique", false) {
		r.origin(f, c.get("unique"), "unique", "true")
	}
	r.items(f, c.get("jsonSchema"))
	r.lengths(f, c)
	r.bounds(f, c)
	r.pattern(f, c)
	r.enum(f, c)
	if m := c.get("jsonSchema"); m != nil && r.object(m) && f.Type.Kind != List {
		if f.Type.Format != "object" && f.Type.Format != "array" && f.Type.Format != "geojson" && f.Type.Kind != Any {
			r.errorf(m, CodeTableConstraint, "want jsonSchema of an object or an array, have it of a %s", f.Type.Format)
			return
		}
		f.Type.Rules = append(f.Type.Rules, Rule{Key: "jsonSchema", Severity: issue.Error, Language: "json-schema", Expression: string(m.literal()), Source: m.path()})
		r.origin(f, m, "rule", "json-schema")
	}
}

// items makes a list of an array whose schema says of its elements that they have one type,
// and no more.
func (r *tableReader) items(f *Field, schema *docNode) {
	item := schema.get("items")
	if f.Type.Format != "array" || schema.get("type").str() != "array" || len(schema.members) != 2 || !item.is(jsontree.Object) {
		return
	}
	for _, m := range item.members {
		if m.key != "type" && m.key != "format" {
			return
		}
	}
	kinds := map[string]Kind{"string": Text, "integer": Integer, "number": Decimal, "boolean": Boolean,
		"string date": Date, "string date-time": DateTime}
	k, ok := kinds[strings.TrimSpace(item.get("type").str()+" "+item.get("format").str())]
	if !ok {
		return
	}
	elem := NewType(k)
	if k == DateTime {
		elem.Zone = ZoneRequired
	}
	f.Type = ListOf(elem)
	f.Type.Format = "array"
	r.origin(f, schema, "items", k.String())
}

func (r *tableReader) lengths(f *Field, c *docNode) {
	for _, name := range []string{"minLength", "maxLength"} {
		m := c.get(name)
		if m == nil {
			continue
		}
		if m.kind != jsontree.Number || strings.ContainsAny(m.text, "-.eE") {
			r.errorf(m, CodeTableForm, "want a whole number of at least 0, have %s", m.kindName())
			continue
		}
		n, t, low := atoi(m.text), &f.Type, name == "minLength"
		switch {
		case t.Kind == Text || t.Kind == Binary:
			if low {
				t.MinLength = n
			} else {
				t.MaxLength = n
			}
		case t.Kind == List:
			if low {
				t.MinItems = n
			} else {
				t.MaxItems = n
			}
		case t.Format == "array" || t.Format == "object":
			word := map[bool]string{true: "min", false: "max"}[low] + map[string]string{"array": "Items", "object": "Properties"}[t.Format]
			t.Rules = append(t.Rules, Rule{Key: name, Severity: issue.Error, Language: "json-schema", Expression: `{"` + word + `":` + m.text + `}`, Source: m.path()})
		default:
			r.errorf(m, CodeTableConstraint, "want %s of a text or a list, have it of a %s", name, t.Format)
			continue
		}
		r.origin(f, m, map[bool]string{true: "min-length", false: "max-length"}[low], m.text)
	}
	if t := &f.Type; t.MaxLength >= 0 && t.MinLength > t.MaxLength || t.MaxItems >= 0 && t.MinItems > t.MaxItems {
		r.errorf(c, CodeTableConstraint, "want minLength of at most maxLength, have more")
	}
}

var boundedKinds = []Kind{Integer, Decimal, Date, DateTime, Time, Year, YearMonth, Duration}

func (r *tableReader) bounds(f *Field, c *docNode) {
	for _, name := range []string{"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"} {
		m := c.get(name)
		if m == nil {
			continue
		}
		t := &f.Type
		if !slices.Contains(boundedKinds, t.Kind) {
			r.errorf(m, CodeTableConstraint, "want %s of a number, a date or a time, have it of a %s", name, t.Format)
			continue
		}
		v, ok := tableLiteral(t.Kind, m)
		if !ok {
			r.errorf(m, CodeTableConstraint, "want a value of type %s, have another %s", t.Format, m.kindName())
			continue
		}
		exclusive := strings.HasPrefix(name, "exclusive")
		if strings.HasSuffix(strings.ToLower(name), "minimum") {
			t.Min, t.MinExclusive = v, exclusive
			r.origin(f, m, "min", string(v))
		} else {
			t.Max, t.MaxExclusive = v, exclusive
			r.origin(f, m, "max", string(v))
		}
	}
}

var (
	integerForm = regexp.MustCompile(`^[+-]?[0-9]+$`)
	decimalForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	dateForm    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	timeForm    = regexp.MustCompile(`^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?$`)
	stampForm   = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?$`)
	yearForm    = regexp.MustCompile(`^-?[0-9]{4,}$`)
	monthForm   = regexp.MustCompile(`^-?[0-9]{4,}-[0-9]{2}$`)
	spanForm    = regexp.MustCompile(`^-?P[0-9YMDTHWS.]+$`)
)

// tableLiteral reads a value that a descriptor has as its own type or as text, and
// returns it as JSON of the type.
func tableLiteral(k Kind, n *docNode) (Literal, bool) {
	if n.kind != jsontree.String && n.kind != jsontree.Number && n.kind != jsontree.True && n.kind != jsontree.False {
		return "", false
	}
	forms := map[Kind]*regexp.Regexp{Integer: integerForm, Decimal: decimalForm, Float: decimalForm, Date: dateForm, DateTime: stampForm, Time: timeForm, Year: yearForm, YearMonth: monthForm, Duration: spanForm}
	form := forms[k]
	switch k {
	case Integer, Decimal, Float:
		if form.MatchString(n.text) && n.kind != jsontree.True {
			return Literal(strings.TrimPrefix(n.text, "+")), true
		}
		return "", false
	case Year:
		if form.MatchString(n.text) {
			return Literal(`"` + n.text + `"`), true
		}
		return "", false
	case Boolean:
		if n.kind == jsontree.True || n.kind == jsontree.False {
			return Literal(n.text), true
		}
		if b := strings.ToLower(n.text); b == "true" || b == "false" {
			return Literal(b), true
		}
		return "", false
	}
	if n.kind != jsontree.String || form != nil && !form.MatchString(n.text) {
		return "", false
	}
	return n.literal(), true
}

func (r *tableReader) pattern(f *Field, c *docNode) {
	m := c.get("pattern")
	if m == nil {
		return
	}
	source := r.text(c, "pattern")
	if f.Type.Kind != Text && m.kind == jsontree.String {
		r.errorf(m, CodeTableConstraint, "want pattern of a string, have it of a %s", f.Type.Format)
		return
	}
	f.Type.RegexSource = source
	r.origin(f, m, "pattern", source)
	re, err := goRegex(source)
	if err != nil {
		f.Type.Regex = ""
		r.add(issue.Warning, m, CodeNotHeld, "want a regular expression without look-around, references or other things beyond RE2, have one: it is not checked")
		return
	}
	f.Type.Regex = re
}

// goRegex turns a regular expression of XML Schema, which matches a whole text, into one of
// package regexp. Anchors that say so again are kept.
func goRegex(source string) (string, error) {
	s := strings.NewReplacer(`\i`, `[\p{L}_:]`, `\c`, `[-.\p{L}\p{N}_:]`).Replace(source)
	if !strings.Contains(source, `\\`) {
		if _, err := regexp.Compile(s); err == nil {
			return s, nil
		}
	}
	if _, err := regexp.Compile(source); err != nil {
		return "", err
	}
	return source, nil
}

func (r *tableReader) enum(f *Field, c *docNode) {
	m := c.get("enum")
	if m == nil {
		return
	}
	if m.kind != jsontree.Array || len(m.members) == 0 {
		r.errorf(m, CodeTableForm, "want a list of values, have %s", m.kindName())
		return
	}
	t := &f.Type
	set := &CodeSet{Name: f.Name, Complete: true}
	for _, v := range m.members {
		if t.Kind == Any || t.Kind == List {
			t.Enum = append(t.Enum, v.literal())
			continue
		}
		l, ok := tableLiteral(t.Kind, v)
		if !ok {
			r.errorf(v, CodeTableConstraint, "want a value of type %s, have another %s", t.Format, v.kindName())
			continue
		}
		if t.Kind == Text {
			set.Codes = append(set.Codes, Code{Code: v.text})
			continue
		}
		t.Enum = append(t.Enum, l)
	}
	if len(set.Codes) > 0 {
		t.Codes = set
	}
	r.origin(f, m, "codes", string(m.literal()))
}
