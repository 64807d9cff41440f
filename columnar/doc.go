// Package columnar turns typed rows into Parquet files and back. It knows no
// health format.
package columnar
