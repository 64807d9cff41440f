package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/issue"
)

// isRowTable reports whether the fields of a table ask for a row: one has a path
// that is not its own name, which a record, having the form of its source, cannot
// hold.
func isRowTable(spec *TableSpec) bool {
	for _, f := range spec.Fields {
		if f.Path != "" && f.Path != f.Name {
			return true
		}
	}
	return false
}

// viewDoc is a ViewDefinition as it is written for a row table.
type viewDoc struct {
	ResourceType string       `json:"resourceType"`
	Name         string       `json:"name,omitempty"`
	Status       string       `json:"status"`
	Resource     string       `json:"resource"`
	Select       []viewSelect `json:"select"`
}

type viewSelect struct {
	Column []viewColumn `json:"column"`
}

type viewColumn struct {
	Name       string `json:"name"`
	Path       string `json:"path"`
	Type       string `json:"type,omitempty"`
	Collection bool   `json:"collection,omitempty"`
}

// rowTable makes a table whose fields are paths in a resource, with the view
// that makes its rows.
func (b *fhirBuilder) rowTable(t *Table, st *fhirdef.Structure, spec *TableSpec) *Table {
	t.Form, t.Key = Row, nil
	t.Object = &Object{Name: b.uniqueName(t.Name), ID: st.URL, Pos: t.Pos}
	root := b.rootOf(st)
	doc := viewDoc{ResourceType: "ViewDefinition", Name: viewName(t.Name), Status: "active", Resource: st.Type}
	var columns []viewColumn
	for i := range spec.Fields {
		fs := &spec.Fields[i]
		if fs.Drop {
			continue
		}
		f := b.rowField(fs, root)
		if f == nil {
			continue
		}
		t.Object.Fields = append(t.Object.Fields, f)
		col := viewColumn{Name: f.Name, Path: f.Path, Collection: f.Type.Kind == List}
		if s := columnScalar(&f.Type); s.Format != "" && b.defs.Kind(s.Format) == "primitive-type" && s.Format != "xhtml" {
			col.Type = s.Format
		}
		columns = append(columns, col)
		if t.Key == nil && (f.Path == "id" || f.Path == "getResourceKey()") {
			t.Key = []string{f.Name}
		}
	}
	t.Where = b.identity(st)
	if len(columns) == 0 {
		b.finding(issue.Error, CodeSource, "", "want a field with a path that leads somewhere, have none")
		return nil
	}
	doc.Select = []viewSelect{{Column: columns}}
	src, err := json.Marshal(doc)
	if err != nil { // texts always encode
		b.finding(issue.Error, CodeSource, "", "the view of the table cannot be written")
		return nil
	}
	t.From.View = src
	return t
}

// columnScalar is the type itself, or that of the elements of a list.
func columnScalar(t *Type) *Type {
	if t.Kind == List {
		return t.Elem
	}
	return t
}

// viewName is a name that a view may have: letters, digits and _, a letter
// first.
func viewName(name string) string {
	var out strings.Builder
	for _, r := range name {
		if isViewName("a" + string(r)) {
			out.WriteRune(r)
		} else {
			out.WriteByte('_')
		}
	}
	if s := out.String(); isViewName(s) {
		return s
	}
	return "t" + out.String()
}

// isViewName reports whether a view or a column of it may have the name.
func isViewName(s string) bool {
	for i := range len(s) {
		letter := s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z'
		if !letter && (i == 0 || s[i] != '_' && (s[i] < '0' || s[i] > '9')) {
			return false
		}
	}
	return s != ""
}

// rowField makes the field of a path; of one to a Quantity its value, with the
// path of the unit.
func (b *fhirBuilder) rowField(fs *FieldSpec, root pathStatic) *Field {
	path := fs.Path
	if path == "" {
		path = fs.Name
	}
	pos := fs.Pos
	if p, ok := fs.At["path"]; ok {
		pos = p
	}
	if !isViewName(fs.Name) {
		b.issues = append(b.issues, issue.Issue{
			Severity: issue.Error, Code: CodeForm, Pos: fs.Pos, Path: fs.Name,
			Message: "want a name of letters, digits and _ that starts with a letter for a field with a path, have another",
		})
		return nil
	}
	f := &Field{Name: fs.Name, Path: path, ID: path, Pos: fs.Pos}
	s, ok := b.typePath(pathPlace{path, fs.Name, pos}, root, nil, issue.Error)
	if !ok {
		return nil
	}
	if b.defs.IsSubtype(s.typ(), "Quantity") {
		f.Path = pathBefore(path) + ".value"
		f.UnitPath = pathBefore(path) + ".code"
		s = (&pathTyper{b: b, root: root}).member(s, "value")
	}
	if f.Type, ok = b.columnType(f, s, fs.Type, pos); !ok {
		return nil
	}
	f.Required = s.required
	wantList := fs.List != nil && *fs.List || fs.Type == "list"
	switch {
	case wantList:
		f.Type = ListOf(f.Type)
		f.Required = false
	case s.list:
		severity := issue.Warning
		if s.soft {
			severity = issue.Information
		}
		b.issues = append(b.issues, issue.Issue{
			Severity: severity, Code: CodeManyValues, Pos: pos, Path: fs.Name,
			Message: "want a path to one value, have one that may lead to several: put .first() behind it, or say list: true",
		})
	}
	return f
}

