package runtime

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// pattern returns a test for an expression in the syntax of package regexp, which
// is compiled when it is first used.
func pattern(expression string) func(string) bool {
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
	return func(s string) bool { return compiled().MatchString(s) }
}

// digitsOf is a whole number as text.
func digitsOf(n int64) string { return strconv.FormatInt(n, 10) }

// compareNumbers compares two numbers in the form of JSON's by their value,
// whatever their size, without computing it.
func compareNumbers(a, b string) int {
	x, y := figuresOf(a), figuresOf(b)
	switch {
	case x.sign != y.sign:
		return order(x.sign, y.sign)
	case x.sign == 0:
		return 0
	case x.point != y.point:
		return x.sign * order(x.point, y.point)
	}
	for i := 0; ; i++ {
		c, more := x.at(i)
		d, more2 := y.at(i)
		if !more && !more2 {
			return 0
		}
		if c != d {
			return x.sign * order(int(c), int(d))
		}
	}
}

func order(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// figures are the digits of a number from the first that is not 0. Point is the
// power of ten that comes before them: 0.figures times ten to the point.
type figures struct {
	sign  int
	text  string // digits, with the point among them
	point int
}

func figuresOf(s string) figures {
	f := figures{sign: 1}
	if strings.HasPrefix(s, "-") {
		f.sign, s = -1, s[1:]
	}
	exponent := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n > 1<<30 || n < -1<<30 {
			n = 1 << 30
			if strings.HasPrefix(s[i+1:], "-") {
				n = -n
			}
		}
		exponent, s = n, s[:i]
	}
	whole := strings.IndexByte(s, '.')
	if whole < 0 {
		whole = len(s)
	}
	first := strings.IndexAny(s, "123456789")
	if first < 0 {
		return figures{}
	}
	f.point = exponent + whole - first
	if first > whole {
		f.point++
	}
	f.text = strings.TrimRight(s[first:], "0")
	if whole > first && strings.IndexByte(s, '.') < 0 {
		f.text = s[first:]
	}
	return f
}

// at returns the i-th digit, 0 beyond the last.
func (f figures) at(i int) (c byte, more bool) {
	if p := strings.IndexByte(f.text, '.'); p >= 0 && i >= p {
		i++
	}
	if i < len(f.text) {
		return f.text[i], true
	}
	return '0', false
}

// multiple reports whether a number is a whole multiple of a step.
func multiple(n, step string) bool {
	a, b := Decimal{n}.rat(), Decimal{step}.rat()
	if a == nil || b == nil || b.Sign() == 0 {
		return true
	}
	return a.Quo(a, b).IsInt()
}

// moment is a date or time for comparing: microseconds from the year 0 on, and how
// many parts are known, from year to second.
type moment struct {
	micros int64 // in the zone in which it was written
	zone   int64 // microseconds east of UTC
	parts  int
	zoned  bool
	clock  bool // a time of day
}

const (
	microsOfDay    = 24 * 60 * microsOfMinute
	microsOfMinute = 60 * 1_000_000
)

func (d Date) moment() moment {
	m := moment{parts: int(min(d.Precision(), PrecisionDay))}
	m.micros = int64(dayNumber(int(d.Year), max(int(d.Month), 1), max(int(d.Day), 1))) * microsOfDay
	return m
}

// dayNumber counts days from 1 March of the year 0.
func dayNumber(year, month, day int) int {
	if month < 3 {
		year, month = year-1, month+12
	}
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1
}

func (d DateTime) moment() moment {
	m := d.Date().moment()
	if len(d.text) <= 10 {
		return m
	}
	at := clockMoment(d.text[11:])
	m.micros += at.micros
	m.parts = at.parts
	switch zone := d.Zone(); {
	case zone == "":
	case len(zone) == 1:
		m.zoned = true
	default:
		m.zoned = true
		offset := int64(number(zone, 1, 3)*60+number(zone, 4, 6)) * microsOfMinute
		if zone[0] == '-' {
			offset = -offset
		}
		m.zone = offset
	}
	return m
}

func (t Time) moment() moment {
	m := clockMoment(t.text)
	m.clock = true
	return m
}

// The number of parts that are known of a moment with a time.
const (
	partsDay    = 3
	partsMinute = 5
	partsSecond = 6
)

func clockMoment(s string) moment {
	if s == "" {
		return moment{}
	}
	m := moment{micros: int64(number(s, 0, 2)*60+number(s, 3, 5)) * microsOfMinute, parts: partsMinute}
	n := clock(s)
	if n < 8 {
		return m
	}
	m.parts = partsSecond
	m.micros += int64(number(s, 6, 8)) * 1_000_000
	unit := int64(100_000)
	for i := 9; i < n && unit > 0; i++ {
		m.micros += int64(s[i]-'0') * unit
		unit /= 10
	}
	return m
}

// momentOf reads a date or a date with time; the zero moment where it is none.
func momentOf(s string) moment {
	if !validDateTime(s) {
		return moment{}
	}
	return DateTime{s}.moment()
}

// compare returns the order of two moments. Known is false where they agree as far
// as both are known and one says more, and where only one has a zone and they are
// close.
func (m moment) compare(o moment) (result int, known bool) {
	if m.parts == 0 || o.parts == 0 || m.clock != o.clock {
		return 0, false
	}
	parts := min(m.parts, o.parts)
	if parts <= partsDay {
		result = order(int(m.cut(parts)/microsOfDay), int(o.cut(parts)/microsOfDay))
		return result, result != 0 || m.parts == o.parts
	}
	if m.zoned != o.zoned {
		const apart = 15 * 60 * microsOfMinute
		switch d := m.micros - m.zone - (o.micros - o.zone); {
		case d > apart:
			return 1, true
		case d < -apart:
			return -1, true
		}
		return 0, false
	}
	a, b := m.micros-m.zone, o.micros-o.zone
	if parts == partsMinute {
		a, b = a/microsOfMinute, b/microsOfMinute
	}
	switch {
	case a < b:
		return -1, true
	case a > b:
		return 1, true
	}
	return 0, m.parts == o.parts
}

// cut is the start of the day, month or year in which the moment lies.
func (m moment) cut(parts int) int64 {
	day := m.micros / microsOfDay
	if parts == partsDay {
		return day * microsOfDay
	}
	y, month := yearAndMonth(int(day))
	if parts == 1 {
		month = 1
	}
	return int64(dayNumber(y, month, 1)) * microsOfDay
}

// yearAndMonth is the inverse of dayNumber.
func yearAndMonth(day int) (year, month int) {
	era := day / 146_097
	rest := day % 146_097
	years := (rest - rest/1460 + rest/36_524 - rest/146_096) / 365
	inYear := rest - (365*years + years/4 - years/100)
	month = (5*inYear+2)/153 + 3
	year = era*400 + years
	if month > 12 {
		return year + 1, month - 12
	}
	return year, month
}

// sameMoment and differentMoment report what is known of two moments.
func sameMoment(a, b moment) bool {
	result, known := a.compare(b)
	return known && result == 0
}

func differentMoment(a, b moment) bool {
	result, _ := a.compare(b)
	return result != 0
}

// ordered reports whether the order is known and is op: <, <=, > or >=.
func ordered(a moment, op string, b moment) bool {
	result, known := a.compare(b)
	if !known {
		return false
	}
	switch op {
	case "<":
		return result < 0
	case "<=":
		return result <= 0
	case ">":
		return result > 0
	}
	return result >= 0
}
