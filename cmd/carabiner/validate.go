package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

func (a *app) validate() *cobra.Command {
	var f validateFlags
	cmd := a.command("validate SRC... [flags]", "Check FHIR, DICOM, or an OMOP folder",
		`Validate checks FHIR R4 resources against FHIR's own definitions and against
profiles: those that a resource names in meta.profile, and those of --profile.
Packages of profiles are loaded with --ig; nothing is fetched. What needs a
terminology server is counted as not checked. SRC may be files, folders,
patterns or - with NDJSON, Bundles or resources, in JSON or XML, packed or not.

The headers of DICOM files are checked by the modules of their SOP class: what must
be there and when, how many, which values, whether VRs and character sets are
kept. Where a folder holds both FHIR and DICOM, both are checked.

Of a folder of Parquet or CSV files it checks whether it is an OMOP database
(types, required fields, lengths, primary and foreign keys, dates). Which one,
is found out.

References between the resources of all SRC are followed as --references says:
  auto    what leads to a type that is among them must be there (a warning)
  inside  only inside a resource or Bundle
  exist   all must be there, whatever the type (an error)`,
		`  carabiner validate export/
  carabiner validate export/ --ig us-core.tgz --profile http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient
  carabiner validate bundle.json --format sarif --findings findings.sarif
  carabiner validate images/
  carabiner validate out/omop --max-findings 5`,
		someArgs("a file, a folder, a pattern or - to validate"),
		func(ctx context.Context, s *session, args []string) error { return s.validate(ctx, &f, args) })
	f.register(cmd)
	return cmd
}

// validate sorts the arguments by what they hold, and checks all.
func (s *session) validate(ctx context.Context, f *validateFlags, args []string) error {
	if err := f.check(s.app); err != nil {
		return err
	}
	var fhirArgs []string
	var results validation
	for _, arg := range args {
		k, dir := detect(arg)
		if f.as != "auto" {
			k, dir = kind(f.as), arg
		}
		switch k {
		case kindFHIR, kindDICOM:
			fhirArgs = append(fhirArgs, arg)
		case kindOMOP:
			r, err := s.validateOMOP(ctx, dir, cdm.Version(f.version))
			if err != nil {
				return err
			}
			results.OMOP = append(results.OMOP, *r)
		case kindParquet:
			return usagef("%s: want the folder of the Parquet files: they are checked together", arg)
		default:
			return usagef("%s: a %s is checked by vocab info and vocab build", arg, k)
		}
	}
	if len(fhirArgs) == 0 {
		return s.report(results, results.writeText)
	}
	h, err := s.holding(f.as, fhirArgs)
	if err != nil {
		return err
	}
	if h.fhir {
		if results.FHIR, err = s.validateFHIR(ctx, f, fhirArgs, h); err != nil {
			return err
		}
	}
	if h.dicom {
		if results.DICOM, err = s.validateDICOM(ctx, f, dicomSources(fhirArgs, h)); err != nil {
			return err
		}
	}
	return s.report(results, results.writeText)
}

// validation is the report of validate.
type validation struct {
	FHIR  *fhirResult  `json:"fhir,omitempty"`
	DICOM *dicomResult `json:"dicom,omitempty"`
	OMOP  []omopResult `json:"omop,omitempty"`
}

type sourceJSON struct {
	Name        string `json:"name"`
	Format      string `json:"format,omitempty"`
	Compression string `json:"compression,omitempty"`
	Bytes       int64  `json:"bytes"`
	Resources   int64  `json:"resources"`
	Rejected    int64  `json:"rejected"`
	Skipped     string `json:"skipped,omitempty"`
	Damaged     string `json:"damaged,omitempty"`
}

func sourcesJSON(list []fhir.SourceStats) []sourceJSON {
	out := []sourceJSON{}
	for _, x := range list {
		format := x.Format.String()
		if x.Skipped != "" {
			format = ""
		}
		out = append(out, sourceJSON{x.Name, format, x.Compression, x.Bytes, x.Records, x.Rejected, x.Skipped, x.Damaged})
	}
	return out
}

type omopResult struct {
	Folder string      `json:"folder"`
	Tables []tableJSON `json:"tables"`
	Rules  []ruleJSON  `json:"rules"` // those that were broken
}

type tableJSON struct {
	Name  string   `json:"name"`
	Files []string `json:"files"`
	Rows  int64    `json:"rows"`
}

