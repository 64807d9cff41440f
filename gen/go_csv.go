package gen

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// emitCSV returns the readers and writers of CSV and the tables of columns that
// they work by.
func emitCSV(p *plan) []jen.Code {
	var out []jen.Code
	for _, t := range p.tables {
		if len(t.object.fields) == 0 {
			continue
		}
		name, v := t.object.goName, t.object.recv
		if v == "w" {
			v = "x"
		}
		writer := name + "CSVWriter"
		table := "csvOf" + name
		out = append(out,
			jen.Line().Add(docComment("Read"+name+"CSV reads the rows of a CSV file, whose columns may have any order. A row with errors comes with a *RecordError, as far as it could be read, and reading goes on behind it; so does a header that names other columns. Any other error is the last.")),
			jen.Func().Op("Read"+name+"CSV").Params(jen.Id("r").Qual("io", "Reader")).Qual("iter", "Seq2").Types(jen.Id(name), jen.Error()).Block(
				stmt("return readCSV(r, %s(), Parse%s)", table, name)),
			jen.Line().Add(docComment(writer+" writes rows of CSV under a header. Objects and lists are JSON text; members without a column, such as the extensions of primitives, are left out. It is not safe for concurrent use.")),
			stmt("type %s struct {\nrows *csvWriter\nbuffer []byte\n}", writer),
			jen.Line().Add(docComment("New"+writer+" returns a writer into w, which needs Flush at the end.")),
			jen.Func().Op("New"+writer).Params(jen.Id("w").Qual("io", "Writer")).Op("*"+writer).Block(
				stmt("return &%s{rows: newCSVWriter(w, %s())}", writer, table)),
			function("Write adds a row. A value that would read as a missing one is an error.", fmt.Sprintf("(w *%s) Write(%s *%s) error", writer, v, name),
				stmt("w.buffer = %s.AppendJSON(w.buffer[:0])", v),
				stmt("return w.rows.write(w.buffer)")),
			function("Flush writes what is still held.", fmt.Sprintf("(w *%s) Flush() error", writer),
				stmt("return w.rows.flush()")),
			function(table+" returns how records stand in CSV.", table+"() csvTable", stmt("%s", p.csvTable(t))),
		)
	}
	return out
}

// csvTable returns the statement that returns the table of columns.
func (p *plan) csvTable(t *tablePlan) string {
	form := t.Text
	if form == nil {
		form = &dataset.FileForm{}
	}
	var parts []string
	add := func(yes bool, part string) {
		if yes {
			parts = append(parts, part)
		}
	}
	file := p.csvFile(t, form)
	add(file != "", "csvFile: csvFile{"+file+"}")
	add(form.NoHeader, "noHeader: true")
	add(form.Skip > 0, "skip: "+strconv.Itoa(form.Skip))
	add(form.HeaderRows > 1, "heads: "+strconv.Itoa(form.HeaderRows))
	add(exactRows(t.Table, form), "exact: true")
	add(t.Unlisted || form.Match == "subset" || form.Match == "partial", "more: true")
	if o := t.object; o.ResourceType != "" && o.field("resourceType") == nil {
		add(true, "prefix: "+goString(`,"resourceType":`+strconv.Quote(o.ResourceType)))
	}
	var columns strings.Builder
	for _, f := range t.object.fields {
		columns.WriteString(p.csvColumn(t, f, form))
	}
	parts = append(parts, "columns: []csvColumn{\n"+columns.String()+"}")
	return "return csvTable{" + strings.Join(parts, ", ") + "}"
}

// csvFile returns how rows stand in the file, "" for the usual way.
func (p *plan) csvFile(t *tablePlan, form *dataset.FileForm) string {
	var parts []string
	add := func(name, what, text, usual string) {
		switch {
		case text == "" || text == usual:
		case strings.ContainsAny(text, "\r\n"):
			p.noForm(t.Table.Pos, t.Name, what)
		default:
			parts = append(parts, name+": "+strconv.Quote(text))
		}
	}
	add("comma", "delimiter", form.Delimiter, ",")
	add("quote", "quotation mark", form.Quote, `"`)
	add("escape", "escape", form.Escape, cmp.Or(form.Quote, `"`))
	add("comment", "comment", form.Comment, "")
	if form.SkipInitialSpace {
		parts = append(parts, "trim: true")
	}
	if form.Encoding != "" && !strings.EqualFold(form.Encoding, "utf-8") && !strings.EqualFold(form.Encoding, "utf8") {
		p.noForm(t.Table.Pos, t.Name, "encoding of the file")
	}
	return strings.Join(parts, ", ")
}

