package fhirpath

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// Bounds of one evaluation.
const (
	maxItems = 1_000_000   // held at the same time
	maxSteps = 400_000_000 // items made or compared
	maxText  = 64 << 20    // bytes of a text
)

// ErrLimit is wrapped by the error of an evaluation that takes too much.
var ErrLimit = errors.New("fhirpath: the evaluation takes too much")

// EvalError is the failure of an evaluation: the data do not allow what the
// expression asks for. It never holds a value.
type EvalError struct {
	Offset  int // of the operator or function in the source, from 0
	Message string
	Err     error // the cause, where there is one
}

// Error returns place and message.
func (e *EvalError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("fhirpath: at %d: %s: %v", e.Offset, e.Message, e.Err)
	}
	return fmt.Sprintf("fhirpath: at %d: %s", e.Offset, e.Message)
}

// Unwrap returns the cause.
func (e *EvalError) Unwrap() error { return e.Err }

func fail(offset int, format string, args ...any) error {
	return &EvalError{Offset: offset, Message: fmt.Sprintf(format, args...)}
}

// expr is a compiled expression. eval appends its result to the machine's stack
// and leaves nothing else there.
type expr interface {
	eval(m *machine) error
}

// binding is a variable that defineVariable made.
type binding struct {
	name  string
	value []Item
	next  *binding
}

// scope is what $this, $index, $total and defined variables mean.
type scope struct {
	this  []Item // mostly one
	index int
	total []Item
	vars  *binding
	loop  bool // inside a function that sets $index
}

// machine evaluates one expression at a time. Results are on a stack; slices of
// it stay readable when it grows, because growth leaves the old array as it is.
type machine struct {
	in    *Input
	defs  *fhirdef.Definitions
	stack []Item
	scope scope
	focus [1]Item
	now   time.Time
	steps int
	// invariant makes as() take many items, as R4's own constraints need it.
	invariant bool

	lastResource *fhirdef.Shape
	scratch      []byte
}

// grow appends an empty item and returns it.
func (m *machine) grow() *Item {
	n := len(m.stack)
	if n < cap(m.stack) {
		m.stack = m.stack[:n+1]
		m.stack[n] = Item{}
	} else {
		m.stack = append(m.stack, Item{})
	}
	m.steps++
	return &m.stack[n]
}

func (m *machine) push(it Item) {
	m.steps++
	m.stack = append(m.stack, it)
}

// pushBool appends a Boolean unless it is unknown.
func (m *machine) pushTri(t tri) {
	if t != unknown {
		m.push(Bool(t == yes))
	}
}

// compact moves what stands above mid down to lo.
func (m *machine) compact(lo, mid int) {
	n := copy(m.stack[lo:], m.stack[mid:])
	m.stack = m.stack[:lo+n]
}

// tick charges work and refuses what is too much.
func (m *machine) tick(n int) error {
	m.steps += n
	if m.steps > maxSteps || len(m.stack) > maxItems {
		return ErrLimit
	}
	return nil
}

// instant returns the time of the evaluation, the same at every call.
func (m *machine) instant() time.Time {
	if m.now.IsZero() {
		if m.now = m.in.Now; m.now.IsZero() {
			m.now = time.Now()
		}
	}
	return m.now
}

// run evaluates e and returns its result, which stands on top of the stack from
// lo on.
func (m *machine) run(e expr) (result []Item, lo int, err error) {
	lo = len(m.stack)
	err = e.eval(m)
	return m.stack[lo:len(m.stack):len(m.stack)], lo, err
}

// drop removes what stands from lo on.
func (m *machine) drop(lo int) { m.stack = m.stack[:lo] }

// tri is a truth value of three-valued logic.
type tri int8

const (
	unknown tri = iota
	no
	yes
)

func triOf(b bool) tri {
	if b {
		return yes
	}
	return no
}

