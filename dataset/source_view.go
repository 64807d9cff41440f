package dataset

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// importView makes a table of a ViewDefinition: its columns, in the order in
// which the specification gives them, with types from the definition or from
// their paths.
func importView(ctx context.Context, in *input) ([]*Table, issue.List, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	src := bytes.TrimPrefix(in.data, []byte("\xef\xbb\xbf"))
	v := &viewReader{b: newFHIRBuilder(in), src: src, constants: map[string]string{}}
	v.table = &Table{Form: Row, Source: in.spec.Name, Kind: in.spec.Kind, Pos: v.b.pos("")}
	tree := new(jsontree.Tree)
	if err := tree.Parse(src, nil); err != nil {
		v.b.definitionError(err, src)
		return nil, v.b.issues, nil
	}
	v.read(tree.Root())
	if v.b.issues.HasErrors() {
		return nil, v.b.issues, nil
	}
	return []*Table{v.table}, v.b.issues, nil
}

// viewReader reads one ViewDefinition.
type viewReader struct {
	b         *fhirBuilder
	src       []byte
	table     *Table
	constants map[string]string
	iterates  bool
	key       string // the first column that is the key of the resource
	columns   int
}

// Limits of a view.
const (
	maxViewDepth   = 64
	maxViewColumns = 10_000
)

// viewScope is where a select stands.
type viewScope struct {
	at       pathStatic
	optional bool // rows may be without its elements
	depth    int
	path     string
}

func (v *viewReader) pos(at jsontree.Value) issue.Pos {
	line, column := jsontree.Position(v.src, min(at.Offset(), len(v.src)))
	return issue.Pos{Source: v.b.in.file, Line: line, Column: column, Offset: int64(at.Offset())}
}

func (v *viewReader) wrong(at jsontree.Value, path, format string, args ...any) {
	v.b.issues = append(v.b.issues, issue.Issue{
		Severity: issue.Error, Code: CodeSource, Pos: v.pos(at), Path: path, Message: fmt.Sprintf(format, args...),
	})
}

func (v *viewReader) read(root jsontree.Value) {
	if root.Kind() != jsontree.Object {
		v.wrong(root, "", "want a ViewDefinition, have %s", root.Kind())
		return
	}
	if t := root.Get("resourceType"); t.Kind() != jsontree.Invalid && !t.EqualText("ViewDefinition") {
		v.wrong(t, "resourceType", "want ViewDefinition, have another type")
		return
	}
	resource := root.Get("resource").Text()
	if v.b.defs.Kind(resource) != "resource" || v.b.defs.Abstract(resource) {
		at := root.Get("resource")
		if at.Kind() == jsontree.Invalid {
			at = root
		}
		v.wrong(at, "resource", "want a resource type that is defined, have %q%s", resource, meant(resource, v.b.defs.ResourceTypes()))
		return
	}
	t := v.table
	t.Name = snakeName(root.Get("name").Text())
	if t.Name == "" {
		t.Name = snakeName(resource)
	}
	t.Title, t.Description = root.Get("title").Text(), root.Get("description").Text()
	t.From = From{Resource: resource, View: slices.Clone(v.src)}
	t.Object = &Object{Name: v.b.uniqueName(t.Name), ID: root.Get("url").Text(), Pos: v.pos(root)}
	for _, c := range root.Get("constant").All() {
		v.constant(c)
	}
	at := v.b.rootOf(v.b.typeOrNone(resource))
	for i, w := range root.Get("where").All() {
		p := w.Get("path")
		t.Where = append(t.Where, Condition{Path: p.Text(), Origin: fmt.Sprintf("where[%d]", i), Pos: v.pos(p)})
		v.b.typePath(pathPlace{p.Text(), fmt.Sprintf("where[%d]", i), v.pos(p)}, at, v.constants, issue.Warning)
	}
	for i, s := range root.Get("select").All() {
		fields := v.selection(s, viewScope{at: at, path: fmt.Sprintf("select[%d]", i)})
		v.add(s, fields)
	}
	if len(t.Object.Fields) == 0 && !v.b.issues.HasErrors() {
		v.wrong(root, "select", "want columns, have none")
	}
	v.grain(resource)
}

