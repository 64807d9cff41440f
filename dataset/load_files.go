package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

// Limits of one Load beyond LoadOptions.MaxBytes.
const (
	maxFileBytes  = 64 << 20
	maxFiles      = 10_000
	maxTotalBytes = 1 << 30
)

// files is where a loader finds files: the file system, or a map in tests.
type files interface {
	isFile(path string) bool
	isDir(path string) bool
	// read returns at most max+1 bytes of the file.
	read(path string, max int64) ([]byte, error)
}

type osFiles struct{}

func (osFiles) isFile(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.Mode().IsRegular()
}

func (osFiles) isDir(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.IsDir()
}

func (osFiles) read(path string, max int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if i, err := f.Stat(); err == nil && !i.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("no regular file")}
	}
	return io.ReadAll(io.LimitReader(f, max+1))
}

// loader reads a profile and its sources.
type loader struct {
	ctx      context.Context
	opts     *LoadOptions
	files    files
	dir      string // of the profile; "" = the working directory
	findings issue.List

	data  map[string][]byte // files read, by path
	total int64
	// named are the sources of the profile in its order, noted the files and
	// editions that those needed.
	named, noted []Source

	packages map[string]*fhirdef.Package
	defs     map[string]*fhirdef.Definitions
}

func newLoader(ctx context.Context, opts *LoadOptions, from files) *loader {
	return &loader{ctx: ctx, opts: opts, files: from, data: map[string][]byte{},
		packages: map[string]*fhirdef.Package{}, defs: map[string]*fhirdef.Definitions{}}
}

// read returns the bytes of a file, once read.
func (l *loader) read(path string) ([]byte, error) {
	if b, ok := l.data[path]; ok {
		return b, nil
	}
	limit := l.opts.MaxBytes
	if limit == 0 {
		limit = maxFileBytes
	}
	if len(l.data) >= maxFiles {
		return nil, fmt.Errorf("dataset: want at most %d files, have more", maxFiles)
	}
	b, err := l.files.read(path, limit)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("dataset: %s: want at most %d bytes, have more", path, limit)
	}
	if l.total += int64(len(b)); l.total > maxTotalBytes {
		return nil, fmt.Errorf("dataset: want at most %d bytes of sources, have more", maxTotalBytes)
	}
	l.data[path] = b
	return b, nil
}

// open reads a file that another one refers to.
func (l *loader) open(from, ref string) (string, []byte, error) {
	if isURL(ref) {
		return "", nil, fmt.Errorf("dataset: %s: nothing is fetched: want a file", ref)
	}
	dir := l.dir
	if from != "" {
		dir = filepath.Dir(from)
	}
	path := join(dir, ref)
	b, err := l.read(path)
	if err != nil {
		return path, nil, err
	}
	l.note(Source{File: path, Ref: l.relative(path), SHA256: hash(b)})
	return path, b, nil
}

