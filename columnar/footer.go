package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// maxFooter bounds the description at the end of a file.
const maxFooter = 64 << 20

// fileDesc is what the footer of a file says, as far as it matters here.
type fileDesc struct {
	rows      int64
	columns   []columnDesc
	groups    []groupDesc
	metadata  []Metadata
	createdBy string
	dataEnd   int64 // where the pages end and the footer starts
}

// columnDesc describes a column at the top level of the schema.
type columnDesc struct {
	name     string
	leaf     int // the place of the column's chunk in a row group
	nested   bool
	repeated bool
	optional bool
	physical format.Type
	length   int // bytes of a value of fixed length
	logical  logicalType
	// element describes the values of a list of scalars: optional says whether they
	// may be NULL.
	element *columnDesc
}

// meaning is what the values of a column stand for.
type meaning uint8

const (
	meansItself meaning = iota
	meansText
	meansDecimal
	meansDate
	meansTime
	meansTimestamp
	meansInteger
	meansUUID
	meansOther
)

type logicalType struct {
	meaning   meaning
	scale     int
	precision int
	unit      int64 // of a time: parts of a second
	utc       bool
	bits      int
	unsigned  bool
	name      string // of meansOther
}

type groupDesc struct {
	rows   int64
	chunks []chunkDesc
}

type chunkDesc struct {
	physical   format.Type
	codec      format.CompressionCodec
	values     int64
	size       int64
	dataPage   int64
	dictPage   int64
	encrypted  bool
	otherFile  bool
	hasDetails bool
}

