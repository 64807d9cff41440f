package dicommeta

import (
	"slices"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// encode returns the bytes of a change's element at its level; old is the one that it
// replaces, nil for none.
func (p *patcher) encode(path Path, c *Change, l *patchLevel, old *Element) ([]byte, error) {
	to := l.charset
	switch {
	case l.meta:
		to = nil
	case p.upgrade:
		to = UTF8
	}
	here := append(path, Step{Tag: c.Element.Tag})
	el, err := p.inCharset(here, &c.Element, UTF8, to)
	if err != nil {
		return nil, err
	}
	if el.VR == 0 {
		el.VR = dict.UN
	}
	if old != nil && el.Tag.IsPrivate() && el.VR.IsText() && old.Written.IsText() {
		el.VR = old.Written // a constructor cannot know it
	}
	e := elementWriter{enc: l.enc, undefined: p.opts.Undefined, keepCharset: true}
	if err := e.element(here, &el, nil); err != nil {
		return nil, p.patchError(here, 0, CodePatchLength, err, "want a value that can be written")
	}
	return e.out, nil
}

// inCharset returns a copy of an element with its text, and that of its items, in
// another character set.
func (p *patcher) inCharset(path Path, el *Element, from, to *Charset) (Element, error) {
	out := *el
	if el.Items != nil {
		out.Items = make([]Dataset, len(el.Items))
		for i := range el.Items {
			item := &el.Items[i]
			of := item.Charset
			if of == nil {
				of = UTF8
			}
			d := Dataset{Charset: to, Elements: make([]Element, 0, len(item.Elements))}
			for j := range item.Elements {
				in := &item.Elements[j]
				if in.Tag == dict.SpecificCharacterSet {
					continue
				}
				path[len(path)-1].Item = i + 1
				e, err := p.inCharset(append(path, Step{Tag: in.Tag}), in, of, to)
				if err != nil {
					return out, err
				}
				d.Elements = append(d.Elements, e)
			}
			out.Items[i] = d
		}
		path[len(path)-1].Item = 0
		return out, nil
	}
	if !el.VR.HasCharset() || slices.Equal(from.Terms(), to.Terms()) && to != UTF8 {
		return out, nil
	}
	value, err := p.text(path, el.Value, el.VR, from, to)
	out.Value = value
	return out, err
}

// text brings text from one character set into another.
func (p *patcher) text(path Path, value []byte, vr dict.VR, from, to *Charset) ([]byte, error) {
	if !isForeign(value) {
		return value, nil
	}
	text := value
	if !isUTF8(from) {
		var exact bool
		if text, exact = from.AppendText(nil, value, vr); !exact {
			return nil, p.patchError(path, 0, CodePatchCharset, nil, "want text in the character set that is stated")
		}
	}
	if !utf8.Valid(text) {
		return nil, p.patchError(path, 0, CodePatchCharset, nil, "want new text in UTF-8")
	}
	if isUTF8(to) {
		return evenText(text), nil
	}
	coded, ok := []byte(nil), false
	if to != nil {
		coded, ok = to.Encode(string(text), vr)
	}
	if !ok {
		return nil, p.patchError(path, 0, CodePatchCharset, ErrCharset, "want characters of the file's character set")
	}
	return evenText(coded), nil
}

func isUTF8(c *Charset) bool {
	terms := c.Terms()
	return len(terms) == 1 && terms[0] == "ISO_IR 192"
}

func evenText(b []byte) []byte {
	if len(b)%2 == 0 {
		return b
	}
	if b[len(b)-1] == ' ' {
		return b[:len(b)-1]
	}
	return append(b[:len(b):len(b)], ' ')
}

// toUTF8 finds the edits that bring an element with all in it into UTF-8.
func (s *patchSpan) toUTF8(here Path, el *Element) error {
	p := s.p
	switch {
	case el.Tag == dict.SpecificCharacterSet:
		if len(s.path) > 0 || s.d.Find(el.Tag) != el {
			s.edit(el.Tag, el.Offset, el.End, nil)
			return nil
		}
		b, err := p.encode(s.path, utf8Change(), &s.l, el)
		if err != nil {
			return err
		}
		s.edit(el.Tag, el.Offset, el.End, b)
		return nil
	case el.Items != nil:
		return s.items(here, el, nil)
	case !el.VR.HasCharset() || isUTF8(s.d.Charset):
		return nil
	}
	value := el.Value
	if el.Skipped() {
		if el.Length == Undefined || int64(el.Length) > p.maxBytes() {
			return p.patchError(here, el.Offset, CodePatchLength, ErrLimit, "want text of at most %d bytes", p.maxBytes())
		}
		value = make([]byte, el.Length)
		if err := p.readAt(value, el.Offset+int64(el.Head)); err != nil {
			return err
		}
	}
	if !isForeign(value) {
		return nil
	}
	text, err := p.text(here, value, el.VR, s.d.Charset, UTF8)
	if err != nil {
		return err
	}
	out := Element{Tag: el.Tag, VR: el.VR, Value: text}
	if el.Written.Known() {
		out.VR = el.Written
	}
	e := elementWriter{enc: s.l.enc, keepCharset: true}
	if err := e.value(here, &out); err != nil {
		return err
	}
	s.edit(el.Tag, el.Offset, el.End, e.out)
	return nil
}

func (p *patcher) maxBytes() int64 {
	if p.read.MaxBytes > 0 {
		return p.read.MaxBytes
	}
	return 64 << 20
}
