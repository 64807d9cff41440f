package columnar

import (
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go"
)

// Writer writes rows of type T into one Parquet file. It is not safe for
// concurrent use.
type Writer[T any] struct {
	w    *parquet.GenericWriter[T]
	rows int64
}

// NewWriter returns a writer of one file into w. Close finishes the file; w
// stays open.
func NewWriter[T any](w io.Writer, opts *Options) (wr *Writer[T], err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("columnar: %v", p)
		}
	}()
	o, err := opts.checked()
	if err != nil {
		return nil, err
	}
	fields, err := fieldsOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	sf := make([]reflect.StructField, len(fields))
	for i, f := range fields {
		tag := f.name
		if f.optional {
			tag += ",optional"
		}
		t := map[kind]reflect.Type{kindBool: reflect.TypeFor[bool](), kindInt32: reflect.TypeFor[int32](), kindInt64: reflect.TypeFor[int64](), kindFloat64: reflect.TypeFor[float64](), kindString: reflect.TypeFor[string](), kindDate: reflect.TypeFor[int32](), kindTimestamp: reflect.TypeFor[int64]()}[f.kind]
		switch f.kind {
		case kindDate:
			tag += ",date"
		case kindTimestamp:
			tag += ",timestamp(microsecond:local)"
		}
		sf[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: t, Tag: reflect.StructTag(fmt.Sprintf("parquet:%q", tag))}
	}
	schema := parquet.SchemaOf(reflect.New(reflect.StructOf(sf)).Elem().Interface())
	po := []parquet.WriterOption{schema, parquet.MaxRowsPerRowGroup(int64(o.RowsPerGroup)), parquet.Compression(&parquet.Zstd)}
	for _, m := range o.Metadata {
		po = append(po, parquet.KeyValueMetadata(m.Key, m.Value))
	}
	return &Writer[T]{w: parquet.NewGenericWriter[T](w, po...)}, nil
}

// Write adds rows to the file and keeps nothing of them.
func (w *Writer[T]) Write(rows []T) error {
	n, err := w.w.Write(rows)
	w.rows += int64(n)
	return err
}

// Rows returns the number of rows written.
func (w *Writer[T]) Rows() int64 { return w.rows }

// Close finishes the file.
func (w *Writer[T]) Close() error { return w.w.Close() }
