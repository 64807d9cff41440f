package fhirdef

import (
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
	// core tells a package that defines FHIR itself.
	core bool

	entries []entry
}

// NewPackage returns an empty package. Name and version may be empty.
func NewPackage(name, version string) *Package {
	return &Package{Name: name, Version: version, core: strings.HasPrefix(name, "hl7.fhir.r") && strings.HasSuffix(name, ".core")}
}

// ID returns name#version, or what there is of it.
func (p *Package) ID() string {
	if p.Version == "" {
		return p.Name
	}
	return p.Name + "#" + p.Version
}

// owns reports whether the package's publisher owns the URL. The packages of
// FHIR itself own none: what they once held has moved to others.
func (p *Package) owns(url string) bool {
	return !p.core && p.Canonical != "" && len(url) > len(p.Canonical) && url[len(p.Canonical)] == '/' &&
		url[:len(p.Canonical)] == p.Canonical
}

// syntaxError gives an error of jsontree the file's name; nil stays nil.
func syntaxError(file string, err error) error {
	if err == nil {
		return nil
	}
	var s *jsontree.SyntaxError
	if errors.As(err, &s) {
		return &Error{File: file, Line: s.Line, Column: s.Column, Want: s.Want, Have: s.Have, Err: err}
	}
	return &Error{File: file, Err: err}
}
