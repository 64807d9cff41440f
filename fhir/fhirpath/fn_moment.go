package fhirpath

import (
	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/ucum"
)

// momentFunctions are the clock, the parts of dates and times, and boundaries.
var momentFunctions = [...]function{
	{name: "now", gives: "DateTime", eval: func(m *machine, _ *callExpr, _ []Item) error { m.push(momentOf(m.instant())); return nil }},
	{name: "today", gives: "Date", eval: func(m *machine, _ *callExpr, _ []Item) error { m.push(momentOf(m.instant()).asDate()); return nil }},
	{name: "timeOfDay", gives: "Time", eval: func(m *machine, _ *callExpr, _ []Item) error { m.push(momentOf(m.instant()).asTime()); return nil }},
	{name: "yearOf", gives: "Integer", eval: component(precYear, func(c civil) int { return c.year })},
	{name: "monthOf", gives: "Integer", eval: component(precMonth, func(c civil) int { return c.month })},
	{name: "dayOf", gives: "Integer", eval: component(precDay, func(c civil) int { return c.day })},
	{name: "hourOf", gives: "Integer", eval: component(precHour, func(c civil) int { return c.hour })},
	{name: "minuteOf", gives: "Integer", eval: component(precMinute, func(c civil) int { return c.minute })},
	{name: "secondOf", gives: "Integer", eval: component(precSecond, func(c civil) int { return c.second })},
	{name: "millisecondOf", gives: "Integer", eval: component(precMilli, func(c civil) int { return c.micro / 1000 })},
	{name: "timezoneOffsetOf", gives: "Decimal", eval: fnZone},
	{name: "dateOf", gives: "Date", eval: to(func(v Item) (Item, bool) { return v.asDate(), v.kind == kindDate || v.kind == kindDateTime })},
	{name: "timeOf", gives: "Time", eval: to(func(v Item) (Item, bool) { return v.asTime(), v.kind == kindDateTime && v.prec > precDay })},
	{name: "precision", gives: "Integer", eval: fnPrecision},
	{name: "lowBoundary", most: 1, gives: givesOne, eval: boundary(false)},
	{name: "highBoundary", most: 1, gives: givesOne, eval: boundary(true)},
	{name: "comparable", least: 1, most: 1, gives: "Boolean", eval: fnComparable},
}

// component returns a field of a date or time, if it is known.
func component(prec uint8, f func(civil) int) func(*machine, *callExpr, []Item) error {
	return func(m *machine, e *callExpr, in []Item) error {
		v, ok, err := m.one(in, e.offset)
		if err != nil || !ok {
			return err
		}
		if !v.isMoment() {
			return fail(e.offset, "%s(): want a date or time, have %s", e.fn.name, typeName(&v))
		}
		if v.prec >= prec && (v.kind != kindTime || prec > precDay) {
			m.push(Integer(int64(f(v.fields()))))
		}
		return nil
	}
}

func fnZone(m *machine, e *callExpr, in []Item) error {
	v, ok, err := m.one(in, e.offset)
	if err != nil || !ok || !v.zoned {
		return err
	}
	d, _ := decimal.New(int64(v.zone), 0).Quo(decimal.New(60, 0), 2)
	m.push(decimalItem(d.Round(max(d.Scale(), 1), decimal.Down)))
	return nil
}

func fnPrecision(m *machine, e *callExpr, in []Item) error {
	v, ok, err := m.one(in, e.offset)
	if err != nil || !ok {
		return err
	}
	switch v.kind {
	case kindDate, kindDateTime:
		m.push(Integer(int64(v.prec)))
	case kindTime:
		m.push(Integer(int64(v.prec - timeDigits)))
	case kindInteger, kindLong:
		m.push(Integer(0))
	case kindDecimal, kindQuantity:
		m.push(Integer(int64(v.num.Scale())))
	default:
		return fail(e.offset, "precision(): want a number, date or time, have %s", typeName(&v))
	}
	return nil
}

