package fhir_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// spot is one element of a resource, with all that planting a mistake there
// needs to know.
type spot struct {
	path    string // as findings name it: Patient.name[0].given[1]
	full    string // as profiles name it, from the resource: Patient.name.given
	typ     string // HumanName, string, Patient.contact
	name    string // without the type of a choice
	index   int    // in its list, -1 if it stands alone
	value   jsontree.Value
	member  jsontree.Value // the value of the member: the list, or value itself
	beside  jsontree.Value // the _x member
	owner   *spot
	scope   *spot // the resource that holds it
	el      *fhirdef.Element
	choices []fhirdef.Choice
	shape   *fhirdef.Shape
}

func (s *spot) isResource() bool { return s.scope == s }

// isPrimitiveType tells a primitive type by its name.
func isPrimitiveType(typ string) bool {
	return typ != "" && (typ[0] >= 'a' && typ[0] <= 'z' || strings.HasPrefix(typ, "System."))
}

// spotsOf returns all elements of a resource, owners before what they own.
func spotsOf(defs *fhirdef.Definitions, root jsontree.Value) []*spot {
	typ := root.Get("resourceType").Text()
	top := &spot{path: typ, full: typ, typ: typ, index: -1, value: root, member: root, shape: defs.Shape(typ)}
	top.scope = top
	return appendSpots(defs, nil, top)
}

func appendSpots(defs *fhirdef.Definitions, out []*spot, s *spot) []*spot {
	out = append(out, s)
	if s.shape == nil || s.value.Kind() != jsontree.Object {
		return out
	}
	for m := s.value.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		member, typ := s.shape.JSON(m.KeyBytes())
		if member == nil {
			continue
		}
		kid := spot{path: s.path + "." + member.Name, full: s.full + "." + member.Name, typ: strings.TrimPrefix(typ, "System."), name: member.Name, index: -1,
			value: m, member: m, beside: s.value.Get("_" + m.Key()), owner: s, scope: s.scope, el: member.Element, choices: member.Choices}
		if kid.typ == "String" {
			kid.typ = "string"
		}
		if member.Choice {
			kid.full += "[x]"
		}
		if m.Kind() != jsontree.Array {
			if member.Choice {
				kid.path += ".ofType(" + kid.typ + ")"
			}
			out = appendSpots(defs, out, kid.ready(defs))
			continue
		}
		for i, v := range m.All() {
			item := kid
			item.index, item.value = i, v
			item.path = fmt.Sprintf("%s[%d]", kid.path, i)
			out = appendSpots(defs, out, item.ready(defs))
		}
	}
	return out
}

// ready gives a spot what follows from its type.
func (s *spot) ready(defs *fhirdef.Definitions) *spot {
	if name := s.value.Get("resourceType").Text(); name != "" && (s.typ == "Resource" || s.name == "contained") {
		s.typ, s.full, s.scope = name, name, s
	}
	s.shape = defs.Shape(s.typ)
	return s
}

// edited is a text with one change.
type edited struct {
	text []byte
	at   int // where the change is in the new text
}

func splice(text []byte, from, to int, with string) edited {
	return edited{append(append(bytes.Clone(text[:from]), with...), text[to:]...), from}
}

func end(v jsontree.Value) int { return v.Offset() + len(v.Raw()) }

// replaced puts another text in the place of a value.
func replaced(text []byte, v jsontree.Value, with string) edited {
	return splice(text, v.Offset(), end(v), with)
}

// renamed gives a member another name.
func renamed(text []byte, v jsontree.Value, name string) edited {
	e := splice(text, v.KeyOffset(), v.Offset(), `"`+name+`": `)
	e.at += len(name) + 4
	return e
}

// inserted puts a member at the begin of an object that has members.
func inserted(text []byte, object jsontree.Value, name, value string) edited {
	at := object.First().KeyOffset()
	e := splice(text, at, at, `"`+name+`": `+value+",\n")
	e.at += len(name) + 4
	return e
}

// appended puts an element at the end of a list that has elements.
func appended(text []byte, list jsontree.Value, value string) edited {
	at := end(list.Index(list.Len() - 1))
	e := splice(text, at, at, ",\n"+value)
	e.at += 2
	return e
}

// added puts an element at the end of a list member of an object, which it
// makes if it is not there; the number of the element is returned too.
func added(text []byte, object jsontree.Value, name, value string) (edited, int) {
	if list := object.Get(name); list.Kind() == jsontree.Array {
		return appended(text, list, value), list.Len()
	}
	e := inserted(text, object, name, "["+value+"]")
	e.at++
	return e, 0
}

// removed takes a member or an element out; ok is false if nothing would be left
// around it.
func removed(text []byte, v jsontree.Value) (e edited, ok bool) {
	from, to := v.KeyOffset(), end(v)
	rest := bytes.TrimLeft(text[to:], " \t\r\n")
	before := bytes.TrimRight(text[:from], " \t\r\n")
	switch {
	case rest[0] == ',':
		to = len(text) - len(rest) + 1
	case before[len(before)-1] == ',':
		from = len(before) - 1
	default:
		return edited{}, false
	}
	return splice(text, from, to, ""), true
}

// withoutMember takes a member and what stands beside it out.
func withoutMember(text []byte, s *spot) (edited, bool) {
	e, ok := removed(text, s.member)
	if !ok || s.beside.Kind() == jsontree.Invalid {
		return e, ok
	}
	var tree jsontree.Tree
	if tree.Parse(e.text, nil) != nil {
		return e, false
	}
	owner := tree.Root().At(s.owner.value.Offset())
	if s.beside.Offset() < s.owner.value.Offset() || owner.Kind() != jsontree.Object {
		return e, false
	}
	return removed(e.text, owner.Get("_"+s.member.Key()))
}
