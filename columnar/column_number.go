package columnar

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"unsafe"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// mode is how the next page of a column is encoded.
type mode uint8

const (
	undecided mode = iota // the first page of the chunk decides
	byPlain
	byDelta
	byDict
)

// numberColumn collects int32, int64, Date, Timestamp and short decimal values, and
// float64 values as their bits.
type numberColumn[V int32 | int64] struct {
	field
	chunk
	mode    mode
	rows    int    // rows of the open page
	valid   bitmap // of the open page, when the column is optional
	values  []V    // the values of the open page that are not null
	dict    numberDict[V]
	noted   bool // low and high hold the bounds of the pages without dictionary
	low     V
	high    V
	notANum bool
}

func (c *numberColumn[V]) buffer() *chunk { return &c.chunk }

func (c *numberColumn[V]) full() bool { return len(c.values) >= pageValues }

func (c *numberColumn[V]) reset() {
	c.chunk.reset()
	c.dict.reset()
	c.clearPage()
	c.mode, c.noted, c.notANum = undecided, false, false
}

func (c *numberColumn[V]) clearPage() {
	c.rows, c.values = 0, c.values[:0]
	c.valid.reset()
}

func (c *numberColumn[V]) add(rows unsafe.Pointer, stride uintptr, n int) error {
	if !c.direct() {
		return c.addEach(rows, stride, n)
	}
	c.rows += n
	k := len(c.values)
	c.values = slices.Grow(c.values, n)
	values := c.values[k : k+n]
	at := unsafe.Add(rows, c.offset)
	if !c.optional {
		for i := range values {
			values[i] = *(*V)(at)
			at = next(at, stride, i, n)
		}
		c.values = c.values[:k+n]
		return nil
	}
	filled := 0
	for start := 0; start < n; start += 64 {
		var set uint64
		part := min(64, n-start)
		for i := range part {
			if p := *(**V)(at); p != nil {
				values[filled] = *p
				filled++
				set |= 1 << uint(i)
			}
			at = next(at, stride, start+i, n)
		}
		c.valid.append(set, part)
	}
	c.values = c.values[:k+filled]
	return nil
}

// next returns the address of the field in the following row, but never one
// past the last row.
func next(at unsafe.Pointer, stride uintptr, i, n int) unsafe.Pointer {
	if i+1 < n {
		return unsafe.Add(at, stride)
	}
	return at
}

func (c *numberColumn[V]) levels() *bitmap {
	if c.optional {
		return &c.valid
	}
	return nil
}

func (c *numberColumn[V]) endPage(s *scratch) error {
	if c.rows == 0 {
		return nil
	}
	defer c.clearPage()
	if len(c.values) == 0 {
		return c.addPage(s, c.levels(), c.rows, format.Plain, nil)
	}
	if c.mode == undecided {
		c.decide(s)
	} else if c.mode == byDict {
		var ok bool
		if s.indices, ok = c.dict.index(c.values, s.indices, maxDictValues); !ok {
			c.mode = c.withoutDict()
		}
	}
	if c.mode == byDict {
		if err := s.encodeIndices(s.indices); err != nil {
			return err
		}
		return c.addPage(s, c.levels(), c.rows, format.RLEDictionary, s.values)
	}
	c.note()
	if c.mode == byDelta {
		if err := encodeDelta(s, c.values); err != nil {
			return err
		}
		return c.addPage(s, c.levels(), c.rows, format.DeltaBinaryPacked, s.values)
	}
	return c.addPage(s, c.levels(), c.rows, format.Plain, plainBytes(c.values))
}

// withoutDict returns the encoding of a column that has too many different
// values for a dictionary.
func (c *numberColumn[V]) withoutDict() mode {
	if c.kind == kindFloat64 {
		return byPlain
	}
	return byDelta
}

// decide picks the encoding of the chunk by the values of its first page. When
// it picks the dictionary, s.indices holds the page.
func (c *numberColumn[V]) decide(s *scratch) {
	switch c.hint {
	case hintPlain:
		c.mode = byPlain
		return
	case hintDelta:
		c.mode = byDelta
		return
	}
	c.mode = c.withoutDict()
	if c.hint == hintNone && (c.kind == kindDate || c.kind == kindTimestamp || c.kind == kindInstant) {
		return
	}
	var ok bool
	if s.indices, ok = c.dict.index(c.values, s.indices, len(c.values)/2); !ok {
		c.dict.reset()
		return
	}
	if c.hint == hintNone && c.mode == byDelta {
		width := bits.Len(uint(len(c.dict.values)))
		if err := encodeDelta(s, c.values); err == nil && len(s.values) <= len(c.values)*width/8+len(c.dict.values)*int(unsafe.Sizeof(c.low)) {
			c.dict.reset()
			return
		}
	}
	c.mode = byDict
}

func (c *numberColumn[V]) finish(s *scratch) error {
	if err := c.endPage(s); err != nil {
		return err
	}
	if len(c.dict.values) > 0 {
		if err := c.setDictionary(s, len(c.dict.values), plainBytes(c.dict.values)); err != nil {
			return err
		}
		c.values = append(c.values, c.dict.values...)
		c.note()
		c.clearPage()
	}
	if c.noted && !c.notANum {
		c.min, c.max = c.bound(c.low, true), c.bound(c.high, false)
	}
	return nil
}

