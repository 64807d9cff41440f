package dataset

import (
	"context"
	"errors"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

// LoadOptions are the options of Load. Nil and zero fields mean the defaults.
type LoadOptions struct {
	// Kind is that of a bare definition, where its content does not tell it.
	Kind SourceKind
	// Packages are paths of FHIR packages whose definitions are at hand, besides
	// those that the profile names.
	Packages []string
	// Definitions are FHIR's definitions; nil = R4's.
	Definitions *fhirdef.Definitions
	// Lock holds the hashes that the sources must have; nil = no check.
	Lock *Lock
	// MaxBytes is the most that one file may have; 0 = 64 MiB.
	MaxBytes int64
}

// Lock pins the sources of a profile.
type Lock struct{}

// Load reads a profile and everything that it points at, and returns the model.
// Path is a file (a profile, or a definition of a standard, which then is a
// profile by itself; its kind is told from its content), or KIND:REF, such as
// omop-cdm:5.4, dicom-iod:CTImage or fhir-sd:Patient.
//
// The findings say what is wrong with the documents, with line and column; with
// an error among them there is no model. The error says what could not be
// read.
func Load(ctx context.Context, path string, opts *LoadOptions) (*Model, issue.List, error) {
	return nil, nil, errors.New("dataset: not yet")
}

// Parse reads a profile document in YAML or JSON; name is the source that
// positions show. It is checked by the JSON Schema of profiles (Schema) and by
// what that cannot say; what its sources say is not looked at.
func Parse(name string, src []byte) (*Profile, issue.List) {
	return nil, nil
}

// Schema returns the JSON Schema (2020-12) of profile documents.
func Schema() []byte { return nil }
