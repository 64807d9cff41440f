package index

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/dicomgen"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// The tables have the columns that IDC's index has, apart from those that are comments of its
// queries or of tables that are not about files.
func TestSchemaHasTheColumnsOfIDC(t *testing.T) {
	tables := map[string][]string{}
	for _, table := range Schema() {
		for _, c := range table.Columns {
			tables[table.Name] = append(tables[table.Name], c.Name)
			if c.Description == "" || c.Type == "" {
				t.Errorf("%s.%s: want a description and a type", table.Name, c.Name)
			}
			if (c.Attribute == "") != (c.Tag == "") {
				t.Errorf("%s.%s: want attribute and tag, or neither", table.Name, c.Name)
			}
		}
	}
	rows := func(name string) [][]string {
		f, err := os.Open(filepath.Join(golden.Shared(t, "data/dicom/idc"), name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		all, err := csv.NewReader(f).ReadAll()
		if err != nil || len(all) < 2 {
			t.Fatalf("%s: want rows, have %d, %v", name, len(all), err)
		}
		return all[1:]
	}
	var names []string
	for _, row := range rows("idc_index_columns.csv") {
		names = append(names, row[0])
	}
	if !slices.Equal(names, tables["index"]) {
		t.Errorf("index: want %v, have %v", names, tables["index"])
	}
	others := []string{"clinical_index", "version_metadata_index", "analysis_results_index", "collections_index"}
	for _, row := range rows("other_index_columns.csv") {
		if slices.Contains(others, row[0]) || row[1] == "Medium" || row[1] == "files" {
			continue
		}
		if !slices.Contains(tables[row[0]], row[1]) {
			t.Errorf("%s: want the column %s", row[0], row[1])
		}
	}
}

// numbered yields n headers, two of each study, each with other UIDs.
func numbered(t testing.TB, n int) iter.Seq2[dicommeta.Source, error] {
	o := dicomgen.CT(study(1), &dicomgen.Plain, 1, 1)
	d := &o[0].Data
	const uid = "2.25.1000000000.1"
	for _, tag := range []dict.Tag{dict.StudyInstanceUID, dict.SeriesInstanceUID, dict.SOPInstanceUID} {
		d.Set(dicommeta.TextElement(tag, uid))
	}
	d.Set(dicommeta.TextElement(dict.SeriesDescription, "1000000000"))
	head, err := o[0].Header()
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(dicommeta.Source, error) bool) {
		for i := range n {
			src := dicommeta.Source{Name: fmt.Sprintf("%08d", i), Size: int64(len(head)), Modified: day, Open: func() (dicommeta.File, error) {
				b := bytes.ReplaceAll(head, []byte("2.25.1000000000.1"), fmt.Appendf(nil, "2.25.1%09d.1", i/2))
				return memory{bytes.NewReader(bytes.ReplaceAll(b, []byte("1000000000"), fmt.Appendf(nil, "1%09d", i)))}, nil
			}}
			if !yield(src, nil) {
				return
			}
		}
	}
}

// Memory does not grow with the number of files, series and studies.
func TestMemoryIsBounded(t *testing.T) {
	live := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	peak := func(files int) (building, studying int64) {
		n := 0
		sample := func(to *int64) {
			if n++; n%100 == 0 {
				*to = max(*to, live())
			}
		}
		o := &Options{Out: filepath.Join(t.TempDir(), "out"), MemoryBudget: 256 << 10, TempDir: t.TempDir(), SkipElements: true, Workers: 2, rowsPerGroup: 256,
			Reporter: issue.ReporterFunc(func(i issue.Issue) error {
				if i.Code == dicommeta.CodeRollupSeries { // workers that read make it unsteady
					sample(&building)
				}
				return nil
			})}
		r, err := Build(t.Context(), numbered(t, files), o)
		if err != nil || r.Studies != int64(files/2) {
			t.Fatalf("want %d studies, have %+v, %v", files/2, r, err)
		}
		for _, err := range Studies(t.Context(), numbered(t, files), &StudiesOptions{MemoryBudget: 256 << 10, TempDir: t.TempDir(), Read: &dicommeta.ReadOptions{Workers: 2}}) {
			if err != nil {
				t.Fatal(err)
			}
			sample(&studying)
		}
		return building, studying
	}
	few, fewStudies := peak(1000)
	many, manyStudies := peak(6000)
	// The footers of tables grow a little; 1,600 bytes more a file would be a leak.
	if many > few+8<<20 || manyStudies > fewStudies+4<<20 {
		t.Errorf("want about %d and %d bytes for six times the files, have %d and %d", few, fewStudies, many, manyStudies)
	}
}

func FuzzDecode(f *testing.F) {
	o := dicomgen.CT(study(1), &dicomgen.Plain, 1, 1)
	report := dicomgen.Report(study(1), &dicomgen.Plain, 2, &o[0], "1")
	for _, d := range []dicommeta.Dataset{o[0].Data, report.Data, {}} {
		f.Add(appendRecord(nil, &d, 7))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r decoder
		d, size, err := r.decode(b)
		if err != nil {
			return
		}
		again := appendRecord(nil, &d, size)
		var r2 decoder
		d2, size2, err := r2.decode(again)
		if err != nil || size2 != size || !bytes.Equal(again, appendRecord(nil, &d2, size2)) {
			t.Errorf("want what was written to be read, have %v", err)
		}
	})
}

