package fhirpath

import (
	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/ucum"
)

// quotientScale is the number of digits after the point of a quotient.
const quotientScale = 16

// pair is what every operator of two operands has.
type pair struct {
	left, right expr
	offset      int
}

// operands evaluates both; what they define stays inside them.
func (p *pair) operands(m *machine) (a, b []Item, lo int, err error) {
	vars := m.scope.vars
	a, lo, err = m.run(p.left)
	m.scope.vars = vars
	if err != nil {
		return nil, nil, lo, err
	}
	b, _, err = m.run(p.right)
	m.scope.vars = vars
	return a, b, lo, err
}

// side evaluates one operand as a Boolean.
func (p *pair) side(m *machine, e expr) (tri, error) {
	vars := m.scope.vars
	t, err := m.test(e, p.offset)
	m.scope.vars = vars
	return t, err
}

// logicExpr is and, or, xor and implies (N1 §6.5).
type logicExpr struct {
	pair
	op string
}

func (e *logicExpr) eval(m *machine) error { return evalTruth(m, e) }

func evalTruth(m *machine, e truth) error {
	t, err := e.truth(m)
	if err == nil {
		m.pushTri(t)
	}
	return err
}

func (e *logicExpr) truth(m *machine) (tri, error) {
	a, err := e.side(m, e.left)
	if err != nil {
		return unknown, err
	}
	switch {
	case e.op == "and" && a == no:
		return no, nil
	case e.op == "or" && a == yes, e.op == "implies" && a == no:
		return yes, nil
	}
	b, err := e.side(m, e.right)
	if err != nil {
		return unknown, err
	}
	switch e.op {
	case "and":
		switch {
		case b == no:
			return no, nil
		case a == yes:
			return b, nil
		}
		return unknown, nil
	case "or":
		switch {
		case b == yes:
			return yes, nil
		case a == no:
			return b, nil
		}
		return unknown, nil
	case "xor":
		if a == unknown || b == unknown {
			return unknown, nil
		}
		return triOf(a != b), nil
	}
	if a == yes || b == yes {
		return b, nil
	}
	return unknown, nil
}

// equalExpr is = and !=.
type equalExpr struct {
	pair
	negate bool
}

func (e *equalExpr) eval(m *machine) error { return evalTruth(m, e) }

func (e *equalExpr) truth(m *machine) (tri, error) {
	a, b, lo, err := e.operands(m)
	if err != nil {
		return unknown, err
	}
	t := m.equal(a, b)
	m.drop(lo)
	if e.negate {
		t = t.not()
	}
	return t, nil
}

// equivalentExpr is ~ and !~.
type equivalentExpr struct {
	pair
	negate bool
}

func (e *equivalentExpr) eval(m *machine) error { return evalTruth(m, e) }

func (e *equivalentExpr) truth(m *machine) (tri, error) {
	a, b, lo, err := e.operands(m)
	if err != nil {
		return unknown, err
	}
	same := m.equivalent(a, b)
	m.drop(lo)
	return triOf(same != e.negate), m.tick(0)
}

// orderExpr is <, <=, > and >= (N1 §6.2).
type orderExpr struct {
	pair
	op string
}

func (e *orderExpr) eval(m *machine) error { return evalTruth(m, e) }

func (e *orderExpr) truth(m *machine) (tri, error) {
	a, b, lo, err := e.operands(m)
	if err != nil {
		return unknown, err
	}
	m.drop(lo)
	x, ok, err := m.one(a, e.offset)
	if err != nil || !ok {
		return unknown, err
	}
	y, ok, err := m.one(b, e.offset)
	if err != nil || !ok {
		return unknown, err
	}
	order, known, comparable := compareItems(&x, &y)
	if !comparable {
		return unknown, fail(e.offset, "want two values with an order, have %s and %s", typeName(&x), typeName(&y))
	}
	if !known {
		return unknown, nil
	}
	switch e.op {
	case "<":
		return triOf(order < 0), nil
	case "<=":
		return triOf(order <= 0), nil
	case ">":
		return triOf(order > 0), nil
	}
	return triOf(order >= 0), nil
}

func typeName(it *Item) string {
	if name := it.Type(); name != "" {
		return name
	}
	return "an unknown type"
}

// memberExpr is in, and contains with its operands exchanged (N1 §6.4).
type memberExpr struct {
	pair
	swap bool
}

func (e *memberExpr) eval(m *machine) error { return evalTruth(m, e) }

func (e *memberExpr) truth(m *machine) (tri, error) {
	item, list, lo, err := e.operands(m)
	if err != nil {
		return unknown, err
	}
	m.drop(lo)
	if e.swap {
		item, list = list, item
	}
	if len(item) > 1 {
		return unknown, fail(e.offset, "want a single item to look for, have %d", len(item))
	}
	if len(item) == 0 {
		return unknown, nil
	}
	return triOf(m.contains(list, &item[0])), nil
}

// contains reports whether an item equals one of a list.
func (m *machine) contains(list []Item, it *Item) bool {
	for i := range list {
		if m.equalItems(&list[i], it) == yes {
			return true
		}
	}
	return false
}

// unionExpr is |.
type unionExpr struct{ pair }

func (e *unionExpr) eval(m *machine) error {
	_, _, lo, err := e.operands(m)
	if err != nil {
		return err
	}
	return m.distinct(lo)
}

// concatExpr is &.
type concatExpr struct{ pair }

func (e *concatExpr) eval(m *machine) error {
	a, b, lo, err := e.operands(m)
	if err != nil {
		return err
	}
	x, ok, err := m.one(a, e.offset)
	if err != nil {
		return err
	}
	y, ok2, err := m.one(b, e.offset)
	if err != nil {
		return err
	}
	left, right := "", ""
	if ok {
		left = x.String()
	}
	if ok2 {
		right = y.String()
	}
	if len(left)+len(right) > maxText {
		return ErrLimit
	}
	m.drop(lo)
	m.push(Text(left + right))
	return nil
}

