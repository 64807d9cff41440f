package golden

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// recorder is a testing.TB that notes how a test ended instead of ending it.
type recorder struct {
	testing.TB
	failed, skipped string
}

type ended struct{}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	panic(ended{})
}
func (r *recorder) Fatal(args ...any) {
	r.failed = fmt.Sprint(args...)
	panic(ended{})
}
func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	panic(ended{})
}

func (r *recorder) run(f func(testing.TB)) {
	defer func() {
		if p := recover(); p != nil && p != any(ended{}) {
			panic(p)
		}
	}()
	f(r)
}

func TestSharedFollowsTheVariable(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "data", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv(sharedVariable, dir)
	if got, want := Shared(t, "data/x"), filepath.Join(dir, "data", "x"); got != want {
		t.Errorf("want %s, have %s", want, got)
	}
}

func TestSharedSkipsWhereAbsentAndFailsInCI(t *testing.T) {
	t.Setenv(sharedVariable, t.TempDir())
	t.Setenv(ciVariable, "")
	var r recorder
	r.run(func(tb testing.TB) { Shared(tb, "data/absent") })
	if r.skipped == "" || r.failed != "" {
		t.Errorf("outside CI: want a skip, have skip %q and failure %q", r.skipped, r.failed)
	}
	t.Setenv(ciVariable, "true")
	r = recorder{}
	r.run(func(tb testing.TB) { Shared(tb, "data/absent") })
	if r.failed == "" || r.skipped != "" {
		t.Errorf("in CI: want a failure, have skip %q and failure %q", r.skipped, r.failed)
	}
}

func TestRootPassesNestedModulesBy(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "internal", "nested")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	for d, module := range map[string]string{dir: mainModule, inner: mainModule + "/internal/nested"} {
		if err := os.WriteFile(filepath.Join(d, "go.mod"), []byte("module "+module+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := rootFrom(inner); err != nil || got != dir {
		t.Errorf("want %s, have %s (%v)", dir, got, err)
	}
	if got, err := rootFrom(t.TempDir()); err == nil {
		t.Errorf("outside every module: want an error, have %s", got)
	}
	if _, err := os.Stat(filepath.Join(Root(t), "internal", "golden")); err != nil {
		t.Errorf("Root is not the repository: %v", err)
	}
}

func TestCorpusRunsEveryInputAndNoExpectation(t *testing.T) {
	var seen []string
	Corpus{
		Outputs: []string{".issues.txt", ".out.json"},
		Run: func(t *testing.T, name string, input []byte) [][]byte {
			seen = append(seen, name)
			if bytes.Contains(input, []byte("null")) {
				return [][]byte{[]byte("null is not expected\n"), nil}
			}
			return [][]byte{nil, bytes.ToUpper(input)}
		},
	}.Test(t)
	if len(seen) != 2 || seen[0] != "bad" || seen[1] != "good" {
		t.Errorf("want the cases bad and good, have %q", seen)
	}
}

func TestCompareRewritesOnRequestAndStillFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "case.out.txt")
	step := func(update string, got []byte) string {
		t.Setenv(updateVariable, update)
		var r recorder
		r.run(func(tb testing.TB) { Compare(tb, file, got) })
		return r.failed
	}
	if step("", nil) != "" {
		t.Error("missing file and no output: want equal")
	}
	if step("", []byte("a\n")) == "" {
		t.Error("missing file and some output: want a failure")
	}
	if step("1", []byte("a\n")) == "" {
		t.Error("rewriting: want a failure")
	}
	if step("", []byte("a\n")) != "" {
		t.Error("after rewriting: want equal")
	}
	if step("1", nil) == "" {
		t.Error("rewriting to nothing: want a failure")
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Error("rewriting to nothing: want the file gone")
	}
}
