package dataset

import (
	"fmt"
	"strings"
)

// Explanation is what is known of a field and where it comes from.
type Explanation struct {
	Path  string // table.field, as resolved
	Table *Table
	Field *Field
}

// Explain finds a field of a model by its path: table.field, table.a.b for a
// member of an object, table.extension:race for a slice, value[x] for the first of
// a choice. The name of the table may be left out where there is only one, or
// where only one has such a field. The error names what was not found and what
// may have been meant.
func Explain(m *Model, field string) (*Explanation, error) {
	var names []string
	for _, t := range m.Tables {
		names = append(names, t.Name)
	}
	for _, t := range m.Tables {
		if rest, ok := strings.CutPrefix(field, t.Name+"."); ok {
			path, f, err := findField(t.Object, rest)
			if err != nil {
				return nil, fmt.Errorf("dataset: table %s: %w", quote(t.Name), err)
			}
			return &Explanation{t.Name + "." + path, t, f}, nil
		}
	}
	var found []*Explanation
	var failed error
	for _, t := range m.Tables {
		path, f, err := findField(t.Object, field)
		if err == nil {
			found = append(found, &Explanation{t.Name + "." + path, t, f})
		} else if len(m.Tables) == 1 {
			failed = fmt.Errorf("dataset: table %s: %w", quote(t.Name), err)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, fmt.Errorf("dataset: want the field of one table, have %s in %d: name it as %s", quote(field), len(found), found[0].Path)
	case failed != nil:
		return nil, failed
	}
	table, _, _ := strings.Cut(field, ".")
	return nil, fmt.Errorf("dataset: want TABLE.FIELD with one of the tables %s, have %s%s", strings.Join(names, ", "), quote(field), meant(table, names))
}

// findField finds a field below an object. A name may itself have points.
func findField(o *Object, path string) (string, *Field, error) {
	var best error
	for _, f := range o.Fields {
		name, p, err := matchField(f, path)
		if err == nil && p != nil {
			return name, p, nil
		}
		if err != nil {
			best = err
		}
	}
	for _, c := range o.Choices {
		if rest, ok := strings.CutPrefix(path, c.Name+"[x]"); ok && len(c.Fields) > 0 {
			return findField(o, c.Fields[0]+rest)
		}
	}
	step, below, more := strings.Cut(path, ".")
	if whole := wholeStep(o, step); whole != step {
		if more {
			whole += "." + below
		}
		return findField(o, whole)
	}
	if best != nil {
		return "", nil, best
	}
	var names []string
	for _, f := range o.Fields {
		names = append(names, f.Name)
	}
	return "", nil, fmt.Errorf("want a field of %s, have %s%s", quote(o.Name), quote(step), meant(step, names))
}

// matchField follows a path whose first step is f; no field and no error where it
// is not.
func matchField(f *Field, path string) (string, *Field, error) {
	if path == f.Name {
		return f.Name, f, nil
	}
	rest, ok := strings.CutPrefix(path, f.Name)
	if !ok {
		return "", nil, nil
	}
	if rest[0] == ':' {
		for _, s := range f.Slices {
			name := f.Name + ":" + s.Name
			if path == name {
				return name, s.Field, nil
			}
			if below, ok := strings.CutPrefix(path, name+"."); ok {
				return inside(name, s.Field, below)
			}
		}
		var names []string
		for _, s := range f.Slices {
			names = append(names, s.Name)
		}
		return "", nil, fmt.Errorf("want a slice of %s, have %s%s", quote(f.Name), quote(rest[1:]), meant(rest[1:], names))
	}
	if rest[0] != '.' {
		return "", nil, nil
	}
	return inside(f.Name, f, rest[1:])
}

func inside(name string, f *Field, path string) (string, *Field, error) {
	o := objectOf(&f.Type)
	if o == nil {
		return "", nil, fmt.Errorf("want a field with members, have %s of type %s", quote(f.Name), f.Type.Kind)
	}
	below, found, err := findField(*o, path)
	if err != nil {
		return "", nil, err
	}
	return name + "." + below, found, nil
}

// String returns the explanation in lines: what the field is, then where each
// thing that is said of it comes from.
func (e *Explanation) String() string {
	var b strings.Builder
	f := e.Field
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", label, text)
		}
	}
	b.WriteString(e.Path + "\n")
	line("title", f.Title)
	line("description", f.Description)
	line("type", typeInWords(f.Type))
	line("values", cardinality(f))
	line("source", strings.TrimSpace(e.Table.Source+" "+string(e.Table.Kind)))
	line("path", f.Path)
	if f.ID != f.Path {
		line("element", f.ID)
	}
	v := f.Type
	for v.Kind == List && v.Elem != nil {
		v = *v.Elem
	}
	line("codes", codesText(v))
	line("const", string(v.Const))
	line("pattern", firstOf(v.RegexSource, string(v.Pattern)))
	line("range", rangeText(v))
	line("unit", f.Unit)
	line("role", string(f.Role))
	if f.Deid != nil {
		line("deid", deidText(f.Deid))
	}
	for _, s := range f.Slices {
		line("slice", s.Name+": "+typeInWords(s.Field.Type)+", "+cardinality(s.Field))
	}
	for _, r := range v.Rules {
		line("rule", strings.TrimSpace(r.Key+" "+r.Human))
	}
	if len(f.Origins) > 0 {
		b.WriteString("  where this comes from\n")
	}
	for _, o := range f.Origins {
		fmt.Fprintf(&b, "    %-12s %s: %s\n", o.What, firstOf(o.Value, "yes"), originText(o))
	}
	return b.String()
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// typeInWords returns a type in words.
func typeInWords(t Type) string {
	text := t.Kind.String()
	switch t.Kind {
	case List, Map:
		if t.Elem != nil {
			text += " of " + typeInWords(*t.Elem)
		}
	case ObjectKind:
		if t.Object != nil {
			text += " " + t.Object.Name
		}
	case Union:
		var parts []string
		for _, u := range t.Union {
			parts = append(parts, typeInWords(u))
		}
		text = strings.Join(parts, " or ")
	}
	if t.Format != "" && t.Format != text {
		text += " (" + t.Format + ")"
	}
	return text
}

