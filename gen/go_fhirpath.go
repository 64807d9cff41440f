package gen

import (
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
)

// pathCompiler makes a Go condition of one FHIRPath invariant. An expression has
// three values, true, false and empty; it is compiled into two conditions, that it
// is true and that it is false, so that Go's two-valued logic does. What the
// expression speaks of are the structs of the plan.
type pathCompiler struct {
	p *plan
	// context is what the invariant stands on.
	context item
	// resource is %resource, nil where the element does not know it.
	resource *item
	// pattern returns the name of the function for a regular expression.
	pattern func(string) string
	// choice returns the name of the method that tells whether a choice has a value;
	// nil where there are none.
	choice func(*objectPlan, *dataset.Choice) string
	vars   int
	depth  int
	// steps counts what is compiled, against expressions that blow up.
	steps int
	// err says why the expression is not compiled.
	err string
}

// Limits on what one expression may become.
const (
	maxPathSteps = 20_000
	maxPathDepth = 60
)

// compile returns the condition under which an invariant holds on the context, and
// why there is none.
func (c *pathCompiler) compile(src string) (cond, string) {
	if fixed, ok := pathCorrections[src]; ok {
		src = fixed
	}
	tree, err := fhirpath.Parse(src)
	if err != nil {
		return condFalse, "it is no FHIRPath"
	}
	yes, _ := c.truth(tree, single(c.context))
	return yes, c.err
}

func (c *pathCompiler) fail(format string, args ...any) {
	if c.err == "" {
		c.err = fmt.Sprintf(format, args...)
	}
}

// enter counts a step; false when there were too many.
func (c *pathCompiler) enter() bool {
	c.steps++
	if c.steps > maxPathSteps || c.depth > maxPathDepth {
		c.fail("it is too long")
	}
	return c.err == ""
}

// variable names what a closure is given, by how deep it stands in others.
func (c *pathCompiler) variable() string {
	c.vars++
	if c.vars == 1 {
		return "item"
	}
	return fmt.Sprintf("item%d", c.vars)
}

// truth returns the conditions that a term is true and that it is false.
func (c *pathCompiler) truth(t *fhirpath.Term, this coll) (yes, no cond) {
	c.depth++
	defer func() { c.depth-- }()
	if !c.enter() {
		return condFalse, condFalse
	}
	if t.Kind == fhirpath.TermBinary {
		if yes, no, ok := c.logic(t, this); ok {
			return yes, no
		}
	}
	return c.truthOf(c.eval(t, this))
}

// truthOf is the truth of a collection: that of its only Boolean, and true for
// another only item (FHIRPath N1 §4.5).
func (c *pathCompiler) truthOf(in coll) (yes, no cond) {
	for i := range in.branches {
		b := &in.branches[i]
		yes = or(orNone(yes), b.some(func(it item) cond { y, _ := it.truth(); return y }))
		no = or(orNone(no), b.some(func(it item) cond { _, n := it.truth(); return n }))
	}
	return orNone(yes), orNone(no)
}

func orNone(c cond) cond {
	if c.text == "" {
		return condFalse
	}
	return c
}

// logic compiles the operators that give a Boolean.
func (c *pathCompiler) logic(t *fhirpath.Term, this coll) (yes, no cond, ok bool) {
	switch t.Name {
	case "and", "or", "xor", "implies":
		y1, n1 := c.truth(t.Args[0], this)
		switch { // the types decide alone
		case t.Name == "and" && n1.isTrue():
			return condFalse, condTrue, true
		case t.Name == "or" && y1.isTrue(), t.Name == "implies" && n1.isTrue():
			return condTrue, condFalse, true
		}
		y2, n2 := c.truth(t.Args[1], this)
		switch t.Name {
		case "and":
			return and(y1, y2), or(n1, n2), true
		case "or":
			return or(y1, y2), and(n1, n2), true
		case "implies":
			return or(n1, y2), and(y1, n2), true
		}
		yes, no = unequal(y1, n1, y2, n2)
		return yes, no, true
	case "=", "!=":
		yes, no = c.equal(c.eval(t.Args[0], this), c.eval(t.Args[1], this))
		if t.Name == "!=" {
			yes, no = no, yes
		}
		return yes, no, true
	case "<", "<=", ">", ">=":
		yes, no = c.order(c.eval(t.Args[0], this), t.Name, c.eval(t.Args[1], this))
		return yes, no, true
	case "in":
		yes, no = c.member(c.eval(t.Args[0], this), c.eval(t.Args[1], this))
		return yes, no, true
	case "contains":
		yes, no = c.member(c.eval(t.Args[1], this), c.eval(t.Args[0], this))
		return yes, no, true
	}
	return condFalse, condFalse, false
}

