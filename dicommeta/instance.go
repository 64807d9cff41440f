package dicommeta

import (
	"time"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// Instance is the header of one SOP instance: file meta information and data set,
// up to the pixel data.
type Instance struct {
	// Source is the name of the file, Size its bytes, Modified its time.
	Source   string
	Size     int64
	Modified time.Time
	// Meta is the file meta information (group 0002), empty where there is none.
	Meta Dataset
	Dataset
	// TransferSyntax is the UID that the meta information states, without padding;
	// "" if it states none. Encoding is what the bytes turned out to be.
	TransferSyntax string
	Encoding       Encoding
	// Preamble is whether 128 bytes and DICM come first.
	Preamble bool
	// Stop is the element at which reading stopped, unread: the pixel data or what
	// the options say. Its Tag is 0 if the data set was read to its end.
	Stop Element
	// Partial is whether the source ended, or could no longer be followed, within
	// the data set; Issues say where and why.
	Partial bool
	// Issues are the findings of reading, in the order of the source.
	Issues issue.List
}

// SOPClassUID returns the UID of the instance's class, of the data set or else the
// meta information.
func (x *Instance) SOPClassUID() string {
	if uid := x.Text(dict.SOPClassUID); uid != "" {
		return uid
	}
	return x.Meta.Text(dict.MediaStorageSOPClassUID)
}

// Encoding is how the elements of a data set are written (PS3.5 §7.1, §10, annex A).
type Encoding struct {
	Implicit  bool // no VRs
	BigEndian bool
	Deflated  bool
}

// String returns the encoding in the words of the standard.
func (e Encoding) String() string {
	s := "Explicit VR "
	if e.Implicit {
		s = "Implicit VR "
	}
	if e.BigEndian {
		return s + "Big Endian"
	}
	if e.Deflated {
		return "Deflated " + s + "Little Endian"
	}
	return s + "Little Endian"
}
