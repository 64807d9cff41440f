package fhirpath

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/internal/ucum"
)

// equalItems is = on two items (N1 §6.1): unknown where it cannot be said.
func (m *machine) equalItems(a, b *Item) tri {
	m.steps++
	if t, ok := quickEqual(a, b); ok {
		return t
	}
	x, y := a.system(), b.system()
	switch {
	case x.kind == kindNode && y.kind == kindNode:
		return triOf(sameElement(&x.node, &y.node))
	case x.isNumber() && y.isNumber():
		if x.kind != kindDecimal && y.kind != kindDecimal {
			return triOf(x.n == y.n)
		}
		return triOf(x.dec().Cmp(y.dec()) == 0)
	case x.kind == kindQuantity && y.kind == kindQuantity, x.kind == kindQuantity && y.isNumber(), x.isNumber() && y.kind == kindQuantity:
		order, known := compareQuantities(toQuantity(x), toQuantity(y))
		if !known {
			return unknown
		}
		return triOf(order == 0)
	case x.isMoment() && y.isMoment():
		if (x.kind == kindTime) != (y.kind == kindTime) {
			return no
		}
		order, known := compareMoments(&x, &y)
		if order != 0 {
			return no
		}
		if !known {
			return unknown
		}
		return yes
	case x.kind != y.kind:
		return no
	case x.kind == kindString, x.kind == kindType:
		return triOf(x.node.name == y.node.name)
	}
	return triOf(x.n == y.n)
}

// quickEqual compares texts without making values of them.
func quickEqual(a, b *Item) (tri, bool) {
	if b.kind == kindNode && a.kind == kindString {
		a, b = b, a
	}
	if a.kind != kindNode || !isText(a.node.shape) || a.node.value.Kind() != jsontree.String {
		return unknown, false
	}
	switch {
	case b.kind == kindString:
		return triOf(a.node.value.EqualText(b.node.name)), true
	case b.kind == kindNode && isText(b.node.shape) && b.node.value.Kind() == jsontree.String:
		if b.node.value == a.node.value {
			return yes, true
		}
		return triOf(textOf(a.node.value) == textOf(b.node.value)), true
	}
	return unknown, false
}

// sameElement compares elements by type and content, whatever the order of
// members.
func sameElement(a, b *Node) bool {
	return a.Type() == b.Type() && sameValue(a.value, b.value) && sameValue(a.companion, b.companion)
}

func isText(s *fhirdef.Shape) bool { return isPrimitive(s) && primitiveKind(s.Name) == kindString }

func sameValue(a, b jsontree.Value) bool {
	if a == b {
		return true
	}
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case jsontree.String:
		return textOf(a) == textOf(b)
	case jsontree.Number:
		if bytes.Equal(a.Number(), b.Number()) {
			return true
		}
		x, ok := decimal.Parse(a.Number())
		y, ok2 := decimal.Parse(b.Number())
		return ok && ok2 && x.Cmp(y) == 0
	case jsontree.Array:
		x, y := a.First(), b.First()
		for x.Kind() != jsontree.Invalid && y.Kind() != jsontree.Invalid {
			if !sameValue(x, y) {
				return false
			}
			x, y = x.Next(), y.Next()
		}
		return x.Kind() == y.Kind()
	case jsontree.Object:
		n := 0
		for x := a.First(); x.Kind() != jsontree.Invalid; x = x.Next() {
			if !sameValue(x, b.Get(alias(x.KeyBytes()))) {
				return false
			}
			n++
		}
		return n == b.Len()
	}
	return true
}

// equal is = on two collections: order counts.
func (m *machine) equal(a, b []Item) tri {
	if len(a) == 0 || len(b) == 0 {
		return unknown
	}
	if len(a) != len(b) {
		return no
	}
	out := yes
	for i := range a {
		switch m.equalItems(&a[i], &b[i]) {
		case no:
			return no
		case unknown:
			out = unknown
		}
	}
	return out
}

// equivalentItems is ~ on two items (N1 §6.1.3).
func (m *machine) equivalentItems(a, b *Item) bool {
	m.steps++
	x, y := a.system(), b.system()
	switch {
	case x.kind == kindNode && y.kind == kindNode:
		return m.equivalentElements(&x.node, &y.node)
	case x.isNumber() && y.isNumber():
		return equivalentNumbers(x.dec(), y.dec())
	case x.kind == kindQuantity && (y.kind == kindQuantity || y.isNumber()), x.isNumber() && y.kind == kindQuantity:
		return equivalentQuantities(toQuantity(x), toQuantity(y))
	case x.isMoment() && y.isMoment() && (x.kind == kindTime) == (y.kind == kindTime):
		order, known := compareMoments(&x, &y)
		return known && order == 0
	case x.kind != y.kind:
		return false
	case x.kind == kindString:
		return x.node.name == y.node.name || normal(x.node.name) == normal(y.node.name)
	case x.kind == kindType:
		return x.node.name == y.node.name
	}
	return x.n == y.n
}

