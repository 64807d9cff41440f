package iod_test

import (
	"fmt"

	"github.com/carabiner-health/carabiner/dicommeta/iod"
)

// The mandatory modules of a CT image, and the required attributes of one of them.
func ExampleFind() {
	ct := iod.Find("1.2.840.10008.5.1.4.1.1.2")
	for _, u := range ct.Modules {
		if u.Usage == iod.Mandatory && u.Entity == "Series" {
			fmt.Println(u.Module.Title, u.Module.Table)
		}
	}
	for _, r := range iod.FindModule("ImagePlane").Rules {
		if r.Kind == iod.Attribute && r.Type == iod.Type1 {
			fmt.Println(r.Tag, r.Tag.Keyword())
		}
	}
	// Output:
	// General Series C.7-5a
	// (0028,0030) PixelSpacing
	// (0020,0037) ImageOrientationPatient
	// (0020,0032) ImagePositionPatient
}
