package gen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// validateEmitter writes the methods that check structs: straight-line code that
// makes paths and messages only where something is wrong.
type validateEmitter struct {
	p *plan
	// checked are the objects that have something to check.
	checked map[*objectPlan]bool
	// assume says that every object has, which is how checked is found.
	assume bool
	// patterns are the variables with compiled expressions, by expression, in order
	// in list; sets are the functions for sets of codings.
	patterns map[string]string
	list     []string
	sets     map[*dataset.CodeSet]string
	// choices are the methods that tell whether a choice has a value.
	choices map[*objectPlan]map[string]bool
	methods []jen.Code
	setList []jen.Code
	// notes are the rules that are not compiled, by object, for the comment.
	notes map[*objectPlan][]string
	vars  int
	recv  string
	// told is the set that tells the elements of a slice, so that they have it.
	told *dataset.CodeSet
}

// emitValidate returns Validate for each object.
func emitValidate(p *plan) []jen.Code {
	e := &validateEmitter{p: p, patterns: make(map[string]string), sets: make(map[*dataset.CodeSet]string), notes: make(map[*objectPlan][]string)}
	e.find()
	e.notes, e.choices = make(map[*objectPlan][]string), make(map[*objectPlan]map[string]bool)
	var out []jen.Code
	for _, o := range p.objects {
		body := e.object(o)
		doc := "Validate returns what is wrong with the values; nil if nothing is."
		if n := e.notes[o]; len(n) > 0 {
			doc += " Not checked: " + strings.Join(n, "; ") + "."
		}
		call := "return nil"
		if e.checked[o] {
			call = "return " + o.recv + ".validate(nil)"
		}
		if rules := p.schemaRules(o); rules != "" {
			found := "rulesOn(" + o.recv + ".AppendJSON(nil), " + rules + ")"
			call = "return " + found
			if e.checked[o] {
				call = "return append(" + o.recv + ".validate(nil), " + found + "...)"
			}
		}
		call = p.withSchemaRules(o, call)
		out = append(out, method(doc, o, "Validate() Issues", stmt("%s", call)))
		if e.checked[o] {
			body = append(body, "return list")
			out = append(out, method("", o, "validate(list Issues) Issues", jen.Op(strings.Join(body, "\n"))))
		}
	}
	out = append(out, e.methods...)
	for _, name := range e.list {
		out = append(out, jen.Line(), jen.Op(name))
	}
	return append(out, e.setList...)
}

// find settles which objects have something to check: those with checks of their
// own, and those that hold such.
func (e *validateEmitter) find() {
	e.checked = make(map[*objectPlan]bool)
	e.assume = true
	reaches := make(map[*objectPlan][]*objectPlan)
	for _, o := range e.p.objects {
		found := len(e.p.findings)
		e.checked[o] = len(e.own(o)) > 0
		e.p.findings = e.p.findings[:found]
		for _, f := range o.fields {
			reaches[o] = append(reaches[o], objectsIn(f.typ)...)
			for _, s := range f.slices {
				reaches[o] = append(reaches[o], objectsIn(s.typ)...)
			}
		}
	}
	for again := true; again; {
		again = false
		for _, o := range e.p.objects {
			if e.checked[o] {
				continue
			}
			for _, r := range reaches[o] {
				if e.checked[r] {
					e.checked[o], again = true, true
					break
				}
			}
		}
	}
	e.assume = false
}

// objectsIn are the objects in a type.
func objectsIn(g *goType) []*objectPlan {
	switch {
	case g.object != nil:
		return []*objectPlan{g.object}
	case g.elem != nil:
		return objectsIn(g.elem)
	}
	return nil
}

// pattern returns the name of the variable that tests for a regular expression.
func (e *validateEmitter) pattern(expression string) string {
	if name := e.patterns[expression]; name != "" {
		return name
	}
	name := e.p.names.claim("pattern"+strconv.Itoa(len(e.patterns)+1), "patternOf")
	e.patterns[expression] = name
	e.list = append(e.list, "var "+name+" = pattern("+goString(expression)+")")
	return name
}

// own are the checks of an object but for those of the objects in it.
func (e *validateEmitter) own(o *objectPlan) []string { return e.object(o) }

