package gen

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
)

// value are the checks of a value that is there. Path is the Go expression of its
// path from the object.
func (e *validateEmitter) value(o *objectPlan, g *goType, expr, path string) []string {
	var out []string
	fault := func(when cond, code, message string) {
		out = append(out, "if "+when.text+" {\nlist = list.fault("+code+", "+path+", "+strconv.Quote(message)+")\n}")
	}
	switch g.Kind {
	case dataset.Text, dataset.Duration:
		out = append(out, e.text(g, expr, path)...)
	case dataset.Integer, dataset.Decimal, dataset.Float, dataset.Year:
		out = append(out, e.number(g, expr, path)...)
	case dataset.Date, dataset.DateTime, dataset.Time, dataset.YearMonth:
		out = append(out, e.moment(g, expr, path)...)
	case dataset.Boolean:
		if g.Const == "true" {
			fault(not(holds(expr)), "codeValue", "want true, have false")
		}
		if g.Const == "false" {
			fault(holds(expr), "codeValue", "want false, have true")
		}
	case dataset.Binary:
		if o.FHIR || o.table != nil && isFHIR(o.table.Kind) {
			out = append(out, "if _, err := "+expr+".Bytes(); err != nil {\nlist = list.fault(codeType, "+path+", \"want base64, have other text\")\n}")
		}
	case dataset.ObjectKind:
		out = append(out, e.structValue(o, g, expr, path)...)
	case dataset.List:
		i := e.variable("i")
		if g.MinItems > 0 || g.MaxItems >= 0 {
			out = append(out, fmt.Sprintf("list = list.count(%s, len(%s), %d, %d)", path, expr, g.MinItems, g.MaxItems))
		}
		out = append(out, loop(expr, i, e.value(o, g.elem, expr+"["+i+"]", "indexed("+path+", "+i+")"))...)
	case dataset.Map:
		name, held := e.variable("name"), e.variable("held")
		body := e.value(o, g.elem, held, "member("+path+", "+name+")")
		if g.MinItems > 0 || g.MaxItems >= 0 {
			out = append(out, fmt.Sprintf("list = list.count(%s, len(%s), %d, %d)", path, expr, g.MinItems, g.MaxItems))
		}
		if len(body) > 0 {
			out = append(out, "for _, "+name+" := range sortedNames("+expr+") {\n"+held+" := "+expr+"["+name+"]\n"+strings.Join(body, "\n")+"\n}")
		}
	}
	it := itemOf(g, expr)
	for i := range g.Rules {
		out = append(out, e.rule(o, &g.Rules[i], it, path)...)
	}
	return out
}

// stringOf is the text that a JSON string writes; ok is false for another value.
func stringOf(l dataset.Literal) (s string, ok bool) {
	return s, json.Unmarshal([]byte(l), &s) == nil && strings.HasPrefix(string(l), `"`)
}

// text are the checks of a string.
func (e *validateEmitter) text(g *goType, expr, path string) []string {
	var out []string
	fault := func(when cond, code, message string) {
		out = append(out, "if "+when.text+" {\nlist = list.fault("+code+", "+path+", "+strconv.Quote(message)+")\n}")
	}
	plain := expr
	if g.name != "string" {
		plain = "string(" + expr + ")"
	}
	if want, ok := stringOf(g.Const); ok {
		fault(compare(expr, "!=", strconv.Quote(want)), "codeValue", "want the fixed value, have another")
		return out
	}
	if g.enum != nil {
		fault(holds("!"+expr+".Valid()"), "codeCode", "want a code of "+g.enum.goName+", have another")
	}
	if len(g.Enum) > 0 && g.enum == nil {
		var tests []cond
		for _, l := range g.Enum {
			if s, ok := stringOf(l); ok {
				tests = append(tests, compare(expr, "!=", strconv.Quote(s)))
			}
		}
		fault(and(tests...), "codeValue", "want one of the values that are listed, have another")
	}
	if g.MinLength > 0 || g.MaxLength >= 0 {
		out = append(out, fmt.Sprintf("list = list.length(%s, %s, %d, %d)", path, plain, g.MinLength, g.MaxLength))
	}
	if g.enum == nil && g.Regex != "" {
		test, message := "is"+GoName(g.Format)+"("+plain+")", "want the form of the type "+oneLine(g.Format)+", have another"
		if formRegexes[g.Format] != g.Regex {
			test, message = e.pattern(`\A(?:`+g.Regex+`)\z`)+"("+plain+")", "want the form that the profile asks for, have another"
		}
		fault(holds("!"+test), "codePattern", message)
	}
	return out
}

