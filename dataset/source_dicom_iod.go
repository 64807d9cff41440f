package dataset

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/dicommeta/iod"
	"github.com/carabiner-health/carabiner/issue"
)

// importDICOMObject returns a record with all attributes of an information object
// definition, by its name (CTImage), its title, a SOP class UID or the keyword of one.
//
// Modules that are not mandatory make their attributes optional; what an attribute is
// required under is in its description. Pixels are left out, for data are
// metadata only, and told.
func importDICOMObject(_ context.Context, in *input) ([]*Table, issue.List, error) {
	o := findObject(in.spec.Ref)
	if o == nil {
		names := make([]string, 0, 200)
		for _, o := range iod.All("") {
			names = append(names, o.Name)
		}
		return nil, issue.List{{Severity: issue.Error, Code: CodeDICOMObject, Pos: in.spec.Pos,
			Message: "want an information object such as CTImage, have " + quote(in.spec.Ref) + meant(in.spec.Ref, names)}}, nil
	}
	b := &objectBuilder{in: in, iod: o, byRules: map[string]*Object{}, names: unique{}}
	t := &Table{Name: o.Name, Title: o.Title, Form: Record, Grain: PerInstance, Source: in.spec.Name, Kind: DICOMObject, Pos: in.spec.Pos,
		From: From{SOPClasses: slices.Clone(o.SOPClasses), IOD: o.Name}, Key: []string{"SOPInstanceUID"}}
	var all []usedRules
	for i := range o.Modules {
		u := &o.Modules[i]
		optional := u.Usage != iod.Mandatory
		if u.Usage == iod.Conditional && u.Condition != nil {
			switch b.decide(u.Condition) {
			case always:
				optional = false
			case never:
				continue
			}
		}
		all = append(all, usedRules{rules: u.Module.Rules, module: moduleName(u.Module), optional: optional, condition: u.Condition})
	}
	b.names.name(o.Name)
	t.Object = &Object{Name: o.Name, Title: o.Title, ID: o.Name, Pos: in.spec.Pos}
	b.fill(t.Object, all, 0)
	if t.Object.Field("SOPInstanceUID") == nil {
		t.Key = nil
	}
	if in.note != nil {
		edition := o.Edition
		if edition == "" {
			edition = "2025"
		}
		in.note(Source{Name: in.spec.Name, Kind: DICOMObject, Ref: in.spec.Ref, File: "dicom-iod#" + o.Name, Version: edition})
	}
	if o.Partial {
		b.notHeld(o.Name, "rules are known of some of its modules only")
	}
	return []*Table{t}, b.issues, nil
}

// findObject returns the object that a reference names, the standard's before a profile's.
func findObject(ref string) *iod.Object {
	ref = strings.TrimSpace(ref)
	if o := iod.Find(ref); o != nil {
		return o
	}
	var second *iod.Object
	for _, o := range iod.All("") {
		match := o.Name == ref || strings.EqualFold(o.Name, ref) || o.Title != "" && strings.EqualFold(o.Title, ref)
		for _, uid := range o.SOPClasses {
			if match || ref == "" {
				break
			}
			u := dict.FindUID(uid)
			match = uid == ref || u != nil && (strings.EqualFold(u.Keyword, ref) || strings.EqualFold(u.Name, ref))
		}
		if match && (o.Name == ref || o.Profile == "") {
			return o
		}
		if match && second == nil {
			second = o
		}
	}
	return second
}

func moduleName(m *iod.Module) string {
	if m.Title != "" {
		return m.Title
	}
	return m.Name
}

// usedRules are rules as a module or a macro brings them in.
type usedRules struct {
	rules     []iod.Rule
	module    string
	optional  bool
	condition *iod.Condition
}

// objectBuilder makes object types of rules. The items of two sequences have the same
// type if the same rules hold for them, which also ends circles.
type objectBuilder struct {
	in      *input
	iod     *iod.Object
	byRules map[string]*Object
	names   unique
	issues  issue.List
	told    map[string]bool
}

func (b *objectBuilder) notHeld(path, what string) {
	if b.told[path+what] {
		return
	}
	if b.told == nil {
		b.told = map[string]bool{}
	}
	b.told[path+what] = true
	b.issues = append(b.issues, issue.Issue{Severity: issue.Information, Code: CodeNotHeld, Pos: b.in.spec.Pos, Path: path, Message: what})
}

