package columnar

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// Dir is a folder of files that appears whole or not at all. The files are
// written into a hidden sibling of the target, on the same file system; Commit
// gives that sibling the target's name, and Close without Commit removes it.
// Where the target is a mount point or its parent takes no new folder, the
// hidden folder is inside the target, and Commit moves the entries at the top
// one by one. The methods are safe for concurrent use.
type Dir struct {
	mu      sync.Mutex
	target  string
	temp    string
	lock    *os.File
	replace bool
	inside  bool     // temp is in target
	parents []string // folders above the target that NewDir made, outermost first
	open    map[string]bool
	made    []string // every finished file, as a path in temp
	failed  error
	state   dirState
}

type dirState uint8

const (
	dirOpen dirState = iota
	dirCommitted
	dirClosed
)

const (
	partialMark = ".partial-"
	oldMark     = ".old-"
)

// ErrNotEmpty is the error of NewDir for a target that holds files already.
var ErrNotEmpty = errors.New("want a new or empty folder")

// NewDir prepares the folder at path, which must be absent or empty: else the
// error is ErrNotEmpty. Missing folders above it are made. Unfinished siblings
// that a dead run left for the same target are removed; those of a run that
// still lives are left alone.
func NewDir(path string) (*Dir, error) { return newDir(path, false) }

// ReplaceDir is like NewDir but Commit replaces what is at path. Until then
// the old folder stays as it is.
func ReplaceDir(path string) (*Dir, error) { return newDir(path, true) }

func newDir(path string, replace bool) (*Dir, error) {
	target, err := filepath.Abs(path)
	if err == nil {
		target, err = resolveLinks(target)
	}
	if err != nil {
		return nil, fmt.Errorf("columnar: %w", err)
	}
	d := &Dir{target: target, replace: replace, open: map[string]bool{}, inside: isMount(target)}
	if !d.inside {
		d.restoreOld()
	}
	if err := d.prepare(); err != nil {
		return nil, err
	}
	return d, nil
}

// prepare makes the hidden folder.
func (d *Dir) prepare() (err error) {
	d.removeStale()
	if err := d.checkTarget(); err != nil {
		return err
	}
	if d.parents, err = makeParents(filepath.Dir(d.target)); err == nil {
		err = d.makeTemp()
	}
	if err == nil {
		return nil
	}
	d.removeParents()
	if info, e := os.Stat(d.target); !d.inside && e == nil && info.IsDir() {
		d.inside = true // the parent takes no new folder; the target may
		return d.prepare()
	}
	return fmt.Errorf("columnar: %w", err)
}

// isMount says whether another file system starts at target.
func isMount(target string) bool {
	info, err := os.Stat(target)
	return err == nil && info.IsDir() && !sameDevice(target, filepath.Dir(target))
}

func resolveLinks(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	return real, err
}

// checkTarget refuses a target that Commit could not or should not fill.
func (d *Dir) checkTarget() error {
	info, err := os.Stat(d.target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("columnar: %w", err)
	case !info.IsDir():
		return fmt.Errorf("columnar: %s: want a folder, have a file", d.target)
	case d.replace:
		return nil
	}
	names, err := d.entries(d.target)
	if err != nil {
		return fmt.Errorf("columnar: %w", err)
	}
	if len(names) > 0 {
		return fmt.Errorf("columnar: %s: %w", d.target, ErrNotEmpty)
	}
	return nil
}

func makeParents(dir string) (made []string, err error) {
	var missing []string
	for p := dir; ; p = filepath.Dir(p) {
		if _, err := os.Stat(p); err == nil || !errors.Is(err, fs.ErrNotExist) || p == filepath.Dir(p) {
			break
		}
		missing = append(missing, p)
	}
	for i := len(missing) - 1; i >= 0; i-- {
		if err := os.Mkdir(missing[i], 0o777); err == nil {
			made = append(made, missing[i])
		} else if !errors.Is(err, fs.ErrExist) {
			return made, err
		}
	}
	return made, nil
}

func (d *Dir) removeParents() {
	for i := len(d.parents) - 1; i >= 0; i-- {
		if os.Remove(d.parents[i]) != nil {
			return
		}
	}
}

// lockState is what an attempt to lock a folder showed.
type lockState uint8

const (
	lockUnknown lockState = iota // no locks here
	lockTaken                    // by this attempt: nobody held it
	lockHeld                     // by someone else, who lives
)

// hidden is how the paths of the hidden folders of a target begin.
func (d *Dir) hidden(mark string) string {
	if d.inside {
		return filepath.Join(d.target, mark)
	}
	return filepath.Join(filepath.Dir(d.target), "."+filepath.Base(d.target)+mark)
}

// makeTemp makes the hidden sibling and holds a lock on it, so that other runs
// know it as alive.
func (d *Dir) makeTemp() error {
	for {
		temp := d.hidden(partialMark) + strings.ToLower(rand.Text()[:10])
		if err := os.Mkdir(temp, 0o777); err != nil {
			return err
		}
		lock, state, err := lockFolder(temp)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			os.Remove(temp)
			return err
		}
		// Another run may have taken the folder for a dead one between the two steps.
		if _, err := os.Stat(temp); err == nil && state != lockHeld {
			d.temp, d.lock = temp, lock
			return nil
		}
		lock.Close()
	}
}

// removeStale removes the hidden folders of the target that no living run holds.
// It is a courtesy: what cannot be removed is left.
func (d *Dir) removeStale() {
	for _, temp := range d.found(partialMark) {
		lock, state, err := lockFolder(temp)
		if err != nil {
			continue
		}
		if state == lockTaken {
			os.RemoveAll(temp)
		}
		lock.Close()
	}
}

