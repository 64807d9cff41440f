package dataset

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

// narrow puts what a profile says of a field over what its source says. What
// would allow more than the source does is told, with both places, and left as
// it was.
func (r *resolver) narrow(t *Table, f *Field, s *FieldSpec) {
	n := &narrower{resolver: r, table: t, field: f, spec: s, first: len(f.Origins)}
	n.words()
	if s.Type != "" {
		n.typ()
	}
	if s.List != nil {
		n.list(*s.List)
	}
	v := n.value()
	if s.Codes != "" || len(s.CodeList) > 0 {
		n.codes(v)
	}
	if s.Min != "" {
		n.bound(v, "min", s.Min, &v.Min, v.MinExclusive, 1)
	}
	if s.Max != "" {
		n.bound(v, "max", s.Max, &v.Max, v.MaxExclusive, -1)
	}
	if s.MaxLength != nil {
		n.maxLength(v, *s.MaxLength)
	}
	if s.Pattern != "" {
		n.pattern(v)
	}
	if s.Const != "" {
		n.constant(v)
	}
	if s.Required != nil {
		n.required(*s.Required)
	}
}

type narrower struct {
	*resolver
	table *Table
	field *Field
	spec  *FieldSpec
	first int // of Origins, the first of the profile
}

// value is the type on which the constraints on values are: that of the elements
// of a list.
func (n *narrower) value() *Type {
	t := &n.field.Type
	for t.Kind == List && t.Elem != nil {
		t = t.Elem
	}
	return t
}

func (n *narrower) at(key string) issue.Pos {
	if p, ok := n.spec.At[key]; ok {
		return p
	}
	return n.spec.Pos
}

func (n *narrower) path(key string) string {
	return "tables." + n.table.Name + ".fields." + n.spec.Name + "." + key
}

// origin records that the profile says something of the field.
func (n *narrower) origin(what, value string) {
	key := strings.ReplaceAll(what, "-", "_")
	n.field.Origins = append(n.field.Origins, Origin{What: what, Value: value, Source: "profile",
		Element: n.table.Name + "." + n.spec.Name, Pos: n.at(key)})
}

// widens reports an override that allows more than the source.
func (n *narrower) widens(key, message string, what ...string) {
	n.resolver.fail(CodeWidens, n.at(key), n.path(key), message+n.sourcePlace(what), nil)
}

// sourcePlace names where the source says one of what.
func (n *narrower) sourcePlace(what []string) string {
	for _, o := range n.field.Origins {
		if o.Source != "profile" && slices.Contains(what, o.What) {
			return ": " + originText(o)
		}
	}
	if w := whereInSource(n.field); w != "" {
		return ":" + strings.Trim(w, "()")
	}
	return ""
}

// words takes over what adds and does not narrow.
func (n *narrower) words() {
	f, s := n.field, n.spec
	if s.Title != "" {
		f.Title = s.Title
	}
	if s.Description != "" {
		f.Description = s.Description
	}
	if s.GoName != "" {
		f.GoName = s.GoName
	}
	if s.Role != "" {
		f.Role = s.Role
		n.origin("role", string(s.Role))
	}
	if s.Deid != nil {
		f.Deid = s.Deid
		n.origin("deid", s.Deid.Method)
	}
	if s.Unit != "" {
		if f.Unit != "" && f.Unit != s.Unit && f.UnitPath == "" {
			n.fail(CodeConflict, n.at("unit"), n.path("unit"), "want the unit that the source has, "+quote(f.Unit)+", have another", f)
			return
		}
		f.Unit = s.Unit
		n.origin("unit", s.Unit)
	}
}

func (n *narrower) required(yes bool) {
	f := n.field
	if !yes {
		if f.Required {
			n.widens("required", "want a field that is required to stay so, have required: false", "required", "type")
		}
		return
	}
	if f.Required && !f.Nullable {
		return
	}
	f.Required = true
	if n.table.Form == Row {
		f.Nullable = false
	}
	n.origin("required", "true")
}

func (n *narrower) list(yes bool) {
	f := n.field
	isList := f.Type.Kind == List
	switch {
	case yes == isList:
	case yes && f.Type.Kind == Any, !yes && f.Type.Kind == Any:
	case yes:
		n.widens("list", "want one value as in the source, have list: true", "type", "max", "list")
	case f.Type.MaxItems == 1 && n.table.Form == Row:
		f.Required = f.Required && f.Type.MinItems > 0
		f.Type = *f.Type.Elem
		n.origin("list", "false")
	case n.table.Form == Record:
		f.Type.MaxItems = 1
		f.Type.MinItems = min(f.Type.MinItems, 1)
		n.origin("list", "false")
	default:
		n.fail(CodeConflict, n.at("list"), n.path("list"),
			"want a list, or a source with one value at most, have a source with several: take one by its path, such as .first()", f)
	}
}

