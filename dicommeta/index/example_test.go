package index_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/dicommeta/index"
	"github.com/carabiner-health/carabiner/internal/dicomgen"
)

// images makes a folder of four CT slices.
func images() string {
	dir, err := os.MkdirTemp("", "images-")
	if err != nil {
		log.Fatal(err)
	}
	st := &dicomgen.Study{Patient: dicomgen.Patient{ID: "P1", Name: "Doe^Jane", Sex: "F"}, UID: "2.25.1", Date: "20240501", Description: "Thorax"}
	for _, o := range dicomgen.CT(st, &dicomgen.Plain, 1, 4) {
		o.Shrink(16)
		if err := o.WriteFile(dir); err != nil {
			log.Fatal(err)
		}
	}
	return dir
}

func ExampleBuild() {
	dir := images()
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "index")
	report, err := index.Build(context.Background(), dicommeta.Sources(dir), &index.Options{Out: out})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Instances, "instances in", report.Series, "series of", report.Patients, "patient")
	// Output: 4 instances in 1 series of 1 patient
}

func ExampleStudies() {
	dir := images()
	defer os.RemoveAll(dir)
	for study, err := range index.Studies(context.Background(), dicommeta.Sources(dir), nil) {
		if err != nil {
			log.Fatal(err)
		}
		for _, series := range study.Series {
			fmt.Println(study.Text(dict.StudyDescription), series.Text(dict.Modality), len(series.Instances))
		}
	}
	// Output: Thorax CT 4
}

func ExampleSchema() {
	for _, table := range index.Schema() {
		for _, column := range table.Columns {
			if table.Name == "ct_index" && column.Attribute == "Exposure" {
				fmt.Println(column.Name, column.Type, column.Tag, column.Aggregation)
			}
		}
	}
	// Output:
	// Exposure_min FLOAT 00181152 min
	// Exposure_max FLOAT 00181152 max
}
