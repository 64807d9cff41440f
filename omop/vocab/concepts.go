package vocab

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/issue"
)

// concepts holds CONCEPT as columns: first in the order of the file, then by
// ascending id.
type concepts struct {
	ids      []int32
	lines    []uint32 // line in the file; only until the columns are sorted
	kinds    []uint32
	codeEnds []uint32
	nameEnds []uint32
	codes    []byte
	names    []byte

	directory directory
	ranks     []rank   // a faster way to the same places, if the ids are dense enough
	standard  []uint64 // one bit a concept
}

// kindKey is a kind by its texts.
type kindKey struct {
	vocabulary, domain, class string
	standard, invalid         byte
}

// conceptBlock is the part of concepts that one block of the file gives. Its
// kinds are numbers in keys.
type conceptBlock struct {
	parsed
	concepts
	keys   []kindKey
	number map[kindKey]uint32
}

func (c *conceptBlock) base() *parsed { return &c.parsed }

var conceptColumns = []string{"concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id",
	"standard_concept", "concept_code", "invalid_reason"}

// readConcepts reads CONCEPT and brings its columns into the order of ids.
func (b *builder) readConcepts(ctx context.Context) error {
	number := map[kindKey]uint32{}
	var keys []kindKey
	all := &b.columns
	size := b.conceptBytes
	err := readTable(ctx, b, table[*conceptBlock]{
		name: "CONCEPT", want: conceptColumns, parse: b.parseConcept,
		merge: func(c *conceptBlock) error {
			global := make([]uint32, len(c.keys))
			for i, k := range c.keys {
				n, ok := number[k]
				if !ok {
					n = uint32(len(keys))
					number[k] = n
					keys = append(keys, k)
				}
				global[i] = n
			}
			for i, k := range c.kinds {
				c.kinds[i] = global[k]
			}
			if len(all.ids) == 0 {
				all.reserve(&c.concepts, size/blockSize)
			}
			return all.append(&c.concepts)
		},
	}, func() *conceptBlock {
		return &conceptBlock{number: map[kindKey]uint32{}, concepts: concepts{ids: make([]int32, 0, 1<<13)}}
	})
	if err != nil {
		return err
	}
	if len(all.ids) == 0 {
		return errors.New("CONCEPT: want at least one concept, have none")
	}
	if err := b.sortConcepts(ctx); err != nil {
		return err
	}
	b.setKinds(keys)
	all.standard = make([]uint64, len(all.ids)/64+1)
	for i, k := range all.kinds {
		if b.meta.kinds[k].standard == 'S' {
			all.standard[i/64] |= 1 << (i % 64)
		}
	}
	return nil
}

// reserve makes room for a number of blocks like d. It is a guess that saves
// copies, and follows the bytes that are there.
func (c *concepts) reserve(d *concepts, blocks int64) {
	n := func(list int) int { return min(list*int(min(blocks, 1<<16)+1), 1<<30) }
	c.ids = slices.Grow(c.ids, n(len(d.ids)))
	c.lines = slices.Grow(c.lines, n(len(d.lines)))
	c.kinds = slices.Grow(c.kinds, n(len(d.kinds)))
	c.codeEnds = slices.Grow(c.codeEnds, n(len(d.codeEnds)))
	c.nameEnds = slices.Grow(c.nameEnds, n(len(d.nameEnds)))
	c.codes = slices.Grow(c.codes, n(len(d.codes)))
	c.names = slices.Grow(c.names, n(len(d.names)))
}

// append adds the columns of a block.
func (c *concepts) append(d *concepts) error {
	if len(c.ids)+len(d.ids) > maxConcepts || uint64(len(c.codes)+len(d.codes)) > math.MaxUint32 ||
		uint64(len(c.names)+len(d.names)) > math.MaxUint32 {
		return errors.New("want at most 1073741824 concepts with less than 4 GiB of codes and of names")
	}
	base := uint32(len(c.codes))
	for i := range d.codeEnds {
		d.codeEnds[i] += base
	}
	base = uint32(len(c.names))
	for i := range d.nameEnds {
		d.nameEnds[i] += base
	}
	c.ids = append(c.ids, d.ids...)
	c.lines = append(c.lines, d.lines...)
	c.kinds = append(c.kinds, d.kinds...)
	c.codeEnds = append(c.codeEnds, d.codeEnds...)
	c.nameEnds = append(c.nameEnds, d.nameEnds...)
	c.codes = append(c.codes, d.codes...)
	c.names = append(c.names, d.names...)
	return nil
}

