package gen

import (
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
)

// itemOf describes a value of a Go type that the expression names; fhirName is
// used where the type itself does not say it.
func itemOf(g *goType, expr string) item {
	it := item{typ: g, expr: expr, fhir: g.Format}
	switch g.Kind {
	case dataset.ObjectKind:
		it.kind = itemStruct
		it.fhir = typeOfStruct(g.Object)
		if g.opaque {
			it.kind, it.fhir = itemExtension, "Extension"
		}
	case dataset.Text:
		it.kind = itemText
	case dataset.Boolean:
		it.kind = itemBool
	case dataset.Integer:
		it.kind = itemInt
	case dataset.Decimal:
		it.kind = itemDecimal
	case dataset.Date, dataset.DateTime, dataset.Time:
		it.kind = itemMoment
	case dataset.Any:
		it.kind = itemRaw
	case dataset.Binary:
		it.kind = itemText
	}
	return it
}

// typeOfStruct is the FHIR type of an object.
func typeOfStruct(o *dataset.Object) string {
	switch {
	case o.ResourceType != "":
		return o.ResourceType
	case o.Base != "":
		return o.Base
	}
	return o.Name
}

// bases are the types that others specialize, as far as FHIRPath's is asks for
// them.
var bases = map[string]string{
	"code": "string", "id": "string", "markdown": "string", "url": "uri", "canonical": "uri", "oid": "uri", "uuid": "uri",
	"positiveInt": "integer", "unsignedInt": "integer", "Age": "Quantity", "Count": "Quantity", "Distance": "Quantity",
	"Duration": "Quantity", "MoneyQuantity": "Quantity", "SimpleQuantity": "Quantity",
}

// isType reports whether a FHIR type is the named one or specializes it.
func isType(have, want string) bool {
	want = strings.TrimPrefix(want, "FHIR.")
	return have != "" && (have == want || bases[have] == want)
}

func (it item) primitive() bool {
	switch it.kind {
	case itemText, itemBool, itemInt, itemDecimal, itemMoment, itemOther:
		return it.typ != nil
	}
	return false
}

// follow is what a member name leads to from an item.
func (c *pathCompiler) follow(it item, name string) coll {
	switch {
	case it.kind == itemStruct:
		return c.field(it, name)
	case it.kind == itemExtension:
		return c.opaqueMember(it, name)
	case it.kind == itemSimple:
		switch name {
		case "url":
			return single(textLiteral(it.url))
		case "value":
			return coll{branches: []branch{guarded(it.value.hasValue(), *it.value)}}
		}
		return coll{}
	case it.kind == itemRaw:
		return c.rawMember(it, name)
	case it.primitive() && (name == "extension" || name == "id"):
		if it.companion == "" {
			return coll{}
		}
		return c.rawMember(item{kind: itemRaw, expr: it.companion, has: compare(it.companion, "!=", `""`)}, name)
	}
	return coll{}
}

// opaqueMember follows a name from an extension that is held whole.
func (c *pathCompiler) opaqueMember(it item, name string) coll {
	switch name {
	case "url":
		return single(item{kind: itemText, fhir: "uri", expr: it.expr + ".URL"})
	case "value":
		v := item{kind: itemOther, expr: it.expr}
		return coll{branches: []branch{guarded(holds("extensionHasValue("+it.expr+".JSON)"), v)}}
	}
	return c.rawMember(item{kind: itemRaw, expr: it.expr + ".JSON", has: compare(it.expr+".JSON", "!=", `""`)}, name)
}

// rawMember follows a name in JSON text.
func (c *pathCompiler) rawMember(it item, name string) coll {
	proto := item{kind: itemRaw, expr: "item"}
	b := branch{proto: proto}
	b.some = func(pred func(item) cond) cond {
		v := c.variable()
		p := pred(item{kind: itemRaw, expr: v})
		c.vars--
		step := strconv.Quote(name)
		var found cond
		switch {
		case p.isFalse():
			return condFalse
		case p.isTrue():
			found = holds("matchExists(" + it.expr + ", " + step + ")")
		default:
			found = holds(closure("reach("+it.expr+", []string{"+step+"}, func("+v+" Raw) bool", p.text))
		}
		return and(it.hasValue(), found)
	}
	b.sum = func(func(item) string) string {
		c.fail("a count of elements that are held as text is not compiled")
		return "0"
	}
	return coll{branches: []branch{b}, many: true}
}

// field is what a member of a struct holds: all fields of a choice, and the slices
// of a list with what is in none of them.
func (c *pathCompiler) field(it item, name string) coll {
	o := it.typ.object
	if f := o.field(name); f != nil {
		return c.fieldValue(it, o, f)
	}
	for _, ch := range o.Choices {
		if ch.Name != name {
			continue
		}
		var out coll
		for _, member := range ch.Fields {
			if f := o.field(member); f != nil {
				part := c.fieldValue(it, o, f)
				out.branches = append(out.branches, part.branches...)
				out.many = out.many || part.many
			}
		}
		if len(ch.Fields) > 2 && c.choice != nil {
			out.there = holds(it.expr + "." + c.choice(o, &ch) + "()")
		}
		return out
	}
	if it.typ.Object.ResourceType != "" && (name == "resourceType" || name == "id") {
		return coll{}
	}
	if !o.Closed {
		c.fail("%s is not part of the dataset", name)
	}
	return coll{}
}

