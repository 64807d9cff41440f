package columnar

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree returns the paths of all files and empty folders under dir.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	list := []string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if rel, _ := filepath.Rel(dir, p); rel != "." {
			list = append(list, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(list)
	return list
}

func put(t *testing.T, d *Dir, name, content string) {
	t.Helper()
	f, err := d.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, content); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustDir(t *testing.T, d *Dir, err error) *Dir {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// hiddenOf stands for the runs of the past that wrote to target.
func hiddenOf(target string) *Dir { return &Dir{target: target} }

func wantTree(t *testing.T, dir string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), tree(t, dir)); diff != "" {
		t.Errorf("files (-want +got)\n%s", diff)
	}
}

func TestCommitShowsAllFilesAtOnce(t *testing.T) {
	base := t.TempDir()
	target := filepath.Join(base, "a", "b", "out")
	d, err := NewDir(target)
	d = mustDir(t, d, err)
	put(t, d, "omop/person.parquet", "p")
	put(t, d, "report.json", "r")
	if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("before Commit: want no folder, have %v", err)
	}
	if b, err := fs.ReadFile(d.FS(), "report.json"); err != nil || string(b) != "r" {
		t.Errorf("want the file before Commit, have %q, %v", b, err)
	}
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	wantTree(t, base, "a", "a/b", "a/b/out", "a/b/out/omop", "a/b/out/omop/person.parquet", "a/b/out/report.json")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	wantTree(t, target, "omop", "omop/person.parquet", "report.json")
	if _, err := d.Create("late"); err == nil {
		t.Error("create after Commit: want an error")
	}
	if err := d.Commit(); err == nil {
		t.Error("second Commit: want an error")
	}
}

func TestCloseWithoutCommitLeavesNothing(t *testing.T) {
	base := t.TempDir()
	d, err := NewDir(filepath.Join(base, "a", "b", "out"))
	d = mustDir(t, d, err)
	put(t, d, "sub/file", "x")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	wantTree(t, base)
	if err := d.Commit(); err == nil {
		t.Error("Commit after Close: want an error")
	}
}

