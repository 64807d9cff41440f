package view

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// expression leaves a path to FHIRPath: it is numbered, and compiled once to
// see that it can be.
func (b *builder) expression(p *path, s scope) {
	p.number = len(b.view.left)
	b.view.left = append(b.view.left, *p)
	for _, name := range variables(p.src) {
		_, constant := b.view.vars[name]
		if !constant && !slices.Contains(reserved[:], name) && !strings.HasPrefix(name, "vs-") && !strings.HasPrefix(name, "ext-") {
			b.wrong(p.place, "want a constant of the view after %%, have another name")
		}
	}
	if _, err := (&treeExec{view: b.view}).compile(p); err != nil {
		b.issues = append(b.issues, p.place.issue(b.name, b.src, issue.Error, CodePath, err.Error()))
	}
}

// variables returns the names after % in a path, outside of texts and comments.
func variables(src string) []string {
	var list []string
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case c == '\'' || c == '`' || c == '"':
			for i++; i < len(src) && src[i] != c; i++ {
				if src[i] == '\\' {
					i++
				}
			}
		case strings.HasPrefix(src[i:], "//"):
			for i < len(src) && src[i] != '\n' {
				i++
			}
		case strings.HasPrefix(src[i:], "/*"):
			if end := strings.Index(src[i+2:], "*/"); end >= 0 {
				i += end + 3
			}
		case c == '%' && i+1 < len(src) && isLetter(src[i+1]):
			end := wordEnd(src, i+1)
			list = append(list, src[i+1:end])
			i = end - 1
		case c == '%' && i+1 < len(src) && (src[i+1] == '`' || src[i+1] == '\''):
			if end := strings.IndexByte(src[i+2:], src[i+1]); end >= 0 {
				list = append(list, src[i+2:i+2+end])
				i += end + 2
			}
		}
	}
	return list
}

// constants are the constants of a view as typed elements.
func constants(list []Constant) map[string]fhirpath.Collection {
	vars := make(map[string]fhirpath.Collection, len(list)+1)
	for _, c := range list {
		text := []byte(c.Value)
		typ := c.Type
		switch classOf(typ) {
		case classText, classMoment:
			text = quote(nil, text)
		}
		if typ == "integer64" {
			typ = "integer"
		}
		tree := new(jsontree.Tree)
		if err := tree.Parse(text, nil); err != nil {
			continue // the reader has judged the form
		}
		vars[c.Name] = fhirpath.Collection{fhirpath.ElementNode(tree.Root(), jsontree.Value{}, typ).Item()}
	}
	return vars
}

// treeExec evaluates paths with package fhirpath on the tree of a resource.
type treeExec struct {
	view  *View
	exprs []*fhirpath.Expression
	row   []bool // whether the expression speaks of %rowIndex
	res   *fhir.Resource
	in    fhirpath.Input
	arena []byte
}

// newTreeExec compiles the paths that are left to FHIRPath. Each worker has its
// own, since its functions know the resource at hand.
func newTreeExec(v *View, all []path) (*treeExec, error) {
	t := &treeExec{view: v}
	t.in.Vars = make(map[string]fhirpath.Collection, len(v.vars)+1)
	for name, c := range v.vars {
		t.in.Vars[name] = c
	}
	t.in.Vars["rowIndex"] = nil
	for i := range all {
		e, err := t.compile(&all[i])
		if err != nil {
			return nil, err
		}
		t.exprs = append(t.exprs, e)
		t.row = append(t.row, strings.Contains(all[i].src, "%rowIndex"))
	}
	return t, nil
}

// compile compiles a path with the functions that views add to FHIRPath.
func (t *treeExec) compile(p *path) (*fhirpath.Expression, error) {
	src := typeArgument.ReplaceAllString(p.src, "getReferenceKey('$1')")
	return fhirpath.Compile(src, &fhirpath.Options{
		Definitions: t.view.defs, Type: p.typ,
		Functions: map[string]fhirpath.Function{
			"join":            {MaxArgs: 1, Eval: join},
			"getResourceKey":  {Eval: t.resourceKey},
			"getReferenceKey": {MaxArgs: 1, Eval: t.referenceKey},
		},
	})
}

// typeArgument is getReferenceKey with the name of a type. Functions that are
// added to FHIRPath take values, so that the name becomes a text.
var typeArgument = regexp.MustCompile(`\bgetReferenceKey\(\s*([A-Za-z]+)\s*\)`)

// begin sets the resource.
func (t *treeExec) begin(r *fhir.Resource) {
	t.res = r
	root := fhirpath.NodeOf(r.Root())
	t.in.Focus, t.in.Resource, t.in.Root = root, root, root
	t.arena = t.arena[:0]
}

// eval evaluates a path.
func (t *treeExec) eval(p *path, at fhirpath.Node, row int32) (fhirpath.Collection, error) {
	if t.row[p.number] {
		t.in.Vars["rowIndex"] = fhirpath.Collection{fhirpath.Integer(int64(row))}
	}
	t.in.Focus = at
	c, err := t.exprs[p.number].Eval(&t.in)
	if err != nil {
		return nil, &failure{CodeEvaluate, p.src, err.Error()}
	}
	return c, nil
}

func (t *treeExec) items(p *path, at fhirpath.Node, row int32, to []fhirpath.Node) ([]fhirpath.Node, error) {
	c, err := t.eval(p, at, row)
	for _, it := range c {
		n, ok := it.Node()
		if !ok {
			return to, &failure{CodeEvaluate, p.src, "want elements to go over, have values"}
		}
		to = append(to, n)
	}
	return to, err
}

