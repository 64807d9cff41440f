package view

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// Definition is a ViewDefinition in the form in which it was written.
type Definition struct {
	URL, Name, Title, Status, Description string
	Resource                              string
	FHIRVersions                          []string
	Constants                             []Constant
	Where                                 []Where
	Select                                []Select
}

// Constant is a value that paths name with a % before it.
type Constant struct {
	Name  string
	Type  string // as FHIR names it: code of valueCode
	Value string // as text
	place place
}

// Where is a filter: resources for which it is not true have no rows.
type Where struct {
	Path, Description string
	place             place
}

// Select is a part of a view: the columns, the nested selects and the union
// make the rows of each element that forEach, forEachOrNull or repeat find.
type Select struct {
	ForEach, ForEachOrNull string
	Repeat                 []string
	Columns                []Column
	Select, UnionAll       []Select
	place                  place
	union                  bool // whether there is a unionAll
}

// Column is a column of a view.
type Column struct {
	Name, Path, Description string
	// Type is the FHIR type of the values, "" if it is left open.
	Type string
	// Collection says that a value is a list.
	Collection bool
	Tags       []Tag
	place      place
}

// Tag is a pair that a column carries for the database.
type Tag struct{ Name, Value string }

// place is where a part of a definition stands.
type place struct {
	path   string
	offset int
}

// reader reads a definition and collects what is wrong.
type reader struct {
	src    []byte
	name   string
	issues issue.List
}

