package dicommeta

import (
	"bytes"
	"io"
	"maps"
	"slices"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// check reads what will be written and compares it with what was to be changed, so that
// damage that was not seen stops a patch instead of spreading.
func (p *patcher) check() error {
	r, size, err := p.result()
	if err != nil {
		return err
	}
	y, err := Parse(r, size, &p.read)
	if err != nil {
		return p.patchError(nil, 0, CodePatchCheck, err, "want a file that can be read")
	}
	if y.Partial || y.Encoding != p.x.Encoding || y.TransferSyntax != p.x.TransferSyntax || y.Preamble != p.x.Preamble {
		return p.patchError(nil, 0, CodePatchCheck, nil, "want a file that reads as before")
	}
	if p.inflated == nil && (y.Stop.Tag != p.x.Stop.Tag || y.Stop.Tag != 0 && y.Stop.Offset-p.x.Stop.Offset != size-p.size) {
		return p.patchError(nil, 0, CodePatchCheck, nil, "want the pixel data where it was")
	}
	c := patchChecker{p: p}
	if !c.dataset(nil, &p.x.Meta, &y.Meta, p.meta, true) || !c.dataset(nil, &p.x.Dataset, &y.Dataset, p.data, false) {
		return p.patchError(c.at, 0, CodePatchCheck, c.err, "want the element as it was or as it is changed")
	}
	return nil
}

// result returns what will be written, of a deflated data set without what follows its header.
func (p *patcher) result() (io.ReaderAt, int64, error) {
	if p.inflated == nil {
		e := newEdited(p.src, p.size, p.edits)
		return e, e.size, nil
	}
	from := p.x.Dataset.Offset
	e := newEdited(p.base, from+int64(len(p.inflated)), p.edits)
	head := from
	for _, d := range p.edits {
		if d.start < from {
			head += int64(len(d.bytes)) - (d.end - d.start)
		}
	}
	all := make([]byte, e.size)
	if _, err := e.ReadAt(all, 0); err != nil {
		return nil, 0, err
	}
	b, err := appendDeflated(all[:head:head], all[head:])
	return bytes.NewReader(b), int64(len(b)), err
}

// patchChecker compares a data set before and after the changes.
type patchChecker struct {
	p   *patcher
	at  Path // where they differ
	err error
}

func (c *patchChecker) fail(path Path) bool {
	if c.at == nil {
		c.at = slices.Clone(path)
	}
	return false
}

// dataset reports whether now is d with the changes of at.
func (c *patchChecker) dataset(path Path, d, now *Dataset, at *patchPlace, meta bool) bool {
	if !meta && !c.sameCharset(d, now) {
		return c.fail(path)
	}
	have := c.elements(now)
	add := c.added(d, at)
	for i := range d.Elements {
		el := &d.Elements[i]
		if c.ignored(el.Tag) {
			continue
		}
		for len(add) > 0 && add[0].Element.Tag < el.Tag {
			if !c.changed(path, d, add[0], &have, meta) {
				return false
			}
			add = add[1:]
		}
		to := at.tags[el.Tag]
		switch {
		case to != nil && to.change != nil && (to.change.Action == ActionRemove || d.Find(el.Tag) != el):
		case to != nil && to.change != nil:
			if !c.changed(path, d, to.change, &have, meta) {
				return false
			}
		default:
			if !c.kept(append(path, Step{Tag: el.Tag}), d, el, &have, to) {
				return false
			}
		}
	}
	for _, a := range add {
		if !c.changed(path, d, a, &have, meta) {
			return false
		}
	}
	if len(have) > 0 {
		return c.fail(append(path, Step{Tag: have[0].Tag}))
	}
	return true
}

func (c *patchChecker) sameCharset(d, now *Dataset) bool {
	if c.p.upgrade {
		return isUTF8(now.Charset)
	}
	return slices.Equal(d.Charset.Terms(), now.Charset.Terms())
}

// ignored reports whether an element is made to fit rather than changed.
func (c *patchChecker) ignored(t dict.Tag) bool {
	return t.IsGroupLength() || c.p.upgrade && t == dict.SpecificCharacterSet
}

// elements returns the elements of d to compare.
func (c *patchChecker) elements(d *Dataset) []*Element {
	var all []*Element
	for i := range d.Elements {
		if !c.ignored(d.Elements[i].Tag) {
			all = append(all, &d.Elements[i])
		}
	}
	return all
}

// added returns the changes that add elements to d.
func (c *patchChecker) added(d *Dataset, at *patchPlace) []*Change {
	var add []*Change
	for _, t := range slices.Sorted(maps.Keys(at.tags)) {
		if to := at.tags[t].change; to != nil && !d.Has(t) && (to.Action == ActionSet || to.Action == ActionInsert) {
			add = append(add, to)
		}
	}
	return add
}

// changed reports whether the first of have is the element of a change, and takes it off.
func (c *patchChecker) changed(path Path, d *Dataset, to *Change, have *[]*Element, meta bool) bool {
	path = append(path, Step{Tag: to.Element.Tag})
	if len(*have) == 0 || (*have)[0].Tag != to.Element.Tag {
		return c.fail(path)
	}
	now := (*have)[0]
	*have = (*have)[1:]
	charset := d.Charset
	switch {
	case meta:
		charset = nil
	case c.p.upgrade:
		charset = UTF8
	}
	want, err := c.p.inCharset(path, &to.Element, UTF8, charset)
	if err != nil {
		c.err = err
		return c.fail(path)
	}
	if !c.sameMade(&want, now) {
		return c.fail(path)
	}
	return true
}

// sameMade reports whether an element that was made reads as it should.
func (c *patchChecker) sameMade(want, now *Element) bool {
	if want.Tag != now.Tag {
		return false
	}
	if want.Items == nil && want.VR != dict.SQ {
		if now.Skipped() {
			return int64(now.Length) == int64(len(want.Value)+len(want.Value)%2)
		}
		return bytes.Equal(bytes.TrimRight(want.Value, " \x00"), bytes.TrimRight(now.Value, " \x00"))
	}
	if len(want.Items) != len(now.Items) {
		return false
	}
	for i := range want.Items {
		a, b := c.elements(&want.Items[i]), c.elements(&now.Items[i])
		if len(a) != len(b) {
			return false
		}
		for j := range a {
			if !c.sameMade(a[j], b[j]) {
				return false
			}
		}
	}
	return true
}

// kept reports whether the first of have is el, but for changes in its items, and takes it off.
func (c *patchChecker) kept(path Path, d *Dataset, el *Element, have *[]*Element, to *patchTarget) bool {
	if len(*have) == 0 || (*have)[0].Tag != el.Tag || (*have)[0].Written != el.Written && !c.p.upgrade {
		return c.fail(path)
	}
	now := (*have)[0]
	*have = (*have)[1:]
	if (el.Items == nil) != (now.Items == nil) && el.Tag.IsPrivate() {
		return true // read by a private dictionary that a change makes apply or not
	}
	if el.Items == nil {
		if !c.sameValue(path, d, el, now) {
			return c.fail(path)
		}
		return true
	}
	i := 0
	for j := range el.Items {
		var at *patchPlace
		if to != nil {
			at = to.items[j+1]
		}
		if at == nil {
			at = &patchPlace{}
		}
		if at.remove {
			continue
		}
		path[len(path)-1].Item = j + 1
		if i == len(now.Items) || !c.dataset(path, &el.Items[j], &now.Items[i], at, false) {
			return c.fail(path)
		}
		i++
	}
	path[len(path)-1].Item = 0
	if i != len(now.Items) {
		return c.fail(path)
	}
	return true
}

func (c *patchChecker) sameValue(path Path, d *Dataset, el, now *Element) bool {
	if isDirectoryOffset(el.Tag) || el.Tag == dict.FileMetaInformationGroupLength {
		return len(el.Value) == len(now.Value)
	}
	if c.p.upgrade && el.VR.HasCharset() && !isUTF8(d.Charset) {
		if el.Skipped() || now.Skipped() {
			return true
		}
		want, err := c.p.text(path, el.Value, el.VR, d.Charset, UTF8)
		return err == nil && bytes.Equal(want, now.Value)
	}
	return el.Length == now.Length && bytes.Equal(el.Value, now.Value)
}
