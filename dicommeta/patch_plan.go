package dicommeta

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// edit puts bytes instead of those of the source from start to end.
type edit struct {
	start, end int64
	bytes      []byte
}

// patcher plans and writes one patch.
type patcher struct {
	src        io.ReaderAt // the file
	size       int64
	base       io.ReaderAt // what offsets of x count in: the file, or its inflated header
	inflated   []byte      // the header of a deflated data set, inflated
	rest       io.Reader   // the rest of it
	x          *Instance
	data, meta *patchPlace
	opts       PatchOptions
	read       ReadOptions
	upgrade    bool // writes all text in UTF-8
	edits      []edit
	done       Patched
}

func newPatcher(r io.ReaderAt, size int64, changes []Change, opts *PatchOptions) (*patcher, error) {
	p := &patcher{src: r, base: r, size: size}
	if opts != nil {
		p.opts = *opts
	}
	if p.opts.Read != nil {
		p.read = *p.opts.Read
	}
	p.read.Until, p.read.KeepBytes = 0, 0
	var err error
	if p.data, p.meta, err = sortChanges(changes); err != nil {
		return nil, err
	}
	if p.x, err = Parse(r, size, &p.read); err != nil {
		return nil, err
	}
	return p, nil
}

// plan finds the edits.
func (p *patcher) plan() error {
	if !p.data.affects(&p.x.Dataset) && !p.meta.affects(&p.x.Meta) {
		p.done.Absent, _ = p.data.count()
		absent, _ := p.meta.count()
		p.done.Absent += absent
		return nil
	}
	if p.x.Partial {
		return p.patchError(nil, 0, CodePatchPartial, nil, "want a file that can be read to its end or to the pixel data")
	}
	if p.x.Encoding.Deflated {
		if err := p.inflate(); err != nil {
			return err
		}
	}
	err := p.planOnce()
	if errors.Is(err, ErrCharset) && p.opts.UTF8 {
		p.upgrade = true
		p.edits, p.done = nil, Patched{UTF8: true}
		err = p.planOnce()
	}
	if err != nil || len(p.edits) == 0 {
		return err
	}
	slices.SortStableFunc(p.edits, func(a, b edit) int {
		switch {
		case a.start < b.start:
			return -1
		case a.start > b.start:
			return 1
		}
		return 0
	})
	if err := p.shiftDirectory(); err != nil {
		return err
	}
	return p.check()
}

func (p *patcher) planOnce() error {
	top := patchLevel{enc: p.x.Encoding, charset: p.x.Charset, start: p.x.Dataset.Offset}
	top.enc.Deflated = false
	if err := p.followUIDs(); err != nil {
		return err
	}
	if len(p.meta.tags) > 0 {
		meta := patchLevel{enc: Encoding{}, meta: true}
		if len(p.x.Meta.Elements) == 0 {
			return p.patchError(Path{{Tag: slices.Min(slices.Collect(maps.Keys(p.meta.tags)))}}, 0, CodePatchPath, nil, "want file meta information, have none")
		}
		if _, err := p.dataset(nil, &p.x.Meta, p.meta, meta); err != nil {
			return err
		}
	}
	_, err := p.dataset(nil, &p.x.Dataset, p.data, top)
	return err
}

// followUIDs changes the UIDs of the meta information with those of the data set.
func (p *patcher) followUIDs() error {
	if len(p.x.Meta.Elements) == 0 {
		return nil
	}
	for _, t := range [][2]dict.Tag{
		{dict.SOPClassUID, dict.MediaStorageSOPClassUID},
		{dict.SOPInstanceUID, dict.MediaStorageSOPInstanceUID},
	} {
		to := p.data.tags[t[0]]
		if to == nil || to.change == nil || to.change.Action == ActionRemove {
			continue
		}
		if to.change.Action == ActionReplace && !p.x.Has(t[0]) {
			continue
		}
		e := to.change.Element
		e.Tag, e.VR = t[1], dict.UI
		p.meta.target(t[1]).change = &Change{Path: Path{{Tag: t[1]}}, Action: ActionSet, Element: e}
	}
	return nil
}

// patchLevel is what holds for a data set or item of the source.
type patchLevel struct {
	enc     Encoding
	charset *Charset
	start   int64 // where its elements begin
	meta    bool
	depth   int
}

