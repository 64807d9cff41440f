package fhirproto

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir"
)

// orderer writes JSON of the library with its members in the order of R4's
// definition, and puts in what the library does not write.
type orderer struct {
	all   *shapes
	root  string
	steps []step
	inner map[string][]byte
}

// resource writes a resource.
func (o *orderer) resource(b []byte, e fhir.Element) []byte {
	f := o.all.resources[e.Get("resourceType").Text()]
	if f == nil {
		return append(b, e.Raw()...) // the library writes no other
	}
	b = append(append(append(b, `{"resourceType":"`...), f.name...), '"')
	return o.members(b, e, f.shape)
}

// ranked is a member with its place in the order.
type ranked struct {
	rank  int
	name  string
	field *field
	value fhir.Element
}

// members writes the members of an object and its closing brace; what stands
// in b before may be a member or the opening brace.
func (o *orderer) members(b []byte, e fhir.Element, in *shape) []byte {
	var buffer [24]ranked
	list := buffer[:0]
	for m := e.First(); m.Exists(); m = m.Next() {
		name := m.Name()
		f := in.fields[strings.TrimPrefix(name, "_")]
		if f == nil {
			continue // resourceType
		}
		r := ranked{rank: 2 * f.rank, name: name, field: f, value: m}
		if name[0] == '_' {
			r.rank++
		}
		list = append(list, r)
		for i := len(list) - 1; i > 0 && list[i-1].rank > list[i].rank; i-- {
			list[i-1], list[i] = list[i], list[i-1]
		}
	}
	b = o.putIn(b, in, func(b []byte, rank int) []byte {
		for len(list) > 0 && list[0].rank < rank {
			r := list[0]
			list = list[1:]
			b = appendName(comma(b), r.name)
			o.steps = append(o.steps, step{name: r.name, index: -1})
			b = o.value(b, r)
			o.steps = o.steps[:len(o.steps)-1]
		}
		return b
	})
	return append(b, '}')
}

// putIn writes the members, with a resource among them that the library does not
// write if there is one for this object.
func (o *orderer) putIn(b []byte, in *shape, upTo func([]byte, int) []byte) []byte {
	if len(o.inner) > 0 {
		for _, f := range in.order {
			if f.kind != lifted {
				continue
			}
			if text := o.inner[pathText(o.root, append(o.steps, step{name: f.name, index: -1}))]; text != nil {
				b = appendName(comma(upTo(b, 2*f.rank)), f.name)
				o.steps = append(o.steps, step{name: f.name, index: -1})
				b = o.parsed(b, text)
				o.steps = o.steps[:len(o.steps)-1]
			}
		}
	}
	return upTo(b, 2*len(in.order)+1)
}

// parsed writes a resource that is text of the library.
func (o *orderer) parsed(b, text []byte) []byte {
	r, err := fhir.Parse(text)
	if err != nil {
		return append(b, text...) // the caller parses the whole again
	}
	return o.resource(b, r.Root())
}

func (o *orderer) value(b []byte, r ranked) []byte {
	if !r.value.IsArray() {
		return o.one(b, r.value, r)
	}
	b = append(b, '[')
	for i, v := 0, r.value.First(); v.Exists(); i, v = i+1, v.Next() {
		if i > 0 {
			b = append(b, ',')
		}
		o.steps[len(o.steps)-1].index = i
		b = o.one(b, v, r)
	}
	return append(b, ']')
}

func (o *orderer) one(b []byte, v fhir.Element, r ranked) []byte {
	switch {
	case !v.IsObject():
		if len(o.inner) > 0 && r.field.typ == "Base64Binary" && v.IsString() {
			if text := o.inner[pathText(o.root, o.steps)]; text != nil {
				return append(b, text...)
			}
		}
		return append(b, v.Raw()...)
	case r.field.kind == primitive:
		return o.members(append(b, '{'), v, o.all.companion)
	case r.field.kind == complexly:
		return o.members(append(b, '{'), v, r.field.shape)
	default:
		return o.resource(b, v)
	}
}

func comma(b []byte) []byte {
	if b[len(b)-1] == '{' {
		return b
	}
	return append(b, ',')
}