// object are the statements that check an object.
func (e *validateEmitter) object(o *objectPlan) []string {
	e.vars, e.recv = 0, o.recv
	var body []string
	if empty := e.empty(o); empty != "" {
		body = append(body, empty)
	}
	for _, f := range o.fields {
		e.vars = 0
		body = append(body, e.field(o, f)...)
	}
	for i := range o.Choices {
		body = append(body, e.choice(o, &o.Choices[i])...)
	}
	self := itemOf(&goType{Type: &dataset.Type{Kind: dataset.ObjectKind, Object: o.Object}, object: o, name: o.goName}, o.recv)
	for i := range o.Rules {
		body = append(body, e.rule(o, &o.Rules[i], self, `""`)...)
	}
	return body
}

// empty reports an object of FHIR without any content (R4 §2.6.2): only where all
// members are listed, as otherwise the others may have it.
func (e *validateEmitter) empty(o *objectPlan) string {
	if !o.FHIR || !o.Closed || len(o.fields) == 0 || o.ResourceType != "" {
		return ""
	}
	c := &pathCompiler{p: e.p}
	var any cond = condFalse
	self := itemOf(&goType{Type: &dataset.Type{Kind: dataset.ObjectKind, Object: o.Object}, object: o, name: o.goName}, o.recv)
	for _, f := range o.fields {
		if f.companion && f.shape != list {
			bare := *f
			bare.companion = false
			f = &bare
		}
		any = or(any, c.fieldValue(self, o, f).exists())
	}
	if o.companions {
		any = or(any, compare("len("+o.recv+".Companions)", ">", "0"))
	}
	if any.isTrue() || c.err != "" {
		return ""
	}
	return "if " + strings.ReplaceAll(not(any).text, " && ", " &&\n") + " {\nreturn list.fault(codeEmpty, \"\", \"want an element with content, have none\")\n}"
}

// field are the checks of a field and its slices.
func (e *validateEmitter) field(o *objectPlan, f *fieldPlan) []string {
	access := o.recv + "." + f.goName
	path := strconv.Quote(f.Name)
	var out []string
	switch f.shape {
	case list, nullList:
		if f.shape == nullList {
			access += ".Value"
		}
		out = append(out, e.list_(o, f, access, path)...)
	default:
		out = append(out, e.required(o, f, access, path)...)
		value, there := fieldAccess(f.shape, f.typ, access)
		out = append(out, guardedBy(there, e.value(o, f.typ, value, path))...)
	}
	for _, s := range f.slices {
		out = append(out, e.slice(o, f, s)...)
	}
	return append(out, e.slicing(o, f)...)
}

// fieldAccess is the expression of a field's value, and the condition that it is
// there.
func fieldAccess(s shape, g *goType, access string) (value string, there cond) {
	switch s {
	case optional, nullable:
		return access + ".Value", holds(access + ".Valid")
	case pointer:
		return access, compare(access, "!=", "nil")
	case nilable:
		if g.Kind == dataset.Map {
			return access, compare(access, "!=", "nil")
		}
		return access, compare("len("+access+")", ">", "0")
	}
	switch {
	case g.Kind == dataset.Text && g.enum != nil && slices.ContainsFunc(g.enum.Codes, func(c dataset.Code) bool { return c.Code == "" }):
		return access, condTrue // "" is one of them
	case g.Kind == dataset.Text && (g.enum != nil || g.Format != ""):
		return access, compare(access, "!=", `""`)
	case g.Kind == dataset.Any:
		return access, compare(access, "!=", `""`)
	case g.Kind == dataset.Decimal, g.Kind == dataset.Date, g.Kind == dataset.DateTime, g.Kind == dataset.Time:
		return access, not(holds(access + ".IsZero()"))
	}
	return access, condTrue
}

func guardedBy(there cond, body []string) []string {
	if len(body) == 0 || there.isTrue() {
		return body
	}
	if head, rest, ok := strings.Cut(body[0], " {\n"); ok && len(body) == 1 && strings.HasPrefix(head, "if ") && !strings.Contains(head, ";") && !strings.Contains(head, "\n") &&
		!strings.Contains(strings.TrimSuffix(rest, "\n}"), "}") {
		test := cond{text: strings.TrimPrefix(head, "if ")}
		if strings.Contains(test.text, " || ") {
			test.level = condOr
		}
		return []string{"if " + and(there, test).text + " {\n" + rest}
	}
	return []string{"if " + there.text + " {\n" + strings.Join(body, "\n") + "\n}"}
}

