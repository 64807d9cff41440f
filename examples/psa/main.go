// Command psa makes a table of PSA values out of a folder of FHIR and prints how they
// went for each patient, with the doubling time where they rose.
//
//	go run ./examples/psa examples/psa/data out
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/examples/psa/psa"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

//go:generate go run ../../cmd/carabiner gen psa.profile.yaml -o psa --extract --tests --quiet

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "want a folder of FHIR and a folder to make")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, in, out string, stdout, stderr io.Writer) error {
	dir, err := columnar.NewDir(out) // appears whole or not at all
	if err != nil {
		return err
	}
	defer dir.Close()
	rows, err := read(ctx, in, dir, stderr)
	if err != nil {
		return err
	}
	if err := write(dir, rows); err != nil {
		return err
	}
	byPatient := map[string][]psa.Measurement{}
	for _, m := range rows {
		byPatient[m.PatientID] = append(byPatient[m.PatientID], m)
	}
	fmt.Fprintln(stdout, "patient     values  first    last     doubles in")
	for _, id := range slices.Sorted(maps.Keys(byPatient)) {
		series := byPatient[id]
		first, last := series[0], series[len(series)-1]
		fmt.Fprintf(stdout, "%-11s %6d  %-8s %-8s %s\n", id, len(series), amount(first), amount(last), doubling(series))
	}
	return dir.Commit()
}

// read returns the measurements below a folder. A resource with an error is told and
// kept in quarantine.ndjson as it was.
func read(ctx context.Context, in string, dir *columnar.Dir, stderr io.Writer) ([]psa.Measurement, error) {
	quarantine, err := dir.Create("quarantine.ndjson")
	if err != nil {
		return nil, err
	}
	tell := issue.NewWriter(stderr, issue.Text)
	var rows []psa.Measurement
	for r, err := range fhir.ReadFS(ctx, os.DirFS(in), &fhir.ReadOptions{Reporter: tell}) {
		if err != nil {
			return nil, err
		}
		found, problems := psa.ExtractMeasurement(r) // no rows of what is not PSA
		if !problems.HasErrors() {
			rows = append(rows, found...)
			continue
		}
		for _, p := range problems {
			if err := tell.Report(p); err != nil {
				return nil, err
			}
		}
		if _, err := quarantine.Write(append(r.Raw(), '\n')); err != nil {
			return nil, err
		}
	}
	sortRows(rows)
	return rows, cmp.Or(quarantine.Close(), tell.Close())
}

func write(dir *columnar.Dir, rows []psa.Measurement) error {
	file, err := dir.Create("measurements.parquet")
	if err != nil {
		return err
	}
	w, err := columnar.NewWriter[psa.Measurement](file, nil)
	if err != nil {
		return err
	}
	return cmp.Or(w.Write(rows), w.Close(), file.Close())
}
