package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/view"
)

// viewFlags are the flags of convert --to views.
type viewFlags struct {
	dir, format, types string
}

var tableFormats = map[string]view.Format{"parquet": view.Parquet, "csv": view.CSV, "ndjson": view.NDJSON}

var tableTypes = map[string]view.Types{"text": view.Text, "native": view.Native}

// add adds the flags to the command convert.
func (f *viewFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "view", "", "with --to views: a ViewDefinition, or a `folder` of them (default those that ship)")
	flags.StringVar(&f.format, "table-format", "parquet", "with --to views: parquet, csv or ndjson")
	flags.StringVar(&f.types, "types", "text", "with --to views: decimals, dates and times in Parquet as text or native")
	complete(cmd, "table-format", "parquet", "csv", "ndjson")
	complete(cmd, "types", "text", "native")
}

// convertViews makes the tables of views.
func (s *session) convertViews(ctx context.Context, f *convertFlags, compression columnar.Compression, args []string) (err error) {
	format, ok := tableFormats[f.views.format]
	types, known := tableTypes[f.views.types]
	switch {
	case !ok:
		return usagef("--table-format: want parquet, csv or ndjson")
	case !known:
		return usagef("--types: want text or native")
	case types == view.Native && format != view.Parquet:
		return usagef("--types native: want --table-format parquet")
	}
	opts := &view.ConvertOptions{
		Out: f.out, Overwrite: f.overwrite, Format: format, Types: types, Compression: compression,
		Workers: s.workers, Reporter: s, Progress: s.progress.show, ToolVersion: toolVersion(),
	}
	if f.views.dir != "" {
		if opts.Views, err = s.loadViews(f.views.dir); err != nil {
			return err
		}
	}
	srcs, err := s.sources(args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fhir.CloseSources(srcs)) }()
	report, err := view.Convert(ctx, srcs, opts)
	s.progress.close()
	if err != nil {
		return err
	}
	return s.report(report, report.WriteText)
}

// loadViews compiles a ViewDefinition or a folder of them. What is odd about
// them is a finding.
func (s *session) loadViews(path string) (list []*view.View, err error) {
	dir, pattern := path, "*.json"
	if !isFolder(path) {
		dir, pattern = filepath.Split(path)
	}
	list, err = view.Load(os.DirFS(cmp.Or(dir, ".")), pattern)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, v := range list {
		for _, i := range v.Warnings() {
			if err := s.Report(i); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

func (a *app) view() *cobra.Command {
	cmd := &cobra.Command{
		Use: "view", Short: "See, check and test SQL-on-FHIR views",
		Long: `View lists and shows the views that ship, tells how views are carried out, and
runs the shared tests of SQL on FHIR. The tables themselves are made by
"carabiner convert --to views".`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	list := a.command("list", "List the views that ship", "List prints the name, resource type and columns of each view that ships.", "  carabiner view list", cobra.NoArgs,
		func(_ context.Context, s *session, _ []string) error { return s.listViews() })
	show := a.command("show NAME", "Print a view that ships", "Show prints the ViewDefinition of a view that ships, to start one's own from.", "  carabiner view show observation > views/observation.json",
		cobra.MatchAll(cobra.ExactArgs(1)), func(_ context.Context, s *session, args []string) error {
			b, err := view.LibrarySource(args[0])
			if err != nil {
				return usagef("%v", err)
			}
			_, err = s.stdout.Write(b)
			return err
		})
	show.ValidArgs = view.LibraryNames()
	explain := a.command("explain FILE|DIR|NAME", "Check views and tell how they are carried out",
		`Explain compiles views and tells for every path whether it is part of the scan
of the text, which is fast, or left to FHIRPath, and why. What is wrong with a
view is told with its place.`,
		"  carabiner view explain views/\n  carabiner view explain observation", cobra.MatchAll(cobra.ExactArgs(1)),
		func(_ context.Context, s *session, args []string) error { return s.explainViews(args[0]) })
	var out string
	report := a.command("report SUITE -o FILE", "Run the shared tests of SQL on FHIR",
		`Report runs the tests of a folder in the form of the shared tests of SQL on FHIR
(tests/*.json) and writes their report: file, tests, name, result. Tests that do
not pass make the exit code 1.`,
		"  carabiner view report sql-on-fhir/tests -o report.json", cobra.MatchAll(cobra.ExactArgs(1)),
		func(_ context.Context, s *session, args []string) error { return s.reportSuite(args[0], out) })
	report.Flags().StringVarP(&out, "out", "o", "", "`file` of the report (default standard output)")
	cmd.AddCommand(list, show, explain, report)
	return cmd
}

// viewLine is what view list says of a view.
type viewLine struct {
	Name     string   `json:"name"`
	Resource string   `json:"resource"`
	Title    string   `json:"title"`
	About    string   `json:"description"`
	Columns  []string `json:"columns"`
}

func (s *session) listViews() error {
	views, err := view.Library()
	if err != nil {
		return err
	}
	var lines []viewLine
	for _, v := range views {
		d := v.Definition()
		l := viewLine{Name: v.Name(), Resource: v.Resource(), Title: d.Title, About: d.Description}
		for _, c := range v.Columns() {
			l.Columns = append(l.Columns, c.Name)
		}
		lines = append(lines, l)
	}
	return s.report(lines, func(w io.Writer) error {
		var rows []string
		for _, l := range lines {
			rows = append(rows, cells(l.Name, l.Resource, len(l.Columns), l.Title))
		}
		return table(w, "view, resource, columns", rows)
	})
}

func (s *session) explainViews(arg string) error {
	var list []*view.View
	if slices.Contains(view.LibraryNames(), arg) {
		b, err := view.LibrarySource(arg)
		if err != nil {
			return err
		}
		v, err := view.New(b, &view.Options{Source: arg})
		if err != nil {
			return err
		}
		list = append(list, v)
	} else {
		var err error
		if list, err = s.loadViews(arg); err != nil {
			return err
		}
	}
	var texts []string
	for _, v := range list {
		texts = append(texts, v.Explain())
	}
	return s.report(texts, func(w io.Writer) error {
		for _, t := range texts {
			if _, err := io.WriteString(w, t); err != nil {
				return err
			}
		}
		return nil
	})
}

// reportSuite runs a folder of shared tests.
func (s *session) reportSuite(dir, out string) error {
	report, err := view.RunSuite(os.DirFS(dir), nil)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	b, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if out == "" {
		_, err = s.stdout.Write(b)
	} else {
		err = os.WriteFile(out, b, 0o644)
	}
	if err != nil {
		return err
	}
	tests, passed := report.Count()
	s.note("view report: %d of %d tests passed", passed, tests)
	if passed < tests {
		return errFindings
	}
	return nil
}
