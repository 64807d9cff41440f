package columnar

import (
	"errors"
	"time"
)

// Date is a calendar day, counted in days since 1970-01-01 in the proleptic
// Gregorian calendar. It is stored as Parquet's DATE.
type Date int32

// Timestamp is a reading of a clock without a time zone, counted in
// microseconds since 1970-01-01T00:00:00 on that clock. It is stored as
// Parquet's TIMESTAMP in microseconds with isAdjustedToUTC false.
type Timestamp int64

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86_400 * microsPerSecond
)

var (
	errDate      = errors.New("columnar: want a date YYYY-MM-DD")
	errTimestamp = errors.New("columnar: want a date and time YYYY-MM-DDTHH:MM:SS[.ffffff] without a zone")
)

// DateOf returns the given day of the Gregorian calendar; months and days out
// of range carry over as in time.Date.
func DateOf(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86_400)
}

// ParseDate returns the day written as YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	if len(s) != 10 {
		return 0, errDate
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, errDate
	}
	return Date(floorDiv(t.Unix(), 86_400)), nil
}

// Time returns midnight of the day, in UTC.
func (d Date) Time() time.Time { return time.Unix(int64(d)*86_400, 0).UTC() }

// Timestamp returns midnight of the day.
func (d Date) Timestamp() Timestamp { return Timestamp(d) * microsPerDay }

// String returns the day as YYYY-MM-DD.
func (d Date) String() string { return d.Time().Format(time.DateOnly) }

// TimestampOf returns what the clock of t shows, in t's own zone.
func TimestampOf(t time.Time) Timestamp {
	_, offset := t.Zone()
	return Timestamp((t.Unix()+int64(offset))*microsPerSecond + int64(t.Nanosecond()/1000))
}

// ParseTimestamp returns the clock reading written as YYYY-MM-DDTHH:MM:SS or
// YYYY-MM-DD HH:MM:SS, with up to six decimals of a second. A zone is refused.
func ParseTimestamp(s string) (Timestamp, error) {
	if len(s) < 19 || len(s) > 26 || len(s) == 20 || s[13] != ':' || len(s) > 19 && s[19] != '.' {
		return 0, errTimestamp // package time takes hours of one digit and decimals after a comma
	}
	layout := "2006-01-02T15:04:05"
	if s[10] == ' ' {
		layout = time.DateTime
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return 0, errTimestamp
	}
	return TimestampOf(t), nil
}

// Time returns the clock reading as a time in UTC.
func (t Timestamp) Time() time.Time { return time.UnixMicro(int64(t)).UTC() }

// Date returns the day of the clock reading.
func (t Timestamp) Date() Date { return Date(floorDiv(int64(t), microsPerDay)) }

// String returns the clock reading as YYYY-MM-DDTHH:MM:SS, followed by six
// decimals when it is not on a whole second.
func (t Timestamp) String() string {
	if int64(t)%microsPerSecond == 0 {
		return t.Time().Format("2006-01-02T15:04:05")
	}
	return t.Time().Format("2006-01-02T15:04:05.000000")
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
