package view

import (
	"math"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/internal/native"
	"github.com/carabiner-health/carabiner/issue"
)

// Format is the form of the files of a conversion.
type Format uint8

// The formats. The zero Format is Parquet.
const (
	Parquet Format = iota
	CSV            // RFC 4180, with a header; NULL is an empty field
	NDJSON         // one object a line
)

// String returns the name of the format, which is the ending of its files.
func (f Format) String() string {
	switch f {
	case Parquet:
		return "parquet"
	case CSV:
		return "csv"
	case NDJSON:
		return "ndjson"
	}
	return "invalid"
}

// Types says how Parquet holds decimals, dates and times.
type Types uint8

// The choices. Booleans and integers are always stored as such.
const (
	// Text keeps decimals, dates and times as they are written. Nothing is lost:
	// 1.50 stays 1.50, a partial date stays one.
	Text Types = iota
	// Native stores decimal as DOUBLE, date as DATE, dateTime and instant as
	// TIMESTAMP in UTC. What does not fit exactly (a decimal that is not the
	// shortest of its double, as beyond 15 digits; a date without its day; a time
	// without zone or finer than microseconds) is NULL there and stands as text in the column NAME_text beside it, and is counted.
	// Of what fits, the zeros at the end of a decimal and the zone of a time are
	// not kept; times that had a zone other than UTC are counted.
	Native
)

// slot is a column of an output table.
type slot struct {
	spec   columnar.ColumnSpec
	from   int   // column of the view
	class  store // how a cell is stored
	beside int   // slot of the text that does not fit; -1 if there is none
}

// store is how cells are stored.
type store uint8

const (
	storeText store = iota
	storeBool
	storeInt32
	storeInt64
	storeDecimal
	storeDate
	storeInstant
	storeJSON   // the cell as JSON
	storeBeside // what the slot before could not hold
)

// layout returns the columns of the output table of a view.
func layout(columns []Column, f Format, t Types) []slot {
	var slots []slot
	taken := map[string]bool{}
	for _, c := range columns {
		taken[strings.ToLower(c.Name)] = true
	}
	for i, c := range columns {
		s := slot{spec: columnar.ColumnSpec{Name: c.Name, Kind: columnar.TextColumn}, from: i, beside: -1}
		s.class = storeOf(c.Type, t)
		if c.Collection {
			s.class = storeText
		}
		switch f {
		case CSV:
			s.class = storeText
		case NDJSON:
			s.class = storeJSON
		}
		s.spec.Kind = s.class.kind()
		slots = append(slots, s)
		if s.class >= storeDecimal && s.class <= storeInstant {
			name := c.Name + "_text"
			for taken[strings.ToLower(name)] {
				name += "_"
			}
			taken[strings.ToLower(name)] = true
			slots[len(slots)-1].beside = len(slots)
			slots = append(slots, slot{spec: columnar.ColumnSpec{Name: name, Kind: columnar.TextColumn}, from: i, class: storeBeside, beside: -1})
		}
	}
	return slots
}

// storeOf returns how Parquet stores a type.
func storeOf(typ string, t Types) store {
	switch typ {
	case "boolean":
		return storeBool
	case "integer", "positiveInt", "unsignedInt":
		return storeInt32
	case "integer64":
		return storeInt64
	}
	if t == Native {
		switch typ {
		case "decimal":
			return storeDecimal
		case "date":
			return storeDate
		case "dateTime", "instant":
			return storeInstant
		}
	}
	return storeText
}

func (s store) kind() columnar.ColumnKind {
	switch s {
	case storeBool:
		return columnar.BoolColumn
	case storeInt32:
		return columnar.Int32Column
	case storeInt64:
		return columnar.Int64Column
	case storeDecimal:
		return columnar.Float64Column
	case storeDate:
		return columnar.DateColumn
	case storeInstant:
		return columnar.InstantColumn
	}
	return columnar.TextColumn
}

func specs(slots []slot) []columnar.ColumnSpec {
	var list []columnar.ColumnSpec
	for _, s := range slots {
		list = append(list, s.spec)
	}
	return list
}

