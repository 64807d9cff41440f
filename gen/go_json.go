package gen

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
)

// emitJSON returns the functions that read and write the structs as JSON.
func emitJSON(p *plan) []jen.Code {
	var out []jen.Code
	columns := p.columnObjects()
	for _, o := range p.objects {
		switch {
		case o.table != nil:
			out = append(out, emitEntry(o)...)
		case columns[o]:
			out = append(out, emitUnmarshal(o, "UnmarshalJSON reads a value of a column; the error has all issues that are errors."))
		}
		out = append(out, emitDecode(o), emitAppend(o))
		for _, f := range o.fields {
			if len(f.slices) > 0 {
				out = append(out, emitDecodeSlices(o, f), emitAppendSlices(o, f))
			}
		}
	}
	return out
}

// emitEntry returns what a caller uses of a table's struct.
func emitEntry(o *objectPlan) []jen.Code {
	v := o.recv
	return []jen.Code{
		function("Parse"+o.goName+" reads a record in JSON. A value of a wrong type or form, such as a date that is none, is left out and is an error, and so is what stands behind an error of syntax: without an error nothing that the profile lists is lost.",
			fmt.Sprintf("Parse%s(data []byte) (%s, Issues)", o.goName, o.goName),
			stmt("var %s %s", v, o.goName),
			stmt("in := newReader(data)"),
			stmt("%s.decode(in)", v),
			stmt("in.end()"),
			stmt("return %s, in.list", v)),
		emitUnmarshal(o, "UnmarshalJSON reads a record in JSON; the error has all issues that are errors."),
		function("MarshalJSON returns the record in JSON.", fmt.Sprintf("(%s %s) MarshalJSON() ([]byte, error)", v, o.goName),
			stmt("return %s.AppendJSON(nil), nil", v)),
	}
}

func emitUnmarshal(o *objectPlan, doc string) jen.Code {
	return method(doc, o, "UnmarshalJSON(data []byte) error",
		stmt("*%s = %s{}", o.recv, o.goName),
		stmt("in := newReader(data)"),
		stmt("%s.decode(in)", o.recv),
		stmt("in.end()"),
		stmt("return in.list.Err()"))
}

// columnObjects are the objects that a file of columns has as JSON.
func (p *plan) columnObjects() map[*objectPlan]bool {
	all := make(map[*objectPlan]bool)
	mark := func(g *goType) {
		for ; g != nil; g = g.elem {
			if g.object != nil {
				all[g.object] = true
			}
		}
	}
	for _, o := range p.objects {
		if o.table == nil {
			continue
		}
		for _, f := range o.fields {
			mark(f.typ)
			for _, s := range f.slices {
				mark(s.typ)
			}
		}
	}
	return all
}

// emitDecode returns the method that reads an object, member by member.
func emitDecode(o *objectPlan) jen.Code {
	var cases []jen.Code
	n := len(o.fields)
	if o.ResourceType != "" && o.field("resourceType") == nil {
		cases = append(cases, stmt(`case "resourceType":`), stmt("in.once(seen[:], %d)", n), stmt("in.resourceType(%q)", o.ResourceType))
		n++
	}
	var companions []string
	for i, f := range o.fields {
		cases = append(cases, stmt("case %q:", f.Name), stmt("in.once(seen[:], %d)", i), stmt("%s", decodeField(o, f)))
		if f.companion {
			companions = append(companions, strconv.Quote("_"+f.Name))
		}
	}
	if len(companions) > 0 {
		cases = append(cases, stmt("case %s:", wrapList(companions)), stmt("%s.Companions = in.companion(%s.Companions, name)", o.recv, o.recv))
	}
	if rest := decodeOthers(o); rest != "" {
		cases = append(cases, stmt("default:"), stmt("%s", rest))
	}
	var body []jen.Code
	if n > 0 {
		body = append(body, stmt("var seen [%d]uint64", (n+63)/64))
	}
	body = append(body,
		jen.Op("for name, more := in.object(); more; name, more = in.member()").Block(
			stmt("before := len(in.list)"),
			jen.Op("switch name").Block(cases...),
			stmt("in.within(before, name)"),
		))
	if o.extra != nil && !o.Closed {
		body = append(body, stmt("%s.%s = lastOfEach(in, %s.%s)", o.recv, o.extraName, o.recv, o.extraName))
	}
	for i, f := range o.fields {
		switch {
		case !f.Required:
		case f.companion:
			body = append(body, stmt("in.requireEither(seen[:], %d, %q, %s.Companions)", i, f.Name, o.recv))
		default:
			body = append(body, stmt("in.require(seen[:], %d, %q)", i, f.Name))
		}
	}
	if n > len(o.fields) {
		body = append(body, stmt("in.require(seen[:], %d, %q)", len(o.fields), "resourceType"))
	}
	return method("", o, "decode(in *reader)", body...)
}

