package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"unsafe"

	"github.com/parquet-go/parquet-go/format"
)

// maxPageHeader bounds the header of a page; it may hold two bounds.
const maxPageHeader = 16 << 20

// plainDictionary is the name that files of Parquet 1 give both dictionary
// pages, which are PLAIN, and pages of dictionary numbers.
const plainDictionary format.Encoding = 2

// readAhead is how much of a chunk is read at once, at least.
const readAhead = 32 << 10

// pageHeader is the header of a page, as far as it matters here.
type pageHeader struct {
	kind       format.PageType
	size       int // after decompression
	compressed int
	checksum   uint32
	checked    bool
	values     int
	encoding   format.Encoding
	levels     format.Encoding
	repeats    format.Encoding
	repeatLen  int // version 2: bytes of the levels
	levelLen   int
	stored     bool // version 2: the values are not compressed
}

// parquet.thrift, PageHeader.
func readPageHeader(t *thriftReader) (h pageHeader) {
	h.kind = -1
	t.structure(func(id int, typ byte) {
		switch {
		case id == 1 && typ == thriftI32:
			h.kind = format.PageType(t.int32())
		case id == 2 && typ == thriftI32:
			h.size = int(t.int32())
		case id == 3 && typ == thriftI32:
			h.compressed = int(t.int32())
		case id == 4 && typ == thriftI32:
			h.checksum, h.checked = uint32(t.int32()), true
		case id == 5 && typ == thriftStruct:
			t.structure(func(id int, typ byte) { h.readData(t, id, typ) })
		case id == 7 && typ == thriftStruct:
			t.structure(func(id int, typ byte) { h.readDictionary(t, id, typ) })
		case id == 8 && typ == thriftStruct:
			t.structure(func(id int, typ byte) { h.readData2(t, id, typ) })
		default:
			t.skip(typ)
		}
	})
	return h
}

func (h *pageHeader) readData(t *thriftReader, id int, typ byte) {
	switch {
	case id == 1 && typ == thriftI32:
		h.values = int(t.int32())
	case id == 2 && typ == thriftI32:
		h.encoding = format.Encoding(t.int32())
	case id == 3 && typ == thriftI32:
		h.levels = format.Encoding(t.int32())
	case id == 4 && typ == thriftI32:
		h.repeats = format.Encoding(t.int32())
	default:
		t.skip(typ)
	}
}

func (h *pageHeader) readDictionary(t *thriftReader, id int, typ byte) {
	switch {
	case id == 1 && typ == thriftI32:
		h.values = int(t.int32())
	case id == 2 && typ == thriftI32:
		h.encoding = format.Encoding(t.int32())
	default:
		t.skip(typ)
	}
}

func (h *pageHeader) readData2(t *thriftReader, id int, typ byte) {
	switch {
	case id == 1 && typ == thriftI32:
		h.values = int(t.int32())
	case id == 4 && typ == thriftI32:
		h.encoding = format.Encoding(t.int32())
	case id == 5 && typ == thriftI32:
		h.levelLen = int(t.int32())
	case id == 6 && typ == thriftI32:
		h.repeatLen = int(t.int32())
	case id == 7:
		h.stored = typ == thriftFalse
		t.skip(typ)
	default:
		t.skip(typ)
	}
}

// pages reads the pages of one chunk in order.
type pages struct {
	r      io.ReaderAt
	pos    int64
	end    int64
	ahead  []byte // bytes of the file from pos on
	column *columnDesc
	codec  format.CompressionCodec
	dict   *dictionary

	// The widths of the levels in bits, 0 where there are none.
	repeatWidth, levelWidth int

	left    int  // values and nulls left of the open page
	repeats runs // of the open page
	levels  runs
	values  values
}

// openPages starts on a chunk of a file whose pages end at dataEnd.
func openPages(r io.ReaderAt, c *columnDesc, d *chunkDesc, dataEnd int64) (*pages, error) {
	switch {
	case d.otherFile:
		return nil, errors.New("want the values in this file")
	case d.encrypted || !d.hasDetails:
		return nil, errors.New("want a column that is not encrypted")
	case d.physical != c.chunkColumn().physical:
		return nil, errors.New("want the type of the schema in every row group")
	}
	start := d.dataPage
	if d.dictPage > 0 && d.dictPage < start {
		start = d.dictPage
	}
	if start < int64(len(magic)) || start > dataEnd || d.size < 0 {
		return nil, errors.New("want the pages before the footer")
	}
	p := &pages{r: r, pos: start, end: min(start+d.size, dataEnd), column: c.chunkColumn(), codec: d.codec}
	if c.element != nil {
		p.repeatWidth = 1
	}
	p.levelWidth = bits.Len(uint(c.maxLevel()))
	return p, nil
}

