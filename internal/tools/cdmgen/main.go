// Command cdmgen writes the row structs of package omop: CDM 5.4 and the
// medical imaging extension, as one Go file.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/carabiner-health/carabiner/gen"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

func main() {
	out := flag.String("out", "../../omop", "folder of the generated file")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "cdmgen:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	for _, model := range []func(cdm.Version, ...*cdm.Model) (*gen.Model, error){gen.CDM, gen.CDMLoose} {
		m, err := model(cdm.V54, cdm.Imaging())
		if err != nil {
			return err
		}
		files, err := m.Render(nil)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(out, f.Name), f.Content, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
