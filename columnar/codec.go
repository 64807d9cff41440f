package columnar

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"unsafe"
)

// place says how a field tells that it has no value.
type place uint8

const (
	byValue   place = iota // it always has one
	byPointer              // nil
	byValid                // Valid of a struct {Value; Valid} is false
)

// codec reads and sets values of a Go type in memory, in the form of a column:
// as a number (see Vector.Number) or as text: number or appendText is set, and
// setNumber or setText.
type codec struct {
	field  reflect.Type // of the field
	typ    reflect.Type // of the value
	place  place
	size   uintptr // of the field, from one element of a list to the next
	value  uintptr // with byValid: where Value and Valid are
	valid  uintptr
	number func(at unsafe.Pointer) (int64, error)
	// setNumber and setText get numbers in the range of the kind.
	setNumber func(at unsafe.Pointer, x int64) error
	// appendText says false for a value that stands for NULL.
	appendText func(dst []byte, at unsafe.Pointer) ([]byte, bool, error)
	setText    func(at unsafe.Pointer, s string) error
	textual    bool // by methods of the type
	binary     bool // by methods of the type
}

// load moves at from the field to its value, and says whether there is one.
func (c *codec) load(at *unsafe.Pointer) bool {
	switch c.place {
	case byPointer:
		*at = *(*unsafe.Pointer)(*at)
		return *at != nil
	case byValid:
		set := *(*bool)(unsafe.Add(*at, c.valid))
		*at = unsafe.Add(*at, c.value)
		return set
	}
	return true
}

// store gives the field at a value and returns where that is.
func (c *codec) store(at unsafe.Pointer) unsafe.Pointer {
	switch c.place {
	case byPointer:
		v := reflect.New(c.typ)
		*(*unsafe.Pointer)(at) = v.UnsafePointer()
		return v.UnsafePointer()
	case byValid:
		*(*bool)(unsafe.Add(at, c.valid)) = true
		return unsafe.Add(at, c.value)
	}
	return at
}

// optional returns the offsets of the value and of Valid in a struct of the form
// of an optional scalar: exported fields for the value and Valid of type bool, and
// no other but Null of type bool.
func optional(t reflect.Type) (value reflect.StructField, valid uintptr, ok bool) {
	if t.Kind() != reflect.Struct || t.NumField() < 2 || t.NumField() > 3 {
		return value, 0, false
	}
	values := 0
	for i := range t.NumField() {
		f := t.Field(i)
		isBool := f.Type.Kind() == reflect.Bool
		switch {
		case f.Anonymous || !f.IsExported():
			return value, 0, false
		case f.Name == "Valid" && isBool:
			valid, ok = f.Offset, true
		case f.Name == "Null" && isBool && t.NumField() == 3:
		default:
			value = f
			values++
		}
	}
	return value, valid, ok && values == 1
}

// codecOf returns the codec for a field or list element of type t and the kind of
// its column; tag says what kind it asks for.
func codecOf(t reflect.Type, tag *tagOptions) (*codec, kind, error) {
	c := &codec{field: t, typ: t, size: t.Size()}
	if v, valid, ok := optional(t); ok {
		c.place, c.typ, c.value, c.valid = byValid, v.Type, v.Offset, valid
	} else if t.Kind() == reflect.Pointer {
		c.place, c.typ = byPointer, t.Elem()
	}
	k, ok := c.set(tag)
	if !ok {
		return nil, 0, fmt.Errorf("want %s, have %s", tag.wanted(), t)
	}
	return c, k, nil
}

// set chooses the functions for values of c.typ.
func (c *codec) set(tag *tagOptions) (kind, bool) {
	t := c.typ
	switch {
	case tag.json:
		c.setJSON()
		return kindJSON, true
	case t == dateType && tag.plain():
		coreNumber[int32](c)
		return kindDate, true
	case t == timestampType && tag.plain():
		coreNumber[int64](c)
		return kindTimestamp, true
	case tag.date && c.setDays():
		return kindDate, true
	case tag.plain() && !tag.list && c.setBinary():
		return kindBytes, true
	case textual(t) && (tag.plain() || tag.precision > 0):
		c.setTextual()
		if tag.precision > 0 {
			c.setDecimal(tag)
			return kindDecimal, true
		}
		return kindString, true
	}
	k, ok := c.setBasic()
	switch {
	case !ok || tag.plain():
		return k, ok
	case tag.date:
		return kindDate, k == kindInt32
	case tag.unit > 0 && tag.utc:
		return kindInstant, k == kindInt64
	case tag.unit > 0:
		return kindTimestamp, k == kindInt64
	case tag.precision > 0 && (k == kindInt32 || k == kindInt64):
		return kindDecimal, tag.precision <= maxDecimal32 && k == kindInt32 || tag.precision > maxDecimal32 && tag.precision <= maxDecimal64 && k == kindInt64
	}
	return k, false
}

