package dataset

import (
	"strings"
	"testing"
)

// A field of a DICOM table goes by the tag or keyword of its attribute, whether
// the source lists it or not; a const selects instances.
func TestLoadFindsAttributesByTheirTags(t *testing.T) {
	profile := `profile: "1"
id: https://example.org/mr
version: 1.0.0
sources: {series: {kind: dicom-attrs, ref: mr.txt}}
tables:
  series:
    from: series
    fields:
      modality: {path: "(0008,0060)", const: MR}
      protocol: {path: ProtocolName, role: free-text}
      rows: {path: "00280010"}
`
	files := memory{"p.yaml": profile, "mr.txt": "Modality\nProtocolName\n"}
	m, findings := loadMemory(t, files, "p.yaml", nil)
	if m == nil {
		t.Fatal(findings)
	}
	table := m.Tables[0]
	for name, want := range map[string]string{"modality": "00080060", "protocol": "00181030", "rows": "00280010"} {
		if f := table.Object.Field(name); f == nil || f.Path != want {
			t.Errorf("%s: want the attribute %s, have %v", name, want, f)
		}
	}
	if len(table.Where) != 1 || table.Where[0].Values[0] != "MR" {
		t.Errorf("want instances selected by modality, have %v", table.Where)
	}
	files["p.yaml"] = strings.Replace(profile, "00280010", "NoSuchAttribute", 1)
	if m, findings := loadMemory(t, files, "p.yaml", nil); m != nil || len(findings) != 1 || findings[0].Pos.Line != 11 {
		t.Errorf("want one finding on line 11, have %v", findings)
	}
}
