package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/mapping"
	"github.com/carabiner-health/carabiner/omop/vocab"
)

// convertFlags are the flags of convert.
type convertFlags struct {
	out, to, vocab, policy string
	compression, temp      string
	memory                 sizeFlag
	sourceName             string
	extractDate            dateFlag
	overwrite              bool
	views                  viewFlags
	dicom                  dicomFlags
}

var compressions = map[string]columnar.Compression{"zstd": columnar.Zstd, "snappy": columnar.Snappy, "none": columnar.None}

func (a *app) convert() *cobra.Command {
	var f convertFlags
	cmd := a.command("convert SRC... -o OUT [flags]", "Turn FHIR and DICOM into an OMOP database or other tables",
		`Convert reads FHIR R4 (bulk NDJSON, Bundles or single resources; plain, gzip or
zstd) and the headers of DICOM files, and writes an OMOP CDM 5.4 database as
Parquet, with an account of every resource and file: as rows, filtered by a rule,
quarantined with the reason, or of a type that is not mapped. Where a folder holds
both, DICOM studies find their patients and visits by the identifiers that the
policy names.

OUT receives omop/ (a file a table, and a script that loads them into DuckDB),
idmap/, quarantine.ndjson, unmapped.csv, unmapped.parquet and report.json. It
appears whole or not at all.

With --to dicom-index, OUT receives tables of DICOM headers: one row a series in the
columns of the Imaging Data Commons, one a file, one a value of any element.
With --to fhir, DICOM studies become ImagingStudy, Patient and what belongs to them in
OUT/fhir; with --to dicom-json, every instance a line of DICOM JSON in
OUT/dicom/instances.ndjson, or of FHIR every ImagingStudy a file. SRC may then also be the address of a DICOMweb server
(https://host/dicom-web, or of its studies with a search behind a ?).

With --to views, OUT receives views/ (a table a view, named after it),
quarantine.ndjson and report.json; see "carabiner view list" for the views that
ship, and --view for one's own SQL-on-FHIR ViewDefinitions.

Without --vocab only the vocabularies that OMOP itself generates and UCUM are
known: clinical codes keep their rows, with concept 0.`,
		`  carabiner convert export/ -o out --vocab athena.index
  carabiner convert 'export/*.ndjson.gz' -o out --vocab athena/ --format json
  carabiner convert export/ -o tables --to views --view views/
  carabiner convert images/ -o index --to dicom-index
  carabiner convert 'https://pacs.example.org/dicom-web/studies?StudyDate=20240101-' -o fhir --to fhir --authorization-env PACS`,
		someArgs("a file, a folder, a pattern, an address or - to convert"),
		func(ctx context.Context, s *session, args []string) error { return s.convert(ctx, &f, args) })
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "`folder` to make")
	flags.StringVar(&f.to, "to", "omop", "what to make: "+strings.Join(targets, ", "))
	flags.StringVar(&f.vocab, "vocab", "", "vocabulary: an `index` of vocab build, or a folder of Athena files")
	flags.StringVar(&f.policy, "policy", "", "rules: the `name` of one that ships, or a YAML file (default ohdsi)")
	flags.StringVar(&f.compression, "compression", "zstd", "of the Parquet files: zstd, snappy or none")
	flags.Var(&f.memory, "memory", "how much to keep in memory before spilling to disk, such as 512MiB (default by the library)")
	flags.StringVar(&f.temp, "temp-dir", "", "`folder` for spilled data (default that of the system)")
	flags.StringVar(&f.sourceName, "source-name", "", "`name` of the source in cdm_source (default what it is made of)")
	flags.Var(&f.extractDate, "extract-date", "day of the extract, as YYYY-MM-DD (default the last day on which anything happened)")
	flags.BoolVar(&f.overwrite, "overwrite", false, "replace OUT if it is there")
	complete(cmd, "to", targets...)
	f.views.add(cmd)
	f.dicom.add(cmd)
	complete(cmd, "compression", "zstd", "snappy", "none")
	if err := cmd.RegisterFlagCompletionFunc("policy", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return mapping.PolicyNames(), cobra.ShellCompDirectiveDefault
	}); err != nil {
		panic(err)
	}
	return cmd
}

