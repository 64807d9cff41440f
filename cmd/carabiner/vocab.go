package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/omop"
	"github.com/carabiner-health/carabiner/omop/vocab"
)

func (a *app) vocab() *cobra.Command {
	cmd := &cobra.Command{Use: "vocab", Short: "Build and ask a vocabulary index", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return usagef("want build, info or lookup") }}
	cmd.AddCommand(a.vocabBuild(), a.vocabInfo(), a.vocabLookup())
	return cmd
}

func (a *app) vocabBuild() *cobra.Command {
	var out, dialect, names string
	cmd := a.command("build ATHENA_DIR -o INDEX [flags]", "Turn Athena files into one index file",
		`Build reads the files of an Athena download (CONCEPT.csv and
CONCEPT_RELATIONSHIP.csv; CONCEPT_ANCESTOR.csv and VOCABULARY.csv where they are)
and writes one index that convert maps into memory. Equal content gives equal
bytes. A damaged line is a finding, is counted and left out.`,
		"  carabiner vocab build athena/ -o athena.index", cobra.ExactArgs(1),
		func(ctx context.Context, s *session, args []string) error {
			if out == "" {
				return usagef("want an output file: -o INDEX")
			}
			opts := &vocab.BuildOptions{Workers: s.workers, Reporter: s, Progress: s.progress.show}
			var ok bool
			if opts.Dialect, ok = map[string]vocab.Dialect{"athena": {}, "csv": vocab.CSV}[dialect]; !ok {
				return usagef("--dialect: want athena or csv")
			}
			if opts.Names, ok = map[string]vocab.Names{"auto": vocab.NamesAuto, "always": vocab.NamesAlways, "never": vocab.NamesNever}[names]; !ok {
				return usagef("--names: want auto, always or never")
			}
			report, err := vocab.Build(ctx, args[0], out, opts)
			s.progress.close()
			if err != nil {
				return err
			}
			return s.report(report, func(w io.Writer) error {
				rows := []string{"file\tlines\tused\tduplicate\tnot current\tother\tdangling\tnot standard\tdamaged"}
				for _, f := range report.Files {
					if f.Read {
						rows = append(rows, cells(f.Name, f.Lines, f.Used, f.Duplicate, f.NotCurrent, f.Other, f.Dangling, f.NotStandard, f.Damaged))
					}
				}
				return errors.Join(bytesLine(w, out, report.Info.Bytes), table(w, "lines", rows), infoText(w, &report.Info, false))
			})
		})
	cmd.Flags().StringVarP(&out, "out", "o", "", "`file` to make")
	cmd.Flags().StringVar(&dialect, "dialect", "athena", "form of the files: athena (tabs, no quotes) or csv (commas, quotes)")
	cmd.Flags().StringVar(&names, "names", "auto", "put the names of concepts into the index: auto, always or never")
	complete(cmd, "dialect", "athena", "csv")
	complete(cmd, "names", "auto", "always", "never")
	return cmd
}

func (a *app) vocabInfo() *cobra.Command {
	return a.command("info [INDEX|ATHENA_DIR]", "Tell what an index holds",
		"Info tells what an index or a folder of Athena files holds; without an argument, what ships with the program.", "",
		cobra.MaximumNArgs(1),
		func(ctx context.Context, s *session, args []string) (err error) {
			store, err := s.openVocabulary(ctx, append(args, "")[0])
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, store.Close()) }()
			if err := store.Verify(); err != nil {
				return err
			}
			info := store.Info()
			if s.format != text {
				return s.printJSON(info)
			}
			return infoText(s.stdout, &info, true)
		})
}

func infoText(w io.Writer, i *vocab.Info, vocabularies bool) error {
	release := i.Release
	if release == "" {
		release = "not stated"
	}
	rows := []string{
		cells("release", release), cells("concepts", i.Concepts), cells("standard", i.Standard), cells("maps to", i.MapsTo),
		cells("maps to value", i.MapsToValue), cells("ingredient pairs", i.RollUp), cells("names", i.Names), cells("checksum", i.Checksum),
	}
	if err := table(w, "vocabulary", rows); err != nil || !vocabularies {
		return err
	}
	rows = []string{"id\tconcepts\tstandard\tversion"}
	for _, v := range i.Vocabularies {
		rows = append(rows, cells(v.ID, v.Concepts, v.Standard, v.Version))
	}
	return table(w, "vocabularies", rows)
}

