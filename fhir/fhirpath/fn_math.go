package fhirpath

import (
	"math"

	"github.com/carabiner-health/carabiner/internal/decimal"
)

// mathFunctions are those of N1 §5.7, and the aggregates of the newer editions.
var mathFunctions = [...]function{
	{name: "abs", gives: givesInput, eval: number1(func(v Item) (Item, bool) { v.n, v.num = max(v.n, -v.n), v.num.Abs(); return v, true })},
	{name: "ceiling", gives: "Integer", eval: number1(rounded(decimal.Ceiling))},
	{name: "floor", gives: "Integer", eval: number1(rounded(decimal.Floor))},
	{name: "truncate", gives: "Integer", eval: number1(rounded(decimal.Down))},
	{name: "exp", gives: "Decimal", eval: number1(func(v Item) (Item, bool) { return fromFloat(math.Exp(v.dec().Float64())) })},
	{name: "ln", gives: "Decimal", eval: number1(func(v Item) (Item, bool) { return fromFloat(math.Log(v.dec().Float64())) })},
	{name: "sqrt", gives: "Decimal", eval: number1(func(v Item) (Item, bool) { d, ok := v.dec().Sqrt(quotientScale); return decimalItem(d), ok })},
	{name: "log", least: 1, most: 1, gives: "Decimal", eval: fnLog},
	{name: "power", least: 1, most: 1, gives: "Decimal", eval: fnPower},
	{name: "round", most: 1, gives: "Decimal", eval: fnRound},
	{name: "sum", gives: givesOne, eval: fnSum},
	{name: "avg", gives: "Decimal", eval: fnAvg},
	{name: "min", gives: givesOne, eval: extreme(-1)},
	{name: "max", gives: givesOne, eval: extreme(1)},
}

// number1 applies f to the only number of the input.
func number1(f conversion) func(*machine, *callExpr, []Item) error {
	return func(m *machine, e *callExpr, in []Item) error {
		v, ok, err := m.one(in, e.offset)
		if err != nil || !ok {
			return err
		}
		if !v.isNumber() && v.kind != kindQuantity {
			return fail(e.offset, "%s(): want a number, have %s", e.fn.name, typeName(&v))
		}
		if out, ok := f(v); ok {
			m.push(out)
		}
		return nil
	}
}

func rounded(how decimal.Rounding) conversion {
	return func(v Item) (Item, bool) {
		if v.kind == kindQuantity {
			v.num = v.num.Round(0, how)
			return v, true
		}
		return integerOf(v.dec().Round(0, how), v.kind == kindLong)
	}
}

// fromFloat returns a result that has no exact digits.
func fromFloat(f float64) (Item, bool) {
	d, ok := decimal.FromFloat(f, quotientScale)
	return decimalItem(d), ok
}

func (m *machine) numberArgument(e *callExpr, in []Item) (x, y Item, ok bool, err error) {
	if x, ok, err = m.one(in, e.offset); err != nil || !ok {
		return x, y, false, err
	}
	if y, ok, err = m.single(e, 0); err != nil || !ok {
		return x, y, false, err
	}
	if !x.isNumber() || !y.isNumber() {
		return x, y, false, fail(e.offset, "%s(): want numbers, have %s and %s", e.fn.name, typeName(&x), typeName(&y))
	}
	return x, y, true, nil
}

func fnLog(m *machine, e *callExpr, in []Item) error {
	x, base, ok, err := m.numberArgument(e, in)
	if err != nil || !ok {
		return err
	}
	f := math.Log(x.dec().Float64()) / math.Log(base.dec().Float64())
	// The quotient of two logarithms misses whole results by a hair.
	if r := math.Round(f); math.Abs(f-r) < 1e-12 {
		f = r
	}
	if out, ok := fromFloat(f); ok {
		m.push(out)
	}
	return nil
}

func fnPower(m *machine, e *callExpr, in []Item) error {
	x, y, ok, err := m.numberArgument(e, in)
	if err != nil || !ok {
		return err
	}
	if n, whole := y.dec().Int64(); whole && n >= 0 && n <= 1000 {
		d, ok := x.dec().Pow(int(n))
		out := decimalItem(d)
		if ok && x.kind != kindDecimal && y.kind != kindDecimal {
			out, ok = integerOf(d, x.kind == kindLong)
		}
		if ok {
			m.push(out)
		}
		return nil
	}
	if out, ok := fromFloat(math.Pow(x.dec().Float64(), y.dec().Float64())); ok {
		m.push(out)
	}
	return nil
}

func fnRound(m *machine, e *callExpr, in []Item) error {
	places := int64(0)
	if len(e.args) == 1 {
		n, ok, err := m.integer(e, 0)
		if err != nil {
			return err
		}
		if ok {
			places = n
		}
		if places < 0 || places > decimal.MaxDigits {
			return fail(e.offset, "round(): want 0..%d places", decimal.MaxDigits)
		}
	}
	return number1(func(v Item) (Item, bool) {
		d := v.dec()
		if int(places) < d.Scale() {
			d = d.Round(int(places), decimal.HalfUp)
		}
		if v.kind == kindQuantity {
			v.num = d
			return v, true
		}
		return decimalItem(d), true
	})(m, e, in)
}

// fold combines the input from the left with an operator.
func fold(m *machine, e *callExpr, in []Item) (sum Item, ok bool, err error) {
	plus := mathExpr{pair{offset: e.offset}, "+"}
	for i := range in {
		v := in[i].system()
		if i == 0 {
			if !v.isNumber() && v.kind != kindQuantity && v.kind != kindString {
				return Item{}, false, fail(e.offset, "%s(): want numbers, have %s", e.fn.name, typeName(&v))
			}
			sum, ok = v, true
			continue
		}
		if sum, ok, err = plus.apply(&sum, &v); err != nil || !ok {
			return Item{}, false, err
		}
	}
	return sum, ok, m.tick(len(in))
}

func fnSum(m *machine, e *callExpr, in []Item) error {
	sum, ok, err := fold(m, e, in)
	if ok {
		m.push(sum)
	}
	return err
}

func fnAvg(m *machine, e *callExpr, in []Item) error {
	sum, ok, err := fold(m, e, in)
	if err != nil || !ok {
		return err
	}
	d, ok := sum.dec().Quo(decimal.New(int64(len(in)), 0), quotientScale)
	if sum.kind == kindQuantity {
		sum.num = d
	} else {
		sum = decimalItem(d)
	}
	if ok {
		m.push(sum)
	}
	return nil
}

// extreme returns min or max.
func extreme(want int) func(*machine, *callExpr, []Item) error {
	return func(m *machine, e *callExpr, in []Item) error {
		best := -1
		var bestValue Item
		for i := range in {
			v := in[i].system()
			if best < 0 {
				best, bestValue = i, v
				continue
			}
			order, known, comparable := compareItems(&v, &bestValue)
			if !comparable {
				return fail(e.offset, "%s(): want values with an order between them", e.fn.name)
			}
			if !known {
				return nil
			}
			if order == want {
				best, bestValue = i, v
			}
		}
		if best >= 0 {
			m.push(in[best])
		}
		return m.tick(len(in))
	}
}
