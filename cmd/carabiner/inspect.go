package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/omop/vocab"
)

func (a *app) inspect() *cobra.Command {
	var authorization string
	cmd := a.command("inspect SRC... [flags]", "Tell what a folder holds",
		`Inspect tells what is in files and folders: of FHIR the formats, the resource
types with their counts and dates, the code systems and where references lead;
of DICOM the patients, studies and series, SOP classes, modalities, transfer
syntaxes, character sets, devices and creators of private elements, counted, also
of a DICOMweb server by its address; of OMOP the tables with their rows; of a vocabulary its release and counts. It
prints no value of a record besides the first and last date.`,
		"  carabiner inspect export/\n  carabiner inspect images/\n  carabiner inspect out --format json",
		someArgs("a file, a folder, a pattern, an address or - to inspect"),
		func(ctx context.Context, s *session, args []string) error {
			var x inspection
			var fhirArgs []string
			for _, arg := range args {
				if isAddress(arg) {
					facts, err := s.inspectServer(ctx, arg, authorization)
					if err != nil {
						return err
					}
					x.Servers = append(x.Servers, *facts)
					continue
				}
				k, dir := detect(arg)
				switch k {
				case kindFHIR:
					fhirArgs = append(fhirArgs, arg)
				case kindOMOP:
					facts, err := inspectOMOP(dir)
					if err != nil {
						return err
					}
					x.OMOP = append(x.OMOP, *facts)
				case kindParquet:
					facts, err := inspectParquet(dir)
					if err != nil {
						return err
					}
					x.Parquet = append(x.Parquet, *facts)
				default:
					info, err := s.inspectVocabulary(ctx, dir)
					if err != nil {
						return err
					}
					x.Vocabularies = append(x.Vocabularies, vocabularyFacts{dir, k, info})
				}
			}
			if err := s.inspectFiles(ctx, &x, fhirArgs); err != nil {
				return err
			}
			return s.report(x, x.writeText)
		})
	cmd.Flags().StringVar(&authorization, "authorization-env", "", "the environment `variable` with the Authorization header for a DICOMweb server")
	return cmd
}

// inspectFiles inspects what may be FHIR, DICOM or both.
func (s *session) inspectFiles(ctx context.Context, x *inspection, args []string) error {
	if len(args) == 0 {
		return nil
	}
	h, err := s.holding("auto", args)
	if err != nil {
		return err
	}
	if h.fhir {
		if x.FHIR, err = s.inspectFHIR(ctx, args, h); err != nil {
			return err
		}
	}
	if h.dicom {
		x.DICOM, err = s.inspectDICOM(ctx, dicomSources(args, h))
	}
	return err
}

// inspection is the report of inspect.
type inspection struct {
	FHIR         *fhirFacts        `json:"fhir,omitempty"`
	DICOM        *dicomFacts       `json:"dicom,omitempty"`
	Servers      []dicomFacts      `json:"dicomweb,omitempty"`
	OMOP         []omopFacts       `json:"omop,omitempty"`
	Parquet      []parquetFacts    `json:"parquet,omitempty"`
	Vocabularies []vocabularyFacts `json:"vocabularies,omitempty"`
}

type fhirFacts struct {
	Resources  int64         `json:"resources"`
	First      string        `json:"first_date,omitempty"`
	Last       string        `json:"last_date,omitempty"`
	Types      []typeFacts   `json:"types"`
	Systems    []systemFacts `json:"code_systems"`
	References linkFacts     `json:"references"`
	Sources    []sourceJSON  `json:"sources"`
}

type typeFacts struct {
	Type  string `json:"type"`
	Count int64  `json:"count"`
	First string `json:"first_date,omitempty"`
	Last  string `json:"last_date,omitempty"`
}

type systemFacts struct {
	System  string `json:"system"`
	Codings int64  `json:"codings"`
}

