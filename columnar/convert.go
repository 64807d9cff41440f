package columnar

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/format"
)

var (
	errRange = errors.New("want a value in the range of the field")
	errWhole = errors.New("want a whole number")
	errDay   = errors.New("want a timestamp at midnight")
	errUTF8  = errors.New("want text in UTF-8")
)

// form is one of the three ways in which values are decoded.
type form uint8

const (
	formInts form = iota
	formFloats
	formTexts
)

func formOf(t format.Type) form {
	switch t {
	case format.Float, format.Double:
		return formFloats
	case format.ByteArray, format.FixedLenByteArray:
		return formTexts
	}
	return formInts
}

// converter turns one decoded value into the field's own: an integer for every
// kind but float64 and string.
type converter struct {
	form      form
	fromInt   func(int64) (int64, error)
	fromFloat func(float64) (int64, error)
	fromText  func(string) (int64, error)
	number    func(int64, float64, string) (float64, error)
	text      func(string) (string, error)
	show      func(int64, float64) (string, error) // text of a number
}

// converterFor returns how values of the file's column become values of the
// field, or an error when they cannot.
func converterFor(f *field, c *columnDesc) (*converter, error) {
	refuse := fmt.Errorf("want a column that can be read as %s, have %s", f.typeName(), c.typeName())
	switch {
	case f.list && c.element != nil:
		refuse = fmt.Errorf("%w of %s", refuse, c.element.typeName())
		c = c.element
	case f.list || c.nested || c.repeated:
		return nil, refuse
	}
	v := &converter{form: formOf(c.physical)}
	if f.lenient || f.codec != nil && f.codec.textual {
		if !v.toText(c, false) && !v.toAnyText(c) {
			return nil, refuse
		}
		return v, nil
	}
	ok := false
	switch f.kind {
	case kindBool:
		ok = c.physical == format.Boolean || (v.form == formInts && plainInteger(c))
		v.fromInt = inRange(0, 1)
	case kindInt32:
		ok = v.toInteger(c, math.MinInt32, math.MaxInt32)
	case kindInt64:
		ok = v.toInteger(c, math.MinInt64, math.MaxInt64)
	case kindFloat64:
		ok = v.toNumber(c)
	case kindString:
		ok = v.toText(c, false)
	case kindJSON:
		ok = v.toText(c, false)
	case kindBytes:
		ok = v.toText(c, true)
	case kindDecimal:
		ok = v.toUnscaled(c, f)
	case kindDate:
		ok = v.toDate(c)
	case kindTimestamp, kindInstant:
		unit := f.unit
		if unit == 0 {
			unit = perMicro
		}
		ok = v.toTimestamp(c, unit)
	}
	if !ok {
		return nil, refuse
	}
	return v, nil
}

// plainInteger says whether a column of integers means integers.
func plainInteger(c *columnDesc) bool {
	return (c.physical == format.Int32 || c.physical == format.Int64) &&
		(c.logical.meaning == meansItself || c.logical.meaning == meansInteger)
}

func inRange(low, high int64) func(int64) (int64, error) {
	return func(x int64) (int64, error) {
		if x < low || x > high {
			return 0, errRange
		}
		return x, nil
	}
}

// unsign returns a function that reads x as the column's unsigned type.
func unsign(c *columnDesc, then func(int64) (int64, error)) func(int64) (int64, error) {
	switch {
	case !c.logical.unsigned:
		return then
	case c.physical == format.Int32:
		return func(x int64) (int64, error) { return then(int64(uint32(x))) }
	}
	return func(x int64) (int64, error) {
		if x < 0 {
			return 0, errRange
		}
		return then(x)
	}
}

// toInteger takes integers of every width, decimals and floats that are whole.
func (v *converter) toInteger(c *columnDesc, low, high int64) bool {
	check := inRange(low, high)
	whole := func(f float64) (int64, error) {
		if f != math.Trunc(f) {
			return 0, errWhole
		}
		if f < -1<<63 || f >= 1<<63 {
			return 0, errRange
		}
		return check(int64(f))
	}
	switch {
	case plainInteger(c):
		v.fromInt = unsign(c, check)
	case v.form == formFloats:
		v.fromFloat = whole
	case c.logical.meaning == meansDecimal:
		power := pow10(c.logical.scale)
		v.fromInt = func(x int64) (int64, error) {
			if power == 0 || x%power != 0 {
				return 0, errWhole
			}
			return check(x / power)
		}
		v.fromText = func(s string) (int64, error) {
			x := bigEndian(s)
			if !x.IsInt64() {
				return 0, errRange
			}
			return v.fromInt(x.Int64())
		}
	default:
		return false
	}
	return true
}

