package dicommeta

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Source is one file to read.
type Source struct {
	Name     string
	Size     int64
	Modified time.Time
	// Open opens the file for one reading.
	Open func() (File, error)
}

// File is an open Source.
type File interface {
	io.ReaderAt
	io.Closer
}

// Sources returns the files that args name: files, folders with all that is below them
// in the order of their paths, or patterns. A folder is walked while the
// sequence runs; what is in it is not held in memory. Folders below whose names begin
// with a dot, and what is no regular file, are passed over. A folder below that cannot be
// listed and a link in a circle are Sources that cannot be opened.
func Sources(args ...string) iter.Seq2[Source, error] {
	return func(yield func(Source, error) bool) {
		for _, arg := range args {
			names := []string{arg}
			if _, err := os.Stat(arg); errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(arg, "*?[") {
				if names, err = filepath.Glob(arg); err != nil {
					yield(Source{}, fmt.Errorf("dicommeta: pattern: %w", err))
					return
				}
				if len(names) == 0 {
					yield(Source{}, fmt.Errorf("dicommeta: want files that match the pattern, have none: %w", fs.ErrNotExist))
					return
				}
			}
			for _, name := range names {
				if !yieldPath(name, yield) {
					return
				}
			}
		}
	}
}

// yieldPath yields the file of a name, or those below the folder; false to stop.
func yieldPath(name string, yield func(Source, error) bool) bool {
	info, err := os.Stat(name)
	if err != nil {
		yield(Source{}, fmt.Errorf("dicommeta: %w", err))
		return false
	}
	if !info.IsDir() {
		return yield(fileSource(name, info), nil)
	}
	if link, err := os.Lstat(name); err == nil && !link.IsDir() {
		name += string(filepath.Separator) // the folder that a link leads to, not the link
	}
	stat := func(path string, d fs.DirEntry) (fs.FileInfo, error) {
		if d.Type().IsRegular() {
			return d.Info()
		}
		return os.Stat(path) // where a link leads to
	}
	err = filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
		return visit(path, d, err, path == name, stat, fileSource, yield)
	})
	return ended(err, yield)
}

var errStopped = errors.New("stopped")

// visit yields a file of a walk.
func visit(path string, d fs.DirEntry, err error, root bool, stat func(string, fs.DirEntry) (fs.FileInfo, error),
	source func(string, fs.FileInfo) Source, yield func(Source, error) bool) error {
	failing := func(err error) error {
		if !yield(Source{Name: path, Open: func() (File, error) { return nil, err }}, nil) {
			return errStopped
		}
		return nil
	}
	if err != nil {
		if root {
			return err
		}
		return failing(err) // a folder that cannot be listed; the others are read
	}
	if d.IsDir() {
		if !root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		return nil
	}
	info, err := stat(path, d)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // gone meanwhile, or a link to nowhere
	}
	if err != nil {
		return failing(err)
	}
	if info.Mode().IsRegular() && !yield(source(path, info), nil) {
		return errStopped
	}
	return nil
}

// ended tells yield of the error of a walk; false to stop.
func ended(err error, yield func(Source, error) bool) bool {
	if err != nil && err != errStopped {
		yield(Source{}, fmt.Errorf("dicommeta: %w", err))
	}
	return err == nil
}

func fileSource(name string, info fs.FileInfo) Source {
	return Source{Name: name, Size: info.Size(), Modified: info.ModTime(), Open: func() (File, error) { return os.Open(name) }}
}

// FSSources returns the files of fsys in the order of their paths. One that has no
// ReadAt is read as a stream.
func FSSources(fsys fs.FS) iter.Seq2[Source, error] {
	return func(yield func(Source, error) bool) {
		stat := func(path string, _ fs.DirEntry) (fs.FileInfo, error) { return fs.Stat(fsys, path) }
		source := func(path string, info fs.FileInfo) Source {
			return Source{Name: path, Size: info.Size(), Modified: info.ModTime(), Open: func() (File, error) { return openFS(fsys, path) }}
		}
		err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
			return visit(path, d, err, path == ".", stat, source, yield)
		})
		ended(err, yield)
	}
}

// openFS opens a file so that it can be read anywhere.
func openFS(fsys fs.FS, name string) (File, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	if at, ok := f.(File); ok {
		return at, nil
	}
	return &forwardFile{open: func() (fs.File, error) { return fsys.Open(name) }, file: f}, nil
}

// forwardFile reads a file anywhere that only goes forward: to go back it is opened again.
type forwardFile struct {
	open func() (fs.File, error)
	file fs.File
	pos  int64
}

// ReadAt reads len(p) bytes at off.
func (f *forwardFile) ReadAt(p []byte, off int64) (int, error) {
	if off < f.pos {
		again, err := f.open()
		if err != nil {
			return 0, err
		}
		if err := f.file.Close(); err != nil {
			return 0, errors.Join(err, again.Close())
		}
		f.file, f.pos = again, 0
	}
	n, err := io.CopyN(io.Discard, f.file, off-f.pos)
	f.pos += n
	if err != nil {
		return 0, err
	}
	k, err := io.ReadFull(f.file, p)
	f.pos += int64(k)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return k, err
}

// Close closes the file.
func (f *forwardFile) Close() error { return f.file.Close() }
