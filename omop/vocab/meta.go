package vocab

import (
	"encoding/binary"
	"fmt"
)

// kind is what many concepts have in common.
type kind struct {
	vocabulary        uint32 // number in metadata.vocabularies
	domain, class     uint32 // numbers in metadata.domains and metadata.classes
	standard, invalid byte

	vocabularyID, domainID, classID string
	seed                            uint64 // of hashes
	ingredient                      bool
}

// noKind stands in for a kind that a damaged index does not have.
var noKind kind

// metadata is the section that is read whole when an index is opened.
type metadata struct {
	release       string
	relationships uint64 // lines of CONCEPT_RELATIONSHIP
	mapsTo        uint64 // current ones to standard concepts
	mapsToValue   uint64
	ancestors     bool // CONCEPT_ANCESTOR was there
	vocabularies  []VocabularyInfo
	domains       []string
	classes       []string
	kinds         []kind
}

// encode returns the section. It depends on nothing but the fields.
func (m *metadata) encode() []byte {
	var b []byte
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	text(m.release)
	b = binary.AppendUvarint(b, m.relationships)
	b = binary.AppendUvarint(b, m.mapsTo)
	b = binary.AppendUvarint(b, m.mapsToValue)
	flag := byte(0)
	if m.ancestors {
		flag = 1
	}
	b = append(b, flag)
	b = binary.AppendUvarint(b, uint64(len(m.vocabularies)))
	for _, v := range m.vocabularies {
		text(v.ID)
		text(v.Name)
		text(v.Version)
		b = binary.AppendUvarint(b, uint64(v.Concepts))
		b = binary.AppendUvarint(b, uint64(v.Standard))
	}
	for _, list := range [][]string{m.domains, m.classes} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, s := range list {
			text(s)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(m.kinds)))
	for _, k := range m.kinds {
		b = binary.AppendUvarint(b, uint64(k.vocabulary))
		b = binary.AppendUvarint(b, uint64(k.domain))
		b = binary.AppendUvarint(b, uint64(k.class))
		b = append(b, k.standard, k.invalid)
	}
	return b
}

// metaReader takes values off the front of the section; after the first
// damage it gives zeros.
type metaReader struct {
	b   []byte
	bad bool
}

func (r *metaReader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count is a number of things that take at least size bytes each.
func (r *metaReader) count(size int) int {
	v := r.uint()
	if v > uint64(len(r.b)/size) {
		r.bad, r.b = true, nil
		return 0
	}
	return int(v)
}

func (r *metaReader) text() string {
	n := r.count(1)
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *metaReader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

// decodeMeta reads the section; its memory is bounded by the section's size.
func decodeMeta(b []byte) (*metadata, error) {
	r := &metaReader{b: b}
	m := &metadata{
		release:       r.text(),
		relationships: r.uint(),
		mapsTo:        r.uint(),
		mapsToValue:   r.uint(),
		ancestors:     r.byte() != 0,
	}
	m.vocabularies = make([]VocabularyInfo, r.count(5))
	for i := range m.vocabularies {
		m.vocabularies[i] = VocabularyInfo{ID: r.text(), Name: r.text(), Version: r.text(),
			Concepts: int64(r.uint()), Standard: int64(r.uint())}
	}
	for _, list := range []*[]string{&m.domains, &m.classes} {
		*list = make([]string, r.count(1))
		for i := range *list {
			(*list)[i] = r.text()
		}
	}
	m.kinds = make([]kind, r.count(5))
	for i := range m.kinds {
		v, d, c := r.uint(), r.uint(), r.uint()
		if v >= uint64(len(m.vocabularies)) || d >= uint64(len(m.domains)) || c >= uint64(len(m.classes)) {
			r.bad = true
			break
		}
		m.kinds[i] = kind{vocabulary: uint32(v), domain: uint32(d), class: uint32(c),
			standard: r.byte(), invalid: r.byte()}
		m.kinds[i].fill(m)
	}
	if r.bad || len(r.b) != 0 {
		return nil, fmt.Errorf("%w: section meta cannot be read", ErrDamaged)
	}
	return m, nil
}

// fill sets what follows from the numbers of the kind.
func (k *kind) fill(m *metadata) {
	k.vocabularyID = m.vocabularies[k.vocabulary].ID
	k.seed = seedOf(k.vocabularyID)
	k.domainID = m.domains[k.domain]
	k.classID = m.classes[k.class]
	k.ingredient = k.standard == 'S' && k.classID == "Ingredient"
}
