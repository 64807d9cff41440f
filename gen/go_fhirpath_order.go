package gen

import (
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirpath"
)

// equal is = on two collections (FHIRPath N1 §6.1): empty if one of them is.
func (c *pathCompiler) equal(a, b coll) (yes, no cond) {
	if a.many && b.many {
		c.fail("two lists are not compared")
		return condFalse, condFalse
	}
	if b.many {
		a, b = b, a
	}
	yes = a.some(func(x item) cond {
		return b.some(func(y item) cond { eq, _ := c.same(x, y); return eq })
	})
	no = a.some(func(x item) cond {
		return b.some(func(y item) cond { _, ne := c.same(x, y); return ne })
	})
	if a.many && len(a.branches) > 0 {
		n := c.count(a)
		yes = and(compare(n, "==", "1"), yes)
		no = or(no, and(compare(n, ">", "1"), b.exists()))
	}
	return yes, no
}

// same compares two items.
func (c *pathCompiler) same(x, y item) (eq, ne cond) {
	if y.kind == itemStruct || y.kind == itemText && x.kind == itemRaw || x.literal && !y.literal {
		x, y = y, x
	}
	has := and(x.hasValue(), y.hasValue())
	switch {
	case x.kind == itemTruth || y.kind == itemTruth || x.kind == itemBool && y.kind == itemBool:
		y1, n1 := x.truth()
		y2, n2 := y.truth()
		ne, eq = unequal(y1, n1, y2, n2)
		return eq, ne
	case x.kind == itemText && y.kind == itemText:
		a, b := textPair(x, y)
		eq = compare(a, "==", b)
		if eq.implies(has) {
			return eq, and(has, not(eq))
		}
		return and(has, eq), and(has, not(eq))
	case x.number() && y.number():
		eq = numbers(x, "==", y)
		return and(has, eq), and(has, not(eq))
	case x.kind == itemMoment && y.kind == itemMoment:
		args := moment(x) + ", " + moment(y) + ")"
		return and(has, holds("sameMoment("+args)), and(has, holds("differentMoment("+args))
	case x.kind == itemRaw && y.kind == itemText:
		eq = compare("textOf("+x.expr+")", "==", y.expr)
		return eq, not(eq)
	case x.kind == itemStruct && y.kind == itemStruct && x.typ.object == y.typ.object:
		return c.sameStruct(x, y)
	case x.kind == itemOther || y.kind == itemOther || x.kind == itemRaw || y.kind == itemRaw ||
		x.kind == itemStruct && (y.kind == itemStruct || y.number() || y.kind == itemQuantity):
		c.fail("values of these types are not compared")
		return condFalse, condFalse
	}
	return condFalse, condTrue // of different types
}

// sameStruct compares two structs by their JSON, which FHIRPath's equality of
// elements comes to: order counts only in lists.
func (c *pathCompiler) sameStruct(x, y item) (eq, ne cond) {
	eq = holds("sameJSON(" + address(x) + ", " + address(y) + ")")
	return eq, not(eq)
}

// address is a pointer to a struct that an item names.
func address(it item) string {
	if it.pointer {
		return it.expr
	}
	return "&" + it.expr
}

// textPair returns two texts of one Go type.
func textPair(x, y item) (a, b string) {
	a, b = x.expr, y.expr
	if named(x) != named(y) {
		if named(x) != "" && !y.literal {
			a = "string(" + a + ")"
		}
		if named(y) != "" && !x.literal {
			b = "string(" + b + ")"
		}
	}
	return a, b
}

// named is the name of the Go type of a text, "" for string.
func named(x item) string {
	if x.typ == nil || x.typ.name == "string" {
		return ""
	}
	return x.typ.name
}

// textOf is the expression of an item's text as string.
func plainText(x item) string {
	if named(x) != "" {
		return "string(" + x.expr + ")"
	}
	return x.expr
}

func (it item) number() bool { return it.kind == itemInt || it.kind == itemDecimal }

// numbers compares two numbers.
func numbers(x item, op string, y item) cond {
	if x.kind == itemInt && y.kind == itemInt {
		a, b := x.expr, y.expr
		if !x.literal && !y.literal && (goInt(x) == "" || goInt(x) != goInt(y)) {
			a, b = "int64("+a+")", "int64("+b+")"
		}
		return compare(a, op, b)
	}
	return compare("compareNumbers("+digits(x)+", "+digits(y)+")", op, "0")
}

func goInt(x item) string {
	if x.typ == nil {
		return ""
	}
	return x.typ.name
}

// digits is the expression of a number's text.
func digits(x item) string {
	switch {
	case x.kind == itemDecimal && x.literal:
		return x.expr
	case x.kind == itemDecimal:
		return x.expr + ".String()"
	case x.literal:
		return strconv.Quote(x.expr)
	}
	return "digitsOf(int64(" + x.expr + "))"
}