// dataset finds the edits of d and returns by how much they make it longer.
func (p *patcher) dataset(path Path, d *Dataset, at *patchPlace, l patchLevel) (delta int64, err error) {
	if err := p.probe(path, d, &l); err != nil {
		return 0, err
	}
	s := &patchSpan{p: p, path: path, d: d, at: at, l: l, end: l.start}
	if err := s.absent(); err != nil {
		return 0, err
	}
	if p.upgrade && len(path) == 0 && !l.meta && !d.Has(dict.SpecificCharacterSet) {
		s.inserts = append(s.inserts, utf8Change())
		slices.SortStableFunc(s.inserts, func(a, b *Change) int { return compareTags(a.Element.Tag, b.Element.Tag) })
	}
	for i := range d.Elements {
		el := &d.Elements[i]
		if err := s.insertBefore(el.Tag, el.Offset); err != nil {
			return 0, err
		}
		if err := s.element(el); err != nil {
			return 0, err
		}
		s.end = el.End
	}
	if err := s.insertRest(); err != nil {
		return 0, err
	}
	return s.delta, s.groupLengths()
}

// absent sorts out the changes of elements that are not there.
func (s *patchSpan) absent() error {
	for _, t := range slices.Sorted(maps.Keys(s.at.tags)) {
		to := s.at.tags[t]
		if s.d.Has(t) {
			continue
		}
		if to.change != nil && (to.change.Action == ActionSet || to.change.Action == ActionInsert) {
			s.inserts = append(s.inserts, to.change)
			continue
		}
		n, insists := to.count()
		if insists {
			return s.p.patchError(append(s.path, Step{Tag: t}), s.d.Offset, CodePatchPath, nil, "want a sequence, have none")
		}
		s.p.done.Absent += n
	}
	return nil
}

func utf8Change() *Change {
	return &Change{Element: TextElement(dict.SpecificCharacterSet, UTF8.Terms()...)}
}

// probe looks how the elements of d are written, which in a damaged file or within
// UN (PS3.5 §6.2.2) is not always as the whole file.
func (p *patcher) probe(path Path, d *Dataset, l *patchLevel) error {
	if len(d.Elements) == 0 {
		return nil
	}
	el := &d.Elements[0]
	var b [4]byte
	if err := p.readAt(b[:], el.Offset); err != nil {
		return err
	}
	little := dict.NewTag(binary.LittleEndian.Uint16(b[:]), binary.LittleEndian.Uint16(b[2:]))
	big := dict.NewTag(binary.BigEndian.Uint16(b[:]), binary.BigEndian.Uint16(b[2:]))
	switch el.Tag {
	case little:
		l.enc.BigEndian = l.enc.BigEndian && little == big
	case big:
		l.enc.BigEndian = true
	default:
		return p.patchError(append(path, Step{Tag: el.Tag}), el.Offset, CodePatchStructure, nil, "want the tag where the element begins")
	}
	l.enc.Implicit = el.Written == 0
	l.start = el.Offset
	return nil
}

func (p *patcher) readAt(b []byte, off int64) error {
	if n, err := p.base.ReadAt(b, off); n < len(b) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("dicommeta: %w", err)
	}
	return nil
}

// patchSpan goes through the elements of one data set.
type patchSpan struct {
	p       *patcher
	path    Path
	d       *Dataset
	at      *patchPlace
	l       patchLevel
	inserts []*Change
	end     int64 // of the last element
	delta   int64
	touched map[uint16]int64 // by how much groups become longer
}

func (s *patchSpan) edit(t dict.Tag, start, end int64, b []byte) {
	s.p.edits = append(s.p.edits, edit{start: start, end: end, bytes: b})
	s.grow(t, int64(len(b))-(end-start))
}

func (s *patchSpan) grow(t dict.Tag, n int64) {
	if s.touched == nil {
		s.touched = map[uint16]int64{}
	}
	s.touched[t.Group()] += n
	s.delta += n
}

func (s *patchSpan) insertBefore(t dict.Tag, at int64) error {
	for len(s.inserts) > 0 && s.inserts[0].Element.Tag < t {
		c := s.inserts[0]
		s.inserts = s.inserts[1:]
		b, err := s.p.encode(s.path, c, &s.l, nil)
		if err != nil {
			return err
		}
		s.edit(c.Element.Tag, at, at, b)
		s.p.done.Inserted++
	}
	return nil
}

func (s *patchSpan) insertRest() error {
	stop := s.p.x.Stop
	if len(s.path) > 0 || s.l.meta || stop.Tag == 0 {
		return s.insertBefore(^dict.Tag(0), s.end)
	}
	for _, c := range s.inserts {
		if c.Element.Tag >= stop.Tag {
			return s.p.patchError(Path{{Tag: c.Element.Tag}}, stop.Offset, CodePatchBehind, nil, "want an element before the pixel data")
		}
	}
	return s.insertBefore(stop.Tag, stop.Offset)
}

