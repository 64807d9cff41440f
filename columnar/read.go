package columnar

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strings"
	"unsafe"
)

// defaultBatch is how many rows Read holds at a time.
const defaultBatch = 1024

// Read returns the rows of a Parquet file of size bytes, whoever wrote it. The
// columns are found by name, in any order, upper and lower case apart only
// where both occur. A column that the file lacks leaves a nullable field without
// value; it is an error for a field by value, and so is a NULL there.
//
// Integers of any width, decimals and floats become integers when they are
// whole and in range; all numbers become float64, decimals and 64-bit integers
// the nearest one; dates and timestamps of every unit become Timestamp, cut to
// microseconds; timestamps at midnight become Date. A time zone is dropped: the
// clock shows UTC. Texts must be UTF-8. Types with text methods take scalars of
// every type, as text: numbers exactly, dates and times in the form of ISO 8601.
// Lists are read in the three forms that Parquet has, with at most 1,048,576
// values each; one that holds a NULL needs elements that are pointers or structs
// with Valid.
//
// A non-nil error comes at most once, last. Rows stay valid after the iterator
// has moved on; texts and numbers behind pointers share memory with rows read
// at the same time. r is used until the iterator ends.
func Read[T any](r io.ReaderAt, size int64) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for rows, err := range ReadBatches(r, size, make([]T, defaultBatch)) {
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for i := range rows {
				if !yield(rows[i], nil) {
					return
				}
			}
		}
	}
}

// ReadBatches is Read in batches of at most len(buf) rows, each read into buf;
// a batch ends with its row group. Copies of the rows stay valid when buf is
// filled again. A nil or empty buf stands for one of 1024 rows.
func ReadBatches[T any](r io.ReaderAt, size int64, buf []T) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		if len(buf) == 0 {
			buf = make([]T, defaultBatch)
		}
		f, err := openFile[T](r, size)
		if err != nil {
			yield(nil, fmt.Errorf("columnar: %w", err))
			return
		}
		for i := range f.desc.groups {
			left := f.desc.groups[i].rows
			if err := f.openGroup(i); err != nil {
				yield(nil, fmt.Errorf("columnar: row group %d: %w", i, err))
				return
			}
			for left > 0 {
				n := int(min(left, int64(len(buf))))
				if err := f.fill(buf[:n]); err != nil {
					yield(nil, fmt.Errorf("columnar: row group %d: %w", i, err))
					return
				}
				if left -= int64(n); !yield(buf[:n], nil) {
					return
				}
			}
		}
	}
}

// file reads the rows of one file.
type file[T any] struct {
	r       io.ReaderAt
	desc    *fileDesc
	readers []fieldReader
}

// fieldReader reads a column into the fields of rows.
type fieldReader interface {
	describe() (*field, *columnDesc)
	open(p *pages, values int64)
	// read sets the field in n rows.
	read(rows unsafe.Pointer, stride uintptr, n int) error
}

func openFile[T any](r io.ReaderAt, size int64) (f *file[T], err error) {
	defer recoverAs(&err)
	fields, err := fieldsOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "columnar: "))
	}
	desc, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	f = &file[T]{r: r, desc: desc}
	for _, c := range fields {
		column, err := desc.find(c.name)
		switch {
		case err != nil:
			return nil, err
		case column == nil && c.optional:
			continue
		case column == nil:
			return nil, fmt.Errorf("%s: want the column, have none", c.name)
		}
		convert, err := converterFor(&c, column)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		r := columnReader{field: c, column: column, convert: convert}
		if c.list {
			f.readers = append(f.readers, &listReader{columnReader: r})
			continue
		}
		f.readers = append(f.readers, &r)
	}
	return f, nil
}

// find returns the column of that name, or nil.
func (d *fileDesc) find(name string) (found *columnDesc, err error) {
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for i := range d.columns {
			if !same(d.columns[i].name, name) {
				continue
			}
			if found != nil {
				return nil, fmt.Errorf("%s: want one column of that name, have more", name)
			}
			found = &d.columns[i]
		}
		if found != nil {
			return found, nil
		}
	}
	return nil, nil
}

func (f *file[T]) openGroup(i int) (err error) {
	defer recoverAs(&err)
	g := &f.desc.groups[i]
	for _, c := range f.readers {
		field, column := c.describe()
		chunk := &g.chunks[column.leaf]
		if chunk.values != g.rows && !(field.list && chunk.values > g.rows) {
			return fmt.Errorf("%s: want a value for each of %d rows, have %d", field.name, g.rows, chunk.values)
		}
		p, err := openPages(f.r, column, chunk, f.desc.dataEnd)
		if err != nil {
			return fmt.Errorf("%s: %w", field.name, err)
		}
		c.open(p, chunk.values)
	}
	return nil
}

