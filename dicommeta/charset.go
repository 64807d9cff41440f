package dicommeta

import "github.com/carabiner-health/carabiner/dicommeta/dict"

// Charset decodes and encodes text by Specific Character Set (PS3.5 §6.1.2). A nil
// Charset is the default repertoire. It is immutable and safe for concurrent use.
type Charset struct {
	terms []string
}

// Terms returns the values of Specific Character Set that made the Charset.
func (c *Charset) Terms() []string {
	if c == nil {
		return nil
	}
	return c.terms
}

// UTF8 is ISO_IR 192.
var UTF8 = &Charset{terms: []string{"ISO_IR 192"}}

// AppendText appends the text of a value of the given VR, in UTF-8 and with its padding.
// exact is false where bytes had to be replaced or guessed.
func (c *Charset) AppendText(dst, value []byte, vr dict.VR) (text []byte, exact bool) {
	return append(dst, value...), true
}