// attribute is all that the rules of an object say of one attribute.
type attribute struct {
	tag   dict.Tag
	rules []attributeRule
}

type attributeRule struct {
	*iod.Rule
	used usedRules
}

// fill gives an object the fields that the rules name, in the order of their tags.
func (b *objectBuilder) fill(o *Object, all []usedRules, depth int) {
	byTag := map[dict.Tag]*attribute{}
	var tags []dict.Tag
	b.each(all, 0, func(r attributeRule) {
		a := byTag[r.Tag]
		if a == nil {
			a = &attribute{tag: r.Tag}
			byTag[r.Tag] = a
			tags = append(tags, r.Tag)
		}
		a.rules = append(a.rules, r)
	})
	slices.Sort(tags)
	for _, t := range tags {
		if f := b.field(o, byTag[t], depth); f != nil {
			o.Fields = append(o.Fields, f)
		}
	}
}

// each visits the rules of attributes, those of macros in their place.
func (b *objectBuilder) each(all []usedRules, depth int, visit func(attributeRule)) {
	const maxIncludes = 32
	for _, u := range all {
		for i := range u.rules {
			r := &u.rules[i]
			if r.Kind != iod.Include {
				visit(attributeRule{r, u})
				continue
			}
			if r.Macro == nil || depth >= maxIncludes {
				continue
			}
			inner := usedRules{rules: r.Macro.Rules, module: u.module, optional: u.optional, condition: u.condition}
			switch b.decide(r.Condition) {
			case never:
				continue
			case sometimes:
				inner.optional, inner.condition = true, r.Condition
			}
			b.each([]usedRules{inner}, depth+1, visit)
		}
	}
}

// field makes the field of an attribute; nil where only checks name it or it is
// bulk data.
func (b *objectBuilder) field(o *Object, a *attribute, depth int) *Field {
	e := dict.Find(a.tag)
	if e == nil || e.Keyword == "" || !slices.ContainsFunc(a.rules, func(r attributeRule) bool { return r.Kind != iod.Check }) {
		return nil
	}
	path := o.ID + "." + e.Keyword
	if dicomBulk(a.tag) {
		b.notHeld(path, "want metadata, have bulk data: it is left out")
		return nil
	}
	if o.Field(e.Keyword) != nil {
		return nil
	}
	f := &Field{Name: e.Keyword, Title: e.Name, Path: a.tag.Hex(), ID: path, Role: dicomRole(e), Pos: b.in.spec.Pos}
	f.Type = b.typeOf(path, a, e, depth)
	b.presence(f, a)
	b.values(f, a)
	if f.Required && !f.Nullable && f.Type.Kind == List && f.Type.MinItems == 0 {
		f.Type.MinItems = 1
	}
	return f
}

// typeOf returns the type by VR and by what the rules say of the number of values or
// items.
func (b *objectBuilder) typeOf(path string, a *attribute, e *dict.Entry, depth int) Type {
	least, most, stated := 0, -1, false
	for _, r := range a.rules {
		if r.Kind == iod.Check || r.Max == 0 && r.Min == 0 {
			continue
		}
		if !stated {
			least, most, stated = r.Min, r.Max, true
			continue
		}
		least = min(least, r.Min)
		if r.Max < 0 || most >= 0 && r.Max > most {
			most = r.Max
		}
	}
	if e.VR() != dict.SQ {
		t := dicomEntryType(e)
		if t.Kind == List && stated {
			t.MinItems = max(t.MinItems, least)
			if most > 0 && (t.MaxItems < 0 || most < t.MaxItems) {
				t.MaxItems = most
			}
		}
		return t
	}
	object := b.items(path, a, e, depth)
	if object == nil {
		t := ListOf(NewType(Any))
		t.Format = "SQ"
		return t
	}
	item := NewType(ObjectKind)
	item.Object = object
	t := ListOf(item)
	t.Format = "SQ"
	if stated {
		t.MinItems, t.MaxItems = least, most
		if slices.ContainsFunc(a.rules, func(r attributeRule) bool { return r.Type == iod.Type2 || r.Type == iod.Type2C }) {
			t.MinItems = 0
		}
	}
	return t
}

