package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dataset/survey"
	"github.com/carabiner-health/carabiner/issue"
)

// lockEnding is that of the file that pins the sources of the profile beside it.
const lockEnding = ".lock"

// lockBeside returns the lock of a profile: the one named, or the one beside it;
// nil if there is none. What is wrong with it is reported.
func (s *session) lockBeside(profile, named string) (*dataset.Lock, error) {
	file := named
	if file == "" {
		file = profile + lockEnding
	}
	b, err := os.ReadFile(file)
	if err != nil {
		if named == "" {
			return nil, nil // not a file, or nothing is pinned
		}
		return nil, err
	}
	lock, findings := dataset.ParseLock(file, b)
	return lock, s.reportAll(findings)
}

func (a *app) profileLock() *cobra.Command {
	var f profileFlags
	var check bool
	cmd := a.command("lock PROFILE", "Pin the sources of a profile",
		`Lock writes PROFILE.lock: the SHA-256 of every file and edition that the profile needs.
Every command that reads the profile holds its sources to the lock beside it. With
--check it is only told whether the lock is up to date.`,
		"  carabiner profile lock prostate.profile.yaml", cobra.MatchAll(cobra.ExactArgs(1)),
		func(ctx context.Context, s *session, args []string) error {
			file := args[0] + lockEnding
			if !check {
				f.unlocked = true // what is pinned now may differ
			}
			m, err := s.loadProfile(ctx, &f, args[0])
			if m == nil || err != nil {
				return err
			}
			b := dataset.NewLock(m).Bytes()
			if check {
				have, err := os.ReadFile(file)
				if err != nil || !bytes.Equal(have, b) {
					return s.Report(issue.Issue{
						Severity: issue.Error, Code: dataset.CodeLock, Pos: issue.Pos{Source: file},
						Message: "want the lock of the sources as they are, have another or none",
					})
				}
				return nil
			}
			if err := replaceFile(file, b); err != nil {
				return err
			}
			return s.report(map[string]any{"file": file}, func(w io.Writer) error { return bytesLine(w, file, int64(len(b))) })
		})
	cmd.Flags().BoolVar(&check, "check", false, "only tell whether the lock is up to date")
	f.add(cmd)
	return cmd
}

func (a *app) profileDiff() *cobra.Command {
	var f profileFlags
	cmd := a.command("diff OLD NEW", "Tell what changes between two profiles, and what it breaks",
		`Diff compares two profiles with all that they point at, and tells for every change
whether it breaks those who read the data or those who make them. A version number
that does not fit the changes is a finding.`,
		"  carabiner profile diff v1/prostate.profile.yaml prostate.profile.yaml", cobra.MatchAll(cobra.ExactArgs(2)),
		func(ctx context.Context, s *session, args []string) error {
			older, err := s.loadProfile(ctx, &f, args[0])
			if older == nil || err != nil {
				return err
			}
			newer, err := s.loadProfile(ctx, &f, args[1])
			if newer == nil || err != nil {
				return err
			}
			return s.showDiff(args[1], older, newer)
		})
	f.add(cmd)
	return cmd
}

// change is what profile diff says of a change.
type change struct {
	Path   string `json:"path"`
	What   string `json:"what"`
	Old    string `json:"old,omitempty"`
	New    string `json:"new,omitempty"`
	Breaks string `json:"breaks"`
	Why    string `json:"why,omitempty"`
}

func (s *session) showDiff(file string, older, newer *dataset.Model) error {
	changes := dataset.Diff(older, newer)
	version, enough := dataset.SuggestVersion(older, newer)
	if !enough {
		err := s.Report(issue.Issue{
			Severity: issue.Error, Code: CodeVersion, Pos: issue.Pos{Source: file}, Path: "version",
			Message: fmt.Sprintf("want at least %s after these changes, have %s", version, newer.Version),
		})
		if err != nil {
			return err
		}
	}
	report := struct {
		Breaking bool     `json:"breaking"`
		Version  string   `json:"version,omitempty"`
		Changes  []change `json:"changes"`
	}{Version: version, Changes: []change{}}
	for _, c := range changes {
		report.Breaking = report.Breaking || c.Breaking()
		report.Changes = append(report.Changes, change{c.Path, c.What, c.Old, c.New, c.Breaks.String(), c.Why})
	}
	return s.report(report, func(w io.Writer) error {
		var b strings.Builder
		for _, c := range changes {
			fmt.Fprintln(&b, c)
		}
		switch {
		case len(changes) == 0:
			b.WriteString("no change\n")
		case report.Breaking:
			b.WriteString("breaking: yes\n")
		default:
			b.WriteString("breaking: no\n")
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

func (a *app) profileInfer() *cobra.Command {
	var out string
	var opts survey.InferOptions
	var overwrite bool
	cmd := a.command("infer SRC... -o DIR", "Draft a profile of the data in a folder",
		`Infer looks at FHIR, OMOP, DICOM, CSV, Parquet and NDJSON files and drafts a profile of
what they hold, DIR/draft.profile.yaml, with the files that it refers to. Roles are
conservative: what is not known to be harmless is not called safe. No value of the
data stands in the draft, but codes that occur --min-cell times each.`,
		"  carabiner profile infer export/ -o my\n  carabiner profile check my/draft.profile.yaml\n  carabiner extract my/draft.profile.yaml export/ -o tables",
		someArgs("a file or a folder to look at"),
		func(ctx context.Context, s *session, args []string) error {
			if out == "" {
				return usagef("want an output folder: -o DIR")
			}
			opts.Reporter = s
			draft, err := survey.Infer(ctx, args, &opts)
			if err != nil {
				return err
			}
			s.progress.close()
			files := maps.Clone(draft.Files)
			files["draft.profile.yaml"] = draft.Profile
			if err := os.MkdirAll(out, 0o755); err != nil {
				return err
			}
			names := slices.Sorted(maps.Keys(files))
			for i, name := range names {
				names[i] = filepath.Join(out, name)
				if _, err := os.Stat(names[i]); err == nil && !overwrite {
					return usagef("%s is there already; --overwrite replaces it", names[i])
				}
			}
			for _, name := range names {
				if err := replaceFile(name, files[filepath.Base(name)]); err != nil {
					return err
				}
			}
			return s.report(map[string]any{"files": names, "tables": draft.Tables}, func(w io.Writer) error {
				for _, name := range names {
					if err := bytesLine(w, name, int64(len(files[filepath.Base(name)]))); err != nil {
						return err
					}
				}
				_, err := fmt.Fprintf(w, "%d tables; look at the roles, then: carabiner profile check %s\n", len(draft.Tables), filepath.Join(out, "draft.profile.yaml"))
				return err
			})
		})
	flags := cmd.Flags()
	flags.StringVarP(&out, "out", "o", "", "`folder` of the draft")
	flags.StringVar(&opts.ID, "id", "", "`URL` that names the profile")
	flags.IntVar(&opts.Records, "records", 0, "how many records of each kind to look at (default 10000, -1 for all)")
	flags.IntVar(&opts.MinCell, "min-cell", 0, "how often a value must occur to stand in the draft as a code (default 10)")
	flags.BoolVar(&overwrite, "overwrite", false, "replace a draft that is there")
	return cmd
}
