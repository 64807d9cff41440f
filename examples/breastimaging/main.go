// Command breastimaging joins mammograms with what FHIR knows of the women, makes
// tables of both, and prints which views of a screening each study has.
//
//	go run ./examples/breastimaging testdata/clinic out
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset/extract"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/examples/breastimaging/breast"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

//go:generate go run ../../cmd/carabiner gen breast.profile.yaml -o breast --extract --tests --quiet

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "want a folder of FHIR and DICOM and a folder to make")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, in, out string, stdout, stderr io.Writer) error {
	told := issue.NewWriter(stderr, issue.Text)
	// Files of the other format are no problem here.
	tell := issue.ReporterFunc(func(i issue.Issue) error {
		if i.Severity < issue.Warning {
			return nil
		}
		return told.Report(i)
	})
	var x tables
	if err := cmp.Or(x.readFHIR(ctx, in, tell), x.readDICOM(ctx, in, tell), told.Close()); err != nil {
		return err
	}
	dir, err := columnar.NewDir(out) // appears whole or not at all
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := cmp.Or(write(dir, "patients", x.patients), write(dir, "conditions", x.conditions), write(dir, "images", x.images), x.print(stdout)); err != nil {
		return err
	}
	return dir.Commit()
}

// tables has the rows of the tables of the profile.
type tables struct {
	patients   []breast.Patient
	conditions []breast.Condition
	images     []breast.Image
}

func (x *tables) readFHIR(ctx context.Context, in string, tell issue.Reporter) error {
	for r, err := range fhir.ReadFS(ctx, os.DirFS(in), &fhir.ReadOptions{Reporter: tell}) {
		if err != nil {
			return err
		}
		patients, problems := breast.ExtractPatient(r)
		conditions, more := breast.ExtractCondition(r)
		if problems = append(problems, more...); !problems.HasErrors() {
			x.patients, x.conditions = append(x.patients, patients...), append(x.conditions, conditions...)
		}
		if err := report(tell, problems); err != nil {
			return err
		}
	}
	return nil
}

func (x *tables) readDICOM(ctx context.Context, in string, tell issue.Reporter) error {
	for instance, err := range dicommeta.Read(ctx, dicommeta.Sources(in), &dicommeta.ReadOptions{Reporter: tell}) {
		if err != nil {
			return err
		}
		image, problems := breast.ExtractImage(instance)
		if !extract.Filtered(problems) && !problems.HasErrors() {
			x.images = append(x.images, image)
		}
		if err := report(tell, problems); err != nil {
			return err
		}
	}
	return nil
}

func report(tell issue.Reporter, problems issue.List) error {
	for _, p := range problems {
		if err := tell.Report(p); err != nil {
			return err
		}
	}
	return nil
}

func write[T any](dir *columnar.Dir, table string, rows []T) error {
	file, err := dir.Create(table + ".parquet")
	if err != nil {
		return err
	}
	w, err := columnar.NewWriter[T](file, nil)
	if err != nil {
		return err
	}
	return cmp.Or(w.Write(rows), w.Close(), file.Close())
}