func TestNewDirRefusesWhatIsNotEmpty(t *testing.T) {
	base := t.TempDir()
	if err := os.WriteFile(filepath.Join(base, "old"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := NewDir(base); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("want ErrNotEmpty, have %v", err)
	}
	if _, err := NewDir(filepath.Join(base, "old")); err == nil {
		t.Error("a file as target: want an error")
	}
	wantTree(t, base, "old")
}

func TestNewDirTakesAnEmptyFolder(t *testing.T) {
	target := filepath.Join(t.TempDir(), "out")
	if err := os.Mkdir(target, 0o777); err != nil {
		t.Fatal(err)
	}
	d, err := NewDir(target)
	d = mustDir(t, d, err)
	put(t, d, "f", "x")
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	wantTree(t, target, "f")
}

func TestCommitRefusesATargetFilledMeanwhile(t *testing.T) {
	target := filepath.Join(t.TempDir(), "out")
	d, err := NewDir(target)
	d = mustDir(t, d, err)
	put(t, d, "f", "x")
	if err := os.MkdirAll(filepath.Join(target, "theirs"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("want ErrNotEmpty, have %v", err)
	}
	d.Close()
	wantTree(t, filepath.Dir(target), "out", "out/theirs")
}

func TestReplaceDirKeepsTheOldUntilCommit(t *testing.T) {
	base := t.TempDir()
	target := filepath.Join(base, "out")
	if err := os.MkdirAll(filepath.Join(target, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, commit := range []bool{false, true} {
		d, err := ReplaceDir(target)
		d = mustDir(t, d, err)
		put(t, d, "new", "x")
		wantTree(t, target, "sub")
		if commit {
			if err := d.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		d.Close()
	}
	wantTree(t, base, "out", "out/new")
}

func TestCommitRefusesAnOpenFile(t *testing.T) {
	base := t.TempDir()
	d, err := NewDir(filepath.Join(base, "out"))
	d = mustDir(t, d, err)
	f, err := d.Create("f")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("want an error about the open file, have %v", err)
	}
	f.Close()
	if err := f.Close(); err == nil {
		t.Error("second Close of a file: want an error")
	}
	d.Close()
	wantTree(t, base)
}

func TestCommitRefusesAFileThatFailed(t *testing.T) {
	base := t.TempDir()
	d, err := NewDir(filepath.Join(base, "out"))
	d = mustDir(t, d, err)
	put(t, d, "f", "x")
	if _, err := d.Create("f"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the same name twice: want an error, have %v", err)
	}
	if err := d.Commit(); err == nil {
		t.Error("want Commit to refuse after a failed file")
	}
	d.Close()
	wantTree(t, base)
}

func TestCreateStaysInside(t *testing.T) {
	base := t.TempDir()
	d, err := NewDir(filepath.Join(base, "out"))
	d = mustDir(t, d, err)
	for _, name := range []string{"", ".", "..", "../x", "/x", "a/../../x", "a//b"} {
		if _, err := d.Create(name); err == nil {
			t.Errorf("want %q refused", name)
		}
	}
	d.Close()
	wantTree(t, base)
}

func TestFoldersOfDeadRunsAreRemovedAndLivingOnesKept(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no folder locks here, so nothing is known of other runs")
	}
	base := t.TempDir()
	target := filepath.Join(base, "out")
	alive, err := NewDir(target)
	alive = mustDir(t, alive, err)
	put(t, alive, "f", "x")
	dead := hiddenOf(target).hidden(partialMark) + "deadbeef00"
	other := hiddenOf(filepath.Join(base, "other")).hidden(partialMark) + "deadbeef00"
	for _, p := range []string{dead, other} {
		if err := os.MkdirAll(filepath.Join(p, "sub"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	d, err := NewDir(target)
	d = mustDir(t, d, err)
	if _, err := os.Stat(dead); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want the dead run's folder removed, have %v", err)
	}
	for _, p := range []string{alive.temp, other} {
		if _, err := os.Stat(p); err != nil {
			t.Errorf("want the folder kept: %v", err)
		}
	}
	put(t, d, "g", "x")
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := alive.Commit(); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("the second of two runs: want ErrNotEmpty, have %v", err)
	}
}

func TestAReplacementThatDiedHalfWayIsUndone(t *testing.T) {
	base := t.TempDir()
	target := filepath.Join(base, "out")
	old := hiddenOf(target).hidden(oldMark) + "deadbeef00"
	if err := os.WriteFile(filepath.Join(base, "x"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(old, "kept"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := NewDir(target); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("want ErrNotEmpty, have %v", err)
	}
	wantTree(t, base, "out", "out/kept", "x")
}

func TestAnUnwritableFolderIsAnError(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		// Root writes everywhere; /proc refuses even root.
		if _, err := os.Stat("/proc/self"); err != nil {
			t.Skip("no folder here that refuses this user")
		}
		if _, err := NewDir("/proc/self/out"); err == nil || !strings.HasPrefix(err.Error(), "columnar: ") {
			t.Errorf("want an error, have %v", err)
		}
		return
	}
	base := t.TempDir()
	if err := os.Chmod(base, 0o555); err != nil {
		t.Fatal(err)
	}
	if _, err := NewDir(filepath.Join(base, "out")); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("want a permission error, have %v", err)
	}
	wantTree(t, base)
}

// newInside is newDir for a target that is a mount point.
func newInside(t *testing.T, target string, replace bool) *Dir {
	t.Helper()
	d := &Dir{target: target, replace: replace, open: map[string]bool{}, inside: true}
	if err := d.prepare(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestAMountPointIsFilledFromInside(t *testing.T) {
	target := t.TempDir()
	d := newInside(t, target, false)
	put(t, d, "omop/person.parquet", "x")
	put(t, d, "report.json", "x")
	other := newInside(t, target, false)
	put(t, other, "late", "x")
	if names, err := d.entries(target); err != nil || len(names) > 0 {
		t.Errorf("before Commit: want nothing but hidden folders, have %d, %v", len(names), err)
	}
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := other.Commit(); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("the second run: want ErrNotEmpty, have %v", err)
	}
	other.Close()
	wantTree(t, target, "omop", "omop/person.parquet", "report.json")

	d = newInside(t, target, true)
	put(t, d, "new", "x")
	d.Close()
	wantTree(t, target, "omop", "omop/person.parquet", "report.json")
	d = newInside(t, target, true)
	put(t, d, "new", "x")
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	wantTree(t, target, "new")
}
