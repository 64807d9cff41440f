package columnar

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// kind is the type of a column as this package sees it.
type kind uint8

const (
	kindBool kind = iota
	kindInt32
	kindInt64
	kindFloat64
	kindString
	kindDate
	kindTimestamp
	kindInstant // a timestamp in UTC
	kindTextList
	kindFloat64List
)

var kindNames = [...]string{"bool", "int32", "int64", "float64", "string", "date", "timestamp", "instant", "list of string", "list of float64"}

func (k kind) String() string { return kindNames[k] }

// hint is what a columnar tag asks for.
type hint uint8

const (
	hintNone hint = iota
	hintDelta
	hintDict
	hintPlain
)

// field is one column of a row struct.
type field struct {
	name     string
	kind     kind
	optional bool
	hint     hint
	offset   uintptr
}

var (
	dateType      = reflect.TypeFor[Date]()
	timestampType = reflect.TypeFor[Timestamp]()
)

// fieldsOf returns the columns of a row struct in the order of its fields.
func fieldsOf(t reflect.Type) ([]field, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("columnar: want rows of a struct type, have %s", t)
	}
	var fields []field
	seen := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("parquet")
		if tag == "-" || (!f.IsExported() && !tagged) {
			continue
		}
		c, err := fieldOf(f, tag)
		if err != nil {
			return nil, fmt.Errorf("columnar: %s.%s: %w", t, f.Name, err)
		}
		if seen[c.name] {
			return nil, fmt.Errorf("columnar: %s.%s: want one column of each name, have %q twice", t, f.Name, c.name)
		}
		seen[c.name] = true
		fields = append(fields, c)
	}
	if len(fields) == 0 {
		return nil, fmt.Errorf("columnar: %s: want at least one exported field", t)
	}
	return fields, nil
}

func fieldOf(f reflect.StructField, tag string) (field, error) {
	c := field{name: tag, offset: f.Offset}
	switch {
	case !f.IsExported():
		return c, fmt.Errorf("want an exported field")
	case f.Anonymous:
		return c, fmt.Errorf("want no embedded field")
	case strings.Contains(tag, ","):
		return c, fmt.Errorf("want a parquet tag that holds the column name alone; encodings go into the columnar tag")
	case !utf8.ValidString(tag):
		return c, fmt.Errorf("want a column name in UTF-8")
	}
	if c.name == "" {
		c.name = f.Name
	}
	t := f.Type
	if t.Kind() == reflect.Pointer {
		c.optional = true
		t = t.Elem()
	}
	switch {
	case t == dateType:
		c.kind = kindDate
	case t == timestampType:
		c.kind = kindTimestamp
	case t.Kind() == reflect.Bool:
		c.kind = kindBool
	case t.Kind() == reflect.Int32:
		c.kind = kindInt32
	case t.Kind() == reflect.Int64:
		c.kind = kindInt64
	case t.Kind() == reflect.Float64:
		c.kind = kindFloat64
	case t.Kind() == reflect.String:
		c.kind = kindString
	default:
		return c, fmt.Errorf("want bool, int32, int64, float64, string, Date, Timestamp or a pointer to one, have %s", f.Type)
	}
	return c, c.setHint(f.Tag.Get("columnar"))
}

func (c *field) setHint(tag string) error {
	switch tag {
	case "":
	case "plain":
		c.hint = hintPlain
	case "dict":
		c.hint = hintDict
	case "delta":
		c.hint = hintDelta
	default:
		return fmt.Errorf("want columnar tag delta, dict or plain, have %q", tag)
	}
	if c.hint == hintDelta && (c.kind == kindBool || c.kind == kindFloat64 || c.kind == kindString) {
		return fmt.Errorf("want delta on integers, dates and timestamps only, have %s", c.kind)
	}
	if c.hint == hintDict && c.kind == kindBool {
		return fmt.Errorf("want no dictionary on bool")
	}
	return nil
}
