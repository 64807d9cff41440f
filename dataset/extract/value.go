package extract

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/native"
)

// valueKind is what a value of a source is.
type valueKind uint8

const (
	null   valueKind = iota
	text             // b
	number           // the digits in b
	truth            // n is 0 or 1
	whole            // n
	list             // items
	raw              // JSON in b
)

var kindWords = [...]string{"none", "text", "a number", "a boolean", "a number", "a list", "JSON"}

// value is one value of a source, good as long as the record.
type value struct {
	kind  valueKind
	b     []byte
	n     int64
	items []value
}

// stored is a value in the form of its column, see columnar.Vector.
type stored struct {
	set   bool
	n     int64
	b     []byte
	nums  []int64
	texts []string
}

// put adds a value to a column.
func (s *stored) put(v *columnar.Vector, c *column) {
	switch {
	case !s.set:
		v.Null()
	case !c.List && c.isText():
		v.Text(s.b)
	case !c.List:
		v.Number(s.n)
	case c.isText():
		v.Texts(s.texts)
	case c.Kind == dataset.Float:
		floats := make([]float64, len(s.nums))
		for i, n := range s.nums {
			floats[i] = math.Float64frombits(uint64(n))
		}
		v.Floats(floats)
	default:
		v.Numbers(s.nums)
	}
}

// digits returns the text of a number, or of a text that may be one.
func (v *value) digits(scratch []byte) []byte {
	if v.kind == whole {
		return strconv.AppendInt(scratch[:0], v.n, 10)
	}
	return v.b
}

// form turns a scalar into the form of its column. It is false if the value is not
// of the column's type; inexact says that a decimal has been rounded, or a time cut.
func (c *column) form(v *value, to *stored) (ok, inexact bool) {
	to.set = true
	if c.strict && (v.kind == text) == isPlain(c.scalar.Kind) {
		return false, false
	}
	switch c.scalar.Kind {
	case dataset.Boolean:
		switch {
		case v.kind == truth:
			to.n = v.n
		case v.kind == text && string(v.b) == "true":
			to.n = 1
		case v.kind == text && string(v.b) == "false":
			to.n = 0
		default:
			return false, false
		}
		return true, false
	case dataset.Integer:
		return c.integer(v, to), false
	case dataset.Decimal, dataset.Float:
		return c.float(v, to)
	}
	if v.kind == number || v.kind == whole || v.kind == truth {
		if c.scalar.Kind != dataset.Text {
			return false, false
		}
		to.b = v.plain(nil)
		return true, false
	}
	if v.kind != text || !utf8.Valid(v.b) {
		return false, false
	}
	to.b = v.b
	switch c.scalar.Kind {
	case dataset.Date:
		if c.Kind == dataset.Date {
			d, ok := native.Day(v.b)
			to.n = int64(d)
			return ok, false
		}
		return partialDate(v.b), false
	case dataset.DateTime:
		return c.dateTime(v.b, to)
	case dataset.Time:
		return clock(v.b, c.scalar.Partial), false
	case dataset.Year:
		return len(v.b) == 4 && allDigits(v.b), false
	case dataset.YearMonth:
		return len(v.b) == 7 && partialDate(v.b), false
	case dataset.Binary:
		b, err := base64.StdEncoding.AppendDecode(nil, bytes.Join(bytes.Fields(v.b), nil))
		if c.Kind == dataset.Binary {
			to.b = b
		}
		return err == nil, false
	}
	return true, false
}

// plain returns a scalar as text.
func (v *value) plain(dst []byte) []byte {
	switch v.kind {
	case whole:
		return strconv.AppendInt(dst, v.n, 10)
	case truth:
		return strconv.AppendBool(dst, v.n != 0)
	}
	return append(dst, v.b...)
}

func (c *column) integer(v *value, to *stored) bool {
	switch v.kind {
	case whole:
		to.n = v.n
	case number, text:
		n, err := strconv.ParseInt(string(v.b), 10, 64)
		if err != nil {
			d, ok := decimal.Parse(v.b) // 1.0 and 1e2 are whole numbers too
			if !ok || v.kind == text || !d.Rat().IsInt() || !d.Rat().Num().IsInt64() {
				return false
			}
			n = d.Rat().Num().Int64()
		}
		to.n = n
	default:
		return false
	}
	if c.scalar.Unsigned && to.n < 0 {
		return false
	}
	return c.Bits != 32 || to.n >= math.MinInt32 && to.n <= math.MaxInt32
}

