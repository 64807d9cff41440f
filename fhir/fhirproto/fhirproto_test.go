package fhirproto

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	c4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/codes_go_proto"
	d4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	r4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"
	medpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/medication_go_proto"
	patpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/carabiner-health/carabiner/issue"
)

func TestTheLibrarySaysWhere(t *testing.T) {
	_, _, err, panicked := unmarshal([]byte(`{"resourceType":"Patient","gender":"x","name":[{"given":[1]}]}`), nil, false)
	if err == nil || panicked {
		t.Fatal("want an error of the library")
	}
	places := map[string]bool{}
	for _, c := range complaints(err) {
		places[c.path] = c.known && c.details != ""
	}
	if len(places) != 2 || !places["Patient.gender"] || !places["Patient.name[0].given[0]"] {
		t.Errorf("want the library's own paths and details, have %d complaints", len(places))
	}
}

func TestPanicsEndAtTheDoor(t *testing.T) {
	if _, panicked := guard(func() error { panic("x") }); !panicked {
		t.Error("want the panic reported")
	}
	// A typed nil inside a message is what the library does not expect.
	broken := &patpb.Patient{Name: []*d4pb.HumanName{nil}, ManagingOrganization: &d4pb.Reference{Reference: &d4pb.Reference_PatientId{}}}
	if r, list, err := FromProto(broken, nil); err != nil && (r != nil || list.Worst() != issue.Fatal) {
		t.Error(list, err)
	}
}

func TestToGivesTheTypeAskedFor(t *testing.T) {
	r := parse(t, `{"resourceType":"Patient","gender":"female"}`)
	p, list, err := To[*patpb.Patient](r, nil)
	if err != nil || len(list) > 0 || p.GetGender().GetValue() != c4pb.AdministrativeGenderCode_FEMALE {
		t.Error(p, list, err)
	}
	m, _, err := To[*medpb.Medication](r, nil)
	if err == nil || m != nil {
		t.Error("want an error about the type, have none")
	}
}

func TestValidateReportsWhatTheLibraryFinds(t *testing.T) {
	r := parse(t, `{"resourceType":"Observation","id":"a b","subject":{"reference":"Medication/1"},"component":[{"valueString":"x"}]}`)
	_, list, err := ToProto(r, &Options{Validate: true})
	if err != nil {
		t.Fatal(err)
	}
	got := map[issue.Code]int{}
	for _, i := range list {
		got[i.Code]++
	}
	if got[CodePrimitive] != 1 || got[CodeReferenceTarget] != 1 || got[CodeRequired] != 3 || len(list) != 5 {
		t.Error(list)
	}
	if _, list, err = ToProto(r, nil); err != nil || len(list) > 0 {
		t.Error("without Validate:", list, err)
	}
}

func TestFromProtoLeavesTheMessageAlone(t *testing.T) {
	r := parse(t, `{"resourceType":"Patient","contained":[{"resourceType":"Basic","id":"b","subject":{"reference":"Patient/1"}}],"generalPractitioner":[{"reference":"Practitioner/1","_reference":{"id":"i"}}],"photo":[{"data":"AAAA AAAA"}]}`)
	m, _, err := ToProto(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := proto.Clone(m)
	done := make(chan error)
	for range 3 {
		go func() { _, _, err := FromProto(m, nil); done <- err }()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if !proto.Equal(before, m) {
		t.Error("the message was changed")
	}
}

func TestFromProtoReportsWhatItCannotWrite(t *testing.T) {
	packed, err := anypb.New(&patpb.Patient{})
	if err != nil {
		t.Fatal(err)
	}
	unknown := &patpb.Patient{Active: &d4pb.Boolean{Value: true}}
	unknown.Active.ProtoReflect().SetUnknown(protoreflect.RawFields{0xa0, 0x7d, 0x01}) // field 2004, varint 1
	endless := &d4pb.Base64Binary{Value: []byte("abc"), Extension: []*d4pb.Extension{{Url: &d4pb.Uri{Value: reserved + "base64Binary-separatorStride"}}}}
	for name, c := range map[string]struct {
		m    proto.Message
		code issue.Code
		ok   bool
	}{
		"nothing":               {nil, CodeResourceType, false},
		"a nil message":         {(*patpb.Patient)(nil), CodeResourceType, false},
		"an empty container":    {&r4pb.ContainedResource{}, CodeResourceType, false},
		"a type of data":        {&d4pb.HumanName{}, CodeResourceType, false},
		"another packed":        {&patpb.Patient{Contained: []*anypb.Any{packed}}, CodeRefused, false},
		"an unknown field":      {unknown, CodeUnknownField, true},
		"a stride of no length": {&patpb.Patient{Photo: []*d4pb.Attachment{{Data: endless}}}, CodeChanged, true},
	} {
		r, list, err := FromProto(c.m, nil)
		if (err == nil) != c.ok || (r != nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if len(list) == 0 || list[0].Code != c.code {
			t.Errorf("%s: want %s first, have %v", name, c.code, list)
		}
	}
}

func TestMessagesMayHoldReferencesAsText(t *testing.T) {
	m := &patpb.Patient{ManagingOrganization: &d4pb.Reference{Reference: &d4pb.Reference_Uri{Uri: &d4pb.String{Value: "Organization/1"}}}}
	r, list, err := FromProto(m, nil)
	if err != nil || len(list) > 0 || r.Get("managingOrganization").Get("reference").Text() != "Organization/1" {
		t.Error(list, err)
	}
}
