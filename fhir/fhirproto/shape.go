package fhirproto

import (
	"strings"
	"sync"

	apb "github.com/google/fhir/go/proto/google/fhir/proto/annotations_go_proto"
	r4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// kind says how a member's value lies in the message.
type kind uint8

const (
	primitive kind = iota + 1 // a message with the value, its id and extensions
	complexly                 // a message with a field for each member
	contained                 // a ContainedResource
	wrapped                   // a ContainedResource in an Any, which the library reads
	lifted                    // the same, which the library does not read
)

// shape is what R4's JSON may hold in an object that becomes a certain message.
type shape struct {
	name      string // of the message
	fields    map[string]*field
	order     []*field // in the order of R4's definition
	reference bool
	extension bool
}

// field is one member of a shape, together with its companion if it has one.
type field struct {
	name   string
	fd     protoreflect.FieldDescriptor
	choice protoreflect.FieldDescriptor // in the message of fd; nil without a choice of types
	list   bool
	kind   kind
	rank   int    // in the order of its shape
	typ    string // of the value, as the message is named
	shape  *shape // of complexly
}

// shapes are those of all messages of R4.
type shapes struct {
	resources map[string]*field // by resourceType: fields of ContainedResource
	messages  map[protoreflect.FullName]*shape
	companion *shape // of a primitive's _x member
}

// allShapes returns the shapes; they are made at the first call.
var allShapes = sync.OnceValue(func() *shapes {
	all := &shapes{resources: map[string]*field{}, messages: map[protoreflect.FullName]*shape{}}
	fields := (&r4pb.ContainedResource{}).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		name := string(fd.Message().Name())
		all.resources[name] = &field{name: name, fd: fd, kind: complexly, typ: name, shape: all.shape(fd.Message())}
	}
	element := all.resources["Patient"].shape.fields["contact"].shape
	all.companion = &shape{name: "Element", fields: map[string]*field{}}
	for _, name := range []string{"id", "extension"} {
		all.companion.fields[name] = element.fields[name]
		all.companion.order = append(all.companion.order, element.fields[name])
	}
	return all
})

// shape returns the shape of a message, made when first asked for.
func (a *shapes) shape(d protoreflect.MessageDescriptor) *shape {
	if s := a.messages[d.FullName()]; s != nil {
		return s
	}
	s := &shape{name: string(d.Name()), fields: map[string]*field{}}
	s.reference = proto.HasExtension(d.Options(), apb.E_FhirReferenceType)
	s.extension = s.name == "Extension"
	a.messages[d.FullName()] = s
	fields := d.Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		inner := fd.Message()
		switch {
		case inner == nil, s.reference && fd.ContainingOneof() != nil && fd.Name() != "uri":
		case isChoice(inner):
			for j := range inner.Fields().Len() {
				choice := inner.Fields().Get(j)
				a.add(s, fd.JSONName()+upperFirst(choice.JSONName()), fd, choice)
			}
		default:
			a.add(s, fd.JSONName(), fd, nil)
		}
	}
	return s
}

func (a *shapes) add(s *shape, name string, fd, choice protoreflect.FieldDescriptor) {
	f := &field{name: name, fd: fd, choice: choice, list: fd.IsList(), rank: len(s.order)}
	d := fd.Message()
	if choice != nil {
		d = choice.Message()
	}
	f.typ = string(d.Name())
	switch {
	case isPrimitive(d):
		f.kind = primitive
	case f.typ == "ContainedResource":
		f.kind = contained
	case f.typ == "Any" && name == "contained":
		f.kind = wrapped
	case f.typ == "Any":
		f.kind = lifted
	default:
		f.kind, f.shape = complexly, a.shape(d)
	}
	s.fields[name] = f
	s.order = append(s.order, f)
}

func isPrimitive(d protoreflect.MessageDescriptor) bool {
	return proto.GetExtension(d.Options(), apb.E_StructureDefinitionKind) == apb.StructureDefinitionKindValue_KIND_PRIMITIVE_TYPE
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func isChoice(d protoreflect.MessageDescriptor) bool {
	return proto.GetExtension(d.Options(), apb.E_IsChoiceType) == true
}
