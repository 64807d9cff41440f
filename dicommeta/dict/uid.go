package dict

import (
	"slices"
	"strings"
	"sync"
)

// UIDEntry is a unique identifier of the standard (PS3.6 annex A).
type UIDEntry struct {
	UID     string
	Keyword string // "" where the standard took it back
	Name    string
	Type    string // "SOP Class", "Transfer Syntax", ...
	Retired bool
}

// FindUID returns the entry of a UID without padding, nil if the standard has none.
func FindUID(uid string) *UIDEntry {
	i, ok := slices.BinarySearchFunc(uids[:], uid, func(e UIDEntry, uid string) int { return strings.Compare(e.UID, uid) })
	if !ok {
		return nil
	}
	return &uids[i]
}

var uidKeywords = sync.OnceValue(func() map[string]*UIDEntry {
	m := make(map[string]*UIDEntry, len(uids))
	for i := range uids {
		m[uids[i].Keyword] = &uids[i]
	}
	delete(m, "")
	return m
})

// UIDByKeyword returns the entry of a keyword such as CTImageStorage, nil if there is none.
func UIDByKeyword(keyword string) *UIDEntry { return uidKeywords()[keyword] }

// TransferSyntax says how a data set is written and its pixels are (PS3.5 annex A).
type TransferSyntax struct {
	UID          string
	Name         string
	Implicit     bool // without VRs
	BigEndian    bool
	Deflated     bool // the whole data set behind the meta information
	Encapsulated bool // the pixel data is fragments
	Retired      bool
}

// FindTransferSyntax returns the transfer syntax of a UID without padding, nil if the
// standard has none.
func FindTransferSyntax(uid string) *TransferSyntax {
	i, ok := slices.BinarySearchFunc(syntaxes[:], uid, func(s TransferSyntax, uid string) int { return strings.Compare(s.UID, uid) })
	if !ok {
		return nil
	}
	return &syntaxes[i]
}