// element finds the edits of one element.
func (s *patchSpan) element(el *Element) error {
	to := s.at.tags[el.Tag]
	here := append(s.path, Step{Tag: el.Tag})
	switch {
	case to != nil && to.change != nil:
		return s.change(here, el, to.change)
	case to != nil:
		if first := s.d.Find(el.Tag); first != el {
			return s.p.patchError(here, el.Offset, CodePatchPath, nil, "want one sequence of the tag, have several")
		}
		if len(el.Items) == 0 && el.VR != dict.SQ {
			return s.p.patchError(here, el.Offset, CodePatchPath, nil, "want a sequence")
		}
		return s.items(here, el, to.items)
	case s.p.upgrade && !s.l.meta:
		return s.toUTF8(here, el)
	}
	return nil
}

func (s *patchSpan) change(here Path, el *Element, c *Change) error {
	p := s.p
	if c.Action == ActionInsert {
		return p.patchError(here, el.Offset, CodePatchPath, nil, "want no such element")
	}
	if el.Tag == dict.DirectoryRecordSequence {
		return p.patchError(here, el.Offset, CodePatchDirectory, nil, "want the directory records left in place")
	}
	// Of several with one tag only the last is kept, which is the one that counts.
	if c.Action == ActionRemove || s.d.Find(el.Tag) != el {
		s.edit(el.Tag, el.Offset, el.End, nil)
		p.done.Removed++
		return nil
	}
	b, err := p.encode(s.path, c, &s.l, el)
	if err != nil {
		return err
	}
	p.done.Replaced++
	if int64(len(b)) == el.End-el.Offset {
		old := make([]byte, len(b))
		if err := p.readAt(old, el.Offset); err != nil {
			return err
		}
		if bytes.Equal(old, b) {
			return nil
		}
	}
	s.edit(el.Tag, el.Offset, el.End, b)
	return nil
}

// items finds the edits in the items of a sequence, and of their lengths.
func (s *patchSpan) items(here Path, el *Element, places map[int]*patchPlace) error {
	p := s.p
	numbers := slices.Sorted(maps.Keys(places))
	for _, n := range numbers {
		if n <= len(el.Items) {
			continue
		}
		absent, insists := places[n].count()
		if insists {
			return p.patchError(here, el.Offset, CodePatchPath, nil, "want item %d, have %d items", n, len(el.Items))
		}
		p.done.Absent += absent
	}
	total := int64(0)
	for i := range el.Items {
		at := places[i+1]
		if at == nil && !p.upgrade {
			continue
		}
		if at == nil {
			at = &patchPlace{}
		}
		here[len(here)-1].Item = i + 1
		n, err := s.item(here, el, &el.Items[i], at)
		if err != nil {
			return err
		}
		total += n
	}
	here[len(here)-1].Item = 0
	if total == 0 {
		return nil
	}
	s.grow(el.Tag, total)
	return s.sequenceLength(here, el, total)
}

// item finds the edits in one item and returns by how much they make it longer.
func (s *patchSpan) item(here Path, el *Element, item *Dataset, at *patchPlace) (int64, error) {
	p := s.p
	if at.remove {
		if el.Tag == dict.DirectoryRecordSequence {
			return 0, p.patchError(here, item.Offset, CodePatchDirectory, nil, "want the directory records left in place")
		}
		p.done.Removed++
		p.edits = append(p.edits, edit{start: item.Offset, end: item.End})
		return item.Offset - item.End, nil
	}
	in := s.l
	in.depth++
	in.charset, in.start = item.Charset, item.Offset+8
	if el.Written == dict.UN {
		in.enc = Encoding{Implicit: true}
	}
	n, err := p.dataset(here, item, at, in)
	if err != nil || n == 0 || item.Length == Undefined {
		return n, err
	}
	if item.End != item.Offset+8+int64(item.Length) {
		return 0, p.patchError(here, item.Offset, CodePatchStructure, nil, "want an item of its declared length")
	}
	var tag [1]byte
	if err := p.readAt(tag[:], item.Offset); err != nil {
		return 0, err
	}
	return n, p.length(here, item.Offset+4, 4, tag[0] == 0xFF, item.Length, n)
}

// sequenceLength makes the length of a sequence fit items that are longer by n.
func (s *patchSpan) sequenceLength(here Path, el *Element, n int64) error {
	if el.Length == Undefined {
		return nil
	}
	if el.End != el.Offset+int64(el.Head)+int64(el.Length) {
		return s.p.patchError(here, el.Offset, CodePatchStructure, nil, "want a sequence of its declared length")
	}
	width := int64(4)
	if el.Head == 8 && el.Written != 0 {
		width = 2
	}
	return s.p.length(here, el.Offset+int64(el.Head)-width, width, s.l.enc.BigEndian, el.Length, n)
}

