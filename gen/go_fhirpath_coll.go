package gen

import (
	"strconv"
	"strings"
)

// itemKind says what an item is.
type itemKind uint8

const (
	itemOther     itemKind = iota // has no members and no comparison
	itemStruct                    // a struct of the plan
	itemText                      // string, or a type made of it
	itemBool                      //
	itemTruth                     // a Boolean that a term gives: yes and no
	itemInt                       // a whole number
	itemDecimal                   // Decimal
	itemMoment                    // Date, DateTime or Time
	itemExtension                 // Extension of the support code
	itemSimple                    // an extension of which only the value is held
	itemRaw                       // Raw
	itemQuantity                  // a literal with a unit
)

// item is one element of a collection: what is known of it, and how Go names it.
type item struct {
	kind itemKind
	// fhir is the name of the type in FHIR, "" for a value of a literal or a
	// function.
	fhir string
	typ  *goType
	expr string
	// pointer says that expr is a pointer to a struct.
	pointer bool
	// has says when a primitive has a value; "" = always.
	has cond
	// companion is the Raw that carries the extensions of a primitive, "" if none.
	companion string
	// literal says that expr is a constant.
	literal bool
	// yes and no are those of a truth.
	yes, no cond
	// url and value are those of an extension of which only the value is held.
	url   string
	value *item
	unit  string // of a literal quantity
	// opt is the expression of an Opt[int64] that may be empty, in place of expr.
	opt string
}

func textLiteral(s string) item {
	return item{kind: itemText, expr: strconv.Quote(s), literal: true}
}

// hasValue is the condition that a primitive has a value.
func (it item) hasValue() cond {
	if it.has.text == "" {
		return condTrue
	}
	return it.has
}

// truth is the item as a Boolean.
func (it item) truth() (yes, no cond) {
	switch it.kind {
	case itemTruth:
		return it.yes, it.no
	case itemBool:
		if it.literal {
			v := cond{text: it.expr}
			if v.isTrue() {
				return condTrue, condFalse
			}
			return condFalse, condTrue
		}
		return and(it.hasValue(), holds(it.expr)), and(it.hasValue(), not(holds(it.expr)))
	}
	return condTrue, condFalse
}

// coll is a collection: items of one type or of several, each a branch.
type coll struct {
	branches []branch
	// many says that there may be more than one item; union that one may stand in it
	// twice.
	many, union bool
	// there is the condition that there is an item, where a method tells it; "" where
	// the branches do.
	there cond
}

// branch are the items of a collection that have one type.
type branch struct {
	// proto is such an item; its expression means nothing.
	proto item
	// some is the condition that an item fulfils the predicate.
	some func(func(item) cond) cond
	// sum is the sum of a number over the items.
	sum func(func(item) string) string
	// first is the condition that the first item fulfils the predicate; nil if it
	// cannot be told which that is. rest is some over all items but the first.
	first, rest func(func(item) cond) cond
	// certain says that proto is the item itself, and always there.
	certain bool
}

// single is a collection of one item.
func single(it item) coll {
	b := guarded(condTrue, it)
	b.certain = it.opt == ""
	return coll{branches: []branch{b}}
}

// guarded is the branch of an item that is there under a condition.
func guarded(when cond, it item) branch {
	some := func(pred func(item) cond) cond {
		p := pred(it)
		if it.has.text != "" && p.implies(it.has) {
			return p // a value is more than an element that is there
		}
		return and(when, p)
	}
	b := branch{proto: it, some: some, first: some}
	b.rest = func(func(item) cond) cond { return condFalse }
	b.sum = func(f func(item) string) string {
		n := f(it)
		switch {
		case when.isTrue():
			return n
		case n == "1":
			return "oneIf(" + when.text + ")"
		case strings.HasPrefix(n, "oneIf("):
			return "oneIf(" + and(when, holds(strings.TrimSuffix(strings.TrimPrefix(n, "oneIf("), ")"))).text + ")"
		}
		return closure("sumIf("+when.text+", func() int", n)
	}
	if it.opt != "" {
		return lazyBranch(it)
	}
	return b
}

