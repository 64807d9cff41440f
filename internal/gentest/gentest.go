// Package gentest compiles generated Go packages and runs tests over them, in a
// throw-away module. It is test code that several packages share.
package gentest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// modulePath is the path of the throw-away module: package p of Run is imported
// as "generated/p".
const modulePath = "generated"

// A Run is what one run compiles and tests. Put as many packages into one as
// possible: the compiler's start is what takes time.
type Run struct {
	// Files are the files by slash path: "patient/types_gen.go". Test files are
	// among them.
	Files map[string][]byte
	// Carabiner lets the code import this checkout and what it needs; without it
	// the module knows the standard library alone.
	Carabiner bool
	// VetOnly leaves out go test.
	VetOnly bool
	// Args are further arguments of go test, such as -run or -bench.
	Args []string
}

// Do writes the module, runs go vet and go test over it, and returns what go test
// said. A failure of either fails the test with its output.
func (r Run) Do(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles generated code")
	}
	dir := r.write(t)
	if out, err := command(dir, "vet", "./..."); err != nil {
		t.Fatalf("go vet: %v\n%s", err, clip(out))
	}
	if r.VetOnly {
		return ""
	}
	args := append([]string{"test", "-vet=off"}, r.Args...)
	if !slices.ContainsFunc(r.Args, func(a string) bool { return strings.HasPrefix(a, "-bench") }) {
		args = append(args, "-gcflags=-N -l") // halves the time that the compiler takes
	}
	out, err := command(dir, append(args, "./...")...)
	if err != nil {
		t.Fatalf("go test: %v\n%s", err, clip(out))
	}
	return out
}

// Staticcheck runs staticcheck over the module and returns what it found, one
// finding a line; "" = none. It skips the test where the tool is not at hand.
func (r Run) Staticcheck(t testing.TB) string {
	t.Helper()
	dir := r.write(t)
	root := root(t)
	tool := exec.Command("go", "tool", "-n", "staticcheck")
	tool.Dir = root
	path, err := tool.Output()
	if err != nil {
		t.Skip("no staticcheck: ", err)
	}
	cmd := exec.Command(strings.TrimSpace(string(path)), "./...")
	cmd.Dir, cmd.Env = dir, environ()
	out, _ := cmd.CombinedOutput() // its exit code says that there are findings
	return string(out)
}

func (r Run) write(t testing.TB) string {
	t.Helper()
	dir := r.folder(t)
	module := "module " + modulePath + "\n\ngo 1.26\n"
	if r.Carabiner {
		module = carabiner(t, dir)
	}
	save(t, filepath.Join(dir, "go.mod"), []byte(module))
	for name, content := range r.Files {
		save(t, filepath.Join(dir, filepath.FromSlash(name)), content)
	}
	return dir
}

// folder returns a new folder that has the same path for the same files, so that
// the compiler's cache knows what did not change since the last run; where another
// run is using that, one of a random path.
func (r Run) folder(t testing.TB) string {
	t.Helper()
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(r.Files)) {
		fmt.Fprintf(h, "%s %d\n%s", name, len(r.Files[name]), r.Files[name])
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("gentest-%x", h.Sum(nil)[:8]))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// carabiner returns a go.mod that requires this checkout with all that it
// requires itself, and copies its go.sum.
func carabiner(t testing.TB, dir string) string {
	t.Helper()
	root := root(t)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	save(t, filepath.Join(dir, "go.sum"), sum)
	name, rest, _ := strings.Cut(string(mod), "\n")
	name = strings.TrimPrefix(name, "module ")
	rest, _, _ = strings.Cut(rest, "\ntool ")
	return fmt.Sprintf("module %s\n%s\n\nrequire %s v0.0.0\n\nreplace %s => %s\n", modulePath, rest, name, name, filepath.ToSlash(root))
}

func root(t testing.TB) string {
	t.Helper()
	out, err := command(".", "env", "GOMOD")
	if err != nil {
		t.Fatalf("go env: %v\n%s", err, out)
	}
	return filepath.Dir(strings.TrimSpace(out))
}

func command(dir string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, environ()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// environ keeps go off the network and out of workspaces.
func environ() []string {
	return append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local")
}

func save(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func clip(s string) string {
	const most = 8 << 10
	if len(s) > most {
		return s[:most] + "\n…"
	}
	return s
}
