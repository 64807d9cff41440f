package fhir_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

const export = `{"resourceType":"Patient","id":"p1","birthDate":"1980-05-17"}
{"resourceType":"Patient","id":
{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p1"},"valueQuantity":{"value":71.50,"unit":"kg"}}
`

// Read goes over any source; what cannot be read is reported, the rest goes on.
func ExampleRead() {
	findings := &issue.Collector{}
	for r, err := range fhir.Read(context.Background(), strings.NewReader(export), &fhir.ReadOptions{Reporter: findings}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Record(), r.Type(), r.ID())
	}
	fmt.Println(findings.List())
	// Output:
	// 1 Patient p1
	// 3 Observation o1
	// [2:32: error: want value, have end of input [fhir-json-syntax]]
}

// Each does the same with several workers; each has its own number, so that it
// can count without locks.
func ExampleEach() {
	srcs := []fhir.Source{fhir.ReaderSource("export.ndjson", strings.NewReader(export))}
	defer func() { _ = fhir.CloseSources(srcs) }()
	counts := make([]int, 2)
	opts := &fhir.ReadOptions{Workers: 2, Reporter: issue.Discard}
	stats, err := fhir.Each(context.Background(), srcs, opts, func(worker int, r *fhir.Resource) error {
		counts[worker]++
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(counts[0]+counts[1], stats.Records(), stats.Rejected())
	// Output: 2 2 1
}

// Elements are reached by name; numbers keep their text.
func ExampleResource() {
	r, err := fhir.Parse([]byte(`{"resourceType":"Observation","subject":{"reference":"Patient/p1"},"valueQuantity":{"value":71.50}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	subject := r.Resolve(r.Get("subject").Get("reference").Bytes(nil))
	fmt.Printf("%s %s/%s\n", subject.Kind, subject.Type, subject.ID)
	fmt.Printf("%s\n", r.Get("valueQuantity").Get("value").Number())
	fmt.Println(r.Get("effectiveDateTime").Exists())
	// Output:
	// local Patient/p1
	// 71.50
	// false
}

// A Writer puts every resource on a line of its own.
func ExampleWriter() {
	w := fhir.NewWriter(os.Stdout, nil)
	bundle := `{"resourceType":"Bundle","entry":[
	  {"resource": {"resourceType":"Patient",
	                "id":"p1"}}]}`
	for r, err := range fhir.Read(context.Background(), strings.NewReader(bundle), nil) {
		if err == nil {
			err = w.Write(r)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output: {"resourceType":"Patient","id":"p1"}
}

// A Validator checks the form; paths are FHIRPath.
func ExampleValidator() {
	v, err := fhir.NewValidator(nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := fhir.Parse([]byte(`{"resourceType":"Patient","id":"p 1","name":[{"given":[]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, i := range v.Validate(r) {
		fmt.Println(i.Path, i.Message)
	}
	// Output:
	// Patient want dom-6 to hold, have it broken: text.`div`.exists()
	// Patient.id want 1 to 64 letters, digits, - and ., have other text
	// Patient.name[0] want ele-1 to hold, have it broken: hasValue() or (children().count() > id.count())
	// Patient.name[0].given want an array with elements, have an empty one
}
