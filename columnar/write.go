package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const magic = "PAR1"

// Writer writes rows of type T into one Parquet file. It is not safe for
// concurrent use.
type Writer[T any] struct {
	w       io.Writer
	opts    Options
	fields  []field
	group   *Group[T]
	groups  []format.RowGroup
	pending []byte // bytes of the file that are not yet with w
	offset  int64  // bytes of the file so far, pending ones included
	rows    int64
	failed  error
	closed  bool
}

// NewWriter returns a writer of one file into w, which stays open after Close.
// T is a row struct, as the package comment defines it: a pointer, a struct with
// Valid or a slice is a nullable column, and everything else is a value, zero and
// the empty string included. The columns have the order of the fields. The error
// says what is wrong with T or opts.
func NewWriter[T any](w io.Writer, opts *Options) (*Writer[T], error) {
	o, err := opts.checked()
	if err != nil {
		return nil, err
	}
	fields, err := fieldsOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	if w == nil {
		return nil, errors.New("columnar: want a writer, have nil")
	}
	return &Writer[T]{w: w, opts: o, fields: fields, group: newGroup[T](fields, &o)}, nil
}

// Rows returns the number of rows written.
func (w *Writer[T]) Rows() int64 { return w.rows }

// Write adds rows to the file and keeps nothing of them. The bytes of the file
// do not depend on how the rows are spread over calls. After an error the file
// is lost, and every later call returns that error.
func (w *Writer[T]) Write(rows []T) error {
	for len(rows) > 0 {
		if err := w.ready(); err != nil {
			return err
		}
		n := min(len(rows), w.group.Room())
		if err := w.group.Write(rows[:n]); err != nil {
			return w.fail(err)
		}
		w.rows += int64(n)
		rows = rows[n:]
		if w.group.Room() == 0 {
			if err := w.flush(w.group); err != nil {
				return err
			}
		}
	}
	return w.ready()
}

// NewGroup returns an empty group with the columns and options of the file. It
// may be called, and the group filled, while another goroutine uses w.
func (w *Writer[T]) NewGroup() *Group[T] { return newGroup[T](w.fields, &w.opts) }

// Append writes the rows of g as a row group of their own, after all rows
// written before, and resets g. A group without rows writes nothing.
func (w *Writer[T]) Append(g *Group[T]) error {
	if err := w.ready(); err != nil {
		return err
	}
	if w.group.rows > 0 {
		if err := w.flush(w.group); err != nil {
			return err
		}
	}
	if g.rows == 0 && g.failed == nil {
		return nil
	}
	rows := int64(g.rows)
	if err := w.flush(g); err != nil {
		return err
	}
	w.rows += rows
	return nil
}

// Close finishes the file. It does not close the io.Writer.
func (w *Writer[T]) Close() (err error) {
	if err := w.ready(); err != nil {
		return err
	}
	defer recoverAs(&err)
	if w.group.rows > 0 {
		if err := w.flush(w.group); err != nil {
			return err
		}
	}
	w.closed = true
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), w.describe())
	if err != nil {
		return w.fail(fmt.Errorf("columnar: %w", err))
	}
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	if err := w.emit(append(footer, magic...)); err != nil {
		return err
	}
	return w.drain()
}

func (w *Writer[T]) ready() error {
	if w.closed && w.failed == nil {
		return errors.New("columnar: the file is closed")
	}
	return w.failed
}

func (w *Writer[T]) fail(err error) error {
	w.failed = err
	return err
}

// flush finishes g, writes it and empties it.
func (w *Writer[T]) flush(g *Group[T]) error {
	if err := g.Finish(); err != nil {
		return w.fail(err)
	}
	if err := w.emit(nil); err != nil { // the file's first bytes, if they are due
		return err
	}
	w.groups = append(w.groups, g.describe(w.offset, len(w.groups)))
	for _, c := range g.columns {
		b := c.buffer()
		if err := w.emit(b.dict); err != nil {
			return err
		}
		if err := w.emit(b.pages); err != nil {
			return err
		}
	}
	g.Reset()
	return nil
}

// maxPending is how many bytes of a file wait for more.
const maxPending = 64 << 10

// emit adds bytes to the file.
func (w *Writer[T]) emit(b []byte) error {
	if w.offset == 0 {
		w.pending = append(w.pending, magic...)
		w.offset = int64(len(magic))
	}
	w.offset += int64(len(b))
	if len(w.pending)+len(b) <= maxPending {
		w.pending = append(w.pending, b...)
		return nil
	}
	if err := w.drain(); err != nil {
		return err
	}
	return w.out(b)
}

func (w *Writer[T]) drain() error {
	err := w.out(w.pending)
	w.pending = w.pending[:0]
	return err
}

func (w *Writer[T]) out(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	n, err := w.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return w.fail(fmt.Errorf("columnar: %w", err))
	}
	return nil
}

// describe returns the footer of the file.
func (w *Writer[T]) describe() *format.FileMetaData {
	m := &format.FileMetaData{
		Version:   2,
		NumRows:   w.rows,
		RowGroups: w.groups,
		CreatedBy: w.opts.CreatedBy,
		Schema:    make(thrift.Slice[format.SchemaElement], 0, len(w.fields)+1),
	}
	if m.RowGroups == nil {
		m.RowGroups = thrift.Slice[format.RowGroup]{}
	}
	m.Schema = append(m.Schema, format.SchemaElement{Name: "schema", NumChildren: thrift.New(int32(len(w.fields)))})
	for i := range w.fields {
		m.Schema = append(m.Schema, w.fields[i].elements(int32(i)+1)...)
		m.ColumnOrders = append(m.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	for _, kv := range w.opts.Metadata {
		m.KeyValueMetadata = append(m.KeyValueMetadata, format.KeyValue{Key: kv.Key, Value: kv.Value})
	}
	return m
}
