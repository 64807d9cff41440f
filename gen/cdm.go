package gen

import (
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/omop/cdm"
)

// columnarPath is the package of the types of time that the structs use.
const columnarPath = "github.com/carabiner-health/carabiner/columnar"

// CDM returns the model of row structs for an edition of the OMOP CDM and for
// the extensions given: one struct a table, one field a column, in the order
// of the standard. A required column is a value, another one a pointer whose
// nil is NULL. The types Date and Timestamp are those of package columnar, so
// that the code compiles where that package can be imported.
func CDM(version cdm.Version, extensions ...*cdm.Model) (*Model, error) {
	m, parts, err := cdmModel(version, extensions)
	if err != nil {
		return nil, err
	}
	m.File = "tables_gen.go"
	m.Aliases = []Alias{
		{Name: "Date", Doc: "is a day of the calendar.", Path: columnarPath, Type: "Date"},
		{Name: "Timestamp", Doc: "is a moment on a clock without time zone.", Path: columnarPath, Type: "Timestamp"},
	}
	for _, part := range parts {
		for i := range part.Tables {
			m.Structs = append(m.Structs, cdmStruct(part, &part.Tables[i]))
		}
	}
	return m, nil
}

// CDMLoose returns the model of the structs into which package omop reads a
// file that need not obey the standard: every column is optional, and the
// columns that CDM 5.3 calls by another name stand at the end. They use the
// names Date and Timestamp of the package that holds the structs of CDM. A function
// tables lists each struct of CDM with its loose twin.
func CDMLoose(version cdm.Version, extensions ...*cdm.Model) (*Model, error) {
	m, parts, err := cdmModel(version, extensions)
	if err != nil {
		return nil, err
	}
	m.File = "loose_gen.go"
	list := List{
		Name:    "tables",
		Doc:     "returns the handling of every table, in the order of the standard.",
		Element: "table",
		Make:    "tableOf",
	}
	for _, part := range parts {
		for i := range part.Tables {
			s := looseStruct(&part.Tables[i])
			m.Structs = append(m.Structs, s)
			list.Args = append(list.Args, []string{GoName(part.Tables[i].Name), s.Name})
		}
	}
	m.Lists = []List{list}
	return m, nil
}

func cdmModel(version cdm.Version, extensions []*cdm.Model) (*Model, []*cdm.Model, error) {
	base := version.Model()
	if base == nil {
		return nil, nil, fmt.Errorf("gen: want CDM version 5.4 or 5.3, have %q", string(version))
	}
	parts := append([]*cdm.Model{base}, extensions...)
	m := &Model{Package: "omop"}
	var names []string
	for _, part := range parts {
		names = append(names, part.Name)
		for _, s := range part.Sources {
			m.Sources = append(m.Sources, Source{Name: s.File + " of " + s.Origin, SHA256: s.SHA256})
		}
	}
	m.Doc = strings.Join(names, " and ")
	return m, parts, nil
}

func looseStruct(t *cdm.Table) Struct {
	s := Struct{
		Name: "loose" + GoName(t.Name),
		Doc:  "is a row of " + t.Name + " in which every column may be absent.",
	}
	add := func(column string, d cdm.Datatype) {
		s.Fields = append(s.Fields, Field{
			Name: GoName(column),
			Type: Type{Name: cdmGoType(d), Optional: true},
			Tags: []Tag{{"parquet", column}},
		})
	}
	for i := range t.Fields {
		add(t.Fields[i].Name, t.Fields[i].Type)
	}
	for _, r := range cdm.Renames() {
		if f := t.Field(r.To); r.Table == t.Name && f != nil {
			add(r.From, f.Type)
		}
	}
	return s
}

func cdmStruct(m *cdm.Model, t *cdm.Table) Struct {
	s := Struct{
		Name: GoName(t.Name),
		Doc:  "is a row of the table " + t.Name + " (" + m.Name + ", schema " + string(t.Schema) + ").",
		Methods: []Constant{{
			Name:  "TableName",
			Doc:   "returns the name of the table in the standard.",
			Value: t.Name,
		}},
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		s.Fields = append(s.Fields, Field{
			Name: GoName(f.Name),
			Type: Type{Name: cdmGoType(f.Type), Optional: !f.Required},
			Doc:  cdmFieldDoc(m, t, f),
			Tags: cdmTags(t, f),
		})
	}
	return s
}

func cdmGoType(d cdm.Datatype) string {
	switch d {
	case cdm.Integer:
		return "int32"
	case cdm.Float:
		return "float64"
	case cdm.Date:
		return "Date"
	case cdm.Datetime:
		return "Timestamp"
	}
	return "string"
}

func cdmFieldDoc(m *cdm.Model, t *cdm.Table, f *cdm.Field) string {
	var b strings.Builder
	b.WriteString("(" + f.TypeName())
	switch {
	case f.PrimaryKey:
		b.WriteString(", primary key")
	case f.Required:
		b.WriteString(", required")
	}
	if r := f.Reference; r.Exists() {
		b.WriteString(", refers to " + r.Table + "." + r.Field)
		if r.Domain != "" {
			b.WriteString(" of domain " + r.Domain)
		}
		if r.Class != "" {
			b.WriteString(" and class " + r.Class)
		}
	}
	switch {
	case f.Unit != "":
		b.WriteString(", unit " + f.Unit)
	case f.UnitField != "":
		b.WriteString(", unit in " + f.UnitField)
	}
	b.WriteString("): " + m.Name + ", " + t.Name + "." + f.Name + ".")
	return b.String()
}

// cdmTags names the column for CSV and Parquet and hints at an encoding where
// the standard says how values are spread: keys ascend; concepts repeat, and
// so do the source values that stand beside a concept.
func cdmTags(t *cdm.Table, f *cdm.Field) []Tag {
	tags := []Tag{{"csv", f.Name}, {"parquet", f.Name}}
	switch {
	case f.Type == cdm.Integer && f.Required && (f.PrimaryKey || f.Name == "person_id"):
		tags = append(tags, Tag{"columnar", "delta"})
	case f.Reference.Table == "concept":
		tags = append(tags, Tag{"columnar", "dict"})
	default:
		stem, ok := strings.CutSuffix(f.Name, "_source_value")
		if ok && t.Field(stem+"_concept_id") != nil {
			tags = append(tags, Tag{"columnar", "dict"})
		}
	}
	return tags
}
