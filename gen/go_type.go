package gen

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
)

// goExpr returns the type of a struct field.
func goExpr(s shape, g *goType) string {
	name := g.name
	switch s {
	case optional:
		return "Opt[" + name + "]"
	case nullable:
		if g.object != nil {
			name = "*" + name
		}
		return "Nullable[" + name + "]"
	case pointer:
		return "*" + name
	case list:
		return "[]" + name
	case nullList:
		return "Nullable[[]" + name + "]"
	}
	return name
}

// emitStructs returns the struct types.
func emitStructs(p *plan) []jen.Code {
	var out []jen.Code
	for _, o := range p.objects {
		out = append(out, docComment(objectDoc(o)), jen.Type().Id(o.goName).StructFunc(func(g *jen.Group) {
			for _, f := range o.fields {
				structField(g, fieldDoc(f.goName, f.Field), f.goName, goExpr(f.shape, f.typ), fieldTags(o, f))
				for _, s := range f.slices {
					structField(g, sliceDoc(f, s), s.goName, goExpr(s.shape, s.typ), sliceTags(o, s))
				}
				if f.order != "" {
					structField(g, "", f.order, "[]uint8", "")
				}
			}
			if o.extra != nil {
				structField(g, o.extraName+" has the members that no field is for, in their order.", o.extraName, "ExtraMembers["+o.extra.name+"]", restTags(o, o.extraName))
			}
			if o.companions {
				structField(g, "Companions have the ids and extensions of primitives: the members that start with _.", "Companions", "Companions", restTags(o, "Companions"))
			}
		}), jen.Line())
	}
	return out
}

func structField(g *jen.Group, doc, name, typ, tags string) {
	if doc != "" {
		g.Add(docComment(doc))
	}
	st := g.Id(name).Op(typ)
	switch {
	case tags == "":
	case strings.Contains(tags, "`"):
		st.Op(strconv.Quote(tags))
	default:
		st.Op("`" + tags + "`")
	}
}

// commentWidth is the width of the text of comments.
const commentWidth = 100

// docComment returns a text as a comment of lines that are not too long.
func docComment(text string) jen.Code {
	var lines []string
	line := ""
	for _, word := range strings.Fields(oneLine(text)) {
		if line != "" && len(line)+1+len(word) > commentWidth {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	lines = append(lines, line)
	return jen.Op("// " + strings.Join(lines, "\n// "))
}

func objectDoc(o *objectPlan) string {
	var b strings.Builder
	b.WriteString(o.goName + " is ")
	switch {
	case o.table != nil && o.table.Form == dataset.Row:
		b.WriteString("a row of the table " + o.table.Name)
	case o.table != nil:
		b.WriteString("a record of the table " + o.table.Name)
	default:
		b.WriteString("an object of the type " + o.Name)
	}
	if o.table != nil && o.table.From.Profile != "" {
		b.WriteString(", of the profile " + o.table.From.Profile)
	}
	if o.table != nil && o.table.Grain != "" {
		b.WriteString(", one per " + string(o.table.Grain))
	}
	if o.ID != "" && o.ID != o.Name {
		b.WriteString(": " + o.ID)
	}
	b.WriteString(".")
	b.WriteString(prose(o.Title, o.Description))
	return b.String()
}

// mostProse is the length beyond which a description is cut.
const mostProse = 400

// prose returns what the source says of a thing, as a sentence that follows.
func prose(title, description string) string {
	text := oneLine(description)
	if text == "" {
		text = oneLine(title)
	}
	if text == "" {
		return ""
	}
	if r := []rune(text); len(r) > mostProse {
		text = strings.TrimRight(string(r[:mostProse]), " ") + " …"
	}
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "…") {
		text += "."
	}
	return " " + text
}

func fieldDoc(goName string, f *dataset.Field) string {
	var b strings.Builder
	b.WriteString(goName + " (" + typeWords(&f.Type))
	if f.Required {
		b.WriteString(", required")
	}
	if f.Nullable {
		b.WriteString(", may be null")
	}
	if f.Unit != "" {
		b.WriteString(", unit " + f.Unit)
	}
	b.WriteString(")")
	switch {
	case f.ID != "":
		b.WriteString(": " + f.ID)
	case f.Path != "":
		b.WriteString(": " + f.Path)
	}
	b.WriteString(".")
	b.WriteString(prose(f.Title, f.Description))
	return b.String()
}

func typeWords(t *dataset.Type) string {
	switch t.Kind {
	case dataset.List:
		return "list of " + typeWords(t.Elem)
	case dataset.Map:
		return "map to " + typeWords(t.Elem)
	case dataset.ObjectKind:
		return t.Object.Name
	}
	if t.Format != "" {
		return t.Format
	}
	return t.Kind.String()
}

func sliceDoc(f *fieldPlan, s *slicePlan) string {
	doc := fieldDoc(s.goName, s.Field)
	return strings.TrimSuffix(doc, ".") + ", a slice of " + f.Name + "."
}

// fieldTags names the member for JSON and, in a table, the column.
func fieldTags(o *objectPlan, f *fieldPlan) string {
	var tags []string
	if plainTag(f.Name) {
		text := f.Name
		if !f.Required {
			text += ",omitzero"
		}
		tags = append(tags, `json:"`+text+`"`)
	} else {
		tags = append(tags, `json:"-"`)
	}
	if o.table != nil {
		tags = append(tags, columnTags(f.Name, f.shape, f.typ)...)
	}
	return strings.Join(append(tags, metaTags(f.Field)...), " ")
}

func sliceTags(o *objectPlan, s *slicePlan) string {
	tags := []string{`json:"-"`}
	if o.table != nil {
		tags = append(tags, columnTags(o.sliceColumn(s), s.shape, s.typ)...)
	}
	return strings.Join(append(tags, metaTags(s.Field)...), " ")
}

func metaTags(f *dataset.Field) []string {
	var tags []string
	if f.Role != "" {
		tags = append(tags, `phi:`+strconv.Quote(string(f.Role)))
	}
	if f.Unit != "" {
		tags = append(tags, `unit:`+strconv.Quote(oneLine(f.Unit)))
	}
	return tags
}

// plainTag says that a name can stand in a struct tag as it is.
func plainTag(name string) bool {
	return name != "" && name != "-" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune("\"`\\,:", r)
	})
}

