package gen

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirpath"
)

// call compiles a function.
func (c *pathCompiler) call(t *fhirpath.Term, this coll) coll {
	if t.Name == "iif" && t.On == nil {
		return c.iif(t, this)
	}
	in := c.evalOn(t, this)
	if c.err != "" {
		return coll{}
	}
	if out, ok := c.subsets(t, in, this); ok {
		return out
	}
	if out, ok := c.tests(t, in, this); ok {
		return out
	}
	if out, ok := c.texts(t, in, this); ok {
		return out
	}
	c.fail("the function %s() is not compiled", t.Name)
	return coll{}
}

// truthItem is a collection of one Boolean.
func truthItem(yes, no cond) coll { return single(item{kind: itemTruth, yes: yes, no: no}) }

func sure(yes cond) coll { return truthItem(yes, not(yes)) }

// argument is the only argument, which every item sees as $this.
func (c *pathCompiler) argument(t *fhirpath.Term, i int) *fhirpath.Term {
	if len(t.Args) <= i {
		c.fail("%s() wants another argument", t.Name)
		return &fhirpath.Term{}
	}
	return t.Args[i]
}

// subsets are the functions that give items of the input or of what they hold.
func (c *pathCompiler) subsets(t *fhirpath.Term, in, this coll) (coll, bool) {
	switch t.Name {
	case "where":
		crit := c.argument(t, 0)
		return c.filter(in, func(it item) cond { yes, _ := c.truth(crit, single(it)); return yes }), true
	case "select":
		arg := c.argument(t, 0)
		return c.selected(in, arg), true
	case "extension":
		url, _ := c.argument(t, 0).Value.Text()
		list := c.flat(in, func(it item) coll { return c.follow(it, "extension") })
		return c.filter(list, func(it item) cond {
			yes, _ := c.equal(c.follow(it, "url"), single(textLiteral(url)))
			return c.constant(it, url, yes)
		}), true
	case "ofType", "as":
		return c.typed(t.Name, typeName(c.argument(t, 0)), in), true
	case "first":
		return c.first(in), true
	case "tail":
		return c.tail(in), true
	case "trace":
		return in, true
	case "iif":
		return c.flat(in, func(it item) coll { return c.iif(t, single(it)) }), !in.many
	case "intersect":
		other := c.eval(c.argument(t, 0), this)
		return c.filter(in, func(it item) cond {
			return other.some(func(y item) cond { eq, _ := c.same(it, y); return eq })
		}), true
	case "union", "combine":
		other := c.eval(c.argument(t, 0), this)
		return coll{branches: append(append([]branch(nil), in.branches...), other.branches...), many: true, union: t.Name == "union"}, true
	}
	return coll{}, false
}

// constant decides a comparison of urls where the one of the item is known.
func (c *pathCompiler) constant(it item, url string, yes cond) cond {
	if it.kind != itemSimple {
		return yes
	}
	if it.url == url {
		return condTrue
	}
	return condFalse
}

func typeName(t *fhirpath.Term) string {
	if t.Kind == fhirpath.TermLiteral {
		s, _ := t.Value.Text()
		return s
	}
	if t.On != nil {
		return typeName(t.On) + "." + t.Name
	}
	return t.Name
}

// selected is select(): what the argument gives for each item. Whole numbers that
// may be empty stay such.
func (c *pathCompiler) selected(in coll, arg *fhirpath.Term) coll {
	if it, ok := c.integer(in); ok && it.opt != "" {
		v := c.variable()
		out, ok := c.integer(c.eval(arg, single(item{kind: itemInt, expr: v})))
		c.vars--
		if ok {
			return single(item{kind: itemInt, opt: closure("then("+it.opt+", func("+v+" int64) Opt[int64]", optional64(out))})
		}
	}
	return c.flat(in, func(it item) coll { return c.eval(arg, single(it)) })
}

// iif chooses between two collections.
func (c *pathCompiler) iif(t *fhirpath.Term, this coll) coll {
	yes, _ := c.truth(c.argument(t, 0), this)
	a := c.eval(c.argument(t, 1), this)
	var b coll
	if len(t.Args) > 2 {
		b = c.eval(t.Args[2], this)
	}
	if x, ok := c.integer(a); ok {
		if y, ok := c.integer(b); ok {
			return single(item{kind: itemInt, opt: "pick(" + yes.text + ", " + optional64(x) + ", " + optional64(y) + ")"})
		}
	}
	out := coll{many: a.many || b.many}
	for _, x := range a.branches {
		out.branches = append(out.branches, behind(yes, x))
	}
	for _, x := range b.branches {
		out.branches = append(out.branches, behind(not(yes), x))
	}
	return out
}

