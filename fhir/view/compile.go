package view

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// opKind is what an operation of a program makes.
type opKind uint8

const (
	opNodes     opKind = iota // the nodes that steps lead to
	opText                    // a literal text
	opBool                    // a literal boolean, in n
	opInteger                 // a literal integer, in n
	opRowIndex                // the number of the element that is iterated over
	opEqual                   // kids are equal
	opUnequal                 //
	opAnd                     //
	opOr                      //
	opNot                     // of kids[0]
	opExists                  // kids[0] has nodes
	opEmpty                   //
	opJoin                    // texts of kids[0], text between them
	opResource                // key of the resource
	opReference               // keys of the references of kids[0], of type text
)

// op is an operation over the nodes of a scan.
type op struct {
	kind  opKind
	steps []step
	kids  []*op
	text  string
	n     int64
	ids   [1]int32 // opReference: the name reference
	slot  int32    // opNodes: number, from 1, of the operation in the program
	// What is known of the result:
	typ   string // FHIR type of nodes, System type of other results
	class class
	many  bool // more than one is possible
}

// class is the kind of JSON value that a type has.
type class uint8

const (
	classOther   class = iota // complex, or not known
	classText                 // strings and what FHIRPath takes as one
	classMoment               // dates and times, which compare as such
	classBool                 //
	classInteger              //
	classDecimal              //
)

// stepKind is how a step goes on from nodes.
type stepKind uint8

const (
	stepMember stepKind = iota // to members with one of the names
	stepIndex                  // to node number n of all
	stepWhere                  // to the nodes for which cond is true
)

type step struct {
	kind  stepKind
	names []int32
	n     int
	cond  *op
}

// program is the scan that all views of a resource type share, and the names in it.
type program struct {
	defs  *fhirdef.Definitions
	root  *shape
	names map[string]int32
	slots int32 // operations that lead to nodes
}

func newProgram(defs *fhirdef.Definitions) *program {
	return &program{defs: defs, root: new(shape), names: map[string]int32{}}
}

// id returns the number of a name.
func (p *program) id(name string) int32 {
	n, ok := p.names[name]
	if !ok {
		n = int32(len(p.names)) + 1
		p.names[name] = n
	}
	return n
}

// scope is where an expression begins: the places of its focus in the trie and
// their type.
type scope struct {
	at   []*shape
	typ  string
	many bool
	root bool // the focus is the resource
}

// notSimple is why an expression is left to package fhirpath.
type notSimple struct {
	reason  string
	unknown bool // an element that does not exist
}

func (n notSimple) Error() string { return n.reason }

func leave(format string, args ...any) error { return notSimple{reason: fmt.Sprintf(format, args...)} }

// compiler compiles the expressions of one view.
type compiler struct {
	*program
	constants map[string]Constant
}

// compile returns the operation that src means in a scope, and the scope of
// the nodes it leads to, if it leads to nodes.
func (c *compiler) compile(src string, s scope) (*op, scope, error) {
	e := parseSimple(src)
	if e == nil {
		return nil, scope{}, leave("is beyond what is compiled")
	}
	return c.expr(e, s)
}

func (c *compiler) expr(e *expr, s scope) (*op, scope, error) {
	switch e.kind {
	case exprText:
		return &op{kind: opText, text: e.name, typ: "System.String", class: classText}, scope{}, nil
	case exprInteger:
		n, err := strconv.ParseInt(e.name, 10, 32)
		return &op{kind: opInteger, n: n, typ: "System.Integer", class: classInteger}, scope{}, err
	case exprBool:
		o := &op{kind: opBool, typ: "System.Boolean", class: classBool}
		if e.name == "true" {
			o.n = 1
		}
		return o, scope{}, nil
	case exprVar:
		return c.variable(e.name)
	case exprThis:
		return c.nodes(s, nil), s, nil
	case exprMember:
		return c.member(e, s)
	case exprIndex:
		return c.index(e, s)
	case exprCall:
		return c.call(e, s)
	}
	return c.binary(e, s)
}

