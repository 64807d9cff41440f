package extract

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// dicomFile writes a file with some attributes.
func dicomFile(t testing.TB, dir, name, uid string, elements ...dicommeta.Element) {
	t.Helper()
	x := &dicommeta.Instance{}
	x.Dataset = dicommeta.NewDataset(append(elements, dicommeta.TextElement(dict.SOPInstanceUID, uid), dicommeta.TextElement(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.4"))...)
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := dicommeta.Write(f, x, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func seriesTable() *dataset.Table {
	size := dataset.NewType(dataset.Integer)
	size.Bits = 32
	return &dataset.Table{Name: "series", Form: dataset.Row, Kind: dataset.DICOMList, Grain: dataset.PerSeries, Key: []string{"series"}, Where: []dataset.Condition{{Path: "00080060", Values: []string{"MR"}, Origin: "profile"}},
		Object: object("series", field("series", dataset.Text, from("0020000E"), required), field("day", dataset.Date, from("StudyDate")), field("rows", dataset.Integer, from("00280010"), typed(size)),
			field("kind", dataset.List, from("00080008"), typed(dataset.ListOf(dataset.NewType(dataset.Text)))), field("spacing", dataset.Decimal, from("00180088")),
			field("code", dataset.List, from("00321064.00080100"), typed(dataset.ListOf(dataset.NewType(dataset.Text)))), field("items", dataset.Any, from("00321064")))}
}

type seriesRow struct {
	Series  *string        `parquet:"series"`
	Day     *columnar.Date `parquet:"day"`
	Rows    *int32         `parquet:"rows"`
	Kind    []string       `parquet:"kind,list"`
	Spacing *float64       `parquet:"spacing"`
	Code    []string       `parquet:"code,list"`
	Items   *string        `parquet:"items"`
}

func TestFilesOfASeriesMakeOneRowSortedByKey(t *testing.T) {
	dir := t.TempDir()
	text := dicommeta.TextElement
	code := func(s string) dicommeta.Dataset { return dicommeta.NewDataset(text(dict.CodeValue, s)) }
	mr := text(dict.Modality, "MR")
	dicomFile(t, dir, "1", "1.9", mr, text(dict.SeriesInstanceUID, "2.2"), text(dict.StudyDate, "20240229"), text(dict.ImageType, "ORIGINAL", "PRIMARY"))
	dicomFile(t, dir, "2", "1.2", mr, text(dict.SeriesInstanceUID, "2.2"), text(dict.StudyDate, "20240301"), dicommeta.NumberElement(dict.Rows, dict.US, 512), text(dict.SpacingBetweenSlices, "+1.50"),
		dicommeta.SequenceElement(dict.RequestedProcedureCodeSequence, code("a"), code("b")))
	dicomFile(t, dir, "3", "1.3", mr, text(dict.SeriesInstanceUID, "2.1"), text(dict.StudyDate, "2024023"))
	dicomFile(t, dir, "4", "1.4", text(dict.Modality, "CT"), text(dict.SeriesInstanceUID, "2.3"))
	dicomFile(t, dir, "5", "1.5", mr)
	if err := os.WriteFile(filepath.Join(dir, "6"), []byte("no DICOM"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &dataset.Model{Tables: []*dataset.Table{seriesTable()}}
	for _, budget := range []int64{0, 1} { // the second spills each row
		report, out := extracted(t, m, dir, &Options{MemoryBudget: budget})
		want := []seriesRow{
			{Series: ptr("2.1")},
			{Series: ptr("2.2"), Day: ptr(columnar.DateOf(2024, 3, 1)), Rows: ptr(int32(512)), Spacing: ptr(1.5), Code: []string{"a", "b"}, Items: ptr(`[{"00080100":{"vr":"SH","Value":["a"]}},{"00080100":{"vr":"SH","Value":["b"]}}]`)},
		}
		if d := cmp.Diff(want, rows[seriesRow](t, out, "series")); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
		a := report.Tables[0]
		if a.Merged != 1 || a.Quarantined != 1 || a.Filtered[0].Records != 1 || a.Fields[1].Differing != 1 || a.Fields[0].Differing != 0 {
			t.Errorf("want one file merged, one in quarantine, one filtered, a row that differs in its day, have %+v", a)
		}
		if report.Findings[CodeDiffers] != 6 || report.Findings[CodeType] != 1 || report.Findings[CodeRequired] != 1 {
			t.Errorf("want findings for what differs, a day that is none, and what is required, have %v", report.Findings)
		}
		if d := cmp.Diff([]SourceAccount{{Kind: "dicom", Files: 6, Bytes: report.Sources[0].Bytes, Records: 5, Other: 1}}, report.Sources); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	}
}

func TestAFolderMayHoldFHIRAndDICOM(t *testing.T) {
	series := seriesTable()
	series.Where = nil
	m := &dataset.Model{ID: "clinic", Tables: []*dataset.Table{patients(), series}}
	var first []byte
	for _, workers := range []int{1, 3} {
		report, out := extracted(t, m, clinic, &Options{Workers: workers})
		if report.Tables[0].Rows == 0 || report.Tables[1].Rows == 0 || report.Tables[1].Merged == 0 {
			t.Errorf("want rows of both, have %+v", report.Tables)
		}
		var all []byte
		for _, name := range []string{"patients.parquet", "series.parquet", "quarantine.ndjson", "report.json"} {
			b, err := os.ReadFile(filepath.Join(out, name))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b...)
		}
		if first == nil {
			first = all
		} else if string(first) != string(all) {
			t.Error("want the same bytes for any number of workers")
		}
	}
}
