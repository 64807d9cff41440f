package columnar

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"
	"unsafe"

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

// maxList is how many values a list holds at most.
const maxList = 1 << 20

var errLongList = fmt.Errorf("want at most %d values in a list", maxList)

// listColumn collects lists of scalars. Values are PLAIN: lists stand in small
// tables.
type listColumn struct {
	field
	chunk
	rows       int
	nullLevels int
	repeated   []byte // levels of the open page
	defined    []byte
	plain      []byte
	bools      bitmap
	text       []byte // of one value
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
	c.bools.reset()
}

// sliceHeader is a slice of any type.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

func (c *listColumn) add(rows unsafe.Pointer, stride uintptr, n int) error {
	at := unsafe.Add(rows, c.offset)
	for i := range n {
		c.rows++
		list := (*sliceHeader)(at)
		switch {
		case list.data == nil:
			c.level(0, noList)
		case list.len == 0:
			c.level(0, emptyList)
		case list.len > maxList:
			return fmt.Errorf("%s: %w", c.name, errLongList)
		}
		for k := range list.len {
			if err := c.addElement(unsafe.Add(list.data, uintptr(k)*c.codec.size), k > 0); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		at = next(at, stride, i, n)
	}
	return nil
}

func (c *listColumn) addElement(at unsafe.Pointer, more bool) error {
	repeated := byte(0)
	if more {
		repeated = 1
	}
	if !c.codec.load(&at) {
		c.level(repeated, nullInList)
		return nil
	}
	c.level(repeated, valueInList)
	if c.codec.number != nil {
		x, err := c.codec.number(at)
		c.number(x)
		return err
	}
	b, ok, err := c.codec.appendText(c.text[:0], at)
	if c.text = b; err != nil {
		return err
	}
	if !ok {
		c.defined[len(c.defined)-1] = nullInList
		c.nullLevels++
		return nil
	}
	return c.put(b)
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
			if v.kind != TextListColumn {
				c.number(v.numbers[k])
			} else if err := c.put(v.textAt(int(k))); err != nil {
				return fmt.Errorf("row %d, %s: %w", i, c.name, err)
			}
		}
	}
	return nil
}

// number adds a value that is kept as a number.
func (c *listColumn) number(x int64) {
	switch c.physical() {
	case format.Boolean:
		c.bools.append(uint64(x)&1, 1)
	case format.Int32:
		c.plain = binary.LittleEndian.AppendUint32(c.plain, uint32(x))
	default:
		c.plain = binary.LittleEndian.AppendUint64(c.plain, uint64(x))
	}
}

// put adds a value that is kept as text.
func (c *listColumn) put(text []byte) error {
	if len(text) > maxText || !c.binary() && !utf8.Valid(text) {
		return fmt.Errorf("want text in UTF-8 of at most %d bytes", maxText)
	}
	c.plain = binary.LittleEndian.AppendUint32(c.plain, uint32(len(text)))
	c.plain = append(c.plain, text...)
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
	if c.kind == kindBool {
		s.body = c.bools.appendBytes(s.body)
	}
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

// Numbers adds a list of a column that is neither text nor float64, each value in
// the form of Number; none is the empty list, not NULL.
func (v *Vector) Numbers(list []int64) {
	v.set = append(v.set, true)
	v.numbers = append(v.numbers, list...)
	v.lists = append(v.lists, uint32(len(v.numbers)))
}

// TextsAt returns the list of row i of a TextListColumn, and false for a NULL. The
// texts are good until the next change.
func (v *Vector) TextsAt(i int) ([][]byte, bool) {
	if !v.set[i] {
		return nil, false
	}
	start, end := v.listAt(i)
	list := make([][]byte, 0, end-start)
	for k := start; k < end; k++ {
		list = append(list, v.textAt(int(k)))
	}
	return list, true
}

// NumbersAt returns the list of row i of a column of lists that is not text, each
// value in the form of Number, good until the next change; false for a NULL.
func (v *Vector) NumbersAt(i int) ([]int64, bool) {
	start, end := v.listAt(i)
	return v.numbers[start:end], v.set[i]
}

// truncateLists drops the lists from row n on.
func (v *Vector) truncateLists(n int) {
	v.set, v.lists = v.set[:n], v.lists[:n]
	end := uint32(0)
	if n > 0 {
		end = v.lists[n-1]
	}
	if v.kind != TextListColumn {
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
