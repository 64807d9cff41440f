package dataset

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// importTableSchema reads a Table Schema (Data Package 1.0 or 2.0) in JSON or YAML as one
// table, which has the name of the file.
func importTableSchema(_ context.Context, in *input) ([]*Table, issue.List, error) {
	root, findings := readDoc(in.file, in.data)
	if findings.HasErrors() {
		return nil, findings, nil
	}
	r := &tableReader{in: in, kind: TableSchema, docErrors: docErrors{findings}}
	t := r.schema(in.fileTable(), root)
	if t == nil || r.issues.HasErrors() {
		return nil, r.issues, nil
	}
	return []*Table{t}, r.issues, nil
}

// importDataPackage reads the resources of a Data Package that have a Table Schema; a
// lone Data Resource is a package of one.
func importDataPackage(_ context.Context, in *input) ([]*Table, issue.List, error) {
	root, findings := readDoc(in.file, in.data)
	if findings.HasErrors() {
		return nil, findings, nil
	}
	r := &tableReader{in: in, kind: DataPackage, docErrors: docErrors{findings}}
	tables, err := r.dataPackage(root)
	if err != nil {
		return nil, r.issues, err
	}
	if r.issues.HasErrors() {
		return nil, r.issues, nil
	}
	return tables, r.issues, nil
}

// tableReader makes tables of Frictionless descriptors.
type tableReader struct {
	docErrors
	in   *input
	kind SourceKind
	// keys are the foreign keys that wait until all tables are known.
	keys []waitingKey
}

type waitingKey struct {
	table    *Table
	node     *docNode
	fields   []string
	resource string
	target   []string
	targets  []*docNode
}

func (r *tableReader) dataPackage(root *docNode) ([]*Table, error) {
	if !r.object(root) {
		return nil, nil
	}
	resources := root.get("resources")
	if resources == nil && (root.get("path") != nil || root.get("data") != nil) {
		resources = &docNode{kind: jsontree.Array, members: []*docNode{root}, pos: root.pos}
	}
	if !resources.is(jsontree.Array) || len(resources.members) == 0 {
		at := resources
		if at == nil {
			at = root
		}
		r.errorf(at, CodeTableForm, "want a list of resources, have %s", resources.kindName())
		return nil, nil
	}
	var tables []*Table
	names := map[string]bool{}
	for _, n := range resources.members {
		t, err := r.resource(n, names)
		if err != nil {
			return nil, err
		}
		if t != nil {
			tables = append(tables, t)
		}
	}
	r.resolve(tables, names)
	if want := r.in.spec.Table; want != "" {
		var have []string
		for _, t := range tables {
			have = append(have, t.Name)
		}
		if !slices.Contains(have, want) {
			r.errorf(root, CodeTableKey, "want the resource %s%s", quote(want), meant(want, have))
		}
		tables = slices.DeleteFunc(tables, func(t *Table) bool { return t.Name != want })
	}
	if len(tables) == 0 && !r.issues.HasErrors() {
		r.errorf(resources, CodeTableForm, "want a resource with a schema, have none")
	}
	return tables, nil
}

// resource makes the table of a resource, nil where it has no schema.
func (r *tableReader) resource(n *docNode, names map[string]bool) (*Table, error) {
	if !r.object(n) {
		return nil, nil
	}
	name := r.text(n, "name")
	switch {
	case name == "" && n.get("name") == nil && n.up == nil:
		name = r.in.fileTable()
	case name == "":
		r.errorf(n, CodeTableName, "want a name of the resource, have none")
		return nil, nil
	case names[name]:
		r.errorf(n.get("name"), CodeTableName, "want each name once, have a second resource %s", quote(name))
	}
	names[name] = true
	schema := n.get("schema")
	if schema == nil {
		r.add(issue.Information, n, CodeNotHeld, "want a schema, have none: the resource is no table here")
		return nil, nil
	}
	if schema.kind == jsontree.String {
		var err error
		if schema, err = r.other(schema); schema == nil {
			return nil, err
		}
	}
	t := r.schema(name, schema)
	if t == nil {
		return nil, nil
	}
	t.Title, t.Description = r.text(n, "title"), r.text(n, "description")
	t.Pos = n.pos
	if p := n.get("path"); p != nil {
		t.From.Files = r.texts(p)
		for _, f := range t.From.Files {
			if !safePath(f) {
				r.errorf(p, CodeTableForm, "want a path below the package or an address, have one that leaves it")
			}
		}
	} else if n.get("data") == nil {
		r.errorf(n, CodeTableForm, "want path or data, have neither")
	}
	if err := r.dialect(t, n); err != nil {
		return nil, err
	}
	return t, nil
}

