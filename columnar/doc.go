// Package columnar turns typed rows into Parquet files and back, and whole
// folders of files into existence at once. It knows no health format; the
// row structs of package omop are its main use.
//
// The shortest program writes a slice of structs and reads it again:
//
//	type Visit struct {
//		ID    int32           `parquet:"visit_id" columnar:"delta"`
//		Start columnar.Date   `parquet:"start"`
//		Cost  *float64        `parquet:"cost"` // nil is NULL
//	}
//
//	w, err := columnar.NewWriter[Visit](file, nil)
//	err = w.Write(visits) // as often as needed
//	err = w.Close()
//
//	for visit, err := range columnar.Read[Visit](file, size) { … }
//
// # Terms
//
// A row struct has one exported field a column, in the order of the columns:
// bool, int32, int64, float64, string, [Date] or [Timestamp] by value for a
// required column, a pointer to one for a nullable column. Only nil is NULL;
// zero, false and the empty text are values. The tag parquet holds the column's
// name and nothing else, "-" leaves the field out. The tag columnar asks for an
// encoding: "delta" for numbers that grow slowly (ids in order, dates), "dict"
// for few different values (concepts, codes), "plain" for measured values. All
// three are hints about size and speed only. Without one, dates and timestamps
// are delta; integers take the smaller of delta and dictionary by their first
// values; text and float64 take a dictionary as long as values repeat. A
// dictionary that does not pay is given up, in the middle of a group if need be.
//
// A row group is the unit that engines read in parallel: at most
// [DefaultRowsPerGroup] rows, or Options.RowsPerGroup. A [Group] is a row group
// encoded apart from its file, so that a program may encode several at once and
// append them in order; this package starts no goroutine.
//
// [Dir] is a folder that appears whole or not at all.
//
// # Standards
//
// Apache Parquet format 2 (apache/parquet-format): data pages of version 1 with checksums, encodings
// PLAIN, RLE_DICTIONARY and DELTA_BINARY_PACKED; types INT32, INT64, DOUBLE,
// BOOLEAN, STRING, DATE and TIMESTAMP in microseconds with isAdjustedToUTC
// false; zstd by default. Groups carry bounds and null counts; there are no
// bloom filters. The same rows and options give the same bytes, however the
// rows are spread over calls.
//
// Files by other writers are read in all encodings of flat columns, in pages of
// version 1 and 2, uncompressed or in snappy, gzip, zstd or lz4_raw; see [Read]
// for the types that are converted.
//
// # Limits
//
// Reading trusts no declared length: a page is at most 256 MiB, a footer 64 MiB,
// and what is allocated follows the bytes that are there and the size of a
// batch. A damaged file is an error, never a panic. One text is at most 1 GiB,
// and only UTF-8 is written. Memory while writing is one row group in encoded
// form, about 10 MB for twenty columns, and a few kilobytes for a file of few
// rows.
//
// The encoders, the metadata and the vocabulary of the format come from
// github.com/parquet-go/parquet-go, which no other package imports. Its typed
// writer is not used: it stores zero values of optional columns as NULL, panics
// on delta with pointers, limits no row group, and its bloom filters lose
// values; and pages encoded column by column take half the time.
//
// # Not here
//
// Nested columns are skipped when a file has them; only a BatchWriter writes
// any, lists of text and of float64. Encrypted files, columns in other files,
// brotli, lzo and the old lz4 are refused. There is no query: DuckDB, Spark and
// R read the files. CSV is in package omop, goroutines are in internal/flow.
package columnar
