package dataset

import (
	"context"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

// An importer reads one source and returns the tables it defines, whole: all
// fields, with constraints and Origins (Source = spec.Name). The findings say
// what is wrong with the definition. The error is of the world: a file that
// cannot be read.
type importer func(ctx context.Context, in *input) ([]*Table, issue.List, error)

// importers by kind; each lives in a file of its own, source_<kind>.go.
var importers = map[SourceKind]importer{
	FHIRStructure: importStructure,
	FHIRPackage:   importPackage,
	FHIRView:      importView,
	CRTDL:         importCRTDL,
	OMOP:          importOMOP,
	DICOMList:     importDICOMList,
	DICOMObject:   importDICOMObject,
	TableSchema:   importTableSchema,
	DataPackage:   importDataPackage,
	JSONSchema:    importJSONSchema,
	Croissant:     importCroissant,
	CSVW:          importCSVW,
}

// input is what an importer works on.
type input struct {
	spec SourceSpec
	// file is the name for positions, data its bytes; both are empty where spec.Ref
	// names no file (an edition, a canonical, an IOD).
	file string
	data []byte
	// pkg is the package that a source of kind fhir-ig is; file its path. Its
	// structures are those of defs with Structure.Package = pkg.ID().
	pkg *fhirdef.Package
	// defs are FHIR's definitions, with the packages at hand; nil for kinds that do
	// not come from FHIR.
	defs *fhirdef.Definitions
	// open reads another file that the source refers to, relative to it, and
	// records it among the model's sources. It never leaves the file system.
	open func(ref string) (file string, data []byte, err error)
	// note records an embedded edition among the model's sources.
	note func(Source)
	// fields are the fields of the table that is made, where a profile lists them:
	// an importer of FHIR decides by their paths between Record and Row. nil = all.
	table *TableSpec
}

// intern of object types and code sets is done after resolving: an importer
// makes each *Object and *CodeSet once per source and may share them.
