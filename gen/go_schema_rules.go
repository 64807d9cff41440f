package gen

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// schemaRules are the rules in JSON Schema that the objects of a plan have, as
// functions. They look at a record as JSON: what a schema says may hold for
// members together, whatever their Go types.
type schemaRules struct {
	p     *plan
	w     *ruleWriter
	needs map[*dataset.Object]bool
	// funcs are the functions that walk over the values of an object.
	funcs map[*dataset.Object]string
	todo  []*dataset.Object
	walks strings.Builder
}

// schemaRuleSet returns the rules of the plan, the same on every call.
func (p *plan) schemaRuleSet() *schemaRules {
	if p.rules != nil {
		return p.rules
	}
	claim := func(name string) string { return p.names.claim(name, name) }
	p.rules = &schemaRules{p: p, w: newRuleWriter(claim), needs: map[*dataset.Object]bool{}, funcs: map[*dataset.Object]string{}}
	p.rules.find()
	return p.rules
}

// schemaRules returns the name of the function that holds the JSON of an object
// against its rules, "" if it has none.
func (p *plan) schemaRules(o *objectPlan) string {
	s := p.schemaRuleSet()
	if !s.needs[o.Object] {
		return ""
	}
	name := s.walk(o.Object)
	for len(s.todo) > 0 {
		next := s.todo[0]
		s.todo = s.todo[1:]
		s.object(next)
	}
	return name
}

func usesSchema(r *dataset.Rule) bool { return r.Language == "json-schema" }

func hasSchemaRule(list []dataset.Rule) bool {
	for i := range list {
		if usesSchema(&list[i]) {
			return true
		}
	}
	return false
}

// find settles which objects have rules, or hold objects that have.
func (s *schemaRules) find() {
	for again := true; again; {
		again = false
		for _, o := range s.p.objects {
			if s.needs[o.Object] {
				continue
			}
			need := hasSchemaRule(o.Rules)
			for _, f := range o.Object.Fields {
				need = need || s.typeNeeds(&f.Type)
			}
			if o.Object.Extra != nil {
				need = need || s.typeNeeds(o.Object.Extra)
			}
			if need {
				s.needs[o.Object], again = true, true
			}
		}
	}
}

func (s *schemaRules) typeNeeds(t *dataset.Type) bool {
	if hasSchemaRule(t.Rules) {
		return true
	}
	switch t.Kind {
	case dataset.ObjectKind:
		return s.needs[t.Object]
	case dataset.List, dataset.Map:
		return s.typeNeeds(t.Elem)
	}
	return false
}

// walk returns the name of the function of an object, which is written later.
func (s *schemaRules) walk(o *dataset.Object) string {
	if s.funcs[o] == "" {
		name := o.Name
		if plan := s.p.byObject[o]; plan != nil {
			name = plan.goName
		}
		s.funcs[o] = s.p.names.claim("rulesOf"+GoName(name), "rulesOf"+GoName(name)+"Object")
		s.todo = append(s.todo, o)
	}
	return s.funcs[o]
}

// object writes the function that walks over an object.
func (s *schemaRules) object(o *dataset.Object) {
	own := s.rules(o.Rules, "v", o.Name, o.Pos)
	var cases, rest string
	for _, f := range o.Fields {
		if code := s.value(&f.Type, "p", o.Name+"."+f.Name, f.Pos, 0); code != "" {
			cases += fmt.Sprintf("case %q:\n%s", f.Name, code)
		}
	}
	if o.Extra != nil {
		rest = s.value(o.Extra, "p", o.Name+".extra", o.Pos, 0)
	}
	if rest != "" {
		var others []string
		for _, f := range o.Fields {
			if !strings.Contains(cases, fmt.Sprintf("case %q:\n", f.Name)) {
				others = append(others, fmt.Sprintf("%q", f.Name))
			}
		}
		if len(others) > 0 {
			cases += "case " + strings.Join(others, ", ") + ":\n"
		}
		cases += "default:\n" + rest
	}
	text := "if v.kind != jsonObject {\nreturn\n}\n" + own
	if cases != "" {
		text += "for _, p := range v.parts {\nswitch p.name {\n" + cases + "}\n}\n"
	}
	fmt.Fprintf(&s.walks, "\n// %s holds the values of %s against the rules of its schema.\nfunc %s(v *jsonValue, r *ruling) {\n%s}\n",
		s.funcs[o], ruleSubject(o.Name), s.funcs[o], text)
}

// value returns the statements for a value of the type.
func (s *schemaRules) value(t *dataset.Type, v, name string, pos issue.Pos, depth int) string {
	code := s.rules(t.Rules, v, name, pos)
	switch t.Kind {
	case dataset.ObjectKind:
		if s.needs[t.Object] {
			code += fmt.Sprintf("%s(%s, r)\n", s.walk(t.Object), v)
		}
	case dataset.List, dataset.Map:
		part := fmt.Sprintf("e%d", depth)
		if inner := s.value(t.Elem, part, name, pos, depth+1); inner != "" {
			code += fmt.Sprintf("for _, %s := range %s.parts {\n%s}\n", part, v, inner)
		}
	}
	return code
}

// rules returns the statements that apply rules to a value.
func (s *schemaRules) rules(list []dataset.Rule, v, name string, pos issue.Pos) string {
	code := ""
	for i := range list {
		if !usesSchema(&list[i]) {
			continue
		}
		fn, err := s.w.rule(list[i].Expression, name, list[i].Source)
		if err != nil {
			s.p.findings = append(s.p.findings, issue.Issue{Severity: issue.Warning, Code: CodeRuleNotCompiled, Pos: pos, Path: name,
				Message: "want a rule in JSON Schema, have other text"})
			continue
		}
		switch fn {
		case "true":
		case "false":
			code += fmt.Sprintf("r.deny(%s, \"closed\", \"want no value here\")\n", v)
		default:
			code += fmt.Sprintf("%s(%s, r, nil)\n", fn, v)
		}
	}
	return code
}

// emitRules returns the functions of rules in JSON Schema.
func emitRules(p *plan) []jen.Code {
	if p.rules == nil || p.rules.walks.Len() == 0 {
		return nil
	}
	w := p.rules.w
	text := p.rules.walks.String() + w.text.String()
	out := []jen.Code{jen.Op(text)}
	for _, expression := range w.patternList {
		out = append(out, jen.Line(), jen.Var().Id(w.patterns[expression]).Op("=").Qual("sync", "OnceValue").Call(
			jen.Func().Params().Op("*").Qual("regexp", "Regexp").Block(jen.Return(jen.Qual("regexp", "MustCompile").Call(jen.Op(goString(expression)))))))
	}
	return out
}

// withSchemaRules returns the body of Validate: what call says, and then the rules
// in JSON Schema where nothing was wrong so far.
func (p *plan) withSchemaRules(o *objectPlan, call string) string {
	rules := p.schemaRules(o)
	if rules == "" {
		return call
	}
	apply := "rulesOn(" + o.recv + ".AppendJSON(nil), " + rules + ")"
	if call == "return nil" {
		return "return " + apply
	}
	return "list := " + strings.TrimPrefix(call, "return ") + "\nif list.Err() != nil {\nreturn list\n}\nreturn append(list, " + apply + "...)"
}
