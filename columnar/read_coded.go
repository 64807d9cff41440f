package columnar

import (
	"math"
	"unsafe"
)

// storeEach sets the fields of k rows where the levels say that there is a value.
func (c *columnReader) storeEach(at unsafe.Pointer, stride uintptr, k int) error {
	for row, i := 0, 0; row < k; row++ {
		if len(c.levels) > 0 && c.levels[row] == 0 {
			continue
		}
		place := unsafe.Add(at, uintptr(row)*stride)
		if c.codec != nil {
			place = c.codec.store(place)
		} else if c.optional && !c.pointer {
			// at is that of the value: both lie in the row.
			*(*bool)(unsafe.Add(place, int(c.valid)-int(c.offset))) = true
		}
		if err := c.setValue(place, i); err != nil {
			return err
		}
		i++
	}
	return nil
}

// setValue sets what is at a place to decoded value i.
func (c *columnReader) setValue(at unsafe.Pointer, i int) error {
	if c.isText() {
		s, err := c.textValue(i)
		switch {
		case err != nil:
			return err
		case c.codec != nil:
			return c.codec.setText(at, s)
		}
		*(*string)(at) = s
		return nil
	}
	x, err := c.bits(i)
	switch {
	case err != nil:
		return err
	case c.codec != nil:
		return c.codec.setNumber(at, x)
	}
	switch c.kind {
	case kindBool:
		*(*bool)(at) = x != 0
	case kindInt32, kindDate:
		*(*int32)(at) = int32(x)
	default:
		*(*int64)(at) = x
	}
	return nil
}

// isText says whether the field's values are set as text.
func (c *columnReader) isText() bool {
	if c.codec != nil {
		return c.codec.setText != nil
	}
	return c.lenient || c.kind == kindString || c.kind == kindBytes || c.kind == kindJSON
}

// textValue returns decoded value i as text.
func (c *columnReader) textValue(i int) (string, error) {
	switch c.convert.form {
	case formTexts:
		return c.convert.text(c.texts[i])
	case formFloats:
		return c.convert.show(0, c.floats[i])
	}
	return c.convert.show(c.ints[i], 0)
}

// bits returns decoded value i as a number, a float64 as its bits.
func (c *columnReader) bits(i int) (int64, error) {
	if c.kind != kindFloat64 {
		return c.integer(i)
	}
	f, err := c.number(i)
	return int64(math.Float64bits(f)), err
}
