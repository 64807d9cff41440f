package fhirdef

import (
	"errors"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// An entry is one resource of a package: what lookups need to know of it, and
// where its text is. It is parsed once, when first asked for.
type entry struct {
	class        class
	other        string // resourceType, of classOther
	url, version string
	// Of structures; base is also what a code system supplements.
	kind, derivation, typ, base string
	abstract                    bool

	pkg    *Package
	text   []byte // nil if in a chunk
	chunk  *chunk
	offset int
	size   int
	file   string
	// Where the text begins in its file, from 1; 0 at the very start.
	line, column int

	once   sync.Once
	parsed any // *Structure, *ValueSet, *CodeSystem or jsontree.Value
	err    error
}

// key is what the entry is found by in the map of its class.
func (e *entry) key() string {
	if e.class == classOther {
		return e.other + "|" + e.url
	}
	return e.url
}

// source returns the text of the resource.
func (e *entry) source() ([]byte, error) {
	if e.chunk == nil {
		return e.text, nil
	}
	return e.chunk.slice(e.offset, e.size)
}

// parse returns the resource in its Go form; the error names the place.
func (e *entry) parse() (any, error) {
	e.once.Do(func() {
		defer e.place()
		src, err := e.source()
		if err != nil {
			e.err = err
			return
		}
		name := e.pkg.ID()
		switch e.class {
		case classStructure:
			var s *Structure
			if s, e.err = parseStructure(src, e.file, e.pkg.KeepDifferential); e.err == nil {
				s.Package = name
				e.parsed = s
			}
		case classValueSet:
			var s *ValueSet
			if s, e.err = parseValueSet(src, e.file); e.err == nil {
				s.Package = name
				e.parsed = s
			}
		case classCodeSystem:
			var s *CodeSystem
			if s, e.err = parseCodeSystem(src, e.file); e.err == nil {
				s.Package = name
				e.parsed = s
			}
		default:
			var t jsontree.Tree
			if e.err = syntaxError(src, e.file, t.Parse(src, nil)); e.err == nil {
				e.parsed = t.Root()
			}
			return
		}
		e.text = nil // what was parsed does not need it
	})
	return e.parsed, e.err
}

// place moves an error to where the text stands in its file.
func (e *entry) place() {
	var err *Error
	if e.line > 0 && errors.As(e.err, &err) && err.Line > 0 {
		if err.Line == 1 {
			err.Column += e.column - 1
		}
		err.Line += e.line - 1
	}
}

func (e *entry) structure() *Structure {
	v, _ := e.parse()
	s, _ := v.(*Structure)
	return s
}

func (e *entry) valueSet() *ValueSet {
	v, _ := e.parse()
	s, _ := v.(*ValueSet)
	return s
}

func (e *entry) codeSystem() *CodeSystem {
	v, _ := e.parse()
	s, _ := v.(*CodeSystem)
	return s
}

func (e *entry) value() jsontree.Value {
	v, _ := e.parse()
	s, _ := v.(jsontree.Value)
	return s
}

// classOf returns the class of a resource type, and the type itself if it has
// no class of its own.
func classOf(resourceType string) (class, string) {
	switch resourceType {
	case "StructureDefinition":
		return classStructure, ""
	case "ValueSet":
		return classValueSet, ""
	case "CodeSystem":
		return classCodeSystem, ""
	}
	return classOther, resourceType
}

// better reports whether a is to be found rather than b by their URL alone,
// where b was added later. The package that owns the URL comes first: HL7's
// terminology, whose versions begin anew, over what R4 once published under its
// address. Then the newer version wins, then the later one.
func better(a, b *entry) bool {
	if x, y := a.pkg.owns(a.url), b.pkg.owns(b.url); x != y {
		return x
	}
	return compareVersions(a.version, b.version) > 0
}

// compareVersions compares two versions of the same resource: numbers with dots
// by their numbers, dates by their text. 0 means that neither is known to be
// newer, as between a date and a number.
func compareVersions(a, b string) int {
	if a == b {
		return 0
	}
	if a == "" || b == "" {
		return len(a) - len(b)
	}
	if isDate(a) != isDate(b) {
		return 0
	}
	a, preA, _ := strings.Cut(a, "-")
	b, preB, _ := strings.Cut(b, "-")
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if c := comparePart(x, y); c != 0 {
			return c
		}
	}
	switch {
	case preA == preB:
		return 0
	case preA == "": // a release comes after its previews
		return 1
	case preB == "":
		return -1
	}
	return strings.Compare(preA, preB)
}

// comparePart compares one part of two versions, as numbers if both are.
func comparePart(x, y string) int {
	if isNumber(x) && isNumber(y) {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
	}
	return strings.Compare(x, y)
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// isDate reports whether a version is a date such as 2018-08-12 or 20100826.
func isDate(s string) bool {
	return len(s) >= 8 && isNumber(s[:4]) && (s[4] == '-' || isNumber(s[:8])) && !strings.Contains(s, ".")
}
