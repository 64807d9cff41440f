package xmlform

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
)

// Options are the options of Convert; nil and zero fields mean the defaults.
type Options struct {
	MaxDepth int // levels of elements; 0 = 512
}

// Document is a resource that was converted.
type Document struct {
	JSON     []byte
	Findings []Finding // in the order of the source
	Dropped  int       // findings beyond the bound
	Places   Places
	extents  []extent
}

// extent is where a resource lies: the begin of its object in the JSON form,
// and its element in the source.
type extent struct{ json, start, end uint32 }

// Places leads from the JSON form back to the source.
type Places struct{ spots []spot }

// spot says where a value of the JSON form comes from.
type spot struct{ json, xml uint32 }

// Convert returns the JSON form of the resource in src, which it does not keep.
// The error is a *SyntaxError: src is not well-formed, or no FHIR. It is safe
// for concurrent use.
func Convert(src []byte, m *Model, opts *Options) (*Document, error) {
	depth := maxDepth
	if opts != nil && opts.MaxDepth > 0 {
		depth = opts.MaxDepth
	}
	s, fault := scan(src, depth)
	if fault != nil {
		return nil, fault
	}
	c := &converter{scanner: s, model: m, out: make([]byte, 0, len(src)/2+64)}
	if fault := c.root(); fault != nil {
		return nil, fault
	}
	slices.SortStableFunc(c.findings, func(a, b Finding) int { return cmp.Compare(a.Offset, b.Offset) })
	return &Document{JSON: c.out, Findings: c.findings, Dropped: c.dropped, Places: Places{c.spots}, extents: c.extents}, nil
}

// Extent returns where in the source the element of the resource is whose
// object begins at the given offset of the JSON form, and behind it.
func (d *Document) Extent(json int) (start, end int) {
	i, ok := slices.BinarySearchFunc(d.extents, uint32(json), func(e extent, at uint32) int { return cmp.Compare(e.json, at) })
	if !ok {
		return d.Places.Offset(json), d.Places.Offset(json)
	}
	return int(d.extents[i].start), int(d.extents[i].end)
}

// Within returns the findings between two offsets of the source.
func (d *Document) Within(start, end int) []Finding {
	byOffset := func(f Finding, at int) int { return cmp.Compare(f.Offset, at) }
	first, _ := slices.BinarySearchFunc(d.Findings, start, byOffset)
	last, _ := slices.BinarySearchFunc(d.Findings, end, byOffset)
	return d.Findings[first:last]
}

// Offset returns where in the source the JSON value comes from that holds the
// byte at the given offset of the JSON form.
func (p Places) Offset(json int) int {
	i := sort.Search(len(p.spots), func(i int) bool { return int(p.spots[i].json) > json })
	if i == 0 {
		return 0
	}
	return int(p.spots[i-1].xml)
}

// Cut returns the places of the JSON form between two offsets, counted from
// the first of them, and from an offset of the source. It owns its memory.
func (p Places) Cut(from, to, source int) Places {
	var out Places
	first := sort.Search(len(p.spots), func(i int) bool { return int(p.spots[i].json) >= from })
	for _, s := range p.spots[first:] {
		if int(s.json) >= to {
			break
		}
		out.spots = append(out.spots, spot{s.json - uint32(from), uint32(max(int(s.xml)-source, 0))})
	}
	return out
}

// Root returns the local name and the namespace of the root element that head,
// the begin of a document, holds; ok is false if it holds none.
func Root(head []byte) (name, space string, ok bool) {
	s := &scanner{src: head, depth: 1}
	if err := s.prolog(); err != nil {
		return "", "", false
	}
	for len(s.elems) == 0 && s.i < len(head) {
		var err *SyntaxError
		if isSpace(head[s.i]) {
			s.i++
		} else if head[s.i] == '<' {
			err = s.markup()
		} else {
			err = s.characters()
		}
		if err != nil {
			return "", "", false
		}
	}
	if len(s.elems) == 0 {
		return "", "", false
	}
	switch s.elems[0].ns {
	case nsNone:
	case nsFHIR:
		space = fhirSpace
	default:
		space = "other"
	}
	return string(bytes.Clone(s.localName(0))), space, true
}
