package golden

import (
	"bytes"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Corpus is a folder of cases for one act.
type Corpus struct {
	// Dir is the folder, "testdata" if empty.
	Dir string
	// Input is the ending of the input files, ".json" if empty. A file whose
	// name also ends in one of Outputs is not an input.
	Input string
	// Outputs are the endings of the expectations, such as ".issues.txt".
	Outputs []string
	// Run performs the act on one input and returns its outputs in the order
	// of Outputs.
	Run func(t *testing.T, name string, input []byte) [][]byte
}

// Test runs every case of the corpus as a subtest named after it. A corpus
// without a single case fails.
func (c Corpus) Test(t *testing.T) {
	t.Helper()
	names, err := c.cases()
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("corpus %s: want at least one case, have 0", c.dir())
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			input, err := os.ReadFile(filepath.Join(c.dir(), name+c.input()))
			if err != nil {
				t.Fatal(err)
			}
			got := c.Run(t, name, input)
			if len(got) != len(c.Outputs) {
				t.Fatalf("corpus %s: want %d outputs, have %d", c.dir(), len(c.Outputs), len(got))
			}
			for i, ending := range c.Outputs {
				Compare(t, filepath.Join(c.dir(), name+ending), got[i])
			}
		})
	}
}

func (c Corpus) dir() string {
	if c.Dir == "" {
		return "testdata"
	}
	return c.Dir
}

func (c Corpus) input() string {
	if c.Input == "" {
		return ".json"
	}
	return c.Input
}

func (c Corpus) cases() ([]string, error) {
	entries, err := os.ReadDir(c.dir())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name, isInput := strings.CutSuffix(e.Name(), c.input())
		for _, ending := range c.Outputs {
			isInput = isInput && !strings.HasSuffix(e.Name(), ending)
		}
		if isInput && !e.IsDir() {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, nil
}

// Compare compares got with the content of the file; a missing file is an
// expectation of nothing. With CARABINER_UPDATE=1 it rewrites the file where
// it differs (removes it when got is empty) and still fails the test.
func Compare(t testing.TB, file string, got []byte) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if bytes.Equal(want, got) {
		return
	}
	if os.Getenv(updateVariable) == "1" {
		if err := rewrite(file, got); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s: rewritten; run again without %s", file, updateVariable)
		return
	}
	t.Errorf("%s (-want +got), %s=1 rewrites it:\n%s", file, updateVariable, cmp.Diff(string(want), string(got)))
}

func rewrite(file string, got []byte) error {
	if len(got) == 0 {
		return os.Remove(file)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, got, 0o644)
}