// relative returns a path as seen from the profile, with slashes.
func (l *loader) relative(path string) string {
	if rel, err := filepath.Rel(cmp.Or(l.dir, "."), path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}

// note records a file or an edition that a source needed, once.
func (l *loader) note(s Source) {
	s.Name = ""
	for _, have := range l.noted {
		if have.File == s.File {
			return
		}
	}
	l.noted = append(l.noted, s)
}

// sources returns what was read: the named ones first, no file twice but under
// different names.
func (l *loader) sources() []Source {
	all := l.named
	for _, s := range l.noted {
		known := false
		for _, n := range l.named {
			known = known || n.File == s.File
		}
		if !known {
			all = append(all, s)
		}
	}
	return all
}

// locate finds the file or package that a source is, and FHIR's definitions for
// it. It is false where there is none, which then is told.
func (l *loader) locate(in *input) (bool, error) {
	spec := in.spec
	src := Source{Name: spec.Name, Kind: spec.Kind, Ref: spec.Ref}
	path := join(l.dir, spec.Ref)
	switch {
	case spec.Kind == FHIRPackage:
		pkg, ok, err := l.pack(spec.Ref, spec.Pos)
		if !ok {
			return false, err
		}
		in.file, in.pkg = path, pkg
		src.File, src.Version, src.SHA256 = path, pkg.Version, l.packageHash(path)
	case namesFile(spec.Kind) || !isURL(spec.Ref) && l.files.isFile(path):
		if isURL(spec.Ref) {
			l.report(issue.Issue{Severity: issue.Error, Code: CodeSource, Pos: spec.Pos, Path: spec.Name,
				Message: "want a file, have an address: nothing is fetched"})
			return false, nil
		}
		b, err := l.read(path)
		if errors.Is(err, fs.ErrNotExist) && spec.Pos.Line > 0 {
			l.report(issue.Issue{Severity: issue.Error, Code: CodeSource, Pos: spec.Pos, Path: spec.Name,
				Message: "want a file, have none of the name " + quote(spec.Ref)})
			return false, nil
		}
		if err != nil {
			return false, err
		}
		in.file, in.data = path, b
		src.File, src.SHA256 = path, hash(b)
	}
	if isFHIR(spec.Kind) {
		defs, ok, err := l.definitions(spec)
		if !ok {
			return false, err
		}
		in.defs = defs
	}
	l.addNamed(src)
	return true, nil
}

func (l *loader) addNamed(s Source) {
	for _, have := range l.named {
		if have.Name == s.Name {
			return
		}
	}
	l.named = append(l.named, s)
}

// definitions returns FHIR's definitions with the packages of the options and of
// the source.
func (l *loader) definitions(spec SourceSpec) (*fhirdef.Definitions, bool, error) {
	refs := append([]string(nil), spec.IG...)
	if spec.Kind == FHIRPackage {
		refs = append(refs, spec.Ref)
	}
	key := spec.FHIR + "\x00" + strings.Join(refs, "\x00")
	if d := l.defs[key]; d != nil {
		return d, true, nil
	}
	var pkgs []*fhirdef.Package
	for _, p := range l.opts.Packages {
		pkg, err := l.loadPackage(p, filepath.Base(p))
		if err != nil {
			return nil, false, err
		}
		pkgs = append(pkgs, pkg)
	}
	for _, ref := range refs {
		pkg, ok, err := l.pack(ref, spec.Pos)
		if !ok {
			return nil, false, err
		}
		pkgs = append(pkgs, pkg)
	}
	core := false
	for _, p := range pkgs {
		core = core || strings.HasPrefix(p.Name, "hl7.fhir.r") && strings.HasSuffix(p.Name, ".core")
	}
	var d *fhirdef.Definitions
	switch {
	case core:
		d = fhirdef.FromPackages(pkgs...)
	case l.opts.Definitions != nil:
		d = l.opts.Definitions.With(pkgs...)
	default:
		if v := spec.FHIR; v != "" && v != "4.0" && !strings.HasPrefix(v, "4.0.") {
			l.report(issue.Issue{Severity: issue.Error, Code: CodeSource, Pos: spec.Pos, Path: spec.Name,
				Message: "want FHIR 4.0 or the core package of the version among ig, have " + quote(v)})
			return nil, false, nil
		}
		d = fhirdef.R4().With(pkgs...)
	}
	l.defs[key] = d
	return d, true, nil
}

// pack loads a package that a profile names; a missing one is told.
func (l *loader) pack(ref string, pos issue.Pos) (*fhirdef.Package, bool, error) {
	path := join(l.dir, ref)
	if isURL(ref) || !l.files.isFile(path) && !l.files.isDir(path) {
		i := issue.Issue{Severity: issue.Error, Code: CodeSource, Pos: pos,
			Message: "want a package: a package.tgz or a folder, have none of the name " + quote(ref)}
		l.report(i)
		return nil, false, nil
	}
	p, err := l.loadPackage(path, l.relative(path))
	return p, err == nil, err
}

// loadPackage reads a package once; it is noted under the name ref.
func (l *loader) loadPackage(path, ref string) (*fhirdef.Package, error) {
	if p := l.packages[path]; p != nil {
		return p, nil
	}
	p, err := fhirdef.Load(l.ctx, path, &fhirdef.LoadOptions{Lenient: true, MaxFile: l.opts.MaxBytes})
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	l.packages[path] = p
	l.note(Source{Kind: FHIRPackage, Ref: ref, File: path, Version: p.Version, SHA256: l.packageHash(path)})
	return p, nil
}

// packageHash returns the SHA-256 of a package: of its archive, or of the names
// and hashes of the files of a folder, sorted; "" where it cannot be read.
func (l *loader) packageHash(path string) string {
	sum := sha256.New()
	if !l.files.isDir(path) {
		f, err := os.Open(path)
		if err != nil {
			return ""
		}
		defer f.Close()
		if _, err := io.Copy(sum, f); err != nil {
			return ""
		}
		return hex.EncodeToString(sum.Sum(nil))
	}
	root := path
	if l.files.isDir(filepath.Join(path, "package")) {
		root = filepath.Join(path, "package")
	}
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(p, ".json") {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		fmt.Fprintf(sum, "%s %s\n", filepath.ToSlash(rel), hash(b))
		return nil
	})
	if err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func isURL(ref string) bool { return strings.Contains(ref, "://") || strings.HasPrefix(ref, "urn:") }

// namesFile says whether the Ref of the kind is always a file.
func namesFile(k SourceKind) bool {
	switch k {
	case FHIRStructure, FHIRPackage, OMOP, DICOMObject:
		return false
	}
	return true
}

func isFHIR(k SourceKind) bool {
	return k == FHIRStructure || k == FHIRPackage || k == FHIRView || k == CRTDL
}
