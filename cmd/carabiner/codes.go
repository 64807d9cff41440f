package main

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings of the command. They are permanent once released.
const (
	// CodeRun: the work could not be done; the message says why.
	CodeRun issue.Code = "carabiner-run"
	// CodeGenerated: a generated file is missing or differs from what would be written.
	CodeGenerated issue.Code = "carabiner-gen-differs"
	// CodeVersion: the version of a profile is less than what its changes ask for.
	CodeVersion issue.Code = "carabiner-profile-version"
)
