package columnar

import (
	"fmt"
	"io"
)

// FileInfo describes a Parquet file.
type FileInfo struct {
	Columns   []Column
	Rows      int64
	Groups    []int64 // the number of rows of each row group
	Metadata  []Metadata
	CreatedBy string
}

// Column describes a column at the top level of a Parquet file.
type Column struct {
	Name string
	// Type is bool, int8..int64, uint8..uint64, float32, float64, string,
	// bytes, date, uuid, timestamp(UNIT), timestamp(UNIT, utc), time(UNIT),
	// decimal(PRECISION,SCALE), list, map, struct or another name of Parquet's
	// in lower case; UNIT is millis, micros or nanos.
	Type     string
	Nullable bool
}

// Inspect returns what the footer of a Parquet file says; it reads no page.
// The error says why the bytes are no Parquet file.
func Inspect(r io.ReaderAt, size int64) (info *FileInfo, err error) {
	defer recoverAs(&err)
	d, err := readFooter(r, size)
	if err != nil {
		return nil, fmt.Errorf("columnar: %w", err)
	}
	info = &FileInfo{Rows: d.rows, Metadata: d.metadata, CreatedBy: d.createdBy}
	for i := range d.columns {
		c := &d.columns[i]
		info.Columns = append(info.Columns, Column{Name: c.name, Type: c.typeName(), Nullable: c.optional})
	}
	for _, g := range d.groups {
		info.Groups = append(info.Groups, g.rows)
	}
	return info, nil
}