func (c *pathCompiler) fieldValue(it item, o *objectPlan, f *fieldPlan) coll {
	access := it.expr + "." + f.goName
	companion := ""
	if f.companion {
		companion = it.expr + ".Companions.Of(" + strconv.Quote(f.Name) + ")"
	}
	elem := f.typ
	out := coll{}
	switch f.shape {
	case list, nullList:
		if f.shape == nullList {
			access += ".Value"
		}
		out.many = true
		out.branches = append(out.branches, c.listBranch(access, elem.name, func(v string) item {
			return elementOf(elem, v)
		}))
	default:
		out.branches = append(out.branches, fieldBranch(f.shape, elem, access, companion))
	}
	for _, s := range f.slices {
		out.many = true
		out.branches = append(out.branches, c.sliceBranch(it, s))
		out.branches[0].first, out.branches[0].rest = nil, nil
	}
	return out
}

// elementOf describes an element of a list by the pointer to it.
func elementOf(g *goType, pointer string) item {
	if g.Kind == dataset.ObjectKind {
		it := itemOf(g, pointer)
		it.pointer = true
		return it
	}
	it := itemOf(g, "*"+pointer)
	if it.kind == itemText && it.typ.Kind == dataset.Text {
		it.has = compare("*"+pointer, "!=", `""`)
	}
	return it
}

// fieldBranch is the branch of a field that is no list.
func fieldBranch(s shape, g *goType, access, companion string) branch {
	value, there := access, condTrue
	switch s {
	case optional, nullable:
		value, there = access+".Value", holds(access+".Valid")
	case pointer:
		there = compare(access, "!=", "nil")
	case nilable:
		there = compare("len("+access+")", ">", "0")
	case plain:
		if g.Kind == dataset.Text || g.Kind == dataset.Any {
			there = compare(access, "!=", `""`)
		}
	}
	it := itemOf(g, value)
	it.pointer = s == pointer || s == nullable
	if it.primitive() && companion != "" {
		it.has, it.companion = there, companion
		return guarded(or(there, compare(companion, "!=", `""`)), it)
	}
	return guarded(there, it)
}

// sliceBranch is the branch of a slice's elements.
func (c *pathCompiler) sliceBranch(it item, s *slicePlan) branch {
	access := it.expr + "." + s.goName
	describe := func(g *goType, expr string, pointer bool) item {
		v := itemOf(g, expr)
		if pointer {
			v = elementOf(g, expr)
		}
		if s.Value == "" {
			return v
		}
		return item{kind: itemSimple, fhir: "Extension", expr: access, url: matchURL(s.Slice), value: &v}
	}
	switch s.shape {
	case list, nullList:
		b := c.listBranch(access, s.typ.name, func(v string) item { return describe(s.typ, v, true) })
		b.first, b.rest = nil, nil
		return b
	}
	plainBranch := fieldBranch(s.shape, s.typ, access, "")
	value := plainBranch.proto.expr
	it = describe(s.typ, value, false)
	it.pointer = s.shape == pointer
	return guarded(plainBranch.some(func(item) cond { return condTrue }), it)
}

// matchURL is the url that a slice of extensions has.
func matchURL(s *dataset.Slice) string {
	for _, m := range s.Match {
		if len(m.Path) == 1 && m.Path[0] == "url" {
			if url, err := strconv.Unquote(string(m.Value)); err == nil {
				return url
			}
		}
	}
	return ""
}

// literal is the item of a literal.
func (c *pathCompiler) literal(v fhirpath.Item) coll {
	text, _ := v.Text()
	switch v.Type() {
	case "System.String":
		return single(textLiteral(text))
	case "System.Boolean":
		return single(item{kind: itemBool, expr: text, literal: true})
	case "System.Integer", "System.Long":
		return single(item{kind: itemInt, expr: text, literal: true})
	case "System.Decimal":
		return single(item{kind: itemDecimal, expr: strconv.Quote(text), literal: true})
	case "System.Date", "System.DateTime":
		return single(item{kind: itemMoment, expr: "momentOf(" + strconv.Quote(text) + ")", literal: true})
	case "System.Quantity":
		number, _ := v.Number()
		unit, _ := v.Unit()
		return single(item{kind: itemQuantity, expr: strconv.Quote(number), unit: unit, literal: true})
	}
	c.fail("a literal of type %s is not compiled", v.Type())
	return coll{}
}

// typed is is, as and ofType.
func (c *pathCompiler) typed(op, name string, in coll) coll {
	if strings.HasPrefix(name, "System.") {
		c.fail("a test for the type %s is not compiled", name)
		return coll{}
	}
	if op == "is" {
		yes, no := condFalse, condFalse
		for i := range in.branches {
			b := &in.branches[i]
			there := b.some(func(item) cond { return condTrue })
			if b.proto.kind == itemRaw && b.proto.typ != nil {
				is := b.some(func(it item) cond {
					return holds("matchType(" + it.expr + ", " + strconv.Quote(strings.TrimPrefix(name, "FHIR.")) + ")")
				})
				yes, no = or(yes, is), or(no, and(there, not(is)))
				continue
			}
			if isType(b.proto.fhir, name) {
				yes = or(yes, there)
			} else {
				no = or(no, there)
			}
		}
		return single(item{kind: itemTruth, yes: yes, no: no})
	}
	out := coll{many: in.many, union: in.union}
	for i := range in.branches {
		proto := in.branches[i].proto
		if proto.kind == itemRaw {
			c.fail("a choice of elements that are held as text is not compiled")
			return coll{}
		}
		// A primitive must be of the very type: a code is not kept as a string.
		if isType(proto.fhir, name) && (!proto.primitive() || proto.fhir == strings.TrimPrefix(name, "FHIR.")) {
			out.branches = append(out.branches, in.branches[i])
		}
	}
	return out
}
