package dicommeta

import (
	"encoding/binary"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

const (
	tagItem        dict.Tag = 0xFFFEE000
	tagItemEnd     dict.Tag = 0xFFFEE00D
	tagSequenceEnd dict.Tag = 0xFFFEE0DD
	tagPixels      dict.Tag = 0x7FE00001 // Extended Offset Table, the first of the pixel data's elements
	tagMetaLength  dict.Tag = 0x00020000
	metaGroup               = 0x0002
	delimiterGroup          = 0xFFFE

	preambleLen    = 128
	prefixLen      = 4
	headLen        = 8 // bytes of tag, VR and length
	headMax        = 12
	detectLen      = 4 << 10 // bytes that tell an encoding
	detectElements = 8       // elements that do

	vrKnown, vrLong uint8 = 1, 2
)

// The second letters of the standard's VRs by their first, a bit each, and of those with
// a length of 32 bits (PS3.5 §7.1.2).
var (
	vrLetters = [32]uint32{
		'A' - '@': 1<<('E'-'@') | 1<<('S'-'@') | 1<<('T'-'@'),
		'C' - '@': 1 << ('S' - '@'),
		'D' - '@': 1<<('A'-'@') | 1<<('S'-'@') | 1<<('T'-'@'),
		'F' - '@': 1<<('D'-'@') | 1<<('L'-'@'),
		'I' - '@': 1 << ('S' - '@'),
		'L' - '@': 1<<('O'-'@') | 1<<('T'-'@'),
		'O' - '@': 1<<('B'-'@') | 1<<('D'-'@') | 1<<('F'-'@') | 1<<('L'-'@') | 1<<('V'-'@') | 1<<('W'-'@'),
		'P' - '@': 1 << ('N' - '@'),
		'S' - '@': 1<<('H'-'@') | 1<<('L'-'@') | 1<<('Q'-'@') | 1<<('S'-'@') | 1<<('T'-'@') | 1<<('V'-'@'),
		'T' - '@': 1 << ('M' - '@'),
		'U' - '@': 1<<('C'-'@') | 1<<('I'-'@') | 1<<('L'-'@') | 1<<('N'-'@') | 1<<('R'-'@') | 1<<('S'-'@') | 1<<('T'-'@') | 1<<('V'-'@'),
	}
	vrLongLetters = [32]uint32{
		'O' - '@': 1<<('B'-'@') | 1<<('D'-'@') | 1<<('F'-'@') | 1<<('L'-'@') | 1<<('V'-'@') | 1<<('W'-'@'),
		'S' - '@': 1<<('Q'-'@') | 1<<('V'-'@'),
		'U' - '@': 1<<('C'-'@') | 1<<('N'-'@') | 1<<('R'-'@') | 1<<('T'-'@') | 1<<('V'-'@'),
	}
)

// vrKind returns vrKnown and vrLong as they apply, 0 if the standard has no such VR.
func vrKind(v dict.VR) uint8 {
	if v&0xE0E0 != 0x4040 { // two bytes from @ to _
		return 0
	}
	first, second := v>>8&0x1F, v&0x1F
	return uint8(vrLetters[first]>>second&1) | uint8(vrLongLetters[first]>>second&1)<<1
}

// capitals reports whether v is two capital letters.
func capitals(v dict.VR) bool {
	return v>>8 >= 'A' && v>>8 <= 'Z' && v&0xFF >= 'A' && v&0xFF <= 'Z'
}

// header is the head of an element: tag, VR and length.
type header struct {
	tag    dict.Tag
	vr     dict.VR // as written, 0 for none
	length uint32
	len    uint8 // 8 or 12
}

func tagAt(b []byte, big bool) dict.Tag {
	if big {
		return dict.NewTag(binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]))
	}
	return dict.NewTag(binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]))
}

