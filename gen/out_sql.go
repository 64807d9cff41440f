package gen

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// SQL returns the statements that create the tables: schema.<dialect>.sql, with
// dialect postgresql or duckdb. Tables come after those to which they refer. Where tables
// refer to each other in circles, PostgreSQL gets the reference after them; DuckDB
// has no such statement, and the reference is a comment and a finding. Codes and bounds
// are checks, descriptions are comments.
func SQL(m *dataset.Model, dialect string) ([]File, issue.List, error) {
	if dialect != "postgresql" && dialect != "duckdb" {
		return nil, nil, fmt.Errorf("gen: want the dialect postgresql or duckdb, have %q", dialect)
	}
	w := &sqlWriter{model: m, postgres: dialect == "postgresql", lost: &losses{format: map[bool]string{true: "PostgreSQL", false: "DuckDB"}[dialect == "postgresql"]},
		tables: map[string]string{}, columns: map[string]map[string]string{}}
	w.names()
	fmt.Fprintf(&w.b, "-- %s\n-- Made by Carabiner from a dataset profile. Do not edit.\n", flatten(titleOf(m)+" "+m.Version))
	for _, t := range w.ordered() {
		w.table(t)
	}
	for _, s := range w.after {
		w.b.WriteString(s)
	}
	for _, t := range m.Tables {
		w.comments(t)
	}
	return []File{{Name: "schema." + dialect + ".sql", Content: []byte(w.b.String())}}, w.lost.list(), nil
}

type sqlWriter struct {
	model    *dataset.Model
	postgres bool
	lost     *losses
	b        strings.Builder
	// tables and columns are the names in SQL, by table and by table and column.
	tables  map[string]string
	columns map[string]map[string]string
	made    map[string]bool
	after   []string
}

// names gives every table and column a name that the engine can tell from others: at
// most 63 bytes in PostgreSQL, and different in more than case.
func (w *sqlWriter) names() {
	taken := map[string]bool{}
	for _, t := range w.model.Tables {
		w.tables[t.Name] = w.name(t, "", t.Name, taken)
		inTable := map[string]bool{}
		w.columns[t.Name] = map[string]string{}
		for _, c := range dataset.Columns(t) {
			w.columns[t.Name][c.Name] = w.name(t, c.Name, c.Name, inTable)
		}
	}
}

func (w *sqlWriter) name(t *dataset.Table, column, want string, taken map[string]bool) string {
	const longest = 63
	name := strings.ReplaceAll(want, "\x00", "")
	if name == "" {
		name = "_"
	}
	cut := func(n int) string {
		if len(name) <= n {
			return name
		}
		return strings.ToValidUTF8(name[:n], "")
	}
	out := name
	if w.postgres {
		out = cut(longest)
	}
	for i := 2; taken[strings.ToLower(out)]; i++ {
		suffix := "_" + strconv.Itoa(i)
		out = cut(longest-len(suffix)) + suffix
	}
	taken[strings.ToLower(out)] = true
	if out != want {
		w.lost.add(t, column, "a name that is too long, or differs from another in case alone: it is changed")
	}
	return out
}

// ordered returns the tables, those referred to before those that refer to them as far
// as there are no circles, else in the order of the model.
func (w *sqlWriter) ordered() []*dataset.Table {
	left := slices.Clone(w.model.Tables)
	w.made = map[string]bool{}
	placed := map[string]bool{}
	var out []*dataset.Table
	for len(left) > 0 {
		best, least := 0, -1
		for i, t := range left {
			waiting := 0
			for _, r := range t.Refs {
				if r.Table != t.Name && !placed[r.Table] && w.model.Table(r.Table) != nil {
					waiting++
				}
			}
			if least < 0 || waiting < least {
				best, least = i, waiting
			}
			if waiting == 0 {
				break
			}
		}
		out = append(out, left[best])
		placed[left[best].Name] = true
		left = slices.Delete(left, best, best+1)
	}
	return out
}

func (w *sqlWriter) table(t *dataset.Table) {
	var lines []string
	for _, c := range columnsOf(t) {
		lines = append(lines, w.column(t, c))
	}
	if key := keyColumns(t); len(key) > 0 {
		lines = append(lines, "PRIMARY KEY ("+w.list(t, key)+")")
	}
	for _, u := range w.unique(t) {
		lines = append(lines, "UNIQUE ("+w.list(t, u)+")")
	}
	w.made[t.Name] = true
	var notes []string
	for _, r := range t.Refs {
		fk, ok := w.reference(t, r)
		switch {
		case !ok:
		case w.made[r.Table]:
			lines = append(lines, fk)
		case w.postgres:
			w.after = append(w.after, "\nALTER TABLE "+w.table_(t.Name)+" ADD "+fk+";\n")
		default:
			w.lost.add(t, r.Fields[0], "a reference to a table that comes later: it is a comment")
			notes = append(notes, "-- "+flatten(fk)+"\n")
		}
	}
	fmt.Fprintf(&w.b, "\n%sCREATE TABLE %s (\n    %s\n);\n", strings.Join(notes, ""), w.table_(t.Name), strings.Join(lines, ",\n    "))
}