// cardinality returns how many values a field has, as FHIR writes it: 0..1.
func cardinality(f *Field) string {
	least, most := 0, "1"
	if f.Required {
		least = 1
	}
	if f.Type.Kind == List {
		least = max(least, f.Type.MinItems)
		most = "*"
		if f.Type.MaxItems >= 0 {
			most = itoa(f.Type.MaxItems)
		}
	}
	text := itoa(least) + ".." + most
	if f.Nullable {
		text += " or null"
	}
	return text
}

func codesText(t Type) string {
	s := t.Codes
	if s == nil {
		return ""
	}
	var list []string
	for _, c := range s.Codes {
		list = append(list, c.Code)
	}
	text := codesName(s)
	if s.Complete {
		text += ": " + listText(list)
	}
	if t.CodesOpen {
		text += " (others are allowed)"
	}
	return text
}

func rangeText(t Type) string {
	var parts []string
	if t.Min != "" {
		parts = append(parts, map[bool]string{true: "above ", false: "from "}[t.MinExclusive]+plainText(t.Min))
	}
	if t.Max != "" {
		parts = append(parts, map[bool]string{true: "below ", false: "to "}[t.MaxExclusive]+plainText(t.Max))
	}
	if t.MinLength > 0 {
		parts = append(parts, "at least "+itoa(t.MinLength)+" characters")
	}
	if t.MaxLength >= 0 {
		parts = append(parts, "at most "+itoa(t.MaxLength)+" characters")
	}
	return strings.Join(parts, ", ")
}
