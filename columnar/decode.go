package columnar

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/parquet-go/parquet-go/format"
)

var (
	errValues   = errors.New("want more values in a page")
	errEncoding = errors.New("want an encoding that fits the type of the column")
	errIndex    = errors.New("want a value inside the dictionary")
	errDelta    = errors.New("want a valid DELTA_BINARY_PACKED header")
)

// values reads the values of a data page in order. A reader knows one or two
// of the three forms and refuses the others. Nothing is decoded before it is
// asked for, so memory follows the size of dst, never a declared count.
type values interface {
	ints(dst []int64) error
	floats(dst []float64) error
	texts(dst []string) error
}

// noValues refuses every form; the readers embed it.
type noValues struct{}

func (noValues) ints([]int64) error     { return errEncoding }
func (noValues) floats([]float64) error { return errEncoding }
func (noValues) texts([]string) error   { return errEncoding }

// plainValues reads the encoding PLAIN.
type plainValues struct {
	b        []byte
	text     string // b as a string, for BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY
	bit      int    // bits of b that are read, for BOOLEAN
	physical format.Type
	length   int
}

func (p *plainValues) take(n int) ([]byte, error) {
	if n > len(p.b) {
		return nil, errValues
	}
	b := p.b[:n]
	p.b = p.b[n:]
	return b, nil
}

func (p *plainValues) ints(dst []int64) error {
	switch p.physical {
	case format.Boolean:
		if p.bit+len(dst) > 8*len(p.b) {
			return errValues
		}
		for i := range dst {
			dst[i] = int64(p.b[p.bit>>3]>>(p.bit&7)) & 1
			p.bit++
		}
		return nil
	case format.Int32:
		b, err := p.take(4 * len(dst))
		if err != nil {
			return err
		}
		for i := range dst {
			dst[i] = int64(int32(binary.LittleEndian.Uint32(b[4*i:])))
		}
		return nil
	case format.Int64:
		b, err := p.take(8 * len(dst))
		if err != nil {
			return err
		}
		for i := range dst {
			dst[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
		}
		return nil
	case format.Int96:
		b, err := p.take(12 * len(dst))
		if err != nil {
			return err
		}
		for i := range dst {
			dst[i] = int96(b[12*i:])
		}
		return nil
	}
	return errEncoding
}

// julianEpoch is the Julian day of 1970-01-01.
const julianEpoch = 2_440_588

// int96 returns the microseconds of a timestamp in the old form: nanoseconds
// of the day, then the Julian day.
func int96(b []byte) int64 {
	nanos := int64(binary.LittleEndian.Uint64(b))
	day := int64(int32(binary.LittleEndian.Uint32(b[8:])))
	return (day-julianEpoch)*microsPerDay + floorDiv(nanos, 1000)
}

func (p *plainValues) floats(dst []float64) error {
	switch p.physical {
	case format.Float:
		b, err := p.take(4 * len(dst))
		if err != nil {
			return err
		}
		for i := range dst {
			dst[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
		}
		return nil
	case format.Double:
		b, err := p.take(8 * len(dst))
		if err != nil {
			return err
		}
		for i := range dst {
			dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		}
		return nil
	}
	return errEncoding
}

func (p *plainValues) texts(dst []string) error {
	for i := range dst {
		n := p.length
		switch p.physical {
		case format.FixedLenByteArray:
		case format.ByteArray:
			b, err := p.take(4)
			if err != nil {
				return err
			}
			u := binary.LittleEndian.Uint32(b)
			if u > maxText {
				return errValues
			}
			n = int(u)
		default:
			return errEncoding
		}
		start := len(p.text) - len(p.b)
		if _, err := p.take(n); err != nil {
			return err
		}
		dst[i] = p.text[start : start+n]
	}
	return nil
}

// splitValues reads the encoding BYTE_STREAM_SPLIT: the first bytes of all
// values, then all second bytes, and so on.
type splitValues struct {
	noValues
	b        []byte
	at       int
	physical format.Type
}

func (s *splitValues) next(dst []byte, width int) error {
	n := len(s.b) / width
	if s.at >= n {
		return errValues
	}
	for k := range width {
		dst[k] = s.b[k*n+s.at]
	}
	s.at++
	return nil
}

func (s *splitValues) ints(dst []int64) error {
	var b [8]byte
	for i := range dst {
		switch s.physical {
		case format.Int32:
			if err := s.next(b[:], 4); err != nil {
				return err
			}
			dst[i] = int64(int32(binary.LittleEndian.Uint32(b[:])))
		case format.Int64:
			if err := s.next(b[:], 8); err != nil {
				return err
			}
			dst[i] = int64(binary.LittleEndian.Uint64(b[:]))
		default:
			return errEncoding
		}
	}
	return nil
}

func (s *splitValues) floats(dst []float64) error {
	var b [8]byte
	for i := range dst {
		switch s.physical {
		case format.Float:
			if err := s.next(b[:], 4); err != nil {
				return err
			}
			dst[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[:])))
		case format.Double:
			if err := s.next(b[:], 8); err != nil {
				return err
			}
			dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[:]))
		default:
			return errEncoding
		}
	}
	return nil
}

