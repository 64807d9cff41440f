package fhirproto_test

import (
	"fmt"

	patpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirproto"
)

// To gives the message of one type. What the message cannot hold is reported.
func ExampleTo() {
	r, err := fhir.Parse([]byte(`{"resourceType":"Patient","active":true,"nickname":"x","birthDate":"1980-05-17"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, findings, err := fhirproto.To[*patpb.Patient](r, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.GetActive().GetValue())
	fmt.Println(findings)
	// Output:
	// true
	// [1:52: error: Patient.nickname: want a member that R4 defines for Patient, have another [fhirproto-unknown-member]]
}

// FromProto gives a resource, its members in the order of R4's definition.
func ExampleFromProto() {
	r, err := fhir.Parse([]byte(`{"birthDate":"1980-05-17","id":"p1","resourceType":"Patient"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	m, _, err := fhirproto.ToProto(r, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	back, findings, err := fhirproto.FromProto(m, nil)
	fmt.Println(string(back.Raw()), len(findings), err)
	// Output:
	// {"resourceType":"Patient","id":"p1","birthDate":"1980-05-17"} 0 <nil>
}
