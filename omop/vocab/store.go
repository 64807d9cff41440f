package vocab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"unsafe"

	"github.com/cespare/xxhash/v2"
	"github.com/edsrzf/mmap-go"

	"github.com/carabiner-health/carabiner/omop"
)

// Store answers questions about the concepts of one vocabulary index. Its
// reading methods allocate nothing and are safe for concurrent use. The texts
// of every [omop.ConceptInfo] lie in the index itself: they, too, are valid
// until Close only. Use strings.Clone on what is to live longer.
type Store struct {
	head  *header
	meta  *metadata
	data  []byte    // the whole index
	file  mmap.MMap // data, if it is a mapped file
	sec   [sectionCount][]byte
	slots uint32 // for concepts

	shared bool // there is one for all callers: Close leaves it alone
}

// smallIndex is the size up to which Open verifies the whole index: it takes
// about a millisecond.
const smallIndex = 8 << 20

// Open maps the index at path into memory, read-only. The error wraps
// [ErrNotIndex], [ErrVersion] or [ErrDamaged] if the file cannot be used. The
// header, its checksum and the bounds of all sections are checked always, the
// checksums of the sections only up to 8 MiB of file size: for a larger one
// call [Store.Verify]. A store with undetected damage may answer wrongly but
// never reads outside the file. The file must not be changed while it is open;
// [Build] never does, it replaces the file by a new one.
func Open(path string) (*Store, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("vocab: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("vocab: %w", err)
	}
	switch {
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("vocab: %s: %w: not a regular file", path, ErrNotIndex)
	case st.Size() > math.MaxInt:
		return nil, fmt.Errorf("vocab: %s: too large for the address space of this machine", path)
	}
	// A short or foreign file is refused before it is mapped.
	head := make([]byte, min(st.Size(), headerSize))
	if _, err := io.ReadFull(f, head); err != nil {
		return nil, fmt.Errorf("vocab: %w", err)
	}
	if _, err := decodeHeader(head, int(st.Size())); err != nil {
		return nil, fmt.Errorf("vocab: %s: %w", path, err)
	}
	m, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("vocab: map %s: %w", path, err)
	}
	s, err := newStore(m)
	if err == nil && len(m) <= smallIndex {
		err = s.Verify()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("vocab: %s: %w", path, err), m.Unmap())
	}
	s.file = m
	return s, nil
}

// newStore reads the header and the meta section of an index.
func newStore(data []byte) (*Store, error) {
	h, err := decodeHeader(data, len(data))
	if err != nil {
		return nil, err
	}
	s := &Store{head: h, data: data, slots: h.slots}
	for i, x := range h.sections {
		s.sec[i] = data[x.offset : x.offset+x.length : x.offset+x.length]
	}
	// The meta section is needed whole, so it is verified now.
	if xxhash.Sum64(s.sec[secMeta]) != h.sections[secMeta].hash {
		return nil, fmt.Errorf("%w: section meta does not match its checksum", ErrDamaged)
	}
	if s.meta, err = decodeMeta(s.sec[secMeta]); err != nil {
		return nil, err
	}
	return s, nil
}

// Close gives the mapping back. No method of the store and no text that came
// from it may be in use at the time or afterwards.
func (s *Store) Close() error {
	if s.shared {
		return nil
	}
	m := s.file
	*s = Store{meta: &metadata{}, head: &header{}}
	if m == nil {
		return nil
	}
	if err := m.Unmap(); err != nil {
		return fmt.Errorf("vocab: %w", err)
	}
	return nil
}

// Verify reads the whole index and compares it with its checksums. The error
// wraps [ErrDamaged].
func (s *Store) Verify() error {
	for i, x := range s.head.sections {
		// The gap up to the next section belongs to the section.
		end := min(align(x.offset+x.length), uint64(len(s.data)))
		for _, c := range s.data[x.offset+x.length : end] {
			if c != 0 {
				return fmt.Errorf("%w: bytes between sections", ErrDamaged)
			}
		}
		if xxhash.Sum64(s.sec[i]) != x.hash {
			return fmt.Errorf("%w: section %s does not match its checksum", ErrDamaged, sectionNames[i])
		}
	}
	return nil
}

// Lookup returns the concept of a code in a vocabulary (concept_code and
// vocabulary_id, both compared byte by byte). Where several concepts share
// both, it is a valid one before an invalid one, then a standard one before
// another, then the one of the lowest id.
func (s *Store) Lookup(vocabulary, code string) (omop.ConceptInfo, bool) {
	if i, _, ok := s.search(vocabulary, code, 0); ok {
		return s.info(i), true
	}
	return omop.ConceptInfo{}, false
}

// Unit returns the concept of a UCUM code, such as "mm[Hg]". UCUM codes are
// case-sensitive; no alias is known here, aliases are a matter of the mapping.
func (s *Store) Unit(code string) (omop.ConceptInfo, bool) {
	return s.Lookup("UCUM", code)
}