// typeOrNone is the definition of a type, never nil.
func (b *fhirBuilder) typeOrNone(name string) *fhirdef.Structure {
	if st := b.defs.Type(name); st != nil {
		return st
	}
	return &fhirdef.Structure{Type: name}
}

// constant notes the type of a constant.
func (v *viewReader) constant(c jsontree.Value) {
	name := c.Get("name").Text()
	for member := range c.Members() {
		if typ, ok := strings.CutPrefix(member, "value"); ok && typ != "" {
			typ = strings.ToLower(typ[:1]) + typ[1:]
			v.constants[name] = typ
		}
	}
}

// grain says what a row stands for, and its key: of a view that does not iterate
// the resource.
func (v *viewReader) grain(resource string) {
	if v.iterates {
		v.table.Grain = PerRow
		return
	}
	v.table.Grain = grainOf(resource)
	if v.key != "" {
		v.table.Key = []string{v.key}
	}
}

// add takes columns into the table; each name must be new.
func (v *viewReader) add(at jsontree.Value, fields []*Field) {
	o := v.table.Object
	for _, f := range fields {
		if o.Field(f.Name) != nil {
			v.b.issues = append(v.b.issues, issue.Issue{
				Severity: issue.Error, Code: CodeConflict, Pos: f.Pos, Path: f.Name, Message: "want each column once, have it again",
			})
			continue
		}
		o.Fields = append(o.Fields, f)
	}
}

// selection returns the columns of a select: its own, those of nested selects,
// those of its union.
func (v *viewReader) selection(s jsontree.Value, in viewScope) []*Field {
	if in.depth++; in.depth > maxViewDepth {
		v.wrong(s, in.path, "want at most %d selects in each other, have more", maxViewDepth)
		return nil
	}
	scope := v.iteration(s, in)
	var fields []*Field
	for i, c := range s.Get("column").All() {
		if f := v.column(c, scope, fmt.Sprintf("%s.column[%d]", in.path, i)); f != nil {
			fields = append(fields, f)
		}
	}
	for i, n := range s.Get("select").All() {
		inner := scope
		inner.path = fmt.Sprintf("%s.select[%d]", in.path, i)
		fields = append(fields, v.selection(n, inner)...)
	}
	var union []*Field
	for i, n := range s.Get("unionAll").All() {
		v.iterates = true
		inner := scope
		inner.path = fmt.Sprintf("%s.unionAll[%d]", in.path, i)
		branch := v.selection(n, inner)
		if i == 0 {
			union = branch
			continue
		}
		v.sameColumns(n, inner.path, union, branch)
	}
	return append(fields, union...)
}

// iteration is the scope of what a select goes over.
func (v *viewReader) iteration(s jsontree.Value, in viewScope) viewScope {
	for _, name := range []string{"forEach", "forEachOrNull"} {
		p := s.Get(name)
		if p.Kind() == jsontree.Invalid {
			continue
		}
		v.iterates = true
		in.optional = in.optional || name == "forEachOrNull"
		at, _ := v.b.typePath(pathPlace{p.Text(), in.path + "." + name, v.pos(p)}, in.at, v.constants, issue.Warning)
		at.list, at.soft, at.required = false, false, true
		in.at = at
		return in
	}
	repeat := s.Get("repeat")
	if repeat.Kind() == jsontree.Invalid {
		return in
	}
	v.iterates = true
	in.at = v.repeated(repeat, in)
	return in
}

// repeated is what a repeat leads to: the paths start where the select stands,
// and again at all that they find.
func (v *viewReader) repeated(repeat jsontree.Value, in viewScope) pathStatic {
	found := pathStatic{required: true}
	from := in.at
	for range maxViewDepth {
		next := pathStatic{required: true}
		for i, p := range repeat.All() {
			tree, err := parsePath(p.Text())
			if err != nil {
				v.b.typePath(pathPlace{p.Text(), fmt.Sprintf("%s.repeat[%d]", in.path, i), v.pos(p)}, in.at, v.constants, issue.Warning)
				return pathStatic{}
			}
			// A name that this type lacks may be one of another that is found.
			typer := &pathTyper{b: v.b, root: in.at, constants: v.constants}
			for _, a := range typer.visit(tree, from).at {
				if !slices.ContainsFunc(found.at, func(old pathAt) bool { return old.typ == a.typ }) {
					found.at = append(found.at, a)
					next.at = append(next.at, a)
				}
			}
		}
		if len(next.at) == 0 {
			return found
		}
		from = next
	}
	return pathStatic{}
}

