package mapping_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/mapping"
	"github.com/carabiner-health/carabiner/omop/vocab"
)

// A folder of FHIR becomes an OMOP database; every resource is accounted for.
func ExampleConvert() {
	ctx := context.Background()
	store, _, err := vocab.OpenDir(ctx, "../testdata/clinic-vocabulary", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	srcs, err := fhir.NewSources([]string{"../testdata/clinic"})
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	report, err := mapping.Convert(ctx, srcs, &mapping.ConvertOptions{Out: filepath.Join(dir, "out"), Concepts: store})
	if err != nil {
		log.Fatal(err)
	}
	t := report.Total
	fmt.Println(t.Read == t.Mapped+t.Filtered+t.Quarantined+t.Unsupported)
	fmt.Println(report.Rows["person"], "persons")
	// Output:
	// true
	// 12 persons
}

// Mapping one resource is a pure function; it says where the facts go and how
// the resource ends.
func ExampleFHIRToOMOP_Map() {
	store, err := vocab.Embedded()
	if err != nil {
		log.Fatal(err)
	}
	mapper, err := mapping.NewFHIRToOMOP(store, nil)
	if err != nil {
		log.Fatal(err)
	}
	var facts mapping.Facts
	for _, text := range []string{
		`{"resourceType":"Condition","id":"1","subject":{"reference":"Patient/1"},"recordedDate":"2024-05-01","code":{"text":"cough"}}`,
		`{"resourceType":"Condition","id":"2","code":{"text":"cough"}}`,
	} {
		r, err := fhir.Parse([]byte(text))
		if err != nil {
			log.Fatal(err)
		}
		issues := mapper.Map(r, &facts)
		outcome, rule := facts.Outcome()
		if facts.Len() > 0 {
			fmt.Println(outcome, facts.Table(0))
		} else {
			fmt.Println(outcome, rule, issues[0].Code)
		}
	}
	// Output:
	// mapped condition_occurrence
	// quarantined subject-missing mapping-subject
}

// A study and the Patient that it belongs to become one person: the Patient ID
// is an identifier of the Patient.
func ExampleConvert_dicom() {
	ctx := context.Background()
	store, err := vocab.Embedded()
	if err != nil {
		log.Fatal(err)
	}
	patient := fhir.ReaderSource("patients.ndjson", strings.NewReader(
		`{"resourceType":"Patient","id":"a","birthDate":"1970-02-03","identifier":[{"system":"urn:example:numbers","value":"N1"}]}`))
	defer patient.Close()
	var rollup dicommeta.Rollup
	rollup.Add(&dicommeta.Instance{Source: "images/1.dcm", Dataset: dicommeta.NewDataset(
		dicommeta.TextElement(dict.StudyInstanceUID, "1.2.3"), dicommeta.TextElement(dict.SeriesInstanceUID, "1.2.3.1"),
		dicommeta.TextElement(dict.SOPInstanceUID, "1.2.3.1.1"), dicommeta.TextElement(dict.Modality, "CT"),
		dicommeta.TextElement(dict.PatientID, "N1"), dicommeta.TextElement(dict.StudyDate, "20240501"),
	)})
	studies := func(yield func(*dicommeta.Study, error) bool) {
		all, _ := rollup.Studies()
		for _, s := range all {
			if !yield(s, nil) {
				return
			}
		}
	}
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	report, err := mapping.Convert(ctx, []fhir.Source{patient}, &mapping.ConvertOptions{
		Out: filepath.Join(dir, "out"), Concepts: store, DICOM: &mapping.DICOMInput{Studies: studies},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Rows["person"], "person,", report.Rows["image_occurrence"], "series, linked by", report.DICOM.Patients)
	// Output:
	// 1 person, 1 series, linked by map[PatientID:1]
}
