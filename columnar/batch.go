package columnar

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
	"unsafe"
)

// ColumnKind is the type of a column that is named at run time.
type ColumnKind uint8

// The kinds of columns. Instant is a point in time: a Timestamp in UTC, stored
// with isAdjustedToUTC true. Bytes are text that need not be UTF-8. A list holds
// any number of values.
const (
	BoolColumn ColumnKind = iota
	Int32Column
	Int64Column
	Float64Column
	TextColumn
	DateColumn
	TimestampColumn
	InstantColumn
	TextListColumn
	Float64ListColumn
	BytesColumn
	JSONColumn // text that holds JSON
	BoolListColumn
	Int32ListColumn
	Int64ListColumn
	DateListColumn
	TimestampListColumn
	InstantListColumn
)

// columnKinds are the kinds of the values, of a list those in it.
var columnKinds = [...]kind{kindBool, kindInt32, kindInt64, kindFloat64, kindString, kindDate, kindTimestamp, kindInstant, kindString, kindFloat64,
	kindBytes, kindJSON, kindBool, kindInt32, kindInt64, kindDate, kindTimestamp, kindInstant}

// isList says whether the column holds lists.
func (k ColumnKind) isList() bool {
	return k == TextListColumn || k == Float64ListColumn || k >= BoolListColumn
}

// isText says whether the values are kept as text.
func (k ColumnKind) isText() bool {
	return k == TextColumn || k == TextListColumn || k == BytesColumn || k == JSONColumn
}

// ColumnSpec describes one nullable column of a table whose columns are known
// only at run time.
type ColumnSpec struct {
	Name string
	Kind ColumnKind
}

// Batch is a run of rows of such a table, column by column. It keeps its
// memory over Reset. It is not safe for concurrent use.
type Batch struct {
	specs   []ColumnSpec
	vectors []Vector
}

// NewBatch returns an empty batch of rows with the given columns.
func NewBatch(specs []ColumnSpec) *Batch {
	b := &Batch{specs: slices.Clone(specs), vectors: make([]Vector, len(specs))}
	for i, s := range specs {
		b.vectors[i].kind = s.Kind
	}
	return b
}

// Specs returns the columns, which must not be changed.
func (b *Batch) Specs() []ColumnSpec { return b.specs }

// Column returns the values of column i. Every column must be given a value or
// NULL for every row.
func (b *Batch) Column(i int) *Vector { return &b.vectors[i] }

// Rows returns the number of values in the first column.
func (b *Batch) Rows() int {
	if len(b.vectors) == 0 {
		return 0
	}
	return b.vectors[0].Len()
}

// Truncate drops all rows from number n on; columns that hold less stay.
func (b *Batch) Truncate(n int) {
	for i := range b.vectors {
		b.vectors[i].truncate(n)
	}
}

// Reset empties the batch.
func (b *Batch) Reset() { b.Truncate(0) }

// Bytes returns about how much memory the values take.
func (b *Batch) Bytes() int {
	n := 0
	for i := range b.vectors {
		v := &b.vectors[i]
		n += len(v.text) + 4*len(v.ends) + 8*len(v.numbers) + len(v.set) + 4*len(v.lists)
	}
	return n
}

// Vector is one column of a Batch.
type Vector struct {
	kind    ColumnKind
	set     []bool
	numbers []int64  // of all rows, unless text; floats as their bits
	text    []byte   // of all rows, one after the other
	ends    []uint32 // where each text ends
	lists   []uint32 // of lists: how many values there are up to the end of each
}

// Len returns the number of values and NULLs.
func (v *Vector) Len() int { return len(v.set) }

func (v *Vector) truncate(n int) {
	if n >= len(v.set) {
		return
	}
	if v.kind.isList() {
		v.truncateLists(n)
		return
	}
	v.set = v.set[:n]
	if !v.kind.isText() {
		v.numbers = v.numbers[:n]
		return
	}
	v.ends = v.ends[:n]
	end := uint32(0)
	if n > 0 {
		end = v.ends[n-1]
	}
	v.text = v.text[:end]
}

// Null adds a NULL.
func (v *Vector) Null() {
	v.set = append(v.set, false)
	switch {
	case v.kind == TextListColumn:
		v.lists = append(v.lists, uint32(len(v.ends)))
	case v.kind.isList():
		v.lists = append(v.lists, uint32(len(v.numbers)))
	case v.kind.isText():
		v.ends = append(v.ends, uint32(len(v.text)))
	default:
		v.numbers = append(v.numbers, 0)
	}
}

// Number adds the value of a column that is not text: 0 or 1 for a bool, the
// bits of a float64 (math.Float64bits), the count of a Date, Timestamp or
// Instant, or the integer itself.
func (v *Vector) Number(n int64) {
	v.set = append(v.set, true)
	v.numbers = append(v.numbers, n)
}

// Text adds the value of a column of text, bytes or JSON; b is copied.
func (v *Vector) Text(b []byte) {
	v.set = append(v.set, true)
	v.text = append(v.text, b...)
	v.ends = append(v.ends, uint32(len(v.text)))
}

// TextAt returns the text of row i, which is good until the next change, and
// false for a NULL.
func (v *Vector) TextAt(i int) ([]byte, bool) {
	if !v.set[i] {
		return nil, false
	}
	start := uint32(0)
	if i > 0 {
		start = v.ends[i-1]
	}
	return v.text[start:v.ends[i]], true
}

