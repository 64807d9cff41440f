package mapping

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// The shuffle brings the facts of one person together. Workers collect records
// in memory; when a worker's share of the budget is full it sorts what it has
// and writes it to a temporary file. In the end all sorted runs are merged.

const (
	chunkBytes = 1 << 20  // memory is taken in pieces of this size,
	smallChunk = 64 << 10 // or down to this one when the budget is small
	maxRuns    = 64       // more runs of one worker are merged into one
)

// entry is a record in memory with the first bytes of its person, by which
// most comparisons are decided.
type entry struct {
	prefix uint64 // first bytes of the person
	person uint64 // hash of the person: where equal, the person is the same
	second uint64 // type and first bytes of the id
	rec    []byte
}

// shuffler collects the records of one worker.
type shuffler struct {
	dir     string // for spilled runs
	budget  int64
	used    int64
	chunk   []byte
	scratch []byte
	entries []entry
	files   []*os.File
}

const entryBytes = 48

// add keeps a copy of the facts of one resource.
func (s *shuffler) add(f *Facts) error {
	s.scratch = appendRecord(s.scratch[:0], f)
	if n := len(s.scratch); cap(s.chunk)-len(s.chunk) < n {
		size := max(n, int(min(max(s.budget/16, smallChunk), chunkBytes)))
		s.chunk = make([]byte, 0, size)
		s.used += int64(size)
	}
	at := len(s.chunk)
	s.chunk = append(s.chunk, s.scratch...)
	s.entries = append(s.entries, entry{
		prefix: keyPrefix(f.person), person: xxhash.Sum64(f.person),
		second: uint64(f.typ)<<56 | keyPrefix(f.id)>>8, rec: s.chunk[at:len(s.chunk):len(s.chunk)],
	})
	s.used += entryBytes
	if s.used > s.budget {
		return s.spill()
	}
	return nil
}

func keyPrefix(person []byte) uint64 {
	if len(person) >= 8 {
		return binary.BigEndian.Uint64(person)
	}
	var b [8]byte
	copy(b[:], person)
	return binary.BigEndian.Uint64(b[:])
}

// splitKey returns the parts of a record by which it sorts.
func splitKey(rec []byte) (person []byte, typ byte, id []byte) {
	n, k := binary.Uvarint(rec)
	person = rec[k : k+int(n)]
	rec = rec[k+int(n):]
	typ = rec[0]
	n, k = binary.Uvarint(rec[1:])
	return person, typ, rec[1+k : 1+k+int(n)]
}

func compareRecords(a, b []byte) int {
	pa, ta, ia := splitKey(a)
	pb, tb, ib := splitKey(b)
	if c := bytes.Compare(pa, pb); c != 0 {
		return c
	}
	if ta != tb {
		return int(ta) - int(tb)
	}
	return bytes.Compare(ia, ib)
}

func (s *shuffler) sort() {
	slices.SortFunc(s.entries, func(a, b entry) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		if a.person == b.person && a.second != b.second {
			return cmp.Compare(a.second, b.second)
		}
		return compareRecords(a.rec, b.rec)
	})
}

// spill writes what is in memory as a sorted run.
func (s *shuffler) spill() error {
	s.sort()
	entries := s.entries
	if err := s.write(func() ([]byte, error) {
		if len(entries) == 0 {
			return nil, nil
		}
		rec := entries[0].rec
		entries = entries[1:]
		return rec, nil
	}); err != nil {
		return err
	}
	clear(s.entries)
	s.entries, s.chunk, s.used = s.entries[:0], nil, int64(cap(s.entries))*entryBytes
	if len(s.files) < maxRuns {
		return nil
	}
	old := &shuffler{files: s.files}
	s.files = nil
	defer old.close()
	m, err := newMerger([]*shuffler{old})
	if err != nil {
		return err
	}
	return s.write(m.next)
}