// pathBefore is a path that a member can follow.
func pathBefore(path string) string {
	if t, err := parsePath(path); err == nil {
		switch t.Kind {
		case fhirpath.TermBinary, fhirpath.TermSign, fhirpath.TermType:
			return "(" + path + ")"
		}
	}
	return path
}

// pathPlace is a path, what it is for, and where it is written.
type pathPlace struct {
	path, name string
	pos        issue.Pos
}

// typePath finds the type of a path; false, with a finding, if it is no FHIRPath.
// A name that leads nowhere is a finding of the severity unknown, and false as
// well where that is an error.
func (b *fhirBuilder) typePath(at pathPlace, root pathStatic, constants map[string]string, unknown issue.Severity) (pathStatic, bool) {
	report := func(s issue.Severity, c issue.Code, msg string) {
		b.issues = append(b.issues, issue.Issue{Severity: s, Code: c, Pos: at.pos, Path: at.name, Message: msg})
	}
	tree, err := parsePath(at.path)
	if err != nil {
		msg := "want FHIRPath, have another text"
		var se *fhirpath.SyntaxError
		if errors.As(err, &se) {
			msg = fmt.Sprintf("want FHIRPath: column %d of the path: %s", se.Column, se.Message)
		}
		report(issue.Error, CodePathSyntax, msg)
		return pathStatic{}, false
	}
	ok := true
	p := &pathTyper{b: b, root: root, constants: constants}
	p.wrong = func(member, typ string, names []string) {
		ok = ok && unknown < issue.Error
		report(unknown, CodeUnknownName, b.unknownMember(member, typ, names))
	}
	return p.visit(tree, root), ok
}

// unknownMember says what a type has in place of what a path asks for.
func (b *fhirBuilder) unknownMember(member, typ string, names []string) string {
	if typ == "" {
		return fmt.Sprintf("want one of the types %s, have %q", strings.Join(names, ", "), member)
	}
	if s := b.defs.Shape(typ); s != nil {
		if m, t := s.JSON([]byte(member)); m != nil && m.Choice {
			return fmt.Sprintf("want %s.ofType(%s), have %q", m.Name, t, member)
		}
	}
	return fmt.Sprintf("want an element of %s, have %q%s", typ, member, meant(member, names))
}

// columnType is the type of a column; false, with a finding, if it can be none.
// Word is the type that the profile asks for, "" if it does not.
func (b *fhirBuilder) columnType(f *Field, s pathStatic, word string, pos issue.Pos) (Type, bool) {
	report := func(sev issue.Severity, c issue.Code, msg string) {
		b.issues = append(b.issues, issue.Issue{Severity: sev, Code: c, Pos: pos, Path: f.Name, Message: msg})
	}
	typ := s.typ()
	if typ == "" {
		if t, ok := pathWordType(word); ok {
			return t, true
		}
		report(issue.Information, CodePathType, "the type of the path is not known: the values are text")
		return NewType(Text), true
	}
	if b.defs.Kind(typ) != "primitive-type" && !strings.HasPrefix(typ, "System.") {
		hint := ""
		if names := b.defs.Children(typ); len(names) > 0 {
			hint = ": go on to one of its members"
		}
		report(issue.Error, CodePathType, "want a path to a primitive, have one to "+typ+hint)
		return Type{}, false
	}
	at := s.at[0]
	if len(s.at) > 1 || at.e == nil {
		f.Origins = append(f.Origins, Origin{What: "type", Value: typ, Source: b.in.spec.Name, Element: f.Path, Pos: pos})
		return b.scalar(typ, nil), true
	}
	out := b.scalar(typ, at.t)
	if at.e.MaxLength > 0 && out.Kind == Text {
		out.MaxLength = at.e.MaxLength
	}
	b.values(&out, at.e, typ)
	b.bind(&out, at.e, typ)
	out.Rules = nil
	b.origins(f, at.e, typ)
	return out, true
}

// pathWordType is the type that a profile's word means.
func pathWordType(word string) (Type, bool) {
	kind, ok := map[string]Kind{
		"string": Text, "boolean": Boolean, "integer": Integer, "decimal": Decimal, "date": Date, "datetime": DateTime,
		"time": Time, "code": Text, "quantity": Decimal, "binary": Binary,
	}[word]
	t := NewType(kind)
	t.Partial = kind == Date || kind == DateTime
	return t, ok
}