type linkFacts struct {
	Total     int64 `json:"total"`
	Inside    int64 `json:"inside"`
	Local     int64 `json:"local"`
	Elsewhere int64 `json:"elsewhere"`
	Broken    int64 `json:"broken"`
	Missing   int64 `json:"missing"`
}

func (s *session) inspectFHIR(ctx context.Context, args []string, h holding) (_ *fhirFacts, err error) {
	srcs, err := s.fhirSources(args, h)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fhir.CloseSources(srcs)) }()
	in, err := fhir.Inspect(ctx, srcs, s.readOptions(srcs))
	s.progress.close()
	if err != nil {
		return nil, err
	}
	x := &fhirFacts{Types: []typeFacts{}, Systems: []systemFacts{}, References: linkFacts(in.Links), Sources: sourcesJSON(in.Sources)}
	for _, t := range in.Types {
		x.Resources += t.Count
		x.Types = append(x.Types, typeFacts(t))
		if t.First != "" && (x.First == "" || t.First < x.First) {
			x.First = t.First
		}
		x.Last = max(x.Last, t.Last)
	}
	for _, y := range in.Systems {
		x.Systems = append(x.Systems, systemFacts(y))
	}
	return x, nil
}

type omopFacts struct {
	Folder   string            `json:"folder"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Tables   []tableFacts      `json:"tables"`
}

type tableFacts struct {
	Name    string `json:"name"`
	Format  string `json:"format"`
	Bytes   int64  `json:"bytes"`
	Rows    *int64 `json:"rows,omitempty"` // of Parquet, whose footer tells
	Columns int    `json:"columns,omitempty"`
}

// inspectOMOP reads the footers of the Parquet files of a folder, and of other
// tables the size alone.
func inspectOMOP(dir string) (*omopFacts, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	known := tablesIn(dir)
	x := &omopFacts{Folder: dir, Metadata: make(map[string]string)}
	for _, e := range entries {
		ext := strings.ToLower(filepath.Ext(e.Name()))
		name := strings.TrimSuffix(strings.ToLower(e.Name()), ext)
		if !slices.Contains(known, name) || e.IsDir() {
			continue
		}
		t := tableFacts{Name: name, Format: strings.TrimPrefix(ext, ".")}
		if err := x.add(filepath.Join(dir, e.Name()), &t); err != nil {
			return nil, err
		}
		x.Tables = append(x.Tables, t)
	}
	return x, nil
}

// add completes the facts of a table from its file.
func (x *omopFacts) add(path string, t *tableFacts) error {
	if t.Format != "parquet" {
		stat, err := os.Stat(path)
		if err == nil {
			t.Bytes = stat.Size()
		}
		return err
	}
	p, err := inspectParquet(path)
	if err != nil {
		return err
	}
	t.Bytes, t.Rows, t.Columns = p.Bytes, &p.Rows, len(p.Columns)
	maps.Copy(x.Metadata, p.Metadata)
	return nil
}

type parquetFacts struct {
	Path      string            `json:"path"`
	Bytes     int64             `json:"bytes"`
	Rows      int64             `json:"rows"`
	Groups    []int64           `json:"rows_per_group"`
	Columns   []columnFacts     `json:"columns"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	CreatedBy string            `json:"created_by,omitempty"`
}

type columnFacts struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
}