// fill reads the next rows of the open group.
func (f *file[T]) fill(rows []T) (err error) {
	defer recoverAs(&err)
	clear(rows)
	for _, c := range f.readers {
		if err := c.read(unsafe.Pointer(&rows[0]), unsafe.Sizeof(rows[0]), len(rows)); err != nil {
			field, _ := c.describe()
			return fmt.Errorf("%s: %w", field.name, err)
		}
	}
	return nil
}

// columnReader reads one column into the fields of rows.
type columnReader struct {
	field
	column  *columnDesc
	convert *converter
	pages   *pages

	levels []int32
	ints   []int64
	floats []float64
	texts  []string
}

func (c *columnReader) describe() (*field, *columnDesc) { return &c.field, c.column }

func (c *columnReader) open(p *pages, _ int64) { c.pages = p }

func (c *columnReader) read(rows unsafe.Pointer, stride uintptr, n int) error {
	for {
		if err := c.pages.next(); err != nil {
			return err
		}
		k := min(n, c.pages.left)
		if err := c.readPart(unsafe.Add(rows, c.offset), stride, k); err != nil {
			return err
		}
		c.pages.left -= k
		if n -= k; n == 0 {
			return nil
		}
		rows = unsafe.Add(rows, uintptr(k)*stride)
	}
}

// decodePart decodes the values among k values or nulls of the open page.
func (c *columnReader) decodePart(k int) (present int, err error) {
	present = k
	c.levels = c.levels[:0]
	if c.column.optional {
		c.levels = sized(c.levels, k)
		if err := c.pages.levels.next(c.levels); err != nil {
			return 0, err
		}
		present = 0
		for _, l := range c.levels {
			if l != 0 && l != 1 {
				return 0, errors.New("want definition levels of 0 and 1")
			}
			present += int(l)
		}
		if present < k && !c.optional {
			return 0, errors.New("want no NULL")
		}
	}
	if present == 0 {
		return 0, nil
	}
	return present, c.decode(present)
}

// readPart reads k values or nulls of the open page; at is the first field.
func (c *columnReader) readPart(at unsafe.Pointer, stride uintptr, k int) error {
	present, err := c.decodePart(k)
	if err != nil || present == 0 {
		return err
	}
	if !c.direct() {
		return c.storeEach(at, stride, k)
	}
	switch c.kind {
	case kindBool:
		return store(c, at, stride, k, present, func(i int) (bool, error) { x, err := c.integer(i); return x != 0, err })
	case kindInt32, kindDate:
		return store(c, at, stride, k, present, func(i int) (int32, error) { x, err := c.integer(i); return int32(x), err })
	case kindInt64, kindTimestamp, kindInstant:
		return store(c, at, stride, k, present, c.integer)
	case kindFloat64:
		return store(c, at, stride, k, present, c.number)
	}
	return store(c, at, stride, k, present, func(i int) (string, error) { return c.convert.text(c.texts[i]) })
}

// sized returns s with length n; its content is arbitrary.
func sized[V any](s []V, n int) []V {
	if cap(s) < n {
		return make([]V, n)
	}
	return s[:n]
}

func (c *columnReader) decode(n int) error {
	switch c.convert.form {
	case formFloats:
		c.floats = sized(c.floats, n)
		return c.pages.values.floats(c.floats)
	case formTexts:
		c.texts = sized(c.texts, n)
		return c.pages.values.texts(c.texts)
	}
	c.ints = sized(c.ints, n)
	return c.pages.values.ints(c.ints)
}

func (c *columnReader) integer(i int) (int64, error) {
	switch c.convert.form {
	case formFloats:
		return c.convert.fromFloat(c.floats[i])
	case formTexts:
		return c.convert.fromText(c.texts[i])
	}
	return c.convert.fromInt(c.ints[i])
}

func (c *columnReader) number(i int) (float64, error) {
	switch c.convert.form {
	case formFloats:
		return c.convert.number(0, c.floats[i], "")
	case formTexts:
		return c.convert.number(0, 0, c.texts[i])
	}
	return c.convert.number(c.ints[i], 0, "")
}

// store sets the fields of k rows to the values that get returns, in order,
// where the levels say that there is one. Fields that are pointers share one
// array of values.
func store[V any](c *columnReader, at unsafe.Pointer, stride uintptr, k, present int, get func(i int) (V, error)) error {
	var own []V
	if c.optional {
		own = make([]V, present)
	}
	for row, i := 0, 0; row < k; row++ {
		if len(c.levels) == 0 || c.levels[row] == 1 {
			v, err := get(i)
			if err != nil {
				return err
			}
			field := unsafe.Add(at, uintptr(row)*stride)
			if c.optional {
				own[i] = v
				*(**V)(field) = &own[i]
			} else {
				*(*V)(field) = v
			}
			i++
		}
	}
	return nil
}
