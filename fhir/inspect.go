package fhir

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

const (
	maxSystems    = 10_000    // code systems that are counted by name
	maxReferences = 4_000_000 // identities, and references, that are remembered
)

// Inspection is what is in a set of sources.
type Inspection struct {
	Sources []SourceStats  // in the order of the list
	Types   []TypeFacts    // by name
	Systems []SystemFacts  // by count, most first, then by name
	Links   ReferenceFacts // of Reference.reference
	// Others counts the codings of systems beyond the first 10,000.
	Others int64
}

// TypeFacts are the facts of one resource type.
type TypeFacts struct {
	Type  string
	Count int64
	// First and Last are the earliest and latest day (YYYY-MM-DD, or as much of
	// it as is known) of all members that are dates by their name; "" if none.
	First, Last string
}

// SystemFacts counts the codings of one code system; System is "" for codings
// that name none.
type SystemFacts struct {
	System  string
	Codings int64
}

// ReferenceFacts counts references by where they lead.
type ReferenceFacts struct {
	Total     int64 // all with text
	Inside    int64 // into the same Bundle or resource
	Local     int64 // Type/id
	Elsewhere int64 // other addresses, and searches
	Broken    int64 // urn:uuid, urn:oid and #id that lead nowhere
	// Missing counts the different Type/id of no resource in the sources, -1 if
	// there are too many resources (more than 4,000,000) to tell.
	Missing int64
}

