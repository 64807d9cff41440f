package fhirdef

// ValueSet is one value set: what its compose says and the expansion that the
// publisher shipped, if any. It is shared and must not be changed.
type ValueSet struct {
	URL, Version, Name, Title, Status string
	Experimental, Immutable           bool

	Compose   *Compose   // nil if it has none
	Expansion *Expansion // nil if it has none
	Package   string     // name#version of the package it came from
	// Extensions are those at the top of the resource whose values are primitive.
	Extensions []Extension
}

// Compose is how a value set is put together: the union of what is included
// less the union of what is excluded.
type Compose struct {
	LockedDate string
	Inactive   *bool // whether inactive codes belong; nil = not said
	Include    []Include
	Exclude    []Include
}

// Include is one part of a compose. With System it is codes of that system:
// Concepts if there are any, otherwise those that pass all Filters, otherwise
// all; with ValueSets only those that are in every one of these too.
type Include struct {
	System, Version string
	Concepts        []Concept
	Filters         []Filter
	ValueSets       []string // canonicals, with |version where given
	// Withheld tells that the source lists concepts here, which the embedded
	// definitions must leave out because the code system has a licence of its
	// own. Whether a code of System belongs cannot be told; a code of another
	// system does not.
	Withheld bool
}

// Filter selects concepts by a property.
type Filter struct {
	Property, Op, Value string
}

// Expansion is the list of codes that a publisher or server computed.
type Expansion struct {
	Identifier, Timestamp string
	Total, Offset         int // -1 where not given
	Parameters            []ExpansionParameter
	Contains              []ExpansionEntry
	// Withheld tells that entries were left out, as in Include.
	Withheld bool
}

// ExpansionParameter is a setting that led to an expansion.
type ExpansionParameter struct {
	Name, Value string // Value as written, of any type
}

// ExpansionEntry is one code of an expansion, or a group of further ones.
type ExpansionEntry struct {
	System, Version, Code, Display string
	Abstract, Inactive             bool
	Designations                   []Designation
	Contains                       []ExpansionEntry
}

// CodeSystem is one code system or supplement of one. It is shared and must not
// be changed.
type CodeSystem struct {
	URL, Version, Name, Title, Status string
	Experimental                      bool
	Content                           string // complete, fragment, example, not-present, supplement
	CaseSensitive                     bool
	HierarchyMeaning                  string // is-a, grouped-by, part-of, classified-with or ""
	Compositional                     bool
	VersionNeeded                     bool
	ValueSet                          string // canonical of the value set of all its codes
	Supplements                       string // canonical of the system that it supplements
	Count                             int    // number of concepts as declared; -1 = not said

	Properties []PropertyDefinition
	Filters    []FilterDefinition
	Concepts   []Concept // the tree, in the order of the source
	Package    string    // name#version of the package it came from
	// Extensions are those at the top of the resource whose values are primitive.
	Extensions []Extension
	// Withheld tells that the concepts were left out of the embedded definitions
	// because the system has a licence of its own; Content is then
	// not-present.
	Withheld bool
}

// PropertyDefinition declares a property that concepts may have.
type PropertyDefinition struct {
	Code, URI string
	Type      string // code, Coding, string, integer, boolean, dateTime, decimal
}

// FilterDefinition declares a filter that value sets may use.
type FilterDefinition struct {
	Code, Value string
	Operators   []string
}

// Concept is one concept of a code system, or of an include of a value set
// (which has no Properties and no Children).
type Concept struct {
	Code, Display string
	Designations  []Designation
	Properties    []Property
	Children      []Concept
	Extensions    []Extension // those with a primitive value
}

// Designation is another name of a concept, such as one in another language.
type Designation struct {
	Language           string
	UseSystem, UseCode string
	Value              string
}

// Property is one value of a property of a concept.
type Property struct {
	Code  string
	Type  string // as the member's name says: code of valueCode
	Value string // text of a primitive; the code of a Coding
	// System is the system of a Coding.
	System string
}

// Property returns the value of the concept's first property with a code; ok is
// false if it has none.
func (c *Concept) Property(code string) (p Property, ok bool) {
	for i := range c.Properties {
		if c.Properties[i].Code == code {
			return c.Properties[i], true
		}
	}
	return Property{}, false
}
