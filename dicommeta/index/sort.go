package index

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

const (
	chunkBytes  = 1 << 20  // memory is taken in pieces of this size,
	smallChunk  = 64 << 10 // or down to this one when the budget is small
	minRun      = 16       // records of a run, whatever the budget
	maxRuns     = 32       // more runs are merged into one
	mergeBuffer = 16 << 10 // what a spilled run reads ahead
	entryBytes  = 48
)

// entry is a record in memory.
type entry struct{ key, payload []byte }

// sorter sorts records by key, in memory up to its budget and else by runs in temporary
// files, which lose their name at once where the system allows it. It is for one goroutine.
type sorter struct {
	dir     string
	budget  int64
	used    int64
	chunk   []byte
	entries []entry
	files   []*os.File
}

// add keeps a copy of a record.
func (s *sorter) add(key, payload []byte) error {
	n := len(key) + len(payload)
	if cap(s.chunk)-len(s.chunk) < n {
		size := max(n, int(min(max(s.budget/16, smallChunk), chunkBytes)))
		s.chunk = make([]byte, 0, size)
		s.used += int64(size)
	}
	at := len(s.chunk)
	s.chunk = append(append(s.chunk, key...), payload...)
	mid, end := at+len(key), len(s.chunk)
	s.entries = append(s.entries, entry{s.chunk[at:mid:mid], s.chunk[mid:end:end]})
	s.used += entryBytes
	if s.used > s.budget && len(s.entries) >= minRun {
		return s.spill()
	}
	return nil
}

func compareEntries(a, b entry) int {
	if c := bytes.Compare(a.key, b.key); c != 0 {
		return c
	}
	return bytes.Compare(a.payload, b.payload)
}

func (s *sorter) spill() error {
	slices.SortFunc(s.entries, compareEntries)
	entries := s.entries
	if err := s.write(func(yield func(entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}); err != nil {
		return err
	}
	clear(s.entries)
	s.entries, s.chunk, s.used = s.entries[:0], nil, int64(cap(s.entries))*entryBytes
	if len(s.files) < maxRuns {
		return nil
	}
	old := &sorter{files: s.files}
	s.files = nil
	defer old.close()
	return s.write(merge([]*sorter{old}))
}

// write makes a run of records.
func (s *sorter) write(records iter.Seq2[entry, error]) error {
	f, err := os.CreateTemp(s.dir, "carabiner-run-*")
	if err != nil {
		return fmt.Errorf("index: spill: %w", err)
	}
	s.files = append(s.files, f)
	_ = os.Remove(f.Name()) // fails where an open file keeps its name; close removes it there
	w := bufio.NewWriterSize(f, smallChunk)
	var scratch []byte
	for e, err := range records {
		if err != nil {
			return err
		}
		scratch = appendEntry(scratch[:0], e)
		if _, err := w.Write(scratch); err != nil {
			return fmt.Errorf("index: spill: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("index: spill: %w", err)
	}
	return nil
}

func appendEntry(dst []byte, e entry) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(e.key)))
	dst = append(dst, e.key...)
	dst = binary.AppendUvarint(dst, uint64(len(e.payload)))
	return append(dst, e.payload...)
}

// close frees the memory and the files of the sorter.
func (s *sorter) close() {
	for _, f := range s.files {
		f.Close()
		_ = os.Remove(f.Name())
	}
	s.files, s.entries, s.chunk = nil, nil, nil
}

// cursor walks over one sorted run.
type cursor struct {
	head    entry
	entries []entry
	file    *os.File
	r       *bufio.Reader
}

// next moves to the next record; false at the end. A record stays good.
func (c *cursor) next() (bool, error) {
	if c.file == nil {
		if len(c.entries) == 0 {
			return false, nil
		}
		c.head, c.entries = c.entries[0], c.entries[1:]
		return true, nil
	}
	key, err := c.part()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", errRecord, err)
	}
	payload, err := c.part()
	if err != nil {
		return false, fmt.Errorf("%w: %w", errRecord, err)
	}
	c.head = entry{key, payload}
	return true, nil
}

func (c *cursor) part() ([]byte, error) {
	n, err := binary.ReadUvarint(c.r)
	if err != nil {
		return nil, err
	}
	if n > 1<<40 {
		return nil, errRecord
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(c.r, b); err != nil {
		return nil, errors.Join(errRecord, err)
	}
	return b, nil
}

type cursorHeap []*cursor

func (h cursorHeap) Len() int           { return len(h) }
func (h cursorHeap) Less(i, j int) bool { return compareEntries(h[i].head, h[j].head) < 0 }
func (h cursorHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *cursorHeap) Push(x any)        { *h = append(*h, x.(*cursor)) }
func (h *cursorHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// merge yields the records of all sorters in order. It may be run more than once, one at a
// time; the sorters must take no more records and be closed when all is done.
func merge(sorters []*sorter) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		var h cursorHeap
		add := func(c *cursor) bool {
			ok, err := c.next()
			if err != nil {
				yield(entry{}, err)
				return false
			}
			if ok {
				h = append(h, c)
			}
			return true
		}
		for _, s := range sorters {
			slices.SortFunc(s.entries, compareEntries)
			if !add(&cursor{entries: s.entries}) {
				return
			}
			for _, f := range s.files {
				section := io.NewSectionReader(f, 0, 1<<62)
				if !add(&cursor{file: f, r: bufio.NewReaderSize(section, mergeBuffer)}) {
					return
				}
			}
		}
		heap.Init(&h)
		for len(h) > 0 {
			c := h[0]
			if !yield(c.head, nil) {
				return
			}
			ok, err := c.next()
			switch {
			case err != nil:
				yield(entry{}, err)
				return
			case ok:
				heap.Fix(&h, 0)
			default:
				heap.Pop(&h)
			}
		}
	}
}
