package mapping

import (
	"time"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/omop"
)

// moment is a point in time as a resource states it: the local day, and the
// instant in UTC where the resource gives one.
type moment struct {
	Day     omop.Date      // days since 1970-01-01, local unless the policy says otherwise
	Instant omop.Timestamp // UTC, microseconds; meaningful only with HasTime
	HasTime bool
	Set     bool
	Imputed bool // the resource gave only a year or a month
}

// dateOf reads a FHIR date, dateTime or instant (R4, datatypes: primitive
// types). A partial date becomes the first day of its month or year, with
// last the last one. ok is false for anything else.
func dateOf(b []byte, utcDay, last bool) (w moment, ok bool) {
	y, ok := digits(b, 0, 4)
	if !ok || y == 0 {
		return moment{}, false
	}
	if len(b) == 4 {
		if last {
			return moment{Day: columnar.DateOf(y, 12, 31), Set: true, Imputed: true}, true
		}
		return moment{Day: columnar.DateOf(y, 1, 1), Set: true, Imputed: true}, true
	}
	m, ok := digits(b, 5, 7)
	if !ok || b[4] != '-' || m < 1 || m > 12 {
		return moment{}, false
	}
	if len(b) == 7 {
		if last {
			return moment{Day: columnar.DateOf(y, time.Month(m), monthDays(y, m)), Set: true, Imputed: true}, true
		}
		return moment{Day: columnar.DateOf(y, time.Month(m), 1), Set: true, Imputed: true}, true
	}
	d, ok := digits(b, 8, 10)
	if !ok || b[7] != '-' || d < 1 || d > monthDays(y, m) {
		return moment{}, false
	}
	w = moment{Day: columnar.DateOf(y, time.Month(m), d), Set: true}
	if len(b) == 10 {
		return w, true
	}
	us, offset, zone, ok := clockOf(b[10:])
	if !ok {
		return moment{}, false
	}
	w.HasTime = true
	w.Instant = w.Day.Timestamp() + omop.Timestamp(us-offset)
	if utcDay && zone {
		w.Day = w.Instant.Date()
	}
	return w, true
}

// clockOf reads THH:MM:SS[.fraction][zone], or THH:MM as some systems write
// it, and returns microseconds of the day and of the zone's offset. Digits of
// the fraction past the microsecond are cut.
func clockOf(b []byte) (us, offset int64, zone, ok bool) {
	h, ok1 := digits(b, 1, 3)
	mi, ok2 := digits(b, 4, 6)
	if !ok1 || !ok2 || b[0] != 'T' || b[3] != ':' || h > 24 || mi > 59 {
		return 0, 0, false, false
	}
	us = int64(h*3600+mi*60) * 1e6
	b = b[6:]
	if len(b) > 0 && b[0] == ':' {
		s, ok := digits(b, 1, 3)
		if !ok || s > 60 {
			return 0, 0, false, false
		}
		us += int64(s) * 1e6
		b = b[3:]
		if len(b) > 0 && b[0] == '.' {
			scale := int64(100_000)
			i := 1
			for ; i < len(b) && b[i]-'0' < 10; i++ {
				us += int64(b[i]-'0') * scale
				scale /= 10
			}
			if i == 1 {
				return 0, 0, false, false
			}
			b = b[i:]
		}
	}
	switch {
	case len(b) == 0:
		return us, 0, false, true
	case len(b) == 1 && b[0] == 'Z':
		return us, 0, true, true
	case len(b) == 6 && (b[0] == '+' || b[0] == '-') && b[3] == ':':
		oh, ok1 := digits(b, 1, 3)
		om, ok2 := digits(b, 4, 6)
		if !ok1 || !ok2 || oh > 14 || om > 59 {
			return 0, 0, false, false
		}
		offset = int64(oh*3600+om*60) * 1e6
		if b[0] == '-' {
			offset = -offset
		}
		return us, offset, true, true
	}
	return 0, 0, false, false
}

func digits(b []byte, from, to int) (int, bool) {
	if len(b) < to {
		return 0, false
	}
	n := 0
	for _, c := range b[from:to] {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

func monthDays(y, m int) int {
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