// formRegexes are the expressions of FHIR's primitives for which the support code
// has a function: isCode for code.
var formRegexes = map[string]string{
	"code":      `[^\s]+(\s[^\s]+)*`,
	"id":        `[A-Za-z0-9\-\.]{1,64}`,
	"uri":       `\S*`,
	"url":       `\S*`,
	"canonical": `\S*`,
	"string":    `[ \r\n\t\S]+`,
	"markdown":  `[ \r\n\t\S]+`,
}

// number are the checks of a number.
func (e *validateEmitter) number(g *goType, expr, path string) []string {
	if g.Const == "" && g.Min == "" && g.Max == "" && g.MultipleOf == "" && len(g.Enum) == 0 {
		return nil
	}
	it := itemOf(g, expr)
	text := "floatText(" + expr + ")"
	whole := g.Kind == dataset.Integer || g.Kind == dataset.Year
	switch {
	case whole && g.Unsigned:
		text = "digitsOfUnsigned(uint64(" + expr + "))"
	case whole:
		text = "digitsOf(int64(" + expr + "))"
	case g.Kind == dataset.Decimal:
		text = digits(it)
	}
	test := func(op string, l dataset.Literal) cond {
		if n, err := strconv.ParseInt(string(l), 10, 31); err == nil && whole && (n >= 0 || !g.Unsigned) {
			return compare(expr, op, strconv.FormatInt(n, 10))
		}
		return compare("compareNumbers("+text+", "+strconv.Quote(string(l))+")", op, "0")
	}
	var out []string
	fault := func(when cond, code, message string) {
		out = append(out, "if "+when.text+" {\nlist = list.fault("+code+", "+path+", "+strconv.Quote(message)+")\n}")
	}
	if g.Const != "" {
		fault(test("!=", g.Const), "codeValue", "want the fixed value, have another")
	}
	if len(g.Enum) > 0 {
		var tests []cond
		for _, l := range g.Enum {
			if l != "null" && !strings.HasPrefix(string(l), `"`) {
				tests = append(tests, test("!=", l))
			}
		}
		fault(and(tests...), "codeValue", "want one of the values that are listed, have another")
	}
	if g.Min != "" && !(g.Unsigned && g.Min == "0" && !g.MinExclusive) {
		op, word := "<", "at least "
		if g.MinExclusive {
			op, word = "<=", "more than "
		}
		fault(test(op, g.Min), "codeRange", "want "+word+string(g.Min)+", have less")
	}
	if g.Max != "" {
		op, word := ">", "at most "
		if g.MaxExclusive {
			op, word = ">=", "less than "
		}
		fault(test(op, g.Max), "codeRange", "want "+word+string(g.Max)+", have more")
	}
	if g.MultipleOf != "" {
		fault(holds("!multiple("+text+", "+strconv.Quote(string(g.MultipleOf))+")"), "codeRange", "want a multiple of "+string(g.MultipleOf)+", have another number")
	}
	return out
}

// moment are the checks of a date or time.
func (e *validateEmitter) moment(g *goType, expr, path string) []string {
	var out []string
	bound := func(l dataset.Literal, op, message string) {
		s, ok := stringOf(l)
		if !ok {
			s = string(l)
		}
		call := "momentOf(" + strconv.Quote(s) + ")"
		if g.Kind == dataset.Time {
			call = "clockOf(" + strconv.Quote(s) + ")"
		}
		out = append(out, "if ordered("+strings.TrimPrefix(expr, "*")+".moment(), "+strconv.Quote(op)+", "+call+") {\nlist = list.fault(codeRange, "+path+", "+strconv.Quote(message)+")\n}")
	}
	if s, ok := stringOf(g.Const); ok {
		out = append(out, "if "+expr+".String() != "+strconv.Quote(s)+" {\nlist = list.fault(codeValue, "+path+", \"want the fixed value, have another\")\n}")
	}
	if g.Min != "" {
		op := "<"
		if g.MinExclusive {
			op = "<="
		}
		bound(g.Min, op, "want a time that is not before the bound, have an earlier one")
	}
	if g.Max != "" {
		op := ">"
		if g.MaxExclusive {
			op = ">="
		}
		bound(g.Max, op, "want a time that is not after the bound, have a later one")
	}
	if g.Kind == dataset.Date && !g.Partial {
		out = append(out, "if "+expr+".Precision() < PrecisionDay {\nlist = list.fault(codeFormat, "+path+", \"want a day, have a month or year\")\n}")
	}
	if g.Kind == dataset.DateTime && !g.Partial && g.Format == "instant" {
		out = append(out, "if "+expr+".Precision() < PrecisionSecond || "+expr+".Zone() == \"\" {\nlist = list.fault(codeFormat, "+path+", \"want an instant with seconds and a time zone, have less\")\n}")
	} else if g.Kind == dataset.DateTime && g.Zone == dataset.ZoneRequired {
		out = append(out, "if "+expr+".Precision() >= PrecisionMinute && ("+expr+".Zone() == \"\" || "+expr+".Precision() < PrecisionSecond) {\nlist = list.fault(codeFormat, "+path+", \"want seconds and a time zone with a time, have none\")\n}")
	}
	return out
}

