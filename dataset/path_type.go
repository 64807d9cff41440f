package dataset

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
)

// pathAt is one element to which a path may lead.
type pathAt struct {
	typ string    // name to ask for its shape, or of a primitive
	n   *fhirNode // in the profile, or in the definition of an extension; may be nil
	e   *fhirdef.Element
	t   *fhirdef.Type // of e; nil for what is computed
}

// pathStatic is what can be said of the result of a path without data.
type pathStatic struct {
	at []pathAt // none = unknown
	// list says that there may be several values, soft that a condition or an
	// extension's url makes that unlikely.
	list, soft bool
	// required says that there is always a value.
	required bool
}

// typ is the only type of the result, "" if it is unknown or there are several.
func (s pathStatic) typ() string {
	if len(s.at) == 0 {
		return ""
	}
	for _, a := range s.at[1:] {
		if a.typ != s.at[0].typ {
			return ""
		}
	}
	return s.at[0].typ
}

// pathTyper finds the types of paths.
type pathTyper struct {
	b         *fhirBuilder
	root      pathStatic
	constants map[string]string // types of %constants
	// wrong is told the name of a member that a type does not have.
	wrong func(name, typ string, names []string)
	depth int
}

// maxPathDepth bounds how deep a path nests.
const maxPathDepth = 200

// rootOf is the start of paths in a resource, of a profile where st is one.
func (b *fhirBuilder) rootOf(st *fhirdef.Structure) pathStatic {
	at := pathAt{typ: st.Type}
	if t := b.treeOfProfile(st); t != nil {
		at.n, at.e = t.root, t.root.e
	}
	return pathStatic{at: []pathAt{at}, required: true}
}

func pathValue(typ string, required bool) pathStatic {
	return pathStatic{at: []pathAt{{typ: typ}}, required: required}
}

// visit finds the type of a term where $this is this.
func (p *pathTyper) visit(t *fhirpath.Term, this pathStatic) pathStatic {
	if t == nil {
		return this
	}
	if p.depth++; p.depth > maxPathDepth {
		p.depth--
		return pathStatic{list: true}
	}
	defer func() { p.depth-- }()
	switch t.Kind {
	case fhirpath.TermLiteral:
		return pathValue(fhirSystemName(t.Value.Type()), true)
	case fhirpath.TermThis:
		return this
	case fhirpath.TermNumber:
		return pathValue("integer", true)
	case fhirpath.TermVariable:
		return p.variable(t.Name)
	case fhirpath.TermMember:
		return p.memberTerm(t, this)
	case fhirpath.TermCall:
		return p.call(t, this)
	case fhirpath.TermIndex:
		on := p.visit(t.On, this)
		on.list, on.soft, on.required = false, false, false
		return on
	case fhirpath.TermSign:
		return p.visit(t.Args[0], this)
	case fhirpath.TermType:
		on := p.visit(t.On, this)
		if t.Op == "is" {
			return pathValue("boolean", on.required)
		}
		return p.narrow(on, t.Name)
	case fhirpath.TermBinary:
		return p.binary(t, this)
	}
	return pathStatic{list: true}
}

// fhirSystemName is a System type by the name of the primitive that holds it.
func fhirSystemName(typ string) string {
	name := strings.TrimPrefix(typ, "System.")
	switch name {
	case "Boolean", "Integer", "Decimal", "String", "Date", "Time":
		return strings.ToLower(name)
	case "DateTime":
		return "dateTime"
	case "Long":
		return "integer64"
	}
	return name
}

func (p *pathTyper) variable(name string) pathStatic {
	if typ, ok := p.constants[name]; ok {
		return pathValue(typ, true)
	}
	switch name {
	case "resource", "context", "rootResource":
		return p.root
	case "rowIndex":
		return pathValue("integer", true)
	case "ucum", "sct", "loinc":
		return pathValue("string", true)
	}
	if strings.HasPrefix(name, "vs-") || strings.HasPrefix(name, "ext-") {
		return pathValue("string", true)
	}
	return pathStatic{}
}

func (p *pathTyper) memberTerm(t *fhirpath.Term, this pathStatic) pathStatic {
	if t.On == nil && len(this.at) == 1 && this.at[0].e != nil && (t.Name == this.at[0].typ || p.b.defs.Kind(t.Name) == "resource" && p.b.defs.IsSubtype(this.at[0].typ, t.Name)) {
		return this
	}
	return p.member(p.visit(t.On, this), t.Name)
}