func uint16At(b []byte, big bool) uint16 {
	if big {
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}

func uint32At(b []byte, big bool) uint32 {
	if big {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

// headerAt decodes the head at the begin of b; ok is false if b is too short or,
// in explicit VR, has no VR of the standard.
func headerAt(b []byte, enc Encoding) (h header, ok bool) {
	if len(b) < headLen {
		return h, false
	}
	h.tag, h.len = tagAt(b, enc.BigEndian), headLen
	if enc.Implicit || h.tag.Group() == delimiterGroup {
		h.length = uint32At(b[4:], enc.BigEndian)
		return h, true
	}
	h.vr = dict.VR(b[4])<<8 | dict.VR(b[5])
	switch vrKind(h.vr) {
	case vrKnown:
		h.length = uint32(uint16At(b[6:], enc.BigEndian))
		return h, true
	case vrKnown | vrLong:
		if len(b) < headMax {
			return h, false
		}
		h.length, h.len = uint32At(b[8:], enc.BigEndian), headMax
		return h, true
	}
	return h, false
}

// walk follows the elements in b, left of whose bytes are in the source, and returns how
// many there are; clean is whether nothing but the end of b or what cannot be
// told without looking into a sequence ended the walk.
func walk(b []byte, left int64, enc Encoding) (n int, clean bool) {
	last := dict.Tag(0)
	for n < detectElements {
		if len(b) == 0 {
			return n, n > 0
		}
		h, ok := headerAt(b, enc)
		if !ok {
			return n, n > 0 && len(b) < headMax && left > int64(len(b))
		}
		if n > 0 && h.tag <= last || h.tag.Group() == delimiterGroup || h.tag.Group() == 0xFFFF {
			return n, n > 0 && h.tag.Group() == delimiterGroup
		}
		if enc.Implicit && !plausibleImplicit(h) {
			return n, false
		}
		if h.length == Undefined || h.vr == dict.SQ {
			return n + 1, h.length == Undefined || int64(h.length) <= left-int64(h.len)
		}
		size := int64(h.len) + int64(h.length)
		if size > left {
			return n, false
		}
		n, last = n+1, h.tag
		if size >= int64(len(b)) {
			return n, true
		}
		b, left = b[size:], left-size
	}
	return n, true
}

// plausibleImplicit reports whether the head can be one of implicit VR: an even group has to
// be one of the dictionary.
func plausibleImplicit(h header) bool {
	return h.tag.IsPrivate() || h.tag.IsGroupLength() || dict.Find(h.tag) != nil
}

// detect returns the encoding of the data set that b begins, of which left bytes are in the source:
// the one that the meta information states if b can be so, else what b looks
// like. ok is false if it looks like none.
func detect(b []byte, left int64, stated Encoding) (enc Encoding, ok bool) {
	stated.Deflated = false
	best, most := stated, 0
	for _, enc := range []Encoding{{}, {BigEndian: true}, stated, {Implicit: true}, {Implicit: true, BigEndian: true}} {
		n, clean := walk(b, left, enc)
		if n == 0 {
			continue
		}
		h, _ := headerAt(b, enc)
		if !plausibleImplicit(h) {
			clean = clean && n > 1
		}
		if clean && enc == stated && n == detectElements {
			return enc, true
		}
		score := n
		if clean {
			score += detectElements
		}
		if enc == stated {
			score++
		}
		if !enc.Implicit {
			score += 2 // two letters that are a VR are seldom a length
		}
		if score > most {
			best, most = enc, score
		}
	}
	return best, most > 0
}

// isDataset reports whether b, of which left bytes are in the source, begins with elements
// though neither preamble nor meta information say so.
func isDataset(b []byte, left int64) (Encoding, bool) {
	enc, ok := detect(b, left, Encoding{Implicit: true})
	if !ok {
		return enc, false
	}
	h, _ := headerAt(b, enc)
	n, clean := walk(b, left, enc)
	if h.tag.Group() > 0x10 || h.tag == 0 && h.length == 0 || h.length > 1<<16 || !plausibleImplicit(h) {
		return enc, false
	}
	return enc, clean || n >= 3
}

// Sniff reports whether a file that begins with head is DICOM. Of head the first 32 KB matter, and
// 4 KB tell nearly always.
func Sniff(head []byte) bool {
	head = head[:min(len(head), firstRead)]
	left := int64(len(head))
	if len(head) == firstRead {
		left = unknown
	}
	_, ok := findBegin(head, left)
	return ok
}

// begin is where the elements of a source begin, and what precedes them.
type begin struct {
	pos      int64
	preamble bool // 128 bytes and DICM
	prefix   bool // DICM
	meta     bool // meta information follows
	bare     Encoding
}

// findBegin looks for the first element in head, the begin of a source of size bytes.
func findBegin(head []byte, size int64) (begin, bool) {
	if len(head) >= preambleLen+prefixLen && string(head[preambleLen:preambleLen+prefixLen]) == "DICM" {
		at := preambleLen + prefixLen
		b := begin{pos: int64(at), preamble: true, prefix: true}
		if len(head) < at+headLen {
			b.meta = true
			return b, true // cut short
		}
		if b.meta = isMeta(head[at:]); b.meta {
			return b, true
		}
		_, ok := detect(clip(head[at:]), size-int64(at), Encoding{})
		return b, ok
	}
	if len(head) >= prefixLen && string(head[:prefixLen]) == "DICM" {
		b := begin{pos: prefixLen, prefix: true, meta: isMeta(head[prefixLen:])}
		return b, b.meta
	}
	if isMeta(head) {
		return begin{meta: true}, true
	}
	if len(head) > preambleLen+prefixLen && isMeta(head[preambleLen+prefixLen:]) {
		return begin{pos: preambleLen + prefixLen, meta: true}, true
	}
	enc, ok := isDataset(clip(head), size)
	return begin{bare: enc}, ok
}

func clip(b []byte) []byte { return b[:min(len(b), detectLen)] }

// isMeta reports whether b begins with an element of group 0002.
func isMeta(b []byte) bool {
	if len(b) < 4 || tagAt(b, false).Group() != metaGroup || tagAt(b, false) > 0x00020102 {
		return false
	}
	if len(b) < headLen {
		return true
	}
	if h, ok := headerAt(b, Encoding{}); ok {
		return h.length < 1<<20
	}
	h, _ := headerAt(b, Encoding{Implicit: true})
	return dict.Find(h.tag) != nil && h.length < 1<<16
}
