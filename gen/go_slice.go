package gen

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
)

// emitSliceMatches returns a function for each slice that tells whether an element
// belongs to it.
func emitSliceMatches(p *plan) []jen.Code {
	var out []jen.Code
	for _, o := range p.objects {
		for _, f := range o.fields {
			for _, s := range f.slices {
				var terms []string
				for i := range s.Match {
					terms = append(terms, p.matchTerm(&s.Match[i]))
				}
				switch {
				case s.Value != "" && f.SlicesOnly: // what else the element has is left out
					terms = append(terms, fmt.Sprintf("matchExists(e, %q)", s.Value))
				case s.Value != "":
					terms = append(terms, "only(e, "+strings.Join(quoteAll(append(valueMembers(s), s.Value)), ", ")+")")
				}
				if len(terms) == 0 {
					terms = []string{"false"}
				}
				out = append(out, function(
					fmt.Sprintf("%s reports whether an element of %s.%s is of the slice %s.", s.match, o.goName, f.goName, oneLine(s.Slice.Name)),
					s.match+"(e Raw) bool",
					stmt("return %s", strings.Join(terms, " &&\n"))))
			}
		}
	}
	return out
}

func quoteAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strconv.Quote(s)
	}
	return out
}

func (p *plan) matchTerm(m *dataset.Match) string {
	path := ""
	if len(m.Path) > 0 {
		path = ", " + strings.Join(quoteAll(m.Path), ", ")
	}
	switch m.Kind {
	case dataset.MatchValue:
		return fmt.Sprintf("matchValue(e, %s%s)", goString(string(m.Value)), path)
	case dataset.MatchPattern:
		return fmt.Sprintf("matchPattern(e, %s%s)", goString(string(m.Value)), path)
	case dataset.MatchCodes:
		if e := p.byCodes[m.Codes]; e != nil {
			return fmt.Sprintf("matchCodes(e, func(code string) bool { return %s(code).Valid() }%s)", e.goName, path)
		}
	case dataset.MatchExists:
		if m.Value == "false" {
			return fmt.Sprintf("!matchExists(e%s)", path)
		}
		return fmt.Sprintf("matchExists(e%s)", path)
	case dataset.MatchType:
		return fmt.Sprintf("matchType(e, %q%s)", m.Type, path)
	}
	return "false" // nothing can be decided: the elements stay in the list
}

// valueMembers returns the members of an element that follow from what the slice
// matches, where only one more carries its value.
func valueMembers(s *slicePlan) []string {
	var names []string
	for i := range s.Match {
		if m := &s.Match[i]; len(m.Path) == 1 && (m.Kind == dataset.MatchValue || m.Kind == dataset.MatchPattern) {
			names = append(names, m.Path[0])
		}
	}
	return names
}

// valuePrefix returns the text of an element up to its value.
func valuePrefix(s *slicePlan) string {
	var b strings.Builder
	b.WriteString("{")
	member := func(name string) {
		text, err := json.Marshal(name)
		if err != nil {
			text = []byte(strconv.Quote(name))
		}
		b.Write(text)
		b.WriteString(":")
	}
	for i := range s.Match {
		if m := &s.Match[i]; len(m.Path) == 1 && (m.Kind == dataset.MatchValue || m.Kind == dataset.MatchPattern) {
			member(m.Path[0])
			b.WriteString(string(m.Value) + ",")
		}
	}
	member(s.Value)
	return goString(b.String())
}

// vacant returns the condition under which the field of a slice has no value yet.
func vacant(o *objectPlan, s *slicePlan) string {
	field := o.recv + "." + s.goName
	switch s.shape {
	case optional, nullable:
		return "!" + field + ".Valid"
	case pointer:
		return field + " == nil"
	case nilable:
		if s.typ.Kind == dataset.Map {
			return field + " == nil"
		}
		return field + ` == ""`
	}
	return ""
}

// emitDecodeSlices returns the method that reads a sliced list.
func emitDecodeSlices(o *objectPlan, f *fieldPlan) jen.Code {
	v := o.recv
	var body []jen.Code
	body = append(body, stmt("%s.%s, %s.%s = nil, nil", v, f.goName, v, f.order))
	for _, s := range f.slices {
		body = append(body, stmt("%s.%s = %s", v, s.goName, zero(s)))
	}
	var cases []jen.Code
	for i, s := range f.slices {
		cond := s.match + "(element)"
		if free := vacant(o, s); free != "" {
			cond = free + " && " + cond
		}
		cases = append(cases, stmt("case %s:", cond))
		if s.Value != "" {
			cases = append(cases, stmt("in.find(%q)", s.Value))
		}
		cases = append(cases, stmt("%s", decodeSlice(o, s)), stmt("slice = %d", i+1))
	}
	cases = append(cases, decodeRest(o, f)...)
	body = append(body, jen.Op("for index := 0; in.element(index); index++").Block(
		stmt("before, slice := len(in.list), uint8(0)"),
		stmt("element, end, ok := in.look()"),
		stmt("if !ok {\nreturn\n}"),
		jen.Op("switch").Block(cases...),
		stmt("%s.%s = append(%s.%s, slice)", v, f.order, v, f.order),
		stmt("in.pass(end)"),
		stmt("in.withinElement(before, index)"),
	))
	return method("", o, "decode"+f.goName+"(in *reader)", body...)
}

