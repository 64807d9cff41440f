package fhirpath

import (
	"strings"

	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/ucum"
)

// conversionFunctions are those of N1 §5.5.
var conversionFunctions = [...]function{
	{name: "toBoolean", gives: "Boolean", eval: to(toBoolean)}, {name: "convertsToBoolean", gives: "Boolean", eval: converts(toBoolean)},
	{name: "toInteger", gives: "Integer", eval: to(toInteger)}, {name: "convertsToInteger", gives: "Boolean", eval: converts(toInteger)},
	{name: "toLong", gives: "Long", eval: to(toLong)}, {name: "convertsToLong", gives: "Boolean", eval: converts(toLong)},
	{name: "toDecimal", gives: "Decimal", eval: to(toDecimal)}, {name: "convertsToDecimal", gives: "Boolean", eval: converts(toDecimal)},
	{name: "toString", gives: "String", eval: to(toText)}, {name: "convertsToString", gives: "Boolean", eval: converts(toText)},
	{name: "toDate", gives: "Date", eval: to(toDate)}, {name: "convertsToDate", gives: "Boolean", eval: converts(toDate)},
	{name: "toDateTime", gives: "DateTime", eval: to(toDateTime)}, {name: "convertsToDateTime", gives: "Boolean", eval: converts(toDateTime)},
	{name: "toTime", gives: "Time", eval: to(toTime)}, {name: "convertsToTime", gives: "Boolean", eval: converts(toTime)},
	{name: "toQuantity", most: 1, gives: "Quantity", eval: fnToQuantity}, {name: "convertsToQuantity", most: 1, gives: "Boolean", eval: fnConvertsToQuantity},
}

type conversion func(Item) (Item, bool)

func to(f conversion) func(*machine, *callExpr, []Item) error {
	return func(m *machine, e *callExpr, in []Item) error {
		v, ok, err := m.one(in, e.offset)
		if err != nil || !ok {
			return err
		}
		if out, ok := f(v); ok {
			m.push(out)
		}
		return nil
	}
}

func converts(f conversion) func(*machine, *callExpr, []Item) error {
	return func(m *machine, e *callExpr, in []Item) error {
		v, ok, err := m.one(in, e.offset)
		if err != nil || !ok {
			return err
		}
		_, ok = f(v)
		m.push(Bool(ok))
		return nil
	}
}

func toBoolean(v Item) (Item, bool) {
	switch v.kind {
	case kindBoolean:
		return v, true
	case kindInteger, kindLong:
		return Bool(v.n == 1), v.n == 0 || v.n == 1
	case kindDecimal:
		one := v.num.Cmp(decimal.New(1, 0)) == 0
		return Bool(one), one || v.num.Sign() == 0
	case kindString:
		switch strings.ToLower(v.node.name) {
		case "true", "t", "yes", "y", "1", "1.0":
			return Bool(true), true
		case "false", "f", "no", "n", "0", "0.0":
			return Bool(false), true
		}
	}
	return Item{}, false
}

// wholeText reports whether s is digits with an optional sign.
func wholeText(s string) bool {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return s != "" && digits(s, len(s))
}

func toLong(v Item) (Item, bool) {
	switch v.kind {
	case kindInteger, kindLong, kindBoolean:
		return Item{kind: kindLong, n: v.n}, true
	case kindString:
		if wholeText(v.node.name) {
			d, ok := decimal.Parse([]byte(v.node.name))
			n, fits := d.Int64()
			return Item{kind: kindLong, n: n}, ok && fits
		}
	}
	return Item{}, false
}

func toInteger(v Item) (Item, bool) {
	out, ok := toLong(v)
	if !ok || out.n > maxInteger || out.n < minInteger {
		return Item{}, false
	}
	return Integer(out.n), true
}

func toDecimal(v Item) (Item, bool) {
	switch v.kind {
	case kindInteger, kindLong, kindDecimal:
		return decimalItem(v.dec()), true
	case kindBoolean:
		return decimalItem(decimal.New(v.n*10, 1)), true
	case kindString:
		if strings.ContainsAny(v.node.name, "eE") {
			return Item{}, false
		}
		d, ok := decimal.Parse([]byte(v.node.name))
		return decimalItem(d), ok
	}
	return Item{}, false
}

