package view

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings of this package. They are permanent once released.
const (
	// CodeDefinition: a ViewDefinition does not follow the specification.
	CodeDefinition issue.Code = "view-definition"
	// CodePath: an expression of a ViewDefinition cannot be compiled.
	CodePath issue.Code = "view-path"
	// CodeUnknown: an expression names an element that its type does not have.
	CodeUnknown issue.Code = "view-unknown-element"
	// CodeMany: a column has more than one value and is no collection.
	CodeMany issue.Code = "view-many-values"
	// CodeWhere: a filter has a result that is no boolean.
	CodeWhere issue.Code = "view-where"
	// CodeValue: a column has a value that its type cannot hold.
	CodeValue issue.Code = "view-value"
	// CodeEvaluate: an expression cannot be evaluated on the resource.
	CodeEvaluate issue.Code = "view-evaluate"
	// CodeText: a value does not fit the native type of its column and is in the
	// column of text beside it.
	CodeText issue.Code = "view-kept-as-text"
)
