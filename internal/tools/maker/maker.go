// Package maker is what the programs have in common that turn published files
// into the data of a package.
package maker

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Main is the main function of a maker: it calls run with the folder of the
// published files and the one that receives the data, both to be changed by flags.
// Where the published files are absent the data stays as it is.
func Main(name, out string, run func(shared fs.FS, out string) error) {
	shared := flag.String("shared", "../../../shared", "folder of the published source files")
	flag.StringVar(&out, "out", out, "folder of the data")
	flag.Parse()
	err := run(os.DirFS(*shared), out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(os.Stderr, "%s: source files are absent, %s stays as it is\n", name, filepath.ToSlash(out))
	case err != nil:
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}
