package extract

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings of this package. They are permanent once released.
const (
	// CodeRequired: a field that must have a value has none.
	CodeRequired issue.Code = "extract-required"
	// CodeType: a value is not of the type of its field, or cannot be stored in its column.
	CodeType issue.Code = "extract-type"
	// CodeCode: a code is not in the closed set of its field.
	CodeCode issue.Code = "extract-code"
	// CodeValue: a value is none of those that its field allows.
	CodeValue issue.Code = "extract-value"
	// CodeRange: a number, date or time is beyond the bounds of its field.
	CodeRange issue.Code = "extract-range"
	// CodeLength: a text is too short or too long.
	CodeLength issue.Code = "extract-length"
	// CodePattern: a text does not have the form that its field asks for.
	CodePattern issue.Code = "extract-pattern"
	// CodeCount: there are fewer or more values than the field allows.
	CodeCount issue.Code = "extract-count"
	// CodeUnit: a value has another unit than its field, and cannot be converted exactly.
	CodeUnit issue.Code = "extract-unit"
	// CodeInexact: a decimal is not exactly the number of its column.
	CodeInexact issue.Code = "extract-inexact"
	// CodeTooLarge: a value of DICOM is too large to be read, and is NULL.
	CodeTooLarge issue.Code = "extract-too-large"
	// CodeUnlisted: the records have members that the fields of the table do not name.
	CodeUnlisted issue.Code = "extract-unlisted"
	// CodeSlice: a list has too few or too many elements of a slice, or an element in none.
	CodeSlice issue.Code = "extract-slice"
	// CodeUnreadable: a record or file cannot be read.
	CodeUnreadable issue.Code = "extract-unreadable"
	// CodeNoKey: a record lacks the value that tells its row from others.
	CodeNoKey issue.Code = "extract-no-key"
	// CodeKeyTwice: rows of a table have the same key.
	CodeKeyTwice issue.Code = "extract-key-twice"
	// CodeNoTarget: rows refer to a key that the other table does not have.
	CodeNoTarget issue.Code = "extract-no-target"
	// CodeDiffers: files that make one row have different values.
	CodeDiffers issue.Code = "extract-differs"
	// CodeNotExtracted: a table has a source that is not FHIR, OMOP or DICOM, and is left out.
	CodeNotExtracted issue.Code = "extract-not-extracted"
	// CodeNoSource: nothing among the sources is of the kind that a table needs.
	CodeNoSource issue.Code = "extract-no-source"
	// CodeDeid: a rule of de-identification is not carried out.
	CodeDeid issue.Code = "extract-deid"
	// CodeRule: conditions of the profile are not evaluated.
	CodeRule issue.Code = "extract-rule"
	// CodeFiltered: a record does not belong to the table; only a Maker tells it, Run counts it.
	CodeFiltered issue.Code = "extract-filtered"
)
