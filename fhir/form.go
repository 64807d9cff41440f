package fhir

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// formFindings returns what is wrong with the JSON form of r (R4 §2.6.2, JSON
// representation): no empty object, array or string, null only as a place holder
// beside a _x member, no member twice, no control characters, no array in an
// array. The definitions only tell how elements are called.
func formFindings(r *Resource, defs *fhirdef.Definitions, max int) issue.List {
	f := form{r: r, defs: defs, max: max}
	f.path = append(f.buffer[:0], step{index: -1})
	f.twice = r.tree.Duplicates()
	f.object(r.root)
	return f.list
}

// form is one run of formFindings.
type form struct {
	r      *Resource
	defs   *fhirdef.Definitions
	max    int
	list   issue.List
	path   []step
	twice  []int // offsets of the names that repeat one
	buffer [24]step
}

// step is one level of the path to a value: a member, or an element of an array.
type step struct {
	name  []byte
	index int
}

// add notes a finding about v, which the path leads to.
func (f *form) add(v jsontree.Value, code issue.Code, message string) {
	if len(f.list) <= f.max { // otherwise the place isn't needed
		f.addAt(f.r.PosOf(Element{v}), issue.Error, code, f.text(), message)
	}
}

func (f *form) addAt(pos issue.Pos, s issue.Severity, code issue.Code, path, message string) {
	switch n := len(f.list); {
	case n < f.max:
		f.list = append(f.list, issue.Issue{Severity: s, Code: code, Pos: pos, Path: path, Message: message, Rule: "R4 JSON"})
	case n == f.max:
		f.list = append(f.list, issue.Issue{Severity: issue.Warning, Code: CodeTooMany, Pos: f.r.Pos(), Path: f.r.typ,
			Message: fmt.Sprintf("want at most %d findings, have more", f.max)})
	}
}

// text writes the path: in FHIRPath as far as the elements are FHIR's, by the
// names of members below others.
func (f *form) text() string {
	b := []byte(f.r.typ)
	if !IsResourceType(f.r.typ) {
		b = []byte("Resource")
	}
	shape, v := f.defs.Shape(f.r.typ), f.r.root
	for _, s := range f.path[1:] {
		if s.index >= 0 {
			v = v.Index(s.index)
			b = append(strconv.AppendInt(append(b, '['), int64(s.index), 10), ']')
		} else {
			v = v.Get(string(s.name))
			b = append(b, '.')
			member, typ := shape.JSON(bytes.TrimPrefix(s.name, []byte{'_'}))
			switch {
			case member != nil && member.Choice:
				b = append(append(append(append(b, member.Name...), ".ofType("...), typ...), ')')
			case member != nil:
				b = append(b, member.Name...)
			case isMemberName(s.name):
				b = append(b, s.name...)
			default:
				b = append(b, '?')
			}
			shape = f.defs.Shape(typ)
		}
		if name := v.Get("resourceType"); name.Kind() == jsontree.String {
			shape = f.defs.Shape(name.Text())
		}
	}
	return string(b)
}

// object checks the members of an object.
func (f *form) object(v jsontree.Value) {
	first := v.First()
	if first.Kind() == jsontree.Invalid {
		f.add(v, CodeEmpty, "want an object with members, have an empty one")
	}
	top := len(f.path)
	f.path = append(f.path, step{})
	for m := first; m.Kind() != jsontree.Invalid; m = m.Next() {
		name := m.KeyBytes()
		if len(f.twice) > 0 && slices.Contains(f.twice, m.KeyOffset()) {
			f.path = f.path[:top]
			f.addAt(f.r.posAt(m.KeyOffset()-f.r.root.Offset()), issue.Error, CodeDuplicate, f.text(), "want a member once in an object, have it again")
			f.path = f.path[:top+1]
		}
		f.path[top] = step{name: name, index: -1}
		if len(name) > 0 && name[0] == '_' {
			f.companion(v, m, name)
		} else {
			f.member(v, m, name)
		}
	}
	f.path = f.path[:top]
}

// member checks the value m of a member of the object v.
func (f *form) member(v, m jsontree.Value, name []byte) {
	switch m.Kind() {
	case jsontree.Null:
		f.add(m, CodeNull, "want a value, have null")
	case jsontree.Object:
		f.object(m)
	case jsontree.Array:
		f.array(v, m, name)
	case jsontree.String:
		f.str(m)
	}
}

