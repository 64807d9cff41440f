package gen

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
)

// unionOf returns the plan of a union, the same for the same type.
func (p *plan) unionOf(t *dataset.Type) *unionPlan {
	for _, u := range p.unions {
		if u.typ == t {
			return u
		}
	}
	name := GoName(t.Format)
	if t.Format == "" {
		name = "Union"
	}
	u := &unionPlan{goName: p.names.claim(name, name+"Value"), typ: t}
	p.unions = append(p.unions, u)
	for i := range t.Union {
		u.kinds = append(u.kinds, p.typeOf(&t.Union[i]))
	}
	return u
}

// unionKind is a kind of value that a union may have, by the name of its methods.
type unionKind struct {
	name string
	typ  *goType
}

var unionNames = map[dataset.Kind]string{dataset.Text: "Text", dataset.Boolean: "Boolean", dataset.Integer: "Integer",
	dataset.Decimal: "Number", dataset.Float: "Number", dataset.Date: "Date", dataset.DateTime: "DateTime", dataset.Time: "Time",
	dataset.Year: "Year", dataset.YearMonth: "YearMonth", dataset.Duration: "Duration", dataset.Binary: "Binary",
	dataset.List: "List", dataset.Map: "Map"}

// named are the kinds of a union that have methods: those with a Go type of their
// own.
func (u *unionPlan) named() []unionKind {
	inside := newScope()
	inside.reserve("JSON", "IsZero", "AppendJSON", "MarshalJSON", "UnmarshalJSON")
	var all []unionKind
	for _, k := range u.kinds {
		name := unionNames[k.Kind]
		switch {
		case k.object != nil:
			name = k.object.goName
		case k.enum != nil:
			name = k.enum.goName
		}
		if name == "" || k.union != nil {
			continue
		}
		name = inside.claim(name, name+"Value")
		inside.reserve("Set" + name)
		all = append(all, unionKind{name, k})
	}
	return all
}

// emitUnions returns the types of unions: the value as JSON, with methods for each
// kind that it may have.
func emitUnions(p *plan) []jen.Code {
	var out []jen.Code
	for _, u := range p.unions {
		var kinds []string
		for _, k := range u.kinds {
			kinds = append(kinds, k.name)
		}
		out = append(out, jen.Line(), docComment(fmt.Sprintf("%s is a value of one of several kinds: %s.", u.goName, strings.Join(kinds, ", "))),
			stmt("type %s struct {\n// JSON is the value, \"\" for none.\nJSON Raw\n}", u.goName))
	}
	return out
}

// emitUnionJSON returns the methods of unions.
func emitUnionJSON(p *plan) []jen.Code {
	var out []jen.Code
	for _, u := range p.unions {
		name := u.goName
		out = append(out,
			function("IsZero reports whether there is no value.", fmt.Sprintf("(u %s) IsZero() bool", name), stmt(`return u.JSON == ""`)),
			function("AppendJSON appends the value to dst, null if there is none.", fmt.Sprintf("(u *%s) AppendJSON(dst []byte) []byte", name),
				stmt("return u.JSON.AppendJSON(dst)")),
			function("MarshalJSON returns the value.", fmt.Sprintf("(u %s) MarshalJSON() ([]byte, error)", name),
				stmt("return u.JSON.AppendJSON(nil), nil")),
			function("UnmarshalJSON keeps the value.", fmt.Sprintf("(u *%s) UnmarshalJSON(b []byte) error", name),
				stmt("return u.JSON.UnmarshalJSON(b)")),
			function("", fmt.Sprintf("(u *%s) decode(in *reader)", name), stmt("u.JSON, _ = in.raw()")))
		for _, k := range u.named() {
			out = append(out,
				function(fmt.Sprintf("%s returns the value if it has the type %s.", k.name, k.typ.name), fmt.Sprintf("(u %s) %s() (%s, bool)", name, k.name, k.typ.name),
					stmt("return as(u.JSON, %s)", readFunc(k.typ))),
				function(fmt.Sprintf("Set%s makes v the value.", k.name), fmt.Sprintf("(u *%s) Set%s(v %s)", name, k.name, k.typ.name),
					stmt("u.JSON = Raw(%s(nil, v))", appendFunc(k.typ))))
		}
	}
	return out
}