// required reports a field that has no value where it must have one, as far as the
// struct tells. Reading tells the rest.
func (e *validateEmitter) required(o *objectPlan, f *fieldPlan, access, path string) []string {
	if !f.Required || f.Nullable {
		return nil
	}
	var missing cond
	switch _, there := fieldAccess(f.shape, f.typ, access); {
	case f.shape == plain && f.typ.Kind == dataset.Text && !o.FHIR:
		return nil
	case !there.isTrue():
		missing = not(there)
	default:
		return nil
	}
	if f.companion {
		missing = and(missing, compare(o.recv+".Companions.Of("+path+")", "==", `""`))
	}
	return []string{"if " + missing.text + " {\nlist = list.missing(" + path + ")\n}"}
}

// list_ are the checks of a list as a whole and of its elements.
func (e *validateEmitter) list_(o *objectPlan, f *fieldPlan, access, path string) []string {
	t := &f.Type
	var out []string
	companion := o.recv + ".Companions.Of(" + path + ")"
	if f.companion {
		out = append(out, "list = list.beside("+path+", len("+access+"), "+companion+")")
	}
	if t.MinItems > 0 || t.MaxItems >= 0 {
		n := "len(" + access + ")"
		if f.companion {
			n = "max(" + n + ", len(elements(" + companion + ")))"
		}
		for _, s := range f.slices {
			n += " + " + sliceCount(o, s)
		}
		count := fmt.Sprintf("list = list.count(%s, %s, %d, %d)", path, n, t.MinItems, t.MaxItems)
		if !f.Required && t.MinItems > 0 && !o.FHIR {
			count = "if " + access + " != nil {\n" + count + "\n}"
		} else if !f.Required && t.MinItems > 0 {
			count = "if have := " + n + "; have > 0 {\n" + strings.Replace(count, n, "have", 1) + "\n}"
		}
		out = append(out, count)
	}
	if t.UniqueItems && len(f.slices) == 0 {
		out = append(out, e.unique(f.typ, access, path)...)
	}
	e.vars = 0
	i := e.variable("i")
	at := "indexed(" + path + ", " + i + ")"
	body := e.value(o, f.typ, access+"["+i+"]", at)
	if o.FHIR && primitive(f.typ.Type) && len(body) > 0 { // a gap has a companion
		body = guardedBy(present(f.typ, access+"["+i+"]"), body)
	}
	return append(out, loop(access, i, body)...)
}

// present is the condition that an element of a list is no gap.
func present(g *goType, expr string) cond {
	switch g.Kind {
	case dataset.Text, dataset.Binary:
		return compare(expr, "!=", `""`)
	case dataset.Decimal, dataset.Date, dataset.DateTime, dataset.Time:
		return not(holds(expr + ".IsZero()"))
	}
	return condTrue
}

func loop(access, i string, body []string) []string {
	if len(body) == 0 {
		return nil
	}
	return []string{"for " + i + " := range " + access + " {\n" + strings.Join(body, "\n") + "\n}"}
}

func (e *validateEmitter) variable(name string) string {
	if name == e.recv {
		name = "k"
	}
	e.vars++
	if e.vars == 1 {
		return name
	}
	return name + strconv.Itoa(e.vars)
}

// unique reports equal elements of a list.
func (e *validateEmitter) unique(g *goType, access, path string) []string {
	key := ""
	switch g.Kind {
	case dataset.Text, dataset.Binary, dataset.Duration:
		key = "string(*item)"
	case dataset.Integer:
		key = "digitsOf(int64(*item))"
	case dataset.Any:
		key = "string(*item)"
	case dataset.Date, dataset.DateTime, dataset.Time:
		key = "item.String()"
	case dataset.Decimal:
		key = "normal(item.String())"
	case dataset.ObjectKind:
		key = "string(item.AppendJSON(nil))"
	default:
		return nil
	}
	return []string{"if !distinct(func(add func(string) bool) bool {\nreturn !anyOf(" + access + ", func(item *" + g.name + ") bool { return !add(" + key + ") })\n}) {\n" +
		"list = list.fault(codeUnique, " + path + ", \"want different elements, have equal ones\")\n}"}
}

