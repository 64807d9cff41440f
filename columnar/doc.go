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
//
//	bool, integers, floats, string, Date, Timestamp   as they are, or in the next wider type
//	[]byte                                            bytes, nil is NULL
//	a type with AppendText or MarshalText, and
//	UnmarshalText (exact decimals, partial dates)     text
//	a pointer to one, or struct {Value T; Valid bool}
//	under any name (sql.Null[T]), which may have
//	Null bool, too, that is not kept                  nullable column
//	a slice of one                                    list, nil is NULL
//
// Only nil, and false in Valid, is NULL; zero, false and the empty text are
// values. The tag parquet holds the column's name, "-" leaves the field out, and
// options after it, in the form that parquet-go has, change the type of the column:
//
//	date                        DATE of an int32, or of a type with Days() (int32, bool)
//	                            and SetDays(int32), both in days since 1970-01-01; a
//	                            value whose Days says false is an error
//	timestamp(UNIT:utc|local)   TIMESTAMP of an int64; UNIT is millisecond, microsecond
//	                            or nanosecond
//	decimal(SCALE:PRECISION)    DECIMAL of an int32 or int64 that is the unscaled number,
//	                            or of a type with text methods, exactly: a value with more
//	                            digits is an error. PRECISION is at most 38
//	json                        JSON text of any type, by its AppendJSON or MarshalJSON and
//	                            UnmarshalJSON, else by encoding/json; of slices, maps and
//	                            pointers nil is NULL, of types that keep JSON as text ""
//	list, optional              nothing: they follow from the type
//
// The tag columnar, or one of its words in the parquet tag, asks for an encoding: "delta" for numbers that grow slowly (ids in order, dates), "dict"
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
// Where the columns are known at run time only, [NewBatchWriter] and [ReadBatch]
// take and give a [Batch].
//
// [Dir] is a folder that appears whole or not at all.
//
// # Standards
//
// Apache Parquet format 2 (apache/parquet-format): data pages of version 1 with checksums, encodings
// PLAIN, RLE_DICTIONARY and DELTA_BINARY_PACKED; types INT32, INT64, DOUBLE,
// BOOLEAN, STRING, JSON, DATE, DECIMAL and TIMESTAMP, in microseconds with
// isAdjustedToUTC false unless a tag says otherwise; lists of them in three levels;
// zstd by default. Groups carry bounds and null counts; there are no
// bloom filters. The same rows and options give the same bytes, however the
// rows are spread over calls.
//
// Files by other writers are read in all encodings of scalars and lists of them, in pages of
// version 1 and 2, uncompressed or in snappy, gzip, zstd or lz4_raw; see [Read]
// for the types that are converted.
//
// # Limits
//
// Reading trusts no declared length: a page is at most 256 MiB, a footer 64 MiB,
// and what is allocated follows the bytes that are there and the size of a
// batch. A list has at most 1,048,576 values. A damaged file is an error, never a panic. One text is at most 1 GiB,
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
// Structs, maps and lists of them are skipped when a file has them, and never
// written: the option json makes text of them. Encrypted files, columns in other files,
// brotli, lzo and the old lz4 are refused. There is no query: DuckDB, Spark and
// R read the files. CSV is in package omop, goroutines are in internal/flow.
package columnar
