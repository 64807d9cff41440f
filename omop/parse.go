package omop

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// parse reads a CSV cell as the column's type. An empty cell is NULL, but where
// the CDM wants a text, a quoted empty cell is the empty text. It answers what
// was wanted where the text does not fit, and the code of that finding.
func (c *cell) parse(t text, f *cdm.Field) (want string, code issue.Code) {
	*c = cell{}
	if len(t.b) == 0 && !(t.quoted && f.Required && f.Type == cdm.Varchar) {
		return "", ""
	}
	ok := false
	switch f.Type {
	case cdm.Varchar:
		if !utf8.Valid(t.b) {
			c.state = cellBad
			return "want text in UTF-8", CodeEncoding
		}
		c.text, ok = string(t.b), true
	case cdm.Integer:
		c.num, ok = parseInt32(t.b)
	case cdm.Float:
		c.float, ok = parseFloat(t.b)
	case cdm.Date:
		c.num, ok = parseDay(t.b)
	case cdm.Datetime:
		c.num, ok = parseClock(t.b)
	}
	if !ok {
		c.state = cellBad
		return wants[f.Type] + ", have " + kindOf(t.b), CodeType
	}
	c.state = cellSet
	return "", ""
}

var wants = [...]string{
	cdm.Integer:  "want integer of 32 bits",
	cdm.Float:    "want number",
	cdm.Varchar:  "want text",
	cdm.Date:     "want date as YYYY-MM-DD",
	cdm.Datetime: "want date and time as YYYY-MM-DD HH:MM:SS without zone",
}

// kindOf names what a cell looks like, without giving it away.
func kindOf(b []byte) string {
	if _, ok := parseInt32(b); ok {
		return "integer"
	}
	if _, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		return "wider integer"
	}
	if _, ok := parseFloat(b); ok {
		return "number"
	}
	if _, ok := parseDay(b); ok {
		return "date"
	}
	if _, ok := parseClock(b); ok {
		return "date and time"
	}
	return "other text"
}

// parseInt32 reads decimal digits with an optional sign.
func parseInt32(b []byte) (int64, bool) {
	neg := len(b) > 0 && b[0] == '-'
	if neg || len(b) > 0 && b[0] == '+' {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var n int64
	for _, d := range b {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int64(d-'0')
	}
	if neg {
		n = -n
	}
	return n, n >= math.MinInt32 && n <= math.MaxInt32
}

// parseFloat reads a finite decimal number.
func parseFloat(b []byte) (float64, bool) {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return f, err == nil
}

// parseDay reads YYYY-MM-DD, YYYYMMDD as in vocabulary files, or a date and
// time at midnight.
func parseDay(b []byte) (int64, bool) {
	var year, month, day int
	switch {
	case len(b) == 8:
		year, month, day = number(b[:4]), number(b[4:6]), number(b[6:])
	case len(b) == 10 && b[4] == '-' && b[7] == '-':
		year, month, day = number(b[:4]), number(b[5:7]), number(b[8:])
	case len(b) > 10:
		micros, ok := parseClock(b)
		return micros / microsPerDay, ok && micros%microsPerDay == 0
	}
	if year < 0 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	// The day of the month exists if it does not carry over into the next one.
	d := columnar.DateOf(year, time.Month(month), day)
	return int64(d), day <= 28 || d.Time().Day() == day
}

const microsPerDay = 86_400_000_000

// parseClock reads a date and time without zone, with up to six decimals of a
// second, or a date as its midnight.
func parseClock(b []byte) (int64, bool) {
	if len(b) <= 10 {
		day, ok := parseDay(b)
		return day * microsPerDay, ok
	}
	day, ok := parseDay(b[:10])
	if !ok || len(b) < 19 || len(b) > 26 || b[10] != ' ' && b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	hour, minute, second, fraction := number(b[11:13]), number(b[14:16]), number(b[17:19]), 0
	if len(b) > 19 {
		if b[19] != '.' || len(b) == 20 {
			return 0, false
		}
		fraction = number(b[20:])
		for i := len(b); i < 26; i++ {
			fraction *= 10
		}
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || fraction < 0 {
		return 0, false
	}
	return day*microsPerDay + int64((hour*60+minute)*60+second)*1_000_000 + int64(fraction), true
}

// number returns the number that decimal digits write, -1 if there is another
// character.
func number(digits []byte) int {
	n := 0
	for _, d := range digits {
		if d < '0' || d > '9' {
			return -1
		}
		n = n*10 + int(d-'0')
	}
	return n
}

// append writes the cell as CSV in the dialect of comma. ok is false where
// that dialect has no way to write it.
func (c *cell) append(dst []byte, f *cdm.Field, comma byte) (out []byte, ok bool) {
	if c.state != cellSet {
		return dst, true
	}
	switch f.Type {
	case cdm.Integer:
		return strconv.AppendInt(dst, c.num, 10), true
	case cdm.Float:
		return strconv.AppendFloat(dst, c.float, 'f', -1, 64), !math.IsNaN(c.float) && !math.IsInf(c.float, 0)
	case cdm.Date:
		return append(dst, columnar.Date(c.num).String()...), true
	case cdm.Datetime:
		at := len(dst)
		dst = append(dst, columnar.Timestamp(c.num).String()...)
		if i := bytes.IndexByte(dst[at:], 'T'); i >= 0 {
			dst[at+i] = ' '
		}
		return dst, true
	}
	if comma == '\t' {
		return append(dst, c.text...), !strings.ContainsAny(c.text, "\t\r\n") && c.text != ""
	}
	if c.text != "" && !strings.ContainsAny(c.text, "\",\r\n\t") && c.text[0] != ' ' && c.text[len(c.text)-1] != ' ' {
		return append(dst, c.text...), true
	}
	dst = append(dst, '"')
	for i := range len(c.text) {
		if c.text[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c.text[i])
	}
	return append(dst, '"'), true
}
