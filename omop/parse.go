package omop

import (
	"bytes"
	"math"
	"strconv"
	"strings"
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
	switch {
	case len(b) == 8:
		var long [10]byte
		copy(long[:], b[:4])
		copy(long[5:], b[4:6])
		copy(long[8:], b[6:])
		long[4], long[7] = '-', '-'
		b = long[:]
	case len(b) > 10:
		micros, ok := parseClock(b)
		day := columnar.Timestamp(micros).Date()
		return int64(day), ok && day.Timestamp() == columnar.Timestamp(micros)
	}
	d, err := columnar.ParseDate(string(b))
	return int64(d), err == nil
}

// parseClock reads a date and time without zone, or a date as its midnight.
func parseClock(b []byte) (int64, bool) {
	if len(b) <= 10 {
		day, ok := parseDay(b)
		return int64(columnar.Date(day).Timestamp()), ok
	}
	t, err := columnar.ParseTimestamp(string(b))
	return int64(t), err == nil
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
