package dicommeta

import "github.com/carabiner-health/carabiner/issue"

// The codes of what stands against a patch.
const (
	CodePatchPartial   issue.Code = "dicom-patch-partial"   // the file could be read in part only
	CodePatchPath      issue.Code = "dicom-patch-path"      // the path leads to no item, or to an element that is there already
	CodePatchBehind    issue.Code = "dicom-patch-behind"    // the element would stand at or behind the pixel data
	CodePatchCharset   issue.Code = "dicom-patch-charset"   // text cannot be brought into the character set
	CodePatchStructure issue.Code = "dicom-patch-structure" // lengths around the change do not fit what they hold
	CodePatchLength    issue.Code = "dicom-patch-length"    // a length would exceed what its field can hold
	CodePatchDirectory issue.Code = "dicom-patch-directory" // records of a DICOMDIR would come or go
	CodePatchCheck     issue.Code = "dicom-patch-check"     // what would be written reads other than it should
)
