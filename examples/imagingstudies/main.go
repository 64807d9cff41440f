// Command imagingstudies makes FHIR of a folder of DICOM files: the ImagingStudies
// with their patients and what else they refer to, one resource a line.
//
//	go run ./examples/imagingstudies images/ > studies.ndjson
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/index"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/mapping"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "want files or folders of DICOM")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string, w, problems io.Writer) error {
	m, err := mapping.NewDICOMToFHIR(nil)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	tell := issue.NewWriter(problems, issue.Text)
	opts := &index.StudiesOptions{Read: &dicommeta.ReadOptions{Reporter: tell}}
	for study, err := range index.Studies(ctx, dicommeta.Sources(names...), opts) {
		if err != nil {
			return err
		}
		resources, findings := m.Map(study)
		for _, finding := range findings {
			if finding.Severity < issue.Warning {
				continue
			}
			if err := tell.Report(finding); err != nil {
				return err
			}
		}
		for _, r := range resources {
			if _, err := out.Write(append(r.Raw(), '\n')); err != nil {
				return err
			}
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return tell.Close()
}
