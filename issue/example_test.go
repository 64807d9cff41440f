package issue_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/carabiner-health/carabiner/issue"
)

var finding = issue.Issue{
	Severity: issue.Error,
	Code:     "omop-type",
	Pos:      issue.Pos{Source: "person.csv", Record: 4, Line: 5, Column: 12},
	Path:     "person.year_of_birth",
	Message:  "want integer, have text",
}

func ExampleNewWriter() {
	w := issue.NewWriter(os.Stdout, issue.Text)
	if err := w.Report(finding); err != nil {
		fmt.Println(err)
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	// Output: person.csv:5:12: error: person.year_of_birth: want integer, have text [omop-type]
}

// A check of one record answers a List; the caller decides what an error is.
func ExampleList_Err() {
	list := issue.List{finding}
	err := list.Err()
	var le *issue.ListError
	fmt.Println(errors.As(err, &le), len(le.List))
	fmt.Println(issue.List{}.Err() == nil)
	// Output:
	// true 1
	// true
}

// Findings are shown as they come and counted for the exit code.
func ExampleTee() {
	var counter issue.Counter
	w := issue.NewWriter(os.Stdout, issue.NDJSON)
	r := issue.Tee(w, &counter)
	if err := r.Report(issue.Issue{Severity: issue.Warning, Code: "map-unmapped", Message: "want a standard concept, have none"}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(counter.AtLeast(issue.Error), counter.AtLeast(issue.Warning))
	// Output:
	// {"severity":"warning","code":"map-unmapped","message":"want a standard concept, have none"}
	// 0 1
}
