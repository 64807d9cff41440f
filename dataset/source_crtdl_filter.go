package dataset

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// filter makes a condition of a filter: a search parameter with codes or a range
// of dates.
func (c *crtdlReader) filter(g *crtdlGroup, f jsontree.Value, path string) {
	name := f.Get("name").Text()
	sp := c.searchParameter(g.st.Type, name)
	expr := ""
	if sp != nil {
		expr = expressionFor(sp.Expression, g.st.Type)
	}
	if expr == "" {
		c.report(issue.Warning, CodeNotHeld, f, path, "%s has no search parameter %q: the filter is not applied", g.st.Type, name)
		return
	}
	before := len(c.b.issues)
	at, ok := c.b.typePath(pathPlace{expr, path, c.pos(f)}, c.b.rootOf(g.st), nil, issue.Information)
	c.b.issues = c.b.issues[:before]
	var cond func(typ string) string
	switch f.Get("type").Text() {
	case "token":
		cond = func(typ string) string { return tokenCondition(f.Get("codes"), typ) }
	case "date":
		start, end := f.Get("start"), f.Get("end")
		for _, v := range []jsontree.Value{start, end} {
			if v.Kind() != jsontree.Invalid && !isDayText(v.Text()) {
				c.report(issue.Error, CodeSource, v, path, "want a date, have another text")
				return
			}
		}
		cond = func(typ string) string { return dateCondition(start.Text(), end.Text(), typ) }
	default:
		c.report(issue.Error, CodeSource, f.Get("type"), path, "want a filter of type token or date, have another")
		return
	}
	var parts []string
	for _, a := range at.at {
		if s := cond(a.typ); s != "" {
			typed := "(" + expr + ")"
			if len(at.at) > 1 {
				typed += ".ofType(" + a.typ + ")"
			}
			parts = append(parts, typed+s)
		}
	}
	if !ok || len(parts) == 0 {
		c.report(issue.Warning, CodeNotHeld, f, path, "the filter has nothing that can be compared: it is not applied")
		return
	}
	g.table.Where = append(g.table.Where, Condition{Path: strings.Join(parts, " or "), Origin: path, Pos: c.pos(f)})
}

// searchParameter is the one of a type with a code; nil if it is not at hand.
func (c *crtdlReader) searchParameter(typ, code string) *fhirdef.SearchParameter {
	for _, prefix := range []string{typ, "clinical", "medications", "individual", "conformance", "Resource", "DomainResource"} {
		sp := c.b.defs.SearchParameter("http://hl7.org/fhir/SearchParameter/" + prefix + "-" + code)
		if sp == nil || sp.Code != code {
			continue
		}
		for _, b := range sp.Base {
			if b == typ || c.b.defs.IsSubtype(typ, b) {
				return sp
			}
		}
	}
	return nil
}

// expressionFor is the part of a search parameter's expression that speaks of a
// type.
func expressionFor(expr, typ string) string {
	var parts []string
	start, depth := 0, 0
	for i := 0; i <= len(expr); i++ {
		if i < len(expr) && expr[i] == '(' {
			depth++
		}
		if i < len(expr) && expr[i] == ')' {
			depth--
		}
		if i < len(expr) && (expr[i] != '|' || depth > 0) {
			continue
		}
		part := strings.TrimSpace(expr[start:i])
		start = i + 1
		inner := strings.TrimLeft(part, "( ")
		if after, ok := strings.CutPrefix(inner, typ); ok && (after == "" || after[0] == '.') {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " | ")
}

// tokenCondition is the end of a condition that an element has one of the codes.
func tokenCondition(codes jsontree.Value, typ string) string {
	var list []string
	for _, c := range codes.All() {
		code, system := c.Get("code").Text(), c.Get("system").Text()
		if code == "" {
			continue
		}
		switch typ {
		case "CodeableConcept", "Coding":
			one := "code = " + pathText(code)
			if system != "" {
				one = "(system = " + pathText(system) + " and " + one + ")"
			}
			list = append(list, one)
		case "Identifier":
			list = append(list, "(system = "+pathText(system)+" and value = "+pathText(code)+")")
		case "code", "string", "uri", "id":
			list = append(list, "$this = "+pathText(code))
		case "boolean":
			list = append(list, "$this.toString() = "+pathText(code))
		}
	}
	if len(list) == 0 {
		return ""
	}
	where := ".where(" + strings.Join(list, " or ") + ").exists()"
	if typ == "CodeableConcept" {
		return ".coding" + where
	}
	return where
}

// dateCondition is the end of a condition that a date lies in a range, or a
// period meets it. Dates are compared as text, to the day and as far as both
// are known.
func dateCondition(start, end, typ string) string {
	from := func(at string) string {
		return pathText(start) + ".substring(0, " + at + ".toString().length()) <= " + at + ".toString()"
	}
	to := func(at string) string { return at + ".toString().substring(0, 10) <= " + pathText(end) }
	var list []string
	switch typ {
	case "date", "dateTime", "instant":
		if start != "" {
			list = append(list, from("$this"))
		}
		if end != "" {
			list = append(list, to("$this"))
		}
	case "Period":
		if start != "" {
			list = append(list, "(end.empty() or "+from("end")+")")
		}
		if end != "" {
			list = append(list, "(start.empty() or "+to("start")+")")
		}
	}
	if len(list) == 0 {
		return ""
	}
	return ".where(" + strings.Join(list, " and ") + ").exists()"
}

// isDayText reports whether a text is a date as a filter has it: year, month and
// day, perhaps with a time behind.
func isDayText(s string) bool {
	if len(s) < 10 || len(s) > 40 {
		return false
	}
	for i := range 10 {
		if digit := s[i] >= '0' && s[i] <= '9'; digit == (i == 4 || i == 7) {
			return false
		}
	}
	return s[4] == '-' && s[7] == '-'
}
