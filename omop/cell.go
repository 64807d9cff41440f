package omop

import (
	"io"
	"reflect"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// cell is one value of a row. Which member holds it follows from the column's
// type: num the integers, the days of a date and the microseconds of a
// datetime.
type cell struct {
	state cellState
	num   int64
	float float64
	text  string
}

type cellState uint8

const (
	cellNull cellState = iota
	cellSet
	// cellBad is a value that does not fit its column; a finding was made.
	cellBad
)

// read hands over the rows of a Parquet file through the loose struct, so that
// absent columns, NULL where the standard wants a value and the column names
// of CDM 5.3 all arrive.
func (t typed[T, L]) read(r io.ReaderAt, size int64, visit func(cells []cell) error) error {
	l := model().byName[t.name()]
	cells := make([]cell, len(l.columns))
	for rows, err := range columnar.ReadBatches[L](r, size, nil) {
		if err != nil {
			return err
		}
		for i := range rows {
			row := reflect.ValueOf(&rows[i]).Elem()
			for c := range l.columns {
				col := &l.columns[c]
				v := row.Field(c)
				if v.IsNil() && col.formerly != "" {
					v = row.Field(col.former)
				}
				cells[c].load(v, col.Type)
			}
			if err := visit(cells); err != nil {
				return err
			}
		}
	}
	return nil
}

// looseReader reads a Parquet file through the loose struct into rows of T.
type looseReader[T Row] interface {
	// readRows hands every row to visit. null is the first column in which the
	// CDM wants a value and the file has none, -1 if there is no such column;
	// absent are columns to pass over. The row is valid until visit returns.
	readRows(r io.ReaderAt, size int64, absent []bool, visit func(row *T, null int) error) error
}

func (t typed[T, L]) readRows(r io.ReaderAt, size int64, absent []bool, visit func(row *T, null int) error) error {
	l := model().byName[t.name()]
	var row T
	to := reflect.ValueOf(&row).Elem()
	for rows, err := range columnar.ReadBatches[L](r, size, nil) {
		if err != nil {
			return err
		}
		for i := range rows {
			row = *new(T)
			null := -1
			from := reflect.ValueOf(&rows[i]).Elem()
			for c := range l.columns {
				col := &l.columns[c]
				v := from.Field(c)
				if v.IsNil() && col.formerly != "" {
					v = from.Field(col.former)
				}
				switch {
				case !col.Required:
					to.Field(c).Set(v)
				case !v.IsNil():
					to.Field(c).Set(v.Elem())
				case null < 0 && !absent[c]:
					null = c
				}
			}
			if err := visit(&row, null); err != nil {
				return err
			}
		}
	}
	return nil
}

// load takes the value of a pointer field.
func (c *cell) load(v reflect.Value, d cdm.Datatype) {
	*c = cell{}
	if v.IsNil() {
		return
	}
	c.set(v.Elem(), d)
}

// set takes a value that is there.
func (c *cell) set(v reflect.Value, d cdm.Datatype) {
	c.state = cellSet
	switch d {
	case cdm.Float:
		c.float = v.Float()
	case cdm.Varchar:
		c.text = v.String()
	default:
		c.num = v.Int()
	}
}

// store sets the fields of a row struct from cells. A NULL leaves an optional
// field nil and a required one zero.
func (l *layout) store(row reflect.Value, cells []cell) {
	for i := range l.columns {
		c := &cells[i]
		if c.state != cellSet {
			continue
		}
		v := row.Field(i)
		if v.Kind() == reflect.Pointer {
			v.Set(reflect.New(v.Type().Elem()))
			v = v.Elem()
		}
		switch l.columns[i].Type {
		case cdm.Float:
			v.SetFloat(c.float)
		case cdm.Varchar:
			v.SetString(c.text)
		default:
			v.SetInt(c.num)
		}
	}
}
