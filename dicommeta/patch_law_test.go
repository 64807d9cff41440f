package dicommeta

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// sharedFiles returns the names and contents of all shared DICOM files.
func sharedFiles(t testing.TB) func(yield func(name string, b []byte) bool) {
	root := golden.Shared(t, "data/dicom/files")
	return func(yield func(string, []byte) bool) {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			if !yield(filepath.ToSlash(rel), b) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func patched(b []byte, changes []Change, opts *PatchOptions) ([]byte, Patched, error) {
	var out bytes.Buffer
	done, err := Patch(&out, bytes.NewReader(b), int64(len(b)), changes, opts)
	if err != nil && out.Len() > 0 {
		err = errors.Join(err, errors.New("wrote before it failed"))
	}
	return out.Bytes(), done, err
}

func TestPatchWithoutEffectCopiesEveryFile(t *testing.T) {
	absent := []Change{
		{Path: Path{{Tag: 0x00091234}}, Action: ActionRemove},
		{Path: Path{{Tag: dict.ProcedureCodeSequence, Item: 99}, {Tag: dict.CodeValue}}, Action: ActionReplace, Element: TextElement(dict.CodeValue, "1")},
	}
	copied, refused := 0, 0
	for name, b := range sharedFiles(t) {
		_, readError := Parse(bytes.NewReader(b), int64(len(b)), nil)
		for _, changes := range [][]Change{nil, absent} {
			out, done, err := patched(b, changes, nil)
			switch {
			case readError != nil:
				refused++
				if err == nil || len(out) > 0 {
					t.Errorf("%s: want a file that cannot be read refused", name)
				}
			case err != nil:
				t.Errorf("%s: %v", name, err)
			case !bytes.Equal(out, b):
				t.Errorf("%s: want the same bytes", name)
			case done.Absent != len(changes) || done.Bytes != int64(len(b)):
				t.Errorf("%s: want %d absent and %d bytes, have %+v", name, len(changes), len(b), done)
			default:
				copied++
			}
		}
	}
	t.Logf("%d copied, %d refused", copied, refused)
	if copied < 1800 {
		t.Errorf("want at least 1,800 copies, have %d", copied)
	}
}

// randomChanges returns changes for x and, beside, makes them in want.
func randomChanges(r *rand.Rand, x *Instance, want *Dataset) []Change {
	var changes []Change
	var touched []Path
	free := func(p Path) bool {
		for _, q := range touched {
			n := min(len(p), len(q))
			if slices.EqualFunc(p[:n-1], q[:n-1], func(a, b Step) bool { return a == b }) && p[n-1].Tag == q[n-1].Tag && (len(p) == len(q) || n == len(q) && q[n-1].Item == 0 || n == len(p) && p[n-1].Item == 0) {
				return false
			}
		}
		touched = append(touched, slices.Clone(p))
		return true
	}
	type found struct {
		path Path
		e    *Element
	}
	var all []found
	var levels []Path
	x.Walk(func(path Path, d *Dataset, e *Element) bool {
		if !e.Tag.IsGroupLength() && e.Tag.Group() != 0 && e.Tag.Group() != 2 && e.Tag != dict.SpecificCharacterSet && e.Tag != dict.DirectoryRecordSequence && !isDirectoryOffset(e.Tag) &&
			!e.Tag.IsPrivateCreator() && e.Tag != dict.PixelRepresentation && (len(path) == 1 || len(levels) < 1000) {
			all = append(all, found{slices.Clone(path), e})
		}
		for i := range e.Items {
			p := slices.Clone(path)
			p[len(p)-1].Item = i + 1
			levels = append(levels, p)
		}
		return true
	})
	levels = append(levels, nil)
	for range 1 + r.IntN(4) {
		if len(all) > 0 {
			f := all[r.IntN(len(all))]
			if !free(f.path) {
				continue
			}
			d := datasetAt(want, f.path)
			if r.IntN(2) == 0 || !f.e.VR.IsText() {
				changes = append(changes, Change{Path: f.path, Action: ActionRemove})
				d.Remove(f.e.Tag)
			} else {
				e := Element{Tag: f.e.Tag, VR: f.e.VR, Value: []byte(strings.Repeat("x1", r.IntN(20)))}
				changes = append(changes, Change{Path: f.path, Element: e})
				d.Set(e)
			}
		}
		at := levels[r.IntN(len(levels))]
		for _, e := range []Element{
			TextElement(dict.PatientComments, strings.Repeat("new ", r.IntN(30))),
			SequenceElement(dict.ReferencedStudySequence, NewDataset(TextElement(dict.ReferencedSOPInstanceUID, "1.2.3")), NewDataset()),
		} {
			p := append(slices.Clone(at), Step{Tag: e.Tag})
			if x.Stop.Tag != 0 && p[0].Tag >= x.Stop.Tag || r.IntN(2) == 0 || !free(p) || at != nil && at[0].Tag == dict.DirectoryRecordSequence && r.IntN(4) > 0 {
				continue
			}
			changes = append(changes, Change{Path: p, Element: e})
			datasetAt(want, p).Set(e)
		}
	}
	return changes
}

// datasetAt returns the data set that the last step of a path is in.
func datasetAt(d *Dataset, p Path) *Dataset {
	for _, s := range p[:len(p)-1] {
		d = &d.Find(s.Tag).Items[s.Item-1]
	}
	return d
}

// differ returns where two data sets differ in what their bytes say, group lengths
// and directory offsets apart.
func differ(path Path, want, have *Dataset) string {
	a, b := comparedElements(want), comparedElements(have)
	for i, e := range a {
		here := append(path, Step{Tag: e.Tag})
		if i >= len(b) || b[i].Tag != e.Tag {
			return here.String() + ": missing or out of place"
		}
		f := b[i]
		if isDirectoryOffset(e.Tag) {
			continue
		}
		if e.VR == dict.SQ || f.VR == dict.SQ {
			if len(e.Items) != len(f.Items) {
				return here.String() + ": other items"
			}
			for j := range e.Items {
				here[len(here)-1].Item = j + 1
				if s := differ(here, &e.Items[j], &f.Items[j]); s != "" {
					return s
				}
			}
			continue
		}
		if !bytes.Equal(e.Value, f.Value) || e.Skipped() != f.Skipped() {
			return here.String() + ": other value"
		}
	}
	if len(b) > len(a) {
		return append(path, Step{Tag: b[len(a)].Tag}).String() + ": new"
	}
	return ""
}

func comparedElements(d *Dataset) (all []*Element) {
	for i := range d.Elements {
		if !d.Elements[i].Tag.IsGroupLength() {
			all = append(all, &d.Elements[i])
		}
	}
	return all
}

// untouched returns the bytes of the elements of the whole data set that no change leads to.
func untouched(x *Instance, b []byte, changes []Change) (all [][]byte) {
	for i := range x.Elements {
		e := &x.Elements[i]
		if e.Tag.IsGroupLength() || slices.ContainsFunc(changes, func(c Change) bool { return c.Path[0].Tag == e.Tag }) {
			continue
		}
		all = append(all, b[e.Offset:e.End])
	}
	return all
}

func TestPatchedFilesReadAsChanged(t *testing.T) {
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	done, refused, partial := 0, map[string]int{}, 0
	for name, b := range sharedFiles(t) {
		x, err := Parse(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil || len(b) > 2<<20 {
			continue
		}
		if slices.ContainsFunc(x.Issues, func(i issue.Issue) bool { return i.Code == CodeTagOrder || i.Code == CodeTagRepeated }) {
			continue // where an element belongs among unsorted ones is anyone's guess
		}
		h := fnv.New64a()
		h.Write([]byte(name))
		r := rand.New(rand.NewPCG(h.Sum64(), 1))
		for range rounds {
			want := x.Dataset.Clone()
			changes := randomChanges(r, x, &want)
			out, _, err := patched(b, changes, nil)
			if err != nil {
				var e *Error
				switch {
				case len(changes) == 0:
					t.Errorf("%s: %v", name, err)
				case x.Partial:
					partial++
				case !errors.As(err, &e):
					t.Errorf("%s: %v", name, err)
				default:
					refused[string(e.Issue.Code)+" "+name]++
				}
				continue
			}
			y, err := Parse(bytes.NewReader(out), int64(len(out)), nil)
			if err != nil {
				t.Errorf("%s: cannot be read again: %v", name, err)
				continue
			}
			if s := differ(nil, &want, &y.Dataset); s != "" {
				t.Errorf("%s: want the file with the changes, have %s", name, s)
			}
			if s := differ(nil, &x.Meta, &y.Meta); s != "" && !slices.ContainsFunc(changes, func(c Change) bool {
				return c.Path[0].Tag == dict.SOPInstanceUID || c.Path[0].Tag == dict.SOPClassUID
			}) {
				t.Errorf("%s: want the meta information as it was, have %s", name, s)
			}
			if !x.Encoding.Deflated {
				for _, part := range untouched(x, b, changes) {
					if !bytes.Contains(out, part) && !x.Has(dict.DirectoryRecordSequence) {
						t.Errorf("%s: want %d untouched bytes copied", name, len(part))
						break
					}
				}
			}
			if x.Stop.Tag != 0 && !x.Encoding.Deflated && sha256.Sum256(b[x.Stop.Offset:]) != sha256.Sum256(out[y.Stop.Offset:]) {
				t.Errorf("%s: want the pixel data as it was", name)
			}
			done++
		}
	}
	t.Logf("%d patched, %d refused as partial, %d else: %v", done, partial, len(refused), refused)
	if len(refused)*50 > done {
		t.Errorf("want at most one in 50 refused, have %d of %d", len(refused), done)
	}
}
