// Command countomop reads an OMOP folder, Parquet or CSV, and prints how many
// measurements each unit has.
//
//	go run ./examples/countomop out/omop
package main

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/carabiner-health/carabiner/omop"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "want an OMOP folder")
		os.Exit(2)
	}
	if err := run(os.DirFS(os.Args[1]), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder fs.FS, w io.Writer) error {
	counts := map[string]int{}
	for m, err := range omop.ReadTable[omop.Measurement](folder, nil) {
		if err != nil {
			return err
		}
		unit := "(none)"
		if m.UnitSourceValue != nil {
			unit = *m.UnitSourceValue
		}
		counts[unit]++
	}
	for _, unit := range slices.Sorted(maps.Keys(counts)) {
		if _, err := fmt.Fprintf(w, "%6d %s\n", counts[unit], unit); err != nil {
			return err
		}
	}
	return nil
}