// readFooter reads and checks the description of a file.
func readFooter(r io.ReaderAt, size int64) (*fileDesc, error) {
	var tail [8]byte
	if size < int64(len(magic)+len(tail)) {
		return nil, errors.New("want a Parquet file, have too few bytes")
	}
	if err := readFull(r, tail[:], size-int64(len(tail))); err != nil {
		return nil, err
	}
	switch string(tail[4:]) {
	case magic:
	case "PARE":
		return nil, errors.New("want a Parquet file that is not encrypted")
	default:
		return nil, errors.New("want a Parquet file, whose last four bytes are PAR1")
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if length > size-int64(len(magic)+len(tail)) {
		return nil, fmt.Errorf("want a footer inside the file, have %d bytes declared", length)
	}
	if length > maxFooter {
		return nil, fmt.Errorf("want a footer of at most %d bytes, have %d", maxFooter, length)
	}
	b := make([]byte, length)
	d := &fileDesc{dataEnd: size - int64(len(tail)) - length}
	if err := readFull(r, b, d.dataEnd); err != nil {
		return nil, err
	}
	t := &thriftReader{b: b}
	var schema []schemaElement
	d.read(t, &schema)
	if t.err != nil {
		return nil, fmt.Errorf("footer: %w", t.err)
	}
	leaves, err := d.setColumns(schema)
	if err != nil {
		return nil, fmt.Errorf("footer: %w", err)
	}
	return d, d.check(leaves)
}

func readFull(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case err == nil || err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}

func (d *fileDesc) check(leaves int) error {
	var rows int64
	for i, g := range d.groups {
		if g.rows < 0 || len(g.chunks) != leaves {
			return fmt.Errorf("footer: row group %d: want %d columns and a number of rows, have %d", i, leaves, len(g.chunks))
		}
		rows += g.rows
	}
	if rows != d.rows {
		return fmt.Errorf("footer: want %d rows in all groups, have %d", d.rows, rows)
	}
	return nil
}

// parquet.thrift, FileMetaData.
func (d *fileDesc) read(t *thriftReader, schema *[]schemaElement) {
	t.structure(func(id int, typ byte) {
		switch {
		case id == 2 && typ == thriftList:
			t.list(func(byte) { *schema = append(*schema, readElement(t)) })
		case id == 3 && typ == thriftI64:
			d.rows = t.int()
		case id == 4 && typ == thriftList:
			t.list(func(byte) { d.groups = append(d.groups, readGroup(t)) })
		case id == 5 && typ == thriftList:
			t.list(func(byte) { d.metadata = append(d.metadata, readMetadata(t)) })
		case id == 6 && typ == thriftBinary:
			d.createdBy = t.string()
		default:
			t.skip(typ)
		}
	})
}

func readMetadata(t *thriftReader) (m Metadata) {
	t.structure(func(id int, typ byte) {
		switch {
		case id == 1 && typ == thriftBinary:
			m.Key = t.string()
		case id == 2 && typ == thriftBinary:
			m.Value = t.string()
		default:
			t.skip(typ)
		}
	})
	return m
}

func readGroup(t *thriftReader) (g groupDesc) {
	t.structure(func(id int, typ byte) {
		switch {
		case id == 1 && typ == thriftList:
			t.list(func(byte) { g.chunks = append(g.chunks, readChunk(t)) })
		case id == 3 && typ == thriftI64:
			g.rows = t.int()
		default:
			t.skip(typ)
		}
	})
	return g
}

func readChunk(t *thriftReader) (c chunkDesc) {
	t.structure(func(id int, typ byte) {
		switch {
		case id == 1 && typ == thriftBinary:
			c.otherFile = len(t.binary()) > 0
		case id == 3 && typ == thriftStruct:
			c.hasDetails = true
			readChunkDetails(t, &c)
		case id == 8 || id == 9:
			c.encrypted = true
			t.skip(typ)
		default:
			t.skip(typ)
		}
	})
	return c
}

// parquet.thrift, ColumnMetaData.
func readChunkDetails(t *thriftReader, c *chunkDesc) {
	t.structure(func(id int, typ byte) {
		switch {
		case id == 1 && typ == thriftI32:
			c.physical = format.Type(t.int32())
		case id == 4 && typ == thriftI32:
			c.codec = format.CompressionCodec(t.int32())
		case id == 5 && typ == thriftI64:
			c.values = t.int()
		case id == 7 && typ == thriftI64:
			c.size = t.int()
		case id == 9 && typ == thriftI64:
			c.dataPage = t.int()
		case id == 11 && typ == thriftI64:
			c.dictPage = t.int()
		default:
			t.skip(typ)
		}
	})
}

// schemaElement is one node of the schema, which lists its nodes depth first.
type schemaElement struct {
	columnDesc
	children int
}

// parquet.thrift, SchemaElement.
func readElement(t *thriftReader) (e schemaElement) {
	e.physical = -1
	converted, scale, precision := int32(-1), 0, 0
	t.structure(func(id int, typ byte) {
		switch {
		case id == 1 && typ == thriftI32:
			e.physical = format.Type(t.int32())
		case id == 2 && typ == thriftI32:
			e.length = int(t.int32())
		case id == 3 && typ == thriftI32:
			r := format.FieldRepetitionType(t.int32())
			e.optional, e.repeated = r == format.Optional, r == format.Repeated
		case id == 4 && typ == thriftBinary:
			e.name = t.string()
		case id == 5 && typ == thriftI32:
			e.children = int(t.int32())
		case id == 6 && typ == thriftI32:
			converted = t.int32()
		case id == 7 && typ == thriftI32:
			scale = int(t.int32())
		case id == 8 && typ == thriftI32:
			precision = int(t.int32())
		case id == 10 && typ == thriftStruct:
			e.logical = readLogical(t)
		default:
			t.skip(typ)
		}
	})
	if e.logical.meaning == meansItself && converted >= 0 {
		e.logical = convertedType(converted, scale, precision)
	}
	return e
}

// setColumns takes the columns at the top level of the schema and returns the
// number of leaves.
func (d *fileDesc) setColumns(schema []schemaElement) (leaves int, err error) {
	if len(schema) == 0 || schema[0].children < 0 || schema[0].children > len(schema)-1 {
		return 0, errors.New("want a schema")
	}
	at := 1
	for range schema[0].children {
		if at >= len(schema) {
			return 0, errors.New("want a whole schema")
		}
		c := schema[at].columnDesc
		c.leaf, c.nested = leaves, schema[at].children > 0
		if !c.nested && (c.physical < format.Boolean || c.physical > format.FixedLenByteArray) {
			return 0, errors.New("want a column type that Parquet knows")
		}
		c.element = elementOf(schema[at:])
		d.columns = append(d.columns, c)
		for pending := 1; pending > 0; at++ {
			if at >= len(schema) || schema[at].children < 0 || schema[at].children > len(schema) {
				return 0, errors.New("want a whole schema")
			}
			pending += schema[at].children - 1
			if schema[at].children == 0 {
				leaves++
			}
		}
	}
	return leaves, nil
}

// elementOf returns the values of a list of scalars in one of the forms of
// Parquet, LogicalTypes.md, "Lists": a group around a repeated group around a leaf,
// a group around a repeated leaf, or a repeated leaf alone. The first of schema is
// the column.
func elementOf(schema []schemaElement) *columnDesc {
	at := 0
	if !schema[0].repeated {
		isList := schema[0].logical.name == "list"
		if !isList || schema[0].children != 1 || len(schema) < 2 || !schema[1].repeated {
			return nil
		}
		at = 1
		if schema[1].children == 1 {
			at = 2
		}
	}
	if at >= len(schema) || schema[at].children != 0 || at == 2 && schema[2].repeated {
		return nil
	}
	e := schema[at].columnDesc
	if e.physical < format.Boolean || e.physical > format.FixedLenByteArray {
		return nil
	}
	if e.repeated = false; at < 2 {
		e.optional = false
	}
	return &e
}

// chunkColumn returns the column whose values a chunk has: of a list its values.
func (c *columnDesc) chunkColumn() *columnDesc {
	if c.element != nil {
		return c.element
	}
	return c
}