// dictionary holds the values of a dictionary page in the form that its column
// reads.
type dictionary struct {
	ints   []int64
	floats []float64
	texts  []string
}

// dictValues reads the encodings RLE_DICTIONARY and PLAIN_DICTIONARY.
type dictValues struct {
	dict    *dictionary
	indices runs
	scratch []int32
}

func (d *dictValues) next(n int) ([]int32, error) {
	if cap(d.scratch) < n {
		d.scratch = make([]int32, n)
	}
	return d.scratch[:n], d.indices.next(d.scratch[:n])
}

func (d *dictValues) ints(dst []int64) error { return pick(d, d.dict.ints, dst) }

func (d *dictValues) floats(dst []float64) error { return pick(d, d.dict.floats, dst) }

func (d *dictValues) texts(dst []string) error { return pick(d, d.dict.texts, dst) }

func pick[V any](d *dictValues, from, dst []V) error {
	indices, err := d.next(len(dst))
	if err != nil {
		return err
	}
	for i, x := range indices {
		if uint32(x) >= uint32(len(from)) {
			return errIndex
		}
		dst[i] = from[x]
	}
	return nil
}

// runValues reads booleans in the encoding RLE.
type runValues struct {
	noValues
	runs    runs
	scratch []int32
}

func (r *runValues) ints(dst []int64) error {
	if cap(r.scratch) < len(dst) {
		r.scratch = make([]int32, len(dst))
	}
	s := r.scratch[:len(dst)]
	if err := r.runs.next(s); err != nil {
		return err
	}
	for i, x := range s {
		dst[i] = int64(x)
	}
	return nil
}

// runs reads numbers of a fixed width in the hybrid of runs and packed bits
// (Parquet, Encodings.md).
type runs struct {
	b     []byte // what follows the current run
	width int
	same  int    // values left of a run of one value
	value int32  // that value
	bits  []byte // a packed run
	bit   int    // bits of it that are read
	left  int    // values left of it
}

func (r *runs) next(dst []int32) error {
	for len(dst) > 0 {
		switch {
		case r.same > 0:
			n := min(r.same, len(dst))
			for i := range dst[:n] {
				dst[i] = r.value
			}
			r.same -= n
			dst = dst[n:]
		case r.left > 0:
			n := min(r.left, len(dst))
			for i := range dst[:n] {
				dst[i] = int32(uint32(packedBits(r.bits, r.bit, r.width)))
				r.bit += r.width
			}
			r.left -= n
			dst = dst[n:]
		default:
			if err := r.open(); err != nil {
				return err
			}
		}
	}
	return nil
}

// open starts the next run.
func (r *runs) open() error {
	head, n := binary.Uvarint(r.b)
	if n <= 0 || head > math.MaxUint32 {
		return errValues
	}
	r.b = r.b[n:]
	if head&1 == 0 {
		size := (r.width + 7) / 8
		if size > len(r.b) {
			return errValues
		}
		var v uint32
		for i := range size {
			v |= uint32(r.b[i]) << (8 * i)
		}
		r.b = r.b[size:]
		r.same, r.value = int(head>>1), int32(v)
		return nil
	}
	groups := int(head >> 1)
	r.left, r.bit = 8*groups, 0
	size := groups * r.width
	if size > len(r.b) {
		// Some writers leave out the unused end of the last run.
		size = len(r.b)
		if r.width > 0 {
			r.left = 8 * size / r.width
		}
	}
	r.bits, r.b = r.b[:size], r.b[size:]
	return nil
}

// packedBits returns the width bits of b that start at bit; bits past the end
// are zero.
func packedBits(b []byte, bit, width int) uint64 {
	at, shift := bit>>3, uint(bit&7)
	var low uint64
	if at+8 <= len(b) {
		low = binary.LittleEndian.Uint64(b[at:])
	} else {
		for i := at; i < len(b); i++ {
			low |= uint64(b[i]) << (8 * uint(i-at))
		}
	}
	v := low >> shift
	if int(shift)+width > 64 && at+8 < len(b) {
		v |= uint64(b[at+8]) << (64 - shift)
	}
	if width < 64 {
		v &= 1<<uint(width) - 1
	}
	return v
}
