package jsontree

import (
	"errors"
	"strconv"
)

// ErrDepth is wrapped by the *SyntaxError of a document nested deeper than the limit.
var ErrDepth = errors.New("jsontree: nested too deeply")

// ErrSize is wrapped by the *SyntaxError of a document, element or member
// longer than the limit.
var ErrSize = errors.New("jsontree: too many bytes")

// SyntaxError tells where a text stops being JSON (RFC 8259). It never holds
// a byte of the text itself.
type SyntaxError struct {
	Offset int    // of the first byte that does not fit, from 0
	Line   int    // of that byte, from 1; 0 when only Offset is known
	Column int    // of that byte, from 1, in bytes
	Want   string // what the grammar allows there
	Have   string // what stands there, by kind
	Err    error  // ErrDepth, ErrSize or nil
}

// Error returns the message: place, want, have.
func (e *SyntaxError) Error() string {
	s := "offset " + strconv.Itoa(e.Offset)
	if e.Line > 0 {
		s = "line " + strconv.Itoa(e.Line) + ", column " + strconv.Itoa(e.Column) + " (" + s + ")"
	}
	s = "json: " + s + ": want " + e.Want
	if e.Have != "" {
		s += ", have " + e.Have
	}
	return s
}

// Unwrap returns ErrDepth, ErrSize or nil.
func (e *SyntaxError) Unwrap() error { return e.Err }

// have names the byte at offset i by its kind, without showing it.
func have(src []byte, i int) string {
	if i >= len(src) {
		return "end of input"
	}
	switch c := src[i]; {
	case c == '"':
		return "string"
	case c == '{':
		return "object"
	case c == '[':
		return "array"
	case c == '}' || c == ']':
		return "closing bracket"
	case c == ',':
		return "comma"
	case c == ':':
		return "colon"
	case c == '-' || c-'0' < 10:
		return "digit"
	case c < ' ':
		return "control character"
	case c >= 0x80:
		return "non-ascii character"
	}
	return "other text"
}
