package omop

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// table is the handling of one table for code that does not know its row type.
type table interface {
	// name is the name of the table in the standard.
	name() string
	// rowType is the struct type of its rows.
	rowType() reflect.Type
	// create starts a Parquet file of the table.
	create(w io.Writer, opts *columnar.Options) (fileWriter, error)
	// read hands every row of a Parquet file to visit, as cells in the order of
	// the columns. The cells are valid until visit returns.
	read(r io.ReaderAt, size int64, visit func(cells []cell) error) error
}

// fileWriter is what every columnar.Writer does.
type fileWriter interface {
	Rows() int64
	Close() error
}

// typed is a table with the row struct T and its loose twin L, in which every
// column is optional.
type typed[T Row, L any] struct{}

func tableOf[T Row, L any]() table { return typed[T, L]{} }

func (typed[T, L]) name() string {
	var row T
	return row.TableName()
}

func (typed[T, L]) rowType() reflect.Type { return reflect.TypeFor[T]() }

func (typed[T, L]) create(w io.Writer, opts *columnar.Options) (fileWriter, error) {
	return columnar.NewWriter[T](w, opts)
}

// column is a field of the standard beside the field of the row struct.
type column struct {
	*cdm.Field
	// path is table.column, as findings name it.
	path string
	// clause is where the standard defines the column: "CDM 5.4, person.person_id".
	clause string
	// formerly is the column's name in CDM 5.3 where that differs, and former
	// its place in the loose struct.
	formerly string
	former   int
}

// layout is a table of the standard with the columns of its row struct.
type layout struct {
	*cdm.Table
	table   table
	columns []column
}

// layouts holds every table by name and in the order of the standard.
type layouts struct {
	byName map[string]*layout
	order  []*layout
}

// model returns the layouts of CDM 5.4 and the imaging extension. It is made
// on first use.
var model = sync.OnceValue(func() *layouts {
	all := &layouts{byName: map[string]*layout{}}
	for _, t := range tables() {
		m, spec := cdm.V54.Model(), cdm.V54.Model().Table(t.name())
		if spec == nil {
			m, spec = cdm.Imaging(), cdm.Imaging().Table(t.name())
		}
		l := newLayout(m, spec, t)
		all.byName[spec.Name] = l
		all.order = append(all.order, l)
	}
	return all
})

func newLayout(m *cdm.Model, spec *cdm.Table, t table) *layout {
	l := &layout{Table: spec, table: t}
	for i := range spec.Fields {
		f := &spec.Fields[i]
		path := spec.Name + "." + f.Name
		l.columns = append(l.columns, column{Field: f, path: path, clause: m.Name + ", " + path})
	}
	former := len(l.columns)
	for _, r := range cdm.Renames() {
		if r.Table != spec.Name {
			continue
		}
		for i := range l.columns {
			if l.columns[i].Name == r.To {
				l.columns[i].formerly, l.columns[i].former = r.From, former
				former++
			}
		}
	}
	return l
}

// layoutOf returns the layout of the table of T. A Row that is no struct of
// this package has none.
func layoutOf[T Row]() (*layout, error) {
	var row T
	l := model().byName[row.TableName()]
	if l == nil || l.table.rowType() != reflect.TypeFor[T]() {
		return nil, fmt.Errorf("omop: %s: want a row struct of this package", reflect.TypeFor[T]())
	}
	return l, nil
}

// Tables returns the names of the tables that this package knows, in the order
// of the standard: CDM 5.4 whole, then the imaging extension.
func Tables() []string {
	var names []string
	for _, l := range model().order {
		names = append(names, l.Name)
	}
	return names
}

// columnNames returns the column names of the table in order, in quotes where
// SQL needs them.
func (l *layout) columnNames() string {
	var names []string
	for i := range l.columns {
		names = append(names, sqlName(l.columns[i].Name))
	}
	return strings.Join(names, ", ")
}
