package dicommeta

import "github.com/carabiner-health/carabiner/issue"

// The codes of what a Rollup finds: instances that contradict each other.
const (
	CodeRollupNoUID         issue.Code = "dicom-rollup-no-uid"         // an instance does not say which study, series or instance it is
	CodeRollupSeriesStudies issue.Code = "dicom-rollup-series-studies" // one series in several studies
	CodeRollupInstance      issue.Code = "dicom-rollup-instance"       // one SOP Instance UID in several series
	CodeRollupCopy          issue.Code = "dicom-rollup-copy"           // the same instance again
	CodeRollupDuplicate     issue.Code = "dicom-rollup-duplicate"      // another instance under the same SOP Instance UID
	CodeRollupPatients      issue.Code = "dicom-rollup-patients"       // one study or series of several patients
	CodeRollupPatient       issue.Code = "dicom-rollup-patient"        // a patient has several names, sexes or birth dates
	CodeRollupStudy         issue.Code = "dicom-rollup-study"          // an attribute of the study has several values
	CodeRollupModality      issue.Code = "dicom-rollup-modality"       // one series of several modalities
	CodeRollupSeries        issue.Code = "dicom-rollup-series"         // an attribute of the series has several values
)
