// Package survey looks at folders of data and says what is in them.
package survey

import (
	"context"
	"errors"

	"github.com/carabiner-health/carabiner/issue"
)

// InferOptions are the options of Infer. Nil and zero fields mean the defaults.
type InferOptions struct {
	// ID is the id of the profile, a URL.
	ID string
	// Rows is how many records of each table are looked at; 0 = 10,000; -1 = all.
	Rows int
}

// Infer drafts a profile of the data in files and folders (FHIR, OMOP, DICOM, CSV,
// Parquet, NDJSON), as YAML with comments, and the files it refers to, by their names.
// Roles are conservative: what is not known to be safe is not called safe.
func Infer(ctx context.Context, paths []string, opts *InferOptions) (profile []byte, files map[string][]byte, findings issue.List, err error) {
	return nil, nil, nil, errors.New("survey: not yet")
}
