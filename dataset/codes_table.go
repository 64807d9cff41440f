package dataset

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings about sources of kind table-schema, data-package, csvw
// and croissant.
const (
	// CodeTableForm: a descriptor does not have the form that its standard asks for.
	CodeTableForm issue.Code = "profile-table-form"
	// CodeTableType: a field has no such type, or the type has no such format.
	CodeTableType issue.Code = "profile-table-type"
	// CodeTableConstraint: a constraint does not fit the type of its field or another
	// constraint.
	CodeTableConstraint issue.Code = "profile-table-constraint"
	// CodeTableKey: a key names a field or a table that is not there.
	CodeTableKey issue.Code = "profile-table-key"
	// CodeTableName: two fields or tables have the same name, or one has none.
	CodeTableName issue.Code = "profile-table-name"
)