// wrapList joins expressions, a few a line.
func wrapList(list []string) string {
	var b strings.Builder
	width := 0
	for i, s := range list {
		if i > 0 {
			b.WriteString(",")
			if width += len(s) + 2; width > commentWidth-20 {
				b.WriteString("\n")
				width = 0
			} else {
				b.WriteString(" ")
			}
		}
		b.WriteString(s)
	}
	return b.String()
}

// decodeOthers returns what happens to members that the fields do not name.
func decodeOthers(o *objectPlan) string {
	switch {
	case o.Closed:
		return "in.closed()"
	case o.extra != nil:
		return fmt.Sprintf("putMember(in, &%s.%s, name, %s)", o.recv, o.extraName, readFunc(o.extra))
	case o.table != nil && o.table.Unlisted:
		return "in.skip()"
	}
	return "in.unlisted()"
}

func decodeField(o *objectPlan, f *fieldPlan) string {
	field := o.recv + "." + f.goName
	if len(f.slices) > 0 {
		return fmt.Sprintf("%s.decode%s(in)", o.recv, f.goName)
	}
	if f.SlicesOnly { // and there is none
		return "in.skip()"
	}
	set := field + " = " + decodeValue(o, f.shape, f.typ)
	if f.shape == plain && (f.typ.object != nil || f.typ.union != nil) {
		set = field + ".decode(in)"
	}
	null := o.row() || f.Required && f.Nullable
	switch {
	case !null:
	case f.shape == optional:
		return fmt.Sprintf("%s = notNull(in, %s)", field, readFunc(f.typ))
	case f.shape == nilable:
		return fmt.Sprintf("%s = notNull(in, %s).Value", field, readFunc(f.typ))
	case f.shape == list, f.shape == pointer:
		return "if !in.null() {\n" + set + "\n}"
	}
	return set
}

// decodeValue returns the expression that reads a value of that shape.
func decodeValue(o *objectPlan, s shape, g *goType) string {
	switch s {
	case optional:
		return "some(" + readFunc(g) + "(in))"
	case nullable:
		if g.object != nil {
			return "orNull(in, pointerOf((*" + g.name + ").decode))"
		}
		return "orNull(in, " + readFunc(g) + ")"
	case pointer:
		return "pointer(in, (*" + g.name + ").decode)"
	case list:
		switch {
		case g.object != nil:
			return "objects(in, (*" + g.name + ").decode)"
		case o.FHIR && primitive(g.Type):
			return "gapped(in, " + readFunc(g) + ")"
		}
		return "list(in, " + readFunc(g) + ")"
	case nullList:
		return "orNull(in, listOf(" + readFunc(g) + "))"
	}
	return "value(" + readFunc(g) + "(in))"
}

// readFunc returns a func(*reader) (T, bool) that reads a value.
func readFunc(g *goType) string {
	switch g.Kind {
	case dataset.Text, dataset.Duration, dataset.Binary:
		return "text[" + g.name + "]"
	case dataset.Boolean:
		return "boolean"
	case dataset.Integer:
		if g.Unsigned {
			return "unsigned[" + g.name + "]"
		}
		if g.Format == "integer" { // JSON Schema: 1.0 is one too
			return "whole[" + g.name + "]"
		}
		return "integer[" + g.name + "]"
	case dataset.Year:
		return "integer[int32]"
	case dataset.Decimal:
		return "decimal"
	case dataset.Float:
		return "float"
	case dataset.Date, dataset.YearMonth:
		return "date"
	case dataset.DateTime:
		return "dateTime"
	case dataset.Time:
		return "timeOfDay"
	case dataset.ObjectKind:
		if g.opaque {
			return "extension"
		}
		return "valueOf((*" + g.name + ").decode)"
	case dataset.Union:
		return "valueOf((*" + g.name + ").decode)"
	case dataset.List:
		return "listOf(" + readFunc(g.elem) + ")"
	case dataset.Map:
		return "mapOf(" + readFunc(g.elem) + ")"
	}
	return "raw"
}

