package gen

import (
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// Markdown returns the data dictionary for people: dictionary.md. It has a section a
// table with grain, key, references and conditions, and a row a field with type, codes,
// unit, role and origin; then the members of objects and the codes.
func Markdown(m *dataset.Model) ([]File, issue.List, error) {
	w := &dictionary{model: m, anchors: map[string]bool{}}
	w.printf("# %s\n", cell(titleOf(m)))
	if address := addressOf(m); address != "" {
		w.printf("\n`%s`\n", strings.ReplaceAll(flatten(address), "`", "'"))
	}
	if m.Version != "" {
		w.printf("\nVersion %s\n", cell(m.Version))
	}
	if m.Description != "" {
		w.printf("\n%s\n", paragraph(m.Description))
	}
	w.contents()
	for _, t := range m.Tables {
		w.table(t)
	}
	w.objects()
	w.codeSets()
	w.sources()
	return []File{{Name: "dictionary.md", Content: []byte(w.b.String())}}, nil, nil
}

type dictionary struct {
	model   *dataset.Model
	b       strings.Builder
	anchors map[string]bool
}

func (w *dictionary) printf(format string, args ...any) { fmt.Fprintf(&w.b, format, args...) }

func (w *dictionary) contents() {
	if len(w.model.Tables) == 0 {
		return
	}
	w.printf("\n| table | a row is | fields | key | description |\n|---|---|---|---|---|\n")
	for _, t := range w.model.Tables {
		w.printf("| [%s](#%s) | %s | %d | %s | %s |\n", cell(t.Name), anchor("table", t.Name), cell(grainText(t.Grain)), len(t.Object.Fields),
			cell(strings.Join(t.Key, ", ")), cell(first(t.Title, t.Description)))
	}
}

func grainText(g dataset.Grain) string {
	switch g {
	case "":
		return ""
	case dataset.PerEvent, dataset.PerInstance, dataset.PerEncounter:
		return "an " + string(g)
	}
	return "a " + string(g)
}

// anchor makes an address in the document, for names may be anything.
func anchor(kind, name string) string {
	var b strings.Builder
	b.WriteString(kind + "-")
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "-%02x", c)
		}
	}
	return b.String()
}

func (w *dictionary) heading(kind, name string) {
	w.printf("\n<a id=\"%s\"></a>\n\n## %s\n", anchor(kind, name), cell(name))
}

func (w *dictionary) table(t *dataset.Table) {
	w.heading("table", t.Name)
	if t.Title != "" && t.Title != t.Name {
		w.printf("\n%s\n", paragraph(t.Title))
	}
	if t.Description != "" {
		w.printf("\n%s\n", paragraph(t.Description))
	}
	var facts []string
	fact := func(name, text string) {
		if text != "" {
			facts = append(facts, "- "+name+": "+text)
		}
	}
	fact("A row is", grainText(t.Grain))
	fact("Key", names(t.Key))
	for _, u := range t.Unique {
		fact("Unique", names(u))
	}
	for _, r := range t.Refs {
		to := cell(r.Table)
		if w.model.Table(r.Table) != nil {
			to = "[" + to + "](#" + anchor("table", r.Table) + ")"
		}
		fact("Reference", strings.TrimSpace(names(r.Fields)+" to "+to+" "+names(target(w.model, r))))
	}
	for _, c := range t.Where {
		text := span(c.Path)
		if len(c.Values) > 0 {
			text += " is one of " + names(c.Values)
		}
		fact("Only where", text)
	}
	fact("Source", strings.TrimSpace(cell(strings.TrimSpace(string(t.Kind)+" "+t.Source)+" "+first(t.From.Profile, t.From.Resource, t.From.OMOPTable, t.From.IOD))))
	if len(facts) > 0 {
		w.printf("\n%s\n", strings.Join(facts, "\n"))
	}
	w.fields(t.Object)
}

func (w *dictionary) fields(o *dataset.Object) {
	if len(o.Fields) == 0 {
		return
	}
	w.printf("\n| field | type | required | codes | unit | role | description | origin |\n|---|---|---|---|---|---|---|---|\n")
	for _, f := range o.Fields {
		w.row(f, "")
		for _, s := range f.Slices {
			if s.Field != nil {
				w.row(s.Field, f.Name+":")
			}
		}
	}
}

func (w *dictionary) row(f *dataset.Field, prefix string) {
	required := map[bool]string{true: "yes"}[f.Required]
	if f.DICOMType != "" {
		required = strings.TrimSpace(required + " (" + f.DICOMType + ")")
	}
	w.printf("| %s | %s | %s | %s | %s | %s | %s | %s |\n", cell(prefix+f.Name), w.typeText(&f.Type), required, w.codes(&f.Type), cell(f.Unit), cell(string(f.Role)),
		cell(first(f.Description, f.Title)), cell(originText(f)))
}

func originText(f *dataset.Field) string {
	where := first(f.ID, f.Path)
	for _, o := range f.Origins {
		if o.Source == "profile" {
			return strings.TrimSpace(where + " (narrowed)")
		}
	}
	return where
}