// member goes to a member of each element that a path may lead to.
func (p *pathTyper) member(on pathStatic, name string) pathStatic {
	out := pathStatic{list: on.list, soft: on.soft, required: on.required}
	known := false
	for _, a := range on.at {
		shape := p.b.defs.Shape(a.typ)
		m := shape.Member(name)
		n := p.b.member(a.n, name)
		if m == nil && n == nil {
			known = known || shape != nil && !p.b.defs.Abstract(a.typ)
			out.required = false
			continue
		}
		p.addMember(&out, m, n)
	}
	if len(out.at) == 0 {
		if known && p.wrong != nil {
			p.wrong(name, on.at[0].typ, p.b.defs.Children(on.at[0].typ))
		}
		return pathStatic{list: true}
	}
	return out
}

// addMember adds the types of a member, m of its type and n of its profile.
func (p *pathTyper) addMember(out *pathStatic, m *fhirdef.Member, n *fhirNode) {
	var e *fhirdef.Element
	if n != nil {
		e = n.e
	} else {
		e = m.Element
	}
	if isFHIRList(e, m) && e.Max != 1 {
		out.list, out.soft = true, false
	}
	if e.Min < 1 {
		out.required = false
	}
	if m != nil && (len(e.Types) == 0 || len(m.Choices) == 1) {
		for _, c := range m.Choices {
			a := pathAt{typ: c.Type, n: n, e: e}
			if len(e.Types) > 0 {
				a.t = &e.Types[0]
			}
			out.at = append(out.at, a)
		}
		return
	}
	for i := range e.Types {
		t := &e.Types[i]
		a := pathAt{typ: t.Name(), n: n, e: e, t: t}
		if n != nil {
			if s := choiceSlice(n, a.typ); s != nil {
				a.n, a.e = s, s.e
			}
		}
		out.at = append(out.at, a)
	}
}

// narrow keeps the elements of a type: ofType(), as() and as.
func (p *pathTyper) narrow(on pathStatic, typ string) pathStatic {
	_, after, qualified := strings.Cut(typ, ".")
	if qualified && (strings.HasPrefix(typ, "FHIR.") || strings.HasPrefix(typ, "System.")) {
		typ = after
		if strings.HasPrefix(typ, "System.") {
			typ = fhirSystemName(typ)
		}
	}
	if len(on.at) == 0 {
		return pathStatic{at: []pathAt{{typ: typ}}, list: on.list, soft: on.soft}
	}
	out := pathStatic{list: on.list, soft: on.soft, required: on.required && len(on.at) == 1}
	for _, a := range on.at {
		switch {
		case a.typ == typ || p.b.defs.IsSubtype(a.typ, typ):
			out.at = append(out.at, a)
		case p.b.defs.IsSubtype(typ, a.typ):
			out.at = append(out.at, pathAt{typ: typ, e: a.e})
		}
	}
	if len(out.at) == 0 {
		if p.wrong != nil {
			var names []string
			for _, a := range on.at {
				names = append(names, a.typ)
			}
			p.wrong(typ, "", names)
		}
		return pathStatic{}
	}
	return out
}

func (p *pathTyper) binary(t *fhirpath.Term, this pathStatic) pathStatic {
	left := p.visit(t.Args[0], this)
	right := p.visit(t.Args[1], this)
	required := left.required && right.required
	switch t.Name {
	case "|":
		return p.union(left, right)
	case "&":
		return pathValue("string", true)
	case "+", "-", "*":
		a, c := left.typ(), right.typ()
		switch {
		case a == c && a != "":
			return pathValue(a, required)
		case a == "decimal" || c == "decimal":
			return pathValue("decimal", required)
		case a == "date" || a == "dateTime" || a == "time":
			return pathValue(a, required)
		}
		return pathStatic{}
	case "/":
		return pathValue("decimal", false)
	case "div", "mod":
		return pathValue("integer", false)
	}
	return pathValue("boolean", required)
}

// union is the type of what two paths find together.
func (p *pathTyper) union(a, c pathStatic) pathStatic {
	if len(a.at) == 0 || len(c.at) == 0 {
		return pathStatic{list: true}
	}
	return pathStatic{at: append(slices.Clip(a.at), c.at...), list: true, required: a.required || c.required}
}
