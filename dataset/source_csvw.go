package dataset

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// importCSVW reads a metadata document of CSV on the Web: a table group, a table or a
// schema alone (Metadata Vocabulary for Tabular Data, W3C 2015). What the standard
// warns of and replaces by a default is a warning here too.
func importCSVW(_ context.Context, in *input) ([]*Table, issue.List, error) {
	root, findings := readDoc(in.file, in.data)
	if findings.HasErrors() {
		return nil, findings, nil
	}
	r := &csvwReader{tableReader: tableReader{in: in, kind: CSVW, docErrors: docErrors{findings}}}
	tables, err := r.read(root)
	if err != nil || r.issues.HasErrors() {
		return nil, r.issues, err
	}
	return tables, r.issues, nil
}

type csvwReader struct {
	tableReader
	byURL map[string]*Table
}

// inherited are the properties that a column has from its schema, table and group.
type inherited []*docNode

// get returns the nearest value of a property.
func (c inherited) get(name string) *docNode {
	for _, n := range c {
		if m := n.get(name); m != nil {
			return m
		}
	}
	return nil
}

func (r *csvwReader) read(root *docNode) ([]*Table, error) {
	if !r.object(root) {
		return nil, nil
	}
	nodes := []*docNode{root}
	if group := root.get("tables"); group != nil {
		if group.kind != jsontree.Array || len(group.members) == 0 {
			r.errorf(group, CodeTableForm, "want a list of tables, have %s", group.kindName())
			return nil, nil
		}
		nodes = group.members
	}
	r.byURL = map[string]*Table{}
	var tables []*Table
	taken := unique{}
	for _, n := range nodes {
		t, err := r.table(root, n, taken)
		if err != nil {
			return nil, err
		}
		if t != nil {
			tables = append(tables, t)
		}
	}
	r.resolveURLs(tables)
	if want := r.in.spec.Table; want != "" {
		tables = slices.DeleteFunc(tables, func(t *Table) bool { return t.Name != want })
		if len(tables) == 0 {
			r.errorf(root, CodeTableKey, "want the table %s, have none of that name", quote(want))
		}
	}
	return tables, nil
}

func (r *csvwReader) table(root, n *docNode, taken unique) (*Table, error) {
	if !r.object(n) {
		return nil, nil
	}
	address := r.text(n, "url")
	schema := n.get("tableSchema")
	switch {
	case schema == nil && n.get("columns") != nil:
		schema = n
	case schema == nil && root != n:
		schema = root.get("tableSchema")
	}
	if address == "" && schema != n {
		r.errorf(n, CodeTableForm, "want the url of the table, have none")
		return nil, nil
	}
	name := r.in.fileTable()
	if address != "" {
		name = csvwTableName(address)
	}
	t := &Table{Name: taken.name(name), Form: Row, Source: r.in.spec.Name, Kind: CSVW, Pos: n.pos}
	t.Title, t.Description = csvwText(n, "dc:title", "dcterms:title", "schema:name", "rdfs:label"), csvwText(n, "dc:description", "dcterms:description", "schema:description", "rdfs:comment")
	if t.Title == t.Name {
		t.Title = ""
	}
	t.Object = &Object{Name: t.Name, ID: t.Name, Pos: n.pos}
	if address != "" {
		t.From.Files = []string{address}
		r.byURL[address] = t
	}
	if schema.is(jsontree.String) {
		var err error
		if schema, err = r.schemaFile(schema); schema == nil {
			return nil, err
		}
	}
	if schema == nil {
		r.add(issue.Information, n, CodeNotHeld, "want a schema, have none: the columns are not known")
		return nil, nil
	}
	if !r.object(schema) {
		return nil, nil
	}
	r.columns(t, schema, inherited{schema, n, root})
	r.primaryKey(t, csvwKeys(schema), false)
	r.csvwForeignKeys(t, schema)
	r.csvwDialect(t, inherited{n, root}.get("dialect"))
	return t, nil
}