// table collects the rows of one view. It is a sink.
type table struct {
	view    *View
	slots   []slot
	batch   *columnar.Batch
	scratch []byte
	issues  issue.List // of the resource at hand, without place
	mark    int        // rows before the resource at hand
	kept    int64      // values kept as text, of the resource at hand
	zones   int64      // times whose zone was not UTC
	lost    int64      // values that their column cannot hold
}

// begin starts a resource.
func (t *table) begin() {
	t.mark = t.batch.Rows()
	t.issues, t.kept, t.zones, t.lost = t.issues[:0], 0, 0, 0
}

func (t *table) rollback() {
	t.batch.Truncate(t.mark)
	t.issues, t.kept, t.zones, t.lost = t.issues[:0], 0, 0, 0
}

// row stores a row.
func (t *table) row(cells []cell) error {
	for i := range t.slots {
		s := &t.slots[i]
		v, c := t.batch.Column(i), &cells[s.from]
		if s.class == storeBeside {
			continue // filled with the slot before
		}
		if c.kind == cellNull {
			v.Null()
			if s.beside >= 0 {
				t.batch.Column(s.beside).Null()
			}
			continue
		}
		switch s.class {
		case storeText:
			if c.kind == cellText || c.kind == cellNumber || c.kind == cellList {
				v.Text(c.b)
				continue
			}
			t.scratch = c.appendJSON(t.scratch[:0])
			v.Text(t.scratch)
		case storeJSON:
			t.scratch = c.appendJSON(t.scratch[:0])
			v.Text(t.scratch)
		case storeBool, storeInt32, storeInt64:
			n, ok := c.integer(s.class)
			if !ok {
				t.lose(s)
				v.Null()
				continue
			}
			v.Number(n)
		default:
			t.native(s, v, c)
		}
	}
	return nil
}

// lose notes a value that its column cannot hold.
func (t *table) lose(s *slot) {
	t.lost++
	c := &t.view.columns[s.from]
	t.issues = append(t.issues, issue.Issue{Severity: issue.Error, Code: CodeValue, Path: strings.TrimPrefix(t.view.name+"."+c.Name, "."),
		Message: "want a value of type " + c.Type + ", have another; the column is NULL"})
}

// native stores a decimal, date or time, or the text beside it.
func (t *table) native(s *slot, v *columnar.Vector, c *cell) {
	beside := t.batch.Column(s.beside)
	var n int64
	var ok, zoned bool
	switch {
	case s.class == storeDecimal && (c.kind == cellNumber || c.kind == cellText):
		n, ok = native.Double(c.b)
	case s.class == storeDecimal && c.kind == cellInteger:
		n, ok = int64(math.Float64bits(float64(c.n))), c.n > -1e15 && c.n < 1e15
	case s.class == storeDate && c.kind == cellText:
		var d columnar.Date
		d, ok = native.Day(c.b)
		n = int64(d)
	case s.class == storeInstant && c.kind == cellText:
		n, zoned, ok = native.Instant(c.b)
	}
	if ok {
		if zoned {
			t.zones++
		}
		v.Number(n)
		beside.Null()
		return
	}
	v.Null()
	t.kept++
	if c.kind == cellText || c.kind == cellNumber {
		beside.Text(c.b)
		return
	}
	t.scratch = c.appendJSON(t.scratch[:0])
	beside.Text(t.scratch)
}

// integer returns the number that stores a boolean or an integer.
func (c *cell) integer(s store) (int64, bool) {
	if s == storeBool {
		return c.n, c.kind == cellBool
	}
	n := c.n
	switch c.kind {
	case cellInteger:
	case cellNumber, cellText:
		if c.kind == cellText && s != storeInt64 { // integer64 is a string in JSON
			return 0, false
		}
		var ok bool
		if n, ok = smallInteger(c.b); !ok {
			var err error
			if n, err = strconv.ParseInt(string(c.b), 10, 64); err != nil {
				return 0, false
			}
		}
	default:
		return 0, false
	}
	return n, s == storeInt64 || n >= math.MinInt32 && n <= math.MaxInt32
}
