package cdm

import (
	"slices"
	"strconv"
)

// Version is an edition of the CDM, written as its tables write it: "5.4".
type Version string

// The editions that this package holds.
const (
	V54 Version = "5.4"
	V53 Version = "5.3"
)

// Schema is the part of the database to which a table belongs.
type Schema string

// The schemas of the CDM.
const (
	Clinical   Schema = "CDM"
	Vocabulary Schema = "VOCAB"
	Results    Schema = "RESULTS"
)

// Datatype is the logical type of a field.
type Datatype uint8

// The types that the CDM uses. Integer has 32 bits, Datetime no time zone.
const (
	Integer Datatype = iota + 1
	Float
	Varchar
	Date
	Datetime
)

// String returns the CDM's name of the type, without a length.
func (d Datatype) String() string {
	switch d {
	case Integer:
		return "integer"
	case Float:
		return "float"
	case Varchar:
		return "varchar"
	case Date:
		return "date"
	case Datetime:
		return "datetime"
	}
	return "invalid"
}

// Model is a set of tables: one edition of the CDM or an extension.
type Model struct {
	// Name is the edition as a rule cites it: "CDM 5.4", "MI-CDM".
	Name   string
	Tables []Table
	// Sources are the published files from which the facts were taken.
	Sources []Source

	byName map[string]int
}

// Table returns the table of that lower-case name, nil if there is none.
func (m *Model) Table(name string) *Table {
	if i, ok := m.byName[name]; ok {
		return &m.Tables[i]
	}
	return nil
}

// Table is one table of a model, with its fields in the order of the standard.
type Table struct {
	Name   string
	Schema Schema
	// Required says that the standard wants the table to have rows.
	Required bool
	Fields   []Field
}

// Field returns the field of that lower-case name, nil if there is none.
func (t *Table) Field(name string) *Field {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return &t.Fields[i]
		}
	}
	return nil
}

// PrimaryKey returns the name of the primary key field, "" where the standard
// names none. No table of the CDM has a key of several fields.
func (t *Table) PrimaryKey() string {
	i := slices.IndexFunc(t.Fields, func(f Field) bool { return f.PrimaryKey })
	if i < 0 {
		return ""
	}
	return t.Fields[i].Name
}

// Field is one column of a table.
type Field struct {
	Name string
	Type Datatype
	// Length is the most characters a Varchar holds, 0 for no limit.
	Length     int
	Required   bool
	PrimaryKey bool
	// Reference is the foreign key; its Table is "" where there is none.
	Reference Reference
	// Unit is the UCUM code of the unit that the standard fixes, "" if none.
	Unit string
	// UnitField is the field of the same row that holds the unit, "" if none.
	UnitField string
}

// TypeName returns the type as the CDM writes it: "varchar(50)", "date".
func (f *Field) TypeName() string {
	if f.Type != Varchar {
		return f.Type.String()
	}
	if f.Length == 0 {
		return "varchar(max)"
	}
	return "varchar(" + strconv.Itoa(f.Length) + ")"
}

// Reference is a foreign key. Domain and Class restrict the concepts to which
// a reference to the table concept may point; several domains are separated by
// ", ".
type Reference struct{ Table, Field, Domain, Class string }

// Exists reports whether there is a foreign key.
func (r Reference) Exists() bool { return r.Table != "" }

// Source is a published file from which facts were taken.
type Source struct {
	File, Origin, Edition, Licence string
	// SHA256 is the hash of the published file in hexadecimal.
	SHA256 string
}

// Rename is a column that CDM 5.4 calls by another name than CDM 5.3.
type Rename struct{ Table, From, To string }
