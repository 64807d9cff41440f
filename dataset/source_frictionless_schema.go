package dataset

import (
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

var (
	schemaWords = []string{"$schema", "fields", "fieldsMatch", "missingValues", "primaryKey", "uniqueKeys", "foreignKeys", "name", "title", "description", "profile"}
	fieldWords  = []string{"name", "title", "description", "type", "format", "constraints", "example", "rdfType", "missingValues", "categories", "categoriesOrdered",
		"trueValues", "falseValues", "decimalChar", "groupChar", "bareNumber", "itemType", "delimiter"}
	constraintWords = []string{"required", "unique", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern", "enum", "jsonSchema"}
	keyWords        = []string{"fields", "reference", "name"}
)

// schema makes a table of a Table Schema, nil where it has no fields.
func (r *tableReader) schema(name string, n *docNode) *Table {
	if !r.object(n) {
		return nil
	}
	r.near(n, schemaWords)
	t := &Table{Name: name, Title: r.text(n, "title"), Description: r.text(n, "description"), Form: Row, Source: r.in.spec.Name, Kind: r.kind, Pos: n.pos,
		Object: &Object{Name: name, ID: name, Pos: n.pos}}
	fields := n.get("fields")
	if !fields.is(jsontree.Array) || len(fields.members) == 0 {
		at := fields
		if at == nil {
			at = n
		}
		have := fields.kindName()
		if fields.is(jsontree.Array) {
			have = "an empty list"
		}
		r.errorf(at, CodeTableForm, "want a list of fields, have %s", have)
		r.primaryKey(t, n, true)
		return nil
	}
	v2 := strings.Contains(n.get("$schema").str(), "/2.")
	for _, f := range fields.members {
		if field := r.field(t, f, v2); field != nil {
			t.Object.Fields = append(t.Object.Fields, field)
		}
	}
	form := &FileForm{Missing: r.missing(n)}
	if m := n.get("fieldsMatch"); m != nil {
		form.Match = r.match(m)
		t.Unlisted = form.Match == "subset" || form.Match == "partial"
	}
	if !form.zero() {
		t.Text = form
	}
	r.primaryKey(t, n, false)
	r.uniqueKeys(t, n)
	r.foreignKeys(t, n)
	if r.kind == TableSchema {
		r.alone(t)
	}
	return t
}

// match reads fieldsMatch, which 2.0 has as a string and its schema as a list of one.
func (r *tableReader) match(m *docNode) string {
	words := []string{"exact", "equal", "subset", "superset", "partial"}
	all := r.texts(m)
	if len(all) != 1 || !slices.Contains(words, all[0]) {
		r.errorf(m, CodeTableForm, "want one of %s, have something else", strings.Join(words, ", "))
		return ""
	}
	if all[0] == "exact" {
		return ""
	}
	return all[0]
}

// missing reads missingValues: strings, or objects with value and label.
func (r *tableReader) missing(n *docNode) []string {
	m := n.get("missingValues")
	if m == nil {
		return nil
	}
	if m.kind != jsontree.Array {
		r.errorf(m, CodeTableForm, "want a list of strings, have %s", m.kindName())
		return nil
	}
	all := []string{}
	for _, v := range m.members {
		if v.kind == jsontree.Object && v.get("value") != nil {
			v = v.get("value")
		}
		if v.kind != jsontree.String {
			r.errorf(v, CodeTableForm, "want string, have %s", v.kindName())
			continue
		}
		all = append(all, v.text)
	}
	if len(all) == 1 && all[0] == "" {
		return nil // what is usual
	}
	return all
}

func (r *tableReader) field(t *Table, n *docNode, v2 bool) *Field {
	if !r.object(n) {
		return nil
	}
	name := r.text(n, "name")
	if name == "" {
		if n.get("name") == nil || n.get("name").kind == jsontree.String {
			r.errorf(n, CodeTableName, "want a name of the field, have none")
		}
		return nil
	}
	if t.Object.Field(name) != nil {
		r.errorf(n.get("name"), CodeTableName, "want each name once, have a second field %s", quote(name))
		return nil
	}
	f := &Field{Name: name, Title: r.text(n, "title"), Description: r.text(n, "description"), Path: name, ID: n.path(), Pos: n.pos}
	f.Type = r.typeOf(f, n, v2)
	if m := r.missing(n); m != nil {
		f.form().Missing = m
	}
	for _, w := range constraintWords {
		if m := n.get(w); m != nil {
			r.issues = append(r.issues, issue.Issue{Severity: issue.Error, Code: CodeTableConstraint, Pos: m.keyPos, Path: m.path(),
				Message: "want " + quote(w) + " in constraints, have it beside them, where it says nothing"})
		}
	}
	r.near(n, append(slices.Clone(fieldWords), constraintWords...))
	if s := r.text(n, "rdfType"); s != "" {
		r.origin(f, n.get("rdfType"), "rdf-type", s)
	}
	r.origin(f, n, "type", f.Type.Format)
	if c := n.get("constraints"); c != nil && r.object(c) {
		r.near(c, constraintWords)
		r.constraints(f, c)
	}
	r.categories(f, n)
	f.Role = namedRole(f)
	return f
}

// form returns the form of the field in text, made where there is none.
func (f *Field) form() *TextForm {
	if f.Text == nil {
		f.Text = &TextForm{}
	}
	return f.Text
}

func (r *tableReader) origin(f *Field, n *docNode, what, value string) {
	f.Origins = append(f.Origins, Origin{What: what, Value: value, Source: r.in.spec.Name, Element: n.path(), Pos: n.place()})
}

// known returns the field that a member of a key names, and tells where there is none.
func (r *tableReader) known(t *Table, n *docNode) (string, bool) {
	if n.kind != jsontree.String {
		r.errorf(n, CodeTableForm, "want the name of a field, have %s", n.kindName())
		return "", false
	}
	if t.Object.Field(n.text) == nil {
		r.errorf(n, CodeTableKey, "want a field of the schema, have %s%s", quote(n.text), meant(n.text, fieldNames(t)))
		return "", false
	}
	return n.text, true
}

func (r *tableReader) primaryKey(t *Table, n *docNode, formOnly bool) {
	key := n.get("primaryKey")
	if key == nil {
		return
	}
	if key.kind != jsontree.String && key.kind != jsontree.Array {
		r.errorf(key, CodeTableForm, "want names of fields, have %s", key.kindName())
		return
	}
	for _, m := range key.list() {
		if formOnly {
			return
		}
		if name, ok := r.known(t, m); ok && !slices.Contains(t.Key, name) {
			t.Key = append(t.Key, name)
			f := t.Object.Field(name)
			f.Required = true // Table Schema, primary keys: values are there
			r.origin(f, m, "key", "true")
		}
	}
}

func (r *tableReader) uniqueKeys(t *Table, n *docNode) {
	keys := n.get("uniqueKeys")
	if keys == nil {
		return
	}
	if keys.kind != jsontree.Array {
		r.errorf(keys, CodeTableForm, "want a list of lists, have %s", keys.kindName())
		return
	}
	for _, k := range keys.members {
		if k.kind != jsontree.Array || len(k.members) == 0 {
			r.errorf(k, CodeTableForm, "want a list of names of fields, have %s", k.kindName())
			continue
		}
		var fields []string
		for _, m := range k.members {
			if name, ok := r.known(t, m); ok {
				fields = append(fields, name)
			}
		}
		t.Unique = append(t.Unique, fields)
	}
}

func (r *tableReader) foreignKeys(t *Table, n *docNode) {
	keys := n.get("foreignKeys")
	if keys == nil {
		return
	}
	if keys.kind != jsontree.Array {
		r.errorf(keys, CodeTableForm, "want a list, have %s", keys.kindName())
		return
	}
	for _, k := range keys.members {
		if !r.object(k) {
			continue
		}
		r.near(k, keyWords)
		w := waitingKey{table: t, node: k}
		if k.get("fields") == nil {
			r.errorf(k, CodeTableKey, "want fields, have none")
		}
		for _, m := range k.get("fields").list() {
			if name, ok := r.known(t, m); ok {
				w.fields = append(w.fields, name)
			}
		}
		ref := k.get("reference")
		if ref == nil {
			r.errorf(k, CodeTableKey, "want a reference, have none")
			continue
		}
		if !r.object(ref) {
			continue
		}
		w.resource = r.text(ref, "resource")
		w.targets = ref.get("fields").list()
		w.target = r.texts(ref.get("fields"))
		own, other := k.get("fields"), ref.get("fields")
		switch {
		case other == nil:
			r.errorf(ref, CodeTableKey, "want fields, have none")
		case len(own.list()) != len(other.list()):
			r.errorf(other, CodeTableKey, "want as many fields as the key has, %d, have %d", len(own.list()), len(other.list()))
		case own != nil && own.kind != other.kind:
			r.errorf(other, CodeTableForm, "want %s as the fields of the key are, have %s", own.kindName(), other.kindName())
		case len(w.fields) == len(w.target):
			r.keys = append(r.keys, w)
			if ref.get("package") != nil || ref.get("datapackage") != nil {
				r.keys = r.keys[:len(r.keys)-1] // another package, which is not here
				r.outside(t, w)
			}
		}
	}
}

// outside records a reference to a table that is not here.
func (r *tableReader) outside(t *Table, w waitingKey) {
	for i, name := range w.fields {
		r.origin(t.Object.Field(name), w.node, "references", w.resource+"."+w.target[i])
	}
}

// alone resolves the foreign keys of a schema without a package: those to itself.
func (r *tableReader) alone(t *Table) {
	keys := r.keys
	r.keys = nil
	for _, k := range keys {
		if k.resource != "" && k.resource != t.Name {
			r.outside(t, k)
			continue
		}
		r.keys = append(r.keys, k)
	}
	r.resolve([]*Table{t}, map[string]bool{t.Name: true})
}

// categories reads the values of a categorical field (Data Package 2.0).
func (r *tableReader) categories(f *Field, n *docNode) {
	list := n.get("categories")
	if list == nil {
		return
	}
	if list.kind != jsontree.Array {
		r.errorf(list, CodeTableForm, "want a list, have %s", list.kindName())
		return
	}
	if f.Type.Kind != Text && f.Type.Kind != Integer {
		r.errorf(list, CodeTableConstraint, "want categories of a string or an integer, have those of a %s", f.Type.Kind)
		return
	}
	set := &CodeSet{Name: f.Name, Complete: true}
	for _, c := range list.members {
		value, label := c, ""
		if c.kind == jsontree.Object {
			value, label = c.get("value"), r.text(c, "label")
		}
		want := jsontree.String
		if f.Type.Kind == Integer {
			want = jsontree.Number
		}
		if !value.is(want) {
			r.errorf(c, CodeTableConstraint, "want a %s, have %s", want, value.kindName())
			continue
		}
		set.Codes = append(set.Codes, Code{Code: value.text, Display: label})
		if f.Type.Kind == Integer {
			f.Type.Enum = append(f.Type.Enum, value.literal())
		}
		if label != "" && f.Type.Kind == Integer {
			r.origin(f, c, "category", value.text+" "+label)
		}
	}
	if f.Type.Kind == Text {
		f.Type.Codes = set
	}
	r.origin(f, list, "codes", strconv.Itoa(len(set.Codes)))
	if r.flag(n, "categoriesOrdered", false) {
		r.origin(f, n.get("categoriesOrdered"), "ordered", "true")
	}
}
