package columnar

import (
	"hash/crc32"
	"unsafe"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The measure of a data page: it ends at the next multiple of sliceRows rows
// once it holds pageValues values, or as soon as it holds pageBytes of text.
const (
	sliceRows  = 512
	pageValues = 30 << 10
	pageBytes  = 1 << 20
)

// The measure of a dictionary: beyond it the rest of a chunk does without.
const (
	maxDictValues = 64 << 10
	maxDictBytes  = 1 << 20
)

// column collects the values of one column of a row group and encodes them
// page by page.
type column interface {
	// add takes the values of n rows of a struct that is stride bytes long.
	add(rows unsafe.Pointer, stride uintptr, n int) error
	// addVector takes n values of a vector.
	addVector(v *Vector, from, n int) error
	// full says whether the open page should end.
	full() bool
	// endPage encodes the open page, if it holds rows.
	endPage(s *scratch) error
	// finish ends the chunk: its bytes and its description are in buffer.
	finish(s *scratch) error
	buffer() *chunk
	reset()
}

// newColumn returns the column of a field.
func newColumn(f field, c Compression) column {
	if f.list {
		return &listColumn{field: f, chunk: chunk{compression: c}}
	}
	switch f.physical() {
	case format.Boolean:
		return &boolColumn{field: f, chunk: chunk{compression: c}}
	case format.ByteArray:
		return &stringColumn{field: f, chunk: chunk{compression: c}}
	case format.Int32:
		return &numberColumn[int32]{field: f, chunk: chunk{compression: c}}
	}
	return &numberColumn[int64]{field: f, chunk: chunk{compression: c}}
}

// scratch is the working space that the columns of a group share.
type scratch struct {
	body    []byte // the page before compression
	encoded []byte
	bits    []byte
	runs    []byte
	values  []byte // the values of a page in encoded form
	indices []int32
	thrift  thrift.CompactProtocol
}

// chunk holds the encoded pages of one column of a row group.
type chunk struct {
	compression  Compression
	dict         []byte // the dictionary page with its header, or nothing
	pages        []byte // the data pages with their headers
	uncompressed int64  // bytes of all pages with headers, before compression
	values       int64  // values and nulls
	nulls        int64
	stats        []format.PageEncodingStats
	min, max     []byte // bounds in PLAIN form; nil when unknown
}

func (c *chunk) reset() {
	*c = chunk{compression: c.compression, dict: c.dict[:0], pages: c.pages[:0], stats: c.stats[:0]}
}

// size returns the number of bytes that the chunk takes in the file.
func (c *chunk) size() int { return len(c.dict) + len(c.pages) }

func (c *chunk) count(p format.PageType, e format.Encoding) {
	for i := range c.stats {
		if c.stats[i].PageType == p && c.stats[i].Encoding == e {
			c.stats[i].Count++
			return
		}
	}
	c.stats = append(c.stats, format.PageEncodingStats{PageType: p, Encoding: e, Count: 1})
}

// addPage ends a data page with the given values, which may be empty; levels
// is nil for a column without nulls.
func (c *chunk) addPage(s *scratch, levels *bitmap, rows int, e format.Encoding, values []byte) (err error) {
	body, nulls := values, int64(0)
	if levels != nil {
		s.body, s.bits = appendLevels(s.body[:0], levels, s.bits)
		s.body = append(s.body, values...)
		body = s.body
		nulls = int64(levels.n - levels.ones)
		c.nulls += nulls
	}
	c.values += int64(rows)
	c.count(format.DataPage, e)
	h := format.PageHeader{Type: format.DataPage}
	h.DataPageHeader = thrift.New(format.DataPageHeader{
		NumValues:               int32(rows),
		Encoding:                e,
		DefinitionLevelEncoding: format.RLE,
		RepetitionLevelEncoding: format.RLE,
		Statistics:              format.Statistics{NullCount: nulls},
	})
	c.pages, err = c.appendPage(c.pages, s, &h, body)
	return err
}

func (c *chunk) setDictionary(s *scratch, values int, body []byte) (err error) {
	c.count(format.DictionaryPage, format.Plain)
	h := format.PageHeader{Type: format.DictionaryPage}
	h.DictionaryPageHeader = thrift.New(format.DictionaryPageHeader{NumValues: int32(values), Encoding: format.Plain})
	c.dict, err = c.appendPage(c.dict[:0], s, &h, body)
	return err
}

func (c *chunk) appendPage(dst []byte, s *scratch, h *format.PageHeader, body []byte) (_ []byte, err error) {
	if s.encoded, err = c.compression.compress(s.encoded[:0], body); err != nil {
		return dst, err
	}
	h.UncompressedPageSize = int32(len(body))
	h.CompressedPageSize = int32(len(s.encoded))
	h.CRC = int32(crc32.ChecksumIEEE(s.encoded))
	head, err := thrift.Marshal(&s.thrift, h)
	if err != nil {
		return dst, err
	}
	c.uncompressed += int64(len(head) + len(body))
	return append(append(dst, head...), s.encoded...), nil
}
