package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/issue"
)

// format is the form of reports and findings.
type format string

const (
	text  format = "text"
	json_ format = "json"
	sarif format = "sarif"
	// outcome is FHIR's OperationOutcome; the report beside it is JSON.
	outcome format = "operationoutcome"
)

// app is one call of the command: its streams and its global flags.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	started        bool // flags and arguments were right

	format      format
	failOn      severityFlag
	findings    string
	maxFindings int
	quiet       bool
	workers     int
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "carabiner",
		Short: "FHIR, DICOM headers and OMOP: checked, and turned into each other",
		Long: `Carabiner checks FHIR, DICOM headers and OMOP databases, and turns FHIR and DICOM
into one OMOP database or other tables, DICOM into FHIR and back. It makes the
vocabulary index and the Go code that this takes.

Reports go to standard output, findings and progress to standard error. No
finding holds a value of a record.

Exit codes: 0 nothing found at or above --fail-on, 1 something found, 2 wrong
usage, 3 the work could not be done.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs, // a subcommand that does not exist is an argument
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(a.convert(), a.validate(), a.inspect(), a.vocab(), a.profile(), a.gen(), a.extract(), a.view(), a.version())

	a.format, a.failOn = text, severityFlag(issue.Error)
	flags := root.PersistentFlags()
	flags.Var(&formatFlag{&a.format}, "format", "form of report and findings: text, json, sarif or operationoutcome")
	flags.Var(&a.failOn, "fail-on", "exit with 1 from this severity on: information, warning, error, fatal or never")
	flags.StringVar(&a.findings, "findings", "", "write the findings to this `file` instead of standard error")
	flags.IntVar(&a.maxFindings, "max-findings", 20, "as text show this many findings of one code at most, 0 for all")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "no progress and no report on standard output")
	flags.IntVar(&a.workers, "workers", 0, "how many things to work on at once, 0 for one a processor")
	complete(root, "format", string(text), string(json_), string(sarif), string(outcome))
	complete(root, "fail-on", append(severityNames(), never)...)
	return root
}

// complete offers values for a flag to the shell.
func complete(cmd *cobra.Command, flag string, values ...string) {
	// It fails only for a flag that does not exist.
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}

// formatFlag is --format.
type formatFlag struct{ to *format }

func (f *formatFlag) String() string {
	if f.to == nil {
		return ""
	}
	return string(*f.to)
}
func (f *formatFlag) Type() string { return "format" }

func (f *formatFlag) Set(s string) error {
	if !slices.Contains([]format{text, json_, sarif, outcome}, format(s)) {
		return fmt.Errorf("want text, json, sarif or operationoutcome")
	}
	*f.to = format(s)
	return nil
}

// severityFlag is --fail-on; 0 is never.
type severityFlag issue.Severity

const never = "never"

func severityNames() []string {
	var names []string
	for s := issue.Information; s <= issue.Fatal; s++ {
		names = append(names, s.String())
	}
	return names
}

func (f *severityFlag) String() string {
	if *f == 0 {
		return never
	}
	return issue.Severity(*f).String()
}
func (f *severityFlag) Type() string { return "severity" }

func (f *severityFlag) Set(s string) error {
	if s == never {
		*f = 0
		return nil
	}
	v, err := issue.ParseSeverity(s)
	if err != nil {
		return fmt.Errorf("want %s or %s", strings.Join(severityNames(), ", "), never)
	}
	*f = severityFlag(v)
	return nil
}

// sizeFlag is a number of bytes, such as 512MiB.
type sizeFlag int64

var sizeUnits = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}, {"", 1}}

func (f *sizeFlag) String() string {
	if *f == 0 {
		return "0"
	}
	for _, u := range []int{2, 1, 0} {
		if int64(*f)%sizeUnits[u].bytes == 0 {
			return fmt.Sprintf("%d%s", int64(*f)/sizeUnits[u].bytes, sizeUnits[u].name)
		}
	}
	return fmt.Sprint(int64(*f))
}
func (f *sizeFlag) Type() string { return "size" }

func (f *sizeFlag) Set(s string) error {
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 62)
		if err != nil || int64(n) > math.MaxInt64/u.bytes {
			break
		}
		*f = sizeFlag(int64(n) * u.bytes)
		return nil
	}
	return fmt.Errorf("want a size such as 512MiB or 2GiB")
}

// dateFlag is a day.
type dateFlag time.Time

func (f *dateFlag) String() string {
	if time.Time(*f).IsZero() {
		return ""
	}
	return time.Time(*f).Format(time.DateOnly)
}
func (f *dateFlag) Type() string { return "date" }

func (f *dateFlag) Set(s string) error {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return fmt.Errorf("want a day such as 2026-01-31")
	}
	*f = dateFlag(t)
	return nil
}

// someArgs wants at least one argument and names what it is.
func someArgs(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("want %s", what)
		}
		return nil
	}
}

// isFolder reports whether path is a folder; what cannot be looked at is none.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