// typ narrows the type to that of the profile's word.
func (n *narrower) typ() {
	f, word := n.field, n.spec.Type
	if word == "list" {
		if f.Type.Kind != List && f.Type.Kind != Any {
			n.widens("type", "want one value as in the source, have type list", "type", "max")
		}
		return
	}
	v := n.value()
	narrowed, ok := narrowType(*v, word, n.table.Form == Row)
	if !ok {
		hint := ""
		if v.Kind == DateTime && word == "date" {
			hint = " (a date would drop the time: keep datetime, or say deid: {method: generalize})"
		}
		n.widens("type", "want "+kindWord(*v)+" or a narrower type, have "+word+hint, "type")
		return
	}
	if narrowed.Kind != v.Kind || narrowed.Format != v.Format {
		n.origin("type", word)
	}
	*v = narrowed
}

// kindWord returns the word of profiles for a type.
func kindWord(t Type) string {
	switch t.Kind {
	case Any:
		return "json"
	case Text:
		if t.Codes != nil {
			return "code"
		}
		return "string"
	case Float:
		return "decimal"
	case ObjectKind, Map, Union:
		return "json"
	}
	return t.Kind.String()
}

// narrowType returns t with its kind narrowed to that of a word; false where not
// all that the word allows is in t. In a row a text may be read as another scalar,
// whose texts are among all texts.
func narrowType(t Type, word string, row bool) (Type, bool) {
	to := func(k Kind) (Type, bool) {
		if t.Kind == Text {
			t.MaxLength = -1
		}
		t.Kind = k
		return t, true
	}
	if t.Kind == Union && word != "json" {
		for _, alternative := range t.Union {
			if narrowed, ok := narrowType(alternative, word, row); ok && sameKind(narrowed.Kind, word) {
				return narrowed, true
			}
		}
		return t, false
	}
	if t.Kind == Any {
		if word == "json" {
			return t, true
		}
		k := wordKind(word)
		n := NewType(k)
		n.Const, n.Pattern, n.Enum, n.Rules = t.Const, t.Pattern, t.Enum, t.Rules
		if word == "code" {
			n.Format = "code"
		}
		return n, true
	}
	free := freeText(&t, wordKind(word))
	switch word {
	case "json":
		return t, t.Kind == ObjectKind || t.Kind == Map || t.Kind == Union || t.Kind == List
	case "string":
		return t, t.Kind == Text
	case "code":
		if t.Kind == Text && t.Format == "" {
			t.Format = "code"
		}
		return t, t.Kind == Text || isCoded(t)
	case "quantity":
		if row && free {
			return to(Decimal)
		}
		return t, t.Kind == Decimal || t.Kind == Integer || t.Kind == Float || t.Kind == ObjectKind && (t.Object.Name == "Quantity" || t.Object.Base == "Quantity")
	case "integer":
		switch t.Kind {
		case Integer, Year:
			return t, t.Kind == Integer
		case Decimal, Float:
			t.Bits = 0
			return to(Integer)
		}
	case "decimal":
		if t.Kind == Float {
			t.Bits = 0
			return to(Decimal)
		}
		if t.Kind == Decimal {
			return t, true
		}
	case "binary", "date", "datetime", "time", "boolean":
		k := wordKind(word)
		if t.Kind == k {
			return t, true
		}
		if free && (row || k != Boolean) {
			return to(k)
		}
		return t, false
	}
	if row && free {
		return to(wordKind(word))
	}
	return t, false
}

// freeText says whether t is text in which all that a kind can write has room.
func freeText(t *Type, k Kind) bool {
	if t.Kind != Text || t.Codes != nil || t.Const != "" || t.Pattern != "" || t.Regex != "" || t.MinLength > 0 ||
		len(t.Enum) > 0 || len(t.Rules) > 0 {
		return false
	}
	longest := map[Kind]int{Boolean: 5, Integer: 20, Date: 10, Time: 18, DateTime: 35}[k]
	return t.MaxLength < 0 || longest > 0 && t.MaxLength >= longest
}

func isCoded(t Type) bool {
	if t.Kind != ObjectKind {
		return false
	}
	for _, name := range []string{t.Object.Name, t.Object.Base} {
		if name == "Coding" || name == "CodeableConcept" {
			return true
		}
	}
	return false
}

func sameKind(k Kind, word string) bool {
	return k == wordKind(word) || word == "quantity" && (k == Integer || k == Float)
}

