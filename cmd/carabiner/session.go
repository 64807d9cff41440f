package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/issue"
)

// session is one run of a subcommand: it receives the findings, shows
// progress, and prints the report.
type session struct {
	*app
	counter  issue.Counter
	writer   *issue.Writer
	out      *screen // standard error, shared by findings and progress
	file     *os.File
	progress *progress

	mu            sync.Mutex
	shown, hidden map[issue.Code]int
}

// open makes the session of a subcommand.
func (a *app) open(name string) (*session, error) {
	s := &session{app: a, shown: make(map[issue.Code]int), hidden: make(map[issue.Code]int)}
	s.out = &screen{w: a.stderr}
	var w io.Writer = s.out
	if a.findings != "" {
		f, err := os.Create(a.findings)
		if err != nil {
			return nil, fmt.Errorf("findings: %w", err)
		}
		s.file, w = f, f
	}
	s.writer = issue.NewWriter(w, map[format]issue.Format{text: issue.Text, json_: issue.NDJSON, sarif: issue.SARIF, outcome: issue.OperationOutcome}[a.format])
	// Only findings may stand where a program reads them.
	mixed := a.format != text && a.findings == ""
	s.progress = newProgress(s.out, a.stderr, name, a.quiet || mixed)
	return s, nil
}

// Report counts a finding and writes it, unless as text enough of its code
// have been shown.
func (s *session) Report(i issue.Issue) error {
	if err := s.counter.Report(i); err != nil {
		return err
	}
	if s.format == text && s.findings == "" && s.maxFindings > 0 {
		s.mu.Lock()
		full := s.shown[i.Code] >= s.limit(i.Severity)
		if full {
			s.hidden[i.Code]++
		} else {
			s.shown[i.Code]++
		}
		s.mu.Unlock()
		if full {
			return nil
		}
	}
	return s.writer.Report(i)
}

// limit is how many findings of one code are shown as text: of mere
// information a few are enough.
func (s *session) limit(v issue.Severity) int {
	if v == issue.Information {
		return min(s.maxFindings, 3)
	}
	return s.maxFindings
}

// failing reports whether the findings make the command fail.
func (s *session) failing() bool {
	return s.failOn != 0 && s.counter.AtLeast(issue.Severity(s.failOn)) > 0
}

// close completes the findings and sums them up. err is what ended the work.
func (s *session) close(err error) error {
	s.progress.close()
	first := s.writer.Close()
	if s.file != nil {
		if e := s.file.Close(); first == nil {
			first = e
		}
	}
	if s.format == text && err == nil {
		s.sumUp()
	}
	return first
}

// sumUp tells how many findings there were, and how many were not shown.
func (s *session) sumUp() {
	if s.counter.AtLeast(issue.Information) == 0 {
		return
	}
	var parts []string
	for v := issue.Fatal; v >= issue.Information; v-- {
		n := s.counter.AtLeast(v)
		if v < issue.Fatal {
			n -= s.counter.AtLeast(v + 1)
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", v, n))
		}
	}
	var hidden []string
	for code, n := range s.hidden {
		hidden = append(hidden, fmt.Sprintf("%s %d", code, n))
	}
	slices.Sort(hidden)
	line := "findings: " + strings.Join(parts, ", ")
	if len(hidden) > 0 {
		line += " (not shown: " + strings.Join(hidden, ", ") + ")"
	}
	fmt.Fprintln(s.out, line)
}

// printJSON writes a report as indented JSON on standard output.
func (s *session) printJSON(v any) error {
	enc := json.NewEncoder(s.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// report prints the result of a command: data as JSON, or as show writes it.
// With --quiet nothing is printed.
func (s *session) report(data any, show func(w io.Writer) error) error {
	switch {
	case s.quiet:
		return nil
	case s.format == text:
		return show(s.stdout)
	}
	return s.printJSON(data)
}

// note tells the user something that is no finding.
func (s *session) note(format string, args ...any) {
	if s.format == text && !s.quiet {
		fmt.Fprintf(s.out, format+"\n", args...)
	}
}