// typeText writes a type with its constraints.
func (w *dictionary) typeText(t *dataset.Type) string {
	var s string
	switch t.Kind {
	case dataset.List:
		if t.Elem == nil {
			return "list"
		}
		s = "list of " + w.typeText(t.Elem)
		if t.MinItems > 0 || t.MaxItems >= 0 {
			s += ", " + bounds(t.MinItems, t.MaxItems) + " items"
		}
		return s
	case dataset.Map:
		if t.Elem != nil {
			return "map to " + w.typeText(t.Elem)
		}
		return "map"
	case dataset.ObjectKind:
		if t.Object == nil {
			return "object"
		}
		return "[" + cell(t.Object.Name) + "](#" + anchor("object", t.Object.Name) + ")"
	case dataset.Union:
		var of []string
		for i := range t.Union {
			of = append(of, w.typeText(&t.Union[i]))
		}
		return strings.Join(of, " or ")
	}
	s = t.Kind.String()
	if t.Format != "" && t.Format != s {
		s += " (" + cell(t.Format) + ")"
	}
	if t.Partial {
		s += ", perhaps to the month or year"
	}
	if t.MinLength > 0 || t.MaxLength >= 0 {
		s += ", " + bounds(t.MinLength, t.MaxLength) + " characters"
	}
	low, high := " ≥ ", " ≤ "
	if t.MinExclusive {
		low = " > "
	}
	if t.MaxExclusive {
		high = " < "
	}
	if t.Min != "" {
		s += "," + low + cell(string(t.Min))
	}
	if t.Max != "" {
		s += "," + high + cell(string(t.Max))
	}
	if t.Const != "" {
		s += ", always " + span(string(t.Const))
	}
	if re := first(t.RegexSource, t.Regex); re != "" {
		s += ", matches " + span(re)
	}
	return s
}

func bounds(low, high int) string {
	switch {
	case high < 0:
		return fmt.Sprintf("at least %d", low)
	case low == high:
		return fmt.Sprint(low)
	case low == 0:
		return fmt.Sprintf("at most %d", high)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

func (w *dictionary) codes(t *dataset.Type) string {
	if t.Kind == dataset.List && t.Elem != nil {
		return w.codes(t.Elem)
	}
	if t.Codes == nil {
		var all []string
		for _, l := range t.Enum {
			all = append(all, string(l))
		}
		return cell(strings.Join(all, ", "))
	}
	name := cell(first(t.Codes.Name, t.Codes.Title, t.Codes.URL))
	s := "[" + name + "](#" + anchor("codes", t.Codes.Name) + ")"
	if t.CodesOpen {
		s += " and others"
	}
	return s
}

func (w *dictionary) objects() {
	if len(w.model.Objects) == 0 {
		return
	}
	for _, o := range w.model.Objects {
		w.heading("object", o.Name)
		if text := first(o.Description, o.Title); text != "" {
			w.printf("\n%s\n", paragraph(text))
		}
		w.fields(o)
	}
}

func (w *dictionary) codeSets() {
	const most = 200
	for _, s := range w.model.CodeSets {
		w.heading("codes", s.Name)
		if s.URL != "" {
			w.printf("\n<%s>\n", flatten(strings.NewReplacer("<", "%3C", ">", "%3E").Replace(s.URL)))
		}
		if s.Title != "" {
			w.printf("\n%s\n", paragraph(s.Title))
		}
		if len(s.Codes) == 0 {
			continue
		}
		w.printf("\n| code | display | system |\n|---|---|---|\n")
		for i, c := range s.Codes {
			if i == most {
				w.printf("| … | %d more | |\n", len(s.Codes)-most)
				break
			}
			w.printf("| %s | %s | %s |\n", cell(c.Code), cell(c.Display), cell(c.System))
		}
	}
}

func (w *dictionary) sources() {
	if len(w.model.Sources) == 0 {
		return
	}
	w.printf("\n## Sources\n\n| name | kind | reference | version | SHA-256 |\n|---|---|---|---|---|\n")
	for _, s := range w.model.Sources {
		w.printf("| %s | %s | %s | %s | %s |\n", cell(s.Name), cell(string(s.Kind)), cell(sourceName(&s)), cell(s.Version), cell(s.SHA256))
	}
}

func names(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, span(s))
	}
	return strings.Join(out, ", ")
}

// span writes a text as code; in a table only what divides cells needs care there.
func span(s string) string {
	return "`" + strings.NewReplacer("`", "'", "|", `\|`).Replace(flatten(s)) + "`"
}

var cellEscapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "[", `\[`, "]", `\]`, "*", `\*`)

// cell writes a text so that it stays in one cell of a table and is no markup.
func cell(s string) string { return cellEscapes.Replace(flatten(s)) }

// paragraph writes prose, which may have paragraphs but no markup of HTML.
func paragraph(s string) string {
	var out []string
	for p := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n\n") {
		if p = flatten(p); p != "" {
			p = strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(p)
			if strings.HasPrefix(p, "#") {
				p = `\` + p
			}
			out = append(out, p)
		}
	}
	return strings.Join(out, "\n\n")
}