// nodes is the operation of steps to the places of s.
func (c *compiler) nodes(s scope, steps []step) *op {
	c.slots++
	return &op{kind: opNodes, slot: c.slots, steps: steps, typ: s.typ, class: classOf(s.typ), many: s.many}
}

// classOf returns the class of a type.
func classOf(typ string) class {
	switch typ {
	case "string", "code", "uri", "url", "canonical", "id", "oid", "uuid", "markdown", "base64Binary", "System.String":
		return classText
	case "date", "dateTime", "instant", "time":
		return classMoment
	case "boolean", "System.Boolean":
		return classBool
	case "integer", "positiveInt", "unsignedInt", "System.Integer":
		return classInteger
	case "decimal":
		return classDecimal
	}
	return classOther
}

// variable is a constant of the view or %rowIndex.
func (c *compiler) variable(name string) (*op, scope, error) {
	if name == "rowIndex" {
		return &op{kind: opRowIndex, typ: "System.Integer", class: classInteger}, scope{}, nil
	}
	k, ok := c.constants[name]
	if !ok {
		return nil, scope{}, leave("names a variable that is no constant")
	}
	switch classOf(k.Type) {
	case classText:
		return &op{kind: opText, text: k.Value, typ: "System.String", class: classText}, scope{}, nil
	case classBool:
		o := &op{kind: opBool, typ: "System.Boolean", class: classBool}
		if k.Value == "true" {
			o.n = 1
		}
		return o, scope{}, nil
	case classInteger:
		n, err := strconv.ParseInt(k.Value, 10, 32)
		if err != nil {
			return nil, scope{}, leave("has a constant of more than 32 bits")
		}
		return &op{kind: opInteger, n: n, typ: "System.Integer", class: classInteger}, scope{}, nil
	}
	return nil, scope{}, leave("has a constant of type %s", k.Type)
}

// on returns the nodes that the expression before a dot leads to.
func (c *compiler) on(e *expr, s scope) (*op, scope, error) {
	if e == nil {
		return c.nodes(s, nil), s, nil
	}
	o, at, err := c.expr(e, s)
	if err == nil && o.kind != opNodes {
		err = leave("goes on from a value")
	}
	return o, at, err
}

// member goes to the members of a name.
func (c *compiler) member(e *expr, s scope) (*op, scope, error) {
	if on := e.kids[0]; on == nil && s.root && e.name == s.typ {
		return c.nodes(s, nil), s, nil // Patient.name
	}
	o, at, err := c.on(e.kids[0], s)
	if err != nil {
		return nil, scope{}, err
	}
	m := c.defs.Shape(at.typ).Member(e.name)
	switch {
	case m == nil:
		if c.defs.Shape(at.typ) == nil || at.typ == "Resource" || at.typ == "DomainResource" {
			return nil, scope{}, leave("goes on from an element whose type is not known")
		}
		return nil, scope{}, notSimple{fmt.Sprintf("names %s, which %s does not have", e.name, at.typ), true}
	case m.Choice:
		return nil, scope{}, leave("takes the choice %s without ofType", e.name)
	case len(m.Choices) != 1:
		return nil, scope{}, leave("names %s, whose type is not known", e.name)
	}
	return c.down(o, at, m.Choices, m.List, m.Choices[0].Type)
}

// down adds a step to members with one of the names.
func (c *compiler) down(o *op, at scope, choices []fhirdef.Choice, list bool, typ string) (*op, scope, error) {
	to := scope{typ: typ, many: at.many || list}
	var ids []int32
	for _, ch := range choices {
		id := c.id(ch.JSON)
		ids = append(ids, id)
		for _, s := range at.at {
			if below := s.child(ch.JSON, id); !slices.Contains(to.at, below) {
				to.at = append(to.at, below)
			}
		}
	}
	return c.nodes(to, append(slices.Clone(o.steps), step{kind: stepMember, names: ids})), to, nil
}

