package mapping

import (
	"strings"
	"time"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/omop"
)

// dayOf reads a date as DICOM writes it: YYYYMMDD, or YYYY.MM.DD as before
// DICOM (PS3.5 §6.2, DA).
func dayOf(s string) (omop.Date, bool) {
	if len(s) == 10 && s[4] == '.' && s[7] == '.' {
		s = s[:4] + s[5:7] + s[8:]
	}
	if len(s) != 8 {
		return 0, false
	}
	b := []byte(s)
	y, ok1 := digits(b, 0, 4)
	m, ok2 := digits(b, 4, 6)
	d, ok3 := digits(b, 6, 8)
	if !ok1 || !ok2 || !ok3 || y == 0 || m < 1 || m > 12 || d < 1 || d > monthDays(y, m) {
		return 0, false
	}
	return columnar.DateOf(y, time.Month(m), d), true
}

// timeOf reads a time: HH, HHMM, HHMMSS or HHMMSS.FFFFFF, or with colons as before
// DICOM, and returns microseconds of the day (PS3.5 §6.2, TM).
func timeOf(s string) (us int64, ok bool) {
	whole, fraction, _ := strings.Cut(strings.ReplaceAll(s, ":", ""), ".")
	if len(whole) > 6 || len(whole)%2 == 1 || len(whole) < 6 && fraction != "" || len(fraction) > 6 {
		return 0, false
	}
	limits := [3]int{23, 59, 60}
	for i, unit := range [3]int64{3600e6, 60e6, 1e6} {
		if len(whole) < 2*i+2 {
			return us, i > 0
		}
		n, ok := digits([]byte(whole), 2*i, 2*i+2)
		if !ok || n > limits[i] {
			return 0, false
		}
		us += int64(n) * unit
	}
	if fraction == "" {
		return us, true
	}
	n, ok := digits([]byte(fraction+"000000"), 0, 6)
	return us + int64(n), ok
}

// offsetOf reads an offset from UTC, +HHMM or +HH:MM, in microseconds.
func offsetOf(s string) (us int64, ok bool) {
	if len(s) == 6 && s[3] == ':' {
		s = s[:3] + s[4:]
	}
	if len(s) != 5 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, ok1 := digits([]byte(s), 1, 3)
	m, ok2 := digits([]byte(s), 3, 5)
	if !ok1 || !ok2 || h > 14 || m > 59 {
		return 0, false
	}
	us = int64(h*3600+m*60) * 1e6
	if s[0] == '-' {
		us = -us
	}
	return us, true
}

// instantOf reads a date and time: YYYYMMDDHHMMSS.FFFFFF&ZZXX with at least a day
// (PS3.5 §6.2, DT); offset is that of times without one.
func instantOf(s string, offset int64) (w moment, ok bool) {
	if i := strings.LastIndexAny(s, "+-"); i >= 8 {
		if offset, ok = offsetOf(s[i:]); !ok {
			return w, false
		}
		s = s[:i]
	}
	if len(s) < 8 {
		return w, false
	}
	day, ok := dayOf(s[:8])
	if !ok {
		return w, false
	}
	w = moment{Day: day, Set: true}
	if len(s) > 8 {
		us, ok := timeOf(s[8:])
		if !ok {
			return moment{}, false
		}
		w.HasTime, w.Instant = true, day.Timestamp()+omop.Timestamp(us-offset)
	}
	return w, true
}
