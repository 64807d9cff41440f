package dataset

import (
	"context"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// importCroissant reads the record sets of a Croissant document (1.0, and 1.1 as far as it
// is the same) as tables. A record set that is an enumeration and has its data in the
// document is no table but the codes of the fields that refer to it.
func importCroissant(_ context.Context, in *input) ([]*Table, issue.List, error) {
	root, findings := readDoc(in.file, in.data)
	if findings.HasErrors() {
		return nil, findings, nil
	}
	r := &croissantReader{tableReader: tableReader{in: in, kind: Croissant, docErrors: docErrors{findings}}, files: map[string]*docNode{},
		fields: map[string]croissantField{}, sets: map[string]*CodeSet{}, tables: map[string]*Table{}}
	tables := r.read(root)
	if r.issues.HasErrors() {
		return nil, r.issues, nil
	}
	return tables, r.issues, nil
}

type croissantReader struct {
	tableReader
	files  map[string]*docNode
	fields map[string]croissantField // by id
	sets   map[string]*CodeSet       // enumerations in the document, by the id of a field
	tables map[string]*Table         // by the id of the record set
	refs   []croissantRef
	names  unique
}

type croissantField struct {
	table *Table
	field *Field
	node  *docNode
}

type croissantRef struct {
	table *Table
	field *Field
	node  *docNode
	to    string
	// nested says that the field is a member of another, which no key of a table is.
	nested bool
}

// cr returns a member by its name in Croissant's context, or with the prefix that the
// context stands for.
func cr(n *docNode, name string) *docNode {
	for _, key := range []string{name, "cr:" + name, "ml:" + name, "sc:" + name, "http://mlcommons.org/croissant/" + name, "https://schema.org/" + name} {
		if m := n.get(key); m != nil {
			return m
		}
	}
	return nil
}

// crType reports whether one of the types of a node has that last part.
func crType(n *docNode, name string) bool {
	for _, t := range n.get("@type").list() {
		if plainTerm(t.str()) == name {
			return true
		}
	}
	return false
}

// plainTerm is a term without its prefix: sc:Text, https://schema.org/Text.
func plainTerm(s string) string {
	for _, prefix := range []string{"https://schema.org/", "http://schema.org/", "http://mlcommons.org/croissant/", "sc:", "cr:", "ml:", "schema:"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			return rest
		}
	}
	return s
}

// crID is the id of a node, or its name.
func crID(n *docNode) string {
	if s := n.get("@id").str(); s != "" {
		return s
	}
	return cr(n, "name").str()
}

func (r *croissantReader) read(root *docNode) []*Table {
	if !r.object(root) {
		return nil
	}
	if !crType(root, "Dataset") {
		r.errorf(root, CodeTableForm, "want a document of type Dataset, have another")
	}
	r.context(root)
	for _, n := range cr(root, "distribution").list() {
		r.distribution(n)
	}
	for _, n := range cr(root, "distribution").list() {
		r.containedIn(n)
	}
	r.names = unique{}
	var tables []*Table
	sets := cr(root, "recordSet").list()
	for _, n := range sets {
		if r.object(n) && r.recordSetType(n) && crEnumeration(n) && cr(n, "data") != nil {
			r.enumeration(n)
		}
	}
	for _, n := range sets {
		if n.is(jsontree.Object) && (!crEnumeration(n) || cr(n, "data") == nil) {
			tables = append(tables, r.recordSet(n))
		}
	}
	r.sources(sets)
	r.references()
	tables = slices.DeleteFunc(tables, func(t *Table) bool { return len(t.Object.Fields) == 0 })
	if want := r.in.spec.Table; want != "" {
		tables = slices.DeleteFunc(tables, func(t *Table) bool { return t.Name != want })
		if len(tables) == 0 {
			r.errorf(root, CodeTableKey, "want the record set %s, have none of that name", quote(want))
		}
	}
	if len(sets) == 0 {
		r.add(issue.Warning, root, CodeNotHeld, "want a record set, have none: there is no table")
	}
	return tables
}

// context tells terms of Croissant that a context of the document's own does not define, so
// that they are not Croissant's.
func (r *croissantReader) context(root *docNode) {
	own := root.get("@context")
	if !own.is(jsontree.Object) {
		return
	}
	terms := map[string]bool{}
	for _, t := range []string{"recordSet", "field", "dataType", "source", "extract", "column", "jsonPath", "fileProperty", "fileObject", "fileSet", "key", "references", "repeated", "subField", "transform"} {
		terms[t] = own.get(t) == nil
	}
	var walk func(n *docNode, depth int)
	walk = func(n *docNode, depth int) {
		for _, m := range n.members {
			if m == own || depth > maxDocDepth {
				continue
			}
			if n.kind == jsontree.Object && terms[m.key] {
				terms[m.key] = false
				r.issues = append(r.issues, issue.Issue{Severity: issue.Warning, Code: CodeTableForm, Pos: m.keyPos, Path: m.path(),
					Message: "want the term " + quote(m.key) + " in @context, have a context without it"})
			}
			if m.key != "data" && m.key != "examples" {
				walk(m, depth+1)
			}
		}
	}
	walk(root, 0)
}

