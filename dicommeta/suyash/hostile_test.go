package suyash

import (
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// TestFromSuyashTakesTimeOfTheElements gives elements in descending order, and one twice.
func TestFromSuyashTakesTimeOfTheElements(t *testing.T) {
	const n = 100_000
	var ds dicom.Dataset
	for i := n; i > 0; i-- {
		v, err := dicom.NewValue([]string{"A"})
		if err != nil {
			t.Fatal(err)
		}
		e := &dicom.Element{Tag: tag.Tag{Group: 0x4009 + uint16(i>>16)*2, Element: uint16(i)}, RawValueRepresentation: "LO", Value: v}
		ds.Elements = append(ds.Elements, e)
	}
	ds.Elements = append(ds.Elements, ds.Elements[0])
	x, found, err := FromSuyash(ds)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Elements) != n {
		t.Errorf("want %d elements, have %d", n, len(x.Elements))
	}
	if len(found) != 1 || found[0].Code != CodeOrder {
		t.Errorf("want one finding %s, have %v", CodeOrder, found)
	}
}
