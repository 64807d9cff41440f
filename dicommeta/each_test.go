package dicommeta

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// folder writes a tree of files: DICOM, text, and one cut short.
func folder(t *testing.T) string {
	dir := t.TempDir()
	write := func(name string, data []byte) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file := encodedFile(Encoding{})
	for i := range 20 {
		write(fmt.Sprintf("study/%02d.dcm", i), file)
	}
	write("study/README.txt", []byte("text"))
	write("study/cut.dcm", file[:300])
	write(".hidden/00.dcm", file)
	write("deep.dcm", file[:140])
	return dir
}

func TestSourcesAreFilesFoldersAndPatterns(t *testing.T) {
	dir := folder(t)
	names := func(args ...string) (all []string) {
		for src, err := range Sources(args...) {
			if err != nil {
				t.Fatal(err)
			}
			rel, err := filepath.Rel(dir, src.Name)
			if err != nil || src.Size == 0 || src.Modified.IsZero() {
				t.Fatalf("want a name, size and time, have %v %v", src, err)
			}
			all = append(all, filepath.ToSlash(rel))
		}
		return all
	}
	if all := names(dir); len(all) != 23 || all[0] != "deep.dcm" || !slices.IsSorted(all) {
		t.Errorf("want 23 files in order, have %v", all)
	}
	want := []string{"study/00.dcm", "study/01.dcm", "deep.dcm"}
	if diff := cmp.Diff(want, names(filepath.Join(dir, "study", "0[01]*"), filepath.Join(dir, "deep.dcm"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, arg := range []string{filepath.Join(dir, "none"), filepath.Join(dir, "none*"), "["} {
		var last error
		for _, err := range Sources(arg) {
			last = err
		}
		if last == nil {
			t.Errorf("%s: want an error, have none", arg)
		}
	}
}

func TestEachAndReadAccountForAllFiles(t *testing.T) {
	dir := folder(t)
	for _, workers := range []int{1, 3} {
		found, codes := new(issue.Collector), map[issue.Code]int{}
		var files int64
		opts := &ReadOptions{Workers: workers, Reporter: found, Progress: func(n, _ int64) { files = n }}
		var mu sync.Mutex
		seen := map[string]bool{}
		stats, err := Each(t.Context(), Sources(dir), opts, func(worker int, x *Instance) error {
			mu.Lock()
			defer mu.Unlock()
			if worker < 0 || worker >= workers || x.Size == 0 || x.Modified.IsZero() || !x.Partial && x.Text(dict.CodeMeaning) != "" {
				t.Errorf("want a worker below %d and a whole instance, have %d and %+v", workers, worker, x)
			}
			seen[x.Source] = true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		bytes := stats.Bytes
		stats.Bytes = 0
		if diff := cmp.Diff(ReadStats{Files: 23, Instances: 22, Partial: 2, NotDICOM: 1}, stats); diff != "" || bytes == 0 || files != 23 {
			t.Errorf("%d workers (-want +got), %d bytes:\n%s", workers, bytes, diff)
		}
		for _, i := range found.List() {
			codes[i.Code]++
			if i.Pos.Source == "" {
				t.Errorf("want the name of the file in %v", i)
			}
		}
		if len(seen) != 22 || codes[CodeNotDICOM] != 1 || codes[CodeTruncated] != 2 {
			t.Errorf("want 22 files and the findings of 3, have %d and %v", len(seen), codes)
		}
	}
	var names []string
	for x, err := range Read(t.Context(), Sources(dir), nil) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, x.Source)
	}
	if len(names) != 22 || !slices.IsSorted(names) {
		t.Errorf("want 22 files in order, have %v", names)
	}
}

func TestEachStopsWithTheFirstError(t *testing.T) {
	stop := errors.New("stop")
	dir := folder(t)
	if _, err := Each(t.Context(), Sources(dir), &ReadOptions{Workers: 2}, func(int, *Instance) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("want the error of visit, have %v", err)
	}
	reporter := issue.ReporterFunc(func(issue.Issue) error { return stop })
	if _, err := Each(t.Context(), Sources(dir), &ReadOptions{Reporter: reporter}, func(int, *Instance) error { return nil }); !errors.Is(err, stop) {
		t.Errorf("want the error of the Reporter, have %v", err)
	}
	if _, err := Each(t.Context(), Sources(dir, dir+"/none"), nil, func(int, *Instance) error { return nil }); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want the error of the sources, have %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for x, err := range Read(ctx, Sources(dir), nil) {
		if !errors.Is(err, context.Canceled) || x != nil {
			t.Errorf("want the context's error, have %v", err)
		}
	}
	gone := func(yield func(Source, error) bool) {
		yield(Source{Name: "gone", Open: func() (File, error) { return nil, fs.ErrPermission }}, nil)
	}
	found := new(issue.Collector)
	stats, err := Each(t.Context(), gone, &ReadOptions{Reporter: found}, func(int, *Instance) error { return nil })
	if err != nil || stats.Failed != 1 || len(found.List()) != 1 || found.List()[0].Code != CodeUnreadable {
		t.Errorf("want one file that cannot be read, have %+v %v", stats, err)
	}
}

// TestFSSourcesReadAnyFileSystem reads from memory and from an archive, whose files only go forward.
func TestFSSourcesReadAnyFileSystem(t *testing.T) {
	file := encodedFile(Encoding{})
	long := appendElement(nil, Encoding{}, 0x7FDF1001, dict.UN, bytes.Repeat([]byte("pieces "), 30_000))
	at := bytes.Index(file, []byte{0xE0, 0x7F, 0x10, 0})
	file = append(file[:at:at], append(long, file[at:]...)...)
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, name := range []string{"b/2.dcm", "a/1.dcm"} {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for name, fsys := range map[string]fs.FS{"zip": z, "memory": fstest.MapFS{"a/1.dcm": {Data: file}, "b/2.dcm": {Data: file}}} {
		var names []string
		for x, err := range Read(t.Context(), FSSources(fsys), nil) {
			if err != nil || x.Partial || x.Stop.Tag != dict.PixelData {
				t.Fatalf("%s: want a whole instance, have %v", name, err)
			}
			names = append(names, x.Source)
		}
		if diff := cmp.Diff([]string{"a/1.dcm", "b/2.dcm"}, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestForwardFilesGoBackToo(t *testing.T) {
	fsys := fstest.MapFS{"f": {Data: []byte("0123456789")}}
	f, err := fsys.Open("f")
	if err != nil {
		t.Fatal(err)
	}
	file := &forwardFile{file: f, open: func() (fs.File, error) { return fsys.Open("f") }}
	for _, c := range []struct {
		at   int64
		n    int
		want string
		err  error
	}{{2, 3, "234", nil}, {7, 2, "78", nil}, {0, 4, "0123", nil}, {8, 4, "89", io.EOF}, {20, 1, "", io.EOF}, {1, 1, "1", nil}} {
		p := make([]byte, c.n)
		n, err := file.ReadAt(p, c.at)
		if string(p[:n]) != c.want || err != c.err {
			t.Errorf("at %d: want %q and %v, have %q and %v", c.at, c.want, c.err, p[:n], err)
		}
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}
