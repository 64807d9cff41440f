package fhirproto

import (
	"encoding/base64"
	"strings"

	d4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	r4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// writer turns one message into a resource.
type writer struct {
	findings
	opts   *Options
	root   string
	steps  []step
	levels int
	inner  map[string][]byte // JSON that the library does not write, by path
}

// open returns the message of the resource that m is or holds; nil is a finding.
func (w *writer) open(m proto.Message) protoreflect.Message {
	if m == nil || !m.ProtoReflect().IsValid() {
		w.add(issue.Fatal, CodeResourceType, fhir.Element{}, "", "want a message, have none")
		return nil
	}
	inner := m.ProtoReflect()
	if _, ok := m.(*r4pb.ContainedResource); ok {
		inner = resourceOf(inner)
	}
	if inner == nil || !inner.IsValid() {
		w.add(issue.Fatal, CodeResourceType, fhir.Element{}, "", "want a resource in the message, have none")
		return nil
	}
	f := allShapes().resources[string(inner.Descriptor().Name())]
	if f == nil || f.fd.Message() != inner.Descriptor() {
		w.add(issue.Fatal, CodeResourceType, fhir.Element{}, "", "want the message of a resource of R4, have another")
		return nil
	}
	return inner
}

// resource returns what the message m says. The members are in the order of the
// definition if that is asked for, or if there is something to put in.
func (w *writer) resource(m protoreflect.Message, ordered bool) *fhir.Resource {
	w.root = string(m.Descriptor().Name())
	text := w.text(m)
	if text == nil {
		return nil
	}
	r, err := fhir.Parse(text)
	if err == nil && (ordered || len(w.inner) > 0) {
		o := orderer{all: allShapes(), root: w.root, inner: w.inner}
		r, err = fhir.Parse(o.resource(make([]byte, 0, len(text)), r.Root()))
	}
	if err != nil {
		w.fail(CodeRefused, "want JSON from the library, have something else")
		return nil
	}
	return r
}

func (w *writer) path() string { return pathText(w.root, w.steps) }

func (w *writer) fail(code issue.Code, message string) {
	w.add(issue.Fatal, code, fhir.Element{}, w.path(), message)
}

// text has the library write a copy of m in which everything is so that it
// loses nothing.
func (w *writer) text(m protoreflect.Message) []byte {
	m = proto.Clone(m.Interface()).ProtoReflect()
	if !w.prepare(m) {
		return nil
	}
	text, err, panicked := marshal(m.Interface())
	switch {
	case panicked:
		w.fail(CodePanic, "want JSON, have a panic of the library")
		return nil
	case err != nil:
		w.fail(CodeRefused, "want a message that the library writes, have one that it refuses")
		return nil
	}
	return text
}

// prepare changes m in place so that the library writes all of it; false is a
// finding.
func (w *writer) prepare(m protoreflect.Message) bool {
	if w.levels++; w.levels > 2*w.opts.maxDepth() { // a choice of types is a level of its own
		w.fail(CodeDepth, "want fewer levels, have more")
		return false
	}
	defer func() { w.levels-- }()
	if len(m.GetUnknown()) > 0 {
		w.add(issue.Error, CodeUnknownField, fhir.Element{}, w.path(), "want fields that this version of the message knows, have others")
	}
	switch x := m.Interface().(type) {
	case *d4pb.Reference:
		spell(x)
	case *d4pb.Base64Binary:
		w.space(x)
	}
	ok := true
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		inner := fd.Message()
		if inner == nil {
			return true
		}
		named := m.Descriptor().Name() != "ContainedResource" && !isChoice(m.Descriptor())
		if named {
			w.steps = append(w.steps, step{name: fd.JSONName(), index: -1})
		} else if n := len(w.steps); n > 0 && isChoice(m.Descriptor()) {
			w.steps[n-1].choice = fd.JSONName()
		}
		switch {
		case !fd.IsList() && inner.Name() == "Any":
			ok = w.lift(m, fd)
		case !fd.IsList():
			ok = w.prepare(v.Message())
		default:
			for i := 0; ok && i < v.List().Len(); i++ {
				if named {
					w.steps[len(w.steps)-1].index = i
				}
				if item := v.List().Get(i).Message(); inner.Name() == "Any" {
					ok = w.rewrap(item)
				} else {
					ok = w.prepare(item)
				}
			}
		}
		if named {
			w.steps = w.steps[:len(w.steps)-1]
		}
		return ok
	})
	return ok
}

