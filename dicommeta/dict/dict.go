package dict

import (
	"fmt"
	"strconv"
)

// Tag names a data element: its group in the upper 16 bits, its element number
// in the lower ones (PS3.5 §7.1).
type Tag uint32

// NewTag returns the tag (group,element).
func NewTag(group, element uint16) Tag { return Tag(group)<<16 | Tag(element) }

// Group returns the group number.
func (t Tag) Group() uint16 { return uint16(t >> 16) }

// Element returns the element number.
func (t Tag) Element() uint16 { return uint16(t) }

// IsPrivate reports whether the group is odd, and so left to manufacturers
// (PS3.5 §7.8).
func (t Tag) IsPrivate() bool { return t>>16&1 == 1 }

// IsPrivateCreator reports whether the element reserves a block of private
// elements: (gggg,0010-00FF) with gggg odd.
func (t Tag) IsPrivateCreator() bool { return t.IsPrivate() && t&0xffff >= 0x10 && t&0xffff <= 0xff }

// IsGroupLength reports whether the element is (gggg,0000).
func (t Tag) IsGroupLength() bool { return t&0xffff == 0 }

// String returns the tag as the standard writes it: (0010,0020).
func (t Tag) String() string { return fmt.Sprintf("(%04X,%04X)", t.Group(), t.Element()) }

// Hex returns the tag as DICOM JSON writes it: 00100020 (PS3.18 F.2.2).
func (t Tag) Hex() string { return fmt.Sprintf("%08X", uint32(t)) }

// Keyword returns the keyword of a standard tag, "" of any other.
func (t Tag) Keyword() string {
	if e := Find(t); e != nil {
		return e.Keyword
	}
	return ""
}

// ParseTag reads a tag written as 00100020, 0010,0020, (0010,0020) or as a
// keyword of the standard.
func ParseTag(s string) (Tag, error) {
	if t, ok := ByKeyword(s); ok {
		return t, nil
	}
	hex := s
	if len(s) == 11 && s[0] == '(' && s[10] == ')' {
		hex = s[1:10]
	}
	if len(hex) == 9 && hex[4] == ',' {
		hex = hex[:4] + hex[5:]
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if len(hex) != 8 || err != nil {
		return 0, fmt.Errorf("dict: want a tag such as 00100020 or PatientID")
	}
	return Tag(n), nil
}

// VR is a value representation: its two letters, the first in the upper byte
// (PS3.5 §6.2). The zero VR is none.
type VR uint16

// The value representations of the standard.
const (
	AE VR = 'A'<<8 | 'E'
	AS VR = 'A'<<8 | 'S'
	AT VR = 'A'<<8 | 'T'
	CS VR = 'C'<<8 | 'S'
	DA VR = 'D'<<8 | 'A'
	DS VR = 'D'<<8 | 'S'
	DT VR = 'D'<<8 | 'T'
	FD VR = 'F'<<8 | 'D'
	FL VR = 'F'<<8 | 'L'
	IS VR = 'I'<<8 | 'S'
	LO VR = 'L'<<8 | 'O'
	LT VR = 'L'<<8 | 'T'
	OB VR = 'O'<<8 | 'B'
	OD VR = 'O'<<8 | 'D'
	OF VR = 'O'<<8 | 'F'
	OL VR = 'O'<<8 | 'L'
	OV VR = 'O'<<8 | 'V'
	OW VR = 'O'<<8 | 'W'
	PN VR = 'P'<<8 | 'N'
	SH VR = 'S'<<8 | 'H'
	SL VR = 'S'<<8 | 'L'
	SQ VR = 'S'<<8 | 'Q'
	SS VR = 'S'<<8 | 'S'
	ST VR = 'S'<<8 | 'T'
	SV VR = 'S'<<8 | 'V'
	TM VR = 'T'<<8 | 'M'
	UC VR = 'U'<<8 | 'C'
	UI VR = 'U'<<8 | 'I'
	UL VR = 'U'<<8 | 'L'
	UN VR = 'U'<<8 | 'N'
	UR VR = 'U'<<8 | 'R'
	US VR = 'U'<<8 | 'S'
	UT VR = 'U'<<8 | 'T'
	UV VR = 'U'<<8 | 'V'
)

// ParseVR returns the VR of two letters; ok is false where the standard has no
// such VR.
func ParseVR(s string) (v VR, ok bool) {
	if len(s) != 2 {
		return 0, false
	}
	v = VR(s[0])<<8 | VR(s[1])
	return v, v.Known()
}

// String returns the two letters, "" for the zero VR.
func (v VR) String() string {
	if v == 0 {
		return ""
	}
	return string([]byte{byte(v >> 8), byte(v)})
}

// Known reports whether the standard has the VR.
func (v VR) Known() bool {
	switch v {
	case AE, AS, AT, CS, DA, DS, DT, FD, FL, IS, LO, LT, OB, OD, OF, OL, OV, OW, PN, SH, SL, SQ, SS, ST, SV, TM, UC, UI, UL, UN, UR, US, UT, UV:
		return true
	}
	return false
}

// LongLength reports whether the VR has two reserved bytes and a 32-bit length
// in explicit VR (PS3.5 §7.1.2, table 7.1-1).
func (v VR) LongLength() bool {
	switch v {
	case OB, OD, OF, OL, OV, OW, SQ, SV, UC, UN, UR, UT, UV:
		return true
	}
	return false
}

// IsText reports whether values are characters rather than binary.
func (v VR) IsText() bool {
	switch v {
	case AE, AS, CS, DA, DS, DT, IS, LO, LT, PN, SH, ST, TM, UC, UI, UR, UT:
		return true
	}
	return false
}

// HasCharset reports whether values obey Specific Character Set (PS3.5 §6.1.2.2).
func (v VR) HasCharset() bool {
	switch v {
	case LO, LT, PN, SH, ST, UC, UT:
		return true
	}
	return false
}

// Multiple reports whether a backslash divides values of a text VR.
func (v VR) Multiple() bool {
	switch v {
	case LT, ST, UR, UT:
		return false
	}
	return v.IsText()
}

// Size returns the bytes of one number of a binary VR: 2 for US and OW, 4 for
// UL and AT, and so on; 1 for OB and UN, 0 for text and SQ.
func (v VR) Size() int {
	switch v {
	case OB, UN:
		return 1
	case US, SS, OW:
		return 2
	case UL, SL, FL, AT, OL, OF:
		return 4
	case FD, OD, SV, UV, OV:
		return 8
	}
	return 0
}

// Entry is a line of the data dictionary (PS3.6 chapters 6 to 9).
type Entry struct {
	Tag     Tag   // of a repeating group its first tag
	Mask    Tag   // the bits of Tag that count; all, but for repeating groups
	VRs     [3]VR // one, or those that the dataset chooses from, such as US and SS; then zeros
	Retired bool
	VM      string // such as "1", "1-n" or "3-3n"
	Keyword string // "" where the standard took it back
	Name    string
}

// VR returns the VR, where several are possible the first.
func (e *Entry) VR() VR { return e.VRs[0] }
