package gen

import "github.com/carabiner-health/carabiner/dataset"

// columnTags name the column of a table's field for CSV and Parquet. The options
// are those of package columnar, in the form of parquet-go.
func columnTags(name string, s shape, g *goType) []string {
	if !plainTag(name) {
		name = ""
	}
	var tags []string
	if name != "" {
		tags = append(tags, `csv:"`+name+`"`)
	}
	if option := parquetOption(s, g); name+option != "" {
		tags = append(tags, `parquet:"`+name+option+`"`)
	}
	return tags
}

// parquetOption says how the column is stored where the type does not tell.
func parquetOption(s shape, g *goType) string {
	switch {
	case s == nullList, !scalarType(g):
		return ",json"
	case g.Kind == dataset.Date && !g.Partial:
		return ",date"
	case s == list:
		return ",list"
	}
	return ""
}

// scalarType says that a value is one text, number or boolean.
func scalarType(g *goType) bool {
	switch g.Kind {
	case dataset.Any, dataset.ObjectKind, dataset.List, dataset.Map, dataset.Union:
		return false
	}
	return true
}

// sliceColumn returns the name of the column of a slice, the same as that of
// dataset.Columns.
func (o *objectPlan) sliceColumn(s *slicePlan) string {
	for _, c := range dataset.Columns(o.table) {
		if c.Slice == s.Slice {
			return c.Name
		}
	}
	return s.Name
}

// restTags are the tags of a field that holds members of several names: a column
// of JSON under its own name.
func restTags(o *objectPlan, name string) string {
	if o.table == nil {
		return `json:"-"`
	}
	return `json:"-" parquet:"` + name + `,json"`
}