func toText(v Item) (Item, bool) {
	if v.kind == kindNode || v.kind == kindType || v.kind == kindNone {
		return Item{}, false
	}
	if v.kind == kindString {
		return v, true
	}
	return Text(v.String()), true
}

func toDate(v Item) (Item, bool) {
	switch v.kind {
	case kindDate:
		return v, true
	case kindDateTime:
		return v.asDate(), true
	case kindString:
		if m, ok := parseMoment(v.node.name, kindDate); ok {
			return m, true
		}
		m, ok := parseMoment(v.node.name, kindDateTime)
		if !ok {
			return Item{}, false
		}
		return m.asDate(), true
	}
	return Item{}, false
}

func toDateTime(v Item) (Item, bool) {
	switch v.kind {
	case kindDateTime:
		return v, true
	case kindDate:
		v.kind = kindDateTime
		return v, true
	case kindString:
		return parseMoment(v.node.name, kindDateTime)
	}
	return Item{}, false
}

func toTime(v Item) (Item, bool) {
	switch v.kind {
	case kindTime:
		return v, true
	case kindString:
		return parseMoment(strings.TrimPrefix(v.node.name, "T"), kindTime)
	}
	return Item{}, false
}

func quantityOf(v Item) (Item, bool) {
	switch v.kind {
	case kindQuantity:
		return v, true
	case kindInteger, kindLong, kindDecimal:
		return toQuantity(v), true
	case kindBoolean:
		return quantityItem(decimal.New(v.n*10, 1), "1"), true
	case kindString:
		return parseQuantity(v.node.name)
	}
	return Item{}, false
}

// parseQuantity reads a number with an optional unit: a code in quotes or a
// calendar duration.
func parseQuantity(s string) (Item, bool) {
	end := 0
	for end < len(s) && strings.IndexByte("+-.0123456789", s[end]) >= 0 {
		end++
	}
	d, ok := decimal.Parse([]byte(s[:end]))
	if !ok {
		return Item{}, false
	}
	unit := strings.TrimLeft(s[end:], " \t\r\n")
	if unit == "" {
		return quantityItem(d, "1"), end == len(s)
	}
	if name := calendarUnit(unit); name != "" {
		return calendarQuantity(d, name), true
	}
	if len(unit) > 2 && unit[0] == '\'' && strings.IndexByte(unit[1:], '\'') == len(unit)-2 {
		return quantityItem(d, unit[1:len(unit)-1]), true
	}
	return Item{}, false
}

// inUnit converts a quantity to a unit, or leaves it where none is asked for.
func (m *machine) inUnit(e *callExpr, v Item) (Item, bool, error) {
	q, ok := quantityOf(v)
	if !ok || len(e.args) == 0 {
		return q, ok, nil
	}
	unit, has, err := m.text(e, 0)
	if err != nil || !has {
		return q, ok, err
	}
	name := calendarUnit(unit)
	if name != "" && q.calendar && name == q.node.name {
		return q, true, nil
	}
	code := unit
	if name != "" {
		code = calendarCode(name)
	}
	r, ok := ucum.Convert(q.num.Rat(), q.unitCode(), code)
	if !ok {
		return Item{}, false, nil
	}
	d, ok := decimal.FromRat(r, quotientScale)
	if name != "" {
		return calendarQuantity(d, name), ok, nil
	}
	return quantityItem(d, unit), ok, nil
}

func fnToQuantity(m *machine, e *callExpr, in []Item) error {
	v, ok, err := m.one(in, e.offset)
	if err != nil || !ok {
		return err
	}
	out, ok, err := m.inUnit(e, v)
	if ok {
		m.push(out)
	}
	return err
}

func fnConvertsToQuantity(m *machine, e *callExpr, in []Item) error {
	v, ok, err := m.one(in, e.offset)
	if err != nil || !ok {
		return err
	}
	_, ok, err = m.inUnit(e, v)
	m.push(Bool(ok))
	return err
}