// maxLevel returns the definition level of a value.
func (c *columnDesc) maxLevel() int {
	level := 0
	if c.optional {
		level++
	}
	if c.element != nil {
		if level++; c.element.optional {
			level++
		}
	}
	return level
}

// peek returns the next n bytes of the chunk, or all that are left of it.
func (p *pages) peek(n int) ([]byte, error) {
	if left := p.end - p.pos; int64(n) > left {
		n = int(left)
	}
	if n <= len(p.ahead) {
		return p.ahead[:n], nil
	}
	size := max(n, readAhead)
	if left := p.end - p.pos; int64(size) > left {
		size = int(left)
	}
	b := make([]byte, size)
	copied := copy(b, p.ahead)
	if err := readFull(p.r, b[copied:], p.pos+int64(copied)); err != nil {
		return nil, err
	}
	p.ahead = b
	return b[:n], nil
}

func (p *pages) skip(n int) {
	p.pos += int64(n)
	p.ahead = p.ahead[min(n, len(p.ahead)):]
}

// header reads the header of the next page.
func (p *pages) header() (pageHeader, error) {
	for size := 1 << 10; ; size *= 8 {
		b, err := p.peek(size)
		if err != nil {
			return pageHeader{}, err
		}
		t := &thriftReader{b: b}
		h := readPageHeader(t)
		if t.err == nil {
			p.skip(t.pos)
			return h, h.check()
		}
		if !errors.Is(t.err, errShort) || len(b) < size || size >= maxPageHeader {
			return h, fmt.Errorf("page header: %w", t.err)
		}
	}
}

func (h *pageHeader) check() error {
	if h.size < 0 || h.compressed < 0 || h.size > maxPage || h.compressed > maxPage {
		return fmt.Errorf("want a page of at most %d bytes", maxPage)
	}
	if h.values < 0 || h.levelLen < 0 || h.repeatLen < 0 || h.levelLen > h.compressed || h.repeatLen > h.compressed-h.levelLen {
		return errors.New("want a valid page header")
	}
	return nil
}

