package extract

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

func appendInt(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

// hashOf returns a hash of 64 bits of the values of some columns, by their text, so that
// a number and a text of the same digits are equal. It is not ok if one is NULL.
func hashOf(columns []int, at func(i int) *value) (h uint64, ok bool) {
	var scratch [64]byte
	h = 0x9E3779B97F4A7C15
	for _, i := range columns {
		v := at(i)
		b := v.b
		switch v.kind {
		case null:
			return 0, false
		case whole, truth:
			b = v.plain(scratch[:0])
		case list, raw:
			b = v.json(nil)
		}
		h = hashBytes(h, b)
	}
	return max(h, 1), true
}

// hashBytes mixes the bytes into h, eight at a time, by multiplication with 128 bits.
func hashBytes(h uint64, b []byte) uint64 {
	const k1, k2 = 0xA0761D6478BD642F, 0xE7037ED1A0B428DB
	h ^= uint64(len(b)) * k1
	for len(b) >= 8 {
		h = mix(h^binary.LittleEndian.Uint64(b), k1)
		b = b[8:]
	}
	var last [8]byte
	copy(last[:], b)
	return mix(h^binary.LittleEndian.Uint64(last[:]), k2)
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