// setBasic takes the types that are kept as they are, or in a wider one.
func (c *codec) setBasic() (kind, bool) {
	switch c.typ.Kind() {
	case reflect.Bool:
		c.number = func(at unsafe.Pointer) (int64, error) {
			if *(*bool)(at) {
				return 1, nil
			}
			return 0, nil
		}
		c.setNumber = func(at unsafe.Pointer, x int64) error {
			*(*bool)(at) = x != 0
			return nil
		}
		return kindBool, true
	case reflect.Int32:
		coreNumber[int32](c)
		return kindInt32, true
	case reflect.Int64:
		coreNumber[int64](c)
		return kindInt64, true
	case reflect.Float64:
		coreNumber[int64](c) // its bits
		return kindFloat64, true
	case reflect.Int8:
		return kindInt32, wider[int8](c)
	case reflect.Int16:
		return kindInt32, wider[int16](c)
	case reflect.Uint8:
		return kindInt32, wider[uint8](c)
	case reflect.Uint16:
		return kindInt32, wider[uint16](c)
	case reflect.Uint32:
		return kindInt64, wider[uint32](c)
	case reflect.Int:
		return kindInt64, wider[int](c)
	case reflect.Uint:
		return kindInt64, wider[uint](c)
	case reflect.Uint64:
		return kindInt64, wider[uint64](c)
	case reflect.Float32:
		c.number = func(at unsafe.Pointer) (int64, error) {
			return int64(math.Float64bits(float64(*(*float32)(at)))), nil
		}
		c.setNumber = func(at unsafe.Pointer, x int64) error {
			f := math.Float64frombits(uint64(x))
			if *(*float32)(at) = float32(f); f == f && float64(float32(f)) != f {
				return errRange
			}
			return nil
		}
		return kindFloat64, true
	case reflect.String:
		c.appendText = func(dst []byte, at unsafe.Pointer) ([]byte, bool, error) {
			return append(dst, *(*string)(at)...), true, nil
		}
		c.setText = func(at unsafe.Pointer, s string) error {
			*(*string)(at) = s
			return nil
		}
		return kindString, true
	case reflect.Slice:
		if c.typ.Elem().Kind() != reflect.Uint8 {
			return 0, false
		}
		c.appendText = func(dst []byte, at unsafe.Pointer) ([]byte, bool, error) {
			b := *(*[]byte)(at)
			return append(dst, b...), b != nil || c.place != byValue, nil
		}
		c.setText = func(at unsafe.Pointer, s string) error {
			*(*[]byte)(at) = []byte(s)
			return nil
		}
		return kindBytes, true
	}
	return 0, false
}

func coreNumber[V int32 | int64](c *codec) {
	c.number = func(at unsafe.Pointer) (int64, error) { return int64(*(*V)(at)), nil }
	c.setNumber = func(at unsafe.Pointer, x int64) error {
		*(*V)(at) = V(x)
		return nil
	}
}

// wider keeps an integer in a column of a wider type.
func wider[V int | int8 | int16 | uint | uint8 | uint16 | uint32 | uint64](c *codec) bool {
	c.number = func(at unsafe.Pointer) (int64, error) {
		v := *(*V)(at)
		if x := int64(v); (x < 0) != (v < 0) {
			return 0, errRange
		}
		return int64(v), nil
	}
	c.setNumber = func(at unsafe.Pointer, x int64) error {
		v := V(x)
		if int64(v) != x || (v < 0) != (x < 0) {
			return errRange
		}
		*(*V)(at) = v
		return nil
	}
	return true
}

