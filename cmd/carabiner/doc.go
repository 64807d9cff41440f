// Command carabiner turns FHIR and DICOM into OMOP and other tables, checks them,
// and makes the vocabulary index and the Go code that this takes.
//
//	carabiner convert SRC... -o OUT [--vocab INDEX|ATHENA_DIR] [--policy NAME|FILE]
//	carabiner validate SRC...
//	carabiner inspect SRC...
//	carabiner vocab build|info|lookup
//	carabiner profile infer|check|explain|diff|lock|schema
//	carabiner gen PROFILE -o DIR [--to KIND,...] [--extract] [--tests] [--check]
//	carabiner extract PROFILE SRC... -o OUT
//	carabiner view list|show|explain|report
//	carabiner version
//
// SRC is a file, a folder, a pattern or "-" for standard input; formats are
// found out. Data and reports go to standard output, findings and progress to
// standard error. No finding holds a value of a record.
//
// The exit code is 0 where nothing was found at or above the severity of
// --fail-on (error by default), 1 where something was, 2 for wrong usage, and
// 3 where the work could not be done, also after Ctrl-C. A run that could not
// be done leaves no output behind.
package main