// inspectParquet tells what the footer of one file says.
func inspectParquet(path string) (*parquetFacts, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	info, err := columnar.Inspect(f, stat.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	x := &parquetFacts{Path: path, Bytes: stat.Size(), Rows: info.Rows, Groups: info.Groups, Metadata: make(map[string]string), CreatedBy: info.CreatedBy}
	for _, c := range info.Columns {
		x.Columns = append(x.Columns, columnFacts{c.Name, c.Type, c.Nullable})
	}
	for _, m := range info.Metadata {
		x.Metadata[m.Key] = m.Value
	}
	return x, nil
}

func (x *parquetFacts) writeText(w io.Writer) error {
	var rows []string
	for _, c := range x.Columns {
		null := "not null"
		if c.Nullable {
			null = "null"
		}
		rows = append(rows, cells(c.Name, c.Type, null))
	}
	title := fmt.Sprintf("%s: %s rows in %d groups, %s", x.Path, grouped(x.Rows), len(x.Groups), bytesText(x.Bytes))
	return errors.Join(table(w, title, rows), table(w, "made with", metadataRows(x.Metadata)))
}

func metadataRows(meta map[string]string) []string {
	var rows []string
	for _, k := range slices.Sorted(maps.Keys(meta)) {
		rows = append(rows, cells(k, meta[k]))
	}
	return rows
}

type vocabularyFacts struct {
	Path string     `json:"path"`
	Kind kind       `json:"kind"`
	Info vocab.Info `json:"info"`
}

func (s *session) inspectVocabulary(ctx context.Context, path string) (vocab.Info, error) {
	store, err := s.openVocabulary(ctx, path)
	if err != nil {
		return vocab.Info{}, err
	}
	return store.Info(), store.Close()
}

func (x inspection) writeText(w io.Writer) error {
	var errs []error
	if x.FHIR != nil {
		errs = append(errs, x.FHIR.writeText(w))
	}
	if x.DICOM != nil {
		errs = append(errs, x.DICOM.writeText(w))
	}
	for i := range x.Servers {
		errs = append(errs, x.Servers[i].writeText(w))
	}
	for _, o := range x.OMOP {
		errs = append(errs, o.writeText(w))
	}
	for _, p := range x.Parquet {
		errs = append(errs, p.writeText(w))
	}
	for _, v := range x.Vocabularies {
		_, err := fmt.Fprintf(w, "%s: %s\n", v.Path, v.Kind)
		errs = append(errs, err, infoText(w, &v.Info, true))
	}
	return errors.Join(errs...)
}

func (x *fhirFacts) writeText(w io.Writer) error {
	types := []string{"type\tcount\tfirst date\tlast date"}
	for _, t := range x.Types {
		types = append(types, cells(t.Type, t.Count, t.First, t.Last))
	}
	systems := []string{"codings\tsystem"}
	const most = 30
	for i, y := range x.Systems {
		if i == most {
			systems = append(systems, fmt.Sprintf("\t%d more", len(x.Systems)-most))
			break
		}
		name := y.System
		if name == "" {
			name = "(none)"
		}
		systems = append(systems, cells(y.Codings, name))
	}
	missing := cells("to resources that are not here", x.References.Missing)
	if x.References.Missing < 0 {
		missing = "to resources that are not here\ttoo many to tell"
	}
	return errors.Join(
		sourcesText(w, x.Sources),
		table(w, "FHIR: "+grouped(x.Resources)+" resources", types),
		table(w, "code systems", systems),
		table(w, "references", []string{cells("all", x.References.Total), cells("inside a Bundle or resource", x.References.Inside),
			cells("Type/id", x.References.Local), cells("elsewhere", x.References.Elsewhere), cells("broken", x.References.Broken), missing}))
}

func (x *omopFacts) writeText(w io.Writer) error {
	rows := []string{"table\trows\tcolumns\tsize"}
	empty := 0
	for _, t := range x.Tables {
		switch {
		case t.Rows == nil:
			rows = append(rows, cells(t.Name, "?", "?", bytesText(t.Bytes)+" "+t.Format))
		case *t.Rows == 0:
			empty++
		default:
			rows = append(rows, cells(t.Name, *t.Rows, t.Columns, bytesText(t.Bytes)))
		}
	}
	if empty > 0 {
		rows = append(rows, fmt.Sprintf("and %d empty tables", empty))
	}
	return errors.Join(table(w, "OMOP: "+x.Folder, rows), table(w, "made with", metadataRows(x.Metadata)))
}