// cell makes the value of a column.
func (t *treeExec) cell(k *column, at fhirpath.Node, row int32, c *cell) error {
	found, err := t.eval(&k.path, at, row)
	if err != nil {
		return err
	}
	name := t.view.columns[k.at].Name
	*c = cell{}
	if k.collection {
		b := []byte{'['}
		for _, it := range found {
			one, ok := t.itemCell(it)
			if !ok {
				return &failure{CodeValue, name, "want primitive values, have an element with members"}
			}
			b = one.appendItem(b)
		}
		*c = cell{kind: cellList, b: append(b, ']')}
		return nil
	}
	switch len(found) {
	case 0:
		return nil
	case 1:
		var ok bool
		if *c, ok = t.itemCell(found[0]); !ok {
			return &failure{CodeValue, name, "want a primitive value, have an element with members"}
		}
		return nil
	}
	return manyValues(name)
}

// cellAt makes the value of a column for the element at an offset of the
// resource's text.
func (t *treeExec) cellAt(k *column, offset int, row int32, c *cell) error {
	root := t.res.Root().Value()
	at := fhirpath.ResourceNode(root)
	if v := root.At(root.Offset() + offset); v != root {
		at = fhirpath.ElementNode(v, jsontree.Value{}, k.path.typ)
	}
	return t.cell(k, at, row, c)
}

// itemCell is the value of an item; false for an element with members.
func (t *treeExec) itemCell(it fhirpath.Item) (cell, bool) {
	if n, ok := it.Node(); ok {
		v := n.Value()
		switch v.Kind() {
		case jsontree.Invalid, jsontree.Null: // a primitive that has extensions alone
			return cell{}, true
		case jsontree.String:
			return cell{kind: cellText, b: v.Bytes(nil)}, true
		case jsontree.Number:
			return cell{kind: cellNumber, b: v.Number()}, true
		case jsontree.True:
			return cell{kind: cellBool, n: 1}, true
		case jsontree.False:
			return cell{kind: cellBool}, true
		}
		return cell{}, false
	}
	if b, ok := it.Bool(); ok && it.Type() == "System.Boolean" {
		if b {
			return cell{kind: cellBool, n: 1}, true
		}
		return cell{kind: cellBool}, true
	}
	if n, ok := it.Int(); ok {
		return cell{kind: cellInteger, n: n}, true
	}
	if it.Type() == "System.Decimal" {
		s, _ := it.Number()
		return cell{kind: cellNumber, b: []byte(s)}, true
	}
	s, ok := it.Text()
	return cell{kind: cellText, b: []byte(s)}, ok
}

// passes reports whether a resource passes the filters of the view,
// or which not.
func (t *treeExec) passes(where []path) (bool, int, error) {
	root := t.in.Resource
	for i := range where {
		c, err := t.eval(&where[i], root, 0)
		if err != nil {
			return false, i, err
		}
		if len(c) == 0 {
			return false, i, nil
		}
		v, ok := c.Bool()
		if !ok {
			return false, i, &failure{CodeWhere, where[i].src, "want a filter that is true, false or empty, have another result"}
		}
		if !v {
			return false, i, nil
		}
	}
	return true, 0, nil
}

// join is join() as views have it: of nothing it is the empty text (shared
// tests, fhirpath.json), where FHIRPath has no result.
func join(_ *fhirpath.Input, focus fhirpath.Collection, args []fhirpath.Collection) (fhirpath.Collection, error) {
	by := ""
	if len(args) == 1 {
		by, _ = args[0].Text()
	}
	var parts []string
	for _, it := range focus {
		if n, ok := it.Node(); ok && n.Value().Kind() == jsontree.Invalid {
			continue // a primitive that has extensions alone
		}
		s, ok := it.Text()
		if !ok {
			return nil, errors.New("join(): want texts, have an element with members")
		}
		parts = append(parts, s)
	}
	return fhirpath.Collection{fhirpath.Text(strings.Join(parts, by))}, nil
}

// resourceKey is getResourceKey(): the type and id of the resource.
func (t *treeExec) resourceKey(_ *fhirpath.Input, focus fhirpath.Collection, _ []fhirpath.Collection) (fhirpath.Collection, error) {
	if len(focus) == 0 || t.res == nil {
		return nil, nil
	}
	id := t.res.IDBytes()
	if len(id) == 0 {
		return nil, nil
	}
	return fhirpath.Collection{fhirpath.Text(t.res.Type() + "/" + string(id))}, nil
}

// referenceKey is getReferenceKey(): what getResourceKey() is for the resource
// that a reference leads to; empty if it is of another type than the argument
// or cannot be told.
func (t *treeExec) referenceKey(_ *fhirpath.Input, focus fhirpath.Collection, args []fhirpath.Collection) (fhirpath.Collection, error) {
	want := ""
	if len(args) == 1 && len(args[0]) == 1 {
		want, _ = args[0][0].Text()
	}
	var keys fhirpath.Collection
	for _, it := range focus {
		n, ok := it.Node()
		if !ok || t.res == nil {
			continue
		}
		ref := t.res.Resolve(n.Value().Get("reference").Bytes(nil))
		if ref.Kind != fhir.RefLocal && ref.Kind != fhir.RefBundle || ref.Type == "" || want != "" && ref.Type != want {
			continue
		}
		keys = append(keys, fhirpath.Text(ref.Type+"/"+string(ref.ID)))
	}
	return keys, nil
}
