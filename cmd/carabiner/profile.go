package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// profileFlags say how a profile is read.
type profileFlags struct {
	kind     string
	packages []string
	lock     string
	unlocked bool // no lock is asked for
}

func (f *profileFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.kind, "kind", "", "`kind` of a bare definition whose content does not tell it")
	flags.StringSliceVar(&f.packages, "ig", nil, "a FHIR `package` whose definitions the profile needs")
	flags.StringVar(&f.lock, "lock", "", "`file` that pins the sources (default PROFILE.lock if there is one)")
	var kinds []string
	for _, k := range dataset.SourceKinds() {
		kinds = append(kinds, string(k))
	}
	complete(cmd, "kind", kinds...)
}

// loadProfile reads a profile and reports what is wrong with it; then there is
// no model.
func (s *session) loadProfile(ctx context.Context, f *profileFlags, path string) (*dataset.Model, error) {
	opts := &dataset.LoadOptions{Kind: dataset.SourceKind(f.kind), Packages: f.packages}
	if !f.unlocked {
		var err error
		if opts.Lock, err = s.lockBeside(path, f.lock); err != nil {
			return nil, err
		}
	}
	model, findings, err := dataset.Load(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	if err := s.reportAll(findings); err != nil || findings.HasErrors() {
		return nil, err
	}
	return model, nil
}

// reportAll reports findings in their order.
func (s *session) reportAll(list issue.List) error {
	for _, i := range list {
		if err := s.Report(i); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) profile() *cobra.Command {
	cmd := &cobra.Command{
		Use: "profile", Short: "Draft, check, explain, compare and pin dataset profiles",
		Long: `A dataset profile says what an extract holds: tables, their grain, fields, types,
codes, keys and privacy roles. It is a small YAML or JSON file that points at
definitions that exist already (FHIR, OMOP, DICOM, Table Schema and others) and adds
what they lack. "carabiner gen" makes code and dictionaries of it, "carabiner
extract" its tables.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.profileInfer(), a.profileCheck(), a.profileExplain(), a.profileDiff(), a.profileLock(), a.profileSchema())
	return cmd
}

func (a *app) profileCheck() *cobra.Command {
	var f profileFlags
	cmd := a.command("check PROFILE", "Check a profile and all that it points at",
		`Check reads a profile with all its sources and tells what is wrong, with line and
column: names that lead nowhere, overrides that allow more than their source does,
expressions that do not compile, sources that are not the pinned ones.`,
		"  carabiner profile check prostate.profile.yaml", cobra.MatchAll(cobra.ExactArgs(1)),
		func(ctx context.Context, s *session, args []string) error {
			m, err := s.loadProfile(ctx, &f, args[0])
			if m == nil || err != nil {
				return err
			}
			return s.report(summaryOf(m), func(w io.Writer) error { return showProfile(w, m, args[0]) })
		})
	f.add(cmd)
	return cmd
}

// tableSummary is what profile check says of a table.
type tableSummary struct {
	Name   string         `json:"name"`
	Source string         `json:"source"`
	Kind   string         `json:"kind"`
	Form   string         `json:"form"`
	Grain  string         `json:"grain,omitempty"`
	Key    []string       `json:"key,omitempty"`
	Fields int            `json:"fields"`
	Roles  map[string]int `json:"roles,omitempty"`
}

func summaryOf(m *dataset.Model) []tableSummary {
	var all []tableSummary
	for _, t := range m.Tables {
		l := tableSummary{
			Name: t.Name, Source: t.Source, Kind: string(t.Kind), Form: "row", Grain: string(t.Grain), Key: t.Key,
			Fields: len(t.Object.Fields), Roles: map[string]int{},
		}
		if t.Form == dataset.Record {
			l.Form = "record"
		}
		for _, f := range t.Object.Fields {
			if f.Role != "" {
				l.Roles[string(f.Role)]++
			}
		}
		all = append(all, l)
	}
	return all
}

func showProfile(w io.Writer, m *dataset.Model, name string) error {
	if _, err := fmt.Fprintln(w, strings.TrimSpace(m.ID+" "+m.Version)); err != nil {
		return err
	}
	var rows []string
	for _, l := range summaryOf(m) {
		rows = append(rows, cells(l.Name, l.Kind, l.Form, l.Grain, strings.Join(l.Key, " "), l.Fields))
	}
	if err := table(w, "table, kind, form, grain, key, fields", rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "then: carabiner extract %s SRC -o OUT makes the tables, carabiner gen %s -o DIR the code\n", name, name)
	return err
}

func (a *app) profileExplain() *cobra.Command {
	var f profileFlags
	cmd := a.command("explain PROFILE FIELD", "Tell where each constraint of a field comes from",
		`Explain tells of a field (table.field) its type, how often it occurs, codes, unit and
role, and for each of them which source or line of the profile says so.`,
		"  carabiner profile explain prostate.profile.yaml psa.value", cobra.MatchAll(cobra.ExactArgs(2)),
		func(ctx context.Context, s *session, args []string) error {
			m, err := s.loadProfile(ctx, &f, args[0])
			if m == nil || err != nil {
				return err
			}
			e, err := dataset.Explain(m, args[1])
			if err != nil {
				return usageError{err}
			}
			said := explanation{Path: e.Path, Type: e.Field.Type.Kind.String(), Required: e.Field.Required, Role: string(e.Field.Role), Unit: e.Field.Unit, Origins: e.Field.Origins}
			return s.report(said, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, strings.TrimRight(e.String(), "\n"))
				return err
			})
		})
	f.add(cmd)
	return cmd
}

// explanation is what profile explain says in JSON.
type explanation struct {
	Path     string           `json:"path"`
	Type     string           `json:"type"`
	Required bool             `json:"required"`
	Role     string           `json:"role,omitempty"`
	Unit     string           `json:"unit,omitempty"`
	Origins  []dataset.Origin `json:"origins"`
}

func (a *app) profileSchema() *cobra.Command {
	return a.command("schema", "Print the JSON Schema of profiles",
		"Schema prints the JSON Schema (2020-12) that profile documents follow, for editors.",
		"  carabiner profile schema > profile.schema.json", cobra.NoArgs,
		func(_ context.Context, s *session, _ []string) error {
			_, err := s.stdout.Write(dataset.Schema())
			return err
		})
}
