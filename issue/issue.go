package issue

import (
	"fmt"
	"strconv"
	"strings"
)

// Severity grades a finding with FHIR's own four grades (R4, value set
// issue-severity). The zero Severity is invalid.
type Severity uint8

// The grades, mildest first, so that they compare with < and >=.
const (
	Information Severity = iota + 1
	Warning
	Error
	Fatal
)

// String returns FHIR's code of the severity.
func (s Severity) String() string {
	switch s {
	case Information:
		return "information"
	case Warning:
		return "warning"
	case Error:
		return "error"
	case Fatal:
		return "fatal"
	}
	return "invalid"
}

// ParseSeverity returns the severity whose FHIR code is s.
func ParseSeverity(s string) (Severity, error) {
	for v := Information; v <= Fatal; v++ {
		if v.String() == s {
			return v, nil
		}
	}
	return 0, fmt.Errorf("issue: want severity information, warning, error or fatal")
}

// MarshalText writes FHIR's code of the severity; an invalid one is an error.
func (s Severity) MarshalText() ([]byte, error) {
	if s < Information || s > Fatal {
		return nil, fmt.Errorf("issue: severity %d is invalid", uint8(s))
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads FHIR's code of a severity.
func (s *Severity) UnmarshalText(b []byte) error {
	v, err := ParseSeverity(string(b))
	if err == nil {
		*s = v
	}
	return err
}

// Code names a kind of finding, such as "omop-type". Every package keeps its
// codes in codes.go; a code is permanent once released.
type Code string

// Pos is a place in the input. Zero fields are unknown: Record counts from 1
// in its source, Line and Column count from 1 in bytes, Offset from 0.
type Pos struct {
	Source string `json:"source,omitempty"`
	Record int64  `json:"record,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Offset int64  `json:"offset,omitempty"`
}

// String returns the position as source:line:column, else as source#record or
// source@offset, leaving out what is unknown.
func (p Pos) String() string {
	var b strings.Builder
	b.WriteString(p.Source)
	if p.Line > 0 {
		if b.Len() > 0 {
			b.WriteByte(':')
		}
		b.WriteString(strconv.Itoa(p.Line))
		if p.Column > 0 {
			b.WriteByte(':')
			b.WriteString(strconv.Itoa(p.Column))
		}
	} else if p.Record > 0 {
		b.WriteByte('#')
		b.WriteString(strconv.FormatInt(p.Record, 10))
	} else if p.Offset > 0 {
		b.WriteByte('@')
		b.WriteString(strconv.FormatInt(p.Offset, 10))
	}
	return b.String()
}

// Issue is one finding about data. Path is written in the notation of the
// format (FHIRPath, table.column, tag path). Message says what was wanted and
// what was there by kind, and never holds the value itself. Rule names the
// clause, check or constraint that was broken, where there is one.
type Issue struct {
	Severity Severity `json:"severity"`
	Code     Code     `json:"code"`
	Pos      Pos      `json:"pos,omitzero"`
	Path     string   `json:"path,omitempty"`
	Message  string   `json:"message"`
	Rule     string   `json:"rule,omitempty"`
}

// String returns the finding on one line: position, severity, path, message, code.
func (i Issue) String() string {
	var b strings.Builder
	if p := i.Pos.String(); p != "" {
		b.WriteString(p)
		b.WriteString(": ")
	}
	b.WriteString(i.Severity.String())
	b.WriteString(": ")
	if i.Path != "" {
		b.WriteString(i.Path)
		b.WriteString(": ")
	}
	b.WriteString(i.Message)
	b.WriteString(" [")
	b.WriteString(string(i.Code))
	b.WriteByte(']')
	return b.String()
}

// List is a list of findings in the order in which they were made.
type List []Issue

// HasErrors reports whether any finding is an Error or Fatal.
func (l List) HasErrors() bool { return l.Worst() >= Error }

// Worst returns the highest severity in the list, 0 for an empty list.
func (l List) Worst() Severity {
	var w Severity
	for i := range l {
		w = max(w, l[i].Severity)
	}
	return w
}

// Err returns nil if no finding is an error, else a *ListError that holds the
// whole list. Its result is safe to compare with nil.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return &ListError{List: l}
}

// Within returns the list with step put in front of every path. It changes
// the list in place.
func (l List) Within(step string) List {
	for i := range l {
		switch p := l[i].Path; {
		case p == "":
			l[i].Path = step
		case p[0] == '[':
			l[i].Path = step + p
		default:
			l[i].Path = step + "." + p
		}
	}
	return l
}

// ListError is a List that holds at least one error, as an error.
type ListError struct{ List List }

// Error returns the first error of the list and the number of further ones.
func (e *ListError) Error() string {
	var first *Issue
	n := 0
	for i := range e.List {
		if e.List[i].Severity >= Error {
			if first == nil {
				first = &e.List[i]
			}
			n++
		}
	}
	switch {
	case first == nil:
		return "no errors"
	case n == 1:
		return first.String()
	}
	return fmt.Sprintf("%s (and %d more)", first, n-1)
}