// decodeRest are the cases for an element that no field of a slice takes. Where the
// profile lists slices alone it is left out, but for one too many of a slice, which
// Validate reports; of an extension without fields of its own there is nothing to
// leave out, so that it goes too.
func decodeRest(o *objectPlan, f *fieldPlan) []jen.Code {
	rest := stmt("%s", decodeOne(o.recv+"."+f.goName, f.typ))
	if !f.SlicesOnly {
		return []jen.Code{stmt("default:"), rest}
	}
	var known []string
	for _, s := range f.slices {
		known = append(known, s.match+"(element)")
	}
	if f.typ.opaque {
		rest = stmt(`in.note(SeverityError, codeSlice, "want no more elements of the slice: left out")`)
		return []jen.Code{stmt("case %s:", strings.Join(known, " || ")), rest, stmt("in.pass(end)\nin.withinElement(before, index)\ncontinue"),
			stmt("default:"), stmt("in.pass(end)\ncontinue")}
	}
	return []jen.Code{stmt("case %s:", strings.Join(known, " || ")), rest, stmt("default:"), stmt("in.pass(end)\ncontinue")}
}

func zero(s *slicePlan) string {
	switch s.shape {
	case optional, nullable:
		return goExpr(s.shape, s.typ) + "{}"
	case nilable:
		if s.typ.Kind == dataset.Any {
			return `""`
		}
	}
	return "nil"
}

func decodeSlice(o *objectPlan, s *slicePlan) string {
	field := o.recv + "." + s.goName
	if s.shape == list {
		return decodeOne(field, s.typ)
	}
	return field + " = " + decodeValue(o, s.shape, s.typ)
}

// decodeOne appends one element to a list.
func decodeOne(field string, g *goType) string {
	if g.object != nil {
		return fmt.Sprintf("%s = append(%s, %s{})\n%s[len(%s)-1].decode(in)", field, field, g.name, field, field)
	}
	return fmt.Sprintf("%s = append(%s, value(%s(in)))", field, field, readFunc(g))
}

// emitAppendSlices returns the method that writes a sliced list in its order.
func emitAppendSlices(o *objectPlan, f *fieldPlan) jen.Code {
	v := o.recv
	counts := []string{fmt.Sprintf("len(%s.%s)", v, f.goName)}
	cases := []jen.Code{stmt("case 0:"), stmt("%s", appendOne(v+"."+f.goName, "next[0]", f.typ))}
	for i, s := range f.slices {
		field := v + "." + s.goName
		count := fmt.Sprintf("len(%s)", field)
		if s.shape != list {
			free := vacant(o, s)
			count = "one(" + negate(free) + ")"
		}
		counts = append(counts, count)
		cases = append(cases, stmt("case %d:", i+1))
		if s.Value != "" {
			cases = append(cases, stmt("dst = append(dst, %s...)", valuePrefix(s)))
		}
		if s.shape == list {
			cases = append(cases, stmt("%s", appendOne(field, fmt.Sprintf("next[%d]", i+1), s.typ)))
		} else {
			cases = append(cases, stmt("%s", appendSlice(field, s)))
		}
		if s.Value != "" {
			cases = append(cases, stmt("dst = append(dst, '}')"))
		}
	}
	empty := "if len(order) == 0 {\nreturn dst\n}"
	body := []jen.Code{
		stmt("order := slots(%s.%s, %s)", v, f.order, strings.Join(counts, ", ")),
		stmt("%s", empty),
		stmt("dst = append(dst, %s...)", memberName(f.Name)),
		stmt("start := len(dst)"),
		stmt("var next [%d]int", len(f.slices)+1),
		jen.Op("for _, slice := range order").Block(
			stmt("dst = append(dst, ',')"),
			jen.Op("switch slice").Block(cases...),
			stmt("next[slice]++"),
		),
		stmt("return finishList(dst, start)"),
	}
	return method("", o, "append"+f.goName+"(dst []byte) []byte", body...)
}

func negate(cond string) string {
	if rest, ok := strings.CutPrefix(cond, "!"); ok {
		return rest
	}
	return strings.Replace(cond, "==", "!=", 1)
}

func appendOne(field, index string, g *goType) string {
	element := field + "[" + index + "]"
	if g.object != nil || g.opaque {
		return "dst = " + element + ".AppendJSON(dst)"
	}
	return fmt.Sprintf("dst = %s(dst, %s)", appendArg(g), element)
}

func appendSlice(field string, s *slicePlan) string {
	switch s.shape {
	case optional, nullable:
		if s.typ.opaque {
			return "dst = " + field + ".Value.AppendJSON(dst)"
		}
		return fmt.Sprintf("dst = %s(dst, %s.Value)", appendArg(s.typ), field)
	case pointer:
		return "dst = " + field + ".AppendJSON(dst)"
	}
	return fmt.Sprintf("dst = %s(dst, %s)", appendArg(s.typ), field)
}
