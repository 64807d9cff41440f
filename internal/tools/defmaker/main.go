// Command defmaker turns the published definitions of FHIR R4, of HL7's
// terminology and of HL7's extension pack into the facts that package
// fhir/fhirdef embeds: structures, value sets, code systems and search parameters
// without prose, and without the codes of systems that have a licence of their own.
package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/carabiner-health/carabiner/internal/tools/maker"
)

func main() { maker.Main("defmaker", "../../fhir/fhirdef/data", run) }

// run reads every source before it writes anything.
func run(shared fs.FS, out string) error {
	files, err := build(shared)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(out, f.name), f.content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

type file struct {
	name    string
	content []byte
}

// build returns the fact files.
func build(shared fs.FS) ([]file, error) {
	links()
	var hashes bytes.Buffer
	hashes.WriteString("# file\tsource\tedition\tlicence\tSHA-256 of the source\n")
	var all []*resource
	for i, p := range packages {
		for _, s := range p.sources {
			b, err := fs.ReadFile(shared, s.path)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&hashes, "r4.zst\t%s\t%s\t%s\t%s\n", s.origin, p.edition, p.licence, sum(b))
			list, err := s.read(b)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.path, err)
			}
			for _, text := range list {
				r, err := reduce(text, i)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", s.path, err)
				}
				if r != nil {
					all = append(all, r)
				}
			}
		}
	}
	blob, index, err := pack(all)
	if err != nil {
		return nil, err
	}
	search, source, err := buildSearch(shared)
	if err != nil {
		return nil, err
	}
	hashes.WriteString(source)
	return []file{{"r4.zst", blob}, {"r4.index.zst", index}, {"search.zst", search}, {"SOURCES", hashes.Bytes()}}, nil
}
