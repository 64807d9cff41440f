// Package omop holds the rows of the OMOP Common Data Model: one struct a
// table, read from and written to CSV and Parquet, and a Validator that holds
// a folder of files to the rules of the model.
//
// Reading a table:
//
//	for p, err := range omop.ReadTable[omop.Person](os.DirFS("cdm"), nil) {
//		if err != nil { … }
//		fmt.Println(p.PersonID, p.YearOfBirth)
//	}
//
// Writing a database:
//
//	dir, err := columnar.NewDir("out")
//	defer dir.Close()
//	w, err := omop.NewDatabaseWriter(dir, "omop", nil)
//	err = omop.Write(w, []omop.Person{{PersonID: 1, YearOfBirth: 1950}})
//	err = w.Close()
//	err = dir.Commit()
//
// # Terms
//
// A row is a value of one of the structs. A required column is a field by
// value, another one a pointer whose nil is NULL. A folder is a database as
// files, one file a table, named for the table in lower or upper case. A
// finding is an issue.Issue whose path is table.column.
//
// # Standards
//
// OMOP CDM 5.4 whole and the tables image_occurrence and image_feature of the
// medical imaging extension; package cdm holds their facts, and the structs
// are generated from them. Folders of CDM 5.3 are read into the same structs.
// CSV is RFC 4180, or Athena's dialect when the first line holds tabs. Parquet
// files have the columns of the standard in its order, 32-bit integers, DATE,
// TIMESTAMP in microseconds without zone, DOUBLE and UTF-8.
//
// # Limits
//
// One CSV record holds at most 64 MiB unless options say otherwise. Rows
// stream: reading and writing hold a batch, validation holds the keys (one bit
// for each dense id). Dates are days of the calendar and datetimes have no
// time zone; a CSV value with a zone is refused. Ids have 32 bits, as the CDM
// has them.
//
// The domain of a concept, the plausibility of values and the derived tables
// are not judged here, and vocabulary files are looked up with omop/vocab.
// Mapping other formats to these rows is the business of package mapping.
package omop

//go:generate go run -C ../internal/tools ./cdmgen -out ../../omop