// choice goes to a choice of members by its type: value.ofType(Quantity).
func (c *compiler) choice(e *expr, typ string, s scope) (*op, scope, error) {
	if e == nil || e.kind != exprMember {
		return nil, scope{}, leave("has ofType on other than a choice")
	}
	o, at, err := c.on(e.kids[0], s)
	if err != nil {
		return nil, scope{}, err
	}
	m := c.defs.Shape(at.typ).Member(e.name)
	if m == nil || !m.Choice {
		return nil, scope{}, leave("has ofType on other than a choice")
	}
	var fit []fhirdef.Choice
	for _, ch := range m.Choices {
		if c.defs.IsSubtype(ch.Type, typ) {
			fit = append(fit, ch)
		}
	}
	if len(fit) == 0 || len(fit) > 1 && classOf(typ) != classText {
		return nil, scope{}, leave("has ofType with a type that %s does not have alone", e.name)
	}
	return c.down(o, at, fit, m.List, typ)
}

// index takes one node of all.
func (c *compiler) index(e *expr, s scope) (*op, scope, error) {
	o, at, err := c.on(e.kids[0], s)
	if err != nil {
		return nil, scope{}, err
	}
	n, _, err := c.expr(e.kids[1], s)
	if err != nil || n.kind != opInteger || n.n < 0 {
		return nil, scope{}, leave("has an index that is no literal")
	}
	at.many = false
	return c.nodes(at, append(slices.Clone(o.steps), step{kind: stepIndex, n: int(n.n)})), at, nil
}

func (c *compiler) call(e *expr, s scope) (*op, scope, error) {
	args := e.kids[1:]
	switch e.name {
	case "ofType":
		if len(args) == 1 && args[0].kind == exprMember && args[0].kids[0] == nil {
			return c.choice(e.kids[0], args[0].name, s)
		}
	case "not":
		if len(args) == 0 && e.kids[0] != nil {
			on, _, err := c.condition(e.kids[0], s)
			return &op{kind: opNot, kids: []*op{on}, typ: "System.Boolean", class: classBool}, scope{}, err
		}
	case "exists", "empty":
		return c.exists(e, s)
	case "first":
		if len(args) == 0 {
			return c.index(&expr{kind: exprIndex, kids: []*expr{e.kids[0], {kind: exprInteger, name: "0"}}}, s)
		}
	case "where":
		if len(args) == 1 {
			return c.where(e.kids[0], args[0], s)
		}
	case "extension":
		if len(args) == 1 {
			url := &expr{kind: exprBinary, name: "=", kids: []*expr{{kind: exprMember, name: "url", kids: []*expr{nil}}, args[0]}}
			return c.where(&expr{kind: exprMember, name: "extension", kids: []*expr{e.kids[0]}}, url, s)
		}
	case "join":
		return c.join(e, s)
	case "getResourceKey":
		if len(args) == 0 && s.root && e.kids[0] == nil {
			c.root.child("id", c.id("id"))
			return &op{kind: opResource, ids: [1]int32{c.id("id")}, typ: "System.String", class: classText}, scope{}, nil
		}
	case "getReferenceKey":
		return c.referenceKey(e, s)
	}
	return nil, scope{}, leave("calls %s", e.name)
}

// exists is exists(), exists(condition) and empty().
func (c *compiler) exists(e *expr, s scope) (*op, scope, error) {
	o := &op{kind: opExists, typ: "System.Boolean", class: classBool}
	if e.name == "empty" {
		o.kind = opEmpty
	}
	var on *op
	var err error
	switch {
	case len(e.kids) == 2 && e.name == "exists":
		on, _, err = c.where(e.kids[0], e.kids[1], s)
	case len(e.kids) != 1 || e.kids[0] == nil:
		return nil, scope{}, leave("calls %s", e.name)
	default:
		on, err = c.anything(e.kids[0], s)
	}
	o.kids = []*op{on}
	return o, scope{}, err
}

