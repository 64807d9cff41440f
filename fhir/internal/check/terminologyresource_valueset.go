package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// valueSet checks what a ValueSet is composed of: systems, codes and filters
// that can be looked up. (R4 §4.9)
func (r *run) valueSet(a at) {
	compose := r.f(a).value.Get("compose")
	c := r.child(a, "compose", -1, compose, "ValueSet.compose")
	defer r.pop(c)
	for _, name := range [...]string{"include", "exclude"} {
		i := 0
		for x := compose.Get(name).First(); x.Kind() != jsontree.Invalid; i, x = i+1, x.Next() {
			at := r.child(c, name, i, x, "ValueSet.compose.include")
			r.include(at, x)
			r.pop(at)
		}
	}
}

// include checks one part of a compose.
func (r *run) include(a at, x jsontree.Value) {
	r.imports(a, x)
	system := x.Get("system").Text()
	if system == "" {
		return
	}
	const rule = "ValueSet.compose.include.system"
	version := x.Get("version").Text()
	canonical := system
	if version != "" {
		canonical += "|" + version
	}
	cs := r.defs.CodeSystem(canonical)
	switch {
	case !isAbsolute([]byte(system)):
		r.err(a, CodeDefinition, rule, "want an absolute address as system, have another: a contained code system needs its full address too")
		return
	case cs == nil && r.defs.CodeSystem(system) == nil && r.defs.ValueSet(system) != nil:
		r.err(a, CodeDefinition, rule, "want the address of a code system as system, have one of a value set")
		return
	case cs != nil && cs.Content == "supplement":
		r.err(a, CodeDefinition, rule, "want a code system that stands by itself, have a supplement")
		return
	}
	r.included(a, x, system, version)
	i := 0
	for f := x.Get("filter").First(); f.Kind() != jsontree.Invalid; i, f = i+1, f.Next() {
		at := r.child(a, "filter", i, f, "ValueSet.compose.include.filter")
		r.filter(at, f, system, cs)
		r.pop(at)
	}
}

// imports checks the value sets that an include names.
func (r *run) imports(a at, x jsontree.Value) {
	i := 0
	for u := x.Get("valueSet").First(); u.Kind() != jsontree.Invalid; i, u = i+1, u.Next() {
		url := u.Text()
		if url == "" || url[0] == '#' || r.defs.ValueSet(url) != nil || strings.Contains(url, "?fhir_vs") {
			continue
		}
		at := r.child(a, "valueSet", i, u, "canonical")
		if r.defs.CodeSystem(url) != nil || r.defs.Structure(url) != nil {
			r.err(at, CodeDefinition, "ValueSet.compose.include.valueSet", "want a value set, have a definition of another kind")
		} else {
			r.warn(at, CodeDefinition, "ValueSet.compose.include.valueSet", "want the value set "+safeURL(url)+", have none: not checked")
		}
		r.pop(at)
	}
}

// included checks the codes that an include lists.
func (r *run) included(a at, x jsontree.Value, system, version string) {
	const rule = "ValueSet.compose.include.concept"
	seen := make(map[string]bool)
	told := false
	i := 0
	for c := x.Get("concept").First(); c.Kind() != jsontree.Invalid; i, c = i+1, c.Next() {
		code := c.Get("code").Text()
		if code == "" {
			continue
		}
		at := r.child(a, "concept", i, c, rule)
		info, m, reason := r.defs.LookupCode(system, version, code)
		switch {
		case seen[code]:
			r.warn(at, CodeDefinition, rule, "want each code of a system once, have one twice")
		case m == fhirdef.Out:
			r.err(at, CodeCode, rule, "want a code of code system "+safeURL(system)+", have one it does not hold")
		case m == fhirdef.Unknown && !told:
			told = true
			r.info(at, CodeNotChecked, rule, "want the codes looked up in their code system: not checked, "+because(reason))
		case m == fhirdef.In:
			r.includedDisplay(at, c, &info)
		}
		seen[code] = true
		r.pop(at)
	}
}

// includedDisplay tells of a display that the code system does not have. A value
// set may have its own, so it is no fault. (ValueSet.compose.include.concept.display)
func (r *run) includedDisplay(a at, c jsontree.Value, info *fhirdef.CodeInfo) {
	display := c.Get("display")
	if display.Kind() != jsontree.String || info.Display == "" || sameDisplay(display.Text(), info.Display) ||
		slices.ContainsFunc(info.Designations, func(d fhirdef.Designation) bool { return sameDisplay(display.Text(), d.Value) }) {
		return
	}
	r.info(a, CodeDisplay, "ValueSet.compose.include.concept.display", "want the display of the code system or one for this value set on purpose, have another")
}