// What is sorted by runs on the disk is what is sorted in memory.
func TestSorterSpillsInOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var all []string
	dir := t.TempDir()
	sorters := []*sorter{{dir: dir, budget: 1}, {dir: dir, budget: 1 << 30}}
	for i := range 5000 {
		key := fmt.Sprintf("%04d", random.IntN(3000))
		payload := binary.AppendUvarint(nil, uint64(i))
		all = append(all, key+string(payload))
		if err := sorters[i%2].add([]byte(key), payload); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(all)
	for range 2 { // merged twice
		i := 0
		for e, err := range merge(sorters) {
			if err != nil {
				t.Fatal(err)
			}
			if string(e.key)+string(e.payload) != all[i] {
				t.Fatalf("record %d: want another", i)
			}
			i++
		}
		if i != len(all) {
			t.Errorf("want %d records, have %d", len(all), i)
		}
	}
	for _, s := range sorters {
		s.close()
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("want no file left, have %v, %v", left, err)
	}
}

func TestDatesAndTimes(t *testing.T) {
	dates := map[string]string{"20240131": "2024-01-31", "2024.01.31": "2024-01-31", "2024": "", "20241301": "", "2024013a": "", "": ""}
	for _, in := range slices.Sorted(maps.Keys(dates)) {
		if got := dateText(in); got != dates[in] {
			t.Errorf("date %q: want %q, have %q", in, dates[in], got)
		}
	}
	times := map[string]string{"101500": "10:15:00", "1015": "10:15:00", "10": "10:00:00", "101500.250000": "10:15:00.250000", "101500.000": "10:15:00", "10:15:00": "10:15:00", "1": "", "x0": ""}
	for _, in := range slices.Sorted(maps.Keys(times)) {
		if got := timeText(in); got != times[in] {
			t.Errorf("time %q: want %q, have %q", in, times[in], got)
		}
	}
}

// Slices make a volume or not, each for its own reason.
func TestVolumeGeometry(t *testing.T) {
	slice := func(z float64, more ...dicommeta.Element) dicommeta.Dataset {
		d := dicommeta.NewDataset(dicommeta.TextElement(dict.ImageOrientationPatient, "1", "0", "0", "0", "1", "0"),
			dicommeta.TextElement(dict.ImagePositionPatient, "0", "0", fmt.Sprint(z)), dicommeta.TextElement(dict.PixelSpacing, "1", "1"),
			dicommeta.NumberElement(dict.Rows, dict.US, 4), dicommeta.NumberElement(dict.Columns, dict.US, 4))
		for _, e := range more {
			d.Set(e)
		}
		return d
	}
	tilted := dicommeta.TextElement(dict.ImageOrientationPatient, "1", "0", "0", "0", "0.866025", "0.5")
	tests := []struct {
		name   string
		slices []dicommeta.Dataset
		want   string // the first letters of the checks that hold
	}{
		{"regular", []dicommeta.Dataset{slice(0), slice(10), slice(5)}, "orientation orthogonal unique row column spacing size uniform regular"},
		{"a gap", []dicommeta.Dataset{slice(0), slice(5), slice(15)}, "orientation orthogonal unique row column spacing size"},
		{"twice", []dicommeta.Dataset{slice(0), slice(0)}, "orientation orthogonal row column spacing size uniform"},
		{"two orientations", []dicommeta.Dataset{slice(0), slice(5, tilted)}, "orthogonal unique row spacing size uniform"},
		{"shifted", []dicommeta.Dataset{slice(0), slice(5, dicommeta.TextElement(dict.ImagePositionPatient, "3", "0", "5"))}, "orientation orthogonal unique column spacing size uniform"},
		{"two sizes", []dicommeta.Dataset{slice(0), slice(5, dicommeta.NumberElement(dict.Rows, dict.US, 8))}, "orientation orthogonal unique row column spacing uniform"},
		{"two spacings", []dicommeta.Dataset{slice(0), slice(5, dicommeta.TextElement(dict.PixelSpacing, "2", "2"))}, "orientation orthogonal unique row column size uniform"},
		{"no position", []dicommeta.Dataset{slice(0), slice(5, dicommeta.TextElement(dict.ImagePositionPatient))}, "orientation spacing size"},
		{"skew", []dicommeta.Dataset{slice(0, dicommeta.TextElement(dict.ImageOrientationPatient, "1", "0", "0", "1", "1", "0", "0"))}, "orientation spacing size"},
	}
	for _, test := range tests {
		var v volume
		for i := range test.slices {
			v.add(&test.slices[i])
		}
		var got []string
		for _, check := range []struct {
			name string
			ok   bool
		}{{"orientation", v.singleOrientation()}, {"orthogonal", v.orthogonal()}, {"unique", v.uniquePositions()}, {"row", v.steadyRow()}, {"column", v.steadyColumn()},
			{"spacing", v.sameSpacing()}, {"size", v.sameSize()}, {"uniform", v.uniform()}, {"regular", v.regular()}} {
			if check.ok {
				got = append(got, check.name)
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: want %s, have %s", test.name, test.want, got)
		}
	}
	var v volume
	oblique := slice(0, tilted)
	v.add(&oblique)
	if fmt.Sprintf("%.1f", v.obliquity) != "30.0" {
		t.Errorf("want 30 degrees, have %v", v.obliquity)
	}
}
