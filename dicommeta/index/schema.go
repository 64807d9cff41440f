package index

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Table describes one of the tables that Build makes.
type Table struct {
	Name        string
	Description string
	// Row says what a row stands for: "series", "instance", ...
	Row     string
	Columns []Column
}

// Column describes a column of a Table.
type Column struct {
	Name string
	// Type is BOOLEAN, INTEGER, FLOAT, STRING, TIMESTAMP, or one with [] behind it for
	// a list.
	Type        string
	Description string
	// Attribute leads to the attribute by keywords; [] follows a sequence of which all
	// items count and not the first alone. "" for what is no attribute. Tag is the same
	// in hexadecimal tags.
	Attribute, Tag string
	// Aggregation says how the values of the instances become one: "key", "any" (that
	// of the first instance by Instance Number that has one), "min", "max", "sum", "distinct"
	// (sorted), "distinct, comma" (sorted, in one text), "count", "count distinct",
	// "derived", or "unknown": always NULL, kept so that queries written for the Imaging Data
	// Commons run. "" in tables that do not aggregate.
	Aggregation string
}

// Schema returns the tables that Build makes, in the order of their names. The result
// is the caller's.
func Schema() []Table {
	var all []Table
	for _, t := range seriesTables() {
		all = append(all, t.describe())
	}
	all = append(all, writtenTables()...)
	slices.SortFunc(all, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// seriesTable is a table of which a row is made of the instances of one series, or
// of one instance of it.
type seriesTable struct {
	name, description, row string
	// where says whether an instance counts.
	where   func(sopClass, modality string) bool
	columns []*column
}

// column is a column of a seriesTable: where its values come from and how they meet.
type column struct {
	name, description string
	kind              columnar.ColumnKind
	attribute         string
	path              []step
	first             int // place of the first step's tag in firstTags
	form              form
	value             int // which value of the attribute, from 0
	agg               aggregation
	derive            func(*seriesRow) (cell, bool)
}

// aggregation is how the values of several instances become one.
type aggregation uint8

const (
	aggAny aggregation = iota
	aggKey
	aggMin
	aggMax
	aggSum
	aggDistinct
	aggComma
	aggCount
	aggCountDistinct
	aggDerived
	aggUnknown
)

var aggregationNames = [...]string{"any", "key", "min", "max", "sum", "distinct", "distinct, comma", "count", "count distinct", "derived", "unknown"}

var typeNames = map[columnar.ColumnKind]string{
	columnar.BoolColumn: "BOOLEAN", columnar.Int64Column: "INTEGER", columnar.Float64Column: "FLOAT", columnar.TextColumn: "STRING",
	columnar.TimestampColumn: "TIMESTAMP", columnar.TextListColumn: "STRING[]", columnar.Float64ListColumn: "FLOAT[]",
}

func (t *seriesTable) describe() Table {
	out := Table{Name: t.name, Description: t.description, Row: t.row}
	for _, c := range t.columns {
		tags := make([]string, len(c.path))
		for i, s := range c.path {
			tags[i] = s.tag.Hex()
			if s.all {
				tags[i] += "[]"
			}
		}
		aggregation := aggregationNames[c.agg]
		if t.row == rowInstance {
			aggregation = ""
		}
		out.Columns = append(out.Columns, Column{
			Name: c.name, Type: typeNames[c.kind], Description: c.description, Attribute: c.attribute, Tag: strings.Join(tags, "."), Aggregation: aggregation,
		})
	}
	return out
}

func (t *seriesTable) specs() []columnar.ColumnSpec {
	specs := make([]columnar.ColumnSpec, len(t.columns))
	for i, c := range t.columns {
		specs[i] = columnar.ColumnSpec{Name: c.name, Kind: c.kind}
	}
	return specs
}

const (
	rowSeries   = "series"
	rowInstance = "instance"
	rowGroup    = "annotation group"
)

// parsePath reads keywords with dots between them.
func parsePath(attribute string) ([]step, error) {
	var path []step
	for name := range strings.SplitSeq(attribute, ".") {
		name, all := strings.CutSuffix(name, "[]")
		t, ok := dict.ByKeyword(name)
		if !ok {
			return nil, fmt.Errorf("index: want a keyword of the standard, have %q", name)
		}
		path = append(path, step{t, all})
	}
	return path, nil
}

// seriesTables returns the tables that are made series by series.
var seriesTables = sync.OnceValue(func() []*seriesTable {
	all := []*seriesTable{indexTable(), ctTable(), mrTable(), ptTable(), contrastTable(), segTable(), rtstructTable(), annTable(), smTable(),
		geometryTable(), smInstanceTable(), annGroupTable()}
	for _, t := range all {
		for _, c := range t.columns {
			if c.attribute == "" {
				continue
			}
			path, err := parsePath(c.attribute)
			if err != nil {
				panic(err) // the tables below are wrong; a test reads them all
			}
			c.path = path
		}
	}
	tags := firstTagsOf(all)
	for _, t := range all {
		for _, c := range t.columns {
			if len(c.path) > 0 {
				c.first, _ = slices.BinarySearch(tags, c.path[0].tag)
			}
		}
	}
	return all
})

// firstTags are the tags that the paths of columns start with, in order.
var firstTags = sync.OnceValue(func() []dict.Tag { return firstTagsOf(seriesTables()) })

func firstTagsOf(all []*seriesTable) []dict.Tag {
	var tags []dict.Tag
	for _, t := range all {
		for _, c := range t.columns {
			if len(c.path) > 0 {
				tags = append(tags, c.path[0].tag)
			}
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// kept are the attributes that the tables want and a Study does not keep.
var kept = sync.OnceValue(func() []dict.Tag {
	var all []dict.Tag
	for _, t := range seriesTables() {
		for _, c := range t.columns {
			if len(c.path) > 0 && dicommeta.LevelOf(c.path[0].tag) == dicommeta.NoLevel && !slices.Contains(all, c.path[0].tag) {
				all = append(all, c.path[0].tag)
			}
		}
	}
	return all
})