// items returns the type of the items of a sequence, nil where no rule says what they
// have.
func (b *objectBuilder) items(path string, a *attribute, e *dict.Entry, depth int) *Object {
	const deepest, most = 40, 5000
	var inner []usedRules
	var key strings.Builder
	for _, r := range a.rules {
		if len(r.Rules) == 0 || r.Kind == iod.Check {
			continue
		}
		id := fmt.Sprintf("%p ", &r.Rules[0])
		if strings.Contains(key.String(), id) {
			continue
		}
		key.WriteString(id)
		inner = append(inner, usedRules{rules: r.Rules, module: r.used.module, optional: r.used.optional})
	}
	switch len(inner) {
	case 0:
		return nil
	case 1:
		inner[0].optional = false // who has the sequence has its items
	default:
		for _, u := range inner {
			fmt.Fprintf(&key, "%t ", u.optional)
		}
	}
	if m := onlyMacro(inner); m != nil {
		key.Reset()
		fmt.Fprintf(&key, "%p", m)
	}
	if o := b.byRules[key.String()]; o != nil {
		return o
	}
	if depth >= deepest || len(b.byRules) >= most {
		b.notHeld(path, "want fewer or less deep sequences: the items are kept as JSON")
		return nil
	}
	name := e.Keyword
	if m := onlyMacro(inner); m != nil {
		name = m.Name
	}
	o := &Object{Name: b.names.name(name), Title: e.Name, ID: path, Pos: b.in.spec.Pos}
	b.byRules[key.String()] = o
	b.fill(o, inner, depth+1)
	if len(o.Fields) == 0 {
		b.byRules[key.String()] = nil
		return nil
	}
	return o
}

// onlyMacro returns the macro that is all that items have, nil if there is more.
func onlyMacro(inner []usedRules) *iod.Module {
	if len(inner) != 1 || len(inner[0].rules) != 1 {
		return nil
	}
	if r := &inner[0].rules[0]; r.Kind == iod.Include && r.Condition == nil {
		return r.Macro
	}
	return nil
}

// presence decides by the types of an attribute whether it must be there and may be
// empty (PS3.5 §7.4): the strictest type of a mandatory module counts.
func (b *objectBuilder) presence(f *Field, a *attribute) {
	best := iod.Type(0)
	standard := originer{"PS3.3", issue.Pos{}}
	var conditions []string
	f.Nullable = true
	for _, r := range a.rules {
		if r.Kind == iod.Check || r.Type == 0 {
			continue
		}
		kind := b.stated(r.Rule)
		if best == 0 || kind < best {
			best = kind
		}
		standard.add(f, "dicom-type", r.Type.String(), r.used.module)
		switch kind {
		case iod.Type1:
			f.Required = f.Required || !r.used.optional
			f.Nullable = f.Nullable && r.used.optional // empty only where no mandatory module wants a value
		case iod.Type2:
			f.Required = f.Required || !r.used.optional
		case iod.Type1C, iod.Type2C:
			if r.Condition != nil {
				conditions = append(conditions, "Type "+r.Type.String()+" if "+r.Condition.String()+".")
				standard.add(f, "condition", r.Condition.String(), r.used.module)
			}
		}
		if r.used.condition != nil {
			standard.add(f, "module-condition", r.used.condition.String(), r.used.module)
		}
	}
	f.DICOMType = best.String()
	if !f.Required {
		f.Nullable = best != iod.Type1 && best != iod.Type1C
	}
	slices.Sort(conditions)
	f.Description = strings.Join(slices.Compact(conditions), " ")
	if f.Required {
		standard.add(f, "required", "true", f.ID)
	}
}

// stated returns the type of a rule for this object: that of type 1C and 2C without C
// where the SOP class decides the condition.
func (b *objectBuilder) stated(r *iod.Rule) iod.Type {
	if r.Type != iod.Type1C && r.Type != iod.Type2C || r.Condition == nil {
		return r.Type
	}
	switch b.decide(r.Condition) {
	case always:
		return r.Type - 1
	case never:
		return iod.Type3
	}
	return r.Type
}

// A verdict is what is known of a condition from the SOP classes of an object alone.
type verdict uint8

const (
	sometimes verdict = iota
	always
	never
)

// decide evaluates a condition as far as the SOP classes decide it; no condition
// holds always.
func (b *objectBuilder) decide(c *iod.Condition) verdict {
	if c == nil {
		return always
	}
	return b.terms(c.Terms)
}

