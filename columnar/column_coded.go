package columnar

import (
	"fmt"
	"slices"
	"unsafe"
)

// direct says whether the values are kept as the column has them, by value or
// behind pointers.
func (f *field) direct() bool { return f.codec == nil && f.optional == f.pointer }

// each calls put for the field of every row that has a value, and notes in valid,
// of an optional column, which have.
func (f *field) each(rows unsafe.Pointer, stride uintptr, n int, valid *bitmap, put func(at unsafe.Pointer) (bool, error)) error {
	at := unsafe.Add(rows, f.offset)
	for i := range n {
		value, set := at, true
		switch {
		case f.codec != nil:
			set = f.codec.load(&value)
		case f.optional:
			set = *(*bool)(unsafe.Add(rows, uintptr(i)*stride+f.valid))
		}
		if set {
			var err error
			if set, err = put(value); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
		if f.optional {
			var bit uint64
			if set {
				bit = 1
			}
			valid.append(bit, 1)
		}
		at = next(at, stride, i, n)
	}
	return nil
}

func (c *boolColumn) addEach(rows unsafe.Pointer, stride uintptr, n int) error {
	c.rows += n
	return c.each(rows, stride, n, &c.valid, func(at unsafe.Pointer) (bool, error) {
		var v uint64
		if *(*bool)(at) {
			v = 1
		}
		c.values.append(v, 1)
		c.seen[v] = true
		return true, nil
	})
}

func (c *numberColumn[V]) addEach(rows unsafe.Pointer, stride uintptr, n int) error {
	if c.codec == nil {
		c.addValid(rows, stride, n)
		return nil
	}
	c.rows += n
	return c.each(rows, stride, n, &c.valid, func(at unsafe.Pointer) (bool, error) {
		x, err := c.codec.number(at)
		c.values = append(c.values, V(x))
		return true, err
	})
}

// addValid takes values beside which a bool says whether they are.
func (c *numberColumn[V]) addValid(rows unsafe.Pointer, stride uintptr, n int) {
	c.rows += n
	filled := len(c.values)
	c.values = slices.Grow(c.values, n)[:filled+n]
	var set uint64
	for i := range n {
		row := unsafe.Add(rows, uintptr(i)*stride)
		if *(*bool)(unsafe.Add(row, c.field.valid)) {
			c.values[filled] = *(*V)(unsafe.Add(row, c.offset))
			filled++
			set |= 1 << uint(i&63)
		}
		if i&63 == 63 || i == n-1 {
			c.valid.append(set, i&63+1)
			set = 0
		}
	}
	c.values = c.values[:filled]
}

func (c *stringColumn) addEach(rows unsafe.Pointer, stride uintptr, n int) error {
	c.rows += n
	return c.each(rows, stride, n, &c.valid, func(at unsafe.Pointer) (bool, error) {
		if c.codec == nil {
			return true, c.put(*(*string)(at))
		}
		b, ok, err := c.codec.appendText(c.text[:0], at)
		if c.text = b; err != nil || !ok {
			return false, err
		}
		return true, c.put(unsafe.String(unsafe.SliceData(b), len(b)))
	})
}