// safePath reports whether a path stays below the package (Data Resource, path).
func safePath(p string) bool {
	if isURL(p) {
		return true
	}
	p = strings.ReplaceAll(p, `\`, "/")
	return !strings.HasPrefix(p, "/") && !slices.Contains(strings.Split(p, "/"), "..")
}

// other reads the document that a member names in place of an object.
func (r *tableReader) other(n *docNode) (*docNode, error) {
	if isURL(n.text) {
		r.errorf(n, CodeSource, "want a file, have an address: nothing is fetched")
		return nil, nil
	}
	if !safePath(n.text) {
		r.errorf(n, CodeTableForm, "want a path below the package, have one that leaves it")
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

// dialect reads how a file is written: the properties of a CSV dialect (1.0) and of a
// Table Dialect (2.0).
func (r *tableReader) dialect(t *Table, n *docNode) error {
	form := t.Text
	if form == nil {
		form = &FileForm{}
	}
	if e := r.text(n, "encoding"); e != "" && !strings.EqualFold(e, "utf-8") {
		form.Encoding = e
	}
	d := n.get("dialect")
	if d.is(jsontree.String) {
		var err error
		if d, err = r.other(d); err != nil {
			return err
		}
	}
	if d != nil && r.object(d) {
		if c := d.get("csv"); c != nil && r.object(c) {
			d = c
		}
		set := func(name, usual string) string {
			if s := r.text(d, name); s != usual {
				return s
			}
			return ""
		}
		form.Delimiter, form.Quote, form.Escape = set("delimiter", ","), set("quoteChar", `"`), set("escapeChar", "")
		form.Comment = set("commentChar", "")
		form.NoHeader = !r.flag(d, "header", true)
		if !r.flag(d, "doubleQuote", true) && form.Escape == "" {
			form.Escape = `\`
		}
		form.SkipInitialSpace = r.flag(d, "skipInitialSpace", false)
		r.headerRows(form, d)
	}
	if !form.zero() {
		t.Text = form
	}
	return nil
}

// headerRows reads which lines are the header: several in a row, or none.
func (r *tableReader) headerRows(form *FileForm, d *docNode) {
	rows := d.get("headerRows")
	if rows == nil {
		return
	}
	list := rows.list()
	form.NoHeader = form.NoHeader || rows.is(jsontree.Array) && len(list) == 0
	first := 0
	for i, m := range list {
		n := 0
		if m.is(jsontree.Number) {
			n = atoi(m.text)
		}
		if i == 0 {
			first = n
		}
		if n < 1 || n != first+i {
			r.add(issue.Information, rows, CodeNotHeld, "want header rows that follow each other, have others: they are not read")
			return
		}
	}
	form.Skip, form.HeaderRows = max(first-1, 0), len(list)
	if len(list) == 1 {
		form.HeaderRows = 0
	}
}

// zero reports whether the form is the ordinary one.
func (f *FileForm) zero() bool {
	return f == nil || f.Delimiter+f.Quote+f.Escape+f.Comment+f.Encoding+f.Match == "" && !f.NoHeader && !f.SkipInitialSpace && f.Skip+f.HeaderRows == 0 && f.Missing == nil
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' || n > 1<<20 {
			return n
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// resolve makes references of the foreign keys, all tables being known. names are those
// of all resources, also of such as are no tables.
func (r *tableReader) resolve(tables []*Table, names map[string]bool) {
	for _, k := range r.keys {
		if k.resource == "" || k.resource == k.table.Name {
			k.resource = k.table.Name
		}
		to := slices.IndexFunc(tables, func(t *Table) bool { return t.Name == k.resource })
		if to < 0 {
			if names[k.resource] {
				continue // no table: nothing is known of its fields
			}
			var known []string
			for n := range names {
				known = append(known, n)
			}
			slices.Sort(known)
			r.errorf(k.node, CodeTableKey, "want a resource of the package, have %s%s", quote(k.resource), meant(k.resource, known))
			continue
		}
		ok := true
		for i, f := range k.target {
			if tables[to].Object.Field(f) == nil {
				ok = false
				r.errorf(k.targets[i], CodeTableKey, "want a field of %s, have %s%s", quote(k.resource), quote(f), meant(f, fieldNames(tables[to])))
			}
		}
		if ok {
			k.table.Refs = append(k.table.Refs, Ref{Fields: k.fields, Table: k.resource, Target: k.target})
		}
	}
}

// fieldNames returns the names among which a mistaken one is looked for, none of a table so
// wide that the search would take long.
func fieldNames(t *Table) []string {
	const widest = 2000
	if len(t.Object.Fields) > widest {
		return nil
	}
	var names []string
	for _, f := range t.Object.Fields {
		names = append(names, f.Name)
	}
	return names
}
