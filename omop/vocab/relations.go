package vocab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/carabiner-health/carabiner/issue"
)

// vocabularyBlock is what one block of VOCABULARY gives.
type vocabularyBlock struct {
	parsed
	list []VocabularyInfo
}

func (v *vocabularyBlock) base() *parsed { return &v.parsed }

// readVocabulary reads names and versions of the vocabularies.
func (b *builder) readVocabulary(ctx context.Context) error {
	if b.files["VOCABULARY"] == "" {
		return nil
	}
	return readTable(ctx, b, table[*vocabularyBlock]{
		name: "VOCABULARY", want: []string{"vocabulary_id", "vocabulary_name", "vocabulary_version"},
		parse: func(_ string, _ int, f [][]byte, v *vocabularyBlock) {
			v.count.Lines++
			v.count.Used++
			v.list = append(v.list, VocabularyInfo{ID: valid(f[0]), Name: valid(f[1]), Version: valid(f[2])})
		},
		merge: func(v *vocabularyBlock) error {
			b.meta.vocabularies = append(b.meta.vocabularies, v.list...)
			for _, x := range v.list {
				// The vocabulary "None" stands for all of them together.
				if x.ID == "None" {
					b.meta.release = x.Version
				}
			}
			return nil
		},
	}, func() *vocabularyBlock { return &vocabularyBlock{} })
}

// valid returns a text as UTF-8.
func valid(b []byte) string { return string(bytes.ToValidUTF8(b, []byte("\uFFFD"))) }

// pairBlock is what one block of CONCEPT_RELATIONSHIP or CONCEPT_ANCESTOR
// gives: pairs of places of concepts.
type pairBlock struct {
	parsed
	mapsTo, values []uint64
}

func (p *pairBlock) base() *parsed { return &p.parsed }

// readRelationships reads "Maps to" and "Maps to value".
func (b *builder) readRelationships(ctx context.Context) error {
	var mapsTo, values [][]uint64 // by block
	err := readTable(ctx, b, table[*pairBlock]{
		name:  "CONCEPT_RELATIONSHIP",
		want:  []string{"concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"},
		parse: b.parseRelationship,
		merge: func(p *pairBlock) error {
			mapsTo = append(mapsTo, p.mapsTo)
			values = append(values, p.values)
			return nil
		},
	}, func() *pairBlock { return &pairBlock{} })
	if err != nil {
		return err
	}
	file := b.fileReport("CONCEPT_RELATIONSHIP")
	b.meta.relationships = uint64(file.Lines)
	if b.mapsTo, b.meta.mapsTo, err = lists(ctx, file, &mapsTo, b.standard); err != nil {
		return err
	}
	b.mapsTo.index(len(b.columns.ids))
	if b.values, b.meta.mapsToValue, err = lists(ctx, file, &values, nil); err != nil {
		return err
	}
	return b.summary(file)
}

// lists makes lists of the pairs of all blocks of a file, which it gives free,
// and tells how many different pairs there are.
func lists(ctx context.Context, file *FileReport, blocks *[][]uint64, implied func(uint32) bool) (csr, uint64, error) {
	pairs := slices.Concat(*blocks...)
	*blocks = nil
	if err := sortNumbers(ctx, pairs); err != nil {
		return csr{}, 0, err
	}
	n := len(pairs)
	pairs = slices.Compact(pairs)
	file.Duplicate += int64(n - len(pairs))
	file.Used -= int64(n - len(pairs))
	c, err := newCSR(pairs, implied)
	if err != nil {
		return csr{}, 0, fmt.Errorf("%s: %w", file.Name, err)
	}
	return c, uint64(len(pairs)), nil
}

// parseRelationship reads one line of CONCEPT_RELATIONSHIP.
func (b *builder) parseRelationship(source string, line int, f [][]byte, p *pairBlock) {
	from, ok := parseID(f[0])
	if !ok {
		p.damaged(source, line, CodeID, "concept_id_1", wantID)
		return
	}
	to, ok := parseID(f[1])
	if !ok {
		p.damaged(source, line, CodeID, "concept_id_2", wantID)
		return
	}
	var list *[]uint64
	switch string(f[2]) {
	case "Maps to":
		list = &p.mapsTo
	case "Maps to value":
		list = &p.values
	default:
		p.count.Lines++
		p.count.Other++
		return
	}
	invalid, ok := b.flag(f[3], 'D', 'U')
	if !ok {
		p.damaged(source, line, CodeFlag, "invalid_reason", "want D, U or nothing")
		return
	}
	p.count.Lines++
	i, ok1 := b.columns.find(from)
	j, ok2 := b.columns.find(to)
	switch {
	case invalid != 0:
		p.count.NotCurrent++
	case !ok1 || !ok2:
		p.count.Dangling++
	case !b.standard(j):
		p.count.NotStandard++
	default:
		p.count.Used++
		*list = append(*list, uint64(i)<<32|uint64(j))
	}
}

