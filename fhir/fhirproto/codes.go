package fhirproto

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings of this package. They are permanent once released.
const (
	// CodePanic: the library gave up in a panic; there is no message.
	CodePanic issue.Code = "fhirproto-panic"
	// CodeRefused: the library refuses the whole resource; there is no message.
	CodeRefused issue.Code = "fhirproto-refused"
	// CodeDepth: the resource is nested deeper than Options.MaxDepth.
	CodeDepth issue.Code = "fhirproto-depth"
	// CodeResourceType: the resource is of a type that has no message, or of another type than asked for.
	CodeResourceType issue.Code = "fhirproto-resource-type"
	// CodeUnknownMember: R4 has no such member there; it is left out.
	CodeUnknownMember issue.Code = "fhirproto-unknown-member"
	// CodeDuplicate: a member stands twice; the first is taken.
	CodeDuplicate issue.Code = "fhirproto-duplicate-member"
	// CodeChoice: an element with a choice of types has several; the first is taken.
	CodeChoice issue.Code = "fhirproto-choice"
	// CodeKind: a value is of another JSON kind than R4 gives it; it is left out.
	CodeKind issue.Code = "fhirproto-kind"
	// CodeValue: a value cannot be held by its message; it is left out.
	CodeValue issue.Code = "fhirproto-value"
	// CodeEmpty: an array or companion object is empty; messages have no such thing.
	CodeEmpty issue.Code = "fhirproto-empty"
	// CodeReserved: an extension is one that the library keeps for itself; it is left out.
	CodeReserved issue.Code = "fhirproto-reserved-extension"
	// CodeLost: a value is not there any more after the conversion.
	CodeLost issue.Code = "fhirproto-lost"
	// CodePrecision: a fraction of a second is cut at microseconds.
	CodePrecision issue.Code = "fhirproto-precision"
	// CodeChanged: a value is written in another way after the conversion.
	CodeChanged issue.Code = "fhirproto-changed"
	// CodeAdded: a value is there after the conversion that was not before.
	CodeAdded issue.Code = "fhirproto-added"
	// CodeUnknownField: a message holds fields that this version of it does not know.
	CodeUnknownField issue.Code = "fhirproto-unknown-field"
	// CodeRequired: google/fhir: a required element is missing.
	CodeRequired issue.Code = "fhirproto-required"
	// CodeReferenceTarget: google/fhir: a reference leads to a type not allowed there.
	CodeReferenceTarget issue.Code = "fhirproto-reference-target"
	// CodePrimitive: google/fhir: a value does not have the form of its type.
	CodePrimitive issue.Code = "fhirproto-primitive"
	// CodeTooMany: there are more findings than Options.MaxIssues.
	CodeTooMany issue.Code = "fhirproto-too-many-issues"
)
