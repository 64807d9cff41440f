package fhir

import "github.com/carabiner-health/carabiner/fhir/internal/check"

// Codes of the findings of a Validator about what resources say. Those about their
// form are with the codes of reading. They are permanent once released.
const (
	// CodeType: a resource or element is of a type that is not allowed.
	CodeType = check.CodeType
	// CodeUnknownElement: an element that the type does not have.
	CodeUnknownElement = check.CodeUnknownElement
	// CodeForm: the JSON kind is none that the element can have.
	CodeForm = check.CodeForm
	// CodeCardinality: an element occurs too often or too seldom.
	CodeCardinality = check.CodeCardinality
	// CodeChoice: a choice element has several types at once.
	CodeChoice = check.CodeChoice
	// CodeFixed: a value differs from a fixed value.
	CodeFixed = check.CodeFixed
	// CodePattern: a value does not hold a pattern.
	CodePattern = check.CodePattern
	// CodeRange: a value is beyond a minimum, maximum or greatest length.
	CodeRange = check.CodeRange
	// CodeSlice: elements do not fit the slices of a profile.
	CodeSlice = check.CodeSlice
	// CodeInvariant: a constraint does not hold.
	CodeInvariant = check.CodeInvariant
	// CodeInvariantBroken: a constraint cannot be evaluated.
	CodeInvariantBroken = check.CodeInvariantBroken
	// CodeProfileUnknown: a profile is not there to check against.
	CodeProfileUnknown = check.CodeProfileUnknown
	// CodeProfile: a value conforms to none of the profiles allowed.
	CodeProfile = check.CodeProfile
	// CodePrimitive: the text of a primitive value breaks the rules of its type.
	CodePrimitive = check.CodePrimitive
	// CodeNarrative: XHTML that a narrative may not hold.
	CodeNarrative = check.CodeNarrative
	// CodeBinding: a code is not in the value set that is bound.
	CodeBinding = check.CodeBinding
	// CodeCode: a code does not exist in its code system.
	CodeCode = check.CodeCode
	// CodeDisplay: a display is none of the code's.
	CodeDisplay = check.CodeDisplay
	// CodeNotChecked: a binding or code that needs terminology which is not here.
	CodeNotChecked = check.CodeNotChecked
	// CodeExtension: an extension that is unknown or not allowed where it stands.
	CodeExtension = check.CodeExtension
	// CodeReference: a reference that is malformed, leads nowhere or to a wrong type.
	CodeReference = check.CodeReference
	// CodeBundle: a Bundle that breaks the rules of its type.
	CodeBundle = check.CodeBundle
	// CodeQuestionnaire: a Questionnaire or an answer that does not fit its questions.
	CodeQuestionnaire = check.CodeQuestionnaire
	// CodeMeasure: a Measure or MeasureReport whose parts do not fit.
	CodeMeasure = check.CodeMeasure
	// CodeDefinition: a definitional resource that contradicts itself or FHIR.
	CodeDefinition = check.CodeDefinition
	// CodeElementID: two elements of a resource have the same id.
	CodeElementID = check.CodeElementID
	// CodeContained: a contained resource that nothing refers to, or that has what
	// only a resource by itself may have.
	CodeContained = check.CodeContained
	// CodeSecurity: content that is dangerous to show.
	CodeSecurity = check.CodeSecurity
)
