package dataset

import "slices"

// cloneTable returns a table whose object and fields may be changed. What the
// fields lead to is still shared; ownType makes a copy of a type.
func cloneTable(t *Table) *Table {
	c := *t
	c.Key, c.Refs, c.Where = slices.Clone(t.Key), slices.Clone(t.Refs), slices.Clone(t.Where)
	c.Object = cloneObject(t.Object)
	return &c
}

// cloneObject returns an object with fields of its own.
func cloneObject(o *Object) *Object {
	c := *o
	c.Fields = make([]*Field, len(o.Fields))
	for i, f := range o.Fields {
		c.Fields[i] = cloneField(f)
	}
	c.Choices, c.Rules = slices.Clone(o.Choices), slices.Clone(o.Rules)
	return &c
}

func cloneField(f *Field) *Field {
	c := *f
	c.Type = ownType(f.Type)
	c.Origins = slices.Clone(f.Origins)
	c.Slices = slices.Clone(f.Slices)
	for i, s := range c.Slices {
		own := *s
		own.Field = cloneField(s.Field)
		c.Slices[i] = &own
	}
	return &c
}

// ownType copies a type but for the objects and code sets it names.
func ownType(t Type) Type {
	if t.Elem != nil {
		e := ownType(*t.Elem)
		t.Elem = &e
	}
	t.Union = slices.Clone(t.Union)
	t.Rules = slices.Clone(t.Rules)
	t.Enum = slices.Clone(t.Enum)
	return t
}