// array checks the array m, a member of the object v.
func (f *form) array(v, m jsontree.Value, name []byte) {
	e := m.First()
	if e.Kind() == jsontree.Invalid {
		f.add(m, CodeEmpty, "want an array with elements, have an empty one")
	}
	top := len(f.path)
	f.path = append(f.path, step{})
	for i := 0; e.Kind() != jsontree.Invalid; i, e = i+1, e.Next() {
		f.path[top] = step{index: i}
		switch e.Kind() {
		case jsontree.Null:
			if sibling(v, name, i).Kind() != jsontree.Object {
				f.add(e, CodeNull, "want a value or a _ member beside null, have null alone")
			}
		case jsontree.Array:
			f.add(e, CodeMember, "want no array inside an array, have one")
		case jsontree.Object:
			f.object(e)
		case jsontree.String:
			f.str(e)
		}
	}
	f.path = f.path[:top]
}

// sibling returns the element i of the member of v that is called _name.
func sibling(v jsontree.Value, name []byte, i int) jsontree.Value {
	var buffer [64]byte
	under := append(append(buffer[:0], '_'), name...)
	return v.Get(string(under)).Index(i)
}

// companion checks the member m of v whose name begins with an underscore: the
// id and extensions of the primitive beside it.
func (f *form) companion(v, m jsontree.Value, name []byte) {
	beside := v.Get(string(name[1:]))
	if k := beside.Kind(); k == jsontree.Object {
		f.add(m, CodeMember, "want a _ member only beside a primitive, have it beside an object")
	}
	switch m.Kind() {
	case jsontree.Object:
		if beside.Kind() == jsontree.Array {
			f.add(m, CodeMember, "want an array beside an array, have an object")
		}
		f.object(m)
	case jsontree.Array:
		f.companions(m, beside)
	default:
		f.add(m, CodeMember, "want an object or array as a _ member, have "+m.Kind().String())
	}
}

// companions checks an array of ids and extensions beside an array of primitives.
func (f *form) companions(m, beside jsontree.Value) {
	have := m.Len()
	switch want := beside.Len(); {
	case have == 0:
		f.add(m, CodeEmpty, "want an array with elements, have an empty one")
	case beside.Kind() == jsontree.Array && want != have:
		f.add(m, CodeMember, fmt.Sprintf("want %d elements as beside it, have %d", want, have))
	case beside.Kind() != jsontree.Array && beside.Kind() != jsontree.Invalid:
		f.add(m, CodeMember, "want an object beside a single value, have an array")
	}
	top := len(f.path)
	f.path = append(f.path, step{})
	full := false
	b := beside.First()
	for i, e := 0, m.First(); e.Kind() != jsontree.Invalid; i, e, b = i+1, e.Next(), b.Next() {
		f.path[top] = step{index: i}
		switch e.Kind() {
		case jsontree.Object:
			full = true
			f.object(e)
		case jsontree.Null:
			if k := b.Kind(); k == jsontree.Null || k == jsontree.Invalid {
				f.add(e, CodeNull, "want a value beside null, have none")
			}
		default:
			f.add(e, CodeMember, "want an object or null in a _ member, have "+e.Kind().String())
		}
	}
	f.path = f.path[:top]
	if !full && have > 0 {
		f.add(m, CodeEmpty, "want an object among the elements, have none")
	}
}

// str checks a string: not empty, and no control characters but tab, line feed
// and carriage return (R4, datatype string). JSON has control characters only as
// escapes.
func (f *form) str(v jsontree.Value) {
	raw := v.Raw()
	if len(raw) == 2 {
		f.add(v, CodeEmpty, "want text, have an empty string")
		return
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return
	}
	for _, c := range v.Bytes(nil) {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			f.add(v, CodeControl, "want text without control characters, have one")
			return
		}
	}
}

// isMemberName reports whether a member could have that name in FHIR: letters
// and digits, after an underscore perhaps.
func isMemberName(name []byte) bool {
	if len(name) > 0 && name[0] == '_' {
		name = name[1:]
	}
	if len(name) == 0 || len(name) > 64 {
		return false
	}
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return true
}
