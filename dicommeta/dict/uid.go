package dict

// UIDEntry is a unique identifier of the standard (PS3.6 annex A).
type UIDEntry struct {
	UID     string
	Keyword string // "" where the standard took it back
	Name    string
	Type    string // "SOP Class", "Transfer Syntax", ...
	Retired bool
}

// FindUID returns the entry of a UID, nil if the standard has none.
func FindUID(uid string) *UIDEntry { return nil }

// TransferSyntax says how a data set is written and its pixels are (PS3.5 annex A).
type TransferSyntax struct {
	UID          string
	Name         string
	Implicit     bool // without VRs
	BigEndian    bool
	Deflated     bool // the whole data set behind the meta information
	Encapsulated bool // the pixel data is fragments
}

// FindTransferSyntax returns the transfer syntax of a UID, nil if the standard has none.
func FindTransferSyntax(uid string) *TransferSyntax { return nil }
