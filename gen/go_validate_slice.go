package gen

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// sliceCount is the number of elements that a slice's field has.
func sliceCount(o *objectPlan, s *slicePlan) string {
	access := o.recv + "." + s.goName
	if s.shape == list {
		return "len(" + access + ")"
	}
	_, there := fieldAccess(s.shape, s.typ, access)
	return "oneIf(" + there.text + ")"
}

// slice are the checks of a slice's field. The path of a slice's element is the
// list's with the slice's name: component:systolic.
func (e *validateEmitter) slice(o *objectPlan, f *fieldPlan, s *slicePlan) []string {
	e.told = nil
	for i := range s.Match {
		if s.Match[i].Kind == dataset.MatchCodes && len(s.Match[i].Path) == 0 {
			e.told = s.Match[i].Codes
		}
	}
	defer func() { e.told = nil }()
	access := o.recv + "." + s.goName
	path := strconv.Quote(f.Name + ":" + s.Slice.Name)
	inside := path
	if s.Value != "" {
		inside = strconv.Quote(f.Name + ":" + s.Slice.Name + "." + s.Value)
	}
	least, most := 0, 1
	t := &s.Field.Type
	if s.Field.Required {
		least = 1
	}
	if s.shape == list {
		least, most = max(least, t.MinItems), t.MaxItems
	}
	var out []string
	if least > 0 || most >= 0 {
		// A second element of a slice that has room for one, and one that has more than
		// the value, stand among the others.
		n, rest := sliceCount(o, s), e.others(o, f, s)
		switch {
		case rest != "" && (most >= 0 || s.Value != ""):
			out = append(out, fmt.Sprintf("list = list.slice(%s, %s + %s, %d, %d)", path, n, rest, least, most))
		case least > 0 || s.shape == list:
			out = append(out, fmt.Sprintf("list = list.slice(%s, %s, %d, %d)", path, n, least, most))
		}
	}
	if s.shape == list {
		e.vars = 0
		i := e.variable("i")
		at := "indexed(" + path + ", " + i + ")"
		return append(out, loop(access, i, e.value(o, s.typ, access+"["+i+"]", at))...)
	}
	value, there := fieldAccess(s.shape, s.typ, access)
	return append(out, guardedBy(there, e.value(o, s.typ, value, inside))...)
}

// others is the number of elements of a slice that stand in the list itself, as an
// expression; "" where it cannot be told.
func (e *validateEmitter) others(o *objectPlan, f *fieldPlan, s *slicePlan) string {
	var test cond
	test, ok := e.belongs(f, s, "other")
	if !ok || f.shape != list {
		return ""
	}
	return "sumOf(" + o.recv + "." + f.goName + ", func(other *" + f.typ.name + ") int { return oneIf(" + test.text + ") })"
}

// belongs is the condition that an element of the list is one of the slice.
func (e *validateEmitter) belongs(f *fieldPlan, s *slicePlan, pointer string) (cond, bool) {
	c := &pathCompiler{p: e.p, pattern: e.pattern}
	it := elementOf(f.typ, pointer)
	all := condTrue
	for i := range s.Match {
		m := &s.Match[i]
		test, ok := c.matches(it, m, e)
		if !ok || c.err != "" {
			return condFalse, false
		}
		all = and(all, test)
	}
	return all, len(s.Match) > 0
}

// matches is the condition that an item fulfils a match.
func (c *pathCompiler) matches(it item, m *dataset.Match, e *validateEmitter) (cond, bool) {
	in := single(it)
	for _, name := range m.Path {
		in = c.flat(in, func(x item) coll { return c.follow(x, name) })
	}
	ok := true
	switch m.Kind {
	case dataset.MatchValue, dataset.MatchPattern:
		out := in.some(func(x item) cond {
			test, fine := c.holdsPattern(x, m.Value)
			ok = ok && fine
			return test
		})
		return out, ok
	case dataset.MatchExists:
		if m.Value == "false" {
			return not(in.exists()), true
		}
		return in.exists(), true
	case dataset.MatchCodes:
		if enum := c.p.byCodes[m.Codes]; enum != nil {
			out := in.some(func(x item) cond {
				if x.kind == itemText {
					return holds(enum.goName + "(" + plainText(x) + ").Valid()")
				}
				codes := c.flat(c.follow(x, "coding"), func(y item) coll { return c.follow(y, "code") })
				if x.kind != itemStruct || x.typ.object.field("coding") == nil {
					codes = c.follow(x, "code")
				}
				return codes.some(func(y item) cond { return holds(enum.goName + "(" + plainText(y) + ").Valid()") })
			})
			return out, true
		}
	}
	return condFalse, false
}

