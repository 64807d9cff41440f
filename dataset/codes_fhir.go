package dataset

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings about sources of FHIR.
const (
	// CodePathSyntax: a path is no FHIRPath.
	CodePathSyntax issue.Code = "profile-path-syntax"
	// CodePathType: a path leads to what a column cannot hold, or nothing tells where.
	CodePathType issue.Code = "profile-path-type"
	// CodeManyValues: a path of a column that holds one value may lead to several.
	CodeManyValues issue.Code = "profile-many-values"
)