// column makes the field of a column.
func (v *viewReader) column(c jsontree.Value, in viewScope, place string) *Field {
	name, path := c.Get("name").Text(), c.Get("path").Text()
	if name == "" || path == "" {
		v.wrong(c, place, "want a column with name and path, have it without")
		return nil
	}
	if v.columns++; v.columns > maxViewColumns {
		if v.columns == maxViewColumns+1 {
			v.wrong(c, place, "want at most %d columns, have more", maxViewColumns)
		}
		return nil
	}
	pos := v.pos(c)
	f := &Field{Name: name, Path: path, ID: place, Pos: pos, Description: c.Get("description").Text(), Title: c.Get("title").Text()}
	s, ok := v.b.typePath(pathPlace{path, name, v.pos(c.Get("path"))}, in.at, v.constants, issue.Warning)
	if !ok {
		return nil
	}
	f.Type, ok = v.columnType(f, c, s)
	if !ok {
		return nil
	}
	collection, _ := c.Get("collection").Bool()
	if collection {
		f.Type = ListOf(f.Type)
	}
	if strings.TrimSpace(path) == "getResourceKey()" && !in.optional && !collection {
		f.Required = true
		if v.key == "" {
			v.key = name
		}
	}
	return f
}

// columnType is what the definition says of a column's type, else what its path
// tells.
func (v *viewReader) columnType(f *Field, c jsontree.Value, s pathStatic) (Type, bool) {
	declared := c.Get("type").Text()
	if declared != "" {
		typ := declared
		if at := strings.LastIndexAny(typ, "/"); at >= 0 {
			typ = typ[at+1:]
		}
		typ = fhirSystemName(typ)
		if v.b.defs.Kind(typ) != "primitive-type" {
			v.wrong(c.Get("type"), f.Name, "want a primitive type, have %q", declared)
			return Type{}, false
		}
		if call := strings.TrimSpace(f.Path); typ == "id" && (strings.HasSuffix(call, "getResourceKey()") || strings.Contains(call, "getReferenceKey(")) {
			typ = "string" // keys have the type before the id
		}
		if s.typ() != typ { // the definition's word counts
			s = pathStatic{at: []pathAt{{typ: typ}}, list: s.list, soft: s.soft}
		}
	}
	return v.b.columnType(f, s, "", v.pos(c))
}

// sameColumns checks that a branch of a union has the columns of the first. Where
// the types differ the column is text.
func (v *viewReader) sameColumns(at jsontree.Value, path string, first, branch []*Field) {
	if len(first) != len(branch) {
		v.wrong(at, path, "want the %d columns of the first branch, have %d", len(first), len(branch))
		return
	}
	for i, f := range first {
		g := branch[i]
		if f.Name != g.Name {
			v.wrong(at, path, "want the columns of the first branch, have %q in place of %q", g.Name, f.Name)
			return
		}
		f.Required = f.Required && g.Required
		a, c := columnScalar(&f.Type), columnScalar(&g.Type)
		if a.Kind != c.Kind || a.Format != c.Format || a.Codes != c.Codes {
			widenColumn(a, c)
		}
	}
}

// widenColumn makes a type hold the values of another too.
func widenColumn(a, c *Type) {
	kind, format := a.Kind, a.Format
	same := a.Kind == c.Kind
	out := NewType(Text)
	if same {
		out.Kind, out.Bits, out.Partial, out.Zone = kind, max(a.Bits, c.Bits), a.Partial || c.Partial, a.Zone
		if a.Zone != c.Zone {
			out.Zone = ZoneOptional
		}
		if a.Format == c.Format {
			out.Format = format
		}
	}
	*a = out
}
