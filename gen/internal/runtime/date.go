package runtime

import (
	"errors"
	"strings"
	"time"
)

// Precision says how much of a date or a time is known.
type Precision uint8

// The precisions.
const (
	PrecisionNone Precision = iota
	PrecisionYear
	PrecisionMonth
	PrecisionDay
	PrecisionMinute
	PrecisionSecond
	PrecisionFraction
)

// Date is a day, a month or a year of the calendar. The zero Date is none.
type Date struct {
	Year int16
	// Month and Day are 0 where they are not known.
	Month, Day uint8
}

// NewDate returns a date; day 0 makes it a month, month 0 a year. It returns the
// zero Date where the calendar has no such date or the year is not 1 to 9999.
func NewDate(year, month, day int) Date {
	if year < 1 || year > 9999 || month < 0 || month > 12 || day < 0 || day > 31 || day > 0 && (month == 0 || day > daysIn(year, month)) {
		return Date{}
	}
	return Date{int16(year), uint8(month), uint8(day)}
}

// ParseDate returns the date of a text YYYY, YYYY-MM or YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	d, ok := parseDate(s)
	if !ok {
		return Date{}, errors.New("want date, have other text")
	}
	return d, nil
}

func parseDate(s string) (Date, bool) {
	if len(s) != 4 && len(s) != 7 && len(s) != 10 {
		return Date{}, false
	}
	year, month, day := number(s, 0, 4), 0, 0
	if len(s) >= 7 {
		if month = number(s, 5, 7); s[4] != '-' || month < 1 {
			return Date{}, false
		}
	}
	if len(s) == 10 {
		if day = number(s, 8, 10); s[7] != '-' || day < 1 {
			return Date{}, false
		}
	}
	d := NewDate(year, month, day)
	return d, d.Year != 0
}

