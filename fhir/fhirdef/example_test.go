package fhirdef_test

import (
	"fmt"
	"log"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

func ExampleR4() {
	defs := fhirdef.R4()
	for _, e := range defs.Type("Period").Elements {
		if e.Binding == nil && len(e.Constraints) > 0 && e.Path != "Period" {
			fmt.Println(e.Path, e.Min, e.Max, e.Types[0].Code)
		}
	}
	for _, c := range defs.Type("Period").Elements[0].Constraints {
		fmt.Println(c.Key, c.Severity, c.Expression)
	}
	// Output:
	// Period.extension 0 9223372036854775807 Extension
	// Period.start 0 1 dateTime
	// Period.end 0 1 dateTime
	// ele-1 error hasValue() or (children().count() > id.count())
	// per-1 error start.hasValue().not() or end.hasValue().not() or (start <= end)
}

func ExampleDefinitions_Shape() {
	component := fhirdef.R4().Shape("Observation.component")
	m, typ := component.JSON([]byte("valueQuantity"))
	fmt.Println(m.Name, typ, m.List)
	m, typ = component.JSON([]byte("referenceRange"))
	fmt.Println(m.Name, typ, m.List)
	// Output:
	// value Quantity false
	// referenceRange Observation.referenceRange true
}

func ExampleDefinitions_With() {
	p := fhirdef.NewPackage("example.org", "1.0.0")
	err := p.Add([]byte(`{
		"resourceType": "StructureDefinition",
		"url": "http://example.org/StructureDefinition/named-patient", "version": "1.0.0",
		"name": "NamedPatient", "status": "active", "kind": "resource", "abstract": false,
		"type": "Patient", "derivation": "constraint",
		"baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
		"differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "min": 1}]}
	}`), "named-patient.json")
	if err != nil {
		log.Fatal(err)
	}
	defs := fhirdef.R4().With(p)
	profile := defs.Structure("http://example.org/StructureDefinition/named-patient|1.0")
	for _, e := range profile.Elements {
		if e.Path == "Patient.name" {
			fmt.Println(profile.Package, e.Path, e.Min)
		}
	}
	// Output:
	// example.org#1.0.0 Patient.name 1
}

func ExampleDefinitions_Versions() {
	const url = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
	defs := fhirdef.R4()
	if defs.Structure(url+"|3.0.0") == nil {
		fmt.Println("not held, but", defs.Versions(url))
	}
	// Output:
	// not held, but [5.2.0 4.0.1]
}
