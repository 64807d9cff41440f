package columnar

import (
	"fmt"
	"strconv"
	"strings"
)

// tagOptions are what a parquet tag says after the name of the column, in the form
// that parquet-go has, too.
type tagOptions struct {
	optional, list, json, date, utc bool
	unit                            int64 // of a timestamp: parts of a second; 0 = none
	precision, scale                int   // of a decimal; precision 0 = none
	hint                            string
}

// plain says whether the type is that of the field alone.
func (o *tagOptions) plain() bool { return !o.json && !o.date && o.unit == 0 && o.precision == 0 }

// wanted names the types that fit.
func (o *tagOptions) wanted() string {
	switch {
	case o.date:
		return "int32 or a type with Days and SetDays for date"
	case o.unit > 0:
		return "int64 for timestamp"
	case o.precision > 0:
		return "a type with text methods, or int32 or int64 that hold the precision, for decimal"
	}
	return "bool, a number, string, []byte, Date, Timestamp, a type with text methods, one of these as pointer, struct with Valid or list, or the option json"
}

// noOptions is what a tag says that has only the name of the column.
var noOptions tagOptions

func parseTag(s string) (*tagOptions, error) {
	if s == "" {
		return &noOptions, nil
	}
	o := &tagOptions{}
	for len(s) > 0 {
		var option string
		option, s, _ = strings.Cut(s, ",")
		word, args, _ := strings.Cut(option, "(")
		args, closed := strings.CutSuffix(args, ")")
		if closed != strings.Contains(option, "(") || args != "" && word != "decimal" && word != "timestamp" {
			return nil, errTag(option)
		}
		ok := true
		switch word {
		case "optional":
			o.optional = true
		case "list":
			o.list = true
		case "json":
			o.json = true
		case "date":
			o.date = true
		case "delta", "dict", "plain":
			o.hint = word
		case "timestamp":
			ok = o.setTimestamp(args)
		case "decimal":
			ok = o.setDecimal(args)
		default:
			ok = false
		}
		if !ok {
			return nil, errTag(option)
		}
	}
	types := 0
	for _, set := range []bool{o.json, o.date, o.unit > 0, o.precision > 0} {
		if set {
			types++
		}
	}
	if types > 1 {
		return nil, fmt.Errorf("want one of json, date, timestamp and decimal in a parquet tag")
	}
	return o, nil
}

func errTag(option string) error {
	return fmt.Errorf("want the options optional, list, json, date, timestamp(UNIT:utc|local), decimal(SCALE:PRECISION), delta, dict or plain in a parquet tag, have %q", option)
}

// setTimestamp takes a unit and utc or local, in any order or left out.
func (o *tagOptions) setTimestamp(args string) bool {
	o.unit, o.utc = perMilli, true // as in parquet-go
	if args == "" {
		return true
	}
	for _, a := range strings.Split(args, ":") {
		switch a {
		case "millisecond":
			o.unit = perMilli
		case "microsecond":
			o.unit = perMicro
		case "nanosecond":
			o.unit = perNano
		case "utc":
			o.utc = true
		case "local":
			o.utc = false
		default:
			return false
		}
	}
	return true
}

func (o *tagOptions) setDecimal(args string) bool {
	scale, precision, _ := strings.Cut(args, ":")
	s, err1 := strconv.Atoi(scale)
	p, err2 := strconv.Atoi(precision)
	o.scale, o.precision = s, p
	return err1 == nil && err2 == nil && s >= 0 && p >= 1 && p <= maxDecimal && s <= p
}