// emitEnums returns the enumerations: a string type with constants, Valid and a
// function that lists the codes.
func emitEnums(p *plan) []jen.Code {
	var out []jen.Code
	for _, e := range sortedBy(p.enums, func(e *enumPlan) string { return e.goName }) {
		out = append(out, docComment(enumDoc(e)), jen.Type().Id(e.goName).String())
		if e.big {
			out = append(out, bigEnum(e)...)
			continue
		}
		out = append(out,
			docComment("The codes of "+e.goName+"."),
			jen.Const().DefsFunc(func(g *jen.Group) {
				for _, v := range e.values {
					st := g.Id(v.goName).Id(e.goName).Op("=").Lit(v.code)
					if d := oneLine(v.display); d != "" && !strings.EqualFold(d, v.code) {
						st.Op("// " + d)
					}
				}
			}),
			function("Valid reports whether e is one of the codes.", "(e "+e.goName+") Valid() bool",
				stmt("switch e {\ncase %s:\nreturn true\n}\nreturn false", constants(e))),
			function(e.goName+"Values returns the codes in the order of their definition.", e.goName+"Values() []"+e.goName,
				stmt("return []%s{\n%s,\n}", e.goName, constants(e))),
			jen.Line(),
		)
	}
	return out
}

// constants lists the constants of an enumeration, a few a line.
func constants(e *enumPlan) string {
	var b strings.Builder
	width := 0
	for i, v := range e.values {
		if i > 0 {
			b.WriteString(",")
			if width += len(v.goName) + 2; width > commentWidth-20 {
				b.WriteString("\n")
				width = 0
			} else {
				b.WriteString(" ")
			}
		}
		b.WriteString(v.goName)
	}
	return b.String()
}

func enumDoc(e *enumPlan) string {
	doc := e.goName + " is a code of " + e.Name
	if e.URL != "" {
		doc += ": " + e.URL
		if e.Version != "" {
			doc += " version " + e.Version
		}
	}
	return doc + "."
}

// bigEnum returns the code of a set that is too large for constants.
func bigEnum(e *enumPlan) []jen.Code {
	codes := make([]string, len(e.values))
	for i, v := range e.values {
		codes[i] = v.code
	}
	slices.Sort(codes)
	table := "valid" + e.goName
	var b strings.Builder
	for i, c := range codes {
		b.WriteString(strconv.Quote(c) + ",")
		if i%8 == 7 {
			b.WriteString("\n")
		}
	}
	return []jen.Code{
		docComment(table + " has the codes in ascending order."),
		stmt("var %s = [...]%s{\n%s\n}", table, e.goName, strings.TrimSpace(b.String())),
		docComment("Valid reports whether e is one of the codes."),
		jen.Func().Op("(e "+e.goName+") Valid() bool").Block(
			jen.List(jen.Id("_"), jen.Id("ok")).Op(":=").Qual("slices", "BinarySearch").Call(jen.Id(table+"[:]"), jen.Id("e")),
			jen.Return(jen.Id("ok")),
		),
		docComment(e.goName + "Values returns the codes in ascending order."),
		jen.Func().Op(e.goName + "Values() []" + e.goName).Block(
			jen.Return(jen.Qual("slices", "Clone").Call(jen.Id(table + "[:]"))),
		),
		jen.Line(),
	}
}

// emitSystems returns the constants of code systems.
func emitSystems(p *plan) []jen.Code {
	if len(p.systems) == 0 {
		return nil
	}
	return []jen.Code{
		docComment("The code systems of the profile."),
		jen.Const().DefsFunc(func(g *jen.Group) {
			for _, s := range p.systems {
				g.Id(s.goName).Op("=").Lit(s.url)
			}
		}),
	}
}
