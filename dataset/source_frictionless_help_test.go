package dataset

import (
	"os"
	"path/filepath"
)

// openBeside opens files relative to another.
func openBeside(path string) func(string) (string, []byte, error) {
	return func(ref string) (string, []byte, error) {
		p := filepath.Join(filepath.Dir(path), ref)
		b, err := os.ReadFile(p)
		return p, b, err
	}
}
