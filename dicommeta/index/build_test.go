package index

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/dicomgen"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/google/go-cmp/cmp"
)

// The tables of a small folder are as written down, but for those of all elements.
func TestBuildMakesTheTables(t *testing.T) {
	var found issue.Collector
	out, r := run(t, clinic(t), &Options{Reporter: &found})
	for _, table := range Schema() {
		if table.Name != "elements" && table.Name != "findings" {
			golden.Compare(t, filepath.Join("testdata", table.Name+".txt"), []byte(dump(t, out, table.Name)))
		}
	}
	got, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, filepath.Join("testdata", "report.json"), got)
	if r.Instances+r.NotDICOM+r.Failed != r.Files || r.NotDICOM != 1 || r.Failed < 1 {
		t.Errorf("want instances, others and failed to add up, have %+v", r)
	}
	for _, i := range found.List() {
		if strings.Contains(i.Message, "PAT") || strings.Contains(i.Message, "Eva") {
			t.Errorf("%s: want no value in a message", i.Code)
		}
	}
}

// A file whose name is no UTF-8 is indexed as the others are.
func TestBuildIndexesFilesOfAnyName(t *testing.T) {
	f := folder{}
	for name, at := range clinic(t) {
		f[name+"\xff\xfe\n\x1b"] = at
	}
	_, want := run(t, clinic(t), &Options{})
	_, have := run(t, f, &Options{})
	if have.Instances != want.Instances || have.Rows["elements"] != want.Rows["elements"] {
		t.Errorf("want as many rows as of files with plain names, %v, have %v", want.Rows, have.Rows)
	}
}

