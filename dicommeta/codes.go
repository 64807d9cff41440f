package dicommeta

import "github.com/carabiner-health/carabiner/issue"

// The codes of what can be found while reading.
const (
	CodeNotDICOM issue.Code = "dicom-not-dicom" // the first bytes are not those of DICOM
)
