package vocab

import (
	"fmt"
	"slices"

	"github.com/carabiner-health/carabiner/omop"
)

// Info describes an index.
type Info struct {
	Format        int              `json:"format"`            // version of the file format
	Release       string           `json:"release,omitempty"` // version of the standardized vocabularies, such as "v5.0 30-AUG-24"
	Concepts      int64            `json:"concepts"`
	Standard      int64            `json:"standard"`      // concepts that are standard
	Relationships int64            `json:"relationships"` // lines of CONCEPT_RELATIONSHIP that the index was built from
	MapsTo        int64            `json:"maps_to"`       // current mappings to standard concepts, those to itself included
	MapsToValue   int64            `json:"maps_to_value"` // current value mappings to standard concepts
	RollUp        int64            `json:"roll_up"`       // pairs of a drug and another concept that is its ingredient
	Ancestors     bool             `json:"ancestors"`     // CONCEPT_ANCESTOR was there; else only ingredients have an ingredient
	Names         bool             `json:"names"`         // concept names are in the index
	Bytes         int64            `json:"bytes"`         // size of the index
	Checksum      string           `json:"checksum"`      // names the content: equal for equal indexes
	Domains       []string         `json:"domains"`
	Vocabularies  []VocabularyInfo `json:"vocabularies"` // by id; those that have a concept
}

// VocabularyInfo describes one vocabulary in an index.
type VocabularyInfo struct {
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	Version  string `json:"version,omitempty"`
	Concepts int64  `json:"concepts"`
	Standard int64  `json:"standard"`
}

// Info describes the index of the store. It is safe for concurrent use.
func (s *Store) Info() Info { return infoOf(s.head, s.meta) }

func infoOf(h *header, m *metadata) Info {
	i := Info{
		Format:        formatVersion,
		Release:       m.release,
		Concepts:      int64(h.concepts),
		Relationships: int64(m.relationships),
		MapsTo:        int64(m.mapsTo),
		MapsToValue:   int64(m.mapsToValue),
		RollUp:        int64(h.sections[secRollup].length / 4),
		Ancestors:     m.ancestors,
		Names:         h.sections[secNameOffsets].length > 0,
		Bytes:         int64(h.fileSize),
		Checksum:      fmt.Sprintf("%016x", h.sum),
		Domains:       slices.Clone(m.domains),
		Vocabularies:  slices.Clone(m.vocabularies),
	}
	for _, v := range i.Vocabularies {
		i.Standard += v.Standard
	}
	return i
}

// Trace is the way from a concept to what a row of the CDM may hold. Its texts
// live as long as the store.
type Trace struct {
	Concept     omop.ConceptInfo
	MapsTo      []omop.ConceptInfo
	MapsToValue []omop.ConceptInfo
	Ingredients []omop.ConceptInfo
}

// Trace returns the concept of a code and where it leads. Unlike the other
// methods it allocates. It is safe for concurrent use.
func (s *Store) Trace(vocabulary, code string) (Trace, bool) {
	c, ok := s.Lookup(vocabulary, code)
	if !ok {
		return Trace{}, false
	}
	return s.TraceID(c.ID)
}

// TraceID returns the concept of an id and where it leads.
func (s *Store) TraceID(id int32) (Trace, bool) {
	c, ok := s.Concept(id)
	if !ok {
		return Trace{}, false
	}
	t := Trace{Concept: c, MapsTo: s.MapsTo(id, nil), MapsToValue: s.MapsToValue(id, nil)}
	for _, i := range s.Ingredients(id, nil) {
		if c, ok := s.Concept(i); ok {
			t.Ingredients = append(t.Ingredients, c)
		}
	}
	return t, true
}

// FindCode returns the concepts of a code in every vocabulary that has it, by
// id of the vocabulary. It is safe for concurrent use.
func (s *Store) FindCode(code string) []omop.ConceptInfo {
	var found []omop.ConceptInfo
	for i := range s.meta.vocabularies {
		if c, ok := s.Lookup(s.meta.vocabularies[i].ID, code); ok {
			found = append(found, c)
		}
	}
	return found
}
