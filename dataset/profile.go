package dataset

import "github.com/carabiner-health/carabiner/issue"

// Profile is a profile document as written, before its sources are read.
type Profile struct {
	ID, Version, Title, Description, Metadata string
	Sources                                   []SourceSpec
	Tables                                    []TableSpec
	Privacy                                   Privacy
	Outputs                                   Outputs
}

// SourceSpec is what a profile says of a source.
type SourceSpec struct {
	Name   string
	Kind   SourceKind
	Ref    string // a path relative to the profile, a canonical, an edition such as omop-5.4
	SHA256 string
	Table  string   // the one table of the source that is meant
	FHIR   string   // FHIR version, 4.0.1
	IG     []string // packages whose definitions the source needs, paths relative to the profile
	Pos    issue.Pos
	// At has the position of each key that is present, by its name.
	At map[string]issue.Pos
}

// TableSpec is what a profile says of a table.
type TableSpec struct {
	Name, Title, Description string
	// From is the name of a source, or SOURCE/TABLE.
	From  string
	Grain Grain
	Key   []string
	Refs  []Ref
	Where []Condition
	// Unlisted is keep or drop, "" as the profile's privacy says.
	Unlisted string
	Fields   []FieldSpec
	Pos      issue.Pos
	// At has the position of each key that is present, by its name, and of the items
	// of lists as key/0, refs/1.
	At map[string]issue.Pos
}

// FieldSpec is what a profile says of a field.
type FieldSpec struct {
	Name, Path, Type, Title, Description string
	Required                             *bool
	Const                                Literal
	// Codes is the canonical of a value set, or empty; CodeList are codes written
	// in the profile itself.
	Codes     string
	CodeList  []Code
	Unit      string
	Min, Max  Literal
	MaxLength *int
	Pattern   string
	List      *bool
	Drop      bool
	GoName    string
	Role      Role
	Deid      *Deid
	Pos       issue.Pos
	// At has the position of each key that is present, by its name.
	At map[string]issue.Pos
}
