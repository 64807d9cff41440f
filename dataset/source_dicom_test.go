package dataset

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/dicommeta/iod"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/google/go-cmp/cmp"
)

// importText runs an importer over a text, as a file of that name.
func importText(t testing.TB, kind SourceKind, name, text string) ([]*Table, issue.List) {
	t.Helper()
	in := &input{spec: SourceSpec{Name: "src", Kind: kind, Ref: name}, file: name, data: []byte(text), note: func(Source) {},
		open: func(ref string) (string, []byte, error) { return ref, nil, os.ErrNotExist }}
	tables, findings, err := importers[kind](t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return tables, findings
}

// importFile runs an importer over a file.
func importFile(t testing.TB, kind SourceKind, path string) ([]*Table, issue.List) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	in := &input{spec: SourceSpec{Name: "src", Kind: kind, Ref: path}, file: path, data: b, note: func(Source) {}, open: openBeside(path)}
	tables, findings, err := importers[kind](t.Context(), in)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return tables, findings
}

// outline writes the fields of tables, one a line.
func outline(tables []*Table) string {
	var b strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&b, "%s grain=%s key=%s\n", t.Name, t.Grain, strings.Join(t.Key, ","))
		for _, f := range t.Object.Fields {
			fmt.Fprintf(&b, "  %s %s%s %s\n", f.Name, typeText(f.Type), map[bool]string{true: "!"}[f.Required], f.Path)
		}
		for _, r := range t.Refs {
			fmt.Fprintf(&b, "  %v -> %s%v\n", r.Fields, r.Table, r.Target)
		}
	}
	return b.String()
}

func typeText(t Type) string {
	s := t.Kind.String()
	switch {
	case t.Kind == List && t.Elem != nil:
		s += "(" + typeText(*t.Elem) + ")"
	case t.Kind == ObjectKind && t.Object != nil:
		s += "(" + t.Object.Name + ")"
	}
	if t.MaxLength >= 0 {
		s += fmt.Sprintf("<=%d", t.MaxLength)
	}
	return s
}

