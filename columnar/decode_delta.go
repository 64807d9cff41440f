package columnar

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/parquet-go/parquet-go/format"
)

// The bounds of a block of differences; parquet-format asks for multiples of
// 128 and 32, and writers use 128 to 2048.
const (
	maxDeltaBlock = 64 << 10
	maxDeltaBytes = 256 << 20
)

// deltaValues reads the encoding DELTA_BINARY_PACKED.
type deltaValues struct {
	noValues
	b       []byte // what follows the current block's widths, or block
	perMini int
	minis   int
	left    int // values not yet read
	last    int64
	first   bool // the first value is still to be read
	least   int64
	widths  []byte // of the miniblocks of the block that are to come
	bits    []byte // the current miniblock
	width   int
	at      int // values of it that are read
	narrow  bool
}

func newDelta(b []byte, physical format.Type) (*deltaValues, error) {
	d := &deltaValues{first: true, narrow: physical == format.Int32}
	var head [3]uint64
	for i := range head {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errDelta
		}
		head[i], b = v, b[n:]
	}
	first, n := binary.Varint(b)
	block, minis, total := head[0], head[1], head[2]
	if n <= 0 || block == 0 || block > maxDeltaBlock || minis == 0 || minis > block || block%(8*minis) != 0 || total > math.MaxInt32 {
		return nil, errDelta
	}
	d.b, d.last, d.left = b[n:], first, int(total)
	d.minis, d.perMini = int(minis), int(block/minis)
	d.at = d.perMini
	return d, nil
}

func (d *deltaValues) ints(dst []int64) error {
	if len(dst) > d.left {
		return errValues
	}
	d.left -= len(dst)
	for i := range dst {
		if d.first {
			d.first = false
		} else {
			if d.at == d.perMini {
				if err := d.open(); err != nil {
					return err
				}
			}
			d.last += d.least + int64(packedBits(d.bits, d.at*d.width, d.width))
			d.at++
		}
		if d.narrow {
			d.last = int64(int32(d.last))
		}
		dst[i] = d.last
	}
	return nil
}

// open starts the next miniblock.
func (d *deltaValues) open() error {
	if len(d.widths) == 0 {
		least, n := binary.Varint(d.b)
		if n <= 0 || len(d.b)-n < d.minis {
			return errValues
		}
		d.least = least
		d.widths, d.b = d.b[n:n+d.minis], d.b[n+d.minis:]
	}
	d.width, d.widths, d.at = int(d.widths[0]), d.widths[1:], 0
	if d.width > 64 {
		return errDelta
	}
	size := d.perMini / 8 * d.width
	if size > len(d.b) {
		return errValues
	}
	d.bits, d.b = d.b[:size], d.b[size:]
	return nil
}

// end returns what follows the last value. It reads on a copy, block by block.
func (d deltaValues) end() ([]byte, error) {
	for left := d.left - 1; left > 0; left -= d.perMini {
		if err := d.open(); err != nil {
			return nil, err
		}
	}
	return d.b, nil
}

// lengthValues reads the encoding DELTA_LENGTH_BYTE_ARRAY: all lengths, then
// all texts.
type lengthValues struct {
	noValues
	lengths *deltaValues
	text    string
	scratch []int64
}

func newLengths(b []byte) (*lengthValues, error) {
	lengths, err := newDelta(b, format.Int32)
	if err != nil {
		return nil, err
	}
	rest, err := lengths.end()
	if err != nil {
		return nil, err
	}
	return &lengthValues{lengths: lengths, text: string(rest)}, nil
}

func (l *lengthValues) texts(dst []string) error {
	if cap(l.scratch) < len(dst) {
		l.scratch = make([]int64, len(dst))
	}
	s := l.scratch[:len(dst)]
	if err := l.lengths.ints(s); err != nil {
		return err
	}
	for i, n := range s {
		if n < 0 || n > int64(len(l.text)) {
			return errValues
		}
		dst[i], l.text = l.text[:n], l.text[n:]
	}
	return nil
}

// prefixValues reads the encoding DELTA_BYTE_ARRAY: how much of the text
// before is kept, and what follows it.
type prefixValues struct {
	noValues
	kept     *deltaValues
	suffixes *lengthValues
	last     string
	total    int
}

func newPrefixes(b []byte) (*prefixValues, error) {
	kept, err := newDelta(b, format.Int32)
	if err != nil {
		return nil, err
	}
	rest, err := kept.end()
	if err != nil {
		return nil, err
	}
	suffixes, err := newLengths(rest)
	if err != nil {
		return nil, err
	}
	return &prefixValues{kept: kept, suffixes: suffixes}, nil
}

func (p *prefixValues) texts(dst []string) error {
	if err := p.suffixes.texts(dst); err != nil {
		return err
	}
	var kept [1]int64
	for i := range dst {
		if err := p.kept.ints(kept[:]); err != nil {
			return err
		}
		if kept[0] < 0 || kept[0] > int64(len(p.last)) {
			return errValues
		}
		if kept[0] > 0 {
			if p.total += int(kept[0]); p.total > maxDeltaBytes {
				return errPageSize
			}
			dst[i] = strings.Join([]string{p.last[:kept[0]], dst[i]}, "")
		}
		p.last = dst[i]
	}
	return nil
}
