package dataset

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings of this package. They are permanent once released.
// Those of one kind of source stand in codes_<kind>.go.
const (
	// CodeForm: a profile document does not have the form that its schema asks for.
	CodeForm issue.Code = "profile-form"
	// CodeUnknownName: a name that should lead somewhere leads nowhere: a source, a
	// table, a field, a kind.
	CodeUnknownName issue.Code = "profile-unknown-name"
	// CodePath: a path or a condition of a profile is no FHIRPath, tag path or
	// element id.
	CodePath issue.Code = "profile-path"
	// CodeUnit: a unit is no UCUM code.
	CodeUnit issue.Code = "profile-unit"
	// CodePattern: a regular expression does not compile.
	CodePattern issue.Code = "profile-pattern"
	// CodeWidens: an override allows more than the source does.
	CodeWidens issue.Code = "profile-widens"
	// CodeConflict: two things that a profile says exclude each other.
	CodeConflict issue.Code = "profile-conflict"
	// CodeSource: a source does not follow its standard, or cannot be used.
	CodeSource issue.Code = "profile-source"
	// CodeLock: a source is not the one that the lock names.
	CodeLock issue.Code = "profile-lock"
	// CodeNotHeld: something that a source says cannot be held by the model; it is
	// named, never dropped in silence.
	CodeNotHeld issue.Code = "profile-not-held"
)
