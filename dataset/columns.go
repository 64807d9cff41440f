package dataset

import "strconv"

// Column is one column of a table in a file of columns: Parquet, CSV, SQL. A
// table of form Record has a column for each field at its top and one for each
// named slice of those; one of form Row has a column a field.
type Column struct {
	// Name is unique in the table.
	Name string
	// Kind is Text, Boolean, Integer, Float, Date, DateTime or Binary: how the value
	// is stored, of a List each of them, whatever the type of the field is.
	Kind Kind
	// Bits of an Integer: 32 or 64.
	Bits int
	// UTC says that a DateTime is a point in time; otherwise it is the reading of a
	// clock.
	UTC bool
	// List says that there are any number of values; CSV has them as a JSON array.
	List bool
	// JSON says that the text is JSON in compact form, as the source has it.
	JSON bool
	// Nullable says that a row may lack the value.
	Nullable bool
	// Field has the value; Slice is the named part of it, nil for the field itself.
	Field *Field
	Slice *Slice
	// Value is the only member of a slice's elements that is the value of the
	// column, "" for the whole element.
	Value string
	// Type is that of the value before it is stored.
	Type Type
}

// Columns returns the columns of a table in the order of its fields, a field's
// slices after it.
//
// A scalar has a column of its type, a list of scalars a column of lists, and
// everything else is JSON text. Decimals are Float, base64 is stored decoded,
// but in a list. Dates that may be months or years, and times that may be days or of which it is
// open whether they have a zone, are text as written, and so are times of day,
// years, months and durations.
func Columns(t *Table) []Column {
	taken := map[string]bool{}
	for _, f := range t.Object.Fields {
		taken[f.Name] = true
	}
	var columns []Column
	for _, f := range t.Object.Fields {
		c := Column{Name: f.Name, Nullable: !f.Required || f.Nullable, Field: f, Type: f.Type}
		c.store()
		columns = append(columns, c)
		for _, s := range f.Slices {
			if s.Field == nil {
				continue
			}
			c := Column{Nullable: !s.Field.Required || s.Field.Nullable, Field: f, Slice: s, Type: s.Field.Type}
			c.Name = sliceColumn(taken, f, s)
			c.sliceValue()
			c.store()
			columns = append(columns, c)
		}
	}
	return columns
}

// sliceColumn returns the name of a slice's column: that of its field, with the
// list's before it, or a number after it, where another column has it.
func sliceColumn(taken map[string]bool, f *Field, s *Slice) string {
	name := s.Field.Name
	if taken[name] {
		name = f.Name + "_" + s.Field.Name
	}
	base := name
	for n := 2; taken[name]; n++ {
		name = base + "_" + strconv.Itoa(n)
	}
	taken[name] = true
	return name
}

// sliceValue takes the type of the only member that carries a slice's value.
func (c *Column) sliceValue() {
	if c.Slice.Value == "" {
		return
	}
	elem := &c.Type
	if c.Type.Kind == List && c.Type.Elem != nil {
		elem = c.Type.Elem
	}
	if elem.Kind != ObjectKind || elem.Object == nil {
		c.Value = c.Slice.Value // the type is the member's already
		return
	}
	member := elem.Object.Field(c.Slice.Value)
	if member == nil {
		return
	}
	c.Value = c.Slice.Value
	if elem == &c.Type {
		c.Type = member.Type
		return
	}
	list := c.Type
	inner := member.Type
	list.Elem = &inner
	c.Type = list
}

// store decides how the values of the column's type are stored.
func (c *Column) store() {
	t := &c.Type
	if t.Kind == List && t.Elem != nil && t.Elem.scalar() {
		c.List = true
		t = t.Elem
	}
	c.Kind = Text
	switch t.Kind {
	case Boolean, Binary:
		c.Kind = t.Kind
	case Integer:
		c.Kind, c.Bits = Integer, 64
		if t.Bits == 32 && !t.Unsigned {
			c.Bits = 32
		}
	case Decimal, Float:
		c.Kind = Float
	case Date:
		if !t.Partial {
			c.Kind = Date
		}
	case DateTime:
		if !t.Partial && t.Zone != ZoneOptional {
			c.Kind, c.UTC = DateTime, t.Zone == ZoneRequired
		}
	}
	if !t.scalar() {
		c.JSON = true
	}
	if c.List && c.Kind == Binary {
		c.Kind = Text
	}
}

// scalar reports whether a value of the type is one text, number or boolean.
func (t *Type) scalar() bool {
	switch t.Kind {
	case Any, ObjectKind, List, Map, Union:
		return false
	}
	return true
}
