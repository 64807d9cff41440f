package fhirpath

import (
	"slices"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// compiler turns a syntax tree into expressions.
type compiler struct {
	src  string
	defs *fhirdef.Definitions
	opts *Options
}

func (c *compiler) fail(offset int, format string, args ...any) error {
	return syntaxError(c.src, offset, format, args...)
}

func (c *compiler) compile(a *ast) (expr, error) {
	switch a.kind {
	case astEmpty:
		return emptyExpr{}, nil
	case astLiteral:
		return &literalExpr{a.value}, nil
	case astThis:
		return thisExpr{}, nil
	case astIndex:
		return indexExpr{}, nil
	case astTotal:
		return totalExpr{}, nil
	case astVariable:
		return &variableExpr{a.text, a.offset}, nil
	case astMember:
		return c.path(a)
	case astCall:
		return c.call(a)
	case astItem:
		left, right, err := c.both(a)
		return &itemExpr{left, right, a.offset}, err
	case astSign:
		operand, err := c.compile(a.kids[0])
		return &signExpr{operand, a.text == "-", a.offset}, err
	case astBinary:
		return c.binary(a)
	case astType:
		return c.typed(a)
	}
	return nil, c.fail(a.offset, "want asc and desc in sort() alone")
}

func (c *compiler) both(a *ast) (left, right expr, err error) {
	if left, err = c.compile(a.kids[0]); err != nil {
		return nil, nil, err
	}
	right, err = c.compile(a.kids[1])
	return left, right, err
}

// path gathers the members at the end of a into one expression.
func (c *compiler) path(a *ast) (expr, error) {
	var names []string
	for ; a != nil && a.kind == astMember; a = a.kids[0] {
		names = append(names, a.text)
	}
	slices.Reverse(names)
	e := &pathExpr{steps: make([]step, len(names))}
	for i, name := range names {
		e.steps[i].name, e.steps[i].companion = name, "_"+name
	}
	if a == nil || a.kind == astThis {
		e.typeName = a == nil && names[0][0] >= 'A' && names[0][0] <= 'Z'
		return e, nil
	}
	root, err := c.compile(a)
	e.root = root
	return e, err
}

func (c *compiler) binary(a *ast) (expr, error) {
	left, right, err := c.both(a)
	if err != nil {
		return nil, err
	}
	p := pair{left, right, a.offset}
	switch a.text {
	case "and", "or", "xor", "implies":
		return &logicExpr{p, a.text}, nil
	case "=", "!=":
		return &equalExpr{p, a.text == "!="}, nil
	case "~", "!~":
		return &equivalentExpr{p, a.text == "!~"}, nil
	case "<", "<=", ">", ">=":
		return &orderExpr{p, a.text}, nil
	case "in", "contains":
		return &memberExpr{p, a.text == "contains"}, nil
	case "|":
		return &unionExpr{p}, nil
	case "&":
		return &concatExpr{p}, nil
	}
	return &mathExpr{p, a.text}, nil
}

func (c *compiler) typed(a *ast) (expr, error) {
	operand, err := c.compile(a.kids[0])
	if err != nil {
		return nil, err
	}
	spec, ok := resolveType(c.defs, a.text)
	if !ok {
		return nil, c.fail(a.offset, "want a type that is known, have %s", a.text)
	}
	return &typeExpr{operand, spec, a.op == "as", a.offset}, nil
}

// callExpr is a function applied to what stands before it.
type callExpr struct {
	receiver expr // nil: $this
	fn       *function
	args     []expr
	offset   int
	spec     typeSpec // of is, as and ofType
	pattern  *pattern // of matches and others, where it is constant
	sort     []sortKey
	custom   *Function
}

func (c *compiler) call(a *ast) (expr, error) {
	e := &callExpr{offset: a.offset}
	var err error
	if a.kids[0] != nil {
		if e.receiver, err = c.compile(a.kids[0]); err != nil {
			return nil, err
		}
	}
	args := a.kids[1:]
	if custom, ok := c.opts.Functions[a.text]; ok {
		e.custom = &custom
		e.fn = &function{name: a.text, least: custom.MinArgs, most: custom.MaxArgs, eval: callCustom}
	} else if e.fn = functionNamed(a.text); e.fn == nil {
		return nil, c.fail(a.offset, "want a function that is known, have %s()", a.text)
	}
	if len(args) < e.fn.least || len(args) > e.fn.most {
		return nil, c.fail(a.offset, "want %d..%d arguments of %s(), have %d", e.fn.least, e.fn.most, a.text, len(args))
	}
	if e.fn.typed && (len(args) == 1) {
		return e, c.typeArgument(e, args[0])
	}
	for _, arg := range args {
		key := sortKey{}
		if a.text == "sort" && (arg.kind == astSort || arg.kind == astSign && arg.text == "-") {
			key.descending = arg.text == "desc" || arg.text == "-"
			arg = arg.kids[0]
		}
		x, err := c.compile(arg)
		if err != nil {
			return nil, err
		}
		e.args = append(e.args, x)
		e.sort = append(e.sort, key)
	}
	if e.fn.pattern && args[0].kind == astLiteral && args[0].value.kind == kindString {
		if e.pattern, err = compilePattern(args[0].value.node.name, a.text == "matchesFull"); err != nil {
			return nil, c.fail(args[0].offset, "want a regular expression that RE2 knows")
		}
	}
	return e, nil
}

// typeArgument reads an argument that is the name of a type.
func (c *compiler) typeArgument(e *callExpr, a *ast) error {
	name := typeText(a)
	if name == "" {
		return c.fail(a.offset, "want the name of a type")
	}
	spec, ok := resolveType(c.defs, name)
	if !ok {
		return c.fail(a.offset, "want a type that is known, have %s", name)
	}
	e.spec = spec
	return nil
}

// typeText returns the name that a path such as FHIR.Patient writes.
func typeText(a *ast) string {
	if a.kind == astLiteral && a.value.kind == kindString {
		return a.value.node.name
	}
	if a.kind != astMember {
		return ""
	}
	if a.kids[0] == nil {
		return a.text
	}
	if space := typeText(a.kids[0]); space != "" {
		return space + "." + a.text
	}
	return ""
}

func (e *callExpr) eval(m *machine) error {
	lo := len(m.stack)
	if e.receiver != nil {
		if err := e.receiver.eval(m); err != nil {
			return err
		}
	} else {
		m.stack = append(m.stack, m.scope.this...)
	}
	mid := len(m.stack)
	if err := e.fn.eval(m, e, m.stack[lo:mid:mid]); err != nil {
		return err
	}
	m.compact(lo, mid)
	return m.tick(0)
}