type ruleJSON struct {
	Severity issue.Severity `json:"severity"`
	Code     issue.Code     `json:"code"`
	Path     string         `json:"path,omitempty"`
	Count    int64          `json:"count"`
}

func (s *session) validateOMOP(ctx context.Context, dir string, version cdm.Version) (*omopResult, error) {
	opts := &omop.ValidateOptions{Version: version}
	if s.format != text || s.findings != "" || s.maxFindings == 0 {
		opts.MaxPerRule = -1
	}
	v, err := omop.NewValidator(opts)
	if err != nil {
		return nil, err
	}
	summary, err := v.Validate(ctx, os.DirFS(dir), within(dir, s))
	if err != nil {
		return nil, err
	}
	r := &omopResult{Folder: dir, Tables: []tableJSON{}, Rules: []ruleJSON{}}
	for _, t := range summary.Tables {
		r.Tables = append(r.Tables, tableJSON(t))
	}
	for _, x := range summary.Rules {
		r.Rules = append(r.Rules, ruleJSON(x))
	}
	return r, nil
}

// within puts a folder in front of the source of findings.
func within(dir string, r issue.Reporter) issue.Reporter {
	return issue.ReporterFunc(func(i issue.Issue) error {
		if i.Pos.Source != "" {
			i.Pos.Source = dir + string(os.PathSeparator) + i.Pos.Source
		}
		return r.Report(i)
	})
}

// readOptions are the options for reading srcs with progress.
func (s *session) readOptions(srcs []fhir.Source) *fhir.ReadOptions {
	total := sizeOf(srcs)
	return &fhir.ReadOptions{Workers: s.workers, Reporter: s, Progress: func(done int64) { s.progress.show(done, total) }}
}

// sizeOf returns the bytes of all sources that are read, 0 if it is not known.
func sizeOf(srcs []fhir.Source) int64 {
	var total int64
	for _, src := range srcs {
		if src.Size() < 0 {
			return 0
		}
		if src.Skipped() == "" {
			total += src.Size()
		}
	}
	return total
}

func (v validation) writeText(w io.Writer) error {
	if v.FHIR != nil {
		if err := v.FHIR.writeText(w); err != nil {
			return err
		}
	}
	if v.DICOM != nil {
		if err := v.DICOM.writeText(w); err != nil {
			return err
		}
	}
	for _, r := range v.OMOP {
		rows := []string{"table\trows"}
		empty := 0
		for _, t := range r.Tables {
			if t.Rows == 0 {
				empty++
				continue
			}
			rows = append(rows, cells(t.Name, t.Rows))
		}
		if empty > 0 {
			rows = append(rows, fmt.Sprintf("and %d empty tables", empty))
		}
		if err := table(w, r.Folder, rows); err != nil {
			return err
		}
		if err := table(w, "findings by rule", ruleRows(r.Rules)); err != nil {
			return err
		}
	}
	return nil
}

// ruleRows lists the rules that were broken; of mere information one row a
// code is enough.
func ruleRows(rules []ruleJSON) []string {
	var rows []string
	columns, counts := make(map[issue.Code]int), make(map[issue.Code]int64)
	var codes []issue.Code
	for _, r := range rules {
		if r.Severity > issue.Information {
			rows = append(rows, cells(r.Count, r.Severity, r.Code, r.Path))
			continue
		}
		if columns[r.Code] == 0 {
			codes = append(codes, r.Code)
		}
		columns[r.Code]++
		counts[r.Code] += r.Count
	}
	for _, c := range codes {
		rows = append(rows, cells(counts[c], issue.Information, c, fmt.Sprintf("%d places", columns[c])))
	}
	return rows
}

// sourcesText prints what was read of each source.
func sourcesText(w io.Writer, sources []sourceJSON) error {
	rows := []string{"source\tformat\tresources\trejected"}
	var skipped []string
	for _, x := range sources {
		switch {
		case x.Skipped != "":
			skipped = append(skipped, cells(x.Name, x.Skipped))
		case x.Damaged != "":
			rows = append(rows, cells(x.Name, x.Format, x.Resources, x.Rejected, "damaged: "+x.Damaged))
		default:
			rows = append(rows, cells(x.Name, x.Format, x.Resources, x.Rejected))
		}
	}
	if len(rows) == 1 {
		rows = nil
	}
	return errors.Join(table(w, "read", rows), table(w, "left aside", skipped))
}
