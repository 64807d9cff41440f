package golden

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Names of the environment variables that this package reads.
const (
	sharedVariable = "CARABINER_SHARED" // folder of the shared data sets
	updateVariable = "CARABINER_UPDATE" // 1: rewrite expectations
	ciVariable     = "CI"               // true: a missing data set is a failure
)

const mainModule = "github.com/carabiner-health/carabiner"

// Shared returns the path of the shared data set rel, such as
// "data/fhir/synthea/bulk-300". It skips the test where the data set is
// absent, and fails it there when CI=true.
func Shared(t testing.TB, rel string) string {
	t.Helper()
	path, err := sharedPath(rel)
	if err == nil {
		return path
	}
	if os.Getenv(ciVariable) == "true" {
		t.Fatalf("shared data set %s: %v", rel, err)
	}
	t.Skipf("shared data set %s is not here (%v); set %s to its folder", rel, err, sharedVariable)
	return ""
}

func sharedPath(rel string) (string, error) {
	base := os.Getenv(sharedVariable)
	if base == "" {
		root, err := root()
		if err != nil {
			return "", err
		}
		base = filepath.Join(filepath.Dir(root), "shared")
	}
	path := filepath.Join(base, filepath.FromSlash(rel))
	if _, err := os.Stat(path); err != nil {
		return "", err
	}
	return path, nil
}

// Root returns the folder of the repository, the one whose go.mod names the
// main module. Nested modules find the same folder.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := root()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var root = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("golden: %w", err)
	}
	return rootFrom(dir)
})

// rootFrom returns the nearest folder at or above dir whose go.mod declares
// the main module; the go.mod of a nested module is passed by.
func rootFrom(dir string) (string, error) {
	for {
		b, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && declares(b, mainModule) {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("golden: no go.mod of %s at or above the working folder", mainModule)
		}
		dir = up
	}
}

func declares(mod []byte, path string) bool {
	for line := range bytes.Lines(mod) {
		if f := bytes.Fields(line); len(f) == 2 && string(f[0]) == "module" {
			return string(f[1]) == path
		}
	}
	return false
}
