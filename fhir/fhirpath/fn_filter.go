package fhirpath

import (
	"slices"
)

// filterFunctions are those of N1 §5.2, §5.8, §5.9, §6.3 and §7.
var filterFunctions = [...]function{
	{name: "where", least: 1, most: 1, gives: givesInput, eval: fnWhere},
	{name: "select", least: 1, most: 1, gives: givesArgument, eval: fnSelect},
	{name: "repeat", least: 1, most: 1, gives: givesAny, eval: fnRepeat},
	{name: "repeatAll", least: 1, most: 1, gives: givesAny, eval: fnRepeatAll},
	{name: "ofType", least: 1, most: 1, typed: true, eval: fnOfType},
	{name: "is", least: 1, most: 1, typed: true, gives: "Boolean", eval: fnIs},
	{name: "as", least: 1, most: 1, typed: true, eval: fnAs},
	{name: "type", gives: "TypeInfo", eval: fnType},
	{name: "children", eval: fnChildren},
	{name: "descendants", eval: fnDescendants},
	{name: "aggregate", least: 1, most: 2, eval: fnAggregate},
	{name: "sort", most: 16, gives: givesInput, eval: fnSort},
	{name: "iif", least: 2, most: 3, eval: fnIif},
	{name: "trace", least: 1, most: 2, gives: givesInput, eval: fnTrace},
	{name: "defineVariable", least: 1, most: 2, gives: givesInput, eval: fnDefine},
}

func fnWhere(m *machine, e *callExpr, in []Item) error {
	return m.each(in, func(i int) (bool, error) {
		t, err := m.test(e.args[0], e.offset)
		if t == yes {
			m.push(in[i])
		}
		return true, err
	})
}

func fnSelect(m *machine, e *callExpr, in []Item) error {
	return m.each(in, func(int) (bool, error) { return true, e.args[0].eval(m) })
}

// fnRepeat gives what the projection gives, again and again, each item once.
func fnRepeat(m *machine, e *callExpr, in []Item) error {
	lo := len(m.stack)
	s := set{m: m}
	s.begin()
	for len(in) > 0 {
		from := len(m.stack)
		if err := fnSelect(m, e, in); err != nil {
			return err
		}
		kept := from
		for i := from; i < len(m.stack); i++ {
			it := m.stack[i]
			s.items = m.stack[lo:kept]
			if s.has(&it) {
				continue
			}
			m.stack[kept] = it
			kept++
			s.items = m.stack[lo:kept]
			s.add(kept - 1 - lo)
		}
		m.stack = m.stack[:kept]
		if err := m.tick(kept - from); err != nil {
			return err
		}
		in = m.stack[from:kept:kept]
	}
	return nil
}

// fnRepeatAll is repeat() that keeps equal items.
func fnRepeatAll(m *machine, e *callExpr, in []Item) error {
	for len(in) > 0 {
		from := len(m.stack)
		if err := fnSelect(m, e, in); err != nil {
			return err
		}
		// One charge a round more ends a projection that goes round in circles.
		if err := m.tick(len(m.stack) - from + 1); err != nil {
			return err
		}
		in = m.stack[from:len(m.stack):len(m.stack)]
	}
	return nil
}

func fnOfType(m *machine, e *callExpr, in []Item) error {
	for i := range in {
		if e.spec.selects(m, &in[i]) {
			m.push(in[i])
		}
	}
	return nil
}

func fnIs(m *machine, e *callExpr, in []Item) error {
	lo := len(m.stack)
	m.stack = append(m.stack, in...)
	return e.spec.apply(m, in, lo, false, e.offset)
}

func fnAs(m *machine, e *callExpr, in []Item) error {
	lo := len(m.stack)
	m.stack = append(m.stack, in...)
	return e.spec.apply(m, in, lo, true, e.offset)
}

func fnType(m *machine, _ *callExpr, in []Item) error {
	for i := range in {
		if name := in[i].Type(); name != "" {
			m.push(Item{kind: kindType, node: Node{name: name}})
		}
	}
	return nil
}

func fnChildren(m *machine, _ *callExpr, in []Item) error {
	for i := range in {
		if in[i].kind == kindNode {
			m.pushChildren(&in[i].node)
		}
	}
	return nil
}

func fnDescendants(m *machine, e *callExpr, in []Item) error {
	for len(in) > 0 {
		from := len(m.stack)
		if err := fnChildren(m, e, in); err != nil {
			return err
		}
		if err := m.tick(0); err != nil {
			return err
		}
		in = m.stack[from:len(m.stack):len(m.stack)]
	}
	return nil
}

