package dataset

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// csvwTypes are the built-in datatypes (Metadata Vocabulary §5.11.1).
var csvwTypes = map[string]Kind{
	"anyAtomicType": Text, "any": Text, "anyURI": Text, "base64Binary": Binary, "binary": Binary, "boolean": Boolean, "date": Date, "dateTime": DateTime, "datetime": DateTime,
	"dateTimeStamp": DateTime, "decimal": Decimal, "integer": Integer, "long": Integer, "int": Integer, "short": Integer, "byte": Integer,
	"nonNegativeInteger": Integer, "positiveInteger": Integer, "unsignedLong": Integer, "unsignedInt": Integer, "unsignedShort": Integer, "unsignedByte": Integer,
	"nonPositiveInteger": Integer, "negativeInteger": Integer, "double": Float, "number": Float, "float": Float, "duration": Duration, "dayTimeDuration": Duration, "yearMonthDuration": Duration,
	"gDay": Text, "gMonth": Text, "gMonthDay": Text, "gYear": Year, "gYearMonth": YearMonth, "hexBinary": Text, "QName": Text, "string": Text, "normalizedString": Text,
	"token": Text, "language": Text, "Name": Text, "NMTOKEN": Text, "xml": Text, "html": Text, "json": Any, "time": Time,
}

// csvwBounds are the bounds that are part of a datatype.
var csvwBounds = map[string][2]Literal{
	"long": {}, "int": {}, "short": {"-32768", "32767"}, "byte": {"-128", "127"}, "nonNegativeInteger": {"0", ""}, "positiveInteger": {"1", ""},
	"unsignedLong": {"0", ""}, "unsignedInt": {"0", "4294967295"}, "unsignedShort": {"0", "65535"}, "unsignedByte": {"0", "255"},
	"nonPositiveInteger": {"", "0"}, "negativeInteger": {"", "-1"},
}

// datatype returns the type of a column: a name, or an object with a base and constraints.
func (r *csvwReader) datatype(f *Field, n *docNode) Type {
	base, object := "string", (*docNode)(nil)
	switch {
	case n == nil:
	case n.kind == jsontree.String:
		base = n.text
	case n.kind == jsontree.Object:
		object = n
		if s := r.text(n, "base"); s != "" {
			base = s
		}
	default:
		r.add(issue.Warning, n, CodeTableType, "want the name of a datatype or an object, have %s", n.kindName())
	}
	kind, ok := csvwTypes[base]
	if !ok {
		var names []string
		for k := range csvwTypes {
			names = append(names, k)
		}
		slices.Sort(names)
		r.add(issue.Warning, n, CodeTableType, "want a built-in datatype, have %s%s: it is string", quote(base), meant(base, names))
		base, kind = "string", Text
	}
	t := NewType(kind)
	t.Format = base
	if b, ok := csvwBounds[base]; ok {
		t.Min, t.Max = b[0], b[1]
	}
	switch base {
	case "int", "short", "byte", "unsignedShort", "unsignedByte", "float":
		t.Bits = 32
	case "dateTimeStamp":
		t.Zone = ZoneRequired
	case "anyURI":
		t.Format = "uri"
	}
	t.Unsigned = kind == Integer && strings.HasPrefix(base, "unsigned")
	if base == "unsignedInt" {
		t.Bits = 32
	}
	if object != nil {
		r.facets(f, &t, object, base)
	}
	r.origin(f, n, "type", base)
	return t
}

// facets reads the constraints of a derived datatype.
func (r *csvwReader) facets(f *Field, t *Type, n *docNode, base string) {
	sized := t.Kind == Text || t.Kind == Binary
	for _, name := range []string{"length", "minLength", "maxLength"} {
		m := n.get(name)
		if m == nil {
			continue
		}
		if !sized || m.kind != jsontree.Number || strings.ContainsAny(m.text, "-.eE") {
			r.errorf(m, CodeTableConstraint, "want %s of a text, a whole number, have it otherwise", name)
			continue
		}
		size := atoi(m.text)
		if name != "maxLength" {
			t.MinLength = size
		}
		if name != "minLength" {
			t.MaxLength = size
		}
		r.origin(f, m, strings.ReplaceAll(strings.ReplaceAll(name, "minL", "min-l"), "maxL", "max-l"), m.text)
	}
	if t.MaxLength >= 0 && t.MinLength > t.MaxLength {
		r.errorf(n, CodeTableConstraint, "want minLength of at most maxLength, have more")
	}
	for _, name := range []string{"minimum", "minInclusive", "minExclusive", "maximum", "maxInclusive", "maxExclusive"} {
		m := n.get(name)
		if m == nil {
			continue
		}
		v, ok := tableLiteral(t.Kind, m)
		if !ok || !slices.Contains(boundedKinds, t.Kind) && t.Kind != Float {
			r.errorf(m, CodeTableConstraint, "want a bound of type %s, have another %s", base, m.kindName())
			continue
		}
		if strings.HasPrefix(name, "min") {
			t.Min, t.MinExclusive = v, name == "minExclusive"
			r.origin(f, m, "min", string(v))
		} else {
			t.Max, t.MaxExclusive = v, name == "maxExclusive"
			r.origin(f, m, "max", string(v))
		}
	}
	if m := n.get("format"); m != nil {
		r.csvwFormat(f, t, m)
	}
}

