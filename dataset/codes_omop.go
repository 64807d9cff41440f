package dataset

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings about sources of kind omop-cdm.
const (
	// CodeOMOPEdition: a source names no edition of the CDM that is known here.
	CodeOMOPEdition issue.Code = "profile-omop-edition"
	// CodeOMOPTable: the edition has no such table.
	CodeOMOPTable issue.Code = "profile-omop-table"
)