// write makes a run of the records that next yields. The file loses its name
// at once where the system allows it, so that nothing stays behind a crash.
func (s *shuffler) write(next func() ([]byte, error)) error {
	f, err := os.CreateTemp(s.dir, "carabiner-run-*")
	if err != nil {
		return fmt.Errorf("mapping: spill: %w", err)
	}
	s.files = append(s.files, f)
	_ = os.Remove(f.Name()) // fails where an open file keeps its name; close removes it there
	w := bufio.NewWriterSize(f, chunkBytes)
	var length [binary.MaxVarintLen64]byte
	for {
		rec, err := next()
		if err != nil {
			return err
		}
		if rec == nil {
			break
		}
		n := binary.PutUvarint(length[:], uint64(len(rec)))
		if _, err := w.Write(length[:n]); err != nil {
			return fmt.Errorf("mapping: spill: %w", err)
		}
		if _, err := w.Write(rec); err != nil {
			return fmt.Errorf("mapping: spill: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("mapping: spill: %w", err)
	}
	return nil
}

// close frees the memory and the files of the shuffler.
func (s *shuffler) close() {
	for _, f := range s.files {
		f.Close()
		_ = os.Remove(f.Name())
	}
	s.files, s.entries, s.chunk = nil, nil, nil
}

// cursor walks over one sorted run.
type cursor struct {
	head    []byte // current record; stays valid after next
	entries []entry
	file    *os.File
	r       *bufio.Reader
	chunk   []byte
}

// next moves to the next record; false at the end.
func (c *cursor) next() (bool, error) {
	if c.file == nil {
		if len(c.entries) == 0 {
			return false, nil
		}
		c.head, c.entries = c.entries[0].rec, c.entries[1:]
		return true, nil
	}
	n, err := binary.ReadUvarint(c.r)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil || n == 0 || n > 1<<40 {
		return false, fmt.Errorf("%w: %s", errRecord, c.file.Name())
	}
	if uint64(cap(c.chunk)-len(c.chunk)) < n {
		c.chunk = make([]byte, 0, max(int(n), smallChunk))
	}
	at := len(c.chunk)
	c.chunk = c.chunk[:at+int(n)]
	c.head = c.chunk[at : at+int(n) : at+int(n)]
	if _, err := io.ReadFull(c.r, c.head); err != nil {
		return false, fmt.Errorf("mapping: spilled records: %w", err)
	}
	return true, nil
}

// merger yields the records of all runs in order.
type merger struct{ heap cursorHeap }

type cursorHeap []*cursor

func (h cursorHeap) Len() int           { return len(h) }
func (h cursorHeap) Less(i, j int) bool { return compareRecords(h[i].head, h[j].head) < 0 }
func (h cursorHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *cursorHeap) Push(x any)        { *h = append(*h, x.(*cursor)) }
func (h *cursorHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// mergeBuffer is what one spilled run reads ahead.
const mergeBuffer = 64 << 10

// newMerger merges the runs of all workers, whose memory must be sorted. The
// shufflers keep their files and must be closed after the merger is done.
func newMerger(workers []*shuffler) (*merger, error) {
	m := &merger{}
	add := func(c *cursor) error {
		ok, err := c.next()
		if ok {
			m.heap = append(m.heap, c)
		}
		return err
	}
	for _, s := range workers {
		if err := add(&cursor{entries: s.entries}); err != nil {
			return nil, err
		}
		for _, f := range s.files {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return nil, fmt.Errorf("mapping: spilled records: %w", err)
			}
			if err := add(&cursor{file: f, r: bufio.NewReaderSize(f, mergeBuffer)}); err != nil {
				return nil, err
			}
		}
	}
	heap.Init(&m.heap)
	return m, nil
}

// next returns the next record, nil at the end.
func (m *merger) next() ([]byte, error) {
	if len(m.heap) == 0 {
		return nil, nil
	}
	c := m.heap[0]
	rec := c.head
	ok, err := c.next()
	switch {
	case err != nil:
		return nil, err
	case ok:
		heap.Fix(&m.heap, 0)
	default:
		heap.Pop(&m.heap)
	}
	return rec, nil
}

// block is a run of whole persons: the records of each, in order.
type block struct {
	records [][]byte
	ends    []int // ends[i] is where person i's records end
}

// blockRecords is how many records a block gathers before it is closed.
const blockRecords = 4096

// blocks yields the merged records in blocks of whole persons.
func (m *merger) blocks(yield func(*block, error) bool) {
	b := &block{}
	var person []byte
	for {
		rec, err := m.next()
		if err != nil {
			yield(nil, err)
			return
		}
		if rec == nil {
			break
		}
		p, _, _ := splitKey(rec)
		if len(b.records) > 0 && !bytes.Equal(p, person) {
			b.ends = append(b.ends, len(b.records))
			if len(b.records) >= blockRecords {
				if !yield(b, nil) {
					return
				}
				b = &block{}
			}
		}
		person = p
		b.records = append(b.records, rec)
	}
	if len(b.records) > 0 {
		b.ends = append(b.ends, len(b.records))
		yield(b, nil)
	}
}
