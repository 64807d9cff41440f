package runtime

import (
	"fmt"
	"strconv"
	"strings"
)

// Severity says how much an issue matters.
type Severity uint8

// The severities.
const (
	SeverityInformation Severity = iota + 1
	SeverityWarning
	SeverityError
)

// String returns the severity in lower case.
func (s Severity) String() string {
	switch s {
	case SeverityInformation:
		return "information"
	case SeverityWarning:
		return "warning"
	case SeverityError:
		return "error"
	}
	return "severity?"
}

// Issue is one thing that is wrong with a record.
type Issue struct {
	Severity Severity
	// Code tells the kind: syntax, type, required, unlisted, duplicate and so on.
	Code string
	// Path leads to the place from the record: name[0].family.
	Path string
	// Message says what was wanted and what there was, never the value itself.
	Message string
	// Offset is the byte at which reading stopped; it is 0 except where Code is
	// syntax.
	Offset int
}

// Error returns the issue as one line.
func (i Issue) Error() string {
	text := i.Message
	if i.Path != "" {
		text = i.Path + ": " + text
	}
	if i.Code == codeSyntax {
		text += " at byte " + strconv.Itoa(i.Offset)
	}
	return text
}

// Issues are the things that are wrong with a record, in the order in which they
// were found.
type Issues []Issue

// Err returns nil if no issue is an error, and else the errors as one.
func (list Issues) Err() error {
	for _, i := range list {
		if i.Severity == SeverityError {
			return issuesError(list)
		}
	}
	return nil
}

// issuesError is a list with at least one error in it.
type issuesError Issues

func (e issuesError) Error() string {
	var first Issue
	n := 0
	for _, i := range e {
		if i.Severity == SeverityError {
			if n++; n == 1 {
				first = i
			}
		}
	}
	if n == 1 {
		return first.Error()
	}
	return fmt.Sprintf("%s (and %d more)", first.Error(), n-1)
}

// Unwrap returns the errors, each an Issue.
func (e issuesError) Unwrap() []error {
	var list []error
	for _, i := range e {
		if i.Severity == SeverityError {
			list = append(list, i)
		}
	}
	return list
}

// within puts step before the paths of the issues from n on.
func (list Issues) within(n int, step string) {
	for k := n; k < len(list); k++ {
		list[k].Path = join(step, list[k].Path)
	}
}

func join(step, path string) string {
	if path == "" || strings.HasPrefix(path, "[") {
		return step + path
	}
	return step + "." + path
}

// The codes of issues that reading finds.
const (
	codeSyntax    = "syntax"
	codeType      = "type"
	codeRequired  = "required"
	codeUnlisted  = "unlisted"
	codeDuplicate = "duplicate"
	codeClosed    = "closed"
	codeLimit     = "limit"
)