// exactRows reports whether other columns, missing ones and blank rows are errors,
// as readers of Table Schema have it.
func exactRows(t *dataset.Table, form *dataset.FileForm) bool {
	return (t.Kind == dataset.TableSchema || t.Kind == dataset.DataPackage) && (form.Match == "" || form.Match == "exact" || form.Match == "equal" || form.Match == "superset")
}

func (p *plan) csvColumn(t *tablePlan, f *fieldPlan, file *dataset.FileForm) string {
	form := f.Text
	if form == nil {
		form = &dataset.TextForm{}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "{name: %q, member: %s", f.Name, memberName(f.Name))
	if len(form.Titles) > 0 {
		b.WriteString(", titles: " + stringsOf(form.Titles))
	}
	g := f.typ
	kind := csvKind(g)
	if f.shape == list || f.shape == nullList {
		if form.Delimiter != "" && kind != "csvJSON" {
			fmt.Fprintf(&b, ", list: %q", form.Delimiter)
		} else {
			kind = "csvJSON"
		}
	}
	if kind != "csvText" {
		b.WriteString(", kind: " + kind)
	}
	if f.Required && f.Nullable && !t.object.row() {
		b.WriteString(", null: true")
	}
	if f.Required && !f.Nullable && file.Match != "superset" && file.Match != "partial" {
		b.WriteString(", required: true")
	} else if exactRows(t.Table, file) && file.Match != "superset" {
		b.WriteString(", listed: true")
	}
	missing := form.Missing
	if missing == nil {
		missing = file.Missing
	}
	if missing != nil {
		b.WriteString(", missing: " + stringsOf(missing))
	}
	if parts := p.csvForm(f, form, kind); parts != "" {
		b.WriteString(", form: &csvForm{" + parts + "}")
	}
	b.WriteString("},\n")
	return b.String()
}

// csvForm returns what a csvForm says of the field, "" for nothing.
func (p *plan) csvForm(f *fieldPlan, form *dataset.TextForm, kind string) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch kind {
	case "csvBoolean":
		if form.True != nil {
			add("yes: %s", stringsOf(form.True))
		}
		if form.False != nil {
			add("no: %s", stringsOf(form.False))
		}
	case "csvNumber":
		if form.Decimal != "" && form.Decimal != "." {
			add("decimal: %q", form.Decimal)
		}
		if form.Group != "" {
			add("group: %q", form.Group)
		}
		if form.Loose {
			add("loose: true")
		}
	case "csvText":
		if iso := isoLayouts[f.typ.Kind]; form.Layout != "" && form.Layout != "any" && form.Layout != "default" && iso != "" {
			if layout, ok := goLayout(form.Layout); ok {
				add("layout: %q, iso: %q", layout, iso)
			} else {
				p.noForm(f.Pos, f.Name, "form of its dates")
			}
		}
	}
	if form.Default != "" {
		add("byDefault: %q", form.Default)
	}
	return strings.Join(parts, ", ")
}

// isoLayouts are the forms of dates and times in JSON.
var isoLayouts = map[dataset.Kind]string{
	dataset.Date: "2006-01-02", dataset.DateTime: "2006-01-02T15:04:05.999999999", dataset.Time: "15:04:05.999999999",
}

// goLayout returns the layout of package time for one of strptime.
func goLayout(s string) (string, bool) {
	parts := map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'y': "06", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM",
		'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'j': "002", 'f': "000000", 'z': "-0700", '%': "%"}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) || parts[s[i]] == "" {
			return "", false
		}
		b.WriteString(parts[s[i]])
	}
	return b.String(), true
}

// csvKind returns the kind of the JSON of a value.
func csvKind(g *goType) string {
	switch g.Kind {
	case dataset.Boolean:
		return "csvBoolean"
	case dataset.Integer, dataset.Decimal, dataset.Float, dataset.Year:
		return "csvNumber"
	}
	if scalarType(g) {
		return "csvText"
	}
	return "csvJSON"
}

func stringsOf(list []string) string {
	var b strings.Builder
	b.WriteString("[]string{")
	for i, s := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(s))
	}
	b.WriteByte('}')
	return b.String()
}

func (p *plan) noForm(pos issue.Pos, path, what string) {
	p.findings = append(p.findings, issue.Issue{Severity: issue.Warning, Code: codeTextForm, Pos: pos, Path: path,
		Message: "want the usual form of CSV in generated code, have another " + what + ", which is not read"})
}