// LookupAll appends to dst all concepts of a code in a vocabulary, the one that
// [Store.Lookup] returns first. There is rarely more than one.
func (s *Store) LookupAll(vocabulary, code string, dst []omop.ConceptInfo) []omop.ConceptInfo {
	i, n, ok := s.search(vocabulary, code, 0)
	for ; ok; i, n, ok = s.search(vocabulary, code, n) {
		dst = append(dst, s.info(i))
	}
	return dst
}

// search returns the first slot that has the vocabulary and the code, leaving
// out the first n from the start of their line, and the n that goes on after
// it. It looks at reach slots at most, in an index without damage at two or
// three as a rule.
func (s *Store) search(vocabulary, code string, n uint32) (slot, next uint32, ok bool) {
	if vocabulary == "" || code == "" || s.slots == 0 {
		return 0, 0, false
	}
	h := hashOf(seedOf(vocabulary), code)
	first := lineOf(h, s.head.lines) * lineSlots
	slots := s.sec[secRecords][uint64(first)*recordSize:]
	for reach := min(s.head.reach, s.slots-first); n < reach; n++ {
		r := record(slots[uint64(n)*recordSize:][:recordSize])
		distance := min(n/lineSlots, farLine)
		if moved := r.moved(); moved > distance {
			continue // of a line before
		} else if moved < distance || r.vacant() {
			break
		}
		if s.has(r, code, h) && s.kind(r).vocabularyID == vocabulary {
			return first + n, n + 1, true
		}
	}
	return 0, 0, false
}

// has reports whether a record has the code, whose hash is h.
func (s *Store) has(r record, code string, h uint64) bool {
	n := r.length()
	if n <= inlineCode {
		return n == len(code) && string(r[13:13+n]) == code
	}
	return binary.LittleEndian.Uint32(r[12:])>>8 == markOf(h) && s.code(r) == code
}

// Concept returns the concept of an id.
func (s *Store) Concept(id int32) (omop.ConceptInfo, bool) {
	i, ok := s.find(id)
	if !ok {
		return omop.ConceptInfo{}, false
	}
	return s.info(i), true
}

// MapsTo appends to dst the standard concepts that the concept maps to by
// current "Maps to" relationships, by ascending id. A standard concept without
// any such relationship maps to itself.
func (s *Store) MapsTo(id int32, dst []omop.ConceptInfo) []omop.ConceptInfo {
	i, ok := s.find(id)
	if !ok {
		return dst
	}
	r := s.record(i)
	lo, hi := r.maps()
	if lo >= hi && s.kind(r).standard == 'S' {
		return append(dst, s.info(i))
	}
	return s.appendAll(secMapsTo, lo, hi, dst)
}

// MapsToValue appends to dst the standard concepts that stand for the value in
// a code which says both a question and its answer: the targets of current
// "Maps to value" relationships, by ascending id.
func (s *Store) MapsToValue(id int32, dst []omop.ConceptInfo) []omop.ConceptInfo {
	lo, hi := s.sparse(secValueKeys, id)
	return s.appendAll(secValues, lo, hi, dst)
}

// Ingredients appends to dst the ids of the standard ingredients (class
// Ingredient) that the concept descends from by CONCEPT_ANCESTOR, in ascending
// order. A standard ingredient is its own ingredient.
func (s *Store) Ingredients(id int32, dst []int32) []int32 {
	lo, hi := s.sparse(secRollupKeys, id)
	if lo >= hi {
		if i, ok := s.find(id); ok && s.kind(s.record(i)).ingredient {
			dst = append(dst, id)
		}
		return dst
	}
	for list := s.sec[secRollup]; lo < hi && uint64(lo)*4+4 <= uint64(len(list)); lo++ {
		dst = append(dst, int32(binary.LittleEndian.Uint32(list[uint64(lo)*4:])))
	}
	return dst
}

// All returns all concepts by ascending id.
func (s *Store) All() iter.Seq[omop.ConceptInfo] {
	return func(yield func(omop.ConceptInfo) bool) {
		for b := s.sec[secIDs]; len(b) >= 8; b = b[8:] {
			if i := binary.LittleEndian.Uint32(b[4:]); i < s.slots && !yield(s.info(i)) {
				return
			}
		}
	}
}

// record is one slot of the index; for maps, with the one after it, where its
// list of targets ends:
//
//	 0  uint32  concept id; in a vacant slot 1<<32-1
//	 4  uint32  place of its first target in section maps-to, also if vacant
//	 8  uint32  kind; in a vacant slot 1<<32-1
//	12  uint8   length of the code, or 31; from bit 5 on how many lines the slot
//	            is behind that of the hash, or 7 if more
//	13  [19]    the code; if it is longer, 3 bytes of its hash, uint32 place
//	            in section codes, uint32 length
type record []byte

