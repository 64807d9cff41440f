package fhirpath_test

import (
	"fmt"
	"time"

	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

const patient = `{"resourceType":"Patient","birthDate":"1974-12","name":[
	{"use":"official","family":"Chalmers","given":["Peter","James"]},
	{"use":"usual","given":["Jim"]}]}`

// resource parses a resource; programs outside the module have fhir.Read.
func resource(text string) fhirpath.Node {
	var tree jsontree.Tree
	if err := tree.Parse([]byte(text), nil); err != nil {
		panic(err)
	}
	return fhirpath.ResourceNode(tree.Root())
}

func ExampleCompile() {
	e, err := fhirpath.Compile("name.where(use = 'official').given", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	names, err := e.Eval(&fhirpath.Input{Focus: resource(patient)})
	fmt.Println(string(names.JSON(nil)), names[0].Type(), err)
	// Output: ["Peter","James"] FHIR.string <nil>
}

func ExampleCompile_strict() {
	_, err := fhirpath.Compile("name.givn", &fhirpath.Options{Type: "Patient", Strict: true})
	fmt.Println(err)
	// Output: fhirpath: line 1, column 6: want an element that HumanName has, have givn
}

func ExampleExpression_Test() {
	e, _ := fhirpath.Compile("name.exists() and birthDate < today()", nil)
	ok, err := e.Test(&fhirpath.Input{Focus: resource(patient), Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	fmt.Println(ok, err)
	// Output: true <nil>
}

func ExampleExpression_Eval_boundaries() {
	e, _ := fhirpath.Compile("birthDate.lowBoundary() | birthDate.highBoundary()", nil)
	days, _ := e.Eval(&fhirpath.Input{Focus: resource(patient)})
	for _, day := range days {
		fmt.Println(day, day.Type())
	}
	// Output:
	// 1974-12-01 System.Date
	// 1974-12-31 System.Date
}

func ExampleInput_vars() {
	e, _ := fhirpath.Compile("4 'g' > %dose", nil)
	dose, _ := fhirpath.Literal("4040 'mg'")
	value, known, err := e.Truth(&fhirpath.Input{Vars: map[string]fhirpath.Collection{"dose": {dose}}})
	fmt.Println(value, known, err)
	// Output: false true <nil>
}
