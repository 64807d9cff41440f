package mapping

import "github.com/carabiner-health/carabiner/issue"

// The codes of what can be found while DICOM becomes FHIR and FHIR becomes DICOM.
const (
	CodeSRItem      issue.Code = "dicom-sr-item"       // a content item of a report lacks what it must have
	CodeSRReference issue.Code = "dicom-sr-reference"  // a report refers to an item or an instance that it does not list
	CodeSRUnmapped  issue.Code = "dicom-sr-unmapped"   // a content item says something that is not mapped
	CodeSRDepth     issue.Code = "dicom-sr-depth"      // the content of a report nests too deep
	CodeMapUID      issue.Code = "dicom-map-uid"       // a UID is missing or is none
	CodeMapDate     issue.Code = "dicom-map-date"      // a date or time cannot be read
	CodeMapNumber   issue.Code = "dicom-map-number"    // a number cannot be held by the target
	CodeMapText     issue.Code = "dicom-map-text"      // a text cannot be held by the target as it is
	CodeMapCode     issue.Code = "dicom-map-code"      // a code has no place in the target
	CodeMapModality issue.Code = "dicom-map-modality"  // a series has no modality
	CodeMapTimezone issue.Code = "dicom-map-timezone"  // a time is left out because its zone is not known
	CodeMapLoss     issue.Code = "dicom-map-loss"      // something is not held by the target
	CodeMapPatient  issue.Code = "dicom-map-patient"   // a study names no patient
	CodeMapConflict issue.Code = "dicom-map-conflict"  // studies say different things of the same patient, person or device
	CodeMapResource issue.Code = "dicom-map-reference" // a resource does not lead to what the target needs
)
