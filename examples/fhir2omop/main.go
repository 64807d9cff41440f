// Command fhir2omop converts a folder of FHIR to an OMOP database with a
// vocabulary index or an Athena folder, and prints the account.
//
//	go run ./examples/fhir2omop testdata/clinic testdata/clinic-vocabulary out
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/mapping"
	"github.com/carabiner-health/carabiner/omop/vocab"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("want a FHIR folder, an Athena folder and a folder to make")
	}
	ctx := context.Background()
	store, _, err := vocab.OpenDir(ctx, args[1], nil)
	if err != nil {
		return err
	}
	defer store.Close()
	srcs, err := fhir.NewSources(args[:1])
	if err != nil {
		return err
	}
	defer fhir.CloseSources(srcs)
	// Findings go sideways: this reporter prints each and lets the data flow on.
	findings := issue.ReporterFunc(func(i issue.Issue) error {
		_, err := fmt.Fprintln(stderr, i)
		return err
	})
	report, err := mapping.Convert(ctx, srcs, &mapping.ConvertOptions{
		Out: args[2], Concepts: store, VocabularyRelease: store.Info().Release, Workers: 1, Reporter: findings,
	})
	if err != nil {
		return err
	}
	return report.WriteText(stdout)
}