// Digits of a boundary (N1 3.0, lowBoundary).
const (
	boundaryDigits    = 8  // of a Decimal, if none are asked for
	maxBoundaryDigits = 31 // more give an empty result
)

func boundary(high bool) func(*machine, *callExpr, []Item) error {
	return func(m *machine, e *callExpr, in []Item) error {
		v, ok, err := m.one(in, e.offset)
		if err != nil || !ok {
			return err
		}
		places, given := int64(-1), false
		if len(e.args) == 1 {
			if places, given, err = m.integer(e, 0); err != nil {
				return err
			}
		}
		var out Item
		switch {
		case v.isNumber() || v.kind == kindQuantity:
			if !given {
				places = boundaryDigits
			}
			if places < 0 || places > maxBoundaryDigits {
				return nil
			}
			out, ok = numberBoundary(v, int(places), high)
		case v.isMoment():
			out, ok = momentBoundary(v, places, given, high)
		default:
			return fail(e.offset, "%s(): want a number, date or time, have %s", e.fn.name, typeName(&v))
		}
		if ok {
			m.push(out)
		}
		return nil
	}
}

// numberBoundary returns the value half a unit of the last digit away, with a
// number of places. The boundary nearer to zero is cut, the other one rounded.
func numberBoundary(v Item, places int, high bool) (Item, bool) {
	d := v.dec()
	half := decimal.New(5, d.Scale()+1)
	if !high {
		half = half.Neg()
	}
	bound, ok := d.Add(half)
	if !ok {
		return Item{}, false
	}
	how := decimal.Down
	if bound.Abs().Cmp(d.Abs()) > 0 {
		how = decimal.HalfUp
	}
	bound = bound.Round(places, how)
	if v.kind == kindQuantity {
		v.num = bound
		return v, true
	}
	return decimalItem(bound), true
}

// momentBoundary returns the first or last moment that v may stand for, with a
// number of digits. The zone of a dateTime without one is that which makes it
// the first or last.
func momentBoundary(v Item, places int64, given, high bool) (Item, bool) {
	top := int64(precMilli)
	switch v.kind {
	case kindDate:
		top = precDay
	case kindTime:
		places += timeDigits
	}
	if !given {
		places = top
	}
	switch places {
	case precYear, precMonth, precDay, precHour, precMinute, precSecond, precMilli:
	default:
		return Item{}, false
	}
	if places > top || v.kind == kindTime && places <= precDay {
		return Item{}, false
	}
	c := v.fields()
	if high {
		fillHigh(&c, v.prec)
	}
	v.n = c.micros()
	if v.kind == kindDateTime && !v.zoned {
		v.zoned, v.zone = true, 14*60
		if high {
			v.zone = -12 * 60
		}
	}
	v.prec, v.frac = uint8(places), 0
	if v.prec == precMilli {
		v.frac = 3
	}
	if v.prec <= precDay {
		v.zoned, v.zone = false, 0
	}
	return v, true
}

// fillHigh sets the fields that are not known to their last value. An hour
// without minutes is the full hour: FHIR writes no hour without them.
func fillHigh(c *civil, prec uint8) {
	if prec < precMonth {
		c.month = 12
	}
	if prec < precDay {
		c.day = daysIn(c.year, c.month)
	}
	if prec < precHour {
		c.hour, c.minute = 23, 59
	}
	if prec < precSecond {
		c.second = 59
	}
	if prec < precMilli {
		c.micro = 999_000
	}
}

// fnComparable reports whether two quantities measure the same thing.
func fnComparable(m *machine, e *callExpr, in []Item) error {
	x, ok, err := m.one(in, e.offset)
	if err != nil || !ok {
		return err
	}
	y, ok, err := m.single(e, 0)
	if err != nil || !ok {
		return err
	}
	if x.kind == kindQuantity && y.kind == kindQuantity {
		a, b := x.unitCode(), y.unitCode()
		m.push(Bool(x.calendar == y.calendar && x.node.name == y.node.name || ucum.Comparable(a, b)))
		return nil
	}
	_, known, comparable := compareItems(&x, &y)
	m.push(Bool(known && comparable))
	return nil
}
