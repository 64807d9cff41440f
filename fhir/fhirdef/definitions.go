package fhirdef

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// Definitions is a set of structures, value sets and code systems that are
// looked up by canonical URL. It is immutable and safe for concurrent use; what
// it holds is parsed when first asked for.
type Definitions struct {
	packages []*Package
	byURL    map[key][]*entry  // the best one last
	types    map[string]*entry // types by name: structures that are not constraints

	supplements map[string][]*entry // code systems by the URL they supplement

	snapshots sync.Map // *entry -> *Structure with a generated snapshot
	shapes    sync.Map // string -> *Shape
	terms     terminology
}

// A class tells apart what may share a URL.
type class byte

const (
	classStructure  class = 'S'
	classValueSet   class = 'V'
	classCodeSystem class = 'C'
	classOther      class = 'O'
)

// A key is what a resource is looked up by: the URL, and for resources without
// a class of their own the type.
type key struct {
	class class
	typ   string
	url   string
}

// FromPackages returns definitions made of packages alone: R4's own are among
// them only if a package holds them.
func FromPackages(pkgs ...*Package) *Definitions {
	d := &Definitions{byURL: map[key][]*entry{}, types: map[string]*entry{}, supplements: map[string][]*entry{}}
	for _, p := range pkgs {
		d.add(p)
	}
	return d
}

// With returns definitions that hold the packages too. Of two resources with
// the same URL and version the one added later is found. Neither d nor the
// packages change; a package must not be added to while definitions use it.
func (d *Definitions) With(pkgs ...*Package) *Definitions {
	n := &Definitions{
		packages: slices.Clip(d.packages), byURL: maps.Clone(d.byURL), types: maps.Clone(d.types),
		supplements: maps.Clone(d.supplements),
	}
	for _, p := range pkgs {
		n.add(p)
	}
	return n
}

func (d *Definitions) add(p *Package) {
	if p == nil {
		return
	}
	d.packages = append(d.packages, p)
	for _, e := range p.entries {
		if e.url != "" {
			k := key{e.class, e.other, e.url}
			// The list may be shared with other definitions: it is copied.
			d.byURL[k] = insert(d.byURL[k], e)
		}
		if e.class == classStructure && e.derivation != "constraint" && e.typ != "" {
			if old := d.types[e.typ]; old == nil || !better(old, e) {
				d.types[e.typ] = e
			}
		}
		if e.class == classCodeSystem && e.base != "" {
			url, _, _ := strings.Cut(e.base, "|")
			d.supplements[url] = append(slices.Clip(d.supplements[url]), e)
		}
	}
}

// insert returns a new list with e in its place: after all that are not better.
func insert(list []*entry, e *entry) []*entry {
	at := len(list)
	for at > 0 && better(list[at-1], e) {
		at--
	}
	out := make([]*entry, 0, len(list)+1)
	out = append(out, list[:at]...)
	out = append(out, e)
	return append(out, list[at:]...)
}

// find returns the entry that a canonical means. Without a version that is the
// best one; with one, the best whose version is that or begins with it.
func (d *Definitions) find(c class, typ, canonical string) *entry {
	url, version, _ := strings.Cut(canonical, "|")
	list := d.byURL[key{c, typ, url}]
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
	return d.structure(d.types[name])
}

func (d *Definitions) structure(e *entry) *Structure {
	if e == nil {
		return nil
	}
	s := e.structure()
	if s == nil || len(s.Elements) > 0 || len(s.Differential) == 0 {
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
	var out []string
	url, _, _ = strings.Cut(url, "|")
	for _, c := range []class{classStructure, classValueSet, classCodeSystem} {
		for _, e := range slices.Backward(d.byURL[key{class: c, url: url}]) {
			if !slices.Contains(out, e.version) {
				out = append(out, e.version)
			}
		}
	}
	for k, list := range d.byURL {
		if k.class == classOther && k.url == url {
			for _, e := range slices.Backward(list) {
				if !slices.Contains(out, e.version) {
					out = append(out, e.version)
				}
			}
		}
	}
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
				list := d.byURL[key{c, other, e.url}]
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
	for _, e := range d.supplements[url] {
		if s := e.codeSystem(); s != nil {
			out = append(out, s)
		}
	}
	return out
}