func (r *croissantReader) distribution(n *docNode) {
	if !r.object(n) {
		return
	}
	id := crID(n)
	r.checkID(n)
	if !crType(n, "FileObject") && !crType(n, "FileSet") {
		r.errorf(n, CodeTableForm, "want a file of type FileObject or FileSet, have another")
	}
	if cr(n, "encodingFormat") == nil {
		r.add(issue.Warning, n, CodeTableForm, "want encodingFormat, have none")
	}
	if crType(n, "FileObject") && cr(n, "contentUrl") == nil && cr(n, "containedIn") == nil {
		r.add(issue.Warning, n, CodeTableForm, "want contentUrl, have none")
	}
	if id == "" {
		r.errorf(n, CodeTableName, "want an @id or a name, have neither")
		return
	}
	if r.files[id] != nil {
		r.errorf(n, CodeTableName, "want each @id once, have a second file %s", quote(id))
	}
	r.files[id] = n
	if name := cr(n, "name").str(); name != "" && n.get("@id") == nil {
		r.files[name] = n
	}
}

// checkID tells an id with white space, which is none.
func (r *croissantReader) checkID(n *docNode) {
	if id := n.get("@id"); id != nil && (id.str() == "" || strings.ContainsAny(id.str(), " \t\r\n")) {
		r.errorf(id, CodeTableName, "want an @id without white space, have another")
	}
}

func (r *croissantReader) containedIn(n *docNode) {
	for _, m := range cr(n, "containedIn").list() {
		if to := refID(m); to != "" && r.files[to] == nil {
			r.errorf(m, CodeTableKey, "want a file of the document, have %s%s", quote(to), meant(to, r.fileNames()))
		}
	}
}

