package omop

// ConceptInfo is what a mapping needs to know of one concept: the facts of a
// row of the table concept, without its dates.
type ConceptInfo struct {
	ID                                    int32
	Code, Vocabulary, Domain, Class, Name string
	// Standard is 'S' for a standard concept, 'C' for a classification concept
	// and 0 for any other.
	Standard byte
	// Invalid is 'D' for a deleted concept, 'U' for one that was replaced and 0
	// for a valid one.
	Invalid byte
}

// IsStandard reports whether the concept is standard and valid, so that it may
// stand in a *_concept_id column.
func (c ConceptInfo) IsStandard() bool { return c.Standard == 'S' && c.Invalid == 0 }
