package fhirdef

import "github.com/carabiner-health/carabiner/internal/jsontree"

// Structure is one StructureDefinition: a type, a profile, an extension or a
// logical model. It is shared and must not be changed.
type Structure struct {
	URL, Version, Name, Title, Status string
	Kind                              string // primitive-type, complex-type, resource, logical
	Derivation                        string // specialization or constraint; "" for Element and Resource
	Abstract                          bool
	Type                              string // the type defined or constrained, such as Patient
	Base                              string // baseDefinition
	FHIRVersion                       string
	Experimental                      bool
	Context                           []Context // where an extension may stand
	ContextInvariant                  []string  // FHIRPath, of extensions
	Characteristics                   []string  // extension type-characteristics of logical models
	Impose                            []string  // profiles imposed or complied with (extensions)

	Elements []Element // the snapshot, in order; generated where the source has none
	// Extensions are those at the top with a primitive value that tell something
	// of use, such as structuredefinition-standards-status.
	Extensions []Extension

	Differential []Element // nil unless the source had no snapshot, or KeepDifferential
	Package      string    // name#version of the package it came from
	// Problems are what of the differential could not be applied when the snapshot
	// was generated.
	Problems []Problem
}

// Context is one place where an extension may stand.
type Context struct{ Type, Expression string } // Type: element, extension, fhirpath

// Unbounded is the Max of an element that may repeat without end.
const Unbounded = int(^uint(0) >> 1)

// Element is one ElementDefinition.
type Element struct {
	ID, Path, SliceName string
	SliceIsConstraining bool
	Min, Max            int // -1 where a differential does not say
	BasePath            string
	BaseMin, BaseMax    int    // of base; Max tells a list from a single value
	Summed              bool   // Min is no more than what a generated snapshot's slices need together
	ContentReference    string // the id of the element that has the content: what follows #
	Types               []Type
	Fixed, Pattern      *Literal
	MinValue, MaxValue  *Literal
	MaxLength           int // 0 = none
	Binding             *Binding
	Constraints         []Constraint
	Conditions          []string
	Slicing             *Slicing
	MustSupport         bool
	IsModifier          bool
	IsSummary           bool
	Representation      []string // xmlAttr, xmlText, typeAttr, cdaText, xhtml
	OrderMeaning        bool
	// Extensions that change meaning: regex and others of the element, by URL.
	Extensions []Extension
}

// Type is one allowed type of an element.
type Type struct {
	Code           string   // Quantity; the System types as System.String
	FHIRType       string   // extension structuredefinition-fhir-type: the type of id and url members
	Regex          string   // extension regex
	Profiles       []string // canonicals; with # and an id where an element of the profile is meant
	TargetProfiles []string
	Aggregation    []string // contained, referenced, bundled
	Versioning     string   // either, independent, specific
}

// Literal is a fixed, pattern, minimum or maximum value.
type Literal struct {
	Type  string // as the member's name says: CodeableConcept of patternCodeableConcept
	Value jsontree.Value
	// Companion is the _x member beside a primitive value, absent mostly.
	Companion jsontree.Value
}

// Binding binds an element to a value set.
type Binding struct {
	Strength string // required, extensible, preferred, example
	ValueSet string // canonical, with |version where given
	MaxSet   string // extension elementdefinition-maxValueSet
	MinSet   string // extension elementdefinition-minValueSet
	Extra    []AdditionalBinding
}

// AdditionalBinding is one of extension additional-binding.
type AdditionalBinding struct {
	Purpose, ValueSet string
	Usage             []jsontree.Value
	Any               bool
}

// Constraint is one invariant.
type Constraint struct {
	Key, Severity, Expression string
	Human                     string // "" in the embedded definitions, which carry no prose
	Source                    string // the structure that states it
	BestPractice              bool
}

// Slicing says how a list is cut into slices.
type Slicing struct {
	Discriminators []Discriminator
	Ordered        bool
	Rules          string // closed, open, openAtEnd
}

// Discriminator is what tells slices apart.
type Discriminator struct{ Type, Path string }

// Extension is an extension that stands on a definition.
type Extension struct {
	URL   string
	Value *Literal // nil for a complex one
}