// rewrap prepares a wrapped resource.
func (w *writer) rewrap(m protoreflect.Message) bool {
	a, ok := m.Interface().(*anypb.Any)
	inner := new(r4pb.ContainedResource)
	if !ok || a.UnmarshalTo(inner) != nil {
		w.fail(CodeRefused, "want a ContainedResource wrapped up, have another message")
		return false
	}
	if !w.prepare(inner.ProtoReflect()) {
		return false
	}
	return a.MarshalFrom(inner) == nil
}

// lift takes out a resource that the library does not write, to be put into the
// text later.
func (w *writer) lift(m protoreflect.Message, fd protoreflect.FieldDescriptor) bool {
	a, ok := m.Get(fd).Message().Interface().(*anypb.Any)
	inner := new(r4pb.ContainedResource)
	if !ok || a.UnmarshalTo(inner) != nil || resourceOf(inner.ProtoReflect()) == nil {
		w.fail(CodeRefused, "want a ContainedResource wrapped up, have another message")
		return false
	}
	text := w.text(resourceOf(inner.ProtoReflect()))
	if text == nil {
		return false
	}
	w.put(text)
	m.Clear(fd)
	return true
}

// spell writes a typed reference as text where it has a companion, which the
// library would lose.
func spell(ref *d4pb.Reference) {
	if f := ref.GetFragment(); f != nil && (f.Id != nil || len(f.Extension) > 0) {
		ref.Reference = &d4pb.Reference_Uri{Uri: &d4pb.String{Value: "#" + f.Value, Id: f.Id, Extension: f.Extension}}
		return
	}
	id := referenceID(ref)
	if id == nil || id.Id == nil && len(id.Extension) == 0 {
		return
	}
	m := ref.ProtoReflect()
	fd := m.WhichOneof(m.Descriptor().Oneofs().Get(0))
	text := upperFirst(strings.TrimSuffix(fd.JSONName(), "Id")) + "/" + id.Value // patientId
	if v := id.GetHistory().GetValue(); v != "" {
		text += "/_history/" + v
	}
	ref.Reference = &d4pb.Reference_Uri{Uri: &d4pb.String{Value: text, Id: id.Id, Extension: id.Extension}}
}

// space writes base64 that the library noted to have spaces, by itself: the
// library needs time that goes with the square of its length, and does not come
// to an end where the note lacks a length.
func (w *writer) space(b *d4pb.Base64Binary) {
	var kept []*d4pb.Extension
	for _, e := range b.Extension {
		if e.GetUrl().GetValue() != reserved+"base64Binary-separatorStride" {
			kept = append(kept, e)
			continue
		}
		text := spaced(e, b.Value)
		if text == nil {
			w.add(issue.Warning, CodeChanged, fhir.Element{}, w.path(), "want to know how base64 is spaced, have a note that does not tell")
			continue
		}
		w.put(text)
		b.Value = []byte{0} // something, so that the library writes the member
	}
	b.Extension = kept
}

// put keeps JSON that is to stand at the present path.
func (w *writer) put(text []byte) {
	if w.inner == nil {
		w.inner = map[string][]byte{}
	}
	w.inner[w.path()] = text
}

// spaced returns data as a JSON string of base64 with spaces after every
// stride, as the note says; nil if it does not say.
func spaced(note *d4pb.Extension, data []byte) []byte {
	var separator string
	var stride int
	for _, e := range note.Extension {
		switch e.GetUrl().GetValue() {
		case "stride":
			stride = int(e.GetValue().GetPositiveInt().GetValue())
		case "separator":
			separator = e.GetValue().GetStringValue().GetValue()
		}
	}
	if stride <= 0 || strings.Trim(separator, " ") != "" || len(separator) > 1000 {
		return nil
	}
	text := base64.StdEncoding.EncodeToString(data)
	out := append(make([]byte, 0, len(text)+2+len(separator)*(len(text)/stride+1)), '"')
	for len(text) > stride {
		out = append(append(out, text[:stride]...), separator...)
		text = text[stride:]
	}
	return append(append(out, text...), '"')
}