// csvwFormat reads a format: a regular expression of texts, two words of a boolean, a date
// pattern, the characters of numbers.
func (r *csvwReader) csvwFormat(f *Field, t *Type, m *docNode) {
	switch {
	case m.kind == jsontree.Object && (t.Kind == Integer || t.Kind == Decimal || t.Kind == Float):
		if s := r.text(m, "decimalChar"); s != "" && s != "." {
			f.form().Decimal = s
		}
		if s := r.text(m, "groupChar"); s != "" && s != "," {
			f.form().Group = s
		}
		if m.get("pattern") != nil {
			r.add(issue.Information, m, CodeNotHeld, "want a number without a pattern, have one: it is not checked")
		}
	case m.kind != jsontree.String:
		r.add(issue.Warning, m, CodeTableType, "want a format as a string, have %s", m.kindName())
	case t.Kind == Boolean:
		yes, no, ok := strings.Cut(m.text, "|")
		if !ok {
			r.add(issue.Warning, m, CodeTableType, "want two words with | between, have something else")
			return
		}
		f.form().True, f.form().False = []string{yes}, []string{no}
	case t.Kind == Date || t.Kind == DateTime || t.Kind == Time:
		layout, ok := strptime(m.text)
		if !ok {
			r.add(issue.Information, m, CodeNotHeld, "want a date pattern of the standard, have another: it is not checked")
			return
		}
		if layout != "%Y-%m-%d" && layout != "%H:%M:%S" && layout != "%Y-%m-%dT%H:%M:%S" {
			f.form().Layout = layout
		}
	case t.Kind == Text:
		r.csvwRegex(f, t, m)
	default:
		r.add(issue.Information, m, CodeNotHeld, "want a number without a pattern, have one: it is not checked")
	}
}

// csvwRegex reads a regular expression; one that lists plain words becomes a set of codes.
func (r *csvwReader) csvwRegex(f *Field, t *Type, m *docNode) {
	if words, ok := alternatives(m.text); ok {
		t.Codes = &CodeSet{Name: f.Name, Complete: true}
		for _, w := range words {
			t.Codes.Codes = append(t.Codes.Codes, Code{Code: w})
		}
		r.origin(f, m, "codes", strings.Join(words, " "))
		return
	}
	t.RegexSource = m.text
	r.origin(f, m, "pattern", m.text)
	re, err := goRegex(m.text)
	if err != nil {
		r.add(issue.Warning, m, CodeNotHeld, "want a regular expression of RE2, have one beyond it: it is not checked")
		return
	}
	t.Regex = re
}

// alternatives returns the words of an expression ^(a|b|c)$, in which nothing has a meaning
// of its own but escaped characters.
func alternatives(re string) ([]string, bool) {
	inner, ok := strings.CutPrefix(re, "^(")
	if !ok {
		return nil, false
	}
	if inner, ok = strings.CutSuffix(inner, ")$"); !ok {
		return nil, false
	}
	words, word := []string(nil), []byte(nil)
	for i := 0; i < len(inner); i++ {
		c := inner[i]
		switch {
		case c == '\\' && i+1 < len(inner) && strings.IndexByte(`\.+*?()|[]{}^$-`, inner[i+1]) >= 0:
			i++
			word = append(word, inner[i])
		case c == '|':
			words = append(words, string(word))
			word = nil
		case strings.IndexByte(`\.+*?()[]{}^$`, c) >= 0:
			return nil, false
		default:
			word = append(word, c)
		}
	}
	return append(words, string(word)), true
}

// strptime turns a date pattern of the standard (§6.4.4) into a layout; ok is false where
// it has more than that.
func strptime(pattern string) (string, bool) {
	s := strings.NewReplacer("yyyy", "%Y", "MM", "%m", "dd", "%d", "HH", "%H", "mm", "%M", "ss", "%S").Replace(pattern)
	rest := strings.NewReplacer("%Y", "", "%m", "", "%d", "", "%H", "", "%M", "", "%S", "", "T", "").Replace(s)
	for _, c := range rest {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return "", false
		}
	}
	return s, true
}
