package survey

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
)

// columnKind is the narrowest type that holds all values of a column.
type columnKind uint8

const (
	noValue columnKind = iota
	booleanColumn
	integerColumn
	numberColumn
	dateColumn
	timestampColumn
	textColumn
	objectColumn
	arrayColumn
)

var tableSchemaTypes = [...]string{"string", "boolean", "integer", "number", "date", "datetime", "string", "object", "array"}

// column is what is known of a column of a table.
type column struct {
	name    string
	kind    columnKind
	count   int // values
	rows    int
	values  map[string]int // nil once there are too many to be codes
	longest int
}

const mostCodes, longestCode, mostColumns = 40, 40, 5_000

// flat drafts a table for each file of CSV, Parquet and NDJSON that is none of a
// standard.
func (d *drafter) flat(_ context.Context, in *inputs) error {
	for _, file := range in.flat {
		columns, comma, err := d.columns(file)
		if err != nil {
			return fmt.Errorf("survey: %s: %w", file, err)
		}
		if len(columns) > 0 {
			d.flatTable(file, columns, comma)
		}
	}
	return nil
}

// columns returns the columns of a file, and the delimiter of CSV where it is no
// comma.
func (d *drafter) columns(file string) (columns []*column, comma string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, ext := stem(strings.ToLower(filepath.Base(file)))
	switch ext {
	case ".parquet":
		info, err := f.Stat()
		if err != nil {
			return nil, "", err
		}
		columns, err = parquetColumns(f, info.Size())
		return columns, "", err
	case ".ndjson", ".jsonl":
		columns, err = d.jsonColumns(f)
		return columns, "", err
	}
	return d.csvColumns(f, ext == ".tsv")
}

func parquetColumns(r io.ReaderAt, size int64) ([]*column, error) {
	info, err := columnar.Inspect(r, size)
	if err != nil {
		return nil, err
	}
	var all []*column
	for _, c := range info.Columns {
		k := textColumn
		switch typ, _, _ := strings.Cut(c.Type, "("); {
		case typ == "bool":
			k = booleanColumn
		case strings.HasPrefix(typ, "int"), strings.HasPrefix(typ, "uint"):
			k = integerColumn
		case strings.HasPrefix(typ, "float"), typ == "decimal":
			k = numberColumn
		case typ == "date":
			k = dateColumn
		case typ == "timestamp":
			k = timestampColumn
		case typ == "list":
			k = arrayColumn
		case typ == "map", typ == "struct":
			k = objectColumn
		}
		col := &column{name: c.Name, kind: k}
		if !c.Nullable {
			col.rows, col.count = 1, 1
		}
		all = append(all, col)
	}
	return all, nil
}

// csvColumns reads the header and rows of a CSV file; the delimiter is the one of
// comma, semicolon, tab and bar that the first line has most of.
func (d *drafter) csvColumns(r io.Reader, tabs bool) (columns []*column, comma string, err error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	line, _, _ := bytes.Cut(head, []byte("\n"))
	c := csv.NewReader(b)
	c.FieldsPerRecord, c.LazyQuotes, c.ReuseRecord = -1, true, true
	c.Comma = ','
	if tabs {
		c.Comma = '\t'
	}
	for _, r := range ",;\t|" {
		if bytes.Count(line, []byte(string(r))) > bytes.Count(line, []byte(string(c.Comma))) {
			c.Comma = r
		}
	}
	header, err := c.Read()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, "", nil
		}
		return nil, "", err
	}
	for i, name := range header[:min(len(header), mostColumns)] {
		if i == 0 {
			name = strings.TrimPrefix(name, "\ufeff")
		}
		columns = append(columns, &column{name: strings.Clone(name), values: map[string]int{}})
	}
	for n := 0; d.opts.Records < 0 || n < d.opts.Records; n++ {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, "", err
		}
		for i, col := range columns {
			col.rows++
			if i < len(row) && row[i] != "" {
				col.add(row[i], kindOfText(row[i]))
			}
		}
	}
	if c.Comma != ',' {
		comma = string(c.Comma)
	}
	return columns, comma, nil
}

// jsonColumns reads lines of JSON objects.
func (d *drafter) jsonColumns(r io.Reader) ([]*column, error) {
	var columns []*column
	byName := make(map[string]*column)
	dec := json.NewDecoder(r)
	dec.UseNumber()
	rows := 0
	for ; d.opts.Records < 0 || rows < d.opts.Records; rows++ {
		var row map[string]json.RawMessage
		err := dec.Decode(&row)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.New("want a JSON object on every line")
		}
		names := make([]string, 0, len(row))
		for name := range row {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			col := byName[name]
			if col == nil {
				if len(columns) == mostColumns {
					continue
				}
				col = &column{name: name, values: map[string]int{}}
				byName[name] = col
				columns = append(columns, col)
			}
			text, kind := kindOfJSON(row[name])
			if kind != noValue {
				col.add(text, kind)
			}
		}
	}
	for _, c := range columns {
		c.rows = rows
	}
	return columns, nil
}

func kindOfJSON(raw json.RawMessage) (string, columnKind) {
	switch raw[0] {
	case 'n':
		return "", noValue
	case 't', 'f':
		return string(raw), booleanColumn
	case '{':
		return "", objectColumn
	case '[':
		return "", arrayColumn
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return "", textColumn
		}
		if k := kindOfText(s); k == dateColumn || k == timestampColumn {
			return s, k
		}
		return s, textColumn
	}
	return string(raw), kindOfText(string(raw))
}