// NumberAt returns the number of row i, and false for a NULL.
func (v *Vector) NumberAt(i int) (int64, bool) { return v.numbers[i], v.set[i] }

// BatchWriter writes batches of rows into one Parquet file whose columns are
// known only at run time. It is not safe for concurrent use.
type BatchWriter struct {
	w     *Writer[struct{}]
	specs []ColumnSpec
}

// NewBatchWriter returns a writer of one file into w, which stays open after
// Close. All columns are nullable. The error says what is wrong with the
// columns or opts.
func NewBatchWriter(w io.Writer, specs []ColumnSpec, opts *Options) (*BatchWriter, error) {
	o, err := opts.checked()
	if err != nil {
		return nil, err
	}
	if w == nil {
		return nil, errors.New("columnar: want a writer, have nil")
	}
	if len(specs) == 0 {
		return nil, errors.New("columnar: want at least one column")
	}
	fields := make([]field, len(specs))
	seen := map[string]bool{}
	for i, s := range specs {
		switch {
		case s.Name == "" || !utf8.ValidString(s.Name):
			return nil, fmt.Errorf("columnar: column %d: want a name in UTF-8", i)
		case seen[s.Name]:
			return nil, fmt.Errorf("columnar: want one column of each name, have %q twice", s.Name)
		case int(s.Kind) >= len(columnKinds):
			return nil, fmt.Errorf("columnar: column %q: want a kind that is known", s.Name)
		}
		seen[s.Name] = true
		fields[i] = field{name: s.Name, kind: columnKinds[s.Kind], list: s.Kind.isList(), optional: true}
	}
	return &BatchWriter{
		w:     &Writer[struct{}]{w: w, opts: o, fields: fields, group: newGroup[struct{}](fields, &o)},
		specs: slices.Clone(specs),
	}, nil
}

// Rows returns the number of rows written.
func (w *BatchWriter) Rows() int64 { return w.w.rows }

// Write adds the rows of a batch to the file and keeps nothing of them. The
// bytes of the file do not depend on how the rows are spread over batches.
// After an error the file is lost.
func (w *BatchWriter) Write(b *Batch) error {
	if err := w.w.ready(); err != nil {
		return err
	}
	if !slices.Equal(b.specs, w.specs) {
		return errors.New("columnar: want a batch with the columns of the file")
	}
	rows := b.Rows()
	for i := range b.vectors {
		if n := b.vectors[i].Len(); n != rows {
			return fmt.Errorf("columnar: column %q: want %d values, have %d", w.specs[i].Name, rows, n)
		}
	}
	for from := 0; from < rows; {
		n := min(rows-from, w.w.group.Room())
		if err := w.w.group.writeBatch(b, from, n); err != nil {
			return w.w.fail(err)
		}
		w.w.rows += int64(n)
		from += n
		if w.w.group.Room() == 0 {
			if err := w.w.flush(w.w.group); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close finishes the file. It does not close the io.Writer.
func (w *BatchWriter) Close() error { return w.w.Close() }

// writeBatch adds n rows of a batch, at most Room.
func (g *Group[T]) writeBatch(b *Batch, from, n int) (err error) {
	defer func() { g.failed = err }()
	defer recoverAs(&err)
	for n > 0 {
		k := min(n, sliceRows-g.rows%sliceRows)
		g.rows += k
		for i, c := range g.columns {
			if err := c.addVector(&b.vectors[i], from, k); err != nil {
				return fmt.Errorf("columnar: %w", err)
			}
			if g.rows%sliceRows == 0 && c.full() {
				if err := c.endPage(&g.scratch); err != nil {
					return err
				}
			}
		}
		from += k
		n -= k
	}
	return nil
}

// appendSet adds one bit a row.
func (b *bitmap) appendSet(set []bool) {
	for len(set) > 0 {
		n := min(len(set), 64)
		var word uint64
		for i, s := range set[:n] {
			if s {
				word |= 1 << uint(i)
			}
		}
		b.append(word, n)
		set = set[n:]
	}
}

func (c *boolColumn) addVector(v *Vector, from, n int) error {
	c.rows += n
	c.valid.appendSet(v.set[from : from+n])
	for i := from; i < from+n; i++ {
		if v.set[i] {
			bit := uint64(v.numbers[i]) & 1
			c.values.append(bit, 1)
			c.seen[bit] = true
		}
	}
	return nil
}

func (c *numberColumn[V]) addVector(v *Vector, from, n int) error {
	c.rows += n
	c.valid.appendSet(v.set[from : from+n])
	for i := from; i < from+n; i++ {
		if v.set[i] {
			c.values = append(c.values, V(v.numbers[i]))
		}
	}
	return nil
}

func (c *stringColumn) addVector(v *Vector, from, n int) error {
	if c.mode == undecided {
		c.mode = byDict
	}
	c.rows += n
	c.valid.appendSet(v.set[from : from+n])
	for i := from; i < from+n; i++ {
		if b, ok := v.TextAt(i); ok {
			if err := c.put(unsafe.String(unsafe.SliceData(b), len(b))); err != nil {
				return fmt.Errorf("row %d, %s: %w", int(c.chunk.values)+c.rows-n+i-from, c.name, err)
			}
		}
	}
	return nil
}