// wordKind returns the kind that a word of profiles stands for.
func wordKind(word string) Kind {
	switch word {
	case "string", "code":
		return Text
	case "boolean":
		return Boolean
	case "integer":
		return Integer
	case "decimal", "quantity":
		return Decimal
	case "date":
		return Date
	case "datetime":
		return DateTime
	case "time":
		return Time
	case "binary":
		return Binary
	case "list":
		return List
	}
	return Any
}

// codes narrows the codes of a value.
func (n *narrower) codes(v *Type) {
	set := n.codeSet(v)
	if set == nil {
		return
	}
	switch {
	case v.Kind == Text || isCoded(*v):
	case v.Kind == Integer && set.Complete:
		n.enum(v, set)
		return
	default:
		n.fail(CodeConflict, n.at("codes"), n.path("codes"), "want codes of text, have a field of type "+kindWord(*v), n.field)
		return
	}
	if old := v.Codes; old != nil && !v.CodesOpen && old.Complete && set.Complete {
		bySystem := map[string]string{}
		for _, c := range old.Codes {
			bySystem[c.Code] = c.System
		}
		for i, c := range set.Codes {
			system, ok := bySystem[c.Code]
			if !ok || c.System != "" && system != "" && !hasPair(old.Codes, c) {
				n.widens("codes", "want codes that the source allows, have "+quote(c.Code)+codeHint(c.Code, old), "codes", "binding")
				return
			}
			if c.System == "" {
				set.Codes[i].System = system
			}
		}
	}
	if old := v.Codes; old != nil && !v.CodesOpen && !set.Complete && old.Complete && old.URL != set.URL {
		n.report(issue.Issue{Severity: issue.Warning, Code: CodeNotHeld, Pos: n.at("codes"), Path: n.path("codes"),
			Message: "want a value set whose codes are at hand, have one without: the codes of the source are checked in its place"})
		return
	}
	v.Codes, v.CodesOpen = set, false
	n.origin("codes", n.codesText())
}

func hasPair(codes []Code, c Code) bool {
	return slices.ContainsFunc(codes, func(o Code) bool { return o.Code == c.Code && o.System == c.System })
}

func codeHint(code string, set *CodeSet) string {
	var names []string
	for _, c := range set.Codes[:min(len(set.Codes), 1000)] {
		names = append(names, c.Code)
	}
	return meant(code, names)
}

func (n *narrower) codesText() string {
	if n.spec.Codes != "" {
		return n.spec.Codes
	}
	var list []string
	for _, c := range n.spec.CodeList {
		list = append(list, c.Code)
	}
	return strings.Join(list, " ")
}

// enum narrows whole numbers to a list, as of concept ids.
func (n *narrower) enum(v *Type, set *CodeSet) {
	var values []Literal
	for _, c := range set.Codes {
		l := Literal(c.Code)
		if rat := rational(l); rat == nil || !rat.IsInt() {
			n.fail(CodeConflict, n.at("codes"), n.path("codes"), "want whole numbers as the source has, have "+quote(c.Code), n.field)
			return
		}
		if len(v.Enum) > 0 && !slices.ContainsFunc(v.Enum, func(o Literal) bool { c, ok := compareLiterals(o, l); return ok && c == 0 }) {
			n.widens("codes", "want values that the source allows, have "+quote(string(l)), "enum", "codes")
			return
		}
		values = append(values, l)
	}
	v.Enum = values
	n.origin("codes", n.codesText())
}

// codeSet makes the set of codes that the profile names; nil where it cannot.
func (n *narrower) codeSet(v *Type) *CodeSet {
	s := n.spec
	if s.Codes == "" {
		return &CodeSet{Name: n.table.Name + "." + n.spec.Name, Codes: slices.Clone(s.CodeList), Complete: true}
	}
	if v.Codes != nil && v.Codes.URL != "" && v.Codes.URL == strings.SplitN(s.Codes, "|", 2)[0] {
		return v.Codes
	}
	defs := n.definitionsFor()
	if defs == nil {
		return nil
	}
	vs := defs.ValueSet(s.Codes)
	if vs == nil {
		var near []string
		for url := range defs.URLs("ValueSet") {
			near = append(near, url)
		}
		n.report(issue.Issue{Severity: issue.Warning, Code: CodeUnknownName, Pos: n.at("codes"), Path: n.path("codes"),
			Message: "want a value set that is at hand, have " + quote(s.Codes) + ": its codes are not checked" + meant(s.Codes, near)})
		return &CodeSet{Name: urlTail(s.Codes), URL: s.Codes}
	}
	set := &CodeSet{Name: vs.Name, URL: vs.URL, Version: vs.Version, Title: vs.Title}
	codes, complete, _ := defs.Expand(s.Codes)
	const most = 20_000
	if complete && len(codes) <= most {
		set.Complete = true
		for _, c := range codes {
			set.Codes = append(set.Codes, Code{System: c.System, Code: c.Code, Display: c.Display})
		}
	}
	return set
}