// mathExpr is + - * / div mod (N1 §6.6).
type mathExpr struct {
	pair
	op string
}

func (e *mathExpr) eval(m *machine) error {
	a, b, lo, err := e.operands(m)
	if err != nil {
		return err
	}
	x, ok, err := m.one(a, e.offset)
	if err != nil {
		return err
	}
	y, ok2, err := m.one(b, e.offset)
	if err != nil {
		return err
	}
	m.drop(lo)
	if !ok || !ok2 {
		return nil
	}
	out, ok, err := e.apply(&x, &y)
	if ok {
		m.push(out)
	}
	return err
}

// apply computes; ok is false for an empty result, as of a division by zero.
func (e *mathExpr) apply(x, y *Item) (out Item, ok bool, err error) {
	switch {
	case x.isNumber() && y.isNumber():
		out, ok = e.numbers(x, y)
		return out, ok, nil
	case x.kind == kindString && y.kind == kindString && e.op == "+":
		if len(x.node.name)+len(y.node.name) > maxText {
			return Item{}, false, ErrLimit
		}
		return Text(x.node.name + y.node.name), true, nil
	case x.isMoment() && y.kind == kindQuantity && (e.op == "+" || e.op == "-"):
		return e.shift(x, y)
	case x.kind == kindQuantity && y.kind == kindQuantity, x.kind == kindQuantity && y.isNumber(), x.isNumber() && y.kind == kindQuantity:
		out, ok = e.quantities(toQuantity(*x), toQuantity(*y))
		return out, ok, nil
	}
	return Item{}, false, fail(e.offset, "want operands that %s takes, have %s and %s", e.op, typeName(x), typeName(y))
}

func (e *mathExpr) shift(x, y *Item) (Item, bool, error) {
	if _, ok := durationOf(y); !ok {
		return Item{}, false, fail(e.offset, "want a duration of the calendar or of fixed length")
	}
	sign := int64(1)
	if e.op == "-" {
		sign = -1
	}
	out, ok := addDuration(*x, y, sign)
	return out, ok, nil
}

func (e *mathExpr) numbers(x, y *Item) (Item, bool) {
	whole := x.kind != kindDecimal && y.kind != kindDecimal
	var d decimal.Decimal
	var ok bool
	switch e.op {
	case "+":
		d, ok = x.dec().Add(y.dec())
	case "-":
		d, ok = x.dec().Sub(y.dec())
	case "*":
		d, ok = x.dec().Mul(y.dec())
	case "/":
		d, ok = x.dec().Quo(y.dec(), quotientScale)
		return decimalItem(d), ok
	case "div":
		d, ok = x.dec().Div(y.dec())
		whole = true
	case "mod":
		d, ok = x.dec().Mod(y.dec())
	}
	if !ok {
		return Item{}, false
	}
	if !whole {
		return decimalItem(d), true
	}
	return integerOf(d, x.kind == kindLong || y.kind == kindLong)
}

// integerOf returns a whole number as Integer or Long; false if it overflows.
func integerOf(d decimal.Decimal, long bool) (Item, bool) {
	n, ok := d.Int64()
	if !ok || !long && (n > maxInteger || n < minInteger) {
		return Item{}, false
	}
	if long {
		return Item{kind: kindLong, n: n}, true
	}
	return Integer(n), true
}

func (e *mathExpr) quantities(x, y Item) (Item, bool) {
	switch e.op {
	case "*", "/":
		a, b := x.unitCode(), y.unitCode()
		if a == "" || b == "" {
			return Item{}, false
		}
		if e.op == "*" {
			d, ok := x.num.Mul(y.num)
			return quantityItem(d, ucum.Mul(a, b)), ok
		}
		d, ok := x.num.Quo(y.num, quotientScale)
		return quantityItem(d, ucum.Div(a, b)), ok
	case "+", "-":
		if x.calendar != y.calendar || x.node.name != y.node.name {
			in, ok := ucum.Convert(y.num.Rat(), y.unitCode(), x.unitCode())
			if !ok {
				return Item{}, false
			}
			if y.num, ok = decimal.FromRat(in, quotientScale); !ok {
				return Item{}, false
			}
		}
		d, ok := x.num.Add(y.num)
		if e.op == "-" {
			d, ok = x.num.Sub(y.num)
		}
		x.num = d
		return x, ok
	}
	return Item{}, false
}

// typeExpr is is and as.
type typeExpr struct {
	operand expr
	spec    typeSpec
	as      bool
	offset  int
}

func (e *typeExpr) eval(m *machine) error {
	items, lo, err := m.run(e.operand)
	if err != nil {
		return err
	}
	return e.spec.apply(m, items, lo, e.as, e.offset)
}

// apply replaces the items from lo on by what is or as makes of them.
func (t *typeSpec) apply(m *machine, items []Item, lo int, as bool, offset int) error {
	if len(items) > 1 && as && m.invariant {
		mid := len(m.stack)
		for i := range items {
			if t.selects(m, &items[i]) {
				m.push(items[i])
			}
		}
		m.compact(lo, mid)
		return nil
	}
	if len(items) > 1 {
		return fail(offset, "want a single item, have %d", len(items))
	}
	if len(items) == 0 {
		return nil
	}
	if as {
		if !t.selects(m, &items[0]) {
			m.drop(lo)
		}
		return nil
	}
	is := t.matches(m, &items[0])
	m.drop(lo)
	m.push(Bool(is))
	return nil
}
