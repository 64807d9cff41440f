package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/dicommeta/index"
	"github.com/carabiner-health/carabiner/dicommeta/web"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/mapping"
)

// dicomFlags are the flags of convert that only DICOM has.
type dicomFlags struct {
	authorization string
	previous      string
	skipElements  bool
}

func (f *dicomFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.authorization, "authorization-env", "", "the environment `variable` with the Authorization header for a DICOMweb server")
	flags.StringVar(&f.previous, "previous", "", "with --to dicom-index: the `folder` of an earlier run; files unchanged since are not read again")
	flags.BoolVar(&f.skipElements, "skip-elements", false, "with --to dicom-index: no table of all elements")
}

// isAddress reports whether an argument is a DICOMweb server.
func isAddress(arg string) bool {
	return strings.HasPrefix(arg, "https://") || strings.HasPrefix(arg, "http://")
}

// addressOf returns the one address among args, "" if there is none. Files beside it are refused:
// an account has one source.
func addressOf(args []string) (string, error) {
	for _, arg := range args {
		if isAddress(arg) && len(args) > 1 {
			return "", usagef("want one address, or files")
		}
	}
	if isAddress(args[0]) {
		return args[0], nil
	}
	return "", nil
}

// openServer opens a DICOMweb address; of studies its members get the attributes keep.
func (s *session) openServer(address, authorization string, keep ...dict.Tag) (*web.Client, *web.Query, error) {
	c, q, err := web.Open(address, &web.Options{AuthorizationEnv: authorization, Keep: keep, Reporter: s})
	if err != nil {
		return nil, nil, usageError{err}
	}
	return c, q, nil
}

// studiesOptions are the options for reading studies from files.
func (s *session) studiesOptions(f *convertFlags) *index.StudiesOptions {
	return &index.StudiesOptions{Read: s.dicomOptions(), MemoryBudget: int64(f.memory), TempDir: f.temp}
}

// convertIndex writes the tables of DICOM headers.
func (s *session) convertIndex(ctx context.Context, f *convertFlags, compression columnar.Compression, args []string) error {
	address, err := addressOf(args)
	if err != nil {
		return err
	}
	if address != "" {
		return usagef("--to dicom-index: want files; of a server omop, fhir and dicom-json can be made")
	}
	report, err := index.Build(ctx, dicommeta.Sources(args...), &index.Options{
		Out: f.out, Overwrite: f.overwrite, Previous: f.dicom.previous, SkipElements: f.dicom.skipElements, Workers: s.workers,
		MemoryBudget: int64(f.memory), TempDir: f.temp, Compression: compression, Reporter: s,
		Progress: func(_, bytes int64) { s.progress.show(bytes, 0) }, ToolVersion: toolVersion(),
	})
	s.progress.close()
	if err != nil {
		return err
	}
	return s.report(report, func(w io.Writer) error { return indexText(w, report) })
}

// indexText is the account of convert --to dicom-index for people.
func indexText(w io.Writer, r *index.Report) error {
	rows := []string{"rows\ttable"}
	for _, name := range slices.Sorted(maps.Keys(r.Rows)) {
		if n := r.Rows[name]; n > 0 {
			rows = append(rows, cells(n, name))
		}
	}
	findings := []string{"count\tcode"}
	for _, code := range slices.Sorted(maps.Keys(r.Findings)) {
		findings = append(findings, cells(r.Findings[code], code))
	}
	files := []string{cells("read", r.Files-r.Carried)}
	if r.Carried > 0 {
		files = append(files, cells("unchanged since the earlier run", r.Carried))
	}
	return errors.Join(
		table(w, fmt.Sprintf("DICOM: %s instances in %s series of %s studies of %s patients", grouped(r.Instances), grouped(r.Series), grouped(r.Studies), grouped(r.Patients)),
			append(files, cells("in part readable", r.Partial), cells("without the UIDs of a series", r.Unplaced), cells("not DICOM", r.NotDICOM), cells("not readable", r.Failed))),
		table(w, "tables", rows), table(w, "findings", someRows(findings, 0)))
}

// convertToFHIR writes ImagingStudies and what belongs to them.
func (s *session) convertToFHIR(ctx context.Context, f *convertFlags, args []string) error {
	policy, err := dicomPolicy(f)
	if err != nil {
		return err
	}
	address, err := addressOf(args)
	if err != nil {
		return err
	}
	var studies iter.Seq2[*dicommeta.Study, error]
	var read *dicommeta.ReadStats // of files
	if address != "" {
		c, q, err := s.openServer(address, f.dicom.authorization)
		if err != nil {
			return err
		}
		studies = c.ReadStudies(ctx, q)
	} else {
		h, err := s.holding("auto", args)
		switch {
		case err != nil:
			return err
		case !h.dicom:
			return usagef("--to fhir: want DICOM")
		}
		opts := s.studiesOptions(f)
		read = new(dicommeta.ReadStats)
		opts.Stats = func(x dicommeta.ReadStats) { *read = x }
		studies = index.Studies(ctx, dicommeta.Sources(args...), opts)
	}
	report, err := mapping.ConvertDICOMToFHIR(ctx, studies, &mapping.ConvertDICOMOptions{
		Out: f.out, Overwrite: f.overwrite, Policy: policy, Workers: s.workers, Reporter: s, ToolVersion: toolVersion(),
	})
	s.progress.close()
	if err != nil {
		return err
	}
	return s.report(report, func(w io.Writer) error {
		if err := report.WriteText(w); err != nil || read == nil {
			return err
		}
		return readText(w, *read)
	})
}