// length finds the edit of a length of 2 or 4 bytes that grows by n.
func (p *patcher) length(path Path, at, width int64, big bool, old uint32, n int64) error {
	b := make([]byte, 4)
	stands := b[:width]
	if err := p.readAt(stands, at); err != nil {
		return err
	}
	if big {
		slices.Reverse(stands)
	}
	if binary.LittleEndian.Uint32(b) != old {
		return p.patchError(path, at, CodePatchStructure, nil, "want the length where it belongs")
	}
	now := int64(old) + n
	if limit := int64(1)<<(8*width) - 2; now > limit {
		return p.patchError(path, at, CodePatchLength, nil, "want a length of at most %d, have %d", limit, now)
	}
	binary.LittleEndian.PutUint32(b, uint32(now))
	if big {
		slices.Reverse(stands)
	}
	p.edits = append(p.edits, edit{start: at, end: at + width, bytes: stands})
	return nil
}

// groupLengths makes the group lengths of touched groups true (PS3.5 §7.2, PS3.10 §7.1).
func (s *patchSpan) groupLengths() error {
	for i := range s.d.Elements {
		el := &s.d.Elements[i]
		more, touched := s.touched[el.Tag.Group()]
		if !el.Tag.IsGroupLength() || !touched || el.Length != 4 || s.at.tags[el.Tag] != nil {
			continue
		}
		n := more
		for j := range s.d.Elements {
			if e := &s.d.Elements[j]; e.Tag.Group() == el.Tag.Group() && e.Tag != el.Tag {
				n += e.End - e.Offset
			}
		}
		e := elementWriter{enc: s.l.enc}
		if n < 0 || n > longestValue {
			return s.p.patchError(append(s.path, Step{Tag: el.Tag}), el.Offset, CodePatchLength, nil, "want a group length of 32 bits")
		}
		number := NumberElement(el.Tag, dict.UL, float64(n))
		if err := e.value(s.path, &number); err != nil {
			return err
		}
		at := el.Offset + int64(el.Head)
		s.p.edits = append(s.p.edits, edit{start: at, end: at + 4, bytes: e.out[len(e.out)-4:]})
	}
	return nil
}

// affects reports whether a change of p finds something to change in d, or insists on it.
func (p *patchPlace) affects(d *Dataset) bool {
	for t, to := range p.tags {
		if _, insists := to.count(); insists || to.change != nil && d.Has(t) {
			return true
		}
		items := d.Items(t)
		for n, in := range to.items {
			if n <= len(items) && (in.remove || in.affects(&items[n-1])) {
				return true
			}
		}
	}
	return false
}

// count returns how many changes there are below p that nothing being there suits, and whether
// one insists on its place.
func (p *patchPlace) count() (absent int, insists bool) {
	if p.remove {
		return 1, false
	}
	for _, t := range p.tags {
		n, i := t.count()
		absent += n
		insists = insists || i
	}
	return absent, insists
}

func (t *patchTarget) count() (absent int, insists bool) {
	if t.change != nil {
		return 1, t.change.Action == ActionSet || t.change.Action == ActionInsert
	}
	for _, in := range t.items {
		n, i := in.count()
		absent += n
		insists = insists || i
	}
	return absent, insists
}

// inflate holds the header of a deflated data set inflated.
func (p *patcher) inflate() error {
	from := p.x.Dataset.Offset
	z := flate.NewReader(io.NewSectionReader(p.src, from, p.size-from))
	n := p.x.Dataset.End - from
	if p.x.Stop.Tag != 0 {
		n = p.x.Stop.Offset - from
	}
	if n > p.maxBytes() {
		return p.patchError(nil, from, CodeLimit, ErrLimit, "want at most %d bytes of inflated data set, have more", p.maxBytes())
	}
	b := make([]byte, n) // as much as the reader has inflated before
	if _, err := io.ReadFull(z, b); err != nil {
		return p.patchError(nil, from, CodePatchStructure, err, "want a data set deflated as the standard says")
	}
	p.inflated, p.rest = b, z
	p.base = &inflatedAt{file: p.src, from: from, b: p.inflated}
	return nil
}

// inflatedAt reads the file before from, and b from there on.
type inflatedAt struct {
	file io.ReaderAt
	from int64
	b    []byte
}

func (a *inflatedAt) ReadAt(b []byte, off int64) (n int, err error) {
	if off < a.from {
		head := b[:min(int64(len(b)), a.from-off)]
		if n, err = a.file.ReadAt(head, off); n < len(head) || n == len(b) {
			return n, err
		}
	}
	m, err := bytes.NewReader(a.b).ReadAt(b[n:], off+int64(n)-a.from)
	return n + m, err
}