// Parse reads a ViewDefinition in JSON; name is the source that positions
// show. The error is an *issue.ListError with the place of everything that is
// wrong with the form. What its paths mean is checked by New.
func Parse(name string, src []byte) (*Definition, error) {
	r := &reader{src: src, name: name}
	var tree jsontree.Tree
	if err := tree.Parse(src, nil); err != nil {
		var se *jsontree.SyntaxError
		at := 0
		if errors.As(err, &se) {
			at = se.Offset
		}
		r.wrong(place{"", at}, "want JSON: %v", err)
		return nil, r.issues.Err()
	}
	for _, at := range tree.Duplicates() {
		r.wrong(place{"", at}, "want each member once, have one again")
	}
	d := r.definition(tree.Root())
	if err := r.issues.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

// wrong notes an error at a place.
func (r *reader) wrong(at place, format string, args ...any) {
	r.issues = append(r.issues, at.issue(r.name, r.src, issue.Error, CodeDefinition, fmt.Sprintf(format, args...)))
}

// issue makes a finding about a place of a definition.
func (p place) issue(name string, src []byte, s issue.Severity, code issue.Code, message string) issue.Issue {
	line, column := jsontree.Position(src, min(p.offset, len(src)))
	return issue.Issue{Severity: s, Code: code, Path: p.path, Message: message,
		Pos: issue.Pos{Source: name, Line: line, Column: column, Offset: int64(p.offset)}}
}

// below returns the place of a member or element.
func (p place) below(step string, v jsontree.Value) place {
	if p.path != "" {
		step = p.path + "." + step
	}
	return place{step, v.Offset()}
}

// text returns the text of a member that must be a string, if it is there.
func (r *reader) text(v jsontree.Value, at place, name string) string {
	m := v.Get(name)
	switch m.Kind() {
	case jsontree.Invalid:
	case jsontree.String:
		return m.Text()
	default:
		r.wrong(at.below(name, m), "want text, have %s", m.Kind())
	}
	return ""
}

// list calls read for the elements of a member that must be an array.
func (r *reader) list(v jsontree.Value, at place, name string, read func(jsontree.Value, place)) {
	m := v.Get(name)
	switch m.Kind() {
	case jsontree.Invalid:
	case jsontree.Array:
		for i, e := range m.All() {
			read(e, at.below(fmt.Sprintf("%s[%d]", name, i), e))
		}
	default:
		r.wrong(at.below(name, m), "want an array, have %s", m.Kind())
	}
}

// object reports whether v is an object that holds known members alone.
func (r *reader) object(v jsontree.Value, at place, known ...string) bool {
	if v.Kind() != jsontree.Object {
		r.wrong(at, "want an object, have %s", v.Kind())
		return false
	}
	for name, m := range v.Members() {
		if !slices.Contains(known, name) && name != "id" && name != "extension" && name != "modifierExtension" && !strings.HasPrefix(name, "_") {
			r.wrong(place{at.path, m.KeyOffset()}, "want %s, have another member", strings.Join(known, ", "))
		}
	}
	return true
}

func (r *reader) definition(v jsontree.Value) *Definition {
	at := place{"", v.Offset()}
	d := &Definition{}
	if v.Kind() != jsontree.Object {
		r.wrong(at, "want a ViewDefinition, have %s", v.Kind())
		return d
	}
	if t := v.Get("resourceType"); t.Kind() != jsontree.Invalid && !t.EqualText("ViewDefinition") {
		r.wrong(at.below("resourceType", t), "want ViewDefinition, have another type")
	}
	d.URL, d.Name, d.Title = r.text(v, at, "url"), r.text(v, at, "name"), r.text(v, at, "title")
	d.Status, d.Description = r.text(v, at, "status"), r.text(v, at, "description")
	if d.Name != "" && !isName(d.Name) {
		r.wrong(at.below("name", v.Get("name")), "want a name of letters, digits and _ that starts with a letter")
	}
	if d.Resource = r.text(v, at, "resource"); d.Resource == "" && v.Get("resource").Kind() != jsontree.String {
		r.wrong(at, "want a resource type, have none")
	}
	r.list(v, at, "fhirVersion", func(e jsontree.Value, at place) {
		if e.Kind() != jsontree.String {
			r.wrong(at, "want text, have %s", e.Kind())
		}
		d.FHIRVersions = append(d.FHIRVersions, e.Text())
	})
	r.list(v, at, "constant", func(e jsontree.Value, at place) { d.Constants = append(d.Constants, r.constant(e, at)) })
	r.list(v, at, "where", func(e jsontree.Value, at place) {
		w := Where{place: at}
		if r.object(e, at, "path", "description") {
			w.Path, w.Description = r.required(e, at, "path"), r.text(e, at, "description")
		}
		d.Where = append(d.Where, w)
	})
	r.list(v, at, "select", func(e jsontree.Value, at place) { d.Select = append(d.Select, r.selection(e, at, 0)) })
	if len(d.Select) == 0 && v.Get("select").Kind() != jsontree.Array || len(d.Select) == 0 && len(r.issues) == 0 {
		r.wrong(at, "want a select, have none")
	}
	if len(r.issues) == 0 {
		r.columns(d)
	}
	return d
}

// required is text for a member that must not be missing or empty.
func (r *reader) required(v jsontree.Value, at place, name string) string {
	s := r.text(v, at, name)
	if k := v.Get(name).Kind(); s == "" && (k == jsontree.Invalid || k == jsontree.String) {
		r.wrong(at, "want a %s, have none", name)
	}
	return s
}

// constantTypes are the types of value[x] of a constant.
var constantTypes = [...]string{"base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer",
	"integer64", "markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid"}

// reserved are the names that FHIRPath gives a meaning after %.
var reserved = [...]string{"context", "resource", "rootResource", "ucum", "sct", "loinc", "rowIndex"}

func (r *reader) constant(v jsontree.Value, at place) Constant {
	c := Constant{place: at}
	if v.Kind() != jsontree.Object {
		r.wrong(at, "want an object, have %s", v.Kind())
		return c
	}
	c.Name = r.required(v, at, "name")
	switch {
	case c.Name != "" && !isName(c.Name):
		r.wrong(at, "want a name of letters, digits and _ that starts with a letter")
	case slices.Contains(reserved[:], c.Name):
		r.wrong(at, "want a name that FHIRPath does not define itself")
	}
	values := 0
	for name, m := range v.Members() {
		typ, ok := strings.CutPrefix(name, "value")
		if !ok || typ == "" {
			if name != "name" && name != "id" && name != "extension" && !strings.HasPrefix(name, "_") {
				r.wrong(place{at.path, m.KeyOffset()}, "want name and value[x], have another member")
			}
			continue
		}
		typ = strings.ToLower(typ[:1]) + typ[1:]
		values++
		switch {
		case !slices.Contains(constantTypes[:], typ):
			r.wrong(at.below(name, m), "want a value of a primitive type")
		case !constantForm(typ, m):
			r.wrong(at.below(name, m), "want the JSON form of %s, have %s", typ, m.Kind())
		default:
			c.Type, c.Value = typ, string(m.Raw())
			if m.Kind() == jsontree.String {
				c.Value = m.Text()
			}
		}
	}
	if values != 1 {
		r.wrong(at, "want one value, have %d", values)
	}
	return c
}

// constantForm reports whether v has the JSON kind of a primitive type.
func constantForm(typ string, v jsontree.Value) bool {
	switch typ {
	case "boolean":
		return v.Kind() == jsontree.True || v.Kind() == jsontree.False
	case "decimal":
		return v.Kind() == jsontree.Number
	case "integer", "positiveInt", "unsignedInt":
		_, ok := v.Int64()
		return ok
	case "integer64": // a string in R5's JSON
		_, ok := v.Int64()
		return ok || v.Kind() == jsontree.String && isInteger(v.Text())
	}
	return v.Kind() == jsontree.String
}

func isInteger(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && strings.Trim(s, "0123456789") == "" && len(s) <= 18
}

// maxNesting is how deep selects may stand in each other.
const maxNesting = 64

func (r *reader) selection(v jsontree.Value, at place, depth int) Select {
	s := Select{place: at}
	if depth == maxNesting {
		r.wrong(at, "want at most %d levels of select", maxNesting)
		return s
	}
	if !r.object(v, at, "column", "select", "forEach", "forEachOrNull", "repeat", "unionAll") {
		return s
	}
	s.ForEach, s.ForEachOrNull = r.text(v, at, "forEach"), r.text(v, at, "forEachOrNull")
	r.list(v, at, "repeat", func(e jsontree.Value, at place) {
		if e.Kind() != jsontree.String || e.Text() == "" {
			r.wrong(at, "want a path, have %s", e.Kind())
		}
		s.Repeat = append(s.Repeat, e.Text())
	})
	ways := 0
	for _, name := range []string{"forEach", "forEachOrNull", "repeat"} {
		m := v.Get(name)
		if m.Kind() == jsontree.Invalid {
			continue
		}
		ways++
		if m.Kind() == jsontree.String && m.EqualText("") || m.Kind() == jsontree.Array && m.Len() == 0 {
			r.wrong(at.below(name, m), "want a path, have none")
		}
	}
	if ways > 1 {
		r.wrong(at, "want at most one of forEach, forEachOrNull and repeat, have %d", ways)
	}
	r.list(v, at, "column", func(e jsontree.Value, at place) { s.Columns = append(s.Columns, r.column(e, at)) })
	r.list(v, at, "select", func(e jsontree.Value, at place) { s.Select = append(s.Select, r.selection(e, at, depth+1)) })
	r.list(v, at, "unionAll", func(e jsontree.Value, at place) { s.UnionAll = append(s.UnionAll, r.selection(e, at, depth+1)) })
	s.union = v.Get("unionAll").Kind() != jsontree.Invalid
	if len(s.Columns)+len(s.Select)+len(s.UnionAll) == 0 && ways == 0 {
		r.wrong(at, "want columns, a select or a unionAll, have none")
	}
	return s
}

func (r *reader) column(v jsontree.Value, at place) Column {
	c := Column{place: at}
	if !r.object(v, at, "name", "path", "description", "collection", "type", "tag") {
		return c
	}
	c.Name, c.Path = r.required(v, at, "name"), r.required(v, at, "path")
	c.Description = r.text(v, at, "description")
	c.Type = strings.TrimPrefix(r.text(v, at, "type"), "http://hl7.org/fhir/StructureDefinition/")
	if c.Name != "" && !isName(c.Name) {
		r.wrong(at.below("name", v.Get("name")), "want a name of letters, digits and _ that starts with a letter")
	}
	if m := v.Get("collection"); m.Kind() != jsontree.Invalid {
		var ok bool
		if c.Collection, ok = m.Bool(); !ok {
			r.wrong(at.below("collection", m), "want true or false, have %s", m.Kind())
		}
	}
	r.list(v, at, "tag", func(e jsontree.Value, at place) {
		if r.object(e, at, "name", "value") {
			c.Tags = append(c.Tags, Tag{r.required(e, at, "name"), r.required(e, at, "value")})
		}
	})
	return c
}

// isName reports whether s is a name that databases take as it is: the
// specification's ^[A-Za-z][A-Za-z0-9_]*$, at most 255 characters.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '_' && c-'0' > 9) {
			return false
		}
	}
	return s != "" && len(s) <= 255
}