// unequal is xor. Where one operand is never empty, and so its conditions are each
// other's opposites, it is a comparison in Go.
func unequal(y1, n1, y2, n2 cond) (yes, no cond) {
	if not(y1).text == n1.text && not(y2).text == n2.text {
		return compare(y1.within(condTerm), "!=", y2.within(condTerm)), compare(y1.within(condTerm), "==", y2.within(condTerm))
	}
	return or(and(y1, n2), and(n1, y2)), or(and(y1, y2), and(n1, n2))
}

// eval returns the collection that a term gives.
func (c *pathCompiler) eval(t *fhirpath.Term, this coll) coll {
	c.depth++
	defer func() { c.depth-- }()
	if !c.enter() {
		return coll{}
	}
	switch t.Kind {
	case fhirpath.TermEmpty:
		return coll{}
	case fhirpath.TermLiteral:
		return c.literal(t.Value)
	case fhirpath.TermThis:
		return this
	case fhirpath.TermVariable:
		return c.named(t.Name)
	case fhirpath.TermMember:
		return c.memberTerm(t, this)
	case fhirpath.TermCall:
		return c.call(t, this)
	case fhirpath.TermIndex:
		in := c.evalOn(t, this)
		if n, ok := t.Args[0].Value.Int(); ok && t.Args[0].Kind == fhirpath.TermLiteral && n == 0 {
			return c.first(in)
		}
		c.fail("an index other than [0] is not compiled")
	case fhirpath.TermType:
		return c.typed(t.Op, t.Name, c.evalOn(t, this))
	case fhirpath.TermSign:
		if v, err := fhirpath.Literal("-" + t.Args[0].Value.String()); err == nil && t.Name == "-" {
			return c.literal(v)
		}
		c.fail("a sign is compiled on literals alone")
	case fhirpath.TermBinary:
		return c.binary(t, this)
	default:
		c.fail("$index and $total are not compiled")
	}
	return coll{}
}

// evalOn evaluates what stands before a point.
func (c *pathCompiler) evalOn(t *fhirpath.Term, this coll) coll {
	if t.On == nil {
		return this
	}
	return c.eval(t.On, this)
}

func (c *pathCompiler) binary(t *fhirpath.Term, this coll) coll {
	switch t.Name {
	case "|":
		a, b := c.eval(t.Args[0], this), c.eval(t.Args[1], this)
		// Duplicates do not matter where no one counts.
		return coll{branches: append(append([]branch(nil), a.branches...), b.branches...), many: true, union: true}
	case "+", "-", "*", "mod", "div":
		return c.arithmetic(t, this)
	}
	if yes, no, ok := c.logic(t, this); ok {
		return single(item{kind: itemTruth, yes: yes, no: no})
	}
	c.fail("the operator %s is not compiled", t.Name)
	return coll{}
}

// named is a variable of the environment.
func (c *pathCompiler) named(name string) coll {
	switch name {
	case "context":
		return single(c.context)
	case "resource", "rootResource":
		if c.resource != nil {
			return single(*c.resource)
		}
		c.fail("%%%s is the resource around the element", name)
	case "ucum":
		return single(textLiteral("http://unitsofmeasure.org"))
	case "sct":
		return single(textLiteral("http://snomed.info/sct"))
	case "loinc":
		return single(textLiteral("http://loinc.org"))
	default:
		c.fail("the variable %%%s is not known", name)
	}
	return coll{}
}

// memberTerm follows a name. At the start of a path it may be that of the type of
// the focus.
func (c *pathCompiler) memberTerm(t *fhirpath.Term, this coll) coll {
	if t.On == nil && t.Name[0] >= 'A' && t.Name[0] <= 'Z' {
		for i := range this.branches {
			if b := &this.branches[i]; isType(b.proto.fhir, t.Name) {
				return this
			}
		}
	}
	return c.flat(c.evalOn(t, this), func(it item) coll { return c.follow(it, t.Name) })
}

// usesFHIRPath says that a rule is one for the compiler.
func usesFHIRPath(r *dataset.Rule) bool { return strings.EqualFold(r.Language, "fhirpath") }