// tests are the functions that give a Boolean or a number.
func (c *pathCompiler) tests(t *fhirpath.Term, in, this coll) (coll, bool) {
	switch t.Name {
	case "exists", "empty":
		out := in.exists()
		if len(t.Args) == 1 {
			out = in.some(func(it item) cond { yes, _ := c.truth(t.Args[0], single(it)); return yes })
		}
		if t.Name == "empty" {
			out = not(out)
		}
		return sure(out), true
	case "all":
		crit := c.argument(t, 0)
		return sure(not(in.some(func(it item) cond { yes, _ := c.truth(crit, single(it)); return not(yes) }))), true
	case "allTrue":
		return sure(not(in.some(func(it item) cond { _, no := it.truth(); return no }))), true
	case "anyTrue":
		return sure(in.some(func(it item) cond { yes, _ := it.truth(); return yes })), true
	case "not":
		yes, no := c.truthOf(in)
		return truthItem(no, yes), true
	case "hasValue":
		if in.many {
			c.fail("hasValue() is compiled for single elements")
		}
		return sure(in.some(func(it item) cond {
			if !it.primitive() && it.kind != itemTruth {
				return condFalse
			}
			return it.hasValue()
		})), true
	case "count":
		n := c.count(in)
		if strings.Contains(n, " + ") {
			n = "(" + n + ")"
		}
		return single(item{kind: itemInt, expr: n}), true
	case "isDistinct":
		return c.isDistinct(in), true
	case "is":
		return c.typed("is", typeName(c.argument(t, 0)), in), true
	}
	return coll{}, false
}

// isDistinct looks for texts that occur twice.
func (c *pathCompiler) isDistinct(in coll) coll {
	for i := range in.branches {
		if in.branches[i].proto.kind != itemText {
			c.fail("isDistinct() is compiled for texts")
			return coll{}
		}
	}
	twice := in.some(func(it item) cond { return and(it.hasValue(), holds("!add("+plainText(it)+")")) })
	return sure(holds(closure("distinct(func(add func(string) bool) bool", not(twice).text)))
}

// texts are the functions on texts.
func (c *pathCompiler) texts(t *fhirpath.Term, in, this coll) (coll, bool) {
	text := func(f func(s string) item) (coll, bool) {
		if in.many {
			c.fail("%s() takes a single text", t.Name)
			return coll{}, true
		}
		return c.flat(in, func(it item) coll {
			if it.kind != itemText {
				c.fail("%s() is compiled on texts alone", t.Name)
				return coll{}
			}
			return coll{branches: []branch{guarded(it.hasValue(), f(plainText(it)))}}
		}), true
	}
	test := func(name string) (coll, bool) {
		arg := c.eval(c.argument(t, 0), this)
		if arg.many {
			c.fail("%s() takes a single text", t.Name)
		}
		return text(func(s string) item {
			yes := arg.some(func(a item) cond { return and(a.hasValue(), holds(name+"("+s+", "+plainText(a)+")")) })
			no := arg.some(func(a item) cond {
				return and(a.hasValue(), not(holds(name+"("+s+", "+plainText(a)+")")))
			})
			return item{kind: itemTruth, yes: yes, no: no}
		})
	}
	switch t.Name {
	case "startsWith":
		return test("startsWith")
	case "endsWith":
		return test("endsWith")
	case "contains":
		return test("containsText")
	case "matches":
		src, ok := c.argument(t, 0).Value.Text()
		if _, err := regexp.Compile("(?s)" + src); !ok || err != nil {
			c.fail("the pattern is beyond the syntax of package regexp")
			return coll{}, true
		}
		return text(func(s string) item {
			yes := holds(c.pattern("(?s)"+src) + "(" + s + ")")
			return item{kind: itemTruth, yes: yes, no: not(yes)}
		})
	case "length":
		return text(func(s string) item { return item{kind: itemInt, expr: "characters(" + s + ")"} })
	case "substring":
		start, ok := c.argument(t, 0).Value.Int()
		length := int64(-1)
		if len(t.Args) > 1 {
			var ok2 bool
			length, ok2 = t.Args[1].Value.Int()
			ok = ok && ok2
		}
		if !ok {
			c.fail("substring() is compiled with literals")
			return coll{}, true
		}
		return text(func(s string) item {
			expr := "substring(" + s + ", " + strconv.FormatInt(start, 10) + ", " + strconv.FormatInt(length, 10) + ")"
			return item{kind: itemText, expr: expr, has: compare(expr, "!=", `""`)}
		})
	case "toInteger":
		return text(func(s string) item { return item{kind: itemInt, opt: "toInteger(" + s + ")"} })
	case "toString":
		return c.toString(in), true
	}
	return coll{}, false
}

// toString is the text of a primitive.
func (c *pathCompiler) toString(in coll) coll {
	return c.flat(in, func(it item) coll {
		var expr string
		switch it.kind {
		case itemText:
			expr = plainText(it)
		case itemDecimal, itemMoment:
			expr = strings.TrimPrefix(it.expr, "*") + ".String()"
		case itemInt:
			expr = digits(it)
		default:
			c.fail("toString() is compiled on texts, numbers and dates")
			return coll{}
		}
		return coll{branches: []branch{guarded(it.hasValue(), item{kind: itemText, expr: expr})}}
	})
}
