package extract

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// tempFile makes a file without a name in dir, where the system allows it.
func tempFile(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "carabiner-extract-*")
	if err != nil {
		return nil, fmt.Errorf("extract: %w", err)
	}
	_ = os.Remove(f.Name()) // where that is refused, close removes it
	return f, nil
}

func dropFile(f *os.File) { _ = errors.Join(f.Close(), removeIfThere(f.Name())) }

func removeIfThere(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// hashes is a set of hashes, held in memory up to a bound and beyond it in a
// temporary file, in sorted runs.
type hashes struct {
	dir  string
	held []uint64
	most int // to hold in memory
	file *os.File
	ends []int64 // of runs
	all  int64
}

// maxHeld is how many hashes are held in memory: 8 MiB.
const maxHeld = 1 << 20

func (h *hashes) add(list []uint64) error {
	most := h.most
	if most == 0 {
		most = maxHeld
	}
	h.all += int64(len(list))
	for len(list) > 0 {
		n := min(len(list), most-len(h.held))
		h.held = append(h.held, list[:n]...)
		list = list[n:]
		if len(h.held) == most {
			if err := h.spill(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *hashes) spill() error {
	if h.file == nil {
		f, err := tempFile(h.dir)
		if err != nil {
			return err
		}
		h.file = f
	}
	slices.Sort(h.held)
	w := bufio.NewWriterSize(h.file, 64<<10)
	var b [8]byte
	for _, x := range h.held {
		binary.LittleEndian.PutUint64(b[:], x)
		if _, err := w.Write(b[:]); err != nil {
			return fmt.Errorf("extract: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	end := int64(8 * len(h.held))
	if n := len(h.ends); n > 0 {
		end += h.ends[n-1]
	}
	h.ends, h.held = append(h.ends, end), h.held[:0]
	return nil
}

func (h *hashes) close() {
	if h.file != nil {
		dropFile(h.file)
		h.file = nil
	}
}

// sorted returns a function that gives the hashes in order, false after the last.
func (h *hashes) sorted() func() (uint64, bool, error) {
	slices.Sort(h.held)
	runs := []*hashRun{{held: h.held}}
	start := int64(0)
	for _, end := range h.ends {
		runs = append(runs, &hashRun{r: bufio.NewReaderSize(io.NewSectionReader(h.file, start, end-start), 32<<10)})
		start = end
	}
	var err error
	for _, r := range runs {
		err = errors.Join(err, r.advance())
	}
	return func() (uint64, bool, error) {
		if err != nil {
			return 0, false, err
		}
		var least *hashRun
		for _, r := range runs { // some dozens at most
			if r.ok && (least == nil || r.top < least.top) {
				least = r
			}
		}
		if least == nil {
			return 0, false, nil
		}
		x := least.top
		err = least.advance()
		return x, true, nil
	}
}

// hashRun is one sorted run.
type hashRun struct {
	held []uint64
	r    *bufio.Reader
	top  uint64
	ok   bool
}

func (r *hashRun) advance() error {
	if r.r == nil {
		if r.ok = len(r.held) > 0; r.ok {
			r.top, r.held = r.held[0], r.held[1:]
		}
		return nil
	}
	var b [8]byte
	_, err := io.ReadFull(r.r, b[:])
	if r.ok = err == nil; r.ok {
		r.top = binary.LittleEndian.Uint64(b[:])
		return nil
	}
	if err == io.EOF {
		return nil
	}
	return fmt.Errorf("extract: %w", err)
}

// twice counts the hashes that occur before, 0 aside.
func (h *hashes) twice() (n int64, err error) {
	next := h.sorted()
	last := uint64(0)
	for {
		x, ok, err := next()
		if err != nil || !ok {
			return n, err
		}
		if x == last && x != 0 {
			n++
		}
		last = x
	}
}

// missing counts the hashes that are not in of.
func (h *hashes) missing(of *hashes) (n int64, err error) {
	mine, theirs := h.sorted(), of.sorted()
	y, more, err := theirs()
	for err == nil {
		x, ok, err := mine()
		if err != nil || !ok {
			return n, err
		}
		for more && y < x {
			if y, more, err = theirs(); err != nil {
				return n, err
			}
		}
		if !more || y != x {
			n++
		}
	}
	return n, err
}
