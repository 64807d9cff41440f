package fhirproto

import (
	"github.com/google/fhir/go/jsonformat"
	d4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	r4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// check converts the resource back and reports how the message differs from m.
func (w *writer) check(m protoreflect.Message, r *fhir.Resource) {
	opts := &Options{TimeZone: w.opts.TimeZone, MaxDepth: w.opts.MaxDepth, MaxIssues: w.opts.MaxIssues, Unchecked: true}
	cr, list, err := ToProto(r, opts)
	for _, i := range list {
		w.add(min(i.Severity, issue.Error), i.Code, fhir.Element{}, i.Path, i.Message)
	}
	if err != nil {
		w.add(issue.Error, CodeLost, fhir.Element{}, w.root, "want a resource that can be converted back, have another")
		return
	}
	w.steps = w.steps[:0]
	w.same(m, resourceOf(cr.ProtoReflect()))
}

// same compares two messages of one type at the same place.
func (w *writer) same(m, back protoreflect.Message) {
	if proto.Equal(m.Interface(), back.Interface()) {
		return
	}
	if a, ok := m.Interface().(*anypb.Any); ok {
		w.sameWrapped(a, back.Interface())
		return
	}
	if ref, ok := m.Interface().(*d4pb.Reference); ok && ref.GetUri() != nil {
		if m = normalized(ref); proto.Equal(m.Interface(), back.Interface()) {
			return
		}
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		w.steps = append(w.steps, step{name: fd.JSONName(), index: -1})
		switch v := m.Get(fd); {
		case !m.Has(fd) && !back.Has(fd):
		case m.Has(fd) != back.Has(fd):
			w.differs()
		case fd.Message() == nil:
			if !v.Equal(back.Get(fd)) {
				w.differs()
			}
		case !fd.IsList():
			w.same(v.Message(), back.Get(fd).Message())
		case v.List().Len() != back.Get(fd).List().Len():
			w.differs()
		default:
			for j := range v.List().Len() {
				w.steps[len(w.steps)-1].index = j
				w.same(v.List().Get(j).Message(), back.Get(fd).List().Get(j).Message())
			}
		}
		w.steps = w.steps[:len(w.steps)-1]
	}
}

func (w *writer) sameWrapped(a *anypb.Any, back proto.Message) {
	b, ok := back.(*anypb.Any)
	one, other := new(r4pb.ContainedResource), new(r4pb.ContainedResource)
	if !ok || a.UnmarshalTo(one) != nil || b.UnmarshalTo(other) != nil {
		w.differs()
		return
	}
	w.same(one.ProtoReflect(), other.ProtoReflect())
}

// differs reports a difference where w stands.
func (w *writer) differs() {
	w.add(issue.Error, CodeLost, fhir.Element{}, w.path(), "want the same in the message after converting back, have a difference")
}

// normalized returns a copy of a reference in the typed form.
func normalized(ref *d4pb.Reference) protoreflect.Message {
	c, ok := proto.Clone(ref).(*d4pb.Reference)
	if !ok {
		return ref.ProtoReflect()
	}
	uri := c.GetUri()
	if _, panicked := guard(func() error { return jsonformat.NormalizeReference(c) }); panicked {
		return ref.ProtoReflect()
	}
	if f := c.GetFragment(); f != nil {
		f.Id, f.Extension = uri.GetId(), uri.GetExtension()
	} else if id := referenceID(c); id != nil {
		id.Id, id.Extension = uri.GetId(), uri.GetExtension()
	}
	return c.ProtoReflect()
}