// structValue are the checks of an object: fixed values, codes, targets, and its
// own.
func (e *validateEmitter) structValue(o *objectPlan, g *goType, expr, path string) []string {
	var out []string
	fault := func(when cond, code, message string) {
		if !when.isFalse() {
			out = append(out, "if "+when.text+" {\nlist = list.fault("+code+", "+path+", "+strconv.Quote(message)+")\n}")
		}
	}
	it := itemOf(g, expr)
	c := &pathCompiler{p: e.p}
	if g.Const != "" {
		fault(not(holds("equal(Raw("+expr+".AppendJSON(nil)), "+goString(string(g.Const))+")")), "codeValue", "want the fixed value, have another")
	}
	if g.Pattern != "" {
		if test, ok := c.holdsPattern(it, g.Pattern); ok {
			fault(not(test), "codePattern", "want everything that the pattern has, have less or other")
		}
	}
	if g.Codes != nil && g.Codes != e.told && !g.CodesOpen && g.Codes.Complete && len(g.Codes.Codes) > 0 {
		fault(e.unlisted(c, g, it), "codeCode", "want a code of "+oneLine(g.Codes.Name)+", have none of them")
	}
	if len(g.Targets) > 0 && g.object != nil {
		fault(wrongTarget(g, expr), "codeReference", "want a reference to "+strings.Join(g.Targets, ", ")+", have one to another type")
	}
	switch {
	case g.opaque:
		out = append(out, inner(expr, path)...)
	case g.object != nil && (e.checked[g.object] && !e.assume):
		out = append(out, inner(expr, path)...)
	}
	return out
}

// inner checks a value with its own method and puts the path before what that
// finds.
func inner(expr, path string) []string {
	if rest, ok := strings.CutPrefix(path, "indexed("); ok && !strings.Contains(rest, "(") {
		return []string{"list = " + expr + ".validate(list).underElement(len(list), " + rest}
	}
	if strings.HasPrefix(path, `"`) {
		return []string{"list = " + expr + ".validate(list).under(len(list), " + path + ")"}
	}
	return []string{"if n := len(list); true {\nlist = " + expr + ".validate(list)\nif len(list) > n {\nlist.within(n, " + path + ")\n}\n}"}
}

// wrongTarget is the condition that a reference leads to a type that is not
// allowed.
func wrongTarget(g *goType, expr string) cond {
	ref, typ := g.object.field("reference"), g.object.field("type")
	if ref == nil || ref.shape != optional || ref.typ.Kind != dataset.Text {
		return condFalse
	}
	kind := `""`
	if typ != nil && typ.shape == optional && typ.typ.name == "string" {
		kind = expr + "." + typ.goName + ".Value"
	}
	return and(holds(expr+"."+ref.goName+".Valid"),
		holds("!referenceTo("+expr+"."+ref.goName+".Value, "+kind+", "+strings.Join(quoteAll(g.Targets), ", ")+")"))
}

// unlisted is the condition that a Coding, CodeableConcept or Quantity has no
// code of the set that it must be from (R4 §4.1.3, required).
func (e *validateEmitter) unlisted(c *pathCompiler, g *goType, it item) cond {
	set := e.codings(g.Codes)
	known := func(coding item) cond {
		return c.follow(coding, "code").some(func(code item) cond {
			system := c.follow(coding, "system")
			in := func(s string) cond { return holds(set + "(" + s + ", " + plainText(code) + ")") }
			return system.some(func(s item) cond { return in(plainText(s)) })
		})
	}
	if g.object == nil {
		return condFalse
	}
	if g.object.field("coding") != nil {
		codings := c.follow(it, "coding")
		return not(codings.some(known))
	}
	if g.object.field("code") == nil || g.object.field("system") == nil {
		return condFalse
	}
	if isType(it.fhir, "Quantity") { // it may be without a unit
		return and(c.follow(it, "code").exists(), not(known(it)))
	}
	return not(known(it))
}
