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
	}
	return CodeID
}
