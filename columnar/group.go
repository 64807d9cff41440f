package columnar

import (
	"fmt"
	"unsafe"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Group is one row group in the making, apart from any file: several goroutines
// may each fill and Finish a Group, and one appends them to a Writer in order.
// A Group is not safe for concurrent use.
type Group[T any] struct {
	fields   []field
	limit    int
	columns  []column
	rows     int
	scratch  scratch
	finished bool
	failed   error
}

func newGroup[T any](fields []field, o *Options) *Group[T] {
	g := &Group[T]{fields: fields, limit: o.RowsPerGroup, columns: make([]column, len(fields))}
	for i, f := range fields {
		g.columns[i] = newColumn(f, o.Compression)
	}
	return g
}

// Rows returns the number of rows in the group.
func (g *Group[T]) Rows() int { return g.rows }

// Room returns the number of rows that the group still takes.
func (g *Group[T]) Room() int {
	if g.finished {
		return 0
	}
	return g.limit - g.rows
}

// Write adds rows, at most Room, and keeps nothing of them. After an error the
// group is of no more use.
func (g *Group[T]) Write(rows []T) (err error) {
	if g.failed != nil {
		return g.failed
	}
	if len(rows) > g.Room() {
		return fmt.Errorf("columnar: want at most %d more rows in the group, have %d", g.Room(), len(rows))
	}
	defer func() { g.failed = err }()
	defer recoverAs(&err)
	for len(rows) > 0 {
		n := min(len(rows), sliceRows-g.rows%sliceRows)
		if err := g.add(rows[:n]); err != nil {
			return fmt.Errorf("columnar: %w", err)
		}
		rows = rows[n:]
	}
	return nil
}

// add takes rows up to the next multiple of sliceRows, so that pages end at
// the same rows whatever the batches of the caller.
func (g *Group[T]) add(rows []T) error {
	g.rows += len(rows)
	for _, c := range g.columns {
		if err := c.add(unsafe.Pointer(&rows[0]), unsafe.Sizeof(rows[0]), len(rows)); err != nil {
			return err
		}
		if g.rows%sliceRows == 0 && c.full() {
			if err := c.endPage(&g.scratch); err != nil {
				return err
			}
		}
	}
	return nil
}

// Finish encodes what is still open, so that Append only copies bytes. Calling
// it is optional. After it the group takes no more rows.
func (g *Group[T]) Finish() (err error) {
	if g.finished || g.failed != nil {
		return g.failed
	}
	defer func() { g.failed = err }()
	defer recoverAs(&err)
	for _, c := range g.columns {
		if err := c.finish(&g.scratch); err != nil {
			return fmt.Errorf("columnar: %w", err)
		}
	}
	g.finished = true
	return nil
}

// Reset empties the group for new rows and keeps its memory.
func (g *Group[T]) Reset() {
	for _, c := range g.columns {
		c.reset()
	}
	g.rows, g.finished, g.failed = 0, false, nil
}

// describe returns the description of the finished group whose first byte is
// at offset of the file.
func (g *Group[T]) describe(offset int64, ordinal int) format.RowGroup {
	rg := format.RowGroup{
		Columns:    make(thrift.Slice[format.ColumnChunk], len(g.columns)),
		NumRows:    int64(g.rows),
		FileOffset: offset,
		Ordinal:    int16(min(ordinal, 1<<15-1)),
	}
	for i, c := range g.columns {
		b, f := c.buffer(), &g.fields[i]
		size := int64(b.size())
		m := format.ColumnMetaData{
			Type:                  f.physical(),
			PathInSchema:          f.path(),
			Codec:                 b.compression.codec(),
			NumValues:             b.values,
			TotalUncompressedSize: b.uncompressed,
			TotalCompressedSize:   size,
			DataPageOffset:        offset + int64(len(b.dict)),
			Statistics:            format.Statistics{NullCount: b.nulls, MinValue: b.min, MaxValue: b.max},
			EncodingStats:         append(thrift.Slice[format.PageEncodingStats](nil), b.stats...),
		}
		if len(b.dict) > 0 {
			m.DictionaryPageOffset = offset
		}
		m.Encoding = thrift.Slice[format.Encoding]{format.RLE}
		for _, s := range b.stats {
			if !contains(m.Encoding, s.Encoding) {
				m.Encoding = append(m.Encoding, s.Encoding)
			}
		}
		rg.Columns[i] = format.ColumnChunk{MetaData: m}
		rg.TotalByteSize += b.uncompressed
		rg.TotalCompressedSize += size
		offset += size
	}
	return rg
}

func contains(list []format.Encoding, e format.Encoding) bool {
	for _, x := range list {
		if x == e {
			return true
		}
	}
	return false
}

// recoverAs turns a panic of the libraries behind this package into an error.
func recoverAs(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("columnar: internal failure: %v", p)
	}
}
