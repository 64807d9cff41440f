package columnar

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

const killVariable = "COLUMNAR_TEST_TARGET"

// TestMain plays the run that is killed: it writes half a folder and waits.
func TestMain(m *testing.M) {
	target := os.Getenv(killVariable)
	if target == "" {
		os.Exit(m.Run())
	}
	d, err := NewDir(target)
	if err != nil {
		os.Exit(3)
	}
	f, err := d.Create("half.parquet")
	if err != nil {
		os.Exit(3)
	}
	if _, err := io.WriteString(f, "half"); err != nil {
		os.Exit(3)
	}
	os.Stdout.WriteString("written\n")
	io.Copy(io.Discard, os.Stdin) // until it is killed
}

func TestAKilledRunLeavesNothingThatLooksFinished(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no folder locks here, so nothing is known of other runs")
	}
	base := t.TempDir()
	target := filepath.Join(base, "out")
	run := exec.Command(os.Args[0])
	run.Env = append(os.Environ(), killVariable+"="+target)
	in, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	d, err := NewDir(target) // beside the living run
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	if left := hiddenOf(target).found(partialMark); len(left) != 1 {
		t.Errorf("want the living run's folder kept, have %d", len(left))
	}
	if err := run.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	run.Wait()
	if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want no target, have %v", err)
	}
	d, err = NewDir(target)
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	wantTree(t, base)
}

// A write that fails makes Commit refuse, even if the caller forgot it.
func TestAFailedWriteKeepsCommitFromSucceeding(t *testing.T) {
	base := t.TempDir()
	d, err := NewDir(filepath.Join(base, "out"))
	d = mustDir(t, d, err)
	f, err := d.Create("f")
	if err != nil {
		t.Fatal(err)
	}
	f.(*dirFile).f.Close() // as a disk that goes away
	if _, err := f.Write([]byte("x")); err == nil {
		t.Error("want an error")
	}
	if f.Close() == nil {
		t.Error("want an error from Close")
	}
	if err := d.Commit(); err == nil {
		t.Error("want Commit to refuse")
	}
	d.Close()
	wantTree(t, base)
}