// note widens the bounds by the values at hand.
func (c *numberColumn[V]) note() {
	if c.kind == kindFloat64 {
		for _, v := range c.values {
			f := math.Float64frombits(uint64(v))
			switch {
			case f != f:
				c.notANum = true
			case !c.noted:
				c.low, c.high, c.noted = v, v, true
			case f < math.Float64frombits(uint64(c.low)):
				c.low = v
			case f > math.Float64frombits(uint64(c.high)):
				c.high = v
			}
		}
		return
	}
	low, high := c.values[0], c.values[0]
	for _, v := range c.values {
		low, high = min(low, v), max(high, v)
	}
	if c.noted {
		low, high = min(low, c.low), max(high, c.high)
	}
	c.low, c.high, c.noted = low, high, true
}

// bound returns v in PLAIN form. A zero float bounds both zeros
// (parquet.thrift, ColumnOrder).
func (c *numberColumn[V]) bound(v V, lowest bool) []byte {
	if unsafe.Sizeof(v) == 4 {
		return binary.LittleEndian.AppendUint32(nil, uint32(v))
	}
	u := uint64(v)
	if c.kind == kindFloat64 && math.Float64frombits(u) == 0 {
		u = 0
		if lowest {
			u = 1 << 63
		}
	}
	return binary.LittleEndian.AppendUint64(nil, u)
}

// numberDict numbers the different values of a chunk in order of appearance.
type numberDict[V int32 | int64] struct {
	values []V
	table  []dictEntry[V] // open addressing; a power of two, at most half full
	shift  uint
}

type dictEntry[V int32 | int64] struct {
	value V
	index int32 // plus one; zero is an empty place
}

const minTable = 64

func (d *numberDict[V]) reset() {
	if len(d.values) > 0 {
		clear(d.table)
	}
	d.values = d.values[:0]
}

// index replaces dst by the numbers of the values. It gives up when the
// dictionary would grow beyond limit values.
func (d *numberDict[V]) index(values []V, dst []int32, limit int) ([]int32, bool) {
	dst = slices.Grow(dst[:0], len(values))[:len(values)]
	if len(d.table) == 0 {
		d.grow(minTable)
	}
	var last V
	number := int32(-1)
	for i, v := range values {
		if v == last && number >= 0 {
			dst[i] = number
			continue
		}
		h := hashNumber(v) >> d.shift
		for {
			e := &d.table[h&uint64(len(d.table)-1)]
			if e.index == 0 {
				if len(d.values) >= limit {
					return dst, false
				}
				d.values = append(d.values, v)
				number = int32(len(d.values)) - 1
				e.value, e.index = v, number+1
				if 2*len(d.values) > len(d.table) {
					d.grow(2 * len(d.table))
				}
				break
			}
			if e.value == v {
				number = e.index - 1
				break
			}
			h++
		}
		last = v
		dst[i] = number
	}
	return dst, true
}

func hashNumber[V int32 | int64](v V) uint64 {
	h := uint64(v) * 0x9e3779b97f4a7c15
	return (h ^ h>>32) * 0xd6e8feb86659fd93
}

func (d *numberDict[V]) grow(size int) {
	d.table = make([]dictEntry[V], size)
	d.shift = uint(64 - bits.Len(uint(size-1)))
	for i, v := range d.values {
		h := hashNumber(v) >> d.shift
		for d.table[h&uint64(size-1)].index != 0 {
			h++
		}
		d.table[h&uint64(size-1)] = dictEntry[V]{v, int32(i) + 1}
	}
}

// encodeIndices makes s.values the body of a data page of dictionary numbers:
// the width of a number in one byte, then runs.
func (s *scratch) encodeIndices(indices []int32) (err error) {
	var all int32
	for _, x := range indices {
		all |= x
	}
	e := rle.Encoding{BitWidth: max(1, bits.Len32(uint32(all)))}
	if s.runs, err = e.EncodeInt32(s.runs, indices); err != nil {
		return err
	}
	s.values = append(append(s.values[:0], byte(e.BitWidth)), s.runs...)
	return nil
}

// encodeDelta makes s.values the body of a data page of differences.
func encodeDelta[V int32 | int64](s *scratch, values []V) (err error) {
	var e delta.BinaryPackedEncoding
	if v, ok := any(values).([]int32); ok {
		s.values, err = e.EncodeInt32(s.values, v)
	} else {
		s.values, err = e.EncodeInt64(s.values, any(values).([]int64))
	}
	return err
}

// plainBytes returns the values in PLAIN form: little-endian, one after the
// other.
func plainBytes[V int32 | int64](values []V) []byte {
	if len(values) == 0 {
		return nil
	}
	size := int(unsafe.Sizeof(values[0]))
	if littleEndian {
		return unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), len(values)*size)
	}
	b := make([]byte, 0, len(values)*size)
	for _, v := range values {
		if size == 4 {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		} else {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	}
	return b
}

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1
