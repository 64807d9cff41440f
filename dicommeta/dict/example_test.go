package dict_test

import (
	"fmt"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

func ExampleFind() {
	e := dict.Find(dict.PixelPaddingValue)
	fmt.Println(e.Tag, e.Keyword, e.VRs[0], "or", e.VRs[1], e.VM)
	// The second overlay of an image is in group 6002.
	fmt.Println(dict.Find(0x60023000).Name)
	// Output:
	// (0028,0120) PixelPaddingValue US or SS 1
	// Overlay Data
}

func ExampleParseTag() {
	for _, s := range []string{"PatientID", "00100020", "(0010,0020)"} {
		t, err := dict.ParseTag(s)
		fmt.Println(t, t.Hex(), t.Keyword(), err)
	}
	// Output:
	// (0010,0020) 00100020 PatientID <nil>
	// (0010,0020) 00100020 PatientID <nil>
	// (0010,0020) 00100020 PatientID <nil>
}

// What a creator's elements are does not depend on the block that they stand in.
func ExampleFindPrivate() {
	e := dict.FindPrivate("SIEMENS CSA HEADER", 0x00291010)
	fmt.Println(e.VR(), e.VM, e.Name)
	fmt.Println(dict.FindPrivate("SIEMENS CSA HEADER", 0x0029E110) == e)
	// Output:
	// OB 1 CSA Image Header Info
	// true
}

func ExampleFindUID() {
	e := dict.FindUID("1.2.840.10008.5.1.4.1.1.2")
	fmt.Println(e.Keyword, e.Type, e.UID == dict.UIDCTImageStorage)
	// Output: CTImageStorage SOP Class true
}

func ExampleFindTransferSyntax() {
	s := dict.FindTransferSyntax(dict.UIDJPEG2000Lossless)
	fmt.Println(s.Implicit, s.Encapsulated)
	// Output: false true
}
