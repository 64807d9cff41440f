package dicommeta

import (
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// contentTree checks the tree of a structured report: which value types may stand under
// which by which relationship (PS3.3 C.17.3, table C.17.3-8), and that what it
// refers to is listed as evidence (C.17.2).
func (c *validation) contentTree() {
	if c.has(c.root, dict.ContentSequence) == nil {
		return
	}
	listed := map[string]bool{}
	for i := range c.levels {
		l := &c.levels[i]
		if l.tag == dict.ReferencedSOPSequence && c.below(int32(i), dict.CurrentRequestedProcedureEvidenceSequence, dict.PertinentOtherEvidenceSequence, dict.IdenticalDocumentsSequence) {
			if e := c.has(int32(i), dict.ReferencedSOPInstanceUID); e != nil {
				v, _ := textAt(e, 0)
				listed[string(v)] = true
			}
		}
	}
	for i := range c.levels {
		at, l := int32(i), &c.levels[i]
		switch {
		case l.tag == dict.ReferencedSOPSequence && c.below(at, dict.ContentSequence):
			if e := c.has(at, dict.ReferencedSOPInstanceUID); e != nil {
				if v, _ := textAt(e, 0); len(v) > 0 && !listed[string(v)] {
					c.report(issue.Error, CodeReference, at, e.Tag, e, "want a reference to an instance that is listed as evidence, have one to another")
				}
			}
		case l.tag == dict.ContentSequence:
			c.contentItem(at)
		}
	}
}

// below reports whether a level is below an item of one of the sequences.
func (c *validation) below(at int32, tags ...dict.Tag) bool {
	for ; at >= 0; at = c.levels[at].parent {
		for _, t := range tags {
			if c.levels[at].tag == t {
				return true
			}
		}
	}
	return false
}

// targets returns the value types of items that an item of the value type source may
// have by a relationship, of those that any kind of report allows; ok is false for a
// relationship that the standard lacks.
func targets(relation, source string) (types string, ok bool) {
	const (
		plain      = "TEXT CODE NUM DATETIME DATE TIME UIDREF PNAME"
		references = plain + " COMPOSITE IMAGE WAVEFORM CONTAINER"
		all        = references + " SCOORD SCOORD3D TCOORD TABLE"
	)
	switch relation {
	case "CONTAINS":
		if source == "CONTAINER" {
			return all, true
		}
		return "", true
	case "HAS OBS CONTEXT", "HAS ACQ CONTEXT":
		return references, true
	case "HAS CONCEPT MOD":
		return "TEXT CODE", true
	case "HAS PROPERTIES", "INFERRED FROM":
		return all, true
	case "SELECTED FROM":
		switch source {
		case "SCOORD":
			return "IMAGE", true
		case "TCOORD":
			return "SCOORD SCOORD3D IMAGE WAVEFORM", true
		}
		return "", true
	}
	return "", false
}

// contentItem checks the relationship of an item of a content sequence with the item around it.
func (c *validation) contentItem(at int32) {
	relation := c.word(at, dict.RelationshipType)
	target := c.word(at, dict.ValueType)
	source := c.word(c.levels[at].parent, dict.ValueType)
	if relation == "" || target == "" || source == "" {
		return // absent ones are the matter of other rules, references have no value type
	}
	if known, _ := targets("INFERRED FROM", ""); !hasWord(known, target) || !hasWord(known, source) {
		return // so are unknown ones
	}
	if allowed, ok := targets(relation, source); ok && !hasWord(allowed, target) {
		c.report(issue.Error, CodeSRContent, at, dict.ValueType, c.has(at, dict.ValueType),
			"want a value type that the item above may have by "+relation+", have another")
	}
	if target == "SCOORD" {
		c.selected(at)
	}
}

// selected checks that spatial coordinates say of which image they are.
func (c *validation) selected(at int32) {
	first, n := c.items(at, dict.ContentSequence)
	for i := range n {
		if c.word(first+int32(i), dict.RelationshipType) == "SELECTED FROM" {
			return
		}
	}
	c.report(issue.Error, CodeSRContent, at, dict.ContentSequence, nil, "want an image that the coordinates are selected from, have none")
}

// word returns the value of a code string, "" where there is none.
func (c *validation) word(at int32, t dict.Tag) string {
	if e := c.has(at, t); e != nil {
		v, _ := textAt(e, 0)
		return string(v)
	}
	return ""
}

func hasWord(list, word string) bool {
	for len(list) > 0 {
		n := 0
		for n < len(list) && list[n] != ' ' {
			n++
		}
		if list[:n] == word {
			return true
		}
		list = list[min(n+1, len(list)):]
	}
	return false
}
