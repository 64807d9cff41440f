package check

import (
	"errors"
	"slices"
	"strings"
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
	once   sync.Once
	expr   *fhirpath.Expression
	err    error
}

// inherit compares a node with the element of the base type, which the base walk
// checks, and notes what it adds. base is nil for a type itself.
func (c *Checker) inherit(n *node, base *program) {
	var have *node
	if base != nil {
		have = c.counterpart(n, base)
	}
	n.ownTypes = base == nil || have == nil || !sameTypes(n.types, have.types)
	if have != nil && have.choice() && n.choice() {
		for _, t := range have.types {
			if n.typeNamed(t.name) == nil {
				n.excluded = append(n.excluded, t)
			}
		}
	}
	n.ownBinding = n.el.Binding != nil && (base == nil || have == nil || !c.sameBinding(n.el.Binding, have.el.Binding))
	for i := range n.el.Constraints {
		k := &n.el.Constraints[i]
		if k.Expression == "" {
			continue
		}
		if fixed, ok := corrections[k.Expression]; ok {
			other := *k
			other.Expression = fixed
			k = &other
		}
		x := &constraint{Constraint: k, rule: n.p.st.URL + "#" + k.Key, native: nativeOf(k)}
		n.all = append(n.all, x)
		if base == nil || k.Key != "ele-1" && k.Key != "ext-1" && (have == nil || !have.states(k)) {
			n.added = append(n.added, x)
		}
	}
}

// corrections are expressions of R4 and of guides for it that do not say what
// their text says, with what HL7's later editions put in their place, or what
// their authors meant: DateTime is FHIRPath's own type, which no element has.
var corrections = map[string]string{
	"($this as dateTime).toString().length() >= 8":                        "($this is dateTime) implies ($this.toString().length() >= 8)",
	"$this is DateTime implies $this.toString().length() >= 10":           "$this is dateTime implies $this.toString().length() >= 10",
	`name.matches('[A-Z]([A-Za-z0-9_]){0,254}')`:                          `name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')`,
	`path.matches('[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*')`: `path.exists() implies path.matches('^[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*$')`,
	`path.matches('[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*')`: `path.exists() implies path.matches('^[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*$')`,
	"operator = 'exists' implies (answer is Boolean)":                                                                     "operator = 'exists' implies (answer is boolean)",
	"probability is decimal implies (probability as decimal) <= 100":                                                      "probability.empty() or ((probability is decimal) implies ((probability as decimal) <= 100))",
	"(component.empty() and hasMember.empty()) implies (dataAbsentReason or value)":                                       "(component.empty() and hasMember.empty()) implies (dataAbsentReason.exists() or value.exists())",
	"isModifier implies isModifierReason.exists()":                                                                        "(isModifier.exists() and isModifier) implies isModifierReason.exists()",
	"differential.element.all(id) and differential.element.id.trace('ids').isDistinct()":                                  "differential.element.all(id.exists()) and differential.element.id.trace('ids').isDistinct()",
	"snapshot.element.all(id) and snapshot.element.id.trace('ids').isDistinct()":                                          "snapshot.element.all(id.exists()) and snapshot.element.id.trace('ids').isDistinct()",
	"targetProfile.exists() implies (type = 'Reference' or type = 'canonical')":                                           "targetProfile.exists() implies (type = 'Reference' or type = 'canonical' or type.memberOf('http://hl7.org/fhir/ValueSet/resource-types'))",
	"fullUrl.contains('/_history/').not()":                                                                                "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
	"reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))": correctedRef1,
}

// counterpart returns the element that a profile's element constrains: of the
// base type, or of the data type that the profile walks into.
func (c *Checker) counterpart(n *node, base *program) *node {
	if b := base.byID[n.el.Path]; b != nil {
		return b
	}
	typ, _, _ := strings.Cut(n.el.BasePath, ".")
	if p := c.typeProgram(typ); p != nil {
		return p.byID[n.el.BasePath]
	}
	return nil
}

func sameTypes(a, b []elementType) bool {
	return slices.EqualFunc(a, b, func(x, y elementType) bool {
		return x.name == y.name && slices.Equal(x.Profiles, y.Profiles) && slices.Equal(x.TargetProfiles, y.TargetProfiles) && slices.Equal(x.Aggregation, y.Aggregation)
	})
}

