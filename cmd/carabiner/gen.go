package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/gen"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// genFlags are the flags of gen.
type genFlags struct {
	out, pkg                      string
	to                            []string
	tables                        []string
	check, imaging, extract, test bool
	profile                       profileFlags
}

func (a *app) gen() *cobra.Command {
	var f genFlags
	cmd := a.command("gen PROFILE -o DIR [flags]", "Make Go code and data dictionaries of a dataset profile",
		`Gen writes Go files for a dataset profile: a struct for each table, with JSON and
CSV readers and writers, Validate and Redact, that need the standard library
alone. PROFILE is a profile document (see "carabiner profile"), or a definition
that is one by itself: a StructureDefinition or a package of them, a
ViewDefinition, a CRTDL, a Table Schema or Data Package, a JSON Schema, CSV on the
Web, Croissant, a list of DICOM attributes; or KIND:REF, such as fhir-sd:Patient,
omop-cdm:5.4 or dicom-iod:CTImage. cdm:5.4 and cdm:5.3 are the row structs of
package omop.

With --to other files are made of the same profile: `+strings.Join(gen.Outputs(), ", ")+`.
What the code cannot hold of the profile is told. With --check nothing is written:
each file that is missing or would change is a finding.`,
		`  carabiner gen prostate.profile.yaml -o prostate
  carabiner gen us-core.tgz -o uscore --table us_core_patient
  carabiner gen labs.schema.json -o labs --to go,csvw,markdown --check
  //go:generate carabiner gen prostate.profile.yaml -o .`,
		cobra.MatchAll(cobra.ExactArgs(1)),
		func(ctx context.Context, s *session, args []string) error { return s.gen(ctx, &f, args[0]) })
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"cdm:5.4", "cdm:5.3", "omop-cdm:5.4", "omop-cdm:5.3"}, cobra.ShellCompDirectiveDefault
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "`folder` of the files")
	flags.StringVar(&f.pkg, "package", "", "`name` of the Go package (default what the profile says, else that of the folder)")
	flags.StringSliceVar(&f.to, "to", nil, "what to make: "+strings.Join(gen.Outputs(), ", ")+" (default what the profile asks for, else go)")
	flags.StringSliceVar(&f.tables, "table", nil, "only these tables of the profile")
	flags.BoolVar(&f.check, "check", false, "only tell whether the files are up to date")
	flags.BoolVar(&f.extract, "extract", false, "add functions that make the structs out of FHIR, DICOM and OMOP; the code then imports Carabiner")
	flags.BoolVar(&f.test, "tests", false, "add round-trip tests and fuzz targets")
	flags.BoolVar(&f.imaging, "imaging", true, "with cdm: add the tables of the medical imaging extension")
	complete(cmd, "to", gen.Outputs()...)
	f.profile.add(cmd)
	return cmd
}

func (s *session) gen(ctx context.Context, f *genFlags, arg string) error {
	if f.out == "" {
		return usagef("want an output folder: -o DIR")
	}
	files, err := s.generate(ctx, f, arg)
	switch {
	case err != nil || s.failing():
		return err
	case f.check:
		return s.checkFiles(f.out, files)
	}
	return s.writeFiles(f.out, files)
}

// generate makes the files of a profile, or those of the tables of the CDM.
func (s *session) generate(ctx context.Context, f *genFlags, arg string) ([]gen.File, error) {
	folder, err := filepath.Abs(f.out)
	if err != nil {
		return nil, err
	}
	if version, ok := strings.CutPrefix(arg, "cdm:"); ok {
		return generateCDM(version, cmp.Or(f.pkg, filepath.Base(folder)), f.imaging)
	}
	model, err := s.loadProfile(ctx, &f.profile, arg)
	if model == nil || err != nil {
		return nil, err
	}
	for _, name := range f.tables {
		if model.Table(name) == nil {
			return nil, usagef("--table: the profile has no table %s", name)
		}
	}
	opts := &gen.GoOptions{Package: f.pkg, Extract: f.extract, Tests: f.test, Tables: f.tables}
	if opts.Package == "" && model.Outputs.GoPackage == "" {
		opts.Package = gen.PackageName(filepath.Base(folder))
	}
	files, findings, err := gen.Generate(model, f.to, opts)
	if err != nil {
		return nil, usageError{err}
	}
	return files, s.reportAll(findings)
}

func generateCDM(version, pkg string, imaging bool) ([]gen.File, error) {
	if cdm.Version(version).Model() == nil {
		return nil, usagef("want cdm:5.4 or cdm:5.3")
	}
	var extensions []*cdm.Model
	if imaging {
		extensions = append(extensions, cdm.Imaging())
	}
	m, err := gen.CDM(cdm.Version(version), extensions...)
	if err != nil {
		return nil, err
	}
	return m.Render(&gen.RenderOptions{Package: pkg})
}

// checkFiles reports each file that is not as it would be written.
func (s *session) checkFiles(dir string, files []gen.File) error {
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		have, err := os.ReadFile(path)
		message := ""
		switch {
		case os.IsNotExist(err):
			message = "want the generated file, have none"
		case err != nil:
			return err
		case !bytes.Equal(have, f.Content):
			message = "want what gen writes, have other text"
		}
		if message != "" {
			if err := s.Report(issue.Issue{Severity: issue.Error, Code: CodeGenerated, Pos: issue.Pos{Source: path}, Message: message}); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeFiles writes the files, each under a temporary name first.
func (s *session) writeFiles(dir string, files []gen.File) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var names []string
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := replaceFile(path, f.Content); err != nil {
			return err
		}
		names = append(names, path)
	}
	return s.report(map[string]any{"files": names}, func(w io.Writer) error {
		for i, f := range files {
			if err := bytesLine(w, names[i], int64(len(f.Content))); err != nil {
				return err
			}
		}
		return nil
	})
}

// replaceFile gives path its content at once or not at all.
func replaceFile(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, err)
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(content); err != nil {
		_ = f.Close()
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