func (n *narrower) definitionsFor() *fhirdef.Definitions {
	source := SourceSpec{}
	if s := n.source(n.table.Source); s != nil {
		source = *s
	}
	if !isFHIR(source.Kind) {
		source = SourceSpec{}
	}
	defs, _, err := n.definitions(source)
	if err != nil {
		return nil // Load already failed on that package
	}
	return defs
}

// bound narrows min (sign 1) or max (sign -1).
func (n *narrower) bound(v *Type, key string, value Literal, old *Literal, exclusive bool, sign int) {
	switch v.Kind {
	case Integer, Decimal, Float:
		if rational(value) == nil {
			n.fail(CodeConflict, n.at(key), n.path(key), "want a number, have another value", n.field)
			return
		}
	case Date, DateTime, Time, Year, YearMonth:
		if s, ok := unquoteLiteral(value); !ok || !isDateText(s) {
			n.fail(CodeConflict, n.at(key), n.path(key), "want a date or time, have another value", n.field)
			return
		}
	case Any:
	default:
		n.fail(CodeConflict, n.at(key), n.path(key), "want "+key+" of a number, date or time, have a field of type "+kindWord(*v), n.field)
		return
	}
	if *old != "" {
		order, ok := compareLiterals(value, *old)
		if !ok || order*sign < 0 {
			word := map[int]string{1: "below", -1: "above"}[sign]
			n.widens(key, "want "+key+" within that of the source, "+plainText(*old)+", have one "+word+" it", key)
			return
		}
		if order == 0 {
			return // an exclusive bound stays so
		}
	}
	*old = value
	if exclusive {
		if sign > 0 {
			v.MinExclusive = false
		} else {
			v.MaxExclusive = false
		}
	}
	if v.Min != "" && v.Max != "" {
		if order, ok := compareLiterals(v.Min, v.Max); ok && order > 0 {
			n.fail(CodeConflict, n.at(key), n.path(key), "want values left between min and max, have none", n.field)
		}
	}
	n.origin(key, plainText(value))
}

func (n *narrower) maxLength(v *Type, length int) {
	if v.Kind != Text && v.Kind != Binary && v.Kind != Any {
		n.fail(CodeConflict, n.at("max_length"), n.path("max_length"), "want max_length of text, have a field of type "+kindWord(*v), n.field)
		return
	}
	if v.MaxLength >= 0 && length > v.MaxLength {
		n.widens("max_length", "want at most the "+itoa(v.MaxLength)+" characters of the source, have more", "max-length", "type")
		return
	}
	if length < v.MinLength {
		n.fail(CodeConflict, n.at("max_length"), n.path("max_length"), "want at least the "+itoa(v.MinLength)+" characters of the source, have less", n.field)
		return
	}
	v.MaxLength = length
	n.origin("max-length", itoa(length))
}

// pattern adds a pattern; that of the source stays.
func (n *narrower) pattern(v *Type) {
	if v.Kind != Text && v.Kind != Any && v.Kind != Date && v.Kind != DateTime && v.Kind != Time {
		n.fail(CodeConflict, n.at("pattern"), n.path("pattern"), "want pattern of text, have a field of type "+kindWord(*v), n.field)
		return
	}
	p := n.spec.Pattern
	if v.Regex == "" && v.RegexSource == "" {
		v.Regex, v.RegexSource = p, p
	} else if v.Regex != p {
		quoted := string(quoteLiteral("^(?:" + p + ")$"))
		v.Rules = append(v.Rules, Rule{Key: "pattern", Human: "matches " + p, Severity: issue.Error, Language: "json-schema",
			Expression: `{"pattern":` + quoted + `}`, Source: "profile"})
	}
	n.origin("pattern", p)
}

// constant makes a value the only one; records with another are not of the table.
func (n *narrower) constant(v *Type) {
	c := n.spec.Const
	if why := refuses(v, c); why != "" {
		n.widens("const", "want a value that the source allows, have one that "+why, "const", "pattern", "codes", "min", "max", "max-length", "type")
		return
	}
	if s, ok := unquoteLiteral(c); ok && (v.Kind == Integer || v.Kind == Decimal || v.Kind == Float || v.Kind == Boolean) {
		c = Literal(s)
	} else if !ok && v.Kind == Text {
		c = quoteLiteral(string(c))
	}
	v.Const = c
	n.origin("const", plainText(c))
	if path := n.conditionPath(); path != "" {
		n.table.Where = append(n.table.Where, Condition{Path: path, Values: []string{plainText(c)}, Origin: "profile", Pos: n.at("const")})
	}
}
