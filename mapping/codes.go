package mapping

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings of this package. They are permanent.
const (
	// CodeID: the resource has no id by which its rows could be known.
	CodeID issue.Code = "mapping-id"
	// CodeSubject: the resource names no Patient.
	CodeSubject issue.Code = "mapping-subject"
	// CodePatientMissing: the Patient that the resource names is not in the input.
	CodePatientMissing issue.Code = "mapping-patient-missing"
	// CodeBirthYear: the Patient has no year of birth, which a person must have.
	CodeBirthYear issue.Code = "mapping-birth-year"
	// CodeDate: a date of the resource can't be read.
	CodeDate issue.Code = "mapping-date"
	// CodeDateMissing: the resource has no date and its encounter gives none.
	CodeDateMissing issue.Code = "mapping-date-missing"
	// CodeUID: a study or series has no UID by which its rows could be known.
	CodeUID issue.Code = "mapping-uid"
	// CodePatientID: a DICOM study names no patient.
	CodePatientID issue.Code = "mapping-patient-id"
	// CodeUnlinked: the identifiers of a DICOM study lead to no Patient.
	CodeUnlinked issue.Code = "mapping-patient-unlinked"
	// CodeAmbiguous: the identifiers of a DICOM study lead to several Patients.
	CodeAmbiguous issue.Code = "mapping-patient-ambiguous"
	// CodeContradicts: identifiers or the year of birth of a DICOM study
	// contradict each other or the Patient that they lead to.
	CodeContradicts issue.Code = "mapping-patient-contradicts"
)

func quarantineCode(r rule) issue.Code {
	switch r {
	case ruleNoPerson:
		return CodeSubject
	case rulePersonMissing:
		return CodePatientMissing
	case ruleBirthYear:
		return CodeBirthYear
	case ruleDateMissing:
		return CodeDateMissing
	case ruleUID:
		return CodeUID
	case rulePatientID:
		return CodePatientID
	case ruleUnlinked:
		return CodeUnlinked
	case ruleAmbiguous:
		return CodeAmbiguous
	case ruleContradicts:
		return CodeContradicts
	}
	return CodeID
}