// lookupJSON is the JSON form of a trace.
type lookupJSON struct {
	Concept     conceptJSON   `json:"concept"`
	MapsTo      []conceptJSON `json:"maps_to"`
	MapsToValue []conceptJSON `json:"maps_to_value,omitempty"`
	Ingredients []conceptJSON `json:"ingredients,omitempty"`
}

type conceptJSON struct {
	ID         int32  `json:"concept_id"`
	Vocabulary string `json:"vocabulary_id"`
	Code       string `json:"concept_code"`
	Domain     string `json:"domain_id"`
	Class      string `json:"concept_class_id"`
	Name       string `json:"concept_name,omitempty"`
	Standard   string `json:"standard_concept,omitempty"`
	Invalid    string `json:"invalid_reason,omitempty"`
}

func conceptsJSON(list []omop.ConceptInfo) []conceptJSON {
	out := []conceptJSON{}
	for _, c := range list {
		out = append(out, conceptJSON{c.ID, c.Vocabulary, c.Code, c.Domain, c.Class, c.Name, flag(c.Standard), flag(c.Invalid)})
	}
	return out
}

// flag writes a one-letter column; 0 is empty.
func flag(b byte) string {
	if b == 0 {
		return ""
	}
	return string(rune(b))
}

func (a *app) vocabLookup() *cobra.Command {
	var path string
	cmd := a.command("lookup [VOCABULARY] CODE|ID [--vocab INDEX|ATHENA_DIR]", "Show a concept and where it maps to",
		`Lookup shows the concept of a code in a vocabulary, of a code in every vocabulary
that has it, or of a concept id, and the standard concepts it maps to. The exit
code is 1 if there is none.`,
		"  carabiner vocab lookup ICD10CM I10 --vocab athena.index\n  carabiner vocab lookup 8507", cobra.RangeArgs(1, 2),
		func(ctx context.Context, s *session, args []string) (err error) {
			store, err := s.openVocabulary(ctx, path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, store.Close()) }()
			traces := lookup(store, args)
			if s.format == text {
				err = lookupText(s.stdout, traces)
			} else {
				out := []lookupJSON{}
				for _, t := range traces {
					out = append(out, lookupJSON{conceptsJSON([]omop.ConceptInfo{t.Concept})[0], conceptsJSON(t.MapsTo), conceptsJSON(t.MapsToValue), conceptsJSON(t.Ingredients)})
				}
				err = s.printJSON(out)
			}
			if err == nil && len(traces) == 0 {
				s.note("lookup: no such concept")
				return errFindings
			}
			return err
		})
	cmd.Flags().StringVar(&path, "vocab", "", "vocabulary: an `index` of vocab build, or a folder of Athena files")
	return cmd
}

func lookup(store *vocab.Store, args []string) []vocab.Trace {
	var out []vocab.Trace
	add := func(t vocab.Trace, ok bool) {
		if ok {
			out = append(out, t)
		}
	}
	if len(args) == 2 {
		add(store.Trace(args[0], args[1]))
		return out
	}
	for _, c := range store.FindCode(args[0]) {
		add(store.TraceID(c.ID))
	}
	if id, err := strconv.ParseInt(args[0], 10, 32); err == nil {
		add(store.TraceID(int32(id)))
	}
	return out
}

func lookupText(w io.Writer, traces []vocab.Trace) error {
	for _, t := range traces {
		if err := table(w, conceptText(t.Concept), []string{cells("domain", t.Concept.Domain), cells("class", t.Concept.Class), cells("state", state(t.Concept))}); err != nil {
			return err
		}
		for _, group := range []struct {
			name string
			list []omop.ConceptInfo
		}{{"maps to", t.MapsTo}, {"maps to value", t.MapsToValue}, {"ingredient", t.Ingredients}} {
			for _, c := range group.list {
				if _, err := fmt.Fprintf(w, "  %s: %s (%s)\n", group.name, conceptText(c), c.Domain); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func conceptText(c omop.ConceptInfo) string {
	text := fmt.Sprintf("%d %s %s", c.ID, c.Vocabulary, c.Code)
	if c.Name != "" {
		text += " " + c.Name
	}
	return text
}

func state(c omop.ConceptInfo) string {
	switch {
	case c.Invalid == 'D':
		return "deleted"
	case c.Invalid == 'U':
		return "replaced"
	case c.Standard == 'S':
		return "standard"
	case c.Standard == 'C':
		return "classification"
	}
	return "not standard"
}