// appendFunc returns a func([]byte, T) []byte that appends a value.
func appendFunc(g *goType) string {
	switch g.Kind {
	case dataset.Text, dataset.Duration, dataset.Binary:
		return "appendText[" + g.name + "]"
	case dataset.Boolean:
		return "appendBoolean"
	case dataset.Integer:
		if g.Unsigned {
			return "appendUnsigned[" + g.name + "]"
		}
		return "appendInteger[" + g.name + "]"
	case dataset.Year:
		return "appendInteger[int32]"
	case dataset.Decimal:
		return "appendDecimal"
	case dataset.Float:
		return "appendFloat"
	case dataset.Date, dataset.YearMonth:
		return "appendDate"
	case dataset.DateTime:
		return "appendDateTime"
	case dataset.Time:
		return "appendTime"
	case dataset.ObjectKind:
		if g.opaque {
			return "appendExtension"
		}
		return "appenderOf((*" + g.name + ").AppendJSON)"
	case dataset.Union:
		return "appenderOf((*" + g.name + ").AppendJSON)"
	case dataset.List:
		return "appenderOfList(" + appendFunc(g.elem) + ")"
	case dataset.Map:
		return "appenderOfMap(" + appendFunc(g.elem) + ")"
	}
	return "appendRaw"
}

// appendArg is appendFunc where Go infers the type.
func appendArg(g *goType) string {
	name, _, _ := strings.Cut(appendFunc(g), "[")
	if strings.Contains(name, "(") {
		return appendFunc(g)
	}
	return name
}

// memberName returns the text that stands in front of a member's value, as a Go
// string: ,"name":
func memberName(name string) string {
	b, err := json.Marshal(name)
	if err != nil {
		b = []byte(strconv.Quote(name)) // no string fails
	}
	return goString("," + string(b) + ":")
}

