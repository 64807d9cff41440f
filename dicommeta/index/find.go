package index

import (
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// picker takes a few elements out of data sets, so that looking for each does not go
// through all the others. It is for one goroutine.
type picker struct {
	tags     []dict.Tag // in order
	elements []dicommeta.Element
}

// pick returns the elements of d that have the tags, or d itself where its elements are
// not in order. It is good until the next call.
func (p *picker) pick(d *dicommeta.Dataset) dicommeta.Dataset {
	out := dicommeta.Dataset{Charset: d.Charset, Elements: p.elements[:0]}
	next := 0
	for i := range d.Elements {
		e := &d.Elements[i]
		if i > 0 && e.Tag <= d.Elements[i-1].Tag {
			return *d
		}
		for next < len(p.tags) && p.tags[next] < e.Tag {
			next++
		}
		if next < len(p.tags) && p.tags[next] == e.Tag {
			out.Elements = append(out.Elements, *e)
		}
	}
	p.elements = out.Elements
	return out
}

// locator finds the elements of many tags in one walk. It is for one goroutine.
type locator struct {
	tags []dict.Tag           // in order
	at   []*dicommeta.Element // of the data set that was walked last, by tag; nil = none
}

func newLocator(tags []dict.Tag) *locator {
	return &locator{tags: tags, at: make([]*dicommeta.Element, len(tags))}
}

// locate finds what d.Find would find for each tag.
func (l *locator) locate(d *dicommeta.Dataset) []*dicommeta.Element {
	clear(l.at)
	next := 0
	for i := range d.Elements {
		e := &d.Elements[i]
		if i > 0 && e.Tag <= d.Elements[i-1].Tag {
			for j, t := range l.tags {
				l.at[j] = d.Find(t)
			}
			return l.at
		}
		for next < len(l.tags) && l.tags[next] < e.Tag {
			next++
		}
		if next < len(l.tags) && l.tags[next] == e.Tag {
			l.at[next] = e
		}
	}
	return l.at
}
