package gen

import (
	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// plan is what a generated package will hold, with all names settled. Emitters
// read it and print from it; only newPlan writes it, and an emitter may add
// findings.
type plan struct {
	model *dataset.Model
	opts  GoOptions
	// pkg is the name of the package.
	pkg    string
	tables []*tablePlan
	// objects are those of the tables first, in their order, then those that they
	// reach, in the order of the model. Objects that no table reaches are not here.
	objects []*objectPlan
	unions  []*unionPlan
	enums   []*enumPlan
	// systems are the code systems of the enumerations and fixed values.
	systems  []systemPlan
	findings issue.List

	byObject map[*dataset.Object]*objectPlan
	byCodes  map[*dataset.CodeSet]*enumPlan
	names    *scope // of the package
	rules    *schemaRules
}

// tablePlan is a table. Its struct is the object's.
type tablePlan struct {
	*dataset.Table
	object *objectPlan
}

// objectPlan is a struct type.
type objectPlan struct {
	*dataset.Object
	goName string
	// recv is the receiver in methods: one letter that no field shares.
	recv string
	// table is set where the object is that of a table.
	table  *dataset.Table
	fields []*fieldPlan
	// companions says that the struct has a field Companions with the "_name"
	// members of FHIR's primitives.
	companions bool
	// extra is the type of members that the fields do not name, nil if they are
	// not kept; extraName is the field that holds them, in their order.
	extra     *goType
	extraName string
}

// row says that optional and null are the same: the object is a flat record.
func (o *objectPlan) row() bool { return o.table != nil && o.table.Form == dataset.Row }

// field returns the field of that name in the source, nil if there is none.
func (o *objectPlan) field(name string) *fieldPlan {
	for _, f := range o.fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// fieldPlan is a struct field.
type fieldPlan struct {
	*dataset.Field
	goName string
	shape  shape
	// typ is the type of the value; that of an element where shape is a list.
	typ *goType
	// slices are the typed fields for named parts of the list.
	slices []*slicePlan
	// order is the unexported field that keeps the order of the list's elements
	// over its slices, "" without slices.
	order string
	// companion says that a member "_name" may stand beside it.
	companion bool
	// fill is the JSON that is written where a required field has no value: its
	// fixed value or pattern. "" = none.
	fill dataset.Literal
}

// slicePlan is the struct field of a slice.
type slicePlan struct {
	*dataset.Slice
	// goName, shape and typ are as in fieldPlan; with Slice.Value they are those of
	// the value itself.
	goName string
	shape  shape
	typ    *goType
	// match is the name of the function that tells whether an element belongs.
	match string
}

// shape says how a struct field holds a value of goType T.
type shape uint8

const (
	plain    shape = iota // T: required; a struct, scalar, union, map or Raw
	optional              // Opt[T]: a scalar that may be absent (in a Row also null)
	nullable              // Nullable[T]: absent, null and a value differ
	pointer               // *T: a struct that may be absent
	nilable               // T: its own nil or "" says that it is absent (Raw, map, union)
	list                  // []T
	nullList              // Nullable[[]T]
)

// goType is the Go type of a value.
type goType struct {
	*dataset.Type
	// name is the Go expression: string, Date, AdministrativeGender, HumanName,
	// []string for a list in a list.
	name   string
	object *objectPlan // Kind ObjectKind
	enum   *enumPlan   // Kind Text with a closed set of codes
	elem   *goType     // Kind List and Map
	union  *unionPlan  // Kind Union
	// opaque says that the object is FHIR's Extension without slices, held as
	// Extension of the support code.
	opaque bool
}

// unionPlan is the type of a union.
type unionPlan struct {
	goName string
	typ    *dataset.Type
	kinds  []*goType
}

// enumPlan is a string type with constants.
type enumPlan struct {
	*dataset.CodeSet
	goName string
	values []enumValue
	// big says that the codes are too many for constants: they stand in a sorted
	// table, and there are none.
	big bool
}

type enumValue struct{ goName, code, display string }

// systemPlan is the constant of a code system.
type systemPlan struct{ goName, url string }

// file is one of the files of a generated package.
type file string

// The files. runtime_gen.go, the support code, is made from what the others
// name: see package gen/internal/runtime.
const (
	typesFile    file = "types_gen.go"
	jsonFile     file = "json_gen.go"
	validateFile file = "validate_gen.go"
	rulesFile    file = "rules_gen.go"
	redactFile   file = "redact_gen.go"
	csvFile      file = "csv_gen.go"
	streamFile   file = "stream_gen.go"
	extractFile  file = "extract_gen.go"
	testFile     file = "roundtrip_gen_test.go"
)

// emitter makes the declarations of one concern. What it returns is printed in
// that order; with none the file is left out, unless another emitter fills it.
// Names of the support code are used as they are (Opt, Issues); imports come from
// jen.Qual.
type emitter struct {
	file file
	emit func(*plan) []jen.Code
}

// emitters are all of them, in the order of the text.
func emitters() []emitter {
	return []emitter{
		{typesFile, emitStructs},
		{typesFile, emitUnions},
		{typesFile, emitEnums},
		{typesFile, emitSystems},
		{jsonFile, emitJSON},
		{jsonFile, emitSliceMatches},
		{jsonFile, emitUnionJSON},
		{validateFile, emitValidate},
		{rulesFile, emitRules},
		{redactFile, emitRedact},
		{csvFile, emitCSV},
		{streamFile, emitStreams},
		{extractFile, emitExtract},
		{testFile, emitTests},
	}
}
