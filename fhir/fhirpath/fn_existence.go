package fhirpath

// existenceFunctions are those of N1 §5.1 and §5.3.
var existenceFunctions = [...]function{
	{name: "exists", most: 1, gives: "Boolean", eval: fnExists},
	{name: "empty", gives: "Boolean", eval: func(m *machine, _ *callExpr, in []Item) error { m.push(Bool(len(in) == 0)); return nil }},
	{name: "not", gives: "Boolean", eval: fnNot},
	{name: "all", least: 1, most: 1, gives: "Boolean", eval: fnAll},
	{name: "allTrue", gives: "Boolean", eval: quantified(no, false)},
	{name: "anyTrue", gives: "Boolean", eval: quantified(yes, true)},
	{name: "allFalse", gives: "Boolean", eval: quantified(yes, false)},
	{name: "anyFalse", gives: "Boolean", eval: quantified(no, true)},
	{name: "subsetOf", least: 1, most: 1, gives: "Boolean", eval: fnSubset},
	{name: "supersetOf", least: 1, most: 1, gives: "Boolean", eval: fnSuperset},
	{name: "count", gives: "Integer", eval: func(m *machine, _ *callExpr, in []Item) error { m.push(Integer(int64(len(in)))); return nil }},
	{name: "distinct", gives: givesInput, eval: fnDistinct},
	{name: "isDistinct", gives: "Boolean", eval: fnIsDistinct},
	{name: "single", gives: givesOne, eval: fnSingle},
	{name: "first", gives: givesOne, eval: func(m *machine, _ *callExpr, in []Item) error {
		m.stack = append(m.stack, in[:min(1, len(in))]...)
		return nil
	}},
	{name: "last", gives: givesOne, eval: func(m *machine, _ *callExpr, in []Item) error {
		m.stack = append(m.stack, in[max(0, len(in)-1):]...)
		return nil
	}},
	{name: "tail", gives: givesInput, eval: func(m *machine, _ *callExpr, in []Item) error {
		m.stack = append(m.stack, in[min(1, len(in)):]...)
		return nil
	}},
	{name: "skip", least: 1, most: 1, gives: givesInput, eval: fnSkip},
	{name: "take", least: 1, most: 1, gives: givesInput, eval: fnTake},
	{name: "intersect", least: 1, most: 1, gives: givesInput, eval: fnIntersect},
	{name: "exclude", least: 1, most: 1, gives: givesInput, eval: fnExclude},
	{name: "union", least: 1, most: 1, eval: fnUnion},
	{name: "combine", least: 1, most: 2, eval: fnCombine},
	{name: "coalesce", least: 1, most: 64, eval: fnCoalesce},
}

func fnExists(m *machine, e *callExpr, in []Item) error {
	if len(e.args) == 0 {
		m.push(Bool(len(in) > 0))
		return nil
	}
	found := false
	err := m.each(in, func(int) (bool, error) {
		t, err := m.test(e.args[0], e.offset)
		found = t == yes
		return !found, err
	})
	m.push(Bool(found))
	return err
}

func fnNot(m *machine, e *callExpr, in []Item) error {
	t, err := truthOf(in, e.offset)
	m.pushTri(t.not())
	return err
}

func fnAll(m *machine, e *callExpr, in []Item) error {
	all := true
	err := m.each(in, func(int) (bool, error) {
		t, err := m.test(e.args[0], e.offset)
		all = t == yes
		return all, err
	})
	m.push(Bool(all))
	return err
}

// quantified looks for an item with a truth; found is the result if there is one.
func quantified(want tri, found bool) func(*machine, *callExpr, []Item) error {
	return func(m *machine, e *callExpr, in []Item) error {
		out := !found
		for i := range in {
			v := in[i].system()
			if v.kind != kindBoolean {
				return fail(e.offset, "%s(): want Booleans, have %s", e.fn.name, typeName(&v))
			}
			if triOf(v.n != 0) == want {
				out = found
			}
		}
		m.push(Bool(out))
		return nil
	}
}

