package main

import (
	"bytes"
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

func (a *app) gen() *cobra.Command {
	var out, pkg string
	var check, imaging bool
	cmd := a.command("gen SPEC -o DIR [flags]", "Make Go structs of a specification",
		`Gen writes Go files with one struct a table. SPEC is cdm:5.4 or cdm:5.3. With
--check nothing is written: each file that is missing or would change is a
finding.`,
		"  carabiner gen cdm:5.4 -o omop --package omop\n  carabiner gen cdm:5.4 -o omop --package omop --check",
		cobra.MatchAll(cobra.ExactArgs(1)),
		func(_ context.Context, s *session, args []string) error {
			if out == "" {
				return usagef("want an output folder: -o DIR")
			}
			files, err := generate(args[0], pkg, imaging)
			if err != nil {
				return err
			}
			if check {
				return s.checkFiles(out, files)
			}
			return s.writeFiles(out, files)
		})
	cmd.ValidArgs = []string{"cdm:5.4", "cdm:5.3"}
	cmd.Flags().StringVarP(&out, "out", "o", "", "`folder` of the files")
	cmd.Flags().StringVar(&pkg, "package", "", "`name` of the Go package (default that of the folder)")
	cmd.Flags().BoolVar(&check, "check", false, "only tell whether the files are up to date")
	cmd.Flags().BoolVar(&imaging, "imaging", true, "add the tables of the medical imaging extension")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if pkg == "" {
			abs, err := filepath.Abs(out)
			if err != nil {
				return err
			}
			pkg = filepath.Base(abs)
		}
		return nil
	}
	return cmd
}

// generate returns the files of a specification.
func generate(spec, pkg string, imaging bool) ([]gen.File, error) {
	version, ok := strings.CutPrefix(spec, "cdm:")
	if !ok || cdm.Version(version).Model() == nil {
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
