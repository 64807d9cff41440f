package fhirpath

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// Options are the options of Compile; nil and zero fields mean the defaults.
type Options struct {
	// Definitions are the types that expressions speak of; nil = R4's.
	Definitions *fhirdef.Definitions
	// Type is the type of the focus, such as Patient or Observation.component,
	// for the checks that need no data; "" = unknown.
	Type string
	// Strict refuses names that the type of an element does not have, criteria
	// that are no Boolean, and functions of order on what has none.
	Strict bool
	// Functions are further functions by name; they come before FHIRPath's own.
	Functions map[string]Function
}

// Function is a function that a caller adds to the language.
type Function struct {
	MinArgs, MaxArgs int
	// Eval returns the result for the items before the point and the arguments,
	// which it must not keep or change.
	Eval func(in *Input, focus Collection, args []Collection) (Collection, error)
}

// Expression is a compiled expression. It is immutable and safe to share.
type Expression struct {
	src  string
	tree *ast
	root expr
	defs *fhirdef.Definitions
}

// Compile returns the expression that src writes. An error is a *SyntaxError.
func Compile(src string, opts *Options) (*Expression, error) {
	if opts == nil {
		opts = &Options{}
	}
	defs := opts.Definitions
	if defs == nil {
		defs = fhirdef.R4()
	}
	tree, err := parse(src)
	if err != nil {
		return nil, err
	}
	if err := check(src, tree, defs, opts); err != nil {
		return nil, err
	}
	c := &compiler{src: src, defs: defs, opts: opts}
	root, err := c.compile(tree)
	if err != nil {
		return nil, err
	}
	return &Expression{src: src, tree: tree, root: root, defs: defs}, nil
}

// String returns the expression in FHIRPath, with the parentheses it needs. It
// compiles to the same expression.
func (e *Expression) String() string { return e.tree.String() }

// Source returns the text that was compiled.
func (e *Expression) Source() string { return e.src }

// Input is what an expression is evaluated on. It may be used again and again,
// by one goroutine at a time.
type Input struct {
	Focus    Node // $this at the start, and %context
	Resource Node // %resource; the focus if absent
	Root     Node // %rootResource; Resource if absent
	// Vars are further variables, by name without %.
	Vars map[string]Collection
	// Now is what now(), today() and timeOfDay() see; zero = the clock.
	Now time.Time
	// Resolve finds what a reference leads to; nil = contained resources and the
	// entries of the Bundle that Root is.
	Resolve func(reference string, from Node) (Node, bool)
	// ConformsTo tells whether n conforms to a profile; nil = an error.
	ConformsTo func(n Node, profile string) (bool, error)
	// Trace receives what trace() is given; nil = nothing does.
	Trace func(name string, items Collection)
}

// machines are the working memories of evaluations; they hold nothing between.
var machines = sync.Pool{New: func() any { return &machine{stack: make([]Item, 0, 64)} }}

func (e *Expression) begin(in *Input) *machine {
	m := machines.Get().(*machine)
	if m.defs != e.defs {
		m.defs, m.lastResource = e.defs, nil
	}
	m.in, m.steps, m.now, m.invariant = in, 0, time.Time{}, false
	m.stack, m.scope = m.stack[:0], scope{}
	if in.Focus.Exists() {
		m.focus[0] = NodeItem(m.typed(in.Focus))
		m.scope.this = m.focus[:]
	}
	return m
}

func (m *machine) end() {
	m.in, m.focus, m.scope = nil, [1]Item{}, scope{}
	// A stack that once grew large is not kept.
	if cap(m.stack) > 4096 {
		m.stack = make([]Item, 0, 64)
	}
	machines.Put(m)
}

var errNoInput = errors.New("fhirpath: want an input")

// Eval evaluates the expression. The error is an *EvalError, one of a hook of in,
// or wraps ErrLimit. The caller owns the result; its nodes are good as long as
// their trees.
func (e *Expression) Eval(in *Input) (Collection, error) {
	if in == nil {
		return nil, errNoInput
	}
	m := e.begin(in)
	defer m.end()
	if err := e.root.eval(m); err != nil {
		return nil, err
	}
	if len(m.stack) == 0 {
		return nil, nil
	}
	out := make(Collection, len(m.stack))
	copy(out, m.stack)
	for i := range out {
		if out[i].kind == kindString || out[i].kind == kindQuantity {
			out[i].node.name = strings.Clone(out[i].node.name)
		}
	}
	return out, nil
}

// Test evaluates an invariant: it holds only if the result is true (FHIR R4,
// ElementDefinition.constraint.expression), and what has no result does not hold.
// Other than in Eval, as() keeps what it can of many items, because dom-3 and
// other constraints of R4 are written so. It does not allocate where the functions
// used need not.
func (e *Expression) Test(in *Input) (bool, error) {
	t, err := e.evalTruth(in)
	return t == yes, err
}

// Truth evaluates an invariant as Test does; known is false where the result is
// empty.
func (e *Expression) Truth(in *Input) (value, known bool, err error) {
	t, err := e.evalTruth(in)
	return t == yes, t != unknown, err
}

func (e *Expression) evalTruth(in *Input) (tri, error) {
	if in == nil {
		return unknown, errNoInput
	}
	m := e.begin(in)
	defer m.end()
	m.invariant = true
	return m.test(e.root, 0)
}
