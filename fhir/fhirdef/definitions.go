package fhirdef

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// Definitions is a set of structures, value sets and code systems that are
// looked up by canonical URL. It is immutable and safe for concurrent use; what
// it holds is parsed when first asked for.
type Definitions struct {
	// parent holds what was there before With; what is found here comes first.
	parent *Definitions

	packages    []*Package             // all of them
	byURL       [4]map[string][]*entry // by class; the best one last, those of the parent among them
	types       map[string]*entry      // types by name: structures that are not constraints
	supplements map[string][]*entry    // code systems by the URL they supplement

	snapshots sync.Map // *entry -> *Structure with a generated snapshot
	shapes    sync.Map // string -> *Shape
	terms     terminology
}

// A class tells apart what may share a URL.
type class uint8

const (
	classStructure class = iota
	classValueSet
	classCodeSystem
	classOther
)

// FromPackages returns definitions made of packages alone: R4's own are among
// them only if a package holds them.
func FromPackages(pkgs ...*Package) *Definitions { return newDefinitions(nil, pkgs) }

// With returns definitions that hold the packages too. Of two resources with
// the same URL and version the one added later is found. Neither d nor the
// packages change; a package must not be added to while definitions use it.
func (d *Definitions) With(pkgs ...*Package) *Definitions { return newDefinitions(d, pkgs) }

func newDefinitions(parent *Definitions, pkgs []*Package) *Definitions {
	d := &Definitions{parent: parent, types: map[string]*entry{}, supplements: map[string][]*entry{}}
	if parent != nil {
		d.packages = slices.Clip(parent.packages)
	}
	var n [len(d.byURL)]int
	for _, p := range pkgs {
		for _, e := range p.all() {
			n[e.class]++
		}
	}
	total := 0
	for c := range n {
		d.byURL[c] = make(map[string][]*entry, n[c])
		total += n[c]
	}
	// Most URLs have one entry: their lists are cut from one block.
	block := make([]*entry, total)
	for _, p := range pkgs {
		if p == nil {
			continue
		}
		d.packages = append(d.packages, p)
		for _, e := range p.entries {
			block[0] = e
			d.add(e, block[:1:1])
			block = block[1:]
		}
	}
	return d
}

// add puts an entry where lookups find it; alone is the list with only it.
func (d *Definitions) add(e *entry, alone []*entry) {
	key := e.key()
	if list := d.entries(e.class, key); len(list) > 0 {
		d.byURL[e.class][key] = insert(list, e)
	} else {
		d.byURL[e.class][key] = alone
	}
	if e.class == classStructure && e.derivation != "constraint" && e.typ != "" {
		if old := d.typeEntry(e.typ); old == nil || !better(old, e) {
			d.types[e.typ] = e
		}
	}
	if e.class == classCodeSystem && e.base != "" {
		url, _, _ := strings.Cut(e.base, "|")
		d.supplements[url] = append(slices.Clip(d.supplementEntries(url)), e)
	}
}

// insert returns a new list with e in its place: after all that are not better.
func insert(list []*entry, e *entry) []*entry {
	at := len(list)
	for at > 0 && better(list[at-1], e) {
		at--
	}
	return slices.Insert(slices.Clone(list), at, e)
}

// entries returns the entries with a key, the best one last.
func (d *Definitions) entries(c class, key string) []*entry {
	for ; d != nil; d = d.parent {
		if list, ok := d.byURL[c][key]; ok {
			return list
		}
	}
	return nil
}

func (d *Definitions) typeEntry(name string) *entry {
	for ; d != nil; d = d.parent {
		if e, ok := d.types[name]; ok {
			return e
		}
	}
	return nil
}

func (d *Definitions) supplementEntries(url string) []*entry {
	for ; d != nil; d = d.parent {
		if list, ok := d.supplements[url]; ok {
			return list
		}
	}
	return nil
}

// find returns the entry that a canonical means. Without a version that is the
// best one; with one, the best whose version is that or begins with it.
func (d *Definitions) find(c class, typ, canonical string) *entry {
	url, version, versioned := strings.Cut(canonical, "|")
	if c == classOther {
		url, canonical = typ+"|"+url, typ+"|"+canonical
	}
	list := d.entries(c, url)
	if versioned {
		// R4 published some code systems whose URL itself holds |version.
		if whole := d.entries(c, canonical); len(whole) > 0 {
			return whole[len(whole)-1]
		}
	}
	if len(list) == 0 {
		return nil
	}
	if version == "" {
		return list[len(list)-1]
	}
	for _, e := range slices.Backward(list) {
		if e.version == version {
			return e
		}
	}
	for _, e := range slices.Backward(list) {
		if len(e.version) > len(version) && e.version[len(version)] == '.' && e.version[:len(version)] == version {
			return e
		}
	}
	return nil
}

