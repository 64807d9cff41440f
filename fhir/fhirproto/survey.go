package fhirproto

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// reserved begins the addresses of the extensions in which the library keeps
// what its messages have no field for.
const reserved = "https://g.co/fhir/StructureDefinition/"

// edit is what the library is given in place of a value.
type edit struct {
	drop  bool // nothing
	blank bool // {}: an element of a list of primitives without a value
	pad   int  // so many {} more at the end of a list
}

// fix is something that is put into the message by hand after the library has
// read the rest: the text of a reference with a companion, or a resource that
// the library does not read.
type fix struct {
	steps []step
	value fhir.Element
}

// survey is one walk over a resource before the library sees it.
type survey struct {
	*findings
	all        *shapes
	root       string       // path of the resource inside the whole
	gone       map[int]bool // values that the library refused, by offset
	edits      map[int]edit // by offset of the value
	references []fix
	resources  []fix
	steps      []step
}

func at(e fhir.Element) int { return e.Value().Offset() }

func (s *survey) path() string { return pathText(s.root, s.steps) }

func (s *survey) edit(e fhir.Element, change edit) {
	if s.edits == nil {
		s.edits = map[int]edit{}
	}
	s.edits[at(e)] = change
}

// drop leaves a value out and says why.
func (s *survey) drop(code issue.Code, e fhir.Element, message string) {
	s.edit(e, edit{drop: true})
	s.leave(code, e, s.path(), message)
}

// resource walks over a resource and reports whether it can become a message.
func (s *survey) resource(e fhir.Element) bool {
	if !e.IsObject() {
		s.drop(CodeKind, e, "want a resource, have "+e.Value().Kind().String())
		return false
	}
	f := s.all.resources[e.Get("resourceType").Text()]
	if f == nil {
		s.drop(CodeResourceType, e, "want a resource type that has a message, have another or none")
		return false
	}
	s.object(e, f.shape, true)
	return true
}

// object walks over the members of an object.
func (s *survey) object(e fhir.Element, in *shape, resource bool) {
	if in.extension && strings.HasPrefix(e.Get("url").Text(), reserved) {
		s.drop(CodeReserved, e, "want an extension that the library does not keep for itself, have one")
		return
	}
	top := len(s.steps)
	s.steps = append(s.steps, step{})
	var seen [8]uint64 // a bit for each field and companion
	typed := false
	for m := e.First(); m.Exists(); m = m.Next() {
		name := m.Name()
		if resource && name == "resourceType" && !typed {
			typed = true
			continue
		}
		s.steps[top] = step{name: name, index: -1}
		companion := strings.HasPrefix(name, "_")
		f := in.fields[strings.TrimPrefix(name, "_")]
		switch {
		case f != nil && f.again(&seen, companion), resource && name == "resourceType":
			s.drop(CodeDuplicate, m, "want a member once in an object, have it again")
			continue
		case f == nil || companion && f.kind != primitive:
			s.drop(CodeUnknownMember, m, "want a member that R4 defines for "+in.name+", have another")
			continue
		case f.choice != nil && s.isSecondChoice(e, m, in, f):
			s.drop(CodeChoice, m, "want one of the types of the element, have another as well")
			continue
		}
		s.steps[top].field = f
		if companion {
			s.companion(e, m, f)
		} else {
			s.member(e, m, f)
		}
	}
	s.steps = s.steps[:top]
}

// again reports whether the field or its companion was seen before in an
// object, and marks it.
func (f *field) again(seen *[8]uint64, companion bool) bool {
	n := 2 * f.rank
	if companion {
		n++
	}
	bit := uint64(1) << (n % 64)
	was := seen[n/64]&bit != 0
	seen[n/64] |= bit
	return was
}

// isSecondChoice reports whether an earlier member of e gives the same element
// in another type.
func (s *survey) isSecondChoice(e, m fhir.Element, in *shape, f *field) bool {
	for other := e.First(); at(other) < at(m); other = other.Next() {
		g := in.fields[strings.TrimPrefix(other.Name(), "_")]
		if g != nil && g != f && g.fd == f.fd && !s.edits[at(other)].drop {
			return true
		}
	}
	return false
}

// member walks over the value m of a member of e.
func (s *survey) member(e, m fhir.Element, f *field) {
	if s.gone[at(m)] {
		s.edit(m, edit{drop: true})
		return
	}
	if !f.list {
		if f.kind == primitive {
			s.primitive(e, m, f)
		} else {
			s.complex(m, f)
		}
		return
	}
	if !m.IsArray() {
		s.drop(CodeKind, m, "want an array, have "+m.Value().Kind().String())
		return
	}
	if !m.First().Exists() {
		s.edit(m, edit{drop: true})
		s.add(issue.Warning, CodeEmpty, m, s.path(), "want an array with elements, have an empty one")
		return
	}
	top := len(s.steps) - 1
	kept := 0
	for i, v := 0, m.First(); v.Exists(); i, v = i+1, v.Next() {
		s.steps[top].index, s.steps[top].kept = i, kept
		switch {
		case f.kind == primitive:
			s.element(v)
		case s.gone[at(v)]:
			s.edit(v, edit{drop: true})
		default:
			s.complex(v, f)
		}
		if f.kind == primitive || !s.edits[at(v)].drop {
			kept++
		}
	}
	if f.kind == primitive {
		s.pad(m, e.Get("_"+f.name))
	}
}

