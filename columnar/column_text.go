package columnar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"unicode/utf8"
	"unsafe"

	"github.com/parquet-go/parquet-go/format"
)

// maxText is the longest text of one value.
const maxText = 1 << 30

// maxBound is the longest text that serves as a bound in the statistics.
const maxBound = 256

// stringColumn collects string values.
type stringColumn struct {
	field
	chunk
	mode    mode
	rows    int    // rows of the open page
	valid   bitmap // of the open page, when the column is optional
	indices []int32
	dict    textDict
	plain   []byte // values of the open page in PLAIN form, without dictionary
	count   int    // values of the open page
	fresh   int    // bytes that the open page added to the dictionary
	noted   bool
	low     []byte
	high    []byte
}

func (c *stringColumn) buffer() *chunk { return &c.chunk }

func (c *stringColumn) full() bool { return c.count >= pageValues || c.crowded() }

func (c *stringColumn) crowded() bool { return len(c.plain)+c.fresh >= pageBytes }

func (c *stringColumn) reset() {
	c.chunk.reset()
	c.dict.reset()
	c.clearPage()
	c.mode, c.noted, c.low, c.high = undecided, false, c.low[:0], c.high[:0]
}

func (c *stringColumn) clearPage() {
	c.rows, c.count, c.fresh = 0, 0, 0
	c.indices, c.plain = c.indices[:0], c.plain[:0]
	c.valid.reset()
}

func (c *stringColumn) add(rows unsafe.Pointer, stride uintptr, n int) error {
	if c.mode == undecided {
		if c.mode = byDict; c.hint == hintPlain {
			c.mode = byPlain
		}
	}
	c.rows += n
	at := unsafe.Add(rows, c.offset)
	var set uint64
	for i := range n {
		s := (*string)(at)
		if c.optional {
			s = *(**string)(at)
		}
		if s != nil {
			if err := c.put(*s); err != nil {
				return fmt.Errorf("row %d, %s: %w", int(c.chunk.values)+c.rows-n+i, c.name, err)
			}
			set |= 1 << uint(i&63)
		}
		if c.optional && (i&63 == 63 || i == n-1) {
			c.valid.append(set, i&63+1)
			set = 0
		}
		at = next(at, stride, i, n)
	}
	return nil
}

func (c *stringColumn) put(s string) error {
	c.count++
	if c.mode == byDict {
		number, isNew := c.dict.number(s)
		c.indices = append(c.indices, number)
		if !isNew {
			return nil
		}
		c.fresh += len(s) + 4
	}
	if len(s) > maxText {
		return fmt.Errorf("want at most %d bytes of text", maxText)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("want text in UTF-8")
	}
	c.note(s)
	if c.mode != byDict {
		c.plain = appendText(c.plain, s)
	}
	return nil
}

func appendText(dst []byte, s string) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}

// note widens the bounds by s; text is compared byte by byte.
func (c *stringColumn) note(s string) {
	if !c.noted || s < string(c.low) {
		c.low = append(c.low[:0], s...)
	}
	if !c.noted || s > string(c.high) {
		c.high = append(c.high[:0], s...)
	}
	c.noted = true
}

func (c *stringColumn) endPage(s *scratch) error {
	if c.rows == 0 {
		return nil
	}
	defer c.clearPage()
	levels := &c.valid
	if !c.optional {
		levels = nil
	}
	if c.count == 0 {
		return c.addPage(s, levels, c.rows, format.Plain, nil)
	}
	if c.mode != byDict {
		return c.addPage(s, levels, c.rows, format.Plain, c.plain)
	}
	if len(c.stats) == 0 && 2*c.dict.len() > c.count { // the first page decides
		for _, x := range c.indices {
			c.plain = append(c.plain, c.dict.entry(x)...)
		}
		c.dict.reset()
		c.mode = byPlain
		return c.addPage(s, levels, c.rows, format.Plain, c.plain)
	}
	if c.dict.len() > maxDictValues || len(c.dict.plain) > maxDictBytes {
		c.mode = byPlain // from the next page on
	}
	if err := s.encodeIndices(c.indices); err != nil {
		return err
	}
	return c.addPage(s, levels, c.rows, format.RLEDictionary, s.values)
}

