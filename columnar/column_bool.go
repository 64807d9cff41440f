package columnar

import (
	"unsafe"

	"github.com/parquet-go/parquet-go/format"
)

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
	if !c.direct() {
		return c.addEach(rows, stride, n)
	}
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
