// Package cdm is the OMOP Common Data Model as data: its tables, fields,
// types, keys and required marks, and the tables of the medical imaging
// extension. Validators, writers and the code generator all read this one
// source.
//
//	for _, t := range cdm.V54.Model().Tables {
//		fmt.Println(t.Name, len(t.Fields))
//	}
//
// # Terms
//
// A table belongs to one of three schemas: CDM (the clinical data), VOCAB (the
// standardised vocabularies) and RESULTS (cohorts). A field is a column of a
// table. A reference is a foreign key; the model gives many references to the
// table concept a domain, which restricts the concepts that fit.
//
// # Standards
//
// OMOP CDM 5.4 whole (39 tables, 432 fields), OMOP CDM 5.3 whole (37 tables,
// 396 fields), both as in OHDSI/CommonDataModel after release 5.4.2, and the
// tables image_occurrence and image_feature of the medical imaging extension
// (OHDSI/ImageWG). All names are lower case, the extension's UID columns too.
// Units are given where the standard's descriptions fix them.
//
// # Limits
//
// The guidance texts of the standard are not here: they are prose, and its
// web pages hold them. The oncology extension is part of 5.4 itself. CDM 6.0
// is not covered.
//
// Facts are parsed on first use, never at start-up. Models are shared: treat
// what this package returns as read-only. Everything is safe for concurrent
// use.
package cdm

//go:generate go run -C ../../internal/tools ./cdmmaker -shared ../../../shared -out ../../omop/cdm/data
