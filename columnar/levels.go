package columnar

import (
	"encoding/binary"
	"math/bits"
)

// bitmap is a growing sequence of bits.
type bitmap struct {
	words []uint64
	n     int // bits
	ones  int
}

func (b *bitmap) reset() {
	clear(b.words)
	b.words, b.n, b.ones = b.words[:0], 0, 0
}

// append adds the n lowest bits of v, n <= 64; the bits above are zero.
func (b *bitmap) append(v uint64, n int) {
	if at := uint(b.n) & 63; at == 0 {
		b.words = append(b.words, v)
	} else {
		b.words[len(b.words)-1] |= v << at
		if int(at)+n > 64 {
			b.words = append(b.words, v>>(64-at))
		}
	}
	b.n += n
	b.ones += bits.OnesCount64(v)
}

// appendBytes adds the bits to dst, eight a byte, the first bit lowest.
func (b *bitmap) appendBytes(dst []byte) []byte {
	end := len(dst) + (b.n+7)/8
	for _, w := range b.words {
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	return dst[:end]
}

// minRunBytes is how many equal bytes make a run worth its header.
const minRunBytes = 4

// appendLevels adds definition levels of 0 and 1 in the form of a version 1
// data page: their length in four bytes, then runs (Parquet, Encodings.md,
// "Run Length Encoding / Bit-Packing Hybrid").
func appendLevels(dst []byte, b *bitmap, scratch []byte) (out, used []byte) {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if b.ones == b.n || b.ones == 0 {
		dst = binary.AppendUvarint(dst, uint64(b.n)<<1)
		dst = append(dst, byte(min(b.ones, 1)))
	} else {
		scratch = b.appendBytes(scratch[:0])
		dst = appendBitRuns(dst, scratch, b.n/8)
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst, scratch
}

// appendBitRuns adds packed bits as runs; the first whole bytes of src hold
// eight bits each and may become runs of one value.
func appendBitRuns(dst, src []byte, whole int) []byte {
	literal := 0 // where the bytes not yet written start
	for i := 0; i < len(src); {
		j := i + 1
		if i < whole && (src[i] == 0 || src[i] == 0xff) {
			for j < whole && src[j] == src[i] {
				j++
			}
		}
		if j-i >= minRunBytes {
			dst = appendLiteral(dst, src[literal:i])
			dst = binary.AppendUvarint(dst, uint64(j-i)*8<<1)
			dst = append(dst, src[i]&1)
			literal = j
		}
		i = j
	}
	return appendLiteral(dst, src[literal:])
}

func appendLiteral(dst, packed []byte) []byte {
	if len(packed) == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(len(packed))<<1|1)
	return append(dst, packed...)
}
