package fhirdef

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// LoadOptions are the options of Load. Nil and zero fields mean the defaults.
type LoadOptions struct {
	// KeepDifferential keeps the differential of structures that have a snapshot.
	KeepDifferential bool
	// Lenient leaves out what cannot be read and tells of it in Package.Skipped,
	// where Load would otherwise fail.
	Lenient bool
	// Limits: bytes of one file, bytes of all files, number of files.
	// Defaults: 64 MiB, 1 GiB, 200,000.
	MaxFile  int64
	MaxBytes int64
	MaxFiles int
}

// Load returns the package at a path: a package.tgz as registries hand out, a
// folder with the same layout, a folder of JSON files in any layout, or one JSON
// file. Of a package's folders only "package" is read, so that its examples are
// left out.
func Load(ctx context.Context, name string, opts *LoadOptions) (*Package, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("fhirdef: %w", err)
	}
	if info.IsDir() {
		return LoadFS(ctx, os.DirFS(name), opts)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("fhirdef: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 64<<10)
	if magic, _ := r.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		return LoadArchive(ctx, r, filepath.Base(name), opts)
	}
	l := newLoader(opts)
	if err := l.file(ctx, r, filepath.Base(name)); err != nil {
		return nil, err
	}
	return l.done(filepath.Base(name))
}

// LoadArchive returns the package in a gzip-compressed tar archive. name is for
// errors, and for the package if its manifest has none.
func LoadArchive(ctx context.Context, r io.Reader, name string, opts *LoadOptions) (*Package, error) {
	l := newLoader(opts)
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("fhirdef: %s: %w", name, err)
	}
	for t := tar.NewReader(l.limit(z)); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return l.done(name)
		}
		if err != nil {
			return nil, fmt.Errorf("fhirdef: %s: %w", name, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		dir, base := path.Split(path.Clean(strings.ReplaceAll(h.Name, `\`, "/")))
		if dir != "package/" || !isJSON(base) {
			continue
		}
		if err := l.file(ctx, t, base); err != nil {
			return nil, err
		}
	}
}

// LoadFS returns the package in a folder, laid out as Load says.
func LoadFS(ctx context.Context, fsys fs.FS, opts *LoadOptions) (*Package, error) {
	l := newLoader(opts)
	root, flat := ".", false
	if _, err := fs.Stat(fsys, "package/package.json"); err == nil {
		root, flat = "package", true
	} else if _, err := fs.Stat(fsys, "package.json"); err == nil {
		flat = true
	}
	err := fs.WalkDir(fsys, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("fhirdef: %w", err)
		}
		if entry.IsDir() {
			if name != root && (flat || entry.Name()[0] == '.' || entry.Name() == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if !isJSON(entry.Name()) || !entry.Type().IsRegular() && entry.Type()&fs.ModeSymlink == 0 {
			return nil
		}
		f, err := fsys.Open(name)
		if err != nil {
			return fmt.Errorf("fhirdef: %w", err)
		}
		defer f.Close()
		return l.file(ctx, l.limit(f), strings.TrimPrefix(name, "package/"))
	})
	if err != nil {
		return nil, err
	}
	return l.done("")
}

// isJSON reports whether a file may hold a resource. Names with a dot first are
// indexes and what file systems leave behind.
func isJSON(name string) bool {
	return name != "" && name[0] != '.' && strings.EqualFold(path.Ext(name), ".json")
}

// A loader fills one package within limits.
type loader struct {
	opts    LoadOptions
	pkg     *Package
	left    int64 // bytes that may still be read
	files   int
	defects []error
}

func newLoader(opts *LoadOptions) *loader {
	l := &loader{pkg: NewPackage("", "")}
	if opts != nil {
		l.opts = *opts
	}
	if l.opts.MaxFile <= 0 {
		l.opts.MaxFile = 64 << 20
	}
	if l.opts.MaxBytes <= 0 {
		l.opts.MaxBytes = 1 << 30
	}
	if l.opts.MaxFiles <= 0 {
		l.opts.MaxFiles = 200_000
	}
	l.left = l.opts.MaxBytes
	l.pkg.KeepDifferential = l.opts.KeepDifferential
	return l
}

// ErrLimit is wrapped by the error of a package that exceeds a limit.
var ErrLimit = errors.New("fhirdef: package is larger than its limits allow")

// limit returns a reader that fails after the bytes of the whole package.
func (l *loader) limit(r io.Reader) io.Reader { return &limited{r: r, left: &l.left} }

type limited struct {
	r    io.Reader
	left *int64
}

func (r *limited) Read(p []byte) (int, error) {
	if *r.left <= 0 {
		return 0, ErrLimit
	}
	if int64(len(p)) > *r.left {
		p = p[:*r.left]
	}
	n, err := r.r.Read(p)
	*r.left -= int64(n)
	return n, err
}

// file reads one file. What is wrong with its content is noted; an error ends
// the loading.
func (l *loader) file(ctx context.Context, r io.Reader, name string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("fhirdef: %w", err)
	}
	if l.files++; l.files > l.opts.MaxFiles {
		return fmt.Errorf("%w: want at most %d files, have more", ErrLimit, l.opts.MaxFiles)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(r, l.opts.MaxFile+1)); err != nil {
		return fmt.Errorf("fhirdef: %s: %w", name, err)
	}
	if int64(b.Len()) > l.opts.MaxFile {
		return fmt.Errorf("%w: %s: want at most %d bytes, have more", ErrLimit, name, l.opts.MaxFile)
	}
	if name == "package.json" {
		l.note(l.manifest(b.Bytes(), name))
		return nil
	}
	// The package keeps the text: it is cut to its length.
	entries, err := l.pkg.read(bytes.Clone(b.Bytes()), name)
	if err != nil {
		l.note(err)
		return nil
	}
	l.pkg.entries = append(l.pkg.entries, entries...)
	return nil
}

func (l *loader) note(err error) {
	if err != nil {
		l.defects = append(l.defects, err)
	}
}

// maxDefects is how many errors are shown together.
const maxDefects = 20

func (l *loader) done(name string) (*Package, error) {
	if l.pkg.Name == "" {
		l.pkg.Name = name
	}
	// Only now is the manifest known, which may stand anywhere.
	l.pkg.entries = slices.DeleteFunc(l.pkg.entries, func(e *entry) bool {
		_, err := e.parse()
		l.note(err)
		return err != nil
	})
	if l.opts.Lenient {
		l.pkg.Skipped = l.defects
		return l.pkg, nil
	}
	if n := len(l.defects); n > maxDefects {
		l.defects = append(l.defects[:maxDefects], fmt.Errorf("fhirdef: and %d more", n-maxDefects))
	}
	if err := errors.Join(l.defects...); err != nil {
		return nil, err
	}
	return l.pkg, nil
}

// manifest reads package.json.
func (l *loader) manifest(src []byte, file string) error {
	d := &decoder{src: src, file: file, path: []string{"package"}}
	root, err := d.root()
	if err != nil {
		return err
	}
	p := l.pkg
	p.setName(d.text(root.Get("name")), d.text(root.Get("version")))
	p.Canonical = strings.TrimSuffix(d.text(root.Get("canonical")), "/")
	for _, name := range []string{"fhirVersions", "fhir-version-list"} {
		if v := root.Get(name); v.Kind() == jsontree.Array {
			p.FHIRVersions = d.texts(v)
			break
		}
	}
	for name, v := range d.members(root.Get("dependencies")) {
		p.Dependencies = append(p.Dependencies, name+"#"+d.text(v))
	}
	slices.Sort(p.Dependencies)
	return d.err
}
