package fhirpath

import (
	"slices"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// checker finds out without data what an expression speaks of, and what that
// does not have. Where it does not know, it says nothing.
type checker struct {
	src    string
	defs   *fhirdef.Definitions
	strict bool
	custom map[string]Function
}

// static is what is known of the result of an expression.
type static struct {
	known     bool     // types holds all that it may be
	types     []string // FHIR types by name or path, System types as System.Boolean
	unordered bool     // its order means nothing
}

func of(types ...string) static { return static{known: true, types: types} }

func (s static) only(t string) bool { return s.known && len(s.types) == 1 && s.types[0] == t }

// check refuses what cannot be right for the type of the focus.
func check(src string, tree *ast, defs *fhirdef.Definitions, opts *Options) error {
	c := &checker{src: src, defs: defs, strict: opts.Strict, custom: opts.Functions}
	focus := static{}
	if opts.Type != "" && defs.Shape(opts.Type) != nil {
		focus = of(opts.Type)
	}
	_, err := c.visit(tree, focus)
	return err
}

func (c *checker) fail(offset int, format string, args ...any) error {
	return syntaxError(c.src, offset, format, args...)
}

func (c *checker) visit(a *ast, this static) (static, error) {
	switch a.kind {
	case astLiteral:
		return of("System." + kindNames[a.value.kind]), nil
	case astThis:
		return this, nil
	case astIndex:
		return of("System.Integer"), nil
	case astMember:
		return c.member(a, this)
	case astCall:
		return c.call(a, this)
	case astItem:
		left, err := c.visit(a.kids[0], this)
		if err != nil {
			return static{}, err
		}
		_, err = c.visit(a.kids[1], this)
		if err == nil && c.strict && left.unordered {
			err = c.fail(a.offset, "want a collection with an order before an index")
		}
		return left, err
	case astSign, astSort:
		return c.visit(a.kids[0], this)
	case astBinary:
		return c.binary(a, this)
	case astType:
		operand, err := c.visit(a.kids[0], this)
		if a.op == "is" || err != nil {
			return of("System.Boolean"), err
		}
		return c.narrowed(operand, a.text), nil
	}
	return static{}, nil
}

// narrowed is what as and ofType make of a type.
func (c *checker) narrowed(operand static, name string) static {
	spec, ok := resolveType(c.defs, name)
	if !ok || spec.fhir == "" || c.defs.Abstract(spec.fhir) {
		return static{}
	}
	return static{known: true, types: []string{spec.fhir}, unordered: operand.unordered}
}

func (c *checker) binary(a *ast, this static) (static, error) {
	left, err := c.visit(a.kids[0], this)
	if err != nil {
		return static{}, err
	}
	right, err := c.visit(a.kids[1], this)
	if err != nil {
		return static{}, err
	}
	switch a.text {
	case "|":
		if !left.known || !right.known {
			return static{}, nil
		}
		return static{known: true, types: append(slices.Clone(left.types), right.types...)}, nil
	case "&":
		return of("System.String"), nil
	case "+", "-", "*", "/", "div", "mod":
		return static{}, nil
	}
	return of("System.Boolean"), nil
}

// member follows a name from what is known before it.
func (c *checker) member(a *ast, this static) (static, error) {
	from := this
	if a.kids[0] != nil {
		var err error
		if from, err = c.visit(a.kids[0], this); err != nil {
			return static{}, err
		}
	} else if a.text[0] >= 'A' && a.text[0] <= 'Z' {
		if s, done, err := c.typeName(a, this); done {
			return s, err
		}
	}
	if !from.known || len(from.types) == 0 {
		return static{}, nil
	}
	out := static{known: true, unordered: from.unordered}
	found := false
	for _, t := range from.types {
		ok, err := c.follow(a, t, &out)
		if err != nil {
			return static{}, err
		}
		found = found || ok
	}
	if !found && c.strict {
		return static{}, c.fail(a.offset, "want an element that %s has, have %s", from.types[0], a.text)
	}
	if !found {
		return static{}, nil
	}
	slices.Sort(out.types)
	out.types = slices.Compact(out.types)
	return out, nil
}

// typeName takes a name at the start of a path as that of the focus's type.
func (c *checker) typeName(a *ast, this static) (s static, done bool, err error) {
	if c.defs.Kind(a.text) == "" {
		return static{}, false, nil
	}
	if !this.known {
		return of(a.text), true, nil
	}
	for _, t := range this.types {
		if t == a.text || c.defs.IsSubtype(t, a.text) {
			return this, true, nil
		}
		if c.defs.IsSubtype(a.text, t) { // the focus may turn out to be it
			return of(a.text), true, nil
		}
	}
	if c.strict {
		return static{}, true, c.fail(a.offset, "want a path in %s, have the type %s", this.types[0], a.text)
	}
	return static{}, true, nil
}

// follow adds what a name means in one type.
func (c *checker) follow(a *ast, typ string, out *static) (bool, error) {
	shape := c.defs.Shape(typ)
	if shape == nil {
		// Parts of System values, and types that are not at hand.
		out.known = out.known && (typ == "System.Quantity" || typ == "System.TypeInfo")
		return true, nil
	}
	if c.defs.Abstract(typ) {
		out.known = false // its specializations have more
		return true, nil
	}
	if m := shape.Member(a.text); m != nil {
		for i := range m.Choices {
			out.types = append(out.types, m.Choices[i].Type)
		}
		out.known = out.known && len(m.Choices) > 0
		return true, nil
	}
	if m, _ := shape.JSON([]byte(a.text)); m != nil && m.Choice {
		return false, c.fail(a.offset, "want %s, the name of the element without its type, have %s", m.Name, a.text)
	}
	return false, nil
}

// perItem tells the functions whose arguments see each item as $this.
func perItem(name string, i int) bool {
	switch name {
	case "where", "select", "all", "exists", "repeat", "repeatAll", "sort", "iif":
		return true
	case "trace", "defineVariable":
		return i == 1
	case "aggregate":
		return i == 0
	}
	return false
}

func (c *checker) call(a *ast, this static) (static, error) {
	from := this
	if a.kids[0] != nil {
		var err error
		if from, err = c.visit(a.kids[0], this); err != nil {
			return static{}, err
		}
	}
	fn := functionNamed(a.text)
	if _, ok := c.custom[a.text]; ok || fn == nil {
		return static{}, nil // the compiler refuses what it does not know
	}
	args := a.kids[1:]
	if fn.typed {
		return c.typedCall(a, fn, from)
	}
	var first static
	for i, arg := range args {
		inner := this
		if perItem(a.text, i) {
			inner = from
		}
		if a.text == "repeat" || a.text == "repeatAll" || a.text == "aggregate" {
			inner = static{} // what it sees is also what it gives
		}
		s, err := c.visit(arg, inner)
		if err != nil {
			return static{}, err
		}
		if i == 0 {
			first = s
		}
	}
	if err := c.callRules(a, from, first); err != nil {
		return static{}, err
	}
	switch fn.gives {
	case givesInput, givesOne:
		return from, nil
	case givesArgument:
		return first, nil
	case givesAny:
		return c.special(a, from), nil
	}
	return of("System." + fn.gives), nil
}

// special is what functions give that no single type describes.
func (c *checker) special(a *ast, from static) static {
	switch a.text {
	case "children", "descendants":
		return static{unordered: true}
	case "extension":
		return of("Extension")
	}
	return static{unordered: from.unordered && a.text != "iif"}
}

func (c *checker) typedCall(a *ast, fn *function, from static) (static, error) {
	if fn.gives != givesAny || len(a.kids) < 2 {
		return of("System." + fn.gives), nil
	}
	return c.narrowed(from, typeText(a.kids[1])), nil
}

// callRules are what strict mode asks of arguments and inputs.
func (c *checker) callRules(a *ast, from, first static) error {
	if !c.strict {
		return nil
	}
	switch a.text {
	case "iif", "where", "all", "exists":
		if len(a.kids) > 1 && first.known && !first.only("System.Boolean") && !first.only("boolean") {
			return c.fail(a.kids[1].offset, "%s(): want a Boolean as criterion", a.text)
		}
	case "first", "last", "tail", "skip", "take":
		if from.unordered {
			return c.fail(a.offset, "%s(): want a collection with an order", a.text)
		}
	}
	return nil
}
