package fhirpath

// function is one function of the language.
type function struct {
	name        string
	least, most int  // arguments
	typed       bool // the argument is the name of a type
	pattern     bool // the first argument is a regular expression
	gives       string
	eval        func(m *machine, e *callExpr, in []Item) error
}

// What functions give, for the checks without data: a System type, or one of
// these.
const (
	givesInput    = "input"    // items of the input
	givesOne      = "one"      // one item of the input
	givesArgument = "argument" // what the first argument gives
	givesAny      = ""
)

func functionNamed(name string) *function {
	for _, list := range [...][]function{
		existenceFunctions[:], filterFunctions[:], conversionFunctions[:], textFunctions[:], mathFunctions[:], momentFunctions[:], fhirFunctions[:],
	} {
		for i := range list {
			if list[i].name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// argument evaluates an argument; the result stays on the stack until dropped.
func (m *machine) argument(e *callExpr, i int) (items []Item, lo int, err error) {
	vars := m.scope.vars
	items, lo, err = m.run(e.args[i])
	m.scope.vars = vars
	return items, lo, err
}

// single evaluates an argument to one System value; ok is false if it is empty.
func (m *machine) single(e *callExpr, i int) (v Item, ok bool, err error) {
	items, lo, err := m.argument(e, i)
	if err != nil {
		return Item{}, false, err
	}
	v, ok, err = m.one(items, e.offset)
	m.drop(lo)
	return v, ok, err
}

// text evaluates an argument to one text.
func (m *machine) text(e *callExpr, i int) (s string, ok bool, err error) {
	items, lo, err := m.argument(e, i)
	if err != nil {
		return "", false, err
	}
	s, ok, err = m.oneText(e, items)
	m.drop(lo)
	return s, ok, err
}

// oneText returns the text of the only item.
func (m *machine) oneText(e *callExpr, items []Item) (string, bool, error) {
	switch {
	case len(items) == 0:
		return "", false, nil
	case len(items) > 1:
		return "", false, fail(e.offset, "%s(): want a single text, have %d items", e.fn.name, len(items))
	}
	s, ok := textValue(&items[0])
	if !ok {
		if items[0].kind == kindNode && !items[0].node.hasValue() && isPrimitive(items[0].node.shape) {
			return "", false, nil // a primitive with extensions alone
		}
		return "", false, fail(e.offset, "%s(): want a text, have %s", e.fn.name, typeName(&items[0]))
	}
	return s, true, nil
}

// integer evaluates an argument to one Integer.
func (m *machine) integer(e *callExpr, i int) (n int64, ok bool, err error) {
	v, ok, err := m.single(e, i)
	if err != nil || !ok {
		return 0, false, err
	}
	if v.kind != kindInteger && v.kind != kindLong {
		return 0, false, fail(e.offset, "%s(): want an Integer, have %s", e.fn.name, typeName(&v))
	}
	return v.n, true, nil
}

// callCustom runs a function of the caller.
func callCustom(m *machine, e *callExpr, in []Item) error {
	lo := len(m.stack)
	args := make([]Collection, len(e.args))
	for i := range e.args {
		items, _, err := m.argument(e, i)
		if err != nil {
			return err
		}
		args[i] = append(Collection(nil), items...)
	}
	m.drop(lo)
	out, err := e.custom.Eval(m.in, append(Collection(nil), in...), args)
	if err != nil {
		return &EvalError{Offset: e.offset, Message: e.fn.name + "() failed", Err: err}
	}
	for _, it := range out {
		m.push(m.adopt(it))
	}
	return nil
}
