package fhir

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Source is one input: a file, or a stream that is kept so that it can be read
// again. Sources come from NewSources, FSSources and ReaderSource. Open is safe
// for concurrent use.
type Source struct {
	name  string
	size  int64
	skip  string // why it is no data, as its name tells
	found bool   // in a folder, not named by the caller
	open  func() (io.ReadCloser, error)
	close func() error

	forget func() // stop keeping a stream: it will not be opened again
}

// Name returns the name that positions show: the path, or "-" for stdin.
func (s Source) Name() string { return s.name }

// Size returns the number of bytes as stored (compressed), -1 if unknown.
func (s Source) Size() int64 { return s.size }

// Skipped returns why the source is left aside because of its name, "" if it is read.
func (s Source) Skipped() string { return s.skip }

// Open returns the bytes as stored, from their start.
func (s Source) Open() (io.ReadCloser, error) {
	if s.open == nil {
		return nil, errors.New("fhir: the zero Source cannot be opened")
	}
	r, err := s.open()
	if err != nil {
		return nil, fmt.Errorf("fhir: %w", err)
	}
	return r, nil
}

// Close gives up what the source keeps, such as a temporary file. A source of
// files keeps nothing.
func (s Source) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

// CloseSources closes all of srcs and returns the first error.
func CloseSources(srcs []Source) error {
	var first error
	for _, s := range srcs {
		if err := s.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// NewSources turns arguments of a command line into sources: a file, a folder
// (with everything below it, sorted by path), a glob pattern, or "-" for
// stdin, which is kept in a temporary file so that it can be read again: close
// the sources when done. A file named twice counts once. Files that stand
// beside data in a folder, such as a README, are in the list with the reason
// in Skipped.
func NewSources(args []string) ([]Source, error) {
	var out []Source
	seen := make(map[string]bool)
	add := func(s Source) {
		key := filepath.Clean(s.name)
		if abs, err := filepath.Abs(s.name); err == nil && s.name != "-" {
			key = abs
		}
		if !seen[key] {
			seen[key] = true
			out = append(out, s)
		}
	}
	for _, arg := range args {
		list, err := argumentSources(arg)
		if err != nil {
			return nil, errors.Join(err, CloseSources(out))
		}
		for _, s := range list {
			add(s)
		}
	}
	return out, nil
}

// argumentSources returns the sources of one argument.
func argumentSources(arg string) ([]Source, error) {
	if arg == "-" {
		return []Source{ReaderSource("-", os.Stdin)}, nil
	}
	info, err := os.Stat(arg)
	if err == nil {
		if info.IsDir() {
			return folderSources(arg)
		}
		return []Source{fileSource(arg, info.Size())}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(arg, "*?[") {
		return nil, fmt.Errorf("fhir: %w", err)
	}
	matches, globErr := filepath.Glob(arg)
	if globErr != nil {
		return nil, fmt.Errorf("fhir: pattern: %w", globErr)
	}
	if len(matches) == 0 {
		return nil, fmt.Errorf("fhir: want files that match the pattern, have none: %w", fs.ErrNotExist)
	}
	var out []Source
	for _, m := range matches {
		info, err := os.Stat(m)
		if err != nil {
			return nil, fmt.Errorf("fhir: %w", err)
		}
		if info.IsDir() {
			list, err := folderSources(m)
			if err != nil {
				return nil, err
			}
			out = append(out, list...)
			continue
		}
		s := fileSource(m, info.Size())
		s.found, s.skip = true, skipByName(filepath.Base(m))
		out = append(out, s)
	}
	return out, nil
}

// fileSource is a file of the operating system, named by the caller.
func fileSource(name string, size int64) Source {
	return Source{name: name, size: size, open: func() (io.ReadCloser, error) { return os.Open(name) }}
}

// folderSources lists the files of a folder of the operating system.
func folderSources(dir string) ([]Source, error) {
	list, err := FSSources(os.DirFS(dir))
	for i := range list {
		inner := filepath.FromSlash(list[i].name)
		list[i].name = filepath.Join(dir, inner)
	}
	return list, err
}

// FSSources lists all files of fsys as sources, sorted by path.
func FSSources(fsys fs.FS) ([]Source, error) {
	var out []Source
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		info, err := fs.Stat(fsys, name) // follows links
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		out = append(out, Source{
			name: name, size: info.Size(), found: true, skip: skipByName(path.Base(name)),
			open: func() (io.ReadCloser, error) { return fsys.Open(name) },
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("fhir: %w", err)
	}
	slices.SortFunc(out, func(a, b Source) int { return cmp.Compare(a.name, b.name) })
	return out, nil
}

// ReaderSource makes a source of a stream. If r can seek (a file), it is read in
// place; otherwise what is read is kept, at first in memory, beyond 16 MiB in a
// temporary file, so that the source can be opened again, also while it is
// being read. Close the source when done; r itself stays open.
func ReaderSource(name string, r io.Reader) Source {
	if s, ok := seekableSource(name, r); ok {
		return s
	}
	sp := &spool{src: r, bound: spoolBound}
	return Source{name: name, size: -1, open: sp.reader, close: sp.close, forget: sp.forget}
}

// seekableSource is a source over what is left of a file.
func seekableSource(name string, r io.Reader) (Source, bool) {
	at, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return Source{}, false
	}
	start, err := at.Seek(0, io.SeekCurrent)
	if err != nil {
		return Source{}, false
	}
	end, err := at.Seek(0, io.SeekEnd)
	if err != nil {
		return Source{}, false
	}
	if _, err := at.Seek(start, io.SeekStart); err != nil || end <= start {
		return Source{}, false
	}
	return Source{name: name, size: end - start, open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(at, start, end-start)), nil
	}}, true
}

// spoolBound is how much of a stream stays in memory.
const spoolBound = 16 << 20

// spool keeps what is read of a stream: its first bytes in memory, the rest in
// a temporary file. Any number of readers go over it; the one that is ahead
// draws from the stream.
type spool struct {
	src   io.Reader
	bound int

	mu     sync.Mutex
	memory []byte
	file   *os.File
	inFile int64
	err    error // of the stream, once it ended
	closed bool
	once   bool // what is read from now on is not kept
}

func (s *spool) reader() (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fs.ErrClosed
	}
	return io.NopCloser(&spoolReader{spool: s}), nil
}