// Every element of every file has its rows.
func TestElementsHoldEveryValue(t *testing.T) {
	f := clinic(t)
	out, r := run(t, f, nil)
	rows := map[string]int{}
	names := map[string]string{}
	b, err := os.Open(filepath.Join(out, "elements.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	info, err := b.Stat()
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for row, err := range columnar.Read[elementRow](b, info.Size()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		rows[row.Path]++
		if row.Path == "a/report.dcm" && row.Value != nil {
			names[row.TagPath] += *row.Value + ";"
		}
		if row.Path == "a/ct/0000.dcm" && row.Tag == "00280030" && *row.Number != 0.78125 {
			t.Errorf("want the number of Pixel Spacing, have %v", *row.Number)
		}
	}
	if n != r.Rows["elements"] {
		t.Errorf("want %d rows, have %d", r.Rows["elements"], n)
	}
	for name, at := range f {
		x, err := dicommeta.Parse(memory{bytesReader(at.data)}, int64(len(at.data)), nil)
		if err != nil {
			continue
		}
		want := 0
		count := func(_ dicommeta.Path, d *dicommeta.Dataset, e *dicommeta.Element) bool {
			switch {
			case e.VR.IsText():
				want += max(1, len(d.Charset.Texts(e)))
			case e.VR == dict.SQ || isBulk(e.VR) || e.VR.Size() == 0:
				want++
			default:
				want += max(1, min(len(e.Value)/e.VR.Size(), maxValues))
			}
			return true
		}
		x.Meta.Walk(count)
		x.Dataset.Walk(count)
		if rows[name] != want {
			t.Errorf("%s: want %d rows, have %d", name, want, rows[name])
		}
	}
	x, err := dicommeta.Parse(memory{bytesReader(f["a/report.dcm"].data)}, int64(len(f["a/report.dcm"].data)), nil)
	if err != nil {
		t.Fatal(err)
	}
	x.Walk(func(p dicommeta.Path, d *dicommeta.Dataset, e *dicommeta.Element) bool {
		if want := strings.Join(d.Charset.Texts(e), ";") + ";"; e.VR.IsText() && len(e.Value) > 0 && names[p.String()] != want {
			t.Errorf("%s: want the values of the element", p)
		}
		return true
	})
}

func TestBuildDoesNotDependOnWorkers(t *testing.T) {
	f := clinic(t)
	for i := range 300 {
		o := dicomgen.CT(study(10+i%3), &dicomgen.Plain, 1+i%2, 1)
		f.put(t, "d/"+string(rune('a'+i%26))+strings.Repeat("x", i/26), &o[0])
	}
	one, _ := run(t, f, &Options{Workers: 1})
	want := content(t, one)
	for _, workers := range []int{2, 5} {
		out, _ := run(t, f, &Options{Workers: workers, MemoryBudget: 1 << 10})
		if names := different(want, content(t, out)); len(names) > 0 {
			t.Errorf("%d workers: want the same bytes, have others in %v", workers, names)
		}
	}
}

func TestBuildCarriesOverWhatDidNotChange(t *testing.T) {
	f := clinic(t)
	first, _ := run(t, f, nil)
	for name := range f {
		if strings.HasPrefix(name, "b/mr") {
			delete(f, name)
		}
	}
	changed := dicomgen.CT(study(9), &dicomgen.Plain, 7, 1)
	f.put(t, "a/ct/0003.dcm", &changed[0])
	f["a/ct/0003.dcm"] = file{data: f["a/ct/0003.dcm"].data, mtime: day.AddDate(0, 0, 1)}
	f.put(t, "a/new.dcm", &changed[0])
	fresh, _ := run(t, f, nil)
	opened := 0
	out := filepath.Join(t.TempDir(), "out")
	r, err := Build(t.Context(), f.sources(&opened), &Options{Out: out, Previous: first})
	if err != nil {
		t.Fatal(err)
	}
	if opened != 3 || r.Carried != r.Files-3 { // the changed one, the new one and the one that could not be opened
		t.Errorf("want 3 files read, have %d read and %d of %d carried over", opened, r.Carried, r.Files)
	}
	if names := different(content(t, fresh), content(t, out)); len(names) > 0 {
		t.Errorf("want the bytes of a fresh run, have others in %v", names)
	}
	// In place, with nothing changed.
	opened = 0
	again, err := Build(t.Context(), f.sources(&opened), &Options{Out: out, Previous: out, Overwrite: true})
	if err != nil || opened != 1 {
		t.Errorf("want no file read but the one that cannot be, have %d, %v", opened, err)
	}
	if names := different(content(t, fresh), content(t, out)); len(names) > 0 || again.Carried != again.Files-1 {
		t.Errorf("in place: want the bytes of a fresh run, have others in %v", names)
	}
}

func TestBuildIgnoresAnEarlierRunOfAnotherKind(t *testing.T) {
	f := clinic(t)
	first, _ := run(t, f, &Options{SkipElements: true})
	opened := 0
	r, err := Build(t.Context(), f.sources(&opened), &Options{Out: filepath.Join(t.TempDir(), "out"), Previous: first})
	if err != nil || r.Carried != 0 || opened != len(f) {
		t.Errorf("want all files read, have %d of %d, %v", opened, len(f), err)
	}
	if _, err := Build(t.Context(), f.sources(nil), &Options{Out: filepath.Join(t.TempDir(), "out"), Previous: t.TempDir()}); err != nil {
		t.Errorf("want an empty folder to be no earlier run, have %v", err)
	}
	damaged, _ := run(t, f, nil)
	path := filepath.Join(damaged, resumeFile)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{len(b) / 2, len(b) - 1} {
		if err := os.WriteFile(path, b[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Build(t.Context(), f.sources(nil), &Options{Out: filepath.Join(t.TempDir(), "out"), Previous: damaged}); !errors.Is(err, errResume) {
			t.Errorf("want an error for a damaged file, have %v", err)
		}
	}
}

func TestAnInterruptedBuildLeavesNothing(t *testing.T) {
	f := clinic(t)
	parent := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	stop := errors.New("stop")
	tests := map[string]func() error{
		"cancelled": func() error {
			_, err := Build(ctx, f.sources(nil), &Options{Out: filepath.Join(parent, "out"), TempDir: parent, MemoryBudget: 1, Progress: func(int64, int64) { cancel() }})
			return err
		},
		"reporter": func() error {
			_, err := Build(t.Context(), f.sources(nil), &Options{Out: filepath.Join(parent, "out"), TempDir: parent, MemoryBudget: 1,
				Reporter: issue.ReporterFunc(func(issue.Issue) error { return stop })})
			return err
		},
		"sources": func() error {
			_, err := Build(t.Context(), func(yield func(dicommeta.Source, error) bool) {
				for s := range f.sources(nil) {
					if !yield(s, nil) {
						return
					}
				}
				yield(dicommeta.Source{}, stop)
			}, &Options{Out: filepath.Join(parent, "out"), TempDir: parent, MemoryBudget: 1})
			return err
		},
	}
	for name, build := range tests {
		if err := build(); !errors.Is(err, stop) && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: want the reason, have %v", name, err)
		}
		left, err := os.ReadDir(parent)
		if err != nil || len(left) > 0 {
			t.Errorf("%s: want nothing left, have %v, %v", name, left, err)
		}
	}
}

func TestBuildReportsConflicts(t *testing.T) {
	f := folder{}
	a, b := dicomgen.CT(study(1), &dicomgen.Plain, 1, 3), dicomgen.CT(study(2), &dicomgen.Plain, 1, 2)
	a[1].Data.Set(dicommeta.TextElement(dict.PatientBirthDate, "19700101"))
	a[2].Data.Set(dicommeta.TextElement(dict.Modality, "MR"))
	b[0].Data.Set(dicommeta.TextElement(dict.SeriesInstanceUID, a[0].Data.Text(dict.SeriesInstanceUID)))
	b[1].Data.Set(dicommeta.TextElement(dict.PatientID, "PAT1"))
	b[1].Data.Set(dicommeta.TextElement(dict.PatientName, "Other^Name"))
	f.all(t, "a", a)
	f.all(t, "b", b)
	f["c/copy.dcm"] = f["a/0000.dcm"]
	var found issue.Collector
	out, r := run(t, f, &Options{Reporter: &found})
	want := map[issue.Code]int{
		dicommeta.CodeRollupPatient: 4, dicommeta.CodeRollupModality: 1, dicommeta.CodeRollupSeriesStudies: 2, dicommeta.CodeRollupPatients: 1, dicommeta.CodeRollupCopy: 1,
	}
	got := codes(found.List())
	for code := range got {
		if !strings.HasPrefix(string(code), "dicom-rollup") {
			delete(got, code)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s%v", diff, found.List())
	}
	if r.Series != 3 || r.Studies != 2 {
		t.Errorf("want 3 series in 2 studies, have %d in %d", r.Series, r.Studies)
	}
	if s := dump(t, out, "patient"); !strings.Contains(s, "birth_date_conflicts: 1") {
		t.Errorf("want the second birth date counted, have\n%s", s)
	}
}

// Studies are the same whether they are rolled up in memory or out of it.
func TestStudiesEqualsRollup(t *testing.T) {
	f := clinic(t)
	a, b := dicomgen.CT(study(20), &dicomgen.Plain, 1, 3), dicomgen.CT(study(21), &dicomgen.Plain, 1, 2)
	b[0].Data.Set(dicommeta.TextElement(dict.SeriesInstanceUID, a[0].Data.Text(dict.SeriesInstanceUID)))
	b[1].Data.Set(dicommeta.TextElement(dict.PatientID, "PAT20"))
	b[1].Data.Set(dicommeta.TextElement(dict.PatientName, "Other^Name"))
	b[1].Data.Set(dicommeta.TextElement(dict.SOPInstanceUID, a[0].Data.Text(dict.SOPInstanceUID)))
	f.all(t, "y", a)
	f.all(t, "z", b)
	var roll dicommeta.Rollup
	for x, err := range dicommeta.Read(t.Context(), f.sources(nil), nil) {
		if err != nil {
			t.Fatal(err)
		}
		roll.Add(x)
	}
	want, _ := roll.Studies()
	for _, budget := range []int64{0, 1} {
		var got []*dicommeta.Study
		for s, err := range Studies(t.Context(), f.sources(nil), &StudiesOptions{MemoryBudget: budget, TempDir: t.TempDir(), Read: &dicommeta.ReadOptions{Workers: 2}}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, s)
		}
		if len(got) != len(want) {
			t.Fatalf("want %d studies, have %d", len(want), len(got))
		}
		for i := range want {
			if diff := cmp.Diff(shape(want[i]), shape(got[i])); diff != "" {
				t.Errorf("budget %d, study %d: (-want +got)\n%s", budget, i, diff)
			}
		}
	}
}

// shape returns all that a study holds, as text.
func shape(s *dicommeta.Study) []string {
	var all []string
	add := func(at string, d *dicommeta.Dataset) {
		d.Walk(func(p dicommeta.Path, _ *dicommeta.Dataset, e *dicommeta.Element) bool {
			all = append(all, at+" "+p.String()+" "+e.VR.String()+" "+string(e.Value))
			return true
		})
	}
	add("study", &s.Dataset)
	for i := range s.Series {
		add("series", &s.Series[i].Dataset)
		for j := range s.Series[i].Instances {
			m := &s.Series[i].Instances[j]
			add(m.Source+" "+m.TransferSyntax, &m.Dataset)
		}
	}
	for _, i := range s.Issues {
		all = append(all, i.String())
	}
	return all
}

func TestStudiesStopsWhenTheCallerDoes(t *testing.T) {
	n := 0
	for _, err := range Studies(t.Context(), clinic(t).sources(nil), &StudiesOptions{MemoryBudget: 1, TempDir: t.TempDir(), Keep: []dict.Tag{dict.SpecificCharacterSet}}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		break
	}
	if n != 1 {
		t.Errorf("want one study, have %d", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range Studies(ctx, clinic(t).sources(nil), nil) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("want the end of the context, have %v", err)
		}
	}
}

// Real folders: no file is lost, and the tables name what is in them.
func TestBuildOfSharedFolders(t *testing.T) {
	for _, test := range []struct {
		dir    string
		series int64
		rows   map[string]int64
	}{
		{"dcm_qa_nih", 6, map[string]int64{"mr_index": 6}},
		{"highdicom", 0, map[string]int64{"seg_index": 12, "ann_index": 1}},
		{"made/objects", 0, map[string]int64{}},
	} {
		t.Run(test.dir, func(t *testing.T) {
			dir := golden.Shared(t, "data/dicom/files/"+test.dir)
			out := filepath.Join(t.TempDir(), "out")
			r, err := Build(t.Context(), dicommeta.Sources(dir), &Options{Out: out, SkipElements: true})
			if err != nil {
				t.Fatal(err)
			}
			if r.Files != r.Instances+r.NotDICOM+r.Failed || r.Failed > 0 || r.Instances == 0 {
				t.Errorf("want every file in the account, have %+v", r)
			}
			if test.series > 0 && r.Series != test.series {
				t.Errorf("want %d series, have %d", test.series, r.Series)
			}
			for table, n := range test.rows {
				if r.Rows[table] != n {
					t.Errorf("%s: want %d rows, have %d", table, n, r.Rows[table])
				}
			}
			if r.Rows["index"] != r.Series || r.Rows["instance"] != r.Instances {
				t.Errorf("want a row a series and a row an instance, have %+v", r.Rows)
			}
		})
	}
}

func TestBuildRefusesOptions(t *testing.T) {
	if _, err := Build(t.Context(), folder{}.sources(nil), nil); err == nil {
		t.Error("want an error without a folder")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(t.Context(), folder{}.sources(nil), &Options{Out: dir}); !errors.Is(err, columnar.ErrNotEmpty) {
		t.Errorf("want ErrNotEmpty, have %v", err)
	}
}

// An empty folder has all tables, without rows.
func TestBuildOfNothing(t *testing.T) {
	out, r := run(t, folder{}, nil)
	var names []string
	for name := range content(t, out) {
		if base, ok := strings.CutSuffix(name, ".parquet"); ok {
			names = append(names, base)
		}
	}
	slices.Sort(names)
	var want []string
	for _, table := range Schema() {
		want = append(want, table.Name)
	}
	if diff := cmp.Diff(want, names); diff != "" || r.Files != 0 {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