// closure writes a call whose last argument is a function, head up to its body.
func closure(head, result string) string {
	if len(head)+len(result) < 90 && !strings.Contains(result, "\n") {
		return head + " { return " + result + " })"
	}
	return head + " {\nreturn " + result + "\n})"
}

// lazyBranch is the branch of a whole number that may be empty.
func lazyBranch(it item) branch {
	b := branch{proto: it}
	b.some = func(pred func(item) cond) cond {
		p := pred(item{kind: itemInt, expr: "number"})
		if p.isTrue() || p.isFalse() {
			return and(holds(it.opt+".Valid"), p)
		}
		return holds(closure("with("+it.opt+", func(number int64) bool", p.text))
	}
	b.first = b.some
	b.rest = func(func(item) cond) cond { return condFalse }
	b.sum = func(f func(item) string) string { return "oneIf(" + it.opt + ".Valid)" }
	return b
}

// listBranch is the branch of a list's elements. Elem describes an element for
// the expression of a pointer to it.
func (c *pathCompiler) listBranch(list, goName string, elem func(pointer string) item) branch {
	b := branch{proto: elem("item")}
	over := func(list string, pred func(item) cond) cond {
		v := c.variable()
		p := pred(elem(v))
		c.vars--
		switch {
		case p.isFalse():
			return condFalse
		case p.isTrue() && !strings.HasSuffix(list, ":]"):
			return compare("len("+list+")", ">", "0")
		case p.isTrue():
			return compare("len("+strings.TrimSuffix(list, "[1:]")+")", ">", "1")
		}
		return holds(closure("anyOf("+list+", func("+v+" *"+goName+") bool", p.text))
	}
	b.some = func(pred func(item) cond) cond { return over(list, pred) }
	b.first = func(pred func(item) cond) cond {
		p := pred(elem("(&" + list + "[0])"))
		return and(compare("len("+list+")", ">", "0"), p)
	}
	b.rest = func(pred func(item) cond) cond {
		return and(compare("len("+list+")", ">", "1"), over(list+"[1:]", pred))
	}
	b.sum = func(f func(item) string) string {
		v := c.variable()
		n := f(elem(v))
		c.vars--
		if n == "1" {
			return "len(" + list + ")"
		}
		return closure("sumOf("+list+", func("+v+" *"+goName+") int", n)
	}
	return b
}

// behind puts a condition before a branch.
func behind(when cond, b branch) branch {
	if when.isTrue() {
		return b
	}
	out := branch{proto: b.proto}
	out.some = func(pred func(item) cond) cond { return and(when, b.some(pred)) }
	if b.first != nil {
		out.first = func(pred func(item) cond) cond { return and(when, b.first(pred)) }
		out.rest = func(pred func(item) cond) cond { return and(when, b.rest(pred)) }
	}
	out.sum = func(f func(item) string) string { return closure("sumIf("+when.text+", func() int", b.sum(f)) }
	return out
}

// exists is the condition that there is an item.
func (in coll) exists() cond {
	if in.there.text != "" {
		return in.there
	}
	out := condFalse
	for i := range in.branches {
		out = or(out, in.branches[i].some(func(it item) cond { return it.present() }))
	}
	return out
}

// present is condTrue but for a Boolean that may be empty.
func (it item) present() cond {
	if it.kind == itemTruth {
		if not(it.yes).text == it.no.text {
			return condTrue
		}
		return or(it.yes, it.no)
	}
	return condTrue
}

// some is the condition that an item fulfils the predicate.
func (in coll) some(pred func(item) cond) cond {
	out := condFalse
	for i := range in.branches {
		out = or(out, in.branches[i].some(pred))
	}
	return out
}

// count is the number of items that fulfil the predicate, as an expression.
func (c *pathCompiler) count(in coll) string {
	if in.union {
		c.fail("a count of a union is not compiled")
	}
	var parts []string
	for i := range in.branches {
		parts = append(parts, in.branches[i].sum(func(it item) string {
			if p := it.present(); !p.isTrue() {
				return "oneIf(" + p.text + ")"
			}
			return "1"
		}))
	}
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, " + ")
}

