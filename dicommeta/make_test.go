package dicommeta

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

func TestConstructorsMakeValuesAsTheStandardWritesThem(t *testing.T) {
	at := time.Date(2024, 3, 5, 6, 7, 8, 9_000_000, time.FixedZone("", 3600))
	tests := []struct {
		name string
		e    Element
		vr   dict.VR
		want string
	}{
		{"text", TextElement(dict.ImageType, "ORIGINAL", "PRIMARY"), dict.CS, `ORIGINAL\PRIMARY`},
		{"text is padded", TextElement(dict.PatientID, "123"), dict.LO, "123 "},
		{"UI is padded", TextElement(dict.SOPInstanceUID, "1.2"), dict.UI, "1.2\x00"},
		{"no value", TextElement(dict.PatientID), dict.LO, ""},
		{"text of no text VR", TextElement(dict.Rows, "12"), dict.LO, "12"},
		{"person name", TextElement(dict.PatientName, PersonName{Family: "Ek", Given: "A=B", Prefix: "Dr"}.String()), dict.PN, "Ek^A B^^Dr"},
		{"date", DateElement(dict.StudyDate, at), dict.DA, "20240305"},
		{"time", DateElement(dict.StudyTime, at), dict.TM, "060708.009000 "},
		{"whole time", DateElement(dict.StudyTime, at.Truncate(time.Second)), dict.TM, "060708"},
		{"date and time", DateElement(dict.AcquisitionDateTime, at), dict.DT, "20240305060708.009000+0100"},
		{"zero time", DateElement(dict.StudyDate, time.Time{}), dict.DA, ""},
		{"US", NumberElement(dict.Rows, 0, 513, -1, 70000, 1.9, math.NaN()), dict.US, "\x01\x02\x00\x00\xff\xff\x01\x00\x00\x00"},
		{"SS", NumberElement(dict.SmallestImagePixelValue, dict.SS, -2, -40000), dict.SS, "\xfe\xff\x00\x80"},
		{"SL", NumberElement(dict.ReferencePixelX0, 0, -2), dict.SL, "\xfe\xff\xff\xff"},
		{"FL", NumberElement(0x00189073, dict.FL, 1), dict.FL, "\x00\x00\x80\x3f"},
		{"FD", NumberElement(0x00189073, dict.FD, 1), dict.FD, "\x00\x00\x00\x00\x00\x00\xf0\x3f"},
		{"UV", NumberElement(0x00189073, dict.UV, 1, 1e30, -1), dict.UV, "\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"SV", NumberElement(0x00189073, dict.SV, 1e30, -1e30), dict.SV, "\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x00\x00\x00\x00\x00\x00\x80"},
		{"OB", NumberElement(0x00189073, dict.OB, 7, 300), dict.OB, "\x07\xff"},
		{"AT", TagElement(dict.FrameIncrementPointer, dict.FrameTime), dict.AT, "\x18\x00\x63\x10"},
		{"numbers of a text tag", NumberElement(dict.PatientID, 0, 1), dict.UL, "\x01\x00\x00\x00"},
		{"bytes", BytesElement(0x00091001, 0, []byte("ab")), dict.UN, "ab"},
		{"no bytes", BytesElement(dict.RedPaletteColorLookupTableData, 0, []byte{}), dict.OW, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.e.VR != tt.vr {
				t.Errorf("want VR %s, have %s", tt.vr, tt.e.VR)
			}
			if diff := cmp.Diff(tt.want, string(tt.e.Value)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestNewDatasetIsAscending(t *testing.T) {
	d := NewDataset(TextElement(dict.PatientName, "b"), TextElement(dict.Modality, "CT"), TextElement(dict.PatientName, "a"))
	if len(d.Elements) != 2 || d.Elements[0].Tag != dict.Modality || d.Text(dict.PatientName) != "a" {
		t.Errorf("want Modality and the last name, have %d elements", len(d.Elements))
	}
}
