package fhirdef

import (
	"bytes"
	"errors"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// Package is a set of resources that were published together. It is filled by
// Load or Add and then handed to Definitions, after which it must not change.
type Package struct {
	Name, Version string
	// Canonical is the address under which the publisher's URLs lie; "" = unknown.
	Canonical string
	// FHIRVersions are the editions of FHIR that the manifest names.
	FHIRVersions []string
	// Dependencies are the packages that the manifest names, as name#version,
	// sorted. They are not loaded.
	Dependencies []string
	// KeepDifferential keeps the differential of structures that have a snapshot.
	KeepDifferential bool
	core             bool // defines FHIR itself

	// Skipped tells what Load left out because it could not be read, where the
	// options allow that.
	Skipped []error

	entries []*entry
}

// NewPackage returns an empty package. Name and version may be empty.
func NewPackage(name, version string) *Package {
	p := &Package{}
	p.setName(name, version)
	return p
}

func (p *Package) setName(name, version string) {
	p.Name, p.Version = name, version
	p.core = strings.HasPrefix(name, "hl7.fhir.r") && strings.HasSuffix(name, ".core")
}

// ID returns name#version, or what there is of it.
func (p *Package) ID() string {
	if p.Version == "" {
		return p.Name
	}
	return p.Name + "#" + p.Version
}

// Len returns the number of resources that the package holds.
func (p *Package) Len() int { return len(p.entries) }

func (p *Package) all() []*entry {
	if p == nil {
		return nil
	}
	return p.entries
}

// Add adds one resource written in JSON, or each resource that a Bundle of
// definitions holds. The package keeps src, which must not change. file is for
// errors and may be empty. A resource without a canonical URL is refused, as
// nothing could ask for it. Nothing is added when there is an error.
func (p *Package) Add(src []byte, file string) error {
	entries, err := p.read(src, file)
	if err == nil && len(entries) == 0 {
		err = &Error{File: file, Line: 1, Column: 1, Want: "a resource with url", Have: "none"}
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, err := e.parse(); err != nil {
			return err
		}
	}
	p.entries = append(p.entries, entries...)
	return nil
}

// read returns the resources in src that have a URL, not parsed yet, and none
// if src is no resource.
func (p *Package) read(src []byte, file string) ([]*entry, error) {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	var t jsontree.Tree
	if err := t.Parse(src, nil); err != nil {
		return nil, syntaxError(src, file, err)
	}
	root := t.Root()
	if !root.Get("resourceType").EqualText("Bundle") {
		if e := p.entry(root, src, file); e != nil {
			return append([]*entry{e}, p.contained(root, e, src)...), nil
		}
		return nil, nil
	}
	var out []*entry
	for _, item := range root.Get("entry").All() {
		r := item.Get("resource")
		if e := p.entry(r, r.Raw(), file); e != nil {
			e.line, e.column = jsontree.Position(src, r.Offset())
			out = append(out, e)
		}
	}
	return out, nil
}

// entry returns what lookups need to know of a resource; nil if it has no URL.
func (p *Package) entry(v jsontree.Value, src []byte, file string) *entry {
	typ := v.Get("resourceType").Text()
	url := v.Get("url").Text()
	if typ == "" || url == "" {
		return nil
	}
	e := &entry{url: strings.Clone(url), version: strings.Clone(v.Get("version").Text()), pkg: p, text: src, file: file}
	e.class, e.other = classOf(typ)
	switch e.class {
	case classStructure:
		e.kind, e.derivation = v.Get("kind").Text(), v.Get("derivation").Text()
		e.typ, e.base = v.Get("type").Text(), v.Get("baseDefinition").Text()
		e.abstract, _ = v.Get("abstract").Bool()
	case classCodeSystem:
		e.base = v.Get("supplements").Text()
	}
	return e
}

// contained returns the value sets inside a structure, which its bindings know as
// # and their id: here by the structure's URL with that behind it.
func (p *Package) contained(v jsontree.Value, owner *entry, src []byte) []*entry {
	if owner.class != classStructure {
		return nil
	}
	var out []*entry
	for c := v.Get("contained").First(); c.Kind() != jsontree.Invalid; c = c.Next() {
		if id := c.Get("id").Text(); id != "" && c.Get("resourceType").EqualText("ValueSet") {
			e := &entry{class: classValueSet, url: owner.url + "#" + id, pkg: p, text: c.Raw(), file: owner.file}
			e.line, e.column = jsontree.Position(src, c.Offset())
			out = append(out, e)
		}
	}
	return out
}

// owns reports whether the package's publisher owns the URL. The packages of
// FHIR itself own none: what they once held has moved to others.
func (p *Package) owns(url string) bool {
	return !p.core && p.Canonical != "" && len(url) > len(p.Canonical) && url[len(p.Canonical)] == '/' &&
		url[:len(p.Canonical)] == p.Canonical
}

// syntaxError gives an error of jsontree the file's name and its place; nil
// stays nil.
func syntaxError(src []byte, file string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{File: file, Err: err}
	var s *jsontree.SyntaxError
	if errors.As(err, &s) {
		e.Want, e.Have = s.Want, s.Have
		e.Line, e.Column = jsontree.Position(src, s.Offset)
	}
	return e
}