// choice reports several fields of a choice, or none where one must be there.
func (e *validateEmitter) choice(o *objectPlan, ch *dataset.Choice) []string {
	c := &pathCompiler{p: e.p}
	self := itemOf(&goType{Type: &dataset.Type{Kind: dataset.ObjectKind, Object: o.Object}, object: o, name: o.goName}, o.recv)
	var terms []string
	for _, name := range ch.Fields {
		f := o.field(name)
		if f == nil {
			return nil
		}
		terms = append(terms, "oneIf("+c.fieldValue(self, o, f).exists().text+")")
	}
	if len(terms) < 2 && !ch.Required || len(terms) == 0 {
		return nil
	}
	sum := strings.Join(terms, " +\n")
	check := "have > 1"
	want := "want at most one type of it, have several"
	if ch.Required {
		check, want = "have != 1", "want a value of one type, have none or several"
	}
	return []string{"if have := " + sum + "; " + check + " {\nlist = list.fault(codeChoice, " + strconv.Quote(ch.Name) + ", " + strconv.Quote(want) + ")\n}"}
}

// choiceMethod returns the name of the method that tells whether a choice has a
// value.
func (e *validateEmitter) choiceMethod(o *objectPlan, ch *dataset.Choice) string {
	name := "has" + GoName(ch.Name)
	if e.choices[o][ch.Name] || e.assume {
		return name
	}
	if e.choices[o] == nil {
		e.choices[o] = make(map[string]bool)
	}
	e.choices[o][ch.Name] = true
	c := &pathCompiler{p: e.p}
	self := itemOf(&goType{Type: &dataset.Type{Kind: dataset.ObjectKind, Object: o.Object}, object: o, name: o.goName}, o.recv)
	there := condFalse
	for _, field := range ch.Fields {
		if f := o.field(field); f != nil {
			there = or(there, c.fieldValue(self, o, f).exists())
		}
	}
	e.methods = append(e.methods, method(name+" reports whether there is a "+ch.Name+" of any type.", o, name+"() bool",
		stmt("%s", "return "+strings.ReplaceAll(there.text, " || ", " ||\n"))))
	return name
}

// severityName is the constant of the support code for a severity.
func severityName(s issue.Severity) string {
	switch s {
	case issue.Information:
		return "SeverityInformation"
	case issue.Warning:
		return "SeverityWarning"
	}
	return "SeverityError"
}

// rule is the check of an invariant on an item.
func (e *validateEmitter) rule(o *objectPlan, r *dataset.Rule, on item, path string) []string {
	if !usesFHIRPath(r) {
		return nil
	}
	if checkedElsewhere[r.Key] {
		return nil
	}
	var resource *item
	if o.ResourceType != "" && o.table != nil {
		self := itemOf(&goType{Type: &dataset.Type{Kind: dataset.ObjectKind, Object: o.Object}, object: o, name: o.goName}, o.recv)
		resource = &self
	}
	c := &pathCompiler{p: e.p, context: on, resource: resource, pattern: e.pattern, choice: e.choiceMethod}
	test, why := c.compile(r.Expression)
	if why != "" {
		e.notes[o] = append(e.notes[o], oneLine(r.Key+" ("+why+")"))
		if !e.assume {
			e.p.findings = append(e.p.findings, issue.Issue{Severity: issue.Information, Code: CodeRuleNotCompiled, Pos: o.Pos, Path: o.ID,
				Message: fmt.Sprintf("want rule %q of %s in Go, have one that is not compiled: %s", r.Key, o.Name, why), Rule: r.Key})
		}
		return nil
	}
	if test.isTrue() {
		return nil
	}
	human := oneLine(r.Human)
	if human == "" {
		human = oneLine(r.Expression)
	}
	return []string{"if " + not(test).text + " {\nlist = list.rule(" + severityName(r.Severity) + ", " + path + ", " + strconv.Quote(r.Key) + ", " + strconv.Quote(human) + ")\n}"}
}
