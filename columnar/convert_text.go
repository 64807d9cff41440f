package columnar

import (
	"math/big"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go/format"
)

// maxScale bounds the digits after the point of a decimal.
const maxScale = 1000

// toAnyText takes scalars that are no text, in the form of ISO 8601 and of plain
// numbers: exact, decimals with all digits of their scale, floats as short as they
// are told apart.
func (v *converter) toAnyText(c *columnDesc) bool {
	l := &c.logical
	switch {
	case l.meaning == meansDecimal && l.scale >= 0 && l.scale <= maxScale:
		v.text = func(s string) (string, error) {
			if len(s) > 32 {
				return "", errRange
			}
			return decimalDigits(bigEndian(s), l.scale), nil
		}
		v.show = func(x int64, _ float64) (string, error) { return decimalDigits(big.NewInt(x), l.scale), nil }
	case c.physical == format.Boolean:
		v.show = func(x int64, _ float64) (string, error) { return strconv.FormatBool(x != 0), nil }
	case plainInteger(c):
		v.show = func(x int64, _ float64) (string, error) {
			if l.unsigned && c.physical == format.Int64 {
				return strconv.FormatUint(uint64(x), 10), nil
			}
			x, err := unsign(c, func(x int64) (int64, error) { return x, nil })(x)
			return strconv.FormatInt(x, 10), err
		}
	case c.physical == format.Float:
		v.show = func(_ int64, f float64) (string, error) { return strconv.FormatFloat(f, 'g', -1, 32), nil }
	case c.physical == format.Double:
		v.show = func(_ int64, f float64) (string, error) { return strconv.FormatFloat(f, 'g', -1, 64), nil }
	case l.meaning == meansDate && c.physical == format.Int32:
		v.show = func(x int64, _ float64) (string, error) { return Date(x).String(), nil }
	case l.meaning == meansTime && l.unit != 0 && v.form == formInts:
		v.show = func(x int64, _ float64) (string, error) {
			day := 24 * int64(time.Hour)
			nanos := x * (perNano / l.unit)
			if x < 0 || nanos/(perNano/l.unit) != x || nanos >= day {
				return "", errRange
			}
			return time.Unix(0, nanos).UTC().Format("15:04:05.999999999"), nil
		}
	default:
		return v.toTimeText(c)
	}
	return true
}

// toTimeText takes timestamps; one in UTC ends with Z.
func (v *converter) toTimeText(c *columnDesc) bool {
	l := &c.logical
	unit := l.unit
	switch {
	case c.physical == format.Int96:
		unit = perMicro
	case l.meaning != meansTimestamp || c.physical != format.Int64 || unit == 0:
		return false
	}
	layout := "2006-01-02T15:04:05.999999999"
	if l.utc {
		layout += "Z"
	}
	v.show = func(x int64, _ float64) (string, error) {
		seconds := floorDiv(x, unit)
		return time.Unix(seconds, (x-seconds*unit)*(perNano/unit)).UTC().Format(layout), nil
	}
	return true
}

// toUnscaled takes decimals as numbers in units of the field's scale.
func (v *converter) toUnscaled(c *columnDesc, f *field) bool {
	if c.logical.meaning != meansDecimal {
		return false
	}
	up, down := pow10(f.scale-c.logical.scale), pow10(c.logical.scale-f.scale)
	limit := pow10(f.precision)
	if up == 0 && down == 0 {
		return false
	}
	v.fromInt = func(x int64) (int64, error) {
		switch {
		case down > 0 && x%down != 0:
			return 0, errWhole
		case down > 0:
			x /= down
		case x >= limit/up+1 || x <= -limit/up-1:
			return 0, errRange
		default:
			x *= up
		}
		if x >= limit || x <= -limit {
			return 0, errRange
		}
		return x, nil
	}
	v.fromText = func(s string) (int64, error) {
		x := bigEndian(s)
		if !x.IsInt64() {
			return 0, errRange
		}
		return v.fromInt(x.Int64())
	}
	return true
}
