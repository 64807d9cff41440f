package dicommeta

import "github.com/carabiner-health/carabiner/issue"

// The codes of what can be wrong with a value by its VR (PS3.5 table 6.2-1).
const (
	CodeValueLength     issue.Code = "dicom-value-length"     // a value is too long, or not of its fixed length
	CodeValueRepertoire issue.Code = "dicom-value-repertoire" // a value has characters that its VR forbids
	CodeValueForm       issue.Code = "dicom-value-form"       // a value has not the form of its VR
	CodeValueRange      issue.Code = "dicom-value-range"      // a number, day or time that there is not
	CodeValuePadding    issue.Code = "dicom-value-padding"    // a value is padded with the wrong character
	CodeValueText       issue.Code = "dicom-value-text"       // text has bytes or escape sequences that its character set lacks
	CodeValueMojibake   issue.Code = "dicom-value-mojibake"   // text is declared as Latin 1 and written in UTF-8, as it seems
)
