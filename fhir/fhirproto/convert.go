package fhirproto

import (
	"strconv"
	"strings"

	"github.com/google/fhir/go/jsonformat"
	d4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	r4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// rounds bounds how often the library is asked again after it refused values.
const rounds = 16

// converter turns one resource into a message.
type converter struct {
	findings
	opts    *Options
	dropped map[int]edit // everything that was left out on purpose, by offset
}

// convert returns a resource, the whole or one inside it at the given path, as a
// message; nil if it cannot be converted, which then is a finding.
func (c *converter) convert(e fhir.Element, at []step) *r4pb.ContainedResource {
	root := pathText(c.r.Type(), at)
	if !fhir.IsResourceType(c.r.Type()) {
		root = pathText("Resource", at)
	}
	if deeper(e, c.opts.maxDepth()-len(at)) {
		c.add(issue.Fatal, CodeDepth, e, root, "want at most "+strconv.Itoa(c.opts.maxDepth())+" levels, have more")
		return nil
	}
	gone := map[int]bool{}
	before := c.findings
	for range rounds {
		c.findings = before // what the round before said is said again, or is in before
		s := survey{findings: &c.findings, all: allShapes(), root: root, gone: gone}
		if !s.resource(e) {
			c.list[len(c.list)-1].Severity = issue.Fatal
			return nil
		}
		cr, said, err, panicked := unmarshal(s.text(e), c.opts.TimeZone, c.opts.Validate)
		switch {
		case panicked:
			c.add(issue.Fatal, CodePanic, e, root, "want a message, have a panic of the library")
			return nil
		case err == nil && cr == nil:
			c.add(issue.Fatal, CodeRefused, e, root, "want a message, have none")
			return nil
		case err == nil:
			c.keep(s.edits)
			c.mend(cr, &s, at)
			c.judge(e, root, said)
			return cr
		}
		c.findings, before = before, c.findings
		if !c.refuse(e, root, err, gone, s.edits) {
			c.findings = before
			c.add(issue.Fatal, CodeRefused, e, root, "want a resource that the library reads, have one that it refuses")
			return nil
		}
		before = c.findings
	}
	c.add(issue.Fatal, CodeRefused, e, root, "want a resource that the library reads, have one that it refuses again and again")
	return nil
}

// keep remembers what a survey left out.
func (c *converter) keep(edits map[int]edit) {
	if c.dropped == nil {
		c.dropped = make(map[int]edit, len(edits))
	}
	for at, change := range edits {
		c.dropped[at] = change
	}
}

// refuse marks the values that the library complains of, so that it is asked
// again without them; false if there is none to mark.
func (c *converter) refuse(e fhir.Element, root string, err error, gone map[int]bool, edits map[int]edit) bool {
	any := false
	for _, said := range complaints(err) {
		if !said.known {
			continue
		}
		v, steps, ok := resolve(e, said.path, edits)
		if !ok || gone[at(v)] || len(steps) == 0 {
			continue
		}
		any, gone[at(v)] = true, true
		c.leave(CodeValue, v, pathText(root, steps), "want a value that its message can hold, have another "+v.Value().Kind().String())
	}
	return any
}

// judge reports what the library's validation says.
func (c *converter) judge(e fhir.Element, root string, said []complaint) {
	if !c.opts.Validate {
		return
	}
	for _, said := range said {
		v, steps, ok := resolve(e, said.path, nil)
		if !ok {
			v = e
		}
		switch {
		case strings.HasPrefix(said.details, "missing required field"):
			steps = append(steps, step{name: quoted(said.details), index: -1})
			c.add(issue.Error, CodeRequired, v, pathText(root, steps), "want a value, have none")
		case strings.HasPrefix(said.details, "invalid reference to a "):
			have, want, _ := strings.Cut(strings.TrimPrefix(said.details, "invalid reference to a "), " resource, want ")
			c.add(issue.Error, CodeReferenceTarget, v, pathText(root, steps), "want a reference to "+want+", have one to "+have)
		default:
			c.add(issue.Error, CodePrimitive, v, pathText(root, steps), "want the form of its type, have another")
		}
	}
}

// mend puts into the message what the library does not read.
func (c *converter) mend(cr *r4pb.ContainedResource, s *survey, at []step) {
	for _, f := range s.references {
		c.mendReference(cr, f)
	}
	for _, f := range s.resources {
		path := append(append([]step(nil), at...), f.steps...)
		inner := c.convert(f.value, path)
		if inner == nil {
			c.demote(f.value, pathText(c.r.Type(), path))
			continue
		}
		wrapped := new(anypb.Any)
		if err := wrapped.MarshalFrom(inner); err != nil {
			c.leave(CodeRefused, f.value, pathText(c.r.Type(), path), "want a resource that can be wrapped, have another")
			continue
		}
		last := f.steps[len(f.steps)-1]
		descend(cr, f.steps[:len(f.steps)-1], func(m protoreflect.Message) {
			m.Set(last.field.fd, protoreflect.ValueOfMessage(wrapped.ProtoReflect()))
		})
		delete(c.dropped, f.value.Value().Offset())
	}
}

// demote makes an Error of the Fatal finding that an inner resource ended with:
// the resource around it goes on.
func (c *converter) demote(e fhir.Element, path string) {
	if n := len(c.list); n > 0 && c.list[n-1].Severity == issue.Fatal {
		c.list[n-1].Severity = issue.Error
	}
	c.rest = append(c.rest, Rest{Path: path, Pos: c.r.PosOf(e), Raw: e.Raw()})
}

// mendReference gives a reference its text; the companion is there already.
func (c *converter) mendReference(cr *r4pb.ContainedResource, f fix) {
	done := false
	descend(cr, f.steps[:len(f.steps)-1], func(m protoreflect.Message) {
		ref, ok := m.Interface().(*d4pb.Reference)
		if !ok {
			return
		}
		companion := ref.GetUri()
		whole := &d4pb.String{Value: f.value.Text(), Id: companion.GetId()}
		for _, e := range companion.GetExtension() {
			if !strings.HasPrefix(e.GetUrl().GetValue(), reserved) {
				whole.Extension = append(whole.Extension, e)
			}
		}
		ref.Reference = &d4pb.Reference_Uri{Uri: whole}
		if _, panicked := guard(func() error { return jsonformat.NormalizeReference(ref) }); panicked {
			return
		}
		done = true
		switch r := ref.Reference.(type) {
		case *d4pb.Reference_Uri:
		case *d4pb.Reference_Fragment:
			r.Fragment.Id, r.Fragment.Extension = whole.Id, whole.Extension
		default:
			if id := referenceID(ref); id != nil {
				id.Id, id.Extension = whole.Id, whole.Extension
			}
		}
	})
	if done {
		delete(c.dropped, at(f.value))
	} else {
		c.leave(CodeValue, f.value, pathText(c.r.Type(), f.steps), "want a reference that its message can hold, have another")
	}
}

// referenceID returns the typed form of a reference, nil if it has another.
func referenceID(ref *d4pb.Reference) *d4pb.ReferenceId {
	m := ref.ProtoReflect()
	fd := m.WhichOneof(m.Descriptor().Oneofs().Get(0))
	if fd == nil {
		return nil
	}
	id, _ := m.Get(fd).Message().Interface().(*d4pb.ReferenceId)
	return id
}

// descend calls do with the message that steps lead to, through resources that
// are wrapped up. Nothing is called if there is no such message.
func descend(cr *r4pb.ContainedResource, steps []step, do func(protoreflect.Message)) {
	m := resourceOf(cr.ProtoReflect())
	for i, s := range steps {
		if m == nil || s.field == nil || s.field.fd.ContainingMessage() != m.Descriptor() {
			return
		}
		var v protoreflect.Message
		if s.field.list {
			list := m.Mutable(s.field.fd).List()
			if s.kept >= list.Len() {
				return
			}
			v = list.Get(s.kept).Message()
		} else {
			v = m.Mutable(s.field.fd).Message()
		}
		switch {
		case s.field.choice != nil:
			v = v.Mutable(s.field.choice).Message()
		case s.field.kind == contained:
			v = resourceOf(v)
		case s.field.kind == wrapped:
			a, ok := v.Interface().(*anypb.Any)
			inner := new(r4pb.ContainedResource)
			if !ok || a.UnmarshalTo(inner) != nil {
				return
			}
			descend(inner, steps[i+1:], do)
			_ = a.MarshalFrom(inner) // of what was just read
			return
		}
		m = v
	}
	if m != nil {
		do(m)
	}
}

// deeper reports whether e nests deeper than that many levels.
func deeper(e fhir.Element, levels int) bool {
	if !e.IsObject() && !e.IsArray() {
		return false
	}
	if levels <= 0 {
		return true
	}
	for v := e.First(); v.Exists(); v = v.Next() {
		if deeper(v, levels-1) {
			return true
		}
	}
	return false
}
