package gen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// ordered is a JSON object whose members keep their order.
type ordered []pair

type pair struct {
	key   string
	value any
}

// put adds a member, unless its value says nothing: "", an empty list, nil.
func (o *ordered) put(key string, value any) {
	switch v := value.(type) {
	case nil:
		return
	case string:
		if v == "" {
			return
		}
	case []string:
		if len(v) == 0 {
			return
		}
	case []any:
		if len(v) == 0 {
			return
		}
	case ordered:
		if len(v) == 0 {
			return
		}
	case json.RawMessage:
		if len(v) == 0 {
			return
		}
	}
	*o = append(*o, pair{key, value})
}

// MarshalJSON writes the members in their order.
func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeJSON(&b, p.key); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := writeJSON(&b, p.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func writeJSON(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line feed
	return nil
}

// jsonDocument renders a document, two spaces a level.
func jsonDocument(name string, doc ordered) (File, error) {
	var flat, b bytes.Buffer
	if err := writeJSON(&flat, doc); err != nil {
		return File{}, fmt.Errorf("gen: %s: %w", name, err)
	}
	if err := json.Indent(&b, flat.Bytes(), "", "  "); err != nil {
		return File{}, fmt.Errorf("gen: %s: %w", name, err)
	}
	b.WriteByte('\n')
	return File{Name: name, Content: b.Bytes()}, nil
}

// losses collects what a format does not hold, a finding for each table and thing.
type losses struct {
	format string
	order  []string
	byKey  map[string]*loss
}

type loss struct {
	table, what, first string
	count              int
	pos                issue.Pos
}

func (l *losses) add(t *dataset.Table, column, what string) {
	if l.byKey == nil {
		l.byKey = map[string]*loss{}
	}
	key := t.Name + "\x00" + what
	if l.byKey[key] == nil {
		l.byKey[key] = &loss{table: t.Name, what: what, first: column, pos: t.Pos}
		l.order = append(l.order, key)
	}
	l.byKey[key].count++
}

func (l *losses) list() issue.List {
	var all issue.List
	for _, k := range l.order {
		x := l.byKey[k]
		path := x.table
		if x.first != "" {
			path += "." + x.first
		}
		message := l.format + " cannot hold " + x.what
		if x.count > 1 {
			message += " (" + strconv.Itoa(x.count) + " columns)"
		}
		all = append(all, issue.Issue{Severity: issue.Information, Code: dataset.CodeNotHeld, Pos: x.pos, Path: path, Message: message})
	}
	return all
}

// column is a column with the type of one value.
type column struct {
	dataset.Column
	Title, Description string
	// elem is the type of the value, of a list that of its values.
	elem dataset.Type
}

// columnsOf returns the columns of a table, as they stand in files.
func columnsOf(t *dataset.Table) []column {
	var all []column
	for _, c := range dataset.Columns(t) {
		x := column{Column: c, Title: c.Field.Title, Description: c.Field.Description, elem: c.Type}
		if c.Slice != nil && c.Slice.Field != nil {
			x.Title, x.Description = c.Slice.Field.Title, c.Slice.Field.Description
		}
		if c.List && c.Type.Kind == dataset.List && c.Type.Elem != nil {
			x.elem = *c.Type.Elem
		}
		all = append(all, x)
	}
	return all
}

// closedCodes are the codes that a text must have, nil where others are allowed.
func closedCodes(t *dataset.Type) []dataset.Code {
	if t.Codes == nil || t.CodesOpen || !t.Codes.Complete {
		return nil
	}
	return t.Codes.Codes
}

// constText returns the text of a Const, which is a JSON string.
func constText(l dataset.Literal) (string, bool) {
	var s string
	err := json.Unmarshal([]byte(l), &s)
	return s, err == nil
}

// target returns the fields that a reference leads to, nil where the table is unknown.
func target(m *dataset.Model, r dataset.Ref) []string {
	if len(r.Target) > 0 {
		return r.Target
	}
	if t := m.Table(r.Table); t != nil {
		return t.Key
	}
	return nil
}

// usable reports whether all that a reference names is there as columns.
func usable(m *dataset.Model, t *dataset.Table, r dataset.Ref) bool {
	to, fields := m.Table(r.Table), target(m, r)
	if to == nil || len(fields) == 0 || len(fields) != len(r.Fields) {
		return false
	}
	for i := range fields {
		if !hasColumn(t, r.Fields[i]) || !hasColumn(to, fields[i]) {
			return false
		}
	}
	return true
}

func hasColumn(t *dataset.Table, name string) bool {
	return slices.ContainsFunc(dataset.Columns(t), func(c dataset.Column) bool { return c.Name == name })
}

// keyColumns returns the key, nil where one of its fields is no column.
func keyColumns(t *dataset.Table) []string {
	for _, k := range t.Key {
		if !hasColumn(t, k) {
			return nil
		}
	}
	return t.Key
}

var notSlug = regexp.MustCompile(`[^a-z0-9._-]+`)

// slug makes a name for files and addresses of a text.
func slug(s string) string {
	s = strings.TrimSuffix(s, "/")
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Trim(notSlug.ReplaceAllString(strings.ToLower(s), "-"), "-.")
	if s == "" {
		return "dataset"
	}
	return s
}

// addressOf returns the id of a model where it is an address: that of a bare definition is
// the path of a file, which is nobody's business.
func addressOf(m *dataset.Model) string {
	if strings.Contains(m.ID, "://") || strings.HasPrefix(m.ID, "urn:") {
		return m.ID
	}
	return ""
}

// titleOf returns the title of a model, its address, or a name made of its id.
func titleOf(m *dataset.Model) string { return first(m.Title, addressOf(m), slug(m.ID)) }

// fileName makes the name of a table's file: the table's name without what folders and
// systems take for something else.
func fileName(table, ending string) string {
	var b strings.Builder
	for _, c := range table {
		if c < ' ' || strings.ContainsRune(`/\:*?"<>|`, c) {
			c = '_'
		}
		b.WriteRune(c)
	}
	name := strings.TrimLeft(b.String(), ".")
	if name == "" {
		name = "_"
	}
	return name + ending
}

// describe adds to a description what no other member says: the unit.
func (c *column) describe() string {
	d := c.Description
	if u := c.Field.Unit; u != "" && c.Slice == nil {
		if d != "" {
			d += " "
		}
		d += "Unit: " + u + "."
	}
	return d
}

func raw(l dataset.Literal) json.RawMessage {
	if !json.Valid([]byte(l)) {
		return nil
	}
	return json.RawMessage(l)
}
