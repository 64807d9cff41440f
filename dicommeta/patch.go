package dicommeta

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// Action is what a Change does.
type Action uint8

const (
	// ActionSet puts the element in place of the one at the path, or where it
	// belongs if there is none.
	ActionSet Action = iota
	// ActionReplace puts the element in place of the one at the path and does nothing
	// where there is none.
	ActionReplace
	// ActionInsert puts the element where it belongs; that there is one already is an error.
	ActionInsert
	// ActionRemove takes out the element at the path, or the item if the path ends
	// with one. It does nothing where there is none.
	ActionRemove
)

// Change is one change to a file.
type Change struct {
	// Path leads from the data set to the element, through items that exist. A
	// path that begins in group 2 leads into the file meta information.
	Path   Path
	Action Action
	// Element is what is put at Path; its Tag is the last one of Path, or 0. Its
	// text, and that of items without a Charset, is in UTF-8; it is written in the
	// character set of the file.
	Element Element
}

// PatchOptions are the options of patching; nil and zero fields mean the defaults.
type PatchOptions struct {
	// Read bounds the reading of the file; Until and KeepBytes are not regarded.
	Read *ReadOptions
	// UTF8 permits, where new text has characters that the file's character set
	// lacks, to write all text of the file in UTF-8. Else that is an error.
	// Text in values of VR UN and behind the pixel data cannot be seen and stays as
	// it is.
	UTF8 bool
	// Undefined writes new sequences with undefined lengths.
	Undefined bool
}

// Patched is the account of a patch.
type Patched struct {
	Replaced, Inserted, Removed int
	Absent                      int   // changes that found nothing to replace or remove
	UTF8                        bool  // whether all text was written anew, in UTF-8
	Bytes                       int64 // of the new file
	Copied                      int64 // of them copied unchanged; of a deflated data set those inflated
}

// ErrCharset says that new text has characters that the file's character set lacks.
var ErrCharset = errors.New("dicommeta: not in the character set of the file")

// Patch writes the file of size bytes at r to w with changes. Every byte that they do not
// concern is copied as it is, the pixel data and what follows it always; without
// any effective change the whole file is. Lengths of the sequences and items around a
// change, group lengths (gggg,0000) of the groups that it touches and the length of the file
// meta information are made to fit; Media Storage SOP Class and Instance UID follow those of the
// data set; in a DICOMDIR the offsets of directory records follow the records. Encoding and
// character set stay what they are, and a deflated data set is deflated again.
//
// Refused are changes to the transfer syntax, to Specific Character Set, to group lengths and
// to elements from the pixel data on, of a file that could only be read in part, and
// where a damaged sequence leaves in doubt which lengths to change. What will be written is read
// again and compared before the first byte goes to w.
//
// Memory is bounded by the header, not by the file; a header that is deflated may have
// PatchOptions.Read.MaxBytes inflated. The error is an *Error if the file is
// wrong or cannot be changed so, wraps ErrCharset or ErrLimit where that holds, or
// else is of r or w. Digital signatures in the file are not renewed. Patch is safe for concurrent use.
//
// Where the source itself fails while it is copied, as a deflated one that is damaged behind
// its header, a part has been written; PatchFile then leaves no file.
func Patch(w io.Writer, r io.ReaderAt, size int64, changes []Change, opts *PatchOptions) (Patched, error) {
	p, err := newPatcher(r, size, changes, opts)
	if err != nil {
		return Patched{}, err
	}
	if err := p.plan(); err != nil {
		return Patched{}, err
	}
	return p.write(w)
}