// normal returns text in lower case with every run of white space one blank.
func normal(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return unicode.ToLower(r)
	}, s)
}

// equivalentNumbers compares at the precision of the less precise.
func equivalentNumbers(a, b decimal.Decimal) bool {
	places := min(a.Trim(0).Scale(), b.Trim(0).Scale())
	return a.Round(places, decimal.HalfUp).Cmp(b.Round(places, decimal.HalfUp)) == 0
}

// equivalentElements compares the children as sets.
func (m *machine) equivalentElements(a, b *Node) bool {
	if a.Type() != b.Type() || a.value.Kind() != jsontree.Object || b.value.Kind() != jsontree.Object {
		return a.Type() == b.Type() && sameValue(a.value, b.value)
	}
	lo := len(m.stack)
	defer m.drop(lo)
	m.pushChildren(a)
	mid := len(m.stack)
	m.pushChildren(b)
	hi := len(m.stack)
	return m.equivalent(m.stack[lo:mid:mid], m.stack[mid:hi:hi])
}

// equivalent is ~ on two collections: order does not count.
func (m *machine) equivalent(a, b []Item) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) == 1 {
		return m.equivalentItems(&a[0], &b[0])
	}
	used := make([]bool, len(b))
next:
	for i := range a {
		if m.steps > maxSteps {
			return false
		}
		for j := range b {
			if !used[j] && m.equivalentItems(&a[i], &b[j]) {
				used[j] = true
				continue next
			}
		}
		return false
	}
	return true
}

// compareItems orders two System values; comparable is false where their types
// have no order, known where they have one that cannot be said.
func compareItems(x, y *Item) (order int, known, comparable bool) {
	switch {
	case x.isNumber() && y.isNumber():
		if x.kind != kindDecimal && y.kind != kindDecimal {
			return sign(x.n, y.n), true, true
		}
		return x.dec().Cmp(y.dec()), true, true
	case x.kind == kindString && y.kind == kindString:
		return strings.Compare(x.node.name, y.node.name), true, true
	case x.kind == kindQuantity && (y.kind == kindQuantity || y.isNumber()), x.isNumber() && y.kind == kindQuantity:
		order, known = compareQuantities(toQuantity(*x), toQuantity(*y))
		return order, known, true
	case x.isMoment() && y.isMoment() && (x.kind == kindTime) == (y.kind == kindTime):
		order, known = compareMoments(x, y)
		return order, known, true
	}
	return 0, false, false
}

func sign(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// toQuantity returns a number as a Quantity without a unit.
func toQuantity(it Item) Item {
	if it.kind == kindQuantity {
		return it
	}
	return quantityItem(it.dec(), "1")
}

// calendarCode returns the UCUM code of a calendar duration that has a fixed
// length; years and months have none.
func calendarCode(unit string) string {
	switch unit {
	case "week":
		return "wk"
	case "day":
		return "d"
	case "hour":
		return "h"
	case "minute":
		return "min"
	case "second":
		return "s"
	case "millisecond":
		return "ms"
	}
	return ""
}

// unitCode returns the UCUM code of a quantity's unit; "" for years and months
// of the calendar.
func (it *Item) unitCode() string {
	if it.calendar {
		return calendarCode(it.node.name)
	}
	return it.node.name
}

// compareQuantities orders two quantities by what they measure; known is false
// where that differs.
func compareQuantities(a, b Item) (order int, known bool) {
	if a.calendar == b.calendar && a.node.name == b.node.name {
		return a.num.Cmp(b.num), true
	}
	x, y := a.unitCode(), b.unitCode()
	if x == "" || y == "" {
		if a.calendar && b.calendar && x == y {
			return months(&a).Cmp(months(&b)), true
		}
		return 0, false
	}
	if x == y {
		return a.num.Cmp(b.num), true
	}
	return ucum.Compare(a.num.Rat(), x, b.num.Rat(), y)
}

// months returns a number of years or months in months.
func months(q *Item) decimal.Decimal {
	if q.node.name != "year" {
		return q.num
	}
	d, _ := q.num.Mul(decimal.New(12, 0))
	return d
}

// equivalentQuantities compares at the precision of the less precise value, each
// in the unit of the other; a year is like a year of UCUM.
func equivalentQuantities(a, b Item) bool {
	x, y := looseCode(&a), looseCode(&b)
	if x == y {
		return equivalentNumbers(a.num, b.num)
	}
	if in, ok := ucum.Convert(b.num.Rat(), y, x); ok {
		if d, ok := decimal.FromRat(in, 20); ok && equivalentNumbers(a.num, d) {
			return true
		}
	}
	if in, ok := ucum.Convert(a.num.Rat(), x, y); ok {
		if d, ok := decimal.FromRat(in, 20); ok && equivalentNumbers(b.num, d) {
			return true
		}
	}
	return false
}

func looseCode(q *Item) string {
	if q.calendar {
		switch q.node.name {
		case "year":
			return "a"
		case "month":
			return "mo"
		}
	}
	return q.unitCode()
}
