package columnar

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/format"
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
	kindBytes
	kindJSON    // a text that holds JSON
	kindDecimal // precision and scale are in the field
)

var kindNames = [...]string{"bool", "int32", "int64", "float64", "string", "date", "timestamp", "instant", "bytes", "JSON", "decimal"}

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
	list     bool // of values of the kind
	optional bool
	hint     hint
	offset   uintptr // of the field
	// pointer and valid say that an optional field of one of the types that are kept
	// as they are is a pointer or has a Valid at that place; the value is at offset.
	pointer bool
	valid   uintptr
	// codec is set where the value is not kept as the column has it.
	codec            *codec
	lenient          bool  // any scalar is read as text
	precision, scale int   // of a decimal
	unit             int64 // of a timestamp; 0 = microseconds
}

// typeName returns the type of the column in words.
func (f *field) typeName() string {
	if f.list {
		return "list of " + f.kind.String()
	}
	return f.kind.String()
}

// binary says whether the column's text need not be UTF-8.
func (f *field) binary() bool { return f.kind == kindBytes || f.kind == kindDecimal }

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
	c := field{offset: f.Offset}
	switch {
	case !f.IsExported():
		return c, fmt.Errorf("want an exported field")
	case f.Anonymous:
		return c, fmt.Errorf("want no embedded field")
	case !utf8.ValidString(tag):
		return c, fmt.Errorf("want a column name in UTF-8")
	}
	name, options, _ := strings.Cut(tag, ",")
	if c.name = name; name == "" {
		c.name = f.Name
	}
	t, err := parseTag(options)
	if err != nil {
		return c, err
	}
	if err := c.setType(f.Type, t); err != nil {
		return c, err
	}
	if t.optional && !c.optional {
		return c, fmt.Errorf("want optional on a pointer, a list or a struct with Valid")
	}
	hint := t.hint
	if h, tagged := f.Tag.Lookup("columnar"); tagged {
		hint = h
	}
	return c, c.setHint(hint)
}

// setType sets what follows from the type of the field and the options of its tag.
func (c *field) setType(t reflect.Type, tag *tagOptions) (err error) {
	c.precision, c.scale, c.unit = tag.precision, tag.scale, tag.unit
	if c.unit == perMicro {
		c.unit = 0
	}
	if base, pointer := deref(t); tag.plain() && !tag.list {
		if k, ok := coreKind(base); ok {
			c.kind, c.optional, c.pointer = k, pointer, pointer
			return nil
		}
	}
	if t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 && !tag.json && !textual(t) {
		c.list, c.optional = true, true
		c.codec, c.kind, err = codecOf(t.Elem(), tag)
		return err
	}
	if tag.list {
		return fmt.Errorf("want list on a slice, have %s", t)
	}
	if c.codec, c.kind, err = codecOf(t, tag); err != nil {
		return err
	}
	k := c.codec
	c.optional = k.place != byValue || c.kind == kindBytes || c.kind == kindJSON && nilable(t)
	if k.asItIs(c.kind) {
		c.pointer = k.place == byPointer
		if k.place == byValid {
			c.offset, c.valid = c.offset+k.value, c.offset+k.valid
		}
		c.codec = nil
	}
	return nil
}

func deref(t reflect.Type) (base reflect.Type, pointer bool) {
	if t.Kind() == reflect.Pointer {
		return t.Elem(), true
	}
	return t, false
}

// coreKind takes the types that are kept as they are and have no methods that
// matter.
func coreKind(t reflect.Type) (kind, bool) {
	switch {
	case t == dateType:
		return kindDate, true
	case t == timestampType:
		return kindTimestamp, true
	case t.PkgPath() != "":
		return 0, false
	}
	switch t.Kind() {
	case reflect.Bool:
		return kindBool, true
	case reflect.Int32:
		return kindInt32, true
	case reflect.Int64:
		return kindInt64, true
	case reflect.Float64:
		return kindFloat64, true
	case reflect.String:
		return kindString, true
	}
	return 0, false
}

// nilable says whether values of t may stand for NULL in a column of JSON: nil, and
// the empty text of a type that holds JSON as text.
func nilable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.Interface:
		return true
	case reflect.String:
		return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
	}
	return false
}

// asItIs says whether the value in memory is the one of the column.
func (c *codec) asItIs(k kind) bool {
	switch c.typ.Kind() {
	case reflect.Bool, reflect.Int32, reflect.Int64, reflect.Float64, reflect.String:
		return k != kindJSON && k != kindDecimal && !c.textual && !c.binary
	}
	return false
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
	if physical := c.physical(); c.hint == hintDelta && (c.list || physical != format.Int32 && physical != format.Int64) {
		return fmt.Errorf("want delta on integers, dates and timestamps only, have %s", c.typeName())
	}
	if c.hint == hintDict && (c.list || c.kind == kindBool) {
		return fmt.Errorf("want no dictionary on bool or lists")
	}
	return nil
}
