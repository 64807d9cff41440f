package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/golden"
)

func TestTheExampleWritesFHIRWithoutErrors(t *testing.T) {
	var out, problems bytes.Buffer
	if err := run(t.Context(), []string{filepath.Join(golden.Root(t), "testdata", "clinic", "dicom")}, &out, &problems); err != nil {
		t.Fatal(err)
	}
	v, err := fhir.NewValidator(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]int)
	for r, err := range fhir.Read(t.Context(), bytes.NewReader(out.Bytes()), nil) {
		if err != nil {
			t.Fatal(err)
		}
		counts[r.Type()]++
		if err := v.Validate(r).Err(); err != nil {
			t.Errorf("%s: %v", r.Type(), err)
		}
	}
	if counts["ImagingStudy"] != 5 || counts["Patient"] != 5 {
		t.Errorf("want five studies of five patients, have %v", counts)
	}
	if strings.Contains(problems.String(), "Testcase") {
		t.Error("a finding holds the name of a patient")
	}
}
