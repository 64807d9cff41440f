package vocab

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/issue"
)

// hashed is a concept with the hash of its vocabulary and code.
type hashed struct {
	hash    uint64
	concept uint32
}

// hash gives every concept its slot. The concepts are put into the order of
// their hashes, which is also that of their lines, and of those that share one
// the best first, then that of the lowest id; those without a code come last.
func (b *builder) hash(ctx context.Context) error {
	n := len(b.columns.ids)
	b.lines = uint32(n*4/3/lineSlots + 1)
	b.order = make([]uint32, 0, n)
	b.places = make([]uint32, n)
	const top = 11 // bits that part the concepts into lists that fit a cache
	var ends [1<<top + 1]int
	for i := range uint32(n) {
		if i&0xffff == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if h, ok := b.hashOf(i); ok {
			ends[h>>(64-top)+1]++
		}
	}
	for d := range 1 << top {
		ends[d+1] += ends[d]
	}
	list := make([]hashed, ends[1<<top])
	for i := range uint32(n) {
		if i&0xffff == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if h, ok := b.hashOf(i); ok {
			list[ends[h>>(64-top)]] = hashed{h, i}
			ends[h>>(64-top)]++ // in the end the start of the next list
		}
	}
	from := 0
	for _, end := range ends[:1<<top] {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b.place(list[from:end])
		from = end
	}
	b.slots = max(b.slots, b.lines*lineSlots)
	for i := range uint32(n) {
		if _, ok := b.hashOf(i); !ok {
			b.take(i)
		}
	}
	return nil
}

// hashOf returns the hash of a concept that has a code.
func (b *builder) hashOf(i uint32) (uint64, bool) {
	c := &b.columns
	code := part(c.codes, c.codeEnds, i)
	if len(code) == 0 {
		return 0, false
	}
	return hashOf(b.meta.kinds[c.kinds[i]].seed, text(code, 0, uint32(len(code)))), true
}

// place sorts a list of concepts and gives each the first slot that is vacant
// from its line on.
func (b *builder) place(list []hashed) {
	slices.SortFunc(list, func(x, y hashed) int {
		if x.hash != y.hash {
			return cmp.Compare(x.hash, y.hash)
		}
		return cmp.Or(cmp.Compare(b.rank(x.concept), b.rank(y.concept)), cmp.Compare(x.concept, y.concept))
	})
	for k, x := range list {
		if k > 0 && x.hash == list[k-1].hash {
			b.same++
		}
		first := lineOf(x.hash, b.lines) * lineSlots
		b.slots = max(b.slots, first)
		b.take(x.concept)
		b.reach = max(b.reach, b.slots-first)
	}
}

// take gives a concept the next slot.
func (b *builder) take(i uint32) {
	b.order = append(b.order, i)
	b.places[i] = b.slots
	b.slots++
}

// reportSame reports how many concepts are not the first of their code.
func (b *builder) reportSame() error {
	if b.same == 0 {
		return nil
	}
	return b.opts.Reporter.Report(issue.Issue{Severity: issue.Information, Code: CodeSameCode,
		Pos:     issue.Pos{Source: b.files["CONCEPT"]},
		Message: fmt.Sprintf("%d concepts come after a better one of the same vocabulary and code", b.same)})
}

// rank is less the better a concept is to stand for its code.
func (b *builder) rank(i uint32) int {
	k := &b.meta.kinds[b.columns.kinds[i]]
	rank := 0
	if k.invalid != 0 {
		rank += 4
	}
	switch k.standard {
	case 'S':
	case 'C':
		rank++
	default:
		rank += 2
	}
	return rank
}

// slotBlock is a run of slots. The numbers in its records count from its own
// start.
type slotBlock struct {
	records []byte
	codes   []byte   // those that are too long for a record
	targets []uint32 // slots
}

var slotBlocks = sync.Pool{New: func() any { return &slotBlock{} }}

// writeRecords writes all slots and a vacant one at the end, and returns the
// long codes and the slots of targets that belong to them.
func (b *builder) writeRecords(s *sectionWriter) (codes []byte, targets []uint32) {
	const size = 1 << 14 // concepts of a block
	targets = make([]uint32, 0, len(b.mapsTo.targets))
	in := func(yield func(int, error) bool) {
		for from := 0; from < len(b.order); from += size {
			if !yield(from, nil) {
				return
			}
		}
	}
	work := func(_ context.Context, _, from int) (*slotBlock, error) {
		end := b.slots + 1
		if from+size < len(b.order) {
			end = b.places[b.order[from+size]]
		}
		start := uint32(0)
		if from > 0 {
			start = b.places[b.order[from]]
		}
		return b.slotBlock(b.order[from:min(from+size, len(b.order))], start, end), nil
	}
	err := flow.Ordered(s.ctx, b.opts.Workers, in, work, func(k *slotBlock) error {
		k.move(uint32(len(targets)), uint32(len(codes)))
		s.write(k.records)
		codes = append(codes, k.codes...)
		targets = append(targets, k.targets...)
		slotBlocks.Put(k)
		return s.err
	})
	s.err = cmp.Or(s.err, err)
	return codes, targets
}

// slotBlock makes the slots from start to end, which hold the given concepts.
func (b *builder) slotBlock(list []uint32, start, end uint32) *slotBlock {
	c := &b.columns
	le := binary.LittleEndian
	k := slotBlocks.Get().(*slotBlock)
	k.records = slices.Grow(k.records[:0], int(end-start)*recordSize)[:int(end-start)*recordSize]
	k.codes, k.targets = k.codes[:0], k.targets[:0]
	at := start
	gap := func(to uint32) {
		for ; at < to; at++ {
			r := k.records[int(at-start)*recordSize:][:recordSize]
			clear(r)
			le.PutUint32(r[0:], vacant)
			le.PutUint32(r[4:], uint32(len(k.targets)))
			le.PutUint32(r[8:], vacant)
		}
	}
	for _, i := range list {
		gap(b.places[i])
		r := k.records[int(at-start)*recordSize:][:recordSize]
		clear(r)
		le.PutUint32(r[0:], uint32(c.ids[i]))
		le.PutUint32(r[4:], uint32(len(k.targets)))
		le.PutUint32(r[8:], c.kinds[i])
		h, coded := b.hashOf(i)
		code := part(c.codes, c.codeEnds, i)
		if len(code) <= inlineCode {
			r[12] = byte(len(code))
			copy(r[13:], code)
		} else {
			le.PutUint32(r[12:], markOf(h)<<8|longCode)
			le.PutUint32(r[16:], uint32(len(k.codes)))
			le.PutUint32(r[20:], uint32(len(code)))
			k.codes = append(k.codes, code...)
		}
		if coded {
			r[12] |= byte(min(at/lineSlots-lineOf(h, b.lines), farLine) << lengthBits)
		}
		for _, t := range b.mapsTo.of(i) {
			k.targets = append(k.targets, b.places[t])
		}
		at++
	}
	gap(end)
	return k
}

// move makes the numbers in the records count from the start of the sections.
func (k *slotBlock) move(targets, codes uint32) {
	le := binary.LittleEndian
	for b := k.records; len(b) >= recordSize; b = b[recordSize:] {
		le.PutUint32(b[4:], le.Uint32(b[4:])+targets)
		if record(b).length() == longCode {
			le.PutUint32(b[16:], le.Uint32(b[16:])+codes)
		}
	}
}