// standard reports whether concept i is standard.
func (b *builder) standard(i uint32) bool {
	return b.columns.standard[i/64]&(1<<(i%64)) != 0
}

// ingredient reports whether concept i is a standard ingredient.
func (b *builder) ingredient(i uint32) bool {
	return b.meta.kinds[b.columns.kinds[i]].ingredient
}

// summary reports lines that are sound but lead nowhere.
func (b *builder) summary(file *FileReport) error {
	if file.Dangling > 0 {
		err := b.opts.Reporter.Report(issue.Issue{Severity: issue.Information, Code: CodeDangling,
			Pos:     issue.Pos{Source: file.Name},
			Message: fmt.Sprintf("%d lines name a concept that is not in CONCEPT", file.Dangling)})
		if err != nil {
			return err
		}
	}
	if file.NotStandard == 0 {
		return nil
	}
	return b.opts.Reporter.Report(issue.Issue{Severity: issue.Warning, Code: CodeNotStandard,
		Pos:     issue.Pos{Source: file.Name},
		Message: fmt.Sprintf("%d current mappings lead to a concept that is not standard", file.NotStandard)})
}

// readAncestors reads which ingredients a drug descends from.
func (b *builder) readAncestors(ctx context.Context) error {
	if b.files["CONCEPT_ANCESTOR"] == "" {
		b.rollup, _ = newCSR(nil, nil)
		return nil
	}
	b.meta.ancestors = true
	var pairs [][]uint64
	err := readTable(ctx, b, table[*pairBlock]{
		name:  "CONCEPT_ANCESTOR",
		want:  []string{"ancestor_concept_id", "descendant_concept_id"},
		parse: b.parseAncestor,
		merge: func(p *pairBlock) error {
			pairs = append(pairs, p.mapsTo)
			return nil
		},
	}, func() *pairBlock { return &pairBlock{} })
	if err != nil {
		return err
	}
	file := b.fileReport("CONCEPT_ANCESTOR")
	if b.rollup, _, err = lists(ctx, file, &pairs, b.ingredient); err != nil {
		return err
	}
	return b.summary(file)
}

// parseAncestor reads one line of CONCEPT_ANCESTOR.
func (b *builder) parseAncestor(source string, line int, f [][]byte, p *pairBlock) {
	ancestor, ok := parseID(f[0])
	if !ok {
		p.damaged(source, line, CodeID, "ancestor_concept_id", wantID)
		return
	}
	descendant, ok := parseID(f[1])
	if !ok {
		p.damaged(source, line, CodeID, "descendant_concept_id", wantID)
		return
	}
	p.count.Lines++
	i, ok := b.columns.find(ancestor)
	if !ok {
		p.count.Dangling++
		return
	}
	if !b.ingredient(i) {
		p.count.Other++
		return
	}
	j, ok := b.columns.find(descendant)
	if !ok {
		p.count.Dangling++
		return
	}
	p.count.Used++
	p.mapsTo = append(p.mapsTo, uint64(j)<<32|uint64(i))
}

// csr holds for every key its targets: those of keys[i] are the targets from
// starts[i] to starts[i+1].
type csr struct {
	keys    []uint32
	starts  []uint32
	targets []uint32
	dense   []uint32 // by concept; made on demand by index
}

// index lets of find the targets of a concept at once.
func (c *csr) index(concepts int) {
	c.dense = make([]uint32, concepts+1)
	for i, k := range c.keys {
		c.dense[k+1] = c.starts[i+1] - c.starts[i]
	}
	for i := range concepts {
		c.dense[i+1] += c.dense[i]
	}
}

// of returns the targets of concept i after index.
func (c *csr) of(i uint32) []uint32 { return c.targets[c.dense[i]:c.dense[i+1]] }

// newCSR makes lists of sorted pairs of key and target. A concept whose only
// target is itself is left out where implied says that it follows.
func newCSR(pairs []uint64, implied func(uint32) bool) (csr, error) {
	if uint64(len(pairs)) > math.MaxUint32 {
		return csr{}, errors.New("want fewer than 4294967296 pairs")
	}
	var c csr
	for len(pairs) > 0 {
		key := uint32(pairs[0] >> 32)
		n := 1
		for n < len(pairs) && uint32(pairs[n]>>32) == key {
			n++
		}
		if n > 1 || uint32(pairs[0]) != key || implied == nil || !implied(key) {
			c.keys = append(c.keys, key)
			c.starts = append(c.starts, uint32(len(c.targets)))
			for _, p := range pairs[:n] {
				c.targets = append(c.targets, uint32(p))
			}
		}
		pairs = pairs[n:]
	}
	c.starts = append(c.starts, uint32(len(c.targets)))
	return c, nil
}
