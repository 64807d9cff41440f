// Command validate checks the FHIR resources of a folder by R4 and by packages of
// profiles, and prints its errors.
//
//	go run ./examples/validate export/ us-core.tgz
package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "want a folder, and packages of definitions if any")
		os.Exit(2)
	}
	if err := run(context.Background(), os.DirFS(os.Args[1]), os.Args[2:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder fs.FS, packages []string, w io.Writer) error {
	defs := fhirdef.R4()
	for _, name := range packages {
		p, err := fhirdef.Load(ctx, name, nil)
		if err != nil {
			return err
		}
		defs = defs.With(p)
	}
	v, err := fhir.NewValidator(defs, nil)
	if err != nil {
		return err
	}
	for r, err := range fhir.ReadFS(ctx, folder, &fhir.ReadOptions{WholeBundles: true}) {
		if err != nil {
			return err
		}
		for _, finding := range v.Validate(r) {
			if finding.Severity < issue.Error {
				continue
			}
			if _, err := fmt.Fprintln(w, finding); err != nil {
				return err
			}
		}
	}
	return nil
}