// next opens the next data page.
func (p *pages) next() error {
	for p.left == 0 {
		if p.pos >= p.end {
			return errors.New("want more pages")
		}
		h, err := p.header()
		if err != nil {
			return err
		}
		body, err := p.peek(h.compressed)
		if err != nil {
			return err
		}
		if len(body) < h.compressed {
			return errors.New("want the whole page inside the chunk")
		}
		p.skip(h.compressed)
		if h.checked && crc32.ChecksumIEEE(body) != h.checksum {
			return errors.New("want a page with the declared checksum")
		}
		switch h.kind {
		case format.DataPage:
			err = p.openPage(&h, body)
		case format.DataPageV2:
			err = p.openPage2(&h, body)
		case format.DictionaryPage:
			err = p.readDictionary(&h, body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *pages) openPage(h *pageHeader, body []byte) error {
	b, err := decompress(p.codec, body, h.size)
	if err != nil {
		return err
	}
	if p.repeatWidth > 0 {
		if p.repeats, b, err = openLevels(h.repeats, b, p.repeatWidth); err != nil {
			return err
		}
	}
	if p.levelWidth > 0 {
		if p.levels, b, err = openLevels(h.levels, b, p.levelWidth); err != nil {
			return err
		}
	}
	return p.openValues(h, b)
}

// openLevels takes the levels at the start of b and returns the rest.
func openLevels(e format.Encoding, b []byte, width int) (runs, []byte, error) {
	if e != format.RLE || len(b) < 4 {
		return runs{}, nil, errors.New("want definition levels in RLE")
	}
	n := binary.LittleEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return runs{}, nil, errValues
	}
	return runs{b: b[4 : 4+n], width: width}, b[4+n:], nil
}

func (p *pages) openPage2(h *pageHeader, body []byte) error {
	if h.repeatLen > 0 && p.repeatWidth == 0 {
		return errors.New("want no repetition levels")
	}
	p.repeats = runs{b: body[:h.repeatLen], width: p.repeatWidth}
	p.levels = runs{b: body[h.repeatLen : h.repeatLen+h.levelLen], width: p.levelWidth}
	b := body[h.repeatLen+h.levelLen:]
	if !h.stored {
		if h.repeatLen+h.levelLen > h.size {
			return errPageSize
		}
		var err error
		if b, err = decompress(p.codec, b, h.size-h.repeatLen-h.levelLen); err != nil {
			return err
		}
	}
	return p.openValues(h, b)
}

// openValues takes the values of a page, which may alias the bytes read ahead.
func (p *pages) openValues(h *pageHeader, b []byte) (err error) {
	p.left = h.values
	physical := p.column.physical
	isText := physical == format.ByteArray || physical == format.FixedLenByteArray
	switch h.encoding {
	case format.Plain:
		p.values = p.plain(b)
	case format.RLEDictionary, plainDictionary:
		p.values, err = p.byDictionary(b)
	case format.DeltaBinaryPacked:
		if physical != format.Int32 && physical != format.Int64 {
			return errEncoding
		}
		p.values, err = lazily(b, func() (values, error) { return newDelta(b, physical) })
	case format.DeltaLengthByteArray:
		p.values, err = lazily(b, func() (values, error) { return newLengths(b) })
	case format.DeltaByteArray:
		p.values, err = lazily(b, func() (values, error) { return newPrefixes(b) })
	case format.ByteStreamSplit:
		p.values = &splitValues{b: b, physical: physical}
	case format.RLE:
		if physical != format.Boolean || len(b) < 4 {
			return errEncoding
		}
		p.values = &runValues{runs: runs{b: b[4:], width: 1}}
	default:
		return fmt.Errorf("want an encoding that is known, have %s", h.encoding)
	}
	if (h.encoding == format.DeltaLengthByteArray || h.encoding == format.DeltaByteArray) && !isText {
		return errEncoding
	}
	return err
}

// lazily opens a reader of values, or none where there are no bytes: a page
// of nulls may leave out the header.
func lazily(b []byte, open func() (values, error)) (values, error) {
	if len(b) == 0 {
		return &plainValues{}, nil
	}
	return open()
}

func (p *pages) plain(b []byte) *plainValues {
	v := &plainValues{b: b, physical: p.column.physical, length: p.column.length}
	if v.physical == format.ByteArray || v.physical == format.FixedLenByteArray {
		// The texts share the memory of the page, which nobody writes again:
		// uncompressed pages alias what was read ahead, and that is never reused.
		v.text = unsafe.String(unsafe.SliceData(b), len(b))
	}
	return v
}

func (p *pages) byDictionary(b []byte) (values, error) {
	if len(b) == 0 {
		return &plainValues{}, nil
	}
	if p.dict == nil {
		return nil, errors.New("want a dictionary page first")
	}
	if b[0] > 32 {
		return nil, errEncoding
	}
	return &dictValues{dict: p.dict, indices: runs{b: b[1:], width: int(b[0])}}, nil
}

func (p *pages) readDictionary(h *pageHeader, body []byte) error {
	if p.dict != nil || (h.encoding != format.Plain && h.encoding != plainDictionary) {
		return errors.New("want one dictionary page in PLAIN")
	}
	b, err := decompress(p.codec, body, h.size)
	if err != nil {
		return err
	}
	v, n := p.plain(b), h.values
	width := map[format.Type]int{format.Boolean: 1, format.Int32: 4, format.Int64: 8, format.Int96: 12,
		format.Float: 4, format.Double: 8, format.ByteArray: 4, format.FixedLenByteArray: max(1, p.column.length)}[v.physical]
	if n > len(b)/width {
		return errValues
	}
	p.dict = &dictionary{}
	switch v.physical {
	case format.Float, format.Double:
		p.dict.floats = make([]float64, n)
		return v.floats(p.dict.floats)
	case format.ByteArray, format.FixedLenByteArray:
		p.dict.texts = make([]string, n)
		return v.texts(p.dict.texts)
	}
	p.dict.ints = make([]int64, n)
	return v.ints(p.dict.ints)
}