// primitive looks at a single primitive.
func (s *survey) primitive(e, m fhir.Element, f *field) {
	switch {
	case m.IsNull(), m.IsArray(), m.IsObject():
		s.drop(CodeKind, m, "want one value of type "+f.typ+", have "+m.Value().Kind().String())
	case f.name == "reference" && m.IsString() && f.fd.Name() == "uri" && e.Get("_reference").IsObject():
		// The library loses the companion where it sees a value.
		s.edit(m, edit{drop: true})
		s.references = append(s.references, fix{s.fixed(), m})
	}
}

// element looks at an element of a list of primitives.
func (s *survey) element(v fhir.Element) {
	switch {
	case s.gone[at(v)], v.IsNull():
		s.edit(v, edit{blank: true})
	case v.IsArray(), v.IsObject():
		s.edit(v, edit{blank: true})
		s.leave(CodeKind, v, s.path(), "want a value or null, have "+v.Value().Kind().String())
	}
}

// complex walks over a value that is not primitive.
func (s *survey) complex(v fhir.Element, f *field) {
	if !v.IsObject() {
		s.drop(CodeKind, v, "want an object, have "+v.Value().Kind().String())
		return
	}
	switch f.kind {
	case contained, wrapped:
		s.resource(v)
	case lifted:
		s.edit(v, edit{drop: true})
		s.resources = append(s.resources, fix{s.fixed(), v})
	default:
		s.object(v, f.shape, false)
	}
}

// companion walks over the _x member m of e.
func (s *survey) companion(e, m fhir.Element, f *field) {
	if s.gone[at(m)] {
		s.edit(m, edit{drop: true})
		return
	}
	if !f.list {
		s.companionObject(m)
		return
	}
	if !m.IsArray() {
		s.drop(CodeKind, m, "want an array, have "+m.Value().Kind().String())
		return
	}
	if !m.First().Exists() {
		s.edit(m, edit{drop: true})
		s.add(issue.Warning, CodeEmpty, m, s.path(), "want an array with elements, have an empty one")
		return
	}
	top := len(s.steps) - 1
	for i, v := 0, m.First(); v.Exists(); i, v = i+1, v.Next() {
		s.steps[top].index, s.steps[top].kept = i, i
		if v.IsNull() || s.gone[at(v)] {
			s.edit(v, edit{blank: true})
			continue
		}
		if s.companionObject(v); s.edits[at(v)].drop {
			s.edit(v, edit{blank: true})
		}
	}
	s.pad(m, e.Get(f.name))
}

func (s *survey) companionObject(v fhir.Element) {
	switch {
	case !v.IsObject():
		s.drop(CodeKind, v, "want an object, have "+v.Value().Kind().String())
	case !v.First().Exists():
		s.edit(v, edit{drop: true})
		s.add(issue.Warning, CodeEmpty, v, s.path(), "want an object with members, have an empty one")
	default:
		s.object(v, s.all.companion, false)
	}
}

// pad makes a list as long as the one beside it, as the library wants it.
func (s *survey) pad(m, beside fhir.Element) {
	if !beside.IsArray() || s.gone[at(beside)] {
		return
	}
	if n := beside.Len() - m.Len(); n > 0 {
		s.edit(m, edit{pad: n})
		s.steps[len(s.steps)-1].index = -1
		s.add(issue.Information, CodeChanged, m, s.path(), "want a list as long as the one beside it, have a shorter one, which is filled up with null")
	}
}

// fixed returns a copy of the path as it is now.
func (s *survey) fixed() []step { return append([]step(nil), s.steps...) }

// text returns the resource with its edits.
func (s *survey) text(e fhir.Element) []byte {
	if len(s.edits) == 0 {
		return e.Raw()
	}
	return s.write(make([]byte, 0, len(e.Raw())), e)
}

func (s *survey) write(b []byte, e fhir.Element) []byte {
	switch change := s.edits[at(e)]; {
	case change.blank:
		return append(b, "{}"...)
	case e.IsObject():
		b = append(b, '{')
		for m := e.First(); m.Exists(); m = m.Next() {
			if s.edits[at(m)].drop {
				continue
			}
			if b[len(b)-1] != '{' {
				b = append(b, ',')
			}
			b = appendName(b, m.Name())
			b = s.write(b, m)
		}
		return append(b, '}')
	case e.IsArray():
		b = append(b, '[')
		for v := e.First(); v.Exists(); v = v.Next() {
			if s.edits[at(v)].drop {
				continue
			}
			if b[len(b)-1] != '[' {
				b = append(b, ',')
			}
			b = s.write(b, v)
		}
		for range change.pad {
			b = append(b, ",{}"...)
		}
		return append(b, ']')
	default:
		return append(b, e.Raw()...)
	}
}

// appendName writes a member's name, which is one of FHIR and needs no escapes.
func appendName(b []byte, name string) []byte {
	return append(append(append(b, '"'), name...), '"', ':')
}