// readText is what became of files.
func readText(w io.Writer, r dicommeta.ReadStats) error {
	return table(w, "files", []string{cells("read", r.Files), cells("DICOM", r.Instances), cells("of them in part readable", r.Partial),
		cells("not DICOM", r.NotDICOM), cells("not readable", r.Failed)})
}

// jsonReport is the report of convert --to dicom-json.
type jsonReport struct {
	Files     int64 `json:"files"`
	Instances int64 `json:"instances"`
	Partial   int64 `json:"partial"`
	NotDICOM  int64 `json:"not_dicom"`
	Failed    int64 `json:"failed"`
	Bytes     int64 `json:"bytes_written"`
}

func (r *jsonReport) writeText(w io.Writer) error {
	return errors.Join(readText(w, dicommeta.ReadStats{Files: r.Files, Instances: r.Instances, Partial: r.Partial, NotDICOM: r.NotDICOM, Failed: r.Failed}),
		bytesLine(w, filepath.Join("dicom", "instances.ndjson"), r.Bytes))
}

// dicomPolicy returns the policy between DICOM and FHIR.
func dicomPolicy(f *convertFlags) (*mapping.DICOMPolicy, error) {
	if f.policy == "" {
		return mapping.DefaultDICOMPolicy(), nil
	}
	return mapping.LoadDICOMPolicy(f.policy)
}

// convertStudies writes the ImagingStudies of FHIR as DICOM metadata.
func (s *session) convertStudies(ctx context.Context, f *convertFlags, args []string) (err error) {
	policy, err := dicomPolicy(f)
	if err != nil {
		return err
	}
	srcs, err := s.sources(args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fhir.CloseSources(srcs)) }()
	report, err := mapping.ConvertFHIRToDICOM(ctx, srcs, &mapping.ConvertDICOMOptions{
		Out: f.out, Overwrite: f.overwrite, Policy: policy, Workers: s.workers, Reporter: s, ToolVersion: toolVersion(),
	})
	s.progress.close()
	if err != nil {
		return err
	}
	return s.report(report, report.WriteText)
}

// convertToJSON writes the DICOM JSON model of all instances, one a line in the
// order of the sources, with their file meta information. Of FHIR alone it writes
// the metadata of its ImagingStudies.
func (s *session) convertToJSON(ctx context.Context, f *convertFlags, args []string) (err error) {
	address, err := addressOf(args)
	if err != nil {
		return err
	}
	if address == "" {
		h, err := s.holding("auto", args)
		if err != nil {
			return err
		}
		if !h.dicom {
			return s.convertStudies(ctx, f, args)
		}
	}
	dir, err := newDir(f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	out, err := dir.Create("dicom/instances.ndjson")
	if err != nil {
		return err
	}
	var report jsonReport
	write := func(line []byte) error {
		n, err := out.Write(line)
		report.Bytes += int64(n)
		return err
	}
	if address != "" {
		err = s.serverLines(ctx, f, address, &report, write)
	} else {
		err = s.fileLines(ctx, args, &report, write)
	}
	s.progress.close()
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	if err := dir.Commit(); err != nil {
		return err
	}
	return s.report(report, report.writeText)
}

func newDir(f *convertFlags) (*columnar.Dir, error) {
	if f.overwrite {
		return columnar.ReplaceDir(f.out)
	}
	return columnar.NewDir(f.out)
}

// lineOf returns an instance as a line of DICOM JSON. Values left in the file are
// named by the file, offset and length.
func lineOf(x *dicommeta.Instance) []byte {
	line := x.AppendJSON(nil, &dicommeta.JSONOptions{Meta: true, BulkDataURI: func(_ dicommeta.Path, _ *dicommeta.Dataset, e *dicommeta.Element) string {
		if e.URI != "" {
			return e.URI
		}
		return fmt.Sprintf("%s?offset=%d&length=%d", filepath.ToSlash(x.Source), e.Offset+int64(e.Head), e.Length)
	}})
	return append(line, '\n')
}

func (s *session) fileLines(ctx context.Context, args []string, report *jsonReport, write func([]byte) error) error {
	stats, err := dicommeta.Gather(ctx, dicommeta.Sources(args...), s.dicomOptions(),
		func(_ int, x *dicommeta.Instance) ([]byte, error) { return lineOf(x), nil }, write)
	report.Files, report.Instances, report.Partial, report.NotDICOM, report.Failed = stats.Files, stats.Instances, stats.Partial, stats.NotDICOM, stats.Failed
	return err
}

func (s *session) serverLines(ctx context.Context, f *convertFlags, address string, report *jsonReport, write func([]byte) error) error {
	c, q, err := s.openServer(address, f.dicom.authorization)
	if err != nil {
		return err
	}
	for x, err := range c.ReadInstances(ctx, q) {
		if err != nil {
			return err
		}
		report.Files++
		report.Instances++
		if err := write(lineOf(x)); err != nil {
			return err
		}
	}
	return nil
}

// dicomInput returns the DICOM part of an extract for OMOP, nil if there is none.
func (s *session) dicomInput(ctx context.Context, f *convertFlags, policy *mapping.Policy, address string, args []string, h holding) (*mapping.DICOMInput, error) {
	if address != "" {
		c, q, err := s.openServer(address, f.dicom.authorization, policy.Attributes()...)
		if err != nil {
			return nil, err
		}
		return &mapping.DICOMInput{Studies: c.ReadStudies(ctx, q)}, nil
	}
	if !h.dicom {
		return nil, nil
	}
	in := mapping.DICOMFiles(ctx, dicomSources(args, h), policy, s.studiesOptions(f))
	if len(args) == 1 && isFolder(args[0]) {
		in.Root = args[0] + string(os.PathSeparator)
	}
	return in, nil
}
