package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset/extract"
)

// extractFlags are the flags of extract.
type extractFlags struct {
	out       string
	overwrite bool
	profile   profileFlags
}

func (a *app) extract() *cobra.Command {
	var f extractFlags
	cmd := a.command("extract PROFILE SRC... -o OUT [flags]", "Make the tables of a dataset profile",
		`Extract runs a dataset profile over FHIR, OMOP and DICOM: every record that belongs to
one of its tables becomes rows of OUT/<table>.parquet. PROFILE is what
"carabiner gen" takes; the rows are those of the generated Extract functions.

A record that a condition of the profile leaves out is counted by that condition;
one that breaks the profile is kept in OUT/quarantine.ndjson with the reason.
OUT/report.json is the account: every record ends in it. OUT appears whole or not
at all. De-identification rules of the profile are not carried out; the report
names them.`,
		`  carabiner extract prostate.profile.yaml export/ images/ -o out
  carabiner extract view.json export/ -o out
  carabiner extract omop-cdm:5.4#person out/omop -o persons`,
		cobra.MinimumNArgs(2),
		func(ctx context.Context, s *session, args []string) error {
			return s.extract(ctx, &f, args[0], args[1:])
		})
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "`folder` to make")
	flags.BoolVar(&f.overwrite, "overwrite", false, "replace OUT if it is there")
	f.profile.add(cmd)
	return cmd
}

func (s *session) extract(ctx context.Context, f *extractFlags, profile string, args []string) error {
	if f.out == "" {
		return usagef("want an output folder: -o OUT")
	}
	model, err := s.loadProfile(ctx, &f.profile, profile)
	if model == nil || err != nil {
		return err
	}
	report, err := extract.Run(ctx, model, args, &extract.Options{
		Out: f.out, Overwrite: f.overwrite, Workers: s.workers, Reporter: s, Progress: s.progress.show, ToolVersion: toolVersion(),
	})
	s.progress.close()
	if errors.Is(err, columnar.ErrNotEmpty) {
		return fmt.Errorf("%w; --overwrite replaces what is there", err)
	}
	if err != nil {
		return err
	}
	return s.report(report, func(w io.Writer) error {
		if err := report.WriteText(w); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "%s has the tables as Parquet, report.json and quarantine.ndjson\n", f.out)
		return err
	})
}