func (r *croissantReader) fileNames() []string {
	var names []string
	for n := range r.files {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// refID returns what a reference leads to: {"@id": ...}, or a name.
func refID(n *docNode) string {
	if n.is(jsontree.Object) {
		return n.get("@id").str()
	}
	return n.str()
}

func (r *croissantReader) recordSetType(n *docNode) bool {
	r.checkID(n)
	if !crType(n, "RecordSet") {
		r.errorf(n, CodeTableForm, "want a record set of type RecordSet, have another")
		return false
	}
	return true
}

func crEnumeration(n *docNode) bool {
	for _, t := range cr(n, "dataType").list() {
		if plainTerm(t.str()) == "Enumeration" {
			return true
		}
	}
	return false
}

// enumeration makes codes of the data of a record set: its key is the code, the field of
// type sc:name, or the next one, the label.
func (r *croissantReader) enumeration(n *docNode) {
	const most = 100_000
	set := &CodeSet{Name: localName(n, cr(n, "name").str(), ""), URL: "", Title: naturalText(cr(n, "description")), Complete: true}
	if set.Name == "" {
		set.Name = crID(n)
	}
	fields := cr(n, "field").list()
	key := ""
	if keys := cr(n, "key").list(); len(keys) > 0 {
		key = refID(keys[0])
	}
	label := ""
	for _, f := range fields {
		id := crID(f)
		if key == "" {
			key = id
		}
		for _, t := range cr(f, "dataType").list() {
			if plainTerm(t.str()) == "name" && id != key {
				label = id
			}
		}
	}
	rows := cr(n, "data").list()
	if len(rows) > most {
		r.errorf(cr(n, "data"), CodeTableForm, "want at most %d codes, have %d", most, len(rows))
		return
	}
	for _, row := range rows {
		code := member(row, key)
		if code == nil || code.is(jsontree.Object) || code.is(jsontree.Array) {
			r.errorf(row, CodeTableForm, "want a value of the key in each row, have none")
			continue
		}
		set.Codes = append(set.Codes, Code{Code: code.text, Display: member(row, label).str()})
	}
	for _, f := range fields {
		r.sets[crID(f)] = set
	}
	r.sets[crID(n)] = set
}

// member returns the value of a row by the id of a field or its last part.
func member(row *docNode, id string) *docNode {
	if m := row.get(id); m != nil {
		return m
	}
	return row.get(id[strings.LastIndexByte(id, '/')+1:])
}

// localName is the name of a field without that of its record set.
func localName(n *docNode, name, set string) string {
	if name == "" {
		name = crID(n)
	}
	sets := []string{set, csvwDecoded(set)}
	if o := n.upNode(); set != "" && o != nil {
		sets = append(sets, cr(o, "name").str())
	}
	for _, s := range sets {
		if rest, ok := strings.CutPrefix(name, s+"/"); ok && rest != "" && s != "" {
			return rest
		}
	}
	return name
}

func (r *croissantReader) recordSet(n *docNode) *Table {
	id := crID(n)
	if !crEnumeration(n) || cr(n, "data") == nil {
		r.recordSetType(n)
	}
	name := cr(n, "name").str()
	if name == "" {
		name = id
	}
	if name == "" {
		r.errorf(n, CodeTableName, "want an @id or a name, have neither")
		name = "records"
	}
	t := &Table{Name: r.names.name(name), Description: naturalText(cr(n, "description")), Form: Row, Source: r.in.spec.Name, Kind: Croissant, Pos: n.pos}
	t.Object = &Object{Name: t.Name, ID: id, Pos: n.pos}
	if r.tables[id] != nil {
		r.errorf(n, CodeTableName, "want each @id once, have a second record set %s", quote(id))
	}
	r.tables[id] = t
	for _, f := range cr(n, "field").list() {
		if field := r.field(t, t.Object, f, id, 0); field != nil {
			t.Object.Fields = append(t.Object.Fields, field)
		}
	}
	if data := cr(n, "data"); data != nil && data.kind != jsontree.Array && data.kind != jsontree.Object {
		r.errorf(data, CodeTableForm, "want rows, have %s", data.kindName())
	}
	for _, k := range cr(n, "key").list() {
		to := refID(k)
		f, ok := r.fields[to]
		if !ok {
			f, ok = r.fields[id+"/"+to]
		}
		if named := t.Object.Field(to); (!ok || f.table != t) && named != nil {
			f, ok = croissantField{table: t, field: named}, true
		}
		if !ok || f.table != t {
			r.add(issue.Warning, k, CodeTableKey, "want a field of the record set, have %s%s: it is no key", quote(to), meant(to, fieldNames(t)))
			continue
		}
		if t.Object.Field(f.field.Name) == f.field {
			t.Key = append(t.Key, f.field.Name)
			r.origin(f.field, k, "key", "true")
		}
	}
	return t
}

// sources checks that what fields are taken from is there.
func (r *croissantReader) sources(sets []*docNode) {
	var walk func(f *docNode, depth int)
	walk = func(f *docNode, depth int) {
		if depth > maxDocDepth {
			return
		}
		if s := cr(f, "source"); s != nil {
			for _, name := range []string{"fileObject", "fileSet", "distribution"} {
				if m := cr(s, name); m != nil && refID(m) != "" && r.files[refID(m)] == nil {
					r.errorf(m, CodeTableKey, "want a file of the document, have %s%s", quote(refID(m)), meant(refID(m), r.fileNames()))
				}
			}
			if m := cr(s, "field"); m != nil {
				_, known := r.fields[refID(m)]
				if !known && r.sets[refID(m)] == nil && r.tables[refID(m)] == nil && r.files[refID(m)] == nil {
					r.errorf(m, CodeTableKey, "want a field of the document, have %s", quote(refID(m)))
				}
			}
		}
		for _, x := range cr(f, "subField").list() {
			walk(x, depth+1)
		}
	}
	for _, n := range sets {
		for _, f := range cr(n, "field").list() {
			walk(f, 0)
		}
	}
}

// references turns references into those between tables, or into codes.
func (r *croissantReader) references() {
	for _, x := range r.refs {
		to, known := r.fields[x.to]
		switch {
		case r.sets[x.to] != nil:
			elem := &x.field.Type
			if elem.Kind == List && elem.Elem != nil {
				elem = elem.Elem
			}
			if elem.Kind == Text {
				elem.Codes = r.sets[x.to]
			} else if elem.Kind == Integer {
				for _, c := range r.sets[x.to].Codes {
					elem.Enum = append(elem.Enum, Literal(c.Code))
				}
			}
			r.origin(x.field, x.node, "codes", x.to)
		case !known:
			r.errorf(x.node, CodeTableKey, "want a field of the document, have %s", quote(x.to))
		case x.nested || to.table.Object.Field(to.field.Name) != to.field:
			r.origin(x.field, x.node, "references", x.to)
		default:
			x.table.Refs = append(x.table.Refs, Ref{Fields: []string{x.field.Name}, Table: to.table.Name, Target: []string{to.field.Name}})
			r.origin(x.field, x.node, "references", x.to)
		}
	}
}