// restoreOld gives the folder that a dead run was about to replace its name
// back: that run stopped between the two renames of Commit.
func (d *Dir) restoreOld() {
	if _, err := os.Lstat(d.target); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if old := d.found(oldMark); len(old) == 1 {
		os.Rename(old[0], d.target)
	}
}

// found returns the paths of the hidden folders with that mark.
func (d *Dir) found(mark string) []string {
	prefix := d.hidden(mark)
	entries, err := os.ReadDir(filepath.Dir(prefix))
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		if p := filepath.Join(filepath.Dir(prefix), e.Name()); e.IsDir() && strings.HasPrefix(p, prefix) {
			found = append(found, p)
		}
	}
	return found
}

// Path returns the folder's final path, with symbolic links resolved.
func (d *Dir) Path() string { return d.target }

// FS returns the files written so far, for reading before Commit.
func (d *Dir) FS() fs.FS {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state == dirCommitted {
		return os.DirFS(d.target)
	}
	return os.DirFS(d.temp)
}

// Create makes a file of the folder; name may lead into sub-folders, with
// slashes, and must not exist yet. Close must be called on the file: it
// carries the data to the disk. A file that could not be written keeps Commit
// from succeeding.
func (d *Dir) Create(name string) (io.WriteCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != dirOpen {
		return nil, fmt.Errorf("columnar: create %s: the folder is finished", name)
	}
	if !fs.ValidPath(name) || name == "." || !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, fmt.Errorf("columnar: create %s: want a path inside the folder", name)
	}
	path := filepath.Join(d.temp, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, fmt.Errorf("columnar: %w", d.fail(err))
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("columnar: %w", d.fail(err))
	}
	d.open[name] = true
	return &dirFile{dir: d, name: name, f: f}, nil
}

// fail keeps the first failure for Commit.
func (d *Dir) fail(err error) error {
	if d.failed == nil {
		d.failed = err
	}
	return err
}

// Commit carries the folder to the disk and gives it its final name in one
// step. It fails when a file is still open, when a file could not be written,
// or when the target is no longer empty; then nothing appears, and Close
// removes what was written.
func (d *Dir) Commit() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.state != dirOpen:
		return errors.New("columnar: commit: the folder is finished")
	case d.failed != nil:
		return fmt.Errorf("columnar: commit: want every file written, have: %w", d.failed)
	case len(d.open) > 0:
		return fmt.Errorf("columnar: commit: want every file closed, have %d open", len(d.open))
	}
	if err := d.sync(); err != nil {
		return fmt.Errorf("columnar: commit: %w", err)
	}
	if err := d.checkTarget(); err != nil {
		return err
	}
	rename := d.rename
	if d.inside {
		rename = d.moveIn
	}
	if err := rename(); err != nil {
		return fmt.Errorf("columnar: commit: %w", err)
	}
	d.state = dirCommitted
	d.lock.Close()
	// The rename is done and cannot be taken back; a file system that refuses
	// to sync a folder is no reason to call it undone.
	_ = syncFolder(filepath.Dir(d.target))
	return nil
}

// sync carries the files and then the folders that name them to the disk.
func (d *Dir) sync() error {
	folders := map[string]bool{d.temp: true}
	for _, name := range d.made {
		path := filepath.Join(d.temp, filepath.FromSlash(name))
		if err := syncFile(path); err != nil {
			return err
		}
		for p := filepath.Dir(path); len(p) > len(d.temp); p = filepath.Dir(p) {
			folders[p] = true
		}
	}
	order := make([]string, 0, len(folders))
	for p := range folders {
		order = append(order, p)
	}
	sort.Sort(sort.Reverse(sort.StringSlice(order)))
	for _, p := range order {
		if err := syncFolder(p); err != nil {
			return err
		}
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// rename gives the hidden sibling the target's name, taking what is there out
// of the way first.
func (d *Dir) rename() error {
	err := os.Remove(d.target) // an empty folder, or none
	switch {
	case err == nil || errors.Is(err, fs.ErrNotExist):
		return os.Rename(d.temp, d.target)
	case !d.replace:
		return err
	}
	old := d.hidden(oldMark) + strings.ToLower(rand.Text()[:10])
	if err := os.Rename(d.target, old); err != nil {
		return err
	}
	if err := os.Rename(d.temp, d.target); err != nil {
		return errors.Join(err, os.Rename(old, d.target))
	}
	return os.RemoveAll(old)
}

// Close removes everything that was written, unless Commit succeeded. It may
// be called more than once.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != dirOpen {
		return nil
	}
	d.state = dirClosed
	err := os.RemoveAll(d.temp)
	d.lock.Close()
	d.removeParents()
	if err != nil {
		return fmt.Errorf("columnar: %w", err)
	}
	return nil
}

// dirFile is one file of a Dir.
type dirFile struct {
	dir  *Dir
	name string
	f    *os.File
}

func (f *dirFile) Write(p []byte) (int, error) {
	n, err := f.f.Write(p)
	if err != nil {
		f.dir.mu.Lock()
		defer f.dir.mu.Unlock()
		err = f.dir.fail(err)
	}
	return n, err
}

func (f *dirFile) Close() error {
	err := f.f.Close()
	f.dir.mu.Lock()
	defer f.dir.mu.Unlock()
	if !f.dir.open[f.name] {
		return fmt.Errorf("columnar: close %s: the file is closed", f.name)
	}
	delete(f.dir.open, f.name)
	if err != nil {
		return f.dir.fail(err)
	}
	f.dir.made = append(f.dir.made, f.name)
	return nil
}
