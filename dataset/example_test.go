package dataset_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
)

// A profile is read with everything that it points at; the model has what both
// say of each field.
func ExampleLoad() {
	m, findings, err := dataset.Load(context.Background(), "testdata/profiles/good.yaml", nil)
	if err != nil {
		log.Fatal(err)
	}
	if findings.HasErrors() {
		log.Fatal(findings.Err())
	}
	for _, f := range m.Table("lab").Object.Fields {
		fmt.Println(strings.TrimSpace(fmt.Sprintln(f.Name, f.Type.Kind, f.Required, f.Unit)))
	}
	// Output:
	// lab_id string true
	// value decimal true ng/mL
	// code string false
}

// A definition of a standard is a profile by itself.
func ExampleLoad_definition() {
	m, _, err := dataset.Load(context.Background(), "omop-cdm:5.4#death", nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range m.Tables[0].Object.Fields[:3] {
		fmt.Println(f.Name, f.Type.Kind, f.Required)
	}
	// Output:
	// person_id integer true
	// death_date date true
	// death_datetime datetime false
}

// Findings name what is wrong, where, and what may have been meant.
func ExampleParse() {
	_, findings := dataset.Parse("psa.yaml", []byte(`profile: "1"
id: https://example.org/psa
version: 1.0.0
sources:
  lab: {kind: table-schema, ref: lab.schema.json}
tables:
  lab:
    form: lab
    from: lab
    fields:
      value: {unit: nanogram, min: 5, max: 4}
`))
	for _, f := range findings {
		fmt.Println(f)
	}
	// Output:
	// psa.yaml:8:5: error: tables.lab: want a known key, have "form": did you mean "from" [profile-form]
	// psa.yaml:11:21: error: tables.lab.fields.value: want a UCUM unit, have "nanogram" [profile-unit]
	// psa.yaml:11:44: error: tables.lab.fields.value: want max not below min, have less [profile-conflict]
}

func ExampleExplain() {
	m, _, err := dataset.Load(context.Background(), "testdata/profiles/good.yaml", nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = dataset.Explain(m, "patients.gendre")
	fmt.Println(err)
	e, err := dataset.Explain(m, "lab.value")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Contains(e.String(), "ng/mL"))
	// Output:
	// dataset: table "patients": want a field of "patients", have "gendre": did you mean "gender"
	// true
}