// other evaluates the first argument, calls f with it and keeps what f pushes.
func (m *machine) other(e *callExpr, f func(other []Item) error) error {
	items, lo, err := m.argument(e, 0)
	if err != nil {
		return err
	}
	mid := len(m.stack)
	if err := f(items); err != nil {
		return err
	}
	m.compact(lo, mid)
	return nil
}

func (m *machine) subset(a, b []Item) (bool, error) {
	in := m.set(b)
	for i := range a {
		if err := m.tick(1); err != nil {
			return false, err
		}
		if !in.has(&a[i]) {
			return false, nil
		}
	}
	return true, nil
}

func fnSubset(m *machine, e *callExpr, in []Item) error {
	return m.other(e, func(other []Item) error {
		ok, err := m.subset(in, other)
		m.push(Bool(ok))
		return err
	})
}

func fnSuperset(m *machine, e *callExpr, in []Item) error {
	return m.other(e, func(other []Item) error {
		ok, err := m.subset(other, in)
		m.push(Bool(ok))
		return err
	})
}

func fnDistinct(m *machine, _ *callExpr, in []Item) error {
	lo := len(m.stack)
	m.stack = append(m.stack, in...)
	return m.distinct(lo)
}

func fnIsDistinct(m *machine, _ *callExpr, in []Item) error {
	lo := len(m.stack)
	m.stack = append(m.stack, in...)
	if err := m.distinct(lo); err != nil {
		return err
	}
	same := len(m.stack)-lo == len(in)
	m.drop(lo)
	m.push(Bool(same))
	return nil
}

func fnSingle(m *machine, e *callExpr, in []Item) error {
	if len(in) > 1 {
		return fail(e.offset, "single(): want one item, have %d", len(in))
	}
	m.stack = append(m.stack, in...)
	return nil
}

func fnSkip(m *machine, e *callExpr, in []Item) error {
	n, ok, err := m.integer(e, 0)
	if ok {
		m.stack = append(m.stack, in[min(max(n, 0), int64(len(in))):]...)
	}
	return err
}

func fnTake(m *machine, e *callExpr, in []Item) error {
	n, ok, err := m.integer(e, 0)
	if ok {
		m.stack = append(m.stack, in[:min(max(n, 0), int64(len(in)))]...)
	}
	return err
}

func fnIntersect(m *machine, e *callExpr, in []Item) error {
	return m.other(e, func(other []Item) error {
		lo := len(m.stack)
		both := m.set(other)
		for i := range in {
			if err := m.tick(1); err != nil {
				return err
			}
			if both.has(&in[i]) {
				m.push(in[i])
			}
		}
		return m.distinct(lo)
	})
}

func fnExclude(m *machine, e *callExpr, in []Item) error {
	return m.other(e, func(other []Item) error {
		without := m.set(other)
		for i := range in {
			if err := m.tick(1); err != nil {
				return err
			}
			if !without.has(&in[i]) {
				m.push(in[i])
			}
		}
		return nil
	})
}

func fnUnion(m *machine, e *callExpr, in []Item) error {
	lo := len(m.stack)
	m.stack = append(m.stack, in...)
	if _, _, err := m.argument(e, 0); err != nil {
		return err
	}
	return m.distinct(lo)
}

func fnCombine(m *machine, e *callExpr, in []Item) error {
	lo := len(m.stack)
	m.stack = append(m.stack, in...)
	if _, _, err := m.argument(e, 0); err != nil {
		return err
	}
	if len(e.args) == 2 { // preserveOrder changes nothing: order is always kept
		return m.tick(len(m.stack) - lo)
	}
	return nil
}

// fnCoalesce gives the first of its arguments that is not empty.
func fnCoalesce(m *machine, e *callExpr, _ []Item) error {
	for i := range e.args {
		if items, _, err := m.argument(e, i); err != nil || len(items) > 0 {
			return err
		}
	}
	return nil
}
