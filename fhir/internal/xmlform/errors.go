package xmlform

import "errors"

// Reasons why a text is not converted; they are the Err of a SyntaxError.
var (
	ErrDepth     = errors.New("xmlform: nested too deeply")
	ErrSize      = errors.New("xmlform: too large")
	ErrEncoding  = errors.New("xmlform: not UTF-8")
	ErrDoctype   = errors.New("xmlform: document type declaration")
	ErrForeign   = errors.New("xmlform: not FHIR")
	ErrTruncated = errors.New("xmlform: ends too early")
)

// SyntaxError says why a text is not converted. Want and Have are kinds, never
// values.
type SyntaxError struct {
	Offset     int
	Want, Have string
	Err        error // one of the reasons of this package, or nil
}

func (e *SyntaxError) Error() string {
	if e.Have == "" {
		return "want " + e.Want
	}
	return "want " + e.Want + ", have " + e.Have
}

// Unwrap returns the reason.
func (e *SyntaxError) Unwrap() error { return e.Err }