// PatchFile writes the file name to the file out with changes, see Patch. out appears whole or
// not at all; it may be name itself.
func PatchFile(name, out string, changes []Change, opts *PatchOptions) (_ Patched, err error) {
	in, err := os.Open(name)
	if err != nil {
		return Patched{}, fmt.Errorf("dicommeta: %w", err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return Patched{}, fmt.Errorf("dicommeta: %w", err)
	}
	if !info.Mode().IsRegular() {
		return Patched{}, fmt.Errorf("dicommeta: %s: want a file", name)
	}
	tmp, err := os.CreateTemp(filepath.Dir(out), "."+filepath.Base(out)+".*")
	if err != nil {
		return Patched{}, fmt.Errorf("dicommeta: %w", err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	done, err := Patch(tmp, in, info.Size(), changes, opts)
	if err != nil {
		return Patched{}, err
	}
	if err := tmp.Chmod(info.Mode().Perm()); err != nil {
		return Patched{}, fmt.Errorf("dicommeta: %w", err)
	}
	if err := tmp.Close(); err != nil {
		return Patched{}, fmt.Errorf("dicommeta: %w", err)
	}
	if err := os.Rename(tmp.Name(), out); err != nil {
		return Patched{}, fmt.Errorf("dicommeta: %w", err)
	}
	return done, nil
}

// patchPlace is what the changes do in a data set or an item.
type patchPlace struct {
	remove bool // the whole item
	tags   map[dict.Tag]*patchTarget
}

// patchTarget is what they do with an element: either a change, or places in its items.
type patchTarget struct {
	change *Change
	items  map[int]*patchPlace
}

func (p *patchPlace) target(t dict.Tag) *patchTarget {
	if p.tags == nil {
		p.tags = map[dict.Tag]*patchTarget{}
	}
	if p.tags[t] == nil {
		p.tags[t] = &patchTarget{}
	}
	return p.tags[t]
}

// sortChanges makes a tree of changes, for the data set and for the meta information.
func sortChanges(changes []Change) (data, meta *patchPlace, err error) {
	data, meta = &patchPlace{}, &patchPlace{}
	for i := range changes {
		c := changes[i]
		if err := checkChange(&c); err != nil {
			return nil, nil, fmt.Errorf("dicommeta: change %d, %s: %w", i+1, c.Path, err)
		}
		at := data
		if c.Path[0].Tag.Group() == 2 {
			at = meta
		}
		if err := at.add(&c); err != nil {
			return nil, nil, fmt.Errorf("dicommeta: change %d, %s: %w", i+1, c.Path, err)
		}
	}
	return data, meta, nil
}

var errTwoChanges = errors.New("want one change of an element, have several")

func (p *patchPlace) add(c *Change) error {
	last := len(c.Path) - 1
	for i, s := range c.Path {
		t := p.target(s.Tag)
		if t.change != nil || i == last && s.Item == 0 && t.items != nil {
			return errTwoChanges
		}
		if i == last && s.Item == 0 {
			t.change = c
			return nil
		}
		if t.items == nil {
			t.items = map[int]*patchPlace{}
		}
		in := t.items[s.Item]
		if in == nil {
			in = &patchPlace{}
			t.items[s.Item] = in
		} else if in.remove || i == last {
			return errTwoChanges
		}
		if i == last {
			in.remove = true
			return nil
		}
		p = in
	}
	return nil
}

// checkChange finds what is wrong with a change whatever the file, and completes it.
func checkChange(c *Change) error {
	if len(c.Path) == 0 {
		return errors.New("want a path")
	}
	if c.Action > ActionRemove {
		return errors.New("want an action")
	}
	last := c.Path[len(c.Path)-1]
	for i, s := range c.Path {
		if s.Item < 0 || s.Item == 0 && i < len(c.Path)-1 {
			return errors.New("want items counted from 1 within the path")
		}
		if s.Tag.Group() == 0 || s.Tag.Group() == 0xFFFE || s.Tag.Group() == 2 && len(c.Path) > 1 {
			return errors.New("want tags of a data set")
		}
	}
	if last.Tag == dict.SpecificCharacterSet && last.Item == 0 {
		return errors.New("want the character set left alone; see PatchOptions.UTF8")
	}
	switch last.Tag {
	case dict.FileMetaInformationGroupLength, dict.TransferSyntaxUID:
		return errors.New("want the element left alone")
	case dict.MediaStorageSOPClassUID, dict.MediaStorageSOPInstanceUID:
		return errors.New("want the element of the data set changed instead, which it follows")
	}
	if c.Action == ActionRemove {
		return nil
	}
	if last.Item != 0 {
		return errors.New("want a path to an element, have one to an item")
	}
	if last.Tag.IsGroupLength() {
		return errors.New("want group lengths left alone")
	}
	if c.Element.Tag == 0 {
		c.Element.Tag = last.Tag
	}
	if c.Element.Tag != last.Tag {
		return fmt.Errorf("want the element of the path, have %s", c.Element.Tag)
	}
	if c.Element.Skipped() {
		return ErrSkipped
	}
	return nil
}

// patchError says why a file cannot be changed.
func (p *patcher) patchError(path Path, offset int64, code issue.Code, err error, format string, args ...any) error {
	return &Error{Issue: issue.Issue{
		Severity: issue.Fatal,
		Code:     code,
		Path:     path.String(),
		Pos:      issue.Pos{Source: p.x.Source, Offset: offset},
		Message:  fmt.Sprintf(format, args...),
	}, Err: err}
}
