package fhirproto

import (
	"time"

	r4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// Options are the options of the conversions; nil and zero fields mean the
// defaults.
type Options struct {
	// TimeZone is what messages take dates and times without a zone to be in;
	// nil = UTC. The text that comes back is the same with any zone.
	TimeZone *time.Location
	// MaxDepth bounds how deep objects and arrays of a resource may nest;
	// 0 = 512. Deeper ones are refused: the library recurses without a bound.
	MaxDepth int
	// MaxIssues bounds the findings of one resource; a last one tells that
	// there are more. 0 = 1000.
	MaxIssues int
	// Unchecked leaves out the check that nothing was lost: after a conversion
	// the result is converted back and compared with the source by value. The
	// check makes a conversion take a little more than twice as long.
	Unchecked bool
	// Validate has the library look at required elements, at the types that
	// references lead to and at the form of primitives. Its findings are Errors
	// of their own codes and leave the message as it is. It does not look into
	// contained resources.
	Validate bool
	// Rest is given every piece of a resource that ToProto leaves out because
	// no message can hold it.
	Rest func(Rest)
}

// Rest is a piece of a resource that was left out. It holds data of the
// resource and aliases it.
type Rest struct {
	Path string
	Pos  issue.Pos
	Raw  []byte // the value in JSON
}

func (o *Options) orDefaults() *Options {
	if o == nil {
		return &Options{}
	}
	return o
}

func (o *Options) maxIssues() int {
	if o.MaxIssues <= 0 {
		return 1000
	}
	return o.MaxIssues
}

func (o *Options) maxDepth() int {
	if o.MaxDepth <= 0 {
		return jsontree.DefaultMaxDepth
	}
	return o.MaxDepth
}

// ToProto returns the resource as a message. The list tells everything that the
// message does not hold as the resource does, and what was done about it; its
// Errors leave the message usable. The error is an *issue.ListError with the
// list, and the message nil, if the resource cannot be converted at all. The
// message shares nothing with the resource. ToProto is safe for concurrent use.
func ToProto(r *fhir.Resource, opts *Options) (*r4pb.ContainedResource, issue.List, error) {
	c := converter{opts: opts.orDefaults()}
	c.findings = findings{r: r, opts: c.opts}
	cr := c.convert(r.Root(), nil)
	if cr == nil {
		list := c.sorted()
		return nil, list, list.Err()
	}
	if !c.opts.Unchecked {
		c.check(cr)
	}
	return cr, c.sorted(), nil
}

// To is ToProto for a caller who knows the type of the resource: M is the type
// of its message, such as *patient_go_proto.Patient. A resource of another type
// is an error.
func To[M proto.Message](r *fhir.Resource, opts *Options) (M, issue.List, error) {
	var none M
	cr, list, err := ToProto(r, opts)
	if err != nil {
		return none, list, err
	}
	m, ok := resourceOf(cr.ProtoReflect()).Interface().(M)
	if !ok {
		f := findings{r: r, opts: opts.orDefaults()}
		f.add(issue.Fatal, CodeResourceType, r.Root(), r.Type(),
			"want a resource of type "+string(none.ProtoReflect().Descriptor().Name())+", have "+r.Type())
		return none, f.list, f.list.Err()
	}
	return m, list, nil
}

// FromProto returns a message as a resource, its members in the order of R4's
// definition and without white space. The message is a ContainedResource or that of
// one resource, and is not changed. The list tells what the resource does not
// hold as the message does. The error is an *issue.ListError with the list, and
// the resource nil, if the message cannot be converted at all. FromProto is
// safe for concurrent use, also with the same message.
func FromProto(m proto.Message, opts *Options) (*fhir.Resource, issue.List, error) {
	w := writer{opts: opts.orDefaults()}
	w.findings = findings{opts: w.opts}
	var r *fhir.Resource
	if inner := w.open(m); inner != nil {
		r = w.resource(inner, true)
		if r != nil && !w.opts.Unchecked {
			w.check(inner, r)
		}
	}
	list := w.sorted()
	if r == nil {
		return nil, list, list.Err()
	}
	return r, list, nil
}

// resourceOf returns the message of the resource in a ContainedResource, nil if
// it holds none.
func resourceOf(cr protoreflect.Message) protoreflect.Message {
	fd := cr.WhichOneof(cr.Descriptor().Oneofs().Get(0))
	if fd == nil {
		return nil
	}
	return cr.Get(fd).Message()
}
