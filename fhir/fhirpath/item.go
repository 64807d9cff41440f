package fhirpath

import (
	"math"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

const (
	maxInteger = math.MaxInt32
	minInteger = math.MinInt32
)

// kind says what an Item is.
type kind uint8

const (
	kindNone kind = iota
	kindNode
	kindBoolean
	kindInteger
	kindLong
	kindDecimal
	kindString
	kindDate
	kindDateTime
	kindTime
	kindQuantity
	kindType // what type() returns
)

var kindNames = [...]string{
	kindBoolean: "Boolean", kindInteger: "Integer", kindLong: "Long", kindDecimal: "Decimal", kindString: "String", kindDate: "Date",
	kindDateTime: "DateTime", kindTime: "Time", kindQuantity: "Quantity", kindType: "TypeInfo",
}

// systemKind returns the kind that a System type names; kindNone for others.
func systemKind(name string) kind {
	for k, n := range kindNames {
		if n == name && n != "" {
			return kind(k)
		}
	}
	return kindNone
}

// Item is a Node or a System value. It is small, immutable and passed by value;
// the zero Item is none. An Item that is a Node is good as long as its tree.
type Item struct {
	node Node // the name holds the text of a string, the unit of a quantity, the full name of a type
	num  decimal.Decimal
	n    int64 // integers, booleans, moments
	// moment describes what is known of a date or time.
	kind     kind
	prec     uint8 // digits of a date or time that are known
	frac     uint8 // digits of the fraction of a second, as written
	zoned    bool
	zone     int16 // minutes east of UTC
	calendar bool  // a quantity of a calendar duration
}

// Bool returns a Boolean.
func Bool(v bool) Item {
	if v {
		return Item{kind: kindBoolean, n: 1}
	}
	return Item{kind: kindBoolean}
}

// Integer returns an Integer, or a Long if n needs more than 32 bits.
func Integer(n int64) Item {
	if n > maxInteger || n < minInteger {
		return Item{kind: kindLong, n: n}
	}
	return Item{kind: kindInteger, n: n}
}

// Text returns a String.
func Text(s string) Item { return Item{kind: kindString, node: Node{name: s}} }

// decimalItem returns a Decimal.
func decimalItem(d decimal.Decimal) Item { return Item{kind: kindDecimal, num: d} }

// quantityItem returns a Quantity with a unit of UCUM.
func quantityItem(d decimal.Decimal, unit string) Item {
	return Item{kind: kindQuantity, num: d, node: Node{name: unit}}
}

func calendarQuantity(d decimal.Decimal, unit string) Item {
	return Item{kind: kindQuantity, num: d, node: Node{name: unit}, calendar: true}
}

// NodeItem returns a Node as an Item.
func NodeItem(n Node) Item { return Item{kind: kindNode, node: n} }

// Literal returns the value of a literal as FHIRPath writes it, such as 1.50,
// 'text', @2014-01 or 4 'mg'.
func Literal(src string) (Item, error) {
	a, err := parse(src)
	if err != nil {
		return Item{}, err
	}
	if a.kind == astSign && a.kids[0].kind == astLiteral {
		if v, ok := negated(a.kids[0].value); a.text == "-" && ok {
			return v, nil
		}
	}
	if a.kind != astLiteral {
		return Item{}, syntaxError(src, a.offset, "want a literal")
	}
	return a.value, nil
}

// Node returns the node that the item is; false for a System value.
func (it Item) Node() (Node, bool) { return it.node, it.kind == kindNode }

// IsNode reports whether the item is an element of a resource.
func (it Item) IsNode() bool { return it.kind == kindNode }

// Type returns the full name of the type, such as FHIR.Patient or
// System.Integer; "" if it is not known.
func (it Item) Type() string {
	switch it.kind {
	case kindNone:
		return ""
	case kindNode:
		if name := it.node.Type(); name != "" {
			return "FHIR." + name
		}
		return ""
	}
	return "System." + kindNames[it.kind]
}

// Value returns the System value of a primitive element or of a Quantity; other
// items come back as they are.
func (it Item) Value() Item { return it.system() }

// Bool returns the value of a Boolean or of an element of type boolean.
func (it Item) Bool() (value, ok bool) {
	v := it.system()
	return v.n != 0, v.kind == kindBoolean
}

// Int returns the value of an Integer or Long, or of an element with such a type.
func (it Item) Int() (int64, bool) {
	v := it.system()
	return v.n, v.kind == kindInteger || v.kind == kindLong
}

// Number returns the digits of a number as written: those of an Integer, Long or
// Decimal, of an element with such a type, or of the value of a Quantity.
func (it Item) Number() (string, bool) {
	v := it.system()
	switch v.kind {
	case kindInteger, kindLong:
		return strconv.FormatInt(v.n, 10), true
	case kindDecimal, kindQuantity:
		return v.num.String(), true
	}
	return "", false
}

// Text returns a System value or a primitive element as text: strings as they
// are, dates and times as FHIR writes them, numbers in digits, a Quantity as a
// literal. It is false for other elements.
func (it Item) Text() (string, bool) {
	v := it.system()
	if v.kind == kindNode || v.kind == kindNone {
		return "", false
	}
	if v.kind == kindString {
		return strings.Clone(v.node.name), true
	}
	return v.String(), true
}

// Unit returns the unit of a Quantity.
func (it Item) Unit() (string, bool) {
	v := it.system()
	return v.node.name, v.kind == kindQuantity
}

// String returns the item as toString() does: elements that are no primitive
// give their JSON.
func (it Item) String() string {
	switch v := it.system(); v.kind {
	case kindBoolean:
		return strconv.FormatBool(v.n != 0)
	case kindInteger, kindLong:
		return strconv.FormatInt(v.n, 10)
	case kindDecimal:
		return v.num.String()
	case kindString, kindType:
		return v.node.name
	case kindDate, kindDateTime, kindTime:
		return string(v.appendMoment(nil))
	case kindQuantity:
		return v.quantityText()
	case kindNode:
		return string(v.node.value.Raw())
	}
	return ""
}

func (it Item) quantityText() string {
	if it.calendar {
		unit := it.node.name
		if it.num.Cmp(decimal.New(1, 0)) != 0 {
			unit += "s"
		}
		return it.num.String() + " " + unit
	}
	return it.num.String() + " " + quote(it.node.name, '\'')
}

// literal returns the item as a literal of the language.
func (it Item) literal() string {
	switch it.kind {
	case kindString:
		return quote(it.node.name, '\'')
	case kindDate:
		return "@" + it.String()
	case kindDateTime:
		text := it.String()
		if it.prec <= precDay {
			text += "T"
		}
		return "@" + text
	case kindTime:
		return "@T" + it.String()
	case kindLong:
		return it.String() + "L"
	}
	return it.String()
}

// JSON appends the item as JSON: an element as it stands in its resource, numbers
// and booleans as such, everything else as a string.
func (it Item) JSON(dst []byte) []byte {
	switch it.kind {
	case kindNone:
		return append(dst, "null"...)
	case kindNode:
		if it.node.value.Kind() == jsontree.Invalid {
			return append(dst, "null"...)
		}
		return append(dst, it.node.value.Raw()...)
	case kindBoolean, kindInteger, kindLong, kindDecimal:
		return append(dst, it.String()...)
	}
	return appendJSONText(dst, it.String())
}

func appendJSONText(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// Collection is a result: items in order.
type Collection []Item

// Bool returns the Boolean that the only item is; false if there is none, more
// than one, or another.
func (c Collection) Bool() (value, ok bool) {
	if len(c) != 1 {
		return false, false
	}
	return c[0].Bool()
}

// Text returns the text of the only item, as Item.Text; false if there is none
// or more than one.
func (c Collection) Text() (string, bool) {
	if len(c) != 1 {
		return "", false
	}
	return c[0].Text()
}

// JSON appends the collection as a JSON array.
func (c Collection) JSON(dst []byte) []byte {
	dst = append(dst, '[')
	for i := range c {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = c[i].JSON(dst)
	}
	return append(dst, ']')
}

// isNumber reports whether the item is a number without a unit.
func (it *Item) isNumber() bool {
	return it.kind == kindInteger || it.kind == kindLong || it.kind == kindDecimal
}

// dec returns the value of a number or quantity.
func (it *Item) dec() decimal.Decimal {
	if it.kind == kindInteger || it.kind == kindLong {
		return decimal.New(it.n, 0)
	}
	return it.num
}

// negated returns the item with the other sign; false for what has none.
func negated(it Item) (Item, bool) {
	switch it.kind {
	case kindInteger, kindLong:
		it.n = -it.n
		if it.kind == kindLong && it.n == minInteger {
			it.kind = kindInteger
		}
	case kindDecimal, kindQuantity:
		it.num = it.num.Neg()
	default:
		return Item{}, false
	}
	return it, true
}