// anything is an expression of which only counts whether there is anything;
// it may end in a choice.
func (c *compiler) anything(e *expr, s scope) (*op, error) {
	if e.kind == exprMember {
		if o, at, err := c.on(e.kids[0], s); err == nil {
			if m := c.defs.Shape(at.typ).Member(e.name); m != nil && m.Choice {
				o, _, err = c.down(o, at, m.Choices, m.List, "")
				return o, err
			}
		}
	}
	o, _, err := c.on(e, s)
	return o, err
}

// where keeps the nodes for which a condition is true.
func (c *compiler) where(on, cond *expr, s scope) (*op, scope, error) {
	o, at, err := c.on(on, s)
	if err != nil {
		return nil, scope{}, err
	}
	inner := at
	inner.many, inner.root = false, false
	k, _, err := c.condition(cond, inner)
	if err != nil {
		return nil, scope{}, err
	}
	at.root = false
	return c.nodes(at, append(slices.Clone(o.steps), step{kind: stepWhere, cond: k})), at, nil
}

// condition is an expression whose result is a boolean.
func (c *compiler) condition(e *expr, s scope) (*op, scope, error) {
	o, at, err := c.expr(e, s)
	if err == nil && o.class != classBool {
		err = leave("has a condition that is no boolean")
	}
	return o, at, err
}

// join is the texts of nodes in one.
func (c *compiler) join(e *expr, s scope) (*op, scope, error) {
	if e.kids[0] == nil || len(e.kids) > 2 {
		return nil, scope{}, leave("calls join")
	}
	o, _, err := c.on(e.kids[0], s)
	if err != nil {
		return nil, scope{}, err
	}
	if o.class != classText {
		return nil, scope{}, leave("joins other than strings")
	}
	j := &op{kind: opJoin, kids: []*op{o}, typ: "System.String", class: classText}
	if len(e.kids) == 2 {
		by, _, err := c.expr(e.kids[1], s)
		if err != nil || by.kind != opText {
			return nil, scope{}, leave("joins by other than a literal")
		}
		j.text = by.text
	}
	return j, scope{}, nil
}

// referenceKey is the keys of references.
func (c *compiler) referenceKey(e *expr, s scope) (*op, scope, error) {
	o, at, err := c.on(e.kids[0], s)
	if err != nil {
		return nil, scope{}, err
	}
	if at.typ != "Reference" {
		return nil, scope{}, leave("takes the key of a reference from other than one")
	}
	k := &op{kind: opReference, typ: "System.String", class: classText, many: o.many, ids: [1]int32{c.id("reference")}}
	switch {
	case len(e.kids) == 2 && e.kids[1].kind == exprMember && e.kids[1].kids[0] == nil:
		k.text = e.kids[1].name
	case len(e.kids) != 1:
		return nil, scope{}, leave("calls getReferenceKey")
	}
	for _, sh := range at.at {
		sh.child("reference", k.ids[0])
	}
	k.kids = []*op{o}
	return k, scope{}, nil
}

func (c *compiler) binary(e *expr, s scope) (*op, scope, error) {
	kinds := map[string]opKind{"=": opEqual, "!=": opUnequal, "and": opAnd, "or": opOr}
	o := &op{kind: kinds[e.name], typ: "System.Boolean", class: classBool}
	for _, kid := range e.kids {
		k, _, err := c.expr(kid, s)
		if err != nil {
			return nil, scope{}, err
		}
		o.kids = append(o.kids, k)
	}
	a, b := o.kids[0].class, o.kids[1].class
	switch {
	case o.kind == opAnd || o.kind == opOr:
		if a != classBool || b != classBool {
			return nil, scope{}, leave("has %s on other than booleans", e.name)
		}
	case a != b || a != classText && a != classBool && a != classInteger:
		return nil, scope{}, leave("compares other than strings, booleans or integers")
	}
	return o, scope{}, nil
}
