// Package index turns DICOM files into tables for analysis and into studies, in one pass
// and with bounded memory.
//
// The shortest program indexes a folder:
//
//	report, err := index.Build(ctx, dicommeta.Sources("images"), &index.Options{Out: "index"})
//	fmt.Println(report.Series, "series")
//
// and DuckDB, started in that folder, answers queries that were written for the index of
// the Imaging Data Commons:
//
//	.read load.duckdb.sql
//	SELECT i.SeriesDescription, c.KVP FROM index i JOIN ct_index c USING (SeriesInstanceUID);
//
// # Terms
//
// The tables of series have the names, columns and aggregation of NCI's Imaging Data Commons
// (IDC), idc-index-data v24: index is the main one, and ct_index, mr_index and so on
// add what one kind of series has. Columns of the repository itself, such as
// collection_id, are there and NULL. Schema describes all columns with the attributes
// that they come from.
//
// "any" is the value of the first instance that has one, by Instance Number and then SOP
// Instance UID; so that a table does not depend on the order of the files. Conflicts
// between instances are in the table findings, under codes that begin with dicom-rollup.
//
// The table elements holds every element of every file, also private ones and those of
// items, as a row a value; bulk values are told by their length.
//
// # Standards
//
// PS3.3 for the modules that attributes belong to, PS3.6 for keywords, PS3.18 F.2.2 for
// tags in hexadecimal; idc-index-data (MIT) for the names and aggregation of columns.
//
// # Limits
//
// The limits of reading are those of dicommeta.ReadOptions. Memory holds
// Options.MemoryBudget, and beside it the rows of a few hundred files a worker.
// What exceeds the budget is spilled to a temporary file of about 2 KB an instance. Of an
// element at most 256 values have rows. UIDs are told apart by 64-bit hashes where
// files of different studies are compared.
//
// # Not here
//
// Package mapping makes FHIR and OMOP of the studies that Studies returns; package
// dicommeta validates. There is no query: DuckDB, Spark and R read the files.
//
// Everything is safe for concurrent use.
package index
