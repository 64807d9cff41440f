package dataset

import "github.com/carabiner-health/carabiner/issue"

// Model is a resolved profile: everything that it says and that its sources
// say, in one form. It is shared by those who generate and those who extract,
// and must not be changed by them.
type Model struct {
	ID, Version, Title, Description string
	// Metadata is the path of the dataset's description, "" if none is named.
	Metadata string
	Tables   []*Table
	// Objects are all object types that the tables reach, each once, in the order
	// in which the tables and their fields name them, depth first, but for the
	// objects of the tables themselves. They may refer to each other in circles,
	// and to the object of a table.
	Objects []*Object
	// CodeSets are all closed sets of codes that the fields name, each once.
	CodeSets []*CodeSet
	// Sources are what the profile points at, in its order, and then the files
	// that those needed.
	Sources []Source
	Privacy Privacy
	Outputs Outputs
}

// Table returns the table of that name, nil if there is none.
func (m *Model) Table(name string) *Table {
	for _, t := range m.Tables {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// Source is a definition that a profile points at, as it was found.
type Source struct {
	// Name is what the profile calls it; "" for files that another source needed.
	Name string
	Kind SourceKind
	Ref  string
	// File is the path as opened, or the name of an embedded edition such as
	// "hl7.fhir.r4.core#4.0.1".
	File    string
	Version string
	SHA256  string // hexadecimal, of the bytes read
}

// SourceKind names a standard in which a source is written.
type SourceKind string

// The kinds of sources.
const (
	FHIRStructure SourceKind = "fhir-sd"     // a StructureDefinition: file or canonical
	FHIRPackage   SourceKind = "fhir-ig"     // a package: every profile of it is a table
	FHIRView      SourceKind = "fhir-view"   // a ViewDefinition of SQL on FHIR
	CRTDL         SourceKind = "crtdl"       // an extraction definition of the MII
	OMOP          SourceKind = "omop-cdm"    // tables of the OMOP CDM
	DICOMList     SourceKind = "dicom-attrs" // a list of attributes, a line each, or a CSV table
	DICOMObject   SourceKind = "dicom-iod"   // an information object definition
	TableSchema   SourceKind = "table-schema"
	DataPackage   SourceKind = "data-package"
	JSONSchema    SourceKind = "json-schema"
	Croissant     SourceKind = "croissant"
	CSVW          SourceKind = "csvw"
)

// SourceKinds returns the kinds of sources in the order in which they are
// documented.
func SourceKinds() []SourceKind {
	return []SourceKind{
		FHIRStructure, FHIRPackage, FHIRView, CRTDL, OMOP, DICOMList, DICOMObject,
		TableSchema, DataPackage, JSONSchema, Croissant, CSVW,
	}
}

// Form says how the records of a table look.
type Form uint8

const (
	// Row is a flat record: fields are scalars, lists of scalars, or JSON text.
	Row Form = iota
	// Record has the form of its source's own JSON: fields may be objects.
	Record
)

// Grain says what one row of a table stands for.
type Grain string

// The grains.
const (
	PerPatient   Grain = "patient"
	PerStudy     Grain = "study"
	PerSeries    Grain = "series"
	PerInstance  Grain = "instance"
	PerEncounter Grain = "encounter"
	PerSpecimen  Grain = "specimen"
	PerEvent     Grain = "event"
	PerFile      Grain = "file"
	PerRow       Grain = "row"
)

// Table is one table of a dataset.
type Table struct {
	Name, Title, Description string
	Form                     Form
	Grain                    Grain // "" where nothing says it
	Key                      []string
	Refs                     []Ref
	// Object has the fields. Nothing else shares it.
	Object *Object
	// Source is the name of the source; Kind its kind.
	Source string
	Kind   SourceKind
	From   From
	// Where are the conditions under which a record belongs to the table; one
	// that does not is left out and counted.
	Where []Condition
	// Unlisted says that a member or column that the fields do not name is no
	// finding, but left out in silence.
	Unlisted bool
	// Unique are further keys: fields whose values together are in one row only.
	Unique [][]string
	// Text says how the table stands in a text file, where its source says so.
	Text *FileForm
	Pos  issue.Pos
}

// FileForm says how the rows of a table stand in a text file such as CSV. Zero fields
// mean RFC 4180 in UTF-8 with a header of one row.
type FileForm struct {
	Delimiter, Quote, Escape, Comment, Encoding string
	// NoHeader says that the first row is data; Skip is how many rows come before the
	// header, or the data.
	NoHeader bool
	Skip     int
	// HeaderRows is how many rows the header has, joined by a space; 0 = 1.
	HeaderRows int
	// SkipInitialSpace says that spaces before a value do not count.
	SkipInitialSpace bool
	// Missing are the texts that stand for no value in all columns that do not say
	// otherwise; nil = the empty text alone.
	Missing []string
	// Match says how the columns of a file relate to the fields, in the words of Table
	// Schema: exact, equal (in another order), subset (the file may have more),
	// superset (it may lack some), partial (both). "" = exact.
	Match string
}

// TextForm says how the values of a field stand in a text file; zero fields mean the
// ordinary form of the type. A reader of CSV first looks for Missing, then takes the
// text by this form, then checks the value against the type.
type TextForm struct {
	// Missing are the texts that stand for no value; nil = those of the table.
	Missing []string
	// True and False are the texts of a Boolean; nil = true, True, TRUE, 1 and false,
	// False, FALSE, 0.
	True, False []string
	// Layout is that of a Date, DateTime or Time in the notation of strptime, such as
	// %d/%m/%Y; any = whatever a reader can tell. "" = ISO 8601.
	Layout string
	// Decimal and Group are the characters of a number, "" = a point and none. Loose says
	// that what stands before and after the number, such as a currency, is left out.
	Decimal, Group string
	Loose          bool
	// Delimiter divides the values of a List, "" = the text is a JSON array.
	Delimiter string
	// Default is the value where the text is empty, "" = none.
	Default string
	// Titles are what the header of a file calls the field; nil = its name.
	Titles []string
}

// From says where the records of a table come from; what counts depends on the
// kind of its source.
type From struct {
	// Resource is the FHIR type, Profile the canonical of the profile, if any.
	Resource, Profile string
	// View is the ViewDefinition, in JSON, that makes the rows of a Row table out
	// of FHIR resources: the source's own, or one made of the fields' paths. Its
	// columns are the fields of the table, in order, by name.
	View []byte
	// OMOPTable is the table of the CDM, of the edition OMOPVersion.
	OMOPTable, OMOPVersion string
	// SOPClasses are those of the instances that count; none = all. IOD is the
	// name of the object.
	SOPClasses []string
	IOD        string
	// Files are the data files that the source names (Data Package, CSVW,
	// Croissant), relative to it.
	Files []string
}

// Condition is a condition on the records of a table.
type Condition struct {
	// Path and Values: the field of the source at Path has one of Values. For
	// FHIR the path is FHIRPath, and without Values it must be true.
	Path   string
	Values []string
	// Origin tells why: "profile" or the element id of a fixed value or pattern.
	Origin string
	Pos    issue.Pos
}

// Ref is a reference of fields to those of another table; no Target means its key.
type Ref struct {
	Fields []string
	Table  string
	Target []string
}

// Object is a type with named members.
type Object struct {
	// Name is unique in the model, in the words of the source: HumanName,
	// Patient.contact, us-core-race, person.
	Name               string
	Title, Description string
	Fields             []*Field
	// FHIR says that members follow FHIR's JSON: a primitive may have a companion
	// _name, an empty list or object does not occur, null stands only for a gap in
	// a list of primitives.
	FHIR bool
	// ResourceType is that of a FHIR resource, which its JSON names first.
	ResourceType string
	// Closed says that other members are an error; so it is for types of FHIR as
	// long as nobody leaves out fields of theirs. Otherwise, where Extra is not
	// nil, they have that type and are kept; where it is nil they are left out.
	Closed bool
	Extra  *Type
	// Prohibited are the names of members that the type that is narrowed has and
	// this one forbids: max 0 in FHIR, also types of a choice. One in data is an
	// error.
	Prohibited []string
	// Choices are groups of fields of which at most one is present.
	Choices []Choice
	Rules   []Rule
	// Base is the name of the type that this one narrows, "" if none: HumanName of
	// a narrowed HumanName, Extension of us-core-race.
	Base string
	// ID is the id of the element or the place in the source.
	ID  string
	Pos issue.Pos
}

// Field returns the field of that name, nil if there is none.
func (o *Object) Field(name string) *Field {
	for _, f := range o.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Choice is a group of fields of which at most one is present: value[x] with
// valueQuantity and valueString.
type Choice struct {
	Name     string // value
	Fields   []string
	Required bool // exactly one
}

// Field is a member of an object or a column of a row.
type Field struct {
	Name               string // in JSON, or of the column
	Title, Description string
	Type               Type
	// Required says that the field must be there; Nullable that it may be null
	// (JSON) or empty. In a Row a field that is not required is NULL where it is
	// missing, and Nullable says nothing more.
	Required, Nullable bool
	// Slices are named parts of a list, each a field of its own for a typed reader.
	Slices []*Slice
	// SlicesClosed says that an element that is in no slice is an error; SlicesOnly
	// that it is left out in silence, as a profile lists slices of the field alone.
	SlicesClosed, SlicesOnly bool
	// Path is where the value is, in the source's notation: a FHIRPath, a tag
	// path, a column. For a Record it is the element id.
	Path string
	// Unit is the UCUM code that the values have; UnitPath where the source has
	// the unit of each value, to be held against Unit.
	Unit, UnitPath string
	Role           Role
	Deid           *Deid
	// Text says how the values stand in a text file, where the source says so.
	Text *TextForm
	// GoName is the name in Go that the profile asks for, "" if none.
	GoName string
	// DICOM is the type of the attribute: 1, 1C, 2, 2C, 3; Tags its path.
	DICOMType string
	// ID is the id of the element: Patient.extension:race.
	ID string
	// Origins tell where each constraint came from, the source's first.
	Origins []Origin
	Pos     issue.Pos
}

// Origin is one thing that is said of a field, and where.
type Origin struct {
	// What is the constraint: type, required, codes, min, max, pattern, const,
	// unit, role, deid, path, max-length and so on. Value is its text.
	What, Value string
	// Source is the name of the source or "profile"; Element the place in its own
	// notation.
	Source, Element string
	Pos             issue.Pos
}

// Slice is a named part of a list.
type Slice struct {
	// Name is that in the profile: race, systolic.
	Name string
	// Field is what a typed reader has: its Name is the slice's, its type that of
	// an element, a List where there may be several; Required as min says.
	Field *Field
	// Match are the conditions, all of which an element of the slice fulfils.
	Match []Match
	// Value is the only member that carries the slice's value, where the rest
	// follows from Match: valueCode of a simple extension. "" = the whole element.
	// An element of the slice that lacks it, or has more, stays in the list.
	Value string
}

// Match is a condition on an element of a sliced list.
type Match struct {
	// Path leads from the element to the member, a member name a step; a list on
	// the way fulfils it if one of its elements does. No steps = the element.
	Path []string
	Kind MatchKind
	// Value is the JSON of the fixed value or of the pattern, in compact form.
	Value Literal
	// Codes are the closed set in which a code must be (a binding).
	Codes *CodeSet
	// Type is the FHIR type for MatchType: the member of a choice, a resource type.
	Type string
}

// MatchKind is how a Match decides.
type MatchKind uint8

// The kinds of matches, as FHIR's discriminators have them.
const (
	MatchValue   MatchKind = iota + 1 // equal to Value
	MatchPattern                      // Value is contained in it (FHIR's pattern)
	MatchCodes                        // a code of Codes, as code, Coding or CodeableConcept
	MatchExists                       // Value true: is there; false: is not
	MatchType                         // has the type
)

// Literal is a JSON value as text, "" for none. Numbers keep their digits.
type Literal string

// Kind is the logical type of a value.
type Kind uint8

// The kinds of types.
const (
	Any        Kind = iota // any JSON value, kept as text
	Text                   // string
	Boolean                //
	Integer                // whole number; Bits says how large
	Decimal                // exact decimal
	Float                  // binary floating point
	Date                   // day; Partial: or month, or year
	DateTime               // day and time; Zone
	Time                   // time of day
	Year                   //
	YearMonth              //
	Duration               // ISO 8601
	Binary                 // base64 in JSON
	ObjectKind             // Type.Object
	List                   // of Type.Elem
	Map                    // from names to Type.Elem
	Union                  // one of Type.Union
)

var kindNames = [...]string{"any", "string", "boolean", "integer", "decimal", "float", "date", "datetime", "time",
	"year", "yearmonth", "duration", "binary", "object", "list", "map", "union"}

// String returns the name of the kind in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind?"
}

// Zone says whether a DateTime has a time zone.
type Zone uint8

// The possibilities.
const (
	ZoneOptional Zone = iota
	ZoneRequired
	ZoneNone
)

// Type is the type of a value with all constraints on the value itself.
type Type struct {
	Kind   Kind
	Elem   *Type
	Object *Object
	Union  []Type
	// Format is the name of the type in the source's words: uri, instant, DA,
	// varchar(50), email.
	Format string
	// Bits of an Integer, 32 or 64, of a Float 32 or 64; 0 = 64. Unsigned says
	// that it is not negative by its very type.
	Bits     int
	Unsigned bool
	// Partial says that a Date may be a month or a year, a DateTime also a day.
	Partial bool
	Zone    Zone
	// Codes are the codes that a Text may have. Nil = any. CodesOpen says that
	// others are allowed too (extensible, preferred, example, defined terms).
	Codes     *CodeSet
	CodesOpen bool
	// Const is the only value; of FHIR a fixed value. Pattern is FHIR's pattern[x]:
	// everything in it is in the value.
	Const, Pattern Literal
	// Enum are the only values where they are no codes (JSON Schema, numbers).
	Enum []Literal
	// Regex is matched against the whole text in the syntax of package regexp; ""
	// = none. RegexSource is as the source wrote it.
	Regex, RegexSource string
	// Lengths in characters; MaxLength -1 = none. Use NewType, not a literal.
	MinLength, MaxLength int
	// Items of a List, entries of a Map; MaxItems -1 = none.
	MinItems, MaxItems int
	UniqueItems        bool
	// Bounds: number, date or time as JSON text.
	Min, Max                   Literal
	MinExclusive, MaxExclusive bool
	MultipleOf                 Literal
	// Targets are the FHIR types to which a Reference may lead; none = any.
	Targets []string
	// Rules are further conditions on the value; where it is an object, besides
	// those of the object itself.
	Rules []Rule
}

// NewType returns a type without constraints.
func NewType(k Kind) Type { return Type{Kind: k, MaxLength: -1, MaxItems: -1} }

// ListOf returns the type of a list of elem without constraints.
func ListOf(elem Type) Type {
	t := NewType(List)
	t.Elem = &elem
	return t
}

// Rule is a condition that is written in a language of its own.
type Rule struct {
	Key, Human string
	Severity   issue.Severity
	// Language is fhirpath or json-schema; Expression is the FHIRPath, or the
	// subschema as JSON with references made absolute into Schemas.
	Language   string
	Expression string
	// Source names who states it: the canonical of a profile, a JSON pointer.
	Source string
}

// CodeSet is a set of codes.
type CodeSet struct {
	// Name is unique in the model: AdministrativeGender, or made of the field.
	Name string
	// URL is the canonical of the value set or the place of the enumeration.
	URL, Version, Title string
	Codes               []Code
	// Complete says that Codes are all there are; else membership cannot be
	// decided from them alone, and nothing is checked.
	Complete bool
}

// Code is one code.
type Code struct{ System, Code, Display string }

// Role says how a field bears on privacy.
type Role string

// The roles.
const (
	DirectID  Role = "direct-id"
	QuasiID   Role = "quasi-id"
	Sensitive Role = "sensitive"
	EventDate Role = "event-date"
	FreeText  Role = "free-text"
	Safe      Role = "safe"
)

// Deid is a rule of de-identification. Nothing in this package carries it out.
type Deid struct {
	Method string // keep, drop, blank, pseudonym, hash, shift, generalize, round, substitute, suppress
	Domain string // of pseudonyms: patient
	Step   Literal
	Per    string // the field that a shift is constant for
	With   string // what a substitution puts in place
	Pos    issue.Pos
}

// Privacy are the rules for the dataset as a whole.
type Privacy struct {
	// Unlisted is drop or keep: whether fields of a source that a table does not
	// list belong to it. "" = drop.
	Unlisted string
	K        int
	L        []Diversity
	MinCell  int
}

// Diversity says how many values a sensitive field needs in each group.
type Diversity struct {
	Field string
	L     int
	Pos   issue.Pos
}

// Outputs are what a profile asks to be generated, by name: go, json-schema,
// table-schema, csvw, croissant, sql, markdown, parquet.
type Outputs struct {
	Names []string
	// GoPackage is the name of the Go package, GoExtract, GoTests as gen.GoOptions.
	GoPackage          string
	GoExtract, GoTests bool
	// SQLDialects are postgresql and duckdb; none = both.
	SQLDialects []string
	Pos         issue.Pos
}
