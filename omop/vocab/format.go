package vocab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// The layout of an index file, version 1. All numbers are little-endian.
//
//	header    512 bytes: magic, version, counts, section table, hash
//	sections  each at a multiple of 64, in the order of their numbers
//
// The header's own hash is checked whenever a file is opened. It covers the
// hashes of the sections, so that it names the content of the whole file.
const (
	magic         = "\x89CVI\r\n\x1a\n"
	formatVersion = 1
	headerSize    = 512
	sectionAlign  = 64
	recordSize    = 32 // so that no record lies in two cache lines
	inlineCode    = 19 // bytes of a code that its record can hold
	longCode      = 255
	tagged        = 4 // records of a bucket that have a tag there
)

// The sections of an index file.
const (
	secMeta        = iota // release, names of vocabularies, domains, classes; kinds
	secRecords            // n+1 records by hash of vocabulary and code, see record
	secCodes              // the concept codes that are too long for a record
	secBuckets            // for every range of hashes: uint32 first record, 4 tags
	secIDs                // concept id, record; by ascending id
	secDirectory          // for every range of ids its first place in ids
	secMapsTo             // records, by record
	secValueKeys          // concept id, first target; by ascending id
	secValues             // records
	secRollupKeys         // concept id, first ingredient; by ascending id
	secRollup             // concept ids
	secNameOffsets        // n+1 offsets, by record, or nothing
	secNames              // the concept names, or nothing
	sectionCount
)

var sectionNames = [sectionCount]string{
	"meta", "records", "codes", "buckets", "ids", "directory", "maps-to",
	"value-keys", "values", "rollup-keys", "rollup", "name-offsets", "names",
}

// ErrNotIndex says that a file is no vocabulary index at all.
var ErrNotIndex = errors.New("not a vocabulary index")

// ErrVersion says that an index was written in another version of the format:
// it has to be built again.
var ErrVersion = errors.New("index of another format version")

// ErrDamaged says that an index was cut off or changed after it was built.
var ErrDamaged = errors.New("damaged vocabulary index")

// section is one line of the section table.
type section struct {
	offset, length, hash uint64
}

// header is the first block of an index file.
type header struct {
	fileSize uint64
	concepts uint32
	buckets  uint32 // ranges of hashes
	shift    uint32 // ids are put together in ranges of 1<<shift
	firstID  uint32
	sections [sectionCount]section

	sum uint64 // hash of the encoded header
}

// encode returns the header as bytes, with its hash at the end.
func (h *header) encode() []byte {
	b := make([]byte, 0, headerSize)
	le := binary.LittleEndian
	b = append(b, magic...)
	b = le.AppendUint32(b, formatVersion)
	b = le.AppendUint32(b, headerSize)
	b = le.AppendUint64(b, h.fileSize)
	for _, v := range []uint32{h.concepts, h.buckets, h.shift, h.firstID, sectionCount} {
		b = le.AppendUint32(b, v)
	}
	for _, s := range h.sections {
		b = le.AppendUint64(b, s.offset)
		b = le.AppendUint64(b, s.length)
		b = le.AppendUint64(b, s.hash)
	}
	b = b[:headerSize]
	h.sum = xxhash.Sum64(b[:headerSize-8])
	le.PutUint64(b[headerSize-8:], h.sum)
	return b
}

// decodeHeader reads the header at the start of an index of the given size and
// checks everything that can be checked without reading the sections.
func decodeHeader(b []byte, size int) (*header, error) {
	le := binary.LittleEndian
	if len(b) < len(magic)+8 || string(b[:len(magic)]) != magic {
		return nil, ErrNotIndex
	}
	if v := le.Uint32(b[8:]); v != formatVersion {
		return nil, fmt.Errorf("%w: want %d, have %d", ErrVersion, formatVersion, v)
	}
	if len(b) < headerSize {
		return nil, fmt.Errorf("%w: want a header of %d bytes, have %d", ErrDamaged, headerSize, len(b))
	}
	if le.Uint64(b[headerSize-8:]) != xxhash.Sum64(b[:headerSize-8]) {
		return nil, fmt.Errorf("%w: the header does not match its checksum", ErrDamaged)
	}
	h := &header{
		fileSize: le.Uint64(b[16:]),
		concepts: le.Uint32(b[24:]),
		buckets:  le.Uint32(b[28:]),
		shift:    le.Uint32(b[32:]),
		firstID:  le.Uint32(b[36:]),
		sum:      le.Uint64(b[headerSize-8:]),
	}
	if le.Uint32(b[12:]) != headerSize || le.Uint32(b[40:]) != sectionCount {
		return nil, fmt.Errorf("%w: header of another form", ErrDamaged)
	}
	if h.fileSize != uint64(size) {
		return nil, fmt.Errorf("%w: want %d bytes, have %d", ErrDamaged, h.fileSize, size)
	}
	for i := range h.sections {
		p := b[44+24*i:]
		h.sections[i] = section{le.Uint64(p), le.Uint64(p[8:]), le.Uint64(p[16:])}
	}
	return h, h.check()
}

// check compares the sections with the file and with the counts.
func (h *header) check() error {
	at := uint64(headerSize)
	for i, s := range h.sections {
		if s.offset != at || s.length > h.fileSize-at {
			return fmt.Errorf("%w: section %s lies outside the file", ErrDamaged, sectionNames[i])
		}
		at = min(align(at+s.length), h.fileSize)
	}
	if at != h.fileSize {
		return fmt.Errorf("%w: bytes after the last section", ErrDamaged)
	}
	n := uint64(h.concepts)
	size := func(i int) uint64 { return h.sections[i].length }
	names := size(secNameOffsets)
	switch {
	case n == 0 || n > 1<<31-2:
		return fmt.Errorf("%w: no usable number of concepts", ErrDamaged)
	case size(secRecords) != (n+1)*recordSize,
		size(secBuckets) != (uint64(h.buckets)+1)*8 || h.buckets == 0,
		size(secIDs) != n*8,
		size(secDirectory) < 8 || size(secDirectory)%4 != 0 || h.shift > 31,
		size(secMapsTo)%4 != 0,
		size(secValueKeys) < 8 || size(secValueKeys)%8 != 0 || size(secValues)%4 != 0,
		size(secRollupKeys) < 8 || size(secRollupKeys)%8 != 0 || size(secRollup)%4 != 0,
		names != 0 && names != (n+1)*4:
		return fmt.Errorf("%w: a section has not the length that its count asks for", ErrDamaged)
	}
	return nil
}

// align returns the next offset at which a section may start.
func align(n uint64) uint64 { return (n + sectionAlign - 1) &^ (sectionAlign - 1) }

// hashOf spreads a code of a vocabulary over 64 bits.
func hashOf(vocabulary uint32, code string) uint64 {
	h := xxhash.Sum64String(code) ^ (uint64(vocabulary)+1)*0x9e3779b97f4a7c15
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// bucketOf returns the range of a hash, of the given number of ranges.
func bucketOf(h uint64, buckets uint32) uint32 {
	hi, _ := bits.Mul64(h, uint64(buckets))
	return uint32(hi)
}

// tagOf returns the part of a hash that tells the records of a bucket apart
// without a look at them.
func tagOf(h uint64) uint32 { return uint32(h) & 0xff }
