package gen

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings about what a generated form does not hold. They are
// permanent once released.
const (
	// CodeRuleNotCompiled: a rule of the profile is beyond what is compiled to Go.
	CodeRuleNotCompiled issue.Code = "gen-rule-not-compiled"
	// CodeNotHeld: the Go code does not hold or check something of the profile.
	CodeNotHeld issue.Code = "gen-not-held"
	// CodeEndless: an object must hold itself, so that no record can end.
	CodeEndless issue.Code = "gen-endless"
	// codeTextForm: a form of text files that generated code does not read.
	codeTextForm issue.Code = "gen-text-form"
)
