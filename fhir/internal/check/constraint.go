package check

import (
	"sync"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// constraint is one invariant of an element, compiled when first needed.
type constraint struct {
	*fhirdef.Constraint
	native native // nil for one that FHIRPath decides
	rule   string // structure#key
	typ    string
	once   sync.Once
	expr   *fhirpath.Expression
	err    error
}

// addConstraints gives a node its constraints; added are those that the element
// of the base type doesn't have, which the base walk sees to.
func (c *Checker) addConstraints(n *node, baseType *program) {
	var have *node
	if baseType != nil {
		have = baseType.byID[n.el.Path]
		if have == nil {
			have = baseType.byID[n.el.BasePath]
		}
	}
	for i := range n.el.Constraints {
		k := &n.el.Constraints[i]
		if k.Expression == "" {
			continue
		}
		x := &constraint{Constraint: k, rule: n.p.st.URL + "#" + k.Key, native: nativeOf(k), typ: n.el.Path}
		n.all = append(n.all, x)
		if have == nil && baseType == nil || have != nil && !have.states(k) || have == nil && !c.stated(n, k) {
			n.added = append(n.added, x)
		}
	}
}

// states tells whether a node has a constraint.
func (n *node) states(k *fhirdef.Constraint) bool {
	for _, x := range n.all {
		if x.Key == k.Key && x.Expression == k.Expression {
			return true
		}
	}
	return false
}

// stated tells whether the type of an element inside a profile, such as
// Patient.name.family, states a constraint itself.
func (c *Checker) stated(n *node, k *fhirdef.Constraint) bool {
	if k.Key == "ele-1" || k.Key == "ext-1" {
		return true
	}
	p := c.typeProgram(typeOfPath(n.el.BasePath))
	if p == nil {
		return false
	}
	b := p.byID[n.el.BasePath]
	return b != nil && b.states(k)
}

func typeOfPath(path string) string {
	for i := range len(path) {
		if path[i] == '.' {
			return path[:i]
		}
	}
	return path
}

// constraints evaluates the invariants of a node, and in the base walk those of
// the element's type.
func (r *run) constraints(n *node, a at, m mode) {
	list := n.all
	if m == profile {
		list = n.added
	}
	for _, k := range list {
		r.constraint(k, a)
	}
	if m == profile || n.p.root == n {
		return
	}
	if p := r.typeProgram(r.f(a).typ); p != nil {
		for _, k := range p.root.all {
			if !n.states(k.Constraint) {
				r.constraint(k, a)
			}
		}
	}
}

// constraint evaluates one invariant.
func (r *run) constraint(k *constraint, a at) {
	if k.native != nil {
		if !k.native(r, a) {
			r.broken(k, a)
		}
		return
	}
	k.once.Do(func() {
		k.expr, k.err = r.expression(k.Expression)
	})
	if k.err != nil {
		r.warn(a, CodeInvariantBroken, k.rule, "want constraint "+k.Key+" in FHIRPath, have an expression that does not compile: "+k.err.Error())
		return
	}
	ok, err := k.expr.Test(r.input(a))
	switch {
	case err != nil:
		r.warn(a, CodeInvariantBroken, k.rule, "want constraint "+k.Key+" evaluated, have an error: "+err.Error())
	case !ok:
		r.broken(k, a)
	}
}

func (r *run) broken(k *constraint, a at) {
	severity := issue.Error
	switch {
	case k.BestPractice:
		severity = r.opts.BestPractice
	case k.Severity == "warning":
		severity = issue.Warning
	}
	what := k.Human
	if what == "" {
		what = k.Expression
	}
	r.report(finding{severity: severity, code: CodeInvariant, rule: k.rule, at: a, message: "want " + k.Key + " to hold, have it broken: " + what})
}

type compiled struct {
	once sync.Once
	expr *fhirpath.Expression
	err  error
}

// expression returns a compiled expression; each text is compiled once.
func (c *Checker) expression(text string) (*fhirpath.Expression, error) {
	v, ok := c.exprs.Load(text)
	if !ok {
		v, _ = c.exprs.LoadOrStore(text, new(compiled))
	}
	x := v.(*compiled)
	x.once.Do(func() { x.expr, x.err = fhirpath.Compile(text, &fhirpath.Options{Definitions: c.defs}) })
	return x.expr, x.err
}

// input is what expressions at a frame see.
func (r *run) input(a at) *fhirpath.Input {
	f := r.f(a)
	scope := r.f(f.scope)
	in := &fhirpath.Input{
		Focus:      fhirpath.ElementNode(f.value, f.companion, f.typ),
		Resource:   fhirpath.ResourceNode(scope.value),
		Root:       fhirpath.ResourceNode(r.f(r.rootOf(f.scope)).value),
		Now:        r.opts.Now,
		ConformsTo: func(n fhirpath.Node, profile string) (bool, error) { return r.nodeConforms(n, profile) },
	}
	if f.value.Kind() == jsontree.Object && f.scope == a {
		in.Focus = in.Resource
	}
	return in
}

// rootOf is the resource that contains the resource of a scope, or itself.
// (FHIR R4 §2.1.9.1, %rootResource)
func (r *run) rootOf(scope at) at {
	if f := r.f(scope); f.name == "contained" {
		return r.container(scope)
	}
	return scope
}

// nodeConforms answers conformsTo().
func (r *run) nodeConforms(n fhirpath.Node, profile string) (bool, error) {
	a := r.push(none, frame{value: n.Value(), companion: n.Companion(), typ: n.Type(), index: -1})
	defer r.pop(a)
	return r.conforms(a, profile), nil
}