// kindOfText is the narrowest type of a text. Digits with a zero before them are
// text: they are a code or an identifier.
func kindOfText(s string) columnKind {
	switch s {
	case "true", "false", "TRUE", "FALSE", "True", "False":
		return booleanColumn
	}
	digits := strings.TrimPrefix(s, "-")
	if len(digits) > 1 && digits[0] == '0' && digits[1] != '.' {
		return textColumn
	}
	if _, err := strconv.ParseInt(s, 10, 64); err == nil && s[0] != '+' {
		return integerColumn
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) && !strings.ContainsAny(s, "xXpP_") && s[0] != '+' {
		return numberColumn
	}
	if _, err := columnar.ParseDate(s); err == nil {
		return dateColumn
	}
	if _, err := columnar.ParseTimestamp(s); err == nil {
		return timestampColumn
	}
	return textColumn
}

// add widens the column so that it holds a value.
func (c *column) add(text string, k columnKind) {
	c.count++
	c.longest = max(c.longest, len(text))
	switch {
	case c.kind == noValue || c.kind == k:
		c.kind = k
	case c.kind <= numberColumn && k <= numberColumn && c.kind >= integerColumn && k >= integerColumn:
		c.kind = numberColumn
	default:
		c.kind = textColumn
	}
	if c.values == nil {
		return
	}
	if _, ok := c.values[text]; !ok && (len(c.values) == mostCodes || len(text) > longestCode) {
		c.values = nil
		return
	}
	c.values[text]++
}

// codes are the values of a column of codes: few, each often enough that it tells of
// no single person.
func (c *column) codes(minCell int) []string {
	if c.kind != textColumn || len(c.values) == 0 {
		return nil
	}
	var all []string
	for v, n := range c.values {
		if n < minCell {
			return nil
		}
		all = append(all, v)
	}
	slices.Sort(all)
	return all
}

// flatTable drafts a table and the Table Schema that it comes from.
func (d *drafter) flatTable(file string, columns []*column, comma string) {
	base, _ := stem(filepath.Base(file))
	name := d.name(base)
	type constraints struct {
		Required bool     `json:"required,omitempty"`
		Enum     []string `json:"enum,omitempty"`
	}
	type schemaField struct {
		Name        string       `json:"name"`
		Type        string       `json:"type"`
		Constraints *constraints `json:"constraints,omitempty"`
	}
	schema := struct {
		Schema string        `json:"$schema,omitempty"`
		Match  string        `json:"fieldsMatch,omitempty"`
		Fields []schemaField `json:"fields"`
	}{Schema: "https://datapackage.org/profiles/2.0/tableschema.json"}
	t := table{name: name, from: name, comment: "of " + commentText(filepath.Base(file))}
	columns, unnamed := nameable(columns)
	if unnamed > 0 {
		t.comment += fmt.Sprintf("; %d columns are left out, whose names are empty, repeated or no names", unnamed)
		schema.Match = "subset"
	}
	if len(columns) == 0 {
		return
	}
	for _, c := range columns {
		f := schemaField{Name: c.name, Type: tableSchemaTypes[c.kind]}
		k := constraints{Required: c.rows > 0 && c.count == c.rows, Enum: c.codes(d.opts.MinCell)}
		if k.Required || k.Enum != nil {
			f.Constraints = &k
		}
		schema.Fields = append(schema.Fields, f)
		role := roleOfColumn(c.name, c.kind)
		if k.Enum != nil && role == dataset.FreeText {
			role = dataset.Sensitive
		}
		t.fields = append(t.fields, field{name: c.name, role: role})
	}
	if comma == "" {
		d.addSource(&t, dataset.TableSchema, name+".schema.json", schema)
		return
	}
	schema.Schema = ""
	d.addSource(&t, dataset.DataPackage, name+".resource.json", map[string]any{"$schema": "https://datapackage.org/profiles/2.0/dataresource.json",
		"name": name, "path": filepath.Base(file), "dialect": map[string]string{"delimiter": comma}, "schema": schema})
}

// addSource adds a table with its definition.
func (d *drafter) addSource(t *table, kind dataset.SourceKind, file string, definition any) {
	text, err := json.MarshalIndent(definition, "", "  ")
	if err != nil {
		panic(err) // of strings alone
	}
	d.files[file] = append(text, '\n')
	d.sources = append(d.sources, source{name: t.name, kind: string(kind), ref: file})
	d.tables = append(d.tables, *t)
}

// nameable returns the columns that a profile can name, and how many it cannot.
func nameable(columns []*column) (usable []*column, others int) {
	taken := make(map[string]bool)
	for _, c := range columns {
		control := strings.ContainsFunc(c.name, func(r rune) bool { return !unicode.IsPrint(r) })
		if c.name == "" || len(c.name) > 200 || control || !utf8.ValidString(c.name) || taken[c.name] {
			continue
		}
		taken[c.name] = true
		usable = append(usable, c)
	}
	return usable, len(columns) - len(usable)
}

// commentText is a file name without what would end a comment.
func commentText(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
}

func jsonText(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // of a string
	}
	return string(b)
}
