package dataset

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// scalar is the type of a primitive of FHIR, by its name. Format is that name.
func (b *fhirBuilder) scalar(typ string, t *fhirdef.Type) Type {
	out := fhirPrimitive(typ)
	if out.Kind != Text {
		return out
	}
	regex := ""
	if t != nil {
		regex = t.Regex
	}
	if regex == "" {
		regex = b.formatRegex(typ)
	}
	if regex == "" {
		return out
	}
	out.RegexSource = regex
	if _, err := regexp.Compile(regex); err != nil {
		b.once("regex "+regex, issue.Information, CodeNotHeld, "", "the pattern of "+typ+" is beyond the syntax of package regexp and is not checked")
		return out
	}
	out.Regex = regex
	return out
}

// fhirPrimitive is the type of a primitive without the pattern of its text.
func fhirPrimitive(typ string) Type {
	out := NewType(Text)
	out.Format = typ
	switch typ {
	case "boolean", "System.Boolean":
		out.Kind = Boolean
	case "integer", "System.Integer":
		out.Kind, out.Bits = Integer, 32
	case "integer64", "System.Long":
		out.Kind, out.Bits = Integer, 64
	case "unsignedInt":
		out.Kind, out.Bits, out.Unsigned = Integer, 32, true
	case "positiveInt":
		out.Kind, out.Bits, out.Unsigned, out.Min = Integer, 32, true, "1"
	case "decimal", "System.Decimal":
		out.Kind = Decimal
	case "date", "System.Date":
		out.Kind, out.Partial = Date, true
	case "dateTime", "System.DateTime":
		out.Kind, out.Partial, out.Zone = DateTime, true, ZoneRequired
	case "instant":
		out.Kind, out.Zone = DateTime, ZoneRequired
	case "time", "System.Time":
		out.Kind = Time
	case "base64Binary":
		out.Kind = Binary
	}
	return out
}

// formatRegex is the pattern that the definition of a primitive has for its text.
func (b *fhirBuilder) formatRegex(typ string) string {
	if typ == "xhtml" {
		return ""
	}
	st := b.defs.Type(typ)
	if st == nil {
		return ""
	}
	for i := range st.Elements {
		e := &st.Elements[i]
		if strings.HasSuffix(e.Path, ".value") && len(e.Types) > 0 {
			return e.Types[0].Regex
		}
	}
	return ""
}

// rules are the constraints of an element that are not among those of its type.
// ele-1 and what else Object.FHIR says already is left out.
func (b *fhirBuilder) rules(e *fhirdef.Element, without []fhirdef.Constraint) []Rule {
	var out []Rule
	for _, c := range e.Constraints {
		if c.Key == "ele-1" || slices.ContainsFunc(without, func(w fhirdef.Constraint) bool { return w.Key == c.Key }) {
			continue
		}
		if c.Expression == "" {
			b.once("rule "+c.Key+c.Source, issue.Information, CodeNotHeld, e.ID, "the constraint "+c.Key+" has no FHIRPath")
			continue
		}
		r := Rule{
			Key: c.Key, Human: c.Human, Severity: issue.Error, Language: "fhirpath", Expression: c.Expression, Source: c.Source,
		}
		switch {
		case c.BestPractice:
			r.Severity = issue.Information
		case c.Severity == "warning":
			r.Severity = issue.Warning
		}
		out = append(out, r)
	}
	return out
}

// rootConstraints are those that a type states for all its values.
func (b *fhirBuilder) rootConstraints(typ string) []fhirdef.Constraint {
	if s := b.defs.Shape(typ); s != nil && s.Element != nil {
		return s.Element.Constraints
	}
	return nil
}

// values puts fixed values, patterns and bounds on a type. The element may be a
// choice, of whose types the value is meant for one.
func (b *fhirBuilder) values(out *Type, e *fhirdef.Element, typ string) {
	if l := e.Fixed; l != nil && literalFits(l, typ) {
		out.Const = b.literal(l, e.ID)
	}
	if l := e.Pattern; l != nil && literalFits(l, typ) {
		if out.Kind == ObjectKind {
			out.Pattern = b.literal(l, e.ID)
		} else {
			out.Const = b.literal(l, e.ID) // for a primitive both are the same
		}
	}
	if l := e.MinValue; l != nil {
		b.bound(out, e, typ, l, true)
	}
	if l := e.MaxValue; l != nil {
		b.bound(out, e, typ, l, false)
	}
}

// literalFits reports whether a literal is of a type; the System types of id and url
// members are written as the primitives that they stand for.
func literalFits(l *fhirdef.Literal, typ string) bool {
	return strings.EqualFold(l.Type, typ) || strings.HasPrefix(typ, "System.") || typ == "string" || typ == "uri"
}

// literal is the JSON of a fixed value in compact form. What it says of the
// companion of a primitive is not held.
func (b *fhirBuilder) literal(l *fhirdef.Literal, id string) Literal {
	if l.Companion.Kind() != jsontree.Invalid {
		b.notHeld(id, "the extensions of a fixed primitive value are not held")
	}
	return Literal(jsontree.Compact(nil, l.Value.Raw()))
}

