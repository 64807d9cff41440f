package columnar

import (
	"io"

	"github.com/parquet-go/parquet-go"
)

// FileInfo describes a Parquet file.
type FileInfo struct {
	Columns   []Column
	Rows      int64
	Groups    []int64 // the rows of each row group
	Metadata  []Metadata
	CreatedBy string
}

// Column describes a column of a Parquet file.
type Column struct {
	Name     string
	Type     string // bool, int32, int64, float64, string, date, timestamp, ...
	Nullable bool
}

// Inspect returns what the footer of a Parquet file says.
func Inspect(r io.ReaderAt, size int64) (*FileInfo, error) {
	f, err := parquet.OpenFile(r, size)
	if err != nil {
		return nil, err
	}
	info := &FileInfo{Rows: f.NumRows(), CreatedBy: f.Metadata().CreatedBy}
	for _, c := range f.Root().Columns() {
		info.Columns = append(info.Columns, Column{Name: c.Name(), Type: c.Type().String(), Nullable: c.Optional()})
	}
	return info, nil
}
