package dicommeta

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"sort"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// write writes the new file.
func (p *patcher) write(w io.Writer) (Patched, error) {
	count := &countWriter{w: w}
	var err error
	switch {
	case len(p.edits) == 0:
		p.done.Copied, err = copyRange(count, p.src, 0, p.size)
	case p.inflated == nil:
		p.done.Copied, err = copyEdited(count, p.src, p.edits, 0, p.size)
	default:
		err = p.writeInflated(count)
	}
	p.done.Bytes = count.n
	return p.done, err
}

// writeInflated writes a deflated file: the head as it is, the data set deflated again.
func (p *patcher) writeInflated(w io.Writer) error {
	from := p.x.Dataset.Offset
	end := from + int64(len(p.inflated))
	n := sort.Search(len(p.edits), func(i int) bool { return p.edits[i].start >= from })
	var err error
	if p.done.Copied, err = copyEdited(w, p.src, p.edits[:n], 0, from); err != nil {
		return err
	}
	return writeDeflated(w, func(w io.Writer) error {
		copied, err := copyEdited(w, p.base, p.edits[n:], from, end)
		p.done.Copied += copied
		if err != nil || p.rest == nil {
			return err
		}
		copied, err = io.Copy(w, p.rest)
		p.done.Copied += copied
		if err != nil {
			return fmt.Errorf("dicommeta: %w", err)
		}
		return nil
	})
}

// copyEdited copies the bytes from start to end with edits, and returns how many were
// copied unchanged.
func copyEdited(w io.Writer, r io.ReaderAt, edits []edit, start, end int64) (copied int64, err error) {
	for _, e := range edits {
		n, err := copyRange(w, r, start, e.start)
		copied += n
		if err != nil {
			return copied, err
		}
		if _, err := w.Write(e.bytes); err != nil {
			return copied, fmt.Errorf("dicommeta: %w", err)
		}
		start = e.end
	}
	n, err := copyRange(w, r, start, end)
	return copied + n, err
}

func copyRange(w io.Writer, r io.ReaderAt, start, end int64) (int64, error) {
	if start >= end {
		return 0, nil
	}
	n, err := io.Copy(w, io.NewSectionReader(r, start, end-start))
	if err != nil {
		return n, fmt.Errorf("dicommeta: %w", err)
	}
	if n != end-start {
		return n, fmt.Errorf("dicommeta: %w", io.ErrUnexpectedEOF)
	}
	return n, nil
}

// edited reads a source as it is with edits, which are sorted. It is safe for concurrent use.
type edited struct {
	src   io.ReaderAt
	parts []patchPart
	size  int64
}

// patchPart is a stretch of an edited source: bytes of its own, or those of the source from off.
type patchPart struct {
	at, n int64
	bytes []byte
	off   int64
}

func newEdited(src io.ReaderAt, size int64, edits []edit) *edited {
	e := &edited{src: src}
	add := func(x patchPart) {
		if x.n > 0 {
			x.at = e.size
			e.parts = append(e.parts, x)
			e.size += x.n
		}
	}
	from := int64(0)
	for _, d := range edits {
		add(patchPart{n: d.start - from, off: from})
		add(patchPart{n: int64(len(d.bytes)), bytes: d.bytes})
		from = d.end
	}
	add(patchPart{n: size - from, off: from})
	return e
}

func (e *edited) ReadAt(b []byte, off int64) (n int, err error) {
	i := sort.Search(len(e.parts), func(i int) bool { return e.parts[i].at+e.parts[i].n > off })
	for ; i < len(e.parts) && n < len(b); i++ {
		x := &e.parts[i]
		skip := off + int64(n) - x.at
		want := b[n:min(int64(len(b)), int64(n)+x.n-skip)]
		if x.bytes != nil {
			n += copy(want, x.bytes[skip:])
			continue
		}
		m, err := e.src.ReadAt(want, x.off+skip)
		n += m
		if m < len(want) {
			return n, err
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// shiftDirectory lets the offsets of a DICOMDIR point to where its records will stand
// (PS3.3 §F.3.2.2).
func (p *patcher) shiftDirectory() error {
	if !p.x.Has(dict.DirectoryRecordSequence) || p.inflated != nil {
		return nil
	}
	var more []edit
	var failed error
	p.x.Walk(func(path Path, d *Dataset, el *Element) bool {
		if !isDirectoryOffset(el.Tag) || len(el.Value) != 4 || failed != nil {
			return true
		}
		old := int64(binary.LittleEndian.Uint32(el.Value))
		now := p.shifted(old)
		if now == old {
			return true
		}
		at := el.End - 4
		b := make([]byte, 4)
		if failed = p.readAt(b, at); failed != nil {
			return true
		}
		if bytes.Equal(b, el.Value) {
			binary.LittleEndian.PutUint32(b, uint32(now))
		} else {
			binary.BigEndian.PutUint32(b, uint32(now))
		}
		more = append(more, edit{start: at, end: at + 4, bytes: b})
		return true
	})
	for _, e := range more {
		i := sort.Search(len(p.edits), func(i int) bool { return p.edits[i].start >= e.start })
		if i < len(p.edits) && p.edits[i].start < e.end || i > 0 && p.edits[i-1].end > e.start {
			continue // it is changed anyway
		}
		p.edits = append(p.edits[:i], append([]edit{e}, p.edits[i:]...)...)
	}
	return failed
}

// isDirectoryOffset reports whether an element holds where in a DICOMDIR a record stands.
func isDirectoryOffset(t dict.Tag) bool {
	switch t {
	case dict.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity, dict.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity,
		dict.OffsetOfTheNextDirectoryRecord, dict.OffsetOfReferencedLowerLevelDirectoryEntity, dict.MRDRDirectoryRecordOffset:
		return true
	}
	return false
}

// shifted returns where the byte at an offset of the source will stand.
func (p *patcher) shifted(off int64) int64 {
	now := off
	for _, e := range p.edits {
		if e.end > off || off == 0 {
			break
		}
		now += int64(len(e.bytes)) - (e.end - e.start)
	}
	return now
}
