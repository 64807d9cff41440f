package dicommeta

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Date is a day of the Gregorian calendar. Of a DateTime it may be less: Day is 0 where
// only the month is known, Month too where only the year is.
type Date struct{ Year, Month, Day int }

// String returns the date in the form of ISO 8601: 2024-02-29, 2024-02, 2024.
func (d Date) String() string {
	switch {
	case d.Month == 0:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Time is a time of day. Parts says how much of it is known: 1 the hour, 2 the minute too,
// 3 the second too; 0 is no time. Second may be 60, a leap second.
type Time struct {
	Hour, Minute, Second int
	Parts                int
	// Fraction is the digits behind the second's point as written, at most 6.
	Fraction string
}

// String returns the time in the form of ISO 8601: 13:05:09.25, 13:05, 13.
func (t Time) String() string {
	switch t.Parts {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("%02d", t.Hour)
	case 2:
		return fmt.Sprintf("%02d:%02d", t.Hour, t.Minute)
	}
	s := fmt.Sprintf("%02d:%02d:%02d", t.Hour, t.Minute, t.Second)
	if t.Fraction != "" {
		s += "." + t.Fraction
	}
	return s
}

// Nanosecond returns the fraction of the second.
func (t Time) Nanosecond() int {
	n, err := strconv.Atoi((t.Fraction + "000000000")[:9])
	if err != nil {
		return 0
	}
	return n
}

// DateTime is a date and time as exact as it is known.
type DateTime struct {
	Date
	Time
	// Offset is the time zone in minutes east of UTC, where HasOffset; else the zone
	// is that of Timezone Offset From UTC (0008,0201), or unknown.
	Offset    int
	HasOffset bool
}

// String returns the date and time in the form of ISO 8601: 2024-02-29T13:05:09+01:00.
func (t DateTime) String() string {
	s := t.Date.String()
	if t.Parts > 0 {
		s += "T" + t.Time.String()
	}
	if t.HasOffset {
		sign, o := '+', t.Offset
		if o < 0 {
			sign, o = '-', -o
		}
		s += fmt.Sprintf("%c%02d:%02d", sign, o/60, o%60)
	}
	return s
}

// In returns the begin of what t denotes, in its own time zone or else in loc.
func (t DateTime) In(loc *time.Location) time.Time {
	if t.HasOffset {
		loc = time.FixedZone("", t.Offset*60)
	}
	return time.Date(t.Year, time.Month(max(t.Month, 1)), max(t.Day, 1), t.Hour, t.Minute, t.Second, t.Nanosecond(), loc)
}

// ParseDate reads a DA: 20240229, or 2024.02.29 of ACR-NEMA. ok is false where it is
// no day.
func ParseDate(da string) (d Date, ok bool) {
	da = strings.Trim(da, " \x00")
	if len(da) == 10 && da[4] == '.' && da[7] == '.' {
		da = da[:4] + da[5:7] + da[8:]
	}
	if len(da) != 8 {
		return Date{}, false
	}
	return parseDay(da)
}

// parseDay reads YYYY, YYYYMM or YYYYMMDD.
func parseDay(s string) (d Date, ok bool) {
	if !isDigits(s) || len(s) != 4 && len(s) != 6 && len(s) != 8 {
		return Date{}, false
	}
	d.Year, _ = strconv.Atoi(s[:4])
	if d.Year == 0 {
		return Date{}, false
	}
	if len(s) >= 6 {
		if d.Month = twoDigits(s[4:]); d.Month < 1 || d.Month > 12 {
			return Date{}, false
		}
	}
	if len(s) == 8 {
		if d.Day = twoDigits(s[6:]); d.Day < 1 || d.Day > daysIn(d.Year, d.Month) {
			return Date{}, false
		}
	}
	return d, true
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

// ParseTime reads a TM: 130509.25 or a part of it from the left, or 13:05:09 of ACR-NEMA.
// ok is false where it is no time.
func ParseTime(tm string) (t Time, ok bool) {
	tm = strings.Trim(tm, " \x00")
	if len(tm) >= 5 && tm[2] == ':' {
		if len(tm) > 5 && tm[5] != ':' {
			return Time{}, false
		}
		tm = strings.Replace(tm, ":", "", 2)
	}
	return parseClock(tm)
}

// parseClock reads HH, HHMM, HHMMSS or HHMMSS.F with up to 6 digits F.
func parseClock(s string) (t Time, ok bool) {
	s, fraction, point := strings.Cut(s, ".")
	if !isDigits(s) || len(s) != 2 && len(s) != 4 && len(s) != 6 || point && (len(s) != 6 || !isDigits(fraction) || len(fraction) > 6) {
		return Time{}, false
	}
	t.Parts, t.Fraction = len(s)/2, fraction
	t.Hour = twoDigits(s)
	if t.Parts > 1 {
		t.Minute = twoDigits(s[2:])
	}
	if t.Parts > 2 {
		t.Second = twoDigits(s[4:])
	}
	if t.Hour > 23 || t.Minute > 59 || t.Second > 60 {
		return Time{}, false
	}
	return t, true
}

// ParseDateTime reads a DT: 20240229130509.25+0100 or a part of it from the left, at least the
// year, with or without offset. ok is false where there is no such date and time.
func ParseDateTime(dt string) (t DateTime, ok bool) {
	dt = strings.Trim(dt, " \x00")
	if i := strings.IndexAny(dt, "+-"); i >= 0 {
		if t.Offset, ok = parseOffset(dt[i:]); !ok {
			return DateTime{}, false
		}
		t.HasOffset, dt = true, dt[:i]
	}
	if t.Date, ok = parseDay(dt[:min(8, len(dt))]); !ok {
		return DateTime{}, false
	}
	if len(dt) > 8 {
		if t.Time, ok = parseClock(dt[8:]); !ok {
			return DateTime{}, false
		}
	}
	return t, true
}

// parseOffset reads +0100, from -1200 to +1400, in minutes (PS3.5 table 6.2-1).
func parseOffset(s string) (minutes int, ok bool) {
	if len(s) != 5 || !isDigits(s[1:]) || twoDigits(s[3:]) > 59 {
		return 0, false
	}
	minutes = twoDigits(s[1:])*60 + twoDigits(s[3:])
	if s[0] == '-' {
		minutes = -minutes
	}
	return minutes, minutes >= -12*60 && minutes <= 14*60 && s != "-0000"
}

// Age is an AS: a number of days, weeks, months or years.
type Age struct {
	Number int
	Unit   byte // 'D', 'W', 'M' or 'Y'
}

// String returns the age as DICOM writes it: 018M.
func (a Age) String() string { return fmt.Sprintf("%03d%c", a.Number, a.Unit) }

// Years returns the age in years, of 365.25 days each.
func (a Age) Years() float64 {
	n := float64(a.Number)
	switch a.Unit {
	case 'D':
		return n / 365.25
	case 'W':
		return n * 7 / 365.25
	case 'M':
		return n / 12
	}
	return n
}

// ParseAge reads an AS: 018M. Fewer digits are let pass, as in 45Y.
func ParseAge(as string) (a Age, ok bool) {
	as = strings.Trim(as, " \x00")
	n := len(as) - 1
	if n < 1 || n > 3 || !isDigits(as[:n]) || !strings.ContainsRune("DWMY", rune(as[n])) {
		return Age{}, false
	}
	a.Number, _ = strconv.Atoi(as[:n])
	a.Unit = as[n]
	return a, true
}

// Date returns the first value of a DA element, or the day of a DT element if it says one.
func (d *Dataset) Date(t dict.Tag) (day Date, ok bool) {
	s := d.Text(t)
	if day, ok = ParseDate(s); ok {
		return day, true
	}
	if dt, ok := ParseDateTime(s); ok && dt.Day > 0 {
		return dt.Date, true
	}
	return Date{}, false
}

// Time returns the first value of a TM element.
func (d *Dataset) Time(t dict.Tag) (Time, bool) { return ParseTime(d.Text(t)) }

// DateTime returns the first value of a DT element.
func (d *Dataset) DateTime(t dict.Tag) (DateTime, bool) { return ParseDateTime(d.Text(t)) }

// Age returns the value of an AS element.
func (d *Dataset) Age(t dict.Tag) (Age, bool) { return ParseAge(d.Text(t)) }

// isDigits reports whether s is one digit or more, and nothing else.
func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// twoDigits returns the number of the first two digits of s.
func twoDigits(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }
