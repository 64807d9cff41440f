package dataset

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// field makes a field of a record set, or of another field.
func (r *croissantReader) field(t *Table, o *Object, n *docNode, set string, depth int) *Field {
	if !r.object(n) || depth > maxDocDepth {
		return nil
	}
	r.checkID(n)
	if !crType(n, "Field") && !crType(n, "SubField") {
		r.errorf(n, CodeTableForm, "want a field of type Field, have another")
		return nil
	}
	id := crID(n)
	name := localName(n, cr(n, "name").str(), set)
	if name == "" {
		r.errorf(n, CodeTableName, "want an @id or a name of the field, have neither")
		return nil
	}
	if o.Field(name) != nil || slices.ContainsFunc(o.Fields, func(f *Field) bool { return f.ID == id }) {
		r.errorf(n, CodeTableName, "want each name once, have a second field %s", quote(name))
		return nil
	}
	f := &Field{Name: name, Description: naturalText(cr(n, "description")), Path: name, ID: id, Pos: n.pos}
	r.source(t, f, n)
	f.Type = r.fieldType(t, f, n, id, depth)
	if r.flag2(cr(n, "repeated")) {
		f.Type = ListOf(f.Type)
		r.origin(f, n, "repeated", "true")
	}
	r.fields[id] = croissantField{t, f, n}
	for _, ref := range cr(n, "references").list() {
		to := refID(ref)
		if m := cr(ref, "field"); m != nil {
			to = refID(m)
		}
		if to != "" {
			r.refs = append(r.refs, croissantRef{table: t, field: f, node: ref, to: to, nested: depth > 0})
		}
	}
	f.Role = namedRole(f)
	return f
}

func (r *croissantReader) flag2(m *docNode) bool {
	if m != nil && m.kind != jsontree.True && m.kind != jsontree.False {
		r.errorf(m, CodeTableForm, "want boolean, have %s", m.kindName())
	}
	return m.is(jsontree.True)
}

// source notes where the values of a field are: the column, the path in JSON or the
// property of the file, and what is done with them.
func (r *croissantReader) source(t *Table, f *Field, n *docNode) {
	s := cr(n, "source")
	if s == nil {
		if cr(n, "subField") == nil && cr(n, "references") == nil && cr(n, "value") == nil && cr(n.upNode(), "data") == nil {
			r.add(issue.Warning, n, CodeTableForm, "want a source or a value, have neither")
		}
		return
	}
	if !r.object(s) {
		return
	}
	for _, name := range []string{"fileObject", "fileSet"} {
		file := r.files[refID(cr(s, name))]
		if address := cr(file, "contentUrl").str(); address != "" && !slices.Contains(t.From.Files, address) {
			t.From.Files = append(t.From.Files, address)
		}
	}
	e := cr(s, "extract")
	for _, name := range []string{"column", "jsonPath", "fileProperty"} {
		if m := cr(e, name); m.str() != "" {
			f.Path = m.text
			r.origin(f, m, map[string]string{"column": "column", "jsonPath": "json-path", "fileProperty": "file-property"}[name], m.text)
		}
	}
	for _, tr := range cr(s, "transform").list() {
		for _, m := range tr.members {
			what := plainTerm(m.key)
			if what == "delimiter" || what == "separator" {
				f.form().Delimiter = m.str()
				continue
			}
			r.origin(f, m, "transform-"+what, string(m.literal()))
			r.add(issue.Information, m, CodeNotHeld, "want values as they are, have a transformation (%s): it is named and not done", what)
		}
	}
	if m := cr(s, "format"); m.str() != "" {
		f.form().Layout = m.text
	}
}

// upNode is the object in whose list the node stands.
func (n *docNode) upNode() *docNode {
	if n == nil || n.up == nil {
		return nil
	}
	if n.up.kind == jsontree.Array {
		return n.up.up
	}
	return n.up
}

// croissantTypes are the types of values by their names without prefix.
var croissantTypes = map[string]Kind{
	"Text": Text, "URL": Text, "Integer": Integer, "Int8": Integer, "Int16": Integer, "Int32": Integer, "Int64": Integer, "UInt8": Integer, "UInt16": Integer, "UInt32": Integer, "UInt64": Integer,
	"Float": Float, "Float16": Float, "Float32": Float, "Float64": Float, "Number": Float, "Boolean": Boolean, "Date": Date, "DateTime": DateTime, "Time": Time,
	"ImageObject": Binary, "AudioObject": Binary, "VideoObject": Binary, "MediaObject": Binary, "BoundingBox": List, "GeoCoordinates": Any, "GeoShape": Any, "SegmentationMask": Any, "RecordSet": Any, "Label": Text, "Split": Text,
	"Enum": Text, "Enumeration": Text, "name": Text, "QuantitativeValue": Any, "StructuredValue": Any, "PropertyValue": Any,
}

// fieldType returns the type: an object where there are sub-fields, else the first
// type that says how values are written.
func (r *croissantReader) fieldType(t *Table, f *Field, n *docNode, id string, depth int) Type {
	types := cr(n, "dataType")
	if types != nil && types.kind != jsontree.String && types.kind != jsontree.Array {
		r.errorf(types, CodeTableForm, "want names of types, have %s", types.kindName())
	}
	if sub := cr(n, "subField"); sub != nil {
		object := &Object{Name: t.Name + "." + f.Name, ID: id, Pos: n.pos}
		for _, s := range sub.list() {
			if x := r.field(t, object, s, id, depth+1); x != nil {
				object.Fields = append(object.Fields, x)
			}
		}
		typ := NewType(ObjectKind)
		typ.Object = object
		t.Form = Record
		return typ
	}
	var all []string
	for _, x := range types.list() {
		all = append(all, x.str())
		if p := x.str(); strings.Contains(p, "://") && !strings.Contains(p, "schema.org/") && !strings.Contains(p, "mlcommons.org/croissant") {
			r.origin(f, x, "property-url", p)
		}
	}
	r.origin(f, n, "type", strings.Join(all, " "))
	typ := NewType(Text)
	found := ""
	for _, name := range all {
		plain := plainTerm(name)
		k, ok := croissantTypes[plain]
		if !ok {
			continue
		}
		numbers := k == Float && typ.Kind == Integer && found != "" // [Integer, Float] holds both
		if found == "" || numbers || found == "Enum" || found == "Enumeration" || found == "name" {
			typ, found = NewType(k), plain
		}
	}
	typ.Format = found
	switch {
	case found == "" && types == nil && cr(n, "references") == nil:
		r.add(issue.Warning, n, CodeTableType, "want a dataType, have none: values are taken as text")
	case found == "" && types != nil:
		r.add(issue.Information, types, CodeNotHeld, "want a type of schema.org that says how values are written, have others: values are taken as text")
	case found == "URL":
		typ.Format = "uri"
	case strings.HasSuffix(found, "Object"):
		r.add(issue.Information, types, CodeNotHeld, "want a value, have the content of a file: it is bytes here")
	case found == "BoundingBox":
		elem := NewType(Float)
		typ = ListOf(elem)
		typ.MinItems, typ.MaxItems, typ.Format = 4, 4, found
	case strings.HasPrefix(found, "UInt"):
		typ.Unsigned, typ.Min = true, "0"
	}
	switch found {
	case "Int8", "Int16", "Int32", "UInt8", "UInt16", "UInt32", "Float16", "Float32":
		typ.Bits = 32
	}
	return typ
}
