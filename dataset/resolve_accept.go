package dataset

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
)

// refuses says in words why a type does not allow a value, "" where it does. The
// value is a JSON scalar; what Rules say is not looked at.
func refuses(t *Type, l Literal) string {
	if why := refusesKind(t, l); why != "" {
		return why
	}
	if t.Const != "" && !sameLiteral(t.Const, l) {
		return "differs from the only one"
	}
	if t.Pattern != "" && t.Pattern[0] != '{' && !sameLiteral(t.Pattern, l) {
		return "differs from the pattern"
	}
	if len(t.Enum) > 0 {
		found := false
		for _, e := range t.Enum {
			found = found || sameLiteral(e, l)
		}
		if !found {
			return "is not among the values"
		}
	}
	if t.Min != "" {
		if order, ok := compareLiterals(l, t.Min); ok && (order < 0 || order == 0 && t.MinExclusive) {
			return "is below min"
		}
	}
	if t.Max != "" {
		if order, ok := compareLiterals(l, t.Max); ok && (order > 0 || order == 0 && t.MaxExclusive) {
			return "is above max"
		}
	}
	if m := rational(t.MultipleOf); m != nil && m.Sign() > 0 {
		if r := rational(l); r != nil && !new(big.Rat).Quo(r, m).IsInt() {
			return "is no multiple"
		}
	}
	if s, ok := unquoteLiteral(l); ok {
		return refusesText(t, s)
	}
	return ""
}

func refusesText(t *Type, s string) string {
	if t.MaxLength >= 0 && runes(s) > t.MaxLength {
		return "is too long"
	}
	if runes(s) < t.MinLength {
		return "is too short"
	}
	if t.Regex != "" {
		if p, err := wholePattern(t.Regex); err == nil && !p.MatchString(s) {
			return "does not match the pattern"
		}
	}
	if t.Codes != nil && t.Codes.Complete && !t.CodesOpen && !hasCode(t.Codes.Codes, s) {
		return "is not among the codes"
	}
	return ""
}

// refusesKind holds the form of a value against the kind of a type.
func refusesKind(t *Type, l Literal) string {
	s, isText := unquoteLiteral(l)
	number := rational(l)
	if number == nil && isText {
		number = rational(Literal(s))
	}
	ok := true
	switch t.Kind {
	case Text, Duration:
		ok = isText
	case Boolean:
		ok = l == "true" || l == "false" || s == "true" || s == "false"
	case Integer:
		ok = number != nil && number.IsInt() && fitsBits(t, number.Num())
	case Decimal, Float:
		ok = number != nil
	case Date:
		ok = isText && fitsWord("date", l) && (t.Partial || len(s) == 10)
	case DateTime:
		ok = isText && fitsWord("datetime", l) && (t.Partial || strings.Contains(s, "T"))
	case Time:
		ok = isText && fitsWord("time", l)
	case Year:
		ok = number != nil && number.IsInt()
	case YearMonth:
		ok = isText && len(s) == 7 && isDateText(s)
	case Binary:
		_, err := base64.StdEncoding.DecodeString(s)
		ok = isText && err == nil
	case List:
		return refuses(t.Elem, l)
	case Union:
		ok = false
		for i := range t.Union {
			ok = ok || refuses(&t.Union[i], l) == ""
		}
	case ObjectKind, Map:
		ok = false
	}
	if !ok {
		return "has another type"
	}
	return ""
}

func fitsBits(t *Type, i *big.Int) bool {
	if t.Unsigned && i.Sign() < 0 {
		return false
	}
	bits := 63
	if t.Bits == 32 {
		bits = 31
	}
	return i.BitLen() <= bits
}

// sameLiteral says whether two values are equal: numbers by value.
func sameLiteral(a, b Literal) bool {
	if a == b {
		return true
	}
	if c, ok := compareLiterals(a, b); ok {
		return c == 0
	}
	if s, ok := unquoteLiteral(b); ok && rational(a) != nil {
		return sameLiteral(a, Literal(s))
	}
	return false
}

// conditionPath returns the path by which a source is asked for the value of the
// field, "" where it has none: a slice, a column that stands below a forEach.
func (n *narrower) conditionPath() string {
	f, t := n.field, n.table
	switch {
	case !isFHIR(t.Kind):
		if f.Path != "" {
			return f.Path
		}
		return f.Name
	case t.Form == Row:
		if t.Kind == FHIRView && !topColumn(t.From.View, f.Name) {
			return ""
		}
		return f.Path
	}
	return fhirPathOf(t, n.spec)
}

// fhirPathOf writes the element id of a field as FHIRPath, "" where a slice is in
// it.
func fhirPathOf(t *Table, s *FieldSpec) string {
	id := s.Path
	if id == "" {
		id = s.Name
	}
	if strings.Contains(id, ":") {
		return ""
	}
	first, rest, more := strings.Cut(id, ".")
	for _, c := range t.Object.Choices {
		for _, name := range c.Fields {
			if typ := strings.TrimPrefix(name, c.Name); name == first && typ != name {
				if f := t.Object.Field(name); f != nil && f.Type.Kind != ObjectKind {
					typ = strings.ToLower(typ[:1]) + typ[1:]
				}
				first = c.Name + ".ofType(" + typ + ")"
			}
		}
	}
	if more {
		return first + "." + rest
	}
	return first
}

// viewColumns visits the columns of a view: top says that a row of them stands
// for the whole resource.
func viewColumns(sel map[string]any, top bool, visit func(column map[string]any, top bool)) {
	for _, word := range []string{"forEach", "forEachOrNull", "repeat"} {
		if _, ok := sel[word]; ok {
			top = false
		}
	}
	for _, c := range asList(sel["column"]) {
		if column, ok := c.(map[string]any); ok {
			visit(column, top)
		}
	}
	for _, part := range []string{"select", "unionAll"} {
		for _, s := range asList(sel[part]) {
			if inner, ok := s.(map[string]any); ok {
				viewColumns(inner, top && part == "select", visit)
			}
		}
	}
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

func decodeView(view []byte) map[string]any {
	d := json.NewDecoder(bytes.NewReader(view))
	d.UseNumber()
	var doc map[string]any
	if d.Decode(&doc) != nil {
		return nil
	}
	return doc
}

// topColumn says whether a column of a view is a path from the resource itself.
func topColumn(view []byte, name string) bool {
	found := false
	if doc := decodeView(view); doc != nil {
		viewColumns(doc, true, func(c map[string]any, top bool) { found = found || top && c["name"] == name })
	}
	return found
}

// renameColumns gives columns of a view other names.
func renameColumns(view []byte, names map[string]string) []byte {
	doc := decodeView(view)
	if doc == nil {
		return view
	}
	viewColumns(doc, true, func(c map[string]any, _ bool) {
		if old, ok := c["name"].(string); ok && names[old] != "" {
			c["name"] = names[old]
		}
	})
	out, err := json.Marshal(doc)
	if err != nil {
		return view
	}
	return out
}
