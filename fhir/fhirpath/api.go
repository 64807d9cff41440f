package fhirpath

import (
	"time"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// Options are the options of Compile; nil and zero fields mean the defaults.
type Options struct {
	// Definitions are the types that expressions speak of; nil = R4's.
	Definitions *fhirdef.Definitions
	// Type is the type of the focus, such as Patient or Observation.component,
	// for the checks that need no data; "" = unknown.
	Type string
	// Strict refuses names that the type of an element does not have.
	Strict bool
}

// Expression is a compiled expression. It is immutable and safe to share.
type Expression struct{}

// Compile returns the expression that src writes.
func Compile(src string, opts *Options) (*Expression, error) { return nil, nil }

// Input is what an expression is evaluated on.
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
}

// Eval evaluates the expression.
func (e *Expression) Eval(in *Input) (Collection, error) { return nil, nil }

// Test evaluates an invariant: true if the result is empty or true (FHIR R4,
// §2.1.0.7: a constraint holds unless it is false).
func (e *Expression) Test(in *Input) (bool, error) { return true, nil }

// Node is an element of a resource, with its FHIR type. Small, passed by value.
type Node struct {
	value, companion jsontree.Value
	typ              string
}

// ResourceNode returns the node of a whole resource; its type is resourceType.
func ResourceNode(v jsontree.Value) Node { return Node{} }

// ElementNode returns the node of an element: its value, the _x companion of a
// primitive (either may be absent) and its type: a data type, or the path of a
// backbone element such as Observation.component.
func ElementNode(value, companion jsontree.Value, typ string) Node { return Node{} }

// Collection is a result.
type Collection []Item

// Item is a Node or a System value.
type Item struct{}
