package fhirdef

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

//go:generate go -C ../../internal/tools run ./defmaker

// The facts are JSON resources without prose, cut into chunks that are
// compressed one by one; the index has a line for every package, chunk and
// resource. SOURCES beside them names what they were made of.
var (
	//go:embed data/r4.zst
	r4Facts string
	//go:embed data/r4.index.zst
	r4Index string
)

// R4 returns the definitions of FHIR R4 (4.0.1) with HL7's terminology and
// extension pack, embedded in the program. It is the same value each time.
func R4() *Definitions { return r4() }

var r4 = sync.OnceValue(func() *Definitions {
	pkgs, err := readIndex(r4Index, r4Facts)
	if err != nil {
		// The index is part of the program; a test reads all of it.
		return FromPackages()
	}
	return FromPackages(pkgs...)
})

// A chunk is some resources that were compressed together.
type chunk struct {
	frame   string
	size    int
	decoder *zstd.Decoder
	once    sync.Once
	text    []byte
	err     error
}

func (c *chunk) slice(offset, size int) ([]byte, error) {
	c.once.Do(func() {
		c.text, c.err = c.decoder.DecodeAll([]byte(c.frame), make([]byte, 0, c.size))
	})
	if c.err != nil {
		return nil, c.err
	}
	if offset < 0 || size < 0 || offset > len(c.text)-size {
		return nil, fmt.Errorf("fhirdef: want %d bytes of facts at %d, have %d in all", size, offset, len(c.text))
	}
	return c.text[offset : offset+size : offset+size], nil
}

// readIndex returns the packages that an index describes.
func readIndex(index, facts string) ([]*Package, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	raw, err := z.DecodeAll([]byte(index), nil)
	if err != nil {
		return nil, err
	}
	text := string(raw)
	var pkgs []*Package
	var chunks []*chunk
	counts := countRows(text)
	rows := 0
	for _, n := range counts {
		rows += n
	}
	entries := make([]entry, rows)
	var f [12]string
	for line := range strings.Lines(text) {
		n := fields(strings.TrimSuffix(line, "\n"), &f)
		switch {
		case n == 4 && f[0] == "package":
			p := NewPackage(f[1], f[2])
			p.Canonical = f[3]
			p.entries = make([]*entry, 0, counts[len(pkgs)])
			pkgs = append(pkgs, p)
		case n == 3 && f[0] == "chunk":
			packed, err1 := strconv.Atoi(f[1])
			size, err2 := strconv.Atoi(f[2])
			if err1 != nil || err2 != nil || packed < 0 || packed > len(facts) {
				return nil, fmt.Errorf("fhirdef: want sizes of chunk %d, have something else", len(chunks))
			}
			chunks = append(chunks, &chunk{frame: facts[:packed], size: size, decoder: z})
			facts = facts[packed:]
		case n == 12:
			if len(entries) == 0 {
				return nil, fmt.Errorf("fhirdef: want %d resources in the index, have more", rows)
			}
			if err := addRow(&entries[0], pkgs, chunks, &f); err != nil {
				return nil, err
			}
			entries = entries[1:]
		default:
			return nil, fmt.Errorf("fhirdef: want 3, 4 or 12 fields in a line of the index, have %d", n)
		}
	}
	return pkgs, nil
}

// countRows returns how many resources each package has in an index, so that
// their memory is taken at once.
func countRows(text string) []int {
	var counts []int
	for line := range strings.Lines(text) {
		if at := strings.IndexByte(line, '\t'); at == 1 && line[2]-'0' < byte(len(counts)) {
			counts[line[2]-'0']++
		} else if strings.HasPrefix(line, "package\t") {
			counts = append(counts, 0)
		}
	}
	return counts
}

func addRow(e *entry, pkgs []*Package, chunks []*chunk, f *[12]string) error {
	var n [4]int
	for i, text := range []string{f[1], f[9], f[10], f[11]} {
		v, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("fhirdef: want a number in the index, have something else: %w", err)
		}
		n[i] = v
	}
	if n[0] < 0 || n[0] >= len(pkgs) || n[1] < 0 || n[1] >= len(chunks) || len(f[0]) != 1 {
		return fmt.Errorf("fhirdef: want a known package and chunk in the index, have %d and %d", n[0], n[1])
	}
	p := pkgs[n[0]]
	at := strings.Index("SVC", f[0])
	if at < 0 {
		return fmt.Errorf("fhirdef: want S, V or C in the index, have something else")
	}
	e.class, e.url, e.version = class(at), f[2], f[3]
	e.kind, e.derivation, e.typ, e.base, e.abstract = f[4], f[5], f[6], f[7], f[8] != ""
	e.pkg, e.chunk, e.offset, e.size = p, chunks[n[1]], n[2], n[3]
	p.entries = append(p.entries, e)
	return nil
}

// fields cuts a line at its tabs and returns how many fields there are.
func fields(line string, f *[12]string) int {
	for n := range f {
		at := strings.IndexByte(line, '\t')
		if at < 0 {
			f[n] = line
			return n + 1
		}
		f[n], line = line[:at], line[at+1:]
	}
	return len(f) + 1
}
