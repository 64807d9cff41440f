package columnar

import (
	"encoding/binary"
	"errors"
)

// The element types of Thrift's compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// maxNesting bounds the depth of structures in a description; the deepest that
// Parquet defines has nine levels.
const maxNesting = 32

var (
	errShort  = errors.New("want more bytes")
	errThrift = errors.New("want a description in Thrift's compact protocol")
)

// thriftReader reads Thrift's compact protocol from untrusted bytes: what it
// allocates follows the bytes that are there, never a declared length. The
// first error stays, and every later read gives zero.
type thriftReader struct {
	b     []byte
	pos   int
	depth int
	err   error
}

func (r *thriftReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *thriftReader) byte() byte {
	if r.err != nil {
		return 0
	}
	if r.pos >= len(r.b) {
		r.fail(errShort)
		return 0
	}
	r.pos++
	return r.b[r.pos-1]
}

func (r *thriftReader) uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.b[r.pos:])
	switch {
	case n == 0:
		r.fail(errShort)
	case n < 0:
		r.fail(errThrift)
	default:
		r.pos += n
	}
	return v
}

func (r *thriftReader) int() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *thriftReader) int32() int32 {
	v := r.int()
	if v != int64(int32(v)) {
		r.fail(errThrift)
	}
	return int32(v)
}

// binary returns bytes that alias the input.
func (r *thriftReader) binary() []byte {
	n := r.uvarint()
	if r.err != nil {
		return nil
	}
	if n > uint64(len(r.b)-r.pos) {
		r.fail(errShort)
		return nil
	}
	r.pos += int(n)
	return r.b[r.pos-int(n) : r.pos]
}

func (r *thriftReader) string() string { return string(r.binary()) }

// enter counts a level of nesting and says whether to go on.
func (r *thriftReader) enter() bool {
	if r.depth++; r.depth > maxNesting {
		r.fail(errThrift)
	}
	return r.err == nil
}

// structure calls f for every field, which reads the value or skips it.
func (r *thriftReader) structure(f func(id int, t byte)) {
	defer func() { r.depth-- }()
	if !r.enter() {
		return
	}
	id := 0
	for {
		head := r.byte()
		if r.err != nil || head == 0 {
			return
		}
		if step := int(head >> 4); step != 0 {
			id += step
		} else {
			id = int(r.int())
		}
		f(id, head&15)
		if r.err != nil {
			return
		}
	}
}

// list calls f for every element, which reads the value or skips it.
func (r *thriftReader) list(f func(t byte)) {
	defer func() { r.depth-- }()
	if !r.enter() {
		return
	}
	head := r.byte()
	n := uint64(head >> 4)
	if n == 15 {
		n = r.uvarint()
	}
	if n > uint64(len(r.b)-r.pos) { // every element takes a byte at least
		r.fail(errShort)
	}
	for ; n > 0 && r.err == nil; n-- {
		f(head & 15)
	}
}

// skip passes over the value of a field.
func (r *thriftReader) skip(t byte) {
	switch t {
	case thriftTrue, thriftFalse:
	case thriftByte:
		r.byte()
	case thriftI16, thriftI32, thriftI64:
		r.uvarint()
	case thriftDouble:
		if len(r.b)-r.pos < 8 {
			r.fail(errShort)
			return
		}
		r.pos += 8
	case thriftBinary:
		r.binary()
	case thriftList, thriftSet:
		r.list(r.skipElement)
	case thriftMap:
		r.skipMap()
	case thriftStruct:
		r.structure(func(_ int, t byte) { r.skip(t) })
	default:
		r.fail(errThrift)
	}
}

// skipElement passes over an element of a list, where a bool takes a byte.
func (r *thriftReader) skipElement(t byte) {
	if t == thriftTrue || t == thriftFalse {
		r.byte()
		return
	}
	r.skip(t)
}

func (r *thriftReader) skipMap() {
	defer func() { r.depth-- }()
	if !r.enter() {
		return
	}
	n := r.uvarint()
	if n == 0 {
		return
	}
	types := r.byte()
	if n > uint64(len(r.b)-r.pos) {
		r.fail(errShort)
	}
	for ; n > 0 && r.err == nil; n-- {
		r.skipElement(types >> 4)
		r.skipElement(types & 15)
	}
}