func (r record) vacant() bool  { return binary.LittleEndian.Uint32(r) == vacant }
func (r record) length() int   { return int(r[12] & (1<<lengthBits - 1)) }
func (r record) moved() uint32 { return uint32(r[12] >> lengthBits) }

func (r record) id() int32    { return int32(binary.LittleEndian.Uint32(r)) }
func (r record) kind() uint32 { return binary.LittleEndian.Uint32(r[8:]) }
func (r record) maps() (from, to uint32) {
	return binary.LittleEndian.Uint32(r[4:]), binary.LittleEndian.Uint32(r[recordSize+4:])
}

// record returns slot i and the one after it; i must be less than slots.
func (s *Store) record(i uint32) record {
	p := uint64(i) * recordSize
	return record(s.sec[secRecords][p : p+2*recordSize])
}

// code returns the concept code of a record.
func (s *Store) code(r record) string {
	n := r.length()
	if n <= inlineCode {
		return text(r, 13, 13+uint32(n))
	}
	from := uint64(binary.LittleEndian.Uint32(r[16:]))
	to := from + uint64(binary.LittleEndian.Uint32(r[20:]))
	if codes := s.sec[secCodes]; to <= uint64(len(codes)) {
		return text(codes, uint32(from), uint32(to))
	}
	return ""
}

// kind returns the vocabulary, domain, class and flags of a record.
func (s *Store) kind(r record) *kind {
	if k := r.kind(); uint64(k) < uint64(len(s.meta.kinds)) {
		return &s.meta.kinds[k]
	}
	return &noKind
}

// info returns what the index says of the concept in slot i; i must be less
// than slots.
func (s *Store) info(i uint32) omop.ConceptInfo {
	r := s.record(i)
	k := s.kind(r)
	c := omop.ConceptInfo{
		ID:         r.id(),
		Code:       s.code(r),
		Vocabulary: k.vocabularyID,
		Domain:     k.domainID,
		Class:      k.classID,
		Standard:   k.standard,
		Invalid:    k.invalid,
	}
	if offsets := s.sec[secNameOffsets]; len(offsets) > 0 {
		p := offsets[uint64(i)*4:]
		c.Name = text(s.sec[secNames], binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:]))
	}
	return c
}

// find returns the slot of an id.
func (s *Store) find(id int32) (uint32, bool) {
	if s.slots == 0 || id < 0 || uint32(id) < s.head.firstID {
		return 0, false
	}
	le := binary.LittleEndian
	dir := s.sec[secDirectory]
	p := uint64((uint32(id)-s.head.firstID)>>s.head.shift) * 4
	if p+8 > uint64(len(dir)) {
		return 0, false
	}
	lo, end := le.Uint32(dir[p:]), min(le.Uint32(dir[p+4:]), s.head.concepts)
	ids := s.sec[secIDs]
	for hi := end; lo < hi; {
		m := lo + (hi-lo)/2
		if le.Uint32(ids[uint64(m)*8:]) < uint32(id) {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo >= end || le.Uint32(ids[uint64(lo)*8:]) != uint32(id) {
		return 0, false
	}
	i := le.Uint32(ids[uint64(lo)*8+4:])
	return i, i < s.slots
}

// sparse returns the range of targets of an id in a list that holds only the
// concepts that have any.
func (s *Store) sparse(keys int, id int32) (lo, hi uint32) {
	b := s.sec[keys]
	if len(b) < 16 || id < 0 {
		return 0, 0
	}
	le := binary.LittleEndian
	last := uint64(len(b))/8 - 1 // the last entry only ends the one before
	from, to := uint64(0), last
	for from < to {
		m := from + (to-from)/2
		if le.Uint32(b[m*8:]) < uint32(id) {
			from = m + 1
		} else {
			to = m
		}
	}
	if from == last || le.Uint32(b[from*8:]) != uint32(id) {
		return 0, 0
	}
	return le.Uint32(b[from*8+4:]), le.Uint32(b[from*8+12:])
}

// appendAll appends the concepts whose slots a list holds from lo to hi.
func (s *Store) appendAll(list int, lo, hi uint32, dst []omop.ConceptInfo) []omop.ConceptInfo {
	b := s.sec[list]
	for ; lo < hi && uint64(lo)*4+4 <= uint64(len(b)); lo++ {
		if i := binary.LittleEndian.Uint32(b[uint64(lo)*4:]); i < s.slots {
			dst = append(dst, s.info(i))
		}
	}
	return dst
}

// text returns b[from:to] without a copy, or nothing if that is not in b.
func text(b []byte, from, to uint32) string {
	if from >= to || uint64(to) > uint64(len(b)) {
		return ""
	}
	return unsafe.String(&b[from], int(to-from))
}