func (t tri) not() tri {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

// truth is an expression that knows its truth without the stack.
type truth interface {
	truth(m *machine) (tri, error)
}

// test evaluates e as a Boolean: empty is unknown, a single item that is no
// Boolean counts as true (N1 §4.5, singleton evaluation).
func (m *machine) test(e expr, offset int) (tri, error) {
	if t, ok := e.(truth); ok {
		return t.truth(m)
	}
	result, lo, err := m.run(e)
	if err != nil {
		return unknown, err
	}
	t, err := truthOf(result, offset)
	m.drop(lo)
	return t, err
}

func truthOf(items []Item, offset int) (tri, error) {
	switch len(items) {
	case 0:
		return unknown, nil
	case 1:
		if v := items[0].system(); v.kind == kindBoolean {
			return triOf(v.n != 0), nil
		}
		return yes, nil
	}
	return unknown, fail(offset, "want a single Boolean, have %d items", len(items))
}

// with evaluates f for every item with $this and $index set to it.
func (m *machine) each(items []Item, f func(i int) (more bool, err error)) error {
	saved := m.scope
	defer func() { m.scope = saved }()
	for i := range items {
		m.scope.this, m.scope.index, m.scope.loop, m.scope.vars = items[i:i+1:i+1], i, true, saved.vars
		if err := m.tick(1); err != nil {
			return err
		}
		if more, err := f(i); err != nil || !more {
			return err
		}
	}
	return nil
}

// --- terms

type literalExpr struct{ item Item }

func (e *literalExpr) eval(m *machine) error { m.push(e.item); return nil }

type emptyExpr struct{}

func (emptyExpr) eval(*machine) error { return nil }

type thisExpr struct{}

func (thisExpr) eval(m *machine) error {
	m.stack = append(m.stack, m.scope.this...)
	return nil
}

type indexExpr struct{}

func (indexExpr) eval(m *machine) error {
	if m.scope.loop {
		m.push(Integer(int64(m.scope.index)))
	}
	return nil
}

type totalExpr struct{}

func (totalExpr) eval(m *machine) error {
	m.stack = append(m.stack, m.scope.total...)
	return nil
}

// variableExpr is %name.
type variableExpr struct {
	name   string
	offset int
}

func (e *variableExpr) eval(m *machine) error {
	for b := m.scope.vars; b != nil; b = b.next {
		if b.name == e.name {
			m.stack = append(m.stack, b.value...)
			return nil
		}
	}
	if items, ok := m.in.Vars[e.name]; ok {
		for _, it := range items {
			m.push(m.adopt(it))
		}
		return nil
	}
	switch e.name {
	case "context":
		return m.pushNode(m.in.Focus)
	case "resource":
		return m.pushNode(m.resourceNode())
	case "rootResource":
		return m.pushNode(m.rootNode())
	}
	if text, ok := constant(e.name); ok {
		m.push(Text(text))
		return nil
	}
	return fail(e.offset, "want a variable that is defined")
}

// constant returns the value of a variable that every evaluation has (FHIR R4
// §2.1.9.1.7).
func constant(name string) (string, bool) {
	switch name {
	case "ucum":
		return ucumSystem, true
	case "sct":
		return "http://snomed.info/sct", true
	case "loinc":
		return "http://loinc.org", true
	}
	if id, ok := strings.CutPrefix(name, "vs-"); ok {
		return "http://hl7.org/fhir/ValueSet/" + id, true
	}
	if id, ok := strings.CutPrefix(name, "ext-"); ok {
		return "http://hl7.org/fhir/StructureDefinition/" + id, true
	}
	return "", false
}

// adopt gives a node from outside the types of the model.
func (m *machine) adopt(it Item) Item {
	if it.kind == kindNode {
		it.node = m.typed(it.node)
	}
	return it
}

func (m *machine) pushNode(n Node) error {
	if n.Exists() {
		m.push(NodeItem(m.typed(n)))
	}
	return nil
}

func (m *machine) resourceNode() Node {
	if m.in.Resource.Exists() {
		return m.in.Resource
	}
	return m.in.Focus
}

func (m *machine) rootNode() Node {
	if m.in.Root.Exists() {
		return m.in.Root
	}
	return m.resourceNode()
}

// --- paths

// step is one member of a path.
type step struct {
	name, companion string
	cache           atomic.Pointer[stepCache]
}

// stepCache remembers what a name means in the type that was seen first.
type stepCache struct {
	shape  *fhirdef.Shape
	member *fhirdef.Member
	types  []*fhirdef.Shape // of its choices, nil where one is not known
}

// pathExpr is members of a root: a.b.c.
type pathExpr struct {
	root     expr // nil: $this
	typeName bool // the first step may name the type of $this
	steps    []step
}

func (e *pathExpr) eval(m *machine) error {
	lo := len(m.stack)
	if e.root == nil {
		this := m.scope.this
		for i := range this {
			steps := e.steps
			if e.typeName && m.isType(&this[i], steps[0].name) {
				steps = steps[1:]
			}
			m.walk(&this[i], steps)
		}
		return m.tick(0)
	}
	if err := e.root.eval(m); err != nil {
		return err
	}
	mid := len(m.stack)
	items := m.stack[lo:mid:mid]
	for i := range items {
		m.walk(&items[i], e.steps)
	}
	m.compact(lo, mid)
	return m.tick(0)
}

// isType reports whether the name at the start of a path is the type of $this.
func (m *machine) isType(it *Item, name string) bool {
	if it.kind != kindNode {
		return false
	}
	typ := it.node.Type()
	return typ == name || m.defs.IsSubtype(typ, name)
}

// walk appends what the steps lead to from an item.
func (m *machine) walk(it *Item, steps []step) {
	if len(steps) == 0 {
		m.push(*it)
		return
	}
	lo := len(m.stack)
	if it.kind == kindNode {
		m.step(&it.node, &steps[0])
	} else {
		m.part(it, steps[0].name)
	}
	if len(steps) == 1 {
		return
	}
	hi := len(m.stack)
	if hi == lo+1 && len(steps) > 1 {
		// One child is the common case: it makes room for what comes from it.
		only := m.stack[lo]
		m.stack = m.stack[:lo]
		m.walk(&only, steps[1:])
		return
	}
	items := m.stack[lo:hi:hi]
	for i := range items {
		m.walk(&items[i], steps[1:])
	}
	m.compact(lo, hi)
}

// part appends a part of a System value.
func (m *machine) part(it *Item, name string) {
	switch it.kind {
	case kindType:
		space, rest, _ := strings.Cut(it.node.name, ".")
		switch name {
		case "namespace":
			m.push(Text(space))
		case "name":
			m.push(Text(rest))
		}
	case kindQuantity:
		switch name {
		case "value":
			m.push(decimalItem(it.num))
		case "unit", "code":
			m.push(Text(it.node.name))
		}
	}
}

// itemExpr is kids[n].
type itemExpr struct {
	left, at expr
	offset   int
}

func (e *itemExpr) eval(m *machine) error {
	items, lo, err := m.run(e.left)
	if err != nil {
		return err
	}
	at, top, err := m.run(e.at)
	if err != nil {
		return err
	}
	if len(at) == 0 {
		m.drop(lo)
		return nil
	}
	v := at[0].system()
	if len(at) > 1 || v.kind != kindInteger {
		return fail(e.offset, "want an Integer as index")
	}
	m.drop(top)
	if v.n < 0 || v.n >= int64(len(items)) {
		m.drop(lo)
		return nil
	}
	it := items[v.n]
	m.drop(lo)
	m.push(it)
	return nil
}

// signExpr is +x and -x.
type signExpr struct {
	operand expr
	minus   bool
	offset  int
}

func (e *signExpr) eval(m *machine) error {
	items, lo, err := m.run(e.operand)
	if err != nil || len(items) == 0 {
		return err
	}
	if len(items) > 1 {
		return fail(e.offset, "want a single number, have %d items", len(items))
	}
	v := items[0].system()
	out, ok := negated(v)
	if !ok {
		return fail(e.offset, "want a number after a sign")
	}
	if !e.minus {
		out = v
	}
	m.drop(lo)
	m.push(out)
	return nil
}

// one returns the only item as a System value; ok is false for an empty result.
func (m *machine) one(items []Item, offset int) (v Item, ok bool, err error) {
	switch len(items) {
	case 0:
		return Item{}, false, nil
	case 1:
		return items[0].system(), true, nil
	}
	return Item{}, false, fail(offset, "want a single item, have %d", len(items))
}

// textValue returns the text of a String, or of an element that JSON writes as
// a string.
func textValue(it *Item) (string, bool) {
	switch {
	case it.kind == kindString:
		return it.node.name, true
	case it.kind == kindNode && it.node.value.Kind() == jsontree.String:
		return textOf(it.node.value), true
	}
	return "", false
}
