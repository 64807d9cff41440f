package dataset

import "github.com/carabiner-health/carabiner/issue"

// originer adds Origins of one source.
type originer struct {
	source string
	pos    issue.Pos
}

func (o originer) add(f *Field, what, value, element string) {
	f.Origins = append(f.Origins, Origin{What: what, Value: value, Source: o.source, Element: element, Pos: o.pos})
}
