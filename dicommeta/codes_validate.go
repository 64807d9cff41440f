package dicommeta

import "github.com/carabiner-health/carabiner/issue"

// The codes of what a Validator finds.
const (
	CodeUnknownSOPClass  issue.Code = "dicom-unknown-sop-class" // no rules are known for the SOP class, or there is none
	CodeType1Missing     issue.Code = "dicom-type1-missing"     // an attribute of type 1 is absent
	CodeType1Empty       issue.Code = "dicom-type1-empty"       // an attribute of type 1 has no value
	CodeType1CMissing    issue.Code = "dicom-type1c-missing"    // an attribute of type 1C is absent though its condition holds
	CodeType1CEmpty      issue.Code = "dicom-type1c-empty"      // an attribute of type 1C has no value
	CodeType1CUnexpected issue.Code = "dicom-type1c-unexpected" // an attribute of type 1C is there though its condition does not hold
	CodeType2Missing     issue.Code = "dicom-type2-missing"     // an attribute of type 2 is absent
	CodeType2CMissing    issue.Code = "dicom-type2c-missing"    // an attribute of type 2C is absent though its condition holds
	CodeType2CUnexpected issue.Code = "dicom-type2c-unexpected" // an attribute of type 2C is there though its condition does not hold
	CodeItems            issue.Code = "dicom-items"             // a sequence has too few or too many items
	CodeEnumeratedValue  issue.Code = "dicom-enumerated-value"  // a value is none of the enumerated ones
	CodeDefinedTerm      issue.Code = "dicom-defined-term"      // a value is none of the defined terms
	CodeZero             issue.Code = "dicom-zero"              // a number is 0 where that has no meaning
	CodeCheck            issue.Code = "dicom-check"             // a rule between attributes is broken
	CodeVRMismatch       issue.Code = "dicom-vr-mismatch"       // the written VR is not that of the dictionary
	CodeVM               issue.Code = "dicom-vm"                // an attribute has too few or too many values
	CodeUIDRoot          issue.Code = "dicom-uid-root"          // a UID has a root that cannot be registered
	CodeUIDReused        issue.Code = "dicom-uid-reused"        // two things have the same UID
	CodeMeta             issue.Code = "dicom-meta"              // the file meta information contradicts itself or the data set
	CodeGroupLength      issue.Code = "dicom-group-length"      // a group length is not that of its group
	CodePrivate          issue.Code = "dicom-private"           // a private element has no creator, or a creator is no such
	CodeUnknownTag       issue.Code = "dicom-unknown-tag"       // the standard has no such attribute
	CodeRetired          issue.Code = "dicom-retired"           // the standard has retired the attribute
	CodeNotInIOD         issue.Code = "dicom-not-in-iod"        // the object has no such attribute, which makes it an extension
	CodeFunctionalGroup  issue.Code = "dicom-functional-group"  // frames and functional groups do not fit each other
	CodePixelData        issue.Code = "dicom-pixel-data"        // the pixel data do not fit their description
	CodeGeometry         issue.Code = "dicom-geometry"          // orientation, spacing or aspect ratio contradict each other
	CodeLookupTable      issue.Code = "dicom-lookup-table"      // a lookup table does not fit its descriptor
	CodeReference        issue.Code = "dicom-reference"         // a reference or pointer leads nowhere
	CodeSRContent        issue.Code = "dicom-sr-content"        // the tree of a structured report breaks its rules
	CodeDirectoryKey     issue.Code = "dicom-directory-key"     // a value that a DICOMDIR needs is absent
	CodePersonName       issue.Code = "dicom-person-name"       // a name is not divided into its parts
	CodeMore             issue.Code = "dicom-more"              // more findings of one kind than are listed
)