// columns checks the names of all columns: no name twice, and the same columns
// in the same order in every branch of a unionAll.
func (r *reader) columns(d *Definition) {
	constants := map[string]bool{}
	for _, c := range d.Constants {
		if constants[c.Name] {
			r.wrong(c.place, "want each constant once, have one again")
		}
		constants[c.Name] = true
	}
	seen := map[string]bool{}
	var all []Column
	for i := range d.Select {
		all = append(all, r.columnsOf(&d.Select[i])...)
	}
	for _, c := range all {
		lower := strings.ToLower(c.Name)
		if seen[lower] {
			r.wrong(c.place, "want each column once, have %q again (upper and lower case count as the same)", c.Name)
		}
		seen[lower] = true
	}
	if len(all) == 0 && len(r.issues) == 0 {
		r.wrong(place{}, "want at least one column, have none")
	}
}

// columnsOf returns the columns of a select in the order of the specification:
// its own, those of nested selects, those of the union.
func (r *reader) columnsOf(s *Select) []Column {
	all := slices.Clone(s.Columns)
	for i := range s.Select {
		all = append(all, r.columnsOf(&s.Select[i])...)
	}
	var first []Column
	for i := range s.UnionAll {
		branch := r.columnsOf(&s.UnionAll[i])
		if i == 0 {
			first = branch
			continue
		}
		if !slices.EqualFunc(first, branch, func(a, b Column) bool { return a.Name == b.Name }) {
			r.wrong(s.UnionAll[i].place, "want the columns of the first branch of unionAll in their order: %s", names(first))
			continue
		}
		for k := range branch {
			if a, b := first[k], branch[k]; a.Collection != b.Collection || a.Type != b.Type && a.Type != "" && b.Type != "" {
				r.wrong(b.place, "want type and collection of %q as in the first branch of unionAll", b.Name)
			}
		}
	}
	return append(all, first...)
}

func names(list []Column) string {
	var out []string
	for _, c := range list {
		out = append(out, c.Name)
	}
	return strings.Join(out, ", ")
}
