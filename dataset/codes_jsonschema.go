package dataset

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings on JSON Schemas.
const (
	// CodeSchemaForm: a JSON Schema does not follow the draft that it names.
	CodeSchemaForm issue.Code = "schema-form"
	// CodeSchemaRef: a reference of a JSON Schema leads nowhere, or to what is not
	// read: an address on the network.
	CodeSchemaRef issue.Code = "schema-ref"
	// CodeSchemaLoop: a JSON Schema refers to itself on the same value, so that no
	// check of it would end.
	CodeSchemaLoop issue.Code = "schema-loop"
	// CodeSchemaSize: a JSON Schema asks for more work than is done for one value.
	CodeSchemaSize issue.Code = "schema-size"
	// CodeSchemaPattern: a regular expression that package regexp cannot express;
	// it is not checked.
	CodeSchemaPattern issue.Code = "schema-pattern"
)