// schemaFile reads the schema that an address names, a file beside the document.
func (r *csvwReader) schemaFile(n *docNode) (*docNode, error) {
	if isURL(n.text) {
		r.errorf(n, CodeSource, "want a file, have an address: nothing is fetched")
		return nil, nil
	}
	file, data, err := r.in.open(n.text)
	if errors.Is(err, fs.ErrNotExist) {
		r.errorf(n, CodeSource, "want a file, have none of the name %s", quote(n.text))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	root, findings := readDoc(file, data)
	r.issues = append(r.issues, findings...)
	return root, nil
}

// csvwKeys gives the schema as one whose key is named by fields; CSVW and Table Schema
// write it in the same way, by names of columns.
func csvwKeys(schema *docNode) *docNode {
	key := schema.get("primaryKey")
	if key == nil {
		return nil
	}
	copied := *key
	copied.members = nil
	for _, m := range key.members {
		x := *m
		x.text = csvwDecoded(x.text)
		copied.members = append(copied.members, &x)
	}
	copied.text = csvwDecoded(copied.text)
	return &docNode{kind: jsontree.Object, members: []*docNode{&copied}, pos: schema.pos}
}

// csvwTableName is the last part of an address without its ending.
func csvwTableName(address string) string {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	name := path.Base(strings.TrimSuffix(address, "/"))
	if s, err := url.PathUnescape(name); err == nil {
		name = s
	}
	for _, ending := range []string{".gz", ".csv", ".tsv", ".txt"} {
		name = strings.TrimSuffix(name, ending)
	}
	if name == "" || name == "." {
		return "table"
	}
	return name
}

// csvwText returns a natural-language property: a string, an object with @value, the first
// of several, or of a map of languages that in English.
func csvwText(n *docNode, names ...string) string {
	for _, name := range names {
		if s := naturalText(n.get(name)); s != "" {
			return s
		}
	}
	return ""
}

func naturalText(m *docNode) string {
	switch {
	case m.is(jsontree.String):
		return m.text
	case m.is(jsontree.Array):
		for _, x := range m.members {
			if s := naturalText(x); s != "" {
				return s
			}
		}
	case m.is(jsontree.Object):
		for _, key := range []string{"@value", "en", "und"} {
			if s := naturalText(m.get(key)); s != "" {
				return s
			}
		}
		if len(m.members) > 0 && m.members[0].key[:min(1, len(m.members[0].key))] != "@" {
			return naturalText(m.members[0])
		}
	}
	return ""
}

// titlesOf returns all titles of a column.
func titlesOf(m *docNode) []string {
	var all []string
	switch {
	case m.is(jsontree.String):
		return []string{m.text}
	case m.is(jsontree.Array), m.is(jsontree.Object):
		for _, x := range m.members {
			all = append(all, titlesOf(x)...)
		}
	}
	return all
}

func csvwDecoded(name string) string {
	if s, err := url.PathUnescape(name); err == nil {
		return s
	}
	return name
}

func (r *csvwReader) columns(t *Table, schema *docNode, above inherited) {
	list := schema.get("columns")
	if list == nil {
		r.errorf(schema, CodeTableForm, "want columns, have none")
		return
	}
	if list.kind != jsontree.Array || len(list.members) == 0 {
		r.errorf(list, CodeTableForm, "want a list of columns, have %s", list.kindName())
		return
	}
	for i, n := range list.members {
		if !r.object(n) {
			continue
		}
		if r.flag(n, "virtual", false) {
			r.add(issue.Information, n, CodeNotHeld, "want a column of the file, have a virtual one: it is left out")
			continue
		}
		if f := r.column(t, n, append(inherited{n}, above...), i); f != nil {
			t.Object.Fields = append(t.Object.Fields, f)
		}
	}
}

func (r *csvwReader) column(t *Table, n *docNode, in inherited, i int) *Field {
	name, titles := r.text(n, "name"), titlesOf(n.get("titles"))
	switch {
	case strings.HasPrefix(name, "_"):
		r.errorf(n.get("name"), CodeTableName, "want a name that does not begin with _, have one that does")
		return nil
	case name == "" && len(titles) > 0:
		name = titles[0]
	case name == "":
		name = "_col." + strconv.Itoa(i+1)
	default:
		name = csvwDecoded(name)
	}
	if t.Object.Field(name) != nil {
		r.errorf(n, CodeTableName, "want each name once, have a second column %s", quote(name))
		return nil
	}
	f := &Field{Name: name, Path: name, ID: n.path(), Pos: n.pos, Description: csvwText(n, "dc:description", "dcterms:description", "schema:description", "rdfs:comment")}
	if len(titles) > 0 {
		f.Path = titles[0]
	}
	if len(titles) > 1 || len(titles) == 1 && titles[0] != name {
		f.form().Titles = titles
	}
	for _, s := range titles {
		if s != name {
			f.Title = s
			break
		}
	}
	f.Type = r.datatype(f, in.get("datatype"))
	if s := in.get("separator"); s != nil && s.kind != jsontree.Null {
		if s.kind != jsontree.String || s.text == "" {
			r.add(issue.Warning, s, CodeTableForm, "want a text that divides values, have %s", s.kindName())
		} else {
			f.form().Delimiter = s.text
			f.Type = ListOf(f.Type)
		}
	}
	if m := in.get("required"); m.is(jsontree.True) {
		f.Required = true
		r.origin(f, m, "required", "true")
	}
	if m := in.get("null"); m != nil {
		if missing := r.texts(m); len(missing) != 1 || missing[0] != "" {
			f.form().Missing = missing
		}
	}
	if m := in.get("default"); m.str() != "" {
		f.form().Default = m.text
	}
	for _, name := range []string{"propertyUrl", "valueUrl", "aboutUrl", "lang"} {
		if m := in.get(name); m.str() != "" {
			what := map[string]string{"propertyUrl": "property-url", "valueUrl": "value-url", "aboutUrl": "about-url", "lang": "language"}[name]
			r.origin(f, m, what, m.text)
		}
	}
	f.Role = namedRole(f)
	return f
}

// csvwForeignKeys collects the foreign keys of a schema until all tables are known.
func (r *csvwReader) csvwForeignKeys(t *Table, schema *docNode) {
	list := schema.get("foreignKeys")
	if list == nil {
		return
	}
	if list.kind != jsontree.Array {
		r.errorf(list, CodeTableForm, "want a list, have %s", list.kindName())
		return
	}
	for _, k := range list.members {
		if !r.object(k) {
			continue
		}
		w := waitingKey{table: t, node: k}
		decode := func(n *docNode) (all []string) {
			for _, s := range r.texts(n) {
				all = append(all, csvwDecoded(s))
			}
			return all
		}
		w.fields = decode(k.get("columnReference"))
		ref := k.get("reference")
		if ref == nil || len(w.fields) == 0 {
			r.errorf(k, CodeTableKey, "want columnReference and reference, have one of them at most")
			continue
		}
		if !r.object(ref) {
			continue
		}
		w.resource, w.targets = r.text(ref, "resource"), ref.get("columnReference").list()
		w.target = decode(ref.get("columnReference"))
		known := true
		for i, f := range w.fields {
			if t.Object.Field(f) == nil {
				known = false
				r.errorf(k.get("columnReference").list()[i], CodeTableKey, "want a column of the table, have %s%s", quote(f), meant(f, fieldNames(t)))
			}
		}
		switch {
		case w.resource == "" && ref.get("schemaReference") != nil:
			r.add(issue.Information, ref, CodeNotHeld, "want a resource, have a reference to a schema: it is left out")
		case len(w.fields) != len(w.target):
			r.errorf(ref, CodeTableKey, "want as many columns as the key has, %d, have %d", len(w.fields), len(w.target))
		case known:
			r.keys = append(r.keys, w)
		}
	}
}

// resolveURLs turns addresses in foreign keys into names of tables.
func (r *csvwReader) resolveURLs(tables []*Table) {
	names := map[string]bool{}
	for _, t := range tables {
		names[t.Name] = true
	}
	for i := range r.keys {
		if t := r.byURL[r.keys[i].resource]; t != nil {
			r.keys[i].resource = t.Name
		}
	}
	r.resolve(tables, names)
}

func (r *csvwReader) csvwDialect(t *Table, d *docNode) {
	if d == nil || !d.is(jsontree.Object) {
		return
	}
	form := &FileForm{}
	set := func(name, usual string) string {
		if s := r.text(d, name); s != usual {
			return s
		}
		return ""
	}
	form.Delimiter, form.Quote, form.Comment = set("delimiter", ","), set("quoteChar", `"`), set("commentPrefix", "#")
	if e := r.text(d, "encoding"); e != "" && !strings.EqualFold(e, "utf-8") {
		form.Encoding = e
	}
	form.NoHeader = !r.flag(d, "header", true)
	if !r.flag(d, "doubleQuote", true) {
		form.Escape = `\`
	}
	form.SkipInitialSpace = r.flag(d, "skipInitialSpace", false)
	if m := d.get("trim"); m.is(jsontree.True) || m != nil && m.text == "start" {
		form.SkipInitialSpace = true
	}
	if m := d.get("skipRows"); m.is(jsontree.Number) {
		form.Skip = atoi(m.text)
	}
	if m := d.get("headerRowCount"); m.is(jsontree.Number) {
		switch n := atoi(m.text); n {
		case 0:
			form.NoHeader = true
		case 1:
		default: // each row has other titles: the last is read
			form.Skip += n - 1
		}
	}
	if !form.zero() {
		t.Text = form
	}
}