// unique returns the further keys, those of one field among them.
func (w *sqlWriter) unique(t *dataset.Table) [][]string {
	all := slices.Clone(t.Unique)
	for _, c := range columnsOf(t) {
		if c.Slice == nil && c.Field.Unique() && !slices.Equal(t.Key, []string{c.Name}) {
			all = append(all, []string{c.Name})
		}
	}
	var out [][]string
	for _, u := range all {
		known := !slices.ContainsFunc(out, func(o []string) bool { return slices.Equal(o, u) }) && len(u) > 0
		for _, f := range u {
			known = known && hasColumn(t, f)
		}
		if known {
			out = append(out, u)
		}
	}
	return out
}

// reference returns FOREIGN KEY ...; false where the other side is no key.
func (w *sqlWriter) reference(t *dataset.Table, r dataset.Ref) (string, bool) {
	if !usable(w.model, t, r) {
		w.lost.add(t, "", "a reference whose table or fields are no columns")
		return "", false
	}
	to, fields := w.model.Table(r.Table), target(w.model, r)
	isKey := slices.Equal(fields, to.Key) || slices.ContainsFunc(w.unique(to), func(u []string) bool { return slices.Equal(u, fields) })
	same := true
	for i := range fields {
		same = same && w.columnType(t, r.Fields[i]) == w.columnType(to, fields[i])
	}
	if !isKey || !same {
		w.lost.add(t, r.Fields[0], "a reference to fields that are no key, or have another type")
		return "", false
	}
	return "FOREIGN KEY (" + w.list(t, r.Fields) + ") REFERENCES " + w.table_(to.Name) + " (" + w.list(to, fields) + ")", true
}

func (w *sqlWriter) columnType(t *dataset.Table, name string) string {
	for _, c := range columnsOf(t) {
		if c.Name == name {
			s := strings.TrimRight(w.sqlType(c), "()0123456789")
			if s == "varchar" {
				return "text"
			}
			return s
		}
	}
	return ""
}

func (w *sqlWriter) table_(name string) string { return sqlName(w.tables[name]) }

func (w *sqlWriter) list(t *dataset.Table, fields []string) string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = sqlName(w.columns[t.Name][f])
	}
	return strings.Join(out, ", ")
}

func (w *sqlWriter) column(t *dataset.Table, c column) string {
	name := sqlName(w.columns[t.Name][c.Name])
	s := name + " " + w.sqlType(c)
	if !c.Nullable {
		s += " NOT NULL"
	}
	for _, check := range w.checks(t, c, name) {
		s += " CHECK (" + check + ")"
	}
	if (c.elem.Regex != "" && c.List) || len(c.elem.Rules) > 0 || c.elem.Pattern != "" {
		w.lost.add(t, c.Name, "rules in other languages, and what holds for each value of a list")
	}
	return s
}

// sqlType returns the type of a column. Dates and times of lower precision, and those
// of which it is open whether they have a zone, are text, as they are written.
func (w *sqlWriter) sqlType(c column) string {
	s := w.scalarType(&c.elem, c.JSON)
	if c.List {
		s += "[]"
	}
	return s
}

func (w *sqlWriter) scalarType(e *dataset.Type, isJSON bool) string {
	pg := func(postgres, duck string) string {
		if w.postgres {
			return postgres
		}
		return duck
	}
	if isJSON {
		return pg("jsonb", "JSON")
	}
	const longest = 10485760 // PostgreSQL 17, §8.3
	switch e.Kind {
	case dataset.Boolean:
		return "boolean"
	case dataset.Integer:
		switch {
		case e.Bits == 32 && (!e.Unsigned || fits32(e.Max)):
			return "integer"
		case e.Unsigned && e.Bits != 32 && e.Max == "":
			return pg("numeric(20)", "UBIGINT")
		case e.Bits == 0 && e.Format == "integer" && e.Max == "":
			return "bigint"
		}
		return "bigint"
	case dataset.Decimal:
		return pg("numeric", "double")
	case dataset.Float:
		if e.Bits == 32 {
			return "real"
		}
		return pg("double precision", "double")
	case dataset.Date:
		if !e.Partial {
			return "date"
		}
	case dataset.DateTime:
		if !e.Partial && e.Zone == dataset.ZoneRequired {
			return pg("timestamptz", "TIMESTAMPTZ")
		}
		if !e.Partial && e.Zone == dataset.ZoneNone {
			return "timestamp"
		}
	case dataset.Time:
		if !e.Partial && e.Format != "TM" {
			return "time"
		}
	case dataset.Binary:
		return pg("bytea", "blob")
	case dataset.Text:
		if e.MaxLength > 0 && e.MaxLength <= longest {
			return "varchar(" + strconv.Itoa(e.MaxLength) + ")"
		}
	}
	return "text"
}

func fits32(l dataset.Literal) bool {
	n, err := strconv.ParseInt(string(l), 10, 32)
	return err == nil && n >= 0
}

