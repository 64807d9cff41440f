package gen

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// CSVW returns the tables in the form of CSV on the Web: csvw.json, a table group
// with a title, tables with titles and columns, and of each column its name, title,
// description, one datatype and, where the source is known, a property address: what
// HealthDCAT-AP asks for as the variables of a dataset.
func CSVW(m *dataset.Model) ([]File, issue.List, error) {
	lost := &losses{format: "CSVW"}
	var doc ordered
	doc.put("@context", "http://www.w3.org/ns/csvw")
	doc.put("@type", "TableGroup")
	if strings.Contains(m.ID, "://") {
		doc.put("@id", m.ID)
	}
	doc.put("dc:title", titleOf(m))
	doc.put("dc:description", m.Description)
	doc.put("dc:hasVersion", m.Version)
	var tables []any
	for _, t := range m.Tables {
		tables = append(tables, csvwTable(m, t, lost))
	}
	doc = append(doc, pair{"tables", orEmpty(tables)})
	f, err := jsonDocument("csvw.json", doc)
	return []File{f}, lost.list(), err
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

func csvwURL(t *dataset.Table) string { return url.PathEscape(fileName(t.Name, ".csv")) }

func csvwTable(m *dataset.Model, t *dataset.Table, lost *losses) ordered {
	var o ordered
	o.put("@type", "Table")
	o.put("url", csvwURL(t))
	o.put("dc:title", first(t.Title, t.Name))
	o.put("dc:description", t.Description)
	var schema ordered
	names := csvwNames(t)
	var columns []any
	for _, c := range columnsOf(t) {
		columns = append(columns, csvwColumn(t, c, names[c.Name], lost))
	}
	schema = append(schema, pair{"columns", orEmpty(columns)})
	schema.put("primaryKey", renamed(keyColumns(t), names))
	var keys []any
	for _, r := range t.Refs {
		if !usable(m, t, r) {
			lost.add(t, "", "a reference whose table or fields are no columns")
			continue
		}
		to := m.Table(r.Table)
		keys = append(keys, ordered{{"columnReference", renamed(r.Fields, names)},
			{"reference", ordered{{"resource", csvwURL(to)}, {"columnReference", renamed(target(m, r), csvwNames(to))}}}})
	}
	schema.put("foreignKeys", keys)
	o.put("tableSchema", schema)
	if t.Unique != nil {
		lost.add(t, "", "further keys")
	}
	return o
}

var csvwNameForm = regexp.MustCompile(`^[A-Za-z0-9.][A-Za-z0-9._]*$`)

// csvwNames returns the name of each column as a URI template variable
// (Metadata Vocabulary §5.6): what does not fit is percent-encoded.
func csvwNames(t *dataset.Table) map[string]string {
	names := map[string]string{}
	for _, c := range dataset.Columns(t) {
		if csvwNameForm.MatchString(c.Name) {
			names[c.Name] = c.Name
			continue
		}
		var b strings.Builder
		for i, x := range []byte(c.Name) {
			if x >= 'a' && x <= 'z' || x >= 'A' && x <= 'Z' || x >= '0' && x <= '9' || x == '_' && i > 0 {
				b.WriteByte(x)
				continue
			}
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[x>>4], digits[x&15]})
		}
		names[c.Name] = b.String()
	}
	return names
}

func renamed(fields []string, names map[string]string) []string {
	var out []string
	for _, f := range fields {
		out = append(out, names[f])
	}
	return out
}

func csvwColumn(t *dataset.Table, c column, name string, lost *losses) ordered {
	var o ordered
	o.put("name", name)
	titles := []string{c.Name}
	if c.Title != "" && c.Title != c.Name {
		titles = append(titles, c.Title)
	}
	if len(titles) == 1 {
		o.put("titles", titles[0])
	} else {
		o.put("titles", titles)
	}
	o.put("dc:description", c.describe())
	o.put("datatype", csvwType(t, c, lost))
	if !c.Nullable {
		o.put("required", true)
	}
	if c.List && c.Field.Text != nil && c.Field.Text.Delimiter != "" {
		o.put("separator", c.Field.Text.Delimiter)
	}
	if x := c.Field.Text; x != nil && c.Slice == nil {
		if len(x.Missing) == 1 {
			o.put("null", x.Missing[0])
		} else {
			o.put("null", x.Missing)
		}
		o.put("default", x.Default)
	}
	o.put("propertyUrl", propertyURL(t, c))
	return o
}

// propertyURL is the address of the definition of a column: of an element of FHIR, an
// attribute of DICOM, a field of the CDM; "" where none is known.
func propertyURL(t *dataset.Table, c column) string {
	for _, o := range c.Field.Origins {
		if o.What == "property-url" && c.Slice == nil {
			return o.Value
		}
	}
	if c.Slice != nil {
		return ""
	}
	id := url.PathEscape(c.Field.ID)
	switch {
	case t.From.Profile != "" && id != "":
		return t.From.Profile + "#" + id
	case t.From.OMOPTable != "":
		return "https://ohdsi.github.io/CommonDataModel/cdm" + strings.ReplaceAll(t.From.OMOPVersion, ".", "") + ".html#" + url.PathEscape(t.From.OMOPTable)
	}
	return ""
}