func (b *objectBuilder) terms(terms []iod.Term) verdict {
	v := never
	for i := range terms {
		x := b.term(&terms[i])
		switch {
		case terms[i].And && (v == never || x == never):
			v = never
		case !terms[i].And && (v == always || x == always):
			v = always
		case terms[i].And && v == always, !terms[i].And && v == never:
			v = x
		case terms[i].And && x == always, !terms[i].And && x == never:
		default:
			v = sometimes
		}
	}
	return v
}

func (b *objectBuilder) term(t *iod.Term) verdict {
	v := sometimes
	switch {
	case t.Group != nil:
		v = b.terms(t.Group)
	case t.Test == iod.True:
		v = always
	case t.Tag == dict.SOPClassUID && (t.Test == iod.Equal || t.Test == iod.EqualInRoot || t.Test == iod.EqualAbove) && len(b.iod.SOPClasses) > 0:
		same := 0
		for _, uid := range b.iod.SOPClasses {
			if uid == t.Text {
				same++
			}
		}
		switch same {
		case 0:
			v = never
		case len(b.iod.SOPClasses):
			v = always
		}
	}
	if t.Not {
		switch v {
		case always:
			return never
		case never:
			return always
		}
	}
	return v
}

// values gives the type the values that the rules list: closed where a rule that holds
// always enumerates them, else known ones among others.
func (b *objectBuilder) values(f *Field, a *attribute) {
	elem := &f.Type
	if f.Type.Kind == List && f.Type.Elem != nil {
		elem = f.Type.Elem
	}
	if elem.Kind != Text && elem.Kind != Integer {
		return
	}
	var known []string
	closed := false
	var closing []string
	name := ""
	for _, r := range a.rules {
		v := r.Values
		if v == nil {
			continue
		}
		texts := valueTexts(v)
		if r.Index >= 0 && f.Type.Kind == List {
			f.Origins = append(f.Origins, Origin{What: fmt.Sprintf("values[%d]", r.Index+1), Value: strings.Join(texts, " "), Source: "PS3.3", Element: r.used.module})
			continue
		}
		if name == "" {
			name = v.Name
		}
		known = append(known, texts...)
		if v.Enumerated && r.Condition == nil && !r.used.optional && len(texts) > 0 {
			if !closed || len(texts) < len(closing) {
				closing = texts
			}
			closed = true
		}
	}
	if len(known) == 0 {
		return
	}
	if closed {
		known = closing
	}
	b.setValues(f, elem, name, known, closed)
}

func (b *objectBuilder) setValues(f *Field, elem *Type, name string, known []string, closed bool) {
	what := "codes"
	if !closed {
		what = "known-codes"
	}
	slices.Sort(known)
	known = slices.Compact(known)
	f.Origins = append(f.Origins, Origin{What: what, Value: strings.Join(known, " "), Source: "PS3.3", Element: f.ID})
	if elem.Kind == Integer {
		if closed {
			for _, k := range known {
				if _, err := strconv.ParseInt(k, 10, 64); err != nil {
					return
				}
			}
			for _, k := range known {
				elem.Enum = append(elem.Enum, Literal(k))
			}
		}
		return
	}
	set := &CodeSet{Name: f.Name, Title: name, Complete: closed}
	for _, k := range known {
		set.Codes = append(set.Codes, Code{Code: k})
	}
	elem.Codes, elem.CodesOpen = set, !closed
}

func valueTexts(v *iod.Values) []string {
	texts := slices.Clone(v.Strings)
	for _, n := range v.Numbers {
		texts = append(texts, strconv.FormatInt(n, 10))
	}
	for _, t := range v.Tags {
		texts = append(texts, t.Hex())
	}
	return texts
}

// dicomKeywords are the names among which a mistaken keyword is looked for: those that the
// objects of the standard use.
var dicomKeywords = sync.OnceValue(func() []string {
	seen, names := map[string]bool{}, []string(nil)
	modules := map[*iod.Module]bool{}
	var walk func(rules []iod.Rule)
	walk = func(rules []iod.Rule) {
		for i := range rules {
			if k := rules[i].Tag.Keyword(); k != "" && !seen[k] {
				seen[k] = true
				names = append(names, k)
			}
			walk(rules[i].Rules)
			if m := rules[i].Macro; m != nil && !modules[m] {
				modules[m] = true
				walk(m.Rules)
			}
		}
	}
	for _, o := range iod.All("") {
		for i := range o.Modules {
			if m := o.Modules[i].Module; !modules[m] {
				modules[m] = true
				walk(m.Rules)
			}
		}
	}
	slices.Sort(names)
	return names
})
