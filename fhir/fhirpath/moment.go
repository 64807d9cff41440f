package fhirpath

import (
	"strconv"
	"time"

	"github.com/carabiner-health/carabiner/internal/decimal"
)

// Precisions of dates and times, as the digits that are known (N1 3.0, precision()).
const (
	precYear   = 4
	precMonth  = 6
	precDay    = 8
	precHour   = 10
	precMinute = 12
	precSecond = 14 // and its fraction: one precision in comparisons
	precMilli  = 17

	// A time has the digits of a dateTime less those of the date.
	timeDigits = 8
)

const (
	microsecond = 1
	millisecond = 1000
	secondUnit  = 1000 * millisecond
	minuteUnit  = 60 * secondUnit
	hourUnit    = 60 * minuteUnit
	dayUnit     = 24 * hourUnit
)

// civil holds the fields of a moment.
type civil struct {
	year, month, day, hour, minute, second, micro int
}

// days returns the days from 1970-01-01 to a date of the proleptic calendar.
func days(y, m, d int) int64 {
	if m <= 2 {
		y--
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yoe := y - era*400
	doy := (153*((m+9)%12)+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int64(era)*146097 + int64(doe) - 719468
}

func date(z int64) (y, m, d int) {
	z += 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := int(z - era*146097)
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	if m > 12 {
		m -= 12
	}
	y = yoe + int(era)*400
	if m <= 2 {
		y++
	}
	return y, m, d
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func (c civil) micros() int64 {
	return days(c.year, c.month, c.day)*dayUnit + int64(c.hour)*hourUnit + int64(c.minute)*minuteUnit + int64(c.second)*secondUnit + int64(c.micro)
}

// fields returns the fields of a moment in its own zone.
func (it *Item) fields() civil {
	day := it.n / dayUnit
	rest := it.n % dayUnit
	if rest < 0 {
		rest += dayUnit
		day--
	}
	var c civil
	c.year, c.month, c.day = date(day)
	c.hour, rest = int(rest/hourUnit), rest%hourUnit
	c.minute, rest = int(rest/minuteUnit), rest%minuteUnit
	c.second, c.micro = int(rest/secondUnit), int(rest%secondUnit)
	return c
}

func (it *Item) isMoment() bool {
	return it.kind == kindDate || it.kind == kindDateTime || it.kind == kindTime
}

// parseDate reads YYYY, YYYY-MM or YYYY-MM-DD.
func parseDate(s string, c *civil) (prec uint8, ok bool) {
	n := dateLength(s)
	if n != len(s) || n == 0 {
		return 0, false
	}
	c.month, c.day = 1, 1
	c.year = number4(s)
	if n >= 7 {
		c.month = two(s[5:])
	}
	if n == 10 {
		c.day = two(s[8:])
	}
	if c.month < 1 || c.month > 12 || c.day < 1 || c.day > daysIn(c.year, c.month) {
		return 0, false
	}
	return uint8(n - (n-4)/3), true
}

func two(s string) int     { return int(s[0]-'0')*10 + int(s[1]-'0') }
func number4(s string) int { return two(s)*100 + two(s[2:]) }

// parseTime reads HH, HH:MM or HH:MM:SS with a fraction; prec counts from the year.
func parseTime(s string, c *civil) (prec, frac uint8, ok bool) {
	n := timeLength(s)
	if n != len(s) || n == 0 {
		return 0, 0, false
	}
	c.hour = two(s)
	prec = precHour
	if n >= 5 {
		c.minute, prec = two(s[3:]), precMinute
	}
	if n >= 8 {
		c.second, prec = two(s[6:]), precSecond
	}
	if n > 8 {
		prec = precMilli
		unit := 100_000
		for i := 9; i < n; i++ {
			c.micro += int(s[i]-'0') * unit
			unit /= 10
		}
		frac = uint8(min(n-9, 6))
	}
	// A leap second counts as the one before it.
	if c.second == 60 {
		c.second = 59
	}
	return prec, frac, c.hour < 24 && c.minute < 60 && c.second < 60
}

// parseMoment reads a date, dateTime or time as FHIR writes it.
func parseMoment(s string, k kind) (Item, bool) {
	var c civil
	it := Item{kind: k}
	var ok bool
	if k == kindTime {
		c.year, c.month, c.day = 1970, 1, 1
		it.prec, it.frac, ok = parseTime(s, &c)
		it.n = c.micros()
		return it, ok
	}
	n := dateLength(s)
	if it.prec, ok = parseDate(s[:n], &c); !ok {
		return Item{}, false
	}
	rest := s[n:]
	if k == kindDate || rest == "" {
		it.n = c.micros()
		return it, rest == ""
	}
	if rest[0] != 'T' {
		return Item{}, false
	}
	rest = rest[1:]
	if rest == "" {
		it.n = c.micros()
		return it, true
	}
	t := timeLength(rest)
	if it.prec != precDay {
		return Item{}, false
	}
	if it.prec, it.frac, ok = parseTime(rest[:t], &c); !ok {
		return Item{}, false
	}
	if zone := rest[t:]; zone != "" {
		if zoneLength(zone) != len(zone) {
			return Item{}, false
		}
		it.zoned = true
		if zone[0] != 'Z' {
			it.zone = int16(two(zone[1:])*60 + two(zone[4:]))
			if it.zone > 14*60 || two(zone[4:]) > 59 {
				return Item{}, false
			}
			if zone[0] == '-' {
				it.zone = -it.zone
			}
		}
	}
	it.n = c.micros()
	return it, true
}

func parseLiteralMoment(t token) (Item, bool) {
	switch t.kind {
	case tokDate:
		return parseMoment(t.text, kindDate)
	case tokTime:
		return parseMoment(t.text, kindTime)
	}
	return parseMoment(t.text, kindDateTime)
}

// momentOf returns an instant as a DateTime with milliseconds and zone.
func momentOf(t time.Time) Item {
	_, offset := t.Zone()
	c := civil{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1e6 * 1000}
	return Item{kind: kindDateTime, n: c.micros(), prec: precMilli, frac: 3, zoned: true, zone: int16(offset / 60)}
}

// asDate returns the date of a Date or DateTime.
func (it Item) asDate() Item {
	c := it.fields()
	return Item{kind: kindDate, prec: min(it.prec, precDay), n: days(c.year, c.month, c.day) * dayUnit}
}

// asTime returns the time of day of a DateTime.
func (it Item) asTime() Item {
	c := it.fields()
	c.year, c.month, c.day = 1970, 1, 1
	return Item{kind: kindTime, prec: it.prec, frac: it.frac, n: c.micros()}
}

func appendPadded(dst []byte, n, width int) []byte {
	var scratch [20]byte
	s := strconv.AppendInt(scratch[:0], int64(n), 10)
	for i := len(s); i < width; i++ {
		dst = append(dst, '0')
	}
	return append(dst, s...)
}

// appendMoment writes a date or time as far as it is known.
func (it *Item) appendMoment(dst []byte) []byte {
	c := it.fields()
	if it.kind != kindTime {
		dst = appendPadded(dst, c.year, 4)
		if it.prec >= precMonth {
			dst = appendPadded(append(dst, '-'), c.month, 2)
		}
		if it.prec >= precDay {
			dst = appendPadded(append(dst, '-'), c.day, 2)
		}
		if it.prec > precDay {
			dst = append(dst, 'T')
		}
	}
	if it.prec >= precHour {
		dst = appendPadded(dst, c.hour, 2)
	}
	if it.prec >= precMinute {
		dst = appendPadded(append(dst, ':'), c.minute, 2)
	}
	if it.prec >= precSecond {
		dst = appendPadded(append(dst, ':'), c.second, 2)
	}
	if it.frac > 0 {
		micro, width := c.micro, 6
		for ; width > int(it.frac); width-- {
			micro /= 10
		}
		dst = appendPadded(append(dst, '.'), micro, width)
	}
	return it.appendZone(dst)
}

func (it *Item) appendZone(dst []byte) []byte {
	if !it.zoned {
		return dst
	}
	zone := int(it.zone)
	if zone == 0 {
		return append(dst, 'Z')
	}
	if zone < 0 {
		dst = append(dst, '-')
		zone = -zone
	} else {
		dst = append(dst, '+')
	}
	dst = appendPadded(dst, zone/60, 2)
	return appendPadded(append(dst, ':'), zone%60, 2)
}

// compareMoments compares two moments as far as both are known (N1 §6.2): known
// is false where one is less precise and they agree up to there, and where one
// alone has a zone and the other could lie on either side.
func compareMoments(a, b *Item) (order int, known bool) {
	prec := min(a.prec, b.prec)
	x, y := a.n, b.n
	if prec > precDay && a.kind == kindDateTime && b.kind == kindDateTime {
		switch {
		case a.zoned && b.zoned:
			x -= int64(a.zone) * minuteUnit
			y -= int64(b.zone) * minuteUnit
		case a.zoned != b.zoned:
			return apart(a, b)
		}
	}
	prec = min(prec, precSecond)
	if prec < precSecond {
		x, y = cut(x, prec), cut(y, prec)
	}
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	}
	return 0, min(a.prec, precSecond) == min(b.prec, precSecond)
}

// apart compares a moment with a zone to one without, which may be up to 14
// hours off either way.
func apart(a, b *Item) (order int, known bool) {
	distance := a.n - int64(a.zone)*minuteUnit - (b.n - int64(b.zone)*minuteUnit)
	switch limit := int64(15 * hourUnit); {
	case distance > limit:
		return 1, true
	case distance < -limit:
		return -1, true
	}
	return 0, false
}

// cut returns micros at the begin of its year, month, day, hour or minute.
func cut(n int64, prec uint8) int64 {
	unit := int64(minuteUnit)
	switch prec {
	case precHour:
		unit = hourUnit
	case precDay:
		unit = dayUnit
	case precYear, precMonth:
		it := Item{n: n}
		c := it.fields()
		if prec == precYear {
			c.month = 1
		}
		return days(c.year, c.month, 1) * dayUnit
	}
	rest := n % unit
	if rest < 0 {
		rest += unit
	}
	return n - rest
}

// durations are the units that may be added to a moment. Those of UCUM have a
// fixed length; a year and a month of UCUM have none that the calendar knows.
func durationOf(q *Item) (unit string, ok bool) {
	if q.calendar {
		return q.node.name, true
	}
	switch q.node.name {
	case "wk":
		return "week", true
	case "d":
		return "day", true
	case "h":
		return "hour", true
	case "min":
		return "minute", true
	case "s":
		return "second", true
	case "ms":
		return "millisecond", true
	}
	unit = calendarUnit(q.node.name)
	return unit, unit != ""
}

// addDuration returns the moment later by a quantity; sign is 1 or -1. Parts of a
// unit are cut but those of a calendar second (N1 §6.6.7). A unit finer than the
// moment is first turned into whole ones that the moment has.
func addDuration(it Item, q *Item, sign int64) (Item, bool) {
	unit, ok := durationOf(q)
	if !ok {
		return Item{}, false
	}
	amount, ok := q.num.Round(0, decimal.Down).Int64()
	if !ok || amount > 1e12 || amount < -1e12 {
		return Item{}, false
	}
	amount *= sign
	switch unit {
	case "year":
		return it.addMonths(12 * amount)
	case "month":
		return it.addMonths(amount)
	case "week":
		return it.addMicros(amount*7, dayUnit)
	case "day":
		return it.addMicros(amount, dayUnit)
	case "hour":
		return it.addMicros(amount, hourUnit)
	case "minute":
		return it.addMicros(amount, minuteUnit)
	case "second":
		if micros, ok := q.num.Mul(decimal.New(secondUnit, 0)); ok && q.calendar {
			n, _ := micros.Round(0, decimal.Down).Int64()
			return it.addMicros(n*sign, microsecond)
		}
		return it.addMicros(amount, secondUnit)
	}
	return it.addMicros(amount, millisecond)
}

func (it Item) addMonths(n int64) (Item, bool) {
	if it.kind == kindTime {
		return Item{}, false
	}
	if it.prec == precYear {
		n = n / 12 * 12
	}
	c := it.fields()
	months := int64(c.year)*12 + int64(c.month-1) + n
	if months < 12 || months >= 12*10000 {
		return Item{}, false
	}
	c.year, c.month = int(months/12), int(months%12)+1
	c.day = min(c.day, daysIn(c.year, c.month))
	it.n = c.micros()
	return it, true
}

func (it Item) addMicros(amount, unit int64) (Item, bool) {
	if amount > 4e17/unit || amount < -4e17/unit {
		return Item{}, false
	}
	delta := amount * unit
	if it.kind == kindTime {
		it.n = ((it.n+delta)%dayUnit + dayUnit) % dayUnit
		return it, true
	}
	switch it.prec {
	case precYear:
		return it.addMonths(delta / (365 * dayUnit) * 12)
	case precMonth:
		return it.addMonths(delta / (30 * dayUnit))
	case precDay:
		delta = delta / dayUnit * dayUnit
	case precHour:
		delta = delta / hourUnit * hourUnit
	case precMinute:
		delta = delta / minuteUnit * minuteUnit
	case precSecond:
		delta = delta / secondUnit * secondUnit
	}
	it.n += delta
	c := it.fields()
	return it, c.year >= 1 && c.year <= 9999
}