// filter checks that a code system has the property or filter that is asked for,
// with that operator and a value that can be meant. (ValueSet.compose.include.filter)
func (r *run) filter(a at, f jsontree.Value, system string, cs *fhirdef.CodeSystem) {
	property, op, value := f.Get("property").Text(), f.Get("op").Text(), f.Get("value").Text()
	if property == "" || cs == nil || isLicensed(system) {
		return
	}
	for i := range cs.Filters {
		if d := &cs.Filters[i]; d.Code == property {
			if len(d.Operators) > 0 && op != "" && !slices.Contains(d.Operators, op) {
				r.err(a, CodeDefinition, "ValueSet.compose.include.filter.op", "want operator "+strings.Join(d.Operators, " or ")+" with filter "+property+", have "+op)
			}
			return
		}
	}
	typ := ""
	switch at := slices.IndexFunc(cs.Properties, func(p fhirdef.PropertyDefinition) bool { return p.Code == property }); {
	case at >= 0:
		typ = cs.Properties[at].Type
	case property == "concept" || property == "code":
		typ = "code"
	case property == "display" || property == "definition":
		typ = "string"
	case conceptProperties[property] != "" && property != "parent" && property != "child" && property != "partOf":
		typ = conceptProperties[property]
	default:
		if (property == "parent" || property == "child") && cs.HierarchyMeaning != "" {
			return
		}
		r.warn(a, CodeDefinition, "ValueSet.compose.include.filter.property", "want a property or filter that code system "+cs.URL+" has, have "+property)
		return
	}
	if f.Get("value").Kind() == jsontree.String && value != "" {
		r.filterValue(a, property, op, value, typ, cs)
	}
}

// filterValue checks the value of a filter by the type of the property.
func (r *run) filterValue(a at, property, op, value, typ string, cs *fhirdef.CodeSystem) {
	const rule = "ValueSet.compose.include.filter.value"
	switch op {
	case "exists":
		if value != "true" && value != "false" {
			r.err(a, CodeDefinition, rule, "want true or false with operator exists, have another value")
		}
		return
	case "regex":
		return
	}
	values := []string{value}
	if op == "in" || op == "not-in" {
		values = strings.Split(value, ",")
	}
	for _, v := range values {
		v = strings.TrimSpace(v)
		fault := ""
		switch typ {
		case "boolean":
			if v != "true" && v != "false" {
				fault = "true or false"
			}
		case "integer":
			if _, err := strconv.ParseInt(comparand(v), 10, 64); err != nil {
				fault = "an integer"
			}
		case "decimal", "dateTime":
			if textFault(typ, []byte(comparand(v))) != "" {
				fault = "a " + typ
			}
		case "Coding":
			fault = r.codingValue(v)
		case "code":
			if property == "concept" || property == "code" {
				if _, m, _ := r.defs.LookupCode(cs.URL, "", v); m == fhirdef.Out {
					fault = "a code of code system " + cs.URL
				}
			}
		}
		if fault != "" {
			r.err(a, CodeDefinition, rule, "want "+fault+" as value of a filter on "+property+", have another")
		}
	}
}

// comparand is a value without the prefix of a search that may stand before it.
// (R4 §3.1.1.5.5, Prefixes)
func comparand(v string) string {
	if len(v) > 2 {
		switch v[:2] {
		case "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap":
			return v[2:]
		}
	}
	return v
}

// codingValue tells what is wrong with a Coding written as system|version#code.
func (r *run) codingValue(v string) string {
	system, code, ok := strings.Cut(v, "#")
	if !ok || system == "" || code == "" || !isAbsolute([]byte(system)) {
		return "a code as system(|version)#code"
	}
	system, version, _ := strings.Cut(system, "|")
	if _, m, _ := r.defs.LookupCode(system, version, code); m == fhirdef.Out {
		return "a code that its system holds"
	}
	return ""
}

// conceptMap checks the codes that a ConceptMap maps. (R4 §4.10)
func (r *run) conceptMap(a at) {
	i := 0
	for g := r.f(a).value.Get("group").First(); g.Kind() != jsontree.Invalid; i, g = i+1, g.Next() {
		at := r.child(a, "group", i, g, "ConceptMap.group")
		r.mapGroup(at, g)
		r.pop(at)
	}
}

func (r *run) mapGroup(a at, g jsontree.Value) {
	const rule = "ConceptMap.group.element"
	source, target := g.Get("source").Text(), g.Get("target").Text()
	for _, s := range [...]struct{ name, url string }{{"source", source}, {"target", target}} {
		if s.url == "" {
			r.warn(a, CodeDefinition, "ConceptMap.group."+s.name, "want a "+s.name+" code system of the group, have none: its codes are not checked")
		} else if r.defs.CodeSystem(s.url) == nil && r.defs.ValueSet(s.url) != nil {
			r.err(a, CodeDefinition, "ConceptMap.group."+s.name, "want a code system as "+s.name+" of the group, have a value set")
		}
	}
	i := 0
	for e := g.Get("element").First(); e.Kind() != jsontree.Invalid; i, e = i+1, e.Next() {
		at := r.child(a, "element", i, e, rule)
		r.mapped(at, e, source, g.Get("sourceVersion").Text(), rule)
		j := 0
		for t := e.Get("target").First(); t.Kind() != jsontree.Invalid; j, t = j+1, t.Next() {
			to := r.child(at, "target", j, t, rule+".target")
			r.mapped(to, t, target, g.Get("targetVersion").Text(), rule+".target")
			r.pop(to)
		}
		r.pop(at)
	}
}

// mapped looks one code up.
func (r *run) mapped(a at, v jsontree.Value, system, version, rule string) {
	code := v.Get("code")
	if system == "" || code.Kind() != jsontree.String {
		return
	}
	if _, m, _ := r.defs.LookupCode(system, version, code.Text()); m == fhirdef.Out {
		c := r.child(a, "code", -1, code, "code")
		r.warn(c, CodeCode, rule+".code", "want a code of code system "+safeURL(system)+", have one it does not hold")
		r.pop(c)
	}
}
