package dicommeta

import "github.com/carabiner-health/carabiner/issue"

// The codes of what can be wrong with Specific Character Set (PS3.3 C.12.1.1.2).
const (
	CodeCharsetMisspelt  issue.Code = "dicom-charset-misspelt"  // a term is written otherwise than the standard defines it
	CodeCharsetUnknown   issue.Code = "dicom-charset-unknown"   // a term is none that the standard defines
	CodeCharsetExtension issue.Code = "dicom-charset-extension" // several values do not go together
)
