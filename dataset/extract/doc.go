// Package extract makes the tables of a dataset profile out of FHIR resources,
// OMOP tables and DICOM files, without generated code.
//
// The shortest program:
//
//	model, findings, err := dataset.Load(ctx, "prostate.profile.yaml", nil)
//	report, err := extract.Run(ctx, model, []string{"export"}, &extract.Options{Out: "tables"})
//
// # Terms
//
// A record is what is read: a resource of FHIR, a row of OMOP, a file of DICOM. A record
// is filtered if a condition of the table does not hold of it; it is quarantined if it
// cannot be read, or breaks what the profile says of its fields: then it has no rows in
// that table, a finding, and a line in quarantine.ndjson. All else that is odd is told
// as a warning and counted.
//
// # Sources
//
// A folder with files named for tables of the CDM is one of OMOP, and so is the folder
// omop in what carabiner convert made; whatever else is named, or lies below a folder,
// may be FHIR (in all forms that package fhir reads) or DICOM, which are told apart file by
// file. Only kinds are read of which the profile has tables. References and persons of
// OMOP restrict nothing: a table has all rows of its own.
//
// # Rows
//
// Rows of FHIR and OMOP are in the order of the input, folders by path; rows of DICOM are
// sorted by the text of their key. Files of DICOM that have the key of a table in common,
// or without a key the UID or patient of its grain, make one row: that of the smallest
// SOP Instance UID, and then of the first file name. Fields in which they differ are told
// once a table and counted. A table of DICOM without key and grain has a row a file.
//
// A row table of FHIR has the rows that its view makes. A record table has a row a
// resource; of objects within it the members are kept that the model has, in the order of
// the source, the digits of numbers as written. The elements of a slice stand in the slice's
// column and no longer in that of the list. Companions of primitives at the top of a
// resource are not carried, within objects they are.
//
// # Values
//
// The columns are those of dataset.Columns. Values become
//
//	string, code, uri ...  text as written
//	boolean                BOOLEAN
//	integer                INT32 or INT64; text of digits will do (OMOP in CSV, DICOM)
//	decimal                DOUBLE, the nearest; zeros at the end are not kept. One of more
//	                       digits than its double tells is a warning and counted
//	date                   DATE; text as written where months and years are allowed
//	dateTime, instant      TIMESTAMP in UTC where a zone is required, without zone where none
//	                       is allowed, cut to microseconds and counted; else text as written
//	time, year, duration   text as written
//	base64                 the bytes; text in lists
//	list of scalars        LIST; missing values in it are left out and counted, and an
//	                       empty one is NULL
//	all else               JSON without white space
//
// Numbers and booleans of records must be those of JSON, and text strings; elsewhere text
// of the right form will do. 1.0 is an integer.
//
// Of DICOM, DA, TM and DT are first written as ISO 8601 has them, sequences as JSON: with
// the names of the fields, or in the DICOM JSON model where the profile has none. What
// breaks the rules of PS3.5 for the form and number of values is a warning; where it
// cannot be stored, it is NULL.
//
// A field that a path leads to in a Quantity has the path of its unit too (Field.UnitPath):
// if the field has a unit, a value must have that unit or one that UCUM converts exactly,
// else the record goes to the quarantine; conversions are counted. Where there is no such
// path, the unit of the field is told in files and documents alone: members of records
// (their Quantity has its unit beside it), tables of OMOP (unit_concept_id), attributes of
// DICOM (which have the unit of the standard), columns of a view that is a source by itself.
//
// Constraints in languages of their own (invariants) are not evaluated, and their number is
// told: a Validator of package fhir does that. Rules of de-identification are not carried
// out, and named in the report.
//
// # Generated code
//
// The functions Extract of generated packages make the same rows of the same records, and
// refuse the same. What differs is how a value stands in a Go struct:
//
//	decimal                exact, with zeros at the end, where Run stores a double
//	instant                with the zone and all digits as written; Run stores UTC, microseconds
//	base64                 the text; package columnar stores and reads it as bytes
//	companions of a        kept, where a table has one column for the primitive
//	resource's primitives
//	slices                 elements of slices stay interleaved with the others of a list;
//	                       columns hold each apart
//	DICOM                  a record a file; Merger makes those of one key one row, as Run does
//
// Their findings have the codes of this package (see Finding). A record that cannot be read
// is not validated, so that Run may find more in it. Invariants that generated code
// evaluates are warnings.
//
// # Keys
//
// Rows of one key, and references that lead to no row, are counted and told once a table.
// Both compare hashes of 64 bits of the values as text: of n keys some n²/2⁶⁵ are taken
// for others. A reference with a NULL leads nowhere and is not counted.
//
// # Limits
//
// Memory holds a row group a table, a few pieces of the input a worker, 8 MiB of keys a
// table and reference, and Options.MemoryBudget for DICOM; what exceeds that lies in
// temporary files. Of a table, 1,000 different members that no field names are counted by
// name, of a record 100 findings are told. Values of DICOM of more than 64 KiB are NULL, with a warning (CodeTooLarge).
//
// Package gen makes code whose functions Extract make the same rows one by one; package
// fhir/view makes tables of views without a profile; mapping makes OMOP.
package extract
