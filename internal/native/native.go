// Package native turns the text of numbers, dates and times, as FHIR and others
// write them, into what columns hold, if that keeps all of it.
package native

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"github.com/carabiner-health/carabiner/columnar"
)

// powers are the powers of ten that a double holds exactly.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// maxDigits is how many digits every double keeps.
const maxDigits = 15

// Double returns the bits of the double that a decimal means, if the
// shortest decimal that means that double is the same, but for zeros at the end.
func Double(b []byte) (int64, bool) {
	var n int64
	digits, behind := 0, 0
	point, negative := false, false
	for i, c := range b {
		switch {
		case c-'0' <= 9:
			if digits > 0 || c != '0' {
				digits++
			}
			if digits <= maxDigits {
				n = n*10 + int64(c-'0')
			}
			if point {
				behind++
			}
		case c == '.' && !point:
			point = true
		case c == '-' && i == 0:
			negative = true
		default: // an exponent
			return 0, false
		}
	}
	if digits > maxDigits || behind >= len(powers) {
		return longDouble(b)
	}
	// Both are doubles, so that the quotient is rightly rounded.
	f := float64(n) / powers[behind]
	if negative {
		f = -f
	}
	return int64(math.Float64bits(f)), len(b) > 0
}

// longDouble is Double for decimals of many digits.
func longDouble(b []byte) (int64, bool) {
	const longest = 40
	if len(b) > longest {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return 0, false
	}
	if bytes.IndexByte(b, '.') >= 0 {
		b = bytes.TrimRight(bytes.TrimRight(b, "0"), ".")
	}
	var text [longest]byte
	return int64(math.Float64bits(f)), bytes.Equal(strconv.AppendFloat(text[:0], f, 'f', -1, 64), b)
}

// Day reads YYYY-MM-DD.
func Day(b []byte) (columnar.Date, bool) {
	if len(b) != len("2006-01-02") || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	y, ok1 := number4(b[:4])
	m, ok2 := number4(b[5:7])
	d, ok3 := number4(b[8:10])
	if !ok1 || !ok2 || !ok3 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, false
	}
	return columnar.DateOf(y, time.Month(m), d), true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func number4(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// Instant reads YYYY-MM-DDTHH:MM:SS[.ffffff](Z|+HH:MM|-HH:MM) as microseconds
// since 1970 in UTC; zoned says that its zone was not UTC.
func Instant(b []byte) (micros int64, zoned, ok bool) {
	if len(b) < len("2006-01-02T15:04:05Z") || b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return 0, false, false
	}
	d, ok := Day(b[:10])
	h, ok1 := number4(b[11:13])
	m, ok2 := number4(b[14:16])
	s, ok3 := number4(b[17:19])
	if !ok || !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || s > 59 {
		return 0, false, false
	}
	micros = int64(d.Timestamp()) + int64(h*3600+m*60+s)*1e6
	rest := b[19:]
	if rest[0] == '.' {
		rest = rest[1:]
		unit := int64(1e5)
		for len(rest) > 0 && rest[0]-'0' <= 9 {
			if unit == 0 && rest[0] != '0' {
				return 0, false, false // finer than microseconds
			}
			micros += int64(rest[0]-'0') * unit
			unit /= 10
			rest = rest[1:]
		}
	}
	if len(rest) == 1 && rest[0] == 'Z' {
		return micros, false, true
	}
	if len(rest) != 6 || rest[0] != '+' && rest[0] != '-' || rest[3] != ':' {
		return 0, false, false
	}
	zh, ok1 := number4(rest[1:3])
	zm, ok2 := number4(rest[4:6])
	if !ok1 || !ok2 || zh > 14 || zm > 59 {
		return 0, false, false
	}
	offset := int64(zh*3600+zm*60) * 1e6
	if rest[0] == '-' {
		offset = -offset
	}
	return micros - offset, offset != 0, true
}
