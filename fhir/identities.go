package fhir

import (
	"bytes"
	"context"
	"slices"
	"strconv"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/internal/check"
	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// maxIdentities bounds what Identities remembers: 256 MiB of hashes.
const maxIdentities = 32 << 20

// Identities knows which resources a set of sources holds, by Type/id and by
// the fullUrl of Bundle entries, so that references between them can be
// followed. It keeps a hash of 64 bits of each: a resource that is there is
// always found, and one of n/2^64 references to what is not there, n being the
// number of identities, is taken for good. It is safe to share.
type Identities struct {
	held      []uint64 // sorted
	types     map[string]int64
	resources int64
	full      bool
}

// Identify reads all sources once, entry by entry where they are Bundles, and
// returns the identities of their resources. Records that cannot be read have
// none; they are not reported, as the reading that uses the identities does so.
func Identify(ctx context.Context, srcs []Source, opts *ReadOptions) (*Identities, error) {
	return identify(ctx, srcs, opts, maxIdentities)
}

func identify(ctx context.Context, srcs []Source, opts *ReadOptions, bound int) (*Identities, error) {
	var o ReadOptions
	if opts != nil {
		o = *opts
	}
	o.Workers = flow.Workers(o.Workers)
	o.WholeBundles, o.Quarantine, o.Reporter = false, nil, issue.Discard
	parts := make([]identifier, o.Workers)
	for i := range parts {
		parts[i] = identifier{types: make(map[string]int64), bound: bound / o.Workers}
	}
	_, err := Each(ctx, srcs, &o, func(worker int, r *Resource) error {
		parts[worker].take(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	x := &Identities{types: make(map[string]int64)}
	for i := range parts {
		p := &parts[i]
		x.held = append(x.held, p.held...)
		p.held = nil
		x.full = x.full || p.full
		x.resources += p.resources
		for name, n := range p.types {
			x.types[name] += n
		}
	}
	slices.Sort(x.held)
	x.held = slices.Compact(x.held)
	return x, nil
}

// identifier collects what one worker sees.
type identifier struct {
	held      []uint64
	types     map[string]int64
	resources int64
	bound     int
	full      bool
	bases     map[uint64]struct{} // of fullUrls, that were noted already
}

// maxBases bounds how many bases of fullUrls a worker notes once only.
const maxBases = 1000

func (p *identifier) take(r *Resource) {
	p.resources++
	if n, ok := p.types[r.typ]; ok || len(p.types) < maxForeignTypes {
		p.types[r.typ] = n + 1
	}
	if id := r.IDBytes(); len(id) > 0 {
		p.add(hashIdentity(r.typ, id))
	}
	if len(r.full) == 0 {
		return
	}
	p.add(hashURL(r.full))
	if base := baseOf(r.full); len(base) > 0 {
		h := hashURL(base)
		if _, ok := p.bases[h]; !ok {
			if p.bases == nil {
				p.bases = make(map[uint64]struct{})
			}
			if len(p.bases) < maxBases {
				p.bases[h] = struct{}{}
			}
			p.add(h)
		}
	}
}

func (p *identifier) add(h uint64) {
	if len(p.held) >= p.bound {
		p.full = true
		return
	}
	p.held = append(p.held, h)
}

// FNV-1a of 64 bits, whose bits are mixed at the end. It is the same in every
// run, so that findings are too.
const (
	hashStart uint64 = 14695981039346656037
	hashPrime uint64 = 1099511628211
)

func hashOn[T ~string | ~[]byte](h uint64, text T) uint64 {
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * hashPrime
	}
	return h
}

func hashEnd(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	return h
}

func hashIdentity(typ string, id []byte) uint64 {
	return hashEnd(hashOn(hashOn(hashOn(hashStart, typ), "/"), id))
}

func hashURL(url []byte) uint64 { return hashEnd(hashOn(hashStart, url)) }

// baseOf returns what stands before Type/id in an absolute address, with the
// slash at its end; nil if it is no address of a resource.
func baseOf(url []byte) []byte {
	typ, id, ok := splitReference(url)
	if !ok || !bytes.Contains(url, []byte("://")) {
		return nil
	}
	end := bytes.LastIndex(url, append(append([]byte(typ), '/'), id...))
	if end <= 0 {
		return nil
	}
	return url[:end]
}

func (x *Identities) has(h uint64) bool {
	_, ok := slices.BinarySearch(x.held, h)
	return ok
}

// Complete reports whether all identities are known. Beyond 32 million they are
// not, and no reference is called missing.
func (x *Identities) Complete() bool { return !x.full }

// Resources returns how many resources the sources hold.
func (x *Identities) Resources() int64 { return x.resources }

// FollowOptions are the options of Follow; nil and zero fields mean the
// defaults.
type FollowOptions struct {
	// AllTypes follows references to resources of every type. Without it, one
	// to a type of which the sources hold no resource leads out of them and is
	// not followed.
	AllTypes bool
	// Severity is that of a reference that leads nowhere; 0 = Warning.
	Severity issue.Severity
}

// Followed counts references, Reference.reference with text, by what following
// them came to.
type Followed struct {
	Inside      int64 // #id, in the same resource
	Found       int64 // to a resource of the sources
	Missing     int64 // to what the sources should hold and do not
	NotFollowed int64 // to other servers, by search, or to types that the sources do not hold
}

// Add adds other counts.
func (f *Followed) Add(g Followed) {
	f.Inside += g.Inside
	f.Found += g.Found
	f.Missing += g.Missing
	f.NotFollowed += g.NotFollowed
}

// Follow looks for the targets of all references of a resource, of a Bundle
// also those of its entries, among the identities, counts them, and returns a
// finding for each that leads nowhere. (R4 §2.3, References) What is inside a
// resource or, by urn, inside a Bundle is left to a Validator. An absolute
// address counts as missing only if resources of the same server are there.
func (x *Identities) Follow(r *Resource, opts *FollowOptions) (issue.List, Followed) {
	f := follower{x: x, r: r}
	if opts != nil {
		f.opts = *opts
	}
	if f.opts.Severity == 0 {
		f.opts.Severity = issue.Warning
	}
	f.object(r.root)
	return f.list, f.counts
}

// follower is one call of Follow.
type follower struct {
	x      *Identities
	r      *Resource
	opts   FollowOptions
	steps  []hop // from the root to the object looked at
	list   issue.List
	counts Followed
}

// hop leads from an object to the value of a member, or to one of a list.
type hop struct {
	member jsontree.Value
	index  int // in a list; -1 for what is no list
}

func (f *follower) object(v jsontree.Value) {
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		switch m.Kind() {
		case jsontree.Object:
			f.below(m, hop{m, -1})
		case jsontree.Array:
			i := 0
			for e := m.First(); e.Kind() != jsontree.Invalid; e = e.Next() {
				if e.Kind() == jsontree.Object {
					f.below(e, hop{m, i})
				}
				i++
			}
		case jsontree.String:
			if m.KeyIs("reference") {
				f.reference(m)
			}
		}
	}
}

// below looks at an object that a hop leads to.
func (f *follower) below(v jsontree.Value, s hop) {
	f.steps = append(f.steps, s)
	f.object(v)
	f.steps = f.steps[:len(f.steps)-1]
}

// reference follows one reference.
func (f *follower) reference(v jsontree.Value) {
	text := v.Bytes(nil)
	if len(text) == 0 {
		return
	}
	if text[0] == '#' {
		f.counts.Inside++
		return
	}
	typ, follow := f.follows(text)
	switch {
	case f.found(text):
		f.counts.Found++
	case !follow || f.x.full:
		f.counts.NotFollowed++
	default:
		path, ok := f.path(hop{v, -1})
		if !ok { // a member of another kind by that name
			f.counts.NotFollowed++
			return
		}
		f.counts.Missing++
		want := "a resource of that fullUrl"
		if typ != "" {
			want = "a resource of type " + typ + " with that id"
		}
		f.list = append(f.list, issue.Issue{Severity: f.opts.Severity, Code: check.CodeReference, Path: path, Rule: "Reference",
			Pos: f.r.posAt(v.Offset() - f.r.root.Offset()), Message: "want " + want + " among the sources, have none"})
	}
}

// found tells whether the target of a reference is among the identities.
func (f *follower) found(text []byte) bool {
	if typ, id, ok := splitReference(text); ok && f.x.has(hashIdentity(typ, id)) {
		return true
	}
	return f.x.has(hashURL(text))
}

// follows tells whether the target of a reference should be among the sources,
// and its type.
func (f *follower) follows(text []byte) (typ string, follow bool) {
	if isURN(text) {
		return "", f.r.typ != "Bundle"
	}
	typ, _, ok := splitReference(text)
	if !ok {
		return "", false
	}
	if bytes.Contains(text, []byte("://")) && !f.x.has(hashURL(baseOf(text))) {
		return typ, false
	}
	return typ, f.opts.AllTypes || f.x.types[typ] > 0
}

// path writes the way to a member of the object looked at as FHIRPath; ok is
// false if that is not the address of a Reference.
func (f *follower) path(last hop) (path string, ok bool) {
	defs := fhirdef.R4()
	typ, parent := f.r.typ, ""
	b := []byte(typ)
	for _, s := range append(f.steps, last) {
		key := s.member.KeyBytes()
		name, choice, next := string(key), false, ""
		if shape := defs.Shape(typ); shape != nil {
			if m, t := shape.JSON(key); m != nil {
				name, choice, next = m.Name, m.Choice, t
			}
		}
		b = append(append(b, '.'), name...)
		value := s.member
		if s.index >= 0 {
			b = append(strconv.AppendInt(append(b, '['), int64(s.index), 10), ']')
			value = value.Index(s.index)
		}
		if choice {
			b = append(append(append(b, ".ofType("...), next...), ')')
		}
		if r := value.Get("resourceType"); r.Kind() == jsontree.String && defs.Kind(r.Text()) == "resource" {
			next = r.Text()
		}
		parent, typ = typ, next
	}
	return string(b), parent == "Reference" || parent == ""
}