var (
	textAppender    = reflect.TypeFor[encoding.TextAppender]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// textual says whether values of t have a form as text of their own.
func textual(t reflect.Type) bool {
	if t.PkgPath() == "" && t.Kind() != reflect.Struct {
		return false // no methods
	}
	p := reflect.PointerTo(t)
	return (p.Implements(textAppender) || p.Implements(textMarshaler)) && p.Implements(textUnmarshaler)
}

var errText = errors.New("want a text that the field's type takes")

// setTextual reads and sets values by their methods.
func (c *codec) setTextual() {
	t := c.typ
	c.textual = true
	c.appendText = func(dst []byte, at unsafe.Pointer) ([]byte, bool, error) {
		switch v := reflect.NewAt(t, at).Interface().(type) {
		case encoding.TextAppender:
			b, err := v.AppendText(dst)
			return b, true, err
		case encoding.TextMarshaler:
			b, err := v.MarshalText()
			return append(dst, b...), true, err
		}
		return dst, false, errText
	}
	c.setText = func(at unsafe.Pointer, s string) error {
		// What the method says may hold the value.
		if reflect.NewAt(t, at).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)) != nil {
			return errText
		}
		return nil
	}
}

var errCalendar = errors.New("want a whole calendar date")

// setDays takes dates by their methods Days and SetDays, which count from
// 1970-01-01.
func (c *codec) setDays() bool {
	type date interface {
		Days() (int32, bool)
		SetDays(int32)
	}
	t := c.typ
	if !reflect.PointerTo(t).Implements(reflect.TypeFor[date]()) {
		return false
	}
	c.number = func(at unsafe.Pointer) (int64, error) {
		days, ok := reflect.NewAt(t, at).Interface().(date).Days()
		if !ok {
			return 0, errCalendar
		}
		return int64(days), nil
	}
	c.setNumber = func(at unsafe.Pointer, x int64) error {
		reflect.NewAt(t, at).Interface().(date).SetDays(int32(x))
		return nil
	}
	return true
}

// setBinary takes data by the methods Bytes and SetBytes.
func (c *codec) setBinary() bool {
	type binary interface {
		Bytes() ([]byte, error)
		SetBytes([]byte)
	}
	t := c.typ
	if !reflect.PointerTo(t).Implements(reflect.TypeFor[binary]()) {
		return false
	}
	c.binary = true
	c.appendText = func(dst []byte, at unsafe.Pointer) ([]byte, bool, error) {
		b, err := reflect.NewAt(t, at).Interface().(binary).Bytes()
		return append(dst, b...), true, err
	}
	c.setText = func(at unsafe.Pointer, s string) error {
		reflect.NewAt(t, at).Interface().(binary).SetBytes([]byte(s))
		return nil
	}
	return true
}

// setJSON takes values of any type as JSON, by their own methods if they have any.
func (c *codec) setJSON() {
	t := c.typ
	c.appendText = func(dst []byte, at unsafe.Pointer) ([]byte, bool, error) {
		v := reflect.NewAt(t, at)
		if c.place == byValue && nilable(t) && v.Elem().IsZero() {
			return dst, false, nil
		}
		dst, err := appendJSON(dst, v)
		return dst, true, err
	}
	c.setText = func(at unsafe.Pointer, s string) error {
		var err error
		if v, ok := reflect.NewAt(t, at).Interface().(json.Unmarshaler); ok {
			err = v.UnmarshalJSON([]byte(s))
		} else {
			err = json.Unmarshal([]byte(s), reflect.NewAt(t, at).Interface())
		}
		if err != nil {
			return errors.New("want JSON that the field's type takes")
		}
		return nil
	}
}

// appendJSON adds the value that v points at.
func appendJSON(dst []byte, v reflect.Value) ([]byte, error) {
	switch p := v.Interface().(type) {
	case interface {
		AppendJSON([]byte) ([]byte, error)
	}:
		return p.AppendJSON(dst)
	case interface{ AppendJSON([]byte) []byte }:
		return p.AppendJSON(dst), nil
	case json.Marshaler:
		b, err := p.MarshalJSON()
		return append(dst, b...), err
	}
	if list := v.Elem(); list.Kind() == reflect.Slice && list.Type().Elem().Kind() == reflect.Struct && !list.IsNil() {
		dst = append(dst, '[')
		for i := range list.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendJSON(dst, list.Index(i).Addr()); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	}
	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v.Interface()); err != nil {
		return dst, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
