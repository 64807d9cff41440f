package columnar

import (
	"bytes"
	"fmt"
	"unicode/utf8"
	"unsafe"

	"github.com/parquet-go/parquet-go/format"
)

// maxText is the longest text of one value.
const maxText = 1 << 30

// maxBound is the longest text that serves as a bound in the statistics.
const maxBound = 256

// stringColumn collects texts, bytes and long decimals.
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
	text    []byte // of one value
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
	if !c.direct() {
		return c.addEach(rows, stride, n)
	}
	c.rows += n
	at := unsafe.Add(rows, c.offset)
	var set uint64
	for i := range n {
		var s *string
		if c.optional {
			s = *(**string)(at)
		} else {
			s = (*string)(at)
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
	if len(s) > maxText {
		return fmt.Errorf("want at most %d bytes of text", maxText)
	}
	c.count++
	if c.mode == byDict {
		if n := len(c.indices); n > 0 && string(c.dict.entry(c.indices[n-1])[4:]) == s { // values come in runs
			c.indices = append(c.indices, c.indices[n-1])
			return nil
		}
		number, isNew := c.dict.number(s)
		c.indices = append(c.indices, number)
		if !isNew {
			return nil
		}
		c.fresh += len(s) + 4
	}
	if !c.binary() && !utf8.ValidString(s) {
		return fmt.Errorf("want text in UTF-8")
	}
	c.note(s)
	if c.mode != byDict {
		c.plain = appendText(c.plain, s)
	}
	return nil
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
	if c.noted && c.kind != kindDecimal && len(c.low) > 0 && len(c.low) <= maxBound && len(c.high) <= maxBound {
		c.min, c.max = bytes.Clone(c.low), bytes.Clone(c.high)
	}
	return nil
}
