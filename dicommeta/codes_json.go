package dicommeta

import "github.com/carabiner-health/carabiner/issue"

// The codes of what can be found in DICOM JSON.
const (
	CodeJSONSyntax    issue.Code = "dicom-json-syntax"    // the text is not JSON, or not an object
	CodeJSONLimit     issue.Code = "dicom-json-limit"     // more levels, elements or bytes than allowed
	CodeJSONTag       issue.Code = "dicom-json-tag"       // the name of a member is not a tag
	CodeJSONDuplicate issue.Code = "dicom-json-duplicate" // a member occurs twice in an object
	CodeJSONVR        issue.Code = "dicom-json-vr"        // there is no VR, or none of the standard
	CodeJSONMember    issue.Code = "dicom-json-member"    // an element has a member the standard does not know, or too many
	CodeJSONType      issue.Code = "dicom-json-type"      // a value has the wrong JSON type but could be read
	CodeJSONValue     issue.Code = "dicom-json-value"     // a value cannot be a value of its VR; the element is left out
)