// checks returns the conditions on one value.
func (w *sqlWriter) checks(t *dataset.Table, c column, name string) []string {
	const mostCodes = 500
	if c.List || c.JSON {
		return nil
	}
	e, kind := &c.elem, w.scalarType(&c.elem, false)
	var all []string
	values := func(list []string) {
		slices.Sort(list)
		list = slices.Compact(list)
		if len(list) > mostCodes {
			w.lost.add(t, c.Name, fmt.Sprintf("more than %d codes", mostCodes))
			return
		}
		if len(list) > 0 {
			all = append(all, name+" IN ("+strings.Join(list, ", ")+")")
		}
	}
	var list []string
	for _, x := range closedCodes(e) {
		list = append(list, sqlText(x.Code))
	}
	values(list)
	list = nil
	for _, l := range e.Enum {
		if v, ok := sqlLiteral(kind, l); ok {
			list = append(list, v)
		}
	}
	if len(list) == len(e.Enum) {
		values(list)
	}
	if v, ok := sqlLiteral(kind, e.Const); ok && e.Const != "" {
		all = append(all, name+" = "+v)
	}
	bound := func(l dataset.Literal, exclusive bool, open, closed string) {
		if l == "" || kind == "text" || kind == "boolean" {
			return
		}
		if v, ok := sqlLiteral(kind, l); ok {
			all = append(all, name+" "+map[bool]string{true: open, false: closed}[exclusive]+" "+v)
		}
	}
	bound(e.Min, e.MinExclusive, ">", ">=")
	bound(e.Max, e.MaxExclusive, "<", "<=")
	if e.Kind == dataset.Text && e.MinLength > 0 {
		all = append(all, "length("+name+") >= "+strconv.Itoa(e.MinLength))
	}
	if e.Kind == dataset.Text && e.MaxLength >= 0 && (!w.postgres || kind == "text") {
		all = append(all, "length("+name+") <= "+strconv.Itoa(e.MaxLength))
	}
	if e.Kind == dataset.Text && e.Regex != "" {
		if s, ok := w.regex(name, e.Regex); ok {
			all = append(all, s)
		} else {
			w.lost.add(t, c.Name, "a regular expression beyond what engines share")
		}
	}
	return all
}

// plainRegex are expressions that mean the same in RE2 and in PostgreSQL.
var plainRegex = regexp.MustCompile(`^(\\[.dsw/()\[\]*+?{}|^$-]|\[\^?([^\[\]\\:^]|\\[.dsw/-])+\]|[A-Za-z0-9 _,;:=@%&#/!<>'"~().*+?{}|^$-])*$`)

// regex returns the condition that a text matches; DuckDB has the syntax of package
// regexp, PostgreSQL one that shares its plain part.
func (w *sqlWriter) regex(name, re string) (string, bool) {
	if len(re) > 1000 {
		return "", false
	}
	if !w.postgres {
		return "regexp_full_match(" + name + ", " + sqlText(re) + ")", true
	}
	return name + " ~ " + sqlText("^("+re+")$"), plainRegex.MatchString(re) && !strings.Contains(re, "(?")
}

// sqlLiteral writes a JSON value as a literal of a type.
func sqlLiteral(kind string, l dataset.Literal) (string, bool) {
	if len(l) > 0 && l[0] == '"' {
		var s string
		if json.Unmarshal([]byte(l), &s) != nil {
			return "", false
		}
		switch kind {
		case "date", "time", "timestamp":
			return strings.ToUpper(kind) + " " + sqlText(s), true
		case "timestamptz", "TIMESTAMPTZ":
			return "TIMESTAMPTZ " + sqlText(s), true
		}
		return sqlText(s), kind == "text" || strings.HasPrefix(kind, "varchar")
	}
	if kind == "text" || strings.HasPrefix(kind, "varchar") || !json.Valid([]byte(l)) || strings.ContainsAny(string(l[:1]), "[{n") {
		return "", false
	}
	return string(l), true
}

func sqlText(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "'", "''") + "'"
}

func (w *sqlWriter) comments(t *dataset.Table) {
	say := func(what, text string) {
		if text = flatten(text); text != "" {
			fmt.Fprintf(&w.b, "\nCOMMENT ON %s IS %s;", what, sqlText(text))
		}
	}
	text := first(t.Description, t.Title)
	if t.Grain != "" && t.Grain != dataset.PerRow {
		text = strings.TrimSpace(text + " A row is " + grainText(t.Grain) + ".")
	}
	before := w.b.Len()
	say("TABLE "+w.table_(t.Name), text)
	for _, c := range columnsOf(t) {
		text := first(c.describe(), c.Title)
		if r := c.Field.Role; r != "" {
			text = strings.TrimSpace(text + " Role: " + string(r) + ".")
		}
		say("COLUMN "+w.table_(t.Name)+"."+sqlName(w.columns[t.Name][c.Name]), text)
	}
	if w.b.Len() > before {
		w.b.WriteByte('\n')
	}
}

func flatten(s string) string { return strings.Join(strings.Fields(s), " ") }