// holdsPattern is the condition that everything in a pattern is in an item: of an
// object each member, of a list each element in one of its own (FHIR R4,
// ElementDefinition.pattern).
func (c *pathCompiler) holdsPattern(it item, pattern dataset.Literal) (cond, bool) {
	tree := new(jsontree.Tree)
	if err := tree.Parse([]byte(pattern), nil); err != nil {
		return condFalse, false
	}
	ok := true
	out := c.contains(it, tree.Root(), &ok)
	return out, ok && c.err == ""
}

func (c *pathCompiler) contains(it item, want jsontree.Value, ok *bool) cond {
	switch want.Kind() {
	case jsontree.Object:
		if it.kind == itemRaw {
			return holds("contains(" + it.expr + ", " + goString(string(jsontree.Compact(nil, want.Raw()))) + ")")
		}
		all := condTrue
		for name, v := range want.Members() {
			if it.kind != itemStruct || it.typ.object.field(name) == nil {
				*ok = false
				return condFalse
			}
			in := c.fieldValue(it, it.typ.object, it.typ.object.field(name))
			if v.Kind() != jsontree.Array {
				all = and(all, in.some(func(x item) cond { return c.contains(x, v, ok) }))
				continue
			}
			for _, w := range v.All() {
				all = and(all, in.some(func(x item) cond { return c.contains(x, w, ok) }))
			}
		}
		return all
	case jsontree.String:
		lit := textLiteral(want.Text())
		switch it.kind {
		case itemText, itemRaw:
			eq, _ := c.same(it, lit)
			return eq
		case itemMoment:
			return compare(strings.TrimPrefix(it.expr, "*")+".String()", "==", lit.expr)
		}
	case jsontree.Number:
		if it.number() {
			return numbers(it, "==", item{kind: itemDecimal, expr: strconv.Quote(string(want.Number())), literal: true})
		}
	case jsontree.True, jsontree.False:
		if it.kind == itemBool {
			if want.Kind() == jsontree.True {
				return holds(it.expr)
			}
			return not(holds(it.expr))
		}
	}
	*ok = false
	return condFalse
}

// slicing reports elements that are in no slice of a closed list.
func (e *validateEmitter) slicing(o *objectPlan, f *fieldPlan) []string {
	if !f.SlicesClosed || len(f.slices) == 0 || f.shape != list {
		return nil
	}
	e.vars = 0
	i := e.variable("i")
	all := condFalse
	for _, s := range f.slices {
		test, ok := e.belongs(f, s, "(&"+o.recv+"."+f.goName+"["+i+"])")
		if !ok {
			return nil
		}
		all = or(all, test)
	}
	test := not(all)
	return loop(o.recv+"."+f.goName, i, []string{"if " + test.text + " {\nlist = list.fault(codeSlice, indexed(" + strconv.Quote(f.Name) + ", " + i + "), \"want an element of one of the slices, have another\")\n}"})
}

// codings returns the name of the function that tells whether a code of a system
// is in a set.
func (e *validateEmitter) codings(set *dataset.CodeSet) string {
	if name := e.sets[set]; name != "" {
		return name
	}
	base := GoName(set.Name)
	name := e.p.names.claim("in"+base, "inSet"+base)
	e.sets[set] = name
	bySystem := make(map[string][]string)
	for _, code := range set.Codes {
		bySystem[code.System] = append(bySystem[code.System], code.Code)
	}
	var b strings.Builder
	b.WriteString("switch system {\n")
	for _, system := range sortedKeys(bySystem) {
		codes := bySystem[system]
		sort.Strings(codes)
		var quoted []string
		for i, code := range codes {
			if i == 0 || code != codes[i-1] {
				quoted = append(quoted, strconv.Quote(code))
			}
		}
		b.WriteString("case " + strconv.Quote(system) + ":\nswitch code {\ncase " + wrapList(quoted) + ":\nreturn true\n}\n")
	}
	b.WriteString("}\nreturn false")
	doc := name + " reports whether a code of a system is in " + oneLine(set.Name) + "."
	e.setList = append(e.setList, function(doc, name+"(system, code string) bool", jen.Op(b.String())))
	return name
}
