package gen

import (
	"errors"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// GoOptions are the options of Go. Nil and zero fields mean the defaults.
type GoOptions struct {
	// Package is the package name; "" = what the profile asks for, else one made of
	// its id.
	Package string
	// Extract adds functions that make the structs out of FHIR resources, DICOM
	// instances and OMOP rows. The code then imports Carabiner, else the standard
	// library alone.
	Extract bool
	// Tests adds round-trip tests and fuzz targets.
	Tests bool
	// Tables are the names of the tables to make; nil = all.
	Tables []string
}

// Go returns the Go files of a profile: a struct for each table and object,
// enumerations, JSON, CSV, Validate and Redact. The same model and options give
// the same bytes. The findings name what of the model the code does not hold, such
// as an invariant that is beyond what is compiled. The error says what is wrong
// with the options.
func Go(m *dataset.Model, opts *GoOptions) ([]File, issue.List, error) {
	return nil, nil, errors.New("gen: not yet")
}
