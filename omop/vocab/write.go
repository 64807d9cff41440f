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
	s.section(secRecords, func() { b.writeRecords(s) })
	s.section(secCodes, func() { s.write(c.codes) })
	s.section(secHash, func() {
		for _, slot := range b.slots {
			s.uint32(uint32(slot))
			s.uint32(uint32(slot >> 32))
		}
	})
	s.section(secDirectory, func() { s.uint32s(c.directory.starts) })
	s.section(secMapsTo, func() { s.uint32s(b.mapsTo.targets) })
	s.section(secValueKeys, func() { s.keys(&b.values) })
	s.section(secValues, func() { s.uint32s(b.values.targets) })
	s.section(secRollupKeys, func() { s.keys(&b.rollup) })
	s.section(secRollup, func() { s.uint32s(b.rollup.targets) })
	s.section(secNameOffsets, func() {
		if b.names {
			s.uint32(0)
			s.uint32s(c.nameEnds)
		}
	})
	s.section(secNames, func() { s.write(c.names) })
	if s.err == nil {
		s.err = s.w.Flush()
	}
	h := &s.h
	h.fileSize = s.at
	h.concepts = uint32(len(c.ids))
	h.slots = uint32(len(b.slots))
	h.probes = b.probes
	h.shift = c.directory.shift
	h.firstID = c.directory.first
	return h, s.err
}

// writeRecords writes one record a concept and one that ends the last.
func (b *builder) writeRecords(s *sectionWriter) {
	c := &b.columns
	code, next := uint32(0), 0
	for i, id := range c.ids {
		s.uint32(uint32(id))
		s.uint32(code)
		s.uint32(b.mapsTo.starts[next])
		s.uint32(c.kinds[i])
		code = c.codeEnds[i]
		if next < len(b.mapsTo.keys) && b.mapsTo.keys[next] == uint32(i) {
			next++
		}
	}
	s.uint32(math.MaxUint32)
	s.uint32(code)
	s.uint32(b.mapsTo.starts[next])
	s.uint32(math.MaxUint32)
}

// keys writes the keys of a list with the starts of their targets.
func (s *sectionWriter) keys(c *csr) {
	for i, k := range c.keys {
		s.uint32(k)
		s.uint32(c.starts[i])
	}
	s.uint32(math.MaxUint32)
	s.uint32(c.starts[len(c.keys)])
}

// bytes returns the index as bytes.
func (b *builder) bytes(ctx context.Context) ([]byte, error) {
	var out bytes.Buffer
	h, err := b.writeTo(ctx, &out)
	if err != nil {
		return nil, err
	}
	data := out.Bytes()
	copy(data, h.encode())
	return data, nil
}

// trimBOM leaves out a byte order mark.
func trimBOM(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF")) }