// csvwType returns the datatype: a name, or an object with constraints.
func csvwType(t *dataset.Table, c column, lost *losses) any {
	e := &c.elem
	base := csvwBase(t, c, lost)
	if c.List && (c.Field.Text == nil || c.Field.Text.Delimiter == "") {
		lost.add(t, c.Name, "the type of the values of a list in JSON")
		return "json"
	}
	if c.JSON && !c.List {
		lost.add(t, c.Name, "the form of what is JSON")
	}
	d := ordered{{"base", base}}
	switch {
	case base == "string" && e.Kind == dataset.Text || e.Kind == dataset.Binary && base == "base64Binary":
		if e.MinLength > 0 {
			d.put("minLength", e.MinLength)
		}
		if e.MaxLength >= 0 {
			d.put("maxLength", e.MaxLength)
		}
		if base == "string" {
			d.put("format", csvwFormat(e))
		}
	case strings.HasPrefix(base, "date") || base == "integer" || base == "int" || base == "decimal" || base == "double" || base == "float" || base == "time" || base == "unsignedInt" || base == "unsignedLong":
		low, high := "minimum", "maximum"
		if e.MinExclusive {
			low = "minExclusive"
		}
		if e.MaxExclusive {
			high = "maxExclusive"
		}
		d.put(low, raw(e.Min))
		d.put(high, raw(e.Max))
		if x := c.Field.Text; x != nil && x.Layout != "" && x.Layout != "any" {
			if p, ok := unicodePattern(x.Layout); ok {
				d.put("format", p)
			} else {
				lost.add(t, c.Name, "a format of dates")
			}
		}
	case base == "boolean":
		if x := c.Field.Text; x != nil && len(x.True) > 0 && len(x.False) > 0 {
			d.put("format", x.True[0]+"|"+x.False[0])
		}
	}
	if len(e.Enum) > 0 || e.Const != "" && base != "string" {
		lost.add(t, c.Name, "lists of values that are no text")
	}
	if len(e.Rules) > 0 {
		lost.add(t, c.Name, "rules")
	}
	if e.MultipleOf != "" || e.Pattern != "" {
		lost.add(t, c.Name, "multiples and patterns of FHIR")
	}
	if len(d) == 1 {
		return base
	}
	return d
}

// csvwFormat is the regular expression of a text: its own, or one of its codes.
func csvwFormat(e *dataset.Type) string {
	if s, ok := constText(e.Const); e.Const != "" && ok {
		return "^" + regexp.QuoteMeta(s) + "$"
	}
	const most = 500
	if codes := closedCodes(e); len(codes) > 0 && len(codes) <= most {
		quoted := make([]string, len(codes))
		for i, c := range codes {
			quoted[i] = regexp.QuoteMeta(c.Code)
		}
		return "^(" + strings.Join(quoted, "|") + ")$"
	}
	return first(e.RegexSource, e.Regex)
}

func csvwBase(t *dataset.Table, c column, lost *losses) string {
	e := &c.elem
	switch e.Kind {
	case dataset.Text:
		if e.Format == "uri" || e.Format == "url" || e.Format == "canonical" {
			return "anyURI"
		}
		return "string"
	case dataset.Boolean:
		return "boolean"
	case dataset.Integer:
		switch {
		case e.Unsigned && e.Bits == 32:
			return "unsignedInt"
		case e.Unsigned:
			return "unsignedLong"
		case e.Bits == 32:
			return "int"
		}
		return "integer"
	case dataset.Decimal:
		return "decimal"
	case dataset.Float:
		if e.Bits == 32 {
			return "float"
		}
		return "double"
	case dataset.Date, dataset.DateTime, dataset.Time:
		if e.Partial {
			lost.add(t, c.Name, "dates and times of lower precision: they are strings")
			return "string"
		}
		return map[bool]string{true: "dateTimeStamp"}[e.Kind == dataset.DateTime && e.Zone == dataset.ZoneRequired] +
			map[dataset.Kind]string{dataset.Date: "date", dataset.Time: "time"}[e.Kind] +
			map[bool]string{true: "dateTime"}[e.Kind == dataset.DateTime && e.Zone != dataset.ZoneRequired]
	case dataset.Year:
		return "gYear"
	case dataset.YearMonth:
		return "gYearMonth"
	case dataset.Duration:
		return "duration"
	case dataset.Binary:
		return "base64Binary"
	}
	return "json"
}

// unicodePattern turns a strptime layout into a date pattern of UAX 35, of which CSVW has a
// part; ok is false where it has none for it.
func unicodePattern(layout string) (string, bool) {
	r := strings.NewReplacer("%Y", "yyyy", "%m", "MM", "%d", "dd", "%H", "HH", "%M", "mm", "%S", "ss")
	p := r.Replace(layout)
	return p, !strings.Contains(p, "%")
}