// bound puts a smallest or largest value on a type; that of a Quantity becomes
// a rule.
func (b *fhirBuilder) bound(out *Type, e *fhirdef.Element, typ string, l *fhirdef.Literal, least bool) {
	op, key := " <= ", "max-value"
	if least {
		op, key = " >= ", "min-value"
	}
	if l.Type == "Quantity" {
		value, unit := string(l.Value.Get("value").Number()), l.Value.Get("code").Text()
		if out.Kind != ObjectKind || value == "" {
			b.notHeld(e.ID, "a bound that is relative to the day is not held")
			return
		}
		if unit == "" {
			unit = "1"
		}
		out.Rules = append(out.Rules, Rule{
			Key: key, Severity: issue.Error, Language: "fhirpath", Source: e.ID,
			Expression: "$this" + op + value + " " + pathText(unit),
		})
		return
	}
	if !literalFits(l, typ) {
		return
	}
	text := b.literal(l, e.ID)
	if least {
		if out.Min == "1" && out.Unsigned && text == "0" {
			return
		}
		out.Min = text
	} else {
		out.Max = text
	}
}

// targets are the types to which a reference may lead; nil = any.
func (b *fhirBuilder) targets(canonicals []string, id string) []string {
	var out []string
	for _, c := range canonicals {
		typ := strings.TrimPrefix(c, hl7Structure)
		if b.defs.Kind(typ) == "" {
			st := b.defs.Structure(c)
			if st == nil {
				b.once("target "+c, issue.Information, CodeNotHeld, id, "the profile "+strconv.Quote(c)+" that a reference may lead to is not at hand: any target is taken")
				return nil
			}
			typ = st.Type
		}
		if b.defs.Abstract(typ) {
			return nil
		}
		if !slices.Contains(out, typ) {
			out = append(out, typ)
		}
	}
	return out
}

// resourceTargets are the types that a contained or bundled resource may have.
func (b *fhirBuilder) resourceTargets(typ string, t *fhirdef.Type, id string) []string {
	switch {
	case !b.defs.Abstract(typ):
		return []string{typ}
	case t != nil && len(t.Profiles) > 0:
		return b.targets(t.Profiles, id)
	}
	return nil
}

// choice gives an object a field for each type of a choice.
func (b *fhirBuilder) choice(o *Object, c *fhirNode, m *fhirdef.Member) {
	group := Choice{Name: c.name}
	least := c.e.Min > 0
	only := ""
	for i := range c.e.Types {
		t := &c.e.Types[i]
		typ := t.Name()
		name := c.name + upperFirst(typ)
		n, e := c, c.e
		if s := choiceSlice(c, typ); s != nil {
			n, e = s, s.e
			if len(s.e.Types) == 1 {
				t = &s.e.Types[0]
			}
			if s.e.Min > 0 {
				least, only = true, name
			}
		}
		if e.Max == 0 || c.e.Max == 0 || n == c && len(c.slices) > 0 && c.e.Slicing != nil && c.e.Slicing.Rules == "closed" {
			continue
		}
		if n == c && len(c.e.Types) > 1 && len(c.children) > 0 { // members of several types at once
			plain := *c
			plain.children = nil
			n = &plain
		}
		f := b.field(o, n, m, name, typ, t)
		o.Fields = append(o.Fields, f)
		group.Fields = append(group.Fields, name)
	}
	if only != "" { // one type must be there, so that the others cannot
		o.Fields = slices.DeleteFunc(o.Fields, func(f *Field) bool {
			return f.Name != only && slices.Contains(group.Fields, f.Name)
		})
		group.Fields = []string{only}
	}
	b.prohibitTypes(o, c, m, group.Fields)
	if len(group.Fields) == 0 {
		return
	}
	if len(group.Fields) == 1 {
		o.Field(group.Fields[0]).Required = least
		least = false
	}
	group.Required = least
	o.Choices = append(o.Choices, group)
}

// prohibitTypes forbids the names of those types that a profile leaves out.
func (b *fhirBuilder) prohibitTypes(o *Object, c *fhirNode, m *fhirdef.Member, kept []string) {
	if m == nil {
		return
	}
	for _, ch := range m.Choices {
		if !slices.Contains(kept, ch.JSON) {
			o.Prohibited = append(o.Prohibited, ch.JSON)
		}
	}
}

// choiceSlice is the slice of a choice that is for one type; nil if there is none.
func choiceSlice(c *fhirNode, typ string) *fhirNode {
	for _, s := range c.slices {
		if len(s.e.Types) == 1 && s.e.Types[0].Name() == typ {
			return s
		}
		if len(s.e.Types) != 1 && s.e.SliceName == c.name+upperFirst(typ) {
			return s
		}
	}
	return nil
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// origins tells where the constraints of a field come from.
func (b *fhirBuilder) origins(f *Field, e *fhirdef.Element, typ string) {
	add := func(what, value string) {
		f.Origins = append(f.Origins, Origin{What: what, Value: value, Source: b.in.spec.Name, Element: e.ID, Pos: f.Pos})
	}
	add("type", typ)
	if e.Min > 0 {
		add("required", strconv.Itoa(e.Min))
	}
	if e.Max > 1 && e.Max != fhirdef.Unbounded {
		add("max-items", strconv.Itoa(e.Max))
	}
	if e.MustSupport {
		add("must-support", "true")
	}
	if e.MaxLength > 0 {
		add("max-length", strconv.Itoa(e.MaxLength))
	}
	if e.Binding != nil && e.Binding.ValueSet != "" {
		add("codes", e.Binding.ValueSet+" ("+e.Binding.Strength+")")
	}
	literals := []struct {
		what string
		l    *fhirdef.Literal
	}{{"const", e.Fixed}, {"pattern", e.Pattern}, {"min", e.MinValue}, {"max", e.MaxValue}}
	for _, x := range literals {
		if x.l != nil {
			add(x.what, string(jsontree.Compact(nil, x.l.Value.Raw())))
		}
	}
	for _, c := range e.Constraints {
		if c.Key != "ele-1" && c.Key != "ext-1" {
			add("rule", c.Key)
		}
	}
}