// parseConcept reads one line of CONCEPT.
func (b *builder) parseConcept(source string, line int, f [][]byte, c *conceptBlock) {
	id, ok := parseID(f[0])
	if !ok {
		c.damaged(source, line, CodeID, "concept_id", wantID)
		return
	}
	standard, ok := b.flag(f[5], 'S', 'C')
	if !ok {
		c.damaged(source, line, CodeFlag, "standard_concept", "want S, C or nothing")
		return
	}
	invalid, ok := b.flag(f[7], 'D', 'U')
	if !ok {
		c.damaged(source, line, CodeFlag, "invalid_reason", "want D, U or nothing")
		return
	}
	if len(f[2]) == 0 || len(f[3]) == 0 || len(f[4]) == 0 {
		c.damaged(source, line, CodeEmpty, "", "want a domain_id, a vocabulary_id and a concept_class_id")
		return
	}
	k, ok := c.number[kindKey{string(f[3]), string(f[2]), string(f[4]), standard, invalid}]
	if !ok {
		key := kindKey{string(f[3]), string(f[2]), string(f[4]), standard, invalid}
		k = uint32(len(c.keys))
		c.number[key] = k
		c.keys = append(c.keys, key)
	}
	c.count.Lines++
	c.count.Used++
	c.ids = append(c.ids, id)
	c.lines = append(c.lines, uint32(line))
	c.kinds = append(c.kinds, k)
	c.codes = append(c.codes, c.utf8(source, line, "concept_code", f[6])...)
	c.codeEnds = append(c.codeEnds, uint32(len(c.codes)))
	if b.names {
		c.names = append(c.names, c.utf8(source, line, "concept_name", f[1])...)
		c.nameEnds = append(c.nameEnds, uint32(len(c.names)))
	}
}

// utf8 returns a text with U+FFFD in place of what is not UTF-8, and says so.
func (c *conceptBlock) utf8(source string, line int, path string, text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	c.issues = append(c.issues, issue.Issue{Severity: issue.Warning, Code: CodeEncoding,
		Pos: issue.Pos{Source: source, Line: line}, Path: path,
		Message: "want UTF-8, have other bytes, taken as U+FFFD"})
	return bytes.ToValidUTF8(text, []byte("\uFFFD"))
}

const wantID = "want an integer from 0 to 2147483647"

// parseID reads a concept id.
func parseID(b []byte) (int32, bool) {
	if len(b) == 0 || len(b) > 10 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	return int32(n), n <= math.MaxInt32
}

// flag reads a field that holds one of two letters or nothing.
func (b *builder) flag(f []byte, x, y byte) (byte, bool) {
	switch {
	case len(f) == 0:
		return 0, true
	case len(f) == 1 && (f[0] == x || f[0] == y):
		return f[0], true
	}
	return 0, b.opts.Dialect.Null != "" && string(f) == b.opts.Dialect.Null
}

// sortConcepts brings the columns into the order of ids and leaves out all but
// the first line of every id.
func (b *builder) sortConcepts(ctx context.Context) error {
	c := &b.columns
	order := make([]uint64, len(c.ids)) // id, place in the file
	for i, id := range c.ids {
		order[i] = uint64(id)<<32 | uint64(i)
	}
	if err := sortNumbers(ctx, order); err != nil {
		return err
	}
	order, err := b.dropSameID(order)
	if err != nil {
		return err
	}
	sorted := concepts{
		ids:      make([]int32, len(order)),
		kinds:    make([]uint32, len(order)),
		codeEnds: make([]uint32, len(order)),
		codes:    make([]byte, 0, len(c.codes)),
	}
	if b.names {
		sorted.nameEnds = make([]uint32, len(order))
		sorted.names = make([]byte, 0, len(c.names))
	}
	for i, o := range order {
		from := uint32(o)
		sorted.ids[i] = c.ids[from]
		sorted.kinds[i] = c.kinds[from]
		sorted.codes = append(sorted.codes, part(c.codes, c.codeEnds, from)...)
		sorted.codeEnds[i] = uint32(len(sorted.codes))
		if b.names {
			sorted.names = append(sorted.names, part(c.names, c.nameEnds, from)...)
			sorted.nameEnds[i] = uint32(len(sorted.names))
		}
	}
	sorted.directory = newDirectory(sorted.ids)
	sorted.ranks = newRanks(sorted.ids)
	b.columns = sorted
	return nil
}

// part returns text i of a column of texts.
func part(texts []byte, ends []uint32, i uint32) []byte {
	from := uint32(0)
	if i > 0 {
		from = ends[i-1]
	}
	return texts[from:ends[i]]
}

