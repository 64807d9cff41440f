package columnar

import (
	"errors"
	"reflect"
	"unsafe"
)

var (
	errListLevels = errors.New("want valid levels of a list")
	errListNull   = errors.New("want no NULL in a list")
	errManyValues = errors.New("want fewer values in the lists of a batch")
)

// maxListBatch is how many values the lists of one batch hold at most.
const maxListBatch = 4 << 20

// listReader reads a column of lists.
type listReader struct {
	columnReader
	entries int64 // values, NULLs and empty lists of the chunk that are not yet taken

	repeats []int32 // levels taken from a page, and how many of them are used
	at      int
	value   int // of the decoded values, the next one
}

func (c *listReader) open(p *pages, values int64) {
	c.pages, c.entries = p, values
	c.repeats, c.levels, c.at = c.repeats[:0], c.levels[:0], 0
}

// peek makes the next entry the one at c.at, or says that there is none.
func (c *listReader) peek() (bool, error) {
	if c.at < len(c.repeats) {
		return true, nil
	}
	if c.entries == 0 {
		return false, nil
	}
	if err := c.pages.next(); err != nil {
		return false, err
	}
	k := int(min(int64(c.pages.left), int64(sliceRows), c.entries))
	c.repeats, c.levels = sized(c.repeats, k), sized(c.levels, k)
	if err := c.pages.repeats.next(c.repeats); err != nil {
		return false, err
	}
	if err := c.pages.levels.next(c.levels); err != nil {
		return false, err
	}
	c.pages.left -= k
	c.entries -= int64(k)
	highest, present := int32(c.column.maxLevel()), 0
	for _, l := range c.levels {
		if l > highest {
			return false, errListLevels
		}
		if l == highest {
			present++
		}
	}
	c.at, c.value = 0, 0
	return true, c.decode(present)
}

// next reads the list of the next row. It calls put with the number of each
// decoded value, or with -1 for a NULL, and returns how many there are, -1 for NULL
// in place of the list.
func (c *listReader) next(put func(i int) error) (int, error) {
	highest, outer := int32(c.column.maxLevel()), int32(0)
	if c.column.optional {
		outer = 1
	}
	for n := 0; ; n++ {
		ok, err := c.peek()
		if err != nil {
			return 0, err
		}
		if !ok || n > 0 && c.repeats[c.at] == 0 {
			if n == 0 {
				return 0, errListLevels
			}
			return n, nil
		}
		level := c.levels[c.at]
		switch {
		case n == 0 && c.repeats[c.at] != 0, n > 0 && level <= outer:
			return 0, errListLevels
		case n >= maxList:
			return 0, errLongList
		}
		c.at++
		switch {
		case level < outer:
			return -1, c.ends()
		case level == outer:
			return 0, c.ends()
		case level < highest:
			err = put(-1)
		default:
			err = put(c.value)
			c.value++
		}
		if err != nil {
			return 0, err
		}
	}
}

// ends checks that the next entry starts a row.
func (c *listReader) ends() error {
	ok, err := c.peek()
	if err == nil && ok && c.repeats[c.at] != 0 {
		return errListLevels
	}
	return err
}

// read sets the field in n rows; their lists share one array.
func (c *listReader) read(rows unsafe.Pointer, stride uintptr, n int) error {
	k := c.codec
	all := reflect.MakeSlice(reflect.SliceOf(k.field), 2*n, 2*n)
	base, filled, ends := all.UnsafePointer(), 0, make([]int, n)
	for row := range n {
		count, err := c.next(func(i int) error {
			if filled == all.Len() {
				if filled >= maxListBatch {
					return errManyValues
				}
				more := reflect.MakeSlice(all.Type(), 2*filled, 2*filled)
				reflect.Copy(more, all)
				all, base = more, more.UnsafePointer()
			}
			at := unsafe.Add(base, uintptr(filled)*k.size)
			filled++
			if i >= 0 {
				return c.setValue(k.store(at), i)
			}
			if k.place == byValue {
				return errListNull
			}
			return nil
		})
		if err != nil {
			return err
		}
		if ends[row] = filled; count < 0 {
			ends[row] = -1
		}
	}
	start := 0
	for row, end := range ends {
		if end < 0 {
			continue
		}
		list := (*sliceHeader)(unsafe.Add(rows, c.offset+uintptr(row)*stride))
		*list = sliceHeader{data: base, len: end - start, cap: end - start}
		if end > start {
			list.data = unsafe.Add(base, uintptr(start)*k.size)
		}
		start = end
	}
	return nil
}