// moment is the expression of a date or time for comparing.
func moment(x item) string {
	if x.literal {
		return x.expr
	}
	return strings.TrimPrefix(x.expr, "*") + ".moment()"
}

// order is <, <=, > and >= (N1 §6.2): empty if one side is, or where partial dates
// leave it open.
func (c *pathCompiler) order(a coll, op string, b coll) (yes, no cond) {
	if a.many || b.many {
		c.fail("an order of lists is not compiled")
		return condFalse, condFalse
	}
	yes = a.some(func(x item) cond { return b.some(func(y item) cond { return c.ordered(x, op, y) }) })
	no = a.some(func(x item) cond { return b.some(func(y item) cond { return c.ordered(x, opposites[op], y) }) })
	return yes, no
}

func (c *pathCompiler) ordered(x item, op string, y item) cond {
	has := and(x.hasValue(), y.hasValue())
	switch {
	case x.number() && y.number():
		return and(has, numbers(x, op, y))
	case x.kind == itemMoment && y.kind == itemMoment:
		return and(has, holds("ordered("+moment(x)+", "+strconv.Quote(op)+", "+moment(y)+")"))
	case x.kind == itemText && y.kind == itemText:
		return and(has, compare(plainText(x), op, plainText(y)))
	case quantity(x) && (quantity(y) || y.kind == itemQuantity):
		return c.quantities(x, op, y)
	}
	c.fail("an order of values of these types is not compiled")
	return condFalse
}

func quantity(x item) bool { return x.kind == itemStruct && isType(x.fhir, "Quantity") }

// quantities compares two quantities of the same unit. Of different units it
// holds: what is not known to be wrong is no issue.
func (c *pathCompiler) quantities(x item, op string, y item) cond {
	value := func(it item) coll {
		if it.kind == itemQuantity {
			return single(item{kind: itemDecimal, expr: it.expr, literal: true})
		}
		return c.follow(it, "value")
	}
	unit := func(it item) coll {
		if it.kind == itemQuantity {
			return single(textLiteral(it.unit))
		}
		return c.follow(it, "code")
	}
	yes, _ := c.order(value(x), op, value(y))
	_, different := c.equal(unit(x), unit(y))
	return or(yes, different)
}

// member is in: the item equals one of a list (N1 §6.4).
func (c *pathCompiler) member(one, list coll) (yes, no cond) {
	found := func(x item) cond {
		return list.some(func(y item) cond { eq, _ := c.same(x, y); return eq })
	}
	yes, no = one.some(found), one.some(func(x item) cond { return not(found(x)) })
	if one.many { // of several FHIRPath makes an error, which is no finding
		n := c.count(one)
		yes, no = and(compare(n, "==", "1"), yes), or(compare(n, ">", "1"), no)
	}
	return yes, no
}

// arithmetic is + - * div mod on whole numbers, and & on texts.
func (c *pathCompiler) arithmetic(t *fhirpath.Term, this coll) coll {
	a, ok1 := c.integer(c.eval(t.Args[0], this))
	b, ok2 := c.integer(c.eval(t.Args[1], this))
	if !ok1 || !ok2 {
		c.fail("%s is compiled on whole numbers alone", t.Name)
		return coll{}
	}
	if a.opt == "" && b.opt == "" && (t.Name == "+" || t.Name == "-" || t.Name == "*") {
		return single(item{kind: itemInt, expr: "(" + widened(a) + " " + t.Name + " " + widened(b) + ")"})
	}
	if t.Name == "+" && strings.HasPrefix(a.opt, "total(") {
		return single(item{kind: itemInt, opt: strings.TrimSuffix(a.opt, ")") + ",\n" + optional64(b) + ")"})
	}
	call := map[string]string{"+": "total", "-": "difference", "*": "product", "div": "quotient", "mod": "remainder"}[t.Name]
	return single(item{kind: itemInt, opt: call + "(" + optional64(a) + ", " + optional64(b) + ")"})
}

// integer is the only whole number of a collection; ok is false for anything else.
func (c *pathCompiler) integer(in coll) (it item, ok bool) {
	if in.many || len(in.branches) != 1 || in.branches[0].proto.kind != itemInt {
		return item{}, false
	}
	it = in.branches[0].proto
	there := in.branches[0].some(func(x item) cond { return x.hasValue() })
	if it.opt == "" && !there.isTrue() {
		it.opt = "given(" + there.text + ", int64(" + it.expr + "))"
		if strings.Contains(there.text, "nil") {
			return item{}, false
		}
	}
	return it, true
}

func widened(it item) string {
	if it.typ == nil || it.literal {
		return it.expr
	}
	return "int64(" + it.expr + ")"
}

func optional64(it item) string {
	if it.opt != "" {
		return it.opt
	}
	if it.literal {
		return "Some[int64](" + it.expr + ")"
	}
	return "Some(int64(" + strings.TrimSuffix(strings.TrimPrefix(it.expr, "("), ")") + "))"
}