// sameBinding tells whether two bindings ask the same; a canonical with a version
// and one without may mean one value set.
func (c *Checker) sameBinding(a, b *fhirdef.Binding) bool {
	if b == nil || a.Strength != b.Strength || a.MaxSet != b.MaxSet || len(a.Extra) != len(b.Extra) {
		return false
	}
	if a.ValueSet == b.ValueSet {
		return true
	}
	bare, _, _ := strings.Cut(a.ValueSet, "|")
	other, _, _ := strings.Cut(b.ValueSet, "|")
	return bare == other && c.defs.ValueSet(a.ValueSet) == c.defs.ValueSet(b.ValueSet)
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

// constraints evaluates the invariants of a node, and in the base walk those of
// the element's type.
func (r *run) constraints(n *node, a at, m mode) {
	list := n.added
	if m == base {
		list = n.all
		if t := n.typeOf(r.f(a)); t != nil && n.p.root != n {
			list = r.typeFacts(n, t, r.f(a).typ).constraints
		}
	}
	for _, k := range list {
		r.constraint(k, a)
	}
}

// constraint evaluates one invariant.
func (r *run) constraint(k *constraint, a at) {
	if k.native != nil {
		switch k.native(r.f(a)) {
		case holdsTrue:
			return
		case holdsFalse:
			r.broken(k, a)
			return
		}
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

// compiled is an expression, or why it is none.
type compiled struct {
	expr *fhirpath.Expression
	err  error
}

// expression returns a compiled expression; each text is compiled once.
func (c *Checker) expression(text string) (*fhirpath.Expression, error) {
	x := c.exprs.get(text, func() (x compiled) {
		x.expr, x.err = fhirpath.Compile(text, &fhirpath.Options{Definitions: c.defs})
		return x
	})
	return x.expr, x.err
}

// input is what expressions at a frame see. It is good until the evaluation ends.
func (r *run) input(a at) *fhirpath.Input {
	if r.evaluating == len(r.inputs) {
		r.inputs = append(r.inputs, &fhirpath.Input{Now: r.opts.Now, ConformsTo: r.nodeConforms, Resolve: r.nodeResolve})
	}
	in := r.inputs[r.evaluating]
	r.evaluated = a
	f := r.f(a)
	in.Resource = fhirpath.ResourceNode(r.f(f.scope).value)
	in.Root = in.Resource
	if root := r.rootOf(f.scope); root != f.scope {
		in.Root = fhirpath.ResourceNode(r.f(root).value)
	}
	if f.value.Kind() == jsontree.Object && f.scope == a {
		in.Focus = in.Resource
	} else {
		in.Focus = fhirpath.ElementNode(f.value, f.companion, f.typ)
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

// nodeResolve answers resolve(), from the element whose expression is evaluated.
func (r *run) nodeResolve(reference string, _ fhirpath.Node) (fhirpath.Node, bool) {
	if found := r.resolveQuietly(r.evaluated, parseReference(reference)); found.value.Kind() == jsontree.Object {
		return fhirpath.ResourceNode(found.value), true
	}
	v, ok := r.find(reference)
	return fhirpath.ResourceNode(v), ok && v.Kind() == jsontree.Object
}

// nodeConforms answers conformsTo().
func (r *run) nodeConforms(n fhirpath.Node, profile string) (bool, error) {
	r.evaluating++ // the input of the expression that asks is in use
	defer func(a at) { r.evaluating, r.evaluated = r.evaluating-1, a }(r.evaluated)
	st := r.defs.Structure(profile)
	if st == nil {
		return false, errors.New("want the definition of profile " + profile + ", have none")
	}
	a := r.push(none, frame{value: n.Value(), companion: n.Companion(), typ: n.Type(), index: -1})
	defer r.pop(a)
	if r.defs.Type(st.Type) != st || !r.f(a).isResource() {
		return r.conforms(a, profile), nil
	}
	return r.attempt(func() {
		r.profile(a, st)
		r.resource(a, nil)
	}), nil
}

// ConformsTo tells whether an element conforms to a profile, or a resource to its
// type, as FHIRPath's conformsTo() asks. The error is that the profile is unknown.
func (c *Checker) ConformsTo(n fhirpath.Node, profile string) (bool, error) {
	r := c.runs.Get().(*run)
	defer c.runs.Put(r)
	r.start(&Input{Root: n.Value()})
	defer r.finish()
	return r.nodeConforms(n, profile)
}