// number returns the value of the digits s[i:j], -1 if they are none.
func number(s string, i, j int) int {
	n := 0
	for ; i < j; i++ {
		c := s[i] - '0'
		if c > 9 {
			return -1
		}
		n = n*10 + int(c)
	}
	return n
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// Precision returns how much of the date is known.
func (d Date) Precision() Precision {
	switch {
	case d.Year == 0:
		return PrecisionNone
	case d.Month == 0:
		return PrecisionYear
	case d.Day == 0:
		return PrecisionMonth
	}
	return PrecisionDay
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Compare returns -1, 0 or 1 as d is before, equal to or after e. What is not
// known counts as the beginning: 2024 is before 2024-01.
func (d Date) Compare(e Date) int {
	a := int(d.Year)<<16 | int(d.Month)<<8 | int(d.Day)
	b := int(e.Year)<<16 | int(e.Month)<<8 | int(e.Day)
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Time returns the start of the date in UTC.
func (d Date) Time() time.Time {
	return time.Date(int(d.Year), time.Month(max(d.Month, 1)), int(max(d.Day, 1)), 0, 0, 0, 0, time.UTC)
}

// Days returns the days since 1970-01-01, and false where the day is not known.
func (d Date) Days() (int32, bool) {
	const daySeconds = 24 * 60 * 60
	return int32(d.Time().Unix() / daySeconds), d.Day != 0
}

// SetDays sets the date to the given days after 1970-01-01, or to none where that
// is not in the years 1 to 9999.
func (d *Date) SetDays(days int32) {
	t := time.Unix(0, 0).UTC().AddDate(0, 0, int(days))
	*d = NewDate(t.Year(), int(t.Month()), t.Day())
}

// String returns the date in the form in which ParseDate reads it, "" if it is
// none.
func (d Date) String() string { return string(d.append(nil)) }

func (d Date) append(dst []byte) []byte {
	if d.Year == 0 {
		return dst
	}
	y := int(d.Year)
	dst = append(dst, byte('0'+y/1000%10), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10))
	if d.Month != 0 {
		dst = append(dst, '-', '0'+d.Month/10, '0'+d.Month%10)
	}
	if d.Day != 0 {
		dst = append(dst, '-', '0'+d.Day/10, '0'+d.Day%10)
	}
	return dst
}

// MarshalText returns the date as text.
func (d Date) MarshalText() ([]byte, error) { return d.append(nil), nil }

// UnmarshalText reads a date.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := ParseDate(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// DateTime is a date with or without a time of day, whose fraction and zone are
// kept as they were written. The zero DateTime is none. Two that mean the same
// moment in different zones are not ==; Time tells the moment.
type DateTime struct{ text string }

// ParseDateTime returns the value of a text YYYY, YYYY-MM, YYYY-MM-DD or
// YYYY-MM-DDThh:mm[:ss[.fff]] with an optional zone: Z, +hh:mm or -hh:mm.
func ParseDateTime(s string) (DateTime, error) {
	if !validDateTime(s) {
		return DateTime{}, errors.New("want date and time, have other text")
	}
	return DateTime{s}, nil
}

// DateTimeOf returns a moment with the digits of the second that it has.
func DateTimeOf(t time.Time) DateTime { return DateTime{t.Format(time.RFC3339Nano)} }

func validDateTime(s string) bool {
	if len(s) <= 10 {
		_, ok := parseDate(s)
		return ok
	}
	if _, ok := parseDate(s[:10]); !ok || s[10] != 'T' && s[10] != 't' && s[10] != ' ' {
		return false
	}
	rest := s[11:]
	n := clock(rest)
	return n > 0 && validZone(rest[n:])
}

// clock returns the length of the time of day hh:mm[:ss[.fff]] with which s
// starts, 0 if there is none. Second 60 is one that leaps.
func clock(s string) int {
	if len(s) < 5 || s[2] != ':' {
		return 0
	}
	h, m := number(s, 0, 2), number(s, 3, 5)
	if h < 0 || h > 24 || m < 0 || m > 59 || h == 24 && m != 0 {
		return 0
	}
	if len(s) < 8 || s[5] != ':' {
		return 5
	}
	if sec := number(s, 6, 8); sec < 0 || sec > 60 {
		return 0
	}
	if len(s) > 8 && s[8] == '.' {
		end := run(s, 9)
		if end == 9 {
			return 0
		}
		return end
	}
	return 8
}

func validZone(s string) bool {
	switch {
	case s == "", s == "Z", s == "z":
		return true
	case len(s) != 6 || s[0] != '+' && s[0] != '-' || s[3] != ':':
		return false
	}
	h, m := number(s, 1, 3), number(s, 4, 6)
	return h >= 0 && h <= 23 && m >= 0 && m <= 59
}

// IsZero reports whether there is none.
func (d DateTime) IsZero() bool { return d.text == "" }

// String returns the text as it was written.
func (d DateTime) String() string { return d.text }

// Date returns the date, in the zone in which it was written.
func (d DateTime) Date() Date {
	v, _ := parseDate(d.text[:min(len(d.text), 10)])
	return v
}

// Precision returns how much is known.
func (d DateTime) Precision() Precision {
	if len(d.text) <= 10 {
		return d.Date().Precision()
	}
	return clockPrecision(d.text[11:])
}

func clockPrecision(s string) Precision {
	switch n := clock(s); {
	case n > 8:
		return PrecisionFraction
	case n == 8:
		return PrecisionSecond
	}
	return PrecisionMinute
}

// Zone returns the zone as it was written: Z, +02:00, "" for none.
func (d DateTime) Zone() string {
	if len(d.text) <= 10 {
		return ""
	}
	return d.text[11+clock(d.text[11:]):]
}

// Time returns the moment; without a zone the time counts as one of loc, nil
// meaning UTC. What is not known counts as its beginning; digits of the second
// beyond the ninth are cut off.
func (d DateTime) Time(loc *time.Location) time.Time {
	if loc == nil {
		loc = time.UTC
	}
	day := d.Date()
	if day.IsZero() {
		return time.Time{}
	}
	hour, minute, second, nanos := 0, 0, 0, 0
	if len(d.text) > 10 {
		hour, minute, second, nanos = clockParts(d.text[11:])
		loc = zoneOf(d.Zone(), loc)
	}
	return time.Date(int(day.Year), time.Month(max(day.Month, 1)), int(max(day.Day, 1)), hour, minute, second, nanos, loc)
}

func clockParts(s string) (hour, minute, second, nanos int) {
	hour, minute = number(s, 0, 2), number(s, 3, 5)
	n := clock(s)
	if n >= 8 {
		second = number(s, 6, 8)
	}
	if n > 9 {
		digits := s[9:min(n, 18)]
		nanos = number(digits+strings.Repeat("0", 9-len(digits)), 0, 9)
	}
	return hour, minute, second, nanos
}

func zoneOf(zone string, loc *time.Location) *time.Location {
	switch zone {
	case "":
		return loc
	case "Z", "z":
		return time.UTC
	}
	seconds := number(zone, 1, 3)*3600 + number(zone, 4, 6)*60
	if zone[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds)
}

// MarshalText returns the text.
func (d DateTime) MarshalText() ([]byte, error) { return []byte(d.text), nil }

// UnmarshalText reads a date with or without a time.
func (d *DateTime) UnmarshalText(b []byte) error {
	v, err := ParseDateTime(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// Time is a time of day. The zero Time is none.
type Time struct{ text string }

// ParseTime returns the value of a text hh:mm[:ss[.fff]] with an optional zone.
func ParseTime(s string) (Time, error) {
	if !validTime(s) {
		return Time{}, errors.New("want time, have other text")
	}
	return Time{s}, nil
}

func validTime(s string) bool {
	n := clock(s)
	return n > 0 && validZone(s[n:])
}

// IsZero reports whether there is none.
func (t Time) IsZero() bool { return t.text == "" }

// String returns the text as it was written.
func (t Time) String() string { return t.text }

// Precision returns how much is known.
func (t Time) Precision() Precision {
	if t.text == "" {
		return PrecisionNone
	}
	return clockPrecision(t.text)
}

// Duration returns the time since midnight.
func (t Time) Duration() time.Duration {
	if t.text == "" {
		return 0
	}
	h, m, s, n := clockParts(t.text)
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(n)
}

// MarshalText returns the text.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.text), nil }

// UnmarshalText reads a time of day.
func (t *Time) UnmarshalText(b []byte) error {
	v, err := ParseTime(string(b))
	if err == nil {
		*t = v
	}
	return err
}