func (c *column) float(v *value, to *stored) (ok, inexact bool) {
	var scratch [20]byte
	if v.kind != number && v.kind != text && v.kind != whole {
		return false, false
	}
	b := v.digits(scratch[:])
	if n, ok := native.Double(b); ok {
		to.n = n
		return true, false
	}
	if len(b) == 0 || b[0] != '-' && b[0] != '+' && b[0] != '.' && b[0]-'0' > 9 || bytes.ContainsAny(b, "xXpP_") {
		return false, false // what ParseFloat knows besides
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if math.IsInf(f, 0) || math.IsNaN(f) || err != nil {
		return false, false
	}
	to.n = int64(math.Float64bits(f))
	if c.scalar.Kind == dataset.Float {
		return true, false
	}
	have, ok1 := decimal.Parse(b)
	short, ok2 := decimal.Parse(strconv.AppendFloat(nil, f, 'g', -1, 64))
	return true, !ok1 || !ok2 || have.Cmp(short) != 0
}

// dateTime stores a point in time, a reading of a clock, or either as text.
func (c *column) dateTime(b []byte, to *stored) (ok, cut bool) {
	if c.Kind != dataset.DateTime {
		return dateTimeText(b, c.scalar), false
	}
	if c.UTC {
		short, cut := microseconds(b)
		n, _, ok := native.Instant(short)
		to.n = n
		return ok, cut
	}
	short, cut := microseconds(b)
	t, err := columnar.ParseTimestamp(string(short))
	to.n = int64(t)
	return err == nil, cut
}

// microseconds cuts the decimals of a second behind the sixth; cut says that one of
// them was not 0.
func microseconds(b []byte) (short []byte, cut bool) {
	dot := bytes.IndexByte(b, '.')
	if dot < 0 {
		return b, false
	}
	end := dot + 1
	for end < len(b) && b[end]-'0' <= 9 {
		end++
	}
	if end-dot-1 <= 6 {
		return b, false
	}
	for _, c := range b[dot+7 : end] {
		cut = cut || c != '0'
	}
	return append(append([]byte(nil), b[:dot+7]...), b[end:]...), cut
}

// partialDate reports whether b is YYYY, YYYY-MM or YYYY-MM-DD.
func partialDate(b []byte) bool {
	switch len(b) {
	case 4:
		return allDigits(b)
	case 7:
		_, ok := native.Day(append(append([]byte(nil), b...), "-01"...))
		return ok
	}
	_, ok := native.Day(b)
	return ok
}

// dateTimeText reports whether b is a time of the calendar: a partial date where the
// type allows it, else with hours, minutes, perhaps seconds and their decimals, and a
// zone as the type says.
func dateTimeText(b []byte, t *dataset.Type) bool {
	day, rest, timed := bytes.Cut(b, []byte{'T'})
	if !timed && len(b) > 10 && b[10] == ' ' {
		day, rest, timed = b[:10], b[11:], true
	}
	if !timed {
		return t.Partial && partialDate(b)
	}
	if _, ok := native.Day(day); !ok {
		return false
	}
	zone := bytes.IndexAny(rest, "Z+-")
	if zone < 0 {
		return t.Zone != dataset.ZoneRequired && clock(rest, true)
	}
	z := rest[zone:]
	zoned := string(z) == "Z" || len(z) == 6 && z[3] == ':' && allDigits(z[1:3]) && allDigits(z[4:])
	return t.Zone != dataset.ZoneNone && zoned && clock(rest[:zone], true)
}

// clock reports whether b is HH:MM:SS with decimals or not; short allows HH:MM and HH.
func clock(b []byte, short bool) bool {
	main, decimals, has := bytes.Cut(b, []byte{'.'})
	if has && (len(main) != 8 || len(decimals) == 0 || !allDigits(decimals)) {
		return false
	}
	if len(main) != 8 && !(short && (len(main) == 5 || len(main) == 2)) {
		return false
	}
	for i, c := range main {
		if i%3 == 2 && c != ':' || i%3 != 2 && c-'0' > 9 {
			return false
		}
	}
	two := func(i int) int { return int(main[i]-'0')*10 + int(main[i+1]-'0') }
	return two(0) < 24 && (len(main) < 5 || two(3) < 60) && (len(main) < 8 || two(6) <= 60)
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return len(b) > 0
}

// isPlain reports whether values of a kind are numbers and booleans of JSON, not strings.
func isPlain(k dataset.Kind) bool {
	return k == dataset.Boolean || k == dataset.Integer || k == dataset.Decimal || k == dataset.Float
}
