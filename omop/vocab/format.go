package vocab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// The layout of an index file, version 2. All numbers are little-endian.
//
//	header    512 bytes: magic, version, counts, section table, hash
//	sections  each at a multiple of 64, in the order of their numbers
//
// Section records is an open hash table, so that a lookup goes straight to the
// record and mostly touches one cache line. Its slots stand in lines of two, a
// cache line each. The hash of vocabulary and code tells the line; a record is
// in the first slot from there on that no record before it took, in the order
// of lines, then hashes, then of the better concept. All slots from the line of
// a record to the record are taken: a search ends at the first vacant slot, at the first
// record of a later line, or after as many slots as the header says that any
// record needs. The lines
// leave a quarter of the slots vacant. After them come the records that did
// not fit at the end, and those without a code, which nobody looks up. Other
// sections name a concept by the number of its slot.
//
// The header's own hash is checked whenever a file is opened. It covers the
// hashes of the sections, so that it names the content of the whole file.
const (
	magic         = "\x89CVI\r\n\x1a\n"
	formatVersion = 2
	headerSize    = 512
	tableOffset   = 48 // of the section table in the header
	tableEntry    = 24
	sectionAlign  = 64
	recordSize    = 32 // so that no record lies in two cache lines
	lineSlots     = 2  // slots of a cache line
	inlineCode    = 19 // bytes of a code that its record can hold
	longCode      = 31 // stands for the length of a longer one
	lengthBits    = 5
	farLine       = 7              // the highest distance of lines that a record tells
	vacant        = math.MaxUint32 // concept id and kind of a slot without a concept
	maxConcepts   = 1 << 30        // so that the numbers of slots fit
)

// The sections of an index file.
const (
	secMeta        = iota // release, names of vocabularies, domains, classes; kinds
	secRecords            // the slots and a vacant one, see record
	secCodes              // the concept codes that are too long for a record
	secIDs                // concept id, slot; by ascending id
	secDirectory          // for every range of ids its first place in ids
	secMapsTo             // slots of targets, by slot
	secValueKeys          // concept id, first target; by ascending id
	secValues             // slots of targets
	secRollupKeys         // concept id, first ingredient; by ascending id
	secRollup             // concept ids
	secNameOffsets        // an offset for every record, or nothing
	secNames              // the concept names, or nothing
	sectionCount
)

var sectionNames = [sectionCount]string{
	"meta", "records", "codes", "ids", "directory", "maps-to",
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
	slots    uint32 // for concepts
	lines    uint32 // those that hashes are spread over
	reach    uint32 // slots from the start of its line in which every record is
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
	for _, v := range []uint32{h.concepts, h.lines, h.reach, h.shift, h.firstID, sectionCount} {
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
		lines:    le.Uint32(b[28:]),
		reach:    le.Uint32(b[32:]),
		shift:    le.Uint32(b[36:]),
		firstID:  le.Uint32(b[40:]),
		sum:      le.Uint64(b[headerSize-8:]),
	}
	if le.Uint32(b[12:]) != headerSize || le.Uint32(b[44:]) != sectionCount {
		return nil, fmt.Errorf("%w: header of another form", ErrDamaged)
	}
	if h.fileSize != uint64(size) {
		return nil, fmt.Errorf("%w: want %d bytes, have %d", ErrDamaged, h.fileSize, size)
	}
	for i := range h.sections {
		p := b[tableOffset+tableEntry*i:]
		h.sections[i] = section{le.Uint64(p), le.Uint64(p[8:]), le.Uint64(p[16:])}
	}
	h.slots = uint32(min(h.sections[secRecords].length/recordSize, math.MaxUint32))
	h.slots -= min(h.slots, 1) // the last record only ends the one before
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
	n, slots, lines := uint64(h.concepts), uint64(h.slots), uint64(h.lines)
	size := func(i int) uint64 { return h.sections[i].length }
	names := size(secNameOffsets)
	switch {
	case n == 0 || n > maxConcepts || lines == 0 || lines*lineSlots > slots || n > slots || uint64(h.reach) > slots:
		return fmt.Errorf("%w: no usable number of concepts", ErrDamaged)
	case size(secRecords) != (slots+1)*recordSize,
		size(secIDs) != n*8,
		size(secDirectory) < 8 || size(secDirectory)%4 != 0 || h.shift > 31,
		size(secMapsTo)%4 != 0,
		size(secValueKeys) < 8 || size(secValueKeys)%8 != 0 || size(secValues)%4 != 0,
		size(secRollupKeys) < 8 || size(secRollupKeys)%8 != 0 || size(secRollup)%4 != 0,
		names != 0 && names != (slots+1)*4:
		return fmt.Errorf("%w: a section has not the length that its count asks for", ErrDamaged)
	}
	return nil
}

// align returns the next offset at which a section may start.
func align(n uint64) uint64 { return (n + sectionAlign - 1) &^ (sectionAlign - 1) }

// seedOf returns what makes the hashes of a vocabulary differ from others.
func seedOf(vocabulary string) uint64 { return xxhash.Sum64String(vocabulary) * 0x9e3779b97f4a7c15 }

// hashOf spreads a code of a vocabulary over 64 bits.
func hashOf(seed uint64, code string) uint64 {
	h := xxhash.Sum64String(code) ^ seed
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// lineOf returns the line of a hash, of the given number of lines.
func lineOf(h uint64, lines uint32) uint32 {
	hi, _ := bits.Mul64(h, uint64(lines))
	return uint32(hi)
}

// markOf returns the 24 bits of the hash that a record with a long code has:
// they tell most other codes apart without a look at them.
func markOf(h uint64) uint32 { return uint32(h) & 0xffffff }