func (s *session) convert(ctx context.Context, f *convertFlags, args []string) (err error) {
	compression, ok := compressions[f.compression]
	switch {
	case f.out == "":
		return usagef("want an output folder: -o OUT")
	case !slices.Contains(targets, f.to):
		return usagef("--to: want one of %s", strings.Join(targets, ", "))
	case !ok:
		return usagef("--compression: want zstd, snappy or none")
	}
	switch f.to {
	case "views":
		return s.convertViews(ctx, f, compression, args)
	case "fhir":
		return s.convertToFHIR(ctx, f, args)
	case "dicom-index":
		return s.convertIndex(ctx, f, compression, args)
	case "dicom-json":
		return s.convertToJSON(ctx, f, args)
	}
	return s.convertToOMOP(ctx, f, compression, args)
}

// targets are the values of --to.
var targets = []string{"omop", "views", "fhir", "dicom-index", "dicom-json"}

// convertToOMOP makes one database of all FHIR and DICOM that args name.
func (s *session) convertToOMOP(ctx context.Context, f *convertFlags, compression columnar.Compression, args []string) (err error) {
	policy := mapping.DefaultPolicy()
	if f.policy != "" {
		if policy, err = mapping.LoadPolicy(f.policy); err != nil {
			return err
		}
	}
	address, err := addressOf(args)
	if err != nil {
		return err
	}
	var h holding
	var srcs []fhir.Source
	if address == "" {
		if h, err = s.holding("auto", args); err != nil {
			return err
		}
		if h.fhir {
			if srcs, err = s.fhirSources(args, h); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, fhir.CloseSources(srcs)) }()
		}
	}
	images, err := s.dicomInput(ctx, f, policy, address, args, h)
	if err != nil {
		return err
	}
	store, err := s.openVocabulary(ctx, f.vocab)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if f.vocab == "" {
		s.note("convert: no --vocab: clinical codes keep their rows, with concept 0")
	}
	report, err := mapping.Convert(ctx, srcs, &mapping.ConvertOptions{
		Out: f.out, Concepts: store, Policy: policy, DICOM: images, Workers: s.workers, MemoryBudget: int64(f.memory), TempDir: f.temp,
		Compression: compression, Reporter: s, Progress: s.progress.show, ToolVersion: toolVersion(), Overwrite: f.overwrite,
		VocabularyRelease: store.Info().Release, SourceName: f.sourceName, ExtractDate: time.Time(f.extractDate),
	})
	s.progress.close()
	if err != nil {
		return err
	}
	return s.report(report, report.WriteText)
}

// sources returns the inputs that arguments name; "-" is the command's own
// standard input.
func (s *session) sources(args []string) ([]fhir.Source, error) {
	var all []fhir.Source
	for _, arg := range args {
		if arg == "-" {
			all = append(all, fhir.ReaderSource("-", s.stdin))
			continue
		}
		list, err := fhir.NewSources([]string{arg})
		if err != nil {
			return nil, errors.Join(err, fhir.CloseSources(all))
		}
		all = append(all, list...)
	}
	return all, nil
}

// openVocabulary opens an index or a folder of Athena files; "" is what ships
// with the program.
func (s *session) openVocabulary(ctx context.Context, path string) (*vocab.Store, error) {
	switch {
	case path == "":
		return vocab.Embedded()
	case isFolder(path):
		store, _, err := vocab.OpenDir(ctx, path, &vocab.BuildOptions{Workers: s.workers, Reporter: s})
		return store, err
	}
	return vocab.Open(path)
}

// bytesLine is a line of a text report about a file that was written.
func bytesLine(w io.Writer, path string, n int64) error {
	_, err := fmt.Fprintf(w, "%s: %s\n", path, bytesText(n))
	return err
}