func (c *stringColumn) finish(s *scratch) error {
	if err := c.endPage(s); err != nil {
		return err
	}
	if c.dict.len() > 0 {
		if err := c.setDictionary(s, c.dict.len(), c.dict.plain); err != nil {
			return err
		}
	}
	// An empty bound would be left out of the file, and long ones are no use.
	if c.noted && len(c.low) > 0 && len(c.low) <= maxBound && len(c.high) <= maxBound {
		c.min, c.max = bytes.Clone(c.low), bytes.Clone(c.high)
	}
	return nil
}

// textDict numbers the different texts of a chunk in order of appearance.
type textDict struct {
	seed  maphash.Seed
	plain []byte   // the texts in PLAIN form
	ends  []uint32 // where each text ends in plain
	table []textEntry
	last  int32 // the number found last
}

type textEntry struct {
	hash  uint32
	index int32 // plus one; zero is an empty place
}

func (d *textDict) len() int { return len(d.ends) }

func (d *textDict) reset() {
	if len(d.ends) > 0 {
		clear(d.table)
	}
	d.plain, d.ends, d.last = d.plain[:0], d.ends[:0], 0
}

// entry returns the PLAIN form of a text.
func (d *textDict) entry(number int32) []byte {
	start := uint32(0)
	if number > 0 {
		start = d.ends[number-1]
	}
	return d.plain[start:d.ends[number]]
}

func (d *textDict) number(s string) (number int32, isNew bool) {
	if len(d.ends) > 0 && string(d.entry(d.last)[4:]) == s {
		return d.last, false
	}
	if len(d.table) == 0 {
		d.seed = maphash.MakeSeed()
		d.table = make([]textEntry, minTable)
	}
	hash := maphash.String(d.seed, s)
	mask := uint64(len(d.table) - 1)
	for h := hash; ; h++ {
		e := &d.table[h&mask]
		if e.index == 0 {
			d.plain = appendText(d.plain, s)
			d.ends = append(d.ends, uint32(len(d.plain)))
			d.last = int32(len(d.ends)) - 1
			e.hash, e.index = uint32(hash>>32), d.last+1
			if 2*len(d.ends) > len(d.table) {
				d.grow()
			}
			return d.last, true
		}
		if e.hash == uint32(hash>>32) && string(d.entry(e.index - 1)[4:]) == s {
			d.last = e.index - 1
			return d.last, false
		}
	}
}

func (d *textDict) grow() {
	d.table = make([]textEntry, 2*len(d.table))
	mask := uint64(len(d.table) - 1)
	for i := range d.ends {
		hash := maphash.Bytes(d.seed, d.entry(int32(i))[4:])
		h := hash
		for d.table[h&mask].index != 0 {
			h++
		}
		d.table[h&mask] = textEntry{uint32(hash >> 32), int32(i) + 1}
	}
}

// boolColumn collects bool values.
type boolColumn struct {
	field
	chunk
	rows   int
	valid  bitmap
	values bitmap
	seen   [2]bool
}

func (c *boolColumn) buffer() *chunk { return &c.chunk }

func (c *boolColumn) full() bool { return c.values.n >= 8*pageValues }

func (c *boolColumn) reset() {
	c.chunk.reset()
	c.clearPage()
	c.seen = [2]bool{}
}

func (c *boolColumn) clearPage() {
	c.rows = 0
	c.valid.reset()
	c.values.reset()
}

func (c *boolColumn) add(rows unsafe.Pointer, stride uintptr, n int) error {
	c.rows += n
	at := unsafe.Add(rows, c.offset)
	for i := range n {
		b := (*bool)(at)
		if c.optional {
			b = *(**bool)(at)
			var set uint64
			if b != nil {
				set = 1
			}
			c.valid.append(set, 1)
		}
		if b != nil {
			var v uint64
			if *b {
				v = 1
			}
			c.values.append(v, 1)
			c.seen[v] = true
		}
		at = next(at, stride, i, n)
	}
	return nil
}

func (c *boolColumn) endPage(s *scratch) error {
	if c.rows == 0 {
		return nil
	}
	defer c.clearPage()
	levels := &c.valid
	if !c.optional {
		levels = nil
	}
	return c.addPage(s, levels, c.rows, format.Plain, c.values.appendBytes(nil))
}

func (c *boolColumn) finish(s *scratch) error {
	if err := c.endPage(s); err != nil {
		return err
	}
	if c.seen[0] || c.seen[1] {
		c.min, c.max = []byte{1}, []byte{0}
		if c.seen[0] {
			c.min[0] = 0
		}
		if c.seen[1] {
			c.max[0] = 1
		}
	}
	return nil
}
