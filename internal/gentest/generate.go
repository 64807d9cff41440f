package gentest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// UpToDate runs each go:generate line of a file in the current folder that calls
// carabiner gen, with --check: files that would change fail the test.
func UpToDate(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for line := range strings.Lines(string(text)) {
		args, ok := strings.CutPrefix(strings.TrimSpace(line), "//go:generate go run ../../cmd/carabiner gen ")
		if !ok {
			continue
		}
		checked++
		command := append([]string{"run", "../../cmd/carabiner", "gen"}, strings.Fields(args)...)
		if out, err := exec.CommandContext(t.Context(), "go", append(command, "--check")...).CombinedOutput(); err != nil {
			t.Errorf("want generated files as they would be made now, have others (go generate makes them): %v\n%s", err, out)
		}
	}
	if checked == 0 {
		t.Errorf("%s: want a go:generate line that calls carabiner gen, have none", file)
	}
}