func TestListOfAttributesIsATable(t *testing.T) {
	tables, findings := importText(t, DICOMList, "mr-series.txt", `# series of MR
SeriesInstanceUID
(0010,0020) = patient_id 2
00080060 1     # Modality
PixelSpacing
ImageType 3
RequestAttributesSequence.ScheduledProcedureStepID = step
RequestAttributesSequence[1].00400007
PatientSize
00280106
RequestAttributesSequence
`)
	if len(findings) > 0 {
		t.Error(findings)
	}
	want := `mr-series grain=series key=SeriesInstanceUID
  SeriesInstanceUID string<=64! 0020000E
  patient_id string<=64 00100020
  Modality string<=16! 00080060
  PixelSpacing list(decimal) 00280030
  ImageType list(string<=16) 00080008
  step list(string<=16) 00400275.00400009
  ScheduledProcedureStepDescription string<=64 00400275[1].00400007
  PatientSize decimal 00101020
  SmallestImagePixelValue integer 00280106
  RequestAttributesSequence any 00400275
`
	if diff := cmp.Diff(want, outline(tables)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWrongLinesOfAListAreFound(t *testing.T) {
	for _, c := range []struct {
		text string
		code issue.Code
		line int
	}{
		{"PatientIDs\n", CodeDICOMTag, 1},
		{"\nPatientID = \n", CodeDICOMLine, 2},
		{"PatientID 4\n", CodeDICOMLine, 1},
		{"PatientID 1 2\n", CodeDICOMLine, 1},
		{"= x\n", CodeDICOMLine, 1},
		{"PatientID\n00100020\n", CodeTableName, 2},
		{"PixelData\n", CodeDICOMBulk, 1},
		{"PatientID.PatientName\n", CodeDICOMTag, 1},
		{"RequestAttributesSequence[0].00400007\n", CodeDICOMTag, 1},
		{"00400008[2]\n", CodeDICOMTag, 1},
		{"12345678\n", CodeDICOMTag, 1},
		{"# nothing\n", CodeDICOMLine, 1},
		{"column,dicom_tag,aggregation\nx,,\n", CodeDICOMLine, 1},
	} {
		tables, findings := importText(t, DICOMList, "x.txt", c.text)
		found := false
		for _, f := range findings {
			found = found || f.Code == c.code && f.Pos.Line == c.line && f.Severity == issue.Error
		}
		if !found {
			t.Errorf("%q: want %s in line %d, have %v", c.text, c.code, c.line, findings)
		}
		for _, table := range tables {
			if len(table.Object.Fields) == 0 {
				t.Errorf("%q: a table without fields", c.text)
			}
		}
	}
	_, findings := importText(t, DICOMList, "x.txt", "PatientsID\n")
	if len(findings) == 0 || !strings.Contains(findings[0].Message, `did you mean "PatientID"`) {
		t.Errorf("want the keyword that is meant, have %v", findings)
	}
}

func TestColumnsOfTheImagingCommonsLoad(t *testing.T) {
	tables, findings := importFile(t, DICOMList, golden.Shared(t, "data/dicom/idc/idc_index_columns.csv"))
	if findings.HasErrors() {
		t.Error(findings)
	}
	if len(tables) != 1 || tables[0].Grain != PerSeries || tables[0].Key[0] != "SeriesInstanceUID" {
		t.Fatalf("want a table of series, have\n%s", outline(tables))
	}
	// 31 columns: 15 are attributes, 16 are computed or the repository's own, each named.
	if n := len(tables[0].Object.Fields); n+len(findings) != 31 || n != 15 {
		t.Errorf("want 15 of 31 columns, have %d and %d findings\n%s", n, len(findings), outline(tables))
	}
	tables, findings = importFile(t, DICOMList, golden.Shared(t, "data/dicom/idc/other_index_columns.csv"))
	if findings.HasErrors() {
		t.Error(findings)
	}
	columns := len(findings)
	for _, table := range tables {
		columns += len(table.Object.Fields)
	}
	if columns != 165 || len(tables) < 8 {
		t.Errorf("want all 165 columns in a table or named, have %d in %d tables", columns, len(tables))
	}
}

func TestEveryInformationObjectLoads(t *testing.T) {
	attributes, largest := 0, 0
	for _, o := range iod.All("") {
		tables, findings := importText(t, DICOMObject, "", "")
		if !findings.HasErrors() || tables != nil {
			t.Fatal("want a finding for no name")
		}
		in := &input{spec: SourceSpec{Name: "src", Kind: DICOMObject, Ref: o.Name}, note: func(Source) {}}
		tables, findings, err := importDICOMObject(t.Context(), in)
		if err != nil || findings.HasErrors() || len(tables) != 1 {
			t.Fatalf("%s: %v %v", o.Name, findings, err)
		}
		objects := map[*Object]bool{}
		names := map[string]bool{}
		n := 0
		var walk func(*Object)
		walk = func(x *Object) {
			if objects[x] {
				return
			}
			objects[x] = true
			if names[x.Name] {
				t.Errorf("%s: two objects %s", o.Name, x.Name)
			}
			names[x.Name] = true
			seen := map[string]bool{}
			for _, f := range x.Fields {
				n++
				if seen[f.Name] {
					t.Errorf("%s: %s.%s twice", o.Name, x.Name, f.Name)
				}
				seen[f.Name] = true
				if f.Name == "PixelData" {
					t.Errorf("%s has pixels", o.Name)
				}
				if f.Type.Elem != nil && f.Type.Elem.Object != nil {
					walk(f.Type.Elem.Object)
				}
			}
		}
		walk(tables[0].Object)
		attributes += n
		largest = max(largest, n)
		if n == 0 && !o.Partial {
			t.Errorf("%s: no attribute", o.Name)
		}
	}
	t.Logf("%d objects, %d attributes, at most %d in one", len(iod.All("")), attributes, largest)
	if attributes < 50000 {
		t.Errorf("have %d attributes", attributes)
	}
}

func TestObjectIsFoundByItsNames(t *testing.T) {
	for _, ref := range []string{"CTImage", "ctimage", "CT Image", "1.2.840.10008.5.1.4.1.1.2", "CTImageStorage", "CT Image Storage"} {
		tables, findings, err := importDICOMObject(t.Context(), &input{spec: SourceSpec{Ref: ref}})
		if err != nil || len(tables) != 1 || tables[0].From.IOD != "CTImage" {
			t.Errorf("%s: %v %v", ref, findings, err)
			continue
		}
		o := tables[0].Object
		for _, c := range []struct {
			name, mark         string
			required, nullable bool
		}{
			{"SOPInstanceUID", "1", true, false}, {"PatientID", "2", true, true}, {"Rows", "1", true, false},
			{"PatientComments", "3", false, true}, {"KVP", "2", true, true}, {"FrameOfReferenceUID", "1", true, false},
		} {
			f := o.Field(c.name)
			if f == nil || f.DICOMType != c.mark || f.Required != c.required || f.Nullable != c.nullable {
				t.Errorf("%s: want %+v, have %+v", c.name, c, f)
			}
		}
		if m := o.Field("Modality"); m.Type.Codes == nil || !m.Type.CodesOpen || len(m.Type.Codes.Codes) < 50 || !m.Required {
			t.Errorf("Modality: want the defined terms, have %+v", m)
		}
		if m := o.Field("SamplesPerPixel"); len(m.Type.Enum) != 1 || m.Type.Enum[0] != "1" {
			t.Errorf("SamplesPerPixel: want 1 alone, have %+v", m.Type)
		}
	}
	_, findings, _ := importDICOMObject(t.Context(), &input{spec: SourceSpec{Ref: "CTImag"}})
	if len(findings) != 1 || !strings.Contains(findings[0].Message, `did you mean "CTImage"`) {
		t.Error(findings)
	}
}

// TestNothingThatTheStandardRemovesIsSafe compares roles with the basic profile of
// PS3.15 table E.1-1: what it removes, empties or replaces is not called safe.
func TestNothingThatTheStandardRemovesIsSafe(t *testing.T) {
	b, err := os.ReadFile(golden.Shared(t, "data/dicom/deid/table-e1-1.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, row := range rows[1:] {
		tag, ok := dict.ByKeyword(row[2])
		if !ok || row[6] == "" || row[6] == "K" {
			continue
		}
		checked++
		if e := dict.Find(tag); dicomRole(e) == Safe {
			t.Errorf("%s (%s): the profile has %s", row[2], e.VR(), row[6])
		}
	}
	if checked < 500 {
		t.Errorf("checked %d attributes", checked)
	}
}