// flat puts together what f gives for each item.
func (c *pathCompiler) flat(in coll, f func(item) coll) coll {
	if len(in.branches) == 1 && in.branches[0].certain {
		return f(in.branches[0].proto)
	}
	out := coll{many: in.many, union: in.union}
	for i := range in.branches {
		b := &in.branches[i]
		proto := f(b.proto)
		out.many, out.union = out.many || proto.many, out.union || proto.union
		for j := range proto.branches {
			out.branches = append(out.branches, c.inside(b, j, &proto.branches[j], f))
		}
		if !c.enter() {
			return coll{}
		}
	}
	return out
}

// inside is the j-th branch of what f gives for the items of b.
func (c *pathCompiler) inside(b *branch, j int, proto *branch, f func(item) coll) branch {
	at := func(it item) *branch {
		got := f(it)
		if j >= len(got.branches) {
			c.fail("it is too long")
			return &branch{some: func(func(item) cond) cond { return condFalse }, sum: func(func(item) string) string { return "0" }}
		}
		return &got.branches[j]
	}
	out := branch{proto: proto.proto}
	out.some = func(pred func(item) cond) cond {
		if !c.enter() {
			return condFalse
		}
		return b.some(func(it item) cond { return at(it).some(pred) })
	}
	out.sum = func(n func(item) string) string { return b.sum(func(it item) string { return at(it).sum(n) }) }
	if b.first != nil && proto.first != nil && b.proto.kind != itemOther && !strings.HasPrefix(b.proto.expr, "item") {
		out.first = func(pred func(item) cond) cond {
			return b.some(func(it item) cond {
				if x := at(it); x.first != nil {
					return x.first(pred)
				}
				return condFalse
			})
		}
		out.rest = func(pred func(item) cond) cond {
			return b.some(func(it item) cond {
				if x := at(it); x.rest != nil {
					return x.rest(pred)
				}
				return condFalse
			})
		}
	}
	return out
}

// first is the first item.
func (c *pathCompiler) first(in coll) coll {
	if len(in.branches) == 0 {
		return in
	}
	if len(in.branches) > 1 && in.many || in.branches[0].first == nil && in.many {
		c.fail("which element is the first is not compiled")
		return coll{}
	}
	if !in.many {
		return in
	}
	b := in.branches[0]
	return coll{branches: []branch{{proto: b.proto, some: b.first, first: b.first,
		rest: func(func(item) cond) cond { return condFalse },
		sum: func(f func(item) string) string {
			return "oneIf(" + b.first(func(it item) cond { return compare(f(it), ">", "0") }).text + ")"
		}}}}
}

// tail are all items but the first.
func (c *pathCompiler) tail(in coll) coll {
	if !in.many {
		return coll{}
	}
	if len(in.branches) != 1 || in.branches[0].rest == nil {
		c.fail("which element is the first is not compiled")
		return coll{}
	}
	b := in.branches[0]
	return coll{many: true, branches: []branch{{proto: b.proto, some: b.rest, sum: func(func(item) string) string {
		c.fail("a count of tail() is not compiled")
		return "0"
	}}}}
}

// filter keeps the items for which when holds.
func (c *pathCompiler) filter(in coll, when func(item) cond) coll {
	out := coll{many: in.many, union: in.union}
	for _, b := range in.branches {
		if when(b.proto).isFalse() {
			continue
		}
		kept := branch{proto: b.proto}
		kept.some = func(pred func(item) cond) cond {
			return b.some(func(it item) cond { return and(when(it), pred(it)) })
		}
		kept.sum = func(f func(item) string) string {
			return b.sum(func(it item) string {
				n, w := f(it), when(it)
				switch {
				case w.isTrue():
					return n
				case n == "1":
					return "oneIf(" + w.text + ")"
				}
				return closure("sumIf("+w.text+", func() int", n)
			})
		}
		out.branches = append(out.branches, kept)
	}
	return out
}