func goString(s string) string {
	if strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// emitAppend returns AppendJSON.
func emitAppend(o *objectPlan) jen.Code {
	body := []jen.Code{stmt("start := len(dst)")}
	if o.ResourceType != "" && o.field("resourceType") == nil {
		body = append(body, stmt("dst = append(dst, %s...)", goString(`,"resourceType":"`+o.ResourceType+`"`)))
	}
	for _, f := range o.fields {
		body = append(body, stmt("%s", appendField(o, f)))
		if f.companion {
			body = append(body, stmt("dst = appendCompanion(dst, %s, %s.Companions)", memberName("_"+f.Name), o.recv))
		}
	}
	if o.extra != nil {
		body = append(body, stmt("dst = appendExtra(dst, %s.%s, %s)", o.recv, o.extraName, appendFunc(o.extra)))
	}
	body = append(body, stmt("return finish(dst, start)"))
	return method("AppendJSON appends the object in JSON to dst.", o, "AppendJSON(dst []byte) []byte", body...)
}

func appendField(o *objectPlan, f *fieldPlan) string {
	if len(f.slices) > 0 {
		return fmt.Sprintf("dst = %s.append%s(dst)", o.recv, f.goName)
	}
	field, name := o.recv+"."+f.goName, memberName(f.Name)
	null := f.Required && f.Nullable && !o.row()
	switch f.shape {
	case optional:
		if null {
			return fmt.Sprintf("dst = appendOptNull(dst, %s, %s, %s)", name, field, appendArg(f.typ))
		}
		text := fmt.Sprintf("dst = appendOpt(dst, %s, %s, %s)", name, field, appendArg(f.typ))
		if f.fill != "" {
			text += fmt.Sprintf("\nif %s {\ndst = append(dst, %s...)\n}", and(holds("!"+field+".Valid"), bare(o, f)).text, filled(f))
		}
		return text
	case nullable:
		each := appendArg(f.typ)
		if f.typ.object != nil {
			each = "(*" + f.typ.name + ").AppendJSON"
			return fmt.Sprintf("dst = appendNullableObject(dst, %s, %s, %s)", name, field, each)
		}
		return fmt.Sprintf("dst = appendNullable(dst, %s, %s, %s)", name, field, each)
	case nullList:
		return fmt.Sprintf("dst = appendNullable(dst, %s, %s, appenderOfList(%s))", name, field, appendFunc(f.typ))
	case pointer:
		return orElse(field+" != nil", fmt.Sprintf("dst = %s.AppendJSON(append(dst, %s...))", field, name), f, name, null)
	case nilable:
		if f.typ.Kind == dataset.Any {
			return fmt.Sprintf("dst = appendPresent(dst, %s, %s, appendRaw)", name, field)
		}
		return orElse(field+" != nil", fmt.Sprintf("dst = %s(append(dst, %s...), %s)", appendFunc(f.typ), name, field), f, name, null)
	case list:
		return appendListField(o, f, field, name, null)
	}
	return appendPlain(o, f, field, name)
}

// orElse writes a value where there is one, else what stands for none.
func orElse(cond, then string, f *fieldPlan, name string, null bool) string {
	text := "if " + cond + " {\n" + then + "\n}"
	switch {
	case f.fill != "":
		text += " else {\ndst = append(dst, " + filled(f) + "...)\n}"
	case null:
		text += " else {\ndst = append(append(dst, " + name + "...), \"null\"...)\n}"
	}
	return text
}

// bare is the condition that a primitive has no companion.
func bare(o *objectPlan, f *fieldPlan) cond {
	if !f.companion {
		return condTrue
	}
	return compare(fmt.Sprintf("%s.Companions.Of(%q)", o.recv, f.Name), "==", `""`)
}

func filled(f *fieldPlan) string {
	b, err := json.Marshal(f.Name)
	if err != nil {
		b = []byte(strconv.Quote(f.Name))
	}
	return goString("," + string(b) + ":" + string(f.fill))
}

func appendListField(o *objectPlan, f *fieldPlan, field, name string, null bool) string {
	call := "appendList(append(dst, " + name + "...), " + field + ", " + appendArg(f.typ) + ")"
	switch {
	case f.typ.object != nil:
		call = "appendObjects(append(dst, " + name + "...), " + field + ", (*" + f.typ.name + ").AppendJSON)"
	case f.companion && zeroIsValue(f.typ):
		call = fmt.Sprintf("appendGappedNumbers(append(dst, %s...), %s, %s.Companions.Of(%q), %s)", name, field, o.recv, f.Name, appendArg(f.typ))
	case f.companion:
		call = fmt.Sprintf("appendGapped(append(dst, %s...), %s, %s.Companions.Of(%q), %s)", name, field, o.recv, f.Name, appendArg(f.typ))
	}
	call = "dst = " + call
	switch {
	case o.FHIR, f.fill != "":
		return orElse("len("+field+") > 0", call, f, name, false)
	case f.Required && !null:
		return call
	}
	return orElse(field+" != nil", call, f, name, null)
}

func appendPlain(o *objectPlan, f *fieldPlan, field, name string) string {
	direct := fmt.Sprintf("dst = %s(append(dst, %s...), %s)", appendArg(f.typ), name, field)
	switch f.typ.Kind {
	case dataset.ObjectKind, dataset.Union:
		if f.typ.opaque {
			return direct
		}
		if o.FHIR && f.typ.object != nil || f.fill != "" {
			fill := `""`
			if f.fill != "" {
				fill = goString(string(f.fill))
			}
			return fmt.Sprintf("dst = appendFilled(dst, %s, %s, &%s, (*%s).AppendJSON)", name, fill, field, f.typ.name)
		}
		return fmt.Sprintf("dst = %s.AppendJSON(append(dst, %s...))", field, name)
	case dataset.List, dataset.Map:
		return direct
	case dataset.Boolean, dataset.Integer, dataset.Float, dataset.Year:
		return direct
	}
	switch {
	case f.fill != "":
		text := fmt.Sprintf("dst = appendOrFill(dst, %s, %s, %s, %s)", name, goString(string(f.fill)), field, appendArg(f.typ))
		if f.companion {
			text = "if " + or(present(f.typ, field), bare(o, f)).text + " {\n" + text + "\n}"
		}
		return text
	case o.FHIR || f.typ.Kind != dataset.Text && f.typ.Kind != dataset.Duration && f.typ.Kind != dataset.Binary:
		return fmt.Sprintf("dst = appendPresent(dst, %s, %s, %s)", name, field, appendArg(f.typ))
	}
	return direct
}
