package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
	"unsafe"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The definition levels of a list (Parquet, LogicalTypes.md, "Lists"): the list and
// what is in it may be NULL.
const (
	noList = iota
	emptyList
	nullInList
	valueInList
)

// listColumn collects lists of text or float64, which only a Batch has. Values are
// PLAIN: lists stand in small tables.
type listColumn struct {
	field
	chunk
	rows       int
	nullLevels int
	repeated   []byte // levels of the open page
	defined    []byte
	plain      []byte
}

func (c *listColumn) buffer() *chunk { return &c.chunk }

func (c *listColumn) full() bool { return len(c.defined) >= pageValues || len(c.plain) >= pageBytes }

func (c *listColumn) reset() {
	c.chunk.reset()
	c.clearPage()
}

func (c *listColumn) clearPage() {
	c.rows, c.nullLevels = 0, 0
	c.repeated, c.defined, c.plain = c.repeated[:0], c.defined[:0], c.plain[:0]
}

func (c *listColumn) add(unsafe.Pointer, uintptr, int) error {
	return errors.New("want lists in batches only")
}

func (c *listColumn) addVector(v *Vector, from, n int) error {
	for i := from; i < from+n; i++ {
		c.rows++
		start, end := v.listAt(i)
		switch {
		case !v.set[i]:
			c.level(0, noList)
		case start == end:
			c.level(0, emptyList)
		}
		for k := start; k < end; k++ {
			repeated := byte(1)
			if k == start {
				repeated = 0
			}
			c.level(repeated, valueInList)
			if v.kind == Float64ListColumn {
				c.plain = binary.LittleEndian.AppendUint64(c.plain, uint64(v.numbers[k]))
				continue
			}
			text := v.textAt(int(k))
			if len(text) > maxText || !utf8.Valid(text) {
				return fmt.Errorf("row %d, %s: want text in UTF-8 of at most %d bytes", i, c.name, maxText)
			}
			c.plain = binary.LittleEndian.AppendUint32(c.plain, uint32(len(text)))
			c.plain = append(c.plain, text...)
		}
	}
	return nil
}

func (c *listColumn) level(repeated, defined byte) {
	c.repeated = append(c.repeated, repeated)
	c.defined = append(c.defined, defined)
	if defined != valueInList {
		c.nullLevels++
	}
}

func (c *listColumn) endPage(s *scratch) (err error) {
	if c.rows == 0 {
		return nil
	}
	defer c.clearPage()
	s.body = appendLevelRuns(s.body[:0], c.repeated)
	s.body = appendLevelRuns(s.body, c.defined)
	s.body = append(s.body, c.plain...)
	c.chunk.values += int64(len(c.defined))
	c.chunk.nulls += int64(c.nullLevels)
	c.count(format.DataPage, format.Plain)
	h := format.PageHeader{Type: format.DataPage}
	h.DataPageHeader = thrift.New(format.DataPageHeader{
		NumValues:               int32(len(c.defined)),
		Encoding:                format.Plain,
		DefinitionLevelEncoding: format.RLE,
		RepetitionLevelEncoding: format.RLE,
		Statistics:              format.Statistics{NullCount: int64(c.nullLevels)},
	})
	c.pages, err = c.appendPage(c.pages, s, &h, s.body)
	return err
}

func (c *listColumn) finish(s *scratch) error { return c.endPage(s) }

// appendLevelRuns adds levels of one or two bits in the form of a version 1 data page:
// their length, then runs of equal ones.
func appendLevelRuns(dst, levels []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for i := 0; i < len(levels); {
		j := i + 1
		for j < len(levels) && levels[j] == levels[i] {
			j++
		}
		dst = binary.AppendUvarint(dst, uint64(j-i)<<1)
		dst = append(dst, levels[i])
		i = j
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}

// isList reports whether the column holds lists.
func (k kind) isList() bool { return k == kindTextList || k == kindFloat64List }

// listElements returns the three nodes of the schema that make a list.
func (f *field) listElements(id int32) []format.SchemaElement {
	outer := format.SchemaElement{Name: f.name, RepetitionType: thrift.New(format.Optional), NumChildren: thrift.New(int32(1)), FieldID: id}
	outer.LogicalType.Value = &format.ListType{}
	outer.ConvertedType = thrift.New(deprecated.List)
	middle := format.SchemaElement{Name: "list", RepetitionType: thrift.New(format.Repeated), NumChildren: thrift.New(int32(1))}
	leaf := *f
	leaf.name, leaf.kind, leaf.optional = "element", kindString, true
	if f.kind == kindFloat64List {
		leaf.kind = kindFloat64
	}
	return []format.SchemaElement{outer, middle, leaf.element(0)}
}

// listAt returns the range of row i among the values of a list column.
func (v *Vector) listAt(i int) (start, end uint32) {
	if i > 0 {
		start = v.lists[i-1]
	}
	return start, v.lists[i]
}

func (v *Vector) textAt(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = v.ends[i-1]
	}
	return v.text[start:v.ends[i]]
}

// Texts adds a list of a TextListColumn; none is the empty list, not NULL.
func (v *Vector) Texts(list []string) {
	v.set = append(v.set, true)
	for _, s := range list {
		v.text = append(v.text, s...)
		v.ends = append(v.ends, uint32(len(v.text)))
	}
	v.lists = append(v.lists, uint32(len(v.ends)))
}

// Floats adds a list of a Float64ListColumn; none is the empty list, not NULL.
func (v *Vector) Floats(list []float64) {
	v.set = append(v.set, true)
	for _, f := range list {
		v.numbers = append(v.numbers, int64(math.Float64bits(f)))
	}
	v.lists = append(v.lists, uint32(len(v.numbers)))
}

// truncateLists drops the lists from row n on.
func (v *Vector) truncateLists(n int) {
	v.set, v.lists = v.set[:n], v.lists[:n]
	end := uint32(0)
	if n > 0 {
		end = v.lists[n-1]
	}
	if v.kind == Float64ListColumn {
		v.numbers = v.numbers[:end]
		return
	}
	v.ends = v.ends[:end]
	bytes := uint32(0)
	if end > 0 {
		bytes = v.ends[end-1]
	}
	v.text = v.text[:bytes]
}
