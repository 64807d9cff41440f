package check

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings. They are permanent once released; package fhir lists
// them for its users.
const (
	// CodeType: a resource or element is of a type that is not allowed.
	CodeType issue.Code = "fhir-type"
	// CodeUnknownElement: an element that the type does not have.
	CodeUnknownElement issue.Code = "fhir-unknown-element"
	// CodeForm: the JSON kind is none that the element can have.
	CodeForm issue.Code = "fhir-json-kind"
	// CodeCardinality: an element occurs too often or too seldom.
	CodeCardinality issue.Code = "fhir-cardinality"
	// CodeChoice: a choice element has several types at once.
	CodeChoice issue.Code = "fhir-choice"
	// CodeFixed: a value differs from a fixed value.
	CodeFixed issue.Code = "fhir-fixed"
	// CodePattern: a value does not hold a pattern.
	CodePattern issue.Code = "fhir-pattern"
	// CodeRange: a value is beyond a minimum, maximum or greatest length.
	CodeRange issue.Code = "fhir-range"
	// CodeSlice: elements do not fit the slices of a profile.
	CodeSlice issue.Code = "fhir-slice"
	// CodeInvariant: a constraint does not hold.
	CodeInvariant issue.Code = "fhir-invariant"
	// CodeInvariantBroken: a constraint cannot be evaluated.
	CodeInvariantBroken issue.Code = "fhir-invariant-not-checked"
	// CodeProfileUnknown: a profile is not there to check against.
	CodeProfileUnknown issue.Code = "fhir-profile-unknown"
	// CodeProfile: a value conforms to none of the profiles allowed.
	CodeProfile issue.Code = "fhir-profile"
	// CodePrimitive: the text of a primitive value breaks the rules of its type.
	CodePrimitive issue.Code = "fhir-primitive"
	// CodeNarrative: XHTML that a narrative may not hold.
	CodeNarrative issue.Code = "fhir-narrative"
	// CodeBinding: a code is not in the value set that is bound.
	CodeBinding issue.Code = "fhir-binding"
	// CodeCode: a code does not exist in its code system.
	CodeCode issue.Code = "fhir-code"
	// CodeDisplay: a display is none of the code's.
	CodeDisplay issue.Code = "fhir-display"
	// CodeNotChecked: a binding or code that needs terminology which is not here.
	CodeNotChecked issue.Code = "fhir-terminology-not-checked"
	// CodeExtension: an extension that is unknown or not allowed where it stands.
	CodeExtension issue.Code = "fhir-extension"
	// CodeReference: a reference that is malformed, leads nowhere or to a wrong type.
	CodeReference issue.Code = "fhir-reference"
	// CodeBundle: a Bundle that breaks the rules of its type.
	CodeBundle issue.Code = "fhir-bundle"
	// CodeQuestionnaire: a Questionnaire or an answer that does not fit its questions.
	CodeQuestionnaire issue.Code = "fhir-questionnaire"
	// CodeMeasure: a Measure or MeasureReport whose parts do not fit.
	CodeMeasure issue.Code = "fhir-measure"
	// CodeDefinition: a definitional resource that contradicts itself or FHIR.
	CodeDefinition issue.Code = "fhir-definition"
	// CodeElementID: two elements of a resource have the same id.
	CodeElementID issue.Code = "fhir-element-id"
	// CodeContained: a contained resource that nothing refers to, or that has what
	// only a resource by itself may have.
	CodeContained issue.Code = "fhir-contained"
	// CodeSecurity: content that is dangerous to show.
	CodeSecurity issue.Code = "fhir-security"
)