// forget makes the spool pass the stream on without keeping it.
func (s *spool) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.once = true
}

func (s *spool) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.memory = nil
	if s.file == nil {
		return nil
	}
	name := s.file.Name()
	err := s.file.Close()
	s.file = nil
	if rm := os.Remove(name); rm != nil && !errors.Is(rm, fs.ErrNotExist) && err == nil {
		err = rm
	}
	return err
}

// spoolReader is one reading of a spool.
type spoolReader struct {
	spool *spool
	at    int64
}

// Read serves what is kept, then draws from the stream.
func (r *spoolReader) Read(p []byte) (int, error) {
	s := r.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, fs.ErrClosed
	}
	if len(p) == 0 {
		return 0, nil
	}
	kept := int64(len(s.memory))
	switch {
	case r.at < kept:
		n := copy(p, s.memory[r.at:])
		r.at += int64(n)
		return n, nil
	case r.at < kept+s.inFile:
		p = p[:min(int64(len(p)), kept+s.inFile-r.at)]
		n, err := s.file.ReadAt(p, r.at-kept)
		r.at += int64(n)
		if n > 0 {
			err = nil
		}
		return n, err
	case s.err != nil:
		return 0, s.err
	}
	n, err := s.src.Read(p)
	if s.once {
		return n, err
	}
	if n > 0 {
		if keepErr := s.keep(p[:n]); keepErr != nil {
			s.err = keepErr
			return 0, keepErr
		}
		r.at += int64(n)
	}
	if err != nil {
		s.err = err
		if n > 0 {
			err = nil
		}
	}
	return n, err
}

// keep appends b to what is kept.
func (s *spool) keep(b []byte) error {
	if s.file == nil && len(s.memory)+len(b) <= s.bound {
		s.memory = append(s.memory, b...)
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "carabiner-spool-*")
		if err != nil {
			return err
		}
		s.file = f
		// Where the system allows it the file has no name from here on, so
		// that nothing is left behind whatever happens.
		_ = os.Remove(f.Name())
	}
	n, err := s.file.WriteAt(b, s.inFile)
	s.inFile += int64(n)
	return err
}
