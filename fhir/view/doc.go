// Package view turns FHIR resources into the rows of tables, as
// ViewDefinitions of SQL on FHIR say.
//
// The shortest program that makes the tables of the views that ship:
//
//	srcs, err := fhir.NewSources([]string{"export"})
//	report, err := view.Convert(ctx, srcs, &view.ConvertOptions{Out: "tables"})
//
// New compiles a view of one's own, View.Rows makes the rows of one resource,
// RunSuite runs the shared tests.
//
// # Terms
//
// A view has a resource type, filters (where) and columns; forEach,
// forEachOrNull and repeat make several rows of one resource. A path is an
// expression of FHIRPath.
//
// A scan finds the values of all paths of a view in one pass over the text of a
// resource: what no path names is checked and passed over, no tree is made, and
// nothing is allocated. Members, indexes, first(), where() and exists() with
// comparisons of strings, booleans and integers, ofType() on choices,
// extension(), join(), %rowIndex and keys are compiled so; View.Explain tells
// which paths are not, and why. Those are left to package fhirpath, on the tree.
// A single resource is left to it, too, if a wanted place is unusual in it: a
// null, an extension of a primitive, a member that occurs twice, a value of
// another JSON type than its element has. Both ways make the same rows.
//
// A key is what getResourceKey() and getReferenceKey() return: type and id,
// such as Patient/1. A reference into the same Bundle has the key of the entry
// that it leads to; one to a contained resource, or elsewhere, has none.
//
// # Rows
//
// Rows are in the order of the resources, then of the elements. Columns are in
// the order of the specification: a select's own, those of nested selects, those
// of its union. The row of forEachOrNull without elements has NULL in all columns
// of that select and those in it, and 0 in those that are %rowIndex of itself.
//
// A column that is no collection and has more than one value is an error of the
// resource: it has no rows in that view, a finding and a line in quarantine.
// Collections are arrays in NDJSON, and text that holds a JSON array elsewhere.
//
// In Parquet, boolean is BOOLEAN, the integer types are INT32, integer64 is
// INT64, everything else is text, unless ConvertOptions.Types asks for native
// decimals, dates and times; see Native for what does not fit. In NDJSON numbers
// and booleans are such, with the digits as written. A value that its declared
// type cannot hold is NULL, a finding, and counted.
//
// # Standards
//
// SQL on FHIR 2.0 with repeat and %rowIndex of 3.0; all shared tests are passed.
// R4 (4.0.1) unless Options brings other definitions. CSV is RFC 4180.
//
// # Limits
//
// Columns hold primitives. Selects nest at most 64 levels, repeat goes at most
// 1000 levels down, and a text that nests more than 64 levels is not scanned. Of
// lines whose resource type has no view only the type is looked at: whether the
// rest of such a line is JSON is not checked.
//
// # Not here
//
// SQLQuery, SQLView and the operations of a server. Package mapping makes OMOP
// tables; package columnar writes Parquet.
package view
