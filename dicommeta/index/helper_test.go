package index

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/dicomgen"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/parquet-go/parquet-go"
)

var day = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// folder is files by name; a test changes it between runs.
type folder map[string]file

type file struct {
	data  []byte
	mtime time.Time
	err   error
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// sources yields the files in the order of their names and counts those opened.
func (f folder) sources(opened *int) iter.Seq2[dicommeta.Source, error] {
	return func(yield func(dicommeta.Source, error) bool) {
		for _, name := range slices.Sorted(maps.Keys(f)) {
			at := f[name]
			src := dicommeta.Source{Name: name, Size: int64(len(at.data)), Modified: at.mtime, Open: func() (dicommeta.File, error) {
				if opened != nil {
					*opened++
				}
				return memory{bytes.NewReader(at.data)}, at.err
			}}
			if !yield(src, nil) {
				return
			}
		}
	}
}

func (f folder) put(t testing.TB, name string, o *dicomgen.Object) {
	t.Helper()
	b, err := o.Header()
	if err != nil {
		t.Fatal(err)
	}
	f[name] = file{data: b, mtime: day}
}

func (f folder) all(t testing.TB, prefix string, objects []dicomgen.Object) {
	t.Helper()
	for i := range objects {
		f.put(t, fmt.Sprintf("%s/%04d.dcm", prefix, i), &objects[i])
	}
}

func study(n int) *dicomgen.Study {
	return &dicomgen.Study{
		Patient: dicomgen.Patient{ID: fmt.Sprintf("PAT%d", n), Name: "Möller^Eva", BirthDate: "19600215", Sex: "F"},
		UID:     fmt.Sprintf("2.25.100.%d", n), ID: fmt.Sprint(n), Date: "20240501", Time: "101500", Accession: fmt.Sprintf("A%d", n), Description: "Thorax",
	}
}

// clinic is a small folder with a bit of everything.
func clinic(t testing.TB) folder {
	f := folder{}
	st := study(1)
	ct := dicomgen.CT(st, &dicomgen.Siemens, 1, 5)
	ct[1].Data.Set(dicommeta.TextElement(dict.XRayTubeCurrent, "200"))
	ct[2].Data.Set(dicommeta.TextElement(dict.ContrastBolusAgent, "Iomeron 350"))
	f.all(t, "a/ct", ct)
	set := dicomgen.StructureSet(st, &dicomgen.Plain, 2, ct)
	f.put(t, "a/set.dcm", &set)
	seg := segmentationOf(st, &ct[0])
	f.put(t, "a/seg.dcm", &seg)
	report := dicomgen.Report(st, &dicomgen.Plain, 4, &ct[0], "12.5")
	f.put(t, "a/report.dcm", &report)
	mr := dicomgen.MR(study(2), &dicomgen.Plain, 1, 3)
	mr[1].Data.Set(dicommeta.TextElement(dict.EchoTime, "30"))
	f.all(t, "b/mr", mr)
	f.all(t, "b/sm", dicomgen.Slide(study(2), &dicomgen.Plain, 2, 4, 2, 1000))
	pt := petOf(study(3))
	f.put(t, "c/pt.dcm", &pt)
	ann := annotationsOf(study(3))
	f.put(t, "c/ann.dcm", &ann)
	f["c/notes.txt"] = file{data: []byte("Nothing of DICOM is in here, only words that go on.\n"), mtime: day}
	f["c/z-broken.dcm"] = file{data: append(bytes.Clone(f["c/pt.dcm"].data[:400]), 1, 2, 3), mtime: day}
	f["c/z-gone.dcm"] = file{data: []byte("gone"), mtime: day, err: errors.New("no permission")}
	return f
}

// objectLike returns an object of another class and series as o, with more elements.
func objectLike(o dicomgen.Object, class, modality string, number int, more ...dicommeta.Element) dicomgen.Object {
	d := o.Data.Clone()
	d.Set(dicommeta.TextElement(dict.SOPClassUID, class))
	d.Set(dicommeta.TextElement(dict.Modality, modality))
	series := fmt.Sprintf("%s.%d", d.Text(dict.StudyInstanceUID), number)
	d.Set(dicommeta.TextElement(dict.SeriesInstanceUID, series))
	d.Set(dicommeta.TextElement(dict.SOPInstanceUID, series+".1"))
	for _, t := range []dict.Tag{dict.BodyPartExamined, dict.ContrastBolusAgent} {
		d.Remove(t)
	}
	for _, e := range more {
		d.Set(e)
	}
	return dicomgen.Object{Name: "x", Data: d, Encoding: o.Encoding}
}

func coded1(value, scheme, meaning string) dicommeta.Dataset {
	return dicommeta.NewDataset(dicommeta.TextElement(dict.CodeValue, value), dicommeta.TextElement(dict.CodingSchemeDesignator, scheme), dicommeta.TextElement(dict.CodeMeaning, meaning))
}

func segmentationOf(st *dicomgen.Study, on *dicomgen.Object) dicomgen.Object {
	segment := func(n int, label, kind string) dicommeta.Dataset {
		return dicommeta.NewDataset(dicommeta.NumberElement(dict.SegmentNumber, dict.US, float64(n)), dicommeta.TextElement(dict.SegmentLabel, label),
			dicommeta.TextElement(dict.SegmentAlgorithmType, kind), dicommeta.TextElement(dict.SegmentAlgorithmName, "net"),
			dicommeta.SequenceElement(dict.SegmentedPropertyCategoryCodeSequence, coded1("91723000", "SCT", "Anatomical Structure")),
			dicommeta.SequenceElement(dict.SegmentedPropertyTypeCodeSequence, coded1(label, "99TEST", label)))
	}
	return objectLike(*on, segmentation, "SEG", 3, dicommeta.TextElement(dict.SegmentationType, "BINARY"),
		dicommeta.SequenceElement(dict.SegmentSequence, segment(1, "Spleen", "AUTOMATIC"), segment(2, "Liver", "MANUAL")),
		dicommeta.SequenceElement(dict.SourceImageSequence, dicommeta.NewDataset(dicommeta.TextElement(dict.ReferencedSOPInstanceUID, on.Data.Text(dict.SOPInstanceUID)))))
}

func petOf(st *dicomgen.Study) dicomgen.Object {
	ct := dicomgen.CT(st, &dicomgen.Plain, 1, 1)
	return objectLike(ct[0], ptImage, "PT", 1, dicommeta.TextElement(dict.SeriesType, "WHOLE BODY", "IMAGE"), dicommeta.TextElement(dict.Units, "BQML"),
		dicommeta.NumberElement(dict.NumberOfSlices, dict.US, 1), dicommeta.TextElement(dict.CorrectedImage, "DECY", "ATTN"), dicommeta.TextElement(dict.ActualFrameDuration, "90000"),
		dicommeta.SequenceElement(dict.RadiopharmaceuticalInformationSequence, dicommeta.NewDataset(
			dicommeta.TextElement(dict.RadionuclideTotalDose, "370000000"), dicommeta.TextElement(dict.RadiopharmaceuticalStartTime, "093000.000000"),
			dicommeta.SequenceElement(dict.RadionuclideCodeSequence, coded1("77004003", "SCT", "F18")))))
}

func annotationsOf(st *dicomgen.Study) dicomgen.Object {
	ct := dicomgen.CT(st, &dicomgen.Plain, 1, 1)
	group := func(n int, label, graphic string, count float64) dicommeta.Dataset {
		return dicommeta.NewDataset(dicommeta.NumberElement(dict.AnnotationGroupNumber, dict.US, float64(n)), dicommeta.TextElement(dict.AnnotationGroupLabel, label),
			dicommeta.TextElement(dict.GraphicType, graphic), dicommeta.NumberElement(dict.NumberOfAnnotations, dict.UL, count),
			dicommeta.SequenceElement(dict.AnnotationPropertyTypeCodeSequence, coded1("T1", "99TEST", "Cell")))
	}
	return objectLike(ct[0], "1.2.840.10008.5.1.4.1.1.91.1", "ANN", 2, dicommeta.TextElement(dict.AnnotationCoordinateType, "2D"),
		dicommeta.SequenceElement(dict.AnnotationGroupSequence, group(1, "nuclei", "POLYGON", 7), group(2, "dots", "POINT", 5)))
}

// run builds into a new folder.
func run(t testing.TB, f folder, opts *Options) (string, *Report) {
	t.Helper()
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Out == "" {
		o.Out = filepath.Join(t.TempDir(), "out")
	}
	r, err := Build(t.Context(), f.sources(nil), &o)
	if err != nil {
		t.Fatal(err)
	}
	return o.Out, r
}

// content returns the bytes of all files of a folder.
func content(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// different returns the names of files that are not the same in two folders.
func different(a, b map[string]string) []string {
	var names []string
	for name := range a {
		if a[name] != b[name] {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// dump returns the rows of a Parquet file as text, one column with a value a line.
func dump(t testing.TB, dir, table string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, table+".parquet"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	columns := f.Schema().Columns()
	var out strings.Builder
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		buf := make([]parquet.Row, 16)
		for {
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				out.WriteString("-\n")
				values := make([]string, len(columns))
				for _, v := range row {
					if c := v.Column(); !v.IsNull() {
						values[c] += " | " + v.String()
					}
				}
				for i, s := range values {
					if s != "" {
						fmt.Fprintf(&out, "%s: %s\n", columns[i][0], s[3:])
					}
				}
			}
			if err != nil {
				break
			}
		}
		rows.Close()
	}
	return out.String()
}

// codes returns how often each code occurs.
func codes(l issue.List) map[issue.Code]int {
	n := map[issue.Code]int{}
	for _, i := range l {
		n[i.Code]++
	}
	return n
}

func bytesReader(b []byte) *bytes.Reader { return bytes.NewReader(b) }