// pow10 returns ten to the n, or 0 where that is no int64.
func pow10(n int) int64 {
	if n < 0 || n > 18 {
		return 0
	}
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// bigEndian returns the number whose two's complement form is s.
func bigEndian(s string) *big.Int {
	x := new(big.Int).SetBytes([]byte(s))
	if len(s) > 0 && s[0] >= 0x80 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(s))))
	}
	return x
}

// toNumber takes floats, integers and decimals; a decimal becomes the nearest
// float64.
func (v *converter) toNumber(c *columnDesc) bool {
	switch {
	case v.form == formFloats:
		v.number = func(_ int64, f float64, _ string) (float64, error) { return f, nil }
	case plainInteger(c):
		unsigned := c.logical.unsigned
		v.number = func(x int64, _ float64, _ string) (float64, error) {
			switch {
			case !unsigned:
				return float64(x), nil
			case c.physical == format.Int32:
				return float64(uint32(x)), nil
			}
			return float64(uint64(x)), nil
		}
	case c.logical.meaning == meansDecimal && c.logical.scale >= 0 && c.logical.scale <= 100:
		scale := c.logical.scale
		v.number = func(x int64, _ float64, s string) (float64, error) {
			if v.form == formTexts {
				if len(s) > 32 {
					return 0, errRange
				}
				return decimalText(bigEndian(s).String(), scale)
			}
			if abs := max(x, -x); scale <= 22 && abs >= 0 && abs < 1<<53 {
				return float64(x) / math.Pow10(scale), nil // both exact, so rounded once
			}
			return decimalText(strconv.FormatInt(x, 10), scale)
		}
	default:
		return false
	}
	return true
}

func decimalText(digits string, scale int) (float64, error) {
	f, err := strconv.ParseFloat(digits+"e-"+strconv.Itoa(scale), 64)
	if err != nil {
		return 0, errRange
	}
	return f, nil
}

// toText takes texts, plain bytes, in UTF-8 unless binary, and UUIDs in their usual
// form.
func (v *converter) toText(c *columnDesc, binary bool) bool {
	if v.form != formTexts {
		return false
	}
	switch c.logical.meaning {
	case meansText, meansItself:
		if binary {
			v.text = func(s string) (string, error) { return s, nil }
			break
		}
		v.text = func(s string) (string, error) {
			if !utf8.ValidString(s) {
				return "", errUTF8
			}
			return s, nil
		}
	case meansUUID:
		v.text = func(s string) (string, error) {
			if len(s) != 16 {
				return "", errRange
			}
			return fmt.Sprintf("%x-%x-%x-%x-%x", s[:4], s[4:6], s[6:8], s[8:10], s[10:]), nil
		}
	default:
		return false
	}
	return true
}

// toDate takes dates, and timestamps at midnight.
func (v *converter) toDate(c *columnDesc) bool {
	if c.logical.meaning == meansDate && c.physical == format.Int32 {
		v.fromInt = inRange(math.MinInt32, math.MaxInt32)
		return true
	}
	if !v.toTimestamp(c, perMicro) {
		return false
	}
	micros := v.fromInt
	v.fromInt = func(x int64) (int64, error) {
		x, err := micros(x)
		if err != nil {
			return 0, err
		}
		if x%microsPerDay != 0 {
			return 0, errDay
		}
		return inRange(math.MinInt32, math.MaxInt32)(x / microsPerDay)
	}
	return true
}

// toTimestamp takes timestamps of every unit, with or without zone, and dates, in
// the given parts of a second; a zone is dropped and shows as the clock of UTC,
// smaller parts are cut off.
func (v *converter) toTimestamp(c *columnDesc, unit int64) bool {
	l := &c.logical
	switch {
	case c.physical == format.Int96:
		v.fromInt = rescale(perMicro, unit)
	case l.meaning == meansDate && c.physical == format.Int32:
		v.fromInt = rescale(1, 86_400*unit)
	case l.meaning == meansTimestamp && c.physical == format.Int64 && l.unit != 0:
		v.fromInt = rescale(l.unit, unit)
	default:
		return false
	}
	return true
}

// rescale returns a function from parts of one size to parts of another.
func rescale(from, to int64) func(int64) (int64, error) {
	if from > to {
		factor := from / to
		return func(x int64) (int64, error) { return floorDiv(x, factor), nil }
	}
	factor := to / from
	return func(x int64) (int64, error) {
		if x > math.MaxInt64/factor || x < math.MinInt64/factor {
			return 0, errRange
		}
		return x * factor, nil
	}
}