// Inspect reads all sources once and says what is in them. Records that cannot
// be read are counted in Sources; without a Reporter in opts they do not end
// it. Memory is bounded whatever the size of the input.
func Inspect(ctx context.Context, srcs []Source, opts *ReadOptions) (*Inspection, error) {
	var o ReadOptions
	if opts != nil {
		o = *opts
	}
	if o.Reporter == nil {
		o.Reporter = issue.Discard
	}
	o.Workers = flow.Workers(o.Workers)
	seed := maphash.MakeSeed()
	parts := make([]*inspector, o.Workers)
	for i := range parts {
		parts[i] = &inspector{
			seed: seed, types: make(map[string]*TypeFacts), systems: make(map[string]*int64),
			have: make(map[uint64]struct{}), want: make(map[uint64]struct{}),
		}
	}
	stats, err := Each(ctx, srcs, &o, func(worker int, r *Resource) error {
		parts[worker].take(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, p := range parts[1:] {
		parts[0].merge(p)
	}
	x := parts[0].result()
	x.Sources = stats.Sources
	return x, nil
}

// inspector collects the facts that one worker sees.
type inspector struct {
	seed    maphash.Seed
	types   map[string]*TypeFacts
	systems map[string]*int64
	others  int64
	links   ReferenceFacts
	have    map[uint64]struct{} // identities of the resources
	want    map[uint64]struct{} // identities that references name
	full    bool                // one of the two is incomplete

	r       *Resource
	facts   *TypeFacts
	scratch []byte
}

// take adds the facts of a resource.
func (p *inspector) take(r *Resource) {
	p.r = r
	p.facts = p.types[r.typ]
	if p.facts == nil {
		name := strings.Clone(r.typ)
		p.facts = &TypeFacts{Type: name}
		p.types[name] = p.facts
	}
	p.facts.Count++
	p.remember(p.have, r.typ, r.IDBytes())
	p.object(r.root, false)
}

// remember notes the identity Type/id in a set.
func (p *inspector) remember(set map[uint64]struct{}, typ string, id []byte) {
	if len(id) == 0 {
		return
	}
	if len(set) >= maxReferences {
		p.full = true
		return
	}
	p.scratch = append(append(append(p.scratch[:0], typ...), '/'), id...)
	set[maphash.Bytes(p.seed, p.scratch)] = struct{}{}
}

// object takes in the members of an object; coding says that it is a Coding.
func (p *inspector) object(v jsontree.Value, coding bool) {
	var system, code, value jsontree.Value
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		switch m.Kind() {
		case jsontree.Object:
			p.object(m, m.KeyIs("valueCoding"))
		case jsontree.Array:
			list := m.KeyIs("coding")
			for e := m.First(); e.Kind() != jsontree.Invalid; e = e.Next() {
				if e.Kind() == jsontree.Object {
					p.object(e, list)
				}
			}
		case jsontree.String:
			switch name := m.KeyBytes(); string(name) {
			case "system":
				system = m
			case "code":
				code = m
			case "value":
				value = m
			case "reference":
				p.reference(m)
			default:
				if isDateName(name) {
					p.date(m)
				}
			}
		case jsontree.Number:
			if m.KeyIs("value") {
				value = m
			}
		}
	}
	// A Coding has system and code; a Quantity has a value beside them.
	if code.Kind() != jsontree.Invalid && value.Kind() == jsontree.Invalid && (coding || system.Kind() != jsontree.Invalid) {
		p.system(system.Bytes(nil))
	}
}

// system counts a coding.
func (p *inspector) system(name []byte) {
	if n := p.systems[string(name)]; n != nil {
		*n++
		return
	}
	if len(p.systems) >= maxSystems || len(name) > 1024 {
		p.others++
		return
	}
	n := int64(1)
	p.systems[string(name)] = &n
}

// reference counts a reference.
func (p *inspector) reference(v jsontree.Value) {
	ref := p.r.Resolve(v.Bytes(nil))
	if ref.Kind == RefNone {
		return
	}
	p.links.Total++
	switch ref.Kind {
	case RefBundle, RefContained:
		p.links.Inside++
	case RefLocal:
		p.links.Local++
		p.remember(p.want, ref.Type, ref.ID)
	case RefUnresolved:
		p.links.Broken++
	default:
		p.links.Elsewhere++
	}
}

// isDateName reports whether R4 gives dates to members of that name.
func isDateName(name []byte) bool {
	for _, end := range []string{"Date", "DateTime", "date", "Instant"} {
		if strings.HasSuffix(string(name), end) {
			return true
		}
	}
	switch string(name) {
	case "start", "end", "issued", "authoredOn", "created", "recorded", "started", "sent", "received",
		"occurrence", "when", "lastOccurrence", "dateAsserted", "whenPrepared", "whenHandedOver":
		return true
	}
	return false
}

// date widens the range of the type by the day that v begins with.
func (p *inspector) date(v jsontree.Value) {
	text := v.Bytes(nil)
	n := 0
	for n < len(text) && n < len("2006-01-02") && (text[n] >= '0' && text[n] <= '9' || text[n] == '-' && (n == 4 || n == 7)) {
		n++
	}
	if n != 4 && n != 7 && n != 10 {
		return
	}
	p.facts.widen(text[:n], text[:n])
}

// widen takes first and last into the range.
func (f *TypeFacts) widen(first, last []byte) {
	if len(first) > 0 && (f.First == "" || string(first) < f.First) {
		f.First = string(first)
	}
	if len(last) > 0 && string(last) > f.Last {
		f.Last = string(last)
	}
}

// merge adds the facts of q.
func (p *inspector) merge(q *inspector) {
	for name, f := range q.types {
		if have := p.types[name]; have != nil {
			have.Count += f.Count
			have.widen([]byte(f.First), []byte(f.Last))
		} else {
			p.types[name] = f
		}
	}
	for name, n := range q.systems {
		switch have := p.systems[name]; {
		case have != nil:
			*have += *n
		case len(p.systems) < maxSystems:
			p.systems[name] = n
		default:
			p.others += *n
		}
	}
	for k := range q.have {
		p.have[k] = struct{}{}
	}
	for k := range q.want {
		p.want[k] = struct{}{}
	}
	p.others += q.others
	p.full = p.full || q.full
	p.links.Total += q.links.Total
	p.links.Inside += q.links.Inside
	p.links.Local += q.links.Local
	p.links.Elsewhere += q.links.Elsewhere
	p.links.Broken += q.links.Broken
}

// result sorts the facts.
func (p *inspector) result() *Inspection {
	x := &Inspection{Links: p.links, Others: p.others}
	for _, f := range p.types {
		x.Types = append(x.Types, *f)
	}
	slices.SortFunc(x.Types, func(a, b TypeFacts) int { return cmp.Compare(a.Type, b.Type) })
	for name, n := range p.systems {
		x.Systems = append(x.Systems, SystemFacts{System: name, Codings: *n})
	}
	slices.SortFunc(x.Systems, func(a, b SystemFacts) int {
		return cmp.Or(cmp.Compare(b.Codings, a.Codings), cmp.Compare(a.System, b.System))
	})
	for k := range p.want {
		if _, ok := p.have[k]; !ok {
			x.Links.Missing++
		}
	}
	if p.full {
		x.Links.Missing = -1
	}
	return x
}
