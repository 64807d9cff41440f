package vocab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"

	"github.com/cespare/xxhash/v2"
)

// sectionWriter writes the sections of an index one after the other.
type sectionWriter struct {
	w    *bufio.Writer
	h    header
	at   uint64
	hash *xxhash.Digest
	ctx  context.Context
	buf  []byte
	err  error
}

// write adds bytes to the section.
func (s *sectionWriter) write(b []byte) {
	for len(b) > 0 && s.err == nil {
		if s.err = s.ctx.Err(); s.err != nil {
			return
		}
		n := min(len(b), 4<<20)
		s.hash.Write(b[:n])
		_, s.err = s.w.Write(b[:n])
		s.at += uint64(n)
		b = b[n:]
	}
}

// uint32 adds a number to the section.
func (s *sectionWriter) uint32(v uint32) {
	s.buf = binary.LittleEndian.AppendUint32(s.buf, v)
	if len(s.buf) >= 64<<10 {
		s.flush()
	}
}

// bytes adds a few bytes to the section.
func (s *sectionWriter) bytes(b []byte) {
	s.buf = append(s.buf, b...)
	if len(s.buf) >= 64<<10 {
		s.flush()
	}
}

// uint32s adds numbers to the section.
func (s *sectionWriter) uint32s(list []uint32) {
	for _, v := range list {
		s.uint32(v)
	}
}

func (s *sectionWriter) flush() {
	s.write(s.buf)
	s.buf = s.buf[:0]
}

// section writes one section and the gap after it.
func (s *sectionWriter) section(i int, fill func()) {
	s.hash.Reset()
	start := s.at
	fill()
	s.flush()
	s.h.sections[i] = section{offset: start, length: s.at - start, hash: s.hash.Sum64()}
	gap := make([]byte, align(s.at)-s.at)
	if s.err == nil {
		_, s.err = s.w.Write(gap)
	}
	s.at += uint64(len(gap))
}

// writeTo writes room for the header, then the sections, and returns the
// header that belongs there.
func (b *builder) writeTo(ctx context.Context, w io.Writer) (*header, error) {
	c := &b.columns
	s := &sectionWriter{w: bufio.NewWriterSize(w, 1<<20), hash: xxhash.New(), ctx: ctx, at: headerSize}
	if _, err := s.w.Write(make([]byte, headerSize)); err != nil {
		return nil, err
	}
	s.section(secMeta, func() { s.write(b.meta.encode()) })
	var codes []byte
	var targets []uint32
	s.section(secRecords, func() { codes, targets = b.writeRecords(s) })
	s.section(secCodes, func() { s.write(codes) })
	s.section(secIDs, func() {
		for i, id := range c.ids {
			s.uint32(uint32(id))
			s.uint32(b.places[i])
		}
	})
	s.section(secDirectory, func() { s.uint32s(c.directory.starts) })
	s.section(secMapsTo, func() { s.uint32s(targets) })
	s.section(secValueKeys, func() { s.keys(c.ids, &b.values) })
	s.section(secValues, func() {
		for _, t := range b.values.targets {
			s.uint32(b.places[t])
		}
	})
	s.section(secRollupKeys, func() { s.keys(c.ids, &b.rollup) })
	s.section(secRollup, func() {
		for _, t := range b.rollup.targets {
			s.uint32(uint32(c.ids[t]))
		}
	})
	b.writeNames(s)
	if s.err == nil {
		s.err = s.w.Flush()
	}
	h := &s.h
	h.fileSize = s.at
	h.concepts = uint32(len(c.ids))
	h.slots, h.lines, h.reach = b.slots, b.lines, b.reach
	h.shift = c.directory.shift
	h.firstID = c.directory.first
	return h, s.err
}

// writeNames writes the two sections of names.
func (b *builder) writeNames(s *sectionWriter) {
	c := &b.columns
	s.section(secNameOffsets, func() {
		if !b.names {
			return
		}
		// The name of slot i lies between numbers i and i+1, that of a vacant
		// slot is empty.
		at, name := uint32(0), uint32(0)
		for _, i := range b.order {
			for ; at <= b.places[i]; at++ {
				s.uint32(name)
			}
			name += uint32(len(part(c.names, c.nameEnds, i)))
		}
		for ; at <= b.slots; at++ {
			s.uint32(name)
		}
	})
	s.section(secNames, func() {
		if !b.names {
			return
		}
		for _, i := range b.order {
			s.bytes(part(c.names, c.nameEnds, i))
		}
	})
}

// keys writes the concepts of a list with the starts of their targets.
func (s *sectionWriter) keys(ids []int32, c *csr) {
	for i, k := range c.keys {
		s.uint32(uint32(ids[k]))
		s.uint32(c.starts[i])
	}
	s.uint32(math.MaxUint32)
	s.uint32(c.starts[len(c.keys)])
}

// bytes returns the index as bytes.
func (b *builder) bytes(ctx context.Context) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(b.size())
	h, err := b.writeTo(ctx, &out)
	if err != nil {
		return nil, err
	}
	data := out.Bytes()
	copy(data, h.encode())
	return data, nil
}

// size returns about how many bytes the index takes, and not fewer.
func (b *builder) size() int {
	c := &b.columns
	numbers := 2*len(c.ids) + int(b.slots) + len(c.directory.starts) + len(b.mapsTo.targets)
	for _, list := range []*csr{&b.values, &b.rollup} {
		numbers += 2*len(list.starts) + len(list.targets)
	}
	return 64<<10 + recordSize*int(b.slots) + 4*numbers + len(c.codes) + len(c.names)
}

// trimBOM leaves out a byte order mark.
func trimBOM(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF")) }