// dropSameID leaves out every concept whose id an earlier line has, and
// reports it.
func (b *builder) dropSameID(order []uint64) ([]uint64, error) {
	var again []uint32
	out := order[:1]
	for _, o := range order[1:] {
		if o>>32 == out[len(out)-1]>>32 {
			again = append(again, b.columns.lines[uint32(o)])
			continue
		}
		out = append(out, o)
	}
	slices.Sort(again)
	file := b.fileReport("CONCEPT")
	for _, line := range again {
		file.Used--
		file.Duplicate++
		err := b.opts.Reporter.Report(issue.Issue{Severity: issue.Error, Code: CodeDuplicateID,
			Pos: issue.Pos{Source: file.Name, Line: int(line)}, Path: "concept_id",
			Message: "want one line an id, have another before; this one is left out"})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// setKinds numbers vocabularies, domains, classes and kinds in the order of
// their texts, so that the index does not depend on the order of lines.
func (b *builder) setKinds(keys []kindKey) {
	m := &b.meta
	used := make([]int64, len(keys))
	for _, k := range b.columns.kinds {
		used[k]++
	}
	order := make([]int, 0, len(keys))
	for i := range keys {
		if used[i] > 0 { // else all its concepts were left out
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(x, y int) int {
		k, l := keys[x], keys[y]
		return cmp.Or(strings.Compare(k.vocabulary, l.vocabulary), strings.Compare(k.domain, l.domain),
			strings.Compare(k.class, l.class), cmp.Compare(k.standard, l.standard), cmp.Compare(k.invalid, l.invalid))
	})
	for _, o := range order {
		m.domains = append(m.domains, keys[o].domain)
		m.classes = append(m.classes, keys[o].class)
	}
	slices.Sort(m.domains)
	slices.Sort(m.classes)
	m.domains = slices.Compact(m.domains)
	m.classes = slices.Compact(m.classes)
	known := map[string]VocabularyInfo{}
	for _, v := range m.vocabularies {
		known[v.ID] = v
	}
	m.vocabularies = nil
	renumber := make([]uint32, len(keys))
	for i, o := range order {
		k := keys[o]
		if n := len(m.vocabularies); n == 0 || m.vocabularies[n-1].ID != k.vocabulary {
			v := known[k.vocabulary]
			v.ID = k.vocabulary
			m.vocabularies = append(m.vocabularies, v)
		}
		v := &m.vocabularies[len(m.vocabularies)-1]
		v.Concepts += used[o]
		if k.standard == 'S' {
			v.Standard += used[o]
		}
		domain, _ := slices.BinarySearch(m.domains, k.domain)
		class, _ := slices.BinarySearch(m.classes, k.class)
		m.kinds = append(m.kinds, kind{vocabulary: uint32(len(m.vocabularies) - 1), domain: uint32(domain),
			class: uint32(class), standard: k.standard, invalid: k.invalid})
		m.kinds[i].fill(m)
		renumber[o] = uint32(i)
	}
	for i, k := range b.columns.kinds {
		b.columns.kinds[i] = renumber[k]
	}
}

// directory finds the place of an id among sorted ids: for every range of
// 1<<shift ids it holds the first place.
type directory struct {
	first  uint32
	shift  uint32
	starts []uint32 // one more than there are ranges
}

func newDirectory(ids []int32) directory {
	first, last := uint32(ids[0]), uint32(ids[len(ids)-1])
	d := directory{first: first}
	for limit := uint32(max(1024, len(ids)/2)); (last-first)>>d.shift >= limit; {
		d.shift++
	}
	d.starts = make([]uint32, (last-first)>>d.shift+2)
	for i := len(ids) - 1; i >= 0; i-- {
		d.starts[(uint32(ids[i])-first)>>d.shift] = uint32(i)
	}
	end := uint32(len(ids))
	for i := len(d.starts) - 1; i >= 0; i-- {
		// A range without ids starts where the next one does.
		if i == len(d.starts)-1 || d.starts[i] == 0 && i > 0 {
			d.starts[i] = end
		}
		end = d.starts[i]
	}
	return d
}

// rank is 64 ids in a row: which of them are there, and how many come before.
type rank struct {
	bits   uint64
	before uint32
}

// newRanks returns the ranks of ids from 0, or nothing if they take far more
// memory than the ids.
func newRanks(ids []int32) []rank {
	n := int(ids[len(ids)-1])/64 + 1
	if n > 1<<16+len(ids) {
		return nil
	}
	ranks := make([]rank, n)
	for _, id := range ids {
		ranks[id/64].bits |= 1 << (id % 64)
	}
	before := 0
	for i := range ranks {
		ranks[i].before = uint32(before)
		before += bits.OnesCount64(ranks[i].bits)
	}
	return ranks
}

// find returns the place of an id among ids.
func (c *concepts) find(id int32) (uint32, bool) {
	if c.ranks != nil {
		if int(id/64) >= len(c.ranks) {
			return 0, false
		}
		r := c.ranks[id/64]
		bit := uint64(1) << (id % 64)
		return r.before + uint32(bits.OnesCount64(r.bits&(bit-1))), r.bits&bit != 0
	}
	d := &c.directory
	if uint32(id) < d.first {
		return 0, false
	}
	r := (uint32(id) - d.first) >> d.shift
	if int(r)+1 >= len(d.starts) {
		return 0, false
	}
	lo := d.starts[r]
	i, ok := slices.BinarySearch(c.ids[lo:d.starts[r+1]], id)
	return lo + uint32(i), ok
}
