package dataset

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings about sources of kind dicom-attrs and dicom-iod.
const (
	// CodeDICOMLine: a line of a list of attributes does not have the form that is
	// wanted.
	CodeDICOMLine issue.Code = "profile-dicom-line"
	// CodeDICOMTag: a tag or keyword is not in the dictionary, or leads nowhere.
	CodeDICOMTag issue.Code = "profile-dicom-tag"
	// CodeDICOMBulk: an attribute holds pixels or other bulk data, which no table of
	// metadata has.
	CodeDICOMBulk issue.Code = "profile-dicom-bulk"
	// CodeDICOMObject: no information object definition has that name.
	CodeDICOMObject issue.Code = "profile-dicom-object"
)
