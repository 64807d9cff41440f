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
	return a.command("inspect SRC... [flags]", "Tell what a folder holds",
		`Inspect tells what is in files and folders: of FHIR the formats, the resource
types with their counts and dates, the code systems and where references lead;
of OMOP the tables with their rows; of a vocabulary its release and counts. It
prints no value of a record besides the first and last date.`,
		"  carabiner inspect export/\n  carabiner inspect out --format json",
		someArgs("a file, a folder, a pattern or - to inspect"),
		func(ctx context.Context, s *session, args []string) error {
			var x inspection
			var fhirArgs []string
			for _, arg := range args {
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
				default:
					info, err := s.inspectVocabulary(ctx, dir)
					if err != nil {
						return err
					}
					x.Vocabularies = append(x.Vocabularies, vocabularyFacts{dir, k, info})
				}
			}
			if len(fhirArgs) > 0 {
				facts, err := s.inspectFHIR(ctx, fhirArgs)
				if err != nil {
					return err
				}
				x.FHIR = facts
			}
			return s.report(x, x.writeText)
		})
}

// inspection is the report of inspect.
type inspection struct {
	FHIR         *fhirFacts        `json:"fhir,omitempty"`
	OMOP         []omopFacts       `json:"omop,omitempty"`
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

func (s *session) inspectFHIR(ctx context.Context, args []string) (_ *fhirFacts, err error) {
	srcs, err := s.sources(args)
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
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return err
	}
	t.Bytes = stat.Size()
	if t.Format != "parquet" {
		return nil
	}
	info, err := columnar.Inspect(f, stat.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	t.Rows, t.Columns = &info.Rows, len(info.Columns)
	for _, m := range info.Metadata {
		x.Metadata[m.Key] = m.Value
	}
	return nil
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
	for _, o := range x.OMOP {
		errs = append(errs, o.writeText(w))
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
	var meta []string
	for _, k := range slices.Sorted(maps.Keys(x.Metadata)) {
		meta = append(meta, cells(k, x.Metadata[k]))
	}
	return errors.Join(table(w, "OMOP: "+x.Folder, rows), table(w, "made with", meta))
}
