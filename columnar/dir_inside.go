package columnar

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// entries returns the names in folder, without the hidden folders of the
// target when those are inside it.
func (d *Dir) entries(folder string) ([]string, error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	kept := names[:0]
	for _, name := range names {
		own := strings.HasPrefix(name, partialMark) || strings.HasPrefix(name, oldMark)
		if !d.inside || folder != d.target || !own {
			kept = append(kept, name)
		}
	}
	return kept, nil
}

// moveIn moves what was written from the hidden folder up into the target, and
// what was there before out of the way. What a failure leaves half done is
// taken back.
func (d *Dir) moveIn() error {
	old := d.hidden(oldMark) + strings.ToLower(rand.Text()[:10])
	if d.replace {
		if err := os.Mkdir(old, 0o777); err != nil {
			return err
		}
		if err := d.moveAll(d.target, old); err != nil {
			return errors.Join(err, os.Remove(old))
		}
	}
	if err := d.moveAll(d.temp, d.target); err != nil {
		if d.replace {
			err = errors.Join(err, d.moveAll(old, d.target), os.Remove(old))
		}
		return err
	}
	if d.replace {
		if err := os.RemoveAll(old); err != nil {
			return err
		}
	}
	return os.Remove(d.temp)
}

// moveAll moves all entries of a folder into another one, or none.
func (d *Dir) moveAll(from, to string) error {
	names, err := d.entries(from)
	if err != nil {
		return err
	}
	for i, name := range names {
		err := os.Rename(filepath.Join(from, name), filepath.Join(to, name))
		if err == nil {
			continue
		}
		for _, back := range names[:i] {
			err = errors.Join(err, os.Rename(filepath.Join(to, back), filepath.Join(from, back)))
		}
		return err
	}
	return nil
}
