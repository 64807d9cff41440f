package mapping

// resourceType numbers the resource types that the mapper knows, in the order
// of their names, so that records sort alike everywhere.
type resourceType uint8

const (
	typeOther resourceType = iota
	typeAllergyIntolerance
	typeClaim
	typeCondition
	typeDiagnosticReport
	typeEncounter
	typeImagingStudy
	typeImmunization
	typeLocation
	typeMedication
	typeMedicationRequest
	typeObservation
	typeOrganization
	typePatient
	typePractitioner
	typeProcedure
	// What DICOM files hold is no resource and stands behind them.
	typeDICOMStudy
	typeDICOMSeries
	typeDICOMInstance
	typeDICOMPatient
	numTypes
)

var typeNames = [numTypes]string{
	"", "AllergyIntolerance", "Claim", "Condition", "DiagnosticReport", "Encounter", "ImagingStudy", "Immunization",
	"Location", "Medication", "MedicationRequest", "Observation", "Organization", "Patient", "Practitioner", "Procedure",
	"DICOMStudy", "DICOMSeries", "DICOMInstance", "DICOMPatient",
}

var typeByName = func() map[string]resourceType {
	m := make(map[string]resourceType, numTypes)
	for t := resourceType(1); t < typeDICOMStudy; t++ {
		m[typeNames[t]] = t
	}
	return m
}()

// Outcome says how a resource ended.
type Outcome uint8

// The ways in which a resource ends. Every resource ends in exactly one.
const (
	Mapped      Outcome = iota + 1 // as rows, or as part of other resources' rows
	Filtered                       // left out by a rule of the policy
	Quarantined                    // can't become rows; kept in quarantine.ndjson
	Unsupported                    // of a type that is not mapped
	numOutcomes
)

var outcomeNames = [numOutcomes]string{"", "mapped", "filtered", "quarantined", "unsupported"}

// String returns the word that reports use for the outcome.
func (o Outcome) String() string { return outcomeNames[o] }

// rule numbers the reasons for which a resource is not mapped.
type rule uint8

const (
	ruleNone rule = iota
	ruleStatus
	ruleIntent
	ruleNegated
	ruleVerification
	ruleDataAbsent
	ruleDuplicate
	ruleClaimRepeats
	ruleNoCode
	ruleNoteCode
	rulePanel
	ruleUnused
	ruleNoPerson
	rulePersonMissing
	ruleBirthYear
	ruleDateMissing
	ruleDateInvalid
	ruleID
	ruleUnreadable
	ruleUID
	rulePatientID
	ruleUnlinked
	ruleAmbiguous
	ruleContradicts
	ruleModality
	ruleNotDICOM
	ruleDirectory
	ruleFHIR
	numRules
)

var ruleNames = [numRules]string{
	ruleStatus:        "status",
	ruleIntent:        "intent",
	ruleNegated:       "not-performed",
	ruleVerification:  "verification-status",
	ruleDataAbsent:    "data-absent",
	ruleDuplicate:     "duplicate",
	ruleClaimRepeats:  "claim-repeats-records",
	ruleNoCode:        "code-missing",
	ruleNoteCode:      "note-code-without-text",
	rulePanel:         "panel-without-value",
	ruleUnused:        "medication-not-referenced",
	ruleNoPerson:      "subject-missing",
	rulePersonMissing: "patient-not-in-input",
	ruleBirthYear:     "birth-year-missing",
	ruleDateMissing:   "date-missing",
	ruleDateInvalid:   "date-invalid",
	ruleID:            "id-missing",
	ruleUnreadable:    "unreadable",
	ruleUID:           "uid-missing",
	rulePatientID:     "patient-id-missing",
	ruleUnlinked:      "patient-not-linked",
	ruleAmbiguous:     "patient-ambiguous",
	ruleContradicts:   "patient-contradicts",
	ruleModality:      "modality",
	ruleNotDICOM:      "not-dicom",
	ruleDirectory:     "media-directory",
	ruleFHIR:          "read-as-fhir",
}