func fnAggregate(m *machine, e *callExpr, in []Item) error {
	saved := m.scope.total
	var total []Item
	if len(e.args) == 2 {
		items, lo, err := m.argument(e, 1)
		if err != nil {
			return err
		}
		total = slices.Clone(items)
		m.drop(lo)
	}
	err := m.each(in, func(int) (bool, error) {
		m.scope.total = total
		items, lo, err := m.run(e.args[0])
		if err != nil {
			return false, err
		}
		// Two buffers in turn would do; a copy keeps it plain.
		total = slices.Clone(items)
		m.drop(lo)
		return true, nil
	})
	m.scope.total = saved
	m.stack = append(m.stack, total...)
	return err
}

// sortKey says how one argument of sort() orders.
type sortKey struct{ descending bool }

// fnSort orders by the keys, each ascending unless it has a sign or says desc.
// What has no value comes first in either order; items that are the same keep their order.
func fnSort(m *machine, e *callExpr, in []Item) error {
	keys := max(len(e.args), 1)
	values := make([]Item, len(in)*keys)
	err := m.each(in, func(i int) (bool, error) {
		if len(e.args) == 0 {
			values[i] = sortable(in[i].system())
			return true, nil
		}
		for k := range e.args {
			v, ok, err := m.single(e, k)
			if err != nil {
				return false, err
			}
			if ok {
				values[i*keys+k] = sortable(v)
			}
		}
		return true, m.tick(keys)
	})
	if err != nil {
		return err
	}
	order := make([]int, len(in))
	for i := range order {
		order[i] = i
	}
	var failed error
	slices.SortStableFunc(order, func(a, b int) int {
		for k := range keys {
			c, ok := sortOrder(&values[a*keys+k], &values[b*keys+k])
			if !ok {
				failed = fail(e.offset, "sort(): want keys with an order between them")
			}
			if k < len(e.sort) && e.sort[k].descending && values[a*keys+k].kind != kindNone && values[b*keys+k].kind != kindNone {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	for _, i := range order {
		m.push(in[i])
	}
	return failed
}

// sortable returns what a key is ordered by; none for an element without a value.
func sortable(v Item) Item {
	if v.kind == kindNode && !v.node.hasValue() && isPrimitive(v.node.shape) {
		return Item{}
	}
	return v
}

func sortOrder(a, b *Item) (int, bool) {
	switch {
	case a.kind == kindNone || b.kind == kindNone:
		return sign(int64(a.kind), int64(b.kind)), true
	case a.kind == kindBoolean && b.kind == kindBoolean:
		return sign(a.n, b.n), true
	}
	order, _, comparable := compareItems(a, b)
	return order, comparable
}

// fnIif evaluates one of its branches with $this as the input.
func fnIif(m *machine, e *callExpr, in []Item) error {
	if len(in) > 1 {
		return fail(e.offset, "iif(): want at most one item, have %d", len(in))
	}
	saved := m.scope
	m.scope.this = in
	defer func() { m.scope = saved }()
	t, err := m.test(e.args[0], e.offset)
	switch {
	case err != nil:
		return err
	case t == yes:
		return e.args[1].eval(m)
	case len(e.args) == 3:
		return e.args[2].eval(m)
	}
	return nil
}

func fnTrace(m *machine, e *callExpr, in []Item) error {
	name, _, err := m.text(e, 0)
	if err != nil {
		return err
	}
	if m.in.Trace != nil {
		items, lo := in, len(m.stack)
		if len(e.args) == 2 {
			if err := m.each(in, func(int) (bool, error) { return true, e.args[1].eval(m) }); err != nil {
				return err
			}
			items = m.stack[lo:]
		}
		m.in.Trace(name, append(Collection(nil), items...))
		m.drop(lo)
	}
	m.stack = append(m.stack, in...)
	return nil
}

// fnDefine makes a variable for the rest of its chain.
func fnDefine(m *machine, e *callExpr, in []Item) error {
	name, ok, err := m.text(e, 0)
	if err != nil || !ok {
		return err
	}
	switch name {
	case "context", "resource", "rootResource":
		return fail(e.offset, "defineVariable(): want a name that has no other meaning")
	}
	if _, reserved := constant(name); reserved {
		return fail(e.offset, "defineVariable(): want a name that has no other meaning")
	}
	for b := m.scope.vars; b != nil; b = b.next {
		if b.name == name {
			return fail(e.offset, "defineVariable(): want a name that is not defined yet")
		}
	}
	value := slices.Clone(in)
	if len(e.args) == 2 {
		saved := m.scope
		m.scope.this = in
		items, lo, err := m.run(e.args[1])
		m.scope = saved
		if err != nil {
			return err
		}
		value = slices.Clone(items)
		m.drop(lo)
	}
	m.scope.vars = &binding{name, value, m.scope.vars}
	m.stack = append(m.stack, in...)
	return nil
}
