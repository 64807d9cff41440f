package dicommeta

import (
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Step is one part of a Path: an element, and the item of the sequence, counted
// from 1, that the path goes on in; 0 at its end.
type Step struct {
	Tag  dict.Tag
	Item int
}

// Path leads from a data set to an element.
type Path []Step

// String returns the path as findings show it: (0040,A730)[1].(0008,0104).
func (p Path) String() string {
	var b strings.Builder
	for i, s := range p {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.Tag.String())
		if s.Item > 0 {
			fmt.Fprintf(&b, "[%d]", s.Item)
		}
	}
	return b.String()
}
