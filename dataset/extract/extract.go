// Package extract makes the tables of a dataset profile out of FHIR resources,
// OMOP tables and DICOM files.
package extract

import (
	"context"
	"errors"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// Options say how Run works. Out must be set.
type Options struct {
	// Out is the folder to make. It must not exist or be empty, unless Overwrite
	// is set; it appears whole or not at all.
	Out       string
	Overwrite bool
	Workers   int // 0 = one a processor; the bytes of the result do not depend on it
	// Reporter receives the findings; nil ignores them (they are counted all the
	// same).
	Reporter issue.Reporter
	// Progress is told how many bytes, as stored, of how many have been read.
	Progress    func(done, total int64)
	ToolVersion string
}

// Report is the account of an extraction.
type Report struct {
	Profile string `json:"profile"`
}

// Run reads the sources (files and folders of FHIR, DICOM and OMOP, told apart
// by their content) and makes
//
//	Out/<table>.parquet    one file a table of the profile
//	Out/quarantine.ndjson  what could not be used, with the reason and the place
//	Out/report.json        the account: every record that was read ends in it
func Run(ctx context.Context, m *dataset.Model, sources []string, opts *Options) (*Report, error) {
	return nil, errors.New("extract: not yet")
}