// Structure returns the structure with a canonical URL, which may end in
// |version; nil if there is none. Without a version, the newest wins; a version
// such as 1.2 finds 1.2.x. A structure that came without a snapshot gets one.
func (d *Definitions) Structure(canonical string) *Structure {
	return d.structure(d.find(classStructure, "", canonical))
}

// Type returns the structure that defines a type of FHIR, such as Patient,
// HumanName or string; nil if there is none. The name of a logical model's type
// is its URL.
func (d *Definitions) Type(name string) *Structure {
	return d.structure(d.typeEntry(name))
}

func (d *Definitions) structure(e *entry) *Structure {
	if e == nil {
		return nil
	}
	s := e.structure()
	if s == nil || len(s.Elements) > 0 || len(s.Differential) == 0 && s.Base == "" {
		return s
	}
	if made, ok := d.snapshots.Load(e); ok {
		return made.(*Structure)
	}
	made, _ := d.snapshots.LoadOrStore(e, d.withSnapshot(s))
	return made.(*Structure)
}

// ValueSet returns the value set with a canonical URL, found as Structure finds
// its own; nil if there is none.
func (d *Definitions) ValueSet(canonical string) *ValueSet {
	if e := d.find(classValueSet, "", canonical); e != nil {
		return e.valueSet()
	}
	return nil
}

// CodeSystem returns the code system with a canonical URL, found as Structure
// finds its own; nil if there is none.
func (d *Definitions) CodeSystem(canonical string) *CodeSystem {
	if e := d.find(classCodeSystem, "", canonical); e != nil {
		return e.codeSystem()
	}
	return nil
}

// Resource returns a resource of another type, such as Questionnaire, Measure,
// Library, SearchParameter or ConceptMap, by its canonical URL; the zero Value
// if there is none. The embedded definitions hold no such resources.
func (d *Definitions) Resource(typ, canonical string) jsontree.Value {
	if e := d.find(classOther, typ, canonical); e != nil {
		return e.value()
	}
	return jsontree.Value{}
}

// Versions returns the versions of whatever has the URL, the newest first; nil
// if nothing has it. A resource without a version counts as "".
func (d *Definitions) Versions(url string) []string {
	url, _, _ = strings.Cut(url, "|")
	var out []string
	for c := range d.byURL {
		for _, e := range slices.Backward(d.entries(class(c), url)) {
			if !slices.Contains(out, e.version) {
				out = append(out, e.version)
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, p := range d.packages {
		for _, e := range p.entries {
			if e.class == classOther && e.url == url && !slices.Contains(out, e.version) {
				out = append(out, e.version)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return compareVersions(b, a) })
	return out
}

// Structures returns the structures in the order of their packages, the newest
// of each URL alone. Each is parsed when it is reached.
func (d *Definitions) Structures() iter.Seq[*Structure] {
	return func(yield func(*Structure) bool) {
		for e := range d.newest(classStructure, "") {
			if s := d.structure(e); s != nil && !yield(s) {
				return
			}
		}
	}
}

// URLs returns the canonical URLs of all resources of a type, such as
// StructureDefinition, ValueSet or Questionnaire, in the order of their packages.
func (d *Definitions) URLs(resourceType string) iter.Seq[string] {
	c, other := classOf(resourceType)
	return func(yield func(string) bool) {
		for e := range d.newest(c, other) {
			if !yield(e.url) {
				return
			}
		}
	}
}

func (d *Definitions) newest(c class, other string) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for _, p := range d.packages {
			for _, e := range p.entries {
				if e.class != c || e.other != other || e.url == "" {
					continue
				}
				list := d.entries(c, e.key())
				if list[len(list)-1] == e && !yield(e) {
					return
				}
			}
		}
	}
}

// Packages returns the packages as name#version, in the order they were added.
func (d *Definitions) Packages() []string {
	out := make([]string, len(d.packages))
	for i, p := range d.packages {
		out[i] = p.ID()
	}
	return out
}

// Supplements returns the supplements of the code system with a URL, in the
// order of their packages.
func (d *Definitions) Supplements(url string) []*CodeSystem {
	url, _, _ = strings.Cut(url, "|")
	var out []*CodeSystem
	for _, e := range d.supplementEntries(url) {
		if s := e.codeSystem(); s != nil {
			out = append(out, s)
		}
	}
	return out
}
